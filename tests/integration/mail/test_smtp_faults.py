"""Servers that break off, keep silent, or are none: each is one clear error."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely.mail import Attachment, Message, RecipientsRefused, TransportError
from securely.mail.drivers.smtp import SmtpTransport
from tests.smtp import Authority, MailHost, Scripted

pytestmark = pytest.mark.integration

Make = Callable[..., SmtpTransport]
Write = Callable[..., Message]
Script = dict[str, str | list[str]]
PASSWORD = "hunter2"  # noqa: S105  # of no account
OFFERS = ["STARTTLS", "AUTH PLAIN"]
# Where a server may break off: the key of the script, and the word for it in the error.
PLACES = {
    "greeting": "greeting",
    "EHLO": "EHLO",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "MAIL": "MAIL",
    "RCPT": "RCPT",
    "DATA": "DATA",
}
PATIENCE_SECONDS = (0.2, 2.0, 10.0)


def failing(transport: SmtpTransport, message: Message) -> TransportError:
    """Return what sending *message* raises, which names mailer and server."""
    with pytest.raises(TransportError) as caught:
        transport.send(message)
    error = caught.value
    assert error.transport == "smtp"
    assert '"smtp"' in str(error)
    assert transport.server.where in str(error)
    assert "hunter2" not in str(error) + repr(error)
    return error


def hung(mailer: Make, message: Message, verb: str) -> TransportError:
    """Return what sending *message* raises where the server says nothing to *verb*.

    A machine that is too slow for a short limit reaches it before: then a longer one is tried.
    """
    for seconds in PATIENCE_SECONDS:
        with Scripted({verb: "hang"}) as server:
            error = failing(mailer(server.port, timeout_seconds=seconds), message)
        if server.hung == [verb]:
            return error
    raise AssertionError("The machine is too slow for this test.")


@pytest.mark.parametrize(("verb", "word"), PLACES.items(), ids=PLACES)
def test_send_when_the_connection_is_dropped_then_the_verb_is_named(
    mailer: Make, message: Write, authority: Authority, verb: str, word: str
) -> None:
    script: Script = {"AUTH": "235 fine", verb: "drop"}
    with Scripted(script, OFFERS, authority.context()) as server:
        transport = mailer(server.port, ca_file=authority.file, username="ann", password=PASSWORD)

        error = failing(transport, message())

        assert "closed the connection" in error.reason or "broke" in error.reason
        assert word in error.reason
        assert error.is_retryable is True
        assert error.is_unknown is False
        assert error.is_refusal is False
        assert server.data == []


def test_send_when_the_connection_is_dropped_in_the_message_then_it_was_not_taken(
    mailer: Make, message: Write
) -> None:
    with Scripted({"body": "drop"}) as server:
        mail = message(attachments=[Attachment.from_data(bytes(8_000_000), "zeros.bin")])

        error = failing(mailer(server.port), mail)

    assert error.is_retryable is True


@pytest.mark.parametrize(
    ("words", "is_retryable"), [("552 5.3.4 too big", False), ("451 4.3.0 no room", True)]
)
def test_send_when_the_server_has_enough_of_the_message_then_its_words_are_heard(
    mailer: Make, message: Write, words: str, is_retryable: bool
) -> None:
    """It does not wait for the end, and we could see a broken connection alone."""
    with Scripted({"body": words}) as server:
        mail = message(attachments=[Attachment.from_data(bytes(8_000_000), "zeros.bin")])

        error = failing(mailer(server.port), mail)

    assert f"{error.code} {error.reply}" == words
    assert error.is_retryable is is_retryable
    assert error.is_refusal is not is_retryable
    assert error.is_unknown is False


def test_send_when_the_connection_is_dropped_after_the_dot_then_nobody_knows(
    mailer: Make, message: Write
) -> None:
    """Sent again, it bears the same Message-ID, so that receivers can tell."""
    mail = message()
    with Scripted({".": ["drop", "250 taken"]}) as server:
        transport = mailer(server.port)

        error = failing(transport, mail)
        transport.send(mail)

        assert error.is_unknown is True
        assert error.is_retryable is True
        assert "Message-ID" in str(error)
        ids = [line for body in server.data for line in body.splitlines() if b"Message-ID" in line]
        assert len(ids) == 2
        assert len(set(ids)) == 1


def test_send_when_the_server_is_silent_after_the_dot_then_nobody_knows(
    mailer: Make, message: Write
) -> None:
    error = hung(mailer, message(), ".")

    assert error.is_unknown is True
    assert error.is_retryable is True


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_send_when_the_server_is_silent_then_it_is_waited_for_so_long(
    mailer: Make, message: Write, verb: str
) -> None:
    error = hung(mailer, message(), verb)

    assert "silent for too long" in error.reason
    assert PLACES[verb] in error.reason
    assert error.is_retryable is True
    assert error.is_unknown is False


def test_send_when_all_takes_too_long_then_it_ends(mailer: Make, message: Write) -> None:
    with Scripted({"RCPT": "hang"}) as server:
        transport = mailer(server.port, timeout_seconds=30, total_seconds=0.2)

        error = failing(transport, message())

    assert "silent for too long" in error.reason


@pytest.mark.parametrize(
    ("greeting", "is_retryable"),
    [("421 4.3.2 too busy", True), ("554 5.7.1 you are on a list", False)],
)
def test_send_when_the_greeting_is_an_error_then_it_is_told(
    mailer: Make, message: Write, greeting: str, is_retryable: bool
) -> None:
    with Scripted({"greeting": greeting}) as server:
        error = failing(mailer(server.port), message())

    assert f"{error.code} {error.reply}" == greeting
    assert greeting in str(error)
    assert error.is_retryable is is_retryable
    assert error.is_refusal is False


@pytest.mark.parametrize("greeting", ["HTTP/1.1 400 Bad Request", "", "2", "\x00\xff\x00"])
def test_send_when_it_is_no_mail_server_then_it_is_told(
    mailer: Make, message: Write, greeting: str
) -> None:
    with Scripted({"greeting": greeting}) as server:
        error = failing(mailer(server.port), message())

    assert "is no SMTP server" in error.reason
    assert error.code is None


@pytest.mark.parametrize("answer", ["", "nonsense", "999 what"])
def test_send_when_an_answer_is_none_then_it_is_a_transport_error(
    mailer: Make, message: Write, answer: str
) -> None:
    for verb in ("EHLO", "MAIL", "DATA", "."):
        with Scripted({verb: answer}) as server:
            failing(mailer(server.port), message())


def test_send_when_an_answer_never_ends_then_it_is_cut(mailer: Make, message: Write) -> None:
    with Scripted({"EHLO": "250-on and on\r\n" * 10_000}) as server:
        error = failing(mailer(server.port), message())

    assert "65,536 bytes" in error.reason


def test_send_when_a_line_never_ends_then_it_is_cut(mailer: Make, message: Write) -> None:
    with Scripted({"greeting": "220 " + "x" * 200_000}) as server:
        error = failing(mailer(server.port), message())

    assert "65,536 bytes" in error.reason


def test_send_when_ehlo_is_unknown_then_helo_will_do(mailer: Make, message: Write) -> None:
    with Scripted({"EHLO": "502 what is that"}) as server:
        mailer(server.port).send(message())

        assert [line.upper() for line in server.lines[:2]] == [
            "EHLO CLIENT.EXAMPLE.COM",
            "HELO CLIENT.EXAMPLE.COM",
        ]
        assert len(server.data) == 1


def test_send_when_our_name_is_refused_then_it_is_told(mailer: Make, message: Write) -> None:
    script: Script = {"EHLO": "550 no", "HELO": "550 5.7.1 bad name"}
    with Scripted(script) as server:
        error = failing(mailer(server.port), message())

    assert "client.example.com" in error.reason
    assert error.is_retryable is False


def test_send_when_the_server_closes_at_a_recipient_then_nobody_gets_it(
    mailer: Make, message: Write
) -> None:
    """Although it had taken the first one."""
    with Scripted({"RCPT": ["250 fine", "421 4.3.2 going down"]}) as server:
        mail = message(to=["a@example.com", "b@example.com"])

        error = failing(mailer(server.port), mail)

        assert error.code == 421
        assert not isinstance(error, RecipientsRefused)
        assert error.is_retryable is True
        assert server.data == []


def test_send_when_nobody_listens_then_it_is_refused(mailer: Make, message: Write) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        error = failing(mailer(port), message())

    assert "refused" in error.reason.lower()
    assert error.is_retryable is True


def test_send_when_the_host_is_not_found_then_it_is_told(mailer: Make, message: Write) -> None:
    error = failing(mailer(25, host="no-such-host.invalid"), message())

    assert "there is no connection" in error.reason
    assert error.is_retryable is True


def test_send_when_an_attachment_fails_then_nothing_is_sent_and_its_error_raised(
    host: MailHost, mailer: Make, message: Write, tmp_path: Path
) -> None:
    """It may look like an error of the connection, and is none."""

    def vanish() -> bytes:
        raise ConnectionResetError("the store of reports is gone")

    transport = mailer(host.port)

    with pytest.raises(ConnectionResetError, match="store of reports"):
        transport.send(message(attachments=[Attachment.from_data(vanish, "report.pdf")]))
    transport.send(message())

    assert len(host.arrived) == 1


def test_send_when_the_reply_has_control_characters_then_they_are_not_shown(
    mailer: Make, message: Write
) -> None:
    with Scripted({"MAIL": "550 \x1b[31mred\x07" + "x" * 1_000}) as server:
        error = failing(mailer(server.port), message())

    shown: Any = str(error)
    assert shown.isprintable()
    assert len(shown) < 1_000
