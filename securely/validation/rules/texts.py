"""Rules of text: its letters, its beginning and end, what it must be one of, and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from unicodedata import category

from securely.support import clock
from securely.validation.plan.paths import Container, is_container
from securely.validation.rules.loose import is_numeric, text
from securely.validation.rules.spec import Args, Check, Place, Quick, Spec, no_need

__all__ = ["SPECS"]

_Search: TypeAlias = Callable[[str, float], bool | None]

_ASCII_DASH: Final = re.compile(r"[a-zA-Z0-9_-]+").fullmatch
_DELIMITERS: Final = "/#~@!%"
_FLAGS: Final = {"i": "IGNORECASE", "m": "MULTILINE", "s": "DOTALL", "x": "VERBOSE", "u": "UNICODE"}
# No patterns that are meant take longer over what a form sends; so long they have for all of it.
_MATCH_SECONDS_MAX: Final = 1.0
# What each search may take beside that: a long list of what is quickly searched is no attack.
_SEARCH_SECONDS: Final = 0.0001
# So long a search may take that does not know what others took; what takes longer is asked anew.
_QUICK_SECONDS: Final = 0.005
# And of so much text: a pattern that takes the square of the time takes none to speak of.
_QUICK_LETTERS_MAX: Final = 256
# What is left alone, escapes and classes of letters, or the end of a line.
_DOLLAR: Final = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", re.DOTALL)
_NO_ASCII: Final = re.compile(r"[^\x09\x10\x13\x0a\x0d\x20-\x7e]").search


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
        return (value.isascii() and (plain.isalnum() if numbers else plain.isalpha())) or (
            bool(extra) and _ASCII_DASH(value) is not None
        )

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
    return lambda value, at: isinstance(value, str) and _is_ascii(value)


def _is_ascii(value: str) -> bool:
    return _NO_ASCII(value) is None


def _lowercase(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str) and value.lower() == value


def _uppercase(args: Args) -> Check:
    del args
    return lambda value, at: isinstance(value, str) and value.upper() == value


def _affix(
    test: Callable[[str, tuple[str, ...]], bool], *, wanted: bool
) -> Callable[[Args], Check]:
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
        search = _pattern(args)

        def check(value: object, at: Place) -> bool:
            if not isinstance(value, str) and not is_numeric(value):
                return False
            return _within_a_second(search, text(value), at.memory) is wanted

        return check

    return build


def _quick_regex(*, wanted: bool) -> Callable[[Args], Quick]:
    def build(args: Args) -> Quick:
        search = _pattern(args)
        # Once it took long it is a pattern to be watched: by the check that counts the time.
        is_slow = False

        def check(value: str, data: object) -> bool:
            nonlocal is_slow
            del data
            if is_slow or len(value) > _QUICK_LETTERS_MAX:
                return False
            found = search(value, _QUICK_SECONDS)
            is_slow = found is None
            return found is wanted

        return check

    return build


_LEFT: Final = "seconds left to search with patterns"


def _within_a_second(search: _Search, value: str, memory: dict[object, Any]) -> bool | None:
    """Search *value* in what is left of the second that all patterns of a validation have."""
    left: float = memory.get(_LEFT, _MATCH_SECONDS_MAX)
    if left <= 0:
        return None
    started = clock.monotonic()
    found = search(value, left)
    memory[_LEFT] = left - max(0.0, clock.monotonic() - started - _SEARCH_SECONDS)
    return found


def _pattern(args: Args) -> _Search:
    """Return what searches text with the pattern; it gives None where that takes too long."""
    import regex

    try:
        pattern: Any = regex.compile(*_unwrapped(args))
    except regex.error as error:
        args.fault(
            f"is no regular expression: {error}. A pattern with bars stands in a list: "
            '["regex:/^(a|b)$/"].'
        )
    search: Any = pattern.search

    def searches(value: str, seconds: float) -> bool | None:
        try:
            return search(value, timeout=seconds) is not None
        except TimeoutError:
            return None

    return searches


def _unwrapped(args: Args) -> tuple[str, int]:
    """Return a pattern and its flags: PHP's with delimiters, Python's, or a compiled one."""
    import regex

    if isinstance(args.parameters[0], re.Pattern):
        return _compiled(args)
    written = args.text(0)
    first = written[:1]
    if not first:
        args.fault("needs a pattern: all text has an empty one.")
    last = written.rfind(first, 1) if first in _DELIMITERS else -1
    marks = written[last + 1 :]
    if last < 1 or not set(marks) <= {*_FLAGS, "A", "D"}:
        if first in _DELIMITERS and written[1:2] == "^":
            args.fault(
                f'takes a pattern between two "{first}", with the flags imsxuAD behind it, or one '
                "without delimiters."
            )
        return written, 0
    body = written[1:last].replace("\\" + first, first)
    if "D" in marks and "m" not in marks:
        body = _DOLLAR.sub(lambda found: found[1] or r"\Z", body)
    if "A" in marks:
        body = rf"\G(?:{body})"
    flags = 0 if "u" in marks else regex.ASCII
    for mark in marks:
        flags |= getattr(regex, _FLAGS[mark]) if mark in _FLAGS else 0
    return body, flags


def _compiled(args: Args) -> tuple[str, int]:
    """Return the pattern and the flags of one that `re` has compiled, which knows no time."""
    import regex

    given: re.Pattern[Any] = args.parameters[0]
    if not isinstance(given.pattern, str):
        args.fault("is a pattern of bytes, and what is searched is text.")
    names = ("ASCII", "IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE")
    flags = [getattr(regex, name) for name in names if given.flags & getattr(re, name)]
    return given.pattern, sum(flags)


def _in(*, wanted: bool) -> Callable[[Args], Check]:
    """Compile `in` and `not_in`: what is compared is text, as forms send it."""

    def build(args: Args) -> Check:
        if not args.parameters:
            args.fault(f"needs values, as in {args.name}:a,b.")
        allowed = frozenset(args.texts())
        is_array = "array" in args.facts.names

        def check(value: object, at: Place) -> bool:
            del at
            if isinstance(value, str):
                return (value in allowed) is wanted
            if is_container(value):
                return (is_array and _all_in(value, allowed)) is wanted
            return (text(value) in allowed) is wanted

        return check

    return build


def _all_in(values: Container, allowed: frozenset[str]) -> bool:
    items = values.values() if isinstance(values, Mapping) else values
    return all(not is_container(item) and text(item) in allowed for item in items)


def _quick_in(*, wanted: bool) -> Callable[[Args], Quick]:
    def build(args: Args) -> Quick:
        allowed = frozenset(args.texts())
        if wanted:
            return lambda value, data: value in allowed
        return lambda value, data: value not in allowed

    return build


def _plain(
    name: str, build: Callable[[Args], Check], least: int = 0, most: int | None = None
) -> Spec:
    """Return a rule whose check looks at the value alone, and is asked of text as of all else."""
    return Spec(name, build, least, most, quick=build, pure=True)


SPECS: Final = (
    Spec("string", _string, most=0, quick=no_need, pure=True),
    _plain("alpha", _letters("LM", numbers=False), most=1),
    _plain("alpha_dash", _letters("LMN", "_-", numbers=True), most=1),
    _plain("alpha_num", _letters("LMN", numbers=True), most=1),
    _plain("ascii", _ascii, most=0),
    _plain("lowercase", _lowercase, most=0),
    _plain("uppercase", _uppercase, most=0),
    _plain("starts_with", _affix(str.startswith, wanted=True), 1),
    _plain("doesnt_start_with", _affix(str.startswith, wanted=False), 1),
    _plain("ends_with", _affix(str.endswith, wanted=True), 1),
    _plain("doesnt_end_with", _affix(str.endswith, wanted=False), 1),
    Spec("regex", _regex(wanted=True), 1, 1, quick=_quick_regex(wanted=True)),
    Spec("not_regex", _regex(wanted=False), 1, 1, quick=_quick_regex(wanted=False)),
    Spec("in", _in(wanted=True), quick=_quick_in(wanted=True), pure=True),
    Spec("not_in", _in(wanted=False), quick=_quick_in(wanted=False), pure=True),
)
