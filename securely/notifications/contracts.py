"""Channel: what a driver must do; SKIPPED: what it answers where there was nothing to send.

A class of an application needs a method ``send(notifiable, notification)`` alone, sync or async.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Literal, Protocol, runtime_checkable

from securely.notifications.notification import Notification

__all__ = ["SKIPPED", "Channel", "SendsNotifications", "Skipped"]


class Skipped(Enum):
    """The type of :data:`SKIPPED`; an enumeration of one, so that checkers narrow on ``is``."""

    SKIPPED = "skipped"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "SKIPPED"


SKIPPED: Final = Skipped.SKIPPED
"""What a channel answers that had nothing to send: nobody is told that it did."""


@runtime_checkable
class SendsNotifications(Protocol):
    """What `via` may name the class of: a channel of an application."""

    def send(self, notifiable: Any, notification: Any, /) -> object:
        """Tell *notifiable*; the answer goes to `after_sending` and NotificationSent."""
        ...


@runtime_checkable
class Channel(Protocol):
    """What tells people. One object serves many threads, and lives as long as its manager."""

    def send(self, notifiable: Any, notification: Notification) -> object:
        """Tell *notifiable* of *notification*.

        Whoever is told twice of one `notification.id` must be told once: a queued notification is
        tried again when nobody knows whether the first try was heard.

        Returns:
            Whatever the channel knows of it; SKIPPED where there was nothing to send.

        Raises:
            Exception: It was not sent. One with `is_retryable` False is not tried again.
        """
        ...

    async def asend(self, notifiable: Any, notification: Notification) -> object:
        """Async twin of :meth:`send`."""
        ...
