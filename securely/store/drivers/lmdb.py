"""On LMDB (the extra ``lmdb``): many processes, one machine; the fastest reads."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from securely.store.contracts import Change, Changes, Entry, Row, Span
from securely.store.drivers.base import Threaded
from securely.store.drivers.lmdb_lock import WriterLock
from securely.store.exceptions import StoreError, StoreFull, StoreUnavailable
from securely.store.manager import Materials
from securely.store.options import LmdbOptions
from securely.support import clock, entropy
from securely.support.forking import renew_after_fork
from securely.support.importing import require
from securely.support.missing import Missing

__all__ = ["LmdbEngine"]

# LMDB takes keys of 511 bytes; four of them say which tree.
_KEY_BYTES_MAX: Final = 507
_TREE: Final = struct.Struct(">I")
_NUMBER: Final = struct.Struct(">Q")
_END: Final = struct.Struct(">d")
_CHANGE: Final = struct.Struct(">16sBH")
# What is in the numbers of trees below the first tree: what the engine knows, and the changes.
_OWN: Final = _TREE.pack(0)
_CHANGES_AT: Final = _TREE.pack(1)
_FIRST_TREE: Final = 16
_NEXT_ID: Final = _OWN + b"id"
_NEXT_TREE: Final = _OWN + b"tree"
_POSITION: Final = _OWN + b"position"
_NAMES: Final = _OWN + b"name:"
_WATCHERS: Final = _OWN + b"watch:"
# As in the sqlite driver: how many changes are kept, how large with their value, how many are
# told at once.
_CHANGES_MAX: Final = 4_096
_DATA_BYTES_MAX: Final = 16_384
_CHANGES: Final = 256
# Rows that one transaction removes when lifetimes are over.
_EXPIRE_ROWS: Final = 1_000
# Processes and threads that may read at once.
_READERS: Final = 512


class _Write:
    """A write transaction of a thread, and those within it."""

    def __init__(self, transaction: Any) -> None:
        self.open = [transaction]
        self.watched: dict[bytes, bytes] | None = None


class _Local(threading.local):
    write: _Write | None = None


class LmdbEngine(Threaded):
    """Trees in an LMDB environment on a local disk, for all processes of one machine.

    Args:
        directory: Made on first use, for its owner only.
        name: The name of the database, for errors.
        durability: "full" makes a write that has returned survive a power cut; at "normal" one may
            take the last transaction; "relaxed" waits for no disk, and a power cut may damage it.
        busy_seconds: How long a writer waits for another.
        size_bytes_max: How large it may become.
    """

    key_bytes_max = _KEY_BYTES_MAX

    def __init__(
        self,
        directory: Path,
        name: str = "lmdb",
        *,
        durability: Literal["full", "normal", "relaxed"] = "full",
        busy_seconds: float = 5.0,
        size_bytes_max: int = 2**30,
    ) -> None:
        super().__init__(name)
        self.place = str(directory)
        self._directory = directory
        self._durability = durability
        self._size_bytes_max = size_bytes_max
        self._environment: Any = None
        self._pid = 0
        self._opening = threading.Lock()
        renew_after_fork(self, "_opening", threading.Lock)
        self._lock = WriterLock(directory / "writer.lock", name, busy_seconds)
        self._local = _Local()
        # The threads that have a transaction open.
        self._within: set[int] = set()

    @classmethod
    def build(cls, name: str, options: LmdbOptions, materials: Materials) -> LmdbEngine:
        """Return the engine of the database *name* as its options have it."""
        return cls(
            materials.locate(options.path),
            name,
            durability=options.durability,
            busy_seconds=options.busy_seconds,
            size_bytes_max=options.size_bytes_max,
        )

    def get(self, tree: str, key: bytes) -> Entry | None:
        """Return what *key* has."""
        with self._reading() as transaction:
            prefix = _find(transaction, tree)
            found = None if prefix is None else transaction.get(prefix + key)
        return _live(found)

    def put(self, tree: str, key: bytes, entry: Entry) -> None:
        """Let *key* have *entry*, whatever it had."""
        with self._writing() as write:
            self._set(write, self._prefix(write, tree), key, entry)

    def put_many(self, tree: str, rows: Sequence[Row]) -> None:
        """Write all *rows* or none, the last one of a key last."""
        with self.write(), self._writing() as write:
            prefix = self._prefix(write, tree)
            for key, expires, data in rows:
                self._set(write, prefix, key, (expires, data))

    def modify(
        self, tree: str, key: bytes, change: Callable[[Entry | None], Entry | Missing | None]
    ) -> None:
        """Let *key* have what *change* makes of what it has, with the write lock held."""
        with self._writing() as write:
            prefix = _find(write.open[-1], tree)
            found = None if prefix is None else _live(write.open[-1].get(prefix + key))
            made = change(found)
            if not isinstance(made, Missing) and (made is not None or prefix is not None):
                self._set(write, prefix or self._prefix(write, tree), key, made)

    def replace(self, tree: str, key: bytes, old: bytes, entry: Entry) -> bool:
        """Let *key* have *entry* if it has the bytes *old* without an end; return whether so."""
        with self._writing() as write:
            prefix = _find(write.open[-1], tree)
            if prefix is None or _live(write.open[-1].get(prefix + key)) != (None, old):
                return False
            self._set(write, prefix, key, entry)
            return True

    def delete(self, tree: str, key: bytes) -> bool:
        """Remove *key*; return whether it was there."""
        with self._writing() as write:
            prefix = _find(write.open[-1], tree)
            if prefix is None or _live(write.open[-1].get(prefix + key)) is None:
                return False
            self._set(write, prefix, key, None)
            return True

    def rows(self, tree: str, span: Span, *, limit: int, reverse: bool = False) -> list[Row]:
        """Return the first *limit* rows in *span*, or the last ones, which come last first."""
        now = clock.timestamp()
        rows: list[Row] = []
        with self._reading() as transaction:
            prefix = _find(transaction, tree)
            if prefix is None:
                return rows
            scan = _backward if reverse else _forward
            for key, packed in scan(transaction, prefix, span):
                expires, data = _unpacked(packed)
                if expires is None or expires > now:
                    rows.append((key[_TREE.size :], expires, data))
                    if len(rows) == limit:
                        break
        return rows

    def count(self, tree: str) -> int:
        """Return how many rows *tree* has."""
        now = clock.timestamp()
        with self._reading() as transaction:
            prefix = _find(transaction, tree)
            if prefix is None:
                return 0
            ends = (_unpacked(packed)[0] for _, packed in _forward(transaction, prefix, Span()))
            return sum(end is None or end > now for end in ends)

    def clear(self, tree: str) -> int:
        """Remove all rows of *tree*; return how many there were."""
        with self.write(), self._writing() as write:
            count = self.count(tree)
            prefix = _find(write.open[-1], tree)
            if prefix is not None:
                for key, _ in list(_forward(write.open[-1], prefix, Span())):
                    self._set(write, prefix, key[_TREE.size :], None)
            return count

    def drop(self, tree: str) -> bool:
        """Remove *tree* itself; return whether it was there."""
        with self.write(), self._writing() as write:
            self.clear(tree)
            return bool(write.open[-1].delete(_name_key(tree)))

    def trees(self) -> list[str]:
        """Return the names of all trees, sorted."""
        with self._reading() as transaction:
            found = list(_forward(transaction, _NAMES, Span()))
        return sorted(value[_TREE.size :].decode(errors="replace") for _, value in found)

    @contextmanager
    def write(self) -> Generator[None]:
        """Return a block that holds the write lock, for what this thread does in it."""
        with self._transaction():
            yield

    def in_transaction(self) -> bool:
        """Return whether this thread holds the write lock."""
        return self._local.write is not None

    def reserve(self, count: int) -> int:
        """Reserve *count* numbers that nobody had before; return the first."""
        with self._writing() as write:
            return _add(write.open[-1], _NEXT_ID, count, 1)

    def follow(self, tree: str, seconds: float) -> tuple[str, int]:
        """Begin to keep the changes of *tree*, for *seconds*; return a token, and the start."""
        token = entropy.token_hex(8)
        with self._writing() as write:
            self._sweep(write)
            value = _END.pack(clock.timestamp() + seconds) + tree.encode()
            write.open[-1].put(_WATCHERS + token.encode(), value)
            write.watched = None
            return token, _number(write.open[-1], _POSITION, 0)

    def changes(self, token: str, span: Span, position: int, seconds: float) -> Changes:
        """Return what has changed in *span* behind *position*; keep changes for *seconds* more."""
        if self.in_transaction():
            return Changes((), position, lost=False)  # only what is committed is told
        with self._reading() as transaction:
            until, found = _changes(transaction, token, span, position)
        now = clock.timestamp()
        # Renewed when a third is over, and not at each look: a renewal is a write.
        if until is not None and until - now < seconds * 2 / 3:
            self._renew(token, now + seconds)
        return found

    def unfollow(self, token: str) -> None:
        """Keep no changes for the watch *token* any more."""
        with self._writing() as write:
            write.open[-1].delete(_WATCHERS + token.encode())
            self._sweep(write)

    def flush(self) -> None:
        """Return when all that was written before is on the disk, whatever the durability."""
        with self._errors():
            self._env().sync(True)

    def expire(self) -> int:
        """Remove the rows whose lifetime is over, from all trees; return how many."""
        removed = 0
        for tree in self.trees():
            rest: Span | None = Span()
            while rest is not None:
                rows, rest = self._expire(tree, rest)
                removed += rows
        return removed

    def compact(self) -> None:
        """Forget watches that have not looked in time; room that is free is used again."""
        with self._writing() as write:
            self._sweep(write)

    def check(self) -> list[str]:
        """Return what is wrong with the file itself: whether all of it can be read."""
        try:
            with self._reading() as transaction:
                for _ in transaction.cursor():
                    pass
        except StoreError as error:
            return [str(error)]
        return []

    def size_bytes(self) -> int:
        """Return how much the store takes on the disk; the file is sparse."""
        try:
            return (self._directory / "data.mdb").stat().st_blocks * 512
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Close the environment; a later use opens it again."""
        super().close()
        with self._opening:
            environment, self._environment = self._environment, None
            if environment is not None and self._pid == os.getpid():
                environment.close()
            self._lock.close()

    # Transactions

    @contextmanager
    def _reading(self) -> Generator[Any]:
        write = self._local.write
        with self._errors():
            if write is not None:
                yield write.open[-1]
                return
            environment = self._env()
            self._within.add(here := threading.get_ident())
            try:
                with environment.begin() as transaction:
                    yield transaction
            finally:
                self._within.discard(here)

    @contextmanager
    def _writing(self) -> Generator[_Write]:
        """Give the transaction of this thread, or one of its own."""
        write = self._local.write
        if write is not None:
            with self._errors():
                yield write
            return
        with self._transaction() as write, self._errors():
            yield write

    @contextmanager
    def _transaction(self) -> Generator[_Write]:
        environment = self._env()
        write = self._local.write
        if write is None:
            with self._lock.held():
                self._within.add(here := threading.get_ident())
                try:
                    with self._errors():
                        transaction = environment.begin(write=True)
                    write = self._local.write = _Write(transaction)
                    with self._ended(write):
                        yield write
                finally:
                    self._local.write = None
                    self._within.discard(here)
            return
        with self._errors():
            write.open.append(environment.begin(parent=write.open[-1], write=True))
        with self._ended(write):
            yield write

    @contextmanager
    def _ended(self, write: _Write) -> Generator[None]:
        """Commit the innermost transaction, or abort it on an error."""
        try:
            yield
        except BaseException:
            write.open.pop().abort()
            raise
        transaction = write.open.pop()
        with self._errors():
            try:
                transaction.commit()
            except BaseException:
                transaction.abort()
                raise

    def _env(self) -> Any:
        environment = self._environment
        if environment is not None and self._pid == os.getpid():
            return environment
        with self._opening:
            if self._environment is None or self._pid != os.getpid():
                if self._environment is not None:
                    self._leave_inherited()
                self._environment = self._open()
                self._pid = os.getpid()
            return self._environment

    def _leave_inherited(self) -> None:
        """Close what a fork has left here of the parent's, so that it can be opened anew.

        LMDB knows readers and locks by their process, so the parent's stay. But a transaction that
        was open would be ended here, in the memory that both share, and the parent's with it.
        """
        if self._within:
            reason = (
                "this process was forked while a thread had a transaction open. "
                "Fork before threads use it, or start the child with subprocess."
            )
            raise StoreUnavailable(self.name, self.place, reason)
        self._environment.close()
        self._environment = None

    def _open(self) -> Any:
        lmdb = require("lmdb", "lmdb")
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{error.strerror or error}. Make its parent writable for this user."
            raise StoreUnavailable(self.name, self.place, reason) from error
        with self._errors():
            environment = lmdb.open(
                self.place,
                map_size=self._size_bytes_max,
                max_readers=_READERS,
                mode=0o600,
                sync=self._durability != "relaxed",
                metasync=self._durability == "full",
            )
            # Readers that were killed would keep old pages alive.
            environment.reader_check()
        return environment

    # Rows

    def _prefix(self, write: _Write, tree: str) -> bytes:
        """Return the number of *tree*, which is given one if it has none."""
        transaction = write.open[-1]
        prefix = _find(transaction, tree)
        if prefix is None:
            prefix = _TREE.pack(_add(transaction, _NEXT_TREE, 1, _FIRST_TREE))
            transaction.put(_name_key(tree), prefix + tree.encode())
            write.watched = None
        return prefix

    def _set(self, write: _Write, prefix: bytes, key: bytes, entry: Entry | None) -> None:
        transaction = write.open[-1]
        if entry is None:
            found = transaction.pop(prefix + key)
            # What is over already is removed in silence, as is what was not there.
            if _live(found) is None:
                return
        else:
            transaction.put(prefix + key, _packed(entry))
        if write.watched is None:
            write.watched = _watched(transaction)
        if prefix in write.watched:
            _note(transaction, write.watched[prefix], key, entry)

    def _expire(self, tree: str, span: Span) -> tuple[int, Span | None]:
        """Remove some rows whose lifetime is over; return how many, and where to go on."""
        now = clock.timestamp()
        removed = seen = 0
        with self.write(), self._writing() as write:
            transaction = write.open[-1]
            prefix = _find(transaction, tree)
            if prefix is None:
                return 0, None
            key = b""
            for key, packed in _forward(transaction, prefix, span):
                seen += 1
                end = _unpacked(packed)[0]
                if end is not None and end <= now:
                    # A lifetime that is over is no event: nothing is noted.
                    transaction.delete(key)
                    removed += 1
                if seen == _EXPIRE_ROWS:
                    return removed, Span(key[_TREE.size :] + b"\x00")
        return removed, None

    def _renew(self, token: str, until: float) -> None:
        with self._writing() as write:
            key = _WATCHERS + token.encode()
            found = write.open[-1].get(key)
            if found is not None:
                write.open[-1].put(key, _END.pack(until) + found[_END.size :])
            self._sweep(write)

    def _sweep(self, write: _Write) -> None:
        """Forget watches that have not looked in time, and changes that nobody waits for."""
        transaction = write.open[-1]
        now = clock.timestamp()
        write.watched = None
        watchers = list(_forward(transaction, _WATCHERS, Span()))
        gone = [key for key, value in watchers if _END.unpack_from(value)[0] <= now]
        for key in gone:
            transaction.delete(key)
        if len(gone) == len(watchers):
            for key, _ in list(_forward(transaction, _CHANGES_AT, Span())):
                transaction.delete(key)

    # Errors

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (StoreError, OSError):
            raise
        except Exception as error:
            # Its errors can only be named when it is there.
            lmdb = require("lmdb", "lmdb")
            if isinstance(error, lmdb.MapFullError):
                reason = f"it may take {self._size_bytes_max:,} bytes. Raise size_bytes_max"
                raise StoreFull(self.name, self.place, reason) from error
            if isinstance(error, lmdb.DiskError):
                raise StoreFull(self.name, self.place, str(error)) from error
            if isinstance(error, lmdb.Error):
                reason = f"{error}. If it is damaged, move it away and import a backup."
                raise StoreUnavailable(self.name, self.place, reason) from error
            raise


