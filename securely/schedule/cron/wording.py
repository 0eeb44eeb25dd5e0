"""Wording: an expression told in words.

People read it in `schedule:list`, beside the expression: it tells the usual ones as they would be
said, and lists what the others name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from securely.schedule.cron.days import Days
from securely.schedule.cron.fields import Fields, values

__all__ = ["Wording", "counted"]

# Below ten in words, as is usual in print.
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINALS: Final = ("", "first", "second", "third", "fourth", "fifth")
_WEEKDAYS: Final = (
    *("Sunday", "Monday", "Tuesday", "Wednesday"),
    *("Thursday", "Friday", "Saturday"),
)
_MONTHS: Final = (
    *("", "January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_EVERY_MONTH: Final = (1 << 13) - 2
_WORKDAYS, _WEEKEND, _EVERY_WEEKDAY = 0b0111110, 0b1000001, 0b1111111
_TIMES_MAX = 6  # more times of the day than these are told as minutes and hours
_RUN_MIN = 3  # numbers in a row that are told as "from … to …"


def counted(count: int, unit: str) -> str:
    """Return a number of units as after "every": "minute", "five minutes", "10 minutes"."""
    if count == 1:
        return unit
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {unit}s"


class Wording:
    """Tells an expression in words.

    Args:
        fields: What the expression means.
        seconds: A bit for each second of its minutes at which it is due.
    """

    __slots__ = ("_fields", "_hours", "_minutes", "_seconds")

    def __init__(self, fields: Fields, seconds: int) -> None:
        self._fields: Fields = fields
        self._seconds: list[int] = values(seconds)
        self._minutes: list[int] = values(fields.minutes)
        self._hours: list[int] = values(fields.hours)

    def told(self) -> str:
        """Return the words: "at 02:30 on weekdays"."""
        time, days = self._time(), _days(self._fields.days, self._fields.months)
        if not days and "at " in time and "past" not in time:
            days = "every day"  # "at 02:30" alone would be once, and not for ever
        return f"{time} {days}" if days else time

    def _time(self) -> str:
        told = self._within_a_day()
        if self._seconds == [0]:
            return told
        period = _period(self._seconds, 60)
        within = f"every {counted(period, 'second')}" if period else _past(self._seconds, "second")
        if told == "every minute":
            return within if period else f"{within} every minute"
        return f"{within}, for a minute, {told}"

    def _within_a_day(self) -> str:
        minutes, hours = self._minutes, self._hours
        if len(hours) == 24:  # noqa: PLR2004  # every hour
            if minutes == [0]:
                return "every hour"
            period = _period(minutes, 60)
            return _every(period) if period else _past(minutes, "minute", "every hour")
        is_regular = len(minutes) == 1 and len(hours) >= _RUN_MIN and _step(hours)
        if len(minutes) * len(hours) <= _TIMES_MAX and not is_regular:
            times = [_clock(hour, minute) for hour in hours for minute in minutes]
            return f"at {_joined(times)}"
        return self._hourly(minutes[0]) if len(minutes) == 1 else self._in_hours()

    def _in_hours(self) -> str:
        """Tell several minutes of some hours."""
        minutes, hours = self._minutes, self._hours
        period, step = _period(minutes, 60), _step(hours)
        if len(hours) == 1 or _is_run(hours):
            within = _every(period) if period else _past(minutes, "minute", "the hour")
            first, last = _clock(hours[0], minutes[0]), _clock(hours[-1], minutes[-1])
            return f"{within} from {first} until {last}"
        if step and len(hours) >= _RUN_MIN:
            which = f"every {_ordinal_word(step)} hour"
            if not _period(hours, 24):
                which += f" from {hours[0]} until {hours[-1]}"
        else:
            which = f"the hours {_joined([str(hour) for hour in hours])}"
        return f"{_every(period)} of {which}" if period else _past(minutes, "minute", which)

    def _hourly(self, minute: int) -> str:
        """Tell one minute of several hours."""
        hours = self._hours
        step = _period(hours, 24)
        if step:
            told = f"every {counted(step, 'hour')}"
            return told if minute == 0 else f"{told} at {_minutes(minute)} past"
        step = _step(hours)
        if step:
            first, last = _clock(hours[0], minute), _clock(hours[-1], minute)
            return f"every {counted(step, 'hour')} from {first} until {last}"
        return f"at {_joined([_clock(hour, minute) for hour in hours])}"


def _days(days: Days, months: int) -> str:
    """Tell the days; empty for each of them."""
    parts: list[str] = []
    of_months = "" if months == _EVERY_MONTH else _named(values(months), _MONTHS)
    dated = _dated(days) if days.is_dated else ""
    if dated:
        parts.append(f"{dated} of {of_months or 'the month'}")
    if days.is_weekly and days.weekdays != _EVERY_WEEKDAY:
        weekly = _weekly(days)
        is_within = days.nth or days.last
        if is_within:
            weekly += f" of {of_months or 'the month'}"
        elif of_months:
            weekly += f" in {of_months}"
        parts.append(weekly)
    if days.is_weekly and days.weekdays == _EVERY_WEEKDAY:
        parts = []
    if not parts and of_months:
        return f"every day in {of_months}"
    return " and ".join(parts)


def _dated(days: Days) -> str:
    if days.has_last:
        return "on the last day"
    if days.has_last_weekday:
        return "on the last weekday"
    if days.nearest:
        return f"on the weekday nearest to the {_ordinal(days.nearest[0])}"
    dates = values(days.dates)
    step = _step(dates)
    if step > 1 and len(dates) > _RUN_MIN and dates[0] == 1 and dates[-1] + step > 31:  # noqa: PLR2004
        return f"every {_ordinal_word(step)} day from the 1st"
    if _is_run(dates):
        return f"from the {_ordinal(dates[0])} to the {_ordinal(dates[-1])}"
    return f"on the {_joined([_ordinal(date) for date in dates])}"


def _weekly(days: Days) -> str:
    parts: list[str] = []
    # A week is told from Monday on.
    found = sorted(weekday or 7 for weekday in values(days.weekdays))
    named = [_WEEKDAYS[weekday % 7] for weekday in found]
    if days.weekdays == _WORKDAYS:
        parts.append("weekdays")
    elif days.weekdays == _WEEKEND:
        parts.append("weekends")
    elif len(found) > _RUN_MIN and _is_run(found) and not (days.nth or days.last):
        return f"from {named[0]} to {named[-1]}"
    else:
        parts += [f"{name}s" for name in named]
    parts += [f"the {_ORDINALS[number]} {_WEEKDAYS[weekday]}" for weekday, number in days.nth]
    parts += [f"the last {_WEEKDAYS[weekday]}" for weekday in days.last]
    return f"on {_joined(parts)}"


def _every(period: int) -> str:
    return f"every {counted(period, 'minute')}"


def _past(numbers: Sequence[int], unit: str, what: str = "") -> str:
    """Tell numbers of minutes, or of seconds: "at 15 and 45 minutes past every hour"."""
    step = _step(numbers)
    if _is_run(numbers):
        told = f"every {unit} from {numbers[0]} to {numbers[-1]}"
    elif step and len(numbers) >= _RUN_MIN:
        told = f"every {counted(step, unit)} from {numbers[0]} to {numbers[-1]}"
    else:
        many = "s" if numbers != [1] else ""
        told = f"at {_joined([str(number) for number in numbers])} {unit}{many}"
    return f"{told} past {what}" if what else f"{told} past"


def _minutes(minute: int) -> str:
    return f"{minute} minute{'s' if minute != 1 else ''}"


def _period(numbers: Sequence[int], whole: int) -> int:
    """Return the step of numbers that begin at 0 and go round evenly; 0 where they do not."""
    if len(numbers) < 2 or numbers[0] != 0:  # noqa: PLR2004
        return 0
    step = _step(numbers)
    return step if step and numbers[-1] + step == whole else 0


def _step(numbers: Sequence[int]) -> int:
    """Return the distance that all neighbours have; 0 where there are none, or it is not one."""
    if len(numbers) < 2:  # noqa: PLR2004
        return 0
    step = numbers[1] - numbers[0]
    return step if list(numbers) == list(range(numbers[0], numbers[-1] + 1, step)) else 0


def _is_run(numbers: Sequence[int]) -> bool:
    return len(numbers) >= _RUN_MIN and numbers[-1] - numbers[0] == len(numbers) - 1


def _named(numbers: Sequence[int], names: Sequence[str]) -> str:
    if _is_run(numbers):
        return f"the months {names[numbers[0]]} to {names[numbers[-1]]}"
    return _joined([names[number] for number in numbers])


def _joined(parts: Sequence[str]) -> str:
    """Join as in a sentence: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def _ordinal(number: int) -> str:
    is_teen = 11 <= number % 100 <= 13  # noqa: PLR2004  # 11th, 12th, 13th
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _ordinal_word(number: int) -> str:
    return _ORDINALS[number] if number < len(_ORDINALS) else _ordinal(number)
