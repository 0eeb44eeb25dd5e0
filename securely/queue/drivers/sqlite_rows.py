"""Rows: how envelopes become rows of the sqlite store, with their keys and their groups.

All of it happens within a transaction of the caller's.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Final

from securely.queue.contracts import Envelope
from securely.queue.drivers.sqlite_schema import (
    DELAYED,
    GROUPED,
    GROUPED_DELAYED,
    READY,
    RESERVED,
    TOKEN_OF_GROUPS,
)
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock
from securely.support.forking import renew_after_fork
from securely.support.sqlite import DatabaseError, DatabaseFull

__all__ = ["INSERT", "Ids", "Rows", "free_next", "is_plain", "translated"]

# What most jobs need; it is shorter by a tenth of a push than the one with all columns.
INSERT: Final = """
INSERT INTO jobs (id, queue, state, priority, available_at, timeout, max_lost, uuid, name, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_ALL: Final = """
INSERT INTO jobs (id, queue, state, priority, available_at, timeout, max_lost, uuid, name, payload,
  unique_key, unique_at, unique_for, group_key, batch, links, token)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_HOLDER: Final = """
SELECT id, uuid, state, unique_at, unique_for, group_key, batch FROM jobs WHERE unique_key = ?
"""
_FREE: Final = "UPDATE jobs SET unique_key = NULL WHERE id = ?"
_REPLACE: Final = """
UPDATE jobs SET queue = ?, state = ? + CASE WHEN state > 2 THEN ? ELSE 0 END, priority = ?,
  available_at = ?, attempts = 0, exceptions = 0, lost = 0, deferrals = 0, timeout = ?,
  max_lost = ?, uuid = ?, name = ?, links = ?, payload = ?
WHERE id = ?
"""
_FREE_NEXT: Final = """
UPDATE jobs SET state = CASE state WHEN 3 THEN 0 ELSE 2 END
WHERE id = (SELECT min(id) FROM jobs WHERE group_key = ?) AND state > 2
"""
_NEWEST: Final = """
SELECT max(coalesce((SELECT max(id) FROM jobs), 0), coalesce((SELECT max(id) FROM failed), 0))
"""
_REMEMBER: Final = "INSERT OR IGNORE INTO accepted VALUES (?, ?)"
_FORGET: Final = "DELETE FROM accepted WHERE at < ?"
_REMEMBERED_SECONDS: Final = 7 * 86_400  # longer than a relay lies still that somebody cares for
_HAS_GROUP: Final = "SELECT EXISTS (SELECT 1 FROM jobs WHERE group_key = ?)"


@contextmanager
def translated(connection: str) -> Generator[None]:
    """Raise the queue's errors for those of the database, naming *connection*."""
    try:
        yield
    except DatabaseFull as error:
        raise StoreFull(connection, str(error)) from error
    except DatabaseError as error:
        raise QueueUnavailable(connection, str(error)) from error


def is_plain(envelope: Envelope) -> bool:
    """Tell whether nothing but its own columns is to be looked at when *envelope* is accepted."""
    return (
        envelope.unique is None
        and envelope.group is None
        and envelope.batch is None
        and not envelope.once
    )


def free_next(connection: sqlite3.Connection, groups: Iterable[str | None]) -> None:
    """Let *groups* go on, of which jobs were removed; None is no group.

    The next one is the oldest that is left; it is claimed in this turn, or at its own time.
    (Not by a trigger: that took a microsecond of every removal, an eighth of what it costs to hand
    out a job and settle it.)
    """
    connection.executemany(_FREE_NEXT, [(group,) for group in groups if group is not None])


class Ids:
    """Rows in order of acceptance: microseconds since 1970 in the upper 53 bits of 63.

    The ten bits below keep processes apart that push within one microsecond; where they do
    collide, the key refuses and the push takes the next free one.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    def next(self, now: float) -> int:
        """Return an id greater than all before it in this process."""
        stamp = int(now * 1e6) << 10 | (os.getpid() & 0x3FF)
        with self._lock:
            last = self._last
            self._last = last = stamp if stamp > last else last + 1
        return last

    def pass_by(self, connection: sqlite3.Connection) -> None:
        """Let all that come next be greater than those in the tables, within a transaction.

        A failed job keeps its id. While the clock is set back, ids go on from the greatest one: two
        processes would give that of a failed job twice.
        """
        newest = connection.execute(_NEWEST).fetchone()[0]
        with self._lock:
            self._last = max(self._last, newest)


class Rows:
    """Accepts envelopes.

    Args:
        ids: Gives each its place.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def plain(self, envelope: Envelope, now: float) -> tuple[object, ...]:
        """Return the parameters of :data:`INSERT`."""
        delay = envelope.delay
        return (
            self._ids.next(now),
            envelope.queue,
            DELAYED if delay > 0 else READY,
            envelope.priority,
            now + delay if delay > 0 else now,
            envelope.timeout,
            envelope.max_lost,
            envelope.uuid,
            envelope.name,
            envelope.payload,
        )

    def begin(self, connection: sqlite3.Connection) -> float:
        """Let what is accepted from here on sort behind all that is there; return the time."""
        self._ids.pass_by(connection)
        return clock.timestamp()

    def accept(
        self, connection: sqlite3.Connection, envelopes: Sequence[Envelope]
    ) -> Sequence[str]:
        """Insert *envelopes* as a producer hands them over; return who stands for each."""
        now = self.begin(connection)
        if all(map(is_plain, envelopes)):
            connection.executemany(INSERT, [self.plain(envelope, now) for envelope in envelopes])
            return [envelope.uuid for envelope in envelopes]
        if any(one.once for one in envelopes):
            connection.execute(_FORGET, (now - _REMEMBERED_SECONDS,))
        return [self.offer(connection, one, now) or one.uuid for one in envelopes]

    def offer(self, connection: sqlite3.Connection, envelope: Envelope, now: float) -> str | None:
        """Insert *envelope*, unless a job that holds its key stands for it: return that one's uuid.

        One that is debounced takes the place of a job that waits. A member of a batch is never
        replaced, nor one of another group: who waits for its end would wait for ever. One that is
        to be accepted once, and was, is passed over.
        """
        if envelope.once and not connection.execute(_REMEMBER, (envelope.uuid, now)).rowcount:
            return None
        holder = self._holder(connection, envelope.unique)
        if holder is not None:
            id_, uuid, state, unique_at, unique_for, group, batch = holder
            if envelope.max_wait is not None:
                if state != RESERVED and batch is None and group == envelope.group:
                    self._replace(connection, envelope, id_, unique_at, now)
                    return None
            elif unique_for is None or unique_at + unique_for > now:
                return str(uuid)
            connection.execute(_FREE, (id_,))
        self._insert(connection, envelope, now)
        return None

    def append(self, connection: sqlite3.Connection, envelopes: Sequence[Envelope]) -> None:
        """Insert all of *envelopes*: without their keys, where those are taken.

        One that is debounced has none in any case: it would be replaced, and with it what follows.
        """
        now = self.begin(connection)
        if not any(one.unique is not None or one.group is not None for one in envelopes):
            rows = [(*self.plain(one, now), *_further(one, now)) for one in envelopes]
            connection.executemany(_INSERT_ALL, rows)
            return
        for envelope in envelopes:
            is_keyless = envelope.max_wait is not None or (
                self._holder(connection, envelope.unique) is not None
            )
            self._insert(
                connection, envelope._replace(unique=None) if is_keyless else envelope, now
            )

    def append_once(self, connection: sqlite3.Connection, envelope: Envelope) -> None:
        """Insert *envelope*, unless one of its key waits; one that runs loses the key."""
        holder = self._holder(connection, envelope.unique)
        if holder is not None:
            if holder[2] != RESERVED:
                return
            connection.execute(_FREE, holder[:1])
        self._insert(connection, envelope, self.begin(connection))

    def _holder(self, connection: sqlite3.Connection, key: str | None) -> tuple[Any, ...] | None:
        if key is None:
            return None
        found: tuple[Any, ...] | None = connection.execute(_HOLDER, (key,)).fetchone()
        return found

    def _insert(self, connection: sqlite3.Connection, envelope: Envelope, now: float) -> None:
        row = self.plain(envelope, now)
        group = envelope.group
        if group is not None and connection.execute(_HAS_GROUP, (group,)).fetchone()[0]:
            row = (*row[:2], GROUPED_DELAYED if row[2] == DELAYED else GROUPED, *row[3:])
        connection.execute(_INSERT_ALL, (*row, *_further(envelope, now)))

    def _replace(
        self,
        connection: sqlite3.Connection,
        envelope: Envelope,
        id_: int,
        began: float,
        now: float,
    ) -> None:
        """Put *envelope* in the place of the job *id_*, which was accepted first at *began*."""
        due = min(now + max(envelope.delay, 0.0), began + (envelope.max_wait or 0.0))
        row = (
            envelope.queue,
            *((DELAYED, GROUPED_DELAYED - DELAYED) if due > now else (READY, GROUPED - READY)),
            envelope.priority,
            max(due, now),
            envelope.timeout,
            envelope.max_lost,
            envelope.uuid,
            envelope.name,
            envelope.links,
            envelope.payload,
            id_,
        )
        connection.execute(_REPLACE, row)


def _further(envelope: Envelope, now: float) -> tuple[object, ...]:
    """Return the parameters that :data:`_INSERT_ALL` has beyond :data:`INSERT`."""
    key, group = envelope.unique, envelope.group
    return (
        key,
        None if key is None else now,
        envelope.unique_for,
        group,
        envelope.batch,
        envelope.links,
        0 if group is None else TOKEN_OF_GROUPS,
    )
