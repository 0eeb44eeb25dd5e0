"""SqliteFailedJobs: failed jobs in the store they come from, moved in single transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from securely.queue.contracts import Envelope, FailedJob
from securely.queue.delivery.failure import HISTORY_MAX, history_of
from securely.queue.drivers.sqlite_batches import Tally
from securely.queue.drivers.sqlite_rows import Rows, translated
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["COLUMNS", "NOTE", "SqliteFailedJobs", "failed_job", "noted"]

COLUMNS: Final = (
    "id, uuid, queue, name, payload, error, attempts, failed_at, timeout, max_lost, priority, "
    "unique_key, unique_for, group_key, batch, links, history"
)

# Writes down how an attempt ended, within the statement that puts its job back; see `noted`.
NOTE: Final = (
    "history = substr(coalesce(history || char(10), '') || '[' || attempts || ',' || ? || ']', "
    f"-{HISTORY_MAX})"
)


def noted(reason: str) -> str:
    """Return what :data:`NOTE` takes: the moment, and a *reason* of :func:`note_of`."""
    return f"{clock.timestamp()!r},{reason}"


def failed_job(connection: str, row: tuple[Any, ...]) -> FailedJob:
    """Make a failed job of a row of :data:`COLUMNS`."""
    id_, uuid, *rest, history = row
    job = FailedJob(id_, uuid, connection, *rest)
    return replace(job, history=history_of(history, job.error, job.attempts, job.failed_at))


class SqliteFailedJobs:
    """The failed jobs of one sqlite connection.

    Args:
        connection: Its name.
        database: The store, at the durability of producers.
        rows: Accepts jobs that are put back.
        ring: Wakes the workers.
        refresh: Gives a payload its deadline anew.
    """

    def __init__(
        self,
        connection: str,
        database: Database,
        *,
        rows: Rows,
        ring: Callable[[], None],
        refresh: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._connection = connection
        self._database = database
        self._rows = rows
        self._ring = ring
        self._refresh = refresh

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return the failed jobs, newest first."""
        return self._query("coalesce(queue = ?, 1) ORDER BY failed_at DESC, id DESC", queue)

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this id or uuid, or None."""
        return next(iter(self._query(_where(key), key)), None)

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put jobs back in their queues with all counters at 0; None for all of them.

        Keys that name nothing are passed over, and a job whose unique key another one holds stays
        where it is. All of it is one transaction.
        """
        if keys is None:
            chosen = list(self.all(queue))
        else:
            found = {job.id: job for key in keys if (job := self.find(key)) is not None}
            chosen = [job for job in found.values() if queue is None or job.queue == queue]
        # Oldest first, so that they come back in the order they went.
        chosen.sort(key=lambda job: (job.failed_at, job.id))
        with translated(self._connection), self._database.transaction() as connection:
            tally = Tally(connection, self._rows)
            retried = [job for job in chosen if self._put_back(connection, job, tally)]
            tally.close()
        if retried:
            self._ring()
        return retried

    def forget(self, key: str) -> bool:
        """Remove one by id or uuid; False when there is none."""
        with translated(self._connection), self._database.transaction() as connection:
            sql = f"DELETE FROM failed WHERE {_where(key)}"  # noqa: S608  # constants
            return connection.execute(sql, (key,)).rowcount > 0

    def flush(self, older_than: float | None = None) -> int:
        """Remove those that failed more than *older_than* seconds ago (None: all); how many."""
        before = None if older_than is None else clock.timestamp() - older_than
        with translated(self._connection), self._database.transaction() as connection:
            sql = "DELETE FROM failed WHERE coalesce(failed_at < ?, 1)"
            return connection.execute(sql, (before,)).rowcount

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        """Return how many there are: of *connection*, and from *queue*; None for any."""
        if connection not in {None, self._connection}:
            return 0
        sql = "SELECT count(*) FROM failed WHERE coalesce(queue = ?, 1)"
        with translated(self._connection):
            return int(self._database.query(sql, (queue,))[0][0])

    def _query(self, condition: str, parameter: object) -> list[FailedJob]:
        sql = f"SELECT {COLUMNS} FROM failed WHERE {condition}"  # noqa: S608  # constants
        with translated(self._connection):
            rows = self._database.query(sql, (parameter,))
        return [failed_job(self._connection, row) for row in rows]

    def _put_back(self, connection: sqlite3.Connection, job: FailedJob, tally: Tally) -> bool:
        """Accept *job* anew; False when it is gone, or another one holds its key."""
        gone = connection.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM failed WHERE id = ?)", (job.id,)
        )
        if gone.fetchone()[0]:
            return False
        envelope = _envelope(job, self._refresh(job.payload))
        if self._rows.offer(connection, envelope, self._rows.begin(connection)) is not None:
            return False
        connection.execute("DELETE FROM failed WHERE id = ?", (job.id,))
        connection.execute("DELETE FROM results WHERE uuid = ?", (job.uuid,))
        if job.batch is not None:
            tally.retried(job.batch, job.uuid, job.links)
        return True


def _envelope(job: FailedJob, payload: bytes) -> Envelope:
    return Envelope(
        job.uuid,
        job.name,
        job.queue,
        payload,
        timeout=job.timeout,
        max_lost=job.max_lost,
        priority=job.priority,
        unique=job.unique,
        unique_for=job.unique_for,
        group=job.group,
        batch=job.batch,
        links=job.links,
    )


def _where(key: str) -> str:
    """Return the condition that finds *key*: an id where it is a number, else a uuid."""
    return "id = CAST(? AS INTEGER)" if key.isascii() and key.isdigit() else "uuid = ?"
