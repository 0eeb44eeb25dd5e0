"""Mail servers of one's own on loopback: aiosmtpd, and one that says what a test wants."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Arrived", "Authority", "MailHost", "Scripted"]

_START_SECONDS = 60


class Authority:
    """An authority that everybody could be, and a certificate of it for a server.

    Args:
        folder: Where the files go.
        address: The server's address, beside its name "localhost".
    """

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self.file = folder / "authority.pem"
        self._pair = folder / "server.pem"
        key, subject = ec.generate_private_key(ec.SECP256R1()), _called("Tests")
        authority = (
            _certificate(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(_usage(), critical=True)
            .sign(key, hashes.SHA256())
        )
        own = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(address))]
        certificate = (
            _certificate(_called("localhost"), subject, own.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        self.file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self._pair.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )

    def context(self) -> ssl.SSLContext:
        """Return what a server encrypts with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pair)
        return context


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    # Far enough on both sides for any clock.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
    )


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Arrived:
    """A mail that the server has taken."""

    sender: str
    recipients: list[str]
    raw: bytes
    connection: int
    is_encrypted: bool
    options: list[str]


@dataclass
class MailHost:
    """An aiosmtpd in a thread.

    Attributes:
        arrived: The mails, the first one first.
        connections: How many there were.
        logins: Who logged in, and how.
        names: How clients introduced themselves.
        size_max: How large a mail may be, which is what it tells with SIZE; None to tell nothing.
        answers: Gives the answer to a verb ("RCPT", "DATA" …) and its argument; None for the usual
            one.
    """

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    passwords: dict[str, str] = field(default_factory=dict)
    utf8: bool = True
    size_max: int | None = None
    without: Sequence[str] = ()
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    answers: Callable[[str, str], str | None] = lambda _verb, _argument: None
    port: int = 0

    def __enter__(self) -> MailHost:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._transports: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(_START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def hang_up(self) -> None:
        """Close every connection, as a server does that is started anew."""
        done = threading.Event()

        def close() -> None:
            for transport in self._transports:
                transport.close()
            self._loop.call_later(0.01, done.set)

        self._loop.call_soon_threadsafe(close)
        assert done.wait(_START_SECONDS)

    def _run(self, ready: threading.Event) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(
                self._session,
                "127.0.0.1",
                self.port,
                ssl=self.tls if self.implicit else None,
            )
        )
        self.port = server.sockets[0].getsockname()[1]
        loop.call_soon(ready.set)
        loop.run_forever()
        server.close()
        for transport in self._transports:
            transport.abort()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def _session(self) -> SMTP:
        self.connections += 1
        return _Smtp(self, self.connections)


