"""What stands in the log for a message."""

from __future__ import annotations

from typing import Any

import pytest

from securely.mail import Attachment, InvalidMessage, Message
from securely.mail.drivers.log import LogTransport


def logged(**fields: Any) -> str:
    """Return what is written for a message."""
    usual: dict[str, Any] = {
        "sender": "Ann <ann@example.com>",
        "to": ["Bob <bob@example.com>"],
        "subject": "Grüße",
        "text": "Hello Bob\n",
    }
    written: list[str] = []
    LogTransport("log", written.append).send(Message(**(usual | fields)))
    (text,) = written
    return text


def test_send_when_logged_then_people_can_read_it() -> None:
    text = logged(html="<p>Hello <b>Bób</b></p>", text="Hello Bób", cc=["carl@example.com"])

    for line in (
        "From: Ann <ann@example.com>",
        "To: Bob <bob@example.com>",
        "Cc: carl@example.com",
        "Subject: Grüße",
        "--- text/plain",
        "Hello Bób",
        "--- text/html",
        "<p>Hello <b>Bób</b></p>",
    ):
        assert line in text.splitlines()
    assert "Message-ID: <" in text


def test_send_when_there_are_blind_copies_then_the_log_has_them() -> None:
    assert "Bcc: Dora <dora@example.com>, e@example.com" in logged(
        bcc=["Dora <dora@example.com>", "e@example.com"]
    )


def test_send_when_there_are_attachments_then_they_are_named_and_not_read() -> None:
    def read() -> bytes:
        raise AssertionError("nobody wants to see it")

    text = logged(
        attachments=[Attachment.from_data(read, "invoice.pdf")],
        inline=[Attachment.from_data(read, "logo.png")],
        html='<img src="cid:logo.png">',
    )

    assert "--- invoice.pdf (application/pdf, not shown)" in text
    assert "--- logo.png (image/png, not shown)" in text


def test_send_when_there_is_nothing_but_an_attachment_then_that_is_logged() -> None:
    text = logged(text=None, attachments=[Attachment.from_data(b"x", "invoice.pdf")])

    assert "--- invoice.pdf" in text


def test_send_when_there_is_nothing_then_it_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="text"):
        logged(text=None)


def test_build_when_the_channel_is_named_then_it_is_written_there() -> None:
    asked: list[tuple[str | None, str]] = []

    class Options:
        channel = "mail"
        level = "info"

    class Materials:
        def write(self, channel: str | None, level: str) -> Any:
            asked.append((channel, level))
            return lambda _: None

    transport = LogTransport.build("log", Options(), Materials())  # type: ignore[arg-type]

    assert transport.name == "log"
    assert asked == [("mail", "info")]


def test_send_when_logged_for_some_only_then_the_log_says_for_whom() -> None:
    text = logged(to=["b@example.com", "c@example.com"], only=["c@example.com"])

    assert "To: b@example.com, c@example.com" in text.splitlines()
    assert "Envelope-To: c@example.com" in text.splitlines()
    assert "Envelope-To" not in logged()
