"""What both type checkers must say of mail. Never executed; mypy and basedpyright read it.

A line that must be an error carries an ignore, which both checkers respect. An ignore that is not
needed is an error itself, so the line fails the check of that one where the error goes away.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from securely.facades import Mail
from securely.mail import Address, Attachment, Mailer, Message, PendingMail, Sent, Transport


@dataclass
class User:
    """What has an address."""

    email: str


class Invoice:
    """What can be attached."""

    def __mail_attachment__(self) -> Attachment:
        """Return its file."""
        return Attachment.from_data(b"%PDF", "invoice.pdf")


class Pigeon:
    """A transport of an application."""

    name: str = "pigeon"

    def send(self, message: Message) -> Sent:
        """Take it."""
        return Sent(message.message_id, self.name, {}, "")

    def close(self) -> None:
        """Do nothing."""


async def what_is_right() -> None:
    """The types that come out."""
    message = Message(subject="Hi", to=[User("a@x.io"), "b@x.io", Address("c@x.io")], cc="d@x.io")
    transport: Transport = Pigeon()
    assert_type(Mail.mailer("smtp"), Mailer)
    assert_type(Mail.build({"transport": "array"}), Mailer)
    assert_type(Mail.to("a@x.io", ["b@x.io"], User("c@x.io")), PendingMail)
    assert_type(Mail.to("a@x.io").cc("b@x.io").send(message), Sent | None)
    assert_type(await Mail.to("a@x.io").asend(message), Sent | None)
    assert_type(Mail.raw("There", to="a@x.io", subject="Hi"), Sent | None)
    assert_type(message.changed(subject="Other"), Message)
    assert_type(message.to, tuple[Address, ...])
    assert_type(Attachment.from_path("a.pdf").as_("b.pdf"), Attachment)
    assert_type(Attachment.from_url("https://x.io/a.pdf", bytes_max=1_000), Attachment)
    assert_type(Message(attachments=[Invoice(), Attachment.from_storage("a.pdf")]), Message)
    assert_type(message.only_to(transport.send(message).retryable), Message)
    assert_type(Mailer(transport).name, str)


def what_is_wrong(message: Message) -> None:
    """Each of these is an error in both checkers."""
    Mail.to(7)  # type: ignore[arg-type]
    Mail.send("There")  # type: ignore[call-overload]
    Mail.raw("There", subjekt="Hi")  # type: ignore[call-arg]
    Message(subject=7)  # type: ignore[arg-type]
    Message(attachments=["a.pdf"])  # type: ignore[list-item]
    message.changed(priority="high")  # type: ignore[arg-type]
    message.subject = "Other"  # type: ignore[misc]
    Attachment.from_data(7, "a.pdf")  # type: ignore[arg-type]
    Mail.snd(message)  # type: ignore[attr-defined]
