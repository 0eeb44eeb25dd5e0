"""The recording double."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from securely.container import Container
from securely.events import Dispatcher, InvalidListener
from securely.events.fake import EventFake


@dataclass(frozen=True)
class Shipped:
    order: int = 1


class Express(Shipped):
    pass


class Paid:
    pass


def test_fake_records_and_tells_nobody(events: Dispatcher, container: Container) -> None:
    told: list[object] = []
    events.listen(Shipped, told.append)

    fake = events.fake()
    events.dispatch(Shipped(5))
    container.make(Dispatcher).dispatch("order.paid", [7])
    asyncio.run(fake.adispatch(Express()))

    assert told == []
    fake.assert_dispatched(Shipped, lambda event: event.order == 5)
    fake.assert_dispatched(Shipped, 2)
    fake.assert_dispatched_once(Express)
    fake.assert_dispatched("order.*", lambda number: number == 7)
    fake.assert_not_dispatched(Paid)
    fake.assert_not_dispatched(Shipped, lambda event: event.order == 6)


def test_fake_when_only_some_are_named_lets_others_pass(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid], told.append)

    fake = events.fake(Shipped)
    events.dispatch(Paid())
    events.dispatch(Express())

    assert [type(each) for each in told] == [Paid]
    fake.assert_dispatched_times(Express, 1)
    fake.assert_not_dispatched(Paid)


def test_fake_when_some_are_excepted_lets_these_pass(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid], told.append)

    fake = events.fake(except_=[Paid])
    events.dispatch(Paid())
    events.dispatch(Shipped())

    assert [type(each) for each in told] == [Paid]
    assert fake.dispatched(Shipped) == [Shipped()]


def test_fake_has_listeners_for_what_it_records(events: Dispatcher) -> None:
    """Components that ask before they dispatch must be heard by the fake too."""
    fake = events.fake(Shipped)

    assert events.has_listeners(Shipped)
    assert fake.has_listeners(Express)
    assert not fake.has_listeners(Paid)


def test_fake_for_when_its_block_is_over_dispatches_again(
    events: Dispatcher, container: Container
) -> None:
    told: list[object] = []
    events.listen(Shipped, told.append)

    with events.fake_for() as fake:
        events.dispatch(Shipped())
        fake.assert_dispatched(Shipped)
    events.dispatch(Shipped(2))

    assert told == [Shipped(2)]
    assert container.make(Dispatcher) is events


def test_fake_when_an_inner_one_ends_records_again(
    events: Dispatcher, container: Container
) -> None:
    told: list[object] = []
    events.listen(Shipped, told.append)

    outer = events.fake()
    with events.fake_for() as inner:
        events.dispatch(Shipped(1))
    events.dispatch(Shipped(2))
    container.make(Dispatcher).dispatch(Shipped(3))

    assert told == []
    assert inner.dispatched(Shipped) == [Shipped(1)]
    assert outer.dispatched(Shipped) == [Shipped(2), Shipped(3)]
    assert container.make(Dispatcher) is outer


def test_fake_leaves_what_it_does_not_record_to_the_outer_one(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid, "x", "y"], lambda *given: told.append(given))

    with events.fake_for(Shipped, "x") as outer, events.fake_for("x") as inner:
        for happened in (Shipped(), "x", "y"):
            events.dispatch(happened)
        asyncio.run(inner.adispatch(Shipped(2)))
        noticed = [events.has_listeners(kind) for kind in (Shipped, "x", "z")]

    assert told == [()]
    assert outer.dispatched_events() == [(Shipped(), None), (Shipped(2), None)]
    assert inner.dispatched_events() == [("x", None)]
    assert noticed == [True, True, False]


def test_fake_of_a_fake_records_what_is_dispatched_anywhere(events: Dispatcher) -> None:
    first = events.fake()
    second = first.fake()

    for each in (events, first, second):
        each.dispatch(Shipped())

    second.assert_dispatched(Shipped, 3)
    first.assert_nothing_dispatched()


def test_fake_that_is_made_of_a_fake_stands_in_for_the_dispatcher(events: Dispatcher) -> None:
    made = EventFake(EventFake(events), (Shipped,))

    events.dispatch(Shipped())

    made.assert_dispatched_once(Shipped)


def test_fake_when_it_ends_before_an_inner_one_leaves_that_in_place(
    events: Dispatcher, container: Container
) -> None:
    told: list[object] = []
    events.listen(Shipped, told.append)
    first, second = events.fake(), events.fake()

    first.restore()
    first.restore()
    events.dispatch(Shipped(1))
    between = container.make(Dispatcher)
    second.restore()
    events.dispatch(Shipped(2))

    assert between is second
    assert second.dispatched(Shipped) == [Shipped(1)]
    assert told == [Shipped(2)]
    assert container.make(Dispatcher) is events


def test_fake_that_is_over_is_the_dispatcher_again_for_who_was_given_it(
    events: Dispatcher, container: Container
) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid], told.append)
    with events.fake_for():
        given = container.make(Dispatcher)

    given.dispatch(Shipped())
    asyncio.run(given.adispatch(Shipped(2)))
    with events.fake_for() as later:
        given.dispatch(Paid())

    assert told == [Shipped(), Shipped(2)]
    later.assert_dispatched_once(Paid)


def test_fake_within_a_deferred_block_has_what_happened_while_it_was_there(
    events: Dispatcher,
) -> None:
    """At the end of the block the fake is over; a listener must not be told then."""
    told: list[object] = []
    events.listen(Shipped, told.append)

    with events.deferred():
        with events.fake_for() as fake:
            events.dispatch(Shipped(1))
            fake.assert_nothing_dispatched()
        events.dispatch(Shipped(2))

    assert fake.dispatched(Shipped) == [Shipped(1)]
    assert told == [Shipped(2)]


def test_fake_adeferred_records_when_the_block_ends(events: Dispatcher) -> None:
    fake = events.fake()

    async def work() -> None:
        async with events.adeferred():
            await events.adispatch(Shipped())
            fake.assert_nothing_dispatched()

    asyncio.run(work())

    fake.assert_dispatched(Shipped)


def test_fake_deferred_records_when_the_block_ends(events: Dispatcher) -> None:
    fake = events.fake()

    with fake.deferred():
        fake.dispatch(Shipped())
        fake.assert_nothing_dispatched()

    fake.assert_dispatched(Shipped)


def test_assertions_when_they_fail_say_what_was_dispatched(events: Dispatcher) -> None:
    fake = events.fake()
    fake.dispatch(Paid())

    with pytest.raises(AssertionError, match=r"Shipped.*was not dispatched.*Dispatched: .*Paid"):
        fake.assert_dispatched(Shipped)
    with pytest.raises(AssertionError, match="0 times, not 2"):
        fake.assert_dispatched_times(Shipped, 2)
    with pytest.raises(AssertionError, match=r"unexpected event .*Paid"):
        fake.assert_not_dispatched(Paid)
    with pytest.raises(AssertionError, match="dispatched once, not 0"):
        fake.assert_dispatched_times(Paid, 0)
    with pytest.raises(AssertionError, match="1 unexpected event was dispatched"):
        fake.assert_nothing_dispatched()
    fake.dispatch(Paid())
    with pytest.raises(AssertionError, match="2 unexpected events were dispatched"):
        fake.assert_nothing_dispatched()


def test_assert_dispatched_takes_a_function_that_says_its_event(events: Dispatcher) -> None:
    fake = events.fake()
    fake.dispatch(Shipped(5))
    fake.dispatch(Paid())

    def fifth(event: Shipped) -> bool:
        return event.order == 5

    def sixth(event: Shipped) -> bool:
        return event.order == 6

    def either(event: Express | Paid) -> bool:
        return isinstance(event, Paid)

    fake.assert_dispatched(fifth)
    fake.assert_dispatched(either)
    fake.assert_not_dispatched(sixth)
    with pytest.raises(AssertionError, match=r"event .*Shipped\" was not dispatched"):
        fake.assert_dispatched(sixth)
    with pytest.raises(AssertionError, match=r"Express \| .*Paid\" was dispatched"):
        fake.assert_not_dispatched(either)
    with pytest.raises(InvalidListener, match="does not say"):
        fake.assert_dispatched(lambda event: True)


def test_assert_listening_sees_queued_listeners_and_functions(events: Dispatcher) -> None:
    class Later:
        queued = True

        def handle(self, event: Shipped) -> None: ...

    def now(event: Shipped) -> None: ...

    events.listen(Later)
    events.listen(now)
    fake = events.fake()

    fake.assert_listening(Express, Later)
    fake.assert_listening(Shipped, now)
    with pytest.raises(AssertionError, match="is not heard by"):
        fake.assert_listening(Paid, now)


def test_fake_takes_functions_that_say_what_is_faked(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, "a"], told.append)

    fake = events.fake(
        lambda event: isinstance(event, Shipped) and event.order > 5,
        lambda event, *payload: payload == ("x",),
    )
    events.dispatch(Shipped(9))
    events.dispatch(Shipped(1))
    events.dispatch("a", ["x"])
    events.dispatch("a", ["y"])

    assert told == [Shipped(1), "y"]
    assert fake.dispatched_events() == [(Shipped(9), None), ("a", ["x"])]
    assert fake.has_dispatched("a")
    assert not fake.has_dispatched(Paid)


def test_fake_takes_lists(events: Dispatcher) -> None:
    fake = events.fake([Shipped, Paid], except_=Express)

    assert [fake.has_listeners(kind) for kind in (Shipped, Paid, Express)] == [True, True, False]


def test_fake_except_lets_these_pass(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid], told.append)

    fake = events.fake_except(Shipped)
    events.dispatch(Shipped())
    events.dispatch(Paid())

    assert told == [Shipped()]
    fake.assert_dispatched_once(Paid)


def test_fake_except_for_when_its_block_is_over_dispatches_again(events: Dispatcher) -> None:
    told: list[object] = []
    events.listen([Shipped, Paid], told.append)

    with events.fake_except_for(Shipped) as fake:
        events.dispatch(Shipped(2))
        events.dispatch(Paid())
    events.dispatch(Shipped(3))

    assert told == [Shipped(2), Shipped(3)]
    fake.assert_dispatched_times(Paid, 1)


def test_fake_answers_in_the_manner_that_was_asked_for(events: Dispatcher) -> None:
    fake = events.fake()
    events.listen(Shipped, lambda event: "told")

    assert events.until(Shipped()) is None
    assert fake.until(Shipped()) is None
    assert asyncio.run(fake.auntil(Shipped())) is None
    assert events.dispatch(Shipped(), halt=True) is None
    assert events.dispatch(Shipped(), concurrent=True, collect_errors=True) == []
    assert asyncio.run(events.adispatch(Shipped(), halt=True)) is None


def test_fake_lets_pass_in_the_manner_that_was_asked_for(events: Dispatcher) -> None:
    def refuse(event: object) -> None:
        raise ValueError("no")

    events.listen(Shipped, refuse)
    events.fake(Paid)

    with pytest.raises(ExceptionGroup):
        events.dispatch(Shipped(), collect_errors=True)
    with pytest.raises(ExceptionGroup):
        asyncio.run(events.adispatch(Shipped(), collect_errors=True))
