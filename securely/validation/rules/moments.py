"""Moments in the many forms that PHP reads: `strtotime`, `new DateTime` and `date_parse`.

A text is a run of forms ("next month", "10:00", "Europe/Paris"): each is matched by the table in
moments_grammar, puts what it says on a stamp, and the stamp makes the moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from securely.validation.rules import loose
from securely.validation.rules.moments_grammar import FORMS, MONTHS, ORDINALS, UNITS, WEEKDAYS
from securely.validation.rules.moments_stamp import (
    Manner,
    Special,
    Stamp,
    dawn_days,
    is_real_date,
    resolve,
)
from securely.validation.rules.moments_zones import zone_of

__all__ = ["is_complete_date", "moment", "moment_of_number"]

_LONGEST: Final = 255  # letters; what is longer is no date
_BLANKS: Final = " \t\n\r\v\f"
_BETWEEN: Final = " \t\n.,\u00a0\u202f"
_CENTURY: Final = 100  # years
_TURN: Final = 70  # two digits from here on are of the century before
_FULL_YEAR: Final = 4  # digits
_NOON: Final = 12  # hours
_LARGEST: Final = 2**63 - 1  # seconds that 64 bits hold
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_ALONE: Final = re.compile(r"[0-9]{1,14}\n?").fullmatch


def moment(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the moment that *text* names, or None where PHP does not understand it.

    Args:
        text: A date, a time, a shift ("+1 week"), or several of them; at most 255 characters.
        now: What parts that the text leaves out are taken from; with a zone.
        zone: The zone of a text that names none.

    Source: PHP, DateTime::__construct; Laravel 13, ValidatesAttributes::getDateTime.

    Example:
        >>> from datetime import UTC, datetime
        >>> now = datetime(2026, 3, 15, 12, tzinfo=UTC)
        >>> moment("last day of next month", now, UTC).isoformat()
        '2026-04-30T12:00:00+00:00'
    """
    if _is_count(text):
        return moment_of_number(float(text))
    stamp = _scan(text or "now")
    return None if stamp is None else resolve(stamp, now, zone)


def moment_of_number(seconds: float) -> datetime | None:
    """Return the moment *seconds* after the epoch, in UTC; None for what is no number (NaN).

    One that no datetime can hold is the first or the last that one can.

    Source: Carbon 3, Creator::__construct, which takes numbers for timestamps.

    Example:
        >>> moment_of_number(1_704_067_200).isoformat()
        '2024-01-01T00:00:00+00:00'
    """
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return (datetime.max if seconds > 0 else datetime.min).replace(tzinfo=UTC)
    except ValueError:
        return None


def is_complete_date(text: str) -> bool:
    """Tell whether *text* is understood, and names a year, a month and a day that exist.

    Source: Laravel 13, ValidatesAttributes::validateDate.

    Example:
        >>> is_complete_date("1 January 2024"), is_complete_date("tomorrow")
        (True, False)
    """
    stamp = _scan(text)
    return stamp is not None and is_real_date(stamp.year, stamp.month, stamp.day)


def _is_count(text: str) -> bool:
    """Tell whether *text* counts seconds: a number, unless of digits alone as "20240101" is."""
    return len(text) <= _LONGEST and loose.is_numeric(text) and not _DIGITS_ALONE(text)


def _scan(text: str) -> Stamp | None:
    if len(text) > _LONGEST:
        return None
    text = text.strip(_BLANKS)
    if not text:
        return None
    stamp, at = Stamp(), 0
    while at < len(text):
        if text[at] in _BETWEEN:
            at += 1
            continue
        found = _longest(text, at)
        if found is None or not _TAKES[found[0]](stamp, found[1]):
            return None
        at = found[1].end()
    return stamp


def _longest(text: str, at: int) -> tuple[str, re.Match[str]] | None:
    best: tuple[str, re.Match[str]] | None = None
    for kind, pattern in FORMS:
        found = pattern.match(text, at)
        if found is not None and (best is None or found.end() > best[1].end()):
            best = kind, found
    return best


