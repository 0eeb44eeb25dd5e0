"""Writes nothing."""

from __future__ import annotations

from typing import Self

from securely.log.hub import Hub
from securely.log.options import NullChannel
from securely.log.record import Record

__all__ = ["NullHandler"]


class NullHandler:
    """A handler that nothing reaches."""

    # Above every level, so that a message costs one comparison.
    level = 1000

    @classmethod
    def configured(cls, options: NullChannel, hub: Hub) -> Self:  # a driver's shape
        """Build it."""
        return cls()

    def handle(self, record: Record) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
