"""Nowhere."""

from __future__ import annotations

from typing import Any, Self

from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope
from securely.mail.manager import Materials
from securely.mail.message import Message

__all__ = ["NullTransport"]


class NullTransport:
    """Takes messages and drops them.

    Args:
        name: The mailer's name in the configuration.
    """

    def __init__(self, name: str) -> None:
        self.name: str = name

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name*."""
        del options, materials
        return cls(name)

    def send(self, message: Message) -> Sent:
        """Drop *message*.

        Raises:
            InvalidMessage: It is for nobody, or from nobody.
        """
        Envelope.of(message)
        return Sent(message.message_id, self.name, {}, "")

    def close(self) -> None:
        """Do nothing: nothing is held."""
