"""A mail transport that takes a message for some of its recipients."""

from __future__ import annotations

from securely.mail import Message
from securely.mail.contracts import Sent

__all__ = ["Picky"]


class Picky:
    """Takes what is for one alone; of several it puts one off, and refuses another for good."""

    name = "picky"

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> Sent:
        """Note *message*, and say whom it was refused for."""
        self.messages.append(message)
        if len(message.recipients()) == 1:
            return Sent(message.message_id, self.name, {}, "")
        refused = {"late@x.io": "450 greylisted", "gone@x.io": "550 no such user"}
        return Sent(message.message_id, self.name, refused, "", ("late@x.io",))

    def close(self) -> None:
        """Do nothing: there is no connection."""
