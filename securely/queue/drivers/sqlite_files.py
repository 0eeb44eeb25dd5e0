"""The files of sqlite workers: locks that the kernel drops, and bells that wake without polling."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from securely.support import clock

__all__ = ["Bell", "Bells", "hold", "is_free", "remove_files"]

# A socket's path fits into 108 bytes on Linux and 104 on macOS, the closing zero included.
_SOCKET_PATH_MAX: Final = 103

# A directory's time stamp moves in ticks of up to ten milliseconds: a listing made within this
# many seconds of it may have missed a neighbour, and is not kept.
_SETTLED_AFTER: Final = 0.1


def hold(path: Path) -> int:
    """Create the file at *path*, lock it, and return its descriptor; children do not inherit it.

    The lock lasts until the descriptor is closed, or until the process is gone, however it ends.

    Raises:
        OSError: The file can not be made, or somebody holds it.
    """
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_free(path: Path) -> bool:
    """Return whether nobody holds the lock at *path*; a file that is not there is free.

    It asks with a shared lock, so that two workers that look at the same moment both see it free.
    """
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def remove_files(home: Path, worker: str) -> None:
    """Remove all files of *worker*."""
    for directory in {home, _bell_directory(home)}:
        for path in directory.glob(f"{worker}.*"):
            with suppress(OSError):
                path.unlink()


class Bell:
    """A worker's end of its wake-up: a datagram socket that producers write one byte to.

    Args:
        home: The directory of the workers' files.
        worker: The worker's id.
    """

    def __init__(self, home: Path, worker: str) -> None:
        directory = _bell_directory(home)
        directory.mkdir(mode=0o700, exist_ok=True)
        # In a directory that all may write to, somebody may have put a link of that name.
        if directory.lstat().st_uid != os.getuid() or directory.is_symlink():
            raise PermissionError(f"{directory} belongs to somebody else, or is a link")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind(str(directory / f"{worker}.bell"))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return a descriptor that is readable once the bell was rung."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Swallow what was rung so far."""
        with suppress(OSError):
            while self._socket.recv(16):
                pass

    def close(self) -> None:
        """Stop listening; the file stays for :func:`remove_files`."""
        self._socket.close()


class Bells:
    """The producers' end: rings every worker's bell; never waits, never fails.

    A full bell has been rung already, a bell nobody listens to belongs to a dead worker; a lost
    ring costs the second until workers look by themselves.
    """

    def __init__(self, home: Path) -> None:
        self._directory = str(_bell_directory(home))
        self._descriptor = -1
        self._seen = -1
        self._paths: list[str] = []
        self._socket: socket.socket | None = None

    def ring(self) -> None:
        """Tell all workers that a job may be waiting."""
        # Each push pays for this look at the directory: by descriptor it costs half.
        descriptor = self._descriptor
        if descriptor < 0:
            descriptor = self._open()
            if descriptor < 0:
                return
        status = os.fstat(descriptor)
        if status.st_mtime_ns != self._seen:
            self._look(status)
        if self._paths:
            self._send()

    def close(self) -> None:
        """Let go of socket and directory; a later ring opens them again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._seen = -1

    def _open(self) -> int:
        """Open the directory, made where it is missing; -1 where that cannot be."""
        with suppress(OSError):
            os.makedirs(self._directory, 0o700, exist_ok=True)  # noqa: PTH103  # its siblings are in os too
            self._descriptor = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        return self._descriptor

    def _look(self, status: os.stat_result) -> None:
        if not status.st_nlink:
            # Somebody has removed the directory; there may be another one by now.
            os.close(self._descriptor)
            self._descriptor = -1
            if self._open() < 0:
                return
            status = os.fstat(self._descriptor)
        with suppress(OSError), os.scandir(self._directory) as entries:
            self._paths = [entry.path for entry in entries if entry.name.endswith(".bell")]
        settled = abs(clock.timestamp() - status.st_mtime) > _SETTLED_AFTER
        self._seen = status.st_mtime_ns if settled else -1

    def _send(self) -> None:
        sender = self._socket
        if sender is None:
            sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sender.setblocking(False)
            self._socket = sender
        for path in self._paths:
            with suppress(OSError):
                sender.sendto(b"!", path)


def _bell_directory(home: Path) -> Path:
    """Return where bells hang: beside the other files, or in a short path of its own."""
    # An id has at most sixteen digits.
    longest = len(os.fsencode(home)) + len("/0123456789abcdef.bell")
    if longest <= _SOCKET_PATH_MAX or sys.platform == "win32":
        return home
    digest = hashlib.blake2b(os.fsencode(home.resolve()), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"securely-{os.getuid()}-{digest}"
