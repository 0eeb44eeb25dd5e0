"""Timetable: which of many are due in a minute.

Each minute of the hour, hour of the day and day has a number whose bits are the entries that name
it; what is due is what three such numbers have in common, however many entries there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from securely.schedule.cron.cron import Cron
from securely.schedule.cron.interval import Interval
from securely.schedule.cron.offsets import DAY_SECONDS, Offsets
from securely.schedule.cron.timing import Timing

__all__ = ["Timetable"]

_EPOCH_DAY = 719_163  # 1970-01-01, as date.fromordinal() counts
_MINUTE = 60  # seconds


class Timetable:
    """Finds which of many are due.

    Args:
        timings: When each of them is due.

    Example:
        >>> from datetime import UTC
        >>> table = Timetable([Cron.parse("*/5 * * * *", UTC), Interval(60)])
        >>> table.due(300), table.due(360)
        ([0, 1], [1])
    """

    def __init__(self, timings: Sequence[Timing]) -> None:
        self._others: list[tuple[int, Timing]] = []
        self._intervals: dict[int, int] = {}
        groups: dict[Offsets, list[tuple[int, Cron]]] = {}
        for index, timing in enumerate(timings):
            if isinstance(timing, Cron):
                groups.setdefault(timing.offsets, []).append((index, timing))
            elif isinstance(timing, Interval):
                bits = self._intervals.get(timing.seconds, 0) | 1 << index
                self._intervals[timing.seconds] = bits
            else:
                self._others.append((index, timing))
        self._clocks: list[_Clock] = [_Clock(offsets, group) for offsets, group in groups.items()]

    def due(self, minute: int) -> list[int]:
        """Return the indexes of those with a tick in the minute that *minute* lies in, in order."""
        minute -= minute % _MINUTE
        bits = 0
        for clock in self._clocks:
            bits |= clock.due(minute)
        for seconds, entries in self._intervals.items():
            if -minute % seconds < _MINUTE:
                bits |= entries
        for index, timing in self._others:
            if timing.ticks(minute - 1, minute + _MINUTE - 1, 1):
                bits |= 1 << index
        return _indexes(bits)


class _Clock:
    """The entries of one time zone."""

    __slots__ = ("_day", "_elapsed", "_entries", "_hours", "_minutes", "_offsets", "_today")

    def __init__(self, offsets: Offsets, entries: list[tuple[int, Cron]]) -> None:
        self._offsets: Offsets = offsets
        self._entries: list[tuple[int, Cron]] = entries
        self._minutes: list[int] = [0] * 60
        self._hours: list[int] = [0] * 24
        self._elapsed: int = 0
        self._today: tuple[int | None, int] = (None, 0)  # a day, with the entries that name it
        for index, cron in entries:
            bit = 1 << index
            for number in range(60):
                if cron.fields.minutes >> number & 1:
                    self._minutes[number] |= bit
            for number in range(24):
                if cron.fields.hours >> number & 1:
                    self._hours[number] |= bit
            if cron.fields.follows_elapsed_time:
                self._elapsed |= bit

    def due(self, minute: int) -> int:
        piece = self._offsets.piece(minute)
        local = minute + piece.offset
        if local % _MINUTE or piece.end < minute + _MINUTE:
            # Clocks that are not in step with the minutes of UTC: none since 1972.
            return self._one_by_one(minute)
        day, second = divmod(local, DAY_SECONDS)
        bits = self._minutes[second % 3600 // 60] & self._hours[second // 3600]
        if bits:
            bits &= self._named(day)
        if local < piece.reached:
            bits &= self._elapsed
        elif minute == piece.begin:
            for index, cron in self._entries:
                if cron.delays(piece):
                    bits |= 1 << index
        return bits

    def _named(self, day: int) -> int:
        known, bits = self._today
        if known != day:
            shown = date.fromordinal(day + _EPOCH_DAY)
            bits = 0
            for index, cron in self._entries:
                if cron.days(shown.year, shown.month) >> shown.day & 1:
                    bits |= 1 << index
            self._today = day, bits
        return bits

    def _one_by_one(self, minute: int) -> int:
        bits = 0
        for index, cron in self._entries:
            if cron.ticks(minute - 1, minute + _MINUTE - 1, 1):
                bits |= 1 << index
        return bits


def _indexes(bits: int) -> list[int]:
    found: list[int] = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found
