"""Cron: an expression and a time zone, as ticks.

Local times are counted as seconds since 1970-01-01 00:00 on the clocks of the zone, so that
calendar arithmetic knows no zones, and :class:`Offsets` knows no calendar.
"""

from __future__ import annotations

import math
from datetime import date, tzinfo

from securely.schedule.cron.fields import Fields
from securely.schedule.cron.offsets import DAY_SECONDS, Offsets, Piece
from securely.schedule.cron.wording import Wording
from securely.schedule.exceptions import InvalidExpression

__all__ = ["Cron"]

_EPOCH_DAY = 719_163  # 1970-01-01, as date.fromordinal() counts
_FIRST_YEAR, _LAST_YEAR = 2, 9997  # what dates can tell, with a year to spare
_YEARS_MAX = 100  # "0 0 * 2 MON#5" is the rarest that comes true: 40 years apart, around 2100
_MONTHS_MAX = 2_400  # what is kept of a calendar
_MINUTE = 60  # seconds


class Cron:
    """Ticks by the clocks of a time zone.

    An expression whose hours are all of them, or in steps, follows elapsed time: it goes on when
    clocks are put back, and leaves out what they leave out. Any other names times of the day: each
    comes once, the first time that clocks show it; those that clocks leave out come together, once,
    as soon as they have been put forward.

    Attributes:
        text: The expression as it was written.
        zone: The time zone whose clocks count.
        fields: What the expression means.
        every_seconds: How often it is due within each of its minutes; None for what `fields` say.
        is_sub_minute: Ticks fall within minutes, and not at their beginning alone.
        is_repeated: There are several ticks within one minute.

    Example:
        >>> from datetime import UTC
        >>> Cron.parse("30 2 * * MON-FRI", UTC).words()
        'at 02:30 on weekdays'
    """

    __slots__ = (
        "_kept",
        "_seconds",
        "every_seconds",
        "fields",
        "is_repeated",
        "is_sub_minute",
        "offsets",
        "text",
        "zone",
    )

    def __init__(
        self, text: str, fields: Fields, zone: tzinfo, every_seconds: int | None = None
    ) -> None:
        self.text: str = text
        self.fields: Fields = fields
        self.zone: tzinfo = zone
        self.every_seconds: int | None = every_seconds
        self.offsets: Offsets = Offsets.of(zone)
        self._seconds: int = fields.seconds
        if every_seconds is not None:
            self._seconds = sum(1 << second for second in range(0, _MINUTE, every_seconds))
        self.is_sub_minute: bool = self._seconds != 1
        self.is_repeated: bool = self._seconds.bit_count() > 1
        self._kept: dict[tuple[int, int], int] = {}

    @classmethod
    def parse(
        cls,
        text: str,
        zone: tzinfo,
        every_seconds: int | None = None,
        *,
        seed: str | None = None,
    ) -> Cron:
        """Read an expression.

        Args:
            text: Five fields, six with seconds first, or an alias as "@daily".
            zone: The time zone whose clocks count.
            every_seconds: Be due each so many seconds within the minutes that *text* names; it
                divides 60.
            seed: What fields with "H" are computed from: the name of the task.

        Raises:
            InvalidExpression: The text is no expression, or never comes true.
        """
        fields = Fields.parse(text, seed)
        if every_seconds is not None:
            if every_seconds < 1 or _MINUTE % every_seconds:
                raise InvalidExpression(
                    f"A minute is no multiple of {every_seconds} seconds: use 1, 2, 3, 4, 5, 6, 10,"
                    " 12, 15, 20, 30 or 60."
                )
            if fields.seconds != 1:
                raise InvalidExpression(
                    f'Cron expression "{text}" names seconds already: leave them away, or'
                    f" {every_seconds} seconds."
                )
        return cls(text, fields, zone, every_seconds)

    def __repr__(self) -> str:
        return f"Cron({self.text!r}, {str(self.zone)!r})"

    def words(self) -> str:
        """Return it for people: "at 02:30 on weekdays"."""
        return Wording(self.fields, self._seconds).told()

    def is_due(self, at: int) -> bool:
        """Return whether there is a tick at *at*."""
        piece = self.offsets.piece(at)
        local = at + piece.offset
        if self._seconds >> local % _MINUTE & 1 and self._matches(local):
            return self.fields.follows_elapsed_time or local >= piece.reached
        return at < piece.begin + _MINUTE and self._delayed(piece, at, at) is not None

    def next(self, after: float) -> int | None:
        """Return the first tick strictly after *after*; None for none in the next century."""
        at = math.floor(after) + 1
        while True:
            piece = self.offsets.piece(at)
            found = self._first_in(piece, at)
            if found is not None:
                return found
            # Clocks show at `end` what they do not show a day earlier or later, wherever they are.
            local = self._first(piece.end - DAY_SECONDS)
            if local is None:
                return None
            at = max(piece.end, local - DAY_SECONDS)

    def previous(self, before: float) -> int | None:
        """Return the last tick strictly before *before*; None for none in the last century."""
        at = math.ceil(before) - 1
        while True:
            piece = self.offsets.piece(at)
            found = self._last_in(piece, at)
            if found is not None:
                return found
            local = self._last(piece.begin + DAY_SECONDS)
            if local is None:
                return None
            at = min(piece.begin - 1, local + DAY_SECONDS)

    def ticks(self, after: float, until: float, limit: int = 1000) -> list[int]:
        """Return the last *limit* ticks after *after* and up to *until* itself, oldest first."""
        found: list[int] = []
        at = self.previous(math.floor(until) + 1)
        while at is not None and at > after and len(found) < limit:
            found.append(at)
            at = self.previous(at)
        found.reverse()
        return found

    def days(self, year: int, month: int) -> int:
        """Return a bit for each day of that month at which it is due; the first day is bit 1."""
        key = year, month
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MONTHS_MAX:
                self._kept.clear()
            is_meant = self.fields.months >> month & 1
            found = self._kept[key] = self.fields.days.bits(year, month) if is_meant else 0
        return found

    def delays(self, piece: Piece) -> bool:
        """Return whether something falls between what clocks showed before *piece* and in it."""
        if self.fields.follows_elapsed_time or piece.reached >= piece.begin + piece.offset:
            return False
        first = self._first(piece.reached)
        return first is not None and first < piece.begin + piece.offset

    def _delayed(self, piece: Piece, low: int, high: int, is_last: bool = False) -> int | None:
        """Return a tick from *low* to *high* that the change before *piece* has delayed."""
        if high < piece.begin or low >= piece.begin + _MINUTE or not self.delays(piece):
            return None
        bits = self._seconds & (2 << min(high - piece.begin, _MINUTE)) - 1
        bits = bits >> max(low - piece.begin, 0) << max(low - piece.begin, 0)
        if not bits:
            return None
        found = piece.begin + (_highest(bits) if is_last else _lowest(bits))
        return found if found < piece.end else None

    def _first_in(self, piece: Piece, at: int) -> int | None:
        delayed = self._delayed(piece, at, piece.end - 1)
        local = at + piece.offset
        if not self.fields.follows_elapsed_time:
            local = max(local, piece.reached)
        found = self._first_second(local)
        if found is None or found - piece.offset >= piece.end:
            return delayed
        at = found - piece.offset
        return at if delayed is None else min(at, delayed)

    def _last_in(self, piece: Piece, at: int) -> int | None:
        delayed = self._delayed(piece, piece.begin, at, is_last=True)
        found = self._last_second(at + piece.offset)
        low = piece.begin + piece.offset
        if not self.fields.follows_elapsed_time:
            low = max(low, piece.reached)
        if found is None or found < low:
            return delayed
        at = found - piece.offset
        return at if delayed is None else max(at, delayed)

    def _matches(self, local: int) -> bool:
        day, second = divmod(local, DAY_SECONDS)
        fields = self.fields
        if not (fields.hours >> second // 3600 & 1 and fields.minutes >> second % 3600 // 60 & 1):
            return False
        shown = date.fromordinal(day + _EPOCH_DAY)
        return bool(self.days(shown.year, shown.month) >> shown.day & 1)

    def _first_second(self, local: int) -> int | None:
        minute = local - local % _MINUTE
        bits = self._seconds >> (local - minute)
        if bits and self._matches(minute):
            return local + _lowest(bits)
        first = self._first(minute + _MINUTE)
        return None if first is None else first + _lowest(self._seconds)

    def _last_second(self, local: int) -> int | None:
        minute = local - local % _MINUTE
        bits = self._seconds & (2 << (local - minute)) - 1
        if bits and self._matches(minute):
            return minute + _highest(bits)
        last = self._last(minute - 1)
        return None if last is None else last + _highest(self._seconds)

    def _first(self, local: int) -> int | None:
        """Return the first minute that is meant, and that begins at *local* or later."""
        day, second = divmod(local + _MINUTE - 1, DAY_SECONDS)
        shown = _date(day)
        if shown is None:
            return None
        year, month, rest = shown.year, shown.month, self.days(shown.year, shown.month) >> shown.day
        if rest & 1:
            found = self._first_of_day(second // 3600, second % 3600 // 60)
            if found is not None:
                return day * DAY_SECONDS + found
        bits = rest >> 1 << shown.day + 1
        until = min(year + _YEARS_MAX, _LAST_YEAR)
        while not bits:
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004
            if year > until:
                return None
            bits = self.days(year, month)
        day = date(year, month, _lowest(bits)).toordinal() - _EPOCH_DAY
        return day * DAY_SECONDS + _time(_lowest(self.fields.hours), _lowest(self.fields.minutes))

    def _first_of_day(self, hour: int, minute: int) -> int | None:
        hours, minutes = self.fields.hours >> hour, self.fields.minutes
        if hours & 1 and minutes >> minute:
            return _time(hour, minute + _lowest(minutes >> minute))
        later = hours >> 1
        return _time(hour + 1 + _lowest(later), _lowest(minutes)) if later else None

    def _last(self, local: int) -> int | None:
        """Return the last minute that is meant, and that begins at *local* or earlier."""
        day, second = divmod(local, DAY_SECONDS)
        shown = _date(day)
        if shown is None:
            return None
        year, month, bits = shown.year, shown.month, self.days(shown.year, shown.month)
        if bits >> shown.day & 1:
            found = self._last_of_day(second // 3600, second % 3600 // 60)
            if found is not None:
                return day * DAY_SECONDS + found
        bits &= (1 << shown.day) - 1
        until = max(year - _YEARS_MAX, _FIRST_YEAR)
        while not bits:
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
            if year < until:
                return None
            bits = self.days(year, month)
        day = date(year, month, _highest(bits)).toordinal() - _EPOCH_DAY
        return day * DAY_SECONDS + _time(_highest(self.fields.hours), _highest(self.fields.minutes))

    def _last_of_day(self, hour: int, minute: int) -> int | None:
        minutes = self.fields.minutes
        until = minutes & (2 << minute) - 1
        if self.fields.hours >> hour & 1 and until:
            return _time(hour, _highest(until))
        earlier = self.fields.hours & (1 << hour) - 1
        return _time(_highest(earlier), _highest(minutes)) if earlier else None


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _highest(bits: int) -> int:
    return bits.bit_length() - 1


def _time(hour: int, minute: int) -> int:
    return hour * 3600 + minute * 60


def _date(day: int) -> date | None:
    """Return the date of a day since 1970-01-01; None where no calendar reaches."""
    if not -719_000 < day < 2_932_000:  # noqa: PLR2004  # the years 1 to 9997
        return None
    return date.fromordinal(day + _EPOCH_DAY)
