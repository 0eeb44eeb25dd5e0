"""Session: one connection to an SMTP server, from its greeting to its end."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from securely.mail.drivers.base import Envelope, Place
from securely.mail.drivers.smtp_auth import Credentials
from securely.mail.drivers.smtp_server import Server, local_name, said
from securely.mail.drivers.smtp_wire import Stuffed, Wire, WireBroken
from securely.mail.exceptions import RecipientsRefused, TransportError
from securely.mail.message.prepared import Prepared
from securely.support import clock

__all__ = ["Delivered", "Session", "Stale", "connect"]

# RFC 5321, section 4.2.3.
_READY: Final = 220
_OK: Final = 250
_TAKEN: Final = frozenset({250, 251, 252})
_START_MAIL: Final = 354
_CLOSING: Final = 421
_TEMPORARY: Final = range(400, 500)
_PERMANENT: Final = range(500, 600)
_SIZE_DIGITS_MAX: Final = 20  # RFC 1870, section 4
# RFC 4954: it worked; and it had worked before.
_AUTHENTICATED: Final = frozenset({235, 503})
# Where the message itself is sent: a server may say there that it wants no more of it.
_BODY: Final = "the message"
_END: Final = "the end of the message"
_SENDING: Final = frozenset({_BODY, _END})
# What gives the password to whoever listens.
_IN_THE_CLEAR: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2"})


class Stale(Exception):
    """A connection that was kept is not one any more; nothing was sent on it."""


class Delivered(NamedTuple):
    """What came of a mail that was taken: the server's words, and whom it is not delivered to.

    Of those, *retryable* are the ones it may be delivered to later.
    """

    reply: str
    refused: dict[str, str]
    retryable: tuple[str, ...] = ()


class _Unwritten(Exception):
    """The message could not be written: an error of what it is made of, and not of the wire."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception = error
        super().__init__()


