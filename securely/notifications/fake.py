"""NotificationFake: assert_sent_to, assert_sent_on_demand, assert_nothing_sent and their kin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from securely.container import current
from securely.notifications.asking import ask
from securely.notifications.exceptions import RouteMissing
from securely.notifications.manager import ChannelManager, Materials
from securely.notifications.notifiable import AnonymousNotifiable, each_of, locale_of, owner_of
from securely.notifications.notification import ChannelName, Notification, channel_name
from securely.notifications.sending import Plan
from securely.support.manager import Definition
from securely.support.steps import Steps

__all__ = ["NotificationFake", "SentNotification"]

N = TypeVar("N", bound=Notification)


class SentNotification(NamedTuple):
    """What was sent, to whom.

    Attributes:
        notification: The notification, with the id that it would have.
        channels: The channels that would tell it.
        notifiable: Who would be told.
        locale: In which locale; None for the current one.
    """

    notification: Notification
    channels: tuple[ChannelName, ...]
    notifiable: Any
    locale: str | None


class NotificationFake(ChannelManager):
    """What records notifications instead of sending them, and answers what was sent.

    Made by `Notification.fake()`. Nothing is queued and no channel is built; `should_send` is
    asked.

    Args:
        real: The manager whose place it takes.
        definitions: What the configuration says of its channels.
        materials: What its channels are built from.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Paid(Notification):
        ...     number: int
        ...     def via(self, notifiable: object) -> list[str]:
        ...         return ["mail"]
        >>> fake = Notifications.fake()
        >>> Notifications.route("mail", "ann@example.org").notify(Paid(7))
        >>> fake.assert_sent_on_demand(Paid, lambda paid: paid.number == 7)

    Source: Laravel 13, Illuminate\\Support\\Testing\\Fakes\\NotificationFake.
    """

    def __init__(
        self, real: ChannelManager, definitions: Mapping[str, Definition], materials: Materials
    ) -> None:
        super().__init__(definitions, materials)
        self._real = real
        self._extensions = real._extensions
        self._definitions = real._definitions
        self._recorded: list[SentNotification] = []
        self._restores = False

    # -- instead of sending

    def _send(self, notifiables: object, notification: Notification) -> Steps[None]:
        yield from self._record(self._sender.plans(notifiables, notification))

    def _send_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None,
    ) -> Steps[None]:
        yield from self._record(self._sender.plans(notifiables, notification, channels))

    def _record(self, plans: Sequence[Plan]) -> Steps[None]:
        for plan in plans:
            told: list[ChannelName] = []
            for channel in plan.channels:
                should = yield from ask(
                    self._materials.container,
                    plan.notification.should_send,
                    plan.notifiable,
                    channel,
                )
                if should is not False:
                    told.append(channel)
            if told:
                notification = plan.notification
                if self._restores and notification.should_queue:
                    notification = self._restored(plan)
                locale = notification.preferred_locale or locale_of(plan.notifiable)
                self._recorded.append(
                    SentNotification(notification, tuple(told), plan.notifiable, locale)
                )

    def restore(self) -> None:
        """Put the manager whose place it took back there; what was recorded stays."""
        current().instance(ChannelManager, self._real)

    def serialize_and_restore(self, restores: bool = True) -> NotificationFake:
        """Let queued notifications go into a payload and out of it before they are recorded.

        What a worker could not restore fails the test then.
        """
        self._restores = restores
        return self

    # -- what was sent

    def sent(
        self,
        notifiable: object,
        notification: type[N],
        predicate: Callable[..., bool] | None = None,
    ) -> list[N]:
        """Return what was sent to *notifiable* of a class, and meets *predicate*.

        Args:
            notifiable: Who; an :class:`AnonymousNotifiable` class for any address.
            notification: Its class; those derived from it count.
            predicate: Takes the notification, and as far as it wants them the channels, the
                notifiable and the locale.
        """
        return [
            cast("N", each.notification)
            for each in self._of(notification, predicate)
            if _is_same(notifiable, each.notifiable)
        ]

    def has_sent(self, notifiable: object, notification: type[Notification]) -> bool:
        """Return whether anything of a class was sent to *notifiable*."""
        return bool(self.sent(notifiable, notification))

    def sent_notifications(self) -> list[SentNotification]:
        """Return everything that was sent, in its order."""
        return list(self._recorded)

    # -- asserting

    def assert_sent_to(
        self,
        notifiables: object,
        notification: type[Notification],
        expected: Callable[..., bool] | int | None = None,
    ) -> None:
        """Fail unless *notification* was sent to each of *notifiables*.

        Args:
            notifiables: One, or several.
            notification: Its class.
            expected: What it must meet, see :meth:`sent`; or how many times it must have been
                sent.
        """
        for notifiable in self._asked(notifiables):
            if isinstance(expected, int):
                self.assert_sent_to_times(notifiable, notification, expected)
            elif not self.sent(notifiable, notification, expected):
                which = "that meets the condition " if expected is not None else ""
                self._fail(
                    f"No {notification.__qualname__} {which}was sent to {_shown(notifiable)}."
                )

    def assert_sent_to_times(
        self, notifiable: object, notification: type[Notification], times: int = 1
    ) -> None:
        """Fail unless *notification* was sent to *notifiable* exactly that many *times*."""
        count = len(self.sent(notifiable, notification))
        if count != times:
            self._fail(
                f"{notification.__qualname__} was sent to {_shown(notifiable)} {_often(count)}, "
                f"not {_often(times)}."
            )

    def assert_sent_on_demand(
        self,
        notification: type[Notification],
        expected: Callable[..., bool] | int | None = None,
    ) -> None:
        """Fail unless *notification* was sent to an address; see :meth:`assert_sent_to`."""
        self.assert_sent_to(AnonymousNotifiable, notification, expected)

    def assert_sent_on_demand_times(self, notification: type[Notification], times: int = 1) -> None:
        """Fail unless *notification* was sent to addresses exactly that many *times*."""
        self.assert_sent_to_times(AnonymousNotifiable, notification, times)

    def assert_not_sent_to(
        self,
        notifiables: object,
        notification: type[Notification],
        predicate: Callable[..., bool] | None = None,
    ) -> None:
        """Fail if *notification* was sent to any of *notifiables*, and meets *predicate*."""
        for notifiable in self._asked(notifiables):
            if self.sent(notifiable, notification, predicate):
                self._fail(f"{notification.__qualname__} was sent to {_shown(notifiable)}.")

    def assert_nothing_sent(self) -> None:
        """Fail if anything was sent."""
        if self._recorded:
            self._fail(f"{_number(len(self._recorded))} sent, and none was expected.")

    def assert_nothing_sent_to(self, notifiables: object) -> None:
        """Fail if anything was sent to any of *notifiables*."""
        for notifiable in self._asked(notifiables):
            if any(_is_same(notifiable, each.notifiable) for each in self._recorded):
                self._fail(f"{_shown(notifiable)} was told, and nothing was expected.")

    def assert_sent_times(self, notification: type[Notification], times: int) -> None:
        """Fail unless *notification* was sent exactly that many *times*, to whomever."""
        count = len(self._of(notification))
        if count != times:
            self._fail(
                f"{notification.__qualname__} was sent {_often(count)}, not {_often(times)}."
            )

    def assert_count(self, count: int) -> None:
        """Fail unless exactly *count* notifications were sent."""
        found = len(self._recorded)
        if found != count:
            self._fail(f"{_number(found)} sent, not {count}.")

    # -- inside

    def _of(
        self, notification: type[Notification], predicate: Callable[..., bool] | None = None
    ) -> list[SentNotification]:
        found = [each for each in self._recorded if isinstance(each.notification, notification)]
        if predicate is None:
            return found
        wanted = _parameters(predicate, len(SentNotification._fields))
        return [each for each in found if predicate(*each[:wanted])]

    def _asked(self, notifiables: object) -> list[Any]:
        if notifiables is AnonymousNotifiable:
            return [AnonymousNotifiable]
        found = each_of(notifiables)
        if not found:
            raise AssertionError("Nobody is named: the list of notifiables is empty.")
        return found

    def _restored(self, plan: Plan) -> Notification:
        from securely.notifications.queued import SendNotification, jobs_of

        job = jobs_of([plan])[0][0]
        assert isinstance(job, SendNotification)  # noqa: S101  # what it makes
        return job.restored()[1]

    def _fail(self, message: str) -> None:
        told = [
            f"{type(each.notification).__qualname__} to {_shown(each.notifiable)} by "
            f"{', '.join(map(channel_name, each.channels))}"
            for each in self._recorded
        ]
        raise AssertionError(f"{message} Sent: {'; '.join(told) or 'nothing'}.")


def _is_same(expected: object, told: object) -> bool:
    """Return whether two objects stand for one notifiable."""
    if expected is AnonymousNotifiable:
        return isinstance(told, AnonymousNotifiable)
    if expected is told:
        return True
    if type(expected) is not type(told):
        return False
    if isinstance(expected, AnonymousNotifiable):
        return expected == told
    try:
        return owner_of(expected) == owner_of(told)
    except RouteMissing:
        return expected == told


def _parameters(function: Callable[..., bool], most: int) -> int:
    """Return how many of *most* arguments *function* takes."""
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return most
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return min(most, sum(each.kind in kinds for each in parameters))


def _shown(notifiable: object) -> str:
    if notifiable is AnonymousNotifiable:
        return "an address"
    shown = repr(notifiable)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"  # noqa: PLR2004  # one line of a report


def _often(times: int) -> str:
    return "once" if times == 1 else "never" if times == 0 else f"{times} times"


def _number(count: int) -> str:
    return "1 notification was" if count == 1 else f"{count} notifications were"
