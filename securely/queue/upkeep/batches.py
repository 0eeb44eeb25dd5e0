"""BatchCare: batches as people look at them: how far they are, their failed jobs, old ones gone."""

from __future__ import annotations

from collections.abc import Sequence

from securely.queue.contracts import Batches, BatchRecord
from securely.queue.upkeep.failures import Failures, Retried, Wanted
from securely.support import clock
from securely.support.suggest import did_you_mean

__all__ = ["BatchCare", "percentage", "state_of"]

_KNOWN_MAX = 200  # so many of the newest ids are looked through for one that was mistyped


class BatchCare:
    """The batches of one connection.

    Args:
        batches: Where they are kept.
        failures: The failed jobs of the same connection.
    """

    def __init__(self, batches: Batches, failures: Failures) -> None:
        self._batches = batches
        self._failures = failures

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, the newest first; *before*: those made before this one."""
        return self._batches.all(limit, before)

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch with this id, or None."""
        return self._batches.find(id_)

    def nearest(self, id_: str) -> str | None:
        """Return the id that was probably meant; the beginning of one is enough."""
        return did_you_mean(id_, [batch.id for batch in self._batches.all(_KNOWN_MAX)])

    def cancel(self, id_: str) -> bool:
        """Cancel the batch; False when it is gone or was cancelled before.

        Its jobs that have not begun are taken out when their turn comes.
        """
        return self._batches.cancel(id_)

    def retry(self, batch: BatchRecord) -> Retried:
        """Put the failed jobs of *batch* back; it counts them as unsettled again."""
        if not batch.failed_ids:
            return Retried((), ())
        return self._failures.retry(Wanted(keys=tuple(batch.failed_ids)))

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that are older than so many seconds, and return how many.

        Args:
            finished: The age, since their end, of those that have finished; None keeps them.
            unfinished: The age, since their dispatch, of those that have not; None keeps them.
            cancelled: The age, since then, of those that were cancelled; None keeps them.
        """
        now = clock.timestamp()
        ages = (finished, unfinished, cancelled)
        return self._batches.prune(*(None if age is None else now - age for age in ages))


def percentage(batch: BatchRecord) -> int:
    """Return how much of *batch* is settled, in percent.

    Example:
        >>> percentage(BatchRecord("b", total=8, done=5, failed=1))
        75
    """
    settled = batch.done + batch.failed + batch.skipped
    return 100 * settled // batch.total if batch.total else 100


def state_of(batch: BatchRecord) -> str:
    """Return "cancelled", "finished", "failing" or "running"."""
    if batch.cancelled_at is not None:
        return "cancelled"
    if batch.finished_at is not None:
        return "finished"
    return "failing" if batch.failed else "running"
