"""What tasks do: commands, functions, jobs, programs, events; and what tells equal ones apart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pytest

from securely.console import Command
from securely.container import Container
from securely.queue import Job
from securely.schedule import InvalidTask, Schedule
from securely.schedule.definition.actions import (
    CallAction,
    CommandAction,
    EventAction,
    ExecAction,
    JobAction,
)
from securely.schedule.running.output import Sink
from securely.schedule.running.ways.call import CallWay

CALLED: list[object] = []


class SendReport(Command):
    """A command."""

    signature = "report:send {user?} {--force}"
    description = "Send a report"

    def handle(self) -> None: ...


@dataclass
class Bill(Job):
    """A job with data."""

    customer: int
    items: set[str] = field(default_factory=set[str])

    def handle(self) -> None: ...


@dataclass(slots=True)
class Closed:
    """An event with data."""

    shop: str


class Greeter:
    """Made by the container, and called."""

    greeting: ClassVar[str] = "hello"

    def __call__(self, name: str = "you") -> None:
        CALLED.append((self.greeting, name))


class Cleaner:
    """Made by the container; its method is called."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def handle(self, name: str = "all") -> None:
        CALLED.append((type(self.container).__name__, name))

    def sweep(self) -> None:
        CALLED.append("swept")

    @staticmethod
    def wipe() -> None:
        CALLED.append("wiped")


def clean(what: str = "all") -> None:
    CALLED.append(what)


async def clean_later(what: str = "all") -> None:
    CALLED.append(f"later: {what}")


@pytest.fixture
def schedule() -> Schedule:
    CALLED.clear()
    return Schedule()


# -- commands


@pytest.mark.parametrize(
    ("command", "parameters", "expected"),
    [
        ("report:send", (), ("report:send",)),
        ("report:send --daily 'Ada L'", (), ("report:send", "--daily", "Ada L")),
        ("report:send", ["--daily", 5], ("report:send", "--daily", "5")),
        ("report:send", "Ada L", ("report:send", "Ada L")),
        ("report:send --daily", ["Ada"], ("report:send", "--daily", "Ada")),
        (SendReport, ["Ada"], ("report:send", "Ada")),
        (
            "report:send",
            {"--force": True, "user": 5, "--id": [1, 2]},
            ("report:send", "--force", "5", "--id=1", "--id=2"),
        ),
        (
            "report:send",
            {"--no": False, "--none": None, "-q": True, "-n": 3},
            ("report:send", "-q", "-n", "3"),
        ),
        ("report:send", {"users": ["Ada", "Bob"]}, ("report:send", "Ada", "Bob")),
        ("report:send", {"--name": "Ada L; rm -rf /"}, ("report:send", "--name=Ada L; rm -rf /")),
        # a value is no option, whatever it begins with
        (
            "report:send",
            {"user": "--force", "--id": 1},
            ("report:send", "--id=1", "--", "--force"),
        ),
        ("report:send", {"path": PurePosixPath("a b")}, ("report:send", "a b")),
    ],
)
def test_a_command_is_a_list_of_words(
    schedule: Schedule, command: Any, parameters: Any, expected: tuple[str, ...]
) -> None:
    task = schedule.command(command, parameters)

    assert task.action == CommandAction(expected[0], expected[1:])


def test_a_command_is_shown_as_it_is_typed(schedule: Schedule) -> None:
    assert schedule.command("report:send", ["Ada L"]).summary == "report:send 'Ada L'"
    assert schedule.command(SendReport).text_description == "Send a report"


# -- programs


@pytest.mark.parametrize(
    ("command", "parameters", "expected"),
    [
        ("du -sh * | sort", (), "du -sh * | sort"),
        ("cmd", ["arg", 5], ("cmd", "arg", "5")),
        (["cmd", "an arg"], (), ("cmd", "an arg")),
        (["cmd"], {"--all": True, "--of": "x y"}, ("cmd", "--all", "--of=x y")),
        (PurePosixPath("/opt/my tools/run"), (), ("/opt/my tools/run",)),
    ],
)
def test_a_program_is_a_text_for_the_shell_or_a_list_of_words(
    schedule: Schedule, command: Any, parameters: Any, expected: object
) -> None:
    assert schedule.exec(command, parameters).action == ExecAction(expected)  # type: ignore[arg-type]


