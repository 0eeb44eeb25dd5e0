"""Real processes that use one cache directory."""

from __future__ import annotations

import os
import subprocess
import sys
import time  # noqa: TID251  # real processes take real time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.cache import Repository
from securely.cache.drivers.disk import DiskStore
from securely.encryption import KeyRing

ROOT = Path(__file__).resolve().parents[3]

PREAMBLE = """
import os, sys, time
from pathlib import Path
from securely.cache import Repository
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.disk_entries import Limits
from securely.encryption import KeyRing

# Who waits shall not be turned away, however long others are kept from going on.
patient = Limits(busy_seconds=50)
seal = KeyRing(b"k" * 32).purpose("cache")
cache = Repository(DiskStore(Path(sys.argv[1]), seal, limits=patient), name="disk")

def say(text):
    print(text, flush=True)
"""


class Processes:
    """Starts programs that have a ``cache`` on the directory, and ends what is left of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._started: list[subprocess.Popen[str]] = []

    def start(self, code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # programs of these tests
            [sys.executable, "-c", PREAMBLE + code, str(self.directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._started.append(process)
        return process

    def line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            assert process.stderr is not None
            pytest.fail(process.stderr.read())
        return line

    def finish(self, process: subprocess.Popen[str]) -> str:
        output, errors = process.communicate(timeout=50)
        assert process.returncode == 0, errors
        return output

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """What starts processes on one cache directory."""
    processes = Processes(tmp_path / "cache")
    yield processes
    processes.end()


@pytest.fixture
def cache(processes: Processes) -> Iterator[Repository]:
    """A cache of this process on the same directory."""
    cache = Repository(
        DiskStore(processes.directory, KeyRing(b"k" * 32).purpose("cache")), name="disk"
    )
    yield cache
    cache.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], float]:
    """What waits for a condition, a minute at most, and says how long it took."""

    def wait(condition: Callable[[], bool]) -> float:
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > 60:
                pytest.fail("it did not happen within a minute")
            time.sleep(0.002)
        return time.monotonic() - began

    return wait
