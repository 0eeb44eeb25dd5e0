"""Prepared: a message that is ready to go over the wire."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol, Self

from securely.mail.message.parts import Part

__all__ = ["Prepared", "Writable"]


class Writable(Protocol):
    """What takes bytes: a file, a socket's file."""

    def write(self, data: bytes, /) -> object:
        """Take *data*, all of it."""
        ...


class Prepared:
    """A message that is ready to go over the wire: built once, and written as often as need be.

    Leave it, as a context manager, and what was fetched for it is dropped.

    Args:
        head: Its header fields, with the empty line behind them.
        part: Its content.
        boundary: What stands between the parts.
        held: Drops what was fetched.
    """

    def __init__(self, head: bytes, part: Part, boundary: str, held: ExitStack) -> None:
        self._head = head
        self._part = part
        self._boundary = boundary
        self._held = held

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def size(self) -> int | None:
        """How many bytes :meth:`write_to` writes; None where only reading a file would tell."""
        length = self._part.length(self._boundary)
        if length is None:
            return None
        return len(self._head) + length + (0 if self._part.ends_line else len(b"\r\n"))

    def write_to(self, stream: Writable) -> None:
        """Write it to *stream*, with CRLF at the ends of lines; large files go in pieces.

        Raises:
            InvalidMessage: A file can not be read.
        """
        stream.write(self._head)
        last = b""
        for piece in self._part.lines(self._boundary):
            stream.write(piece)
            last = piece or last
        if not last.endswith(b"\r\n"):
            stream.write(b"\r\n")
