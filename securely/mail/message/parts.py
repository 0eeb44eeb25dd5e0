"""Parts as bytes: bodies encoded for seven-bit wires, large ones in pieces.

A part is written by us and can be given as the standard library's EmailMessage; both have the
same fields and bodies.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256
from itertools import count
from typing import ClassVar, Final, TypeAlias

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.fields import LINE_LETTERS_MAX

__all__ = [
    "Leaf",
    "Many",
    "Part",
    "as_email",
    "base64_lines",
    "base64_size",
    "boundary_of",
    "header_lines",
    "text_leaf",
]

# What is written stands already in its final form; a policy that folds it again could spoil it.
# What quoted-printable leaves as it is: ASCII's print, but for its own sign.
_UNMARKED: Final = bytes(byte for byte in range(0x20, 0x7F) if byte != 0x3D)  # noqa: PLR2004
_POLICY: Final = SMTP.clone(refold_source="none")
_POLICY_UTF8: Final = SMTPUTF8.clone(refold_source="none")
_LINE_BYTES: Final = 57  # of data, which are the letters that a line of base64 may have
_LINE_LETTERS: Final = 76  # RFC 2045, section 6.8


@dataclass(frozen=True)
class Leaf:
    """A part that holds content.

    Attributes:
        fields: Its header fields, written.
        body: Gives its content, encoded, in pieces; each call gives it anew.
        plain: What stands in it as it is, and may be taken for a boundary; empty for the rest.
        size: How many bytes the content has, encoded; None where only reading it would tell.
        ends_line: Whether its last line has an end.
    """

    fields: list[tuple[str, str]]
    body: Callable[[], Iterable[bytes]]
    plain: bytes = b""
    size: int | None = None
    ends_line: bool = False

    def lines(self, boundary: str) -> Iterator[bytes]:
        """Give the part without its outer fields; *boundary* is of no use to it."""
        yield from self.body()

    def length(self, boundary: str) -> int | None:
        """Return how many bytes :meth:`lines` gives, if that is known."""
        return self.size

    def plains(self) -> Iterator[bytes]:
        """Give what may be taken for a boundary."""
        yield self.plain

    def fields_with(self, boundary: str) -> list[tuple[str, str]]:
        """Return the header fields."""
        return self.fields

    def fill(self, message: EmailMessage, boundary: str, is_utf8: bool) -> None:
        """Put the content into *message*."""
        content = b"".join(self.body())
        if message.get_content_type() == "message/rfc822":
            message.attach(message_from_bytes(content, policy=_POLICY))
        else:
            message.set_payload(content.decode("ascii").replace("\r\n", "\n"))


@dataclass(frozen=True)
class Many:
    """A part that holds others.

    Attributes:
        subtype: ``mixed``, ``related`` or ``alternative``.
        parts: What it holds.
    """

    subtype: str
    parts: list[Part]
    ends_line: ClassVar[bool] = True

    def lines(self, boundary: str) -> Iterator[bytes]:
        """Give the parts, each behind *boundary*; those within have others."""
        mark = f"--{boundary}".encode("ascii")
        for position, part in enumerate(self.parts):
            inner = _within(boundary, position)
            yield mark + b"\r\n"
            yield header_lines(part.fields_with(inner))
            yield b"\r\n"
            yield from part.lines(inner)
            yield b"\r\n"
        yield mark + b"--\r\n"

    def length(self, boundary: str) -> int | None:
        """Return how many bytes :meth:`lines` gives, if that is known of every part."""
        mark = len(f"--{boundary}\r\n")
        total = mark + len(b"--")
        for position, part in enumerate(self.parts):
            inner = _within(boundary, position)
            length = part.length(inner)
            if length is None:
                return None
            head = len(header_lines(part.fields_with(inner)))
            total += mark + head + len(b"\r\n") + length + len(b"\r\n")
        return total

    def plains(self) -> Iterator[bytes]:
        """Give what may be taken for a boundary."""
        for part in self.parts:
            yield from part.plains()

    def fields_with(self, boundary: str) -> list[tuple[str, str]]:
        """Return the header fields."""
        kind = f"multipart/{self.subtype};"
        if self.subtype == "related":
            kind += f'\r\n type="{_kind(self.parts[0])}";'
        return [("Content-Type", f'{kind}\r\n boundary="{boundary}"')]

    def fill(self, message: EmailMessage, boundary: str, is_utf8: bool) -> None:
        """Put the parts into *message*."""
        for position, part in enumerate(self.parts):
            inner = _within(boundary, position)
            message.attach(as_email(part.fields_with(inner), part, inner, is_utf8))


Part: TypeAlias = Leaf | Many
"""A part of a message: content, or other parts."""


def as_email(
    fields: Iterable[tuple[str, str]], part: Part, boundary: str, is_utf8: bool
) -> EmailMessage:
    """Return *part* as the standard library has it, with *fields*."""
    message = EmailMessage(policy=_POLICY_UTF8 if is_utf8 else _POLICY)
    for name, value in fields:
        message.set_raw(name, value)
    part.fill(message, boundary, is_utf8)
    return message


def header_lines(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return *fields* as they are written."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode()


def boundary_of(seed: str, part: Part) -> str:
    """Return a boundary that stands nowhere in *part*; the same one for the same *seed*.

    "=_" stands in no line of base64 or quoted-printable: only plain bodies have to be searched.
    """
    plains = [plain for plain in part.plains() if plain]
    for salt in count():
        digest = sha256(f"{seed}/{salt}".encode()).hexdigest()[:24]
        if not any(digest.encode("ascii") in plain for plain in plains):
            return f"=_.{digest}"
    raise AssertionError  # there is always another salt


def _within(boundary: str, position: int) -> str:
    """Return the boundary of the part at *position*; neither is the beginning of the other.

    Readers compare only the beginning of a line (RFC 2046, section 5.1.1).
    """
    path, _, digest = boundary.rpartition(".")
    return f"{path}.{position}.{digest}"


def text_leaf(field: str, subtype: str, text: str) -> Leaf:
    """Return the *text* of *field* as a part: plain where it can be, else in fewer letters.

    Raises:
        InvalidMessage: It holds what no encoding can write; it names *field*.
    """
    lines = re.sub(r"\r\n?", "\n", text) if "\r" in text else text
    try:
        data = lines.encode()
    except UnicodeEncodeError:
        raise InvalidMessage(
            field, "it holds half a surrogate pair, which can not be written. Remove it."
        ) from None
    body, encoding = _encoded_text(lines, data)
    kind = f'text/{subtype}; charset="utf-8"'
    return Leaf(
        [("Content-Type", kind), ("Content-Transfer-Encoding", encoding)],
        lambda: (body,),
        body if encoding == "7bit" else b"",
        len(body),
        body.endswith(b"\r\n"),
    )


def _encoded_text(text: str, data: bytes) -> tuple[bytes, str]:
    is_plain = (
        text.isascii()
        and re.search(r"[\0-\x08\x0b-\x1f\x7f]", text) is None
        and all(len(line) <= LINE_LETTERS_MAX for line in text.split("\n"))
    )
    if is_plain:
        return data.replace(b"\n", b"\r\n"), "7bit"
    marked = len(data.translate(None, _UNMARKED))
    if len(data) + 2 * marked <= len(data) * 4 // 3:
        # It breaks lines as the first of the data is broken, which may have none.
        return binascii.b2a_qp(data).replace(b"\n", b"\r\n"), "quoted-printable"
    return b"".join(base64_lines([data.replace(b"\n", b"\r\n")])), "base64"


def base64_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give *pieces* as lines of base64, as many at a time as a piece fills."""
    rest = b""
    for piece in pieces:
        data = rest + piece if rest else piece
        whole = len(data) // _LINE_BYTES * _LINE_BYTES
        rest = data[whole:]
        if whole:
            letters = binascii.b2a_base64(data[:whole], newline=False)
            lines = [
                letters[at : at + _LINE_LETTERS] for at in range(0, len(letters), _LINE_LETTERS)
            ]
            yield b"\r\n".join([*lines, b""])
    if rest:
        yield binascii.b2a_base64(rest, newline=False) + b"\r\n"


def base64_size(size: int) -> int:
    """Return how many bytes *size* bytes are as lines of base64.

    Example:
        >>> base64_size(58) == len(b"".join(base64_lines([bytes(58)])))
        True
    """
    lines, rest = divmod(size, _LINE_BYTES)
    whole = lines * (_LINE_LETTERS + len(b"\r\n"))
    return whole + (-(-rest // 3) * 4 + len(b"\r\n") if rest else 0)


def _kind(part: Part) -> str:
    if isinstance(part, Many):
        return f"multipart/{part.subtype}"
    return dict(part.fields)["Content-Type"].partition(";")[0]
