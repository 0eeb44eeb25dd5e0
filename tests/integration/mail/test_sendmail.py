"""A command that takes mail: three ways to speak to it, and what its end means."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.exceptions import ConfigurationError
from securely.mail import Attachment, Message, RecipientsRefused, TransportError
from securely.mail.drivers.sendmail import SendmailTransport

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="a command of Unix"),
]

Write = Callable[..., Message]
COMMAND = Path(__file__).parents[2] / "sendmail.py"
WAYS = ["-bs", "-t -i", "-t", "-oi", ""]


def sendmail(box: Path, arguments: str, *, seconds: float = 30.0) -> SendmailTransport:
    command = f'"{sys.executable}" "{COMMAND}" "{box}" {arguments}'
    return SendmailTransport("sendmail", command, timeout_seconds=seconds)


def envelope(box: Path) -> list[str]:
    """Return sender and recipients of the one mail in *box*."""
    (path,) = box.glob("*.to")
    return path.read_text().splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_send_when_the_command_takes_it_then_sender_and_recipients_are_known(
    tmp_path: Path, message: Write, way: str
) -> None:
    mail = message(
        to=["b@example.com"],
        cc=["Carl <c@example.com>"],
        bcc=["zoe@example.com", "yan@example.com"],
        return_path="bounces@example.com",
    )

    sent = sendmail(tmp_path, way).send(mail)

    sender, *recipients = envelope(tmp_path)
    assert sender == "bounces@example.com"
    assert sorted(recipients) == [f"{name}@example.com" for name in ("b", "c", "yan", "zoe")]
    (path,) = tmp_path.glob("*.eml")
    assert b"zoe@example.com" not in path.read_bytes()
    assert sent.message_id == mail.message_id
    assert sent.reply == ("250 fine" if way == "-bs" else "")


def test_send_when_read_from_a_pipe_then_line_ends_are_those_of_the_machine(
    tmp_path: Path, message: Write
) -> None:
    attachment = Attachment.from_data(bytes(range(256)) * 1_000, "large.bin")

    sendmail(tmp_path, "-t -i").send(message(attachments=[attachment]))

    (path,) = tmp_path.glob("*.eml")
    assert b"\r" not in path.read_bytes()


def test_send_when_a_recipient_looks_like_an_option_then_it_is_none(
    tmp_path: Path, message: Write
) -> None:
    sendmail(tmp_path, "").send(message(to=["-bs@example.com"], sender="-f@example.com"))

    assert envelope(tmp_path) == ["-f@example.com", "-bs@example.com"]


@pytest.mark.parametrize(
    ("code", "is_retryable", "is_refusal"),
    [(75, True, False), (71, True, False), (67, False, True), (78, False, False), (1, True, False)],
)
def test_send_when_the_command_fails_then_its_exit_code_decides(
    tmp_path: Path, message: Write, code: int, is_retryable: bool, is_refusal: bool
) -> None:
    (tmp_path / "exit").write_text(str(code))

    with pytest.raises(TransportError) as caught:
        sendmail(tmp_path, "-t -i").send(message())

    error = caught.value
    assert error.is_retryable is is_retryable
    assert error.is_refusal is is_refusal
    assert error.is_unknown is False
    for words in ('"sendmail"', sys.executable, f"exit code {code}", "it is so"):
        assert words in str(error)


def test_send_when_smtp_and_a_recipient_is_refused_then_the_others_get_it(
    tmp_path: Path, message: Write
) -> None:
    sent = sendmail(tmp_path, "-bs").send(message(to=["b@example.com", "gone@example.com"]))

    assert sent.refused == {"gone@example.com": "550 5.1.1 no such user"}
    assert envelope(tmp_path)[1:] == ["b@example.com"]


def test_send_when_smtp_and_all_are_refused_then_the_command_is_named(
    tmp_path: Path, message: Write
) -> None:
    with pytest.raises(RecipientsRefused) as caught:
        sendmail(tmp_path, "-bs").send(message(to=["gone@example.com"]))

    assert sys.executable in str(caught.value)


@pytest.mark.parametrize("way", ["-bs", "-t -i"])
def test_send_when_the_command_does_not_end_then_it_is_ended(
    tmp_path: Path, message: Write, way: str
) -> None:
    (tmp_path / "hang").touch()

    with pytest.raises(TransportError) as caught:
        sendmail(tmp_path, way, seconds=0.3).send(message())

    assert caught.value.is_retryable is True
    assert caught.value.is_unknown is (way != "-bs")
    assert list(tmp_path.glob("*.eml")) == []


@pytest.mark.parametrize("way", ["-bs", "-t -i"])
def test_send_when_there_is_no_command_then_it_is_told(
    tmp_path: Path, message: Write, way: str
) -> None:
    with pytest.raises(TransportError, match="can not be run") as caught:
        SendmailTransport("sendmail", f"{tmp_path}/gone {way}").send(message())

    assert caught.value.is_retryable is False


@pytest.mark.parametrize("command", ["", "  ", "sendmail 'of a"])
def test_sendmail_when_the_command_is_none_then_it_is_refused(command: str) -> None:
    with pytest.raises(ConfigurationError, match='"sendmail"'):
        SendmailTransport("sendmail", command)


def test_build_when_options_are_given_then_they_are_used(tmp_path: Path, message: Write) -> None:
    class Options:
        command = f'"{sys.executable}" "{COMMAND}" "{tmp_path}" -t'
        timeout_seconds = 30.0

    SendmailTransport.build("sendmail", Options(), None).send(message())  # type: ignore[arg-type]

    assert envelope(tmp_path)[0] == "ann@example.com"


@pytest.mark.parametrize("way", WAYS)
def test_send_when_only_to_some_then_the_fields_still_name_all(
    tmp_path: Path, message: Write, way: str
) -> None:
    mail = message(to=["b@example.com", "c@example.com"], bcc=["zoe@example.com"])

    sendmail(tmp_path, way).send(mail.only_to("c@example.com"))

    assert envelope(tmp_path)[1:] == ["c@example.com"]
    (path,) = tmp_path.glob("*.eml")
    assert b"To: b@example.com, c@example.com" in path.read_bytes()
