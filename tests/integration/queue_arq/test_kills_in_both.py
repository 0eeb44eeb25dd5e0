"""Workers killed in hooks, callbacks, and between the end of `handle` and the settlement.

The same tests for both stores that have workers. A supervisor dies where DEPOT_KILL says, an
executor in its job's own code; then the next worker finds what is left.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import pytest

from securely.queue.contracts import BatchRecord, Cancellation
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.job import Extras

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

REAPING_SECONDS = 2.0  # within which others take over what a dead worker of this machine held
BUSY_SECONDS = 18.0  # for a busy machine; a lease takes thirty


@pytest.fixture(params=["sqlite", "arq"])
def depot(request: pytest.FixtureRequest, depot: Any) -> Iterator[Any]:
    """The application, working one of its two connections."""
    depot.store = request.param
    on_redis = depot.connection
    if request.param == "sqlite":
        path = depot.path / "storage/framework/sqlite"
        depot.connection = SqliteConnection("sqlite", path, durability="relaxed")
    yield depot
    if depot.connection is not on_redis:
        depot.connection.close()
        depot.connection = on_redis


@pytest.fixture
def flag(depot: Any) -> str:
    """A file that has the first process die that comes upon it."""
    path = depot.path / "flag"
    path.touch()
    return str(path)


def kill_at(depot: Any, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work until the supervisor is killed at *point*."""
    with monkeypatch.context() as patch:
        patch.setenv("DEPOT_KILL", point)
        worker = depot.start()
        assert worker.wait() == -signal.SIGKILL, worker.output.read_text()


def stop(*workers: Any) -> None:
    for worker in workers:
        worker.process.send_signal(signal.SIGTERM)
    for worker in workers:
        assert worker.wait() == 0, worker.output.read_text()


def batched(depot: Any, *members: Any, callback: Any) -> None:
    """Dispatch *members* as a batch, whose end *callback* is told."""
    envelopes = [depot.codec.envelope(one, "default", extras=Extras(batch="b")) for one in members]
    record = BatchRecord("b", callbacks={"finally": (depot.codec.envelope(callback, "default"),)})
    assert depot.connection.batches.create(record, envelopes)


def numbers(depot: Any, id_: str) -> tuple[int, int, int, int]:
    found = depot.connection.batches.find(id_)
    return found.total, found.done, found.failed, found.skipped


# -- K11: inside failed()


@pytest.mark.parametrize("takes_all", [False, True], ids=["executor", "worker"])
def test_kill_inside_the_failed_hook_runs_it_again_and_records_one_failure(
    depot: Any, jobs: Any, flag: str, *, takes_all: bool
) -> None:
    depot.push(jobs.DeadlyHook("h", flag, takes_all))
    worker = depot.start()
    if takes_all:
        assert worker.wait() == -signal.SIGKILL
        worker = depot.start()
    depot.wait_for(lambda: depot.tags("hook") == ["h", "h"])
    depot.push(jobs.Work("after"))
    depot.wait_for(lambda: depot.tags("end") == ["after"])
    stop(worker)

    # Nobody finds a hook that is still to be run.
    depot.push(jobs.Work("last"))
    last = depot.start()
    depot.wait_for(lambda: depot.tags("end") == ["after", "last"])
    stop(last)

    assert depot.tags("start").count("h") == 1
    assert depot.tags("hook") == ["h", "h"]
    (failed,) = depot.connection.failed.all()
    assert failed.attempts == 1
    depot.assert_nothing_is_left()


# -- K13: during a callback


@pytest.mark.parametrize("takes_all", [False, True], ids=["executor", "worker"])
def test_kill_during_a_callback_runs_it_again_and_counts_nothing(
    depot: Any, jobs: Any, flag: str, *, takes_all: bool
) -> None:
    batched(
        depot, jobs.Work("a"), callback=jobs.DeadlyOnce("over", where=flag, takes_all=takes_all)
    )
    if takes_all:
        assert depot.start().wait() == -signal.SIGKILL

    depot.work()

    assert depot.tags("start") == ["a", "over", "over"]
    assert depot.tags("end") == ["a", "over"]
    assert numbers(depot, "b") == (1, 1, 0, 0)
    depot.assert_nothing_is_left()


