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
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from securely.queue.contracts import Counts, Envelope
from securely.queue.drivers.base import ThreadedConnection
from securely.queue.drivers.sqlite_failed import SqliteFailedJobs
from securely.queue.drivers.sqlite_files import Bell, Bells, hold, remove_files
from securely.queue.drivers.sqlite_reaper import Reaper, translated
from securely.queue.drivers.sqlite_schema import DELAYED, MIGRATIONS, READY
from securely.queue.drivers.sqlite_seat import Presence, SqliteSeat
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.queue.manager import Materials
from securely.queue.options import SqliteOptions
from securely.support import clock
from securely.support.forking import renew_after_fork
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

_INSERT: Final = """
INSERT INTO jobs (id, queue, state, priority, available_at, timeout, max_lost, uuid, name, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# (Not numbered placeholders: Python 3.12 took them for names at first, and warns.)
_COUNTS: Final = """
WITH asked AS (SELECT ? AS wanted, ? AS now)
SELECT
  (SELECT count(*) FROM jobs, asked WHERE state = 0 AND queue = wanted),
  (SELECT count(*) FROM jobs, asked WHERE state = 2 AND queue = wanted AND available_at <= now),
  (SELECT count(*) FROM jobs, asked WHERE state = 2 AND queue = wanted AND available_at > now),
  (SELECT count(*) FROM jobs, asked WHERE state = 1 AND queue = wanted),
  (SELECT min(available_at) FROM jobs, asked WHERE state = 0 AND queue = wanted),
  (SELECT min(available_at) FROM jobs, asked
    WHERE state = 2 AND queue = wanted AND available_at <= now)
"""

# Only index pages are read: one per state, each grouped by queue.
_QUEUES: Final = """
SELECT queue FROM jobs WHERE state = 0 UNION SELECT queue FROM jobs WHERE state = 2
UNION SELECT queue FROM jobs WHERE state = 1
"""


class _Ids:
    """Rows in order of acceptance: microseconds since 1970 in the upper 53 bits of 63.

    The ten bits below keep processes apart that push within one microsecond; where they do
    collide, the key refuses and the push takes the next free one.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    def next(self, now: float) -> int:
        """Return an id greater than all before it in this process."""
        stamp = int(now * 1e6) << 10 | (os.getpid() & 0x3FF)
        with self._lock:
            last = self._last
            self._last = last = stamp if stamp > last else last + 1
        return last

    def next_free(self, connection: sqlite3.Connection) -> int:
        """Return an id greater than all in the table too; within a transaction."""
        newest = connection.execute("SELECT max(id) FROM jobs").fetchone()[0] or 0
        fresh = self.next(clock.timestamp())
        if fresh <= newest:
            with self._lock:
                self._last = fresh = newest + 1
        return fresh


