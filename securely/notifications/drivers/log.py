"""The log: a line for each notification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, cast

from securely.container import Container
from securely.log import LogManager
from securely.notifications.asking import content_of
from securely.notifications.drivers.base import StepsChannel
from securely.notifications.exceptions import InvalidContent
from securely.notifications.manager import Materials
from securely.notifications.messages.log import LogMessage
from securely.notifications.notification import Notification
from securely.support.steps import Steps

__all__ = ["LogChannel"]


class LogChannel(StepsChannel):
    """Writes a line to the log for each notification.

    Args:
        name: The channel's name.
        container: Gives the methods of notifications what they ask for.
        log: Gives the log; asked each time, since a test may put a fake there.
        channel: The channel of the log; None for the default one.
        level: The level of a notification that says none.
    """

    driver: ClassVar[str] = "log"

    def __init__(
        self,
        name: str,
        container: Container,
        log: Callable[[], LogManager],
        *,
        channel: str | None = None,
        level: str = "info",
    ) -> None:
        super().__init__(name, container)
        self._log = log
        self._channel = channel
        self._level = level

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the channel *name* as its options have it."""
        return cls(
            name, materials.container, materials.log, channel=options.channel, level=options.level
        )

    def _steps(self, notifiable: Any, notification: Notification) -> Steps[object]:
        methods = self.methods("to_array")
        found = yield from content_of(self._container, notification, notifiable, methods)
        message = self._message(found, notification)
        route = self.route(notifiable, notification)
        channel = self._log().channel(self._channel if route is None else str(route))
        known = {"notification": type(notification).__qualname__, "id": notification.id}
        channel.log(message.level or self._level, message.text, **{**known, **message.context})
        return message

    def _message(self, found: object, notification: Notification) -> LogMessage:
        if isinstance(found, LogMessage):
            return found
        if isinstance(found, str):
            return LogMessage(found)
        if isinstance(found, Mapping):
            return LogMessage(type(notification).__qualname__, cast("Mapping[str, Any]", found))
        reason = f"it returned a {type(found).__name__}. Return text, a dict or a LogMessage."
        raise InvalidContent(type(notification).__qualname__, f"to_{self.name}", reason)
