"""Takes jobs and drops them."""

from __future__ import annotations

from collections.abc import Sequence

from securely.queue.contracts import Counts, Envelope
from securely.queue.manager import Materials
from securely.queue.options import NullOptions

__all__ = ["NullConnection"]


class NullConnection:
    """A connection that keeps nothing: for tests, and to switch a queue off.

    Args:
        name: Its name in the configuration.
    """

    def __init__(self, name: str) -> None:
        self.name = name

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
