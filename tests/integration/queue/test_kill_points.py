"""The worker killed at each step of a delivery, and what a job has then come to.

Each test names the point, how often the job's code ran, and what the next delivery is told.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

pytestmark = pytest.mark.integration


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
    shop.push(jobs.Work("a", 0.5))
    stopped = shop.start(lease=1.0)
    shop.wait_for(lambda: shop.tags("start") == ["a"])
    everybody = [stopped.pid, *stopped.executors()]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)

    other = shop.start(lease=1.0)
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
