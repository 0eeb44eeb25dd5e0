"""Async jobs of an executor: several at once, in one event loop.

The loop runs only while nothing sync is to be done. A sync job, or a `failed()` hook, runs with
the loop standing still, as it would if it blocked inside it, but sync code then finds no loop
running and may use its own.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress

from securely.queue.contracts import Delivery, Verdict
from securely.queue.crew.inbox import Inbox, Item, Key
from securely.queue.delivery.stopping import JobCancelled
from securely.support import clock

__all__ = ["Tasks"]


class Tasks:
    """The async jobs that run.

    Args:
        inbox: Where deliveries come from.
        concurrency: How many run at once.
        is_async: Whether a delivery belongs here.
        attempt: Runs a delivery that began at a monotonic time, and reports its outcome.
        limit: How many seconds a delivery may take; None for any time.
    """

    def __init__(
        self,
        inbox: Inbox,
        concurrency: int,
        is_async: Callable[[int, Delivery], bool],
        attempt: Callable[[int, Delivery, float], Awaitable[None]],
        limit: Callable[[Delivery], float | None],
    ) -> None:
        self._inbox = inbox
        self._concurrency = concurrency
        self._is_async = is_async
        self._attempt = attempt
        self._limit = limit
        # With its key from its first step on: one that is cancelled before would never take it.
        self._running: dict[asyncio.Task[None], Key | None] = {}
        self._dues: dict[asyncio.Task[None], float] = {}
        self._overdue: set[asyncio.Task[None]] = set()
        self._cancelled: set[asyncio.Task[None]] = set()
        self._rings_at = math.inf
        self._wake = asyncio.Event()
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._is_reading = False
        self._go_on_reading()
        inbox.rouse = self._rouse

    def run(self, work: Awaitable[object]) -> None:
        """Run *work* to its end, before any job."""
        self._loop.run_until_complete(_awaited(work))

    def take(self) -> Item:
        """Run async jobs until something else is to be done, and return that."""
        return self._loop.run_until_complete(self._until_sync())

    def add(self, cell: int, delivery: Delivery) -> None:
        """Start a delivery; it makes progress within :meth:`take`."""
        began = clock.monotonic()
        task = self._loop.create_task(self._run(cell, delivery, began), name=delivery.name)
        self._running[task] = None
        limit = self._limit(delivery)
        if limit is not None:
            self._expect(task, limit)
        if self._concurrency > 1:
            task.add_done_callback(self._ended)

    def stop(self, key: Key) -> None:
        """Stop what is cancelled, if it runs here; called in another thread."""
        with suppress(RuntimeError):  # the loop was closed meanwhile: nothing runs in it
            self._loop.call_soon_threadsafe(self._stop, key)

    def close(self) -> None:
        """Close the loop."""
        self._loop.remove_reader(self._inbox.link.fileno())
        self._runner.close()

    async def _until_sync(self) -> Item:
        while True:
            while len(self._running) < self._concurrency:
                item = self._inbox.poll()
                if item is None:
                    self._go_on_reading()
                    break
                if not isinstance(item, tuple) or not self._is_async(*item):
                    return item
                self.add(*item)
            if self._concurrency == 1 and self._running:
                await next(iter(self._running))  # cheaper than to be woken
                continue
            self._inbox.flush()
            self._wake.clear()
            await self._wake.wait()

    async def _run(self, cell: int, delivery: Delivery, began: float) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # this is one
        key = (cell, delivery.token)
        try:
            if key in self._inbox.cancelled:
                self._inbox.cancelled.discard(key)
                delivery = delivery._replace(verdict=Verdict.CANCELLED)
            else:
                self._running[task] = key
            await self._attempt(cell, delivery, began)
        except asyncio.CancelledError:
            if task in self._cancelled:
                verdict = Verdict.CANCELLED
            elif task in self._overdue:
                verdict = Verdict.TIMED_OUT
            else:
                raise
            self._running[task] = None  # what is decided about it is not to be stopped
            self._dues.pop(task, None)
            while task.uncancel():
                pass
            await self._attempt(cell, delivery._replace(verdict=verdict), began)
        finally:
            self._running.pop(task, None)
            self._dues.pop(task, None)
            self._overdue.discard(task)
            self._cancelled.discard(task)

    def _stop(self, key: Key) -> None:
        for task, its_key in self._running.items():
            if its_key == key and key in self._inbox.cancelled:
                self._inbox.cancelled.discard(key)
                self._cancelled.add(task)
                task.cancel(JobCancelled.MARK)

    # The loop is told of what can be read again and again until it is read, which it is not while
    # earlier items wait for room: then the socket is not looked at, lest the loop spin.

    def _read(self) -> None:
        if not self._inbox.fill(wait=False):
            self._loop.remove_reader(self._inbox.link.fileno())
            self._is_reading = False
        self._wake.set()

    def _go_on_reading(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._loop.add_reader(self._inbox.link.fileno(), self._read)

    def _rouse(self) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody sleeps in it
            self._loop.call_soon_threadsafe(self._wake.set)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._wake.set()
        task.result()

    # One timer serves all tasks: a short job pays for none of its own.

    def _expect(self, task: asyncio.Task[None], limit: float) -> None:
        self._dues[task] = due = self._loop.time() + limit
        if due < self._rings_at:
            self._ring_at(due)

    def _ring_at(self, due: float) -> None:
        self._rings_at = due
        self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        now = self._loop.time()
        self._rings_at = math.inf
        for task, due in list(self._dues.items()):
            if due <= now:
                del self._dues[task]
                self._overdue.add(task)
                task.cancel()
        if self._dues:
            self._ring_at(min(self._dues.values()))


async def _awaited(work: Awaitable[object]) -> None:
    await work