def _part(found: re.Match[str], name: str) -> str | None:
    return found[name] if name in found.re.groupindex else None


def _stamp(stamp: Stamp, found: re.Match[str]) -> bool:
    """Take a date, a time of day, or both, and a zone where one stands."""
    names = found.re.groupindex
    return (
        ("hour" not in names or _take_time(stamp, found))
        and (not names.keys() & {"month", "name"} or _take_date(stamp, found))
        and (_part(found, "zone") is None or _zone(stamp, found))
    )


def _take_time(stamp: Stamp, found: re.Match[str]) -> bool:
    if stamp.times:
        return False
    stamp.times = 1
    hour = int(found["hour"])
    stamp.set_time(
        hour + _half(_part(found, "half"), hour),
        int(_part(found, "minute") or 0),
        int(_part(found, "second") or 0),
        int((_part(found, "fraction") or "0")[:6].ljust(6, "0")),
    )
    return True


def _half(half: str | None, hour: int) -> int:
    """Return what "am" or "pm" adds to the hour."""
    if half is None:
        return 0
    if half in "Aa":
        return -_NOON if hour == _NOON else 0
    return 0 if hour == _NOON else _NOON


def _take_date(stamp: Stamp, found: re.Match[str]) -> bool:
    if stamp.dated:
        return False
    stamp.dated = True
    year, name = _part(found, "year"), _part(found, "name")
    if year is not None:
        stamp.year = _full_year(year)
    stamp.month = MONTHS[name.lower()] if name is not None else int(found["month"])
    if "day" in found.re.groupindex:
        stamp.day = int(found["day"])
    elif year is not None:
        stamp.day = 1  # a month of a year begins with it; one of no year keeps the day of today
    return True


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) >= _FULL_YEAR or year >= _CENTURY:
        return year
    return year + (2000 if year < _TURN else 1900)


def _day_of_year(stamp: Stamp, found: re.Match[str]) -> bool:
    if stamp.dated:
        return False
    stamp.dated = True
    stamp.set_date(int(found["year"]), 1, int(found["day"]))
    return True


def _week(stamp: Stamp, found: re.Match[str]) -> bool:
    if stamp.dated:
        return False
    stamp.dated = True
    year, weekday = int(found["year"]), found["weekday"]
    stamp.set_date(year, 1, 1)
    stamp.shift["day"] = dawn_days(year, int(found["week"]), int(weekday or 1))
    return True


def _four_digits(stamp: Stamp, found: re.Match[str]) -> bool:
    """Take a time without a colon, or behind another time a year: "2024" alone is 20:24."""
    if stamp.times == 0:
        stamp.hour, stamp.minute, stamp.second = int(found["hour"]), int(found["minute"]), 0
    elif stamp.times == 1:
        stamp.year = int(found["hour"] + found["minute"])
    else:
        return False
    stamp.times += 1
    return True