def _forward(transaction: Any, prefix: bytes, span: Span) -> Iterator[tuple[bytes, bytes]]:
    cursor = transaction.cursor()
    upper = None if span.upper is None else prefix + span.upper
    if cursor.set_range(prefix + span.lower):
        for key, value in cursor:
            if not key.startswith(prefix) or (upper is not None and key >= upper):
                return
            yield key, value


def _backward(transaction: Any, prefix: bytes, span: Span) -> Iterator[tuple[bytes, bytes]]:
    cursor = transaction.cursor()
    lower = prefix + span.lower
    upper = _after(prefix) if span.upper is None else prefix + span.upper
    there = cursor.prev() if cursor.set_range(upper) else cursor.last()
    if there:
        for key, value in cursor.iterprev():
            if key < lower:
                return
            yield key, value


def _after(prefix: bytes) -> bytes:
    return (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix), "big")


def _name_key(tree: str) -> bytes:
    # A name may be longer than a key.
    return _NAMES + _mark(tree)


def _mark(tree: str) -> bytes:
    """Return sixteen bytes that stand for the name of a tree."""
    return hashlib.sha256(tree.encode()).digest()[:16]


def _find(transaction: Any, tree: str) -> bytes | None:
    """Return what the keys of *tree* begin with, None if it has not begun."""
    found = transaction.get(_name_key(tree))
    return None if found is None else found[: _TREE.size]


