"""The dispatcher, beyond what Laravel does."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from securely.container import Container
from securely.events import (
    CacheNotWritable,
    Dispatchable,
    Dispatcher,
    DispatchTooDeep,
    InvalidListener,
    NoListenerRunner,
    QueuedCall,
    UseAsyncDispatch,
    listens_to,
)
from securely.events.target import Target, matches

Noting = Callable[..., Callable[..., object]]
Notes = list[tuple[str, tuple[object, ...]]]


class Happened:
    pass


class OrderPlaced(Happened):
    pass


class OrderShipped(OrderPlaced):
    pass


class Mailer:
    pass


@dataclass(frozen=True)
class Paid(Dispatchable):
    order: int


def test_bases_hear_after_the_class_in_the_order_of_the_mro(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen(object, noting("object"))
    events.listen(Happened, noting("happened"))
    events.listen(OrderPlaced, noting("placed"))
    events.listen(OrderShipped, noting("shipped"))

    events.dispatch(OrderShipped())

    assert [name for name, _ in notes] == ["shipped", "placed", "happened", "object"]


def test_a_target_that_hears_class_and_base_runs_once(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    listener = noting("once")
    events.listen([Happened, OrderPlaced, OrderShipped], listener)

    events.dispatch(OrderShipped())

    assert [name for name, _ in notes] == ["once"]


def test_a_higher_priority_runs_before_everything_else(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen(OrderShipped, noting("exact"))
    events.listen(Happened, noting("base"), priority=10)
    events.listen(OrderShipped, noting("late"), priority=-1)

    events.dispatch(OrderShipped())

    assert [name for name, _ in notes] == ["base", "exact", "late"]


def test_listen_infers_the_event_from_the_first_annotation(events: Dispatcher) -> None:
    def listener(event: OrderShipped | Paid | None) -> None: ...

    events.listen(listener)

    assert events.has_listeners(OrderShipped)
    assert events.has_listeners(Paid)
    assert not events.has_listeners(OrderPlaced)


def test_listen_infers_the_event_of_a_class(events: Dispatcher) -> None:
    class Listener:
        def handle(self, event: OrderShipped) -> str:
            return type(event).__name__

    events.listen(Listener)

    assert events.dispatch(OrderShipped()) == ["OrderShipped"]


def test_listen_takes_the_mark_of_listens_to(events: Dispatcher) -> None:
    @listens_to("order.*", OrderShipped)
    def listener(*given: object) -> int:
        return len(given)

    events.listen(listener)

    assert events.dispatch("order.paid") == [2]
    assert events.dispatch(OrderShipped()) == [1]


@pytest.mark.parametrize("listener", [lambda: None, lambda event: event, len])
def test_listen_refuses_what_does_not_say_its_event(events: Dispatcher, listener: object) -> None:
    with pytest.raises(InvalidListener, match=r"says? (nothing|what it listens to)"):
        events.listen(listener)


@pytest.mark.parametrize("listener", [5, object(), ("one",), (Mailer, "send"), ("a", "b", "c")])
def test_listen_refuses_what_cannot_be_called(events: Dispatcher, listener: object) -> None:
    with pytest.raises((InvalidListener, ImportError)):
        events.listen("a", listener)


def test_a_listener_is_given_what_it_asks_for_besides_the_event(events: Dispatcher) -> None:
    def listener(event: OrderShipped, mailer: Mailer, *, other: Mailer) -> list[str]:
        return [type(each).__name__ for each in (event, mailer, other)]

    events.listen(listener)

    assert events.dispatch(OrderShipped()) == [["OrderShipped", "Mailer", "Mailer"]]


def test_a_class_that_listens_with_two_methods_is_built_once_per_dispatch(
    events: Dispatcher,
) -> None:
    built: list[int] = []

    class Both:
        def __init__(self) -> None:
            built.append(1)

        def first(self, event: OrderShipped) -> int:
            return id(self)

        def second(self, event: OrderShipped) -> int:
            return id(self)

    events.listen(OrderShipped, (Both, "first"))
    events.listen(OrderShipped, (Both, "second"))

    first, second = events.dispatch(OrderShipped())

    assert first == second
    assert built == [1]


def test_subscribe_finds_the_methods_that_are_marked(events: Dispatcher) -> None:
    class Subscriber:
        @listens_to(OrderShipped, "order.paid")
        def note(self, *given: object) -> str:
            return "noted"

    events.subscribe(Subscriber)

    assert events.dispatch(OrderShipped()) == ["noted"]
    assert events.dispatch("order.paid") == ["noted"]


def test_subscribe_refuses_what_subscribes_to_nothing(events: Dispatcher) -> None:
    with pytest.raises(InvalidListener, match="subscribes to nothing"):
        events.subscribe(Mailer)


def test_push_when_flushed_is_told_once(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    events.listen("a", noting("a"))
    events.listen(OrderShipped, noting("shipped"))
    events.push("a", [1])
    events.push("a", [2])
    events.push(OrderShipped())

    events.flush("a")
    events.flush("a")
    events.flush(OrderShipped)

    assert [name for name, _ in notes] == ["a", "a", "shipped"]


def refusing(number: int, told: list[int]) -> Callable[[int], None]:
    """Make a listener that notes its numbers, and raises at *number*."""

    def listener(given: int) -> None:
        told.append(given)
        if given == number:
            raise ValueError(given)

    return listener


def test_flush_when_a_listener_raises_leaves_the_rest_for_the_next(events: Dispatcher) -> None:
    told: list[int] = []
    events.listen("a", refusing(1, told))
    events.listen("a", lambda given: events.push("a", [9]) if given == 1 else None, priority=1)
    for number in (1, 2, 3):
        events.push("a", [number])

    with pytest.raises(ValueError, match="1"):
        events.flush("a")
    after_the_first = list(told)
    events.flush("a")
    events.flush("a")

    assert after_the_first == [1]
    assert told == [1, 2, 3, 9]


def test_aflush_when_it_is_cancelled_leaves_the_rest_for_the_next(events: Dispatcher) -> None:
    told: list[int] = []
    begun = asyncio.Event()

    async def wait(number: int) -> None:
        told.append(number)
        begun.set()
        if number == 1:
            await asyncio.Event().wait()

    async def work() -> None:
        task = asyncio.create_task(events.aflush("a"))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        await events.aflush("a")

    events.listen("a", wait)
    events.push("a", [1])
    events.push("a", [2])

    asyncio.run(work())

    assert told == [1, 2]


def test_deferred_when_a_listener_raises_at_its_end_tells_no_more(events: Dispatcher) -> None:
    told: list[int] = []
    events.listen("a", refusing(1, told))

    with pytest.raises(ValueError, match="1"), events.deferred():  # noqa: PT012  # as it is used
        events.dispatch("a", [1])
        events.dispatch("a", [2])
    with events.deferred():
        events.dispatch("a", [3])

    assert told == [1, 3]


def test_deferred_when_events_are_named_holds_only_these(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen([OrderPlaced, Paid], noting("heard"))

    with events.deferred(Happened):
        events.dispatch(OrderShipped())
        events.dispatch(Paid(1))
        assert len(notes) == 1

    assert [type(given[0]) for _, given in notes] == [Paid, OrderShipped]


def test_deferred_in_one_thread_holds_nothing_of_another(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen("a", noting("a"))

    with events.deferred():
        thread = threading.Thread(target=lambda: events.dispatch("a"))
        thread.start()
        thread.join()
        assert len(notes) == 1


def test_deferred_when_its_block_is_over_lets_what_it_started_pass(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen("a", noting("a"))
    with events.deferred():
        copied = contextvars.copy_context()

    copied.run(events.dispatch, "a")

    assert len(notes) == 1


async def _answer(event: object) -> str:
    return type(event).__name__


def test_dispatch_with_an_async_listener_runs_it_in_a_loop_of_its_own(events: Dispatcher) -> None:
    events.listen(OrderShipped, _answer)

    assert events.dispatch(OrderShipped()) == ["OrderShipped"]


def test_dispatch_with_an_async_listener_in_a_loop_tells_nobody(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen(OrderShipped, noting("sync"))
    events.listen(OrderShipped, _answer)

    async def main() -> None:
        events.dispatch(OrderShipped())

    with pytest.raises(UseAsyncDispatch, match="adispatch"):
        asyncio.run(main())
    assert notes == []


def test_dispatch_with_a_listener_that_returns_a_coroutine_in_a_loop_says_so(
    events: Dispatcher,
) -> None:
    events.listen("a", lambda: _answer(1))

    async def main() -> None:
        events.dispatch("a")

    with pytest.raises(UseAsyncDispatch):
        asyncio.run(main())
    assert events.dispatch("a") == ["int"]


def test_adispatch_awaits_listeners_of_both_colours_in_order(
    events: Dispatcher, noting: Noting
) -> None:
    class Listener:
        async def handle(self, event: OrderShipped, mailer: Mailer) -> str:
            return type(mailer).__name__

    events.listen(OrderShipped, noting("sync", "sync"))
    events.listen(OrderShipped, _answer)
    events.listen(OrderShipped, Listener)

    async def main() -> object:
        async with events.adeferred():
            assert await events.adispatch(OrderShipped()) == []
        return await events.adispatch(OrderShipped()), await events.auntil(OrderShipped())

    assert asyncio.run(main()) == (["sync", "OrderShipped", "Mailer"], "sync")


def test_aflush_tells_what_was_pushed(events: Dispatcher) -> None:
    told: list[object] = []

    async def listener(given: object) -> None:
        told.append(given)

    events.listen("a", listener)
    events.push("a", [1])

    asyncio.run(events.aflush("a"))

    assert told == [1]


def test_a_queued_listener_without_a_queue_says_what_is_missing(events: Dispatcher) -> None:
    class Later:
        queued = True

        def handle(self, event: OrderShipped) -> None: ...

    events.listen(Later)

    with pytest.raises(NoListenerRunner, match="queued = True"):
        events.dispatch(OrderShipped())


def test_a_queued_listener_is_run_by_what_the_container_binds(
    events: Dispatcher, container: Container
) -> None:
    from securely.events import ListenerRunner

    asked: list[object] = []

    class Runner:
        def run(self, calls: Sequence[QueuedCall]) -> None:
            asked.extend((call.listener, call.method, call.arguments) for call in calls)

        async def arun(self, calls: Sequence[QueuedCall]) -> None:
            self.run(calls)

    class Later:
        queued = True

        async def handle(self, event: OrderShipped) -> None: ...

    container.singleton(ListenerRunner, Runner)
    events.listen(Later)
    event = OrderShipped()

    events.dispatch(event)
    asyncio.run(events.adispatch(event))

    assert asked == [(Later, "handle", (event,))] * 2


def test_a_dotted_name_is_imported_when_its_event_happens(events: Dispatcher) -> None:
    events.listen("a", "nowhere.to.be.Found")

    with pytest.raises(ImportError, match="nowhere"):
        events.dispatch("a")


def test_a_class_is_heard_under_its_dotted_name(
    events: Dispatcher, noting: Noting, notes: Notes
) -> None:
    events.listen(f"{OrderPlaced.__module__}.OrderPlaced", noting("named"))

    events.dispatch(OrderShipped())

    assert len(notes) == 1


def test_has_listeners_changes_with_listen_and_forget(events: Dispatcher, noting: Noting) -> None:
    assert not events.has_listeners(OrderShipped)

    events.listen(Happened, noting("1"))
    assert events.has_listeners(OrderShipped)

    events.forget(Happened)
    assert not events.has_listeners(OrderShipped)


def test_forget_of_a_listener_leaves_the_others(events: Dispatcher, noting: Noting) -> None:
    gone, stays = noting("gone", 1), noting("stays", 2)
    for event in ("a", "a*", OrderPlaced):
        events.listen(event, gone)
        events.listen(event, stays)

    for event in ("a", "a*"):
        events.forget(event, gone)
    events.forget("nothing", stays)

    assert events.dispatch("a") == [2, 2]
    assert events.dispatch(OrderPlaced()) == [1, 2]
    events.forget("a", stays)
    events.forget("a*", stays)
    assert events.registrations() == events.registrations()[:2]
    assert not events.has_listeners("a")


def test_forget_of_a_listener_imports_nothing(
    events: Dispatcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked while providers register, when the application's modules may not import yet."""
    (tmp_path / "too_early_for_events").mkdir()
    (tmp_path / "too_early_for_events" / "__init__.py").write_text("raise ValueError('too early')")
    monkeypatch.syspath_prepend(tmp_path)
    events.discover("too_early_for_events")

    events.forget("a", len)

    with pytest.raises(ValueError, match="too early"):
        events.forget("a")


