"""Transport, Sent, Ledger: what a driver of mail must do, and what it tells.

A transport blocks, and so does a ledger. Async callers reach them through a thread, so a driver
has one colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from securely.mail.message.message import Message

__all__ = ["Ledger", "Sent", "Transport"]


class Sent(NamedTuple):
    """What became of a message that a transport took.

    Attributes:
        message_id: The Message-ID, with its angle brackets.
        transport: The name of the transport that took it; of several, the one that did.
        refused: The reason for each address that the server refused while it took others.
        reply: The server's last words; empty where there is no server.
        retryable: Those of *refused* that may be taken later:
            ``message.only_to(sent.retryable)`` is for them, and gives nobody a second copy.
    """

    message_id: str
    transport: str
    refused: Mapping[str, str]
    reply: str
    retryable: tuple[str, ...] = ()


@runtime_checkable
class Transport(Protocol):
    """What brings a message away. One object serves many threads, and lives as long as its mailer.

    The message is built afresh for each attempt: ``message.write_to(stream)`` or
    ``message.as_bytes()``; ``message.recipients()`` is the envelope, and may name fewer than the
    fields do.
    """

    @property
    def name(self) -> str:
        """What it is called in errors and in :class:`Sent`: the mailer's name."""
        ...

    def send(self, message: Message) -> Sent:
        """Bring *message* to all of its recipients.

        Raises:
            TransportError: It was not taken. No other error means that; InvalidMessage means that
                the message itself can not be sent by this transport, and AttachmentUnavailable
                that what is attached can not be had.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the transport opens new ones when it is used again."""
        ...


@runtime_checkable
class Ledger(Protocol):
    """What remembers which mails were sent, and which are being sent. One serves many threads.

    Keys come hashed, and so do the addresses of `retryable`. Whatever goes wrong is raised: the
    caller decides what it means.
    """

    def sent(self, key: str) -> Sent | None:
        """Return what became of the mail of *key*; None if it was not sent."""
        ...

    def claim(self, key: str, owner: str, seconds: float) -> Sent | bool:
        """Take the mail of *key* for *owner*, in one step with the look whether it was sent.

        Args:
            key: The mail.
            owner: A token that nobody else has.
            seconds: When the claim ends by itself, for an owner that dies.

        Returns:
            What became of the mail if it was sent; else whether it is the owner's now. It is not
            where it is another's.
        """
        ...

    def refresh(self, key: str, owner: str, seconds: float) -> bool:
        """Let the claim of *owner* end *seconds* from now; return whether it still is its own."""
        ...

    def remember(self, key: str, sent: Sent) -> None:
        """Keep that the mail of *key* was sent, durably, whoever claims it; the claim ends."""
        ...

    def release(self, key: str, owner: str) -> None:
        """Let others try the mail of *key*, if it is claimed by *owner*."""
        ...

    def forget(self, key: str) -> bool:
        """Remove what is known of *key*, readable or not; return whether anything was."""
        ...
