"""Limits of queues, kept by two workers together."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_two_workers_never_run_more_of_a_queue_than_it_allows(
    depot: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPOT_LIMITS", json.dumps({"mail": {"concurrency": 2, "rate": "60/h"}}))
    depot.push(*(jobs.Work(f"m{at}", 0.02) for at in range(40)), queue="mail")
    depot.push(*(jobs.Work(f"o{at}", 0.02) for at in range(10)))
    words = ("--queue", "mail,default", "--processes", "3", "--stop-when-empty")

    workers = [depot.start(*words) for _ in range(2)]

    assert [worker.wait() for worker in workers] == [0, 0]
    running, most = 0, 0
    for line in sorted(depot.journal("start", "end"), key=lambda line: line.at):
        if line.tag.startswith("m"):
            running += 1 if line.event == "start" else -1
            most = max(most, running)
    assert 1 <= most <= 2
    assert len(depot.tags("end")) == 50
    depot.assert_nothing_is_left("mail")
