"""What can go wrong with notifications.

NotificationError               the root
├── AftermathFailed             it was sent, and what was to follow that failed
├── ChannelUndefined            there is no channel of that name (also a LookupError)
├── DriverUnknown               nobody provides the driver of a channel (also a LookupError)
├── InvalidContent              what a `to_…` returned can not be sent (also a TypeError)
├── InvalidNotification         a notification is none, or can not be used (also a TypeError)
├── NotNotifiable               nobody can be told there (also a TypeError)
├── NotificationErrors          channels failed, each for a reason of its own
├── RouteMissing                nothing says where a notifiable is told (also a LookupError)
├── SendingFailed               one channel failed for one notifiable
├── UnknownNotification         the class that a payload names is none (also a LookupError)
└── WebhookFailed               the server of a webhook did not take a notification
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "AftermathFailed",
    "ChannelUndefined",
    "DriverUnknown",
    "InvalidContent",
    "InvalidNotification",
    "NotNotifiable",
    "NotificationError",
    "NotificationErrors",
    "RouteMissing",
    "SendingFailed",
    "UnknownNotification",
    "WebhookFailed",
]

# What others call a channel of ours.
_ELSEWHERE = {"database": "store", "email": "mail", "slack": "webhook"}


class NotificationError(SecurelyError):
    """The root of every error of notifications."""


class AftermathFailed(NotificationError):
    """A notification was sent, and `after_sending` or a listener of NotificationSent failed.

    The error is its `__cause__`. A queued one is not tried again, for it was sent.

    Attributes:
        notification: The class of the notification.
        channel: The channel that took it.
        answer: What the channel returned; None in a copy from another process.
    """

    def __init__(self, notification: str, channel: str, answer: object = None) -> None:
        self.notification: str = notification
        self.channel: str = channel
        self.answer: object = answer
        super().__init__(
            f'{notification} was sent by the channel "{channel}", and what was to follow that '
            "raised an exception. It is not sent again."
        )

    def __reduce__(self) -> tuple[type[AftermathFailed], tuple[str, str]]:
        return type(self), (self.notification, self.channel)


class ChannelUndefined(NotificationError, LookupError):
    """There is no channel of that name.

    Attributes:
        channel: The name.
        channels: Those that there are.
    """

    def __init__(self, channel: str, channels: Iterable[str]) -> None:
        self.channel: str = channel
        self.channels: tuple[str, ...] = tuple(sorted(channels))
        near = did_you_mean(channel, self.channels) or _ELSEWHERE.get(channel)
        hint = f' Did you mean "{near}"?' if near in self.channels else ""
        super().__init__(
            f'There is no channel "{channel}" for notifications. '
            f"Channels: {', '.join(self.channels) or 'none'}.{hint} "
            "Add one by Notification.extend, or give its class in via()."
        )

    def __reduce__(self) -> tuple[type[ChannelUndefined], tuple[str, tuple[str, ...]]]:
        return type(self), (self.channel, self.channels)


class DriverUnknown(NotificationError, LookupError):
    """Nobody provides the driver of a channel.

    Attributes:
        channel: The channel.
        driver: The driver that it names.
        drivers: Those that there are.
    """

    def __init__(self, channel: str, driver: str, drivers: Iterable[str]) -> None:
        self.channel: str = channel
        self.driver: str = driver
        self.drivers: tuple[str, ...] = tuple(sorted(drivers))
        near = did_you_mean(driver, self.drivers)
        hint = f' Did you mean "{near}"?' if near else ""
        super().__init__(
            f'The channel "{channel}" asks for the driver "{driver}", which nobody provides. '
            f"Drivers: {', '.join(self.drivers)}.{hint}"
        )

    def __reduce__(self) -> tuple[type[DriverUnknown], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.channel, self.driver, self.drivers)


class InvalidContent(NotificationError, TypeError):
    """What a notification has for a channel can not be sent by it.

    Attributes:
        notification: The class of the notification.
        method: The method that was asked: ``to_mail``.
        reason: What is wrong, and what to return instead.
    """

    def __init__(self, notification: str, method: str, reason: str) -> None:
        self.notification: str = notification
        self.method: str = method
        self.reason: str = reason
        super().__init__(f"{notification}.{method}: {reason}")

    def __reduce__(self) -> tuple[type[InvalidContent], tuple[str, str, str]]:
        return type(self), (self.notification, self.method, self.reason)


class InvalidNotification(NotificationError, TypeError):
    """Something is no notification, or is one that can not be used.

    Attributes:
        notification: What was given, or its class.
        reason: What is wrong with it.
    """

    def __init__(self, notification: str, reason: str) -> None:
        self.notification: str = notification
        self.reason: str = reason
        super().__init__(f"{notification}: {reason}")

    def __reduce__(self) -> tuple[type[InvalidNotification], tuple[str, str]]:
        return type(self), (self.notification, self.reason)


class NotNotifiable(NotificationError, TypeError):
    """Nobody can be told there: text, numbers and None are no notifiables.

    Attributes:
        given: What was given, as it may be shown.
    """

    def __init__(self, given: str) -> None:
        self.given: str = given
        super().__init__(
            f"{given} can not be notified. Give an object of a class that derives from Notifiable, "
            'or name an address: Notification.route("mail", "ann@example.org").notify(…).'
        )

    def __reduce__(self) -> tuple[type[NotNotifiable], tuple[str]]:
        return type(self), (self.given,)


class RouteMissing(NotificationError, LookupError):
    """Nothing says where a notifiable is told by a channel.

    Attributes:
        notifiable: The class of the notifiable.
        channel: The channel.
    """

    def __init__(self, notifiable: str, channel: str) -> None:
        self.notifiable: str = notifiable
        self.channel: str = channel
        method = f"route_notification_for_{channel}"
        super().__init__(
            f'Nothing says where {notifiable} is told by the channel "{channel}". Give it a method '
            f"{method}(notification); where that returns None, nothing is sent."
        )

    def __reduce__(self) -> tuple[type[RouteMissing], tuple[str, str]]:
        return type(self), (self.notifiable, self.channel)


class SendingFailed(NotificationError):
    """One channel failed for one notifiable.

    Attributes:
        notification: The class of the notification.
        notifiable: The class of the notifiable.
        channel: The channel.
        cause: What went wrong.
    """

    def __init__(
        self, notification: str, notifiable: str, channel: str, cause: BaseException
    ) -> None:
        self.notification: str = notification
        self.notifiable: str = notifiable
        self.channel: str = channel
        self.cause: BaseException = cause
        super().__init__(
            f'{notification} by "{channel}" to {notifiable}: {type(cause).__name__}: {cause}'
        )

    def __reduce__(self) -> tuple[type[SendingFailed], tuple[str, str, str, BaseException]]:
        return type(self), (self.notification, self.notifiable, self.channel, self.cause)


class NotificationErrors(NotificationError, ExceptionGroup[SendingFailed]):
    """Channels failed, each for a reason of its own; all others have done what they were to do.

    It is a group of exceptions: its traceback shows each cause, and ``except*`` takes it apart.

    Attributes:
        failures: What went wrong, for each channel and notifiable, in order.
        causes: The exceptions themselves.
    """

    def __new__(cls, failures: Sequence[SendingFailed]) -> NotificationErrors:  # noqa: D102  # as its constructor
        return ExceptionGroup.__new__(cls, _listed(failures), failures)

    def __init__(self, failures: Sequence[SendingFailed]) -> None:
        self.failures: tuple[SendingFailed, ...] = tuple(failures)
        self.causes: tuple[BaseException, ...] = tuple(each.cause for each in failures)
        super().__init__(_listed(failures), failures)

    def __str__(self) -> str:
        return self.message

    def __reduce__(
        self,
    ) -> tuple[Callable[..., NotificationErrors], tuple[tuple[SendingFailed, ...]]]:
        return type(self), (self.failures,)


class UnknownNotification(NotificationError, LookupError):
    """The class that a payload names does not exist any more, or is no notification.

    Attributes:
        path: The class, as the payload names it.
        reason: What is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path: str = path
        self.reason: str = reason
        super().__init__(f'The payload names the class "{path}", and {reason}.')

    def __reduce__(self) -> tuple[type[UnknownNotification], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class WebhookFailed(NotificationError):
    """The server of a webhook did not take a notification, or could not be asked.

    Args:
        url: Where it was to go, without passwords and parameters.
        reason: What went wrong, as a sentence without its full stop.
        is_retryable: Whether it may be taken later.
        status: The status that the server answered with, where it did.
        is_unknown: Whether nobody knows if the server took it: the connection broke before the
            answer.
    """

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        is_retryable: bool,
        status: int | None = None,
        is_unknown: bool = False,
    ) -> None:
        self.url: str = url
        self.reason: str = reason
        self.is_retryable: bool = is_retryable
        self.status: int | None = status
        self.is_unknown: bool = is_unknown
        super().__init__(f"Webhook {url}: {reason}.")

    def __reduce__(self) -> tuple[Callable[..., WebhookFailed], tuple[str, str]]:
        make = partial(
            type(self),
            is_retryable=self.is_retryable,
            status=self.status,
            is_unknown=self.is_unknown,
        )
        return make, (self.url, self.reason)


def _listed(failures: Sequence[SendingFailed]) -> str:
    count = "1 channel" if len(failures) == 1 else f"{len(failures)} channels"
    return f"{count} failed: " + "; ".join(map(str, failures))
