"""A fixture application whose schedule runs in real processes, with clocks of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.sqlite import SqliteConnection
from securely.schedule.contracts import Run
from securely.schedule.drivers.redis import RedisLedger
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.support import clock
from tests.valkey import Valkey

__all__ = ["SECONDS", "Line", "Process", "Tower", "no_queues"]

TOWER = Path(__file__).parent / "tower"
ROOT = Path(__file__).parents[3]
SECONDS = 90
HISTORY_MAX = 100_000  # more runs than any test makes


class Line(NamedTuple):
    """What a task, or a process, wrote into the journal."""

    event: str
    name: str
    at: int
    pid: int


class Process:
    """A process of the application."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, group: str) -> None:
        self.process = process
        self.output = output
        self.group = group

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        return self.output.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> None:
        """Ask it to end, and see that it does so well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS) == 0, self.said()


def no_queues() -> Any:
    raise AssertionError("nothing is to be queued here")


class Tower:
    """The application in its folder, its processes and what they leave."""

    def __init__(self, base: Path, valkey: Valkey | None = None) -> None:
        self.base = base
        self.valkey = valkey
        self.tasks = "storm"
        self.lease = ""
        self.processes: list[Process] = []
        shutil.copytree(TOWER, base, ignore=shutil.ignore_patterns("__pycache__"))
        self._journal = base / "journal"
        self.queue: Any
        self.ledger: Any
        if valkey is None:
            self.store = "sqlite"
            self.queue = SqliteConnection("sqlite", base / "storage/framework/queue")
            self.ledger = SqliteLedger.of(self.queue, no_queues)
        else:
            self.store = "arq"
            server = ArqServer("arq", valkey.address, "securely:")
            self.queue = ArqConnection("arq", server, base / "storage/framework/arq")
            self.ledger = RedisLedger.of(self.queue, no_queues)

    # -- clocks and processes

    def clock_of(self, group: str) -> Path:
        """Return the file that says by how many seconds the clock of a group is wrong."""
        return self.base / f"clock-{group}"

    def shift(self, seconds: float, group: str = "here") -> None:
        """Set the clock of a group, at once for all of its processes."""
        new = self.base / f"clock-{group}.new"
        new.write_text(str(seconds))
        new.rename(self.clock_of(group))

    def start(self, *words: str, group: str = "here", **variables: str) -> Process:
        """Start a command of the application, by the clock of *group*."""
        if not self.clock_of(group).exists():
            self.shift(0, group)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(self.base))
        environment = kept | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "TOWER_CLOCK": str(self.clock_of(group)),
            "TOWER_JOURNAL": str(self._journal),
            "TOWER_LEASE": self.lease,
            "TOWER_SOCKET": "" if self.valkey is None else self.valkey.path,
            "TOWER_STORE": self.store,
            "TOWER_TASKS": self.tasks,
            **variables,
        }
        output = self.base / f"output-{len(self.processes)}"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "artisan.py", *(words or ("schedule:work",))],
                cwd=self.base,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        started = Process(process, output, group)
        self.processes.append(started)
        return started

    def run(self, *words: str, group: str = "here", **variables: str) -> str:
        """Run a command to its end, and return what it said."""
        process = self.start(*words, group=group, **variables)
        assert process.process.wait(SECONDS) == 0, process.said()
        return process.said()

    def go(self) -> None:
        """Let the task in the background end."""
        (self.base / "go").touch()

    def end(self) -> None:
        """Kill what still runs."""
        self.go()
        for process in self.processes:
            if process.lives:
                process.process.send_signal(signal.SIGCONT)
                process.kill()
        self.ledger.close()
        self.queue.close()

    # -- what came of it

    def lines(self, *events: str) -> list[Line]:
        """Return what the journal says of *events*."""
        if not self._journal.exists():
            return []
        words = [
            line.split() for line in self._journal.read_text().rpartition("\n")[0].splitlines()
        ]
        found = [
            Line(event, name, int(at) if at.isdigit() else 0, int(pid))
            for event, name, at, pid in words
        ]
        return [line for line in found if line.event in events]

    def outlive_leases(self) -> None:
        """Let the leases of the dead run out."""
        if self.valkey is not None:
            self.valkey.travel(float(self.lease))

    def up(self) -> set[int]:
        """Return the processes that have looked at the clock."""
        return {line.pid for line in self.lines("up")}

    def history(self, task: str | None = None) -> list[Run]:
        return list(self.ledger.history(task, HISTORY_MAX))

    def reap(self) -> list[Run]:
        """Mark as lost what the dead have left, and return it."""
        member = self.ledger.join()
        try:
            return list(member.reap())
        finally:
            member.leave()

    def uuids(self) -> list[str]:
        """Return the ids of the jobs that wait."""
        return [job.uuid for job in self.queue.jobs("default", limit=HISTORY_MAX)]

    def wait_for(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        until = clock.monotonic() + seconds
        while not condition():
            if clock.monotonic() > until:
                logs = "\n".join(one.said()[-2000:] for one in self.processes[-6:])
                pytest.fail(f"It did not come to that within {seconds} s.\n{logs}")
            clock.sleep(0.02)