# -- functions


def ran(schedule: Schedule, function: Any, parameters: Any = None) -> list[object]:
    """Define a call, run it, and return what was called."""
    action = schedule.call(function, parameters).action
    assert isinstance(action, CallAction)
    CallWay(Container()).run(action, Sink(1_000))
    return [*CALLED]


@pytest.mark.parametrize(
    ("function", "parameters", "expected"),
    [
        (clean, None, "all"),
        (clean, {"what": "logs"}, "logs"),
        (clean, ["logs"], "logs"),
        (clean_later, {"what": "logs"}, "later: logs"),
        (f"{__name__}:clean", None, "all"),
        (Cleaner(Container()).sweep, None, "swept"),
        (Cleaner.wipe, None, "wiped"),
        (f"{__name__}:Cleaner.wipe", None, "wiped"),
        (Greeter, None, ("hello", "you")),
        (Greeter, {"name": "Ada"}, ("hello", "Ada")),
        (Greeter(), ["Ada"], ("hello", "Ada")),
        (Cleaner, None, ("Container", "all")),
        (Cleaner, {"name": "logs"}, ("Container", "logs")),
        (Cleaner(Container()), ["logs"], ("Container", "logs")),
        (partial(clean, "logs"), None, "logs"),
        (lambda: CALLED.append("lambda"), None, "lambda"),
    ],
)
def test_what_can_be_called_is_called(
    schedule: Schedule, function: Any, parameters: Any, expected: object
) -> None:
    assert ran(schedule, function, parameters) == [expected]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (clean, f"{__name__}.clean"),
        (f"{__name__}:clean", f"{__name__}.clean"),
        (Cleaner(Container()).sweep, f"{__name__}.Cleaner.sweep"),
        (Cleaner, f"{__name__}.Cleaner"),
        (Cleaner(Container()), f"{__name__}.Cleaner.handle"),
        (Greeter(), f"{__name__}.Greeter"),
        (partial(partial(clean), "logs"), f"{__name__}.clean"),
    ],
)
def test_a_function_is_shown_by_its_name(schedule: Schedule, function: Any, expected: str) -> None:
    assert schedule.call(function).summary == expected


def test_a_function_without_a_name_is_shown_by_its_place(schedule: Schedule) -> None:
    task = schedule.call(lambda: None)

    assert task.summary == f"a function at {task.place}"


# -- jobs and events


def test_a_job_is_an_object_a_class_or_one_with_options(schedule: Schedule) -> None:
    job, pending = Bill(7), Bill.using(7).on_queue("mail")

    assert schedule.job(job).action == JobAction(job)
    assert schedule.job(Bill, "mail", "redis").action == JobAction(Bill, "mail", "redis")
    assert schedule.job(pending).action == JobAction(pending)
    assert {task.summary for task in schedule.tasks()} == {f"{__name__}.Bill"}


def test_only_jobs_run_on_one_server_by_themselves(schedule: Schedule) -> None:
    tasks = [
        schedule.job(Bill(1)),
        schedule.job(Bill(2)).on_one_server(False),
        schedule.command("a"),
        schedule.call(clean),
        schedule.exec("true"),
        schedule.event(Closed("a")),
        schedule.command("b").on_one_server(),
    ]

    assert [task.is_on_one_server for task in tasks] == [
        *(True, False),
        *(False, False, False, False),
        True,
    ]


def test_an_event_is_an_object_a_class_or_a_name(schedule: Schedule) -> None:
    closed = Closed("a")

    assert schedule.event(closed).action == EventAction(closed)
    assert schedule.event(closed).summary == f"{__name__}.Closed"
    assert schedule.event("shop.closed").summary == "shop.closed"


