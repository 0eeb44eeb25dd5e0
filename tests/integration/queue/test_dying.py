"""Workers that die, at every step: nothing is lost, nothing runs twice without a reason."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


# What is at once on a busy machine: leases, and the jobs that are waited for, take thirty seconds.
AT_ONCE_SECONDS = 20.0


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


def test_executor_when_killed_mid_job_is_replaced_and_the_job_runs_again(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.SlowOnce("a", str(shop.path / "flag")), jobs.Work("b"))
    worker = shop.start(orders={"stop_when_empty": True})
    shop.wait_for(lambda: shop.tags("start") == ["a"])
    (executor,) = worker.executors()

    os.kill(executor, signal.SIGKILL)

    took = shop.wait_for(lambda: shop.tags("start").count("a") == 2)
    assert took < AT_ONCE_SECONDS
    assert worker.wait() == 0
    assert sorted(shop.tags("end")) == ["a", "b"]
    statuses = [(line["status"], line["attempt"]) for line in worker.jobs()]
    assert statuses == [("lost", 1), ("done", 2), ("done", 1)]
    assert worker.stopped()["processed"] == 3
    shop.assert_nothing_is_left()


def test_supervisor_when_killed_takes_its_executor_with_it_and_another_takes_over(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.SlowOnce("a", str(shop.path / "flag")))
    first = shop.start()
    shop.wait_for(lambda: shop.tags("start") == ["a"])
    (executor,) = first.executors()
    second = shop.start(orders={"max_jobs": 1})
    shop.wait_until_idle(second)

    first.process.kill()

    assert shop.wait_for(lambda: not is_alive(executor)) < AT_ONCE_SECONDS
    assert shop.wait_for(lambda: shop.tags("start").count("a") == 2) < AT_ONCE_SECONDS
    assert second.wait() == 0
    assert [(job["status"], job["attempt"]) for job in second.jobs()] == [("done", 2)]
    shop.assert_nothing_is_left()


def test_poison_when_it_kills_each_executor_fails_alone(shop: Any, jobs: Any) -> None:
    innocents = [jobs.Work(str(n)) for n in range(60)]
    shop.push(*innocents[:30], jobs.Poison("p"), *innocents[30:])

    worker = shop.work()

    assert sorted(map(int, shop.tags("end"))) == list(range(60))
    assert shop.tags("start").count("p") == 3
    assert shop.tags("failed:WorkerLost") == ["p"]
    assert all(shop.tags("start").count(str(n)) == 1 for n in range(60))
    (failed,) = shop.failed()
    assert failed.name.endswith("Poison")
    stopped = worker.stopped()
    assert (stopped["done"], stopped["lost"], stopped["failed"]) == (60, 3, 1)
    shop.assert_nothing_is_left()


def test_poison_when_it_takes_supervisors_too_is_condemned_by_the_reaper(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Work("a", 30.0))
    for death in range(1, 4):
        worker = shop.start()
        shop.wait_for(lambda death=death: shop.tags("start").count("a") == death)
        worker.process.kill()
        worker.wait()

    last = shop.work()

    assert shop.tags("start") == ["a", "a", "a"]
    assert last.jobs()[0]["status"] == "failed"
    assert "WorkerLost" in last.jobs()[0]["reason"]
    assert len(shop.failed()) == 1
    shop.assert_nothing_is_left()


def test_term_when_a_job_runs_finishes_it_and_gives_back_the_rest(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(str(n)) for n in range(40)), jobs.Work("long", 1.0))
    shop.push(*(jobs.Work(f"rest{n}") for n in range(40)))
    worker = shop.start()
    shop.wait_for(lambda: "long" in shop.tags("start"))

    worker.signal(signal.SIGTERM)

    assert worker.wait() == 0
    assert "long" in shop.tags("end")
    assert worker.stopped()["reason"] == "interrupted"
    counts = shop.connection.counts("default")
    assert counts.reserved == 0
    assert counts.pending == 40 - sum(tag.startswith("rest") for tag in shop.tags("end"))
    assert shop.tags("start") == shop.tags("end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_signal_when_idle_ends_at_once(shop: Any, number: int) -> None:
    worker = shop.start()
    shop.wait_until_idle(worker)

    worker.signal(number)

    assert worker.wait() == 0


def test_term_when_sent_twice_gives_up_and_the_job_comes_back_uncharged(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Work("first"), jobs.Work("a", 60.0), jobs.Work("b"))
    worker = shop.start()
    shop.wait_for(lambda: "a" in shop.tags("start"))
    worker.signal(signal.SIGTERM)
    shop.wait_for(lambda: worker.has_said("a second signal"))

    worker.signal(signal.SIGTERM)

    assert worker.wait(30.0) == 0
    stopped = worker.stopped()
    assert (stopped["processed"], stopped["done"], stopped["interrupted"]) == (1, 1, 1)
    assert worker.has_said("shop_jobs.Work was given up while it ran; it goes back uncharged.")
    counts = shop.connection.counts("default")
    assert (counts.pending, counts.reserved) == (2, 0)
    seat = shop.connection.join(["default"])
    (delivery,) = seat.turn((), 1).deliveries
    seat.leave()
    assert (delivery.attempts, delivery.lost, delivery.exceptions) == (1, 0, 0)


def test_grace_when_over_gives_up(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a", 60.0))
    worker = shop.start(orders={"grace": 0.3})
    shop.wait_for(lambda: shop.tags("start") == ["a"])

    worker.signal(signal.SIGTERM)

    assert worker.wait(30.0) == 0
    counts = shop.connection.counts("default")
    assert (counts.pending, counts.reserved) == (1, 0)


@pytest.mark.parametrize("kind", ["Slow", "AsyncSlow"])
def test_timeout_when_over_fails_the_job_and_spares_the_executor(
    shop: Any, jobs: Any, kind: str
) -> None:
    shop.push(getattr(jobs, kind)("s"), jobs.Work("after"))

    worker = shop.work()

    assert shop.tags("failed:JobTimedOut") == ["s"]
    assert shop.tags("end") == ["after"]
    assert [line["status"] for line in worker.jobs()] == ["failed", "done"]
    assert "JobTimedOut" in worker.jobs()[0]["reason"]
    assert len({line.pid for line in shop.journal()}) == 1
    shop.assert_nothing_is_left()


def test_timeout_when_swallowed_kills_the_executor_and_charges_only_the_job(
    shop: Any, jobs: Any
) -> None:
    shop.push(*(jobs.Work(str(n)) for n in range(10)), jobs.Stubborn("s"))
    shop.push(*(jobs.Work(str(n)) for n in range(10, 20)))

    worker = shop.work(size={"overtime": 2.0})

    assert shop.tags("start").count("s") == 1
    assert shop.tags("failed:JobTimedOut") == ["s"]
    assert worker.has_said("shop_jobs.Stubborn did not end in time")
    assert "shop_jobs.py" in worker.output.read_text()  # the stack, where it hung
    assert sorted(map(int, shop.tags("end"))) == list(range(20))
    assert {(line["status"], line["attempt"]) for line in worker.jobs()} == {
        ("done", 1),
        ("failed", 1),
    }
    shop.assert_nothing_is_left()


def test_long_job_when_others_were_handed_over_gives_them_to_another_worker(
    shop: Any, jobs: Any
) -> None:
    over = shop.path / "over"
    shop.push(*(jobs.Work(str(n)) for n in range(200)), jobs.Until("long", str(over)))
    shop.push(*(jobs.Work(str(n)) for n in range(200, 400)))

    first, second = (shop.start() for _ in range(2))

    shop.wait_for(lambda: len(shop.tags("end")) == 400)
    assert "long" not in shop.tags("end")
    over.touch()
    shop.wait_for(lambda: "long" in shop.tags("end"))
    for worker in (first, second):
        worker.signal(signal.SIGTERM)
    assert (first.wait(), second.wait()) == (0, 0)
    assert sorted(shop.tags("start")) == sorted(shop.tags("end"))
    shop.assert_nothing_is_left()


def test_hook_when_its_executor_dies_runs_again(shop: Any, jobs: Any, tmp_path: Path) -> None:
    shop.push(jobs.DeadlyHook("h", str(tmp_path / "flag")), jobs.Work("after"))

    shop.work()

    assert shop.tags("hook") == ["h", "h"]
    assert shop.tags("end") == ["after"]
    assert len(shop.failed()) == 1


def test_hook_when_its_worker_dies_is_run_by_the_next(shop: Any, jobs: Any, tmp_path: Path) -> None:
    from securely.queue.contracts import Kind, Outcome

    shop.push(jobs.DeadlyHook("h", str(tmp_path)))
    seat = shop.connection.join(["default"])
    (delivery,) = seat.turn((), 1).deliveries
    outcome = Outcome(delivery.id, delivery.token, Kind.FAIL, error=b"{}", has_hook=True)
    seat.turn([outcome], 0)
    seat.leave()  # its failed() hook was not run

    shop.start(orders={"empty_for": 1.5}).wait()

    assert shop.tags("hook") == ["h"]
    assert len(shop.failed()) == 1


def test_fork_when_a_job_leaves_a_child_behind_does_not_hold_the_executors_lock(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Orphan("o"), jobs.SlowOnce("a", str(shop.path / "flag")))
    first = shop.start()
    shop.wait_for(lambda: "a" in shop.tags("start"))
    second = shop.start(orders={"max_jobs": 1})
    shop.wait_until_idle(second)

    first.process.kill()

    assert shop.wait_for(lambda: shop.tags("start").count("a") == 2) < AT_ONCE_SECONDS
    assert second.wait() == 0


def test_executor_when_killed_with_a_forked_child_left_is_noticed_at_once(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Abandon("o"), jobs.Work("after"))

    worker = shop.start(orders={"stop_when_empty": True})

    assert shop.wait_for(lambda: "after" in shop.tags("end")) < AT_ONCE_SECONDS
    assert worker.wait() == 0
    (failed,) = shop.failed()
    assert b"WorkerLost" in failed.error


def test_job_when_it_raises_no_exception_of_the_usual_kind_fails_with_it(
    shop: Any, jobs: Any
) -> None:
    shop.push(jobs.Panic("p"), jobs.Work("after"))

    worker = shop.work()

    assert shop.tags("end") == ["after"]
    (failed,) = shop.failed()
    assert b"Outcry" in failed.error
    assert all("died" not in line.get("message", "") for line in worker.lines())
