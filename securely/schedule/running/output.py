"""Sink: where the output of a run goes: its end is kept, and a file gets all of it as it comes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["KEPT_BYTES", "Sink", "ending_of"]

# What hooks and mails are given at most: enough for a log of ten thousand lines.
KEPT_BYTES: Final = 1 << 20

# A byte of UTF-8 that continues a character, and how many of them there are at most.
_CONTINUES: Final = range(0x80, 0xC0)
_CONTINUING_MAX: Final = 3


class Sink:
    """Takes what a run writes, from any thread, until it is closed.

    Args:
        kept_bytes: How much of the end is kept.
        path: The file that gets all of it; None for none.
        appends: Whether it is added to what the file holds.

    Attributes:
        trouble: Why the file lacks output; None where it does not.
        is_open: Whether it still takes anything.
    """

    def __init__(self, kept_bytes: int, path: Path | None = None, *, appends: bool = False) -> None:
        self.trouble: Exception | None = None
        self.is_open: bool = True
        self._kept_bytes = kept_bytes
        self._kept = bytearray()
        self._mutex = threading.Lock()
        self._file: BinaryIO | None = None
        if path is not None:
            try:
                # Without a buffer: whoever follows the file sees a line when it is written.
                self._file = path.open("ab" if appends else "wb", buffering=0)
            except (OSError, ValueError) as error:  # a name that no file can have
                self.trouble = error

    def write(self, data: bytes) -> None:
        """Take *data*; after :meth:`close` it is dropped."""
        with self._mutex:
            if not self.is_open:
                return
            self._kept += data
            # Not at every write: what is cut off is moved, and would be so byte by byte.
            if len(self._kept) > 2 * self._kept_bytes:
                del self._kept[: len(self._kept) - self._kept_bytes]
            self._append(data)

    def write_text(self, text: str) -> None:
        """Take *text*, as UTF-8."""
        self.write(text.encode("utf-8", "backslashreplace"))

    def text(self, bytes_max: int | None = None) -> str:
        """Return the end of what was written, at most so many bytes of it."""
        with self._mutex:
            limit = self._kept_bytes if bytes_max is None else min(bytes_max, self._kept_bytes)
            return ending_of(bytes(self._kept), limit)

    def close(self) -> None:
        """Take nothing more; what was kept can still be read."""
        with self._mutex:
            self.is_open = False
            if self._file is not None:
                self._file.close()
                self._file = None

    def _append(self, data: bytes) -> None:
        if self._file is None:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            # Once is enough: a disk that is full stays so for the rest of the run.
            self.trouble = error
            self._file.close()
            self._file = None


def ending_of(data: bytes, bytes_max: int) -> str:
    """Return the end of *data*, at most *bytes_max* of it, and no half character at its front.

    Example:
        >>> ending_of("žluťoučký".encode(), 5)
        'čký'
    """
    kept = data[-bytes_max:] if bytes_max else b""
    if len(kept) < len(data):
        skipped = 0
        while skipped < min(_CONTINUING_MAX, len(kept)) and kept[skipped] in _CONTINUES:
            skipped += 1
        kept = kept[skipped:]
    return kept.decode("utf-8", "replace")
