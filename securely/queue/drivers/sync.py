"""Runs jobs at once, in the caller.

A job goes the whole way that a worker's goes: signed payload, fresh instance, scope, middleware,
events, `failed()`. There is one try, delays do not wait, and the exception reaches the caller.
What follows from a job, the next link of its chain or a callback of its batch, runs right after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from securely.queue.contracts import Envelope
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sync_process import InProcess
from securely.queue.manager import Materials
from securely.queue.options import SyncOptions

__all__ = ["SyncConnection"]


class SyncConnection(InProcess):
    """A connection whose jobs are done when they have been pushed.

    Args:
        name: Its name in the configuration.
        runner: Runs the jobs.

    Source: Laravel 13, Illuminate\\Queue\\SyncQueue.
    """

    @classmethod
    def build(cls, name: str, options: SyncOptions, materials: Materials) -> SyncConnection:
        """Return the connection *name* as its options have it."""
        return cls.of(name, materials)

    @classmethod
    def of(cls, name: str, materials: Materials) -> SyncConnection:
        """Return a connection that runs jobs with what a manager has at hand."""
        return cls(name, cast(JobRunner, materials.runner()))

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Run the jobs of *envelopes* one after the other, and what follows from each.

        Returns:
            The uuids of the jobs; that of the one which runs, where it holds the same unique key.

        Raises:
            Exception: What a job raised; those after it are not run.
        """
        uuids: list[str] = []
        for envelope in envelopes:
            uuid, error = self.perform(envelope)
            if error is not None:
                raise error
            uuids.append(uuid)
        return uuids

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`; what is not async itself runs in a thread."""
        uuids: list[str] = []
        for envelope in envelopes:
            uuid, error = await self.aperform(envelope)
            if error is not None:
                raise error
            uuids.append(uuid)
        return uuids

    def take(self, members: Sequence[Envelope]) -> None:
        """Run *members* of a batch, all of them, as a worker would.

        Raises:
            Exception: The first that a job raised, unless its batch allows failures.
        """
        first: BaseException | None = None
        for member in members:
            error = self.perform(member)[1]
            record = None if member.batch is None else self.batches.find(member.batch)
            if first is None and not (record is not None and record.allow_failures):
                first = error
        if first is not None:
            raise first