# -- K6 and K8 of what is new: results, batches within chains of batches


@pytest.mark.parametrize(("point", "runs"), [("returned", 2), ("settled", 1)])
def test_kill_around_the_settlement_keeps_one_result(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch, point: str, runs: int
) -> None:
    (uuid,) = depot.push(jobs.Answers("a"))

    kill_at(depot, f"{point}:Answers", monkeypatch)
    before = depot.connection.result(uuid)
    depot.work()

    # It is there from the settlement on, and not before.
    assert (before is None) == (point == "returned")
    assert depot.tags("end") == ["a"] * runs
    found = depot.connection.result(uuid)
    assert depot.codec.unpack_result(uuid, found.value) == f"a:{runs}"
    assert not depot.connection.holds(uuid)
    depot.assert_nothing_is_left()


def test_kill_of_the_executor_after_handle_keeps_the_result_of_the_run_that_was_settled(
    depot: Any, jobs: Any, flag: str
) -> None:
    (uuid,) = depot.push(jobs.Answers("a", flag))

    depot.work()

    assert depot.tags("end") == ["a", "a"]
    found = depot.connection.result(uuid)
    assert depot.codec.unpack_result(uuid, found.value) == "a:2"
    depot.assert_nothing_is_left()


@pytest.mark.parametrize(("point", "runs"), [("returned", 2), ("settled", 1)])
def test_kill_around_the_settlement_of_a_failure_keeps_why(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch, point: str, runs: int
) -> None:
    (uuid,) = depot.push(jobs.Refuses("a"))

    kill_at(depot, f"{point}:Refuses", monkeypatch)
    depot.work()

    assert depot.tags("start") == ["a"] * runs
    found = depot.connection.result(uuid)
    assert found.value is None
    assert json.loads(found.error)["message"] == f"a:{runs}"
    assert len(depot.connection.failed.all()) == 1
    depot.assert_nothing_is_left()


@pytest.mark.parametrize("point", ["returned", "settled"])
@pytest.mark.parametrize("cancels", [False, True], ids=["goes-on", "cancelled"])
def test_kill_when_a_chain_of_a_batch_resumes_counts_what_follows_once(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch, point: str, *, cancels: bool
) -> None:
    depot.push(jobs.Opens(cancels))
    opening = depot.start("--once")
    assert opening.wait() == 0
    (id_,) = depot.tags("batch")

    kill_at(depot, f"{point}:Resume", monkeypatch)
    depot.work()

    assert depot.tags("end") == (["cancels", "over"] if cancels else ["inner", "behind", "over"])
    assert numbers(depot, id_) == ((2, 1, 0, 1) if cancels else (2, 2, 0, 0))
    depot.assert_nothing_is_left()


# -- cancelled jobs


@pytest.mark.parametrize("kind", ["Work", "AsyncWork"])
def test_cancel_stops_what_runs_and_lets_the_next_one_begin(
    depot: Any, jobs: Any, kind: str
) -> None:
    (uuid,) = depot.push(getattr(jobs, kind)("long", 60.0))
    worker = depot.start()
    depot.wait_for(lambda: depot.tags("start") == ["long"])

    came_to = depot.connection.cancel(uuid)
    depot.push(jobs.Work("after"))
    took = depot.wait_for(lambda: depot.tags("end") == ["after"])
    stop(worker)

    assert came_to is Cancellation.STOPPING
    assert took < REAPING_SECONDS + BUSY_SECONDS
    assert [line["status"] for line in worker.jobs()] == ["cancelled", "done"]
    assert list(depot.connection.failed.all()) == []
    depot.assert_nothing_is_left()


def test_kill_between_a_cancellation_and_the_stop_settles_it_once(depot: Any, jobs: Any) -> None:
    over = jobs.Work("over")
    batched(depot, jobs.Work("long", 60.0), jobs.Work("short"), callback=over)
    worker = depot.start("--processes=2")
    depot.wait_for(lambda: sorted(depot.tags("start")) == ["long", "short"])
    depot.wait_for(lambda: numbers(depot, "b") == (2, 1, 0, 0))
    (held,) = depot.connection.jobs("default", "reserved")
    os.kill(worker.pid, signal.SIGSTOP)  # it does not hear of it any more
    came_to = depot.connection.cancel(held.uuid)
    worker.process.kill()
    worker.wait()

    other = depot.start()
    depot.wait_for(lambda: depot.tags("end") == ["short", "over"])
    stop(other)

    assert came_to is Cancellation.STOPPING
    assert depot.tags("start").count("long") == 1
    assert numbers(depot, "b") == (2, 1, 0, 1)
    assert list(depot.connection.failed.all()) == []
    depot.assert_nothing_is_left()


