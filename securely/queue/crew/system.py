"""What the worker's processes ask of the operating system."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["die_with", "hold_lock", "keep_from_forks", "resident_bytes"]

_PR_SET_PDEATHSIG: Final = 1
_locks: list[int] = []
_sockets: list[int] = []


def die_with(parent: int) -> None:
    """Have the kernel kill this process when *parent* dies; exit if it is dead already.

    Only Linux knows such a signal. Elsewhere the end of the control socket tells it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def hold_lock(path: Path) -> None:
    """Hold an exclusive lock on *path*, which is made, until this process is gone.

    The lock belongs to the open file, which a fork would share: a child that outlives this
    process must not keep it alive, so forks close their copy.

    Raises:
        BlockingIOError: Another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    _locks.append(descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def keep_from_forks(*descriptors: int) -> None:
    """Let children that are forked from here not hold the sockets *descriptors* open.

    The other end takes the end of the stream for our death: a child that outlives us must not
    hide it.
    """
    _sockets.extend(descriptors)


def _let_go() -> None:
    # A child closes what it has inherited, once: to its own children the number is another file.
    while _locks:
        os.close(_locks.pop())
    if not _sockets:
        return
    # Put to nothing instead of closed: objects that close these numbers some day still exist.
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    while _sockets:
        os.dup2(nothing, _sockets.pop(), inheritable=False)
    os.close(nothing)


os.register_at_fork(after_in_child=_let_go)


def resident_bytes() -> int:
    """Return how much memory this process has in RAM; where only a peak is known, the peak."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        import resource

        # macOS counts bytes (getrusage(2)); the others, which have /proc, count kibibytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * _page_bytes()


@cache
def _page_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE")