def _year(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.year = int(found["year"])
    return True


def _zone(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.zones += 1
    if stamp.zones > 1:
        return stamp.zones == 2  # noqa: PLR2004  # PHP warns of the second, and minds the third
    stamp.zone = zone_of(found["zone"])
    return stamp.zone is not None


def _timestamp(stamp: Stamp, found: re.Match[str]) -> bool:
    seconds, fraction = int(found["count"]), found["fraction"]
    if stamp.zones or abs(seconds) > _LARGEST:
        return stamp.zones == 1 and abs(seconds) <= _LARGEST
    stamp.zones, stamp.zone = 1, UTC
    stamp.dated, stamp.times = False, 0
    stamp.set_date(1970, 1, 1)
    stamp.set_time()
    stamp.add("second", seconds)
    if fraction:
        micros = int(fraction.ljust(6, "0"))
        stamp.shift["micro"] = -micros if found["count"].startswith("-") else micros
    return True


def _clear_time(stamp: Stamp) -> None:
    stamp.times = 0
    stamp.set_time()


def _now(stamp: Stamp, found: re.Match[str]) -> bool:
    return True


def _noon(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.times = 1
    stamp.set_time(_NOON)
    return True


def _today(stamp: Stamp, found: re.Match[str]) -> bool:
    _clear_time(stamp)
    return True


def _next_day(stamp: Stamp, found: re.Match[str]) -> bool:
    _clear_time(stamp)
    stamp.shift["day"] = 1 if found[0][0] in "Tt" else -1
    return True


def _edge(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.edge = found["edge"].lower()
    return True


def _around(stamp: Stamp, found: re.Match[str]) -> bool:
    """Take a quarter past ("back of 7pm") or a quarter to ("front of 7pm")."""
    stamp.times = 1
    hour, minute = int(found["hour"]), 15
    if not found["side"].startswith("b"):
        hour, minute = hour - 1, 45
    stamp.set_time(hour + _half(found["half"], hour), minute)
    return True


def _nth(stamp: Stamp, found: re.Match[str]) -> bool:
    amount = ORDINALS[found["word"].lower()]
    last = amount <= 0
    manner = Manner.AFTER if last and found["word"].lower() != "this" else Manner.FROM
    _clear_time(stamp)
    stamp.special = Special.LAST_OF_MONTH if last else Special.NTH_OF_MONTH
    _shift(stamp, amount, found["unit"].lower(), manner)
    return True


def _weekday(stamp: Stamp, found: re.Match[str]) -> bool:
    _clear_time(stamp)
    stamp.weekday = WEEKDAYS.get(found["unit"].lower(), 1)  # "weekday" alone is Monday in PHP
    if stamp.manner is not Manner.WITHIN_WEEK:
        stamp.manner = Manner.FROM
    return True


def _worded(stamp: Stamp, found: re.Match[str]) -> bool:
    word, unit = found["word"].lower(), found["unit"].lower()
    if unit in WEEKDAYS or UNITS[unit][0] == "workday":
        _clear_time(stamp)
    _shift(stamp, ORDINALS[word], unit, Manner.FROM if word == "this" else Manner.AFTER)
    return True


def _worded_week(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.add("day", ORDINALS[found["word"].lower()] * 7)
    stamp.manner = Manner.WITHIN_WEEK
    if stamp.weekday is None:
        stamp.weekday = 1  # "next week" alone is its Monday
    return True


def _counted(stamp: Stamp, found: re.Match[str]) -> bool:
    count = int(found["count"])
    if found["signs"].count("-") % 2:
        count = -count
    _shift(stamp, count, found["unit"].lower(), Manner.FROM)
    return True


def _shift(stamp: Stamp, amount: int, unit: str, manner: Manner) -> None:
    if unit in WEEKDAYS:
        stamp.add("day", (amount - 1 if amount > 0 else amount) * 7)
        stamp.weekday, stamp.manner = WEEKDAYS[unit], manner
        return
    part, size = UNITS[unit]
    if part == "workday":
        stamp.special, stamp.workdays = Special.WORKDAYS, amount
    else:
        stamp.add(part, amount * size)


def _ago(stamp: Stamp, found: re.Match[str]) -> bool:
    stamp.shift = {unit: -amount for unit, amount in stamp.shift.items()}
    if stamp.weekday is not None:
        stamp.weekday = -stamp.weekday or -7
    stamp.workdays = -stamp.workdays
    return True


_TAKES: Final[dict[str, Callable[[Stamp, re.Match[str]], bool]]] = {
    "ago": _ago,
    "around": _around,
    "counted": _counted,
    "day_of_year": _day_of_year,
    "edge": _edge,
    "four_digits": _four_digits,
    "noon": _noon,
    "now": _now,
    "nth": _nth,
    "stamp": _stamp,
    "timestamp": _timestamp,
    "today": _today,
    "tomorrow": _next_day,
    "week": _week,
    "weekday": _weekday,
    "worded": _worded,
    "worded_week": _worded_week,
    "year": _year,
    "yesterday": _next_day,
    "zone": _zone,
}
