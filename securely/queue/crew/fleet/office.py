"""The files of masters: the lock that makes a name one's own, what is shown, what is asked for.

Of a master NAME there are, in one directory: `NAME.lock`, which it holds locked for its life;
`NAME.json`, what it has under way; and `NAME.orders`, to which others append a line each. The
kernel drops the lock with the process, so that no file has to be believed of a dead master.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from securely.queue.exceptions import AlreadySupervised
from securely.support import clock

__all__ = ["MasterState", "Office", "Order", "PoolState", "SupervisorState", "masters", "send"]

_TRIES: Final = 5  # a look by another process holds the lock for a moment, too
_TRY_SECONDS: Final = 0.02
_LOCK: Final = ".lock"
_STATE: Final = ".json"
_ORDERS: Final = ".orders"


@dataclass(frozen=True, slots=True)
class PoolState:
    """Processes that serve the same queues.

    Attributes:
        wanted: How many there are to be.
        pids: The process ids of those that are.
        leaving: Those that finish their last jobs.
    """

    queues: tuple[str, ...]
    wanted: int
    pids: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SupervisorState:
    """A supervisor; *status* is "running", "paused" or "terminating"."""

    name: str
    connection: str
    status: str
    balance: str
    pools: tuple[PoolState, ...] = ()

    @property
    def processes(self) -> int:
        """How many processes there are."""
        return sum(len(pool.pids) for pool in self.pools)


@dataclass(frozen=True, slots=True)
class MasterState:
    """A master that lives; *status* as of a supervisor, *since* is wall time in seconds."""

    name: str
    pid: int
    environment: str
    status: str
    since: float
    supervisors: tuple[SupervisorState, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What a master is asked to do, of one supervisor or of all (None)."""

    verb: Literal["pause", "continue", "terminate"]
    supervisor: str | None = None


class Office:
    """A master's own files, from :meth:`open` to :meth:`close`.

    Args:
        directory: Where they lie; made for its owner only.
        name: The master's name.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._lock = -1
        self._shown: MasterState | None = None

    def open(self) -> None:
        """Make the name one's own.

        Raises:
            AlreadySupervised: Another master of this name lives.
            OSError: The directory cannot be used.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = self._hold()
        if self._lock < 0:
            raise AlreadySupervised(self._name)
        self.orders()  # they were for whoever had the name before

    def show(self, state: MasterState) -> None:
        """Let others see *state*."""
        if state == self._shown:
            return
        path = self._directory / f"{self._name}{_STATE}"
        written = path.with_suffix(".new")
        with suppress(OSError):  # a full disk: what is seen is older then, and all else works
            written.write_bytes(msgspec.json.encode(state))
            written.replace(path)
            self._shown = state

    def orders(self) -> list[Order]:
        """Return what was asked for since the last call."""
        path = self._directory / f"{self._name}{_ORDERS}"
        try:
            if not path.stat().st_size:
                return []
            with _alone(path) as descriptor:
                lines = os.read(descriptor, 1 << 20).splitlines()
                os.ftruncate(descriptor, 0)
        except OSError:
            return []
        found: list[Order] = []
        for line in lines:
            with suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(line, type=Order))
        return found

    def close(self) -> None:
        """Give the name back."""
        if self._lock < 0:
            return
        for suffix in (_STATE, _ORDERS):
            (self._directory / f"{self._name}{suffix}").unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1

    def _hold(self) -> int:
        import fcntl

        path = self._directory / f"{self._name}{_LOCK}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _ in range(_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                clock.sleep(_TRY_SECONDS)
            else:
                return descriptor
        os.close(descriptor)
        return -1


def masters(directory: Path) -> list[MasterState]:
    """Return the masters that live, by name."""
    found: list[MasterState] = []
    for path in sorted(directory.glob(f"*{_STATE}")):
        if _is_held(path.with_name(f"{path.stem}{_LOCK}")):
            with suppress(OSError, msgspec.DecodeError):
                found.append(msgspec.json.decode(path.read_bytes(), type=MasterState))
    return found


def send(directory: Path, names: Sequence[str], order: Order) -> None:
    """Ask the masters *names* for something.

    Raises:
        OSError: That could not be written.
    """
    for name in names:
        with _alone(directory / f"{name}{_ORDERS}") as descriptor:
            os.write(descriptor, msgspec.json.encode(order) + b"\n")


@contextmanager
def _alone(path: Path) -> Generator[int]:
    """Open *path* to append to it or to read it, with no other process at it."""
    import fcntl

    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_held(path: Path) -> bool:
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