# -- limits: a place is free again when its worker is dead

ONE_AT_A_TIME = json.dumps({"mail": {"concurrency": 1}})


def most_at_once(depot: Any) -> int:
    """Return how many ran at once at most; what was killed when it began counts for nothing."""
    lines = sorted(depot.journal("start", "end"), key=lambda line: line.at)
    ended = {(line.tag, line.pid) for line in lines if line.event == "end"}
    steps = [1 if line.event == "start" else -1 for line in lines if (line.tag, line.pid) in ended]
    return max(accumulate(steps))


def start_idle(depot: Any, *words: str) -> Any:
    """Start a worker, and wait until it waits for jobs."""
    worker = depot.start(*words)
    depot.wait_for(
        lambda: any("Waiting for jobs" in line.get("text", "") for line in worker.lines())
    )
    return worker


@pytest.mark.parametrize("takes_all", [False, True], ids=["executor", "worker"])
def test_kill_of_who_has_the_only_place_of_a_queue_frees_it(
    depot: Any, jobs: Any, flag: str, monkeypatch: pytest.MonkeyPatch, *, takes_all: bool
) -> None:
    monkeypatch.setenv("DEPOT_LIMITS", ONE_AT_A_TIME)
    workers = [start_idle(depot, "--queue=mail", "--processes=2") for _ in range(2)]
    first = jobs.DeadlyOnce("dies", where=flag, takes_all=takes_all)

    depot.push(first, *(jobs.Work(f"m{at}", 0.02) for at in range(10)), queue="mail")
    depot.wait_for(lambda: len(depot.tags("end")) == 11)

    living = [one for one in workers if one.process.poll() is None]
    assert len(living) == (1 if takes_all else 2)
    stop(*living)
    died, following, *_ = sorted(depot.journal("start"), key=lambda line: line.at)
    assert died.tag == "dies"
    assert following.at - died.at < REAPING_SECONDS + BUSY_SECONDS
    assert most_at_once(depot) == 1
    assert depot.tags("start").count("dies") == 2
    depot.assert_nothing_is_left("mail")


@pytest.mark.parametrize("depot", ["arq"], indirect=True)
def test_kill_of_the_machine_that_has_the_only_place_frees_it_after_the_lease(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPOT_LIMITS", ONE_AT_A_TIME)
    depot.lease = 5.0  # who stands still on a busy machine for a few seconds keeps it
    over = depot.path / "over"
    worker = start_idle(depot, "--queue=mail")
    depot.push(
        jobs.Until("long", str(over)), *(jobs.Work(f"m{at}") for at in range(5)), queue="mail"
    )
    depot.wait_for(lambda: depot.tags("start") == ["long"])
    for pid in worker.everybody():
        os.kill(pid, signal.SIGKILL)
    worker.wait()
    for path in depot.connection.home.glob("*"):
        path.unlink()  # another machine does not see them
    over.touch()

    other = depot.start("--queue=mail", "--processes=2")
    depot.wait_for(lambda: len(depot.tags("end")) == 6)
    stop(other)

    assert most_at_once(depot) == 1
    depot.assert_nothing_is_left("mail")


@pytest.mark.parametrize("point", ["returned", "settled"])
def test_kill_around_the_settlement_holds_no_place_of_a_queue(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setenv("DEPOT_LIMITS", json.dumps({"default": {"concurrency": 1}}))
    uuids = depot.push(jobs.Answers("a"), jobs.Answers("b"))

    kill_at(depot, f"{point}:Answers", monkeypatch)
    depot.work("--processes=2")

    assert sorted(set(depot.tags("end"))) == ["a", "b"]
    assert most_at_once(depot) == 1
    assert all(depot.connection.result(uuid).value is not None for uuid in uuids)
    depot.assert_nothing_is_left()
