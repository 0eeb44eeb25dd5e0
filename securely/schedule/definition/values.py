"""What frequencies are given: values of a field, periods, time zones; read, or refused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from datetime import tzinfo
from itertools import islice
from typing import Final, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from securely.schedule.definition.given import LONGEST_SECONDS, is_several, plain, shown
from securely.schedule.exceptions import InvalidExpression
from securely.support.durations import Duration
from securely.support.durations import seconds as seconds_of

__all__ = ["Values", "flat", "period_of", "written", "zone_of"]

Values: TypeAlias = int | str | Iterable[int | str]
"""Several values of one field: 5, "5-10", [0, 15, 30]."""

# Seconds in each; a month and a year have no fixed length.
_UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
# Parts of a list; no field has more, and what goes on longer has no end.
_PARTS_MAX: Final = 100
# Larger numbers than a field has, and than can be told.
_NUMBER_MAX: Final = 10_000


def written(value: object) -> str:
    """Return the text of a field.

    Raises:
        InvalidExpression: It is no number, no text and no list of these.

    Example:
        >>> written(5), written([0, 30]), written("1-5")
        ('5', '0,30', '1-5')
    """
    value = plain(value)
    if not is_several(value):
        return _part(value, value)
    try:
        parts = [_part(part, value) for part in islice(value, _PARTS_MAX + 1)]
    except InvalidExpression:
        raise
    except Exception:  # somebody's own class, or an iterator that fails
        raise _no_value(value) from None
    if not parts:
        raise InvalidExpression("a field has no value; give a number, a text or a list of them")
    if len(parts) > _PARTS_MAX:
        raise InvalidExpression(
            f"a field has no more than {_PARTS_MAX} values; give a shorter list"
        )
    # The order of a set is another one in other processes.
    return ",".join(sorted(parts) if isinstance(value, Set) else parts)


def flat(values: tuple[Values, ...]) -> Values:
    """Return the values of a call: several, or one list of them."""
    return values[0] if len(values) == 1 else cast("Values", values)


def period_of(duration: Duration | None, units: Mapping[str, object]) -> int:
    """Return whole seconds.

    Args:
        duration: "90m", a timedelta, or seconds; None for none.
        units: What is added, by the plural of its unit.

    Raises:
        InvalidExpression: It is no whole number of seconds from 1 to ten years.

    Example:
        >>> period_of("1h", {"minutes": 30})
        5400
    """
    try:
        total = 0.0 if duration is None else seconds_of(duration)
    except ValueError:
        raise InvalidExpression(
            f"every({shown(duration)}): that is no duration; write seconds, a timedelta, or a text"
            ' as "7m"'
        ) from None
    for unit, count in units.items():
        if isinstance(count, bool) or not isinstance(count, (int, float)):
            raise InvalidExpression(f"every({unit}={shown(count)}): give a number")
        # An int can be larger than all floats are.
        total += count * _UNITS[unit] if abs(count) <= LONGEST_SECONDS else math.nan
    if not 1 <= total <= LONGEST_SECONDS or total != int(total):
        told = f"{total:g} seconds" if math.isfinite(total) else "what is given"
        raise InvalidExpression(
            f"every(…): {told} is no period; use whole seconds, from one to ten years"
        )
    return int(total)


def zone_of(name: object) -> tzinfo:
    """Return a time zone.

    Args:
        name: Its name, as "Europe/Prague"; or the zone.

    Raises:
        InvalidExpression: There is no such time zone; near misses are in the message.
    """
    name = plain(name)
    if isinstance(name, tzinfo):
        return name
    if not isinstance(name, str):
        raise InvalidExpression(f'{shown(name)} is no time zone; name one as "Europe/Prague"')
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _no_zone(name) from None


def _part(part: object, value: object) -> str:
    """Return one value as it is written in a field: nothing that would make two of it."""
    part = plain(part)
    if isinstance(part, bool):
        raise _no_value(value)
    if isinstance(part, int):
        if not 0 <= part < _NUMBER_MAX:
            told = str(int(part)) if abs(part) < _NUMBER_MAX else "a number with many digits"
            raise InvalidExpression(f"{told} is out of range in every field; use a smaller number")
        return str(int(part))  # an IntEnum is told as its number
    if not isinstance(part, str):
        raise _no_value(value)
    if not part or part.split() != [part]:
        raise InvalidExpression(
            f"{shown(part)} is no value of one field: it is empty, or has a blank; leave that away"
        )
    return part


def _no_value(value: object) -> InvalidExpression:
    return InvalidExpression(
        f"{shown(value)} is no value of a field; give a number, a text or a list of them"
    )


def _no_zone(name: str) -> InvalidExpression:
    from zoneinfo import available_timezones

    from securely.support.suggest import did_you_mean

    near = did_you_mean(name, sorted(available_timezones()))
    hint = f'did you mean "{near}"?' if near else 'name one as "Europe/Prague"'
    return InvalidExpression(f"{shown(name)} is no time zone; {hint}")
