"""Limits: how many jobs of a queue may be in hand at a time, and handed out within a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from securely.queue.contracts import QueueLimit
from securely.support import clock

__all__ = ["Limits"]

_HELD: Final = """
SELECT count(*) FROM jobs INDEXED BY jobs_held WHERE state = 1 AND queue = ?
"""
_WINDOW: Final = "SELECT value, until FROM flags WHERE scope = ?"
_NOTE: Final = "INSERT OR REPLACE INTO flags VALUES (?, ?, ?)"
_SCOPE: Final = "rate:"


class Limits:
    """The limits of a connection's queues, held within the transaction that claims.

    What is in hand is counted where it lies, so that no death of a worker leaves a place taken.
    The time of a rate begins with the first job, and the next one with the first after its end.

    Args:
        limits: By queue; those that are not named have none.
    """

    def __init__(self, limits: Mapping[str, QueueLimit]) -> None:
        self._limits = dict(limits)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._limits)

    def room(self, connection: sqlite3.Connection, queue: str, room: int) -> int:
        """Return how many of *room* jobs *queue* may hand out now."""
        limit = self._limits.get(queue)
        if limit is None:
            return room
        if limit.concurrency is not None:
            (held,) = connection.execute(_HELD, (queue,)).fetchone()
            room = min(room, limit.concurrency - held)
        if limit.rate is not None:
            room = min(room, limit.rate - self._window(connection, queue, limit)[0])
        return max(room, 0)

    def took(self, connection: sqlite3.Connection, queue: str, count: int) -> None:
        """Note that *queue* has handed out *count* jobs."""
        limit = self._limits.get(queue)
        if limit is None or limit.rate is None or not count:
            return
        taken, until = self._window(connection, queue, limit)
        connection.execute(_NOTE, (_SCOPE + queue, taken + count, until))

    def opens_at(self, connection: sqlite3.Connection, queues: Iterable[str]) -> float | None:
        """Return when the first of those *queues* hands out jobs again whose rate is reached."""
        found: list[float] = []
        for queue in queues:
            limit = self._limits.get(queue)
            if limit is not None and limit.rate is not None:
                taken, until = self._window(connection, queue, limit)
                if taken >= limit.rate:
                    found.append(until)
        return min(found, default=None)

    def _window(
        self, connection: sqlite3.Connection, queue: str, limit: QueueLimit
    ) -> tuple[int, float]:
        """Return how many jobs were handed out in the present window, and when it ends."""
        now = clock.timestamp()
        row = connection.execute(_WINDOW, (_SCOPE + queue,)).fetchone()
        # One that ends later than it could was begun by a clock that was set back since.
        if row is None or not now < row[1] <= now + limit.seconds:
            return 0, now + limit.seconds
        return row[0], row[1]
