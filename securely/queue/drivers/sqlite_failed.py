"""SqliteFailedJobs: failed jobs in the store they come from, moved in single transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from securely.queue.contracts import FailedJob
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["COLUMNS", "SqliteFailedJobs", "failed_job"]

COLUMNS: Final = (
    "id, uuid, queue, name, payload, error, attempts, failed_at, timeout, max_lost, priority"
)

_RETRY: Final = """
INSERT INTO jobs (id, queue, state, priority, available_at, timeout, max_lost, uuid, name,
  batch_id, tags, payload)
SELECT ?, queue, 0, priority, ?, timeout, max_lost, uuid, name, batch_id, tags, ?
FROM failed WHERE id = ?
"""


def failed_job(connection: str, row: tuple[Any, ...]) -> FailedJob:
    """Make a failed job of a row of :data:`COLUMNS`."""
    id_, uuid, queue, name, payload, error, attempts, failed_at, timeout, max_lost, priority = row
    return FailedJob(
        id=id_,
        uuid=uuid,
        connection=connection,
        queue=queue,
        name=name,
        payload=payload,
        error=error,
        attempts=attempts,
        failed_at=failed_at,
        timeout=timeout,
        max_lost=max_lost,
        priority=priority,
    )


class SqliteFailedJobs:
    """The failed jobs of one sqlite connection.

    Args:
        connection: Its name.
        database: The store, at the durability of producers.
        next_id: Gives the row of a job that is put back, inside its transaction.
        ring: Wakes the workers.
        refresh: Gives a payload its deadline anew.
    """

    def __init__(
        self,
        connection: str,
        database: Database,
        *,
        next_id: Callable[[sqlite3.Connection], int],
        ring: Callable[[], None],
        refresh: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._connection = connection
        self._database = database
        self._next_id = next_id
        self._ring = ring
        self._refresh = refresh

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return the failed jobs, newest first."""
        rows = self._database.query(
            f"SELECT {COLUMNS} FROM failed WHERE coalesce(queue = ?, 1) "  # noqa: S608  # constants
            "ORDER BY failed_at DESC, id DESC",
            (queue,),
        )
        return [failed_job(self._connection, row) for row in rows]

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this id or uuid, or None."""
        rows = self._database.query(
            f"SELECT {COLUMNS} FROM failed WHERE {_where(key)}",  # noqa: S608  # constants
            (key,),
        )
        return failed_job(self._connection, rows[0]) if rows else None

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put jobs back in their queues with all counters at 0; None for all of them.

        Keys that name nothing are passed over. All of it is one transaction.
        """
        if keys is None:
            chosen = list(self.all(queue))
        else:
            found = {job.id: job for key in keys if (job := self.find(key)) is not None}
            chosen = [job for job in found.values() if queue is None or job.queue == queue]
        # Oldest first, so that they come back in the order they went.
        chosen.sort(key=lambda job: (job.failed_at, job.id))
        retried: list[FailedJob] = []
        with self._database.transaction() as connection:
            for job in chosen:
                payload = self._refresh(job.payload)
                row = (self._next_id(connection), clock.timestamp(), payload, job.id)
                if connection.execute(_RETRY, row).rowcount:
                    connection.execute("DELETE FROM failed WHERE id = ?", (job.id,))
                    retried.append(job)
        if retried:
            self._ring()
        return retried

    def forget(self, key: str) -> bool:
        """Remove one by id or uuid; False when there is none."""
        with self._database.transaction() as connection:
            sql = f"DELETE FROM failed WHERE {_where(key)}"  # noqa: S608  # constants
            return connection.execute(sql, (key,)).rowcount > 0

    def flush(self, older_than: float | None = None) -> int:
        """Remove those that failed more than *older_than* seconds ago (None: all); how many."""
        before = None if older_than is None else clock.timestamp() - older_than
        with self._database.transaction() as connection:
            sql = "DELETE FROM failed WHERE coalesce(failed_at < ?, 1)"
            return connection.execute(sql, (before,)).rowcount

    def count(self) -> int:
        """Return how many there are."""
        return int(self._database.query("SELECT count(*) FROM failed")[0][0])


def _where(key: str) -> str:
    """Return the condition that finds *key*: an id where it is a number, else a uuid."""
    return "id = CAST(? AS INTEGER)" if key.isascii() and key.isdigit() else "uuid = ?"
