"""A store that an earlier version left: it is upgraded, and its jobs run to their end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from securely.queue.contracts import Attempt, Cancellation
from securely.queue.delivery.failure import unpack_error
from securely.support import clock
from securely.support.clock import FrozenClock

_LEFT = (Path(__file__).parent / "schema_3.sql").read_text()
_BATCH = "01a3185c-5000-7000-8d2f-0e2a4451aeb1"


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_100.0)) as frozen:
        yield frozen


@pytest.fixture
def store(world, tmp_path, frozen):
    """The store of "sqlite", whose file is of schema 3, and whose worker was killed."""
    (tmp_path / "1").mkdir(mode=0o700)
    left = sqlite3.connect(tmp_path / "1" / "jobs.db")
    left.executescript(f"PRAGMA journal_mode = WAL; {_LEFT}")
    left.close()
    return world.queues.connection("sqlite").driver


def test_store_of_the_third_schema_is_upgraded_and_its_jobs_run_to_their_end(
    world, sample, log, store, frozen
):
    seat = store.join(["default"])
    reaped = seat.reap()
    seat.leave()
    sample.Unique.using("the key is taken", uid="u").dispatch()

    world.work()
    in_time = [entry[1] for entry in log if entry[0] == "run"]
    frozen.travel(3_600)
    world.work()

    assert (reaped.returned, [one.name for one in reaped.hooks]) == (1, ["sample_bus.J"])
    assert in_time == [
        *("reserved", "pending", "unique", "group 1", "group 2", "link 1"),
        *("member 1", "member 2", "member 3", "link 2", "member 4"),
    ]
    runs = [entry[1] for entry in log if entry[0] == "run"]
    assert runs == [*in_time, "delayed"]
    assert world.state() == []


def test_batch_of_the_third_schema_ends_and_calls_its_callbacks(world, sample, log, store):
    world.work()

    batch = world.bus.find_batch(_BATCH)
    assert (batch.name, batch.total_jobs, batch.failed_jobs, batch.pending_jobs) == (
        *("import", 4, 1),
        1,
    )
    assert batch.finished()
    assert [entry[0] for entry in log if entry[0] in {"catch", "then", "finally"}] == [
        "catch",
        "finally",
    ]


def test_job_that_runs_on_a_store_of_the_third_schema_can_be_cancelled(world, sample, log, store):
    seat = store.join(["default"])
    seat.reap()  # what the killed worker held is given back
    held = seat.turn([], 1).deliveries
    (reserved,) = store.jobs("default", "reserved")

    came_to = store.cancel(reserved.uuid)

    assert came_to is Cancellation.STOPPING
    assert list(seat.reap().cancelled) == [held[0].id]
    seat.leave()
    assert reserved.uuid not in {one.uuid for one in store.jobs("default")}


def test_job_that_failed_under_the_third_schema_is_shown_and_retried(world, sample, log, store):
    (failed,) = store.failed.all()
    assert (failed.name, failed.attempts) == ("sample_bus.J", 1)
    assert unpack_error(failed.error).message == "boom"
    assert failed.history == (Attempt(1, failed.failed_at, "JobError: boom"),)

    assert world.queues.failed.retry([failed.uuid])
    world.work()

    assert ("run", "failed", 1) in log


def test_store_of_the_third_schema_has_the_schema_of_today_once_it_is_opened(
    store, tmp_path, frozen
):
    store.counts("default")

    file = sqlite3.connect(tmp_path / "1" / "jobs.db")
    fresh = {"accepted", "metrics", "results", "cancelled"}
    tables = {name for (name,) in file.execute("SELECT name FROM sqlite_schema")}
    assert fresh <= tables
    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert file.execute("PRAGMA user_version").fetchone()[0] >= 7
    file.close()
