"""One SQLite file, no server: claim, lease, settle in single transactions.

`jobs.db` lies in a directory of its own, beside `workers/`, where each worker holds a lock that
the kernel drops when it dies, a bell that producers ring, and its delivery board. Producers commit
at full durability, workers at normal: what a power cut may take from a worker is a settlement, and
then the job runs again.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from securely.queue.contracts import (
    Cancellation,
    Counts,
    Delivery,
    Envelope,
    Kind,
    Measure,
    QueueLimit,
    StoredJob,
    StoredResult,
    WorkerRecord,
)
from securely.queue.drivers import sqlite_cancelling, sqlite_checkup, sqlite_views
from securely.queue.drivers.base import ThreadedConnection
from securely.queue.drivers.sqlite_batches import SqliteBatches, Tally
from securely.queue.drivers.sqlite_failed import SqliteFailedJobs
from securely.queue.drivers.sqlite_files import Bell, Bells, hold, remove_files
from securely.queue.drivers.sqlite_reaper import Reaper
from securely.queue.drivers.sqlite_rows import Ids, Rows, free_next, is_plain, translated
from securely.queue.drivers.sqlite_schema import MIGRATIONS
from securely.queue.drivers.sqlite_seat import Presence, SqliteSeat
from securely.queue.drivers.sqlite_settling import Settler
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.queue.manager import Materials
from securely.queue.options import SqliteOptions
from securely.queue.upkeep.checkup import Symptom
from securely.support import clock
from securely.support.sqlite import Database, DatabaseError, DatabaseFull
from securely.support.sqlite import Durability as Synchronous

__all__ = ["Durability", "SqliteConnection"]

Durability: TypeAlias = Literal["default", "strict", "relaxed"]

# What producers and workers commit with. FULL waits for the disk, NORMAL for the kernel.
_SYNCHRONOUS: Final[dict[Durability, tuple[Synchronous, Synchronous]]] = {
    "default": ("FULL", "NORMAL"),
    "strict": ("FULL", "FULL"),
    "relaxed": ("NORMAL", "NORMAL"),
}

# After how many pages of two KiB the log is written back, which bounds how long a push waits. A
# commit that waits for the disk takes up to three times as long while the log's file still grows:
# such producers keep it shorter. For all others, to write it back is what costs.
_LOG_PAGES: Final[dict[Synchronous, int]] = {"FULL": 1000, "NORMAL": 2000}

_PAUSE: Final = "pause:"
_ALERTED: Final = "alerted:"
_ALERT: Final = (
    "INSERT INTO flags VALUES (?, 1, ?)"
    " ON CONFLICT (scope) DO UPDATE SET until = excluded.until WHERE until <= ?"
)
_MEMBERS: Final = """
SELECT batch, count(*) + sum(links) FROM jobs WHERE queue = ? AND batch IS NOT NULL GROUP BY batch
"""
_GROUPS: Final = "SELECT DISTINCT group_key FROM jobs WHERE queue = ? AND group_key IS NOT NULL"


class SqliteConnection(ThreadedConnection):
    """A queue in one SQLite file on a local disk, for all processes of one machine.

    Args:
        name: Its name in the configuration.
        path: The directory; made on first use, for its owner only.
        durability: "default" makes accepted jobs survive a power cut and settlements any crash;
            "strict" makes both survive a power cut; "relaxed" neither.
        busy_seconds: How long one process waits for another's transaction.
        lease_seconds: How long a worker that lives may be silent before its jobs go to others.
        metrics_seconds: How long what workers measure is kept; 0 for not at all.
        refresh: Gives a payload its deadline anew, when its failed job is put back.

    Attributes:
        limits: How much of each queue all workers together may do; heeded from the next
            :meth:`join` on.

    Example:
        >>> import tempfile
        >>> connection = SqliteConnection("sqlite", tempfile.mkdtemp())
        >>> _ = connection.push([Envelope("u-1", "Greet", "default", b"payload")])
        >>> connection.counts("default").pending
        1
        >>> connection.close()
    """

    def __init__(
        self,
        name: str,
        path: str | Path,
        *,
        durability: Durability = "default",
        busy_seconds: float = 30.0,
        lease_seconds: float = 30.0,
        metrics_seconds: float = 86_400.0,
        refresh: Callable[[bytes], bytes] = bytes,
    ) -> None:
        super().__init__(name)
        # Resolved once: producers and workers must mean the same files, wherever they start.
        self.path: Path = Path(os.path.realpath(path))
        self._durability: Durability = durability
        self._busy_seconds = busy_seconds
        self._lease_seconds = lease_seconds
        self._metrics_seconds = metrics_seconds
        self.limits: Mapping[str, QueueLimit] = {}
        synchronous = _SYNCHRONOUS[durability][0]
        self._database = self._open(synchronous, _LOG_PAGES[synchronous])
        self._ids = Ids()
        self._rows = Rows(self._ids)
        self._bells = Bells(self.home)
        ring = self._bells.ring
        self._failed = SqliteFailedJobs(
            name, self._database, rows=self._rows, ring=ring, refresh=refresh
        )
        self._batches = SqliteBatches(name, self._database, rows=self._rows, ring=ring)

    @classmethod
    def build(cls, name: str, options: SqliteOptions, materials: Materials) -> SqliteConnection:
        """Return the connection *name* as its options have it."""
        made = cls(
            name,
            materials.locate(options.path),
            durability=options.durability,
            busy_seconds=options.busy_seconds,
            lease_seconds=options.lease_seconds,
            metrics_seconds=options.metrics_seconds,
            refresh=lambda payload: materials.codec().refreshed(payload),
        )
        made.limits = options.limits()
        return made

    @property
    def home(self) -> Path:
        """The directory of the workers' files."""
        return self.path / "workers"

    @property
    def failed(self) -> SqliteFailedJobs:
        """Where this connection keeps failed jobs: in the same file."""
        return self._failed

    @property
    def batches(self) -> SqliteBatches:
        """Where this connection keeps batches: in the same file."""
        return self._batches

    @property
    def database(self) -> Database:
        """The file, as producers write to it: for who has a step to take with a job's."""
        return self._database

    def accept_within(
        self, connection: sqlite3.Connection, envelopes: Sequence[Envelope]
    ) -> Sequence[str]:
        """Accept *envelopes* in an open transaction on :attr:`database`; :meth:`ring` after it.

        Returns:
            The uuids of the jobs that stand for them.
        """
        return self._rows.accept(connection, envelopes)

    def ring(self) -> None:
        """Tell all workers that a job may be waiting."""
        self._bells.ring()

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Accept all of *envelopes* or none, and return the uuids of the jobs that stand for them.

        Raises:
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be opened or used.
        """
        try:
            if len(envelopes) == 1 and is_plain(envelopes[0]):
                uuids = self._insert_one(envelopes[0])
            else:
                uuids = self._accept(envelopes)
        except DatabaseFull as error:
            raise StoreFull(self.name, str(error)) from error
        except DatabaseError as error:
            raise QueueUnavailable(self.name, str(error)) from error
        self._bells.ring()
        return uuids

    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds."""
        with translated(self.name):
            return sqlite_views.counts(self._database, queue)

    def clear(self, queue: str) -> int:
        """Delete pending, delayed and reserved jobs of *queue*; return how many.

        A job that is running goes on; its outcome is refused as stale. Batches count theirs as
        skipped.
        """
        with translated(self.name), self._database.transaction() as connection:
            members = connection.execute(_MEMBERS, (queue,)).fetchall()
            groups = connection.execute(_GROUPS, (queue,)).fetchall()
            cleared = connection.execute("DELETE FROM jobs WHERE queue = ?", (queue,)).rowcount
            sqlite_cancelling.forget(connection, sqlite_cancelling.marked(connection))
            free_next(connection, [group for (group,) in groups])
            tally = Tally(connection, self._rows)
            for batch, count in members:
                tally.settled(batch, "", Kind.SKIP, unreached=count - 1)
            tally.close()
        self._bells.ring()  # others of a group may have been freed, and callbacks are due
        return cleared

    def queues(self) -> Sequence[str]:
        """Return the names of all queues that hold jobs, sorted."""
        with translated(self.name):
            return sqlite_views.queues(self._database)

    def workers(self) -> Sequence[WorkerRecord]:
        """Return the workers that live, the one first that joined first."""
        with translated(self.name):
            return sqlite_views.workers(self._database, self.home)

    def jobs(
        self, queue: str, state: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sequence[StoredJob]:
        """Return jobs of *queue* by id, from the one after *after* on.

        Args:
            queue: The queue.
            state: "pending", "delayed" or "reserved"; None for any.
            after: The id of the last one of the page before.
            limit: How many at most.
        """
        with translated(self.name):
            return sqlite_views.jobs(self._database, queue, state, after, limit)

    def cancel(self, uuid: str) -> Cancellation:
        """Take a job out of its queue, or have its worker stop it; a batch counts it as skipped.

        Returns:
            What it came to.
        """
        with translated(self.name):
            came_to = sqlite_cancelling.cancel(self._database, self._rows, uuid)
        if came_to is Cancellation.REMOVED:
            self._bells.ring()  # the next of its group may have been freed
        return came_to

    def result(self, uuid: str) -> StoredResult | None:
        """Return what came of the job; None where nothing is kept of it, or not any more."""
        sql = "SELECT value, error FROM results WHERE uuid = ? AND until > ?"
        with translated(self.name):
            rows = self._database.query(sql, (uuid, clock.timestamp()))
        return StoredResult(*rows[0]) if rows else None

    def holds(self, uuid: str) -> bool:
        """Return whether the job is unsettled; all jobs are looked through."""
        sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE uuid = ?)"
        with translated(self.name):
            return bool(self._database.query(sql, (uuid,))[0][0])

    def unlock(self, delivery: Delivery) -> None:
        """Free the `unique` key of a running job, for one that is unique until processing."""
        with translated(self.name), self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET unique_key = NULL WHERE id = ? AND token = ? AND state = 1",
                (delivery.id, delivery.token),
            )

    async def aunlock(self, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        await self._thread.run(self.unlock, delivery)

    def join(self, queues: Sequence[str]) -> SqliteSeat:
        """Take a seat as a new worker that serves *queues* in this order of priority.

        Raises:
            QueueUnavailable: The store, or the directory of the workers' files, cannot be used.
        """
        if sys.platform == "win32":
            reason = "workers of the sqlite connection need file locks of a Unix system"
            raise QueueUnavailable(self.name, reason)
        row = self._ids.next(clock.timestamp())
        worker = f"{row:x}"
        lock = -1
        try:
            with translated(self.name):
                self._database.connection()
            self.home.mkdir(mode=0o700, exist_ok=True)
            lock = hold(self.home / f"{worker}.lock")
            bell = Bell(self.home, worker)
        except OSError as error:
            if lock >= 0:
                os.close(lock)
            if isinstance(error, QueueUnavailable):
                raise
            reason = f"{error}. Make {self.home} writable for the user that runs this process."
            raise QueueUnavailable(self.name, reason) from error
        try:
            return self._seat(row, queues, lock, bell)
        except BaseException:
            bell.close()
            os.close(lock)
            remove_files(self.home, worker)
            raise

    def restart(self) -> None:
        """Ask every worker that has joined before now to stop after its current job."""
        with translated(self.name), self._database.transaction() as connection:
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'restart'")
        self._bells.ring()

    def pause(self, queue: str = "*", seconds: float | None = None) -> None:
        """Let no worker take jobs of *queue* ("*": any) until :meth:`resume`, or for *seconds*."""
        until = None if seconds is None else clock.timestamp() + seconds
        with translated(self.name), self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO flags VALUES (?, 1, ?)", (_PAUSE + queue, until)
            )

    def resume(self, queue: str = "*") -> None:
        """End a pause of *queue*; "*" ends that of all, and not those of single queues."""
        with translated(self.name), self._database.transaction() as connection:
            connection.execute("DELETE FROM flags WHERE scope = ?", (_PAUSE + queue,))
        self._bells.ring()

    def paused(self) -> Mapping[str, float | None]:
        """Return what is paused ("*" for everything), and until when; None for no end."""
        with translated(self.name):
            rows = self._database.query(
                "SELECT scope, until FROM flags WHERE scope GLOB ? AND coalesce(until > ?, 1)",
                (_PAUSE + "*", clock.timestamp()),
            )
        return {scope.removeprefix(_PAUSE): until for scope, until in rows}

    def measured(self, since: int) -> Sequence[Measure]:
        """Return what workers have measured from the minute *since* on."""
        with translated(self.name):
            return sqlite_views.measured(self._database, since)

    def alert(self, what: str, seconds: float) -> bool:
        """Return whether nobody has alerted to *what* for so many seconds, and note that now."""
        now = clock.timestamp()
        with translated(self.name), self._database.transaction() as connection:
            return connection.execute(_ALERT, (_ALERTED + what, now + seconds, now)).rowcount == 1

    def examine(self) -> Iterable[Symptom]:
        """Look at the store for `doctor`, and say what is seen."""
        with translated(self.name):
            return [*sqlite_checkup.examine(self.path, self.home, self._database)]

    def close(self) -> None:
        """Close all connections to the file; a later use opens them again."""
        super().close()
        self._database.close()
        self._bells.close()

    def _open(self, synchronous: Synchronous, log_pages: int) -> Database:
        # Small pages, because a commit writes whole ones: single pushes took 17 microseconds
        # instead of 22.
        return Database(
            self.path / "jobs.db",
            migrations=MIGRATIONS,
            synchronous=synchronous,
            busy_seconds=self._busy_seconds,
            page_bytes=2048,
            pragmas={"wal_autocheckpoint": log_pages},
        )

    def _insert_one(self, envelope: Envelope) -> Sequence[str]:
        # One statement is a transaction of its own, and two calls cheaper than a block.
        database = self._database
        connection = database.connection()
        try:
            self._rows.one(connection, envelope, clock.timestamp())
        except sqlite3.IntegrityError:
            return self._accept((envelope,))
        except sqlite3.Error as error:
            return database.patiently(error, lambda: self._accept((envelope,)))
        return [envelope.uuid]

    def _accept(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        with self._database.transaction() as connection:
            return self._rows.accept(connection, envelopes)

    def _seat(self, row: int, queues: Sequence[str], lock: int, bell: Bell) -> SqliteSeat:
        database = self._open(_SYNCHRONOUS[self._durability][1], _LOG_PAGES["NORMAL"])
        with translated(self.name), database.transaction() as connection:
            from securely.queue.crew.board import boot_id

            connection.execute(
                "INSERT INTO workers (id, pid, host, boot, queues, started_at, lease_until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row,
                    os.getpid(),
                    platform.node(),
                    boot_id().hex(),
                    ",".join(queues),
                    clock.timestamp(),
                    clock.monotonic() + self._lease_seconds,
                ),
            )
            (restarts,) = connection.execute(
                "SELECT value FROM meta WHERE key = 'restart'"
            ).fetchone()
        presence = Presence(
            row, self.home, lock, bell, Bells(self.home), restarts, self._lease_seconds
        )
        settler = Settler(row, self._rows)
        reaper = Reaper(self.name, database, self.home, row, self._rows)
        return SqliteSeat(
            database, settler, reaper, queues, presence, self._metrics_seconds, self.limits
        )
