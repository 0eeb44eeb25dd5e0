"""What both type checkers must say of notifications. Never executed; mypy and basedpyright read it.

A line that must be an error carries an ignore, which both checkers respect. An ignore that is not
needed is an error itself, so the line fails the check of that one where the error goes away.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_type

from securely.facades import Notification as Facade
from securely.facades import Notifications
from securely.mail import Attachment
from securely.notifications import (
    AnonymousNotifiable,
    Channel,
    Inbox,
    LogMessage,
    MailMessage,
    Notifiable,
    Notification,
    NotificationErrors,
    SendingFailed,
    SendsNotifications,
    StoredNotifications,
    WebhookMessage,
    WebhookRoute,
)
from securely.notifications.fake import NotificationFake
from securely.notifications.manager import Localized


@dataclass
class User(Notifiable):
    """Who is told."""

    id: int
    email: str

    def route_notification_for_webhook(self, notification: Notification) -> WebhookRoute:
        """Return where."""
        return WebhookRoute("https://x.io", headers={"a": "b"})


class Pager:
    """A channel of an application."""

    async def send(self, notifiable: User, notification: Notification) -> str:
        """Tell it."""
        return notification.id


class Both:
    """A channel in both colours."""

    def send(self, notifiable: Any, notification: Notification) -> object:
        """Tell it."""
        return None

    async def asend(self, notifiable: Any, notification: Notification) -> object:
        """Tell it."""
        return None


@dataclass
class Paid(Notification):
    """What is told, with everything that can be said."""

    number: int

    tries = 5
    backoff = 5
    should_queue = True
    queue = "mails"
    delay = "1m"

    def via(self, notifiable: User) -> list[str | type[Pager]]:
        """Return the channels."""
        return ["mail", Pager]

    async def should_send(self, notifiable: User, channel: Any) -> bool:
        """Return whether, in the other colour."""
        return True

    async def after_sending(self, notifiable: User, channel: Any, answer: Any) -> None:
        """Do nothing."""

    def failed(self, error: BaseException) -> None:
        """Do nothing."""

    def via_queues(self) -> dict[str, str]:
        """Return the queues."""
        return {"mail": "slow"}

    def with_delay(self, notifiable: User) -> dict[str, int]:
        """Return the delays."""
        return {"mail": 5}

    def to_mail(self, notifiable: User) -> MailMessage:
        """Return the mail."""
        return (
            MailMessage()
            .line("a")
            .line_if(condition=True, line=["b", "c"])
            .action("Go", "https://x.io")
            .attach(Attachment.from_data(b"", "a"), as_="b")
            .cc("a@x.io", notifiable)
        )

    def to_log(self, notifiable: User) -> LogMessage:
        """Return the line."""
        return LogMessage("a", {"n": self.number}, "warning")

    def to_webhook(self, notifiable: User) -> WebhookMessage:
        """Return the body."""
        return WebhookMessage({"n": self.number})


async def what_is_right(user: User) -> None:
    """The types that come out."""
    assert_type(Facade.send(user, Paid(5)), None)
    assert_type(await Facade.asend([user], Paid(5)), None)
    assert_type(Facade.route("mail", "a@x.io"), AnonymousNotifiable)
    assert_type(Facade.routes({"mail": "a@x.io"}).route("webhook", "x"), AnonymousNotifiable)
    assert_type(Notifications.locale("nl"), Localized)
    assert_type(Notifications.inbox(user), Inbox)
    assert_type(user.notifications(), StoredNotifications)
    assert_type((await user.aunread_notifications()).unread(), StoredNotifications)
    assert_type(user.mark_as_read("1", "2"), int)
    assert_type(Paid(5).locale("nl"), Paid)
    assert_type(MailMessage().error().line("x"), MailMessage)
    fake = Notifications.fake()
    assert_type(fake, NotificationFake)
    assert_type(fake.sent(user, Paid), list[Paid])
    one: SendsNotifications = Pager()
    both: Channel = Both()
    Notifications.extend("pager", lambda name, options: (one, both))
    Notifications.extend("both", Both)
    user.notify_now(Paid(5), ["mail", Pager])
    try:
        user.notify(Paid(5))
    except NotificationErrors as error:
        assert_type(error.failures, tuple[SendingFailed, ...])


def what_is_wrong(user: User) -> None:
    """Each of these is an error in both checkers."""
    user.notify("paid")  # type: ignore[arg-type]
    Facade.send(user)  # type: ignore[call-arg]
    Paid("5")  # type: ignore[arg-type]
    Paid(5).lokale("nl")  # type: ignore[attr-defined]
    MailMessage().action("Go")  # type: ignore[call-arg]
    WebhookRoute(url="https://x.io", secert="s")  # type: ignore[call-arg]
