"""BusFake: records what is dispatched."""

from __future__ import annotations

from securely.queue.bus.dispatcher import Bus

__all__ = ["BusFake"]


class BusFake(Bus):
    """A bus that records."""
