"""A channel of the log: the whole message, to be read; attachments are named, not written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope
from securely.mail.manager import Materials
from securely.mail.message import Attachment, Message

__all__ = ["LogTransport"]


class LogTransport:
    """Writes messages to the log, as text: for machines that must not send mail.

    Args:
        name: The mailer's name in the configuration.
        write: Writes a text to the log.
    """

    def __init__(self, name: str, write: Callable[[str], object]) -> None:
        self.name: str = name
        self._write = write

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name* as its options have it."""
        return cls(name, materials.write(options.channel, options.level))

    def send(self, message: Message) -> Sent:
        """Write *message* to the log.

        Raises:
            InvalidMessage: It can not be sent as it is.
        """
        Envelope.of(message)
        self._write("\n".join(_lines(message)))
        return Sent(message.message_id, self.name, {}, "")

    def close(self) -> None:
        """Do nothing: the log is not ours."""


def _lines(message: Message) -> Iterator[str]:
    text = message.text
    if text is None and message.html is None and (message.attachments or message.inline):
        text = ""  # attachments alone
    built = message.changed(attachments=(), inline=(), text=text).build()
    for name, value in built.items():
        if name.lower() not in {"content-type", "content-transfer-encoding", "mime-version"}:
            yield f"{name}: {value}"
    open_ones = {address.email for address in (*message.to, *message.cc)}
    hidden = [str(address) for address in message.bcc if address.email not in open_ones]
    if hidden:
        # No mail has it: whoever reads the log wants to know.
        yield f"Bcc: {', '.join(hidden)}"
    if message.only:
        yield f"Envelope-To: {', '.join(message.recipients())}"
    for part in built.walk():
        if not part.is_multipart():
            yield ""
            yield f"--- {part.get_content_type()}"
            yield str(part.get_content()).rstrip("\n")
    for attachment in (*message.inline, *message.attachments):
        yield ""
        yield f"--- {_named(attachment)}"


def _named(attachment: Attachment) -> str:
    return f"{attachment.name} ({attachment.type}, not shown)"
