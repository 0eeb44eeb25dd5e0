"""The signature mini-language: "cache:forget {key : The key} {--store=}" -> arguments and options.

    {user}  {user?}  {user=foo}  {user*}  {user?*}  {user=*a,b}
    {--force}  {--queue=}  {--queue=foo}  {--id=*}  {--id=*a,b}  {--Q|queue=}
    {user : what it is for}

:func:`parse` reads as Laravel does, which lets much pass; :meth:`Signature.check` then refuses what
can only be a slip, before anybody runs the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from securely.console.exceptions import InvalidSignature
from securely.support.listing import GLOBAL_OPTIONS, Argument, Option

__all__ = ["Signature", "parse"]

# ASCII, because PHP's \s is.
_TOKEN = re.compile(r"\{\s*(.*?)\s*\}", re.ASCII)
_NAME = re.compile(r"\S+", re.ASCII)
_DESCRIPTION = re.compile(r"\s+:\s+", re.ASCII)
_SHORTCUT = re.compile(r"\s*\|\s*", re.ASCII)
_OPTION = re.compile(r"-{2,}(.*)", re.ASCII)
_ARRAY_DEFAULT = re.compile(r"(.+)=\*(.+)", re.ASCII)
_DEFAULT = re.compile(r"(.+)=(.+)", re.ASCII)
_COMMA = re.compile(r",\s?", re.ASCII)


class Signature:
    """A command's name, arguments and options."""

    __slots__ = ("_by_name", "_by_shortcut", "arguments", "name", "options", "source")

    def __init__(
        self,
        name: str,
        arguments: Iterable[Argument] = (),
        options: Iterable[Option] = (),
        source: str = "",
    ) -> None:
        self.name: str = name
        self.arguments: tuple[Argument, ...] = tuple(arguments)
        self.options: tuple[Option, ...] = tuple(options)
        self.source: str = source
        self._by_name = {option.name: option for option in self.options}
        self._by_shortcut: dict[str, Option] = {}
        for option in self.options:
            self._by_shortcut.update(dict.fromkeys(_letters(option), option))

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read a signature; :func:`parse` under the name of what it returns."""
        return parse(text)

    def option(self, name: str) -> Option | None:
        """Return the option of that name, without its dashes."""
        return self._by_name.get(name)

    def shortcut(self, letter: str) -> Option | None:
        """Return the option of that one-letter shortcut."""
        return self._by_shortcut.get(letter)

    def check(self, *, reserved: bool = True) -> Signature:
        """Refuse what :func:`parse` lets pass though it cannot work; return the signature itself.

        Args:
            reserved: Whether names that every command has are refused as well.

        Raises:
            InvalidSignature: A brace is left open, a name is empty, given twice or one that every
                command has, or an argument can never be reached.

        Source: Symfony 7, Component\\Console\\Input\\InputDefinition, which refuses the same.
        """
        self._check_braces()
        self._check_arguments()
        self._check_options(GLOBAL_OPTIONS if reserved else ())
        return self

    def _check_braces(self) -> None:
        opened = -1
        for position, character in enumerate(self.source):
            if character == "{" and opened < 0:
                opened = position
            elif character == "}":
                opened = -1
        if opened >= 0:
            raise InvalidSignature(self.source, "This brace is never closed:", opened)

    def _check_arguments(self) -> None:
        before: Argument | None = None
        names: set[str] = set()
        for argument in self.arguments:
            if not argument.name:
                raise self._wrong("An argument has no name.")
            if argument.name in names:
                raise self._wrong(f'An argument with name "{argument.name}" already exists.')
            if before is not None and before.is_array:
                raise self._wrong(
                    f'Cannot add a required argument "{argument.name}" after an array argument '
                    f'"{before.name}". The array takes all that follows: put it last.'
                )
            if before is not None and argument.required and not before.required:
                raise self._wrong(
                    f'Cannot add a required argument "{argument.name}" after an optional one '
                    f'"{before.name}". Change their order.'
                )
            names.add(argument.name)
            before = argument

    def _check_options(self, taken: Sequence[Option]) -> None:
        names = {name for option in taken for name in (option.name, f"no-{option.name}")}
        letters = {letter for option in taken for letter in _letters(option)}
        for option in self.options:
            if option.name in names:
                raise self._wrong(f'An option named "{option.name}" already exists.')
            for letter in _letters(option):
                if letter in letters:
                    raise self._wrong(f'An option with shortcut "{letter}" already exists.')
            names.add(option.name)
            letters.update(_letters(option))

    def _wrong(self, reason: str) -> InvalidSignature:
        return InvalidSignature(self.source, reason)


@lru_cache(maxsize=512)
def parse(signature: str) -> Signature:
    """Read *signature*.

    Raises:
        InvalidSignature: There is no name, or an option without one.

    Example:
        >>> found = parse("mail:send {user : Who} {--Q|queue=default}")
        >>> found.name, found.arguments, found.options
        ('mail:send', (Argument('user', required=True, default=None),), \
(Option('queue', shortcut='Q', default='default'),))

    Source: Laravel 13, Illuminate\\Console\\Parser.
    """
    name = _NAME.search(signature)
    if name is None:
        raise InvalidSignature(signature, "Unable to determine command name from signature.")
    arguments: list[Argument] = []
    options: list[Option] = []
    for found in _TOKEN.finditer(signature):
        option = _OPTION.match(found[1])
        if option is None:
            arguments.append(_argument(found[1]))
        else:
            options.append(_option(option[1], signature))
    return Signature(name[0], arguments, options, signature)


def _argument(token: str) -> Argument:
    token, description = _described(token)
    if token.endswith("?*"):
        return Argument(token.strip("?*"), description, required=False, is_array=True)
    if token.endswith("*"):
        return Argument(token.strip("*"), description, is_array=True)
    if token.endswith("?"):
        return Argument(token.strip("?"), description, required=False)
    if found := _ARRAY_DEFAULT.match(token):
        values = _COMMA.split(found[2])
        return Argument(found[1], description, required=False, is_array=True, default=values)
    if found := _DEFAULT.match(token):
        return Argument(found[1], description, required=False, default=found[2])
    return Argument(token, description)


def _option(token: str, signature: str) -> Option:
    token, description = _described(token)
    shortcut: str | None = None
    parts = _SHORTCUT.split(token, maxsplit=1)
    if len(parts) > 1:
        shortcut, token = parts[0].lstrip("-") or None, parts[1]
    default: str | list[str] | None = None
    accepts_value = is_array = True
    if token.endswith("="):
        name, is_array = token.strip("="), False
    elif token.endswith("=*"):
        name = token.strip("=*")
    elif found := _ARRAY_DEFAULT.match(token):
        name, default = found[1], _COMMA.split(found[2])
    elif found := _DEFAULT.match(token):
        name, default, is_array = found[1], found[2], False
    else:
        name, accepts_value, is_array = token, False, False
    name = name.removeprefix("--")
    if name in ("", "0"):  # "0" is empty to PHP, and nobody's option
        raise InvalidSignature(signature, "An option name cannot be empty.")
    return Option(
        name,
        description,
        shortcut=shortcut,
        accepts_value=accepts_value,
        is_array=is_array,
        default=default,
    )


def _described(token: str) -> tuple[str, str]:
    parts = _DESCRIPTION.split(token.strip(), maxsplit=1)
    return (parts[0], parts[1]) if len(parts) > 1 else (token, "")


def _letters(option: Option) -> list[str]:
    return [letter for letter in (option.shortcut or "").split("|") if letter]
