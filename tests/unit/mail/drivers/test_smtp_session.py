"""What a session says to a server elsewhere, which a socket pair plays."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest

from securely.config.secret import Secret
from securely.mail import TransportError
from securely.mail.drivers.base import Place
from securely.mail.drivers.smtp_server import Encryption, Server, said
from securely.mail.drivers.smtp_session import Session
from securely.mail.drivers.smtp_wire import Wire

PASSWORD = "correct horse"  # noqa: S105  # of no account


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def logged_in(
    pair: tuple[socket.socket, socket.socket],
    offered: str,
    *,
    host: str = "mail.example.com",
    encryption: Encryption = "opportunistic",
) -> bytes:
    """Log in, and return what was sent."""
    ours, theirs = pair
    server = Server(host=host, encryption=encryption, username="ann", password=Secret(PASSWORD))
    challenge = base64.b64encode(b"<1@x>")
    answers = [b"220 hi", b"250-hi\r\n250 AUTH " + offered.encode()]
    answers += [b"334 " + challenge, b"235 in"] if "CRAM" in offered else [b"235 in"]
    theirs.sendall(b"\r\n".join([*answers, b""]))
    session = Session(Wire(ours, host, "client.example.com", 1.0), Place("smtp", server.where))
    session.greet()
    session.log_in(server)
    return theirs.recv(10_000)


@pytest.mark.parametrize("offered", ["PLAIN", "LOGIN", "PLAIN LOGIN"])
@pytest.mark.parametrize("host", ["mail.example.com", "127.example.com", "10.0.0.1"])
def test_log_in_when_the_network_would_read_the_password_then_it_is_not_sent(
    pair: tuple[socket.socket, socket.socket], offered: str, host: str
) -> None:
    """Whoever stands between may have hidden the offer of TLS."""
    with pytest.raises(TransportError, match="unencrypted") as caught:
        logged_in(pair, offered, host=host)

    assert caught.value.is_retryable is False
    assert b"AUTH" not in pair[1].recv(10_000)


def test_log_in_when_it_can_be_proved_without_sending_it_then_it_is(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    sent = logged_in(pair, "PLAIN LOGIN CRAM-MD5")

    assert b"AUTH CRAM-MD5\r\n" in sent
    assert base64.b64encode(PASSWORD.encode()) not in sent


@pytest.mark.parametrize(
    ("host", "encryption"),
    [
        ("mail.example.com", "none"),
        ("localhost", "opportunistic"),
        ("127.0.0.1", "opportunistic"),
        ("::1", "opportunistic"),
    ],
)
def test_log_in_when_it_is_wanted_or_stays_here_then_it_is_sent(
    pair: tuple[socket.socket, socket.socket], host: str, encryption: Encryption
) -> None:
    coded = base64.b64encode(f"\0ann\0{PASSWORD}".encode())

    assert b"AUTH PLAIN " + coded in logged_in(pair, "PLAIN", host=host, encryption=encryption)


def test_server_when_shown_then_without_its_secrets() -> None:
    server = Server(username="ann", password=Secret(PASSWORD), token=lambda: "secret-token")

    assert PASSWORD not in repr(server)
    assert "token" not in repr(server)


def test_where_when_an_address_has_colons_then_it_is_in_brackets() -> None:
    assert Server(host="::1", port=25).where == "[::1]:25"


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (b"  two\nlines\t here ", "two lines here"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("\u202etxt".encode(), "\ufffdtxt"),
    ],
)
def test_said_when_a_server_says_odd_things_then_they_are_shown_harmlessly(
    reply: bytes, shown: str
) -> None:
    assert said(reply) == shown
