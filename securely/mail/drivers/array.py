"""In memory: keeps what is sent, for tests."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope
from securely.mail.manager import Materials
from securely.mail.message import Message

__all__ = ["ArrayTransport", "Kept"]


class Kept(NamedTuple):
    """A message that was sent.

    Attributes:
        message: The message.
        sent: What the sender was told.
        raw: The message as it would have gone over the wire.
        recipients: Who would have got it, those of Bcc included.
    """

    message: Message
    sent: Sent
    raw: bytes
    recipients: tuple[str, ...]


class ArrayTransport:
    """Keeps messages in memory, until it is flushed.

    They are built as for a server, so that what could not be sent fails in a test too.

    Args:
        name: The mailer's name in the configuration.

    Attributes:
        kept: What was sent, the first one first.
    """

    def __init__(self, name: str) -> None:
        self.name: str = name
        self.kept: list[Kept] = []

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name*."""
        del options, materials
        return cls(name)

    @property
    def messages(self) -> list[Message]:
        """The messages that were sent, the first one first."""
        return [one.message for one in self.kept]

    def send(self, message: Message) -> Sent:
        """Keep *message*.

        Raises:
            InvalidMessage: It can not be sent as it is.
        """
        envelope = Envelope.of(message)
        raw = message.as_bytes(utf8=message.needs_utf8)
        sent = Sent(message.message_id, self.name, {}, "")
        self.kept.append(Kept(message, sent, raw, tuple(envelope.recipients)))
        return sent

    def flush(self) -> None:
        """Forget what was sent."""
        self.kept.clear()

    def close(self) -> None:
        """Do nothing: what was sent is still there to be looked at."""
