"""DateRules: the rules of dates and of moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Self

from securely.validation.builders.written import WrittenRules

__all__ = ["DateRules"]


class DateRules(WrittenRules):
    """The rules of dates; made by `Rule.date()` and `Rule.date_time()`.

    What a date is compared with may be a date, a datetime, or text: a date, a word such as
    "tomorrow", or the name of a field. Objects are written in the format of the field, where it
    has one; a datetime keeps its time and its zone otherwise.

    Example:
        >>> DateRules().after(date(2024, 1, 1)).as_rules()
        ['date', ['after', '2024-01-01']]
        >>> DateRules().format("d/m/Y").after(date(2024, 1, 31)).as_rules()
        [['date_format', 'd/m/Y'], ['after', '31/01/2024']]

    Source: Laravel 13, Validation\\Rules\\Date.
    """

    def __init__(self) -> None:
        super().__init__()
        self._format: str | None = None
        self._limits: list[tuple[str, date | str]] = []

    def format(self, format: str) -> Self:  # noqa: A002  # Laravel's name
        """Take dates written so: in PHP's letters (`d/m/Y`), or strftime's (`%d/%m/%Y`)."""
        self._format = format
        return self

    def after(self, date: date | str) -> Self:
        """Take what comes after *date*."""
        return self._limit("after", date)

    def after_or_equal(self, date: date | str) -> Self:
        """Take *date*, and what comes after it."""
        return self._limit("after_or_equal", date)

    def after_today(self) -> Self:
        """Take tomorrow, and what comes after it."""
        return self.after("today")

    def before(self, date: date | str) -> Self:
        """Take what comes before *date*."""
        return self._limit("before", date)

    def before_or_equal(self, date: date | str) -> Self:
        """Take *date*, and what comes before it."""
        return self._limit("before_or_equal", date)

    def before_today(self) -> Self:
        """Take yesterday, and what comes before it."""
        return self.before("today")

    def between(self, from_: date | str, to: date | str) -> Self:
        """Take what comes after *from_* and before *to*."""
        return self.after(from_).before(to)

    def between_or_equal(self, from_: date | str, to: date | str) -> Self:
        """Take *from_* and *to*, and what comes between them."""
        return self.after_or_equal(from_).before_or_equal(to)

    def future(self) -> Self:
        """Take what comes after now."""
        return self.after("now")

    def now_or_future(self) -> Self:
        """Take now, and what comes after it."""
        return self.after_or_equal("now")

    def now_or_past(self) -> Self:
        """Take now, and what came before it."""
        return self.before_or_equal("now")

    def past(self) -> Self:
        """Take what came before now."""
        return self.before("now")

    def today_or_after(self) -> Self:
        """Take today, and what comes after it."""
        return self.after_or_equal("today")

    def today_or_before(self) -> Self:
        """Take today, and what came before it."""
        return self.before_or_equal("today")

    def as_rules(self) -> list[object]:
        """Return the rules it stands for, as a list of rules has them."""
        first = "date" if self._format is None else ["date_format", self._format]
        return [first, *([name, _written(limit, self._format)] for name, limit in self._limits)]

    def _limit(self, name: str, limit: date | str) -> Self:
        self._limits.append((name, limit))
        return self


def _written(limit: date | str, format_: str | None) -> str:
    if isinstance(limit, str):
        return limit
    if format_ is not None and "%" in format_:
        return limit.strftime(format_)
    if format_ is not None:
        return _in_letters(limit, format_)
    if isinstance(limit, datetime):
        return limit.isoformat(" ", "seconds")
    return limit.isoformat()


# What PHP's letters are in strftime's, where that has the same.
_LETTERS: Final = {
    "A": "%p", "D": "%a", "F": "%B", "H": "%H", "M": "%b", "Y": "%Y", "d": "%d", "e": "%Z",
    "h": "%I", "i": "%M", "l": "%A", "m": "%m", "s": "%S", "u": "%f", "y": "%y",
}  # fmt: skip


def _in_letters(limit: date, format_: str) -> str:
    """Return *limit* in the format that PHP's letters name; a backslash keeps a letter."""
    found: list[str] = []
    letters = iter(format_)
    for letter in letters:
        if letter == "\\":
            found.append(next(letters, ""))
        elif letter in _LETTERS:
            found.append(limit.strftime(_LETTERS[letter]))
        else:
            found.append(_by_hand(limit, letter))
    return "".join(found)


def _by_hand(limit: date, letter: str) -> str:
    moment = limit if isinstance(limit, datetime) else datetime(limit.year, limit.month, limit.day)
    offset = moment.strftime("%z")[:5] or "+0000"
    written = {
        "G": str(moment.hour),
        "N": str(moment.isoweekday()),
        "O": offset,
        "P": f"{offset[:3]}:{offset[3:]}",
        "a": moment.strftime("%p").lower(),
        "g": str(moment.hour % 12 or 12),
        "j": str(moment.day),
        "n": str(moment.month),
        "v": f"{moment.microsecond // 1000:03}",
    }
    return written.get(letter, letter)
