"""The soft deadline of a sync job: an exception in the main thread when its time is over.

One timer serves many jobs. It is set when none is running that would ring in time, and when it
rings too early for the job that runs then, it is set again for the rest. So a short job pays for
no system call.
"""

from __future__ import annotations

import math
import signal
from types import FrameType

from securely.queue.exceptions import JobTimedOut
from securely.support import clock

__all__ = ["Bell"]

_FAR_SECONDS = 1e8  # three years: the kernel refuses much more, and no executor lives so long


class Bell:
    """Raises :class:`JobTimedOut` between :meth:`set` and :meth:`unset`.

    Takes SIGALRM for itself; made in the main thread.
    """

    def __init__(self) -> None:
        self._name = ""
        self._limit = 0.0
        self._due = math.inf
        self._rings_at = math.inf
        signal.signal(signal.SIGALRM, self._ring)

    def set(self, name: str, limit: float, now: float) -> None:
        """Give the job *name* *limit* seconds from the monotonic time *now*."""
        self._name = name
        self._limit = limit
        self._due = due = now + min(limit, _FAR_SECONDS)
        # One that should have rung and has not was taken away, by an alarm() in a job.
        if due < self._rings_at or now > self._rings_at:
            self._rings_at = due
            signal.setitimer(signal.ITIMER_REAL, due - now)

    def unset(self) -> None:
        """The job is over: a bell that rings from here on is nobody's."""
        self._due = math.inf

    def _ring(self, number: int, frame: FrameType | None) -> None:
        rest = self._due - clock.monotonic()
        if rest == math.inf:
            self._rings_at = math.inf
        elif rest > 0:
            self._rings_at = self._due
            signal.setitimer(signal.ITIMER_REAL, rest)
        else:
            self._rings_at = self._due = math.inf
            raise JobTimedOut(self._name, self._limit)
