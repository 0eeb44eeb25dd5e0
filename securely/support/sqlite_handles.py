"""The open SQLite connections of this process, and how they survive that it forks.

SQLite counts its locks per process, in memory that a child inherits: a child whose parent had a
file open would believe that it holds locks which only the parent holds, and once the parent is
gone, nobody does. What the child commits could be lost. So before a fork every connection that
nobody is using is closed, those of other threads as well, and both processes open their own again.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["Guard", "Handle", "is_inherited", "opening"]

# How long a fork waits for other threads to end what they are doing with their connections, and
# how often it looks. A write takes some 50 µs, but a disk may be busy: beside six busy processes
# and two that write, a tenth of a second was too short in four runs of five,
# and a second in none of 50.
_PATIENCE_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.0005
# After so many looks those who were stopped with a connection in hand may go on for a moment.
_LOOKS: Final = 10


class Handle:
    """One open connection of a thread; in a forked child it is only kept, and never used.

    Attributes:
        connection: The connection. Take it before you look at `pid`: a fork that counts who has
            it must see you, or you it.
        pid: The process that may use it; 0 when nobody may any more.
    """

    __slots__ = ("_origin", "_thread", "connection", "path", "pid")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection: sqlite3.Connection = connection
        self.path: Path = path
        self._origin = os.getpid()
        self.pid: int = self._origin
        self._thread = threading.get_ident()
        _handles.add(self)

    @property
    def is_mine(self) -> bool:
        """Whether it is a connection of this thread."""
        return self._thread == threading.get_ident()

    @property
    def is_inherited(self) -> bool:
        """Whether the process that opened it was another one."""
        return self._origin != os.getpid()

    def close(self) -> None:
        """Close the connection, unless it is one of a parent.

        That would drop the parent's POSIX locks from under it. It is kept open until the child
        ends.
        """
        if not self.is_inherited:
            self.connection.close()
            _handles.discard(self)

    def continued(self) -> sqlite3.Connection | None:
        """Return the connection where its thread goes on with it; None where it is to let go.

        It may go on, or must, since it is within a transaction.
        """
        # Taken first: a fork that finds nobody has it closes it, whatever was said before.
        connection = self.connection
        try:
            if not self.is_inherited and (self.pid != 0 or connection.in_transaction):
                return connection
        except sqlite3.ProgrammingError:
            pass  # it is closed
        return None

    def give_way(self) -> bool:
        """Close the connection if nobody is using it, and return whether it is closed.

        If somebody is, its thread will stop before it uses it again for something new.
        """
        # First of all: whoever asks for it from now on does not get it.
        self.pid = 0
        try:
            if (self.is_mine or _users(self) == _unused()) and not self.connection.in_transaction:
                self.close()
                return True
        except sqlite3.ProgrammingError:
            return True  # its thread has closed it
        return False

    def take_back(self) -> None:
        """Let its thread use it on."""
        self.pid = self._origin


class Guard:
    """Lies in a thread's own storage, and closes the thread's connection when that goes.

    The connection is held elsewhere too, so that the collector, which ends the members of a ring
    of garbage in any order, never finds it open.
    """

    __slots__ = ("_handle", "_handles")

    def __init__(self, handle: Handle, handles: set[Handle]) -> None:
        self._handle = handle
        self._handles = handles

    def __del__(self) -> None:
        self._handle.close()
        self._handles.discard(self._handle)


class _Gate:
    """Lets no connection be opened while the process forks."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._shut: dict[int, threading.Lock] = {}

    def shut(self) -> None:
        """Wait for those who are opening one, and let nobody in."""
        lock = self.lock
        if lock.acquire(timeout=1):
            self._shut[threading.get_ident()] = lock

    def open(self) -> None:
        """Let them in again, after the fork, in both processes."""
        lock = self._shut.pop(threading.get_ident(), None)
        if lock is not None:
            lock.release()


_handles: set[Handle] = set()
_gate = _Gate()
# How many references a connection has that nobody is using, when this is known.
_counted: list[int] = []


@contextmanager
def opening(handle: Handle | None) -> Generator[sqlite3.Connection | None]:
    """Hold back a fork while a connection is opened, and wait for one that is going on.

    Gives the connection of *handle* where this thread goes on with it; None where it opens one.
    """
    lock = _gate.lock
    while not lock.acquire(timeout=_PAUSE_SECONDS):
        connection = None if handle is None else handle.continued()
        if connection is not None:
            yield connection
            return
    try:
        yield None if handle is None else handle.continued()
    finally:
        lock.release()


def is_inherited(path: Path) -> bool:
    """Return whether a connection to *path* was open, and in use, when this process was forked."""
    return any(handle.is_inherited and handle.path == path for handle in list(_handles))


def _users(handle: Handle) -> int:
    """Count the references to the connection: each use of it, and each open cursor, is one."""
    return sys.getrefcount(handle.connection)


def _unused() -> int:
    """Return what :func:`_users` says of a connection that nobody is using."""
    if not _counted:
        # Counted with one, since SQLite's module has references of its own to each.
        probe = Handle(sqlite3.connect(":memory:"), Path(":memory:"))
        probe.connection.execute("SELECT 1").fetchall()
        _counted.append(_users(probe))
        probe.close()
    return _counted[0]


def _before_fork() -> None:
    """Close all connections that nobody is using; wait a moment for those that somebody is.

    One that is within a transaction all that time is left alone: the parent goes on with it, and
    the child is turned away from its file.
    """
    _gate.shut()
    pending = [handle for handle in list(_handles) if not handle.is_inherited]
    looks = 0
    while pending := [handle for handle in pending if not handle.give_way()]:
        looks += 1
        if looks * _PAUSE_SECONDS >= _PATIENCE_SECONDS or all(each.is_mine for each in pending):
            break
        if looks % _LOOKS == 0:
            for handle in pending:
                handle.take_back()
        # Other threads are being waited for, which no frozen clock can move: a real wait.
        threading.Event().wait(_PAUSE_SECONDS)
    for handle in pending:
        handle.take_back()


def _after_fork() -> None:
    _gate.open()


def _after_fork_in_child() -> None:
    _gate.open()
    # Another thread may have been at the gate, which is none here.
    _gate.lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )
