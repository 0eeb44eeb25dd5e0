"""SqliteBatches, Tally: batches in the store of their jobs, counted in the same transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from securely.queue.contracts import BatchRecord, Envelope, Kind
from securely.queue.delivery import counting
from securely.queue.drivers.sqlite_rows import Rows, translated
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["SqliteBatches", "Tally"]

_COLUMNS: Final = (
    "row, id, name, total, done, failed, skipped, allow_failures, fired, created_at, cancelled_at, "
    "finished_at, options, error"
)
_INSERT: Final = f"""
INSERT INTO batches ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608  # constants
_UPDATE: Final = """
UPDATE batches SET total = ?, done = ?, failed = ?, skipped = ?, fired = ?, cancelled_at = ?,
  finished_at = ?, error = ? WHERE row = ?
"""
_FIND: Final = f"SELECT {_COLUMNS} FROM batches WHERE id = ?"  # noqa: S608  # constants
_PAGE: Final = f"""
SELECT {_COLUMNS} FROM batches
WHERE coalesce(row < (SELECT row FROM batches WHERE id = ?), ?) ORDER BY row DESC LIMIT ?
"""  # noqa: S608  # constants
_OLD: Final = """
SELECT row FROM batches WHERE finished_at < ? OR (finished_at IS NULL AND created_at < ?)
  OR cancelled_at < ?
"""
_FAILURES: Final = "SELECT uuid FROM batch_failures WHERE batch = ? ORDER BY id"
_CALLS: Final = "SELECT event, envelope FROM batch_calls WHERE batch = ? ORDER BY event, position"
_CALLS_OF: Final = (
    "SELECT envelope FROM batch_calls WHERE batch = ? AND event = ? ORDER BY position"
)

_PACK: Final = msgspec.msgpack.Encoder().encode
_UNPACK: Final = msgspec.msgpack.Decoder(Envelope).decode


class _Open:
    """A batch while it is counted: as it was, as it is, and what has happened to it."""

    __slots__ = ("before", "done", "happened", "now", "row")

    def __init__(self, row: int, record: BatchRecord) -> None:
        self.row = row
        self.before = self.now = record
        self.done = 0  # members that ended well, not counted yet
        self.happened: dict[str, None] = {}

    def follow(self, record: BatchRecord, happened: Iterable[str]) -> None:
        self.now = record
        self.happened.update(dict.fromkeys(happened))

    def count(self) -> None:
        """Count those that ended well: all of them as one, since each costs as much as all do."""
        if self.done:
            record = replace(self.now, done=self.now.done + self.done - 1)
            self.follow(*counting.after_member(record, "", Kind.DONE))
            self.done = 0

    @property
    def has_ended(self) -> bool:
        """Whether it was cancelled or finished meanwhile."""
        before, now = self.before, self.now
        return (before.cancelled_at is None and now.cancelled_at is not None) or (
            before.finished_at is None and now.finished_at is not None
        )


class Tally:
    """Counts within one transaction: each batch is read once, and written once by :meth:`close`.

    The uuids of a batch's failures lie in a table of their own, and only those of this transaction
    are looked at, so that a batch of many failures is counted as fast as any.

    Args:
        connection: The transaction.
        rows: Accepts callbacks.
    """

    def __init__(self, connection: sqlite3.Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self._open: dict[str, _Open | None] = {}

    def settled(
        self,
        batch: str | None,
        uuid: str,
        kind: Kind,
        *,
        unreached: int = 0,
        error: bytes | None = None,
    ) -> None:
        """Count the end of a member.

        Args:
            batch: Its batch; None, or one that is gone, counts nothing.
            uuid: The member.
            kind: How it ended.
            unreached: Members behind it in its chain that will not run.
            error: Why it failed.
        """
        found = None if batch is None else self._find(batch)
        if found is None:
            return
        if kind == Kind.DONE and not unreached:
            found.done += 1
        else:
            record = found.now
            if unreached:
                record = replace(record, skipped=record.skipped + unreached)
            found.follow(*counting.after_member(record, uuid, kind, error=error))

    def retried(self, batch: str, uuid: str, links: int) -> None:
        """Take the failure of a member back."""
        found = self._find(batch)
        if found is None:
            return
        gone = self._connection.execute(
            "DELETE FROM batch_failures WHERE batch = ? AND uuid = ?", (found.row, uuid)
        )
        if gone.rowcount:
            record = replace(found.now, failed_ids=(uuid,))
            found.follow(counting.after_retry(record, uuid, links), ())

    def close(self) -> list[BatchRecord]:
        """Write down what was counted, and push what is due; return what ended meanwhile."""
        ended: list[BatchRecord] = []
        for found in self._open.values():
            if found is None:
                continue
            found.count()
            self._write(found)
            for name in found.happened:
                self._call(found, name)
            if found.has_ended:
                ended.append(_complete(self._connection, found.row, found.now))
        return ended

    def _find(self, id_: str) -> _Open | None:
        if id_ not in self._open:
            row = self._connection.execute(_FIND, (id_,)).fetchone()
            self._open[id_] = None if row is None else _Open(row[0], _record(row))
        return self._open[id_]

    def _write(self, found: _Open) -> None:
        record = found.now
        values = (record.total, record.done, record.failed, record.skipped, _fired(record))
        times = (record.cancelled_at, record.finished_at, record.error, found.row)
        self._connection.execute(_UPDATE, values + times)
        self._connection.executemany(
            "INSERT INTO batch_failures (batch, uuid) VALUES (?, ?)",
            [(found.row, uuid) for uuid in record.failed_ids],
        )

    def _call(self, found: _Open, name: str) -> None:
        calls = self._connection.execute(_CALLS_OF, (found.row, name)).fetchall()
        if not calls:
            return
        envelopes = tuple(_UNPACK(packed) for (packed,) in calls)
        due = counting.due(replace(found.now, callbacks={name: envelopes}), (name,))
        if name != "progress":
            self._rows.append(self._connection, due)
            return
        for envelope in due:
            self._rows.append_once(self._connection, envelope)


class SqliteBatches:
    """The batches of one sqlite connection.

    Args:
        connection: Its name.
        database: The store, at the durability of producers.
        rows: Accepts members and callbacks.
        ring: Wakes the workers.
    """

    def __init__(
        self, connection: str, database: Database, *, rows: Rows, ring: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._database = database
        self._rows = rows
        self._ring = ring

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Keep *record* and push *members*; False, and nothing changed, when its id exists.

        Raises:
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be opened or used.
        """
        record = replace(
            record,
            total=_counted(members),
            created_at=record.created_at or clock.timestamp(),
        )
        happened: tuple[str, ...] = ()
        if not members:
            record, happened = counting.finished(record)
        with translated(self._connection), self._database.transaction() as connection:
            if connection.execute(_FIND, (record.id,)).fetchone() is not None:
                return False
            _keep(connection, record)
            self._rows.append(connection, [one._replace(batch=record.id) for one in members])
            self._rows.append(connection, counting.due(record, happened))
        self._ring()
        return True

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Push *members* as more of a batch; False when it is gone or finished.

        Raises:
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be opened or used.
        """
        with translated(self._connection), self._database.transaction() as connection:
            more = connection.execute(
                "UPDATE batches SET total = total + ? WHERE id = ? AND finished_at IS NULL",
                (_counted(members), id_),
            )
            if not more.rowcount:
                return False
            self._rows.append(connection, [one._replace(batch=id_) for one in members])
        self._ring()
        return True

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch, or None."""
        return next(iter(self._records(_FIND, (id_,))), None)

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, newest first; *before*: those made before this one."""
        return self._records(_PAGE, (before, before is None, limit))

    def cancel(self, id_: str) -> bool:
        """Note that the batch is cancelled; False when it is gone or was cancelled before."""
        with translated(self._connection), self._database.transaction() as connection:
            noted = connection.execute(
                "UPDATE batches SET cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL",
                (clock.timestamp(), id_),
            )
            return noted.rowcount > 0

    def delete(self, id_: str) -> bool:
        """Forget the batch; its jobs stay, and count nowhere. False when it is gone."""
        return self._forget("SELECT row FROM batches WHERE id = ?", (id_,)) > 0

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that finished, were made (and not finished) or cancelled before a time."""
        return self._forget(_OLD, (finished, unfinished, cancelled))

    def _records(self, sql: str, parameters: Sequence[object]) -> list[BatchRecord]:
        # One read transaction: counts, failures and callbacks are of the same moment.
        with translated(self._connection):
            self._database.query("BEGIN")
            try:
                connection = self._database.connection()
                rows = connection.execute(sql, parameters).fetchall()
                return [_complete(connection, row[0], _record(row)) for row in rows]
            except sqlite3.Error as error:
                raise self._database.translate(error) from error
            finally:
                self._database.query("COMMIT")

    def _forget(self, chosen: str, parameters: Sequence[object]) -> int:
        with translated(self._connection), self._database.transaction() as connection:
            rows = connection.execute(chosen, parameters).fetchall()
            connection.executemany("DELETE FROM batch_calls WHERE batch = ?", rows)
            connection.executemany("DELETE FROM batch_failures WHERE batch = ?", rows)
            connection.executemany("DELETE FROM batches WHERE row = ?", rows)
            return len(rows)


def _keep(connection: sqlite3.Connection, record: BatchRecord) -> None:
    values = (
        record.id,
        record.name,
        record.total,
        record.done,
        record.failed,
        record.skipped,
        record.allow_failures,
        _fired(record),
        record.created_at,
        record.cancelled_at,
        record.finished_at,
        record.options,
        record.error,
    )
    row = connection.execute(_INSERT, values).lastrowid
    connection.executemany(
        "INSERT INTO batch_calls (batch, event, position, envelope) VALUES (?, ?, ?, ?)",
        [
            (row, event, position, _PACK(envelope))
            for event, envelopes in record.callbacks.items()
            for position, envelope in enumerate(envelopes)
        ],
    )


def _record(row: Sequence[Any]) -> BatchRecord:
    """Make a record of a row; without failures and callbacks, which lie elsewhere."""
    _, id_, name, total, done, failed, skipped, allow_failures, fired, *times, options, error = row
    return BatchRecord(
        id_,
        name,
        total,
        done,
        failed,
        skipped,
        allow_failures=bool(allow_failures),
        options=options,
        fired=frozenset(fired.split(",")) - {""},
        error=error,
        created_at=times[0],
        cancelled_at=times[1],
        finished_at=times[2],
    )


def _complete(connection: sqlite3.Connection, row: int, record: BatchRecord) -> BatchRecord:
    """Return *record* with its failures and callbacks."""
    failures = tuple(uuid for (uuid,) in connection.execute(_FAILURES, (row,)))
    callbacks: dict[str, tuple[Envelope, ...]] = {}
    for event, packed in connection.execute(_CALLS, (row,)):
        callbacks[event] = (*callbacks.get(event, ()), _UNPACK(packed))
    return replace(record, failed_ids=failures, callbacks=callbacks)


def _fired(record: BatchRecord) -> str:
    return ",".join(sorted(record.fired))


def _counted(members: Iterable[Envelope]) -> int:
    return sum(1 + one.links for one in members)
