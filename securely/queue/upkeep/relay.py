"""Relay: moves jobs from an outbox to their connections, each once."""

from __future__ import annotations

import select
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from securely.queue.bus.outbox import DbConnection, outbox_table, unpack
from securely.queue.contracts import Envelope, OutboxRow, OutboxTable
from securely.queue.crew.signals import STOP, Signals
from securely.queue.exceptions import ConnectionUndefined, QueueUnavailable, StoreFull
from securely.queue.manager import QueueManager
from securely.support import clock

__all__ = ["FileRelay", "Relay", "Relays"]

PAGE: Final = 200  # rows that are moved in one step
LOOK_SECONDS: Final = 1.0  # between looks of a worker's relays
LOCK_SECONDS: Final = 1.0  # that another writer may have the file; less than a worker waits for
LEAVE_SECONDS: Final = 5.0  # for a relay to end its step, when its worker ends
_TROUBLES: Final = (QueueUnavailable, StoreFull, sqlite3.Error)  # they pass by themselves, or not


class Relay:
    """Moves what is committed in an outbox to the connections it is for.

    A row is removed when its connection has accepted the job. A relay that dies between the two
    leaves it, and the next one pushes it again: under the same uuid, which `sqlite` and `arq`
    accept once (and remember for a week).

    Args:
        queues: The connections.
        database: The application's database, on a connection of the relay's own; or its outbox.
        complain: Told of rows that can not be moved, which stay.

    Example:
        >>> import sqlite3
        >>> from securely.facades import Queue
        >>> Relay(Queue, sqlite3.connect("app.db")).run()  # doctest: +SKIP
        3
    """

    def __init__(
        self,
        queues: QueueManager,
        database: DbConnection | OutboxTable,
        complain: Callable[[str], object] = len,
    ) -> None:
        self._queues = queues
        self._table = outbox_table(database)
        self._complain = complain
        self._complained: set[str] = set()

    def run(self) -> int:
        """Move all that waits, oldest first, and return how many rows were moved.

        Where a connection takes nothing, its later rows are passed over, and those of the others
        are moved; then the first of such errors is raised.

        Raises:
            StoreFull: A connection has no room; what it has not accepted stays.
            QueueUnavailable: A connection can not be reached; what it has not accepted stays.
        """
        moved, error = self.look()
        if error is not None:
            raise error
        return moved

    def look(self) -> tuple[int, Exception | None]:
        """Move what can be moved; return how many rows were, and the first error of a connection.

        Example:
            >>> import sqlite3
            >>> from securely.facades import Queue
            >>> Relay(Queue, sqlite3.connect("app.db")).look()  # doctest: +SKIP
            (2, QueueUnavailable('arq', 'connection refused'))
        """
        moved = after = 0
        failed: dict[str, Exception] = {}
        while rows := self._table.waiting(after, PAGE):
            after = rows[-1].id
            for connection, some in groupby(rows, lambda row: row.connection):
                if connection in failed:  # its rows stay in their order, behind the first of them
                    continue
                envelopes: list[Envelope] = []
                try:
                    envelopes = self._hand_over(connection, list(some))
                except Exception as error:  # whatever it is, others do not wait for it
                    failed[connection] = error
                if envelopes:
                    self._table.remove([one.uuid for one in envelopes])
                    moved += len(envelopes)
        return moved, next(iter(failed.values()), None)

    def _hand_over(self, connection: str, rows: Sequence[OutboxRow]) -> list[Envelope]:
        """Push the jobs of *rows*, and return those that were accepted."""
        try:
            driver = self._queues.connection(connection).driver
        except ConnectionUndefined as error:
            self._refuse(rows, str(error))
            return []
        now = clock.timestamp()
        envelopes: list[Envelope] = []
        for row in rows:
            try:
                envelopes.append(unpack(row, now))
            except ValueError as error:
                self._refuse([row], f"it is no job: {error}.")
        if envelopes:
            driver.push(envelopes)
        return envelopes

    def _refuse(self, rows: Sequence[OutboxRow], reason: str) -> None:
        for row in rows:
            if row.uuid not in self._complained:
                self._complained.add(row.uuid)
                self._complain(f"The job {row.uuid} stays in the outbox: {reason}")


class FileRelay:
    """A relay of the outbox in a SQLite file, which it opens for each look.

    Args:
        queues: The connections.
        path: The file.
        complain: Told of what can not be moved, and of trouble, once for as long as it lasts.
    """

    def __init__(
        self, queues: QueueManager, path: Path, complain: Callable[[str], object] = len
    ) -> None:
        self._queues = queues
        self._path = path
        self._complain = complain
        self._complained: set[str] = set()

    def run(self) -> int:
        """Move all that waits, and return how many jobs were moved.

        Raises:
            StoreFull: As for :meth:`Relay.run`.
            QueueUnavailable: As for :meth:`Relay.run`.
            sqlite3.Error: The file is not there, or no database, or another writer has it.
        """
        moved, error = self._look()
        if error is not None:
            raise error
        return moved

    def _look(self) -> tuple[int, Exception | None]:
        address = f"{self._path.absolute().as_uri()}?mode=rw"  # not one that would be made now
        with closing(sqlite3.connect(address, timeout=LOCK_SECONDS, uri=True)) as database:
            return Relay(self._queues, database, self._tell).look()

    def keep_on(self, is_over: Callable[[], bool]) -> int:
        """Move what comes until *is_over*, which waits between two looks, says so; return how many.

        Trouble with the file or a connection is told, and what waits is tried again; so is an error
        that nobody knows, since nothing else would move these jobs.
        """
        moved = 0
        while True:
            error: Exception | None
            try:
                some, error = self._look()
                moved += some
            except Exception as unknown:  # it is told, and tried again after the pause
                error = unknown
            if error is None:
                self._complained = {one for one in self._complained if "stays" in one}
            else:
                what = str(error) if isinstance(error, _TROUBLES) else repr(error)
                self._tell(f"The outbox {self._path} waits: {what}")
            if is_over():
                return moved

    def keep_on_until_told(self, seconds: float) -> int:
        """Move what comes until a signal says to stop, with a look each *seconds*; how many."""
        with Signals() as signals:

            def is_told() -> bool:
                select.select([signals.fileno()], [], [], seconds)
                return any(number in STOP for number in signals.take())

            return self.keep_on(is_told)

    def _tell(self, text: str) -> None:
        if text not in self._complained:
            self._complained.add(text)
            self._complain(text)


class Relays:
    """The relays that work beside a worker, from the beginning of a `with` block to its end.

    Args:
        queues: The connections.
        paths: The SQLite files whose outboxes are moved.
        complain: Told of trouble.
    """

    def __init__(
        self, queues: QueueManager, paths: Sequence[Path], complain: Callable[[str], object] = len
    ) -> None:
        self._relays = [FileRelay(queues, path, complain) for path in paths]
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._over.clear()
        self._threads = [
            threading.Thread(target=relay.keep_on, args=(self._wait,), name="outbox", daemon=True)
            for relay in self._relays
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            with suppress(RuntimeError):
                thread.join(LEAVE_SECONDS)

    def _wait(self) -> bool:
        return self._over.wait(LOOK_SECONDS)
