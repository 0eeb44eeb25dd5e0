"""What was read of a moment so far, and the moment that it makes with what is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["Manner", "Special", "Stamp", "dawn_days", "is_real_date", "resolve"]

_ERA_YEARS: Final = 400  # after so many years the calendar repeats itself
_ERA_DAYS: Final = 146_097  # days of them
_ERA_START: Final = 2000  # a year that begins one
_DAY_SECONDS: Final = 86_400  # seconds
_MILLION: Final = 1_000_000  # microseconds of a second
_MONTHS: Final = 12  # of a year
_WEEK: Final = 7  # days
_WORKDAYS: Final = 5  # of a week
_SATURDAY: Final = 6  # counted from Sunday as 0
_LAST_YEAR_CHECKED: Final = 32_767  # PHP's checkdate() goes no further
_LAST_ORDINAL: Final = date.max.toordinal()


class Manner(Enum):
    """How a weekday counts from the day it is sought from."""

    AFTER = 0  # "next monday": the day itself is none
    FROM = 1  # "monday": the day itself is one
    WITHIN_WEEK = 2  # "monday next week": that of the week, which begins on Monday


class Special(Enum):
    """What no sum of days can say."""

    NTH_OF_MONTH = "first monday of"
    LAST_OF_MONTH = "last monday of"
    WORKDAYS = "3 weekdays"


@dataclass(slots=True)
class Stamp:
    """The parts of a moment that a text names; None for those that it does not."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    micro: int | None = None
    zone: tzinfo | None = None
    zones: int = 0
    times: int = 0
    dated: bool = False
    shift: dict[str, int] = field(default_factory=dict[str, int])
    weekday: int | None = None
    manner: Manner | None = None
    special: Special | None = None
    workdays: int = 0
    edge: str = ""

    def set_time(self, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> None:
        """Set all parts of the time of day."""
        self.hour, self.minute, self.second, self.micro = hour, minute, second, micro

    def set_date(self, year: int, month: int, day: int) -> None:
        """Set all parts of the date."""
        self.year, self.month, self.day = year, month, day

    def add(self, unit: str, amount: int) -> None:
        """Shift by *amount* of *unit* ("year", "month", "day", "hour", "minute" …)."""
        self.shift[unit] = self.shift.get(unit, 0) + amount


def resolve(stamp: Stamp, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment that *stamp* means; what it leaves open is of *now*.

    A moment that no datetime can hold is the nearest that one can, so that what comes before it
    still does.
    """
    if stamp.zone is not None and stamp == Stamp(zone=stamp.zone, zones=stamp.zones):
        return now.astimezone(stamp.zone)  # a zone and nothing else: now, as Carbon has it
    # Only a zone by name moves the clock that the rest is taken from: so does PHP.
    home = stamp.zone if isinstance(stamp.zone, ZoneInfo) else zone
    _fill(stamp, now.astimezone(home))
    days = _days(stamp)
    seconds = (stamp.hour or 0) * 3600 + (stamp.minute or 0) * 60 + (stamp.second or 0)
    micros = stamp.micro or 0
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        seconds += stamp.shift.get(unit, 0) * length
    carry, micros = divmod(micros + stamp.shift.get("micro", 0), _MILLION)
    over, seconds = divmod(seconds + carry, _DAY_SECONDS)
    return _moment(days + over, seconds, micros, stamp.zone or zone)


def is_real_date(year: int | None, month: int | None, day: int | None) -> bool:
    """Tell whether all three are there and make a day of the calendar, of the year 1 and later."""
    if not year or not month or not day:
        return False
    if not 1 <= year <= _LAST_YEAR_CHECKED or not 1 <= month <= _MONTHS:
        return False
    return _ordinal(year, month, day) < _ordinal(year, month + 1, 1)


def dawn_days(year: int, week: int, weekday: int) -> int:
    """Return how many days after 1 January of *year* that day of its ISO week is."""
    first = _ordinal(year, 1, 1) % _WEEK
    thursday = _WEEK // 2 + 1
    return weekday - (first - _WEEK if first > thursday else first) + (week - 1) * _WEEK


def _fill(stamp: Stamp, now: datetime) -> None:
    if stamp.dated and not stamp.times:
        stamp.set_time()
    parts = (stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second)
    if stamp.micro is None:
        stamp.micro = now.microsecond if parts == (None,) * len(parts) else 0
    for name in ("year", "month", "day", "hour", "minute", "second"):
        if getattr(stamp, name) is None:
            setattr(stamp, name, getattr(now, name))


def _days(stamp: Stamp) -> int:
    """Return the ordinal of the day: what is read, then the weekday, then the shifts."""
    year, month, day = stamp.year or 0, stamp.month or 0, stamp.day or 0
    months = stamp.shift.get("month", 0)
    if stamp.special in {Special.NTH_OF_MONTH, Special.LAST_OF_MONTH}:
        month, day = month + months + (stamp.special is Special.LAST_OF_MONTH), 1
        months = 0
    year, month, day = _civil(_to_edge(stamp.edge, year, month, day))
    if stamp.weekday is not None:
        year, month, day = _civil(_ordinal(year, month, day) + _to_weekday(stamp, year, month, day))
    year, month, day = (
        year + stamp.shift.get("year", 0),
        month + months,
        day + stamp.shift.get("day", 0),
    )
    days = _to_edge(stamp.edge, year, month, day)
    return days + (_over_weekends(days, stamp.workdays) if stamp.special is Special.WORKDAYS else 0)


def _to_edge(edge: str, year: int, month: int, day: int) -> int:
    if edge == "first":
        return _ordinal(year, month, 1)
    if edge == "last":
        return _ordinal(year, month + 1, 0)
    return _ordinal(year, month, day)


def _to_weekday(stamp: Stamp, year: int, month: int, day: int) -> int:
    """Return how many days from that date the weekday sought is."""
    today = _ordinal(year, month, day) % _WEEK
    wanted = stamp.weekday or 0
    if stamp.manner is Manner.WITHIN_WEEK:
        if today == 0 and wanted != 0:
            wanted -= _WEEK
        elif today != 0 and wanted == 0:
            wanted = _WEEK
        return wanted - today
    if wanted < 0:  # "monday ago"
        return -(_WEEK - (abs(wanted) - today))
    away = wanted - today
    least = 0 if stamp.manner is Manner.FROM or stamp.shift.get("day", 0) < 0 else 1
    return away + _WEEK if away < least else away


def _over_weekends(days: int, count: int) -> int:
    """Return how many days from that day the *count*-th working day is."""
    weeks, rest = divmod(abs(count), _WORKDAYS)
    today = days % _WEEK
    if count > 0:
        return weeks * _WEEK + _past_weekend(today, rest)
    # Backwards is forwards in a mirror, where Saturday and Sunday change places.
    return -(weeks * _WEEK + _past_weekend(_SATURDAY - today, rest))


def _past_weekend(today: int, rest: int) -> int:
    """Return the days that *rest* (0 to 4) working days take; Sunday is 0."""
    if rest == 0:  # whole weeks that end on a weekend end on the Friday before
        return {0: -2, _SATURDAY: -1}.get(today, 0)
    if today == _SATURDAY:
        return rest + 1
    return rest + 2 if today + rest > _WORKDAYS else rest


def _ordinal(year: int, month: int, day: int) -> int:
    """Return the number of a day, in any year; months and days beyond the calendar roll over."""
    over, month = divmod(month - 1, _MONTHS)
    era, within = divmod(year + over - _ERA_START, _ERA_YEARS)
    return date(_ERA_START + within, month + 1, 1).toordinal() + day - 1 + era * _ERA_DAYS


def _civil(ordinal: int) -> tuple[int, int, int]:
    start = date(_ERA_START, 1, 1).toordinal()
    era, within = divmod(ordinal - start, _ERA_DAYS)
    found = date.fromordinal(start + within)
    return found.year + era * _ERA_YEARS, found.month, found.day


def _moment(days: int, seconds: int, micros: int, zone: tzinfo) -> datetime:
    if days < 1:
        return datetime.min.replace(tzinfo=UTC)
    if days > _LAST_ORDINAL:
        return datetime.max.replace(tzinfo=UTC)
    start = datetime.fromordinal(days).replace(tzinfo=zone)
    wall = start + timedelta(seconds=seconds, microseconds=micros)
    try:
        # There and back: a time that the clocks leave out becomes the one that they show.
        return wall.astimezone(UTC).astimezone(zone)
    except OverflowError:
        return wall