# -- what tells them apart


SAME: list[Callable[[Any], Any]] = [
    lambda schedule: schedule.command("report:send", ["Ada"]),
    lambda schedule: schedule.exec(["du", "-sh"]),
    lambda schedule: schedule.call(clean, {"what": {"b", "a"}}),
    lambda schedule: schedule.call(Greeter()),
    lambda schedule: schedule.call(partial(clean, what={"b": 1, "a": 2})),
    lambda schedule: schedule.job(Bill(7, {"b", "a"})),
    lambda schedule: schedule.job(Bill.using(7).on_queue("mail")),
    lambda schedule: schedule.event(Closed("a")),
]


@pytest.mark.parametrize("define", SAME)
def test_tasks_that_do_the_same_have_the_same_id_at_all_times(
    define: Callable[[Any], Any],
) -> None:
    first, second = define(Schedule()), define(Schedule().hourly())

    assert first.id == second.id
    assert first.without_overlapping().lock == second.without_overlapping().lock


def test_the_order_of_names_and_of_sets_tells_nothing_apart(schedule: Schedule) -> None:
    first = schedule.call(clean, {"what": {"a": 1, "b": {1, 9}}})
    second = schedule.call(clean, {"what": {"b": {9, 1}, "a": 1}})

    assert first.base_id == second.base_id


def test_tasks_that_do_something_else_have_another_id(schedule: Schedule) -> None:
    tasks = [
        schedule.command("report:send"),
        schedule.command("report:send", ["Ada"]),
        schedule.exec("report:send"),
        schedule.exec(["report:send", "Ada"]),
        schedule.exec(["report:send Ada"]),
        schedule.call(clean),
        schedule.call(clean, ["logs"]),
        schedule.call(partial(clean, "logs")),
        schedule.call(partial(clean, "files")),
        schedule.call(Cleaner),
        schedule.call(Cleaner(Container()).sweep),
        schedule.call(lambda: 1),
        schedule.job(Bill),
        schedule.job(Bill(1)),
        schedule.job(Bill(2)),
        schedule.job(Bill(2), "mail"),
        schedule.job(Bill(2), None, "redis"),
        schedule.job(Bill.using(2).on_queue("files")),
        schedule.event("closed"),
        schedule.event(Closed("a")),
        schedule.event(Closed("b")),
    ]

    ids = [task.base_id for task in tasks]
    assert len({*ids}) == len(ids)


PRINT_IDS = """
from tests.unit.schedule.test_kinds import SAME
from securely.schedule import Schedule
print(*(define(Schedule()).id for define in SAME))
"""


def test_ids_are_the_same_on_all_machines() -> None:
    def ids(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PRINT_IDS],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert ids("1") == ids("2") == ids("3")


# -- what is refused


async def run_later() -> None:
    """Be awaited by nobody."""


def _called(schedule: Schedule) -> None:
    coroutine: Any = run_later()
    try:
        schedule.call(coroutine)
    finally:
        coroutine.close()


def _yields() -> Iterator[int]:
    yield 1


async def _yields_later() -> AsyncIterator[int]:
    yield 1


