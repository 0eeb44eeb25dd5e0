"""What the sqlite store holds, as people look at it: counts, queues, single jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from securely.queue.contracts import Counts, Measure, StoredJob, WorkerRecord
from securely.queue.drivers.sqlite_files import is_free
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["counts", "jobs", "measured", "queues", "workers"]

# (Not numbered placeholders: Python 3.12 took them for names at first, and warns.)
_COUNTS: Final = """
WITH asked AS (SELECT ? AS wanted, ? AS now)
SELECT
  (SELECT count(*) FROM jobs, asked WHERE state = 0 AND queue = wanted),
  (SELECT count(*) FROM jobs, asked WHERE state = 2 AND queue = wanted AND available_at <= now),
  (SELECT count(*) FROM jobs, asked WHERE state > 2 AND queue = wanted
    AND (state = 3 OR available_at <= now)),
  (SELECT count(*) FROM jobs, asked WHERE state = 2 AND queue = wanted AND available_at > now),
  (SELECT count(*) FROM jobs, asked WHERE state > 2 AND queue = wanted
    AND state = 4 AND available_at > now),
  (SELECT count(*) FROM asked CROSS JOIN jobs INDEXED BY jobs_held
    WHERE state = 1 AND queue = wanted),
  (SELECT min(available_at) FROM jobs, asked WHERE state = 0 AND queue = wanted),
  (SELECT min(available_at) FROM jobs, asked
    WHERE state = 2 AND queue = wanted AND available_at <= now),
  (SELECT min(available_at) FROM jobs, asked WHERE state > 2 AND queue = wanted
    AND (state = 3 OR available_at <= now))
"""

# Only index pages are read: one per state, each grouped by queue.
_QUEUES: Final = """
SELECT queue FROM jobs WHERE state = 0 UNION SELECT queue FROM jobs WHERE state = 2
UNION SELECT queue FROM jobs WHERE state = 1 UNION SELECT queue FROM jobs WHERE state > 2
"""

# Who waits for an older one of its group is pending or delayed by its time, as others are.
_JOBS: Final = """
WITH seen AS (
  SELECT id, uuid, name, queue,
    CASE WHEN state = 1 THEN 'reserved' WHEN state IN (0, 3) OR available_at <= ? THEN 'pending'
      ELSE 'delayed' END AS state,
    attempts, priority, available_at,
    CASE WHEN worker IS NOT NULL THEN printf('%x', worker) END AS worker, batch, payload
  FROM jobs WHERE queue = ? AND id > ?
)
SELECT * FROM seen WHERE coalesce(state = ?, 1) ORDER BY id LIMIT ?
"""


def counts(database: Database, queue: str) -> Counts:
    """Return how many jobs *queue* holds."""
    row = database.query(_COUNTS, (queue, clock.timestamp()))[0]
    ready, due, free, delayed, behind, reserved, *oldest = row
    waiting = [moment for moment in oldest if moment is not None]
    return Counts(ready + due + free, delayed + behind, reserved, min(waiting, default=None))


def queues(database: Database) -> list[str]:
    """Return the names of all queues that hold jobs, sorted."""
    return sorted(queue for (queue,) in database.query(_QUEUES))


def measured(database: Database, since: int) -> Sequence[Measure]:
    """Return what workers have measured from the minute *since* on."""
    rows = database.query(
        "SELECT minute, queue, name, kind, bucket, count, seconds FROM metrics WHERE minute >= ?",
        (since,),
    )
    return [Measure(*row) for row in rows]


def jobs(
    database: Database, queue: str, state: str | None, after: int, limit: int
) -> Sequence[StoredJob]:
    """Return jobs of *queue* by id, from the one after *after* on."""
    rows = database.query(_JOBS, (clock.timestamp(), queue, after, state, limit))
    return [StoredJob(*row) for row in rows]


def workers(database: Database, home: Path) -> list[WorkerRecord]:
    """Return the workers that live: those whose lock in *home* is held."""
    rows = database.query(
        "SELECT printf('%x', id), pid, host, queues, started_at FROM workers ORDER BY id"
    )
    found = [WorkerRecord(row[0], row[1], row[2], tuple(row[3].split(",")), row[4]) for row in rows]
    return [one for one in found if not is_free(home / f"{one.id}.lock")]
