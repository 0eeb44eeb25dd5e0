"""Totals: sizes of all queues of a connection together, and the jobs of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, cast

from securely.queue.contracts import Counts, StoredJob
from securely.queue.upkeep.controls import Controls, workable

__all__ = ["Totals"]


class Totals(Controls):
    """What a connection holds over all its queues: the part of a Queue that adds up.

    Sizes raise :class:`QueueUnavailable` where the connection cannot be reached, and are 0 where it
    keeps no jobs; lists of jobs raise it there, too.

    Source: Laravel 13, Illuminate\\Contracts\\Queue\\Queue.
    """

    def total_counts(self) -> Counts:
        """Return how many jobs all queues hold, by state."""
        return _sum([self.driver.counts(name) for name in self._names()])

    async def atotal_counts(self) -> Counts:
        """Async twin of :meth:`total_counts`."""
        names = await asyncio.to_thread(self._names)
        return _sum([await self.driver.acounts(name) for name in names])

    def total_size(self) -> int:
        """Return how many jobs all queues hold: pending, delayed and reserved."""
        return self.total_counts().total

    async def atotal_size(self) -> int:
        """Async twin of :meth:`total_size`."""
        return (await self.atotal_counts()).total

    def total_pending_size(self) -> int:
        """Return how many jobs of all queues may be taken now."""
        return self.total_counts().pending

    async def atotal_pending_size(self) -> int:
        """Async twin of :meth:`total_pending_size`."""
        return (await self.atotal_counts()).pending

    def total_delayed_size(self) -> int:
        """Return how many jobs of all queues wait for their time."""
        return self.total_counts().delayed

    async def atotal_delayed_size(self) -> int:
        """Async twin of :meth:`total_delayed_size`."""
        return (await self.atotal_counts()).delayed

    def total_reserved_size(self) -> int:
        """Return how many jobs of all queues are in the hands of workers."""
        return self.total_counts().reserved

    async def atotal_reserved_size(self) -> int:
        """Async twin of :meth:`total_reserved_size`."""
        return (await self.atotal_counts()).reserved

    def all_pending_jobs(self) -> Iterator[StoredJob]:
        """Give the jobs of all queues that may be taken now, queue by queue, oldest first."""
        return self._all_jobs("pending")

    async def aall_pending_jobs(self) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`all_pending_jobs`."""
        async for job in self._aall_jobs("pending"):
            yield job

    def all_delayed_jobs(self) -> Iterator[StoredJob]:
        """Give the jobs of all queues that wait for their time, queue by queue."""
        return self._all_jobs("delayed")

    async def aall_delayed_jobs(self) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`all_delayed_jobs`."""
        async for job in self._aall_jobs("delayed"):
            yield job

    def all_reserved_jobs(self) -> Iterator[StoredJob]:
        """Give the jobs of all queues that workers hold, queue by queue."""
        return self._all_jobs("reserved")

    async def aall_reserved_jobs(self) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`all_reserved_jobs`."""
        async for job in self._aall_jobs("reserved"):
            yield job

    def _names(self) -> Sequence[str]:
        """Return the queues that hold jobs; none where nothing is kept."""
        driver = cast(Any, self.driver)
        return cast("Sequence[str]", driver.queues()) if hasattr(driver, "queues") else ()

    def _queues_of(self) -> Sequence[str]:
        names = self._names()
        if not names and not hasattr(self.driver, "queues"):
            workable(self.driver)  # says why there are none
        return names

    def _all_jobs(self, state: str) -> Iterator[StoredJob]:
        for name in self._queues_of():
            yield from self._jobs(name, state)

    async def _aall_jobs(self, state: str) -> AsyncIterator[StoredJob]:
        for name in await asyncio.to_thread(self._queues_of):
            async for job in self._ajobs(name, state):
                yield job


def _sum(found: Sequence[Counts]) -> Counts:
    since = [one.oldest_pending_at for one in found if one.oldest_pending_at is not None]
    return Counts(
        sum(one.pending for one in found),
        sum(one.delayed for one in found),
        sum(one.reserved for one in found),
        min(since, default=None),
    )
