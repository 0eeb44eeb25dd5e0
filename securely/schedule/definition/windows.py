"""Window: a time of the day, over midnight too, within which a task runs, or does not."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from securely.schedule.definition.given import plain, shown
from securely.schedule.exceptions import InvalidTask
from securely.support import clock

__all__ = ["Window", "minutes_of", "seconds_of"]

# Seconds may be told, and are left away: tasks are due at minutes.
_CLOCK: Final = re.compile(r"(\d{1,2})?(?::(\d{1,2})?(?::(\d{1,2}))?)?\Z", re.ASCII)
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\Z", re.ASCII)
# 24:00 is the end of the day, whose last second is the one before.
_DAY_SECONDS: Final = 86_400


class Window(NamedTuple):
    """A time of the day, both ends included.

    Attributes:
        start: Seconds since midnight.
        end: As *start*; less than that where it lies behind midnight.
        is_closed: The task does not run within it, instead of without.
    """

    start: int
    end: int
    is_closed: bool

    @classmethod
    def of(cls, start: str, end: str, *, is_closed: bool) -> Window:
        """Return the window from *start* to *end*, as "8:00" and "17:30", all of its last minute.

        Raises:
            InvalidTask: One of them is no time of the day.
        """
        return cls(seconds_of(start), _end_of(end), is_closed)

    def is_open(self, zone: tzinfo, at: float | None = None) -> bool:
        """Return whether a task may run at an instant (None: now), by the clock of *zone*."""
        now = datetime.fromtimestamp(clock.timestamp() if at is None else at, zone)
        second = now.hour * 3_600 + now.minute * 60 + now.second
        if self.start <= self.end:
            is_within = self.start <= second <= self.end
        else:
            is_within = second >= self.start or second <= self.end
        return is_within is not self.is_closed

    @property
    def shown(self) -> str:
        """When a task may run: "between 08:00 and 17:00"."""
        span = f"{_shown(self.start)} and {_shown(self.end)}"
        return f"not between {span}" if self.is_closed else f"between {span}"

    @property
    def words(self) -> str:
        """Why a task does not run."""
        span = f"{_shown(self.start)} and {_shown(self.end)}"
        return f"it is {'' if self.is_closed else 'not '}between {span}"


def minutes_of(time: object) -> tuple[int, int]:
    """Return the hour and the minute of "13:00", "7:5" or "8"; seconds are left away.

    Raises:
        InvalidTask: It is no time of the day.

    Example:
        >>> minutes_of("7:5"), minutes_of("8"), minutes_of("13:08:10")
        ((7, 5), (8, 0), (13, 8))
    """
    time = plain(time)
    if not isinstance(time, str):
        raise InvalidTask(f'a time of the day is a text as "13:00", not {shown(time)}')
    found = _CLOCK.match(time) if time.strip(":") else None
    if found is None:
        raise InvalidTask(f'{shown(time)} is no time of the day; write one as "13:00"')
    hour, minute, second = (int(part or 0) for part in found.groups())
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004  # the last of each
        raise InvalidTask(f"{shown(time)} is no time of the day: they go from 0:00 to 23:59")
    return hour, minute


def seconds_of(time: object) -> int:
    """Return the seconds from midnight to "8:00" or "23:59:59".

    Raises:
        InvalidTask: It is no time of the day.
    """
    time = plain(time)
    found = _TIME.match(time) if isinstance(time, str) else None
    if found is None:
        raise InvalidTask(f'{shown(time)} is no time of the day; write one as "8:00"')
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):  # noqa: PLR2004
        raise InvalidTask(f"{shown(time)} is no time of the day: they go from 0:00 to 24:00")
    return min(hour * 3_600 + minute * 60 + second, _DAY_SECONDS - 1)


def _end_of(time: object) -> int:
    """Return the last second of what ends at *time*: of its minute, where that names no second.

    What is due in that minute may begin some seconds later, behind others.
    """
    second = seconds_of(time)
    is_exact = str(plain(time)).count(":") > 1
    return second if is_exact else second // 60 * 60 + 59


def _shown(second: int) -> str:
    return f"{second // 3_600:02}:{second // 60 % 60:02}"
