"""On LMDB (the extra ``lmdb``): many processes, one machine; the fastest reads.

It is long because an engine is one object of many small methods, which share its transactions.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from securely.store.contracts import Changes, Entry, Row, Span
from securely.store.drivers.base import Threaded
from securely.store.drivers.lmdb_lock import WriterLock
from securely.store.drivers.lmdb_rows import (
    END,
    FIRST_TREE,
    NAMES,
    NEXT_ID,
    NEXT_TREE,
    POSITION,
    TREE,
    WATCHERS,
    add_number,
    backward,
    find_tree,
    forward,
    live_entry,
    name_key,
    note_change,
    pack_entry,
    read_changes,
    read_number,
    sweep_watchers,
    unpack_entry,
    watched_trees,
)
from securely.store.exceptions import StoreError, StoreFull, StoreUnavailable, WithinTransaction
from securely.store.manager import Materials
from securely.store.options import LmdbOptions
from securely.support import clock, entropy
from securely.support.directories import why_unsafe, why_unusable
from securely.support.forking import renew_after_fork
from securely.support.importing import require
from securely.support.missing import Missing

__all__ = ["LmdbEngine"]

# LMDB takes keys of 511 bytes; four of them say which tree.
_KEY_BYTES_MAX: Final = 507
# Rows that one transaction removes when lifetimes are over.
_EXPIRE_ROWS: Final = 1_000
# Processes and threads that may read at once.
_READERS: Final = 512


class _Write:
    """A write transaction of a thread, and those within it."""

    def __init__(self, transaction: Any) -> None:
        self.open = [transaction]
        self.pid = os.getpid()
        self.watched: dict[bytes, bytes] | None = None


# What a fork within a transaction has left here: it is neither used nor ended.
_inherited: list[object] = []


class _Local(threading.local):
    write: _Write | None = None
    read: Any = None


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
        self.place: str = str(directory)
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
            prefix = find_tree(transaction, tree)
            found = None if prefix is None else transaction.get(prefix + key)
        return live_entry(found)

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
            prefix = find_tree(write.open[-1], tree)
            found = None if prefix is None else live_entry(write.open[-1].get(prefix + key))
            made = change(found)
            if not isinstance(made, Missing) and (made is not None or prefix is not None):
                self._set(write, prefix or self._prefix(write, tree), key, made)

    def replace(self, tree: str, key: bytes, old: bytes, entry: Entry) -> bool:
        """Let *key* have *entry* if it has the bytes *old* without an end; return whether so."""
        with self._writing() as write:
            prefix = find_tree(write.open[-1], tree)
            if prefix is None or live_entry(write.open[-1].get(prefix + key)) != (None, old):
                return False
            self._set(write, prefix, key, entry)
            return True

    def delete(self, tree: str, key: bytes) -> bool:
        """Remove *key*; return whether it was there."""
        with self._writing() as write:
            prefix = find_tree(write.open[-1], tree)
            if prefix is None or live_entry(write.open[-1].get(prefix + key)) is None:
                return False
            self._set(write, prefix, key, None)
            return True

    def rows(self, tree: str, span: Span, *, limit: int, reverse: bool = False) -> list[Row]:
        """Return the first *limit* rows in *span*, or the last ones, which come last first."""
        now = clock.timestamp()
        rows: list[Row] = []
        with self._reading() as transaction:
            prefix = find_tree(transaction, tree)
            if prefix is None:
                return rows
            scan = backward if reverse else forward
            for key, packed in scan(transaction, prefix, span):
                expires, data = unpack_entry(packed)
                if expires is None or expires > now:
                    rows.append((key[TREE.size :], expires, data))
                    if len(rows) == limit:
                        break
        return rows

    def count(self, tree: str) -> int:
        """Return how many rows *tree* has."""
        now = clock.timestamp()
        with self._reading() as transaction:
            prefix = find_tree(transaction, tree)
            if prefix is None:
                return 0
            ends = (unpack_entry(packed)[0] for _, packed in forward(transaction, prefix, Span()))
            return sum(end is None or end > now for end in ends)

    def clear(self, tree: str) -> int:
        """Remove all rows of *tree*; return how many there were."""
        with self.write(), self._writing() as write:
            count = self.count(tree)
            prefix = find_tree(write.open[-1], tree)
            if prefix is not None:
                for key in [key for key, _ in forward(write.open[-1], prefix, Span())]:
                    self._set(write, prefix, key[TREE.size :], None)
            return count

    def drop(self, tree: str) -> bool:
        """Remove *tree* itself; return whether it was there."""
        with self.write(), self._writing() as write:
            self.clear(tree)
            return bool(write.open[-1].delete(name_key(tree)))

    def trees(self) -> list[str]:
        """Return the names of all trees, sorted."""
        with self._reading() as transaction:
            found = list(forward(transaction, NAMES, Span()))
        return sorted(value[TREE.size :].decode(errors="replace") for _, value in found)

    @contextmanager
    def write(self) -> Generator[None]:
        """Return a block that holds the write lock, for what this thread does in it."""
        with self._transaction():
            yield

    @contextmanager
    def read(self) -> Generator[None]:
        """Return a block in which all that this thread reads is of one moment."""
        if self._present() is not None or self._local.read is not None:
            yield
            return
        with self._reading() as transaction:
            self._local.read = transaction
            try:
                yield
            finally:
                self._local.read = None

    def in_transaction(self) -> bool:
        """Return whether this thread holds the write lock."""
        return self._local.write is not None

    def reserve(self, count: int) -> int:
        """Reserve *count* numbers that nobody had before; return the first."""
        with self._writing() as write:
            return add_number(write.open[-1], NEXT_ID, count, 1)

    def follow(self, tree: str, seconds: float) -> tuple[str, int]:
        """Begin to keep the changes of *tree*, for *seconds*; return a token, and the start."""
        token = entropy.token_hex(8)
        with self._writing() as write:
            self._sweep(write)
            value = END.pack(clock.timestamp() + seconds) + tree.encode()
            write.open[-1].put(WATCHERS + token.encode(), value)
            write.watched = None
            return token, read_number(write.open[-1], POSITION, 0)

    def changes(self, token: str, span: Span, position: int, seconds: float) -> Changes:
        """Return what has changed in *span* behind *position*; keep changes for *seconds* more."""
        if self.in_transaction():
            return Changes((), position, lost=False)  # only what is committed is told
        with self._reading() as transaction:
            until, found = read_changes(transaction, token, span, position)
        now = clock.timestamp()
        # Renewed when a third is over, and not at each look: a renewal is a write.
        if until is not None and until - now < seconds * 2 / 3:
            self._renew(token, now + seconds)
        return found

    def unfollow(self, token: str) -> None:
        """Keep no changes for the watch *token* any more."""
        with self._writing() as write:
            write.open[-1].delete(WATCHERS + token.encode())
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
            found = (self._directory / "data.mdb").stat()
            # Windows counts no blocks.
            return int(getattr(found, "st_blocks", found.st_size // 512)) * 512
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
        write = self._present()
        with self._errors():
            if write is not None:
                yield write.open[-1]
                return
            # First of all: in a process that was forked meanwhile this refuses.
            environment = self._env()
            if self._local.read is not None:
                yield self._local.read
                return
            self._within.add(here := threading.get_ident())
            try:
                with environment.begin() as transaction:
                    yield transaction
            finally:
                self._within.discard(here)

    @contextmanager
    def _writing(self) -> Generator[_Write]:
        """Give the transaction of this thread, or one of its own."""
        write = self._present()
        if write is not None:
            with self._errors():
                yield write
            return
        with self._transaction() as write, self._errors():
            yield write

    @contextmanager
    def _transaction(self) -> Generator[_Write]:
        write = self._present()
        environment = self._env()
        if self._local.read is not None:
            raise WithinTransaction("write")
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
            if write.pid == os.getpid():
                write.open.pop().abort()
                # A tree that was made in it is no more, and the next one may have its number.
                write.watched = None
            raise
        self._present()
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

    def _present(self) -> _Write | None:
        """Return the transaction of this thread, unless it is one of the process that forked it."""
        write = self._local.write
        if write is not None and write.pid != os.getpid():
            # Kept, so that it is never ended here: the lock that it holds is the parent's.
            _inherited.append(write)
            raise self._forked()
        return write

    def _forked(self) -> StoreUnavailable:
        reason = (
            "this process was forked while a thread had a transaction open. "
            "Fork before threads use it, or start the child with subprocess."
        )
        return StoreUnavailable(self.name, self.place, reason)

    def _leave_inherited(self) -> None:
        """Close what a fork has left here of the parent's, so that it can be opened anew.

        LMDB knows readers and locks by their process, so the parent's stay. But a transaction that
        was open would be ended here, in the memory that both share, and the parent's with it.
        """
        if self._within:
            _inherited.append(self._environment)
            raise self._forked()
        self._environment.close()
        self._environment = None

    def _open(self) -> Any:
        lmdb = self._package()
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = why_unusable(self._directory, error)
            raise StoreUnavailable(self.name, self.place, reason) from error
        if (unsafe := why_unsafe(self._directory)) is not None:
            raise StoreUnavailable(self.name, self.place, unsafe)
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
        prefix = find_tree(transaction, tree)
        if prefix is None:
            prefix = TREE.pack(add_number(transaction, NEXT_TREE, 1, FIRST_TREE))
            transaction.put(name_key(tree), prefix + tree.encode())
            write.watched = None
        return prefix

    def _set(self, write: _Write, prefix: bytes, key: bytes, entry: Entry | None) -> None:
        transaction = write.open[-1]
        if entry is None:
            found = transaction.pop(prefix + key)
            # What is over already is removed in silence, as is what was not there.
            if live_entry(found) is None:
                return
        else:
            transaction.put(prefix + key, pack_entry(entry))
        if write.watched is None:
            write.watched = watched_trees(transaction)
        if prefix in write.watched:
            note_change(transaction, write.watched[prefix], key, entry)

    def _expire(self, tree: str, span: Span) -> tuple[int, Span | None]:
        """Remove some rows whose lifetime is over; return how many, and where to go on."""
        now = clock.timestamp()
        removed = seen = 0
        with self.write(), self._writing() as write:
            transaction = write.open[-1]
            prefix = find_tree(transaction, tree)
            if prefix is None:
                return 0, None
            key = b""
            for key, packed in forward(transaction, prefix, span):
                seen += 1
                end = unpack_entry(packed)[0]
                if end is not None and end <= now:
                    # A lifetime that is over is no event: nothing is noted.
                    transaction.delete(key)
                    removed += 1
                if seen == _EXPIRE_ROWS:
                    return removed, Span(key[TREE.size :] + b"\x00")
        return removed, None

    def _renew(self, token: str, until: float) -> None:
        with self._writing() as write:
            key = WATCHERS + token.encode()
            found = write.open[-1].get(key)
            if found is not None:
                write.open[-1].put(key, END.pack(until) + found[END.size :])
            self._sweep(write)

    def _sweep(self, write: _Write) -> None:
        write.watched = None
        sweep_watchers(write.open[-1])

    # Errors

    def _package(self) -> Any:
        return require("lmdb", "lmdb", f'the store "{self.name}"')

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (StoreError, OSError):
            raise
        except Exception as error:
            # Its errors can only be named when it is there.
            lmdb = self._package()
            if isinstance(error, lmdb.MapFullError):
                reason = f"it may take {self._size_bytes_max:,} bytes. Raise size_bytes_max"
                raise StoreFull(self.name, self.place, reason) from error
            if isinstance(error, lmdb.DiskError):
                raise StoreFull(self.name, self.place, str(error)) from error
            if isinstance(error, lmdb.Error):
                reason = f"{error}. If it is damaged, move it away and import a backup."
                raise StoreUnavailable(self.name, self.place, reason) from error
            raise
