"""WriterLock: one writer at a time, and a wait that ends; LMDB's own lock would wait for ever."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from securely.store.exceptions import Conflict, StoreUnavailable
from securely.support import entropy
from securely.support.forking import renew_after_fork

__all__ = ["WriterLock"]

# As in `support.sqlite`: a random time below a ceiling that doubles.
_PAUSE_FIRST: Final = 0.0005
_PAUSE_MAX: Final = 0.02


class WriterLock:
    """A lock among the threads of this process, and by a file among processes.

    The kernel frees the file's lock when a process dies. Where there is no `fcntl` (Windows) it
    holds among threads alone, and processes wait in LMDB.

    Args:
        path: The file.
        name: The name of the database, for errors.
        seconds: How long to wait.
    """

    def __init__(self, path: Path, name: str, seconds: float) -> None:
        self._path = path
        self._name = name
        self._seconds = seconds
        self._threads = threading.Lock()
        renew_after_fork(self, "_threads", threading.Lock)
        self._file = -1
        _locks.add(self)

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the lock in the block.

        Raises:
            Conflict: It was not free in time.
        """
        # This very lock: a child that is forked within has another one when it leaves.
        threads = self._threads
        if not threads.acquire(timeout=self._seconds):
            raise Conflict(self._name, self._seconds)
        try:
            self._lock_file()
            try:
                yield
            finally:
                self._unlock_file()
        finally:
            threads.release()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _lock_file(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        if self._file < 0:
            self._file = self._open()
        waited, ceiling = 0.0, _PAUSE_FIRST
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited >= self._seconds:
                    raise Conflict(self._name, self._seconds) from None
            else:
                return
            pause = entropy.uniform(0.0, ceiling)
            # Another process is being waited for, which no frozen clock can move: a real wait.
            threading.Event().wait(pause)
            waited += pause
            ceiling = min(2 * ceiling, _PAUSE_MAX)

    def _unlock_file(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        if self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = f"{error.strerror or error}. Make it writable for this user."
            raise StoreUnavailable(self._name, str(self._path), reason) from error


_locks: weakref.WeakSet[WriterLock] = weakref.WeakSet()


def _after_fork() -> None:
    """Close what a child has of its parent's files: it would share the lock, and outlive it."""
    for lock in list(_locks):
        lock.close()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
