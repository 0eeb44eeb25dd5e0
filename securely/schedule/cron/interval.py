"""Interval: ticks at the multiples of a number of seconds."""

from __future__ import annotations

import math

from securely.schedule.cron.wording import counted
from securely.schedule.exceptions import InvalidExpression

__all__ = ["Interval"]

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_MINUTE = 60  # seconds


class Interval:
    """Ticks at the multiples of a number of seconds since 1970-01-01 UTC: elapsed time alone.

    Args:
        seconds: The period, in whole seconds.

    Raises:
        InvalidExpression: It is no whole number, or less than one.

    Attributes:
        text: How it is written: "every 7 minutes".
        is_sub_minute: Ticks fall within minutes, and not at their beginning alone.
        is_repeated: There are several ticks within one minute.

    Example:
        >>> Interval(420).words()
        'every seven minutes'
    """

    __slots__ = ("_unit", "is_repeated", "is_sub_minute", "seconds", "text")

    def __init__(self, seconds: int) -> None:
        if seconds < 1 or seconds != math.floor(seconds):
            raise InvalidExpression(
                f"An interval of {seconds} seconds cannot be kept: use whole seconds, at least one."
            )
        self.seconds: int = int(seconds)
        size, unit = next(each for each in _UNITS if self.seconds % each[0] == 0)
        self._unit: tuple[int, str] = (self.seconds // size, unit)
        count = self.seconds // size
        self.text: str = f"every {unit}" if count == 1 else f"every {count} {unit}s"
        self.is_sub_minute: bool = self.seconds % _MINUTE != 0
        self.is_repeated: bool = self.seconds < _MINUTE

    def __repr__(self) -> str:
        return f"Interval({self.seconds})"

    def words(self) -> str:
        """Return it for people: "every seven minutes"."""
        return f"every {counted(*self._unit)}"

    def is_due(self, at: int) -> bool:
        """Return whether there is a tick at *at*."""
        return at % self.seconds == 0

    def next(self, after: float) -> int | None:
        """Return the first tick strictly after *after*."""
        return (math.floor(after) // self.seconds + 1) * self.seconds

    def previous(self, before: float) -> int | None:
        """Return the last tick strictly before *before*."""
        return (math.ceil(before) - 1) // self.seconds * self.seconds

    def ticks(self, after: float, until: float, limit: int = 1000) -> list[int]:
        """Return the last *limit* ticks after *after* and up to *until* itself, oldest first."""
        last = math.floor(until) // self.seconds * self.seconds
        first = (math.floor(after) // self.seconds + 1) * self.seconds
        first = max(first, last - (limit - 1) * self.seconds)
        return list(range(first, last + 1, self.seconds))
