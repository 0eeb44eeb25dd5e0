"""Outbox: jobs that are written into the application's own database, within its transaction.

What is committed there with the data is moved to its connection by `upkeep/relay.py`, and what is
rolled back with the data never was: no crash between the two leaves one without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

from securely.queue.contracts import Counts, Envelope, OutboxRow, OutboxTable
from securely.queue.delivery.refusals import queue_name
from securely.queue.job import Delay, Dispatched, Job, PendingDispatch, Placement
from securely.support import clock

__all__ = ["DatabaseOutbox", "DbConnection", "Outbox", "OutboxDriver", "outbox_table", "unpack"]

# The table is a promise: other programs may write it, or look into it. docs/queue.md tells of it.
_CREATE: Final = """
CREATE TABLE IF NOT EXISTS securely_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  connection TEXT NOT NULL,
  created_at REAL NOT NULL,
  envelope BLOB NOT NULL
)
"""
_ADD: Final = (
    "INSERT INTO securely_outbox (uuid, connection, created_at, envelope) VALUES (?, ?, ?, ?)"
)
_WAITING: Final = (
    "SELECT id, uuid, connection, created_at, envelope FROM securely_outbox"
    " WHERE id > ? ORDER BY id LIMIT ?"
)
_REMOVE: Final = "DELETE FROM securely_outbox WHERE uuid = ?"

PlaceAll: TypeAlias = Callable[[Sequence[tuple[Job, Placement]]], Sequence[Dispatched]]


class _Cursor(Protocol):
    def fetchall(self) -> Sequence[Any]: ...

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> object: ...

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> object: ...

    def close(self) -> None: ...


class DbConnection(Protocol):
    """A connection of a DB-API 2 module whose paramstyle is "qmark", as that of sqlite3."""

    def cursor(self) -> _Cursor:
        """Return what runs statements."""
        ...

    def commit(self) -> None:
        """End the transaction, and keep what it did."""
        ...

    def rollback(self) -> None:
        """End the transaction, and undo what it did."""
        ...


class DatabaseOutbox:
    """The outbox in a SQL database: a table that is made when it is first needed.

    Args:
        connection: An open connection; proven with sqlite3. For databases with other types or
            another paramstyle, implement :class:`OutboxTable`.

    Example:
        >>> import sqlite3
        >>> database = sqlite3.connect(":memory:")
        >>> outbox = DatabaseOutbox(database)
        >>> outbox.add(OutboxRow(0, "u-1", "sqlite", 0.0, b""))
        >>> [row.uuid for row in outbox.waiting(0, 10)]
        ['u-1']
        >>> database.close()
    """

    def __init__(self, connection: DbConnection) -> None:
        self._connection = connection

    def add(self, row: OutboxRow) -> None:
        """Write *row* within the open transaction, which the caller ends."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(_CREATE)
            cursor.execute(_ADD, row[1:])
        finally:
            cursor.close()

    def waiting(self, after: int, limit: int) -> Sequence[OutboxRow]:
        """Return committed rows whose id is greater than *after*, oldest first."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(_CREATE)
            cursor.execute(_WAITING, (after, limit))
            rows = cursor.fetchall()
        finally:
            cursor.close()
        # A transaction that stays open would see the same rows for ever.
        self._connection.commit()
        return [OutboxRow(*row) for row in rows]

    def remove(self, uuids: Sequence[str]) -> None:
        """Remove rows, and commit."""
        cursor = self._connection.cursor()
        try:
            cursor.executemany(_REMOVE, [(uuid,) for uuid in uuids])
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            cursor.close()


def outbox_table(database: DbConnection | OutboxTable) -> OutboxTable:
    """Return *database* as a table, which it may be already."""
    return database if isinstance(database, OutboxTable) else DatabaseOutbox(database)


def unpack(row: OutboxRow, now: float) -> Envelope:
    """Return the envelope of *row*, whose delay has passed by since it was written.

    Raises:
        ValueError: It is none.
    """
    from msgspec import msgpack  # not with the component: most processes have no outbox

    envelope = msgpack.decode(row.envelope, type=Envelope)
    waited = max(0.0, now - row.created_at)
    return envelope._replace(delay=max(0.0, envelope.delay - waited), once=True)


class OutboxDriver:
    """Takes jobs for a connection, and writes them into an outbox.

    Args:
        table: The outbox.
        name: The connection that they are for.
    """

    def __init__(self, table: OutboxTable, name: str) -> None:
        self.name: str = name
        self._table = table

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Write *envelopes* within the open transaction of the table's connection."""
        from msgspec import msgpack

        for one in envelopes:
            row = OutboxRow(0, one.uuid, self.name, clock.timestamp(), msgpack.encode(one))
            self._table.add(row)
        return [one.uuid for one in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`; in this thread, to which the table's connection belongs."""
        return self.push(envelopes)

    def counts(self, queue: str) -> Counts:
        """Return nothing: what waits in an outbox has not come to its queue."""
        return Counts()

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return self.counts(queue)

    def clear(self, queue: str) -> int:
        """Remove nothing: an outbox is the application's own."""
        return 0

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return self.clear(queue)


class Outbox:
    """Dispatches into the application's database; the transaction is the caller's.

    It does what that connection does, in its thread, and has no async twins therefore.

    Args:
        place_all: Writes jobs there.
    """

    def __init__(self, place_all: PlaceAll) -> None:
        self._place_all = place_all

    def push(self, job: Job | PendingDispatch[Any], queue: str | Enum | None = None) -> str:
        """Write *job*, and return the uuid that it will have in its queue.

        Args:
            job: The job, or one with options: `SendInvoice.using(7).delay("5m")`.
            queue: Where it will wait; None for its own choice.

        Raises:
            NotQueueable: As for :meth:`Queue.push`.
            PayloadTooLarge: As for :meth:`Queue.push`.
        """
        return self._place_all([_placed(job, queue)])[0].id

    def later(
        self, delay: Delay, job: Job | PendingDispatch[Any], queue: str | Enum | None = None
    ) -> str:
        """Write *job*, which is to wait for *delay* from now on, and return its uuid.

        Raises:
            NotQueueable: As for :meth:`Queue.push`.
        """
        job, placement = _placed(job, queue)
        return self._place_all([(job, placement._replace(delay=delay))])[0].id

    def bulk(
        self, jobs: Iterable[Job | PendingDispatch[Any]], queue: str | Enum | None = None
    ) -> list[str]:
        """Write *jobs*, and return their uuids.

        Raises:
            NotQueueable: As for :meth:`Queue.push`.
        """
        return [sent.id for sent in self._place_all([_placed(job, queue) for job in jobs])]


def _placed(job: Job | PendingDispatch[Any], queue: str | Enum | None) -> tuple[Job, Placement]:
    built, placement = (job, Placement()) if isinstance(job, Job) else (job.job, job.placement)
    if queue is not None:
        name = str(queue.value) if isinstance(queue, Enum) else queue
        placement = placement._replace(queue=queue_name(name))
    return built, placement
