"""The fake: what it records, and what its assertions say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from securely.notifications import (
    AnonymousNotifiable,
    ChannelManager,
    ChannelUndefined,
    Notifiable,
    Notification,
)
from securely.notifications.fake import NotificationFake
from securely.queue import NotQueueable


@dataclass
class User(Notifiable):
    id: int
    preferred_locale: str | None = None


@dataclass(eq=False)
class Guest:
    name: str


@dataclass
class Paid(Notification):
    number: int = 5
    should_queue = True

    def via(self, notifiable: Any) -> list[Any]:
        return ["mail", "store"]

    async def should_send(self, notifiable: Any, channel: Any) -> bool:
        return channel != "store" and self.number > 0


@dataclass
class Sent(Notification):
    thing: Any = None

    def via(self, notifiable: Any) -> list[Any]:
        return ["log"]


class Resent(Sent):
    pass


ANN, BOB = User(1), User(2)


@pytest.fixture
def fake(manager: ChannelManager) -> NotificationFake:
    return NotificationFake(manager, manager._definitions, manager._materials)


def test_what_is_sent_is_recorded_and_goes_nowhere(
    fake: NotificationFake, manager: ChannelManager
) -> None:
    fake.send(ANN, Paid())
    fake.send_now([ANN, BOB], Sent(), ["store"])
    asyncio.run(fake.asend(BOB, Paid()))
    asyncio.run(fake.asend_now(BOB, Sent()))

    told = fake.sent_notifications()
    assert [(each.notifiable, each.channels) for each in told] == [
        (ANN, ("mail",)),
        (ANN, ("store",)),
        (BOB, ("store",)),
        (BOB, ("mail",)),
        (BOB, ("log",)),
    ]
    assert len({each.notification.id for each in told}) == 5
    assert manager.inbox(ANN).all() == []


def test_what_should_not_be_sent_is_not_recorded(fake: NotificationFake) -> None:
    fake.send(ANN, Paid(number=0))

    fake.assert_nothing_sent()


def test_channels_that_are_not_there_are_refused_as_ever(fake: NotificationFake) -> None:
    with pytest.raises(ChannelUndefined):
        fake.send_now(ANN, Sent(), ["sms"])


def test_notifiables_are_the_same_by_what_they_are_kept_under(fake: NotificationFake) -> None:
    guest = Guest("g")
    fake.send_now([User(1), guest], Sent())

    fake.assert_sent_to(ANN, Sent)
    fake.assert_sent_to([ANN, guest], Sent)
    fake.assert_not_sent_to(BOB, Sent)
    fake.assert_not_sent_to(Guest("g"), Sent)
    fake.assert_nothing_sent_to(BOB)


def test_subclasses_count_and_predicates_take_what_they_want(fake: NotificationFake) -> None:
    fake.send_now(User(1, "nl"), Resent(thing=3))

    assert [each.thing for each in fake.sent(ANN, Sent)] == [3]
    assert fake.has_sent(ANN, Resent)
    assert not fake.has_sent(BOB, Resent)
    seen: list[tuple[Any, ...]] = []

    def look(*given: Any) -> bool:
        seen.append(given)
        return True

    fake.assert_sent_to(ANN, Sent, look)
    fake.assert_sent_to(ANN, Sent, lambda sent: sent.thing == 3)
    fake.assert_sent_to(ANN, Sent, lambda sent, channels: channels == ("log",))
    assert seen[0][1:] == (("log",), User(1, "nl"), "nl")


def test_addresses_are_asserted_on_as_such(fake: NotificationFake) -> None:
    one = AnonymousNotifiable({"log": "x"})
    fake.send_now(one, Sent())

    fake.assert_sent_on_demand(Sent)
    fake.assert_sent_on_demand(Sent, lambda sent, channels, who: who.routes["log"] == "x")
    fake.assert_sent_on_demand_times(Sent, 1)
    fake.assert_sent_to(AnonymousNotifiable({"log": "x"}), Sent)
    fake.assert_not_sent_to(AnonymousNotifiable({"log": "y"}), Sent)


def test_counts(fake: NotificationFake) -> None:
    fake.send_now([ANN, ANN, BOB], Sent())

    fake.assert_sent_to_times(ANN, Sent, 2)
    fake.assert_sent_to(ANN, Sent, 2)
    fake.assert_sent_times(Sent, 3)
    fake.assert_count(3)


FAILING: list[tuple[Callable[[NotificationFake], object], str]] = [
    (lambda fake: fake.assert_sent_to(ANN, Paid), r"No Paid was sent to User\(id=1"),
    (lambda fake: fake.assert_sent_to([ANN, BOB], Sent), r"No Sent was sent to User\(id=2"),
    (
        lambda fake: fake.assert_sent_to(ANN, Sent, lambda sent: False),
        "No Sent that meets the condition was sent",
    ),
    (lambda fake: fake.assert_sent_to(ANN, Sent, 2), "Sent was sent to .* once, not 2 times"),
    (lambda fake: fake.assert_sent_to_times(BOB, Sent), "was sent to .* never, not once"),
    (lambda fake: fake.assert_sent_on_demand(Sent), "No Sent was sent to an address"),
    (lambda fake: fake.assert_sent_on_demand_times(Sent), "to an address never, not once"),
    (lambda fake: fake.assert_not_sent_to([BOB, ANN], Sent), r"Sent was sent to User\(id=1"),
    (lambda fake: fake.assert_nothing_sent(), "1 notification was sent, and none was expected"),
    (lambda fake: fake.assert_nothing_sent_to(ANN), "was told, and nothing was expected"),
    (lambda fake: fake.assert_sent_times(Sent, 0), "Sent was sent once, not never"),
    (lambda fake: fake.assert_count(2), "1 notification was sent, not 2"),
    (lambda fake: fake.assert_sent_to([], Sent), "the list of notifiables is empty"),
]


@pytest.mark.parametrize(("check", "told"), FAILING)
def test_a_failure_says_what_was_sent_instead(
    fake: NotificationFake, check: Callable[[NotificationFake], object], told: str
) -> None:
    fake.send_now(ANN, Sent())

    with pytest.raises(AssertionError, match=told) as caught:
        check(fake)

    if "empty" not in told:
        assert str(caught.value).endswith("Sent: Sent to User(id=1, preferred_locale=None) by log.")


def test_nothing_is_named_where_nothing_was_sent(fake: NotificationFake) -> None:
    with pytest.raises(AssertionError, match="Sent: nothing"):
        fake.assert_sent_to(ANN, Sent)


def test_queued_ones_may_have_to_survive_their_payload(fake: NotificationFake) -> None:
    @dataclass
    class Local(Paid):
        pass

    fake.send(ANN, Local())
    fake.serialize_and_restore()
    paid = Paid(7)
    fake.send(ANN, paid)

    (restored,) = fake.sent(ANN, Paid, lambda each: each.number == 7)
    assert restored is not paid
    with pytest.raises(NotQueueable, match="Local"):
        fake.send(ANN, Local())
