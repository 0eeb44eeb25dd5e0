"""Limits of queues, kept by two workers together."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_two_workers_never_run_more_of_a_queue_than_it_allows(shop: Any, jobs: Any) -> None:
    shop.push(*(jobs.Work(f"m{at}", 0.02) for at in range(40)), queue="mail")
    shop.push(jobs.Together("three", 3), *(jobs.Work(f"o{at}", 0.02) for at in range(9)))
    wishes = {
        "orders": {"queues": ["mail", "default"], "stop_when_empty": True},
        "size": {"processes": 3},
        "limits": {"mail": [2]},
    }

    workers = [shop.start(**wishes) for _ in range(2)]

    assert [worker.wait() for worker in workers] == [0, 0]
    running, most = 0, 0
    for line in sorted(shop.journal("start", "end"), key=lambda line: line.at):
        if line.tag.startswith("m"):
            running += 1 if line.event == "start" else -1
            most = max(most, running)
    assert 1 <= most <= 2
    assert sorted(shop.tags("end")) == sorted(shop.tags("start"))
    assert len(shop.tags("end")) == 50
    assert len({line.pid for line in shop.journal("end")}) > 2
    shop.assert_nothing_is_left()
