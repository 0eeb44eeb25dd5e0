"""Timing: when a task is due."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Timing"]


class Timing(Protocol):
    """When a task is due. All instants are seconds since 1970-01-01 UTC; ticks are whole ones."""

    @property
    def text(self) -> str:
        """How it is written: "*/5 * * * *", or "every 7 minutes"."""
        ...

    @property
    def is_sub_minute(self) -> bool:
        """Whether ticks fall within minutes, and not at their beginning alone."""
        ...

    @property
    def is_repeated(self) -> bool:
        """Whether there are several ticks within one minute."""
        ...

    def is_due(self, at: int) -> bool:
        """Return whether there is a tick at *at*."""
        ...

    def next(self, after: float) -> int | None:
        """Return the first tick strictly after *after*; None for none in the next century."""
        ...

    def previous(self, before: float) -> int | None:
        """Return the last tick strictly before *before*; None for none in the last century."""
        ...

    def ticks(self, after: float, until: float, limit: int = 1000) -> list[int]:
        """Return the last *limit* ticks after *after* and up to *until* itself, oldest first."""
        ...

    def words(self) -> str:
        """Return it for people: "at 02:30 on weekdays"."""
        ...
