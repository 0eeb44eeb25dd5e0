"""Runs jobs at once, in the caller.

A job goes the whole way that a worker's goes: signed payload, fresh instance, scope, middleware,
events, `failed()`. There is one try, delays do not wait, and the exception reaches the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import cast

from securely.queue.contracts import Counts, Delivery, Envelope, FailedJob, Kind
from securely.queue.delivery.runner import JobRunner, Ran
from securely.queue.manager import Materials
from securely.queue.options import SyncOptions
from securely.support import clock

__all__ = ["SyncConnection"]

_numbers = count(1)


class SyncConnection:
    """A connection whose jobs are done when they have been pushed.

    Args:
        name: Its name in the configuration.
        runner: Runs the jobs.
    """

    def __init__(self, name: str, runner: JobRunner) -> None:
        self.name = name
        self._runner = runner

    @classmethod
    def build(cls, name: str, options: SyncOptions, materials: Materials) -> SyncConnection:
        """Return the connection *name* as its options have it."""
        return cls.of(name, materials)

    @classmethod
    def of(cls, name: str, materials: Materials) -> SyncConnection:
        """Return a connection that runs jobs with what a manager has at hand."""
        return cls(name, cast(JobRunner, materials.runner()))

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Run the jobs of *envelopes* one after the other, and return their uuids.

        Raises:
            Exception: What a job raised; those after it are not run.
        """
        for envelope in envelopes:
            ran = self._runner.attempt(_delivery(envelope), connection=self.name, is_last=True)
            self._finish(envelope, ran)
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`; what is not async itself runs in a thread."""
        for envelope in envelopes:
            delivery = _delivery(envelope)
            if self._runner.is_async(delivery):
                ran = await self._runner.aattempt(delivery, connection=self.name, is_last=True)
                await asyncio.to_thread(self._finish, envelope, ran)
            else:
                await asyncio.to_thread(self.push, [envelope])
        return [envelope.uuid for envelope in envelopes]

    def counts(self, queue: str) -> Counts:
        """Return that nothing waits."""
        return Counts()

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return self.counts(queue)

    def clear(self, queue: str) -> int:
        """Return 0."""
        return 0

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return self.clear(queue)

    def _finish(self, envelope: Envelope, ran: Ran) -> None:
        outcome = ran.outcome
        if outcome.kind is Kind.FAIL and outcome.has_hook:
            failed = FailedJob(
                id=outcome.id,
                uuid=envelope.uuid,
                connection=self.name,
                queue=envelope.queue,
                name=envelope.name,
                payload=envelope.payload,
                error=outcome.error or b"{}",
                attempts=1,
                failed_at=clock.timestamp(),
            )
            self._runner.run_failed_hook(failed)
        if ran.error is not None:
            raise ran.error


def _delivery(envelope: Envelope) -> Delivery:
    return Delivery(
        # Each its own: the runner keeps what it has decoded, and errors for hooks, by it.
        id=next(_numbers),
        token=0,
        queue=envelope.queue,
        name=envelope.name,
        attempts=1,
        exceptions=0,
        lost=0,
        deferrals=0,
        timeout=envelope.timeout,
        max_lost=envelope.max_lost,
        payload=envelope.payload,
    )
