"""Over SMTP: encrypted, logged in, on connections that are kept from one message to the next."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable
from typing import Any, Self, cast

from securely.config.secret import Secret
from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope, Place
from securely.mail.drivers.smtp_server import Server
from securely.mail.drivers.smtp_session import Delivered, Session, Stale, connect
from securely.mail.manager import Materials
from securely.mail.message import Message
from securely.mail.message.prepared import Prepared
from securely.support import clock
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object

__all__ = ["Keeping", "SmtpTransport"]


class SmtpTransport:
    """Hands mail to an SMTP server.

    The calling thread does the work. Connections are kept for the next message, whichever thread
    sends it: as many as threads send at once. A child that is forked opens its own.

    Args:
        name: The mailer's name in the configuration.
        server: How the server is reached, and as whom.
        messages_max: After how many messages a connection is closed: servers count them.
        lifetime_seconds: After how many seconds it is closed.
        ping_seconds: After how many idle seconds the server is asked whether it is still there.

    Source: RFC 5321; RFC 3207 (STARTTLS); RFC 4954 (AUTH); RFC 6531 (SMTPUTF8);
        RFC 1870 (SIZE).
    """

    def __init__(
        self,
        name: str,
        server: Server,
        *,
        messages_max: int = 100,
        lifetime_seconds: float = 300.0,
        ping_seconds: float = 10.0,
    ) -> None:
        self.name: str = name
        self.server: Server = server
        self._place = Place(name, server.where)
        self._kept = Keeping(messages_max, lifetime_seconds, ping_seconds)
        self._context: ssl.SSLContext | None = None

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name* as its options have it."""
        server = Server(
            host=options.host,
            port=options.port,
            encryption=options.encryption,
            verify=options.verify,
            ca_file=None if options.ca_file is None else materials.locate(options.ca_file),
            username=options.username,
            password=_secret(options.password),
            token=None if options.token is None else _token_of(options.token),
            auth=options.auth,
            local_hostname=options.local_hostname,
            connect_seconds=options.connect_seconds,
            timeout_seconds=options.timeout_seconds,
            total_seconds=options.total_seconds,
        )
        return cls(
            name,
            server,
            messages_max=options.messages_max,
            lifetime_seconds=options.lifetime_seconds,
            ping_seconds=options.ping_seconds,
        )

    def __repr__(self) -> str:
        return f"SmtpTransport({self.name!r}, {self.server.where!r})"

    def send(self, message: Message) -> Sent:
        """Hand *message* over, and return once the server has taken it.

        Raises:
            AttachmentUnavailable: What is attached can not be had.
            InvalidMessage: It can not be sent as it is.
            RecipientsRefused: The server wants none of its recipients. Where it wants some, those
                get the mail, and the others are in the answer.
            TransportError: The server can not be reached, or refuses.
        """
        envelope = Envelope.of(message)
        # Before the server is asked for anything: it need not wait for what is fetched.
        with message.prepare(utf8=envelope.needs_utf8) as prepared:
            done = self._send(envelope, prepared)
        return Sent(message.message_id, self.name, done.refused, done.reply, done.retryable)

    def close(self) -> None:
        """Say farewell on the connections that nobody uses; a later message opens one again."""
        self._kept.close()

    def _send(self, envelope: Envelope, prepared: Prepared) -> Delivered:
        deadline = clock.monotonic() + self.server.total_seconds
        while True:
            session = self._kept.take(deadline)
            if session is None:
                session = connect(self.server, self._place, self._encryption, deadline)
            session.allow(deadline)
            try:
                return session.deliver(envelope, prepared)
            except Stale:
                # Only one that was kept: the loop ends with a new one at the latest.
                session.drop()
            finally:
                self._kept.give(session)

    def _encryption(self) -> ssl.SSLContext:
        # Kept: to read the authorities takes longer than to send a mail.
        if self._context is None:
            try:
                self._context = self.server.context()
            except OSError as error:
                raise self._place.error(
                    f"the authorities in ca_file ({self.server.ca_file}) can not be read: "
                    f"{error.strerror or error}",
                    is_retryable=False,
                ) from error
        return self._context


class Keeping:
    """The connections that nobody uses at the moment, the one used last first.

    Args:
        messages_max: After how many messages one is closed.
        lifetime_seconds: After how many seconds one is closed.
        ping_seconds: After how many idle seconds one is asked whether it is still there.
    """

    def __init__(self, messages_max: int, lifetime_seconds: float, ping_seconds: float) -> None:
        self._messages_max = messages_max
        self._lifetime_seconds = lifetime_seconds
        self._ping_seconds = ping_seconds
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    def take(self, deadline: float) -> Session | None:
        """Return a connection that works, for the caller alone; None if there is none.

        Args:
            deadline: When the answer must be there that it works.
        """
        while True:
            with self._lock:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return None
            if not self._is_good(session):
                session.quit()
                continue
            session.allow(deadline)
            if clock.monotonic() - session.used_at < self._ping_seconds or session.is_alive():
                return session
            session.drop()

    def give(self, session: Session) -> None:
        """Keep *session* for the next one, if it can still be used."""
        if not session.is_open:
            return
        if self._is_good(session):
            with self._lock:
                self._idle.append(session)
                # Those at the bottom are not asked for while few threads send.
                old = [one for one in self._idle if not self._is_good(one)]
                self._idle = [one for one in self._idle if one not in old]
        else:
            old = [session]
        for one in old:
            one.quit()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.quit()

    def _is_good(self, session: Session) -> bool:
        return (
            session.pid == os.getpid()
            and session.sent < self._messages_max
            and clock.monotonic() - session.opened_at < self._lifetime_seconds
        )


def _secret(password: Any) -> Secret | None:
    """Return what pydantic keeps as a secret as one of ours."""
    return None if password is None else Secret(password.get_secret_value())


def _token_of(dotted: str) -> Callable[[], str]:
    """Return what calls the function *dotted*; it is imported when a token is wanted."""

    def token() -> str:
        return cast("Callable[[], str]", import_object(dotted))()

    return token