class _Handler:
    """Takes mail for a host; each hook asks the test first."""

    def __init__(self, host: MailHost, number: int) -> None:
        self.host = host
        self.number = number

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.host.names.append(hostname)
        unwanted = self.host.without
        return [line for line in responses if not any(word in line for word in unwanted)]

    async def handle_NOOP(self, *_: Any) -> str:  # noqa: N802
        self.host.verbs.append("NOOP")
        return self.host.answers("NOOP", "") or "250 OK"

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802
        self.host.verbs.append("QUIT")
        return "221 Bye"

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if answer := self.host.answers("MAIL", address):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if answer := self.host.answers("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := self.host.answers("DATA", ""):
            return answer
        self.host.arrived.append(
            Arrived(
                envelope.mail_from,
                list(envelope.rcpt_tos),
                bytes(envelope.original_content),
                self.number,
                session.ssl is not None or self.host.implicit,
                list(envelope.mail_options),
            )
        )
        return f"250 2.0.0 Ok: queued as {len(self.host.arrived)}"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        name, password = data.login.decode(), data.password.decode()
        success = self.host.passwords.get(name) == password
        if success:
            self.host.logins.append((name, mechanism))
        return AuthResult(success=success, handled=False)


class _Smtp(SMTP):
    def __init__(self, host: MailHost, number: int) -> None:
        self.mail_host = host
        handler = _Handler(host, number)
        super().__init__(
            handler,
            hostname="localhost",
            data_size_limit=host.size_max,
            enable_SMTPUTF8=host.utf8,
            tls_context=None if host.implicit else host.tls,
            auth_required=bool(host.passwords),
            auth_require_tls=host.tls is not None and not host.implicit,
            authenticator=handler.authenticate if host.passwords else None,
            loop=host._loop,
        )

    def connection_made(self, transport: Any) -> None:
        self.mail_host._transports.append(transport)
        super().connection_made(transport)


class Scripted:
    """A server that answers as it is told, one connection after the other.

    Args:
        script: For a verb, what happens instead of the usual answer: a text is sent; "drop" closes
            the connection; "hang" says nothing more. "greeting" is what comes first, "body" what
            is said in the midst of a message before it is closed, "." what follows a message. Of
            several answers each is given once, and the last one from then on.
        offers: What EHLO lists.
        tls: What the connection is encrypted with after STARTTLS.
    """

    def __init__(
        self,
        script: dict[str, str | list[str]] | None = None,
        offers: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script: dict[str, list[str]] = {
            verb: [answer] if isinstance(answer, str) else list(answer)
            for verb, answer in (script or {}).items()
        }
        self.offers = list(offers)
        self.tls = tls
        self.lines: list[str] = []
        self.data: list[bytes] = []
        self.hung: list[str] = []
        self.connections = 0
        self._ends = threading.Event()

    def __enter__(self) -> Scripted:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._live = self._listener
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for each in (self._listener, self._live):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(_START_SECONDS)

    def _serve(self) -> None:
        while not self._ends.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._live = connection
            with suppress(OSError, _Over), ExitStack() as stack:
                self._talk(stack.enter_context(connection), stack)

    def _talk(  # noqa: C901  # a conversation is one
        self, connection: socket.socket, stack: ExitStack
    ) -> None:
        file = connection.makefile("rwb")

        def say(verb: str, usual: str) -> None:
            turns = self.script.get(verb)
            answer = usual
            if turns:
                answer = turns.pop(0) if len(turns) > 1 else turns[0]
            if answer == "hang":
                self.hung.append(verb)
                self._ends.wait(_START_SECONDS)
            if answer in {"drop", "hang"}:
                file.close()
                raise _Over
            file.write(answer.encode("latin-1") + b"\r\n")
            file.flush()

        say("greeting", "220 scripted ESMTP")
        while line := file.readline():
            text = line.decode().rstrip("\r\n")
            self.lines.append(text)
            verb = text.split(" ")[0].upper()
            if verb == "DATA":
                say(verb, "354 go on")
                if self.script.get(verb, ["3"])[0][:1] != "3":
                    continue
                self._take(file)
                say(".", "250 taken")
            elif verb == "STARTTLS":
                say(verb, "220 go on")
                if self.tls is None:
                    raise _Over
                file.close()
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._live = stack.enter_context(connection)
                file = connection.makefile("rwb")
            elif verb == "EHLO":
                listed = ["scripted", *self.offers]
                body = [f"250-{each}" for each in listed[:-1]] + [f"250 {listed[-1]}"]
                say(verb, "\r\n".join(body))
            elif verb == "QUIT":
                say(verb, "221 bye")
                return
            else:
                say(verb, "250 fine")

    def _take(self, file: Any) -> None:
        lines: list[bytes] = []
        if body := self.script.get("body"):
            file.readline()
            if body != ["drop"]:
                file.write(body[0].encode() + b"\r\n")
            file.close()
            raise _Over
        while (line := file.readline()) != b".\r\n":
            if not line:
                raise _Over
            lines.append(line)
        self.data.append(b"".join(lines))


def token() -> str:
    """Return a token for tests of configurations that name this function."""
    return "the-token"


class _Over(Exception):
    """The connection is closed."""
