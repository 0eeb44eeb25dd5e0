"""Sender: tells notifiables by their channels, here and now."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, NamedTuple, Protocol, cast

from securely.container import Container
from securely.notifications.asking import ask
from securely.notifications.contracts import SKIPPED
from securely.notifications.events import (
    NotificationEvent,
    NotificationFailed,
    NotificationSending,
    NotificationSent,
)
from securely.notifications.exceptions import (
    AftermathFailed,
    InvalidNotification,
    NotificationErrors,
    SendingFailed,
)
from securely.notifications.notifiable import each_of, locale_of
from securely.notifications.notification import ChannelName, Notification, channel_name
from securely.queue.exceptions import Instruction, JobTimedOut
from securely.support import entropy
from securely.support.awaiting import answered
from securely.support.steps import Steps, call
from securely.translation import Translator

__all__ = ["Events", "Plan", "Sender"]


class Events(Protocol):
    """Who is told of events; a :class:`securely.events.Dispatcher` is one."""

    def has_listeners(self, event: type[NotificationEvent], /) -> bool:
        """Return whether anybody listens to *event*."""
        ...

    def until(self, event: NotificationEvent, /) -> object:
        """Tell the listeners until one answers, and return that answer."""
        ...

    async def auntil(self, event: NotificationEvent, /) -> object:
        """Async twin of :meth:`until`."""
        ...

    def dispatch(self, event: NotificationEvent, /) -> object:
        """Tell the listeners."""
        ...

    async def adispatch(self, event: NotificationEvent, /) -> object:
        """Async twin of :meth:`dispatch`."""
        ...


class Plan(NamedTuple):
    """One notifiable, the notification with an id of its own, and the channels that tell it."""

    notifiable: Any
    notification: Notification
    channels: tuple[ChannelName, ...]


class Sender:
    """Tells notifiables by their channels, here and now.

    Args:
        channel: Gives a channel; raises where there is none.
        check: Raises where there is no such channel, and builds none.
        container: Gives the methods of notifications what they ask for.
        events: Who is told what happens; None for nobody.
        translator: Gives what holds the locale; asked where one is wanted.
    """

    def __init__(
        self,
        channel: Callable[[ChannelName], Any],
        check: Callable[[ChannelName], object],
        *,
        container: Container,
        events: Events | None,
        translator: Callable[[], Translator],
    ) -> None:
        self._channel = channel
        self._check = check
        self._container = container
        self._events = events
        self._translator = translator

    def plans(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None = None,
    ) -> list[Plan]:
        """Return who is to be told by which channels; nothing is sent before all of it is known.

        Raises:
            ChannelUndefined: There is no such channel.
            InvalidNotification: It is none, or does not say by which channels.
            NotNotifiable: One of the notifiables is none.
        """
        if not isinstance(notification, Notification):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers err
            raise _no_notification(notification)
        plans: list[Plan] = []
        for notifiable in each_of(notifiables):
            named = notification.via(notifiable) if channels is None else channels
            several = _several(named, notification)
            for channel in several:
                self._check(channel)
            numbered = notification._numbered(str(entropy.uuid7()))  # pyright: ignore[reportPrivateUsage]  # its family
            plans.append(Plan(notifiable, numbered, tuple(dict.fromkeys(several))))
        return plans

    def send(self, plans: Sequence[Plan]) -> Steps[None]:
        """Carry out *plans*; what fails stops nothing else.

        Raises:
            NotificationErrors: Channels failed; raised when all of them were asked.
        """
        failures: list[SendingFailed] = []
        for plan in plans:
            for channel in plan.channels:
                found = yield from self._tried(plan, channel)
                failures += [_failure(plan, channel, error) for error in found]
        if failures:
            raise NotificationErrors(failures) from None

    def deliver(
        self, notifiable: Any, notification: Notification, channel: ChannelName
    ) -> Steps[object]:
        """Tell one notifiable by one channel; return its answer, SKIPPED where nothing was sent.

        Raises:
            AftermathFailed: It was sent, and what was to follow failed.
            Exception: Whatever the channel raised.
        """
        with self._locale(notifiable, notification):
            should = yield from ask(self._container, notification.should_send, notifiable, channel)
            if should is False:
                return SKIPPED
            if self._hears(NotificationSending):
                sending = NotificationSending(notifiable, notification, channel)
                if (yield from self._until(sending)) is False:
                    return SKIPPED
            answer = yield from self._through(self._channel(channel), notifiable, notification)
            if answer is SKIPPED:
                return SKIPPED
            try:
                yield from ask(
                    self._container, notification.after_sending, notifiable, channel, answer
                )
                if self._hears(NotificationSent):
                    sent = NotificationSent(notifiable, notification, channel, answer)
                    yield from self._tell(sent)
            except (Instruction, JobTimedOut):
                raise
            # It was sent: who tries again must know that.
            except Exception as error:
                name = type(notification).__qualname__
                raise AftermathFailed(name, channel_name(channel), answer) from error
            return answer

    def fail(
        self,
        notifiable: Any,
        notification: Notification,
        channel: ChannelName,
        error: BaseException,
    ) -> Steps[None]:
        """Tell that a channel failed."""
        if self._hears(NotificationFailed):
            yield from self._tell(NotificationFailed(notifiable, notification, channel, error))

    def _tried(self, plan: Plan, channel: ChannelName) -> Steps[list[Exception]]:
        """Tell by one channel; return what went wrong, which is to stop no other one."""
        errors: list[Exception] = []
        try:
            yield from self.deliver(plan.notifiable, plan.notification, channel)
        # How a job around this ends, and the end of its time, are none of a channel.
        except (Instruction, JobTimedOut):
            raise
        # The border to channels, and to the authors of notifications.
        except Exception as error:
            errors.append(error)
        if errors and not isinstance(errors[0], AftermathFailed):
            try:
                yield from self.fail(plan.notifiable, plan.notification, channel, errors[0])
            except (Instruction, JobTimedOut):
                raise
            # The border to listeners: who hears of one failure must not cause others.
            except Exception as error:
                errors.append(error)
        return errors

    def _through(self, channel: Any, notifiable: Any, notification: Notification) -> Steps[object]:
        """Have *channel* send; one of an application has a method of either colour."""
        if hasattr(channel, "asend"):
            return (yield from call(channel.send, channel.asend, notifiable, notification))
        return (yield from call(_send, _asend, channel, notifiable, notification))

    def _hears(self, event: type[NotificationEvent]) -> bool:
        return self._events is not None and self._events.has_listeners(event)

    def _until(self, event: NotificationEvent) -> Steps[object]:
        assert self._events is not None  # noqa: S101  # somebody listens
        return (yield from call(self._events.until, self._events.auntil, event))

    def _tell(self, event: NotificationEvent) -> Steps[None]:
        assert self._events is not None  # noqa: S101  # somebody listens
        yield from call(self._events.dispatch, self._events.adispatch, event)

    @contextmanager
    def _locale(self, notifiable: Any, notification: Notification) -> Generator[None]:
        locale = notification.preferred_locale or locale_of(notifiable)
        if locale is None:
            yield
            return
        with self._translator().with_locale(locale):
            yield


def _send(channel: Any, notifiable: Any, notification: Notification) -> object:
    return answered(channel.send(notifiable, notification))


async def _asend(channel: Any, notifiable: Any, notification: Notification) -> object:
    """Wait for a channel that blocks in a thread: it must not hold up the loop."""
    if inspect.iscoroutinefunction(channel.send):
        return await channel.send(notifiable, notification)
    answer = await asyncio.to_thread(channel.send, notifiable, notification)
    return await answer if isawaitable(answer) else answer


def _failure(plan: Plan, channel: ChannelName, error: Exception) -> SendingFailed:
    failure = SendingFailed(
        type(plan.notification).__qualname__,
        type(plan.notifiable).__qualname__,
        channel_name(channel),
        error,
    )
    failure.__cause__ = error
    return failure


def _several(named: object, notification: Notification) -> tuple[ChannelName, ...]:
    """Return the channels that *named* is: one, or several.

    Raises:
        InvalidNotification: It is neither.
    """
    if isinstance(named, (str, type)):
        return (named,)
    if isinstance(named, Iterable):
        return tuple(cast("Iterable[ChannelName]", named))
    raise InvalidNotification(
        f"{type(notification).__module__}.{type(notification).__qualname__}",
        f"its channels are {type(named).__name__}. Let via return their names: "
        '["mail", "store"], or [] for none.',
    )


def _no_notification(given: object) -> InvalidNotification:
    if isinstance(given, type):
        name = given.__qualname__
        return InvalidNotification(name, f"it is a class. Give an instance of it: {name}(…).")
    return InvalidNotification(
        repr(given)[:80], "it is no notification. Derive its class from Notification."
    )
