"""Rules of text: its letters, its beginning and end, what it must be one of, and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from unicodedata import category

from securely.validation.rules.loose import is_numeric, text
from securely.validation.rules.spec import Args, Check, Place, Spec

__all__ = ["SPECS"]

_ASCII_DASH: Final = re.compile(r"[a-zA-Z0-9_-]+").fullmatch
_DELIMITERS: Final = "/#~@!%"
_FLAGS: Final = {"i": "IGNORECASE", "m": "MULTILINE", "s": "DOTALL", "x": "VERBOSE", "u": "UNICODE"}
_MATCH_SECONDS_MAX: Final = 1.0


def _string(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str)


def _letters(kinds: str, extra: str = "", *, numbers: bool) -> Callable[[Args], Check]:
    """Compile a rule that allows letters and marks, of all scripts or of ASCII."""

    def of_any_script(value: str) -> bool:
        # What is letters alone, most text, is told by one call.
        if value.isalpha():
            return True
        return value != "" and all(
            letter in extra or category(letter)[0] in kinds for letter in value
        )

    def of_ascii(value: str) -> bool:
        plain = value.translate(_removed(extra)) if extra else value
        return value.isascii() and (
            plain.isalnum() if numbers else plain.isalpha()
        ) or (bool(extra) and _ASCII_DASH(value) is not None)

    def build(args: Args) -> Check:
        if args.parameters not in {(), ("ascii",)}:
            args.fault('takes nothing, or "ascii" for the letters of English alone.')
        fits = of_ascii if args.parameters else of_any_script

        def check(value: object, at: Place) -> bool:
            del at
            if isinstance(value, str):
                return fits(value)
            return numbers and is_numeric(value) and fits(text(value))

        return check

    return build


def _removed(letters: str) -> dict[int, None]:
    return {ord(letter): None for letter in letters}


def _ascii(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str) and value.isascii()


def _lowercase(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str) and value.lower() == value


def _uppercase(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str) and value.upper() == value


def _affix(test: Callable[[str, tuple[str, ...]], bool], *, wanted: bool) -> Callable[[Args], Check]:
    """Compile a rule of how text begins or ends; nothing is no beginning."""

    def build(args: Args) -> Check:
        affixes = tuple(filter(None, args.texts()))

        def check(value: object, at: Place) -> bool:
            del at
            if not isinstance(value, str) and not is_numeric(value):
                return False
            return test(text(value), affixes) is wanted

        return check

    return build


def _regex(*, wanted: bool) -> Callable[[Args], Check]:
    def build(args: Args) -> Check:
        searches = _pattern(args)

        def check(value: object, at: Place) -> bool:
            del at
            if not isinstance(value, str) and not is_numeric(value):
                return False
            return searches(text(value)) is wanted

        return check

    return build


def _pattern(args: Args) -> Callable[[str], bool | None]:
    """Return what searches with the pattern; it gives None where that takes over a second."""
    import regex

    given = args.parameters[0]
    try:
        pattern = given if isinstance(given, re.Pattern) else regex.compile(*_unwrapped(args.text(0)))
    except regex.error as error:
        args.fault(f"is no regular expression: {error}.")
    search: Any = pattern.search

    def searches(value: str) -> bool | None:
        if isinstance(pattern, re.Pattern):
            return search(value) is not None
        try:
            return search(value, timeout=_MATCH_SECONDS_MAX) is not None
        except TimeoutError:
            return None

    return searches


def _unwrapped(written: str) -> tuple[str, int]:
    """Return the pattern in *written* and its flags: PHP's with delimiters, or Python's without."""
    import regex

    flags = regex.VERSION0
    first = written[:1]
    last = written.rfind(first, 1) if first and first in _DELIMITERS else -1
    marks = written[last + 1 :]
    if last < 1 or not set(marks) <= {*_FLAGS, "D", "A", "U"}:
        return written, flags
    body = written[1:last].replace("\\" + first, first)
    for mark in marks:
        flags |= getattr(regex, _FLAGS[mark]) if mark in _FLAGS else 0
    return body, flags


def _in(*, wanted: bool) -> Callable[[Args], Check]:
    """Compile `in` and `not_in`: what is compared is text, as forms send it."""

    def build(args: Args) -> Check:
        allowed = frozenset(args.texts())
        is_array = "array" in args.facts.names

        def check(value: object, at: Place) -> bool:
            del at
            if isinstance(value, str):
                return (value in allowed) is wanted
            if isinstance(value, (list, tuple, dict)):
                return (is_array and _all_in(value, allowed)) is wanted
            return (text(value) in allowed) is wanted

        return check

    return build


def _all_in(values: object, allowed: frozenset[str]) -> bool:
    items = (
        list(cast("Mapping[object, object]", values).values())
        if isinstance(values, dict)
        else list(cast("list[object]", values))
    )
    return all(
        not isinstance(item, (list, tuple, dict)) and text(item) in allowed for item in items
    )


SPECS: Final = (
    Spec("string", _string, most=0),
    Spec("alpha", _letters("LM", numbers=False), most=1),
    Spec("alpha_dash", _letters("LMN", "_-", numbers=True), most=1),
    Spec("alpha_num", _letters("LMN", numbers=True), most=1),
    Spec("ascii", _ascii, most=0),
    Spec("lowercase", _lowercase, most=0),
    Spec("uppercase", _uppercase, most=0),
    Spec("starts_with", _affix(str.startswith, wanted=True), 1),
    Spec("doesnt_start_with", _affix(str.startswith, wanted=False), 1),
    Spec("ends_with", _affix(str.endswith, wanted=True), 1),
    Spec("doesnt_end_with", _affix(str.endswith, wanted=False), 1),
    Spec("regex", _regex(wanted=True), 1, 1),
    Spec("not_regex", _regex(wanted=False), 1, 1),
    Spec("in", _in(wanted=True)),
    Spec("not_in", _in(wanted=False)),
)
