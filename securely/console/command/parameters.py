"""Parameters of `handle` as arguments and options: the typed way to say what a command takes.

    def handle(
        self,
        mailer: Mailer,                                          a service
        user: int,                                               an argument
        queue: Annotated[str, Option("-Q", help="…")] = "low",   an option, --queue or -Q
        kind: Annotated[Kind, Argument()] = Kind.PLAIN,          an argument that may be left out
        dry_run: bool = False,                                   a flag, --dry-run
    )

What a plain type stands at is input: str, int, float, bool, Path, datetime, date, an Enum, a
Literal, a list of those, each also with ``| None``. A default makes an option of it, unless
``Argument`` stands in ``Annotated``.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from securely.console.command.conversion import Wanted, convert
from securely.console.exceptions import InvalidInput, InvalidSignature
from securely.console.input import Input
from securely.console.signature import Signature
from securely.container.signature import Kind, Parameter, read
from securely.support.listing import Argument, Option
from securely.support.missing import MISSING

__all__ = ["Declared", "commands", "declared", "named", "refuse_mixed", "values"]

_PLAIN: Final = frozenset({str, int, float, bool, Path, datetime, date})


class Declared:
    """A parameter that is an argument or an option.

    Attributes:
        parameter: The parameter's name.
        entry: The argument or option.
        wanted: What the value shall become.
        has_default: Whether the parameter has a default of its own.
    """

    __slots__ = ("entry", "has_default", "parameter", "wanted")

    def __init__(
        self, parameter: str, entry: Argument | Option, wanted: Wanted, has_default: bool
    ) -> None:
        self.parameter: str = parameter
        self.entry: Argument | Option = entry
        self.wanted: Wanted = wanted
        self.has_default: bool = has_default


def declared(function: Callable[..., object] | None, written: Signature) -> tuple[Declared, ...]:
    """Return the arguments and options that *function* declares; none where braces do.

    Raises:
        InvalidSignature: Both declare, or a parameter can not be what it says.
    """
    if function is None:
        return ()
    if not (written.arguments or written.options):
        return _declared(function, written.source)
    return ()


@lru_cache(maxsize=256)
def _declared(function: Callable[..., object], source: str) -> tuple[Declared, ...]:
    return tuple(_entries(_parameters(function), source))


def named(function: Callable[..., object], written: Signature) -> tuple[Declared, ...]:
    """Return the parameters of *function* that are named as what *written* has in braces."""
    entries = {entry.name.replace("-", "_"): entry for entry in _written(written)}
    return tuple(
        Declared(
            each.name,
            entries[each.name],
            _wanted(each) or Wanted(object, optional=True),
            each.default is not MISSING,
        )
        for each in _parameters(function)
        if each.name in entries
    )


def commands(function: Callable[..., object], base: type) -> list[str]:
    """Return the parameters of *function* that ask for the command itself."""
    return [
        each.name
        for each in _parameters(function)
        if any(isinstance(key, type) and issubclass(key, base) for key in each.keys)
    ]


def values(entries: Iterable[Declared], given: Input) -> dict[str, object]:
    """Return what the parameters get; those left at a default of their own get it from Python.

    Raises:
        InvalidInput: Values do not fit; each is named on a line of its own.
    """
    found: dict[str, object] = {}
    wrong: list[str] = []
    for entry in entries:
        name = entry.entry.name
        if entry.has_default and not given.was_given(name):
            continue
        try:
            found[entry.parameter] = convert(entry.wanted, name, given)
        except InvalidInput as error:
            wrong.append(str(error))
    if wrong:
        raise InvalidInput("\n".join(wrong))
    return found


def refuse_mixed(function: Callable[..., object] | None, written: Signature) -> None:
    """Refuse a *function* that says again what *written* has in braces.

    Raises:
        InvalidSignature: It does.
    """
    code = getattr(function, "__code__", None)
    entries = {entry.name.replace("-", "_") for entry in _written(written)}
    # Mostly there is no such name, and then no annotation needs to be looked at.
    if function is None or code is None or entries.isdisjoint(code.co_varnames[: _taken(code)]):
        return
    for each in _parameters(function):
        if each.name in entries and _wanted(each) is not None:
            raise InvalidSignature(
                written.source,
                f'The signature has "{each.name}" in braces, and `handle` takes it as a parameter. '
                f"Say it in one of them: with braces read it by self.argument() or self.option().",
            )


def _taken(code: types.CodeType) -> int:
    return code.co_argcount + code.co_kwonlyargcount


def _written(written: Signature) -> Iterator[Argument | Option]:
    yield from written.arguments
    yield from written.options


def _parameters(function: Callable[..., object]) -> tuple[Parameter, ...]:
    plain = getattr(function, "__func__", function)
    return tuple(
        each
        for each in read(plain)
        if each.name != "self" and each.kind in {Kind.POSITIONAL, Kind.KEYWORD_ONLY}
    )


def _entries(parameters: Iterable[Parameter], source: str) -> Iterator[Declared]:
    for each in parameters:
        wanted, marker = _wanted(each), _marker(each)
        if wanted is None and marker is None:
            continue
        if wanted is None:
            raise InvalidSignature(
                source,
                f"The parameter `{each.name}` is marked as input, but a command line can not give "
                f"{each.annotation!r}. Use str, int, float, bool, Path, datetime, date, an Enum, "
                f"a Literal or a list of those.",
            )
        is_option = isinstance(marker, Option) or (
            marker is None and (each.default is not MISSING or wanted.kind is bool)
        )
        entry: Argument | Option = (
            _option(each, wanted, marker, source) if is_option else _argument(each, wanted, marker)
        )
        has_default = each.default is not MISSING
        if is_option and not has_default and not (wanted.optional or entry.default is not None):
            raise InvalidSignature(
                source,
                f"The option --{entry.name} may always be left out: give the parameter "
                f"`{each.name}` a default.",
            )
        yield Declared(each.name, entry, wanted, has_default)


def _argument(each: Parameter, wanted: Wanted, marker: Any) -> Argument:
    name = marker.name if marker is not None and marker.name else each.name
    described = marker.description if marker is not None else ""
    default = each.default
    return Argument(
        name,
        described,
        required=default is MISSING and not wanted.optional,
        is_array=wanted.is_list,
        default=None if default is MISSING else wanted.shown(default),
    )


def _option(each: Parameter, wanted: Wanted, marker: Any, source: str) -> Option:
    name, shortcuts = each.name.replace("_", "-"), []
    described = ""
    if marker is not None:
        described = marker.description
        shortcuts = [marker.shortcut] if marker.shortcut else []
        for word in filter(None, marker.name.split("|")):
            if word.startswith("-") and not word.startswith("--"):
                shortcuts.append(word[1:])
            else:
                name = word.removeprefix("--")
    is_flag = wanted.kind is bool and not wanted.optional
    default = each.default
    if is_flag and default is True:
        raise InvalidSignature(
            source,
            f"The flag --{name} is on unless given, and so can not be turned off. Turn it round: "
            f"`no_{each.name}: bool = False`.",
        )
    return Option(
        name,
        described,
        shortcut="|".join(shortcuts) or None,
        accepts_value=not is_flag,
        is_array=wanted.is_list,
        default=None if is_flag or default is MISSING else wanted.shown(default),
    )


def _marker(each: Parameter) -> Argument | Option | None:
    for marker in each.markers:
        if marker is Argument or marker is Option:
            return Argument() if marker is Argument else Option()
        if isinstance(marker, Argument | Option):
            return marker
    return None


def _wanted(each: Parameter) -> Wanted | None:
    """Return what a parameter of a plain type takes; None where it is a service."""
    foreign = [one for one in each.markers if not isinstance(one, Argument | Option | str)]
    foreign = [one for one in foreign if one is not Argument and one is not Option]
    if foreign or each.failure or len(each.keys) != 1:
        return None
    kind = each.keys[0]
    is_list = typing.get_origin(kind) is list
    if is_list:
        kind = typing.get_args(kind)[0]
    if not _is_plain(kind):
        return None
    return Wanted(kind, optional=each.is_nullable, is_list=is_list)


def _is_plain(kind: Any) -> bool:
    if isinstance(kind, type):
        return kind in _PLAIN or issubclass(kind, Enum)
    return typing.get_origin(kind) is Literal
