"""In one SQLite file: that of a queue, with whose jobs a tick is one step, or one of its own.

A row per task, tick and scope: whoever inserts it runs the task. A member lives for as long as the
kernel holds its file locked; locks of dead members count for nothing, before anybody reaps them.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from securely.queue.contracts import Connection, Envelope
from securely.queue.drivers.sqlite import SqliteConnection
from securely.schedule.contracts import Claim, Ending, Grant, Holder, Run, State, Verdict
from securely.schedule.drivers.base import (
    DAY,
    DispatchingMember,
    Queues,
    available,
    clean,
    lost_reason,
    overlap_reason,
    seen_until,
    stand_in_reason,
)
from securely.schedule.drivers.sqlite_presence import Presence, is_alive, sweep
from securely.schedule.drivers.sqlite_tables import MIGRATIONS, VERSION, VERSION_OF, prepare
from securely.schedule.exceptions import LedgerUnavailable
from securely.support import clock
from securely.support.forking import renew_after_fork
from securely.support.sqlite import Database

__all__ = ["SqliteLedger", "SqliteMember"]

_INSERT: Final = """
INSERT INTO schedule_runs (task, at, scope, name, state, token, member, host, pid, started_at,
  finished_at, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_FOUND: Final = """
SELECT member, host, pid, started_at, token, state FROM schedule_runs
WHERE task = ? AND at = ? AND scope = ?
"""
_INSTEAD: Final = """
UPDATE schedule_runs SET state = 'running', token = ?, member = ?, host = ?, pid = ?,
  started_at = ?, finished_at = NULL, exit_code = NULL, output = '', reason = ''
WHERE task = ? AND at = ? AND scope = ? AND token = ?
"""
_WITHDRAW: Final = """
DELETE FROM schedule_runs
WHERE task = ? AND at = ? AND scope = ? AND token = ? AND state = 'running'
"""
_WITHDRAW_INSTEAD: Final = """
UPDATE schedule_runs SET state = 'lost', token = ?
WHERE task = ? AND at = ? AND scope = ? AND token = ? AND state = 'running'
"""
_SETTLE: Final = """
UPDATE schedule_runs SET state = ?, finished_at = ?, exit_code = ?, output = ?, reason = ?
WHERE task = ? AND at = ? AND scope = ? AND token = ? AND state = 'running'
"""
_ADOPT: Final = """
UPDATE schedule_runs SET token = ?, member = ?, host = ?, pid = ?
WHERE task = ? AND at = ? AND scope = ? AND token = ? AND state = 'running'
"""
_HELD_LOCK: Final = """
SELECT token, member, since, until FROM schedule_locks WHERE lock = ? AND until > ?
"""
_LOSE: Final = """
UPDATE schedule_runs SET state = 'lost', finished_at = ?, reason = ? WHERE id = ? RETURNING *
"""
_HELD: Final = "SELECT id, member, host, pid FROM schedule_runs WHERE state = 'running'"
_HISTORY: Final = "SELECT * FROM schedule_runs ORDER BY at DESC, id DESC LIMIT ?"
_HISTORY_OF: Final = "SELECT * FROM schedule_runs WHERE task = ? ORDER BY at DESC, id DESC LIMIT ?"
_LAST: Final = """
SELECT * FROM schedule_runs WHERE task = ? AND state <> 'skipped' ORDER BY at DESC, id DESC LIMIT 1
"""
_HOLDER: Final = "SELECT member, host, pid, since FROM schedule_locks WHERE lock = ? AND until > ?"
_LOCK: Final = "INSERT OR REPLACE INTO schedule_locks VALUES (?, ?, ?, ?, ?, ?, ?)"
_UNLOCK: Final = "DELETE FROM schedule_locks WHERE lock = ? AND token = ?"
_NEXT_TOKEN: Final = "SELECT value + 1 FROM meta WHERE key = 'schedule_token'"  # noqa: S105
_TOOK_TOKEN: Final = "UPDATE meta SET value = ? WHERE key = 'schedule_token'"  # noqa: S105
_OLDEST_KEPT: Final = """
SELECT at, id FROM schedule_runs WHERE task = ? ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?
"""
_PRUNE: Final = """
DELETE FROM schedule_runs WHERE task = ? AND (at, id) < (?, ?) AND max(at, started_at) < ?
AND state <> 'running' AND id IS NOT (
  SELECT id FROM schedule_runs WHERE task = ? AND state <> 'skipped' ORDER BY at DESC, id DESC
  LIMIT 1
)
"""


class SqliteLedger:
    """Runs in one SQLite file on a local disk, for all processes of one machine.

    Args:
        name: The name of the connection, for errors.
        database: The file.
        home: The directory of the members' files; made on first use, for its owner only.
        queues: Gives what queues the jobs of ticks.
        queue: The connection whose file it is; None for a file of the ledger's own.
        host: The name of the machine.

    Example:
        >>> import tempfile
        >>> ledger = SqliteLedger.own("schedule", tempfile.mkdtemp(), lambda: None)
        >>> member = ledger.join()
        >>> claim = Claim("report", 1_800_000_000, "", "report")
        >>> member.claim(claim).verdict.value, member.claim(claim).verdict.value
        ('granted', 'taken')
        >>> member.leave()
        >>> ledger.close()
    """

    def __init__(
        self,
        name: str,
        database: Database,
        home: str | Path,
        queues: Queues,
        *,
        queue: SqliteConnection | None = None,
        host: str = "",
    ) -> None:
        self.name: str = name
        self.home: Path = Path(os.path.realpath(home))
        self.host: str = host or platform.node()
        self.queue: SqliteConnection | None = queue
        self._database = database
        self._queues = queues
        # Threads of one process wait for each other here, and one of them for those of other
        # processes: they ask the file again and again, and all that are due in one second do.
        self.turns: threading.RLock = threading.RLock()
        renew_after_fork(self, "turns", threading.RLock)

    @classmethod
    def of(cls, queue: SqliteConnection, queues: Queues, *, host: str = "") -> SqliteLedger:
        """Return the ledger in the file of *queue*."""
        home = queue.path / "schedule"
        return cls(queue.name, queue.database, home, queues, queue=queue, host=host)

    @classmethod
    def own(cls, name: str, path: str | Path, queues: Queues, *, host: str = "") -> SqliteLedger:
        """Return a ledger in a file of its own in the directory *path*."""
        home = Path(os.path.realpath(path))
        database = Database(home / "schedule.db", migrations=MIGRATIONS)
        return cls(name, database, home / "members", queues, host=host)

    def join(self) -> SqliteMember:
        """Become one of those who run tasks.

        Raises:
            LedgerUnavailable: The file, or the directory of the members' files, cannot be used.
        """
        if sys.platform == "win32":
            raise LedgerUnavailable(self.name, "members need file locks of a Unix system")
        with self.writing():
            pass
        try:
            sweep(self.home)
            return SqliteMember(self, Presence(self.home, self.host), self._queues)
        except OSError as error:
            reason = f"{error}. Make {self.home} writable for the user that runs this process."
            raise LedgerUnavailable(self.name, reason) from error

    def history(self, task: str | None = None, limit: int = 20) -> Sequence[Run]:
        """Return runs of *task* (None: of all), newest tick first."""
        if task is None:
            return [self._run(row) for row in self.query(_HISTORY, limit)]
        return [self._run(row) for row in self.query(_HISTORY_OF, clean(task), limit)]

    def last(self, tasks: Sequence[str]) -> Mapping[str, Run]:
        """Return the newest run of each of these tasks that has one; ticks skipped do not count."""
        rows = {task: self.query(_LAST, clean(task)) for task in tasks}
        return {task: self._run(found[0]) for task, found in rows.items() if found}

    def holders(self, locks: Sequence[str]) -> Mapping[str, Holder]:
        """Return who holds which of these locks."""
        now = clock.timestamp()
        asked = {lock: self.query(_HOLDER, clean(lock), now) for lock in locks}
        return {lock: holder for lock, rows in asked.items() if (holder := self.living(rows))}

    def free(self, locks: Sequence[str]) -> int:
        """Free locks, whoever holds them; return how many were held."""
        count = len(self.holders(locks))
        with self.writing() as connection:
            connection.executemany(
                "DELETE FROM schedule_locks WHERE lock = ?", [(clean(lock),) for lock in locks]
            )
        return count

    def pause(self) -> None:
        """Let no task run, on any machine, until :meth:`resume`."""
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('schedule_paused', 1)")

    def resume(self) -> bool:
        """End the pause; False where there was none."""
        with self.writing() as connection:
            return bool(
                connection.execute("DELETE FROM meta WHERE key = 'schedule_paused'").rowcount
            )

    def is_paused(self) -> bool:
        """Return whether nothing is to run."""
        return bool(self.query("SELECT 1 FROM meta WHERE key = 'schedule_paused'"))

    def interrupt(self) -> None:
        """Ask all who look at the clock now to stop, or to start anew."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE meta SET value = value + 1 WHERE key = 'schedule_interrupts'"
            )

    def interrupts(self) -> int:
        """Return how often :meth:`interrupt` was called; it changes, so somebody is to stop."""
        rows = self.query("SELECT value FROM meta WHERE key = 'schedule_interrupts'")
        return int(rows[0][0])

    def prune(self, runs_max: int) -> int:
        """Forget runs older than a day, but for the newest *runs_max* of a task; how many.

        The newest run of a task that was not skipped stays in any case.
        """
        before, count = clock.timestamp() - DAY, 0
        for (task,) in self.query("SELECT DISTINCT task FROM schedule_runs"):
            with self.writing() as connection:
                kept = connection.execute(_OLDEST_KEPT, (task, runs_max - 1)).fetchone()
                if kept is not None:
                    count += connection.execute(_PRUNE, (task, *kept, before, task)).rowcount
        return count

    def close(self) -> None:
        """Let go of a file of its own; that of a queue is closed by the queue."""
        if self.queue is None:
            self._database.close()

    # -- for members

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Begin a transaction in which the tables are there."""
        with self.turns, available(self.name), self._database.transaction() as connection:
            prepare(connection, str(self._database.path))
            yield connection

    def query(self, sql: str, *parameters: object) -> list[Any]:
        """Return what a reading statement finds."""
        with available(self.name):
            version = self._database.query(VERSION_OF)
            if not version or version[0][0] != VERSION:
                with self.writing():
                    pass
            return self._database.query(sql, parameters)

    def living(self, rows: Sequence[tuple[str, str, int, float]]) -> Holder | None:
        """Return the holder that *rows* tell of, if it lives."""
        if not rows or not self.lives(rows[0][0]):
            return None
        return Holder(*rows[0])

    def lives(self, member: str) -> bool:
        """Return whether the process of *member* lives."""
        with available(self.name):
            return is_alive(self.home, member)

    def lose(self, now: float) -> list[Run]:
        """Mark the runs of the dead as lost."""
        dead = {row[1] for row in self.query(_HELD) if not self.lives(row[1])}
        if not dead:
            return []
        lost: list[Run] = []
        with self.writing() as connection:
            # Read anew: another process may have reaped them, or have adopted one of them.
            for id_, member, host, pid in connection.execute(_HELD).fetchall():
                if member in dead:
                    changed = connection.execute(_LOSE, (now, lost_reason(host, pid), id_))
                    lost += map(self._run, changed.fetchall())
            connection.executemany(
                "DELETE FROM schedule_locks WHERE member = ?", [(member,) for member in dead]
            )
        sweep(self.home)
        return lost

    def _run(self, row: Sequence[Any]) -> Run:
        _, task, name, at, scope, state, *rest = row
        try:
            return Run(task, name, at, scope, State(state), *rest)
        except ValueError as error:
            reason = (
                f'{self._database.path} is damaged: the run of "{task}" at {at} has the state '
                f'"{state}". Delete that row of schedule_runs.'
            )
            raise LedgerUnavailable(self.name, reason) from error


class SqliteMember(DispatchingMember):
    """A process that runs tasks.

    Args:
        ledger: Where it has joined.
        presence: That it lives.
        queues: Gives what queues the jobs of ticks.
    """

    def __init__(self, ledger: SqliteLedger, presence: Presence, queues: Queues) -> None:
        super().__init__(queues)
        self.id: str = presence.id
        self.host: str = ledger.host
        self._ledger = ledger
        self._presence = presence

    def claim(self, claim: Claim) -> Grant:
        """Ask for a tick: of all who do, one is granted it.

        Raises:
            LedgerUnavailable: The file cannot be used; nothing was written.
        """
        with self._ledger.turns:
            if (taken := self._taken(claim)) is not None:
                return taken  # most of those who ask are late, and need not wait for a writer
            self._renew()
            with self._ledger.writing() as connection:
                return self._enter(connection, claim)

    def skip(self, claim: Claim, reason: str) -> bool:
        """Note that a tick that was due does not run; False when somebody has it."""
        self._renew()
        with self._ledger.writing() as connection:
            now, token = clock.timestamp(), _new_token(connection)
            return self._insert(connection, claim, State.SKIPPED, token, now, reason)

    def settle(self, grant: Grant, ending: Ending) -> bool:
        """Note how a run ended, and free its lock; False when it is not ours any more."""
        with self._ledger.writing() as connection:
            return self._end(connection, grant, ending)

    def adopt(self, claim: Claim, token: int) -> Grant | None:
        """Take over a run, and its lock, from the process that was granted it; None: too late."""
        self._renew()
        now = clock.timestamp()
        with self._ledger.writing() as connection:
            held = None if claim.lock is None else self._lock(connection, claim.lock, now)
            if held is not None and held[0] != token:
                return None  # its time was over, or its process died, and somebody else runs it
            new = _new_token(connection)
            if not connection.execute(_ADOPT, (new, *self._who(), *_key(claim), token)).rowcount:
                return None
            if claim.lock is not None:
                times = held[2:] if held is not None else (now, now + claim.lock_seconds)
                connection.execute(_LOCK, (clean(claim.lock), new, *self._who(), *times))
        return Grant(Verdict.GRANTED, claim, new)

    def reap(self) -> Sequence[Run]:
        """Mark the runs of the dead as lost, free their locks, and return them, each once."""
        return self._ledger.lose(clock.timestamp())

    def lead(self) -> bool:
        """Return whether this process is the one of its machine that looks at the clock."""
        with available(self._ledger.name):
            self._renew()
            return self._presence.lead()

    def seen(self, tasks: Sequence[str], now: float) -> Mapping[str, float]:
        """Note that these tasks were looked after until *now*, and return until when they were."""
        before: dict[str, float] = {}
        with self._ledger.writing() as connection:
            for task in tasks:
                key = clean(task)
                row = connection.execute(
                    "SELECT until FROM schedule_seen WHERE task = ?", (key,)
                ).fetchone()
                if row is not None:
                    before[task] = row[0]
                connection.execute(
                    "INSERT OR REPLACE INTO schedule_seen VALUES (?, ?)",
                    (key, seen_until(before.get(task), now)),
                )
        return before

    def leave(self) -> None:
        """Free what is held, and be gone; a run that is still held counts as lost."""
        # By its file alone: that needs no store, and what it held counts for nothing from now on.
        self._presence.leave()

    def _renew(self) -> None:
        with available(self._ledger.name):
            self.id = self._presence.renew()

    def _enter(self, connection: sqlite3.Connection, claim: Claim) -> Grant:
        """Write the row that decides whose a tick is, and take its lock."""
        now = clock.timestamp()
        if claim.instead:
            refused = self._refusal(connection, claim)
            if refused is not None:
                return refused
        holder = None
        if claim.lock is not None:
            rows = connection.execute(_HOLDER, (clean(claim.lock), now)).fetchall()
            holder = self._ledger.living(rows)
        token = _new_token(connection)
        if holder is not None:
            reason = overlap_reason(holder, now)
            if claim.instead or self._insert(connection, claim, State.SKIPPED, token, now, reason):
                return Grant(Verdict.OVERLAPS, claim, holder=holder)
            return _refused(claim, _find(connection, claim))
        if claim.instead:
            row = (token, *self._who(), now, *_key(claim), claim.instead)
            connection.execute(_INSTEAD, row)
        elif not self._insert(connection, claim, State.RUNNING, token, now):
            return _refused(claim, _find(connection, claim))
        if claim.lock is not None:
            values = (clean(claim.lock), token, *self._who(), now, now + claim.lock_seconds)
            connection.execute(_LOCK, values)
        return Grant(Verdict.GRANTED, claim, token)

    def _refusal(self, connection: sqlite3.Connection, claim: Claim) -> Grant | None:
        """Return the answer to a claim of what has a row, unless it is to be written anew."""
        found = _find(connection, claim)
        if not self._may_replace(claim, found):
            return _refused(claim, found)
        if found is not None and found[5] == State.RUNNING.value:
            return Grant(Verdict.GRANTED, claim, claim.instead)
        return None

    def _insert(
        self,
        connection: sqlite3.Connection,
        claim: Claim,
        state: State,
        token: int,
        now: float,
        reason: str = "",
    ) -> bool:
        ended = None if state is State.RUNNING else now
        told = (clean(claim.name), state.value, token, *self._who(), now, ended, clean(reason))
        return bool(connection.execute(_INSERT, (*_key(claim), *told)).rowcount)

    def _lock(
        self, connection: sqlite3.Connection, lock: str, now: float
    ) -> tuple[int, str, float, float] | None:
        """Return the token, the member and the times of a lock that is held; None of another."""
        held = connection.execute(_HELD_LOCK, (clean(lock), now)).fetchone()
        return held if held is not None and self._ledger.lives(held[1]) else None

    def _who(self) -> tuple[str, str, int]:
        return self.id, self.host, os.getpid()

    def _may_replace(self, claim: Claim, found: Sequence[Any] | None) -> bool:
        """Return whether the tick may be granted in the place of the run that was *found*."""
        if found is None or found[4] != claim.instead:
            return False
        is_ours = found[5] == State.RUNNING.value and found[0] == self.id
        return bool(is_ours or found[5] == State.LOST.value)

    def _taken(self, claim: Claim) -> Grant | None:
        rows = self._ledger.query(_FOUND, *_key(claim))
        found = rows[0] if rows else None
        if claim.instead:
            return None if self._may_replace(claim, found) else _refused(claim, found)
        return None if found is None else _refused(claim, found)

    def _claim_and_push(
        self, claim: Claim, driver: Connection, envelope: Envelope
    ) -> tuple[Grant, str] | None:
        queue = self._ledger.queue
        if queue is None or not isinstance(driver, SqliteConnection) or driver.path != queue.path:
            return None
        with self._ledger.turns:
            if (taken := self._taken(claim)) is not None:
                return taken, ""  # others have had their turns since it was asked
            self._renew()
            with self._ledger.writing() as connection:
                # It runs for as long as this transaction takes, in the eyes of nobody.
                grant = self._enter(connection, claim)
                if grant.verdict is not Verdict.GRANTED:
                    return grant, ""
                (stands,) = queue.accept_within(connection, [envelope])
                reason = "" if stands == envelope.uuid else stand_in_reason(stands)
                self._end(connection, grant, Ending(State.DONE, reason=reason))
        queue.ring()
        return grant, stands

    def _withdraw(self, grant: Grant) -> None:
        claim = grant.claim
        if grant.token == claim.instead:
            return
        with self._ledger.writing() as connection:
            if claim.instead:
                key = (*_key(claim), grant.token)
                connection.execute(_WITHDRAW_INSTEAD, (claim.instead, *key))
            else:
                connection.execute(_WITHDRAW, (*_key(claim), grant.token))
            _unlock(connection, claim, grant.token)

    def _end(self, connection: sqlite3.Connection, grant: Grant, ending: Ending) -> bool:
        claim = grant.claim
        told = (ending.exit_code, clean(ending.output), clean(ending.reason))
        values = (ending.state.value, clock.timestamp(), *told, *_key(claim), grant.token)
        if not connection.execute(_SETTLE, values).rowcount:
            return False
        _unlock(connection, claim, grant.token)
        return True


def _key(claim: Claim) -> tuple[str, int, str]:
    return clean(claim.task), claim.at, clean(claim.scope)


def _find(connection: sqlite3.Connection, claim: Claim) -> Sequence[Any] | None:
    found: Sequence[Any] | None = connection.execute(_FOUND, _key(claim)).fetchone()
    return found


def _refused(claim: Claim, found: Sequence[Any] | None) -> Grant:
    return Grant(Verdict.TAKEN, claim, holder=None if found is None else Holder(*found[:4]))


def _unlock(connection: sqlite3.Connection, claim: Claim, token: int) -> None:
    if claim.lock is not None:
        connection.execute(_UNLOCK, (clean(claim.lock), token))


def _new_token(connection: sqlite3.Connection) -> int:
    token = int(connection.execute(_NEXT_TOKEN).fetchone()[0])
    connection.execute(_TOOK_TOKEN, (token,))
    return token
