"""What a text of the command line becomes: a number, a path, a moment, a member of an Enum."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, cast

from securely.console.exceptions import InvalidInput
from securely.console.input import Input
from securely.support.suggest import did_you_mean

__all__ = ["Wanted", "convert"]


class Wanted:
    """What a value shall become.

    Attributes:
        kind: The type of it, or of each of several; a Literal too.
        optional: Whether it may be None.
        is_list: Whether several are wanted.
    """

    __slots__ = ("is_list", "kind", "optional")

    def __init__(self, kind: Any, *, optional: bool = False, is_list: bool = False) -> None:
        self.kind: Any = kind
        self.optional: bool = optional
        self.is_list: bool = is_list

    def shown(self, default: object) -> str | list[str] | None:
        """Return *default* as text, as `help` shows it."""
        if default is None:
            return None
        if isinstance(default, list | tuple):
            return [_text(each) for each in cast("Sequence[object]", default)]
        return _text(default)


def convert(wanted: Wanted, name: str, given: Input) -> object:
    """Return the value of the argument or option *name* as what is *wanted*.

    Raises:
        InvalidInput: It does not fit.
    """
    value = given.value(name)
    if isinstance(value, bool) or wanted.kind is bool:
        return given.boolean(name) if wanted.kind in (bool, object) else value
    if wanted.kind is object:
        return value
    if wanted.is_list or isinstance(value, list):
        return [_single(wanted.kind, each, name, given) for each in given.strings(name)]
    if value is None:
        if wanted.optional:
            return None
        raise given.refusal(name, None, _expected(wanted.kind), "a value")
    return _single(wanted.kind, value, name, given)


def _expected(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return f"one of {', '.join(_text(each) for each in typing.get_args(kind))}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(_text(each) for each in kind)}"
    return _PARSERS[kind][1]


def _single(kind: Any, text: str, name: str, given: Input) -> object:
    if typing.get_origin(kind) is typing.Literal:
        return _one_of({_text(each): each for each in typing.get_args(kind)}, text, name, given)
    if isinstance(kind, type) and issubclass(kind, Enum):
        known: dict[str, Any] = {_text(each): each for each in kind}
        names = {each.name.lower(): each for each in kind}
        if text not in known and text.lower() in names:
            return names[text.lower()]
        return _one_of(known, text, name, given)
    parse, expected = _PARSERS[kind]
    try:
        return parse(text)
    except ValueError:
        raise given.refusal(name, text, expected, "a value") from None


def _one_of(known: dict[str, Any], text: str, name: str, given: Input) -> object:
    if text in known:
        return known[text]
    near = did_you_mean(text, [*known])
    refusal = given.refusal(name, text, f"one of {', '.join(known)}", "one of them")
    raise InvalidInput(refusal.reason, hint=f'Did you mean "{near}"?' if near else "")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:  # nan, and the infinities
        raise ValueError(text)
    return number


def _path(text: str) -> Path:
    if not text:  # Path("") is the working directory, which nobody asked for
        raise ValueError(text)
    return Path(text)


_PARSERS: dict[Any, tuple[Callable[[str], object], str]] = {
    str: (str, "a text"),
    int: (int, "an integer"),
    float: (_finite, "a number"),
    Path: (_path, "a path"),
    datetime: (datetime.fromisoformat, "a date and time, such as 2026-03-29T12:00:00+02:00"),
    date: (date.fromisoformat, "a date, such as 2026-03-29"),
}


def _text(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)