class Session:
    """One connection; used by one thread at a time.

    Args:
        wire: The connection.
        place: What its errors name.

    Attributes:
        sent: How many messages it has taken.
        opened_at: When it began, as a time of :func:`securely.support.clock.monotonic`.
        used_at: When it was last of use.
        pid: The process whose it is.
    """

    def __init__(self, wire: Wire, place: Place) -> None:
        self.sent: int = 0
        self.opened_at: float = clock.monotonic()
        self.used_at: float = self.opened_at
        self.pid: int = os.getpid()
        self._wire = wire
        self._place = place
        self._stage = "greeting"
        self._secrets: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it can be used again."""
        return self._wire.sock is not None

    def greet(self) -> None:
        """Wait for the greeting, and introduce ourselves.

        Raises:
            TransportError: The server is not one, or does not want us.
        """
        with self._honest():
            code, text = self._wire.getreply()
            if code != _READY:
                raise self._bad(
                    "greeted with an error" if code > 0 else "is no SMTP server", code, text
                )
            self._introduce()

    def wrap(self, context: Callable[[], ssl.SSLContext]) -> None:
        """Begin TLS before anything is said.

        Raises:
            TransportError: It fails.
        """
        with self._honest("the beginning of TLS"):
            self._wire.secure(context())

    def encrypt(self, server: Server, context: Callable[[], ssl.SSLContext]) -> None:
        """Begin TLS where the server offers it, as *server* wants it.

        Raises:
            TransportError: It is required and not offered, or fails.
        """
        if server.encryption not in {"opportunistic", "required"}:
            return
        if not self._wire.has_extn("starttls"):
            if server.encryption == "required":
                raise self._place.error(
                    "the server does not offer STARTTLS, and encryption is required. Use the port "
                    "on which it does (587), or implicit TLS (465)",
                    is_retryable=False,
                )
            return
        with self._honest("STARTTLS"):
            code, text = self._wire.starttls_reply()
            if code != _READY:
                raise self._bad("refused to begin TLS", code, text)
            self._wire.secure(context())
            self._introduce()

    def log_in(self, server: Server) -> None:
        """Say who we are.

        Raises:
            TransportError: The server does not believe it, or offers no way to say it; or the
                password would go over the network unencrypted.
        """
        credentials = Credentials.of(server)
        if credentials is None:
            return
        self._secrets = credentials.secrets
        offered = set(self._wire.esmtp_features.get("auth", "").upper().split())
        private = self._wire.is_encrypted or server.is_this_machine or server.encryption == "none"
        mechanism = credentials.choose(server.auth, offered, encrypted=private)
        if mechanism is None:
            raise self._place.error(
                f"the server offers no way to log in that this mailer has: it wants {server.auth}, "
                f"offered is {', '.join(sorted(offered)) or 'nothing'}",
                is_retryable=False,
            )
        if mechanism in _IN_THE_CLEAR and not private:
            raise self._place.error(
                "the password would be sent unencrypted, as the server offers no STARTTLS. Use a "
                'port with TLS; encryption "none" sends it nevertheless',
                is_retryable=False,
            )
        with self._honest("AUTH"):
            code, text = credentials.log_in(self._wire, mechanism)
            if code not in _AUTHENTICATED:
                raise self._bad(
                    f"refused the login of {server.username!a} ({mechanism})", code, text
                )

    def allow(self, deadline: float) -> None:
        """Let all that follows be over at *deadline*."""
        self._wire.deadline = deadline

    def is_alive(self) -> bool:
        """Ask the server whether it is still there."""
        return self._wire.is_alive()

    def deliver(self, envelope: Envelope, prepared: Prepared) -> Delivered:
        """Hand a message over; what writing it raises is raised, and nothing is sent then.

        Args:
            envelope: From whom, and for whom.
            prepared: The message.

        Raises:
            RecipientsRefused: The server wants none of the recipients.
            Stale: The connection was kept, and is gone; nothing was sent.
            TransportError: The server refuses the mail, or the connection fails.
        """
        try:
            with self._honest("MAIL"):
                self._offer(envelope, prepared)
                refused, retryable = self._address(envelope.recipients)
                reply = self._transfer(prepared)
        except TransportError:
            self._settle()
            raise
        except _Unwritten as unwritten:
            # What was begun can not be taken back otherwise: without its dot it is no message.
            self._wire.close()
            raise unwritten.error from unwritten.error.__cause__
        except BaseException:
            self._wire.close()
            raise
        self.sent += 1
        self.used_at = clock.monotonic()
        return Delivered(reply, refused, retryable)

    def quit(self) -> None:
        """Say farewell, and close."""
        if self._wire.sock is None:
            return
        if self.pid == os.getpid():
            self._wire.leave()
        else:
            # It is our parent's: a word from us would end what it says.
            self._wire.close()

    def drop(self) -> None:
        """Close without a word."""
        self._wire.close()

    def _introduce(self) -> None:
        self._stage = "EHLO"
        code, text = self._wire.ehlo()
        if code in _PERMANENT:
            self._stage = "HELO"
            code, text = self._wire.helo()
        if code != _OK:
            raise self._bad(f"refused our name ({self._wire.local_hostname})", code, text)

    def _offer(self, envelope: Envelope, prepared: Prepared) -> None:
        options = self._sized(prepared)
        if envelope.needs_utf8:
            if not self._wire.has_extn("smtputf8"):
                raise self._place.error(
                    "the server does not offer SMTPUTF8, which an address of this mail needs",
                    is_retryable=False,
                    is_refusal=True,
                )
            options.append("SMTPUTF8")
            if self._wire.has_extn("8bitmime"):
                options.append("BODY=8BITMIME")
        self._wire.command_encoding = "utf-8" if envelope.needs_utf8 else "ascii"
        try:
            code, text = self._wire.mail(envelope.sender, options)
        except WireBroken:
            if self.sent:
                raise Stale from None
            raise
        if code == _CLOSING and self.sent:
            raise Stale
        if code != _OK:
            raise self._bad(
                f"refused the sender {envelope.sender!a}", code, text, is_refusal=code in _PERMANENT
            )

    def _sized(self, prepared: Prepared) -> list[str]:
        """Return how the server is told the size of a message, if it wants to know.

        Source: RFC 1870, sections 4 to 6.
        """
        size = prepared.size if self._wire.has_extn("size") else None
        if size is None:
            return []
        limit = self._wire.esmtp_features["size"].strip()
        if limit.isdecimal() and len(limit) <= _SIZE_DIGITS_MAX and 0 < int(limit) < size:
            raise self._place.error(
                f"the server takes {int(limit):,} bytes at most, and this message has {size:,}: "
                "send smaller files, or links to them",
                is_retryable=False,
                is_refusal=True,
            )
        return [f"SIZE={size}"]

    def _address(self, recipients: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Name the recipients; return whom the server refuses, and which of them not for good."""
        self._stage = "RCPT"
        refused: dict[str, str] = {}
        retryable: list[str] = []
        for recipient in recipients:
            code, text = self._wire.rcpt(recipient)
            if code == _CLOSING or code < 0:
                raise self._bad(f"broke off at the recipient {recipient!a}", code, text)
            if code not in _TAKEN:
                refused[recipient] = f"{code} {said(text, *self._secrets)}"
                if code in _TEMPORARY:
                    retryable.append(recipient)
        if len(refused) == len(recipients):
            raise RecipientsRefused(
                self._place.mailer, refused, retryable=retryable, where=self._place.where
            )
        return refused, tuple(retryable)

    def _transfer(self, prepared: Prepared) -> str:
        self._stage = "DATA"
        code, text = self._wire.docmd("DATA")
        if code != _START_MAIL:
            raise self._bad("refused the message", code, text, is_refusal=code in _PERMANENT)
        self._stage = _BODY
        body = Stuffed(self._wire.send)
        try:
            prepared.write_to(body)
        except WireBroken:
            raise
        except Exception as error:
            raise _Unwritten(error) from error
        self._stage = _END
        body.finish()
        code, text = self._wire.getreply()
        if code not in _TAKEN:
            raise self._bad(
                "refused the message once it had it", code, text, is_refusal=code in _PERMANENT
            )
        return f"{code} {said(text, *self._secrets)}"

    def _settle(self) -> None:
        """Take back what was begun, so that the connection can be used for the next message."""
        if self._wire.sock is None:
            return
        try:
            code, _ = self._wire.docmd("RSET")
        except WireBroken:
            code = 0
        if code != _OK:
            self._wire.close()

    @contextmanager
    def _honest(self, stage: str = "greeting") -> Generator[None]:
        """Say where it was when the connection broke, and close it then."""
        self._stage = stage
        try:
            yield
        except WireBroken as error:
            raise self._gone(error) from error
        except ssl.SSLError as error:
            self._wire.close()
            raise _untrusted(self._place, error) from error
        except smtplib.SMTPException as error:
            self._wire.close()
            raise self._place.error(
                f"the server does not speak SMTP at {self._stage} ({type(error).__name__})",
                is_retryable=True,
            ) from error
        except TransportError as error:
            if error.code == _CLOSING or stage != "MAIL":
                self._wire.close()
            raise

    def _gone(self, error: WireBroken) -> TransportError:
        stage, words = self._stage, None
        if stage in _SENDING and not error.timed_out:
            words = self._wire.last_words()
        self._wire.close()
        if words is not None and words[0] >= _TEMPORARY.start:
            is_refusal = words[0] in _PERMANENT
            return self._bad("refused the message while it was sent", *words, is_refusal=is_refusal)
        if stage == _END:
            return self._place.error(
                f"{error.reason} after the end of the message: nobody knows whether the server has "
                "taken it. Sent again, it bears the same Message-ID",
                is_retryable=True,
                is_unknown=True,
            )
        return self._place.error(f"{error.reason} at {stage}", is_retryable=True)

    def _bad(
        self, what: str, code: int, text: bytes, *, is_refusal: bool = False
    ) -> TransportError:
        if code == _CLOSING or code < 0:
            self._wire.close()
        return self._place.error(
            f"the server {what}",
            is_retryable=code not in _PERMANENT,
            reply=(code, said(text, *self._secrets)),
            is_refusal=is_refusal,
        )


