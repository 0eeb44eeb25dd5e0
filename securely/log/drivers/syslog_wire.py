"""How syslog messages look and where they go: RFC 5424 and 3164, over Unix sockets, UDP and TCP."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

__all__ = ["FACILITIES", "Address", "Connection", "Head", "connected", "parse_address"]

FACILITIES: Final[dict[str, int]] = {
    "kern": 0,
    "user": 1,
    "mail": 2,
    "daemon": 3,
    "auth": 4,
    "syslog": 5,
    "lpr": 6,
    "news": 7,
    "uucp": 8,
    "cron": 9,
    "authpriv": 10,
    "ftp": 11,
    **{f"local{number}": 16 + number for number in range(8)},
}
"""Kinds of programs. Source: RFC 5424, section 6.2.1; names of syslog(3)."""

# Our levels as severities, the loudest first. Source: RFC 5424, section 6.2.1.
_SEVERITIES: Final = ((60, 0), (55, 1), (50, 2), (40, 3), (30, 4), (25, 5), (20, 6))
_DEBUG: Final = 7
# Sockets of the system's log: Linux, macOS, the BSDs.
_SOCKETS: Final = ("/dev/log", "/var/run/syslog", "/var/run/log")
# Ports that IANA has registered, as numbers. RFC 5426, 6587, 5425.
_PORTS: Final = {"udp": 514, "tcp": 601, "tls": 6514}
# Bytes: what receivers take at once without being asked to (rsyslog: 8 KiB), and over a stream.
_DATAGRAM_BYTES_MAX: Final = 8_192
_STREAM_BYTES_MAX: Final = 65_536
# Characters that may stand in the head of a message, and how many. RFC 5424, section 6.
_NOT_HEAD: Final = re.compile(r"[^\x21-\x7e]+")
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


class Address(NamedTuple):
    """Where messages go.

    Attributes:
        kind: unix, udp, tcp or tls.
        host: The host, or the path of the socket; empty for the system's own.
        port: The port, as a number.
    """

    kind: str
    host: str
    port: int = 0


def parse_address(text: str | None) -> Address:
    """Return where *text* leads: a path, or a URL of udp, tcp or tls.

    Raises:
        ValueError: It is neither.

    Example:
        >>> parse_address("tcp://logs.example.com")
        Address(kind='tcp', host='logs.example.com', port=601)
        >>> parse_address("/dev/log")
        Address(kind='unix', host='/dev/log', port=0)
    """
    if text is None or text == "":
        return Address("unix", "")
    if "://" not in text:
        return Address("unix", text)
    url = urlsplit(text)
    if url.scheme == "unix":
        return Address("unix", url.path)
    if url.scheme not in _PORTS or not url.hostname:
        raise ValueError(f"{text} is no path, and no address as udp://host:514 or tcp://host:601")
    return Address(url.scheme, url.hostname, url.port or _PORTS[url.scheme])


class Head:
    """Puts the head before messages, in the form of RFC 5424 or 3164.

    Args:
        protocol: rfc5424, rfc3164, or local: the latter without the host, as syslog(3) writes it.
        facility: By name.
        ident: What the program is called.
    """

    def __init__(self, protocol: str, facility: str, ident: str) -> None:
        self._make = {"rfc5424": self._rfc5424, "rfc3164": self._rfc3164}.get(protocol, self._local)
        self._facility = FACILITIES[facility] * 8
        self._ident = _word(ident, 48)
        self._host = _word(socket.gethostname(), 255)

    def data(self, level: int, moment: datetime, kind: str, text: str) -> bytes:
        """Return the whole message.

        Args:
            level: Of the record; its severity follows from it.
            moment: When, with its time zone.
            kind: What sort of message it is, a word.
            text: What it says; of several lines one is made.
        """
        severity = next((each for least, each in _SEVERITIES if level >= least), _DEBUG)
        line = text.rstrip("\n").replace("\n", "\\n").replace("\0", "\\x00")
        head = self._make(f"<{self._facility + severity}>", moment, kind)
        return f"{head}{line}".encode("utf-8", "backslashreplace")

    def _rfc5424(self, priority: str, moment: datetime, kind: str) -> str:
        date = moment.isoformat(timespec="microseconds")
        ident = f"{self._host} {self._ident} {os.getpid()} {_word(kind, 32)}"
        return f"{priority}1 {date} {ident} - "

    def _rfc3164(self, priority: str, moment: datetime, kind: str) -> str:
        host = self._host.partition(".")[0]
        return f"{priority}{self._date(moment)} {host} {self._tag()}"

    def _local(self, priority: str, moment: datetime, kind: str) -> str:
        return f"{priority}{self._date(moment)} {self._tag()}"

    def _date(self, moment: datetime) -> str:
        month = _MONTHS[3 * moment.month - 3 : 3 * moment.month]
        return f"{month} {moment.day:2} {moment:%H:%M:%S}"

    def _tag(self) -> str:
        return f"{self._ident}[{os.getpid()}]: "


def _word(text: str, characters_max: int) -> str:
    return _NOT_HEAD.sub("_", text)[:characters_max] or "-"


def _cut(data: bytes, bytes_max: int) -> bytes:
    """Return *data*, cut where a letter ends."""
    if len(data) <= bytes_max:
        return data
    return data[:bytes_max].decode("utf-8", "ignore").encode()


class Connection:
    """An open socket, and how messages are put into it.

    Args:
        made: The socket.
        form: datagram, counted (octets first, RFC 6587 section 3.4.1) or lines.
    """

    def __init__(self, made: socket.socket, form: str) -> None:
        self._socket = made
        self._form = form

    def send(self, data: bytes) -> None:
        """Send one message, whole.

        Raises:
            OSError: It could not be sent.
        """
        if self._form == "datagram":
            self._socket.send(_cut(data, _DATAGRAM_BYTES_MAX))
            return
        self._refuse_if_gone()
        data = _cut(data, _STREAM_BYTES_MAX)
        framed = b"%d %b" % (len(data), data) if self._form == "counted" else data + b"\n"
        self._socket.sendall(framed)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _refuse_if_gone(self) -> None:
        """Notice that the other side has closed: what is sent to it then is lost without a word."""
        timeout = self._socket.gettimeout()
        self._socket.setblocking(False)
        try:
            gone = self._socket.recv(1) == b""
        except (BlockingIOError, InterruptedError):
            gone = False
        except OSError as error:
            # TLS says in its own words that there is nothing to read.
            gone = error.errno not in (None, 2)
        finally:
            self._socket.settimeout(timeout)
        if gone:
            raise ConnectionResetError(errno.ECONNRESET, "The receiver has closed the connection.")


def connected(address: Address, timeout_seconds: float) -> Connection:
    """Open a connection to *address*.

    Raises:
        OSError: Nobody listens there.
    """
    if address.kind == "unix":
        return _unix(address.host or _own_socket(), timeout_seconds)
    if address.kind == "udp":
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, where = found[0]
        made = socket.socket(family, kind, protocol)
        return _opened(made, where, timeout_seconds, "datagram")
    made = socket.create_connection((address.host, address.port), timeout_seconds)
    if address.kind == "tls":
        import ssl

        made = ssl.create_default_context().wrap_socket(made, server_hostname=address.host)
    return Connection(made, "counted")


def _own_socket() -> str:
    for path in _SOCKETS:
        try:
            if stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116  # no Path is needed here
                return path
        except OSError:
            continue
    raise FileNotFoundError(
        errno.ENOENT, f"The system's log has no socket here; looked for {', '.join(_SOCKETS)}"
    )


def _unix(path: str, timeout_seconds: float) -> Connection:
    """Connect to a Unix socket, of datagrams as is usual, else a stream."""
    try:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        return _opened(made, path, timeout_seconds, "datagram")
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:
            raise
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    return _opened(made, path, timeout_seconds, "lines")


def _opened(made: socket.socket, where: object, timeout_seconds: float, form: str) -> Connection:
    try:
        made.settimeout(timeout_seconds)
        made.connect(where)  # type: ignore[arg-type]  # an address of the socket's own family
    except OSError:
        made.close()
        raise
    return Connection(made, form)
