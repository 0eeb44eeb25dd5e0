"""What drivers share: a level, a formatter, and a file that many processes append to."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from securely.log.contracts import Formatter
from securely.log.formatters import formatter
from securely.log.hub import Hub
from securely.support.forking import renew_after_fork

__all__ = ["AppendFile", "formatter_for"]


def formatter_for(name: str | None, default: str, hub: Hub) -> Formatter:
    """Return the formatter that the configuration names, else the driver's own."""
    return formatter(name or default, timezone=hub.timezone, masker=hub.masker)


class AppendFile:
    """A file that threads and processes append records to, one write each, none torn.

    It is opened at its first record, and again when the path leads to another file than the
    open one: after a rotation, or after somebody removed it.

    Args:
        path: The file; its folder is made if need be, for its owner alone.
        permission: The mode of a new file.
        locking: Take a lock of the file per record.
    """

    def __init__(self, path: Path, *, permission: int = 0o600, locking: bool = False) -> None:
        self.path = path
        self._permission = permission
        self._locking = locking
        self._descriptor: int | None = None
        self._identity: tuple[int, int] = (0, 0)
        # A thread must not write to a descriptor that another has just closed: its number may
        # belong to another file already.
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    def append(self, text: str) -> None:
        """Write *text* at the end.

        Raises:
            OSError: The file cannot be written, or the disk is full.
        """
        data = text.encode("utf-8", "backslashreplace")
        with self._lock:
            descriptor = self._opened()
            if self._locking:
                _locked_write(descriptor, data)
            else:
                _write(descriptor, data)

    def close(self) -> None:
        """Close the file; the next record opens it again."""
        with self._lock:
            self._close()

    def _opened(self) -> int:
        if self._descriptor is not None:
            try:
                found = os.stat(self.path)  # noqa: PTH116  # Path.stat costs as much again
            except FileNotFoundError:
                pass
            else:
                if (found.st_dev, found.st_ino) == self._identity:
                    return self._descriptor
            self._close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        descriptor = self._descriptor = os.open(self.path, flags, self._permission)
        found = os.fstat(descriptor)
        self._identity = (found.st_dev, found.st_ino)
        return descriptor

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of *data*: in one piece, unless the system takes only a part of it."""
    written = os.write(descriptor, data)
    while written < len(data):
        data = data[written:]
        written = os.write(descriptor, data)


def _locked_write(descriptor: int, data: bytes) -> None:
    try:
        import fcntl
    except ImportError:  # pragma: no cover  # Windows: appending is all there is
        _write(descriptor, data)
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        _write(descriptor, data)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
