"""Real processes that use one store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.store import Database
from tests.integration.store.storm import ROOT, opened

PREAMBLE = """
import os, sys, time
from pathlib import Path
from securely.support.missing import MISSING
from tests.integration.store.storm import opened

store = opened(sys.argv[1], Path(sys.argv[2]))

def say(text):
    print(text, flush=True)
"""


class Processes:
    """Starts programs that have a ``store`` on the directory, and ends what is left of them."""

    def __init__(self, driver: str, directory: Path) -> None:
        self.driver = driver
        self.directory = directory
        self._started: list[subprocess.Popen[str]] = []

    def start(self, code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # programs of these tests
            [sys.executable, "-c", PREAMBLE + code, self.driver, str(self.directory)],
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


@pytest.fixture(params=["sqlite", "lmdb"])
def processes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Processes]:
    """What starts processes on one store."""
    processes = Processes(request.param, tmp_path / "store")
    yield processes
    processes.end()


@pytest.fixture
def store(processes: Processes) -> Iterator[Database]:
    """The same store in this process."""
    store = opened(processes.driver, processes.directory)
    yield store
    store.close()
