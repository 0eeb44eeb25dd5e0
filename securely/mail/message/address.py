"""Address: one mailbox, with a name or without."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, cast, runtime_checkable

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.fields import check_text

__all__ = ["Address", "Addressed", "Mailbox", "Who", "addresses", "each_of", "one_address"]

_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED: Final = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_LITERAL: Final = re.compile(r"\[[A-Za-z0-9.:-]+\]")
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
# RFC 5321, 4.5.3.1: octets of a local part and of a domain; RFC 1035, 2.3.4: of a label.
_LOCAL_MAX: Final = 64
_DOMAIN_MAX: Final = 253
_LABEL_MAX: Final = 63
# Letters that IDNA 2003, which the standard library has, turns into others or drops, and that
# IDNA 2008 keeps: with the old rules the mail would go to somebody else's domain.
_KEPT_SINCE_2008: Final = "ßς"
_JOINERS: Final = "\u200c\u200d"


class Mailbox(Protocol):
    """What has an address: a user of the application. Its ``name`` is taken, if it has one."""

    @property
    def email(self) -> str:
        """The address."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """What knows how it wants to be written to."""

    def __mail_address__(self) -> str | Address:
        """Return its address, with a name or without."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox, with a name or without.

    Args:
        email: ``ann@x.io``. The domain may be written in any script; the part before it may be,
            too, where the servers on the way know RFC 6531.
        name: Whose it is, as it is to be shown; empty for no name.

    Raises:
        InvalidMessage: It is no address, or one of the two would break out of its line.

    Example:
        >>> Address.of("Ann <ann@x.io>")
        Address(email='ann@x.io', name='Ann')
        >>> Address("ann@bücher.example").wire
        'ann@xn--bcher-kva.example'

    Source: RFC 5322, section 3.4; RFC 6531, section 3.3.
    """

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        check_text("address.email", self.email)
        check_text("address.name", self.name)
        email = self.email.strip()
        local, at, domain = email.rpartition("@")
        if not at or not local or not domain:
            raise _refused(email, 'it has to look like "ann@example.com"')
        _check_local(email, local)
        _encoded(email, domain)
        object.__setattr__(self, "email", email)
        object.__setattr__(self, "name", self.name.strip())

    @classmethod
    def of(cls, who: Who) -> Address:
        """Return the address of *who*.

        Args:
            who: ``"ann@x.io"``, ``"Ann <ann@x.io>"``, an address, or an object that has either
                ``__mail_address__()`` or ``email`` (and perhaps ``name``).

        Raises:
            InvalidMessage: It has none.
        """
        if isinstance(who, Address):
            return who
        if isinstance(who, str):
            return cls._parsed(who)
        if isinstance(who, Addressed):
            return cls.of(who.__mail_address__())
        email: object = getattr(who, "email", None)
        if not isinstance(email, str) or not email:
            raise InvalidMessage(
                "address",
                f"{type(who).__name__} has no address. Give text, an Address, or an object with "
                "the text `email` or the method `__mail_address__()`.",
            )
        name: object = getattr(who, "name", "")
        return cls(email, name if isinstance(name, str) else "")

    @classmethod
    def _parsed(cls, text: str) -> Address:
        check_text("address", text)
        text = text.strip()
        if not text.endswith(">"):
            return cls(text)
        name, _, email = text[:-1].rpartition("<")
        name = name.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        return cls(email, name)

    @property
    def needs_utf8(self) -> bool:
        """Whether only servers that know RFC 6531 can take it: its local part is not ASCII."""
        return not self.email.rpartition("@")[0].isascii()

    @property
    def wire(self) -> str:
        """The address as servers read it: the domain in ASCII, and the rest where it can be."""
        local, _, domain = self.email.rpartition("@")
        return f"{unicodedata.normalize('NFC', local)}@{_encoded(self.email, domain)}"

    @property
    def domain(self) -> str:
        """The domain in ASCII."""
        return self.wire.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


Who: TypeAlias = str | Address | Mailbox | Addressed
"""Whom a message is for or from: see :meth:`Address.of`."""


def addresses(field: str, given: Who | Iterable[Who] | None) -> tuple[Address, ...]:
    """Return the addresses of what stands in *field*: one, several, or none.

    Raises:
        InvalidMessage: One of them is no address; it names the field.
    """
    if given is None:
        return ()
    try:
        found = [Address.of(who) for who in _each(given)]
    except InvalidMessage as error:
        raise InvalidMessage(field, error.reason) from None
    return tuple(dict.fromkeys(found))


def each_of(field: str, who: Iterable[Who | Iterable[Who]]) -> tuple[Address, ...]:
    """Return all addresses of *who*, each of which is one or several.

    Raises:
        InvalidMessage: One of them is no address; it names the field.
    """
    found = [address for each in who for address in addresses(field, each)]
    return tuple(dict.fromkeys(found))


def one_address(field: str, given: Who | None) -> Address | None:
    """Return the address of what stands in *field*, which is one or none.

    Raises:
        InvalidMessage: It is no address, or several.
    """
    found = addresses(field, given)
    if len(found) > 1:
        raise InvalidMessage(field, f"it is one address, not {len(found)}.")
    return found[0] if found else None


def _each(given: Who | Iterable[Who]) -> Iterable[Who]:
    """Return what *given* holds; a model that can be iterated is one mailbox nevertheless."""
    if isinstance(given, str | Address | Addressed) or hasattr(given, "email"):
        return (cast("Who", given),)
    several: object = given
    return cast("Iterable[Who]", several if isinstance(several, Iterable) else (several,))


def _check_local(email: str, local: str) -> None:
    if len(local.encode()) > _LOCAL_MAX:
        raise _refused(email, f"what stands before the @ may have {_LOCAL_MAX} bytes at most")
    if local.isascii():
        if _ATOM.fullmatch(local) or _QUOTED.fullmatch(local):
            return
        if "," in email or ";" in email:
            raise _refused(email, "it holds a comma or a semicolon; give several as a list")
        raise _refused(email, "what stands before the @ holds letters that need quotes around it")
    for letter in local:
        # Controls, joiners, directions, spaces: what nobody sees must not choose a mailbox.
        if unicodedata.category(letter)[0] in "CZ" or (
            letter.isascii() and letter in '<>()[],;:\\"@'
        ):
            raise _refused(email, f"what stands before the @ must not hold {letter!a}")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise _refused(email, "what stands before the @ has a dot too many")


def _encoded(email: str, domain: str) -> str:
    """Return *domain* in ASCII."""
    if _LITERAL.fullmatch(domain):
        return domain
    try:
        found = ".".join(_label(label) for label in re.split("[.\u3002\uff0e\uff61]", domain))
    except UnicodeError as error:
        raise _refused(email, f'"{domain}" is no domain ({error})') from None
    if len(found) > _DOMAIN_MAX:
        raise _refused(email, f"its domain may have {_DOMAIN_MAX} letters at most")
    return found


def _label(label: str) -> str:
    if not label.isascii():
        label = _ascii_label(unicodedata.normalize("NFC", label))
    if len(label) > _LABEL_MAX or not _LABEL.fullmatch(label):
        raise UnicodeError("its parts are 1 to 63 letters, digits and inner hyphens")
    return label


def _ascii_label(label: str) -> str:
    if any(letter in _JOINERS for letter in label):
        raise UnicodeError("it holds a joiner that nobody sees; write it as xn--…")
    if any(letter in _KEPT_SINCE_2008 for letter in label):
        return "xn--" + label.lower().encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")


def _refused(email: str, reason: str) -> InvalidMessage:
    return InvalidMessage("address.email", f'"{email}" is no address: {reason}.')
