"""as_file: uploads, paths and open binary files as one kind of thing; and what their names say."""

from __future__ import annotations

import io
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Final, Protocol, cast

from securely.validation.contracts import File

__all__ = [
    "FileOnDisk",
    "OpenFile",
    "Stream",
    "as_file",
    "extension_of",
    "is_broken",
    "is_missing_upload",
]

_NO_FILES: Final = (
    str,
    bytes,
    bytearray,
    memoryview,
    int,
    float,
    list,
    tuple,
    dict,
    set,
    type(None),
)


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to *size* bytes."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to *offset*."""
        ...

    def tell(self) -> int:
        """Return where it is."""
        ...


class OpenFile:
    """An upload or an open binary file.

    Args:
        stream: Its bytes.
        filename: The name it was sent with.
        size_bytes: How many bytes it has; None for one that can not be read any more.
    """

    __slots__ = ("_stream", "filename", "is_valid", "size_bytes")

    def __init__(self, stream: Stream, filename: str, size_bytes: int | None) -> None:
        self._stream = stream
        self.filename: str = filename
        self.size_bytes: int = size_bytes or 0
        self.is_valid: bool = size_bytes is not None

    def read_at(self, offset: int, size: int, /) -> bytes:
        """Return up to *size* bytes from *offset* on."""
        before = self._stream.tell()
        try:
            self._stream.seek(offset)
            return self._stream.read(size)
        finally:
            self._stream.seek(before)


class FileOnDisk:
    """A file that is there under a path.

    Args:
        path: The path.
    """

    __slots__ = ("_path", "filename", "is_valid", "size_bytes")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.filename: str = path.name
        self.size_bytes: int = path.stat().st_size
        self.is_valid: bool = True

    def read_at(self, offset: int, size: int, /) -> bytes:
        """Return up to *size* bytes from *offset* on."""
        with self._path.open("rb") as opened:
            opened.seek(offset)
            return opened.read(size)


def as_file(value: object) -> File | None:
    """Return *value* as a file: an upload, a path of a file, an open binary file; None for others.

    Text is never a path: whoever sends data would name files of ours.

    Example:
        >>> as_file("/etc/passwd") is None
        True
        >>> as_file(io.BytesIO(b"abc")).size_bytes
        3
    """
    if isinstance(value, _NO_FILES):
        return None
    if isinstance(value, Path):
        return _on_disk(value)
    if isinstance(getattr(value, "size_bytes", None), int) and callable(
        getattr(value, "read_at", None)
    ):
        return cast("File", value)
    return _opened(value)


def is_broken(value: object) -> bool:
    """Tell whether *value* is a file that did not arrive."""
    found = as_file(value)
    return found is not None and not found.is_valid


def is_missing_upload(value: object) -> bool:
    """Tell whether *value* is what a form sends where nobody has chosen a file."""
    found = as_file(value)
    return found is not None and found.is_valid and not found.filename and not found.size_bytes


def extension_of(filename: str) -> str:
    """Return what *filename* ends in, in small letters; nothing for a name that hides it.

    Only the last part of a name with folders counts, of whichever system. A name with a NUL or
    another control character ends elsewhere for some systems, so that it has no extension.

    Example:
        >>> extension_of("../photos/Me.JPG"), extension_of("shell.php\\0.jpg")
        ('jpg', '')
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    if any(character < " " or character == "\x7f" for character in name):
        return ""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _on_disk(path: Path) -> File | None:
    try:
        return FileOnDisk(path) if path.is_file() else None
    except (OSError, ValueError):  # a name with a NUL, or gone since
        return None


def _opened(value: object) -> File | None:
    """Return an upload, whose stream is its attribute `file`, or an open file."""
    stream: Any = getattr(value, "file", None)
    if not _is_stream(stream):
        stream = value
    if not _is_stream(stream):
        return None
    name = getattr(value, "filename", None)
    if name is None:
        opened = getattr(stream, "name", None)
        name = Path(opened).name if isinstance(opened, str) else ""
    return _measured(stream, name if isinstance(name, str) else "")


def _is_stream(stream: object) -> bool:
    if isinstance(stream, io.TextIOBase) or iscoroutinefunction(getattr(stream, "read", None)):
        return False
    return all(callable(getattr(stream, name, None)) for name in ("read", "seek", "tell"))


def _measured(stream: Any, name: str) -> File | None:
    """Return the file that is read from *stream*; its size is counted, not believed."""
    try:
        before = stream.tell()
        size: Any = stream.seek(0, io.SEEK_END)
        size = stream.tell() if size is None else size
        stream.seek(before)
        is_binary = isinstance(stream.read(0), bytes)
    except (OSError, ValueError):
        # Closed is an upload that is gone; what can not be wound back, such as a pipe, is no file.
        return OpenFile(stream, name, None) if getattr(stream, "closed", False) else None
    except Exception:  # anyone's object that only looks like a stream
        return None
    return OpenFile(stream, name, size) if is_binary and isinstance(size, int) else None
