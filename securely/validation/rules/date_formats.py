"""Dates by a layout: read as `DateTime::createFromFormat` does, written as `date()` does.

A layout is of PHP's letters ("d/m/Y H:i"), or of Python's directives where a "%" stands in it
("%d/%m/%Y").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Final

from securely.validation.rules import loose
from securely.validation.rules.date_letters import written
from securely.validation.rules.moments_grammar import MONTHS, WEEKDAYS
from securely.validation.rules.moments_stamp import Manner, Stamp, resolve
from securely.validation.rules.moments_zones import zone_at

__all__ = ["matches", "problem", "read", "write"]

_LONGEST: Final = 255  # letters; what is longer is no date
# Letters of Java, JavaScript and others, which mean something else to PHP.
_FOREIGN: Final = re.compile("YYYY|yyyy|DD").search
_SEPARATORS: Final = ";:/.,-()"
_DIRECTIVES: Final = "aAbBcdfGHIjmMpSuUVwWxXyYzZ%"
_NOON: Final = 12  # hours
_TURN: Final = 70  # two digits from here on are of the century before
_DAYS_TO_EPOCH_SECONDS: Final = 86_400  # seconds of a day
_LARGEST: Final = 2**63 - 1  # seconds that 64 bits hold
_TWO: Final = 2  # digits

_SIGNED: Final = re.compile("[+-]*[0-9]{1,24}", re.ASCII)
_DIGITS: Final = re.compile("[0-9]*", re.ASCII)
_LETTERS_ONLY: Final = re.compile("[A-Za-z]+", re.ASCII)
_DAY_NAME: Final = re.compile(r"[^ \t,;:/.()-]+")
_MERIDIAN: Final = re.compile(r"[^AaPp]*([AaPp])(?:\.[Mm]\.|[Mm])")
_SPACES: Final = re.compile("[ \t\u00a0\u202f]*")
_SUFFIX: Final = re.compile("(?:st|nd|rd|th)?", re.ASCII | re.IGNORECASE)
_TO_SEPARATOR: Final = re.compile(r"(?s).[^ \t.,:;/0-9-]*")


def read(text: str, layout: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the moment that *text* is in *layout*, or None where it is none.

    What the layout leaves out is of the beginning of 1970, and what is beyond the calendar rolls
    over: 31 February is a day of March.

    Args:
        text: At most 255 characters.
        layout: Letters of PHP, or directives of Python where a "%" stands in it.
        now: Kept for layouts that reach into today; with a zone.
        zone: The zone of a text that names none.

    Source: PHP, DateTime::createFromFormat with "!" in front.

    Example:
        >>> from datetime import UTC, datetime
        >>> now = datetime(2026, 3, 15, 12, tzinfo=UTC)
        >>> read("31/12/2024", "d/m/Y", now, UTC).isoformat()
        '2024-12-31T00:00:00+00:00'
    """
    if len(text) > _LONGEST or "\0" in text or "\0" in layout:
        return None
    if "%" in layout:
        return _read_directives(text, layout, zone)
    reader = _Reader(text, layout)
    return resolve(reader.stamp, now, zone) if reader.run() else None


def write(moment: datetime, layout: str) -> str:
    """Return *moment* in *layout*, whose letters are those of PHP's date().

    Source: PHP, DateTimeInterface::format.

    Example:
        >>> from datetime import datetime
        >>> write(datetime(2024, 1, 2), "l jS F Y")
        'Tuesday 2nd January 2024'
    """
    return moment.strftime(layout) if "%" in layout else written(moment, layout)


def matches(text: str, layout: str) -> bool:
    """Tell whether *text* is a date in *layout*, written just so.

    As in PHP, numbers are compared by what they amount to: "01" is written "1" by the letter "j".

    Source: Laravel 13, ValidatesAttributes::validateDateFormat.

    Example:
        >>> matches("2024-02-29", "Y-m-d"), matches("2024-02-30", "Y-m-d")
        (True, False)
    """
    try:
        moment = read(text, layout, _EPOCH, UTC)
        return moment is not None and loose.equal(write(moment, layout), text)
    except UnicodeError:
        return False  # a lone surrogate in a layout of directives


