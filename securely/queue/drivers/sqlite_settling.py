"""Settler: outcomes and all that follows from them, applied within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from securely.queue.contracts import BatchRecord, Charge, Kind, Outcome
from securely.queue.delivery.failure import note_of
from securely.queue.drivers import sqlite_cancelling as cancelling
from securely.queue.drivers.sqlite_batches import Tally
from securely.queue.drivers.sqlite_failed import NOTE, noted
from securely.queue.drivers.sqlite_rows import Rows, free_next
from securely.queue.drivers.sqlite_schema import (
    DELAYED,
    HOOK_NONE,
    HOOK_PENDING,
    READY,
    TOKEN_OF_GROUPS,
)
from securely.support import clock

__all__ = ["Settled", "Settler", "StaleOutcome"]

_REMOVE: Final = "DELETE FROM jobs WHERE id = ? AND token = ? AND state = 1"

_PUT_BACK: Final = """
state = ?, available_at = coalesce(?, available_at), worker = NULL,
  attempts = attempts - ?, exceptions = exceptions + ?, lost = lost + ?, deferrals = deferrals + ?
WHERE id = ? AND token = ? AND state = 1
"""

_RELEASE: Final = f"UPDATE jobs SET {_PUT_BACK}"  # noqa: S608  # constants
_RELEASE_NOTED: Final = f"UPDATE jobs SET {NOTE}, {_PUT_BACK}"  # noqa: S608  # constants

_RECORD: Final = """
INSERT INTO failed (id, uuid, queue, name, priority, attempts, timeout, max_lost, failed_at,
  hook_state, hook_worker, unique_key, unique_for, group_key, batch, links, error, payload, history)
SELECT id, uuid, queue, name, priority, attempts, timeout, max_lost, ?, ?, ?, unique_key,
  unique_for, group_key, batch, links, ?, payload, history
FROM jobs WHERE id = ? AND token = ? AND state = 1
"""

_KEEP_RESULT: Final = "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)"
_FORGET_RESULTS: Final = "DELETE FROM results WHERE until <= ?"
_HAVE_RESULTS: Final = frozenset((Kind.DONE, Kind.FAIL))
_PUTS_BACK: Final = frozenset((Kind.RELEASE, Kind.RETURN))
_DONE: Final = Kind.DONE


class StaleOutcome(Exception):
    """Some outcome of a group was stale; the group is settled again, one by one."""


class Settled(NamedTuple):
    """What settling has brought.

    Attributes:
        stale: Ids of outcomes that were refused.
        batches: Batches that were finished or cancelled by it.
        has_more: Jobs were put back, accepted or freed that other workers could take.
        cancelled: Ids of outcomes that would have put back a job which was cancelled.
    """

    stale: Sequence[int]
    batches: Sequence[BatchRecord]
    has_more: bool
    cancelled: Sequence[int] = ()


class Settler:
    """Applies the outcomes of one worker.

    Args:
        row: The worker.
        rows: Accepts what follows.
    """

    def __init__(self, row: int, rows: Rows) -> None:
        self._row = row
        self._rows = rows

    def settle(
        self,
        connection: sqlite3.Connection,
        outcomes: Sequence[Outcome],
        *,
        one_by_one: bool,
        marked: Set[int] = frozenset(),
    ) -> Settled:
        """Apply *outcomes*, each with its consequences or not at all.

        Most are DONE with nothing to follow, and removed by one call; how many of them were stale
        it tells, but not which. None of *marked*, which were cancelled, is put back.

        Raises:
            StaleOutcome: One of those was stale, unless they are removed *one_by_one*; roll back.
        """
        stale: list[int] = []
        cancelled: list[int] = []
        gone: list[tuple[int, int]] = []
        tally: Tally | None = None
        changes = connection.total_changes
        for outcome in outcomes:
            if (
                outcome.kind == _DONE
                and not outcome.is_member
                and not outcome.successors
                and outcome.result_seconds is None
                and outcome.token < TOKEN_OF_GROUPS
            ):
                gone.append(outcome[:2])
                continue
            tally = tally or Tally(connection, self._rows)
            if outcome.id in marked and outcome.kind in _PUTS_BACK:
                is_current = cancelling.take_out(connection, tally, *outcome[:2])
                (cancelled if is_current else stale).append(outcome.id)
            elif not self._apply(connection, outcome, tally):
                stale.append(outcome.id)
        batches = () if tally is None else tally.close()
        removed = 0
        if gone and one_by_one:
            late = [key[0] for key in gone if not connection.execute(_REMOVE, key).rowcount]
            stale += late
            removed = len(gone) - len(late)
        elif gone:
            removed = connection.executemany(_REMOVE, gone).rowcount
            if removed != len(gone):
                raise StaleOutcome
        has_more = connection.total_changes - changes != removed
        if marked:
            cancelling.forget(connection, marked & {one.id for one in outcomes})
        return Settled(stale, batches, has_more, cancelled)

    def _apply(self, connection: sqlite3.Connection, outcome: Outcome, tally: Tally) -> bool:
        """Apply one outcome and what follows from it; False, and nothing done, when it is stale."""
        if outcome.kind in _PUTS_BACK:
            is_current = _put_back(connection, outcome)
        else:
            is_current = self._take_out(connection, outcome, tally)
        if is_current and outcome.successors:
            self._rows.append(connection, outcome.successors)
        return is_current

    def _take_out(self, connection: sqlite3.Connection, outcome: Outcome, tally: Tally) -> bool:
        key = outcome[:2]
        if outcome.kind == Kind.FAIL:
            hook = HOOK_PENDING if outcome.has_hook else HOOK_NONE
            worker = self._row if outcome.has_hook else None
            values = (clock.timestamp(), hook, worker, outcome.error or b"{}", *key)
            connection.execute(_RECORD, values)
        row = connection.execute(cancelling.TAKE_OUT, key).fetchall()
        if not row:
            return False
        uuid, batch, links, group = row[0]
        free_next(connection, (group,))
        if outcome.result_seconds is not None and outcome.kind in _HAVE_RESULTS:
            now = clock.timestamp()
            connection.execute(_FORGET_RESULTS, (now,))
            until = now + outcome.result_seconds
            error = None if outcome.kind == _DONE else outcome.error or b"{}"
            connection.execute(_KEEP_RESULT, (uuid, until, outcome.result, error))
        if batch is not None:
            goes_on = any(successor.batch == batch for successor in outcome.successors)
            if not outcome.is_member and (goes_on or outcome.kind == _DONE):
                return True  # it stood for a member behind it, which is counted when it ends
            tally.settled(
                batch,
                uuid,
                outcome.kind,
                unreached=0 if goes_on else links,
                error=outcome.error,
            )
        return True


def _put_back(connection: sqlite3.Connection, outcome: Outcome) -> bool:
    id_, token, kind, delay, charge = outcome[:5]
    # What never started, and what lost its executor without being at fault yet, keeps its
    # place; everything else queues up again.
    keeps_place = kind == Kind.RETURN or (charge == Charge.LOST and delay <= 0)
    row = (
        DELAYED if delay > 0 and kind == Kind.RELEASE else READY,
        None if keeps_place else clock.timestamp() + max(delay, 0.0),
        kind == Kind.RETURN,
        charge == Charge.EXCEPTION,
        charge == Charge.LOST,
        charge == Charge.DEFERRAL,
        id_,
        token,
    )
    note = note_of(outcome)
    if note is None:
        return connection.execute(_RELEASE, row).rowcount == 1
    return connection.execute(_RELEASE_NOTED, (noted(note), *row)).rowcount == 1
