"""Rules of size: min, max, between, size, and gt, gte, lt, lte between fields.

A number is as large as it is, a list as it has items, a file as it has kilobytes, and text as it
has characters; numeric text counts as a number where another rule says that the field is one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sized
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from securely.support.missing import MISSING
from securely.validation.plan.paths import find
from securely.validation.rules.loose import BLANKS, is_numeric, number, text
from securely.validation.rules.numbers import within_exponents
from securely.validation.rules.spec import Args, Check, Place, Quick, Slow, Spec
from securely.validation.rules.uploads import as_file

__all__ = ["SPECS", "kind_of", "measure"]

Size: TypeAlias = int | float | Decimal
Compare: TypeAlias = Callable[[Any, Any], bool]

_KILOBYTES: Final = {
    "kb": 1, "mb": 1_000, "gb": 1_000_000, "tb": 1_000_000_000,
    "kib": 1, "mib": 1_024, "gib": 1_024**2, "tib": 1_024**3,
}  # fmt: skip
# Files are measured in these, as Laravel does.
_BYTES_PER_KILOBYTE: Final = 1024
# Shorter digits are an integer that needs no Decimal to be compared.
_QUICK_DIGITS: Final = 19


def measure(value: object, *, is_numeric_field: bool) -> Size | None:
    """Return the size of *value*; None for a number that can not be compared."""
    if isinstance(value, str):
        if not is_numeric_field or not is_numeric(value):
            return len(value)
        return number(value) if within_exponents(value) else None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _comparable(value)
    file = as_file(value)
    if file is not None:
        return Decimal(file.size_bytes) / _BYTES_PER_KILOBYTE if file.is_valid else None
    if isinstance(value, Sized):
        return len(value)
    return len(text(value))


def kind_of(value: object, *, is_numeric_field: bool, is_array_field: bool) -> str:
    """Return what is measured: numeric, array, file or string; messages differ by it."""
    if is_numeric_field or (
        isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    ):
        return "numeric"
    if is_array_field:
        return "array"
    return "string" if as_file(value) is None else "file"


def _comparable(value: float | Decimal) -> Size | None:
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        # As it is written, not as it is stored: 0.1 is not less than "0.1".
        return value if value.is_integer() else _finite(Decimal(repr(value)))
    return _finite(Decimal(value))


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def _bound(args: Args, index: int) -> Size:
    """Return the bound that a parameter states; kilobytes for 2mb."""
    written = args.text(index).strip(BLANKS)
    amount, factor = written, 1
    for suffix, kilobytes in _KILOBYTES.items():
        if written.lower().endswith(suffix):
            amount, factor = written[: -len(suffix)].strip(), kilobytes
    if not is_numeric(amount) or not within_exponents(amount):
        args.fault(f'wants a number, or a size of a file as 2mb, not "{args.text(index):.100}".')
    try:
        bound = Decimal(amount.strip()) * factor
    except InvalidOperation:
        args.fault(f'wants a number, not "{args.text(index):.100}".')
    return int(bound) if bound == bound.to_integral_value() else bound


def _sized(fits: Callable[[Any, list[Size]], bool], bounds: int) -> Callable[[Args], Check]:
    def build(args: Args) -> Check:
        limits = [_bound(args, index) for index in range(bounds)]
        is_numeric_field = args.facts.is_numeric

        def check(value: Any, at: Place) -> bool:
            del at
            if not is_numeric_field and value.__class__ is str:
                return fits(len(value), limits)
            size = measure(value, is_numeric_field=is_numeric_field)
            return size is not None and fits(size, limits)

        return check

    return build


def _quick_size(
    fits: Callable[[Any, list[Size]], bool], bounds: int
) -> Callable[[Args], Quick | Slow | None]:
    """Compile the check of text: by its letters, or by the number it is."""

    def build(args: Args) -> Quick:
        limits = [_bound(args, index) for index in range(bounds)]
        if not args.facts.is_numeric:
            return lambda value, data: fits(len(value), limits)

        def check(value: str, data: object) -> bool:
            del data
            if value.isdigit() and value.isascii() and len(value) < _QUICK_DIGITS:
                return fits(int(value), limits)
            size = measure(value, is_numeric_field=True)
            return size is not None and fits(size, limits)

        return check

    return build


def _compared(compare: Compare) -> Callable[[Args], Check]:
    """Compile a rule that compares with another field, or with a number.

    Source: Laravel 13, Validation\\Concerns\\ValidatesAttributes::validateGt.
    """

    def build(args: Args) -> Check:
        other = args.ref()
        literal = number(other.name) if is_numeric(other.name) else None

        def check(value: object, at: Place) -> bool:
            found = find(at.data, other.at(at.keys))
            if literal is not None:
                if found is MISSING or found is None:
                    return is_numeric(value) and _holds(compare, value, literal)
                return False
            if is_numeric(value) and is_numeric(found):
                return _holds(compare, value, number(found))
            found = None if found is MISSING else found
            if _type(value) is not _type(found):
                return False
            return _holds(compare, value, measure(found, is_numeric_field=is_numeric(value)))

        return check

    return build


def _holds(compare: Compare, value: object, bound: Size | None) -> bool:
    size = measure(value, is_numeric_field=is_numeric(value))
    if isinstance(bound, float):
        bound = _comparable(bound)
    return size is not None and bound is not None and compare(size, bound)


def _type(value: object) -> type:
    """Return the type that PHP would call it: what are lists and dicts here are arrays there."""
    return list if isinstance(value, (list, tuple, dict)) else type(value)


def _size(name: str, fits: Callable[[Any, list[Size]], bool], bounds: int = 1) -> Spec:
    quick = _quick_size(fits, bounds)
    return Spec(name, _sized(fits, bounds), bounds, bounds, sized=True, quick=quick, pure=True)


def _compare(name: str, compare: Compare) -> Spec:
    return Spec(name, _compared(compare), 1, 1, dependent=True, sized=True)


SPECS: Final = (
    _size("min", lambda size, limits: size >= limits[0]),
    _size("max", lambda size, limits: size <= limits[0]),
    _size("size", lambda size, limits: size == limits[0]),
    _size("between", lambda size, limits: limits[0] <= size <= limits[1], 2),
    _compare("gt", operator.gt),
    _compare("gte", operator.ge),
    _compare("lt", operator.lt),
    _compare("lte", operator.le),
)