def problem(layout: str) -> str | None:
    """Return what is wrong with *layout*, or None where nothing is.

    Example:
        >>> problem("Y-m-d"), problem("%Y-%q")
        (None, 'has the directive "%q", which Python does not know')
    """
    if not layout or "\0" in layout:
        return "has a NUL in it" if layout else "is empty"
    if len(layout) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if "%" in layout:
        return _directive_problem(layout)
    foreign = _FOREIGN(layout)
    if foreign is not None:
        return f'has "{foreign[0]}", which is not PHP\'s: it writes Y, m and d, as in "d/m/Y"'
    if (len(layout) - len(layout.rstrip("\\"))) % 2:
        return "ends with a backslash that keeps nothing"
    return None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _directive_problem(layout: str) -> str | None:
    for directive in re.findall("(?s)%(.?)", layout):
        if not directive:
            return "ends with a % that directs nothing"
        if directive not in _DIRECTIVES:
            return f'has the directive "%{directive}", which Python does not know'
    return None


def _read_directives(text: str, layout: str, zone: tzinfo) -> datetime | None:
    if any(letter.isdigit() and not letter.isascii() for letter in text):
        return None
    try:
        found = datetime.strptime(text, layout)
    except (ValueError, re.error):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


class _Reader:
    """Reads a text along a layout; every letter has a method, and returns whether it could."""

    def __init__(self, text: str, layout: str) -> None:
        self.text = text
        self.layout = layout
        self.at = 0
        self.stamp = Stamp()
        self.reset()

    def run(self) -> bool:
        """Read the whole text."""
        step, more = 0, False
        while step < len(self.layout) and self.at < len(self.text):
            letter = self.layout[step]
            if letter == "\\":
                step += 1
                if not self.literal(self.layout[step : step + 1]):
                    return False
            elif letter == "+":
                more = True
            elif not self.take(letter):
                return False
            step += 1
        return (more or self.at >= len(self.text)) and self.finish(self.layout[step:])

    def finish(self, rest: str) -> bool:
        """Take what stands in the layout behind the end of the text."""
        for letter in rest:
            if letter == "!":
                self.reset()
            elif letter not in "|+":
                return False
        return True

    def take(self, letter: str) -> bool:
        """Read what *letter* stands for."""
        if letter in _SEPARATORS:
            return self.literal(letter)
        reads = _READS.get(letter)
        return self.literal(letter) if reads is None else reads(self)

    def literal(self, letter: str) -> bool:
        """Read *letter* itself."""
        if not letter or self.text[self.at] != letter:
            return False
        self.at += 1
        return True

    def digits(self, most: int) -> str:
        """Read up to *most* digits."""
        found = _DIGITS.match(self.text, self.at, self.at + most)
        digits = found[0] if found is not None else ""
        self.at += len(digits)
        return digits

    def matched(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what *pattern* matches here."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def reset(self) -> bool:
        """Begin with the epoch."""
        self.stamp.set_date(1970, 1, 1)
        self.stamp.set_time()
        return True

    def number(self, part: str, most: int, exactly: int = 0) -> bool:
        """Read a number of *most* digits into *part* of the stamp."""
        digits = self.digits(most)
        if not digits or (exactly and len(digits) != exactly):
            return False
        setattr(self.stamp, part, int(digits))
        return True

    def hour12(self) -> bool:
        """Read an hour of a half day."""
        return self.number("hour", _TWO) and (self.stamp.hour or 0) <= _NOON

    def short_year(self) -> bool:
        """Read a year of two digits, from 1970 to 2069."""
        digits = self.digits(_TWO)
        if not digits:
            return False
        self.stamp.year = int(digits) + (2000 if int(digits) < _TURN else 1900)
        return True

    def signed_year(self) -> bool:
        """Read a year of any length, with a sign or without."""
        found = self.matched(_SIGNED)
        if found is None:
            return False
        self.stamp.year = _signed(found[0])
        return True

    def day_of_year(self) -> bool:
        """Read a day of the year, from 0."""
        digits = self.digits(3)
        if not digits:
            return False
        self.stamp.month, self.stamp.day = 1, int(digits) + 1
        return True

    def fraction(self, most: int) -> bool:
        """Read a fraction of a second."""
        digits = self.digits(most)
        self.stamp.micro = int((digits or "0").ljust(6, "0"))
        return bool(digits)

    def epoch_seconds(self) -> bool:
        """Read the seconds since the epoch, which are of UTC."""
        found = self.matched(_SIGNED)
        if found is None or abs(seconds := _signed(found[0])) > _LARGEST:
            return False
        days, rest = divmod(seconds, _DAYS_TO_EPOCH_SECONDS)
        self.stamp.set_date(1970, 1, 1 + days)
        self.stamp.set_time(second=rest)
        self.stamp.zone = UTC
        return True

    def weekday(self) -> bool:
        """Read a weekday, in full or short: the date moves on to it."""
        found = self.matched(_DAY_NAME)
        if found is None or (weekday := WEEKDAYS.get(found[0].lower())) is None:
            return False
        self.stamp.weekday, self.stamp.manner = weekday, Manner.FROM
        return True

    def month_name(self) -> bool:
        """Read a month, in full or short."""
        found = self.matched(_LETTERS_ONLY)
        if found is None or (month := MONTHS.get(found[0].lower())) is None:
            return False
        self.stamp.month = month
        return True

    def meridian(self) -> bool:
        """Read "am" or "pm", in either case, with points or without."""
        found = self.matched(_MERIDIAN)
        if found is None:
            return False
        hour = self.stamp.hour or 0
        if found[1] in "Aa":
            self.stamp.hour = 0 if hour == _NOON else hour
        else:
            self.stamp.hour = hour if hour == _NOON else hour + _NOON
        return True

    def zone(self) -> bool:
        """Read a zone: an offset, an abbreviation or a name."""
        found = zone_at(self.text, self.at)
        if found is None:
            return False
        self.stamp.zone, self.at = found
        return True

    def separator(self) -> bool:
        """Read any one separator."""
        found = self.text[self.at] in _SEPARATORS
        self.at += 1
        return found

    def anything(self) -> bool:
        """Read one character, whichever."""
        self.at += 1
        return True

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Read what *pattern* matches, which may be nothing."""
        return self.matched(pattern) is not None


def _signed(text: str) -> int:
    digits = text.lstrip("+-")
    return -int(digits) if text.count("-") % 2 else int(digits)


_READS: Final[dict[str, Callable[[_Reader], bool]]] = {
    "d": lambda r: r.number("day", 2),
    "j": lambda r: r.number("day", 2),
    "D": _Reader.weekday,
    "l": _Reader.weekday,
    "S": lambda r: r.skip(_SUFFIX),
    "z": _Reader.day_of_year,
    "F": _Reader.month_name,
    "M": _Reader.month_name,
    "m": lambda r: r.number("month", 2),
    "n": lambda r: r.number("month", 2),
    "Y": lambda r: r.number("year", 4),
    "y": _Reader.short_year,
    "x": _Reader.signed_year,
    "X": _Reader.signed_year,
    "a": _Reader.meridian,
    "A": _Reader.meridian,
    "g": _Reader.hour12,
    "h": _Reader.hour12,
    "G": lambda r: r.number("hour", 2),
    "H": lambda r: r.number("hour", 2),
    "i": lambda r: r.number("minute", 2, exactly=2),
    "s": lambda r: r.number("second", 2, exactly=2),
    "u": lambda r: r.fraction(6),
    "v": lambda r: r.fraction(3),
    "e": _Reader.zone,
    "O": _Reader.zone,
    "P": _Reader.zone,
    "p": _Reader.zone,
    "T": _Reader.zone,
    "U": _Reader.epoch_seconds,
    " ": lambda r: r.skip(_SPACES),
    "#": _Reader.separator,
    "?": _Reader.anything,
    "*": lambda r: r.skip(_TO_SEPARATOR),
    "!": _Reader.reset,
    "|": lambda _: True,
}
