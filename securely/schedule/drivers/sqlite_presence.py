"""Presence: a file per member that the kernel unlocks when its process dies, and one per leader."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final
from weakref import WeakSet

from securely.queue.drivers.sqlite_files import hold, is_free
from securely.support import clock, entropy
from securely.support.forking import renew_after_fork

__all__ = ["Presence", "is_alive", "sweep"]

_MEMBER: Final = ".member"
_RANDOM_BYTES: Final = 4  # beside the microsecond; a name that is there already is not taken


class Presence:
    """That a member lives, as others on its machine see it.

    Args:
        home: The directory of the files; made where it is missing, for its owner only.
        host: The name of the machine.

    Attributes:
        id: The name of its file, without the ending; never used again.

    Raises:
        OSError: The directory cannot be made or written to.
    """

    def __init__(self, home: Path, host: str) -> None:
        self._home = home
        digest = hashlib.blake2b(host.encode("utf-8", "replace"), digest_size=8).hexdigest()
        self._lead_path = home / f"{digest}.leader"
        self._mutex = threading.Lock()
        renew_after_fork(self, "_mutex", threading.Lock)
        self._file = -1
        self._lead_file = -1
        self.id: str = ""
        self.renew()
        _present.add(self)

    def renew(self) -> str:
        """Return the id; a new one in a child that was forked, or where the file was removed."""
        with self._mutex:
            if self._file < 0 or not _is_there(self._home / f"{self.id}{_MEMBER}", self._file):
                self._close_member()
                self._take()
            return self.id

    def lead(self) -> bool:
        """Return whether this member leads those of its machine; the first that asks does."""
        with self._mutex:
            if self._lead_file >= 0 and not _is_there(self._lead_path, self._lead_file):
                os.close(self._lead_file)
                self._lead_file = -1
            if self._lead_file < 0:
                try:
                    self._lead_file = hold(self._lead_path)
                except BlockingIOError:
                    return False
            return True

    def leave(self) -> None:
        """Drop the locks and remove the member's file; the leader's stays, for the next one."""
        with self._mutex:
            if self._file >= 0:  # not in a child that was forked: the file is its parent's
                with suppress(OSError):
                    (self._home / f"{self.id}{_MEMBER}").unlink()
            self._close_member()
            if self._lead_file >= 0:
                os.close(self._lead_file)
                self._lead_file = -1

    def forked(self) -> None:
        """Close in a child what is its parent's: kept open, it would keep the parent alive."""
        for file in (self._file, self._lead_file):
            if file >= 0:
                os.close(file)
        self._file = self._lead_file = -1

    def _take(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            id_ = f"{int(clock.timestamp() * 1e6):x}-{entropy.token_hex(_RANDOM_BYTES)}"
            path = self._home / f"{id_}{_MEMBER}"
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                file = hold(path)
            except (FileExistsError, BlockingIOError):
                continue  # another's of the same moment, or one that is being swept
            if _is_there(path, file):
                self.id, self._file = id_, file
                return
            os.close(file)  # a sweep has caught it before it was locked

    def _close_member(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_alive(home: Path, member: str) -> bool:
    """Return whether the member of that name lives.

    Raises:
        OSError: That cannot be said.
    """
    # A name out of a damaged row must not lead elsewhere.
    return os.sep not in member and not is_free(home / f"{member}{_MEMBER}")


def sweep(home: Path) -> None:
    """Remove the files of the dead."""
    for path in home.glob(f"*{_MEMBER}"):
        with suppress(OSError):
            # Held while it is removed, so that nobody takes it in between.
            file = hold(path)
            try:
                path.unlink()
            finally:
                os.close(file)


def _is_there(path: Path, file: int) -> bool:
    """Return whether the file that is held is the one that others find."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except OSError:
        return False


_present: WeakSet[Presence] = WeakSet()


def _after_fork() -> None:
    for presence in _present:
        presence.forked()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
