"""Seconds, timedelta, "10m" or a deadline -> seconds; and seconds in words."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from securely.exceptions import SecurelyError
from securely.support import clock

__all__ = ["Duration", "InvalidDuration", "in_words", "seconds", "seconds_until"]

Duration: TypeAlias = float | int | timedelta | str

# Seconds in each; a month and a year have no fixed length.
_UNITS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3_600.0,
    "d": 86_400.0,
    "w": 604_800.0,
}
# From how many seconds on which unit is said: two minutes are minutes, less are seconds.
_SAID: Final = ((172_800, 86_400, "day"), (3_600, 3_600, "hour"), (120, 60, "minute"))
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])\s*", re.IGNORECASE)


class InvalidDuration(SecurelyError, ValueError):
    """A value that should say how long something lasts does not."""

    def __init__(self, value: object) -> None:
        self.value = value
        remedy = 'Write seconds (90), a timedelta, or text with units ("1h30m"; ms, s, m, h, d, w).'
        if isinstance(value, datetime):
            remedy = (
                "It is a moment, and a span is wanted here: " + remedy
                if value.tzinfo is not None
                else "Where a moment may be given, it needs a time zone: "
                "datetime.now(UTC) + timedelta(hours=1), or moment.astimezone() of local time."
            )
        super().__init__(f"{value!r} is not a duration. {remedy}")

    def __reduce__(self) -> tuple[type[InvalidDuration], tuple[object]]:
        return type(self), (self.value,)


def seconds(value: Duration) -> float:
    """Return *value* as seconds.

    Args:
        value: A number of seconds, a timedelta, or text: a plain number of seconds, or numbers
            with units (ms, s, m, h, d, w), the larger first by custom but not by rule.

    Raises:
        InvalidDuration: It is none of these, or not finite.

    Example:
        >>> seconds("1h30m"), seconds("500ms"), seconds(90)
        (5400.0, 0.5, 90.0)
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        return _parsed(value)
    # A boolean is an integer to Python and a mistake to whoever wrote it.
    if isinstance(value, bool) or not isinstance(value, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
        raise InvalidDuration(value)
    try:
        number = float(value)
    except OverflowError:
        raise InvalidDuration(value) from None
    if not math.isfinite(number):
        raise InvalidDuration(value)
    return number


def seconds_until(value: Duration | datetime) -> float:
    """Return the seconds from now to *value*: a duration, or a deadline as an aware datetime.

    The answer is negative for a deadline that has passed.

    Raises:
        InvalidDuration: It is no duration, or a datetime without a time zone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidDuration(value)
        return value.timestamp() - clock.timestamp()
    return seconds(value)


def in_words(span: float) -> str:
    """Return a duration as people say it: whole units, and no second one.

    Args:
        span: Seconds.

    Example:
        >>> in_words(45), in_words(7_200), in_words(200_000), in_words(0.3)
        ('45 seconds', '2 hours', '2 days', '1 second')
    """
    for least, size, unit in _SAID:
        if span >= least:
            count = int(span // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    count = max(1, math.ceil(span))
    return f"{count} second{'' if count == 1 else 's'}"


def _parsed(text: str) -> float:
    """Read a plain number, or parts with units that fill *text* to its end."""
    stripped = text.strip()
    total = 0.0
    position = 0
    while part := _PART.match(stripped, position):
        total += float(part[1]) * _UNITS[part[2].lower()]
        position = part.end()
    if position and position == len(stripped):
        return total
    try:
        number = float(stripped)
    except ValueError:
        raise InvalidDuration(text) from None
    if not math.isfinite(number):
        raise InvalidDuration(text)
    return number
