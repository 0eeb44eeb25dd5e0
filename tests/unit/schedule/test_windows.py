"""Times of the day within which tasks run, or do not: by the clock of the task's zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from securely.schedule import InvalidTask, Schedule, Task
from securely.support import clock


def passes(task: Task, moment: str) -> bool:
    """Return whether the conditions of *task* let it run at a moment in UTC."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    with clock.using(clock.FrozenClock(at)):
        return all(condition.call() for condition in task.filters)


def task_in(zone: tzinfo = UTC) -> Task:
    return Schedule(zone).exec("true")


WINDOWS: list[tuple[str, str, str, bool]] = [
    # over the day
    ("8:00", "17:00", "2026-01-01 07:59:59", False),
    ("8:00", "17:00", "2026-01-01 08:00:00", True),
    ("8:00", "17:00", "2026-01-01 12:34:56", True),
    ("8:00", "17:00", "2026-01-01 17:00:00", True),
    ("8:00", "17:00", "2026-01-01 17:01:00", False),
    ("08:00", "17:00", "2026-01-01 08:00:00", True),
    # over midnight
    ("22:00", "6:00", "2026-01-01 21:59:59", False),
    ("22:00", "6:00", "2026-01-01 22:00:00", True),
    ("22:00", "6:00", "2026-01-01 23:59:59", True),
    ("22:00", "6:00", "2026-01-02 00:00:00", True),
    ("22:00", "6:00", "2026-01-02 06:00:00", True),
    ("22:00", "6:00", "2026-01-02 06:01:00", False),
    # to the end of the day, and from its beginning
    ("0:00", "24:00", "2026-01-01 00:00:00", True),
    ("0:00", "24:00", "2026-01-01 23:59:59", True),
    ("18:00", "24:00", "2026-01-02 00:00:00", False),
    # a single minute
    ("9:30", "9:30", "2026-01-01 09:30:00", True),
    ("9:30", "9:30", "2026-01-01 09:29:59", False),
    ("9:30", "9:30", "2026-01-01 09:31:00", False),
    # with seconds
    ("8:00:30", "8:01:15", "2026-01-01 08:00:29", False),
    ("8:00:30", "8:01:15", "2026-01-01 08:00:30", True),
    ("8:00:30", "8:01:15", "2026-01-01 08:01:15", True),
    ("8:00:30", "8:01:15", "2026-01-01 08:01:16", False),
]


@pytest.mark.parametrize(("start", "end", "moment", "expected"), WINDOWS)
def test_a_task_runs_between_both_ends(start: str, end: str, moment: str, expected: bool) -> None:
    assert passes(task_in().between(start, end), moment) is expected


@pytest.mark.parametrize(("start", "end", "moment", "expected"), WINDOWS)
def test_a_task_runs_unless_it_is_between_both_ends(
    start: str, end: str, moment: str, expected: bool
) -> None:
    assert passes(task_in().unless_between(start, end), moment) is not expected


def test_what_is_due_in_the_last_minute_may_be_run_some_seconds_late() -> None:
    task = task_in().every_minute().between("8:00", "17:00")

    assert passes(task, "2026-01-01 17:00:42")


def test_several_windows_are_all_heeded() -> None:
    task = task_in().between("8:00", "17:00").unless_between("12:00", "13:00")

    moments = ["07:00", "08:00", "12:30", "14:00", "18:00"]
    assert [passes(task, f"2026-01-01 {moment}") for moment in moments] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_the_zone_counts_that_the_task_has_at_last() -> None:
    before = task_in().timezone("Asia/Tokyo").between("8:00", "9:00")
    behind = task_in().between("8:00", "9:00").timezone("Asia/Tokyo")

    for task in (before, behind):
        assert passes(task, "2026-01-01 23:30:00")  # 8:30 there
        assert not passes(task, "2026-01-01 08:30:00")


def test_without_a_zone_that_of_the_schedule_counts() -> None:
    task = task_in(ZoneInfo("America/New_York")).between("8:00", "9:00")

    assert passes(task, "2026-01-01 13:30:00")
    assert passes(task, "2026-07-01 12:30:00")  # in summer


def test_a_window_over_the_autumn_fold_is_open_in_both_hours() -> None:
    task = task_in(ZoneInfo("Europe/Prague")).between("2:15", "2:45")

    assert passes(task, "2026-10-25 00:30:00")  # 2:30 in summer time
    assert passes(task, "2026-10-25 01:30:00")  # 2:30 once more


def test_each_look_is_at_the_clock_anew() -> None:
    (condition,) = task_in().between("8:00", "9:00").filters
    moving = clock.FrozenClock(datetime(2026, 1, 1, 8, 30, tzinfo=UTC).timestamp())

    with clock.using(moving):
        first = condition.call()
        moving.travel(3_600)
        second = condition.call()

    assert (first, second) == (True, False)


def test_why_a_task_does_not_run_is_told() -> None:
    task = task_in().between("8:00", "17:00").unless_between("22:00", "6:30")

    assert [condition.words for condition in task.filters] == [
        "it is not between 08:00 and 17:00",
        "it is between 22:00 and 06:30",
    ]


REFUSED = [
    "",
    "noon",
    "8",
    "8:",
    ":30",
    "25:00",
    "8:60",
    "8:00:60",
    "24:01",
    "8.00",
    "8:00 ",
    "-1:0",
]


@pytest.mark.parametrize("text", [*REFUSED, "\u0668:00", None, 8, 8.5, True, b"8:00", ["8:00"]])
@pytest.mark.parametrize(
    "change",
    [
        lambda task, text: task.between(text, "17:00"),
        lambda task, text: task.between("8:00", text),
        lambda task, text: task.unless_between(text, "17:00"),
        lambda task, text: task.unless_between("8:00", text),
    ],
)
def test_what_is_no_time_of_the_day_is_refused_at_once(
    change: Callable[[Any, Any], object], text: object
) -> None:
    task = task_in()

    with pytest.raises(InvalidTask, match="no time of the day") as raised:
        change(task, text)

    assert Path(raised.value.place.rpartition(":")[0]) == Path(__file__)
    assert raised.value.task == "true"
    assert task.filters == []
