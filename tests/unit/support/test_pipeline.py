"""Pipelines: out and back, in both colours."""

from __future__ import annotations

import asyncio
import copy
import doctest
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import securely.support.pipeline
from securely.support.pipeline import NotAPipe, Pipeline, Pipelines

Next = Callable[[Any], Any]


class Note:
    """Writes down when it is passed, on the way in and on the way back."""

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name = name
        self.seen = seen

    def handle(self, value: int, next: Next) -> int:  # noqa: A002 - Laravel's word
        self.seen.append(f"{self.name} in")
        try:
            returned: int = next(value + 1)
            return returned
        finally:
            self.seen.append(f"{self.name} out")


class Times:
    factor = 2

    def handle(self, value: int, next: Next, factor: int = 0, extra: int = 0) -> Any:  # noqa: A002
        return next(value * (factor or self.factor) + extra)

    def audit(self, value: int, next: Next) -> Any:  # noqa: A002
        return next(-value)


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(securely.support.pipeline).failed == 0


def test_then_when_sent_then_goes_in_from_the_outermost_and_back() -> None:
    seen: list[str] = []

    done = Pipeline(1).through([Note("a", seen), Note("b", seen)]).then(lambda value: value * 10)

    assert done == 30
    assert seen == ["a in", "b in", "b out", "a out"]


def test_then_when_a_pipe_does_not_go_on_then_the_rest_is_left_out() -> None:
    reached: list[int] = []

    done = Pipeline(1).through([lambda value, onward: "stopped"]).pipe(Times).then(reached.append)

    assert done == "stopped"
    assert reached == []


def test_then_when_there_are_no_pipes_then_reaches_the_destination() -> None:
    assert Pipeline(5).then_return() == 5
    assert Pipeline(5).through([]).then(str) == "5"


@pytest.mark.parametrize(
    ("pipe", "made"),
    [
        (Times, 10),
        (Times(), 10),
        ((Times, 3), 15),
        ((Times, 3, 1), 16),
        ((Times, {"extra": 2}), 12),
    ],
)
def test_then_when_a_pipe_is_a_class_or_has_arguments_then_they_are_handed_on(
    pipe: object, made: int
) -> None:
    assert Pipeline(5).through([pipe]).then_return() == made


def test_then_when_a_maker_is_given_then_it_makes_the_classes() -> None:
    def make(cls: type[Times]) -> Times:
        times = cls()
        times.factor = 7
        return times

    assert Pipeline(2, make).through([Times]).then_return() == 14


def test_via_when_a_method_is_named_then_it_handles_and_functions_still_do() -> None:
    pipes = [Times, lambda value, onward: onward(value - 1)]

    assert Pipeline(5).via("audit").through(pipes).then_return() == -6


def test_then_when_something_is_no_pipe_then_refuses_before_anything_is_sent() -> None:
    seen: list[str] = []

    with pytest.raises(NotAPipe, match=r"'nothing' is no pipe.*`handle`") as caught:
        Pipeline(1).through([Note("a", seen), "nothing"]).then_return()

    assert seen == []
    assert copy.copy(caught.value).pipe == "'nothing'"


def test_catch_when_a_pipe_fails_then_its_answer_is_the_result_and_outer_pipes_saw_the_error() -> (
    None
):
    seen: list[str] = []

    def fail(value: int, next: Next) -> int:  # noqa: A002
        raise LookupError(value)

    pipeline = Pipeline(1).through([Note("a", seen), fail])
    pipeline.catch(KeyError, lambda error, value: "key").catch(
        LookupError, lambda error, value: f"{error} of {value}"
    )

    assert pipeline.then_return() == "2 of 1"
    assert seen == ["a in", "a out"]


def test_finally_when_it_fails_or_not_then_is_called_with_what_was_sent() -> None:
    ended: list[int] = []

    Pipeline(1).pipe(Times).finally_(ended.append).then_return()
    with pytest.raises(ZeroDivisionError):
        Pipeline(2).pipe(lambda value, onward: 1 // 0).finally_(ended.append).then_return()

    assert ended == [1, 2]


def test_athen_when_colours_are_mixed_then_all_are_awaited() -> None:
    ended: list[str] = []

    async def doubled(value: int, next: Callable[[int], Awaitable[int]]) -> int:  # noqa: A002
        return await next(value * 2)

    async def kept(value: int) -> str:
        return f"kept {value}"

    async def end(value: int) -> None:
        ended.append(f"ended {value}")

    pipes = [doubled, Times, doubled]
    done = asyncio.run(Pipeline(1).through(pipes).finally_(end).athen(kept))

    assert done == "kept 8"
    assert ended == ["ended 1"]
    assert asyncio.run(Pipeline(1).through([doubled, Times]).athen_return()) == 4


def test_athen_when_an_async_pipe_fails_then_an_async_handler_answers() -> None:
    async def fail(value: int, next: Next) -> int:  # noqa: A002
        raise TimeoutError

    async def answer(error: Exception, value: int) -> str:
        return f"no answer for {value}"

    done = asyncio.run(Pipeline(7).pipe(fail).catch(TimeoutError, answer).athen_return())

    assert done == "no answer for 7"


def test_finally_when_a_pipe_cannot_be_made_then_is_called_all_the_same() -> None:
    ended: list[int] = []

    def refuse(cls: type[Times]) -> Times:
        raise LookupError(cls.__name__)

    pipeline = Pipeline(1, refuse).through([Times]).finally_(ended.append)

    with pytest.raises(LookupError, match="Times"):
        pipeline.then_return()
    assert asyncio.run(pipeline.catch(LookupError, lambda error, value: 9).athen_return()) == 9
    assert ended == [1, 1]


def test_pipelines_make_classes_with_the_container() -> None:
    made: list[type] = []

    def make(cls: type[Times]) -> Times:
        made.append(cls)
        return cls()

    assert Pipelines(make).send(2).through([Times]).then_return() == 4
    assert made == [Times]
