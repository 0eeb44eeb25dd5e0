"""A fixture application with real workers."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.queue.contracts import Envelope, FailedJob
from securely.queue.drivers.sqlite import SqliteConnection
from securely.support import clock

SHOP = Path(__file__).parent / "shop"
ROOT = Path(__file__).parents[3]


class Line(NamedTuple):
    """What a job wrote into the journal."""

    event: str
    tag: str
    pid: int
    at: float


class Running:
    """A worker process."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 60.0) -> int:
        return self.process.wait(seconds)

    def lines(self) -> list[dict[str, Any]]:
        lines = self.output.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def jobs(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == "job"]

    def stopped(self) -> dict[str, Any]:
        return next(line for line in self.lines() if line["event"] == "stopped")

    def has_said(self, text: str) -> bool:
        return any(text in line.get("text", "") for line in self.lines())

    def executors(self) -> list[int]:
        """Return the pids of its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


class Shop:
    """The fixture application: its queue, its journal, its workers."""

    def __init__(self, path: Path) -> None:
        import shop_app

        self.path = path
        self.codec = shop_app.codec()
        self.connection = SqliteConnection("sqlite", path / "queue", durability="relaxed")
        self.running: list[Running] = []
        self._journal = path / "journal"

    def envelope(self, job: Any, queue: str = "default", delay: float = 0.0) -> Envelope:
        return self.codec.envelope(job, queue, delay=delay)

    def push(self, *jobs: Any, queue: str = "default", delay: float = 0.0) -> None:
        self.connection.push([self.envelope(job, queue, delay) for job in jobs])

    def start(self, **wishes: Any) -> Running:
        """Start a worker; wishes are `orders`, `size`, `defaults`, `lease`, `loader`."""
        wishes["path"] = str(self.path / "queue")
        output = self.path / f"worker-{len(self.running)}.log"
        paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(SHOP))
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "SHOP_JOURNAL": str(self._journal),
            "PYTHONWARNINGS": "error",
        }
        with output.open("wb") as log:
            process = subprocess.Popen(  # our own interpreter and script
                [sys.executable, str(SHOP / "shop_app.py"), json.dumps(wishes)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        running = Running(process, output)
        self.running.append(running)
        return running

    def work(self, **wishes: Any) -> Running:
        """Run a worker until the queue is empty."""
        wishes.setdefault("orders", {})["stop_when_empty"] = True
        running = self.start(**wishes)
        code = running.wait()
        assert code == 0, running.output.read_text()
        return running

    def journal(self, *events: str) -> list[Line]:
        if not self._journal.exists():
            return []
        # A line may be read while it is written: what does not end yet is for the next look.
        whole = self._journal.read_text().rpartition("\n")[0]
        lines = [line.split() for line in whole.splitlines()]
        found = [Line(event, tag, int(pid), float(at)) for event, tag, pid, at in lines]
        return [line for line in found if not events or line.event in events]

    def tags(self, *events: str) -> list[str]:
        return [line.tag for line in self.journal(*events)]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60.0) -> float:
        """Wait until *condition* holds, and return how long it took."""
        began = clock.monotonic()
        while not condition():
            if clock.monotonic() - began > seconds:
                logs = "\n".join(one.output.read_text()[-3000:] for one in self.running)
                pytest.fail(f"It did not come to that within {seconds} s.\n{logs}")
            clock.sleep(0.002)
        return clock.monotonic() - began

    def let_pass(self, seconds: float) -> None:
        """Wait: what is proved is that nothing happens."""
        clock.sleep(seconds)

    def wait_until_idle(self, worker: Running) -> None:
        self.wait_for(lambda: worker.has_said("Waiting for jobs"))

    def failed(self) -> list[FailedJob]:
        return list(self.connection.failed.all())

    def assert_nothing_is_left(self) -> None:
        counts = self.connection.counts("default")
        assert (counts.pending, counts.delayed, counts.reserved) == (0, 0, 0)
        with sqlite3.connect(self.path / "queue" / "jobs.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.syspath_prepend(str(SHOP))
    (tmp_path / "queue").mkdir(mode=0o700)
    shop = Shop(tmp_path)
    yield shop
    for running in shop.running:
        if running.process.poll() is None:
            running.signal(signal.SIGCONT)
            running.process.kill()
        running.process.wait()
    shop.connection.close()


@pytest.fixture
def jobs(shop: Shop) -> Any:
    """The module of the jobs."""
    import shop_jobs

    return shop_jobs
