"""The channels by name, and what sends by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from securely.container import Container
from securely.exceptions import ConfigurationError
from securely.notifications import (
    AnonymousNotifiable,
    ChannelManager,
    DriverUnknown,
    Notifiable,
    Notification,
    NotificationErrors,
    RouteMissing,
)
from securely.notifications.drivers.log import LogChannel
from securely.notifications.drivers.store import StoreChannel
from securely.notifications.drivers.webhook import WebhookChannel
from securely.notifications.manager import Materials

Make = Callable[..., ChannelManager]


@dataclass
class User(Notifiable):
    id: int


@dataclass
class Paid(Notification):
    def via(self, notifiable: Any) -> list[Any]:
        return ["store"]

    def to_array(self, notifiable: Any) -> dict[str, Any]:
        return {"locale": self.preferred_locale}


class Gate:
    """What a channel of an application needs."""


class Pager:
    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def send(self, notifiable: Any, notification: Any) -> None: ...


def test_ours_are_there_without_being_named(manager: ChannelManager) -> None:
    assert manager.names() == ("log", "mail", "store", "webhook")
    assert isinstance(manager.channel("store"), StoreChannel)
    assert isinstance(manager.channel("log"), LogChannel)
    assert isinstance(manager.channel("webhook"), WebhookChannel)
    assert manager.channel("store") is manager.channel("store")


def test_several_of_one_driver_have_names_of_their_own(make: Make) -> None:
    manager = make(chat={"driver": "webhook", "secret": "s"}, webhook={"total_seconds": 2})

    assert manager.channel("chat") is not manager.channel("webhook")
    assert manager.channel("chat")._secrets == ("s",)
    assert manager.channel("webhook")._total_seconds == 2


def test_a_channel_that_is_added_needs_no_configuration(manager: ChannelManager) -> None:
    manager.extend("pager", lambda name, options: (name, options.driver))

    assert manager.channel("pager") == ("pager", "pager")


def test_a_class_that_is_added_is_built_by_the_container(manager: ChannelManager) -> None:
    manager.extend("pager", Pager)

    assert isinstance(manager.channel("pager").gate, Gate)


def test_one_that_is_added_wins_over_ours_at_once(manager: ChannelManager) -> None:
    ours = manager.channel("log")

    manager.extend("log", Pager)

    assert manager.channel("log") is not ours
    assert isinstance(manager.channel("log"), Pager)


def test_a_driver_that_nobody_provides_is_named(make: Make) -> None:
    manager = make(sms={"driver": "webhok"})

    with pytest.raises(DriverUnknown, match=r'"webhok", which nobody .* mean "webhook"\?'):
        manager.channel("sms")


def test_materials_that_are_missing_are_named() -> None:
    manager = ChannelManager({}, Materials(Container()))
    manager.extend("pager", lambda name, options: Pager(Gate()))

    @dataclass
    class Paged(Paid):
        should_queue = True

        def via(self, notifiable: Any) -> list[Any]:
            return ["pager"]

    with pytest.raises(ConfigurationError, match="needs the translator"):
        manager.deliver(User(1), Paged().locale("nl"), "pager")


def test_addresses_stand_for_themselves(manager: ChannelManager) -> None:
    assert manager.route("mail", "a@x.io") == AnonymousNotifiable({"mail": "a@x.io"})
    assert manager.route(Pager, 7).route_notification_for(Pager) == 7
    assert manager.routes({"mail": "a@x.io", "sms": 7}).routes == {"mail": "a@x.io", "sms": 7}


def test_a_store_address_is_an_inbox(manager: ChannelManager) -> None:
    one = manager.route("store", "team:7")

    manager.send(one, Paid())

    assert len(manager.inbox(one).all()) == 1
    with pytest.raises(RouteMissing):
        manager.inbox(AnonymousNotifiable({}))


def test_what_sends_in_a_locale_gives_way_to_the_notification(manager: ChannelManager) -> None:
    dutch = manager.locale("nl")

    dutch.send(User(1), Paid())
    dutch.send_now(User(1), Paid().locale("de"))
    asyncio.run(dutch.asend(User(1), Paid()))
    asyncio.run(dutch.asend_now(User(1), Paid(), ["store"]))

    told = [each.data["locale"] for each in manager.inbox(User(1)).all()]
    assert told == ["nl", "nl", "de", "nl"]


def test_send_sends_now_what_is_not_to_be_queued(manager: ChannelManager) -> None:
    manager.send(User(1), Paid())
    asyncio.run(manager.asend([User(1), User(2)], Paid()))

    assert [len(manager.inbox(User(id_)).all()) for id_ in (1, 2)] == [2, 1]


def test_one_channel_is_delivered_and_raises_as_it_is(manager: ChannelManager) -> None:
    class Broken:
        def send(self, notifiable: Any, notification: Any) -> None:
            raise OSError("no line")

    with pytest.raises(OSError, match="no line"):
        manager.deliver(User(1), Paid(), Broken)
    with pytest.raises(OSError, match="no line"):
        asyncio.run(manager.adeliver(User(1), Paid(), Broken))
    with pytest.raises(NotificationErrors):
        manager.send_now(User(1), Paid(), [Broken])
