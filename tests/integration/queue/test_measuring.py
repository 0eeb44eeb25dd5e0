"""What real workers measure, and that they tell of long waits."""

from __future__ import annotations

from typing import Any

import pytest

from securely.queue.contracts import Gauge

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def times(shop: Any, gauge: Gauge, name: str) -> int:
    measures = shop.connection.measured(0)
    return sum(
        one.times for one in measures if one.gauge == gauge and one.name == f"shop_jobs.{name}"
    )


def test_worker_when_jobs_have_ended_has_measured_each_exactly_once(shop: Any, jobs: Any) -> None:
    shop.push(*[jobs.Work(str(number)) for number in range(300)], jobs.Broken("b"))

    shop.work(size={"processes": 2})
    shop.work()  # another one adds to what is there

    assert times(shop, Gauge.DONE, "Work") == times(shop, Gauge.WAIT, "Work") == 300
    assert times(shop, Gauge.FAILED, "Broken") == 1
    assert times(shop, Gauge.RELEASED, "Broken") == times(shop, Gauge.WAIT, "Broken") - 1
    slept = [one.seconds for one in shop.connection.measured(0) if one.gauge == Gauge.DONE]
    assert 0 < sum(slept) < 60


def test_worker_when_jobs_wait_too_long_tells_it_once(shop: Any, jobs: Any) -> None:
    shop.push(*[jobs.Work(str(number), 0.5) for number in range(12)])
    wishes = {"orders": {"waits": {"default": 0.5}, "stop_when_empty": True}}

    workers = [shop.start(loader="shop_app:listening", **wishes) for _ in range(2)]

    assert [worker.wait() for worker in workers] == [0, 0]
    (told,) = shop.journal("LongWaitDetected")
    assert told.tag == "sqlite/default;queue=default"
    assert sum(worker.has_said("Jobs of queue default wait for") for worker in workers) == 1
