"""What people are told, by channels of their choice: mail, the store, the log, webhooks, yours.

``user.notify(InvoicePaid(7))`` asks the notification by which channels, and tells the user by
each; one that is queued is a job for each. Every method that waits has an async twin with an
``a`` before its name.

    notification.py  Notification: what is told, by which channels, and how it is queued
    notifiable.py    Notifiable, AnonymousNotifiable: who is told, and where
    sending.py       Sender: tells notifiables by their channels, here and now
    queued.py        SendNotification: the job of one notifiable and one channel
    asking.py        calls what an application has written, whichever colour it has
    inbox.py         Inbox, StoredNotification: what the store keeps for somebody
    messages/        MailMessage, WebhookMessage, LogMessage: what channels send
    views/           the mail that a MailMessage becomes
    contracts.py     Channel: what a driver must do
    manager.py       ChannelManager: sends, now or by the queue, through channels by name
    drivers/         mail, store, log, webhook
    fake.py          NotificationFake: records instead of sending
    events.py        NotificationSending, NotificationSent, NotificationFailed
    exceptions.py    NotificationError and its tree
    options.py       the section ``notifications`` of the configuration
    commands.py      make:notification, notifications:prune
    provider.py      binds the manager
"""

from __future__ import annotations

from securely.notifications.contracts import SKIPPED, Channel, SendsNotifications
from securely.notifications.events import (
    NotificationEvent,
    NotificationFailed,
    NotificationSending,
    NotificationSent,
)
from securely.notifications.exceptions import (
    AftermathFailed,
    ChannelUndefined,
    DriverUnknown,
    InvalidContent,
    InvalidNotification,
    NotificationError,
    NotificationErrors,
    NotNotifiable,
    RouteMissing,
    SendingFailed,
    UnknownNotification,
    WebhookFailed,
)
from securely.notifications.inbox import Inbox, StoredNotification, StoredNotifications
from securely.notifications.manager import ChannelManager
from securely.notifications.messages import (
    LogMessage,
    MailMessage,
    WebhookAnswer,
    WebhookMessage,
    WebhookRoute,
)
from securely.notifications.notifiable import AnonymousNotifiable, Notifiable
from securely.notifications.notification import ChannelName, Notification

__all__ = [
    "SKIPPED",
    "AftermathFailed",
    "AnonymousNotifiable",
    "Channel",
    "ChannelManager",
    "ChannelName",
    "ChannelUndefined",
    "DriverUnknown",
    "Inbox",
    "InvalidContent",
    "InvalidNotification",
    "LogMessage",
    "MailMessage",
    "NotNotifiable",
    "Notifiable",
    "Notification",
    "NotificationError",
    "NotificationErrors",
    "NotificationEvent",
    "NotificationFailed",
    "NotificationSending",
    "NotificationSent",
    "RouteMissing",
    "SendingFailed",
    "SendsNotifications",
    "StoredNotification",
    "StoredNotifications",
    "UnknownNotification",
    "WebhookAnswer",
    "WebhookFailed",
    "WebhookMessage",
    "WebhookRoute",
]