def _untrusted(place: Place, error: ssl.SSLError) -> TransportError:
    """Return the error that TLS could not begin."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return place.error(
            f"the server's certificate is not trusted: {error.verify_message}. Name its authority "
            "in ca_file, or the host as the certificate does",
            is_retryable=False,
        )
    return place.error(f"TLS failed: {error.reason or error}", is_retryable=True)


def connect(
    server: Server, place: Place, context: Callable[[], ssl.SSLContext], deadline: float
) -> Session:
    """Return a session with *server*, encrypted and logged in as it is configured.

    Args:
        server: How it is reached.
        place: What errors name.
        context: Gives what encrypts; called when TLS begins.
        deadline: When all must be over, as a time of :func:`securely.support.clock.monotonic`.

    Raises:
        TransportError: It can not be reached, or does not want us.
    """
    try:
        sock = socket.create_connection((server.host, server.port), server.connect_seconds)
    except TimeoutError as error:
        raise place.error(
            f"there was no connection within {server.connect_seconds:g} seconds", is_retryable=True
        ) from error
    except OSError as error:
        raise place.error(
            f"there is no connection: {error.strerror or error}", is_retryable=True
        ) from error
    wire = Wire(sock, server.host, server.local_hostname or local_name(), server.timeout_seconds)
    wire.deadline = deadline
    session = Session(wire, place)
    try:
        if server.encryption == "implicit":
            session.wrap(context)
        session.greet()
        session.encrypt(server, context)
        session.log_in(server)
    except BaseException:
        session.drop()
        raise
    return session
