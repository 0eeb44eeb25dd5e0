"""Whether a host exists, and one that takes mail: asked of the name service, in bounded time."""

from __future__ import annotations

import re
import socket
import threading
from typing import Final, Literal, Protocol

from securely.support import clock
from securely.validation.rules.addresses import is_ip

__all__ = ["Record", "Resolver", "SystemResolver", "ascii_host", "has_address", "has_mail_host"]

Record = Literal["A", "AAAA", "MX"]
"""A kind of record of the name service: an address (IPv4, IPv6), or who takes the mail."""

_MAIL_RECORDS: Final[tuple[Record, ...]] = ("MX", "A", "AAAA")
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
# RFC 1035, section 2.3.4, as text without the last dot.
_HOST_MAX: Final = 253
# Each is asked for three times.
_MAIL_NAMES_MAX: Final = 8
# How long the questions for one domain may take together: somebody waits for a page.
_MAIL_SECONDS_MAX: Final = 5.0
# Names that never lead to a host of others: RFC 2606, section 2, and RFC 6762, appendix G.
_RESERVED: Final = frozenset(
    {
        "corp",
        "example",
        "home",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localhost",
        "private",
        "test",
    }
)


class Resolver(Protocol):
    """What asks the name service; a test gives one of its own."""

    def lookup(self, host: str, kind: Record) -> bool:
        """Tell whether *host*, in ASCII, has a record of this *kind*; never raises."""
        ...


class SystemResolver:
    """Asks what the operating system asks, and waits no longer than *wait* seconds.

    The standard library can not ask for MX: the answer is always no, and the addresses of a
    host tell whether it takes mail (RFC 5321, section 5.1: without MX, the host itself does).

    Args:
        wait: Seconds that one question may take; what takes longer counts as no.
        at_once: How many questions may be open. The system can not be told to stop, so those
            it does not answer stay open, each in its thread; beyond this many nothing is asked.
    """

    def __init__(self, wait: float = 2.0, at_once: int = 32) -> None:
        self._wait = wait
        self._free = threading.BoundedSemaphore(at_once)

    def lookup(self, host: str, kind: Record) -> bool:
        """Tell whether *host* has an address of this *kind*; MX is always answered by no."""
        if kind == "MX" or not self._free.acquire(blocking=False):
            return False
        family = socket.AF_INET if kind == "A" else socket.AF_INET6
        found = threading.Event()
        done = threading.Event()

        def ask() -> None:
            try:
                if socket.getaddrinfo(host, None, family, socket.SOCK_STREAM):
                    found.set()
            except (OSError, UnicodeError, ValueError):
                pass  # there is no such host, or no name service
            finally:
                self._free.release()
                done.set()

        # A daemon: a question that nobody answers does not hold up the end of the process.
        thread = threading.Thread(target=ask, name=f"lookup {kind}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread is to be had
            self._free.release()
            return False
        done.wait(self._wait)
        return found.is_set()


def has_address(host: str, resolver: Resolver) -> bool:
    """Tell whether *host* is a name that leads to an address.

    Source: Laravel 13, ValidatesAttributes::validateActiveUrl.

    Example:
        >>> class Known:
        ...     def lookup(self, host: str, kind: Record) -> bool:
        ...         return host == "laravel.com" and kind == "A"
        >>> has_address("laravel.com", Known()), has_address("nope.invalid", Known())
        (True, False)
    """
    name = ascii_host(host)
    if name is None or is_ip(name):
        return False
    return resolver.lookup(name, "A") or resolver.lookup(name, "AAAA")


def has_mail_host(domain: str, resolver: Resolver) -> bool:
    """Tell whether a host of *domain* takes mail: it, or one that it is part of, has a record.

    Names without a dot, and those that are reserved (`.test`, `.local`), take none. After five
    seconds nobody is asked any more, and the answer is no.

    Args:
        domain: What stands behind the @ of an address.
        resolver: Who is asked.

    Source: egulias/email-validator 4, DNSCheckValidation.

    Example:
        >>> class Known:
        ...     def lookup(self, host: str, kind: Record) -> bool:
        ...         return host == "laravel.com" and kind == "MX"
        >>> has_mail_host("mail.laravel.com", Known()), has_mail_host("localhost", Known())
        (True, False)
    """
    name = ascii_host(domain)
    if name is None:
        return False
    labels = name.split(".")
    if len(labels) == 1 or labels[-1] in _RESERVED:
        return False
    # From the top down, as the original does; a name of very many parts is not asked for whole.
    last = max(-len(labels), -_MAIL_NAMES_MAX - 1)
    names = [".".join(labels[start:]) for start in range(-2, last - 1, -1)]
    until = clock.monotonic() + _MAIL_SECONDS_MAX
    return any(
        clock.monotonic() < until and resolver.lookup(each, kind)
        for each in names
        for kind in _MAIL_RECORDS
    )


def ascii_host(host: str) -> str | None:
    """Return *host* as the name service knows it, or None for what can not be a name.

    Example:
        >>> ascii_host("BÜCHER.example."), ascii_host("a..b")
        ('xn--bcher-kva.example', None)
    """
    name = host.removesuffix(".").lower()
    if not name or len(name) > _HOST_MAX:
        return None
    try:
        # Names of ASCII may have what the codec refuses, as an underscore; they are left alone.
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return name if len(name) <= _HOST_MAX and _NAME.fullmatch(name) else None
