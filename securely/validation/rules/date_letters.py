"""How each letter of PHP's date() is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["written"]

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_TEENS: Final = range(11, 14)
_NOON: Final = 12  # hours
_BEAT_MICROS: Final = 86_400_000  # microseconds of a Swatch beat


def written(moment: datetime, layout: str) -> str:
    """Return *moment* as *layout* of PHP's letters writes it; a backslash keeps the next one."""
    parts: list[str] = []
    letters = iter(layout)
    for letter in letters:
        if letter == "\\":
            parts.append(next(letters, "\\"))
        else:
            write = _LETTERS.get(letter)
            parts.append(letter if write is None else write(moment))
    return "".join(parts)


def _suffix(moment: datetime) -> str:
    if moment.day in _TEENS:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(moment.day % 10, "th")


def _days_in_month(moment: datetime) -> str:
    days = 31
    while True:
        try:
            moment.replace(day=days)
        except ValueError:
            days -= 1
        else:
            return str(days)


def _is_leap(moment: datetime) -> bool:
    return moment.year % 4 == 0 and (moment.year % 100 != 0 or moment.year % 400 == 0)


def _beats(moment: datetime) -> str:
    """Return the thousandth of the day in Biel, which is an hour east of UTC."""
    biel = timedelta(hours=moment.hour + 1, minutes=moment.minute, seconds=moment.second)
    micros = (biel - _offset(moment)) % timedelta(days=1) // timedelta(microseconds=1)
    return f"{micros // _BEAT_MICROS:03}"


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _offset_text(moment: datetime, colon: str = ":") -> str:
    seconds = int(_offset(moment).total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{colon}{rest // 60:02}"


def _zulu_offset(moment: datetime) -> str:
    return "Z" if _short_zone(moment) in {"UTC", "Z", "+00:00"} else _offset_text(moment)


def _short_zone(moment: datetime) -> str:
    name = moment.tzname()
    if name is None:
        return "UTC"
    # What Python calls a zone that has no name.
    return _offset_text(moment) if name.startswith(("UTC+", "UTC-")) else name


def _long_zone(moment: datetime) -> str:
    zone = moment.tzinfo
    return (isinstance(zone, ZoneInfo) and zone.key) or _short_zone(moment)


def _timestamp(moment: datetime) -> str:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return str((aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))


_LETTERS: Final[dict[str, Callable[[datetime], str]]] = {
    "d": lambda m: f"{m.day:02}",
    "D": lambda m: _WEEKDAYS[m.weekday()][:3],
    "j": lambda m: str(m.day),
    "l": lambda m: _WEEKDAYS[m.weekday()],
    "N": lambda m: str(m.isoweekday()),
    "S": _suffix,
    "w": lambda m: str(m.isoweekday() % 7),
    "z": lambda m: str(m.timetuple().tm_yday - 1),
    "W": lambda m: f"{m.isocalendar().week:02}",
    "F": lambda m: _MONTHS[m.month - 1],
    "m": lambda m: f"{m.month:02}",
    "M": lambda m: _MONTHS[m.month - 1][:3],
    "n": lambda m: str(m.month),
    "t": _days_in_month,
    "L": lambda m: str(int(_is_leap(m))),
    "o": lambda m: str(m.isocalendar().year),
    "X": lambda m: f"+{m.year:04}",
    "x": lambda m: f"{m.year:04}",
    "Y": lambda m: f"{m.year:04}",
    "y": lambda m: f"{m.year % 100:02}",
    "a": lambda m: "am" if m.hour < _NOON else "pm",
    "A": lambda m: "AM" if m.hour < _NOON else "PM",
    "B": _beats,
    "g": lambda m: str(m.hour % _NOON or _NOON),
    "G": lambda m: str(m.hour),
    "h": lambda m: f"{m.hour % _NOON or _NOON:02}",
    "H": lambda m: f"{m.hour:02}",
    "i": lambda m: f"{m.minute:02}",
    "s": lambda m: f"{m.second:02}",
    "u": lambda m: f"{m.microsecond:06}",
    "v": lambda m: f"{m.microsecond // 1000:03}",
    "e": _long_zone,
    "I": lambda m: str(int(bool(m.dst()))),
    "O": lambda m: _offset_text(m, ""),
    "P": _offset_text,
    "p": _zulu_offset,
    "T": _short_zone,
    "Z": lambda m: str(int(_offset(m).total_seconds())),
    "c": lambda m: written(m, "Y-m-d\\TH:i:sP"),
    "r": lambda m: written(m, "D, d M Y H:i:s O"),
    "U": _timestamp,
}
