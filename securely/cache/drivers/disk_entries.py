"""Entries: values in rows, signed, so that edited, moved and planted ones are refused."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from securely.cache.contracts import Seal
from securely.cache.drivers.disk_rows import Row, Rows
from securely.cache.envelopes import Envelopes, ForeignRow
from securely.cache.exceptions import EntryRefused, InvalidKey, StoreUnavailable
from securely.support import clock
from securely.support.serializer import Serializer, Undecodable
from securely.support.sqlite import DatabaseError

__all__ = ["Entries", "Entry", "Limits"]

# The only key of a dict of one; see where it is used.
_ROWS: Final = "rows"


class Entry(NamedTuple):
    """A value that is there, when it ends (wall seconds, or None), and the row it lies in."""

    value: object
    expires: float | None
    row: Row


class _Unreported(threading.local):
    """What this thread's transaction has refused; None outside of one."""

    errors: list[EntryRefused] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, and how long a writer waits.

    Args:
        size_bytes_max: How much room all values may take before some are evicted.
        value_bytes_max: The largest value that is taken.
        eviction: What goes when there is no room: "least-recently-stored", "least-recently-used"
            and "least-frequently-used" (both write at each read), or "none".
        busy_seconds: How long a writer waits for another.
    """

    size_bytes_max: int = 2**30
    value_bytes_max: int = 2**26
    eviction: str = "least-recently-stored"
    busy_seconds: float = 5.0


class Entries:
    """Signed values in the rows of one directory.

    A signature covers the place (store and kind), the key, the end of the lifetime and the value.
    Who can write to the directory but does not have the application key can remove an entry or
    put an older version of it back; whatever else he writes is refused: reported, removed, absent.

    Args:
        directory: Where the rows lie.
        store: The store's name, for errors, and part of what is signed.
        kind: What the entries are ("values", "locks"), part of what is signed as well.
        seal: What signs.
        serializer: What turns values into bytes.
        report: Told of each entry that is refused.
        limits: How much is kept, and how long a writer waits.
    """

    def __init__(
        self,
        directory: Path,
        *,
        store: str,
        kind: str,
        seal: Seal,
        serializer: Serializer,
        report: Callable[[EntryRefused], None],
        limits: Limits,
    ) -> None:
        self._directory = directory
        self._store = store
        self._envelopes = Envelopes(store, kind, seal, serializer, limits.value_bytes_max)
        self._report = report
        self._limits = limits
        self._opened: dict[str, Rows] = {}
        self._unreported = _Unreported()

    def get(self, key: str) -> Entry | None:
        """Return the entry of *key*, if there is one that has not expired and is ours.

        Raises:
            InvalidKey: *key* has no written form.
        """
        InvalidKey.check(key)
        now = clock.timestamp()
        try:
            row = self._rows().row(key, now)
            return None if row is None else self._open(key, row, now)
        except (DatabaseError, sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def many(self, keys: Sequence[str]) -> dict[str, Entry]:
        """Return the entries of those *keys* that have one."""
        for key in keys:
            InvalidKey.check(key)
        now = clock.timestamp()
        with self._guarded():
            found = self._rows().rows(keys)
            opened = {key: self._open(key, found[key], now) for key in keys if key in found}
            return {key: entry for key, entry in opened.items() if entry is not None}

    def put(self, key: str, value: object, expires: float | None) -> None:
        """Write *value*, in a transaction of its own or of the caller."""
        self.put_many({key: value}, expires)

    def put_many(self, values: Mapping[str, object], expires: float | None) -> None:
        """Write all *values* or none."""
        sealed = [
            (key, self._envelopes.close(key, value, expires)) for key, value in values.items()
        ]
        now = clock.timestamp()
        with self._guarded():
            rows = self._rows()
            if rows.in_transaction:
                for key, data in sealed:
                    rows.write(key, data, expires, now)
            else:
                with rows.transaction():
                    for key, data in sealed:
                        rows.write(key, data, expires, now)

    def remove(self, entry: Entry) -> None:
        """Remove *entry*, within a transaction of the caller."""
        with self._guarded():
            self._rows().remove(entry.row)

    def flush(self, prefix: str) -> None:
        """Remove all entries whose key begins with *prefix*."""
        InvalidKey.check(prefix)
        with self._guarded():
            self._rows().flush(prefix)

    def prune(self) -> int:
        """Remove the expired ones; return how many those were."""
        with self._guarded():
            return self._rows().expire(clock.timestamp())

    @property
    def bytes_max(self) -> int:
        """How many bytes values may take before some are evicted."""
        return self._limits.size_bytes_max

    def measure(self, prefix: str) -> tuple[int, int]:
        """Return how many entries with *prefix* have not expired, and the bytes of the file."""
        InvalidKey.check(prefix)
        with self._guarded():
            return self._rows().measure(prefix, clock.timestamp())

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold the write lock within the block: what it reads is still so when it writes.

        What it refuses is reported at its end: who is told may use the store, and may be slow.
        """
        unreported = self._unreported.errors = []
        try:
            with self._guarded(), self._rows().transaction():
                yield
        finally:
            self._unreported.errors = None
            for error in unreported:
                self._report(error)

    def close(self) -> None:
        """Close the connections of all threads."""
        for rows in self._opened.values():
            rows.shut()

    def _rows(self) -> Rows:
        if (rows := self._opened.get(_ROWS)) is None:
            # Several threads may open it at once, and all go on with the one that came first: a
            # transaction must not begin in one and be looked for in another. (A lock would serve
            # as well, but not a child that is forked while it is held.)
            mine = Rows(
                self._directory,
                size_bytes_max=self._limits.size_bytes_max,
                eviction=self._limits.eviction,
                busy_seconds=self._limits.busy_seconds,
            )
            rows = self._opened.setdefault(_ROWS, mine)
            if rows is not mine:
                mine.shut()
        return rows

    def _open(self, key: str, row: Row, now: float) -> Entry | None:
        """Return what lies in *row*, or None if it has expired or is not ours."""
        _, expires, mode, filename, _ = row
        try:
            if expires is not None and expires <= now:
                if expires < 0:
                    raise ForeignRow("its end is no time")  # noqa: TRY301  # one place answers
                return None
            sealed = self._rows().disk.fetch(mode, filename, row[4], read=False)
            return Entry(self._envelopes.open(key, sealed, expires), expires, row)
        except (ForeignRow, Undecodable) as error:
            self._refuse(key, row, str(error))
            return None

    def _refuse(self, key: str, row: Row, reason: str) -> None:
        # Absent it is from now on, whether or not the row can be removed.
        with suppress(sqlite3.Error, DatabaseError):
            self._rows().remove(row)
        error = EntryRefused(self._store, key, reason)
        if self._unreported.errors is None:
            self._report(error)
        else:
            self._unreported.errors.append(error)

    @contextmanager
    def _guarded(self) -> Generator[None]:
        try:
            yield
        except (DatabaseError, sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        reason = error.reason if isinstance(error, DatabaseError) else str(error)
        return StoreUnavailable(self._store, str(self._directory), str(reason))
