"""ThreadedConnection: the async twins of a connection that is written in the sync colour."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

from securely.queue.contracts import Counts, Envelope

__all__ = ["StoreThread", "ThreadedConnection"]

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread(Generic[P]):
    """The one thread of this process that does a store's blocking work for coroutines.

    It is a thread of its own and not the loop's default executor: a store that waits for a lock
    must not take the threads that everybody else needs, and the other way round.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pid = 0
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work* in the thread and return its result."""
        pool = self._pool
        if pool is None or self._pid != os.getpid():
            # After a fork the thread does not exist in the child.
            pool = self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"queue-{self._name}")
            self._pid = os.getpid()
        return await asyncio.wrap_future(pool.submit(work, *args, **kwargs))

    def close(self) -> None:
        """Let the thread end after its present work; a later use starts another."""
        pool, self._pool = self._pool, None
        if pool is not None and self._pid == os.getpid():
            pool.shutdown(wait=True)


class ThreadedConnection(ABC):
    """A connection whose work is sync; its twins run in the store's thread.

    Args:
        name: Its name in the configuration.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread: StoreThread[...] = StoreThread(name)

    @abstractmethod
    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Accept all of *envelopes* or none, and return their uuids."""

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return await self._thread.run(self.push, envelopes)

    @abstractmethod
    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds."""

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return await self._thread.run(self.counts, queue)

    @abstractmethod
    def clear(self, queue: str) -> int:
        """Delete all jobs of *queue*; return how many."""

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return await self._thread.run(self.clear, queue)

    def close(self) -> None:
        """Let go of what the connection holds; a later use opens it again."""
        self._thread.close()
