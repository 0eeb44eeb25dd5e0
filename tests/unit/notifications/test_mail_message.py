"""MailMessage: what its methods gather."""

from __future__ import annotations

import pytest

from securely.mail import Attachment
from securely.notifications import MailMessage
from securely.notifications.messages.mail import Line


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def test_lines_stand_before_and_behind_the_action() -> None:
    mail = MailMessage().line("a").action("Go", "https://x.io").line("b").lines(["c", "d"])

    assert texts(mail.intro_lines) == ["a"]
    assert texts(mail.outro_lines) == ["b", "c", "d"]


def test_a_line_is_one_line() -> None:
    mail = MailMessage().line("  a\n   b\r\nc  ").line(["d ", " e"])

    assert texts(mail.intro_lines) == ["a b c", "d e"]


@pytest.mark.parametrize("condition", [True, False])
def test_lines_may_have_a_condition(condition: bool) -> None:
    mail = MailMessage().line_if(condition, "a").lines_if(condition, ["b"], is_markdown=True)

    assert mail.intro_lines == ([Line("a"), Line("b", is_markdown=True)] if condition else [])


def test_methods_change_the_message_itself() -> None:
    mail = MailMessage()

    mail.line("a")
    mail.error()

    assert texts(mail.intro_lines) == ["a"]
    assert mail.level_name == "error"
    assert MailMessage().success().level_name == "success"


def test_recipients_add_up() -> None:
    mail = MailMessage().cc("a@x.io").cc("b@x.io", "c@x.io")

    assert mail.fields["cc"] == ["a@x.io", "b@x.io", "c@x.io"]


def test_what_is_an_attachment_is_attached() -> None:
    class Invoice:
        def __mail_attachment__(self) -> Attachment:
            return Attachment.from_data(b"", "i.pdf")

    invoice = Invoice()

    mail = MailMessage().attach(Attachment.from_data(b"", "a.txt"), as_="b.txt").attach(invoice)

    first, second = mail.attachments
    assert isinstance(first, Attachment)
    assert first.name == "b.txt"
    assert second is invoice


def test_what_can_be_attached_takes_another_name_and_type() -> None:
    class Invoice:
        def __mail_attachment__(self) -> Attachment:
            return Attachment.from_data(b"", "i.pdf")

    (file,) = (
        MailMessage().attach(Invoice(), as_="seven.bin", mime="application/x-seven").attachments
    )

    assert isinstance(file, Attachment)
    assert (file.name, file.mime) == ("seven.bin", "application/x-seven")
