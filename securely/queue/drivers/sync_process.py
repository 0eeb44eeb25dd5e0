"""InProcess: what connections share that keep no jobs, but run them in this process."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from itertools import count

from securely.queue.contracts import (
    Counts,
    Delivery,
    Envelope,
    FailedJob,
    Kind,
    Outcome,
    StoredResult,
)
from securely.queue.delivery.runner import JobRunner, Ran
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.support import clock

__all__ = ["InProcess", "delivery_of"]

_numbers = count(1)


class InProcess(ABC):
    """A connection that keeps nothing; :meth:`perform` runs a job and what follows from it.

    Args:
        name: Its name in the configuration.
        runner: Runs the jobs.
    """

    def __init__(self, name: str, runner: JobRunner) -> None:
        self.name = name
        self.batches: MemoryBatches = MemoryBatches(self.take)
        self._runner = runner
        # Which job holds which unique key, until it has run.
        self._keys: dict[str, Envelope] = {}
        self._results: dict[str, tuple[float, StoredResult]] = {}

    @abstractmethod
    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """See to it that the jobs of *envelopes* run; return the uuids that stand for them."""

    @abstractmethod
    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""

    @abstractmethod
    def take(self, members: Sequence[Envelope]) -> None:
        """See to it that *members* of a batch run, all of them."""

    def perform(self, envelope: Envelope) -> tuple[str, BaseException | None]:
        """Run the job of *envelope* and what follows from it; what it raised has been reported.

        Returns:
            The uuid of the job that stands for it, and the first exception.
        """
        if (holder := self.claim(envelope)) is not None:
            return holder, None
        first: BaseException | None = None
        waiting = deque([envelope])
        while waiting:
            one = waiting.popleft()
            delivery = delivery_of(one)
            try:
                ran = self._runner.attempt(delivery, connection=self.name, is_last=True)
            finally:
                self.free(one)
            first = first or ran.error
            waiting.extendleft(reversed(self._followers(one, ran)))
        return envelope.uuid, first

    async def aperform(self, envelope: Envelope) -> tuple[str, BaseException | None]:
        """Async twin of :meth:`perform`; what is not async itself runs in a thread."""
        if (holder := self.claim(envelope)) is not None:
            return holder, None
        first: BaseException | None = None
        waiting = deque([envelope])
        while waiting:
            one = waiting.popleft()
            delivery = delivery_of(one)
            try:
                if self._runner.is_async(delivery):
                    ran = await self._runner.aattempt(delivery, connection=self.name, is_last=True)
                else:
                    ran = await asyncio.to_thread(
                        self._runner.attempt, delivery, connection=self.name, is_last=True
                    )
            finally:
                self.free(one)
            first = first or ran.error
            waiting.extendleft(reversed(await asyncio.to_thread(self._followers, one, ran)))
        return envelope.uuid, first

    def claim(self, envelope: Envelope) -> str | None:
        """Let *envelope* hold its unique key; return the uuid of the job that does already."""
        # Of debounced jobs none waits here, that another one could replace.
        if envelope.unique is None or envelope.max_wait is not None:
            return None
        holder = self._keys.setdefault(envelope.unique, envelope)
        return None if holder is envelope else holder.uuid

    def free(self, envelope: Envelope) -> None:
        """Let go of the unique key that *envelope* holds, if it still does."""
        if envelope.unique is not None and self._keys.get(envelope.unique) is envelope:
            del self._keys[envelope.unique]

    def unlock(self, delivery: Delivery) -> None:
        """Free the unique key of a running job, for one that is unique until processing."""
        for key, holder in [*self._keys.items()]:
            if holder.payload is delivery.payload:
                del self._keys[key]

    async def aunlock(self, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        self.unlock(delivery)

    def result(self, uuid: str) -> StoredResult | None:
        """Return what came of the job; None where nothing is kept of it, or not any more."""
        kept = self._results.get(uuid)
        return kept[1] if kept is not None and kept[0] > clock.timestamp() else None

    def holds(self, uuid: str) -> bool:
        """Return False: what was pushed has run, or nobody knows of it."""
        return False

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

    def _keep(self, uuid: str, outcome: Outcome, length: float) -> None:
        """Keep what came of a job, and forget what is over."""
        now = clock.timestamp()
        for old in [key for key, (until, _) in self._results.items() if until <= now]:
            self._results.pop(old, None)
        error = outcome.error or b"{}" if outcome.kind is Kind.FAIL else None
        self._results[uuid] = now + length, StoredResult(outcome.result, error)

    def _followers(self, envelope: Envelope, ran: Ran) -> list[Envelope]:
        """Run the hook of a job that failed, count it, and return what is to run next."""
        outcome = ran.outcome
        if outcome.kind is Kind.FAIL and outcome.has_hook:
            self._runner.run_failed_hook(_failed(self.name, envelope, outcome))
        if outcome.result_seconds is not None and outcome.kind in {Kind.DONE, Kind.FAIL}:
            self._keep(envelope.uuid, outcome, outcome.result_seconds)
        # Nobody would take up again what was put back: its batch must not wait for it.
        kind = Kind.SKIP if outcome.kind is Kind.RELEASE else outcome.kind
        return [*self.batches.settle(envelope, kind, outcome), *outcome.successors]


def _failed(connection: str, envelope: Envelope, outcome: Outcome) -> FailedJob:
    return FailedJob(
        id=outcome.id,
        uuid=envelope.uuid,
        connection=connection,
        queue=envelope.queue,
        name=envelope.name,
        payload=envelope.payload,
        error=outcome.error or b"{}",
        attempts=1,
        failed_at=clock.timestamp(),
    )


def delivery_of(envelope: Envelope) -> Delivery:
    """Return *envelope* as a worker would be given it, the first time."""
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
