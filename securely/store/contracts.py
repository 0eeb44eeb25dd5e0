"""Engine: ordered rows of bytes in named trees, transactions, and what was changed.

An engine knows neither keys nor values: those are bytes, ordered by byte, whose meaning and
signatures are the business of :mod:`securely.store.codec`. It is written in the sync colour;
:mod:`securely.store.drivers.base` gives what runs it for a loop.
``securely.testing.suites.store.EngineSuite`` proves a driver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar

from securely.support.missing import Missing

__all__ = ["IN_MEMORY", "Change", "Changes", "Engine", "Entry", "Row", "Session", "Span"]

P = ParamSpec("P")
T = TypeVar("T")


IN_MEMORY: Final = "memory"
"""The place of an engine that keeps nothing beyond the process."""

Entry: TypeAlias = tuple[float | None, bytes]
"""What a key has: the end of its lifetime (wall seconds, None for none), and its bytes."""

Row: TypeAlias = tuple[bytes, float | None, bytes]
"""A key, and what it has. Plain tuples, since a scan makes very many of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the order of keys: from *lower* on, up to and without *upper*; None for no end."""

    lower: bytes = b""
    upper: bytes | None = None


class Change(NamedTuple):
    """A key that was written (with what), or removed (None), or whose bytes were not kept."""

    key: bytes
    entry: Entry | Missing | None


class Changes(NamedTuple):
    """What a watch is told: the changes in their order, up to where, and whether any were lost."""

    changes: Sequence[Change]
    position: int
    lost: bool


class Session(Protocol):
    """One thread in which a transaction of a loop lives."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work* in the thread; it is run to its end, though the task be cancelled."""
        ...

    def queue(self, work: Callable[[], object]) -> None:
        """Run *work* in the thread after what it does now; nobody waits for it."""
        ...

    def is_here(self) -> bool:
        """Return whether this is the thread."""
        ...

    def end(self) -> None:
        """Give the thread back, when it has done what it was asked."""
        ...


class Engine(Protocol):
    """Ordered rows of bytes in named trees. Times are wall seconds by `support.clock`.

    A row whose lifetime is over is absent for every method. A tree begins with its first row, and
    is read as an empty one before. Every method is atomic, also among processes where they share
    the store, and may raise StoreUnavailable, StoreFull and Conflict.
    """

    name: str
    """The name of the database, for errors."""
    place: str
    """Where it is, for errors; IN_MEMORY where nothing is kept beyond the process."""
    key_bytes_max: int
    """The longest key."""

    def get(self, tree: str, key: bytes) -> Entry | None:
        """Return what *key* has."""
        ...

    def put(self, tree: str, key: bytes, entry: Entry) -> None:
        """Let *key* have *entry*, whatever it had."""
        ...

    def put_many(self, tree: str, rows: Sequence[Row]) -> None:
        """Write all *rows* or none, the last one of a key last."""
        ...

    def modify(
        self, tree: str, key: bytes, change: Callable[[Entry | None], Entry | Missing | None]
    ) -> None:
        """Let *key* have what *change* makes of what it has, with the write lock held.

        *change* is called once. None removes the key, MISSING leaves it as it is; where it raises,
        nothing is changed.
        """
        ...

    def replace(self, tree: str, key: bytes, old: bytes, entry: Entry) -> bool:
        """Let *key* have *entry* if it has the bytes *old* without an end; return whether so."""
        ...

    def delete(self, tree: str, key: bytes) -> bool:
        """Remove *key*; return whether it was there."""
        ...

    def rows(self, tree: str, span: Span, *, limit: int, reverse: bool = False) -> list[Row]:
        """Return the first *limit* rows in *span*, or the last ones, which come last first."""
        ...

    def count(self, tree: str) -> int:
        """Return how many rows *tree* has."""
        ...

    def clear(self, tree: str) -> int:
        """Remove all rows of *tree*; return how many there were."""
        ...

    def drop(self, tree: str) -> bool:
        """Remove *tree* itself; return whether it was there."""
        ...

    def trees(self) -> list[str]:
        """Return the names of all trees, sorted."""
        ...

    def write(self) -> AbstractContextManager[None]:
        """Return a block that holds the write lock, for what this thread does in it.

        It commits at its end, and rolls back on an error; one in another one rolls back alone.
        """
        ...

    def read(self) -> AbstractContextManager[None]:
        """Return a block in which all that this thread reads is of one moment.

        Others write meanwhile, and this thread does not (WithinTransaction). In a block of
        `write`, which nobody comes between, it changes nothing.
        """
        ...

    def in_transaction(self) -> bool:
        """Return whether this thread holds the write lock."""
        ...

    def reserve(self, count: int) -> int:
        """Reserve *count* numbers that nobody had before; return the first. It begins at 1."""
        ...

    def follow(self, tree: str, seconds: float) -> tuple[str, int]:
        """Begin to keep the changes of *tree*, for *seconds*; return a token, and the start."""
        ...

    def changes(self, token: str, span: Span, position: int, seconds: float) -> Changes:
        """Return what has changed in *span* behind *position*; keep changes for *seconds* more."""
        ...

    def unfollow(self, token: str) -> None:
        """Keep no changes for the watch *token* any more."""
        ...

    def flush(self) -> None:
        """Return when all that was written before is on the disk, whatever the durability."""
        ...

    def expire(self) -> int:
        """Remove the rows whose lifetime is over, from all trees; return how many."""
        ...

    def compact(self) -> None:
        """Give the room of what was removed back to the disk."""
        ...

    def check(self) -> list[str]:
        """Return what is wrong with the file itself; nothing for a sound one."""
        ...

    def size_bytes(self) -> int:
        """Return how much the store takes on the disk."""
        ...

    def close(self) -> None:
        """Give connections and files back; the engine opens them again when it is used again."""
        ...

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work*, which uses this engine, without holding up the loop."""
        ...

    def session(self) -> Session:
        """Return a thread for one transaction of a loop."""
        ...
