"""How one dispatch is done: all at once, all errors, within each other, in a loop."""

from __future__ import annotations

import abc
import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pytest

from securely.container import Container
from securely.events import Dispatcher, DispatchTooDeep, UseAsyncDispatch, on
from securely.events.target import is_kind
from securely.support import clock


@dataclass(frozen=True)
class Shipped:
    number: int = 1


class Paid:
    pass


def refuse(event: object) -> None:
    raise ValueError("no")


class Refuses:
    def handle(self, event: Shipped) -> None:
        raise KeyError("neither")


# Errors


def test_collect_errors_tells_everybody_and_raises_all(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen(Shipped, refuse)
    events.listen(Shipped, Refuses)
    events.listen(Shipped, told.append)

    with pytest.raises(ExceptionGroup, match="Shipped") as caught:
        events.dispatch(Shipped(), collect_errors=True)

    assert told == [Shipped()]
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]
    assert "refuse" in caught.value.exceptions[0].__notes__[0]
    assert "Refuses@handle" in caught.value.exceptions[1].__notes__[0]


def test_collect_errors_in_the_other_colour(events: Dispatcher) -> None:
    events.listen(Shipped, refuse)

    with pytest.raises(ExceptionGroup):
        asyncio.run(events.adispatch(Shipped(), collect_errors=True))


def test_collect_errors_when_nothing_is_raised_answers_as_ever(events: Dispatcher) -> None:
    events.listen(Shipped, lambda event: event.number)

    assert events.dispatch(Shipped(3), collect_errors=True) == [3]


def test_collect_errors_does_not_swallow_what_is_no_error(events: Dispatcher) -> None:
    def stop(event: object) -> None:
        raise KeyboardInterrupt

    events.listen(Shipped, stop)

    with pytest.raises(KeyboardInterrupt):
        events.dispatch(Shipped(), collect_errors=True)


# All at once


def meet(barrier: list[str], name: str, others: asyncio.Event) -> Callable[..., object]:
    async def listener(event: Shipped) -> str:
        barrier.append(name)
        if len(barrier) == 2:
            others.set()
        await others.wait()
        return name

    return listener


def test_concurrent_listeners_overlap_and_answer_in_order(events: Dispatcher) -> None:
    async def body() -> list[object]:
        here: list[str] = []
        gate = asyncio.Event()
        events.listen(Shipped, meet(here, "a", gate))
        events.listen(Shipped, lambda event: False)
        events.listen(Shipped, meet(here, "b", gate))
        return await events.adispatch(Shipped(), concurrent=True)

    assert asyncio.run(body()) == ["a", False, "b"]


def test_concurrent_in_sync_code_runs_in_a_loop_of_its_own(events: Dispatcher) -> None:
    async def hear(event: Shipped) -> int:
        await clock.asleep(0)
        return event.number

    events.listen(hear)
    events.listen(Shipped, lambda event: None)

    assert events.dispatch(Shipped(4), concurrent=True) == [4, None]
    assert events.dispatch(Shipped(4), halt=True, concurrent=True) == 4
    assert events.dispatch(Paid(), concurrent=True) == []


def test_concurrent_when_one_raises_cancels_the_others(events: Dispatcher) -> None:
    cancelled: list[bool] = []

    async def wait(event: Shipped) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def fail(event: Shipped) -> None:
        raise ValueError("no")

    events.listen([Shipped], wait)
    events.listen([Shipped], fail)

    with pytest.raises(ValueError, match="no"):
        asyncio.run(events.adispatch(Shipped(), concurrent=True))
    assert cancelled == [True]


def test_concurrent_with_collect_errors_waits_for_all(events: Dispatcher) -> None:
    told: list[object] = []

    async def late(event: Shipped) -> None:
        await clock.asleep(0)
        told.append(event)

    events.listen(Shipped, refuse)
    events.listen(Shipped, Refuses)
    events.listen(late)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(events.adispatch(Shipped(), concurrent=True, collect_errors=True))
    assert told == [Shipped()]
    assert len(caught.value.exceptions) == 2


# Within each other


def test_a_circle_of_events_is_named(events: Dispatcher) -> None:
    events.listen(Shipped, lambda event: events.dispatch(Paid()))
    events.listen(Paid, lambda event: events.dispatch(Shipped()))

    with pytest.raises(DispatchTooDeep) as caught:
        events.dispatch(Shipped())

    assert caught.value.limit == 64
    assert [name.rpartition(".")[2] for name in caught.value.events] in (
        ["Shipped", "Paid", "Shipped"],
        ["Paid", "Shipped", "Paid"],
    )


def test_a_circle_of_built_listeners_and_names_is_named(events: Dispatcher) -> None:
    events.listen("a", lambda: events.dispatch("b"))
    events.listen("b", lambda: events.dispatch("a"))

    with pytest.raises(DispatchTooDeep, match=r"(a -> b -> a|b -> a -> b)"):
        events.dispatch("a")


def test_a_circle_in_the_other_colour_is_named(events: Dispatcher) -> None:
    async def again(event: Shipped) -> None:
        await events.adispatch(Shipped())

    events.listen(again)

    with pytest.raises(DispatchTooDeep, match="Shipped -> "):
        asyncio.run(events.adispatch(Shipped()))


