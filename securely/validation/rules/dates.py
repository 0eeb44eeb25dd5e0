"""Rules of dates: date, date_format, and before and after a date, a field, or words such as today.

Source: Laravel 13, Validation\\Concerns\\ValidatesAttributes::compareDates.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Final, cast

from securely.support import clock
from securely.support.missing import MISSING
from securely.validation.plan.paths import find
from securely.validation.rules.date_formats import matches, problem, read
from securely.validation.rules.loose import is_numeric, text
from securely.validation.rules.moments import is_complete_date, moment, moment_of_number
from securely.validation.rules.spec import Args, Check, Place, Quick, Ref, Spec

__all__ = ["SPECS", "is_moment"]

Compare = Callable[[Any, Any], bool]

# So many letters has 2026-12-31.
_ISO_LETTERS: Final = 10


def is_moment(written: str) -> bool:
    """Tell whether *written* is a date or a word for one; a field is named otherwise."""
    found = moment(written, clock.now(), UTC)
    return found is not None and found.timestamp() != 0


def _date(args: Args) -> Check:
    del args
    return lambda value, at: _is_date(value)


def _quick_date(args: Args) -> Quick:
    del args
    return lambda value, data: (len(value) == _ISO_LETTERS and _is_iso(value)) or _is_date(value)


def _is_iso(value: str) -> bool:
    # Nearly all dates that are sent: told in a tenth of the time.
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return value[4] == value[7] == "-" and value.isascii()


def _is_date(value: object) -> bool:
    if isinstance(value, date):
        return True
    if not isinstance(value, str) and not is_numeric(value):
        return False
    return is_complete_date(text(value))


def _date_format(args: Args) -> Check:
    layouts = args.texts()
    for layout in layouts:
        wrong = problem(layout)
        if wrong is not None:
            args.fault(f"has a layout that can not be read: {wrong}")

    def check(value: object, at: Place) -> bool:
        del at
        if not isinstance(value, str) and not is_numeric(value):
            return False
        return any(matches(text(value), layout) for layout in layouts)

    return check


def _compared(compare: Compare) -> Callable[[Args], Check]:
    """Compile a rule that compares with a date, or with the date in another field."""

    def build(args: Args) -> Check:
        other, given = args.ref(), args.parameters[0]
        layouts = args.facts.layouts
        zone = cast("tzinfo", args.services.get("timezone") or UTC)

        def check(value: object, at: Place) -> bool:
            if not isinstance(value, (str, date)) and not is_numeric(value):
                return False
            if layouts:
                return _by_layout(compare, value, layouts[0], at, other, zone)
            bound = _moment(given, zone)
            if bound is None:
                found = find(at.data, other.at(at.keys))
                bound = None if found is MISSING else _moment(found, zone)
            return _holds(compare, _seconds(_moment(value, zone)), _seconds(bound))

        return check

    return build


def _by_layout(
    compare: Compare, value: object, layout: str, at: Place, other: Ref, zone: tzinfo
) -> bool:
    """Compare by the layouts that `date_format` states of this field, and of the other."""
    first = _read(value, layout, zone)
    path = other.at(at.keys)
    facts = at.facts_of(path)
    theirs: Sequence[str] = () if facts is None else facts.layouts
    layout = theirs[0] if theirs else layout
    second = _read(other.name, layout, zone)
    if second is None:
        found = find(at.data, path)
        if found is MISSING or found is None:
            return True
        second = _read(found, layout, zone)
    return first is not None and second is not None and compare(first, second)


def _read(value: object, layout: str, zone: tzinfo) -> datetime | None:
    if isinstance(value, date):
        return _moment(value, zone)
    if not isinstance(value, str) and not is_numeric(value):
        return None
    return read(text(value), layout, clock.now(), zone) or _moment(value, zone)


def _moment(value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    if isinstance(value, str):
        return moment(value, clock.now(), zone)
    return moment_of_number(cast("float", value)) if is_numeric(value) else None


def _seconds(found: datetime | None) -> int | None:
    return None if found is None else int(found.timestamp() // 1)


def _holds(compare: Compare, first: int | None, second: int | None) -> bool:
    """Compare as PHP does: what is no date is less than any that is."""
    if first is None or second is None:
        if compare is operator.eq:
            return first is None and second is None
        return compare(first is not None, second is not None)
    return compare(first, second)


def _compare(name: str, compare: Compare) -> Spec:
    return Spec(name, _compared(compare), 1, 1, dependent=name != "date_equals")


SPECS: Final = (
    Spec("date", _date, most=0, quick=_quick_date, pure=True),
    Spec("date_format", _date_format, 1, quick=_date_format, pure=True),
    _compare("after", operator.gt),
    _compare("after_or_equal", operator.ge),
    _compare("before", operator.lt),
    _compare("before_or_equal", operator.le),
    _compare("date_equals", operator.eq),
)
