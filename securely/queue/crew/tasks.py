"""Async jobs of an executor: several at once, in one event loop.

The loop runs only while nothing sync is to be done. A sync job, or a `failed()` hook, runs with
the loop standing still, as it would if it blocked inside it, but sync code then finds no loop
running and may use its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from securely.queue.contracts import Delivery
from securely.queue.crew.inbox import Inbox, Item

__all__ = ["Tasks"]


class Tasks:
    """The async jobs that run.

    Args:
        inbox: Where deliveries come from.
        concurrency: How many run at once.
        is_async: Whether a delivery belongs here.
        attempt: Runs one delivery and reports its outcome; raises nothing.
    """

    def __init__(
        self,
        inbox: Inbox,
        concurrency: int,
        is_async: Callable[[int, Delivery], bool],
        attempt: Callable[[int, Delivery], Awaitable[None]],
    ) -> None:
        self._inbox = inbox
        self._concurrency = concurrency
        self._is_async = is_async
        self._attempt = attempt
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._loop.add_reader(inbox.link.fileno(), self._read)

    def take(self) -> Item:
        """Run async jobs until something else is to be done, and return that."""
        return self._loop.run_until_complete(self._until_sync())

    def add(self, cell: int, delivery: Delivery) -> None:
        """Start a delivery; it makes progress within :meth:`take`."""
        task = self._loop.create_task(self._run(cell, delivery), name=delivery.name)
        self._running.add(task)
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
                    break
                if not isinstance(item, tuple) or not self._is_async(*item):
                    return item
                self.add(*item)
            self._wake.clear()
            await self._wake.wait()

    async def _run(self, cell: int, delivery: Delivery) -> None:
        await self._attempt(cell, delivery)

    def _read(self) -> None:
        self._inbox.fill(wait=False)
        self._wake.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()
        task.result()
