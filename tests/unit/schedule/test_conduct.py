"""Whether and how tasks run: what each method changes, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from securely.schedule import InvalidTask, Schedule, Task
from securely.schedule.definition.manners import Hook, Mail, Manners, Output, Ping


class Stage(Enum):
    LIVE = "production"
    BLANK = " "


class Plain:
    pass


class Bare:
    def __bool__(self) -> bool:
        raise RuntimeError("nobody knows")


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


def open_day() -> bool:
    return True


def tell(output: str) -> None:
    """Do nothing with it."""


def tell_nothing() -> None:
    """Do nothing."""


# No text, and no list of texts either.
NO_TEXTS: list[object] = [
    *(None, True, 5, 1.5, math.nan, 10**5000, b"x", bytearray(b"x"), {"a": "b"}, Plain(), print),
    *("", "  ", "a\nb", "a\0b", "\ud800", "a\x7f", Stage.BLANK, Unspeakable()),
]
NO_DURATIONS: list[object] = [
    *(None, True, False, 0, -1, 0.0, math.nan, math.inf, 1e300, 10**5000, b"1h", [], Plain()),
    *("", "soon", "-5m", "1x", "²", "x" * 5000, timedelta(0), timedelta(days=-1), timedelta.max),
]


def kind(value: object) -> str:
    """Name a case by its type: not all values can be written out."""
    return value if isinstance(value, str) and value.isidentifier() else type(value).__name__


@pytest.fixture
def task() -> Task:
    return Schedule().command("report:send")


def refused(task: Task, method: str, *arguments: Any, **named: Any) -> str:
    """Return why a method refuses its arguments; the task is left as it was."""
    before = task.manners.copy()
    with pytest.raises(InvalidTask) as caught:
        getattr(task, method)(*arguments, **named)
    assert task.manners == before
    error = caught.value
    assert error.place.startswith(f"{__file__}:")
    assert error.task == "report:send"
    told = str(error)
    assert len(told.splitlines()) == 1
    assert len(error.reason) < 300
    assert f'{error.place}, task "report:send": {error.reason}' == told
    return error.reason


def test_each_method_returns_what_it_has_changed(task: Task) -> None:
    assert task.even_when_paused() is task
    pending = Schedule().even_when_paused()
    assert pending.even_in_maintenance_mode() is pending


# -- what it is called


def test_a_name_is_the_id_and_what_people_see(task: Task) -> None:
    task.name("nightly").description("Sends the report")
    assert (task.id, task.summary, task.text_description) == (
        "nightly",
        "nightly",
        "Sends the report",
    )


def test_a_name_may_be_said_before_what_it_names() -> None:
    schedule = Schedule()
    with schedule.name("nightly").daily():
        task = schedule.command("report:send")
    assert (task.id, task.expression) == ("nightly", "0 0 * * *")


@pytest.mark.parametrize("value", NO_TEXTS, ids=kind)
@pytest.mark.parametrize("method", ["name", "description", "user", "create_mutex_name_using"])
def test_what_is_no_text_is_refused(task: Task, method: str, value: object) -> None:
    assert refused(task, method, value).startswith(f"{method}(")


# -- whether


def test_conditions_are_functions_of_either_colour_or_values(task: Task) -> None:
    async def is_fine() -> bool:
        return True

    task.when(open_day).when(is_fine).when(False).skip(lambda: True).skip(0)  # type: ignore[arg-type]
    first, second, third = task.manners.filters
    assert first == (open_day, "the condition open_day is not met")
    assert second.call is is_fine
    assert (third.call(), third.words) == (False, "a condition is not met")
    skipped, never = task.manners.rejects
    assert (skipped.call(), skipped.words) == (
        True,
        "a condition says that it is to be skipped",
    )
    assert never.call() is False


@pytest.mark.parametrize("method", ["when", "skip"])
def test_a_condition_that_was_called_already_is_refused(task: Task, method: str) -> None:
    async def is_fine() -> bool:
        return True

    assert "do not call it" in refused(task, method, is_fine())


@pytest.mark.parametrize("method", ["when", "skip"])
def test_a_condition_that_can_not_say_is_refused(task: Task, method: str) -> None:
    assert "neither true nor false" in refused(task, method, Bare())
    assert "can not be called" in refused(task, method, Plain)


def test_environments_are_texts_lists_and_members_of_enums(task: Task) -> None:
    task.environments("staging", [Stage.LIVE, "testing"])
    assert task.manners.environments == ("staging", "production", "testing")


@pytest.mark.parametrize("value", NO_TEXTS, ids=kind)
def test_no_environment_is_refused(task: Task, value: object) -> None:
    assert refused(task, "environments", value).startswith("environments(")
    assert refused(task, "environments", ["testing", value]).startswith("environments(")


def test_no_environments_at_all_are_refused_and_do_not_mean_all(task: Task) -> None:
    assert "none is named" in refused(task, "environments")
    assert "none is named" in refused(task, "environments", [])


@pytest.mark.parametrize(
    ("method", "changed"),
    [
        ("even_in_maintenance_mode", "runs_in_maintenance"),
        ("even_when_paused", "runs_when_paused"),
        ("rerun_when_lost", "reruns_when_lost"),
        ("run_in_background", "is_in_background"),
        ("on_one_server", "is_on_one_server"),
    ],
)
def test_what_is_said_without_arguments(task: Task, method: str, changed: str) -> None:
    assert not getattr(Manners(), changed)
    getattr(task, method)()
    assert getattr(task.manners, changed) is True


def test_one_server_may_be_unsaid(task: Task) -> None:
    assert task.on_one_server().is_on_one_server
    assert not task.on_one_server(False).is_on_one_server


def test_no_overlapping_holds_a_lock_of_what_is_run(task: Task) -> None:
    assert task.lock is None
    task.without_overlapping()
    assert (task.lock, task.manners.overlap_seconds) == (task.id, 86_400)
    task.without_overlapping(timedelta(minutes=5))
    assert task.manners.overlap_seconds == 300
    task.create_mutex_name_using("reports")
    assert task.lock == "reports"


@pytest.mark.parametrize("value", NO_DURATIONS, ids=kind)
@pytest.mark.parametrize("method", ["without_overlapping", "grace", "jitter"])
def test_what_is_no_duration_is_refused(task: Task, method: str, value: object) -> None:
    assert refused(task, method, value).startswith(f"{method}(")


# -- what was missed


def test_ticks_that_were_missed(task: Task) -> None:
    task.catch_up("once").grace("10m").jitter("30s")
    manners = task.manners
    assert (manners.catch_up, manners.grace_seconds, manners.jitter_seconds) == ("once", 600, 30)


def test_jitter_is_the_same_on_one_machine(task: Task) -> None:
    task.jitter("30s")
    delays = {task.delay_on(f"host-{number}") for number in range(50)}
    assert delays <= set(range(31))
    assert len(delays) > 10
    assert task.delay_on("host-1") == task.delay_on("host-1")


@pytest.mark.parametrize("value", [None, True, "", "twice", "ONCE", 1, [], {}, Plain()])
def test_no_policy_is_refused(task: Task, value: object) -> None:
    assert 'one of "skip", "once" and "all"' in refused(task, "catch_up", value)


# -- how


def test_facts_are_kept_and_merged(task: Task) -> None:
    task.meta(team="platform", self=1).with_attributes({"labels": ["night"]})
    assert task.manners.meta == {"team": "platform", "self": 1, "labels": ["night"]}


@pytest.mark.parametrize("value", [None, 5, "ab", [("a", 1)], {1: 2}, {None: 2}, Plain()])
def test_what_are_no_facts_is_refused(task: Task, value: object) -> None:
    assert "give a dict" in refused(task, "with_attributes", value)


# -- output


def test_output_goes_to_a_file(task: Task) -> None:
    task.send_output_to("out.log")
    assert task.manners.output == Output("out.log", appends=False)
    task.append_output_to(Path("logs") / "out.log")
    assert task.manners.output == Output("logs/out.log", appends=True)
    assert task.store_output() is task


@pytest.mark.parametrize("value", NO_TEXTS, ids=kind)
@pytest.mark.parametrize("method", ["send_output_to", "append_output_to"])
def test_what_is_no_path_is_refused(task: Task, method: str, value: object) -> None:
    assert refused(task, method, value).startswith("send_output_to(")


def test_output_is_mailed(task: Task) -> None:
    task.email_output_to("a@shop.example").email_output_to(["b@x.example"], only_if_output=False)
    task.email_written_output_to("c@x.example").email_output_on_failure("d@x.example")
    assert task.manners.mails == [
        Mail(("a@shop.example",), "after", True),
        Mail(("b@x.example",), "after", False),
        Mail(("c@x.example",), "after", True),
        Mail(("d@x.example",), "failure", False),
    ]


@pytest.mark.parametrize("value", [*NO_TEXTS, [], [None], ["a@x.example", ""]], ids=kind)
@pytest.mark.parametrize(
    "method", ["email_output_to", "email_written_output_to", "email_output_on_failure"]
)
def test_no_address_is_refused(task: Task, method: str, value: object) -> None:
    assert refused(task, method, value).startswith(f"{method}(")


def test_mails_need_somebody_who_sends_them() -> None:
    schedule = Schedule(has_mailer=lambda: False)
    schedule.command("report:send").email_output_to("a@shop.example")
    with pytest.raises(InvalidTask, match=r'task "report:send": .*"schedule.mailer"'):
        schedule.tasks()


# -- hooks


def test_hooks_in_their_order(task: Task) -> None:
    task.before(tell_nothing).after(tell).then(tell_nothing)
    task.on_success(tell).on_failure(tell_nothing)
    assert task.manners.hooks == [
        Hook("before", tell_nothing, wants_output=False),
        Hook("after", tell, wants_output=True),
        Hook("after", tell_nothing, wants_output=False),
        Hook("success", tell, wants_output=True),
        Hook("failure", tell_nothing, wants_output=False),
    ]


def test_hooks_that_say_aloud_that_they_want_the_output(task: Task) -> None:
    task.then_with_output(print).on_success_with_output(print, only_if_output=True)
    task.on_failure_with_output(print)
    assert task.manners.hooks == [
        Hook("after", print, wants_output=True),
        Hook("success", print, wants_output=True, only_if_output=True),
        Hook("failure", print, wants_output=True),
    ]


def test_a_hook_whose_output_is_something_else_is_not_given_the_text(task: Task) -> None:
    def write(output: Plain) -> None:
        """Do nothing."""

    task.after(write)
    assert not task.manners.hooks[0].wants_output


@pytest.mark.parametrize(
    "value", [None, True, 5, "print", b"x", [], Plain(), Plain, 10**5000], ids=kind
)
@pytest.mark.parametrize(
    "method",
    [
        *("before", "after", "then", "then_with_output", "on_success", "on_success_with_output"),
        *("on_failure", "on_failure_with_output"),
    ],
)
def test_what_is_no_hook_is_refused(task: Task, method: str, value: object) -> None:
    assert "a hook is a function" in refused(task, method, value)


# -- pings

URL = "https://ping.example.com/report?token=1"
PINGS = [
    ("ping_before", "before"),
    ("then_ping", "after"),
    ("ping_on_success", "success"),
    ("ping_on_failure", "failure"),
]


@pytest.mark.parametrize(("method", "when"), PINGS)
def test_urls_are_told(task: Task, method: str, when: Any) -> None:
    getattr(task, method)(URL)
    conditional: Callable[[object, str], Task] = getattr(task, f"{method}_if")
    assert conditional(False, "http://no.example.com") is task
    conditional(True, "http://[::1]:8080/x")
    assert task.manners.pings == [Ping(URL, when), Ping("http://[::1]:8080/x", when)]


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 5, b"https://x.example", "", " ", "x.example", "ftp://x.example/t0ken"),
        *("https://", "https:///t0ken", "https://x.example:99999/t0ken", "https://x.example:0"),
        *(
            "https://x.example/a t0ken",
            "https://x.example/\nt0ken",
            "https://[x/t0ken",
            "https://x\0",
        ),
    ],
)
@pytest.mark.parametrize(("method", "when"), PINGS)
def test_what_is_no_url_is_refused_and_not_repeated(
    task: Task, method: str, when: str, value: object
) -> None:
    assert "t0ken" not in refused(task, method, value)
    assert "is no URL" in refused(task, f"{method}_if", True, value)
    assert when in {"before", "after", "success", "failure"}


# -- what can not work


IMPOSSIBLE: list[Callable[[Schedule], object]] = [
    lambda schedule: schedule.call(open_day).run_in_background(),
    lambda schedule: schedule.call(open_day).user("www-data"),
    lambda schedule: schedule.event("month.closed").run_in_background(),
]


@pytest.mark.parametrize("define", IMPOSSIBLE)
def test_functions_run_in_no_background_and_as_no_user(
    define: Callable[[Schedule], object],
) -> None:
    schedule = Schedule()
    define(schedule)
    with pytest.raises(InvalidTask, match=r"test_conduct.py:\d+, task .*(background|user)"):
        schedule.tasks()


@pytest.mark.parametrize("method", ["on_one_server", "without_overlapping"])
def test_a_function_without_a_name_of_its_own_needs_one(method: str) -> None:
    schedule = Schedule()
    task = schedule.call(lambda: None)
    getattr(task, method)()
    with pytest.raises(InvalidTask, match=r"needs \.name"):
        schedule.tasks()
    task.name("nightly")
    assert schedule.tasks() == [task]
