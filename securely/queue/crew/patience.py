"""Patience: whether a worker's queues make their jobs wait for longer than they may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from securely.queue.contracts import Gauge, Measured, Workable
from securely.support import clock

__all__ = ["ALERT_SECONDS", "Patience"]

LOOK_SECONDS: Final = 5.0  # between two looks of a worker, which cost a read of the store
ALERT_SECONDS: Final = 300.0  # one alert per queue within this time, over all workers
_RECENT_MINUTES: Final = 10  # how far back it is looked to know how long jobs take
_MINUTE: Final = 60.0  # seconds


class Patience:
    """Looks at queues whose waits have limits.

    Args:
        connection: Where they are.
        limits: How many seconds a job of a queue may wait.
    """

    def __init__(self, connection: Workable, limits: Mapping[str, float]) -> None:
        self._connection = connection
        self._limits = limits
        self._look_at = 0.0

    def look(self, tell: Callable[[str, float], object]) -> None:
        """Call *tell* with each queue that is over its limit, and the seconds of its wait.

        It looks each few seconds at most. Of several workers, one tells.

        Raises:
            QueueUnavailable: The store can not be used.
            StoreFull: There is no room.
        """
        now = clock.monotonic()
        if not self._limits or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        paused = self._connection.paused()
        for queue, limit in self._limits.items():
            if queue in paused or "*" in paused:
                continue
            wait = self.wait_of(queue)
            if wait > limit and self._is_first(queue):
                tell(queue, wait)

    def wait_of(self, queue: str) -> float:
        """Return how long jobs of *queue* wait: the oldest has, or the next will have to.

        What a new job will have to wait is the number of those before it, by what workers have
        taken a job on average, shared by the workers.
        """
        counts = self._connection.counts(queue)
        since = counts.oldest_pending_at
        if since is None:
            return 0.0
        oldest = clock.timestamp() - since
        if not isinstance(self._connection, Measured):
            return oldest
        minute = int(clock.timestamp() // _MINUTE) - _RECENT_MINUTES
        runs = [
            one
            for one in self._connection.measured(minute)
            if one.queue == queue and one.gauge != Gauge.WAIT
        ]
        number = sum(one.times for one in runs)
        workers = sum(queue in one.queues for one in self._connection.workers())
        average = sum(one.seconds for one in runs) / number if number else 0.0
        return max(oldest, counts.pending * average / max(1, workers))

    def _is_first(self, queue: str) -> bool:
        if not isinstance(self._connection, Measured):
            return True
        return self._connection.alert(f"wait:{queue}", ALERT_SECONDS)
