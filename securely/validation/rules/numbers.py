"""Rules of numbers: what is one, its digits and decimals, and what it is a multiple of."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final

from securely.validation.rules.loose import is_numeric, number, text
from securely.validation.rules.spec import Args, Check, Place, Quick, Spec

__all__ = ["EXPONENT_MAX", "SPECS", "is_integer", "within_exponents"]

EXPONENT_MAX: Final = 1000
"""Numbers with larger exponents are not compared: they would take the memory they stand for."""

_INTEGER: Final = re.compile(r"[ \t\n\r\v]*[+-]?(?:0|[1-9][0-9]*)[ \t\n\r\v]*").fullmatch
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
# The largest integer of 64 bits has nineteen digits, and may have a sign.
_INT_DIGITS_MAX: Final = 20
_INT_DIGITS: Final = 19
# Nobody counts digits or decimals by the billion.
_COUNT_DIGITS: Final = 9
# An exponent of more digits is larger than any that is compared.
_EXPONENT_DIGITS: Final = 4
_DECIMALS: Final = re.compile(r"[+-]?[0-9]*\.?([0-9]*)\n?").fullmatch
# Longer numbers are multiples of nothing: a remainder takes time for each digit.
_DIGITS_MAX: Final = 10_000


def is_integer(value: object) -> bool:
    """Tell whether *value* is an integer of 64 bits, or text of one."""
    if type(value) is int:  # what JSON sends, mostly
        return _INT_MIN <= value <= _INT_MAX
    if isinstance(value, str):
        if len(value) <= _INT_DIGITS_MAX:
            return _INTEGER(value) is not None and _fits(value)
        return _INTEGER(value) is not None and _fits(value.strip(" \t\n\r\v"))
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        # The largest float of 64 bits is one too large for an integer of those.
        return value.is_integer() and _INT_MIN <= value < _INT_MAX
    return isinstance(value, int) and _INT_MIN <= value <= _INT_MAX


def within_exponents(value: str) -> bool:
    """Tell whether numeric text has no exponent, or one that is not too large to compare."""
    _, sign, exponent = value.lower().partition("e")
    digits = exponent.strip().lstrip("+-").lstrip("0")
    return not sign or (len(digits) <= _EXPONENT_DIGITS and int(digits or 0) <= EXPONENT_MAX)


def _fits(value: str) -> bool:
    digits = value.strip().lstrip("+-")
    return len(digits) < _INT_DIGITS or (
        len(digits) == _INT_DIGITS and _INT_MIN <= int(value) <= _INT_MAX
    )


def _integer(args: Args) -> Check:
    if _strict(args):
        return lambda value, at: (
            isinstance(value, int) and not isinstance(value, bool) and is_integer(value)
        )
    return lambda value, at: is_integer(value)


def _quick_integer(args: Args) -> Quick:
    if _strict(args):
        return lambda value, data: False
    return lambda value, data: (
        # The common case by hand; all others, such as "007", by the whole rule.
        (value.isdigit() and value.isascii() and value[0] != "0" and len(value) < _INT_DIGITS)
        or is_integer(value)
    )


def _quick_numeric(args: Args) -> Quick:
    if _strict(args):
        return lambda value, data: False
    return lambda value, data: is_numeric(value)


def _quick_boolean(args: Args) -> Quick:
    strict = _strict(args)
    return lambda value, data: not strict and value in {"0", "1"}


def _numeric(args: Args) -> Check:
    if _strict(args):
        return lambda value, at: not isinstance(value, str) and _is_number(value)
    return lambda value, at: _is_number(value)


def _is_number(value: object) -> bool:
    """Tell whether *value* is a number; NaN and infinite are none, which Python reads in JSON."""
    if isinstance(value, float):
        return isfinite(value)
    return value.is_finite() if isinstance(value, Decimal) else is_numeric(value)


def _boolean(args: Args) -> Check:
    if _strict(args):
        return lambda value, at: isinstance(value, bool)
    return lambda value, at: (
        value in {"0", "1"}
        if isinstance(value, str)
        else isinstance(value, int) and value in {0, 1}
    )


def _strict(args: Args) -> bool:
    if args.parameters not in {(), ("strict",)}:
        args.fault('takes nothing, or "strict".')
    return bool(args.parameters)


def _count(args: Args, index: int = 0) -> int:
    """Return a parameter that counts something."""
    written = args.text(index).strip()
    if not (written.isascii() and written.isdigit() and len(written) <= _COUNT_DIGITS):
        args.fault(f'wants a whole number, not "{written}".')
    return int(written)


def _digits(fits: Callable[[int, list[int]], bool], counts: int) -> Callable[[Args], Check]:
    """Compile a rule of how many digits there are, and nothing else."""

    def build(args: Args) -> Check:
        wanted = [_count(args, index) for index in range(counts)]

        def check(value: object, at: Place) -> bool:
            del at
            if not isinstance(value, str) and not is_numeric(value):
                return False
            written = text(value)
            plain = written == "" or (written.isascii() and written.isdigit())
            return plain and fits(len(written), wanted)

        return check

    return build


def _decimal(args: Args) -> Check:
    least = _count(args)
    most = _count(args, 1) if len(args.parameters) > 1 else least

    def check(value: object, at: Place) -> bool:
        del at
        if not is_numeric(value):
            return False
        matched = _DECIMALS(text(value))
        return matched is not None and least <= len(matched[1]) <= most

    return check


def _multiple_of(args: Args) -> Check:
    written = args.text(0)
    if not is_numeric(written) or not within_exponents(written):
        args.fault(f'wants a number, not "{written}".')
    step = Decimal(written.strip())

    def check(value: object, at: Place) -> bool:
        del at
        return is_numeric(value) and step != 0 and _divides(step, value)

    return check


def _divides(step: Decimal, value: object) -> bool:
    written = text(value)
    if len(written) > _DIGITS_MAX or not within_exponents(written):
        return False
    try:
        found: Any = number(written)
    except InvalidOperation:
        return False
    if not found.is_finite():
        return False
    # As many digits as both have, or the remainder of a large number by a small one is not exact.
    digits = len(written) + len(str(step)) + 2 * EXPONENT_MAX
    return bool(Context(prec=digits).remainder(found, step) == 0)


def _plain(name: str, build: Callable[[Args], Check], least: int, most: int) -> Spec:
    """Return a rule whose check looks at the value alone, and is asked of text as of all else."""
    return Spec(name, build, least, most, quick=build, pure=True)


SPECS: Final = (
    Spec("numeric", _numeric, most=1, quick=_quick_numeric, pure=True),
    Spec("integer", _integer, most=1, quick=_quick_integer, pure=True),
    Spec("boolean", _boolean, most=1, quick=_quick_boolean, pure=True),
    _plain("decimal", _decimal, 1, 2),
    _plain("digits", _digits(lambda found, wanted: found == wanted[0], 1), 1, 1),
    _plain(
        "digits_between", _digits(lambda found, wanted: wanted[0] <= found <= wanted[1], 2), 2, 2
    ),
    _plain("max_digits", _digits(lambda found, wanted: found <= wanted[0], 1), 1, 1),
    _plain("min_digits", _digits(lambda found, wanted: found >= wanted[0], 1), 1, 1),
    _plain("multiple_of", _multiple_of, 1, 1),
)
