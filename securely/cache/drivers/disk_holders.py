"""Holders: which processes hold locks: a file each, locked by the kernel while it lives.

A lock file is dropped by the kernel when its process ends, be it by ``kill -9``. So whether a
holder lives is a question with an answer, not a guess from a time that has passed.
"""

from __future__ import annotations

import atexit
import os
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from securely.support import entropy
from securely.support.forking import renew_after_fork

try:
    import fcntl as _fcntl
except ImportError:  # Windows: locks end by their seconds alone
    fcntl: Any = None
else:
    fcntl = _fcntl

__all__ = ["Holders"]

# 128 bits: no two processes ever take the same name.
_TOKEN_BYTES: Final = 16
_TOKEN_LETTERS: Final = frozenset("0123456789abcdef")


class Holders:
    """The lock files of processes in one directory.

    Args:
        directory: Where the files lie; made on first use, for this user only.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def token(self) -> str | None:
        """Return what names this process as long as it lives, or None where nothing can.

        Raises:
            OSError: The file can not be made.
        """
        if fcntl is None:
            return None
        place = str(self._directory)
        with _mutex:
            mine = _mine.get(place)
            if mine is None:
                mine = _mine[place] = self._open()
            elif not self._is_there(*mine):
                # Somebody has removed it: under the same name, what it stands for stays held.
                _mine[place] = self._open(mine[0])
                os.close(mine[1])
                mine = _mine[place]
            return mine[0]

    def is_alive(self, token: str) -> bool:
        """Return whether the process named by *token* lives; a stranger's token names nobody."""
        if len(token) != 2 * _TOKEN_BYTES or not _TOKEN_LETTERS.issuperset(token):
            return False
        mine = _mine.get(str(self._directory))
        if mine is not None and mine[0] == token:
            return True  # who asks lives, whatever has become of the file
        return not self._is_abandoned(self._directory / f"{token}.lock")

    def sweep(self) -> int:
        """Remove the files of the dead; return how many those were."""
        # A link or a folder of such a name is nobody's lock: it is left to who put it there.
        mine = _mine.get(str(self._directory), ("", -1))[0]
        files = (
            path
            for path in self._directory.glob("*.lock")
            if not path.is_symlink() and path.stem != mine
        )
        return sum(self._is_abandoned(path) for path in files if path.is_file())

    def _is_there(self, token: str, file: int) -> bool:
        """Return whether the file that this process holds locked is the one that others find."""
        try:
            found = (self._directory / f"{token}.lock").lstat()
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(file))

    def _open(self, token: str | None = None) -> tuple[str, int]:
        """Make this process's file and lock it; called *token* if nothing else is there."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            token = token or entropy.token_hex(_TOKEN_BYTES)
            path = self._directory / f"{token}.lock"
            # Not inherited by programs that are started: they would keep the lock alive.
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:  # a stranger's, or another's with the same seeded randomness
                token = None
                continue
            # A sweep may have caught the file between these two lines; then it is made anew.
            if _locked(file, shared=False) and path.exists():
                return token, file
            token = None
            os.close(file)

    def _is_abandoned(self, path: Path) -> bool:
        """Return whether nobody holds *path* locked; if so, remove it."""
        try:
            # Without waiting: of a pipe that a stranger put there, nobody opens the other end.
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return True
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return True  # no process of ours made it; it is left to who did
            # Shared: two who ask at once must not take each other for the holder.
            if not _locked(file, shared=True):
                return False
            with suppress(FileNotFoundError):
                path.unlink()
            return True
        finally:
            os.close(file)


def _locked(file: int, *, shared: bool) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# Directory -> token and open file of this process. Kept outside the instances: a store that is
# closed must not drop the locks that its process still holds.
_mine: dict[str, tuple[str, int]] = {}
_mutex = threading.Lock()
renew_after_fork(sys.modules[__name__], "_mutex", threading.Lock)


def _after_fork() -> None:
    # The child shares the parent's open files: kept open, they would keep the parent alive in
    # the eyes of others. Closing them here drops nothing, since the parent has them open too.
    for _, file in _mine.values():
        with suppress(OSError):
            os.close(file)
    _mine.clear()


def _at_exit() -> None:
    for place, (token, file) in _mine.items():
        with suppress(OSError):
            Path(place, f"{token}.lock").unlink()
            os.close(file)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
