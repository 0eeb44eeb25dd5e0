"""Command lines: what commands and programs are started with, as lists of words."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias, TypeGuard

from securely.schedule.definition.given import is_sendable, plain, shown
from securely.schedule.exceptions import InvalidTask

__all__ = ["Parameters", "arguments", "command_words", "program"]

Parameters: TypeAlias = Mapping[str, object] | Sequence[object]
"""The words behind a command; or its arguments and options by name."""


def command_words(command: object) -> list[str]:
    """Return the name of an artisan command, and the words behind it.

    Args:
        command: "report:send --daily"; or the class, or an object of it.

    Raises:
        InvalidTask: It names no command, or a quotation does not end.
    """
    command = plain(command)
    if isinstance(command, str):
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise InvalidTask(f"command({shown(command)}): {str(error).lower()}") from None
    else:
        signature: object = getattr(command, "signature", None)
        words = signature.split()[:1] if isinstance(signature, str) else []
    if not words or not words[0] or words[0].startswith("-"):
        raise InvalidTask(
            f"command({shown(command)}): it names no artisan command; give its name, or its class"
        )
    return [_word(word) for word in words]


def program(command: object, parameters: object) -> str | tuple[str, ...]:
    """Return a program and its arguments, or a text for the shell.

    Raises:
        InvalidTask: It names no program, or an argument is no text or number.
    """
    behind = arguments(parameters)
    command = plain(command)
    if isinstance(command, PurePath):  # never for a shell, which would split it
        command = [command]
    if isinstance(command, str):
        _word(command)
        found: str | tuple[str, ...] = (command, *behind) if behind else command
        is_named = bool(command.strip())
    elif _is_listed(command):
        found = tuple(_word(word) for word in command) + tuple(behind)
        is_named = bool(command) and bool(found[0].strip())
    else:
        raise InvalidTask(f"exec({shown(command)}): give a text, or a list of texts")
    if not is_named:
        raise InvalidTask(f"exec({shown(command)}): it names no program; give one")
    return found


def arguments(parameters: object) -> list[str]:
    """Return parameters as the words of a command line.

    Args:
        parameters: The words; or arguments and options by name: True for an option without a
            value, False and None for none, a list for several.

    Raises:
        InvalidTask: They are neither; or one can not stand on a command line.

    Example:
        >>> arguments({"--force": True, "user": 5, "--id": [1, 2]})
        ['--force', '5', '--id=1', '--id=2']
    """
    if isinstance(parameters, str):
        return [_word(parameters)]
    if _is_listed(parameters):
        return [_word(value) for each in parameters for value in _several(each)]
    if not _is_named(parameters):
        raise InvalidTask(f"parameters are a list or a dict, not {shown(parameters)}")
    words: list[str] = []
    options: list[str] = []
    values: list[str] = []
    for name, value in parameters.items():
        if not isinstance(name, str) or not name.strip("-"):
            raise InvalidTask(f"{shown(name)} is no name of a parameter; give a text as a key")
        is_option = name.startswith("-")
        given = _option(name, value) if is_option else [_word(each) for each in _several(value)]
        words += given
        (options if is_option else values).extend(given)
    # Who names an argument means a value, whatever it begins with.
    return [*options, "--", *values] if any(each[:1] == "-" for each in values) else words


def _option(name: str, value: object) -> list[str]:
    if value is True:
        return [name]
    if value is False or value is None:
        return []
    given = [_word(each) for each in _several(value)]
    if name.startswith("--"):
        return [f"{name}={word}" for word in given]
    return [part for word in given for part in (name, word)]


def _word(value: object) -> str:
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, PurePath)):
        raise InvalidTask(
            f"{shown(value)} can not stand on a command line; give a text or a number"
        )
    try:
        text = str(value)
    except ValueError:  # a number of more digits than Python writes out
        raise InvalidTask(f"{shown(value)} is too large for a command line") from None
    if not is_sendable(text):
        raise InvalidTask(
            f"{shown(text)} can not stand on a command line: leave out zero bytes, and what is no"
            " character"
        )
    return text


def _several(value: object) -> Sequence[object]:
    return value if _is_listed(value) else [value]


def _is_listed(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))


def _is_named(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)
