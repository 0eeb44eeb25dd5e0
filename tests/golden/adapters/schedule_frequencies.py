"""Runs the schedule_frequencies vectors: what frequencies come to, and whether tasks are due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from securely.schedule.exceptions import InvalidTask
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.support import clock

__all__ = ["run"]

# When the vectors ask.
_TIMES = (
    "2026-01-01 00:00:00",
    "2026-01-01 00:01:00",
    "2026-01-01 00:05:00",
    "2026-01-01 00:30:00",
    "2026-01-01 01:00:00",
    "2026-01-01 13:00:00",
    "2026-01-03 09:00:00",
    "2026-01-04 00:00:00",
    "2026-01-05 08:00:00",
    "2026-01-15 13:15:00",
    "2026-01-16 00:00:00",
    "2026-01-31 00:00:00",
    "2026-01-31 15:00:00",
    "2026-02-28 15:00:00",
    "2026-03-08 07:30:00",
    "2026-04-01 00:00:00",
    "2026-06-01 17:00:00",
    "2026-07-04 12:34:56",
    "2026-12-31 23:59:00",
    "2028-02-29 15:00:00",
)
# And of tasks that have a time zone from the beginning.
_TIMES_OF_CHANGE = ("2026-03-08 06:30:00", "2026-11-01 05:30:00", "2026-11-01 06:30:00")
_LATER = "next_run_from_2026-01-01T00:00Z"


def run(case: Mapping[str, Any]) -> object:
    """Define a task, and ask it at the times of the vectors."""
    times = _TIMES if case["timezone"] is None else _TIMES + _TIMES_OF_CHANGE
    schedule = Schedule()
    task = schedule.exec("true")
    try:
        if case["timezone"] is not None:
            task.timezone(case["timezone"])
        for method, *arguments in case["calls"]:
            getattr(task, _snake(method))(*arguments)
    except InvalidTask as error:
        return {"exception": "InvalidArgumentException", "message": error.reason}
    return {
        "expression": task.expression,
        "repeat_seconds": task.repeat_seconds,
        "timezone": task.zone_shown or None,
        "valid_cron": True,
        "due": [_asked(schedule, task, at) for at in times],
        _LATER: _next(task),
    }


def _asked(schedule: Schedule, task: Task, at: str) -> dict[str, object]:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    with clock.using(clock.FrozenClock(moment.timestamp())):
        is_due = task in schedule.due(moment)
        passes = all(each.call() for each in task.filters)
        passes = passes and not any(each.call() for each in task.manners.rejects)
    return {"at": at, "due": is_due, "filters_pass": passes}


def _next(task: Task) -> str:
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    if task.repeat_seconds is not None:
        start += 60 - task.repeat_seconds  # Laravel tells the next minute
    found = task.timing.next(start)
    assert found is not None
    told = datetime.fromtimestamp(found, task.zone).isoformat(" ")
    return f"{told[:19]} {told[19:]}"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
