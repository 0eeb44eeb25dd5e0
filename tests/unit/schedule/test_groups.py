"""What tasks have in common: groups as blocks and functions, and methods before what is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from securely.schedule import InvalidTask, Schedule, Task
from securely.schedule.definition.actions import (
    CallAction,
    CommandAction,
    EventAction,
    ExecAction,
)


@pytest.fixture
def schedule() -> Schedule:
    return Schedule()


def clean() -> str:
    return "cleaned"


# -- groups


def test_tasks_of_a_block_take_over_what_it_says(schedule: Schedule) -> None:
    with schedule.group(daily_at="02:00", on_one_server=True, timezone="Europe/Prague"):
        first = schedule.command("stats")
        second = schedule.exec("true")

    for task in (first, second):
        assert (task.expression, task.is_on_one_server, task.zone_shown) == (
            "0 2 * * *",
            True,
            "Europe/Prague",
        )


def test_behind_a_block_nothing_of_it_counts(schedule: Schedule) -> None:
    with schedule.group(daily=True, even_in_maintenance_mode=True):
        schedule.command("within")

    behind = schedule.command("behind")
    assert (behind.expression, behind.manners.runs_in_maintenance) == ("* * * * *", False)


def test_behind_a_block_that_raised_nothing_of_it_counts(schedule: Schedule) -> None:
    with pytest.raises(RuntimeError), schedule.group(daily=True):
        raise RuntimeError

    assert schedule.command("behind").expression == "* * * * *"


def test_what_a_task_says_itself_overrides_its_group(schedule: Schedule) -> None:
    with schedule.group(daily_at="02:00", on_one_server=True, timezone="Europe/Prague"):
        task = schedule.command("stats").hourly_at(5).on_one_server(False).timezone("Asia/Tokyo")

    assert task.expression == "5 * * * *"
    assert not task.is_on_one_server
    assert task.zone_shown == "Asia/Tokyo"


def test_an_interval_of_a_task_overrides_the_time_of_its_group(schedule: Schedule) -> None:
    with schedule.group(daily_at="02:00"):
        task = schedule.command("stats").every(minutes=7)

    assert task.expression_shown == "every 7 minutes"


def test_what_a_task_says_stays_with_it(schedule: Schedule) -> None:
    with schedule.group(daily=True, environments="production", meta={"team": "a"}):
        first = schedule.command("first").when(False).before(clean).meta(team="b")
        first.environments("local").between("8:00", "9:00").ping_before("https://example.com")
        second = schedule.command("second")

    manners = second.manners
    assert manners.environments == ("production",)
    assert (manners.filters, manners.hooks, manners.windows, manners.pings) == ([], [], [], [])
    assert manners.meta == {"team": "a"}


def test_inner_groups_take_over_from_outer_ones_and_override_them(schedule: Schedule) -> None:
    with schedule.group(daily_at="02:00", timezone="Europe/Prague", between=("1:00", "5:00")):
        with schedule.group(weekdays=True, timezone="Asia/Tokyo", unless_between=("3:00", "4:00")):
            inner = schedule.command("inner")
        outer = schedule.command("outer")

    assert (inner.expression, inner.zone_shown) == ("0 2 * * 1-5", "Asia/Tokyo")
    assert len(inner.manners.windows) == 2
    assert (outer.expression, outer.zone_shown) == ("0 2 * * *", "Europe/Prague")
    assert len(outer.manners.windows) == 1


def test_a_group_may_be_a_function(schedule: Schedule) -> None:
    found: list[Task] = []

    schedule.daily().on_one_server().group(lambda: found.append(schedule.command("a")))
    schedule.group(lambda: found.append(schedule.command("b")), hourly=True)

    assert [(task.expression, task.is_on_one_server) for task in found] == [
        ("0 0 * * *", True),
        ("0 * * * *", False),
    ]


def test_the_function_of_a_group_is_given_the_schedule_if_it_asks(schedule: Schedule) -> None:
    def define(given: Schedule) -> None:
        given.command("a")

    schedule.weekly().group(define)

    assert [task.expression for task in schedule.tasks()] == ["0 0 * * 0"]


def test_arguments_are_one_several_or_named(schedule: Schedule) -> None:
    with schedule.group(twice_daily=(2, 14), days=[1, 3]):
        task = schedule.command("a")
    with schedule.group(every={"minutes": 7}):
        other = schedule.command("b")

    assert task.expression == "0 2,14 * * 1,3"
    assert other.expression_shown == "every 7 minutes"


@pytest.mark.parametrize(
    ("manners", "message"),
    [
        ({"dayly": True}, r'no method "dayly".*Did you mean "daily"'),
        ({"command": "x"}, 'no method "command"'),
        ({"group": True}, 'no method "group"'),
        ({"shaped": True}, 'no method "shaped"'),
        ({"_splice": True}, 'no method "_splice"'),
        ({"manners": True}, 'no method "manners"'),
        ({"daily": False}, r"group\(daily=False\).*True for no argument"),
        ({"daily": ("2:00", "3:00")}, r"group\(daily="),
        ({"between": "8:00"}, r"group\(between='8:00'\).*a tuple for several"),
        ({"every": {"weeks": 1}}, r"group\(every=.*weeks"),
        ({"daily_at": None}, "a text as"),
        ({"timezone": "Europe/Prage"}, 'did you mean "Europe/Prague"'),
    ],
)
def test_what_tasks_do_not_take_is_refused(
    schedule: Schedule, manners: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidTask, match=message) as raised:
        schedule.group(**manners)

    assert Path(raised.value.place.rpartition(":")[0]) == Path(__file__)
    assert schedule.tasks() == []


# -- methods before what is run


def test_manners_stand_before_each_kind_of_task(schedule: Schedule) -> None:
    tasks = [
        schedule.daily().command("report:send", ["--all"]),
        schedule.daily().exec("true"),
        schedule.daily().call(clean),
        schedule.daily().event("evening"),
    ]

    assert [task.action for task in tasks][:2] == [
        CommandAction("report:send", ("--all",)),
        ExecAction("true"),
    ]
    assert isinstance(tasks[2].action, CallAction)
    assert tasks[3].action == EventAction("evening")
    assert {task.expression for task in tasks} == {"0 0 * * *"}
    assert schedule.tasks() == tasks


def test_what_follows_changes_the_task_alone(schedule: Schedule) -> None:
    nightly = schedule.daily_at("2:00")
    first = nightly.command("a").weekdays()
    second = nightly.command("b")

    assert (first.expression, second.expression) == ("0 2 * * 1-5", "0 2 * * *")


def test_a_method_within_a_group_takes_over_from_it(schedule: Schedule) -> None:
    with schedule.group(daily_at="2:00"):
        task = schedule.weekdays().command("a")

    assert task.expression == "0 2 * * 1-5"


def test_a_decorator_schedules_a_function_and_returns_it(schedule: Schedule) -> None:
    @schedule.daily_at("02:00").name("nightly")
    def work() -> str:
        return "worked"

    assert work() == "worked"
    (task,) = schedule.tasks()
    assert (task.id, task.expression) == ("nightly", "0 2 * * *")
    assert isinstance(task.action, CallAction)
    assert task.action.function is work
    line = work.__code__.co_firstlineno
    assert task.place in {f"{__file__}:{line}", f"{__file__}:{line + 1}"}


def test_a_function_has_several_decorators(schedule: Schedule) -> None:
    schedule.daily()(schedule.hourly()(clean))

    assert [task.expression for task in schedule.tasks()] == ["0 * * * *", "0 0 * * *"]


def test_a_class_is_decorated_too(schedule: Schedule) -> None:
    @schedule.daily()
    class Report:
        def handle(self) -> None: ...

    (task,) = schedule.tasks()
    assert isinstance(task.action, CallAction)
    assert task.action.function is Report
