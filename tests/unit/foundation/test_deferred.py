"""What is done once a command, a job or a request is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from securely import Application
from securely.support import clock

Build = Callable[..., Application]


@pytest.fixture
def app(build: Build) -> Application:
    return build().boot()


@pytest.fixture
def ran() -> list[str]:
    """What ran, in order."""
    return []


def test_what_is_deferred_runs_at_the_end_of_the_scope(app: Application, ran: list[str]) -> None:
    with app.scope():
        app.defer(lambda: ran.append("one"))
        app.defer(lambda: ran.append("two"))
        assert ran == []

    assert ran == ["one", "two"]


def test_after_a_failure_only_that_runs_which_always_does(app: Application, ran: list[str]) -> None:
    def fail() -> None:
        with app.scope():
            app.defer(lambda: ran.append("one"))
            app.defer(lambda: ran.append("two"), always=True)
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        fail()

    assert ran == ["two"]


def test_the_same_name_takes_the_place_of_the_other(app: Application, ran: list[str]) -> None:
    with app.scope():
        app.defer(lambda: ran.append("first"), "metrics")
        app.defer(lambda: ran.append("between"))
        app.defer(lambda: ran.append("second"), "metrics")

    assert ran == ["between", "second"]


def test_a_name_can_be_forgotten(app: Application, ran: list[str]) -> None:
    with app.scope():
        app.defer(lambda: ran.append("one"), "metrics")
        assert len(app.deferred.current()) == 1
        assert app.deferred.current().forget("metrics")
        assert not app.deferred.current().forget("metrics")

    assert ran == []


def test_async_functions_are_awaited_and_injected_in_either_colour(
    app: Application, ran: list[str]
) -> None:
    async def slow(app: Application) -> None:
        await clock.asleep(0)
        ran.append(app.env)

    with app.scope():
        app.defer(slow)

    assert ran == ["production"]


async def _in_a_loop(app: Application, function: Callable[..., Any]) -> None:
    async with app.ascope():
        app.defer(function)


def test_at_the_end_of_an_async_scope_they_run_in_its_loop(
    app: Application, ran: list[str]
) -> None:
    import asyncio

    loops: list[object] = []

    async def slow() -> None:
        loops.append(asyncio.get_running_loop())

    async def run() -> object:
        await _in_a_loop(app, slow)
        await _in_a_loop(app, lambda: ran.append("sync"))
        return asyncio.get_running_loop()

    loop = asyncio.run(run())

    assert loops == [loop]
    assert ran == ["sync"]


def test_one_that_fails_is_reported_and_the_others_run(app: Application, ran: list[str]) -> None:
    def fail() -> None:
        raise OSError("disk")

    fake = app.errors.fake()
    with app.scope():
        app.defer(fail)
        app.defer(lambda: ran.append("two"))

    assert ran == ["two"]
    fake.assert_reported(OSError)


def test_what_a_deferred_function_defers_runs_too(app: Application, ran: list[str]) -> None:
    with app.scope():
        app.defer(lambda: app.defer(lambda: ran.append("later")))

    assert ran == ["later"]


def test_scopes_keep_their_own(app: Application, ran: list[str]) -> None:
    with app.scope():
        app.defer(lambda: ran.append("outer"))
        with app.scope():
            app.defer(lambda: ran.append("inner"))
        assert ran == ["inner"]

    assert ran == ["inner", "outer"]


def test_outside_of_a_scope_it_waits_for_the_end_of_the_application(
    app: Application, ran: list[str]
) -> None:
    app.defer(lambda: ran.append("end"))
    assert ran == []

    app.terminate()

    assert ran == ["end"]


def test_without_defer_it_runs_at_once(app: Application, ran: list[str]) -> None:
    with app.scope():
        with app.without_defer():
            app.defer(lambda: ran.append("now"))
            assert ran == ["now"]
        app.defer(lambda: ran.append("later"))
        assert ran == ["now"]

    assert ran == ["now", "later"]
