"""Keeps records, for tests."""

from __future__ import annotations

from collections import deque
from typing import Self

from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import ArrayChannel
from securely.log.record import Record

__all__ = ["ArrayHandler"]


class ArrayHandler:
    """Keeps the last records in memory.

    Args:
        level: The lowest level that is kept.
        records_max: How many are kept.

    Attributes:
        records: The records, oldest first.
    """

    def __init__(self, level: int = 10, *, records_max: int = 10_000) -> None:
        self.level = level
        self.records: deque[Record] = deque(maxlen=records_max)

    @classmethod
    def configured(cls, options: ArrayChannel, hub: Hub) -> Self:  # a driver's shape
        """Build it as the configuration says."""
        return cls(level_number(options.level), records_max=options.records_max)

    def handle(self, record: Record) -> None:
        """Keep *record*."""
        self.records.append(record)

    def close(self) -> None:
        """Do nothing: the records stay to be looked at."""
