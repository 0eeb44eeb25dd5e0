"""Wire: smtplib's client with deadlines. Stuffed: a message on its way through DATA, in pieces."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from securely.support import clock

__all__ = ["Stuffed", "Wire", "WireBroken"]

# How much is sent at once: a piece fills the socket's buffer and is nothing beside the process.
_PIECE_BYTES: Final = 65_536
# RFC 5321, 4.5.3.1.5 has 512; servers write longer ones. Beyond this it is not SMTP.
_REPLY_BYTES_MAX: Final = 65_536
# How long a server that broke off may take to say why.
_LAST_WORDS_SECONDS: Final = 1.0
# How long a farewell may take that nobody needs.
_QUIT_SECONDS: Final = 2.0
# How long a connection that was idle may take to show that it lives: to open another is quicker.
_PING_SECONDS: Final = 5.0
# What stands for a reply that is none.
_NO_CODE: Final = -1
_OK: Final = 250  # RFC 5321, 4.2.3
# RFC 5321, 4.2: three digits, and then a blank, or a hyphen where more follows.
_REPLY: Final = re.compile(rb"[2-5][0-9]{2}([ -]|$)")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class WireBroken(Exception):
    """The connection is of no use any more.

    It is no OSError: what a message raises while it is written is told apart from it.

    Attributes:
        reason: What happened, in words.
        timed_out: Whether it was the time that ended.
    """

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        self.reason: str = reason
        self.timed_out: bool = timed_out
        super().__init__(reason)


class Wire(smtplib.SMTP):
    """smtplib's client on a socket that is given, with a deadline for each answer and for all.

    smtplib's own timeout begins anew with every byte, and it forgets why a connection broke.

    Args:
        sock: The connection.
        host: The server's name, for its certificate.
        local_hostname: How we introduce ourselves.
        timeout_seconds: How long one answer, or one piece that is sent, may take.

    Attributes:
        deadline: When all must be over, as a time of :func:`securely.support.clock.monotonic`.
        host: The server's name.
    """

    # As smtplib has them.
    sock: socket.socket | None
    ehlo_resp: bytes | None
    helo_resp: bytes | None
    esmtp_features: dict[str, str]

    def __init__(
        self, sock: socket.socket, host: str, local_hostname: str, timeout_seconds: float
    ) -> None:
        super().__init__(local_hostname=local_hostname, timeout=timeout_seconds)
        self.sock = sock
        self.host: str = host
        self.deadline: float = float("inf")
        self._seconds = timeout_seconds
        self._unread = b""

    @property
    def is_encrypted(self) -> bool:
        """Whether what is sent is encrypted."""
        return isinstance(self.sock, ssl.SSLSocket)

    def send(self, s: Any) -> None:
        """Send *s*.

        Raises:
            WireBroken: It can not be sent, or not in time.
        """
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        sock = self._patient(clock.monotonic() + self._seconds)
        try:
            sock.sendall(data)
        except OSError as error:
            raise _broken(error) from error

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Say from whom the next message is; the address is one already, and taken as it is."""
        return self.docmd("MAIL", "".join((f"FROM:<{sender}>", *(f" {each}" for each in options))))

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Say for whom it is; the address is one already, and taken as it is."""
        return self.docmd("RCPT", "".join((f"TO:<{recip}>", *(f" {each}" for each in options))))

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of the next answer; -1 for what is no answer of SMTP.

        Raises:
            WireBroken: None came, or not in time.
        """
        until = clock.monotonic() + self._seconds
        texts: list[bytes] = []
        size = 0
        while True:
            line = self._line(until)
            size += len(line)
            if size > _REPLY_BYTES_MAX:
                raise WireBroken(
                    f"the server sent an answer of more than {_REPLY_BYTES_MAX:,} bytes"
                )
            if not _REPLY.match(line):
                return _NO_CODE, line
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)

    def secure(self, context: ssl.SSLContext) -> None:
        """Encrypt the connection from here on, and forget what was said before.

        Raises:
            ssl.SSLError: The two do not agree.
            WireBroken: More than the answer came before, from whoever stands between; or the
                connection broke.
        """
        if self._unread:
            raise WireBroken("the server sent more before TLS began than it was asked for")
        sock = self._patient(clock.monotonic() + self._seconds)
        try:
            self.sock = context.wrap_socket(sock, server_hostname=self.host)
        except ssl.SSLError:
            raise
        except OSError as error:
            raise _broken(error) from error
        # RFC 3207, 4.2: what the server offered in the clear may be a stranger's.
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def starttls_reply(self) -> tuple[int, bytes]:
        """Ask for TLS, and return the answer."""
        return self.docmd("STARTTLS")

    def is_alive(self) -> bool:
        """Ask the server whether it is still there; it is not waited for as for an answer."""
        seconds, self._seconds = self._seconds, min(self._seconds, _PING_SECONDS)
        try:
            code, _ = self.docmd("NOOP")
        except WireBroken:
            return False
        finally:
            self._seconds = seconds
        return code == _OK

    def last_words(self) -> tuple[int, bytes] | None:
        """Return what the server said before it broke off, if it said anything."""
        self._seconds = _LAST_WORDS_SECONDS
        try:
            code, text = self.getreply()
        except WireBroken:
            return None
        return None if code == _NO_CODE else (code, text)

    def leave(self) -> None:
        """Say farewell, and close; whatever the server makes of it."""
        self._seconds = _QUIT_SECONDS
        try:
            self.docmd("QUIT")
        except WireBroken:
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection without a word."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def _patient(self, until: float) -> socket.socket:
        """Return the socket, which waits until then and no longer."""
        if self.sock is None:
            raise WireBroken("the connection is closed")
        seconds = min(until, self.deadline) - clock.monotonic()
        if seconds <= 0:
            raise WireBroken("the server was silent for too long", timed_out=True)
        self.sock.settimeout(seconds)
        return self.sock

    def _line(self, until: float) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > _REPLY_BYTES_MAX:
                raise WireBroken(f"the server sent a line of more than {_REPLY_BYTES_MAX:,} bytes")
            sock = self._patient(until)
            try:
                more = sock.recv(4096)
            except OSError as error:
                raise _broken(error) from error
            if not more:
                raise WireBroken("the server closed the connection")
            self._unread += more
        line, self._unread = self._unread[:end], self._unread[end + 1 :]
        return line.rstrip(b"\r")


