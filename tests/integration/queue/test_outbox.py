"""queue:outbox in a booted application, and a relay that is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from securely.queue.bus.outbox import DatabaseOutbox, OutboxDriver

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

RELAY = """
import os, signal, sqlite3, sys

from securely.queue.bus.outbox import DatabaseOutbox
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.upkeep.relay import Relay


class Queues:
    driver = SqliteConnection("sqlite", sys.argv[2])

    def connection(self, name):
        return self


class Deadly(DatabaseOutbox):
    def remove(self, uuids):
        os.kill(os.getpid(), signal.SIGKILL)


database = sqlite3.connect(sys.argv[1])
table = Deadly(database) if sys.argv[3] == "dies" else database
print(Relay(Queues(), table).run())
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        yield connection


def test_relay_when_killed_between_its_push_and_its_removal_delivers_each_job_once(
    shop: Any, jobs: Any, database: sqlite3.Connection, tmp_path: Path
) -> None:
    driver = OutboxDriver(DatabaseOutbox(database), "sqlite")
    envelopes = [shop.envelope(jobs.Work(name)) for name in ("a", "b", "c")]
    with database:
        driver.push(envelopes)

    def relay(way: str) -> subprocess.CompletedProcess[bytes]:
        words = [str(tmp_path / "app.db"), str(shop.path / "queue"), way]
        return subprocess.run(
            [sys.executable, "-c", RELAY, *words], check=False, capture_output=True
        )

    assert relay("dies").returncode == -signal.SIGKILL
    shop.work()
    assert relay("dies").returncode == -signal.SIGKILL
    assert relay("lives").stdout == b"3\n"
    shop.work()

    assert sorted(shop.tags("end")) == ["a", "b", "c"]
    shop.assert_nothing_is_left()
    assert DatabaseOutbox(database).waiting(0, 1) == []
