"""A small application whose routes a test writes, and the processes that run its schedule."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.queue.drivers.sqlite import SqliteConnection
from securely.schedule.contracts import Run
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.support import clock

__all__ = ["ROOT", "SECONDS", "Line", "Mill", "is_alive"]

ROOT = Path(__file__).parents[3]
SECONDS = 90.0

ARTISAN = """import sys
from securely.starter import artisan
sys.exit(artisan(__file__))
"""
BOOTSTRAP = """from pathlib import Path
from securely import Application
app = (
    Application.configure(Path(__file__).parent.parent)
    .with_routing(console="routes/console.py")
    .create()
)
"""
CONFIG = """config = {
    "name": "mill",
    "env": "local",
    "timezone": "UTC",
    "key": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
"""
QUEUE = """config = {
    "default": "sqlite",
    "connections": {
        "sqlite": {"driver": "sqlite", "path": "storage/framework/queue", "durability": "relaxed"},
    },
}
"""
# What all routes begin with: tasks write who they are, in which process, and when.
HEAD = """import os
from pathlib import Path
from securely.facades import Schedule
from securely.support import clock

def note(word):
    line = f"{word} {os.getpid()} {clock.timestamp()}\\n".encode()
    journal = os.open("journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(journal, line)
    os.close(journal)

def until(path):
    while not Path(path).exists():
        clock.sleep(0.01)

"""


class Line(NamedTuple):
    """What a task wrote."""

    word: str
    pid: int
    at: float


class Mill:
    """The application in its folder."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.processes: list[subprocess.Popen[bytes]] = []
        self._outputs: dict[int, Path] = {}
        for path, text in (
            ("artisan.py", ARTISAN),
            ("bootstrap/app.py", BOOTSTRAP),
            ("config/app.py", CONFIG),
            ("config/queue.py", QUEUE),
        ):
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            (base / path).write_text(text)
        self.queue = SqliteConnection("sqlite", base / "storage/framework/queue")
        self.ledger = SqliteLedger.of(self.queue, _no_queues)

    def define(self, routes: str) -> None:
        """Write what is scheduled."""
        (self.base / "routes").mkdir(exist_ok=True)
        new = self.base / "routes/console.new"
        new.write_text(HEAD + routes)
        new.rename(self.base / "routes/console.py")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command, as the leader of its own session."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        paths = (os.environ.get("PYTHONPATH", ""), str(ROOT))
        output = self.base / f"output-{len(self.processes)}"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "artisan.py", *words],
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
                start_new_session=True,
            )
        self.processes.append(process)
        self._outputs[process.pid] = output
        return process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        return self._outputs[process.pid].read_text()

    def run(self, *words: str) -> str:
        """Run a command to its end, and return what it said."""
        process = self.start(*words)
        assert process.wait(SECONDS) == 0, self.said(process)
        return self.said(process)

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """Ask a process to end, and return its exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(SECONDS)

    def lines(self, word: str = "") -> list[Line]:
        """Return what tasks wrote, of one word."""
        path = self.base / "journal"
        if not path.exists():
            return []
        found = [line.split() for line in path.read_text().rpartition("\n")[0].splitlines()]
        return [Line(w, int(pid), float(at)) for w, pid, at in found if word in {"", w}]

    def words(self) -> list[str]:
        return [line.word for line in self.lines()]

    def history(self, task: str | None = None) -> list[Run]:
        return list(self.ledger.history(task, 10_000))

    def wait_for(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        until = clock.monotonic() + seconds
        while not condition():
            if clock.monotonic() > until:
                logs = "\n".join(self.said(one)[-2000:] for one in self.processes)
                pytest.fail(f"It did not come to that within {seconds} s.\n{logs}")
            clock.sleep(0.01)

    def close(self) -> None:
        """Kill what still runs."""
        (self.base / "go").touch()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(SECONDS)
        for line in self.lines():
            if is_alive(line.pid) and self._is_ours(line.pid):
                with suppress(ProcessLookupError):
                    os.kill(line.pid, signal.SIGKILL)
        self.ledger.close()
        self.queue.close()

    def _is_ours(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.base
        except OSError:
            return False


def is_alive(pid: int) -> bool:
    """Return whether there is such a process, and it is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def _no_queues() -> Any:
    raise AssertionError("nothing is to be queued here")
