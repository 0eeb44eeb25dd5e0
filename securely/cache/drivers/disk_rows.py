"""Rows: a diskcache directory that trusts nothing: no pickle, no files, no clock but ours.

diskcache gives the table, its indexes, its counters and the eviction policies. Three things are
ours. The *connection* is that of :mod:`securely.support.sqlite`: one per thread and process, safe
across forks, private to its user, patient to a deadline. The *disk*, diskcache's word for what
turns values into columns, writes and reads bytes in the row and refuses all else. The *statements*
take the time as a parameter, where diskcache asks the machine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

import diskcache.core  # pyright: ignore[reportMissingTypeStubs]  # it ships no types

from securely.cache.envelopes import ForeignRow
from securely.support.sqlite import Database, Transaction

__all__ = ["Disk", "Row", "Rows"]

# It has no types, and what checkers guess from its code is wrong in places.
_core: Any = diskcache.core
_DEFAULTS: Final[Mapping[str, object]] = _core.DEFAULT_SETTINGS
_MMAP_BYTES: Final[int] = _core.DEFAULT_SETTINGS["sqlite_mmap_size"]
_RAW: Final[int] = _core.MODE_RAW

Row: TypeAlias = tuple[int, float | None, int | None, int, bytes | None]
"""What lies in a row: its id, when it ends, its mode, whether it names a file, its value. Anyone
who can write to the file can have written it: what is in a column of a wrong type is None here, and
an end of a wrong type is -1."""

# Each column in the one type in which we write it: text that is not UTF-8 could not even be read,
# and the error would show it.
_COLUMNS: Final = (
    "rowid, CASE WHEN typeof(expire_time) IN ('real', 'null') THEN expire_time ELSE -1.0 END,"
    " CASE typeof(mode) WHEN 'integer' THEN mode END, filename IS NOT NULL,"
    " CASE typeof(value) WHEN 'blob' THEN value END"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM Cache WHERE key = ? AND raw = 1"  # noqa: S608  # constants
_SELECT_MANY: Final = f"SELECT key, {_COLUMNS} FROM Cache WHERE raw = 1 AND key IN (%s)"  # noqa: S608  # constants
_UPSERT: Final = (
    "INSERT INTO Cache (key, raw, store_time, expire_time, access_time, access_count, tag, size,"
    " mode, filename, value) VALUES (?, 1, ?, ?, ?, 0, NULL, 0, 1, NULL, ?)"
    " ON CONFLICT (key, raw) DO UPDATE SET store_time = excluded.store_time,"
    " expire_time = excluded.expire_time, access_time = excluded.access_time, access_count = 0,"
    " tag = NULL, size = 0, mode = 1, filename = NULL, value = excluded.value"
)
_DELETE: Final = "DELETE FROM Cache WHERE rowid = ? AND (value IS ? OR typeof(value) <> 'blob')"
_DELETE_EXPIRED: Final = (
    "DELETE FROM Cache WHERE rowid IN (SELECT rowid FROM Cache"
    " WHERE expire_time IS NOT NULL AND expire_time <= ? ORDER BY expire_time LIMIT ?)"
)
# One statement takes at most so many parameters, in the oldest SQLite that may be about.
_PARAMETERS_MAX: Final = 500
# Expired rows and, where there is no room, old ones go a few at a time, as in diskcache; but not
# with each write: looking costs as much as writing a small value.
_CULL_EVERY: Final = 16
_CULL_ROWS: Final = 10
# The one letter whose neighbour has no written form: it would be half a surrogate pair.
_AFTER: Final = {"\ud7ff": "\ue000"}
# Rows that one transaction removes: others may write in between.
_CHUNK_ROWS: Final = 1_000


class Disk(_core.Disk):  # type: ignore[misc]  # diskcache has no types
    """What of a value goes into which column: bytes into the row, and nothing else anywhere.

    The stock one unpickles what a row's mode calls a pickle, and opens and removes the file that
    its file name names, wherever that is (CVE-2025-69872).
    """

    def __init__(self, directory: str, **_settings: object) -> None:
        super().__init__(directory)  # pyright: ignore[reportUnknownMemberType]  # no types

    def put(self, key: object) -> tuple[str, bool]:
        """Return the column values of a key, which is a str."""
        if isinstance(key, str):
            return str(key), True
        raise TypeError(f"A key is a str, not a {type(key).__name__}.")

    def get(self, key: object, raw: object) -> str:
        """Return the key of a row."""
        if raw == 1 and isinstance(key, str):
            return key
        raise ForeignRow("its key is not text")

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, bytes]:
        """Return the column values of a value, which is bytes: size, mode, filename, value."""
        if isinstance(value, bytes) and not read:
            return 0, _RAW, None, value
        raise TypeError(f"A row holds bytes, not a {type(value).__name__}.")

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        """Return the value of a row.

        Raises:
            ForeignRow: The row says that it is a pickle, or in a file, or is not bytes.
        """
        if mode != _RAW:
            raise ForeignRow(f"its mode is {mode}: only plain bytes are read, never a pickle")
        if filename or read:
            raise ForeignRow("it names a file: nothing outside the row is read")
        if not isinstance(value, bytes):
            raise ForeignRow("its value is not bytes")
        return value

    def filename(self, key: object = None, value: object = None) -> NoReturn:
        """Refuse: no value goes into a file."""
        raise ForeignRow("no value goes into a file")

    def remove(self, file_path: object) -> None:
        """Do nothing: a file name in a row was put there by a stranger."""


class Rows(_core.Cache):  # type: ignore[misc]  # diskcache has no types
    """The rows of one directory, by key. Times are wall seconds and come from the caller.

    Args:
        directory: Made on first use, for this user only.
        size_bytes_max: How much room values may take before the policy removes some.
        eviction: One of diskcache's policies; "none" never removes what has not expired.
        busy_seconds: How long a writer waits for another.

    Raises:
        DatabaseError: The directory or its file can not be used.
    """

    def __init__(
        self, directory: Path, *, size_bytes_max: int, eviction: str, busy_seconds: float
    ) -> None:
        self.path = directory
        self._database = Database(
            directory / _core.DBNAME,
            migrations=[],
            synchronous="NORMAL",
            busy_seconds=busy_seconds,
            pragmas={"mmap_size": _MMAP_BYTES},
        )
        policy = _core.EVICTION_POLICY[eviction]
        self._on_read: str | None = policy["get"]
        self._evict: str | None = policy["cull"]
        self._writes = 0
        # In one transaction: a stranger sees all of the table or none, and fifty processes that
        # start at once take turns instead of colliding at each of its fifty statements.
        with self._database.transaction():
            super().__init__(  # pyright: ignore[reportUnknownMemberType]  # no types
                str(directory),
                disk=Disk,
                **{
                    **_DEFAULTS,
                    # What the connection has set already; diskcache only compares.
                    "sqlite_auto_vacuum": 0,
                    "sqlite_cache_size": -2_000,
                    "size_limit": size_bytes_max,
                    "eviction_policy": eviction,
                },
            )

    @property
    def _con(self) -> sqlite3.Connection:
        return self._database.connection()

    def reset(self, key: str, value: Any = None, update: bool = True) -> Any:
        """Set a setting that diskcache knows; the file may hold others, planted by a stranger."""
        if key not in _core.DEFAULT_SETTINGS and key not in _core.METADATA:
            return value
        arguments = (key,) if value is None else (key, value, update)
        return super().reset(*arguments)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # no types

    @property
    def in_transaction(self) -> bool:
        """Whether this thread holds the write lock."""
        return self._con.in_transaction

    def transaction(self) -> Transaction:
        """Return a block that holds the write lock and commits at its end."""
        return self._database.transaction()

    def row(self, key: str, now: float) -> Row | None:
        """Return the row of *key*, expired or not."""
        found: list[Row] = self._database.query(_SELECT, (key,))
        if not found:
            return None
        if self._on_read is not None:
            self._count_read(found[0][0], now)
        return found[0]

    def rows(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of those *keys* that are there, expired or not."""
        found: dict[str, Row] = {}
        for start in range(0, len(keys), _PARAMETERS_MAX):
            chunk = keys[start : start + _PARAMETERS_MAX]
            sql = _SELECT_MANY % ",".join("?" * len(chunk))
            for key, *row in self._database.query(sql, chunk):
                found[key] = tuple(row)
        return found

    def write(self, key: str, value: bytes, expires: float | None, now: float) -> None:
        """Write one row within a transaction of the caller, and now and then make room."""
        self._con.execute(_UPSERT, (key, now, expires, now, value))
        # The first write of a process looks as well: many a process writes but once.
        if self._writes % _CULL_EVERY == 0:
            self._make_room(now)
        self._writes += 1

    def remove(self, row: Row) -> None:
        """Remove *row*, unless it has been written anew since it was read."""
        self._con.execute(_DELETE, (row[0], row[4]))

    def expire(self, now: float) -> int:
        """Remove what has expired at *now*; return how many rows that were."""
        removed = 0
        while True:
            with self.transaction() as connection:
                rows = connection.execute(_DELETE_EXPIRED, (now, _CHUNK_ROWS)).rowcount
            removed += rows
            if rows < _CHUNK_ROWS:
                return removed

    def flush(self, prefix: str) -> None:
        """Remove the rows whose key begins with *prefix*; all of them for an empty one."""
        ((last,),) = self._database.query("SELECT COALESCE(MAX(rowid), 0) FROM Cache")
        within, parameters = _range(prefix)
        sql = (
            "DELETE FROM Cache WHERE rowid IN"  # noqa: S608  # made of constants
            f" (SELECT rowid FROM Cache WHERE rowid <= ?{within} LIMIT {_CHUNK_ROWS})"
        )
        while True:
            with self.transaction() as connection:
                if connection.execute(sql, (last, *parameters)).rowcount < _CHUNK_ROWS:
                    break

    def measure(self, prefix: str, now: float) -> tuple[int, int]:
        """Return how many rows with *prefix* have not expired at *now*, and the bytes in use."""
        within, parameters = _range(prefix)
        sql = f"SELECT COUNT(*) FROM Cache WHERE (expire_time IS NULL OR expire_time > ?){within}"  # noqa: S608  # made of constants
        ((count,),) = self._database.query(sql, (now, *parameters))
        return count, self._used()

    def shut(self) -> None:
        """Close the connections of all threads; the next use opens new ones."""
        self._database.close()

    def _make_room(self, now: float) -> None:
        """Remove expired rows, and then, where the limit is passed, those the policy names."""
        connection = self._con
        connection.execute(_DELETE_EXPIRED, (now, _CULL_EVERY * _CULL_ROWS))
        if self._evict is None:
            return
        chosen = self._evict.format(fields="rowid", now=now)
        sql = f"DELETE FROM Cache WHERE rowid IN ({chosen})"  # noqa: S608  # diskcache's constant
        # A few at a time, until there is room, but not for ever: a writer waits for this.
        for _ in range(_CULL_EVERY):
            if self._used() <= self.size_limit:
                break
            connection.execute(sql, (_CULL_ROWS,))

    def _used(self) -> int:
        """Return how many bytes are in use. Free pages are room already; the file keeps them."""
        ((pages,),) = self._con.execute("PRAGMA page_count")
        ((free,),) = self._con.execute("PRAGMA freelist_count")
        return int((pages - free) * self._page_size)

    def _count_read(self, rowid: int, now: float) -> None:
        """Note a read where the policy wants to know; a note is not worth waiting for."""
        assert self._on_read is not None  # noqa: S101  # the caller looked
        noted = self._on_read.format(now=now)
        with suppress(sqlite3.Error):
            self._con.execute(f"UPDATE Cache SET {noted} WHERE rowid = ?", (rowid,))  # noqa: S608  # diskcache's constant


def _range(prefix: str) -> tuple[str, tuple[str, ...]]:
    """Return the condition for keys that begin with *prefix*; the index answers it."""
    if not prefix:
        return "", ()
    # Keys are ordered as their UTF-8 is, which is the order of code points.
    after = _following(prefix)
    if after is None:
        return " AND key >= ?", (prefix,)
    return " AND key >= ? AND key < ?", (prefix, after)


def _following(prefix: str) -> str | None:
    """Return the first text after all that begin with *prefix*, or None if there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    return kept[:-1] + (_AFTER.get(kept[-1]) or chr(ord(kept[-1]) + 1))
