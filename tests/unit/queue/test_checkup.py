"""What is said of stores that are not well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely.queue.contracts import Envelope
from securely.queue.drivers import arq_checkup, sqlite_checkup
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.upkeep.checkup import Symptom, examine


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    (tmp_path / "queue").mkdir(mode=0o700)
    connection = SqliteConnection("sqlite", tmp_path / "queue", durability="relaxed")
    yield connection
    connection.close()


def push(connection: SqliteConnection) -> None:
    connection.push([Envelope("u-1", "Send", "default", b"payload")])


def seen(connection: Any, severity: str) -> list[Symptom]:
    return [symptom for symptom in examine(connection) if symptom.severity == severity]


def test_examine_when_nothing_was_queued_makes_nothing(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    (symptom,) = examine(connection)

    assert symptom.severity == "ok"
    assert not (tmp_path / "queue/jobs.db").exists()


def test_examine_when_all_is_well_says_what_it_saw(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(connection)

    words = " ".join(symptom.seen for symptom in seen(connection, "ok"))

    assert "MiB free" in words
    assert "write-ahead log" in words
    assert "0 jobs are held" in words


def test_examine_when_the_directory_is_open_says_so(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    push(connection)
    (tmp_path / "queue").chmod(0o755)

    found = seen(connection, "warn")

    assert any("0755" in symptom.seen and "chmod 700" in symptom.remedy for symptom in found)


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(("free", "severity"), [(100 << 20, "warn"), (1 << 20, "error")])
def test_examine_when_the_disk_is_nearly_full_says_so(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch, free: int, severity: str
) -> None:
    push(connection)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free))

    assert any("MiB free" in symptom.seen for symptom in seen(connection, severity))


def test_examine_when_the_log_has_grown_says_so(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    push(connection)
    os.truncate(tmp_path / "queue/jobs.db-wal", sqlite_checkup.LOG_BYTES_MAX + 1)

    assert any("write-ahead log" in symptom.seen for symptom in seen(connection, "warn"))


def test_examine_when_dead_workers_hold_jobs_says_so_unless_one_lives(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    push(connection)
    seat = connection.join(["default"])
    assert len(seat.turn((), 1).deliveries) == 1
    assert not [one for one in seen(connection, "warn") if "held" in one.seen]

    lock = tmp_path / "queue/workers" / f"{seat.id}.lock"
    os.close(seat._lock)  # what the kernel does when a worker dies
    assert any("held by workers that have died" in one.seen for one in seen(connection, "warn"))
    heir = connection.join(["default"])
    assert not [one for one in seen(connection, "warn") if "died" in one.seen]

    heir.leave()
    seat._lock = os.open(lock, os.O_RDWR)
    seat.leave()


def test_examine_when_a_lease_is_shorter_than_jobs_may_run_warns() -> None:
    class Leased(NullConnection):
        retry_after = 30.0

    (symptom,) = examine(Leased("leased"))

    assert symptom.severity == "warn"
    assert "retry_after" in symptom.seen
    assert [*examine(NullConnection("null"))] == []


class Answers:
    """A server that gives answers as redis-py and as a raw connection do."""

    def __init__(self, memory: object, persistence: object, skew: float = 0.0) -> None:
        from securely.support import clock

        now = clock.timestamp() + skew
        self._answers = [memory, persistence, (int(now), int(now % 1 * 1e6))]

    def ask(self, *commands: object) -> list[object]:
        assert len(commands) == len(self._answers)
        return self._answers


def symptoms(*answers: Any) -> list[Symptom]:
    server: Any = Answers(*answers)
    return [*arq_checkup.examine(server)]


def test_examine_when_a_server_may_forget_says_what_to_set() -> None:
    eviction, full, durability, skew = symptoms(
        {"maxmemory_policy": "allkeys-lru", "maxmemory": 1000, "used_memory": 950},
        {"aof_enabled": 0},
        3.0,
    )

    assert eviction.severity == "error"
    assert "allkeys-lru" in eviction.seen
    assert "95%" in full.seen
    assert 'Set "appendonly yes"' in durability.remedy
    assert "+3.0 seconds" in skew.seen


def test_examine_when_a_server_keeps_all_finds_it_well() -> None:
    memory = b"# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\nused_memory:5\r\n"
    persistence = b"# Persistence\r\naof_enabled:1\r\naof_last_write_status:ok\r\n"

    assert {symptom.severity for symptom in symptoms(memory, persistence)} == {"ok"}


def test_examine_when_the_log_of_a_server_cannot_be_written_is_an_error() -> None:
    found = symptoms({}, {"aof_enabled": 1, "aof_last_write_status": "err"})

    assert [symptom.severity for symptom in found] == ["ok", "error", "ok"]
