"""The eight levels, on the numbers of the standard library."""

from __future__ import annotations

from typing import Final

from securely.log.exceptions import UnknownLevel

__all__ = ["LEVELS", "level_name", "level_number"]

# Numbers of Python's `logging`, so that both may be compared; Laravel's other three in between.
LEVELS: Final[dict[str, int]] = {
    "debug": 10,
    "info": 20,
    "notice": 25,
    "warning": 30,
    "error": 40,
    "critical": 50,
    "alert": 55,
    "emergency": 60,
}

_NAMES: Final = {number: name for name, number in LEVELS.items()}


def level_number(level: str | int) -> int:
    """Return the number of *level*, a name in any case or a number.

    Raises:
        UnknownLevel: There is no level of that name.

    Example:
        >>> level_number("notice"), level_number(17)
        (25, 17)
    """
    if isinstance(level, int):
        return level
    try:
        return LEVELS[level.lower()]
    except (KeyError, AttributeError):  # a name of none, or no name at all
        raise UnknownLevel(str(level), tuple(LEVELS)) from None


def level_name(level: int) -> str:
    """Return the name of *level*; of a number in between, the level below it.

    Example:
        >>> level_name(25), level_name(33), level_name(5)
        ('notice', 'warning', 'debug')
    """
    name = _NAMES.get(level)
    if name is None:
        below = [known for known in _NAMES if known <= level]
        name = _NAMES[max(below)] if below else "debug"
    return name