def test_dispatches_within_each_other_that_end_are_no_circle(events: Dispatcher) -> None:
    told: list[int] = []

    def down(event: Shipped) -> None:
        told.append(event.number)
        if event.number > 1:
            events.dispatch(Shipped(event.number - 1))

    events.listen(down)
    for _ in range(3):
        events.dispatch(Shipped(63))

    assert len(told) == 3 * 63


def test_after_an_error_depth_is_counted_from_the_start(events: Dispatcher) -> None:
    events.listen(Shipped, refuse)

    for _ in range(70):
        with pytest.raises(ValueError, match="no"):
            events.dispatch(Shipped())


# Tasks that dispatch


def chain(events: Dispatcher, length: int, *, lingers: bool) -> int:
    """Dispatch in tasks that each start the next one, and return how many were told."""
    told: list[int] = []

    async def go_on(event: Shipped) -> None:
        told.append(event.number)
        if event.number < length:
            task = asyncio.create_task(events.adispatch(Shipped(event.number + 1)))
            tasks.append(task)
            if lingers:
                await asyncio.create_task(turn())

    async def turn() -> None:
        """Do nothing, behind all tasks that wait for their turn."""

    tasks: list[asyncio.Task[object]] = []
    events.listen(go_on)

    async def work() -> None:
        await events.adispatch(Shipped(1))
        while tasks:
            await tasks.pop(0)

    asyncio.run(work())
    return len(told)


@pytest.mark.parametrize("lingers", [False, True])
def test_tasks_that_start_each_other_are_no_circle(events: Dispatcher, lingers: bool) -> None:
    assert chain(events, 3000, lingers=lingers) == 3000


def test_tasks_that_start_each_other_to_tell_functions_of_names_are_no_circle(
    events: Dispatcher,
) -> None:
    """What takes the long way is counted alike."""
    events.listen("*", lambda name, payload: None)

    assert chain(events, 200, lingers=True) == 200


def test_a_task_that_a_deep_listener_started_may_go_as_deep_again(events: Dispatcher) -> None:
    tasks: list[asyncio.Task[object]] = []

    async def down(event: Shipped) -> None:
        if event.number % 60 > 1:
            await events.adispatch(Shipped(event.number - 1))
        elif event.number > 60:
            tasks.append(asyncio.create_task(again(event.number - 1)))

    async def again(number: int) -> None:
        for _ in range(3):
            await events.adispatch(Shipped(number))

    events.listen(down)

    async def work() -> int:
        await events.adispatch(Shipped(180))
        done = 0
        while tasks:
            await tasks.pop(0)
            done += 1
        return done

    assert asyncio.run(work()) == 1 + 3 + 9 + 27


def test_a_circle_in_a_task_of_a_listener_is_named_after_64(events: Dispatcher) -> None:
    told: list[object] = []
    tasks: list[asyncio.Task[object]] = []

    async def begin(event: Paid) -> None:
        tasks.append(asyncio.create_task(events.adispatch(Shipped())))

    async def again(event: Shipped) -> None:
        told.append(event)
        await events.adispatch(event)

    events.listen(begin)
    events.listen(again)

    async def work() -> None:
        await events.adispatch(Paid())
        await tasks[0]

    with pytest.raises(DispatchTooDeep, match="Shipped -> "):
        asyncio.run(work())
    assert len(told) == 64


@pytest.mark.parametrize("concurrent", [False, True])
def test_a_circle_through_tasks_that_wait_for_each_other_is_named(
    events: Dispatcher, concurrent: bool
) -> None:
    async def again(event: Shipped) -> None:
        await asyncio.gather(events.adispatch(Shipped(), concurrent=concurrent))

    events.listen(again)

    with pytest.raises(DispatchTooDeep, match=r"1024 deep: .*Shipped"):
        asyncio.run(events.adispatch(Shipped()))


# In a loop


def test_a_sync_dispatch_in_a_loop_lets_the_portal_run_async_listeners(
    container: Container,
) -> None:
    events = Dispatcher(container, portal_in_loop=True)
    here = threading.get_ident()

    async def where(event: object) -> str:
        await clock.asleep(0)
        return "here" if threading.get_ident() == here else "elsewhere"

    def disguised(event: object) -> object:
        return where(event)

    events.listen(Shipped, where)
    events.listen(Paid, disguised)

    async def body() -> list[object]:
        return [*events.dispatch(Shipped()), *events.dispatch(Paid())]

    assert asyncio.run(body()) == ["elsewhere", "elsewhere"]


def test_a_function_that_turns_out_async_in_a_loop_is_refused(events: Dispatcher) -> None:
    async def answer() -> None: ...

    def disguised(event: Shipped) -> object:
        return answer()

    events.listen(disguised)

    async def body() -> None:
        events.dispatch(Shipped())

    with pytest.raises(UseAsyncDispatch, match="disguised"):
        asyncio.run(body())
    assert events.dispatch(Shipped()) == [None]


# Deferring


