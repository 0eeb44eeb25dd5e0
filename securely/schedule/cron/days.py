"""Days: which days of a month two fields of an expression mean."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

__all__ = ["Days", "month_length"]

_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2
_WEEKLY = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28  # a day and those of the weeks that follow it
_SATURDAY, _SUNDAY = 6, 0


def month_length(year: int, month: int) -> int:
    """Return how many days a month has."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == _FEBRUARY and is_leap else _LENGTHS[month]


class Days(NamedTuple):
    """The day of the month and the day of the week; where both are given, either will do.

    Attributes:
        is_dated: The day of the month is neither "*" nor "?".
        dates: A bit for each day of the month that was named.
        has_last: "L", the last day.
        has_last_weekday: "LW", the last day from Monday to Friday.
        nearest: Of "15W": the days whose nearest weekday in the month is meant.
        is_weekly: The day of the week is neither "*" nor "?".
        weekdays: A bit for each day of the week; Sunday is bit 0.
        nth: Of "5#3": days of the week, with the number within the month.
        last: Of "5L": days of the week whose last one in the month is meant.
    """

    is_dated: bool = False
    dates: int = 0
    has_last: bool = False
    has_last_weekday: bool = False
    nearest: tuple[int, ...] = ()
    is_weekly: bool = False
    weekdays: int = 0
    nth: tuple[tuple[int, int], ...] = ()
    last: tuple[int, ...] = ()

    def bits(self, year: int, month: int) -> int:
        """Return a bit for each day of that month that is meant; the first day is bit 1."""
        length = month_length(year, month)
        every = (2 << length) - 2
        if not self.is_dated and not self.is_weekly:
            return every
        first = date(year, month, 1).isoweekday() % 7
        return (self._dated(first, length) | self._weekly(first, length)) & every

    def earliest(self) -> int:
        """Return the day that a month must reach for any of this to come true; 1 for any month."""
        if not self.is_dated or self.is_weekly or self.has_last or self.has_last_weekday:
            return 1
        named = (self.dates & -self.dates).bit_length() - 1 if self.dates else 99
        return min((named, *self.nearest))

    def _dated(self, first: int, length: int) -> int:
        found = self.dates
        if self.has_last:
            found |= 1 << length
        if self.has_last_weekday:
            found |= 1 << _near(length, first, length)
        for day in self.nearest:
            if day <= length:
                found |= 1 << _near(day, first, length)
        return found

    def _weekly(self, first: int, length: int) -> int:
        found = 0
        for weekday in range(7):
            if self.weekdays >> weekday & 1:
                found |= _WEEKLY << 1 + (weekday - first) % 7
        for weekday, number in self.nth:
            found |= 1 << 1 + (weekday - first) % 7 + 7 * (number - 1)
        for weekday in self.last:
            day = 29 + (weekday - first) % 7
            found |= 1 << (day if day <= length else day - 7)
        return found


def _near(day: int, first: int, length: int) -> int:
    """Return the day from Monday to Friday that is nearest to *day*, within the month."""
    weekday = (first + day - 1) % 7
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < length else day - 2
    return day
