"""Where tasks are defined, and found: their places, ids, names and groups of definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from securely.schedule import InvalidExpression, InvalidTask, Schedule, UnknownTask

HERE = Path(__file__)


def work() -> None:
    """Do nothing."""


def kind_of(value: object) -> str:
    """Name a case: not all values can be written out."""
    return type(value).__name__


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(base=HERE.parent)


# -- places


def test_a_task_knows_the_file_and_line_of_its_definition(schedule: Schedule) -> None:
    line = work.__code__.co_firstlineno
    task = schedule.command("a")
    name, _, told = task.place.partition(":")
    assert name == HERE.name
    assert int(told) > line


def test_a_place_outside_of_the_application_is_told_as_it_is() -> None:
    task = Schedule(base=HERE.parent / "elsewhere").command("a")
    assert task.place.startswith(f"{HERE}:")


REFUSED: list[Callable[[Any], object]] = [
    lambda schedule: schedule.cron("nonsense"),
    lambda schedule: schedule.daily_at("noon"),
    lambda schedule: schedule.command("x").daily_at("noon"),
    lambda schedule: schedule.daily().between("a", "b"),
    lambda schedule: schedule.command("x", [None]),
    lambda schedule: schedule.daily().command("x").timezone("Mars/Phobos"),
    lambda schedule: schedule.exec(""),
    lambda schedule: schedule.call(None),
    lambda schedule: schedule.daily()(None),
    lambda schedule: schedule.job(None),
    lambda schedule: schedule.event(None),
    lambda schedule: schedule.group(dayly=True),
    lambda schedule: schedule.group(daily_at=None),
    lambda schedule: schedule.group(daily="2:00"),
    lambda schedule: schedule.group(5),
    lambda schedule: schedule.daily().group(None),
    lambda schedule: schedule.define(None),
]


@pytest.mark.parametrize("define", REFUSED)
def test_each_refusal_is_one_line_with_the_place(
    schedule: Schedule, define: Callable[[Any], object]
) -> None:
    with pytest.raises(InvalidTask) as caught:
        define(schedule)
    told = str(caught.value)
    assert told.startswith(f"{HERE.name}:")
    assert len(told.splitlines()) == 1
    assert len(told) < 400
    assert schedule.command("after").expression == "* * * * *"  # no group stays open


def test_a_long_script_is_told_in_one_line(schedule: Schedule) -> None:
    with pytest.raises(InvalidExpression) as caught:
        schedule.exec("echo 1\n" * 200).cron("x")
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


# -- ids


def test_another_time_changes_neither_id_nor_lock() -> None:
    first = Schedule().command("report:send").daily().without_overlapping()
    second = Schedule().command("report:send").every_five_minutes().without_overlapping()
    assert (first.id, first.lock) == (second.id, second.lock)


def test_tasks_that_do_the_same_are_told_apart_by_their_order(schedule: Schedule) -> None:
    first, second, third = (schedule.command("a").daily() for _ in range(3))
    other = schedule.command("b")
    schedule.tasks()
    assert (first.id, second.id, third.id) == (
        first.base_id,
        f"{first.base_id}#2",
        f"{first.base_id}#3",
    )
    assert other.id == other.base_id != first.id
    assert first.without_overlapping().lock == second.without_overlapping().lock


def test_a_name_that_is_given_after_all_tasks_were_asked_for_counts(schedule: Schedule) -> None:
    first, second = schedule.command("a"), schedule.command("a")
    schedule.tasks()
    first.name("early")
    schedule.tasks()
    assert (first.id, second.id) == ("early", second.base_id)


def test_two_tasks_of_one_name_are_refused_with_both_places(schedule: Schedule) -> None:
    first, second = schedule.command("a").name("same"), schedule.command("b").name("same")
    with pytest.raises(InvalidTask) as caught:
        schedule.tasks()
    assert str(caught.value).startswith(f'{second.place}, task "same": {first.place} ')


def test_what_a_job_of_this_process_changes_does_not_change_an_id(schedule: Schedule) -> None:
    seen: dict[str, object] = {"rows": 1}
    task = schedule.call(print, [seen])
    before = [each.id for each in schedule.tasks()]
    seen["rows"] = 2
    assert [task.id] == before


# -- definitions


def test_definitions_are_called_when_tasks_are_asked_for_and_once(schedule: Schedule) -> None:
    calls: list[object] = []

    def define(given: Schedule) -> None:
        calls.append(given)
        given.command("later")

    schedule.define(define)
    schedule.command("at-once")
    assert calls == []
    assert [task.summary for task in schedule.tasks()] == ["at-once", "later"]
    assert [task.summary for task in schedule.tasks()] == ["at-once", "later"]
    assert calls == [schedule]


def test_a_definition_may_take_nothing_and_ask_for_tasks_itself(schedule: Schedule) -> None:
    def define() -> None:
        schedule.command("a")
        assert schedule.find("a").daily().expression == "0 0 * * *"
        schedule.define(lambda inner: inner.command("b"))

    schedule.define(define)  # type: ignore[arg-type]  # as people write it
    assert [task.summary for task in schedule.tasks()] == ["a", "b"]


def test_a_definition_that_failed_fails_each_time_and_loses_no_task_silently(
    schedule: Schedule,
) -> None:
    def define(given: Schedule) -> None:
        given.command("half")
        raise RuntimeError("no database")

    schedule.define(define)
    depths: set[int] = set()
    for _ in range(5):
        with pytest.raises(RuntimeError, match="no database") as caught:
            schedule.tasks()
        depths.add(len(extract_tb(caught.value.__traceback__)))
    assert max(depths) < 6  # a loop that asks each second does not grow


def test_a_definition_is_no_coroutine_function(schedule: Schedule) -> None:
    async def define(given: Schedule) -> None:
        given.command("never")

    with pytest.raises(InvalidTask, match="no async one"):
        schedule.define(define)


# -- finding


def test_tasks_are_found_by_id_by_name_by_what_they_do_and_by_their_command(
    schedule: Schedule,
) -> None:
    plain = schedule.command("report:send --daily")
    named = schedule.call(work).name("nightly")
    assert schedule.find(plain.id) is plain
    assert schedule.find("report:send --daily") is plain
    assert schedule.find("report:send") is plain
    assert schedule.find("nightly") is named
    assert schedule.find(named.action.summary) is named


@pytest.mark.parametrize(
    "name", [None, "", 5, [], "report:sand", 10**5000], ids=lambda value: type(value).__name__
)
def test_what_is_no_task_is_not_found(schedule: Schedule, name: object) -> None:
    schedule.command("report:send")
    with pytest.raises(UnknownTask):
        schedule.find(name)  # type: ignore[arg-type]  # callers without a checker


def test_a_near_miss_is_told(schedule: Schedule) -> None:
    schedule.command("report:send")
    with pytest.raises(UnknownTask, match='Did you mean "report:send"'):
        schedule.find("report:sand")


def test_several_that_do_the_same_are_told_apart_by_their_ids(schedule: Schedule) -> None:
    first, second = schedule.command("a").daily(), schedule.command("a").hourly()
    with pytest.raises(UnknownTask, match=first.base_id):
        schedule.find("a")
    assert schedule.find(f"{first.base_id}#2") is second


# -- what is due


def test_tasks_that_are_due_in_a_minute(schedule: Schedule) -> None:
    daily = schedule.command("daily").daily_at("8:00")
    often = schedule.command("often").every_thirty_seconds()
    schedule.command("never").daily_at("9:00")
    at = datetime(2026, 11, 27, 8, 0, 59, tzinfo=UTC)
    assert schedule.due(at) == [daily, often]


def test_a_moment_without_a_zone_is_by_the_clock_of_the_schedule() -> None:
    schedule = Schedule(ZoneInfo("Asia/Tokyo"))
    task = schedule.command("daily").daily_at("8:00")
    assert schedule.due(datetime(2026, 11, 27, 8, 0)) == [task]
    assert schedule.due(datetime(2026, 11, 26, 23, 0, tzinfo=UTC)) == [task]


def test_a_task_has_the_zone_of_the_schedule_or_its_own(schedule: Schedule) -> None:
    task = schedule.command("a")
    assert (task.zone, task.zone_shown) == (UTC, "")
    task.timezone("Europe/Prague")
    assert (task.zone, task.zone_shown) == (ZoneInfo("Europe/Prague"), "Europe/Prague")


def test_what_is_due_several_times_a_minute_does_not_catch_up() -> None:
    schedule = Schedule()
    schedule.command("poll").every_ten_seconds().catch_up("all")

    with pytest.raises(InvalidTask, match="does not catch up"):
        schedule.tasks()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("dayly", "daily"), ("dailyAt", "daily_at"), ("everyMinute", "every_minute")],
)
def test_a_method_that_there_is_not_is_answered_with_the_one_that_was_meant(
    wrong: str, right: str
) -> None:
    schedule = Schedule()

    for subject in (schedule, schedule.daily(), schedule.command("about")):
        with pytest.raises(AttributeError, match=f'Did you mean "{right}"'):
            getattr(subject, wrong)


def test_several_tasks_that_do_the_same_are_told_by_their_ids() -> None:
    schedule = Schedule()
    first, second = schedule.command("about").daily(), schedule.command("about").hourly()

    with pytest.raises(UnknownTask) as caught:
        schedule.find("about")

    assert caught.value.several == (first.id, second.id)
    assert first.id in str(caught.value)


def test_the_next_run_lies_within_the_windows() -> None:
    schedule = Schedule()
    task = schedule.command("about").hourly().between("8:00", "17:00")
    never = schedule.command("about").daily_at("3:00").between("8:00", "17:00")

    assert task.next_run(18 * 3_600) == (24 + 8) * 3_600
    assert never.next_run(0) is None