def test_many_names_do_not_fill_the_memory(events: Dispatcher) -> None:
    for number in range(10_000):
        events.dispatch(f"order.{number}")

    assert len(events._registry.plans) <= 4096


def test_threads_that_listen_and_dispatch_lose_no_listener(events: Dispatcher) -> None:
    heard: list[int] = []

    def work(number: int) -> None:
        events.listen("a", lambda: heard.append(number))
        events.dispatch("b")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.dispatch("a")

    assert sorted(heard) == list(range(50))


def test_dispatchable_dispatches_through_the_current_application(container: Container) -> None:
    events = Dispatcher(container)
    container.instance(Dispatcher, events)
    events.listen(Paid, lambda event: event.order)

    with container.active():
        assert Paid.dispatch(5) == [5]
        assert Paid.dispatch_if(False, order=6) == []
        assert Paid.dispatch_unless(False, order=7) == [7]
        assert asyncio.run(Paid.adispatch(8)) == [8]
        assert asyncio.run(Paid.adispatch_if(True, 9)) == [9]
        assert asyncio.run(Paid.adispatch_if(False, 9)) == []
        assert asyncio.run(Paid.adispatch_unless(False, 9)) == [9]
        assert asyncio.run(Paid.adispatch_unless(True, 9)) == []


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [("a*b*c", "aXbYc", True), ("a*a", "a", False), ("*b*", "abc", True), ("ab", "abc", False)],
)
def test_matches(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


def test_targets_that_lead_to_the_same_code_are_equal() -> None:
    class Listener:
        def handle(self) -> None: ...

    one = Listener()

    assert Target.of(Listener) == Target.of((Listener, "handle"))
    assert Target.of(one.handle) == Target.of((one, "handle"))
    assert Target.of(one.handle) != Target.of((Listener(), "handle"))
    assert Target.of(Listener) != Target.of(one)


def test_dispatch_async_listener_that_asks_for_more_is_given_it(events: Dispatcher) -> None:
    class Listener:
        async def handle(self, event: OrderShipped, mailer: Mailer) -> str:
            return type(mailer).__name__

    events.listen(Listener)

    assert events.dispatch(OrderShipped()) == ["Mailer"]


def test_adispatch_when_nobody_listens_or_all_is_queued_answers_nothing(
    events: Dispatcher,
) -> None:
    class Never:
        queued = True

        def should_queue(self, event: OrderShipped) -> bool:
            return False

        def handle(self, event: OrderShipped) -> None: ...

    assert asyncio.run(events.adispatch(OrderShipped())) == []
    assert asyncio.run(events.auntil(OrderShipped())) is None
    events.listen(Never)
    assert asyncio.run(events.adispatch(OrderShipped())) == [None]


def test_listen_takes_unions_and_dotted_names_alone(events: Dispatcher) -> None:
    told: list[object] = []

    events.listen(OrderPlaced | Paid, told.append)
    events.dispatch(Paid(1))

    assert told == [Paid(1)]
    with pytest.raises(InvalidListener, match="is not an event"):
        events.listen(5, told.append)  # type: ignore[arg-type]  # on purpose


def test_subscribe_takes_a_dotted_name(events: Dispatcher) -> None:
    with pytest.raises(InvalidListener, match="subscribes to nothing"):
        events.subscribe(f"{Mailer.__module__}:Mailer")


@pytest.mark.parametrize(
    "error",
    [
        InvalidListener("a", "cannot be called."),
        NoListenerRunner("a"),
        DispatchTooDeep(("a", "b", "a"), 64),
        CacheNotWritable("cache/events.json", "no room"),
        UseAsyncDispatch("event", "listener"),
    ],
)
def test_errors_can_be_copied(error: Exception) -> None:
    twin = copy.copy(error)

    assert str(twin) == str(error)
    assert vars(twin) == vars(error)