def test_defer_when_events_are_named_in_a_list_holds_only_these(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid, "a"], told.append)

    def work() -> str:
        events.dispatch(Shipped(1))
        events.dispatch("a", ["x"])
        return "done"

    assert events.defer(work, only=[Shipped, Paid]) == "done"
    assert told == ["x", Shipped(1)]


def test_adefer_awaits_the_callback_and_then_the_listeners(events: Dispatcher) -> None:
    told: list[object] = []

    async def hear(event: Shipped) -> None:
        told.append(event)

    async def work() -> int:
        await events.adispatch(Shipped())
        return len(told)

    events.listen(hear)

    assert asyncio.run(events.adefer(work)) == 0
    assert told == [Shipped()]


# Interfaces


@runtime_checkable
class Numbered(Protocol):
    number: int


@runtime_checkable
class Named(Protocol):
    def name(self) -> str: ...


class Unchecked(Protocol):
    number: int


class Thing(abc.ABC):
    @abc.abstractmethod
    def name(self) -> str: ...


@Thing.register
class Registered:
    def name(self) -> str:
        return "it"


def test_listeners_of_a_protocol_hear_what_fits_it(events: Dispatcher) -> None:
    told: list[str] = []
    events.listen(Numbered, lambda event: told.append("numbered"))
    events.listen(Named, lambda event: told.append("named"))
    events.listen(Unchecked, lambda event: told.append("unchecked"))
    events.listen(Thing, lambda event: told.append("thing"))
    events.listen(Shipped, lambda event: told.append("shipped"))

    events.dispatch(Shipped())
    events.dispatch(Registered())
    events.dispatch(Paid())

    assert told == ["shipped", "numbered", "named", "thing"]
    assert events.has_listeners(Registered)
    assert not events.has_listeners(Paid)


def test_a_fake_knows_protocols_too(events: Dispatcher) -> None:
    fake = events.fake(Numbered)

    events.dispatch(Shipped())
    events.dispatch(Paid())

    fake.assert_dispatched_once(Numbered)
    fake.assert_not_dispatched(Unchecked)
    assert not is_kind(Paid, Numbered)


# Small things


def test_on_marks_the_methods_of_a_subscriber(events: Dispatcher) -> None:
    class Keeps:
        @on(Shipped, "a")
        def both(self, given: object) -> object:
            return given

    events.subscribe(Keeps)

    assert events.dispatch(Shipped()) == [Shipped()]
    assert events.dispatch("a", ["x"]) == ["x"]


def test_what_is_asked_of_the_class_str_is_not_told_of_names(events: Dispatcher) -> None:
    events.listen(str, lambda: "of the class")
    events.listen("a", lambda: "of the name")

    assert events.has_listeners(str)
    assert events.dispatch("a") == ["of the name"]
    assert events.dispatch(str) == ["of the class"]


def test_a_class_that_is_called_without_further_thought_is_built_for_each_dispatch(
    events: Dispatcher,
) -> None:
    class Counts:
        def __init__(self) -> None:
            self.count = 0

        def handle(self, event: Shipped) -> int:
            self.count += 1
            return self.count

    events.listen(Counts)

    assert [events.dispatch(Shipped()), events.dispatch(Shipped())] == [[1], [1]]


def test_a_false_answer_ends_a_dispatch_to_functions(events: Dispatcher) -> None:
    events.listen(Shipped, lambda event: "first")
    events.listen(Shipped, lambda event: False)
    events.listen(Shipped, lambda event: "never")

    assert events.dispatch(Shipped()) == ["first"]
    assert events.until(Shipped()) == "first"


def test_until_waits_for_a_function_that_turns_out_async(events: Dispatcher) -> None:
    async def answer(value: object) -> object:
        return value

    events.listen(Shipped, lambda event: answer(None))
    events.listen(Shipped, lambda event: None)
    events.listen(Shipped, lambda event: answer(False))
    events.listen(Shipped, lambda event: "never")

    assert events.until(Shipped()) is False
    assert asyncio.run(events.auntil(Shipped())) is False


def test_until_when_nobody_answers_is_none(events: Dispatcher) -> None:
    events.listen(Shipped, lambda event: None)

    assert events.until(Shipped()) is None
    assert events.until(Paid()) is None


def test_until_in_a_circle_is_named(events: Dispatcher) -> None:
    events.listen(Shipped, lambda event: events.until(Shipped()))

    with pytest.raises(DispatchTooDeep, match=r"Shipped -> .*Shipped"):
        events.until(Shipped())


def test_a_circle_of_async_functions_is_named(events: Dispatcher) -> None:
    async def again(event: Shipped, container: Container) -> None:
        await events.adispatch(Shipped(), concurrent=True)

    events.listen(again)

    with pytest.raises(DispatchTooDeep):
        asyncio.run(events.adispatch(Shipped()))


def test_a_listener_that_cancels_itself_among_others_is_cancelled(events: Dispatcher) -> None:
    async def cancelled(event: Shipped) -> None:
        raise asyncio.CancelledError

    events.listen(cancelled)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(events.adispatch(Shipped(), concurrent=True))
