"""SqliteSeat: a worker's place at the sqlite store; settles and claims in one transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from securely.queue.contracts import Delivery, Measure, Outcome, QueueLimit, Reaped, Turn, Verdict
from securely.queue.drivers import sqlite_cancelling as cancelling
from securely.queue.drivers.sqlite_files import Bell, Bells, remove_files
from securely.queue.drivers.sqlite_limits import Limits
from securely.queue.drivers.sqlite_reaper import Reaper
from securely.queue.drivers.sqlite_schema import HOOK_NONE
from securely.queue.drivers.sqlite_settling import Settler, StaleOutcome
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["Presence", "SqliteSeat"]

# The inner select walks `jobs_ready` in its own order. RETURNING promises none, so that the two
# columns of the order come along.
_CLAIM: Final = """
UPDATE jobs SET state = 1, worker = ?, token = token + 1, attempts = attempts + 1
WHERE id IN (
  SELECT id FROM jobs WHERE state = 0 AND queue = ?
  ORDER BY priority DESC, available_at, id LIMIT ?
)
RETURNING -priority, available_at, id, token, queue, name, attempts, exceptions, lost, deferrals,
  timeout, max_lost, payload
"""

_MEASURE: Final = """
INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count, seconds = seconds + excluded.seconds
"""
_FORGET: Final = "DELETE FROM metrics WHERE minute < ?"
_MINUTE: Final = 60.0  # seconds
_NEXT_DUE: Final = "SELECT min(available_at) FROM jobs WHERE state = 2 AND queue = ?"
_PROMOTE: Final = "UPDATE jobs SET state = 0 WHERE state = 2 AND queue = ? AND available_at <= ?"
_HAS_READY: Final = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 0 AND queue = ?)"
# A lease is renewed when a third of it has passed: one renewal that comes late costs nothing.
_RENEWALS: Final = 3
_SIGNS: Final = """
SELECT 'restart', value, NULL FROM meta WHERE key = 'restart'
UNION ALL SELECT scope, value, until FROM flags
UNION ALL SELECT 'cancelled', job, NULL FROM cancelled
"""


class Presence(NamedTuple):
    """What joining a store has made: the signs by which others know that a worker is there.

    Attributes:
        row: Its row in `workers`; the worker's id is its hexadecimal form.
        home: The directory of the workers' files.
        lock: The descriptor of the held lock.
        bell: Where producers ring.
        bells: Everybody's bells.
        restarts: How often a restart was asked for before it joined.
        lease_seconds: How long it may be silent before its jobs go to others.
    """

    row: int
    home: Path
    lock: int
    bell: Bell
    bells: Bells
    restarts: int
    lease_seconds: float


class SqliteSeat:
    """A worker's place at the sqlite store, from `join()` to :meth:`leave`.

    Not thread safe: a worker has one control flow.

    Args:
        database: The store, at the durability of settlements.
        settler: Applies outcomes.
        reaper: Takes care of dead workers.
        queues: What it serves, in order of priority.
        presence: What joining has made.
        metrics_seconds: How long what is measured is kept; 0 for not at all.
        limits: How much of each queue all workers together may do.
    """

    def __init__(
        self,
        database: Database,
        settler: Settler,
        reaper: Reaper,
        queues: Sequence[str],
        presence: Presence,
        metrics_seconds: float = 86_400.0,
        limits: Mapping[str, QueueLimit] | None = None,
    ) -> None:
        self.id: str = f"{presence.row:x}"
        self.home: Path = presence.home
        self._database = database
        self._settler = settler
        self._reaper = reaper
        self._queues = tuple(queues)
        self._row = presence.row
        self._lock = presence.lock
        self._bell = presence.bell
        self._bells = presence.bells
        self._restarts = presence.restarts
        self._lease_seconds = presence.lease_seconds
        self._renew_at = clock.monotonic() + presence.lease_seconds / _RENEWALS
        self._metrics_seconds = metrics_seconds
        self._limits = Limits(limits or {})
        self._wrote = False

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        """Settle *outcomes* and claim up to *room* jobs, in one transaction.

        Nothing is written, and no lock taken, when there is nothing to settle and to claim.

        Raises:
            StoreFull: There was no room; nothing was settled or claimed.
            QueueUnavailable: The store could not be used.
        """
        with self._reaper.translated():
            if not outcomes and not self._may_claim(room):
                must_restart, paused = self._signs(self._database.query(_SIGNS))
                return Turn((), (), self._earliest_due(paused), must_restart, paused)
            try:
                return self._turn(outcomes, room, one_by_one=False)
            except StaleOutcome:
                return self._turn(outcomes, room, one_by_one=True)

    def reap(self) -> Reaped:
        """Look for dead workers and take care of what they held; cheap when all live.

        Raises:
            StoreFull: There was no room; nothing was changed.
            QueueUnavailable: The store could not be used.
        """
        with self._reaper.translated():
            self._renew()
            reaped = self._reaper.reap()
            if held := self._database.query(cancelling.HELD, (self._row,)):
                reaped = replace(reaped, cancelled=[id_ for id_, _ in held])
            if reaped.returned or reaped.charged or (reaped.settled and self._limits):
                self._bells.ring()
            if self._wrote:
                self._wrote = False
            else:
                # Nothing was written since the last look: the time to tidy the log up.
                self._database.checkpoint()
            return reaped

    def _renew(self) -> None:
        """Say that this worker is at it, before others take it for stopped."""
        now = clock.monotonic()
        if now < self._renew_at:
            return
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE workers SET lease_until = ? WHERE id = ?",
                (now + self._lease_seconds, self._row),
            )
        self._renew_at = now + self._lease_seconds / _RENEWALS

    def peers(self) -> Sequence[int]:
        """Return the process ids of the other workers at this store on this machine."""
        with self._reaper.translated():
            rows = self._database.query("SELECT pid FROM workers WHERE id <> ?", (self._row,))
            return [pid for (pid,) in rows]

    def hook_done(self, failed_id: int) -> None:
        """Record that the `failed()` hook of this failed job has run."""
        with self._reaper.translated(), self._database.transaction() as connection:
            connection.execute(
                "UPDATE failed SET hook_state = ?, hook_worker = NULL WHERE id = ?",
                (HOOK_NONE, failed_id),
            )

    def measure(self, measures: Sequence[Measure]) -> None:
        """Add *measures* to what is kept, and forget what is too old."""
        if not self._metrics_seconds:
            return
        oldest = int((clock.timestamp() - self._metrics_seconds) // _MINUTE)
        with self._reaper.translated(), self._database.transaction() as connection:
            connection.executemany(_MEASURE, measures)
            connection.execute(_FORGET, (oldest,))

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when a job may be waiting."""
        return self._bell.fileno()

    def drain(self) -> None:
        """Swallow pending wake-ups, so that :meth:`fileno` is quiet again."""
        self._bell.drain()

    def leave(self, held: Sequence[Outcome] = ()) -> None:
        """Settle *held*, give back everything else this worker holds, and remove the worker.

        The lock is dropped whatever happens, so that others take over what could not be settled.
        """
        if self._lock < 0:
            return
        left = False
        try:
            with self._reaper.translated(), self._database.transaction() as connection:
                marked = cancelling.marked(connection)
                self._settler.settle(connection, held, one_by_one=True, marked=marked)
                self._reaper.end_cancelled(connection, self._row)
                connection.execute(
                    "UPDATE jobs SET state = 0, worker = NULL, attempts = attempts - 1 "
                    "WHERE state = 1 AND worker = ?",
                    (self._row,),
                )
                connection.execute("DELETE FROM workers WHERE id = ?", (self._row,))
            left = True
        finally:
            self._bell.close()
            if left:
                # Not when the row is still there: whoever reaps it needs the board.
                remove_files(self.home, self.id)
            os.close(self._lock)
            self._lock = -1
            self._database.close()
        self._bells.ring()
        self._bells.close()

    def _turn(self, outcomes: Sequence[Outcome], room: int, *, one_by_one: bool) -> Turn:
        deliveries: list[Delivery] = []
        due: list[float] = []
        with self._database.transaction() as connection:
            signs = connection.execute(_SIGNS).fetchall()
            marked = {job for scope, job, _ in signs if scope == "cancelled"}
            settled = self._settler.settle(
                connection, outcomes, one_by_one=one_by_one, marked=marked
            )
            must_restart, paused = self._signs(signs)
            next_due = self._next_due(connection, paused, promote=room > 0)
            if room > 0 and not must_restart:
                self._claim(connection, deliveries, due, room, paused)
            if self._limits:
                next_due = self._opening(connection, next_due)
        if settled.has_more or (outcomes and self._limits):
            self._bells.ring()  # another worker may be idle
        self._wrote = True
        now = clock.timestamp()
        return Turn(
            deliveries,
            settled.stale,
            next_due,
            must_restart,
            paused,
            settled.batches,
            [now - at for at in due],
            settled.cancelled,
        )

    def _claim(
        self,
        connection: sqlite3.Connection,
        deliveries: list[Delivery],
        due: list[float],
        room: int,
        paused: Sequence[str],
    ) -> None:
        """Claim from each queue in turn, the first to its end before the second is looked at."""
        for queue in self._queues:
            if queue in paused:
                continue
            most = self._limits.room(connection, queue, room)
            rows = connection.execute(_CLAIM, (self._row, queue, most)).fetchall()
            self._limits.took(connection, queue, len(rows))
            rows.sort()
            deliveries.extend([_delivery(row) for row in rows])
            due.extend([row[1] for row in rows])
            room -= len(rows)
            if room <= 0:
                return

    def _opening(self, connection: sqlite3.Connection, due: float | None) -> float | None:
        """Return *due*, or when a queue hands out jobs again, if that is earlier."""
        opening = self._limits.opens_at(connection, self._queues)
        return due if opening is None else min(opening, opening if due is None else due)

    def _next_due(
        self, connection: sqlite3.Connection, paused: Sequence[str], *, promote: bool
    ) -> float | None:
        """Return when the next delayed job is due, having made claimable those that are."""
        now = clock.timestamp()
        earliest: float | None = None
        for queue in self._queues:
            if queue in paused:
                continue
            due = connection.execute(_NEXT_DUE, (queue,)).fetchone()[0]
            if promote and due is not None and due <= now:
                connection.execute(_PROMOTE, (queue, now))
                due = connection.execute(_NEXT_DUE, (queue,)).fetchone()[0]
            if due is not None and (earliest is None or due < earliest):
                earliest = due
        return earliest

    def _earliest_due(self, paused: Sequence[str]) -> float | None:
        """Return, without a lock, when the next delayed job is due."""
        served = [queue for queue in self._queues if queue not in paused]
        found = [self._database.query(_NEXT_DUE, (queue,))[0][0] for queue in served]
        return min((due for due in found if due is not None), default=None)

    def _may_claim(self, room: int) -> bool:
        """Tell, without a lock, whether a claim would find something."""
        if room <= 0:
            return False
        now = clock.timestamp()
        for queue in self._queues:
            if self._database.query(_HAS_READY, (queue,))[0][0]:
                return True
            due = self._database.query(_NEXT_DUE, (queue,))[0][0]
            if due is not None and due <= now:
                return True
        return False

    def _signs(self, rows: Sequence[tuple[str, Any, float | None]]) -> tuple[bool, tuple[str, ...]]:
        """Return whether this worker is to restart, and which of its queues are paused."""
        must_restart = False
        kept: set[str] = set()
        for scope, value, until in rows:
            if scope == "restart":
                must_restart = value != self._restarts
            elif scope.startswith("pause:") and (until is None or until > clock.timestamp()):
                kept.add(scope.removeprefix("pause:"))
        if "*" in kept:
            return must_restart, self._queues
        return must_restart, tuple(queue for queue in self._queues if queue in kept)


def _delivery(row: tuple[Any, ...]) -> Delivery:
    """Make a delivery of a claimed row; its first two columns are the order."""
    made = Delivery(*row[2:])
    if made.lost and made.lost >= made.max_lost:
        return made._replace(verdict=Verdict.LOST)
    return made
