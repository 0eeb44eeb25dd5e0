"""Workers that live: what they run, when they stop, what they say."""

from __future__ import annotations

import importlib
import signal
from pathlib import Path
from typing import Any

import pytest

from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


# How often a worker looks for jobs that nobody has told it of: so seldom that it shows.
POLL_SECONDS = 60.0


def test_work_when_jobs_wait_runs_each_once_in_order(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(str(n)) for n in range(300)))

    worker = shop.work()

    assert shop.tags("end") == [str(n) for n in range(300)]
    assert worker.stopped()["processed"] == worker.stopped()["done"] == 300
    assert [line["attempt"] for line in worker.jobs()] == [1] * 300
    shop.assert_nothing_is_left()


def test_work_when_several_processes_runs_each_once(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Together("0", 2), *(jobs.Work(str(n), 0.005) for n in range(1, 60)))

    shop.work(size={"processes": 2})

    assert sorted(map(int, shop.tags("end"))) == list(range(60))
    assert len({line.pid for line in shop.journal("end")}) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("kind", ["Heeds", "AsyncHeeds"])
def test_signal_when_jobs_heed_it_is_told_to_each_once(
    shop: Any, jobs: Any, kind: str, number: int
) -> None:
    count = 1 if kind == "Heeds" else 3
    shop.push(*(getattr(jobs, kind)(str(n)) for n in range(count)))
    worker = shop.start(size={"concurrency": count})
    shop.wait_for(lambda: len(shop.tags("start")) == count)

    worker.signal(number)

    assert worker.wait() == 0
    tags = [str(n) for n in range(count)]
    assert sorted(shop.tags(f"interrupted:{int(number)}:1")) == tags
    assert sorted(shop.tags("heeded")) == tags
    assert worker.stopped()["reason"] == "interrupted"
    assert shop.connection.counts("default").pending == count


def test_work_when_queues_are_ranked_empties_the_first_first(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(f"low{n}") for n in range(5)), queue="low")
    shop.push(*(jobs.Work(f"high{n}") for n in range(5)), queue="high")

    shop.work(orders={"queues": ["high", "low"]})

    assert shop.tags("end") == [f"high{n}" for n in range(5)] + [f"low{n}" for n in range(5)]


def test_work_when_async_and_concurrent_runs_them_at_once(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.AsyncTogether(str(n), 20) for n in range(20)))

    shop.work(size={"concurrency": 20})

    # Each has waited until all had begun.
    assert [line.event for line in shop.journal()] == ["start"] * 20 + ["end"] * 20


def test_work_when_async_alone_runs_them_one_after_the_other(shop: Any, jobs: Any) -> None:
    shop.push(jobs.AsyncWork("a", 0.05), jobs.Work("b", 0.01), jobs.AsyncWork("c", 0.01))

    shop.work()

    assert [(line.event, line.tag) for line in shop.journal()] == [
        (event, tag) for tag in "abc" for event in ("start", "end")
    ]


def test_work_when_sync_and_async_mix_runs_all(shop: Any, jobs: Any) -> None:
    kinds = (jobs.Work, jobs.AsyncWork)
    shop.push(*(kinds[n % 2](str(n), 0.001) for n in range(100)))

    shop.work(size={"concurrency": 10})

    assert sorted(map(int, shop.tags("end"))) == list(range(100))
    shop.assert_nothing_is_left()


def test_work_when_a_job_raises_tries_again_then_fails_with_its_hook(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Broken("b"))

    worker = shop.start(orders={"empty_for": 0.5})
    worker.wait()

    assert shop.tags("start") == ["b", "b"]
    assert shop.tags("failed") == ["b"]
    assert [line["status"] for line in worker.jobs()] == ["retried", "failed"]
    assert worker.jobs()[1]["reason"] == "ValueError: no such customer"
    stopped = worker.stopped()
    assert (stopped["processed"], stopped["retried"], stopped["failed"]) == (2, 1, 1)
    (failed,) = shop.failed()
    assert failed.attempts == 2
    shop.assert_nothing_is_left()


def test_retry_when_worked_again_runs_with_fresh_counters(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Broken("b"))
    shop.start(orders={"empty_for": 0.5}).wait()

    shop.connection.failed.retry(None)
    worker = shop.start(orders={"empty_for": 0.5})
    worker.wait()

    assert [line["attempt"] for line in worker.jobs()] == [1, 2]
    assert len(shop.failed()) == 1


def test_once_when_jobs_wait_runs_one(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"), jobs.Work("b"))

    worker = shop.start(orders={"is_once": True})

    assert worker.wait() == 0
    assert shop.tags("end") == ["a"]
    assert worker.stopped()["reason"] == "max_jobs"
    assert shop.connection.counts("default").pending == 1


def test_once_when_nothing_waits_ends_after_one_sleep(shop: Any) -> None:
    worker = shop.start(orders={"is_once": True, "sleep": 0.2})

    assert worker.wait() == 0
    assert worker.stopped()["reason"] == "once"


def test_max_jobs_when_reached_leaves_the_others_unclaimed(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(str(n)) for n in range(50)))

    worker = shop.start(orders={"max_jobs": 20})

    assert worker.wait() == 0
    assert len(shop.tags("end")) == worker.stopped()["processed"] == 20
    counts = shop.connection.counts("default")
    assert (counts.pending, counts.reserved) == (30, 0)


def test_max_time_when_over_finishes_what_runs(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(str(n), 0.2) for n in range(50)))

    worker = shop.start(orders={"max_time": 1.0})

    assert worker.wait() == 0
    assert worker.stopped()["reason"] == "max_time"
    assert len(shop.tags("start")) == len(shop.tags("end")) == worker.stopped()["done"]
    assert shop.connection.counts("default").reserved == 0


