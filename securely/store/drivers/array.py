"""In memory, of this process alone; also the driver for tests."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from securely.store.contracts import IN_MEMORY, Change, Changes, Entry, Row, Span
from securely.store.drivers.base import Threaded
from securely.store.exceptions import Conflict, WithinTransaction
from securely.store.manager import Materials
from securely.store.options import ArrayOptions
from securely.support import clock, entropy
from securely.support.forking import renew_after_fork
from securely.support.missing import Missing

__all__ = ["ArrayEngine"]

# As the drivers on disk have them, so that what works in a test works there.
_KEY_BYTES_MAX: Final = 65_536
_CHANGES_MAX: Final = 4_096
_CHANGES: Final = 256


class _Rows:
    """The rows of one tree: what keys have, and the keys in order."""

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        self.keys: list[bytes] = []

    def set(self, key: bytes, entry: Entry | None) -> Entry | None:
        """Let *key* have *entry*, or not be there; return what it had."""
        old = self.entries.get(key)
        if entry is None:
            if old is not None:
                del self.entries[key]
                del self.keys[bisect_left(self.keys, key)]
        else:
            if old is None:
                insort(self.keys, key)
            self.entries[key] = entry
        return old

    def within(self, span: Span) -> range:
        """Return the places of the keys in *span*."""
        start = bisect_left(self.keys, span.lower)
        stop = len(self.keys) if span.upper is None else bisect_left(self.keys, span.upper)
        return range(start, stop)

    def copy(self) -> _Rows:
        """Return the same rows, which stay as they are."""
        rows = _Rows()
        rows.entries, rows.keys = self.entries.copy(), self.keys.copy()
        return rows


class _Seen(threading.local):
    """The trees as they were when this thread began to read them in one piece."""

    trees: dict[str, _Rows] | None = None


class ArrayEngine(Threaded):
    """Trees in the memory of this process.

    Args:
        name: The name of the database, for errors.
        busy_seconds: How long whoever comes waits for another thread's transaction.

    Example:
        >>> engine = ArrayEngine()
        >>> engine.put("tree", b"key", (None, b"value"))
        >>> engine.rows("tree", Span(), limit=10)
        [(b'key', None, b'value')]
    """

    key_bytes_max = _KEY_BYTES_MAX
    place = IN_MEMORY

    def __init__(self, name: str = "array", *, busy_seconds: float = 5.0) -> None:
        super().__init__(name)
        self._busy_seconds = busy_seconds
        self._trees: dict[str, _Rows] = {}
        self._seen = _Seen()
        self._lock = threading.RLock()
        renew_after_fork(self, "_lock", threading.RLock)
        # What undoes the writes of the transactions that are open, the outermost first.
        self._undo: list[list[Callable[[], object]]] = []
        self._next_id = 1
        self._watchers: dict[str, tuple[str, float]] = {}
        self._changes: deque[tuple[str, Change]] = deque()
        self._position = 0

    @classmethod
    def build(cls, name: str, options: ArrayOptions, materials: Materials) -> ArrayEngine:
        """Return the engine of the database *name* as its options have it."""
        return cls(name, busy_seconds=options.busy_seconds)

    def get(self, tree: str, key: bytes) -> Entry | None:
        """Return what *key* has."""
        with self._held():
            rows = self._present().get(tree)
            return None if rows is None else _live(rows.entries.get(key))

    def put(self, tree: str, key: bytes, entry: Entry) -> None:
        """Let *key* have *entry*, whatever it had."""
        with self._held():
            self._set(tree, key, entry)

    def put_many(self, tree: str, rows: Sequence[Row]) -> None:
        """Write all *rows* or none, the last one of a key last."""
        with self._held():
            for key, expires, data in rows:
                self._set(tree, key, (expires, data))

    def modify(
        self, tree: str, key: bytes, change: Callable[[Entry | None], Entry | Missing | None]
    ) -> None:
        """Let *key* have what *change* makes of what it has."""
        with self._held():
            made = change(self.get(tree, key))
            if not isinstance(made, Missing) and (made is not None or tree in self._trees):
                self._set(tree, key, made)

    def replace(self, tree: str, key: bytes, old: bytes, entry: Entry) -> bool:
        """Let *key* have *entry* if it has the bytes *old* without an end; return whether so."""
        with self._held():
            if self.get(tree, key) != (None, old):
                return False
            self._set(tree, key, entry)
            return True

    def delete(self, tree: str, key: bytes) -> bool:
        """Remove *key*; return whether it was there."""
        with self._held():
            if self.get(tree, key) is None:
                return False
            self._set(tree, key, None)
            return True

    def rows(self, tree: str, span: Span, *, limit: int, reverse: bool = False) -> list[Row]:
        """Return the first *limit* rows in *span*, or the last ones, which come last first."""
        now = clock.timestamp()
        with self._held():
            rows = self._present().get(tree)
            if rows is None:
                return []
            places = rows.within(span)
            found = (
                (key, *rows.entries[key])
                for key in map(rows.keys.__getitem__, reversed(places) if reverse else places)
            )
            alive = (row for row in found if row[1] is None or row[1] > now)
            return list(islice(alive, limit))

    def count(self, tree: str) -> int:
        """Return how many rows *tree* has."""
        now = clock.timestamp()
        with self._held():
            rows = self._present().get(tree)
            entries = () if rows is None else rows.entries.values()
            return sum(expires is None or expires > now for expires, _ in entries)

    def clear(self, tree: str) -> int:
        """Remove all rows of *tree*; return how many there were."""
        with self._held():
            count = self.count(tree)
            rows = self._trees.get(tree)
            for key in [] if rows is None else list(rows.keys):
                self._set(tree, key, None)
            return count

    def drop(self, tree: str) -> bool:
        """Remove *tree* itself; return whether it was there."""
        with self._held():
            self._refuse_reading()
            self.clear(tree)
            dropped = self._trees.pop(tree, None)
            if dropped is not None:
                self._note_undo(lambda: self._trees.update({tree: dropped}))
            return dropped is not None

    def trees(self) -> list[str]:
        """Return the names of all trees, sorted."""
        with self._held():
            return sorted(self._present())

    @contextmanager
    def write(self) -> Generator[None]:
        """Return a block that holds the lock, and undoes what this thread did in it on an error."""
        self._refuse_reading()
        with self._held():
            self._undo.append([])
            try:
                yield
            except BaseException:
                for undo in reversed(self._undo.pop()):
                    undo()
                raise
            done = self._undo.pop()
            if self._undo:
                self._undo[-1].extend(done)

    @contextmanager
    def read(self) -> Generator[None]:
        """Return a block in which all that this thread reads is of one moment."""
        with self._held():
            begins = not self._undo and self._seen.trees is None
            if begins:
                self._seen.trees = {name: rows.copy() for name, rows in self._trees.items()}
        try:
            yield
        finally:
            if begins:
                self._seen.trees = None

    def in_transaction(self) -> bool:
        """Return whether this thread holds the write lock."""
        # Others' blocks hold the lock: who gets it and finds one is in it.
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return bool(self._undo)
        finally:
            self._lock.release()

    def reserve(self, count: int) -> int:
        """Reserve *count* numbers that nobody had before; return the first."""
        with self._held():
            first = self._next_id
            self._next_id += count
            self._note_undo(lambda: setattr(self, "_next_id", first))
            return first

    def follow(self, tree: str, seconds: float) -> tuple[str, int]:
        """Begin to keep the changes of *tree*, for *seconds*; return a token, and the start."""
        token = entropy.token_hex(8)
        with self._held():
            self._sweep()
            self._watchers[token] = tree, clock.timestamp() + seconds
            return token, self._position

    def changes(self, token: str, span: Span, position: int, seconds: float) -> Changes:
        """Return what has changed in *span* behind *position*; keep changes for *seconds* more."""
        with self._held():
            if self._undo:
                return Changes((), position, lost=False)  # only what is committed is told
            watcher = self._watchers.get(token)
            behind = self._position - position
            if watcher is None or behind > len(self._changes):
                return Changes((), self._position, lost=True)
            self._watchers[token] = watcher[0], clock.timestamp() + seconds
            self._sweep()
            found: list[Change] = []
            for tree, change in islice(self._changes, len(self._changes) - behind, None):
                position += 1
                if tree == watcher[0] and _is_within(change.key, span):
                    found.append(change)
                    if len(found) == _CHANGES:
                        break
            return Changes(found, position, lost=False)

    def unfollow(self, token: str) -> None:
        """Keep no changes for the watch *token* any more."""
        with self._held():
            self._watchers.pop(token, None)
            self._sweep()

    def flush(self) -> None:
        """Return at once: nothing is on a disk."""

    def expire(self) -> int:
        """Remove the rows whose lifetime is over, from all trees; return how many."""
        now = clock.timestamp()
        removed = 0
        with self._held():
            for rows in self._trees.values():
                ends = [(key, end) for key, (end, _) in rows.entries.items() if end is not None]
                for key in [key for key, end in ends if end <= now]:
                    rows.set(key, None)
                    removed += 1
        return removed

    def compact(self) -> None:
        """Forget watches that have not looked in time."""
        with self._held():
            self._sweep()

    def check(self) -> list[str]:
        """Return nothing: there is no file."""
        return []

    def size_bytes(self) -> int:
        """Return 0: nothing is on a disk."""
        return 0

    @contextmanager
    def _held(self) -> Generator[None]:
        if not self._lock.acquire(timeout=self._busy_seconds):
            raise Conflict(self.name, self._busy_seconds)
        try:
            yield
        finally:
            self._lock.release()

    def _present(self) -> dict[str, _Rows]:
        return self._trees if self._seen.trees is None else self._seen.trees

    def _refuse_reading(self) -> None:
        if self._seen.trees is not None:
            raise WithinTransaction("write")

    def _set(self, tree: str, key: bytes, entry: Entry | None) -> None:
        self._refuse_reading()
        rows = self._trees.get(tree)
        if rows is None:
            rows = self._trees[tree] = _Rows()
            self._note_undo(lambda: self._trees.pop(tree, None))
        kept = rows
        old = kept.set(key, entry)
        self._note_undo(lambda: kept.set(key, old))
        # What is over already is removed in silence, as is what was not there.
        silent = entry is None and _live(old) is None
        if not silent and any(watched == tree for watched, _ in self._watchers.values()):
            self._note(tree, Change(key, entry))

    def _note(self, tree: str, change: Change) -> None:
        self._changes.append((tree, change))
        self._position += 1
        self._note_undo(self._unnote)
        # Within a transaction all are kept, so that they can be undone one by one.
        while len(self._changes) > _CHANGES_MAX and not self._undo:
            self._changes.popleft()

    def _unnote(self) -> None:
        self._changes.pop()
        self._position -= 1

    def _note_undo(self, undo: Callable[[], object]) -> None:
        if self._undo:
            self._undo[-1].append(undo)

    def _sweep(self) -> None:
        now = clock.timestamp()
        for token, (_, until) in list(self._watchers.items()):
            if until <= now:
                del self._watchers[token]
        if not self._watchers and not self._undo:
            self._changes.clear()


def _live(entry: Entry | None) -> Entry | None:
    if entry is None or entry[0] is None or entry[0] > clock.timestamp():
        return entry
    return None


def _is_within(key: bytes, span: Span) -> bool:
    return key >= span.lower and (span.upper is None or key < span.upper)
