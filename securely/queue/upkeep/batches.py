"""BatchCare: batches as people look at them: how far they are, their failed jobs, old ones gone."""

from __future__ import annotations

from collections.abc import Sequence

from securely.events import Dispatcher
from securely.queue.bus.batch import Batch
from securely.queue.bus.dispatcher import Bus
from securely.queue.contracts import Batches
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.upkeep.controls import workable
from securely.queue.upkeep.failures import Failures, Retried, Wanted
from securely.support import clock
from securely.support.suggest import did_you_mean

__all__ = ["BatchCare", "state_of"]

_KNOWN_MAX = 200  # so many of the newest ids are looked through for one that was mistyped


class BatchCare:
    """The batches of all connections.

    Each of its methods raises :class:`QueueUnavailable` where the connection keeps none, or cannot
    be reached.

    Args:
        queues: The connections.
        bus: Finds batches, and tells of what happens to them.
        codec: Reads what payloads say of failed jobs.
        events: Told of jobs that are retried.
    """

    def __init__(self, queues: QueueManager, bus: Bus, codec: Codec, events: Dispatcher) -> None:
        self._queues = queues
        self._bus = bus
        self._codec = codec
        self._events = events

    def all(self, connection: str, limit: int = 50, before: str | None = None) -> Sequence[Batch]:
        """Return batches, the newest first; *before*: those made before this one."""
        found = self._kept(connection).all(limit, before)
        return [Batch(record, connection, self._bus) for record in found]

    def find(self, connection: str, id_: str) -> Batch | None:
        """Return the batch with this id, or None."""
        return self._bus.find_batch(id_, connection)

    def nearest(self, connection: str, id_: str) -> str | None:
        """Return the id that was probably meant; the beginning of one is enough."""
        return did_you_mean(id_, [batch.id for batch in self._kept(connection).all(_KNOWN_MAX)])

    def retry(self, batch: Batch) -> Retried:
        """Put the failed jobs of *batch* back; it counts them as unsettled again.

        Source: Laravel 13, Illuminate\\Queue\\Console\\RetryBatchCommand.
        """
        if not batch.failed_job_ids:
            return Retried((), ())
        store = workable(self._queues.connection(batch.connection).driver)
        failures = Failures(store.failed, self._codec, self._events)
        return failures.retry(Wanted(keys=batch.failed_job_ids))

    def prune(
        self,
        connection: str,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that are older than so many seconds, and return how many.

        Args:
            connection: The connection that keeps them.
            finished: The age, since their end, of those that have finished; None keeps them.
            unfinished: The age, since their dispatch, of those that have not; None keeps them.
            cancelled: The age, since then, of those that were cancelled; None keeps them.
        """
        now = clock.timestamp()
        ages = (finished, unfinished, cancelled)
        limits = [None if age is None else now - age for age in ages]
        return self._kept(connection).prune(*limits)

    def _kept(self, connection: str) -> Batches:
        driver = self._queues.connection(connection).driver
        kept: Batches | None = getattr(driver, "batches", None)
        return workable(driver).batches if kept is None else kept


def state_of(batch: Batch) -> str:
    """Return "cancelled", "finished", "failing" or "running"."""
    if batch.cancelled():
        return "cancelled"
    if batch.finished():
        return "finished"
    return "failing" if batch.has_failures() else "running"
