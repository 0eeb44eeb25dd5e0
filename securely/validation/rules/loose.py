"""What PHP takes for a number, for empty, and for equal, where Laravel's rules rest on it."""

from __future__ import annotations

import re
from collections.abc import Sized
from decimal import Decimal, InvalidOperation
from typing import Final

from securely.validation.rules.uploads import is_broken, is_missing_upload

__all__ = ["BLANKS", "equal", "is_filled", "is_numeric", "number", "text"]

BLANKS: Final = " \t\n\r\v\0"
"""The characters that PHP's trim() takes off: a no-break space is not among them."""

# From here on PHP writes floats with an exponent.
_PLAIN_MAX: Final = 1e15
# Python refuses to write longer integers as decimals: that takes the square of the time.
_BITS_MAX: Final = 14_000
_NUMERIC: Final = re.compile(
    r"[ \t\n\r\v\f]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t\n\r\v\f]*"
).fullmatch


def is_filled(value: object) -> bool:
    """Tell whether *value* is there: not None, not blank, not an empty list or dict."""
    if isinstance(value, str):
        return value.strip(BLANKS) != ""
    if value is None:
        return False
    if isinstance(value, (int, float)):
        return True
    if isinstance(value, Sized):
        return isinstance(value, bytes) or len(value) > 0
    return not (is_missing_upload(value) or is_broken(value))


def is_numeric(value: object) -> bool:
    """Tell whether *value* is a number, or text that PHP reads as one."""
    if isinstance(value, str):
        return _NUMERIC(value) is not None
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def number(value: object) -> Decimal | int | float:
    """Return the number that a numeric *value* is; text is read exactly, as far as Decimal goes."""
    if isinstance(value, str):
        written = value.strip(" \t\n\r\v\f")
        try:
            return Decimal(written)
        except InvalidOperation:  # an exponent of twenty digits: infinite, or nothing
            return float(written)
    return value if isinstance(value, (int, float, Decimal)) else 0


def text(value: object) -> str:
    """Return *value* as PHP writes it: True as 1, False and None as nothing, 2.0 as 2."""
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, int) and value.bit_length() > _BITS_MAX:
        return hex(value)
    return str(value)


def equal(one: object, other: object) -> bool:
    """Tell whether PHP's `==` holds: numeric text is a number, and booleans compare by truth."""
    if isinstance(one, bool) or isinstance(other, bool):
        return _truth(one) == _truth(other)
    if one is None or other is None:
        return _equal_nothing(other if one is None else one)
    if is_numeric(one) and is_numeric(other):
        return _decimal(one) == _decimal(other)
    if isinstance(one, (str, int, float)) and isinstance(other, (str, int, float)):
        return text(one) == text(other)
    return one == other


def _decimal(value: object) -> Decimal | int | float:
    found = number(value)
    return Decimal(repr(found)) if isinstance(found, float) else found


def _truth(value: object) -> bool:
    return value != "0" and bool(value)


def _equal_nothing(value: object) -> bool:
    return value is None or value in ("", 0) or (isinstance(value, (list, dict)) and not value)


def _float_text(value: float) -> str:
    if value != value:  # noqa: PLR0124  # what is not equal to itself is no number
        return "NAN"
    if value in (float("inf"), float("-inf")):
        return "INF" if value > 0 else "-INF"
    if value == int(value) and abs(value) < _PLAIN_MAX:
        return f"{value:.0f}"
    written = repr(value)
    return written.upper() if "e" in written else written
