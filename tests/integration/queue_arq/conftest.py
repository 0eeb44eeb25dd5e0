"""A fixture application on a Redis server, with real workers, ours and stock ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.encryption import KeyRing
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.payload import Codec
from securely.support import clock
from tests.valkey import Valkey

DEPOT = Path(__file__).parent / "depot"
ROOT = Path(__file__).parents[3]
STOCK = ("-m", "arq", "securely.queue.drivers.arq_compat.WorkerSettings")
RUN = (
    "import sys; from securely.starter import artisan; sys.exit(artisan(sys.argv[1], sys.argv[2:]))"
)


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

    def wait(self, seconds: float = 60.0) -> int:
        return self.process.wait(seconds)

    def lines(self) -> list[dict[str, Any]]:
        lines = self.output.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def jobs(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == "job"]

    def executors(self) -> list[int]:
        """Return the pids of its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def everybody(self) -> list[int]:
        return [self.pid, *self.executors()]


class Depot:
    """The application: its queue, its journal, its workers."""

    def __init__(self, path: Path, valkey: Valkey) -> None:
        self.path = path
        self.valkey = valkey
        self.lease = 30.0
        self.store = "arq"  # which of its connections workers work
        self.codec = Codec(KeyRing(bytes(range(32))).purpose("queue"))
        server = ArqServer("arq", valkey.address, "securely:")
        self.connection: Any = ArqConnection("arq", server, path / "storage/framework/arq/arq")
        self.running: list[Running] = []
        self._journal = path / "journal"

    def push(self, *jobs: Any, queue: str = "default", delay: float = 0.0) -> list[str]:
        envelopes = [self.codec.envelope(job, queue, delay=delay) for job in jobs]
        return list(self.connection.push(envelopes))

    def environment(self, socket: str | None = None) -> dict[str, str]:
        paths = (os.environ.get("PYTHONPATH", ""), str(ROOT), str(self.path))
        return os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "DEPOT_JOURNAL": str(self._journal),
            "DEPOT_SOCKET": socket or self.valkey.path,
            "DEPOT_LEASE": str(self.lease),
            "DEPOT_STORE": self.store,
        }

    def start(self, *words: str, socket: str | None = None) -> Running:
        """Start one of our workers."""
        artisan = str(self.path / "artisan.py")
        command = ("queue:work", self.store, "--json")
        return self._run("-c", RUN, artisan, *command, *words, socket=socket)

    def work(self, *words: str) -> Running:
        """Run one of our workers until nothing is due."""
        running = self.start("--stop-when-empty", *words)
        assert running.wait() == 0, running.output.read_text()
        return running

    def stock(self, *words: str) -> Running:
        """Start arq's own command."""
        return self._run(*STOCK, *words)

    def _run(self, *words: str, socket: str | None = None) -> Running:
        output = self.path / f"worker-{len(self.running)}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(  # our own interpreter and script
                [sys.executable, *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(socket),
                cwd=self.path,
            )
        running = Running(process, output)
        self.running.append(running)
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
            clock.sleep(0.005)
        return clock.monotonic() - began

    def assert_nothing_is_left(self, queue: str = "default") -> None:
        counts = self.connection.counts(queue)
        assert (counts.pending, counts.delayed, counts.reserved) == (0, 0, 0)
        with self.valkey.client as client:
            left = [key.decode() for key in client.keys("arq:*") if b"arq:result:" not in key]
            left += [key.decode() for key in client.keys("securely:@job:*")]
        assert [key for key in left if not key.endswith("health-check")] == []


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of this test alone: a worker that outlives its own test cannot write into ours."""
    server = Valkey()
    yield server
    server.end()


@pytest.fixture
def depot(tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Depot]:
    path = tmp_path / "depot"
    shutil.copytree(DEPOT, path)
    (path / "artisan.py").touch()
    monkeypatch.syspath_prepend(str(path))
    monkeypatch.setenv("DEPOT_JOURNAL", str(path / "journal"))
    depot = Depot(path, valkey)
    yield depot
    for running in depot.running:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGCONT)
            running.process.kill()
        running.process.wait()
    depot.connection.close()


@pytest.fixture
def jobs(depot: Depot) -> Iterator[Any]:
    """The module of the jobs."""
    sys.modules.pop("depot_jobs", None)
    import depot_jobs

    yield depot_jobs
    sys.modules.pop("depot_jobs", None)
