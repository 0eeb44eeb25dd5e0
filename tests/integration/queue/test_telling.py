"""What a worker tells listeners of itself: in its executors, where user code runs."""

from __future__ import annotations

import signal
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

LISTENING = "shop_app:listening"


def told(shop: Any) -> list[tuple[str, str]]:
    """Return the events in order; where they come from is told beside."""
    lines = [line for line in shop.journal() if line.event.startswith("Worker")]
    return [(line.event, line.tag.partition(";")[2]) for line in lines]


def test_worker_when_it_works_tells_its_beginning_and_its_end(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"), jobs.Work("b"))

    shop.work(loader=LISTENING)

    (starting, *between, stopping) = told(shop)
    assert starting == ("WorkerStarting", "")
    assert stopping == ("WorkerStopping", "reason=empty;status=0;processed=2")
    assert set(between) <= {("WorkerIdle", "")}
    sources = {line.tag.partition(";")[0] for line in shop.journal("WorkerStarting")}
    assert sources == {"sqlite/default"}


def test_worker_when_a_listener_raises_reports_it_and_goes_on(shop: Any, jobs: Any) -> None:
    shop.push(jobs.Work("a"))

    shop.work(loader=LISTENING)

    assert shop.tags("reported") == ["a-listener"]
    assert shop.tags("end") == ["a"]


@pytest.mark.parametrize("kind", ["Work", "AsyncWork"])
def test_looping_when_a_listener_says_false_holds_jobs_back(
    shop: Any, jobs: Any, kind: str
) -> None:
    hold = shop.path / "queue/hold"
    hold.touch()
    shop.push(getattr(jobs, kind)("a"))

    worker = shop.start(loader=LISTENING, orders={"sleep": 0.1})
    shop.wait_for(lambda: len(worker.jobs()) >= 2)
    assert shop.tags("start") == []
    hold.unlink()
    shop.wait_for(lambda: shop.tags("end") == ["a"])
    worker.signal(signal.SIGTERM)

    assert worker.wait() == 0
    assert {line["status"] for line in worker.jobs()} == {"released", "done"}


def test_signals_when_they_come_are_told(shop: Any, jobs: Any) -> None:
    worker = shop.start(loader=LISTENING)
    shop.wait_until_idle(worker)
    worker.signal(signal.SIGUSR2)
    shop.wait_for(lambda: worker.has_said("Paused by a signal"))
    worker.signal(signal.SIGCONT)
    shop.wait_for(lambda: worker.has_said("Going on."))
    worker.signal(signal.SIGTERM)

    assert worker.wait() == 0
    names = [name for name, _ in told(shop) if name != "WorkerIdle"]
    assert names == [
        "WorkerStarting",
        "WorkerPausing",
        "WorkerResuming",
        "WorkerInterrupted",
        "WorkerStopping",
    ]
    assert ("WorkerInterrupted", f"signal={int(signal.SIGTERM)}") in told(shop)


def test_pause_when_a_worker_runs_is_noticed_and_told(shop: Any, jobs: Any) -> None:
    worker = shop.start(loader=LISTENING, orders={"queues": ["default", "mail"], "sleep": 0.5})
    shop.wait_until_idle(worker)

    shop.connection.pause("mail")
    shop.wait_for(lambda: worker.has_said("Queue mail is paused"))
    shop.push(jobs.Work("m"), queue="mail")
    shop.push(jobs.Work("d"))
    shop.wait_for(lambda: shop.tags("end") == ["d"])
    shop.connection.resume("mail")
    shop.wait_for(lambda: shop.tags("end") == ["d", "m"])

    assert worker.has_said("Queue mail goes on")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert ("WorkerQueuePaused", "queue=mail") in told(shop)
    assert ("WorkerQueueResumed", "queue=mail") in told(shop)