def test_memory_when_over_the_limit_ends_with_twelve(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Hungry("h", 100), *(jobs.Work(str(n), 0.15) for n in range(20)))

    worker = shop.start(orders={"memory_bytes": 100 << 20})

    assert worker.wait() == 12
    assert worker.stopped()["reason"] == "memory"
    assert len(shop.tags("end")) < 21
    assert shop.connection.counts("default").reserved == 0


def test_restart_when_asked_for_finishes_the_running_job(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a", 0.5), jobs.Work("b", 0.5))
    worker = shop.start()
    shop.wait_for(lambda: "a" in shop.tags("start"))

    shop.connection.restart()

    assert worker.wait() == 0
    assert worker.stopped()["reason"] == "restart_signal"
    assert shop.tags("end")[:1] == ["a"]
    assert shop.connection.counts("default").reserved == 0


def test_delayed_when_due_runs_without_being_polled_for(shop: Any, jobs: Any) -> None:
    worker = shop.start(orders={"max_jobs": 1, "sleep": POLL_SECONDS})
    shop.wait_until_idle(worker)
    began = clock.monotonic()
    shop.push(jobs.Work("later"), delay=0.4)

    shop.wait_for(lambda: shop.tags("end") == ["later"])

    (started,) = shop.journal("start")
    assert 0.39 < started.at - began < POLL_SECONDS / 2


def test_idle_when_pushed_to_starts_at_once(shop: Any, jobs: Any) -> None:
    worker = shop.start(orders={"max_jobs": 20, "sleep": POLL_SECONDS})
    shop.wait_until_idle(worker)

    waits: list[float] = []
    for n in range(20):
        shop.push(jobs.Work(str(n)))
        waits.append(shop.wait_for(lambda n=n: str(n) in shop.tags("start")))

    # Of those, a busy machine delays some, and hardly all.
    assert min(waits) < 0.02
    assert max(waits) < POLL_SECONDS / 2
    assert worker.wait() == 0


def test_idle_when_nothing_happens_hardly_wakes(shop: Any) -> None:
    worker = shop.start()
    shop.wait_until_idle(worker)
    tree = [worker.pid, *worker.executors()]

    began, before = clock.monotonic(), sum(switches(pid) for pid in tree)
    shop.let_pass(3.0)
    after, seconds = sum(switches(pid) for pid in tree), clock.monotonic() - began

    assert after - before <= 3 * 2 * seconds
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


def switches(pid: int) -> int:
    """Return how often a process has gone to sleep of its own will."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(x for x in status.splitlines() if x.startswith("voluntary")).split()[1])


def test_pause_when_signalled_takes_nothing_until_continued(shop: Any, jobs: Any) -> None:
    worker = shop.start()
    shop.wait_until_idle(worker)
    worker.signal(signal.SIGUSR2)
    shop.wait_for(lambda: worker.has_said("Paused"))
    shop.push(jobs.Work("a"))

    shop.let_pass(0.4)
    during = shop.tags("start")
    worker.signal(signal.SIGCONT)

    shop.wait_for(lambda: shop.tags("end") == ["a"])
    assert during == []


def test_payload_when_changed_is_refused_kept_and_reported(shop: Any, jobs: Any) -> None:
    good = shop.envelope(jobs.Work("a"))
    bad = good._replace(payload=good.payload[:-1] + b"?")
    shop.connection.push([bad])
    shop.push(jobs.Work("after"))

    worker = shop.work()

    assert shop.tags() == ["after", "after"]
    (failed,) = shop.failed()
    assert failed.payload == bad.payload
    assert worker.jobs()[0]["status"] == "failed"
    assert "signature" in worker.jobs()[0]["reason"]


def test_class_when_vanished_fails_and_keeps_the_payload(
    shop: Any, jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = "from securely.queue.job import Job\nclass Gone(Job):\n    def handle(self): pass\n"
    (elsewhere / "shop_gone.py").write_text(code)
    monkeypatch.syspath_prepend(str(elsewhere))
    envelope = shop.envelope(importlib.import_module("shop_gone").Gone())
    shop.connection.push([envelope])
    shop.push(jobs.Work("after"))

    worker = shop.work()

    assert shop.tags("end") == ["after"]
    (failed,) = shop.failed()
    assert failed.payload == envelope.payload
    assert "UnknownJob" in worker.jobs()[0]["reason"]
    assert "shop_gone" in worker.jobs()[0]["reason"]


def test_loading_when_refused_says_why_and_ends_with_one(shop: Any) -> None:
    worker = shop.start(loader="shop_app:refuse")

    assert worker.wait() == 1
    (error,) = [line for line in worker.lines() if line["event"] == "error"]
    assert "ValueError: no configuration here" in error["text"]
    assert "Traceback" not in worker.output.read_text()


def test_loading_when_executors_die_each_time_gives_up(shop: Any) -> None:
    worker = shop.start(loader="shop_app:die")

    assert worker.wait() == 1
    (error,) = [line for line in worker.lines() if line["event"] == "error"]
    assert "exited with status 3" in error["text"]


def test_unknown_queue_when_worked_warns_with_a_near_miss(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"), queue="email")

    worker = shop.work(orders={"queues": ["emial"]})

    (warning,) = [line for line in worker.lines() if line["event"] == "warning"]
    assert '"emial"' in warning["text"]
    assert 'Did you mean "email"?' in warning["text"]
