"""Credentials: how a server is told who we are: PLAIN, LOGIN, CRAM-MD5, XOAUTH2."""

from __future__ import annotations

import base64
import binascii
import hmac
import smtplib
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from securely.mail.drivers.smtp_server import Auth, Server

__all__ = ["Credentials"]

# Challenge in, response out; the first response may go with the command (RFC 4954, section 4).
_Exchange: TypeAlias = Callable[[bytes], bytes]
_CONTINUE: Final = 334
# More rounds than any of the four has: a server that asks on and on is not answered for ever.
_ROUNDS_MAX: Final = 5


class Credentials:
    """Who we are, for one connection.

    Args:
        username: Our name.
        password: The password, or the token.
        is_token: Whether it is a token of OAuth 2.

    Attributes:
        secrets: What must not be shown, in each form in which it is sent.
    """

    def __init__(self, username: str, password: str, *, is_token: bool = False) -> None:
        self._username = username
        self._password = password
        self._is_token = is_token
        self.secrets: tuple[str, ...] = tuple(self._forms())

    def __repr__(self) -> str:
        return f"Credentials({self._username!r})"

    @classmethod
    def of(cls, server: Server) -> Credentials | None:
        """Return those for *server*; None where none are configured."""
        if server.username is None:
            return None
        if server.token is not None:
            return cls(server.username, server.token(), is_token=True)
        return cls(server.username, "" if server.password is None else server.password.reveal())

    def choose(self, auth: Auth, offered: set[str], *, encrypted: bool) -> str | None:
        """Return the mechanism to use, in capitals; None if the server offers none of ours.

        Args:
            auth: What the configuration wants.
            offered: What the server offers, in capitals.
            encrypted: Whether the password may be sent as it is.
        """
        if auth != "auto":
            wanted = auth.upper()
            return wanted if wanted in offered else None
        if self._is_token:
            order = ["XOAUTH2"]
        else:
            order = ["PLAIN", "LOGIN", "CRAM-MD5"]
            if not encrypted:
                order = ["CRAM-MD5", "PLAIN", "LOGIN"]
        return next((each for each in order if each in offered), None)

    def log_in(self, wire: smtplib.SMTP, mechanism: str) -> tuple[int, bytes]:
        """Say who we are, and return the server's last answer."""
        responses = self._responses(mechanism)
        first = next(responses)
        command = f"AUTH {mechanism}"
        if first is not None:
            command = f"{command} {_encoded(first(b'')) or '='}"
        code, text = wire.docmd(command)
        for _ in range(_ROUNDS_MAX):
            if code != _CONTINUE:
                break
            respond = next(responses, None) or _nothing
            code, text = wire.docmd(_encoded(respond(_challenge(text))))
        return code, text

    def _responses(self, mechanism: str) -> Iterator[_Exchange | None]:
        user, password = self._username.encode(), self._password.encode()
        if mechanism == "PLAIN":
            yield lambda _: b"\0" + user + b"\0" + password
        elif mechanism == "XOAUTH2":
            # After a refusal the server sends its reason, and waits for an empty line.
            yield lambda _: b"user=" + user + b"\x01auth=Bearer " + password + b"\x01\x01"
        elif mechanism == "LOGIN":
            yield None
            yield lambda _: user
            yield lambda _: password
        else:
            yield None
            yield (
                lambda challenge: (
                    user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode()
                )
            )

    def _forms(self) -> Iterator[str]:
        user, password = self._username.encode(), self._password.encode()
        if not password:
            return
        yield self._password
        yield _encoded(password)
        yield _encoded(b"\0" + user + b"\0" + password)
        yield _encoded(b"user=" + user + b"\x01auth=Bearer " + password + b"\x01\x01")


def _nothing(_: bytes) -> bytes:
    return b""


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _challenge(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
