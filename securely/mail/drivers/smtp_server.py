"""Server: how an SMTP server is reached, and as whom."""

from __future__ import annotations

import functools
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from securely.config.secret import Secret
from securely.support.masking import HIDDEN

__all__ = ["Auth", "Encryption", "Server", "local_name", "said"]

Encryption: TypeAlias = Literal["opportunistic", "required", "implicit", "none"]
"""STARTTLS where it is offered, STARTTLS always, TLS from the first byte, or nothing."""
Auth: TypeAlias = Literal["auto", "plain", "login", "cram-md5", "xoauth2"]
"""How the server is told who we are; "auto" takes what it offers."""

# A reply is shown so far: servers write essays, with links.
_REPLY_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How an SMTP server is reached, and as whom.

    Args:
        host: Its name or address; its certificate must be for this.
        port: Its TCP port.
        encryption: "opportunistic" encrypts where the server offers it (whoever stands between
            may hide the offer), "required" fails where it does not, "implicit" is TLS from the
            first byte (port 465), "none" never encrypts.
        verify: Whether the certificate is checked. False is for tests: the mail, and the
            password, go to whoever answers.
        ca_file: The authorities that are trusted, in PEM; None for those of the system.
        username: Who we are; None where the server does not ask.
        password: What proves it.
        token: Gives an OAuth 2 access token, asked for with each connection.
        auth: How we say so.
        local_hostname: How we introduce ourselves; None for this machine's full name.
        connect_seconds: How long the connection may take.
        timeout_seconds: How long each answer may take, and each piece that is sent.
        total_seconds: How long one message may take, the connection included.
    """

    host: str = "127.0.0.1"
    port: int = 587
    encryption: Encryption = "opportunistic"
    verify: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password: Secret | None = field(default=None, repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    auth: Auth = "auto"
    local_hostname: str | None = None
    connect_seconds: float = 10.0
    timeout_seconds: float = 30.0
    total_seconds: float = 300.0

    @property
    def where(self) -> str:
        """Host and port, as errors name them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_this_machine(self) -> bool:
        """Whether what is sent never leaves the machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def context(self) -> ssl.SSLContext:
        """Return what encrypts a connection.

        Raises:
            OSError: The file of authorities can not be read.
        """
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def said(reply: bytes, *secrets: str) -> str:
    """Return *reply* as one short line of text; what is secret in it is hidden.

    Example:
        >>> said(b"5.7.8 no such\\nuser: hunter2", "hunter2")
        '5.7.8 no such user: ********'
    """
    text = " ".join(reply.decode("utf-8", "replace").split())
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    # Escape sequences of a terminal, and letters that change the order of others.
    text = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    if len(text) > _REPLY_CHARACTERS_MAX:
        text = f"{text[:_REPLY_CHARACTERS_MAX]}…"
    return text


@functools.cache
def local_name() -> str:
    """Return how this machine introduces itself: its full name, or else its address.

    Asked once: a resolver that is slow would delay every connection.

    Source: RFC 5321, section 4.1.4.
    """
    name = socket.getfqdn()
    if "." in name and name.isascii():
        return name
    return "[127.0.0.1]"
