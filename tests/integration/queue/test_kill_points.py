"""The worker killed at each step of a delivery, and what a job has then come to.

Each test names the point, how often the job's code ran, and what the next delivery is told.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord
from securely.queue.payload import Extras

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


# Who stands still on a busy machine for a few seconds keeps it.
LEASE_SECONDS = 5.0


def chained(shop: Any, *jobs: Any, batch: str | None = None) -> Any:
    """Return the first of *jobs*, which the others follow."""
    extras = Extras(batch=batch)
    links = tuple(shop.codec.link(job, "sqlite", "default", extras=extras) for job in jobs[1:])
    return shop.codec.envelope(jobs[0], "default", extras=extras._replace(trail=Trail(links)))


def batched(shop: Any, *members: Any, callback: Any) -> None:
    """Dispatch *members* as a batch, whose end *callback* is told."""
    record = BatchRecord("b", callbacks={"finally": (shop.envelope(callback),)})
    shop.connection.batches.create(record, [chained(shop, one, batch="b") for one in members])


def numbers(shop: Any) -> tuple[int, int, int, int]:
    found = shop.connection.batches.find("b")
    return found.total, found.done, found.failed, found.skipped


def kill_at(shop: Any, point: str) -> None:
    worker = shop.start(kill=point)
    assert worker.wait() == -signal.SIGKILL


def test_kill_when_claimed_and_not_handed_over_redelivers_uncharged(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"))

    kill_at(shop, "claimed")
    worker = shop.work()

    assert shop.tags("start") == ["a"]
    assert [(job["status"], job["attempt"]) for job in worker.jobs()] == [("done", 1)]
    shop.assert_nothing_is_left()


def test_kill_when_handle_has_returned_settles_without_a_second_run(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"))

    kill_at(shop, "returned")
    worker = shop.work()

    assert shop.tags("start") == ["a"]
    assert worker.jobs() == []
    assert worker.has_said("1 finished")
    shop.assert_nothing_is_left()


def test_kill_when_failing_job_has_returned_runs_it_again_charged(shop: Any, jobs: Any) -> None:
    shop.push(jobs.DeadlyHook("h", str(shop.path)))

    kill_at(shop, "returned")
    worker = shop.work()

    (failed,) = shop.failed()
    assert failed.attempts == 2
    assert worker.has_said("1 under way")


@pytest.mark.parametrize("point", ["settling", "settled", "settled-claimed"])
def test_kill_when_settling_or_settled_runs_nothing_twice(shop: Any, jobs: Any, point: str) -> None:
    shop.push(*(jobs.Work(str(n)) for n in range(20)))

    kill_at(shop, point)
    shop.work()

    assert sorted(map(int, set(shop.tags("end")))) == list(range(20))
    # One may have been running in the executor when its supervisor died.
    assert len(shop.tags("start")) <= 21
    assert shop.failed() == []
    shop.assert_nothing_is_left()


def test_kill_before_the_commit_of_a_settlement_leaves_no_result_of_it(
    shop: Any, jobs: Any
) -> None:
    envelope = shop.envelope(jobs.Answers("a"))
    shop.connection.push([envelope])

    kill_at(shop, "settling")
    before = shop.connection.result(envelope.uuid)
    shop.work()

    assert before is None
    assert shop.tags("end") == ["a", "a"]
    found = shop.connection.result(envelope.uuid)
    assert shop.codec.unpack_result(envelope.uuid, found.value) == "a:2"
    shop.assert_nothing_is_left()


def test_kill_when_failure_is_recorded_runs_the_hook_once_elsewhere(shop: Any, jobs: Any) -> None:
    shop.push(jobs.DeadlyHook("h", str(shop.path)))

    kill_at(shop, "failed")
    shop.start(orders={"empty_for": 1.5}).wait()

    assert shop.tags("hook") == ["h"]
    assert len(shop.failed()) == 1
    shop.assert_nothing_is_left()


def test_kill_when_stopped_in_the_middle_takes_nothing_from_the_living(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Work("a", 0.3))
    stopped = shop.start(orders={"max_jobs": 1})
    shop.wait_for(lambda: shop.tags("start") == ["a"])
    stopped.signal(signal.SIGSTOP)
    other = shop.start()
    shop.let_pass(1.5)

    stopped.signal(signal.SIGCONT)

    # It holds its lock: it lives, however long it sleeps, and settles when it wakes.
    assert stopped.wait() == 0
    assert shop.tags("start") == ["a"]
    assert [job["status"] for job in stopped.jobs()] == ["done"]
    assert other.jobs() == []
    shop.assert_nothing_is_left()


def test_kill_when_stopped_longer_than_the_lease_gives_its_jobs_to_others(
    shop: Any, jobs: Any
) -> None:
    over = shop.path / "over"
    shop.push(jobs.Until("a", str(over)))
    stopped = shop.start(lease=LEASE_SECONDS)
    shop.wait_for(lambda: shop.tags("start") == ["a"])
    everybody = [stopped.pid, *stopped.executors()]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    over.touch()

    other = shop.start(lease=LEASE_SECONDS)
    shop.wait_for(lambda: len(other.jobs()) == 1)

    assert shop.tags("start") == ["a", "a"]
    assert [job["status"] for job in other.jobs()] == ["done"]
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
    # It ends what it had begun; what it says of that is stale, and changes nothing.
    stopped.signal(signal.SIGTERM)
    assert stopped.wait() == 0
    assert shop.failed() == []
    shop.push(jobs.Work("b", 0.0))
    shop.wait_for(lambda: len(other.jobs()) == 2)
    shop.assert_nothing_is_left()


# -- chains and batches


@pytest.mark.parametrize(
    ("point", "runs"), [("returned", 2), ("settling", 2), ("settled", 1), ("settled-claimed", 1)]
)
def test_kill_when_a_link_settles_goes_on_with_the_next_once(
    shop: Any, jobs: Any, point: str, runs: int
) -> None:
    shop.connection.push([chained(shop, *(jobs.Work(tag) for tag in "abc"))])

    kill_at(shop, point)
    shop.work()

    # A link has more to settle than the removal of its row: not settled, it runs again.
    assert shop.tags("end") == [*"a" * runs, "b", "c"]
    shop.assert_nothing_is_left()


@pytest.mark.parametrize(("point", "runs"), [("settling", 2), ("settled", 1)])
def test_kill_when_the_last_of_a_batch_settles_delivers_the_callback_once(
    shop: Any, jobs: Any, point: str, runs: int
) -> None:
    batched(shop, jobs.Work("a"), callback=jobs.Work("over"))

    kill_at(shop, point)
    before = numbers(shop)
    shop.work()

    assert before == ((1, 0, 0, 0) if point == "settling" else (1, 1, 0, 0))
    assert shop.tags("end") == [*"a" * runs, "over"]
    assert numbers(shop) == (1, 1, 0, 0)
    shop.assert_nothing_is_left()


def test_kill_when_a_callback_runs_runs_it_again_and_counts_nothing(shop: Any, jobs: Any) -> None:
    callback = jobs.DeadlyOnce("over", where=str(shop.path / "flag"))
    batched(shop, jobs.Work("a"), callback=callback)

    shop.work()

    assert shop.tags("start") == ["a", "over", "over"]
    assert shop.tags("end") == ["a", "over"]
    assert numbers(shop) == (1, 1, 0, 0)
    shop.assert_nothing_is_left()


def test_kill_when_a_member_takes_its_executors_down_counts_its_failure_once(
    shop: Any, jobs: Any
) -> None:
    batched(shop, jobs.Poison("p"), jobs.Work("a"), callback=jobs.Work("over"))

    shop.work()

    assert numbers(shop) == (2, 1, 1, 0)
    assert shop.tags("end").count("over") == 1
    assert len(shop.failed()) == 1
    shop.assert_nothing_is_left()
