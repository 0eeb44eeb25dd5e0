"""One connection per thread and process, pragmas, busy retry, transactions.

Every SQLite file of Securely is opened through :class:`Database`. It keeps the promises that the
components above make: a file that only its owner can read, on a disk whose locks can be trusted,
in a schema this code knows; writers that wait for each other; a full disk that is told apart from
a broken file.

It is long because each error has words of its own, and opening, waiting and writing share what is
known of the file. How connections outlive a fork lies in `sqlite_handles.py`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias, TypeVar

from securely.exceptions import SecurelyError
from securely.support import entropy
from securely.support.directories import why_unsafe, why_unusable
from securely.support.forking import renew_after_fork
from securely.support.sqlite_handles import Guard, Handle, is_inherited, opening

__all__ = [
    "Database",
    "DatabaseBusy",
    "DatabaseCorrupt",
    "DatabaseError",
    "DatabaseFull",
    "DatabaseUnavailable",
    "Durability",
    "SchemaTooNew",
    "Transaction",
]

T = TypeVar("T")
Durability: TypeAlias = Literal["FULL", "NORMAL", "OFF"]
Migration: TypeAlias = Callable[[sqlite3.Connection], None]

# A waiting writer sleeps a random time below a ceiling. A write takes some 50 µs, so who sleeps
# long is overtaken again and again: the ceiling is halved with each try, and whoever has waited
# longest asks most often. (Eight writers, two cores: the slowest write took 90 to 130 ms with a
# ceiling that doubles up to 20 ms, and takes 15 to 30 ms so.) Who has waited for this long waits
# for something else than a write, and asks seldom again.
_PAUSE_MAX: Final = 0.002
_PAUSE_MIN: Final = 0.0001
_HURRY_SECONDS: Final = 0.05

# Their locks lie, or their shared memory is not shared: SQLite in WAL mode loses data there.
_NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ceph", "glusterfs"),
        *("lustre", "ncpfs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs"),
    }
)

_BUSY: Final = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
# A quota or a file size limit shows as a failed write, a full disk under the shared memory as a
# failed resize; for whoever pushes, all of them mean: no room.
_FULL: Final = frozenset(
    (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
)
_CORRUPT: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


class DatabaseError(SecurelyError):
    """A SQLite file can not be used.

    DatabaseError
    ├── DatabaseBusy           another writer held the file for too long (also a TimeoutError)
    ├── DatabaseCorrupt        it is no SQLite database, or a damaged one
    ├── DatabaseFull           no room on the disk or within the limit (also an OSError)
    ├── DatabaseUnavailable    it can not be opened, read or written (also an OSError)
    └── SchemaTooNew           a newer version wrote it
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(self._message())

    def _message(self) -> str:
        return f"The database {self.path} can not be used: {self.reason}"

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[type[DatabaseError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class DatabaseBusy(DatabaseError, TimeoutError):
    """Another writer held the file for too long."""

    def _message(self) -> str:
        return f"The database {self.path} is locked by another process: {self.reason}"


class DatabaseCorrupt(DatabaseError):
    """The file is no SQLite database, or a damaged one."""

    def _message(self) -> str:
        return (
            f"The file {self.path} is not a usable SQLite database: {self.reason}. "
            "Move it away (with its -wal and -shm files) to start with an empty one."
        )


class DatabaseFull(DatabaseError, OSError):
    """There is no room left for the database; the transaction was rolled back."""

    def _message(self) -> str:
        return (
            f"There is no room to write to {self.path}: {self.reason}. Free some space on its disk."
        )


class DatabaseUnavailable(DatabaseError, OSError):
    """The file can not be opened, read or written."""


class SchemaTooNew(DatabaseError):
    """A newer version of Securely wrote the file."""


class _Local(threading.local):
    handle: Handle | None = None
    guard: Guard | None = None


class Transaction:
    """A block that holds the write lock from its first line; commits, or rolls back on an error.

    It begins with `BEGIN IMMEDIATE`, so that a reader never has to become a writer: of two that
    try, SQLite must turn one away, however long it would wait.
    """

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        database = self._database
        self._connection = connection = database.connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            database.patiently(error, lambda: connection.execute("BEGIN IMMEDIATE"))
        return connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection = self._connection
        if error is None:
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as failure:
                self._roll_back()
                raise self._database.translate(failure) from failure
            return
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise self._database.translate(error) from error

    def _roll_back(self) -> None:
        # A full disk or a failed write may have rolled back already.
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # What can not be rolled back must not be used again.
                self._database.discard()


class Database:
    """A SQLite file, opened once per thread and process.

    Args:
        path: The file; it and its directory are created for their owner only.
        migrations: What makes schema 1, 2, 3 … of its predecessor; `user_version` counts them.
        synchronous: FULL survives a power cut, NORMAL any crash of a process.
        busy_seconds: How long a writer waits for another one.
        page_bytes: The size of a page in a new file: 4096, or 2048 where small rows are committed
            one by one, since a commit writes whole pages.
        pragmas: Further pragmas for each connection.

    Example:
        >>> import tempfile
        >>> directory = tempfile.mkdtemp()
        >>> def first(connection):
        ...     connection.execute("CREATE TABLE notes (text TEXT)")
        >>> database = Database(Path(directory) / "notes.db", migrations=[first])
        >>> with database.transaction() as connection:
        ...     _ = connection.execute("INSERT INTO notes VALUES ('hello')")
        >>> database.query("SELECT text FROM notes")
        [('hello',)]
        >>> database.close()
    """

    def __init__(
        self,
        path: str | Path,
        *,
        migrations: Sequence[Migration],
        synchronous: Durability = "FULL",
        busy_seconds: float = 30.0,
        page_bytes: int = 4096,
        pragmas: Mapping[str, int | str] | None = None,
    ) -> None:
        self.path: Path = Path(path)
        self.synchronous = synchronous
        self._migrations = migrations
        self._busy_seconds = busy_seconds
        self._page_bytes = page_bytes
        self._pragmas = dict(pragmas or {})
        self._local = _Local()
        self._opening = threading.Lock()
        renew_after_fork(self, "_opening", threading.Lock)
        self._handles: set[Handle] = set()

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, opening it on first use and after a fork.

        Raises:
            DatabaseUnavailable: The file can not be opened, or lies on a network file system.
            DatabaseCorrupt: It is no database.
            SchemaTooNew: A newer version wrote it.
        """
        handle = self._local.handle
        if handle is not None:
            connection = handle.connection  # taken first, as its handle says
            if handle.pid == os.getpid():
                return connection
            del connection  # a fork that waits for it may be going on
        return self._open()

    def transaction(self) -> Transaction:
        """Return a block that writes: ``with database.transaction() as connection:``.

        Raises:
            DatabaseBusy: Another writer did not give way in time.
            DatabaseFull: There was no room; nothing was written.
        """
        return Transaction(self)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return all rows of a reading statement.

        Raises:
            DatabaseError: As for :meth:`connection`.
        """
        connection = self.connection()
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            return self.patiently(error, lambda: connection.execute(sql, parameters).fetchall())

    def checkpoint(self) -> None:
        """Write the log back into the file and empty it; does nothing while others use it."""
        connection = self.connection()
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            if _primary(error) not in _BUSY:
                raise self.translate(error) from error

    def discard(self) -> None:
        """Close this thread's connection; the next use opens a fresh one."""
        # The guard goes, and the connection with it.
        self._local.handle = self._local.guard = None

    def close(self) -> None:
        """Close the connections of all threads of this process; a later use opens them again."""
        self._local.handle = None
        for handle in list(self._handles):
            handle.close()
        self._handles.clear()
        self._local = _Local()

    def patiently(self, error: sqlite3.Error, work: Callable[[], T]) -> T:
        """Repeat *work* while the file is busy, after *error* of a first try.

        Raises:
            DatabaseBusy: The time was up.
            DatabaseError: Something else is wrong.
        """
        waited = 0.0
        ceiling = _PAUSE_MAX
        try:
            while True:
                if _primary(error) not in _BUSY:
                    raise self.translate(error) from error
                if waited >= self._busy_seconds:
                    raise DatabaseBusy(str(self.path), f"waited {waited:.0f} seconds") from error
                pause = entropy.uniform(0.0, ceiling)
                # Another process is being waited for, which no frozen clock can move: a real wait.
                threading.Event().wait(pause)
                waited += pause
                hurries = waited < _HURRY_SECONDS
                ceiling = max(ceiling / 2, _PAUSE_MIN) if hurries else _PAUSE_MAX
                try:
                    return work()
                except sqlite3.Error as again:
                    error = again
        finally:
            # It has this frame in its trace: the two would keep each other, and the connection,
            # which a fork would believe to be in use.
            del error

    def translate(self, error: sqlite3.Error) -> DatabaseError:
        """Return the error of ours that says what *error* means for this file."""
        code = getattr(error, "sqlite_errorcode", 0)
        path, reason = str(self.path), str(error)
        if code in _FULL or code & 0xFF == sqlite3.SQLITE_FULL:
            return DatabaseFull(path, reason)
        if code & 0xFF in _CORRUPT:
            return DatabaseCorrupt(path, reason)
        if code & 0xFF in _BUSY:
            return DatabaseBusy(path, reason)
        if code & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}:
            reason += ". Make it and its directory writable for the user that runs this process."
        return DatabaseUnavailable(path, reason)

    def _open(self) -> sqlite3.Connection:
        local = self._local
        handle = local.handle
        connection = None if handle is None else handle.continued()
        if connection is not None:
            return connection
        with self._opening:
            self._prepare_file()
            self._refuse_inherited()
            with opening(handle) as kept:
                if kept is not None:
                    return kept
                # In hand until it is returned: a fork closes what nobody has.
                connection = self._connect()
                handle = Handle(connection, self.path)
            try:
                self._configure(connection)
            except sqlite3.Error as error:
                handle.close()
                raise self.translate(error) from error
            except BaseException:
                handle.close()
                raise
            self._handles.add(handle)
        local.handle = handle
        local.guard = Guard(handle, self._handles)
        return connection

    def _refuse_inherited(self) -> None:
        """Raise in a child whose parent was using the file when it forked."""
        if is_inherited(self.path):
            reason = (
                "this process was forked while a transaction was open on it. "
                "Fork outside of transactions, or start the child with subprocess."
            )
            raise DatabaseUnavailable(str(self.path), reason)

    def _connect(self) -> sqlite3.Connection:
        try:
            # Busy waiting is ours (timeout 0), and so are transactions (isolation_level None).
            # Only its thread uses a connection; another may close it.
            return sqlite3.connect(
                self.path, timeout=0.0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self.translate(error) from error

    def _prepare_file(self) -> None:
        """Create the directory for its owner only, and the file before SQLite does, at 0600."""
        directory = self.path.parent
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            kind = _network_file_system(directory)
            unsafe = why_unsafe(directory)
            if kind is None and unsafe is None:
                _create(self.path)
        except OSError as error:
            reason = why_unusable(directory, error)
            raise DatabaseUnavailable(str(self.path), reason) from error
        if kind is not None:
            reason = f'it lies on a network file system ("{kind}"). Move it to a local disk.'
            raise DatabaseUnavailable(str(self.path), reason)
        if unsafe is not None:
            raise DatabaseUnavailable(str(self.path), unsafe)

    def _configure(self, connection: sqlite3.Connection) -> None:
        pragmas: dict[str, int | str] = {
            "page_size": self._page_bytes,
            "journal_mode": "WAL",
            "synchronous": self.synchronous,
            "journal_size_limit": 64 * 1024 * 1024,
            "temp_store": "MEMORY",
            "trusted_schema": "OFF",
            **self._pragmas,
        }
        for name, value in pragmas.items():
            self._set(connection, f"PRAGMA {name} = {value}")
        self._migrate(connection)

    def _set(self, connection: sqlite3.Connection, pragma: str) -> None:
        def apply() -> None:
            connection.execute(pragma).fetchall()

        try:
            apply()
        except sqlite3.Error as error:
            self.patiently(error, apply)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        wanted = len(self._migrations)
        if self._version(connection) == wanted:
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self.patiently(error, lambda: connection.execute("BEGIN IMMEDIATE"))
        try:
            # Another process may have been faster.
            found = self._version(connection)
            self._refuse_newer(found)
            for migration in self._migrations[found:]:
                migration(connection)
            connection.execute(f"PRAGMA user_version = {wanted}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _refuse_newer(self, found: int) -> None:
        known = len(self._migrations)
        if found > known:
            reason = (
                f"its schema is version {found}, this code knows up to {known}. "
                "Upgrade Securely, or use another directory."
            )
            raise SchemaTooNew(str(self.path), reason)

    def _version(self, connection: sqlite3.Connection) -> int:
        def read() -> int:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])

        try:
            return read()
        except sqlite3.Error as error:
            return self.patiently(error, read)


def _primary(error: sqlite3.Error) -> int:
    """Return the primary code of *error*: extended ones carry more in their upper bits."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _create(path: Path) -> None:
    """Create an empty file at *path*, at 0600, unless there is one.

    A file that may be in use is never opened: closing any descriptor of it would drop all locks
    that this process holds on it, those of SQLite included. (Tried: it corrupts the database.)
    So the new file gets its name when its descriptor is closed already.
    """
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{entropy.token_hex(8)}")
    os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was faster
    finally:
        aside.unlink()


def _network_file_system(directory: Path) -> str | None:
    """Return the kind of network file system *directory* lies on; None where it is local.

    It reads Linux's mount table; where there is none, nothing can be said and None is returned.
    """
    try:
        # A read of /proc needs no close guard of its own, and the table is small.
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return _kind_of_mount(lines, os.path.realpath(directory))


def _kind_of_mount(mountinfo: str, directory: str) -> str | None:
    """Return the network file system over *directory* in a mount table, None if it is local."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, rest = left.split(" "), right.split(" ")
        if len(fields) < 5 or not right:  # noqa: PLR2004  # the mount point is the fifth field
            continue
        point = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        inside = directory == point or directory.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, rest[0]
    return kind if kind in _NETWORK_FILE_SYSTEMS else None
