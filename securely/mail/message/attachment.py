"""Attachment: a file of a message, read when it is sent. Attachable: what can be attached."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import Final, Protocol, TypeAlias, cast, runtime_checkable

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.fields import check_text
from securely.mail.message.sources import (
    BYTES_MAX,
    PIECE_BYTES,
    Download,
    Remote,
    Source,
    Stored,
)

__all__ = ["Attachable", "Attachment", "attached"]

Data: TypeAlias = bytes | str | Callable[[], bytes | str]

_MIME: Final = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*"
    r"(;\s*[a-z0-9-]+=([a-z0-9!#$&^_.+-]+))*",
    re.IGNORECASE,
)
_MIME_LETTERS_MAX: Final = 200  # RFC 6838, 4.2, lets its two names have 127 each; none has
_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_ID_LETTERS_MAX: Final = 200  # with "Content-ID: <>", in one line of any reader
# What compresses a file is not its type: what is shown for it.
_COMPRESSED: Final = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message; what is in it is read when the message is sent, each time anew.

    Made by :meth:`from_path`, :meth:`from_data`, :meth:`from_url` or :meth:`from_storage`;
    :meth:`as_` and :meth:`with_mime` give it another name and type.

    Attributes:
        name: What the receiver sees it called.
        mime: Its media type; empty to have it guessed from the name.
        source: The path of a file, or the data, or what gives them.
        content_id: Given by :meth:`with_id`; empty for one made of the name.
        is_named: Whether the name was given by :meth:`as_`, so that no server's word changes it.

    Example:
        >>> invoice = Attachment.from_data(lambda: b"%PDF-1.7", "invoice.pdf")
        >>> invoice.type
        'application/pdf'
    """

    name: str
    source: Path | Data | Source | Download
    mime: str = ""
    content_id: str = ""
    is_named: bool = field(default=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_text("attachments.name", self.name)
        check_text("attachments.mime", self.mime)
        check_text("attachments.content_id", self.content_id)
        if not self.name.strip():
            raise InvalidMessage("attachments.name", "it is empty. Say what the file is called.")
        if self.mime and (len(self.mime) > _MIME_LETTERS_MAX or not _MIME.fullmatch(self.mime)):
            raise InvalidMessage(
                "attachments.mime",
                f'"{self.mime}" is no media type. Write it as in "application/pdf".',
            )
        if self.content_id and not (
            len(self.content_id) <= _ID_LETTERS_MAX and _ID.fullmatch(self.content_id)
        ):
            raise InvalidMessage(
                "attachments.content_id",
                f'"{self.content_id}" is no content id. Write up to {_ID_LETTERS_MAX} ASCII '
                "letters, digits and dots.",
            )

    @classmethod
    def from_path(cls, path: str | PathLike[str]) -> Attachment:
        """Return an attachment of the file at *path*, which is read in pieces when it is sent."""
        place = Path(fspath(path))
        return cls(place.name, place)

    @classmethod
    def from_data(cls, data: Data, name: str) -> Attachment:
        """Return an attachment of *data*.

        Args:
            data: Bytes, text (written as UTF-8), or a function that gives either; it is called
                whenever the message is built, and never kept.
            name: What the receiver sees it called.
        """
        return cls(name, data)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        bytes_max: int = BYTES_MAX,
        timeout_seconds: float = 30.0,
        total_seconds: float = 120.0,
    ) -> Attachment:
        """Return an attachment of the file at *url*, fetched whenever the message is built.

        It is called as the server says (Content-Disposition), or else as the path does, and is of
        the server's Content-Type; :meth:`as_` and :meth:`with_mime` win. While it is sent it lies
        in a temporary file.

        Args:
            url: ``https://…`` or ``http://…``. It is asked by this machine: let nobody else
                choose it.
            bytes_max: How large it may be.
            timeout_seconds: How long the connection, and each silence of the server, may last.
            total_seconds: How long all of it may take.

        Raises:
            InvalidMessage: It is no such URL.

        Example:
            >>> Attachment.from_url("https://ann:hunter2@x.io/bills/7.pdf?key=1").name
            '7.pdf'
        """
        remote = Remote(url, bytes_max, timeout_seconds, total_seconds)
        return cls(remote.name, remote)

    @classmethod
    def from_storage(cls, path: str | PathLike[str]) -> Attachment:
        """Return an attachment of the file at *path* under the application's ``storage/app``.

        Where that is, is asked when the message is built: a job may run elsewhere.

        Raises:
            InvalidMessage: The path leads out of there.
        """
        stored = Stored(fspath(path))
        return cls(stored.name, stored)

    def as_(self, name: str) -> Attachment:
        """Return the same content under another *name*."""
        return replace(self, name=name, is_named=True)

    def with_mime(self, mime: str) -> Attachment:
        """Return the same content as of another media type: ``"application/pdf"``."""
        return replace(self, mime=mime)

    def with_id(self, content_id: str) -> Attachment:
        """Return the same content under a content id of one's own: ``"logo"``, ``"logo@x.io"``."""
        return replace(self, content_id=content_id if "@" in content_id else f"{content_id}@inline")

    @property
    def id(self) -> str:
        """The content id: the one that was given, or one that the name alone decides."""
        return self.content_id or f"{sha256(self.name.encode()).hexdigest()[:20]}@inline"

    @property
    def cid(self) -> str:
        """What stands in HTML for this file, if it is inline: ``<img src="cid:…">``."""
        return f"cid:{self.id}"

    @property
    def type(self) -> str:
        """The media type: the one that was given, or what the name says."""
        if self.mime:
            return self.mime
        # As a path: a name such as "data:text/x,a.pdf" would say itself what stands in the field.
        guessed, compressed = mimetypes.guess_type(f"./{self.name}")
        if compressed:
            return _COMPRESSED.get(compressed, "application/octet-stream")
        if guessed and guessed.startswith("text/") and isinstance(self.source, str):
            return f"{guessed}; charset=utf-8"  # without it, text is ASCII (RFC 2046, 4.1.2)
        return guessed or "application/octet-stream"

    @contextmanager
    def opened(self, field: str = "attachments") -> Generator[Attachment]:
        """Give it with its content at hand: what is elsewhere is fetched once, and then dropped.

        Its name and type may be others, as a server has them; its content id is not.

        Args:
            field: What errors name.

        Raises:
            AttachmentUnavailable: It is at a URL, and can not be had.
            InvalidMessage: It is in the storage, and leads out of it.
        """
        if not isinstance(self.source, Source):
            yield self
            return
        with self.source.opened(field) as content:
            name = self.name if self.is_named else content.name or self.name
            yield replace(
                self,
                name=name,
                mime=self.mime or content.mime,
                source=content.data,
                content_id=self.id,
            )

    @property
    def size(self) -> int | None:
        """How many bytes are in it; None where only reading it would tell."""
        if isinstance(self.source, bytes):
            return len(self.source)
        if isinstance(self.source, Download):
            return self.source.size
        if isinstance(self.source, Path):
            try:
                return self.source.stat().st_size
            except OSError:
                return None  # reading it will say why
        return None

    def pieces(self, field: str = "attachments") -> Iterator[bytes]:
        """Give the content in pieces; each but the last is a multiple of 57 bytes.

        Raises:
            AttachmentUnavailable: It is at a URL, and can not be had.
            InvalidMessage: It can not be read; it names *field*.
        """
        with self.opened(field) as file:
            yield from file._pieces(field)

    def _pieces(self, field: str) -> Iterator[bytes]:
        if isinstance(self.source, Download):
            yield from self.source.pieces()
        elif isinstance(self.source, Path):
            yield from _read(field, self.source)
        else:
            data = self.source() if callable(self.source) else self.source
            data = data if isinstance(data, bytes) else self._text(field, data)
            # In pieces as well: they are encoded one by one, and not all at a time.
            for start in range(0, len(data), PIECE_BYTES):
                yield data[start : start + PIECE_BYTES]

    def _text(self, field: str, data: object) -> bytes:
        if isinstance(data, str):
            try:
                return data.encode()
            except UnicodeEncodeError:
                raise InvalidMessage(
                    field, f'the data of "{self.name}" hold half a surrogate pair.'
                ) from None
        raise InvalidMessage(
            field, f'the data of "{self.name}" are {type(data).__name__}, not bytes or text.'
        )


