"""Source: what is fetched when a message is built. Remote: from a URL. Stored: from storage/app."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.message import Message as Fields
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from securely.container import current
from securely.mail.exceptions import AttachmentUnavailable, InvalidMessage
from securely.support import clock
from securely.support.paths import Paths

__all__ = ["BYTES_MAX", "PIECE_BYTES", "Content", "Download", "Remote", "Source", "Stored"]

# A multiple of 57 bytes, which are one line of base64; so much of a file is in memory at a time.
PIECE_BYTES: Final = 57 * 1024
# What most mail servers take at all; encoded, it is a third more.
BYTES_MAX: Final = 25 * 1024 * 1024
# A service moves once or twice; more is a circle.
_REDIRECTS_MAX: Final = 5
# RFC 9110, 15.5.9, RFC 8470, 5.2 and RFC 6585, 4: they ask for another try.
_TRY_AGAIN: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500  # RFC 9110, 15.6: and all above
_NAME_LETTERS_MAX: Final = 200  # file systems take 255 bytes
# What says nothing of what is in a file: its name says more.
_ANY_MIME: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_MIME: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# RFC 8187, 3.2: a charset, a language, and percent signs; the two charsets that are in use.
_EXTENDED: Final = re.compile(
    r"(?:^|[;\s])filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s\"]+)", re.IGNORECASE
)
_CHARSET: Final = re.compile(r"[A-Za-z0-9_.:-]{1,40}")


class Content(NamedTuple):
    """What a source gave.

    Attributes:
        data: The path of a file, or a download.
        name: What it is called there; empty if that is not said.
        mime: Its media type; empty if that is not said.
    """

    data: Path | Download
    name: str = ""
    mime: str = ""


@runtime_checkable
class Source(Protocol):
    """Where the content of an attachment is, until a message is built."""

    def opened(self, field: str, /) -> AbstractContextManager[Content]:
        """Give the content for as long as it is needed; errors name *field*."""
        ...


class Download:
    """What was fetched, in a file that has no name and is gone when it is closed.

    Args:
        file: Holds it.
        size: How many bytes that are.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size: int = size
        self._file = file

    def pieces(self) -> Iterator[bytes]:
        """Give it in pieces, from its beginning each time."""
        self._file.seek(0)
        while piece := self._file.read(PIECE_BYTES):
            yield piece


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at a URL.

    Args:
        url: ``https://…`` or ``http://…``; it may hold a user and a password.
        bytes_max: How large it may be.
        timeout_seconds: How long the connection, and each silence of the server, may last.
        total_seconds: How long all of it may take.

    Raises:
        InvalidMessage: It is no such URL.
    """

    url: str = field(repr=False)
    bytes_max: int = BYTES_MAX
    timeout_seconds: float = 30.0
    total_seconds: float = 120.0

    def __post_init__(self) -> None:
        scheme = ""
        try:
            parts = urlsplit(self.url)
            scheme, host, _ = parts.scheme, parts.hostname, parts.port
        except ValueError:
            host = None
        if scheme not in {"http", "https"}:
            raise InvalidMessage(
                "attachments.url",
                f'only "https" and "http" are fetched, not "{scheme}". Use from_path for files.',
            )
        if not host or re.search(r"[\0-\x20\x7f]", self.url):
            # The URL is not shown: what can not be read may hold its password anywhere.
            raise InvalidMessage(
                "attachments.url", 'it is no URL. Write it as in "https://example.com/a.pdf".'
            )

    @property
    def place(self) -> str:
        """The URL without what may be secret: user and password, query and fragment."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"

    @property
    def name(self) -> str:
        """What the path calls it."""
        return _file_name(unquote(urlsplit(self.url).path)) or "download"

    @contextmanager
    def opened(self, field: str, /) -> Generator[Content]:
        """Fetch it, and keep it for as long as it is needed.

        Raises:
            AttachmentUnavailable: It can not be had.
        """
        with tempfile.TemporaryFile() as file:
            yield self._fetched(field, file)

    def _fetched(self, field: str, file: BinaryIO) -> Content:
        import httpx2  # not before the first URL: it takes longer to import than all of mail

        try:
            return self._fetch(field, file)
        except httpx2.TooManyRedirects as error:
            raise self._unavailable(
                field, f"it was redirected more than {_REDIRECTS_MAX} times"
            ) from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise self._unavailable(
                field, "it was redirected to what is neither https nor http"
            ) from error
        except httpx2.TimeoutException as error:
            raise self._unavailable(
                field,
                f"the server was silent for {self.timeout_seconds:g} seconds",
                is_retryable=True,
            ) from error
        except httpx2.HTTPError as error:
            raise self._unavailable(
                field, f"the connection failed ({_why(error)})", is_retryable=True
            ) from error

    def _fetch(self, field: str, file: BinaryIO) -> Content:
        import httpx2  # see above

        until = clock.monotonic() + self.total_seconds
        client = httpx2.Client(
            timeout=self.timeout_seconds, follow_redirects=True, max_redirects=_REDIRECTS_MAX
        )
        # Files are compressed already; and of what is, nobody knows how large it becomes.
        plain = {"Accept": "*/*", "Accept-Encoding": "identity"}
        with client, client.stream("GET", self.url, headers=plain) as answer:
            self._check(field, answer)
            size = 0
            for piece in answer.iter_raw():
                size += len(piece)
                if size > self.bytes_max:
                    raise self._too_large(field)
                if clock.monotonic() > until:
                    raise self._unavailable(
                        field,
                        f"it took longer than {self.total_seconds:g} seconds",
                        is_retryable=True,
                    )
                file.write(piece)
            disposition = answer.headers.get("Content-Disposition", "")
            mime = _mime(answer.headers.get("Content-Type", ""))
        file.flush()
        return Content(Download(file, size), _named(disposition), mime)

    def _check(self, field: str, answer: Any) -> None:
        """Raise AttachmentUnavailable unless *answer* is the file, and small enough."""
        status: int = answer.status_code
        if not answer.is_success:
            raise self._unavailable(
                field,
                f"the server answered {status}",
                is_retryable=status in _TRY_AGAIN or status >= _SERVER_ERROR,
                status=status,
            )
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise self._unavailable(
                field, f"the server sent it compressed ({encoding[:20]!a}), unasked"
            )
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self.bytes_max:
            raise self._too_large(field)

    def _too_large(self, field: str) -> AttachmentUnavailable:
        return self._unavailable(
            field, f"it has more than {self.bytes_max:,} bytes, which bytes_max allows"
        )

    def _unavailable(
        self, field: str, reason: str, *, is_retryable: bool = False, status: int | None = None
    ) -> AttachmentUnavailable:
        return AttachmentUnavailable(
            field, self.place, reason, is_retryable=is_retryable, status=status
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the application's storage: under ``storage/app``, wherever that is when it is read.

    Args:
        path: Its path there.

    Raises:
        InvalidMessage: It is none, or leads out of there.
    """

    path: str

    def __post_init__(self) -> None:
        place = PurePosixPath(self.path)
        if not self.path or "\0" in self.path or not place.name:
            raise InvalidMessage("attachments.path", f"{self.path!a} is no path of a file.")
        if place.is_absolute() or ".." in place.parts or Path(self.path).is_absolute():
            raise self._outside("attachments.path")

    @property
    def name(self) -> str:
        """What it is called there."""
        return PurePosixPath(self.path).name

    @contextmanager
    def opened(self, field: str, /) -> Generator[Content]:
        """Find it in the storage of the current application.

        Raises:
            InvalidMessage: A link leads out of the storage.
            NotBooted: No application is current.
        """
        root = (current().make(Paths).storage / "app").resolve()
        found = (root / self.path).resolve()
        if not found.is_relative_to(root):
            raise self._outside(field)
        yield Content(found)

    def _outside(self, field: str) -> InvalidMessage:
        return InvalidMessage(
            field,
            f'"{self.path}" leads out of storage/app. Give a path within it, or use from_path.',
        )


def _named(disposition: str) -> str:
    """Return the file name that a field Content-Disposition says, as a name and not as a path.

    Source: RFC 6266, section 4.3.
    """
    extended = _EXTENDED.search(disposition)
    if extended:  # it wins over the plain one, which is for readers that are older
        return _file_name(unquote(extended[2], encoding=extended[1]))
    fields = Fields()
    fields["Content-Disposition"] = disposition.replace("\r", "").replace("\n", "")
    return _file_name(fields.get_filename() or "")


def _file_name(text: str) -> str:
    """Return the last part of *text* as the name of a file: a server says it, so it may be odd."""
    last = re.split(r"[/\\]", text)[-1]
    name = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    suffix = PurePosixPath(name).suffix[:20]
    return name if len(name) <= _NAME_LETTERS_MAX else name[: _NAME_LETTERS_MAX - 20] + suffix


def _mime(field: str) -> str:
    """Return the media type that a field Content-Type says; of its parameters the charset alone."""
    fields = Fields()
    fields["Content-Type"] = field.replace("\r", "").replace("\n", "")
    kind = field.partition(";")[0].strip().lower()
    if kind in _ANY_MIME or not _MIME.fullmatch(kind):
        return ""
    charset = fields.get_content_charset("")
    if kind.startswith("text/") and _CHARSET.fullmatch(charset):
        return f"{kind}; charset={charset}"
    return kind


def _why(error: Exception) -> str:
    """Return what is known of a failure, without what may stand in its text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