class _Yields:
    """An object that gives one thing after the other."""

    def __call__(self) -> Iterator[int]:
        yield 1

    def handle(self) -> Iterator[int]:
        yield 1


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "no command": (lambda schedule: schedule.command(""), "names no artisan command"),
    "command None": (lambda schedule: schedule.command(None), r"command\(None"),
    "a class without a name": (lambda schedule: schedule.command(Bill), "Bill"),
    "an open quotation": (lambda schedule: schedule.command("a 'b"), "no closing quotation"),
    "parameters None": (lambda schedule: schedule.command("a", None), "not None"),
    "parameters 5": (lambda schedule: schedule.command("a", 5), "a dict"),
    "parameters in a set": (lambda schedule: schedule.command("a", {"b"}), "a dict"),
    "a parameter None": (lambda schedule: schedule.command("a", [None]), "None can not stand"),
    "a parameter True": (lambda schedule: schedule.command("a", {"b": True}), "True can not stand"),
    "a parameter in a list": (lambda schedule: schedule.command("a", {"--b": [[1]]}), "can not"),
    "a number as a name": (lambda schedule: schedule.command("a", {1: 2}), "1 is no name"),
    "dashes as a name": (lambda schedule: schedule.command("a", {"--": 2}), "'--' is no name"),
    "a zero byte": (lambda schedule: schedule.command("a", ["b\0c"]), "can not stand"),
    "no program": (lambda schedule: schedule.exec(" "), "names no program"),
    "no program in a list": (lambda schedule: schedule.exec([]), "names no program"),
    "program None": (lambda schedule: schedule.exec(None), r"exec\(None"),
    "a program of bytes": (lambda schedule: schedule.exec(b"ls"), r"exec\(b'ls'"),
    "a program that is None": (lambda schedule: schedule.exec([None]), "None can not stand"),
    "function None": (lambda schedule: schedule.call(None), "can not be called"),
    "a number": (lambda schedule: schedule.call(5), "can not be called"),
    "a generator": (lambda schedule: schedule.call(_yields), "has a `yield`"),
    "an async generator": (lambda schedule: schedule.call(_yields_later), "has a `yield`"),
    "an object that yields": (lambda schedule: schedule.call(_Yields()), "has a `yield`"),
    "a class that yields": (lambda schedule: schedule.call(_Yields), "has a `yield`"),
    "a method that yields": (lambda schedule: schedule.call(_Yields().handle), "has a `yield`"),
    "a partial that yields": (lambda schedule: schedule.call(partial(_yields)), "has a `yield`"),
    "a coroutine": (_called, "can not be called"),
    "an object without methods": (lambda schedule: schedule.call(object()), "can not be called"),
    "a class without methods": (lambda schedule: schedule.call(Closed), "neither `__call__` nor"),
    "a method of no object": (lambda schedule: schedule.call(Cleaner.sweep), "of no object"),
    "no such module": (lambda schedule: schedule.call("no.such:function"), "no module"),
    "no such function": (
        lambda schedule: schedule.call(f"{__name__}:cleam"),
        'Did you mean "clean"',
    ),
    "a text": (lambda schedule: schedule.call("clean"), "package.module:Name"),
    "parameters of a function": (lambda schedule: schedule.call(clean, 5), "as a dict"),
    "a text as parameters": (lambda schedule: schedule.call(clean, "logs"), "as a dict"),
    "an unknown parameter": (
        lambda schedule: schedule.call(clean, {"wat": "logs"}),
        "no parameter 'wat'; did you mean \"what\"",
    ),
    "job None": (lambda schedule: schedule.job(None), "no job"),
    "an event as a job": (lambda schedule: schedule.job(Closed("a")), "no job"),
    "queue 5": (lambda schedule: schedule.job(Bill(1), 5), "queue=5"),
    "an empty connection": (lambda schedule: schedule.job(Bill(1), None, ""), "connection=''"),
    "event None": (lambda schedule: schedule.event(None), r"event\(None\)"),
    "event 5": (lambda schedule: schedule.event(5), r"event\(5\)"),
    "an empty event": (lambda schedule: schedule.event(""), r"event\(''\)"),
    "an event that wants something": (lambda schedule: schedule.event(Closed), "shop"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_done_is_refused_at_once(schedule: Schedule, name: str) -> None:
    define, message = REFUSED[name]

    with pytest.raises(InvalidTask, match=message) as raised:
        define(schedule)

    assert Path(raised.value.place.rpartition(":")[0]) == Path(__file__)
    assert "\n" not in str(raised.value)
    assert schedule.tasks() == []


def test_async_functions_are_not_run_by_their_definition(schedule: Schedule) -> None:
    schedule.call(clean_later)

    assert CALLED == []
    asyncio.run(clean_later())  # and stay what they are
    assert CALLED == ["later: all"]