@runtime_checkable
class Attachable(Protocol):
    """What can be attached to a message: an invoice, a report, a user's picture."""

    def __mail_attachment__(self) -> Attachment:
        """Return the file that it is in a mail."""
        ...


def attached(field: str, given: Iterable[Attachment | Attachable]) -> tuple[Attachment, ...]:
    """Return the attachments that stand in *field*.

    Raises:
        InvalidMessage: One of them is none; it names the field.
    """
    several = cast(object, given)
    if not isinstance(several, Iterable):
        raise InvalidMessage(field, f"it is {_named(several)}. Give a list, even of one.")
    return tuple(_one(field, each) for each in given)


def _named(given: object) -> str:
    return "None" if given is None else f"one {type(given).__name__}"


def _one(field: str, given: object) -> Attachment:
    found: object = given
    what = type(given).__name__
    if not isinstance(given, Attachment) and isinstance(given, Attachable):
        found = given.__mail_attachment__()
        what = f"what __mail_attachment__() of {what} gives ({type(found).__name__})"
    if isinstance(found, Attachment):
        return found
    raise InvalidMessage(
        field,
        f"{what} is no Attachment. Use Attachment.from_path(…), or give the object a method "
        "__mail_attachment__() that returns one.",
    )


def _read(field: str, path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise InvalidMessage(
            field, f'the file "{path}" can not be read: {error.strerror or error}.'
        ) from error
