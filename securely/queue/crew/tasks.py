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
from securely.queue.crew.inbox import Inbox, Item
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
        self._running: set[asyncio.Task[None]] = set()
        self._dues: dict[asyncio.Task[None], float] = {}
        self._overdue: set[asyncio.Task[None]] = set()
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
        self._running.add(task)
        limit = self._limit(delivery)
        if limit is not None:
            self._expect(task, limit)
        if self._concurrency > 1:
            task.add_done_callback(self._ended)

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
                await self._running.copy().pop()  # cheaper than to be woken
                continue
            self._wake.clear()
            await self._wake.wait()

    async def _run(self, cell: int, delivery: Delivery, began: float) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # this is one
        try:
            await self._attempt(cell, delivery, began)
        except asyncio.CancelledError:
            if task not in self._overdue:
                raise
            task.uncancel()
            await self._attempt(cell, delivery._replace(verdict=Verdict.TIMED_OUT), began)
        finally:
            self._running.discard(task)
            self._dues.pop(task, None)
            self._overdue.discard(task)

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
