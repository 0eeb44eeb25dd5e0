"""Reaper: finds sqlite workers that died, and takes care of what they held."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from securely.queue.contracts import Delivery, FailedJob, Reaped, Verdict
from securely.queue.crew.board import State, boot_id, read
from securely.queue.delivery.failure import LOST
from securely.queue.drivers import sqlite_cancelling as cancelling
from securely.queue.drivers.sqlite_failed import COLUMNS, NOTE, failed_job, noted
from securely.queue.drivers.sqlite_files import is_free, remove_files
from securely.queue.drivers.sqlite_rows import Rows, free_next, translated
from securely.support import clock
from securely.support.sqlite import Database

__all__ = ["Reaper"]

_GIVE_BACK: Final = """
UPDATE jobs SET state = 0, worker = NULL, attempts = attempts - 1 WHERE state = 1 AND worker = ?
"""
_GIVE_BACK_ONE: Final = """
UPDATE jobs SET state = 0, worker = NULL, attempts = attempts - 1 WHERE id = ?
"""
_CHARGE: Final = f"""
UPDATE jobs SET {NOTE}, state = 0, worker = NULL, lost = lost + 1 WHERE id = ?
"""  # noqa: S608  # constants
_FINISH: Final = "DELETE FROM jobs WHERE id = ? RETURNING group_key"
_CONDEMN: Final = f"""
UPDATE jobs SET {NOTE}, worker = ?, token = token + 1, lost = lost + 1 WHERE id = ?
RETURNING id, token, queue, name, attempts, exceptions, lost, deferrals, timeout, max_lost,
  payload
"""  # noqa: S608  # constants


class Reaper:
    """Finds dead workers; each is taken over by exactly one other, in one transaction.

    A worker is dead once its own lock and its executors' locks are free, and stopped when it has
    not renewed its lease although its lock is held. What either held is judged by its board: what
    had not started goes back as if never claimed, what had is charged, what had finished is
    settled, and what was cancelled is taken out. After a reboot boards say nothing, and all else
    goes back uncharged.

    Args:
        connection: The connection's name.
        database: The store.
        home: The directory of the workers' files.
        row: The worker that reaps.
        rows: Accepts the callbacks of batches.
    """

    def __init__(
        self, connection: str, database: Database, home: Path, row: int, rows: Rows
    ) -> None:
        self._connection = connection
        self._database = database
        self._home = home
        self._row = row
        self._rows = rows
        self._boot = boot_id().hex()

    @contextmanager
    def translated(self) -> Generator[None]:
        """Raise the queue's errors for those of the database."""
        with translated(self._connection):
            yield

    def reap(self) -> Reaped:
        """Look at every other worker and take over the dead ones."""
        reaped = Reaped()
        others = self._database.query(
            "SELECT id, boot, lease_until FROM workers WHERE id <> ?", (self._row,)
        )
        for row, boot, lease_until in others:
            worker = f"{row:x}"
            if boot == self._boot:
                if not is_free(self._home / f"{worker}.lock"):
                    if lease_until is not None and lease_until < clock.monotonic():
                        reaped = self._expire(row, lease_until, reaped)
                    continue
                if not all(map(is_free, self._home.glob(f"{worker}.*.executor.lock"))):
                    reaped = replace(reaped, waiting=reaped.waiting + 1)
                    continue
            reaped = self._take_over(row, reaped, same_boot=boot == self._boot)
            remove_files(self._home, worker)
        return self._orphaned_hooks(reaped)

    def _expire(self, row: int, lease_until: float, reaped: Reaped) -> Reaped:
        """Take the jobs of a worker that lives and is silent: stopped, or cut off from its disk.

        Its row stays, without a lease, until it wakes and renews it, or dies. What it then says of
        these jobs is stale.
        """
        states = read(self._home / f"{row:x}.board")
        with self._database.transaction() as connection:
            silent = connection.execute(
                "UPDATE workers SET lease_until = NULL WHERE id = ? AND lease_until = ?",
                (row, lease_until),
            )
            if not silent.rowcount:
                return reaped  # it has woken up, or another worker was faster
            return self._judge(connection, row, states, reaped)

    def _take_over(self, row: int, reaped: Reaped, *, same_boot: bool) -> Reaped:
        board = self._home / f"{row:x}.board"
        states: Mapping[tuple[int, int], State] = read(board) if same_boot else {}
        with self._database.transaction() as connection:
            if not connection.execute("DELETE FROM workers WHERE id = ?", (row,)).rowcount:
                return reaped  # another worker was faster
            connection.execute(
                "UPDATE failed SET hook_worker = NULL WHERE hook_state = 1 AND hook_worker = ?",
                (row,),
            )
            if not same_boot:
                settled = reaped.settled + self.end_cancelled(connection, row)
                returned = reaped.returned + connection.execute(_GIVE_BACK, (row,)).rowcount
                return replace(reaped, returned=returned, settled=settled)
            return self._judge(connection, row, states, reaped)

    def end_cancelled(
        self,
        connection: sqlite3.Connection,
        row: int,
        states: Mapping[tuple[int, int], State] = MappingProxyType({}),
    ) -> int:
        """Take out what the worker *row* held and somebody has cancelled; return how many."""
        finished = [key for key, state in states.items() if state == State.FINISHED]
        return cancelling.end_held(connection, self._rows, row, finished)

    def _judge(
        self,
        connection: sqlite3.Connection,
        row: int,
        states: Mapping[tuple[int, int], State],
        reaped: Reaped,
    ) -> Reaped:
        returned, charged = reaped.returned, reaped.charged
        settled = reaped.settled + self.end_cancelled(connection, row, states)
        condemned = list(reaped.condemned)
        held = connection.execute(
            "SELECT id, token, lost, max_lost FROM jobs WHERE state = 1 AND worker = ?", (row,)
        ).fetchall()
        for id_, token, lost, max_lost in held:
            state = states.get((id_, token), State.HANDED)
            if state == State.FINISHED:
                # It counts in no batch: a member that is done never gets this mark, and what only
                # stands for one counts nothing when it is done.
                free_next(connection, *connection.execute(_FINISH, (id_,)).fetchall())
                settled += 1
            elif state == State.HANDED:
                connection.execute(_GIVE_BACK_ONE, (id_,))
                returned += 1
            elif lost + 1 < max_lost:
                connection.execute(_CHARGE, (noted(LOST), id_))
                charged += 1
            else:
                values = (noted(LOST), self._row, id_)
                columns = connection.execute(_CONDEMN, values).fetchall()[0]
                condemned.append(Delivery(*columns)._replace(verdict=Verdict.LOST))
        cancelling.forget(connection, cancelling.marked(connection))
        return replace(
            reaped, returned=returned, charged=charged, settled=settled, condemned=condemned
        )

    def _orphaned_hooks(self, reaped: Reaped) -> Reaped:
        """Take the hooks that were left undone; by a worker that is gone, or by one that left."""
        orphans = (
            "hook_state = 1 AND (hook_worker IS NULL"
            " OR hook_worker NOT IN (SELECT id FROM workers))"
        )
        if not self._database.query(f"SELECT EXISTS (SELECT 1 FROM failed WHERE {orphans})")[0][0]:  # noqa: S608  # constants
            return reaped
        hooks: list[FailedJob] = []
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"UPDATE failed SET hook_worker = ? WHERE {orphans} RETURNING {COLUMNS}",  # noqa: S608  # constants
                (self._row,),
            ).fetchall()
            hooks.extend(failed_job(self._connection, columns) for columns in rows)
        return replace(reaped, hooks=(*reaped.hooks, *hooks))