class Stuffed:
    """What a message is written to while DATA lasts: sent in pieces, and never misread.

    A dot that begins a line is doubled (RFC 5321, 4.5.2). Line ends that are not CRLF become so:
    a server that takes others for line ends could else be told of a second message within this
    one ("SMTP smuggling").

    Args:
        send: Sends a piece.

    Example:
        >>> sent: list[bytes] = []
        >>> body = Stuffed(sent.append)
        >>> body.write(b"one\\r\\n.two\\n")
        10
        >>> body.finish()
        >>> b"".join(sent)
        b'one\\r\\n..two\\r\\n.\\r\\n'
    """

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._pending = bytearray()
        self._begins_line = True

    def write(self, data: bytes, /) -> int:
        """Take *data*, which may end anywhere; return how many bytes that were."""
        for at in range(0, len(data), _PIECE_BYTES):
            self._pending += data[at : at + _PIECE_BYTES] if len(data) > _PIECE_BYTES else data
            if len(self._pending) >= _PIECE_BYTES:
                # A line feed may follow: the two are looked at together.
                held = bytes(self._pending[-1:]) if self._pending.endswith(b"\r") else b""
                piece = bytes(self._pending[: len(self._pending) - len(held)])
                self._pending = bytearray(held)
                self._send(self._stuffed(piece))
        return len(data)

    def flush(self) -> None:
        """Do nothing: pieces go when they are large enough."""

    def finish(self) -> None:
        """Send what is left, and the dot that ends it."""
        rest = self._stuffed(bytes(self._pending))
        self._pending.clear()
        self._send(rest + (b".\r\n" if self._begins_line else b"\r\n.\r\n"))

    def _stuffed(self, piece: bytes) -> bytes:
        ends = piece.count(b"\r\n")
        if not piece.count(b"\n") == ends == piece.count(b"\r"):
            piece = _LINE_END.sub(b"\r\n", piece)
        piece = piece.replace(b"\r\n.", b"\r\n..")
        if self._begins_line and piece.startswith(b"."):
            piece = b"." + piece
        if piece:
            self._begins_line = piece.endswith(b"\r\n")
        return piece


def _broken(error: OSError) -> WireBroken:
    if isinstance(error, TimeoutError):
        return WireBroken("the server was silent for too long", timed_out=True)
    if isinstance(error, ssl.SSLError):
        return WireBroken(f"the encrypted connection broke: {error.reason or error}")
    return WireBroken(f"the connection broke: {error.strerror or error}")
