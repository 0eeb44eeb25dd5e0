"""Notifiable: who is told, and where; AnonymousNotifiable: an address without a person."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from securely.container import current
from securely.mail import Address
from securely.notifications.exceptions import NotNotifiable, RouteMissing
from securely.notifications.inbox import Inbox, StoredNotifications
from securely.notifications.messages.webhook import WebhookRoute
from securely.notifications.notification import ChannelName, Notification, channel_name
from securely.store import Key

__all__ = ["AnonymousNotifiable", "Notifiable", "each_of", "locale_of", "owner_of", "route_of"]

# What is given by mistake in the place of somebody.
_NOBODY: Final[tuple[type[Any], ...]] = (str, bytes, int, float, Mapping, type)
# Lists in lists are a mistake, too; a named tuple may be somebody.
_SEVERAL: Final[tuple[type[Any], ...]] = (tuple, list, set, frozenset)


class _Tellable:
    """What can be told of notifications: by the queue, or here and now."""

    __slots__ = ()

    def notify(self, notification: Notification) -> None:
        """Tell this one of *notification*, on the queue if it says so.

        Raises:
            NotificationErrors: Channels failed, of one that is not queued.
            QueueError: It can not be queued; nothing was.
        """
        current().make("notifications").send(self, notification)

    async def anotify(self, notification: Notification) -> None:
        """Async twin of :meth:`notify`."""
        await current().make("notifications").asend(self, notification)

    def notify_now(
        self, notification: Notification, channels: Sequence[ChannelName] | None = None
    ) -> None:
        """Tell this one of *notification* here and now.

        Args:
            notification: What it is told.
            channels: By these channels, whatever `via` says.

        Raises:
            NotificationErrors: Channels failed.
        """
        current().make("notifications").send_now(self, notification, channels)

    async def anotify_now(
        self, notification: Notification, channels: Sequence[ChannelName] | None = None
    ) -> None:
        """Async twin of :meth:`notify_now`."""
        await current().make("notifications").asend_now(self, notification, channels)


class Notifiable(_Tellable):
    """Who can be told: a mixin for users, teams, customers.

    Where somebody is told is said by methods: ``route_notification_for_mail(notification)``, and
    so on for each channel. Without one, mail goes to the ``email`` of the object, and the store
    keeps what belongs to its class and ``id``.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class User(Notifiable):
        ...     id: int
        ...     email: str
        ...     def route_notification_for_webhook(self, notification: Notification) -> str:
        ...         return f"https://example.org/hooks/{self.id}"
        >>> ann = User(7, "ann@example.org")
        >>> ann.route_notification_for("webhook")
        'https://example.org/hooks/7'

    Source: Laravel 13, Illuminate\\Notifications\\Notifiable.
    """

    __slots__ = ()

    def route_notification_for(
        self, channel: ChannelName, notification: Notification | None = None
    ) -> Any:
        """Return where this one is told by *channel*; None for nowhere.

        Raises:
            RouteMissing: Nothing says so.
        """
        return _said(self, channel, notification)

    def notifications(self) -> StoredNotifications:
        """Return what the channel `store` keeps for this one, the latest first."""
        return self._inbox().all()

    async def anotifications(self) -> StoredNotifications:
        """Async twin of :meth:`notifications`."""
        return await self._inbox().aall()

    def unread_notifications(self) -> StoredNotifications:
        """Return those that were not read, the latest first."""
        return self._inbox().unread()

    async def aunread_notifications(self) -> StoredNotifications:
        """Async twin of :meth:`unread_notifications`."""
        return await self._inbox().aunread()

    def mark_as_read(self, *ids: str) -> int:
        """Mark those called *ids* as read, or all if none is named; return how many were not."""
        return self._inbox().mark_as_read(*ids)

    async def amark_as_read(self, *ids: str) -> int:
        """Async twin of :meth:`mark_as_read`."""
        return await self._inbox().amark_as_read(*ids)

    def _inbox(self) -> Inbox:
        found: Inbox = current().make("notifications").inbox(self)
        return found


class AnonymousNotifiable(_Tellable):
    """An address, or one for each channel, without a person behind it.

    Channels that it has no address for have nothing to send.

    Attributes:
        routes: Where each channel sends to.

    Example:
        >>> AnonymousNotifiable({"mail": "ann@example.org"}).route_notification_for("mail")
        'ann@example.org'
    """

    __slots__ = ("routes",)

    # Payloads hold plain data, and of other classes those that are named here.
    routes: dict[str, Any | WebhookRoute | Address]

    def __init__(self, routes: Mapping[str, Any]) -> None:
        self.routes = dict(routes)

    def route(self, channel: ChannelName, route: Any) -> AnonymousNotifiable:
        """Return one that is told by *channel* at *route*, too."""
        return AnonymousNotifiable({**self.routes, channel_name(channel): route})

    def route_notification_for(
        self, channel: ChannelName, notification: Notification | None = None
    ) -> Any:
        """Return where *channel* sends to; None for nowhere."""
        return self.routes.get(channel_name(channel))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnonymousNotifiable) and self.routes == other.routes

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # its routes may be changed

    def __repr__(self) -> str:
        # Routes hold secrets and passwords: their channels will do.
        return f"<{type(self).__name__} {', '.join(sorted(self.routes))}>"


def each_of(notifiables: object) -> list[Any]:
    """Return the notifiables that *notifiables* is: one, or several.

    Raises:
        NotNotifiable: One of them is text, a number or None.
    """
    found: list[Any] = [notifiables]
    if _are_several(notifiables):
        found = list(cast("Iterable[Any]", notifiables))
    for each in found:
        if each is None or isinstance(each, _NOBODY) or type(each) in _SEVERAL:
            raise NotNotifiable(_shown(each))
    return found


def route_of(notifiable: Any, channel: ChannelName, notification: Notification | None) -> Any:
    """Return where *notifiable* is told by *channel*; None for nowhere.

    Raises:
        RouteMissing: Nothing says so.
    """
    method = getattr(notifiable, "route_notification_for", None)
    if method is None:
        return _said(notifiable, channel, notification)
    return method(*(channel, notification)[: len(inspect.signature(method).parameters)])


def owner_of(notifiable: Any, notification: Notification | None = None) -> Key:
    """Return what the store keeps the notifications of *notifiable* under.

    Raises:
        RouteMissing: Nothing says so.
    """
    owner: Key | None = route_of(notifiable, "store", notification)
    if owner is None:
        raise RouteMissing(type(notifiable).__name__, "store")
    return owner


def locale_of(notifiable: Any) -> str | None:
    """Return the locale that *notifiable* prefers; None where it says nothing."""
    preferred = getattr(notifiable, "preferred_locale", None)
    found = preferred() if callable(preferred) else preferred
    return str(found) if found else None


def _are_several(notifiables: Any) -> bool:
    """Return whether *notifiables* holds notifiables, and is none itself.

    Models of pydantic can be iterated over, and are one nevertheless.
    """
    marks = ("route_notification_for", "email", "__pydantic_fields__")
    if any(hasattr(notifiables, mark) for mark in marks):
        return False
    return isinstance(notifiables, Iterable) and not isinstance(notifiables, _NOBODY)


def _shown(given: Any) -> str:
    return str(getattr(given, "__qualname__", repr(given)))


def _said(notifiable: Any, channel: ChannelName, notification: Notification | None) -> Any:
    name = channel if isinstance(channel, str) else channel.__name__
    method = getattr(notifiable, f"route_notification_for_{name}", None)
    if method is not None:
        wanted = len(inspect.signature(method).parameters)
        return method(*(notification,)[:wanted])
    if name == "mail" and (hasattr(notifiable, "email") or hasattr(notifiable, "__mail_address__")):
        return notifiable if getattr(notifiable, "email", True) else None
    if name == "store" and (id_ := _id_of(notifiable)) is not None:
        return (f"{type(notifiable).__module__}.{type(notifiable).__qualname__}", id_)
    if name == "log":
        return None
    raise RouteMissing(type(notifiable).__name__, name)


def _id_of(notifiable: Any) -> Key | None:
    """Return what stands for *notifiable* among those of its class."""
    reference = getattr(notifiable, "__queue_ref__", None)
    id_ = getattr(notifiable, "id", None) if reference is None else reference()
    if isinstance(id_, UUID):
        return str(id_)
    if isinstance(id_, (str, int, bytes, tuple)) and not isinstance(id_, bool):
        return cast("Key", id_)
    return None