def _packed(entry: Entry) -> bytes:
    expires, data = entry
    return _END.pack(-1.0 if expires is None else expires) + data


def _unpacked(packed: bytes) -> Entry:
    if len(packed) < _END.size:
        return None, packed  # not ours: its signature will not match
    (end,) = _END.unpack_from(packed)
    return (None if end == -1.0 else end), packed[_END.size :]


def _live(packed: bytes | None) -> Entry | None:
    if packed is None:
        return None
    entry = _unpacked(packed)
    return entry if entry[0] is None or entry[0] > clock.timestamp() else None


def _number(transaction: Any, key: bytes, default: int) -> int:
    found = transaction.get(key)
    return default if found is None else int(_NUMBER.unpack(found)[0])


def _add(transaction: Any, key: bytes, by: int, first: int) -> int:
    """Add to a number that is kept, and return what it was."""
    number = _number(transaction, key, first)
    transaction.put(key, _NUMBER.pack(number + by))
    return number


def _watched(transaction: Any) -> dict[bytes, bytes]:
    """Return the numbers of the trees that somebody watches, and what stands for their names."""
    names = {value[_END.size :].decode() for _, value in _forward(transaction, _WATCHERS, Span())}
    found = {name: _find(transaction, name) for name in names}
    return {prefix: _mark(name) for name, prefix in found.items() if prefix is not None}


