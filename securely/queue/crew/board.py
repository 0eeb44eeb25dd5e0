"""The delivery board: what each delivery of a worker had come to, readable after any death.

One memory-mapped file per worker, one cell per delivery. The supervisor writes a cell before it
hands the delivery over; the executor marks it started, and finished when the outcome has no
consequence but the removal of the row. Pages of a mapped file belong to the kernel, so they
survive SIGKILL of either process, and other workers can read them. They need not survive the
machine: a board of another boot is empty.

A cell is reused only after the settlement of its last delivery has been committed.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path

__all__ = ["Board", "State", "boot_id", "read"]

_MAGIC = b"SQB1"
_HEADER = struct.Struct("<4sI16s8x")  # magic, cells, boot
_CELL = struct.Struct("<qqI4xd")  # id, token, state, monotonic seconds of the start
_KEY = struct.Struct("<qq")
_MARK = struct.Struct("<I4xd")
_STATE = struct.Struct("<I")
_STATE_AT = _KEY.size


class State(IntEnum):
    """What a delivery had come to."""

    HANDED = 0  # with the executor or on its way: user code has not begun
    STARTED = 1  # user code has begun
    FINISHED = 2  # done, and settling it means removing its row and nothing else


# As numbers: a member of an enumeration takes longer to look up than a cell to write.
_HANDED, _STARTED, _FINISHED = map(int, State)


@cache
def boot_id() -> bytes:
    """Return 16 bytes that differ for each boot of this machine."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        text = _sysctl("kern.bootsessionuuid")
    return hashlib.blake2b(text, digest_size=16).digest()


def _sysctl(name: str) -> bytes:
    if sys.platform == "win32":
        return b""  # no worker runs there
    run = subprocess.run(  # noqa: S603  # a fixed command of the system
        ["/usr/sbin/sysctl", "-n", name], capture_output=True, check=False
    )
    return run.stdout


class Board:
    """A worker's board, as its supervisor and its executors see it.

    Args:
        path: The file.
        cells: How many deliveries it holds; makes the file. None opens one that exists.
    """

    def __init__(self, path: Path, cells: int | None = None) -> None:
        self.path = path
        if cells is not None:
            self._make(path, cells)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)
        self.cells: int = _HEADER.unpack_from(self._map)[1]

    @staticmethod
    def _make(path: Path, cells: int) -> None:
        content = _HEADER.pack(_MAGIC, cells, boot_id()) + bytes(_CELL.size * cells)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)

    def place(self, cell: int, id_: int, token: int) -> None:
        """Put a delivery on *cell*, handed over and not started."""
        at = _HEADER.size + cell * _CELL.size
        # The state first: a cell that names the new delivery never shows the old one's state.
        _STATE.pack_into(self._map, at + _STATE_AT, _HANDED)
        _KEY.pack_into(self._map, at, id_, token)

    def start(self, cell: int, at: float) -> None:
        """Mark *cell* started at the monotonic time *at*."""
        _MARK.pack_into(self._map, _HEADER.size + cell * _CELL.size + _STATE_AT, _STARTED, at)

    def finish(self, cell: int) -> None:
        """Mark *cell* finished, with nothing to settle but the removal of its row."""
        offset = _HEADER.size + cell * _CELL.size + _STATE_AT
        _STATE.pack_into(self._map, offset, _FINISHED)

    def look(self, cell: int) -> tuple[State, float]:
        """Return the state of *cell*, and the monotonic time at which it was started."""
        state, at = _MARK.unpack_from(self._map, _HEADER.size + cell * _CELL.size + _STATE_AT)
        return State(state), at

    def close(self) -> None:
        """Let go of the file; it stays."""
        self._map.close()


def read(path: Path) -> Mapping[tuple[int, int], State]:
    """Return the states on the board at *path* by (id, token).

    Empty when there is no board, when it is damaged, and when it is of another boot.

    Example:
        >>> read(Path("/nowhere/worker.board"))
        {}
    """
    try:
        content = path.read_bytes()
        magic, cells, boot = _HEADER.unpack_from(content)
    except (OSError, struct.error):
        return {}
    if magic != _MAGIC or boot != boot_id():
        return {}
    room = (len(content) - _HEADER.size) // _CELL.size
    states: dict[tuple[int, int], State] = {}
    for cell in range(min(cells, room)):
        id_, token, state, _ = _CELL.unpack_from(content, _HEADER.size + cell * _CELL.size)
        if token > 0 and state in {0, 1, 2}:
            # One that was handed on stands on two cells: what it has come to is the most.
            states[id_, token] = max(State(state), states.get((id_, token), State.HANDED))
    return states
