"""The bell of a sync job: an exception in the main thread when its time is over.

And when the job is cancelled.

One timer serves many jobs. It is set when none is running that would ring in time, and when it
rings too early for the job that runs then, it is set again for the rest. So a short job pays for
no system call.
"""

from __future__ import annotations

import math
import signal
import threading
from types import FrameType

from securely.queue.crew.inbox import Key
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.exceptions import JobTimedOut
from securely.support import clock

__all__ = ["Bell"]

_FAR_SECONDS = 1e8  # three years: the kernel refuses much more, and no executor lives so long


class Bell:
    """Raises :class:`JobTimedOut` between :meth:`set` and :meth:`unset`.

    And :class:`JobCancelled` between :meth:`begin` and :meth:`unset`. Takes SIGALRM and SIGUSR2
    for itself; made in the main thread.

    Args:
        cancelled: What is to be stopped.
    """

    def __init__(self, cancelled: set[Key] | None = None) -> None:
        self._name = ""
        self._limit = 0.0
        self._due = math.inf
        self._rings_at = math.inf
        self._key: Key | None = None
        self._cancelled: set[Key] = set() if cancelled is None else cancelled
        signal.signal(signal.SIGALRM, self._ring)
        signal.signal(signal.SIGUSR2, self._look)

    def begin(self, name: str, key: Key) -> None:
        """Let the job *name*, a delivery that may be cancelled, begin.

        Raises:
            JobCancelled: It has been already.
        """
        self._name = name
        self._key = key
        self._stop_cancelled()

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
        self._key = None

    def look(self) -> None:
        """Have the main thread look whether what it runs is cancelled; called in another one.

        The signal is sent to that thread, so that it ends what a system call waits for.
        """
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)

    def _look(self, number: int, frame: FrameType | None) -> None:
        self._stop_cancelled()

    def _stop_cancelled(self) -> None:
        key = self._key
        if key is not None and key in self._cancelled:
            self._cancelled.discard(key)
            raise JobCancelled(self._name)

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
