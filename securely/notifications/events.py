"""NotificationSending, NotificationSent, NotificationFailed.

They are made only when somebody listens. Each tells of one channel and one notifiable.

Source: Laravel 13, Illuminate\\Notifications\\Events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from securely.notifications.notification import ChannelName, Notification

__all__ = ["NotificationEvent", "NotificationFailed", "NotificationSending", "NotificationSent"]


@dataclass(slots=True)
class NotificationEvent:
    """What all events of notifications have.

    Attributes:
        notifiable: Who is told.
        notification: What; its `id` is the same for all channels of this notifiable.
        channel: By which channel, as `via` names it.
    """

    notifiable: Any
    notification: Notification
    channel: ChannelName


@dataclass(slots=True)
class NotificationSending(NotificationEvent):
    """A channel is about to be asked. A listener that returns False cancels that."""


@dataclass(slots=True)
class NotificationSent(NotificationEvent):
    """A channel took it; *answer* is what the channel returned."""

    answer: Any


@dataclass(slots=True)
class NotificationFailed(NotificationEvent):
    """A channel failed, told once: of a queued one when the last try has failed."""

    error: BaseException
