"""Fields: the text of a cron expression, read into masks of bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from securely.schedule.cron.days import Days
from securely.schedule.exceptions import InvalidExpression

__all__ = ["ALIASES", "Fields", "values"]

ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_T = TypeVar("_T")

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PLAIN, _WITH_SECONDS = 5, 6  # how many fields there may be
_DIGITS_MAX = 9  # leading zeros are allowed, yet no text of any length is made a number
_SHOWN_MAX = 100  # characters of an expression that a message repeats
_WEEKS_MAX = 5  # no day of the week comes more often in a month
# The days of each month in a leap year; there is no month 0.
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Kind(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        told = f"{self.low} to {self.high}"
        return f"{told}, or {self.names[0]} to {self.names[-1]}" if self.names else told


_SECOND = _Kind("second", 0, 59)
_MINUTE = _Kind("minute", 0, 59)
_HOUR = _Kind("hour", 0, 23)
_DATE = _Kind("day of the month", 1, 31)
_MONTH = _Kind("month", 1, 12, _MONTHS)
_WEEKDAY = _Kind("day of the week", 0, 7, _WEEKDAYS)
_KINDS = (_MINUTE, _HOUR, _DATE, _MONTH, _WEEKDAY)

_EVERY_HOUR = (1 << 24) - 1  # a bit for each


class _Bad(Exception):  # never leaves this module
    pass


class Fields(NamedTuple):
    """What an expression means.

    Attributes:
        texts: The fields as they are written, an alias being replaced.
        seconds: A bit for each second of a minute at which it is due; so `minutes`, `hours`, and
            `months`, whose first is bit 1.
        days: Which days of a month.
        follows_elapsed_time: The hours are all of them, or in steps: when clocks are put back it
            goes on, where others do not run the same times again.
    """

    texts: tuple[str, ...]
    seconds: int
    minutes: int
    hours: int
    months: int
    days: Days
    follows_elapsed_time: bool

    @classmethod
    def parse(cls, text: str, seed: str | None = None) -> Fields:
        """Read *text*: five fields, six with seconds first, or an alias as "@daily".

        Args:
            text: The expression.
            seed: What fields with "H" are computed from, as the name of a task.

        Raises:
            InvalidExpression: It is none, or never comes true.

        Source: Laravel 13, which reads by dragonmantank/cron-expression 3.6; croniter 7 for "H".
        """
        texts = tuple(_split(ALIASES.get(text.lower(), text)))
        _check_count(text, texts)
        plain = texts[-_PLAIN:]
        read = _Reader(text, seed)
        seconds = read.mask(_SECOND, texts[0]) if len(texts) == _WITH_SECONDS else 1
        minutes = read.mask(_MINUTE, plain[0])
        hours = read.mask(_HOUR, plain[1])
        days = read.dates(plain[2])
        months = read.mask(_MONTH, plain[3])
        days = read.weekdays(days, plain[4])
        follows = hours == _EVERY_HOUR or "/" in plain[1]
        fields = cls(texts, seconds, minutes, hours, months, days, follows)
        _check_possible(text, fields)
        return fields


def values(mask: int) -> list[int]:
    """Return the numbers of the bits that are set, in order."""
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def _split(text: str) -> list[str]:
    # Not str.split(): it would take a no-break space for a separator, and cron does not.
    for blank in "\t\n\r\f\v":
        text = text.replace(blank, " ")
    return [each for each in text.split(" ") if each]


def _shown(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= _SHOWN_MAX else f"{told[:_SHOWN_MAX]}…"


def _check_count(text: str, texts: Sequence[str]) -> None:
    shown = f'Cron expression "{_shown(text)}"'
    if text.startswith("@") and len(texts) == 1:
        raise InvalidExpression(f"{shown} is no alias: use one of {', '.join(ALIASES)}.")
    if len(texts) not in {_PLAIN, _WITH_SECONDS}:
        named = ", ".join(kind.name for kind in _KINDS)
        raise InvalidExpression(
            f"{shown} has {len(texts)} fields: write five ({named}), or six with the second first."
        )
    minute, hour, dates, month, weekday = texts[-_PLAIN:]
    if "?" in {texts[0], minute, hour, month} or dates == weekday == "?":
        raise InvalidExpression(
            f'{shown}: "?" stands for the day of the month or the day of the week, for one of'
            ' them; write "*" elsewhere.'
        )


def _check_possible(text: str, fields: Fields) -> None:
    months = values(fields.months)
    if fields.days.earliest() > max(_LONGEST[month] for month in months):
        date, month = fields.texts[-3], fields.texts[-2]
        raise InvalidExpression(
            f'Cron expression "{_shown(text)}" never comes true: no month of "{month}" has a day'
            f' "{date}"; choose a day that it has, or "L" for its last.'
        )


class _Reader:
    """Reads the fields of one expression."""

    def __init__(self, text: str, seed: str | None) -> None:
        self._text: str = text
        self._seed: str | None = seed

    def mask(self, kind: _Kind, field: str) -> int:
        return self._guarded(kind, field, lambda: self._union(kind, field))

    def dates(self, field: str) -> Days:
        if field in {"*", "?"}:
            return Days()
        return self._guarded(_DATE, field, lambda: self._dated(field))

    def weekdays(self, days: Days, field: str) -> Days:
        if field in {"*", "?"}:
            return days
        return self._guarded(_WEEKDAY, field, lambda: self._weekly(days, field))

    def _dated(self, field: str) -> Days:
        if field == "L":
            return Days(is_dated=True, has_last=True)
        if field == "LW":
            return Days(is_dated=True, has_last_weekday=True)
        if field.endswith("W") and "," not in field:
            return Days(is_dated=True, nearest=(_number(_DATE, field[:-1]),))
        if "," in field and ("L" in field or "W" in field):
            raise _Bad('has "L" or "W" in a list: they stand alone; make it two tasks')
        return Days(is_dated=True, dates=self._union(_DATE, field))

    def _weekly(self, found: Days, field: str) -> Days:
        plain: list[str] = []
        nth: list[tuple[int, int]] = []
        last: list[int] = []
        for item in field.split(","):
            if "#" in item:
                weekday, _, number = item.partition("#")
                nth.append((_number(_WEEKDAY, weekday) % 7, _week(number)))
            elif item.endswith("L"):
                last.append(_number(_WEEKDAY, item[:-1]) % 7)
            else:
                plain.append(item)
        mask = self._union(_WEEKDAY, ",".join(plain)) if plain else 0
        return found._replace(
            is_weekly=True, weekdays=(mask | mask >> 7) & 0x7F, nth=tuple(nth), last=tuple(last)
        )

    def _union(self, kind: _Kind, field: str) -> int:
        mask = 0
        for item in field.split(","):
            mask |= self._hashed(kind, item) if item.startswith("H") else _item(kind, item)
        return mask

    def _hashed(self, kind: _Kind, item: str) -> int:
        """Let croniter say what stands for "H": a number that is the same for the same seed."""
        if self._seed is None:
            raise _Bad('has "H", which is computed from the name of a task: give it one')
        from croniter import CroniterError, croniter

        position = _KINDS.index(kind) if kind in _KINDS[1:] else 0
        alone = ["*"] * _PLAIN
        alone[position] = item
        if kind is _SECOND:  # croniter has it last
            alone = ["*"] * _PLAIN + [item]
            position = _PLAIN
        try:
            expanded = croniter.expand(" ".join(alone), hash_id=self._seed.encode())[0][position]
        except CroniterError as error:
            raise _Bad(f'cannot be read ({error}): write "H", "H/5" or "H(0-29)"') from error
        mask = 0
        for number in expanded:
            if not isinstance(number, int):
                return _item(kind, "*")
            mask |= 1 << number
        return mask

    def _guarded(self, kind: _Kind, field: str, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except _Bad as error:
            raise InvalidExpression(
                f'Cron expression "{_shown(self._text)}":'
                f' the {kind.name} "{_shown(field)}" {error}.'
            ) from None


def _item(kind: _Kind, item: str) -> int:
    """Read what stands between commas: "*", "5", "1-5", "*/2", "1-5/2"."""
    span, slash, step_text = item.partition("/")
    if span == "*":
        low, high = kind.low, kind.high
    elif "-" in span:
        low, high = _span(kind, span)
    elif slash:
        if span:
            low = _number(kind, span)
            raise _Bad(f'has a step without a range: write "{low}-{kind.high}/{step_text}"')
        raise _Bad(f'has a step without a range: write "*/{step_text}"')
    else:
        low = high = _number(kind, span)
    mask = 0
    for number in range(low, high + 1, _step(kind, step_text, low) if slash else 1):
        mask |= 1 << number
    return mask


def _span(kind: _Kind, span: str) -> tuple[int, int]:
    first, _, second = span.partition("-")
    low, high = _number(kind, first), _number(kind, second)
    if kind is _WEEKDAY:
        # Sunday is 0 where a range begins, and 7 where it ends.
        if low % 7 == high % 7 and (low, high) != (0, 7):
            return low, low
        low, high = low % 7, high or 7
    if low > high:
        top = kind.names[-1] if not first.isdigit() else kind.high - (kind is _WEEKDAY)
        bottom = kind.names[0] if not second.isdigit() else kind.low
        raise _Bad(f'has a range that runs backwards: write "{first}-{top},{bottom}-{second}"')
    return low, high


def _step(kind: _Kind, text: str, low: int) -> int:
    if not (text.isascii() and text.isdigit()) or text.startswith("0") or len(text) > _DIGITS_MAX:
        raise _Bad(f'has the step "{_shown(text)}": use a number from 1 to {kind.high}')
    step = int(text)
    # "*/60" is what people write for "each hour"; what is beyond wraps in Laravel, so that "*/90"
    # is minute 30, and nobody means that.
    if step > kind.high and (step, low) != (kind.high - kind.low + 1, kind.low):
        raise _Bad(
            f"has the step {step}, and goes from {kind.low} to {kind.high} only: use a smaller"
            " step, or `every(...)` for an interval"
        )
    return step


def _number(kind: _Kind, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        number = int(text)
        if not kind.low <= number <= kind.high:
            raise _Bad(f"is out of range: use {kind.range}")
        return number
    if text.upper() in kind.names:
        return kind.names.index(text.upper()) + (kind is _MONTH)
    raise _Bad(f'has "{_shown(text)}" where a number belongs: use {kind.range}')


def _week(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        number = int(text)
        if 1 <= number <= _WEEKS_MAX:
            return number
    raise _Bad(f'has "#{_shown(text)}": a month has the first to the fifth of a day, "#1" to "#5"')
