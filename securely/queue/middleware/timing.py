"""Timeout: a limit of its own for what stands within."""

from __future__ import annotations

import asyncio
import inspect
import math
import signal
import threading
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import cast

from securely.queue.exceptions import JobTimedOut
from securely.queue.job import Job
from securely.queue.middleware.stage import Next
from securely.support import clock
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


@contextmanager
def _alarm(job: Job, limit: float) -> Generator[None]:
    """Raise JobTimedOut in the block when *limit* seconds are over; what rang before still rings.

    A worker has set the same timer for the job's `timeout`; it is taken over, and given back.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return
    now = clock.monotonic()
    outer_left = signal.getitimer(signal.ITIMER_REAL)[0]
    outer_due = now + outer_left if outer_left else math.inf
    due = now + limit
    outer = signal.getsignal(signal.SIGALRM)

    def ring(number: int, frame: FrameType | None) -> None:
        now = clock.monotonic()
        if now < min(due, outer_due):
            signal.setitimer(signal.ITIMER_REAL, min(due, outer_due) - now)
        elif outer_due < due and callable(outer):
            outer(number, frame)
        else:
            raise JobTimedOut(job.display_name(), limit)

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(limit, outer_left or limit))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer)
        if outer_due < math.inf:
            # Not 0, which would switch it off: one that is due rings at once.
            left = max(outer_due - clock.monotonic(), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left)
