"""Notification: what people are told, by which channels, and how it is queued."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self, TypeAlias

from securely.notifications.exceptions import InvalidNotification
from securely.queue.job import Delay
from securely.support.importing import dotted
from securely.support.shadowing import shadowed

__all__ = ["ChannelName", "Notification", "channel_name"]

ChannelName: TypeAlias = str | type[Any]
"""What `via` names: a channel by its name, or a class that has a method ``send``."""

# An option is a value, or a method that gives it for one instance; see `securely.queue.job`.
Option: TypeAlias = Any

_METHODS: Final = frozenset(
    {
        *("after_sending", "failed", "id", "locale", "middleware", "preferred_locale"),
        *("should_send", "to_array", "to_log", "to_mail", "to_store", "to_webhook", "via"),
        *("via_connections", "via_queues", "with_delay"),
    }
)


class Notification:
    """What people are told: a plain class, or a dataclass, with `via()` and a `to_…` per channel.

    What a channel sends is what its method returns: ``to_mail(notifiable)``, ``to_store``,
    ``to_log``, ``to_webhook``; channels but mail take ``to_array(notifiable)`` where there is no
    such method. They may be ``async``, and further parameters are given by the container.

    A queued one (`should_queue`) is restored in the worker from its attributes, without
    ``__init__``: they are plain data. Its options are those of jobs, and hold for each of its
    jobs: there is one for each notifiable and channel.

    Attributes:
        should_queue: `send` and `notify` queue it.
        tries: Failures until it is over; None for the worker's `--tries`, 0 for no limit.
        backoff: Wait after a failure: a duration, a list of them, or a Backoff.
        timeout: Seconds one run may take.
        fail_on_timeout: Fail at once when a run takes too long, instead of trying again.
        max_exceptions: Exceptions until it is over, where `tries` has no limit.
        retry_until: From when on a failure is final: a duration from its dispatch, or a moment.
        max_lost: How many workers may die under it before it fails.
        encrypted: What it holds is encrypted in the queue.
        expires_after: How long after its dispatch it may be sent; later it is dropped.
        dont_retry: Exceptions after which it is not tried again.
        delete_when_missing: Drop it quietly when an entity that it names is gone.
        after_commit: Queue it once the open transaction has committed.
        queue: The queue it goes to; None for the connection's default.
        connection: The connection it goes to; None for the default one.
        delay: How long it waits.
        priority: Higher goes first within its queue.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class InvoicePaid(Notification):
        ...     number: int
        ...     def via(self, notifiable: object) -> list[str]:
        ...         return ["mail", "store"]
        ...     def to_array(self, notifiable: object) -> dict[str, object]:
        ...         return {"number": self.number}
        >>> InvoicePaid(7).via(None)
        ['mail', 'store']

    Source: Laravel 13, Illuminate\\Notifications\\Notification.
    """

    __test__: ClassVar[bool] = False  # pytest takes a TestOver that a test imports for a test

    should_queue: bool = False
    tries: Option = None
    backoff: Option = None
    timeout: Option = None
    fail_on_timeout: Option = False
    max_exceptions: Option = None
    retry_until: Option = None
    max_lost: Option = None
    encrypted: Option = False
    expires_after: Option = None
    dont_retry: Option = ()
    delete_when_missing: bool = False
    after_commit: bool | None = None
    queue: str | None = None
    connection: str | None = None
    delay: Delay | None = None
    priority: int = 0

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a field with the name of a method: a dataclass would take that as its default."""
        super().__init_subclass__(**kwargs)
        if taken := shadowed(cls, _METHODS):
            raise InvalidNotification(
                f"{cls.__module__}.{cls.__qualname__}",
                f'its field "{taken}" has the name of a method of notifications. Rename the field.',
            )

    @property
    def id(self) -> str:
        """What stands for it, of one notifiable: all of its channels tell this; empty before."""
        return str(self.__dict__.get("_id", ""))

    @property
    def preferred_locale(self) -> str | None:
        """The locale it is to be told in; None for that of the notifiable."""
        found: str | None = self.__dict__.get("_locale")
        return found

    def locale(self, locale: str) -> Self:
        """Return a copy that is told in *locale*, whatever the notifiable prefers."""
        return self._with(_locale=locale)

    def via(self, notifiable: Any) -> Sequence[ChannelName]:
        """Return the channels that tell *notifiable*; none for nothing.

        Raises:
            InvalidNotification: The class does not say.
        """
        raise InvalidNotification(
            f"{type(self).__module__}.{type(self).__qualname__}",
            'it has no method "via". Return the names of channels: ["mail", "store"].',
        )

    def should_send(self, notifiable: Any, channel: ChannelName) -> bool | Awaitable[bool]:
        """Return whether it is still to be sent; asked right before, in the worker if queued.

        Where the answer is False it is dropped, and nobody is told.
        """
        return True

    def after_sending(self, notifiable: Any, channel: ChannelName, answer: Any) -> object:
        """Do something once *channel* has taken it; *answer* is what the channel returned."""

    def failed(self, error: BaseException) -> object:
        """Do something once a queued one is over without success, on one of its channels."""

    def middleware(self, notifiable: Any, channel: ChannelName) -> Sequence[object]:
        """Return what stands around the job of *channel*; asked when it is queued.

        It travels with the job: attributes are plain data.
        """
        return ()

    def via_queues(self) -> Mapping[Any, str]:
        """Return the queue of each channel; one that is not named uses `queue`."""
        return {}

    def via_connections(self) -> Mapping[Any, str]:
        """Return the connection of each channel; one that is not named uses `connection`."""
        return {}

    def with_delay(self, notifiable: Any) -> Mapping[Any, Delay] | Delay | None:
        """Return how long it waits: for each channel, or for all; None for `delay`."""
        return None

    def _numbered(self, id_: str) -> Self:
        """Return a copy that is called *id_*."""
        return self._with(_id=id_)

    @property
    def _postponed(self) -> Sequence[str]:
        """The addresses that alone are still to be told, since the others were; empty for all."""
        found: list[str] = self.__dict__.get("_postponed_", [])
        return found

    def _postponed_for(self, addresses: Sequence[str]) -> Self:
        """Return a copy that is for *addresses* alone, of those whom the channel tells."""
        return self._with(_postponed_=[*addresses])

    def _with(self, **attributes: object) -> Self:
        """Return a copy with *attributes*; it may be frozen."""
        other = copy.copy(self)
        # What stands beside the slots of a frozen one is not copied with them.
        other.__dict__.update({**self.__dict__, **attributes})
        return other


def channel_name(channel: ChannelName) -> str:
    """Return what *channel* is called where it has to be text.

    Example:
        >>> channel_name("mail"), channel_name(Notification)
        ('mail', 'securely.notifications.notification:Notification')
    """
    return channel if isinstance(channel, str) else dotted(channel)
