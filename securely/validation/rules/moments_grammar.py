"""The forms in which PHP reads dates, times, zones and shifts, as one table of patterns.

Each form is tried where the last one ended, and the longest wins; of two as long, the former.
The groups of a pattern are the parts that it names, so that most forms need no code of their own.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORMS", "MONTHS", "ORDINALS", "UNITS", "WEEKDAYS"]

MONTHS: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            "january jan i",
            "february feb ii",
            "march mar iii",
            "april apr iv",
            "may v",
            "june jun vi",
            "july jul vii",
            "august aug viii",
            "september sept sep ix",
            "october oct x",
            "november nov xi",
            "december dec xii",
        ),
        1,
    )
    for name in names.split()
}
"""Names of months, in full, short and Roman, in small letters."""

WEEKDAYS: Final[dict[str, int]] = {
    name: number
    for number, full in enumerate(
        ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    )
    for name in (full, f"{full}s", full[:3])
}
"""Names of weekdays, in small letters; Sunday is 0."""

ORDINALS: Final[dict[str, int]] = {
    "first": 1,
    "next": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eight": 8,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "last": -1,
    "previous": -1,
    "this": 0,
}
"""The amounts that words stand for."""

_RELATIVE_WORDS: Final = ("next", "last", "previous", "this")

UNITS: Final[dict[str, tuple[str, int]]] = {
    name: (unit, size)
    for unit, size, names in (
        ("micro", 1000, "ms msec msecs millisecond milliseconds"),
        ("micro", 1, "µs µsec µsecs usec usecs microsecond microseconds"),
        ("second", 1, "sec secs second seconds"),
        ("minute", 1, "min mins minute minutes"),
        ("hour", 1, "hour hours"),
        ("day", 1, "day days"),
        ("day", 7, "week weeks"),
        ("day", 14, "fortnight fortnights forthnight forthnights"),
        ("month", 1, "month months"),
        ("year", 1, "year years"),
        ("workday", 1, "weekday weekdays"),
    )
    for name in names.split()
}
"""The units of shifts: the part they shift, and by how many."""


def _words(*names: str) -> str:
    return f"(?i:{'|'.join(sorted(names, key=len, reverse=True))})"


_HOUR: Final = "(?P<hour>2[0-4]|[01]?[0-9])"
_HOUR2: Final = "(?P<hour>2[0-4]|[01][0-9])"
_HOUR12: Final = "(?P<hour>1[0-2]|0?[1-9])"
_MINUTE: Final = "(?P<minute>[0-5]?[0-9])"
_MINUTE2: Final = "(?P<minute>[0-5][0-9])"
_SECOND: Final = "(?P<second>60|[0-5]?[0-9])"
_SECOND2: Final = "(?P<second>60|[0-5][0-9])"
_FRACTION: Final = r"\.(?P<fraction>[0-9]+)"
_SPACE: Final = "(?:[ \t]+|\u00a0+|\u202f+)"
_HALF: Final = rf"{_SPACE}?(?P<half>[AaPp])\.?[Mm]\.?(?:[\t ]|\Z)"
_YEAR: Final = "(?P<year>[0-9]{1,4})"
_YEAR2: Final = "(?P<year>[0-9]{2})"
_YEAR4: Final = "(?P<year>[0-9]{4})"
_MONTH: Final = "(?P<month>1[0-2]|0?[0-9])"
_MONTH2: Final = "(?P<month>1[0-2]|0[0-9])"
_DAY: Final = "(?P<day>3[01]|[0-2]?[0-9])(?:st|nd|rd|th)?"
_DAY2: Final = "(?P<day>3[01]|[0-2][0-9])"
_ROMAN: Final = "|".join(
    sorted((n.upper() for n in MONTHS if set(n) <= set("ivx")), key=len, reverse=True)
)
_NAMES: Final = _words(*(n for n in MONTHS if not set(n) <= set("ivx")))
_MONTH_NAME: Final = f"(?P<name>{_NAMES}|{_ROMAN})"
_MONTH_SHORT: Final = (
    f"(?P<name>{_words('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug')}"
    f"|{_words('sept', 'sep', 'oct', 'nov', 'dec')})"
)
_GAP: Final = r"[ \t.-]*"
_DAY_ENDS: Final = r"[,.stndrh\t ]+"
_DAY_IN_MONTH: Final = f"{_MONTH_NAME}{_GAP}{_DAY}{_DAY_ENDS}"
_OFFSET: Final = (
    "(?:GMT)?[+-](?:(?:2[0-4]|[01][0-9]):[0-5][0-9]:(?:60|[0-5][0-9])"
    "|(?:2[0-4]|[01][0-9])[0-5][0-9](?:60|[0-5][0-9])"
    "|(?:2[0-4]|[01]?[0-9])(?::?[0-5]?[0-9])?)"
)
_ANY_ZONE: Final = rf"(?P<zone>{_OFFSET}|[A-Z][a-z]+(?:[_/-][A-Za-z]+)+|\(?[A-Za-z]{{1,6}}\)?)"
_T: Final = "[Tt]?"
_SHORT_TIME: Final = f"{_T}{_HOUR}[:.]{_MINUTE}"
_LONG_TIME: Final = f"{_SHORT_TIME}[:.]{_SECOND}"
_ZONED_TIME: Final = f"{_SHORT_TIME}[:.]{_SECOND2}{_SPACE}?{_ANY_ZONE}"
_SHORT_TIME12: Final = f"{_HOUR12}[:.]{_MINUTE2}{_HALF}"
_LONG_TIME12: Final = f"{_HOUR12}[:.]{_MINUTE}[:.]{_SECOND2}{_HALF}"
_WEEKDAY: Final = _words(*WEEKDAYS)
_UNIT: Final = _words(*(u for u in UNITS if u != "week"), *WEEKDAYS)
_AMOUNT: Final = f"(?P<word>{_words(*ORDINALS)}){_SPACE}"
_COUNT: Final = r"(?P<signs>[+-]*)[ \t]*(?P<count>[0-9]{1,13})"

_TABLE: Final = (
    ("yesterday", "(?i:yesterday)"),
    ("now", "(?i:now)"),
    ("noon", "(?i:noon)"),
    ("today", "(?i:midnight|today)"),
    ("tomorrow", "(?i:tomorrow)"),
    ("timestamp", r"@(?P<count>-?[0-9]+)(?:\.(?P<fraction>[0-9]{0,6}))?"),
    ("edge", "(?i:(?P<edge>first|last) day of)"),
    ("around", f"(?P<side>(?i:back|front)) (?i:of) {_HOUR}(?:{_HALF})?"),
    ("nth", f"{_AMOUNT}(?P<unit>{_WEEKDAY}){_SPACE}(?i:of)"),
    ("stamp", f"{_HOUR12}{_HALF}"),
    ("stamp", _SHORT_TIME12),
    ("stamp", _LONG_TIME12),
    ("stamp", f"{_HOUR12}:{_MINUTE2}:{_SECOND2}[:.](?P<fraction>[0-9]+){_HALF}"),
    ("stamp", f"[Tt]{_HOUR}"),
    ("stamp", _SHORT_TIME),
    ("stamp", _LONG_TIME),
    ("stamp", f"{_LONG_TIME}{_FRACTION}"),
    ("four_digits", f"{_T}{_HOUR2}{_MINUTE2}"),
    ("stamp", f"{_T}{_HOUR2}{_MINUTE2}{_SECOND2}"),
    ("stamp", f"{_MONTH}/{_DAY}(?:/{_YEAR})?"),
    ("stamp", f"(?P<year>[+-]?[0-9]{{4}})-{_MONTH2}-{_DAY2}"),
    ("stamp", f"{_YEAR4}/{_MONTH2}/{_DAY2}/?"),
    ("stamp", f"{_YEAR4}/{_MONTH}/{_DAY}"),
    ("stamp", f"{_YEAR2}-{_MONTH2}-{_DAY2}"),
    ("stamp", f"(?P<year>[+-][0-9]{{5,19}})-{_MONTH2}-{_DAY2}"),
    ("stamp", f"{_YEAR4}-{_MONTH}"),
    ("stamp", f"{_YEAR}-{_MONTH}-{_DAY}"),
    ("stamp", f"{_DAY}{_GAP}{_MONTH_NAME}{_GAP}{_YEAR}"),
    ("stamp", rf"{_DAY}[.\t-]{_MONTH}[.-]{_YEAR4}"),
    ("stamp", rf"{_DAY}[.\t]{_MONTH}\.{_YEAR2}"),
    ("stamp", f"{_MONTH_NAME}{_GAP}{_YEAR4}"),
    ("stamp", f"{_YEAR4}{_GAP}{_MONTH_NAME}"),
    ("stamp", f"{_DAY_IN_MONTH}{_YEAR}"),
    ("stamp", rf"{_MONTH_NAME}{_GAP}{_DAY}(?:{_DAY_ENDS}|\Z)"),
    ("stamp", f"{_DAY}{_GAP}{_MONTH_NAME}"),
    ("stamp", f"{_YEAR4}{_MONTH2}{_DAY2}"),
    ("stamp", f"{_YEAR4}{_MONTH2}{_DAY2}T{_HOUR}:{_MINUTE2}:{_SECOND2}"),
    ("stamp", f"{_YEAR4}{_MONTH2}{_DAY2}[Tt]{_HOUR}{_MINUTE2}{_SECOND2}"),
    (
        "stamp",
        f"{_YEAR4}-{_MONTH2}-{_DAY2}T{_HOUR2}:{_MINUTE2}:{_SECOND2}{_FRACTION}(?P<zone>{_OFFSET})?",
    ),
    ("stamp", f"{_YEAR4}-{_MONTH}-{_DAY}T{_HOUR}:{_MINUTE}:{_SECOND}"),
    ("stamp", f"{_YEAR4}:{_MONTH2}:{_DAY2} {_HOUR2}:{_MINUTE2}:{_SECOND2}"),
    (
        "day_of_year",
        f"{_YEAR4}[.-]?(?P<day>00[1-9]|0[1-9][0-9]|[12][0-9]{{2}}|3[0-5][0-9]|36[0-6])",
    ),
    ("week", f"{_YEAR4}-?W(?P<week>0[1-9]|[1-4][0-9]|5[0-3])(?:-?(?P<weekday>[0-7]))?"),
    ("stamp", f"{_MONTH_SHORT}-{_DAY2}-{_YEAR}"),
    ("stamp", f"{_YEAR}-{_MONTH_SHORT}-{_DAY2}"),
    (
        "stamp",
        f"{_DAY}/{_MONTH_SHORT}/{_YEAR4}:{_HOUR2}:{_MINUTE2}:{_SECOND2}{_SPACE}(?P<zone>{_OFFSET})",
    ),
    ("year", _YEAR4),
    ("ago", "(?i:ago)"),
    ("weekday", f"(?P<unit>{_words(*WEEKDAYS, 'weekday', 'weekdays')})"),
    ("worded_week", f"(?P<word>{_words(*_RELATIVE_WORDS)}){_SPACE}(?P<unit>(?i:week))"),
    ("worded", f"{_AMOUNT}(?P<unit>{_UNIT})"),
    ("stamp", f"(?P<name>{_NAMES})"),
    ("zone", _ANY_ZONE),
    ("stamp", f"{_DAY_IN_MONTH}{_SHORT_TIME12}"),
    ("stamp", f"{_DAY_IN_MONTH}{_LONG_TIME12}"),
    ("stamp", f"{_DAY_IN_MONTH}{_SHORT_TIME}"),
    ("stamp", f"{_DAY_IN_MONTH}{_LONG_TIME}"),
    ("stamp", f"{_DAY_IN_MONTH}{_ZONED_TIME}"),
    ("counted", f"{_COUNT}{_SPACE}?(?P<unit>{_words(*UNITS, *WEEKDAYS)})"),
)

FORMS: Final = tuple((kind, re.compile(pattern, re.ASCII)) for kind, pattern in _TABLE)
"""Every form: how it is taken, and its pattern."""
