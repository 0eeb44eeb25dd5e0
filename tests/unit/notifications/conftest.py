"""What sends notifications without an application, and notes what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.log.hub import Hub
from securely.log.manager import LogManager
from securely.log.options import ArrayChannel
from securely.notifications import ChannelManager, NotificationEvent
from securely.notifications.manager import Materials
from securely.notifications.options import NotificationOptions
from securely.store import Database
from securely.translation import ArrayLoader, Translator


class Told:
    """The events that were told, in order."""

    def __init__(self) -> None:
        self.events: list[NotificationEvent] = []

    def listen(self, event: NotificationEvent) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        return [type(each).__name__.removeprefix("Notification") for each in self.events]

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]


@pytest.fixture
def events() -> Dispatcher:
    return Dispatcher(Container())


@pytest.fixture
def told(events: Dispatcher) -> Told:
    from securely.notifications import NotificationFailed, NotificationSending, NotificationSent

    found = Told()
    for kind in (NotificationSending, NotificationSent, NotificationFailed):
        events.listen(kind, found.listen)
    return found


@pytest.fixture
def database() -> Database:
    return Database.temporary()


@pytest.fixture
def log() -> LogManager:
    return LogManager("memory", {"memory": ArrayChannel(driver="array")}, Hub())


@pytest.fixture
def translator() -> Translator:
    return Translator(ArrayLoader(), "en")


@pytest.fixture
def make(
    events: Dispatcher, database: Database, log: LogManager, translator: Translator
) -> Callable[..., ChannelManager]:
    """Make what sends notifications by the channels of the configuration given."""

    def make(**channels: Any) -> ChannelManager:
        options = NotificationOptions.parse({"channels": channels}, "notifications")
        materials = Materials(
            Container(),
            database=lambda name: database,
            log=lambda: log,
            translator=lambda: translator,
        )
        return ChannelManager(options.channels, materials, events)

    return make


@pytest.fixture
def manager(make: Callable[..., ChannelManager]) -> ChannelManager:
    return make()
