"""Mail servers on loopback, with certificates made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from securely.config.secret import Secret
from securely.mail import Message
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.drivers.smtp_server import Server
from tests.smtp import Authority, MailHost

Make = Callable[..., SmtpTransport]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority, and the certificate of a server."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def host() -> Iterator[MailHost]:
    """Give a server without TLS and without passwords."""
    with MailHost() as host:
        yield host


@pytest.fixture
def serve() -> Iterator[Callable[[MailHost], MailHost]]:
    """Give a function that starts a server of one's own."""
    with ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def mailer() -> Iterator[Make]:
    """Give a function that makes a transport to a port; it is closed at the end."""
    made: list[SmtpTransport] = []

    def make(port: int, **settings: Any) -> SmtpTransport:
        keeping = {
            name: settings.pop(name)
            for name in ("messages_max", "lifetime_seconds", "ping_seconds")
            if name in settings
        }
        if isinstance(settings.get("password"), str):
            settings["password"] = Secret(settings["password"])
        usual = {"local_hostname": "client.example.com", "timeout_seconds": 40.0}
        server = Server(port=port, **(usual | settings))
        made.append(SmtpTransport("smtp", server, **keeping))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def message() -> Callable[..., Message]:
    """Give a function that makes a message."""

    def make(**fields: Any) -> Message:
        usual: dict[str, Any] = {
            "sender": "ann@example.com",
            "to": ["bob@example.com"],
            "subject": "Greetings",
            "text": "Hello Bob\n",
        }
        return Message(**(usual | fields))

    return make
