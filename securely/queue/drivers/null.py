"""Takes jobs and drops them."""

from __future__ import annotations

from collections.abc import Sequence

from securely.queue.contracts import BatchRecord, Counts, Envelope
from securely.queue.manager import Materials
from securely.queue.options import NullOptions

__all__ = ["NoBatches", "NullConnection"]


class NullConnection:
    """A connection that keeps nothing: for tests, and to switch a queue off.

    Args:
        name: Its name in the configuration.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.batches: NoBatches = NoBatches()

    @classmethod
    def build(cls, name: str, options: NullOptions, materials: Materials) -> NullConnection:
        """Return the connection *name* as its options have it."""
        return cls(name)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Drop *envelopes*, and return their uuids."""
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return self.push(envelopes)

    def counts(self, queue: str) -> Counts:
        """Return that there is nothing."""
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


class NoBatches:
    """Where batches of dropped jobs are kept: nowhere."""

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Drop *record* and *members*."""
        return True

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Return that the batch is gone."""
        return False

    def find(self, id_: str) -> BatchRecord | None:
        """Return None."""
        return None

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return none."""
        return ()

    def cancel(self, id_: str) -> bool:
        """Return that the batch is gone."""
        return False

    def delete(self, id_: str) -> bool:
        """Return that the batch is gone."""
        return False

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Return 0."""
        return 0