def _note(transaction: Any, mark: bytes, key: bytes, entry: Entry | None) -> None:
    """Note a change, and forget the oldest one when there are too many."""
    position = _add(transaction, _POSITION, 1, 0) + 1
    large = entry is not None and len(entry[1]) > _DATA_BYTES_MAX
    kind = 0 if entry is None else 2 if large else 1
    head = _CHANGE.pack(mark, kind, len(key))
    data = b"" if entry is None or large else _packed(entry)
    transaction.put(_CHANGES_AT + _NUMBER.pack(position), head + key + data)
    if position > _CHANGES_MAX:
        transaction.delete(_CHANGES_AT + _NUMBER.pack(position - _CHANGES_MAX))


def _changes(
    transaction: Any, token: str, span: Span, position: int
) -> tuple[float | None, Changes]:
    """Return until when the watch is kept, and what has changed."""
    watcher = transaction.get(_WATCHERS + token.encode())
    last = _number(transaction, _POSITION, 0)
    if watcher is None:
        return None, Changes((), last, lost=True)
    (until,) = _END.unpack_from(watcher)
    mark = _mark(watcher[_END.size :].decode())
    found: list[Change] = []
    expected = position + 1
    behind = Span(_NUMBER.pack(expected))
    for raw, value in _forward(transaction, _CHANGES_AT, behind):
        (here,) = _NUMBER.unpack(raw[_TREE.size :])
        # Positions have no gaps: where the next one is not there any more, it was pruned.
        if here != expected:
            return until, Changes((), last, lost=True)
        expected += 1
        change = _change(value)
        if value.startswith(mark) and _is_within(change.key, span):
            found.append(change)
            if len(found) == _CHANGES:
                return until, Changes(found, here, lost=False)
    return until, Changes(found, last, lost=expected <= last)


def _change(value: bytes) -> Change:
    _, kind, size = _CHANGE.unpack_from(value)
    key, data = value[_CHANGE.size : _CHANGE.size + size], value[_CHANGE.size + size :]
    if kind == 0:
        return Change(key, None)
    return Change(key, Missing.MISSING if kind == 2 else _unpacked(data))  # noqa: PLR2004  # see _note


def _is_within(key: bytes, span: Span) -> bool:
    return key >= span.lower and (span.upper is None or key < span.upper)
