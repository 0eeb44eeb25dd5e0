"""MessageSending, MessageSent.

They are made only when somebody listens.

Source: Laravel 13, Illuminate\\Mail\\Events.
"""

from __future__ import annotations

from dataclasses import dataclass

from securely.mail.contracts import Sent
from securely.mail.message.message import Message

__all__ = ["MailEvent", "MessageSending", "MessageSent"]


@dataclass(slots=True)
class MailEvent:
    """What both events of mail have.

    Attributes:
        mailer: The name of the mailer.
        message: The message, with the sender and everything else that the mailer gives it.
    """

    mailer: str
    message: Message


@dataclass(slots=True)
class MessageSending(MailEvent):
    """A message is about to be sent.

    A listener that returns False cancels it. One that puts another message into the event has
    that one sent: ``event.message = event.message.changed(subject="…")``.
    """


@dataclass(slots=True)
class MessageSent(MailEvent):
    """A transport took a message; *sent* says which one, under which id, and not for whom."""

    sent: Sent
