"""One SQLite file: a table per tree, keys in order; for all processes of one machine.

It is long because an engine is one object of many small methods, which share its transactions.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar, cast

from securely.store.contracts import Changes, Entry, Row, Span
from securely.store.drivers.base import Threaded
from securely.store.drivers.sqlite_changes import changes_of, last_position, sweep_watchers
from securely.store.drivers.sqlite_schema import (
    MIGRATIONS,
    QUIET,
    Table,
    Theirs,
    create,
    drop,
    is_table,
    listen,
    modify_row,
)
from securely.store.exceptions import (
    Abort,
    Conflict,
    Corrupted,
    StoreError,
    StoreFull,
    StoreUnavailable,
    WithinTransaction,
)
from securely.store.manager import Materials
from securely.store.options import SqliteOptions
from securely.support import clock, entropy
from securely.support.missing import Missing
from securely.support.sqlite import (
    Database,
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
)
from securely.support.sqlite import Durability as Synchronous

__all__ = ["Durability", "SqliteEngine"]

T = TypeVar("T")

Durability: TypeAlias = Literal["full", "normal", "relaxed"]

_SYNCHRONOUS: Final[dict[Durability, Synchronous]] = {
    "full": "FULL",
    "normal": "NORMAL",
    "relaxed": "OFF",
}
# Longer keys are mistakes; and four of them must fit into a page's worth of the index.
_KEY_BYTES_MAX: Final = 65_536
# Rows that one transaction removes when lifetimes are over: others may write in between.
_EXPIRE_ROWS: Final = 1_000
# Each so many writes a process removes that many rows whose lifetime is over.
_SWEEP_EVERY: Final = 64
_SWEEP_ROWS: Final = 128


class _Depth(threading.local):
    """How many transactions of this thread are within each other, and whether it only reads."""

    depth: int = 0
    reads: bool = False


class SqliteEngine(Threaded):
    """Trees in one SQLite file on a local disk, for all processes of one machine.

    Args:
        directory: Made on first use, for its owner only; the file in it is ``store.db``.
        name: The name of the database, for errors.
        durability: "full" makes a write that has returned survive a power cut, "normal" any
            crash of a process, "relaxed" too, but a power cut may damage the file.
        busy_seconds: How long a writer waits for another.

    Example:
        >>> import tempfile
        >>> engine = SqliteEngine(Path(tempfile.mkdtemp()), "example", durability="relaxed")
        >>> engine.put("tree", b"key", (None, b"value"))
        >>> engine.get("tree", b"key")
        (None, b'value')
        >>> engine.close()
    """

    key_bytes_max = _KEY_BYTES_MAX

    def __init__(
        self,
        directory: Path,
        name: str = "sqlite",
        *,
        durability: Durability = "full",
        busy_seconds: float = 5.0,
    ) -> None:
        super().__init__(name)
        self.place: str = str(directory / "store.db")
        self._busy_seconds = busy_seconds
        self._synchronous: Synchronous = _SYNCHRONOUS[durability]
        self._database = Database(
            directory / "store.db",
            migrations=MIGRATIONS,
            synchronous=self._synchronous,
            busy_seconds=busy_seconds,
            # 32 mebibytes of pages per thread; the log is written back after sixteen.
            pragmas={"cache_size": -32_768, "wal_autocheckpoint": 4_000},
        )
        self._tables: dict[str, Table] = {}
        self._local = _Depth()
        self._writes = 0

    @classmethod
    def build(cls, name: str, options: SqliteOptions, materials: Materials) -> SqliteEngine:
        """Return the engine of the database *name* as its options have it."""
        return cls(
            materials.locate(options.path),
            name,
            durability=options.durability,
            busy_seconds=options.busy_seconds,
        )

    def get(self, tree: str, key: bytes) -> Entry | None:
        """Return what *key* has."""
        table = self._tables.get(tree)
        try:
            if table is None:
                row = self._read(tree, lambda c, t: c.execute(t.get, (key,)).fetchone(), None)
            else:
                row = self._database.connection().execute(table.get, (key,)).fetchone()
        except sqlite3.Error:
            row = self._read(tree, lambda c, t: c.execute(t.get, (key,)).fetchone(), None)
        except DatabaseError as error:
            raise self._failed(error) from error
        if row is None or (row[0] is not None and row[0] <= clock.timestamp()):
            return None
        return cast("Entry", row)

    def put(self, tree: str, key: bytes, entry: Entry) -> None:
        """Let *key* have *entry*, whatever it had."""
        row = (key, *entry)
        self._write(tree, lambda connection, table: connection.execute(table.put, row))

    def put_many(self, tree: str, rows: Sequence[Row]) -> None:
        """Write all *rows* or none, the last one of a key last."""
        with self.write():
            self._write(tree, lambda connection, table: connection.executemany(table.put, rows))

    def modify(
        self, tree: str, key: bytes, change: Callable[[Entry | None], Entry | Missing | None]
    ) -> None:
        """Let *key* have what *change* makes of what it has, with the write lock held."""

        def modify(connection: sqlite3.Connection, table: Table) -> bool:
            if connection.in_transaction:
                modify_row(connection, table, key, change)
            else:
                with self._database.transaction():
                    modify_row(connection, table, key, change)
            return True

        try:
            if self._read(tree, modify, False):
                self._wrote(tree)
                return
            with self.write():
                # Another process may have been faster; and what removes nothing begins no tree.
                if not self._read(tree, modify, False):
                    entry = change(None)
                    if entry is not None and not isinstance(entry, Missing):
                        self.put(tree, key, entry)
        except Theirs as theirs:
            raise theirs.error from None

    def replace(self, tree: str, key: bytes, old: bytes, entry: Entry) -> bool:
        """Let *key* have *entry* if it has the bytes *old* without an end; return whether so."""
        row = (*entry, key, old)
        return self._read(tree, lambda c, t: c.execute(t.replace, row).rowcount == 1, False)

    def delete(self, tree: str, key: bytes) -> bool:
        """Remove *key*; return whether it was there."""
        row = (key, clock.timestamp())
        return self._read(tree, lambda c, t: c.execute(t.delete_live, row).rowcount == 1, False)

    def rows(self, tree: str, span: Span, *, limit: int, reverse: bool = False) -> list[Row]:
        """Return the first *limit* rows in *span*, or the last ones, which come last first."""
        now = clock.timestamp()

        def read(connection: sqlite3.Connection, table: Table) -> list[Row]:
            if span.upper is None:
                sql = table.backward if reverse else table.forward
                found = connection.execute(sql, (span.lower, now, limit))
            else:
                sql = table.backward_below if reverse else table.forward_below
                found = connection.execute(sql, (span.lower, span.upper, now, limit))
            return cast("list[Row]", found.fetchall())

        return self._read(tree, read, [])

    def count(self, tree: str) -> int:
        """Return how many rows *tree* has."""
        now = clock.timestamp()
        return self._read(tree, lambda c, table: c.execute(table.size, (now,)).fetchone()[0], 0)

    def clear(self, tree: str) -> int:
        """Remove all rows of *tree*; return how many there were."""

        def clear(connection: sqlite3.Connection, table: Table) -> int:
            with self.write():
                (live,) = connection.execute(table.size, (clock.timestamp(),)).fetchone()
                self._expire(connection, table, -1)
                connection.execute(table.clear)
                return int(live)

        return self._read(tree, clear, 0)

    def drop(self, tree: str) -> bool:
        """Remove *tree* itself; return whether it was there."""

        def remove(connection: sqlite3.Connection, table: Table) -> bool:
            with self.write():
                self._expire(connection, table, -1)
                drop(connection, table)
            return True

        done = self._read(tree, remove, False)
        self._tables.pop(tree, None)
        return done

    def trees(self) -> list[str]:
        """Return the names of all trees, sorted."""
        with self._errors():
            found = self._database.query("SELECT CAST(name AS BLOB) FROM trees ORDER BY name")
        return [name.decode(errors="replace") for (name,) in found]

    @contextmanager
    def write(self) -> Generator[None]:
        """Return a block that holds the write lock, for what this thread does in it."""
        if self._local.reads:
            raise WithinTransaction("write")
        connection = self._connection()
        within = connection.in_transaction
        transaction = self._database.transaction()
        with self._errors():
            if within:
                connection.execute("SAVEPOINT within")
            else:
                transaction.__enter__()
        self._local.depth += 1
        try:
            yield
        except BaseException:
            # A table that was made in it is no more.
            self._tables.clear()
            if not within:
                transaction.__exit__(Abort, Abort(), None)
            elif connection.in_transaction:
                connection.execute("ROLLBACK TO within")
                connection.execute("RELEASE within")
            raise
        else:
            with self._errors():
                if within:
                    connection.execute("RELEASE within")
                else:
                    transaction.__exit__(None, None, None)
        finally:
            self._local.depth -= 1

    @contextmanager
    def read(self) -> Generator[None]:
        """Return a block in which all that this thread reads is of one moment."""
        if self._local.depth or self._local.reads:
            yield
            return
        connection = self._connection()
        self._local.reads = True
        try:
            with self._errors():
                connection.execute("PRAGMA query_only = ON")
                connection.execute("BEGIN")
                # The moment is that of the first look.
                self._patient(lambda c: c.execute("SELECT 1 FROM meta").fetchone())
            yield
        finally:
            self._local.reads = False
            with self._errors():
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute("PRAGMA query_only = OFF")

    def in_transaction(self) -> bool:
        """Return whether this thread holds the write lock."""
        return self._local.depth > 0

    def reserve(self, count: int) -> int:
        """Reserve *count* numbers that nobody had before; return the first."""
        with self.write(), self._errors():
            connection = self._connection()
            ((first,),) = connection.execute("SELECT value FROM meta WHERE key = 'next_id'")
            connection.execute("UPDATE meta SET value = ? WHERE key = 'next_id'", (first + count,))
        return int(first)

    def follow(self, tree: str, seconds: float) -> tuple[str, int]:
        """Begin to keep the changes of *tree*, for *seconds*; return a token, and the start."""
        token = entropy.token_hex(8)
        with self.write(), self._errors():
            connection = self._connection()
            sweep_watchers(connection)
            until = clock.timestamp() + seconds
            connection.execute("INSERT INTO watchers VALUES (?, ?, ?)", (token, tree, until))
            table = self._find(connection, tree)
            if table is not None:
                listen(connection, table.id, on=True)
            position = last_position(connection)
        return token, position

    def changes(self, token: str, span: Span, position: int, seconds: float) -> Changes:
        """Return what has changed in *span* behind *position*; keep changes for *seconds* more."""
        if self.in_transaction():
            return Changes((), position, lost=False)  # only what is committed is told
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                until, changes = changes_of(connection, token, span, position)
            finally:
                connection.execute("ROLLBACK")
        now = clock.timestamp()
        # Renewed when a third is over, and not at each look: a renewal is a write.
        if until is None or until - now < seconds * 2 / 3:
            self._renew(token, now + seconds)
        return changes

    def unfollow(self, token: str) -> None:
        """Keep no changes for the watch *token* any more."""
        with self.write(), self._errors():
            connection = self._connection()
            connection.execute("DELETE FROM watchers WHERE token = ?", (token,))
            sweep_watchers(connection)

    def flush(self) -> None:
        """Return when all that was written before is on the disk, whatever the durability."""
        with self._errors():
            connection = self._connection()
            connection.execute("PRAGMA synchronous = FULL")
            try:
                # A commit at FULL writes the whole log to the disk, with all commits before it;
                # and what was written back before is written to the disk by the checkpoint.
                with self._database.transaction():
                    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'flushes'")
                self._database.checkpoint()
            finally:
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")

    def expire(self) -> int:
        """Remove the rows whose lifetime is over, from all trees; return how many."""
        removed = 0
        for tree in self.trees():
            while rows := self._read(tree, lambda c, t: self._expire(c, t, _EXPIRE_ROWS), 0):
                removed += rows
        return removed

    def compact(self) -> None:
        """Give the room of what was removed back to the disk."""
        with self.write(), self._errors():
            sweep_watchers(self._connection())
        with self._errors():
            connection = self._connection()
            # The new file is made aside: on the disk, since it may be larger than memory.
            connection.execute("PRAGMA temp_store = FILE")
            try:
                self._patient(lambda c: c.execute("VACUUM"))
            finally:
                connection.execute("PRAGMA temp_store = MEMORY")
            self._database.checkpoint()

    def check(self) -> list[str]:
        """Return what is wrong with the file itself; nothing for a sound one."""
        try:
            found = self._database.query("PRAGMA integrity_check")
        except DatabaseError as error:
            return [error.reason]
        return [str(line) for (line,) in found if line != "ok"]

    def size_bytes(self) -> int:
        """Return how much the store takes on the disk."""
        files = [Path(self.place + end) for end in ("", "-wal", "-shm")]
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the connections of all threads; a later use opens them again."""
        super().close()
        self._database.close()

    # Tables

    def _find(self, connection: sqlite3.Connection, tree: str) -> Table | None:
        row = connection.execute("SELECT id FROM trees WHERE name = ?", (tree,)).fetchone()
        if row is None:
            return None
        if not is_table(row[0]):
            reason = "the number of its table is none of ours"
            raise Corrupted(self.name, tree, None, reason)
        table = self._tables[tree] = Table.of(row[0])
        return table

    def _read(self, tree: str, work: Callable[[sqlite3.Connection, Table], T], absent: T) -> T:
        """Do *work* with the table of *tree*, or return *absent* where there is none."""
        # Twice: a table that we know may be gone, and the tree have another one by now.
        for _ in range(2):
            connection = self._connection()
            try:
                table = self._tables.get(tree) or self._patient(lambda c: self._find(c, tree))
                if table is None:
                    break
                try:
                    return work(connection, table)
                except (sqlite3.Error, DatabaseError) as error:
                    if not _is_gone(error, table):
                        if isinstance(error, DatabaseError):
                            raise
                        return self._database.patiently(error, partial(work, connection, table))
                    self._tables.pop(tree, None)
            except (sqlite3.Error, DatabaseError) as error:
                raise self._failed(error) from error
        return absent

    def _write(self, tree: str, work: Callable[[sqlite3.Connection, Table], T]) -> T:
        """Do *work* with the table of *tree*, which is made where there is none."""
        connection = self._connection()
        table = self._tables.get(tree)
        if table is not None:
            try:
                done = work(connection, table)
            except sqlite3.Error as error:
                if not _is_gone(error, table):
                    with self._errors():
                        return self._database.patiently(error, partial(work, connection, table))
                self._tables.pop(tree, None)
            except DatabaseError as error:
                if not _is_gone(error, table):
                    raise self._failed(error) from error
                self._tables.pop(tree, None)
            else:
                self._wrote(tree)
                return done
        # With the lock held: of two that make it, one does; and nobody drops it meanwhile.
        with self.write(), self._errors():
            table = self._find(connection, tree)
            if table is None:
                made = Table.of(create(connection, tree))
                done = work(connection, made)
            else:
                return work(connection, table)
        self._tables[tree] = made
        return done

    def _patient(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection()
        try:
            return work(connection)
        except sqlite3.Error as error:
            return self._database.patiently(error, lambda: work(connection))

    def _connection(self) -> sqlite3.Connection:
        try:
            connection = self._database.connection()
        except DatabaseError as error:
            raise self._failed(error) from error
        if connection.in_transaction:
            if not self._local.depth and not self._local.reads:
                # An interrupt came between its beginning and the note of it: nobody would end it.
                connection.execute("ROLLBACK")
        elif self._local.depth:
            # A full disk ends a transaction; what comes after must not be written by itself.
            reason = "the transaction was rolled back when a write failed. Begin it again."
            raise StoreUnavailable(self.name, self.place, reason)
        return connection

    # Lifetimes

    def _wrote(self, tree: str) -> None:
        """Count a write; now and then remove a few rows whose lifetime is over."""
        self._writes += 1
        if self._writes % _SWEEP_EVERY or self._local.depth:
            return
        try:
            self._read(tree, lambda c, table: self._expire(c, table, _SWEEP_ROWS), 0)
        except (sqlite3.Error, StoreError, DatabaseError):
            # The write that was asked for is done; the next sweep tries again.
            self._tables.clear()

    def _expire(self, connection: sqlite3.Connection, table: Table, rows: int) -> int:
        now = clock.timestamp()
        if connection.execute(table.expired, (now,)).fetchone() is None:
            return 0
        with self.write():
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, 1)", (QUIET,))
            removed = connection.execute(table.expire, (now, rows)).rowcount
            connection.execute("DELETE FROM meta WHERE key = ?", (QUIET,))
        return removed

    # Changes

    def _renew(self, token: str, until: float) -> None:
        with self.write(), self._errors():
            connection = self._connection()
            updated = connection.execute(
                "UPDATE watchers SET until = ? WHERE token = ?", (until, token)
            ).rowcount
            if not updated:
                return
            sweep_watchers(connection)

    # Errors

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, DatabaseError) as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error | DatabaseError) -> StoreError:
        if isinstance(error, sqlite3.Error):
            error = self._database.translate(error)
        if isinstance(error, DatabaseBusy):
            return Conflict(self.name, self._busy_seconds)
        if self._local.reads and "readonly" in error.reason:
            return WithinTransaction("write")
        if isinstance(error, DatabaseCorrupt):
            reason = f"{error.reason}. If it is damaged, move it away and import a backup."
            return StoreUnavailable(self.name, self.place, reason)
        kind = StoreFull if isinstance(error, DatabaseFull) else StoreUnavailable
        return kind(self.name, self.place, error.reason)


def _is_gone(error: sqlite3.Error | DatabaseError, table: Table) -> bool:
    """Tell whether *error* says that the table is not there (any more)."""
    said = error.reason if isinstance(error, DatabaseError) else str(error)
    return said == f"no such table: tree_{table.id}"
