"""Jobs of the sqlite store that are cancelled while a worker holds them.

Such a job is marked in a table of its own, which is empty but for them. Whoever would put it back
takes it out instead, in the same transaction: the settlement of its worker, the end of that worker,
or whoever finds it dead. So no job that waits is ever marked, and a claim need not look.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable
from typing import Final

from securely.queue.contracts import Cancellation, Kind
from securely.queue.drivers.sqlite_batches import Tally
from securely.queue.drivers.sqlite_rows import Rows, free_next
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["HELD", "TAKE_OUT", "cancel", "end_held", "forget", "marked", "take_out"]

# The marked jobs that a worker holds.
HELD: Final = """
SELECT j.id, j.token FROM cancelled c JOIN jobs j ON j.id = c.job WHERE j.state = 1 AND j.worker = ?
"""
TAKE_OUT: Final = """
DELETE FROM jobs WHERE id = ? AND token = ? AND state = 1 RETURNING uuid, batch, links, group_key
"""
_REMOVE: Final = (
    "DELETE FROM jobs WHERE id = ? AND uuid = ? AND state <> 1 RETURNING batch, links, group_key"
)
_MARK: Final = (
    "INSERT OR REPLACE INTO cancelled SELECT id FROM jobs WHERE id = ? AND uuid = ? AND state = 1"
)
_MARKED: Final = "SELECT job FROM cancelled"
_FORGET: Final = "DELETE FROM cancelled WHERE job = ? AND job NOT IN (SELECT id FROM jobs)"
_IS_OVER: Final = """
SELECT EXISTS (SELECT 1 FROM failed WHERE uuid = ?)
  OR EXISTS (SELECT 1 FROM results WHERE uuid = ? AND until > ?)
"""


def cancel(database: Database, rows: Rows, uuid: str) -> Cancellation:
    """Take the job with this uuid out, or mark it where somebody holds it.

    There is no index of uuids, for which every push would pay: all jobs are looked through, before
    anything is locked.
    """
    answers = {
        _cancel(database, rows, id_, uuid)
        for (id_,) in database.query("SELECT id FROM jobs WHERE uuid = ?", (uuid,))
    }
    for answer in (Cancellation.REMOVED, Cancellation.STOPPING):
        if answer in answers:
            return answer
    is_over = database.query(_IS_OVER, (uuid, uuid, clock.timestamp()))[0][0]
    return Cancellation.OVER if is_over else Cancellation.UNKNOWN


def _cancel(database: Database, rows: Rows, id_: int, uuid: str) -> Cancellation | None:
    """Cancel one row; None when it has gone meanwhile."""
    with database.transaction() as connection:
        removed = connection.execute(_REMOVE, (id_, uuid)).fetchall()
        tally = Tally(connection, rows)
        for batch, links, group in removed:
            free_next(connection, (group,))
            tally.settled(batch, uuid, Kind.SKIP, unreached=links)
        tally.close()
        if removed:
            return Cancellation.REMOVED
        is_held = connection.execute(_MARK, (id_, uuid)).rowcount == 1
    return Cancellation.STOPPING if is_held else None


def marked(connection: sqlite3.Connection) -> frozenset[int]:
    """Return the ids of the jobs that are marked."""
    return frozenset(id_ for (id_,) in connection.execute(_MARKED))


def forget(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Take the marks off those of *ids* whose jobs are gone."""
    connection.executemany(_FORGET, [(id_,) for id_ in ids])


def take_out(connection: sqlite3.Connection, tally: Tally, id_: int, token: int) -> bool:
    """Take a held job out as one that was skipped, and its mark; False when it is not held so."""
    found = connection.execute(TAKE_OUT, (id_, token)).fetchall()
    for uuid, batch, links, group in found:
        free_next(connection, (group,))
        tally.settled(batch, uuid, Kind.SKIP, unreached=links)
        forget(connection, (id_,))
    return bool(found)


def end_held(
    connection: sqlite3.Connection,
    rows: Rows,
    worker: int,
    finished: Container[tuple[int, int]] = (),
) -> int:
    """Take out the marked jobs that *worker* held, which is gone or silent; return how many.

    Those of *finished*, by id and token, have ended well before, and are left.
    """
    found = connection.execute(HELD, (worker,)).fetchall()
    held = [key for key in found if key not in finished]
    if not held:
        return 0
    tally = Tally(connection, rows)
    count = sum(take_out(connection, tally, id_, token) for id_, token in held)
    tally.close()
    return count
