"""Rows: how envelopes become rows of the sqlite store, with their keys and their groups.

All of it happens within a transaction of the caller's.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
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

__all__ = ["Ids", "Rows", "free_next", "is_plain", "translated"]


_TOGETHER: Final = (100, 10, 1)  # rows of one statement; of a hundred, one takes half as long


def _several(columns: str) -> dict[int, str]:
    """Return how so many rows are inserted."""
    row = ", ".join("?" for _ in columns.split())
    return {
        count: f"INSERT INTO jobs ({columns}) VALUES " + ", ".join([f"({row})"] * count)  # noqa: S608  # names of columns
        for count in _TOGETHER
    }


# What is to be said of a job of which an envelope says nothing more than it must, and of others
# without keys: each column that is left to its default is a tenth of a row's price.
_INSERT_ORDINARY: Final = _several("id, queue, available_at, uuid, name, payload")
_ORDINARY: Final = Envelope("", "", "", b"")[4:]
# Of jobs of one name in one queue, as most that come together are, each gives two values of its
# own. A value that is bound is copied first, which costs more than to reckon an id.
_INSERT_ALIKE: Final = {
    count: "INSERT INTO jobs (id, queue, available_at, name, uuid, payload) VALUES "  # noqa: S608  # numbers
    + ", ".join(f"(?1 + {at}, ?2, ?3, ?4, ?{2 * at + 5}, ?{2 * at + 6})" for at in range(count))
    for count in _TOGETHER
}
_INSERT_PLAIN: Final = _several(
    "id, queue, state, priority, available_at, timeout, max_lost, uuid, name, payload"
)
_INSERT_ALL: Final = _several(
    "id, queue, state, priority, available_at, timeout, max_lost, uuid, name, payload,"
    " unique_key, unique_at, unique_for, group_key, batch, links, token"
)
_HOLDER: Final = """
SELECT id, uuid, state, unique_at, unique_for, group_key, batch FROM jobs WHERE unique_key = ?
"""
_FREE: Final = "UPDATE jobs SET unique_key = NULL WHERE id = ?"
_REPLACE: Final = """
UPDATE jobs SET queue = ?, state = ? + CASE WHEN state > 2 THEN ? ELSE 0 END, priority = ?,
  available_at = ?, attempts = 0, exceptions = 0, lost = 0, deferrals = 0, history = NULL,
  timeout = ?, max_lost = ?, uuid = ?, name = ?, links = ?, payload = ?
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

    def next(self, now: float, count: int = 1) -> int:
        """Return an id greater than all before it in this process.

        Args:
            now: The time.
            count: How many ids the caller takes: this one, and those that follow it.
        """
        stamp = int(now * 1e6) << 10 | (os.getpid() & 0x3FF)
        with self._lock:
            last = self._last
            first = stamp if stamp > last else last + 1
            self._last = first + count - 1
        return first

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

    def one(self, connection: sqlite3.Connection, envelope: Envelope, now: float) -> None:
        """Insert *envelope*, which is plain, by one statement."""
        if envelope[4:] == _ORDINARY:
            uuid, name, queue, payload = envelope[:4]
            row = (self._ids.next(now), queue, now, uuid, name, payload)
            connection.execute(_INSERT_ORDINARY[1], row)
        else:
            connection.execute(_INSERT_PLAIN[1], self._plain(envelope, now))

    def _plain(self, envelope: Envelope, now: float) -> tuple[object, ...]:
        """Return the parameters of :data:`_INSERT_PLAIN`."""
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
        if envelopes:
            uuids, names, queues, payloads, *more = zip(*envelopes, strict=True)
            if _all_are(_ORDINARY, more):
                self._insert_ordinary(connection, uuids, names, queues, payloads, now)
                return uuids
        if all(map(is_plain, envelopes)):
            rows = [self._plain(envelope, now) for envelope in envelopes]
            _insert_several(connection, _INSERT_PLAIN, rows)
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
            rows = [(*self._plain(one, now), *_further(one, now)) for one in envelopes]
            _insert_several(connection, _INSERT_ALL, rows)
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

    def _insert_ordinary(
        self,
        connection: sqlite3.Connection,
        uuids: tuple[str, ...],
        names: tuple[str, ...],
        queues: tuple[str, ...],
        payloads: tuple[bytes, ...],
        now: float,
    ) -> None:
        """Insert jobs of which nothing more is said, given as columns."""
        count = len(uuids)
        first = self._ids.next(now, count)
        if _all_are((names[0], queues[0]), (names, queues)):
            shared = (queues[0], now, names[0])
            _insert_alike(connection, first, shared, uuids, payloads)
            return
        ids = range(first, first + count)
        rows = [*zip(ids, queues, repeat(now), uuids, names, payloads)]
        _insert_several(connection, _INSERT_ORDINARY, rows)

    def _insert(self, connection: sqlite3.Connection, envelope: Envelope, now: float) -> None:
        row = self._plain(envelope, now)
        group = envelope.group
        if group is not None and connection.execute(_HAS_GROUP, (group,)).fetchone()[0]:
            row = (*row[:2], GROUPED_DELAYED if row[2] == DELAYED else GROUPED, *row[3:])
        connection.execute(_INSERT_ALL[1], (*row, *_further(envelope, now)))

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


def _all_are(values: Iterable[object], columns: Iterable[tuple[object, ...]]) -> bool:
    """Tell whether each of *columns* holds nothing but the one of *values* that is for it."""
    return all(
        column.count(one) == len(column) for one, column in zip(values, columns, strict=True)
    )


def _insert_alike(
    connection: sqlite3.Connection,
    first: int,
    shared: tuple[str, float, str],
    uuids: Sequence[str],
    payloads: Sequence[bytes],
) -> None:
    """Insert jobs that share what :data:`_INSERT_ALIKE` says once, with ids from *first* on."""
    done = 0
    for size, statement in _INSERT_ALIKE.items():
        while len(uuids) - done >= size:
            own: list[str | bytes] = [""] * (2 * size)
            own[::2], own[1::2] = uuids[done : done + size], payloads[done : done + size]
            connection.execute(statement, (first + done, *shared, *own))
            done += size


def _insert_several(
    connection: sqlite3.Connection, statements: dict[int, str], rows: Sequence[tuple[object, ...]]
) -> None:
    done = 0
    for size, statement in statements.items():
        while len(rows) - done >= size:
            connection.execute(statement, [*chain.from_iterable(rows[done : done + size])])
            done += size


def _further(envelope: Envelope, now: float) -> tuple[object, ...]:
    """Return the parameters that :data:`_INSERT_ALL` has beyond :data:`_INSERT_PLAIN`."""
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