class SqliteConnection(ThreadedConnection):
    """A queue in one SQLite file on a local disk, for all processes of one machine.

    Args:
        name: Its name in the configuration.
        path: The directory; made on first use, for its owner only.
        durability: "default" makes accepted jobs survive a power cut and settlements any crash;
            "strict" makes both survive a power cut; "relaxed" neither.
        busy_seconds: How long one process waits for another's transaction.
        lease_seconds: How long a worker that lives may be silent before its jobs go to others.
        refresh: Gives a payload its deadline anew, when its failed job is put back.

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
        refresh: Callable[[bytes], bytes] = bytes,
    ) -> None:
        super().__init__(name)
        # Resolved once: producers and workers must mean the same files, wherever they start.
        self.path: Path = Path(os.path.realpath(path))
        self._durability: Durability = durability
        self._busy_seconds = busy_seconds
        self._lease_seconds = lease_seconds
        self._database = self._open(_SYNCHRONOUS[durability][0])
        self._ids = _Ids()
        self._bells = Bells(self.home)
        self._failed = SqliteFailedJobs(
            name,
            self._database,
            next_id=self._ids.next_free,
            ring=self._bells.ring,
            refresh=refresh,
        )

    @classmethod
    def build(cls, name: str, options: SqliteOptions, materials: Materials) -> SqliteConnection:
        """Return the connection *name* as its options have it."""
        return cls(
            name,
            materials.locate(options.path),
            durability=options.durability,
            busy_seconds=options.busy_seconds,
            lease_seconds=options.lease_seconds,
            refresh=lambda payload: materials.codec().refreshed(payload),
        )

    @property
    def home(self) -> Path:
        """The directory of the workers' files."""
        return self.path / "workers"

    @property
    def failed(self) -> SqliteFailedJobs:
        """Where this connection keeps failed jobs: in the same file."""
        return self._failed

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Accept all of *envelopes* or none, and return their uuids.

        Raises:
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be opened or used.
        """
        try:
            if len(envelopes) == 1:
                self._insert_one(envelopes[0])
            else:
                self._insert_all(envelopes)
        except DatabaseFull as error:
            raise StoreFull(self.name, str(error)) from error
        except DatabaseError as error:
            raise QueueUnavailable(self.name, str(error)) from error
        self._bells.ring()
        return [envelope.uuid for envelope in envelopes]

    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds."""
        with translated(self.name):
            row = self._database.query(_COUNTS, (queue, clock.timestamp()))[0]
        ready, due, delayed, reserved, *oldest = row
        waiting = [moment for moment in oldest if moment is not None]
        return Counts(ready + due, delayed, reserved, min(waiting, default=None))

    def clear(self, queue: str) -> int:
        """Delete pending, delayed and reserved jobs of *queue*; return how many.

        A job that is running goes on; its outcome is refused as stale.
        """
        with translated(self.name), self._database.transaction() as connection:
            return connection.execute("DELETE FROM jobs WHERE queue = ?", (queue,)).rowcount

    def queues(self) -> Sequence[str]:
        """Return the names of all queues that hold jobs, sorted."""
        with translated(self.name):
            return [queue for (queue,) in self._database.query(_QUEUES)]

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
                "INSERT OR REPLACE INTO flags VALUES (?, 1, ?)", (f"pause:{queue}", until)
            )

    def resume(self, queue: str = "*") -> None:
        """End a pause of *queue*."""
        with translated(self.name), self._database.transaction() as connection:
            connection.execute("DELETE FROM flags WHERE scope = ?", (f"pause:{queue}",))
        self._bells.ring()

    def close(self) -> None:
        """Close all connections to the file; a later use opens them again."""
        super().close()
        self._database.close()
        self._bells.close()

    def _open(self, synchronous: Synchronous) -> Database:
        # Small pages, because a commit writes whole ones: single pushes took 17 microseconds
        # instead of 22. The log is written back after 4 MiB, which bounds how long a push waits.
        return Database(
            self.path / "jobs.db",
            migrations=MIGRATIONS,
            synchronous=synchronous,
            busy_seconds=self._busy_seconds,
            page_bytes=2048,
            pragmas={"wal_autocheckpoint": 2000},
        )

    def _insert_one(self, envelope: Envelope) -> None:
        # One statement is a transaction of its own, and two calls cheaper than a block.
        database = self._database
        connection = database.connection()
        try:
            connection.execute(_INSERT, self._row(envelope, clock.timestamp()))
        except sqlite3.IntegrityError:
            self._insert_all((envelope,))
        except sqlite3.Error as error:
            database.patiently(error, lambda: self._insert_all((envelope,)))

    def _insert_all(self, envelopes: Sequence[Envelope]) -> None:
        with self._database.transaction() as connection:
            now = clock.timestamp()
            # The lock is held: what is accepted from here on sorts behind all that is there.
            self._ids.next_free(connection)
            connection.executemany(_INSERT, [self._row(envelope, now) for envelope in envelopes])

    def _row(self, envelope: Envelope, now: float) -> tuple[object, ...]:
        delay = envelope.delay
        return (
            self._ids.next(now),
            envelope.queue,
            DELAYED if delay > 0 else READY,
            envelope.priority,
            now + delay if delay > 0 else now,
            envelope.timeout,
            envelope.max_lost,
            envelope.uuid,
            envelope.name,
            envelope.payload,
        )

    def _seat(self, row: int, queues: Sequence[str], lock: int, bell: Bell) -> SqliteSeat:
        database = self._open(_SYNCHRONOUS[self._durability][1])
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
        reaper = Reaper(self.name, database, self.home, row)
        return SqliteSeat(database, reaper, queues, presence)
