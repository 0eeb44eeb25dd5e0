"""FileMutex: the lock file that keeps runs of an isolated command apart; and how it is held."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from securely.console.command.isolation import Isolatable
from securely.console.contracts import CommandLock, CommandMutex
from securely.support.durations import seconds as seconds_of
from securely.support.ending import ended_by_sigterm

__all__ = ["FileLock", "FileMutex", "held"]

# A lock that ends by time is renewed this often within it: one late renewal is no loss.
_RENEWALS: Final = 3


class FileMutex:
    """Locks on files that the kernel frees when the process ends, be it by ``kill -9``.

    Args:
        directory: Where the files lie; made on first use, for this user only. They stay there,
            empty: a file that is removed while somebody waits for it is no lock.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def acquire(self, name: str, seconds: float) -> FileLock | None:
        """Return the lock of *name*, or None where another process or run holds it.

        Args:
            name: Any text.
            seconds: Not needed: the lock ends with its holder.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"
        # Not inherited by programs that are started: they would keep the lock.
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(file)
        except OSError:
            os.close(file)
            return None
        return FileLock(file)


class FileLock:
    """A lock file that is held."""

    expires = False

    def __init__(self, file: int) -> None:
        self._file = file

    def renew(self, seconds: float) -> None:
        """Do nothing: it does not end by time."""

    def release(self) -> None:
        """Close the file; the kernel frees the lock."""
        os.close(self._file)


if sys.platform == "win32":

    def _lock(file: int) -> None:
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:

    def _lock(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def held(command: Isolatable, mutex: CommandMutex) -> Generator[bool]:
    """Hold the lock of *command* during the block; give False where another run holds it."""
    seconds = seconds_of(command.isolation_lock_expires_at())
    lock = mutex.acquire(command.mutex_name(), seconds)
    if lock is None:
        yield False
        return
    try:
        if lock.expires:
            with _renewing(lock, seconds), ended_by_sigterm():
                yield True
        else:
            yield True
    finally:
        lock.release()


@contextmanager
def _renewing(lock: CommandLock, seconds: float) -> Generator[None]:
    over = threading.Event()

    def renew() -> None:
        while not over.wait(seconds / _RENEWALS):
            with suppress(Exception):  # the next renewal comes before the lock has ended
                lock.renew(seconds)

    thread = threading.Thread(target=renew, name="securely-command-lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
