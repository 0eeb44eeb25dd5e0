"""Timeout: a limit of its own for what stands within."""

from __future__ import annotations

import asyncio
import inspect
import math
import signal
import threading
from collections.abc import Awaitable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import cast

from securely.queue.exceptions import JobTimedOut
from securely.queue.job import Job
from securely.queue.middleware.stage import Next
from securely.support.durations import Duration, seconds

__all__ = ["Timeout"]


class Timeout:
    """Gives what stands within so much time, and then raises JobTimedOut.

    Other than a job's `timeout` it holds on every connection, leaves out what stands around it
    (such as the wait for a lock), and kills no process: it counts as a failure like any other.
    An async job is cancelled. A sync one is interrupted where it runs in the main thread, as in
    workers; in another thread it can not be, and runs to its end.

    Args:
        limit: How long it may run.
    """

    def __init__(self, limit: Duration) -> None:
        self.limit: float = seconds(limit)

    def handle(self, job: Job, next_: Next, /) -> object:
        """Run *job*; an awaitable where something within is async.

        Raises:
            JobTimedOut: It took too long.
        """
        if inspect.iscoroutinefunction(getattr(type(job), "handle", None)):
            return self._ahandle(job, next_)
        with _alarm(job, self.limit):
            answer = next_(job)
        return self._awaited(job, answer) if inspect.isawaitable(answer) else answer

    async def _ahandle(self, job: Job, next_: Next) -> object:
        answer = next_(job)
        return await self._awaited(job, answer) if inspect.isawaitable(answer) else answer

    async def _awaited(self, job: Job, answer: object) -> object:
        block = asyncio.timeout(self.limit)
        try:
            async with block:
                return await cast("Awaitable[object]", answer)
        except TimeoutError as error:
            if block.expired():
                raise JobTimedOut(job.display_name(), self.limit) from error
            raise  # the job's own


class _Alarm:
    """Raises JobTimedOut in its block when the time is over; what was to ring before still rings.

    A worker has set the one timer that there is for the `timeout` of its job, and may set it again
    when it rings. The timer itself says how much time has passed.
    """

    def __init__(self, job: Job, limit: float) -> None:
        self._job = job
        self._limit = limit
        self._left = limit
        self._outer_left = math.inf
        self._armed = 0.0

    def __enter__(self) -> None:
        self._outer_left = signal.getitimer(signal.ITIMER_REAL)[0] or math.inf
        self._outer = signal.signal(signal.SIGALRM, self._ring)
        self._arm()

    def __exit__(self, *exception: object) -> None:
        self._pass_time(self._armed - signal.setitimer(signal.ITIMER_REAL, 0)[0])
        signal.signal(signal.SIGALRM, self._outer)
        if self._outer_left < math.inf:
            # Not 0, which would switch it off: one that is due rings at once.
            signal.setitimer(signal.ITIMER_REAL, max(self._outer_left, 1e-6))

    def _arm(self) -> None:
        self._armed = min(self._left, self._outer_left)
        signal.setitimer(signal.ITIMER_REAL, self._armed)

    def _pass_time(self, seconds: float) -> None:
        self._left -= seconds
        self._outer_left -= seconds

    def _ring(self, number: int, frame: FrameType | None) -> None:
        self._pass_time(self._armed)
        self._armed = 0.0
        if self._left <= 0:
            raise JobTimedOut(self._job.display_name(), self._limit)
        if callable(self._outer):
            self._outer(number, frame)
        self._outer_left = signal.getitimer(signal.ITIMER_REAL)[0] or math.inf
        self._arm()


def _alarm(job: Job, limit: float) -> AbstractContextManager[None]:
    is_main = threading.current_thread() is threading.main_thread()
    return _Alarm(job, limit) if is_main and hasattr(signal, "SIGALRM") else nullcontext()
