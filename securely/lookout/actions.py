"""Actions: what the buttons of pages do: retry and forget failed jobs, cancel and retry batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from securely.lookout.archive import Archive
from securely.queue.upkeep.failures import Retried, Wanted

__all__ = ["SAID", "Actions"]

SAID: Final[Mapping[str, str]] = {
    "retried": "The job is back in its queue.",
    "conflict": "The job stays failed: another one holds its unique key.",
    "forgotten": "The failed job was forgotten.",
    "gone": "It is gone: somebody else was faster.",
    "cancelled": "The batch is cancelled.",
    "finished": "The batch has finished: there is nothing to cancel.",
    "batch-retried": "The failed jobs of the batch are back in their queues.",
    "batch-conflict": "Some jobs stay failed: other ones hold their unique keys.",
    "batch-nothing": "The batch has no failed jobs.",
}
"""What is said on the next page of each action; that page is asked for with the word alone."""


class Actions:
    """What the buttons of pages do; each method waits for the stores, so call it in a thread.

    Each returns a word of :data:`SAID`.

    Args:
        archive: Finds what is meant.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._by_name: Mapping[str, Callable[[str, str], str]] = {
            "failed/retry": self.retry,
            "failed/forget": self.forget,
            "batches/cancel": self.cancel_batch,
            "batches/retry": self.retry_batch,
        }

    def named(self, kind: str, verb: str) -> Callable[[str, str], str] | None:
        """Return the action of a button; None of one that there is not."""
        return self._by_name.get(f"{kind}/{verb}")

    def retry(self, connection: str, key: str) -> str:
        """Put a failed job back in its queue."""
        job = self._archive.find(connection, key)
        if job is None:
            return "gone"
        retried = self._archive.failures(connection).retry(Wanted(keys=(str(job.id),)))
        return _said(retried, "retried", "conflict", "gone")

    def forget(self, connection: str, key: str) -> str:
        """Delete a failed job."""
        job = self._archive.find(connection, key)
        failed = self._archive.store(connection).failed
        return "forgotten" if job is not None and failed.forget(str(job.id)) else "gone"

    def cancel_batch(self, connection: str, key: str) -> str:
        """Cancel a batch that has not finished."""
        batch = self._archive.batch(connection, key)
        if batch is None:
            return "gone"
        if batch.finished():
            return "finished"
        batch.cancel()  # false where somebody else was faster: it is cancelled all the same
        return "cancelled"

    def retry_batch(self, connection: str, key: str) -> str:
        """Put the failed jobs of a batch back in their queues."""
        batch = self._archive.batch(connection, key)
        if batch is None:
            return "gone"
        retried = self._archive.care.retry(batch)
        return _said(retried, "batch-retried", "batch-conflict", "batch-nothing")


def _said(retried: Retried, done: str, conflict: str, nothing: str) -> str:
    if retried.conflicts:
        return conflict
    return done if retried.jobs else nothing
