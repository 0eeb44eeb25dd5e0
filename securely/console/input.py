"""Parsed arguments and options, typed access.

A command line becomes an :class:`Input` by :meth:`Input.from_tokens`, the parameters of
``Artisan.call("name", {...})`` by :meth:`Input.from_parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeAlias, TypeVar

from securely.console.exceptions import InvalidInput
from securely.console.signature import Signature
from securely.support.listing import GLOBAL_OPTIONS, Argument, Option
from securely.support.suggest import did_you_mean
from securely.support.terminal import Globals

__all__ = ["Input", "Value", "tokenize"]

Value: TypeAlias = str | bool | list[str | None] | None
"""What an argument or option holds; ``None`` in a list stands for an option given without value."""

E = TypeVar("E", bound=Enum)
_Named = TypeVar("_Named", Argument, Option)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class Input:
    """The arguments and options of one run of a command.

    Attributes:
        signature: What it was parsed by.
        interactive: Whether questions may be asked.
    """

    def __init__(
        self,
        signature: Signature,
        arguments: Mapping[str, Value] | None = None,
        options: Mapping[str, Value] | None = None,
        *,
        interactive: bool = True,
    ) -> None:
        self.signature = signature
        self.interactive = interactive
        self._given_arguments: dict[str, Value] = dict(arguments or {})
        self._given_options: dict[str, Value] = dict(options or {})
        self._arguments: dict[str, Value] = {
            argument.name: self._given_arguments.get(argument.name, _fresh(argument.default))
            for argument in signature.arguments
        }
        self._options: dict[str, Value] = {
            option.name: self._given_options.get(option.name, _fresh(option.default))
            for option in signature.options
        }

    @classmethod
    def from_tokens(
        cls,
        signature: Signature,
        tokens: Sequence[str],
        found: Globals | None = None,
        *,
        complete: bool = True,
    ) -> Input:
        """Parse *tokens*, the words after the command's name.

        Args:
            signature: The command's.
            tokens: Without the global options that stand alone.
            found: The global options; a set like ``-fn`` of an own and a global one adds to them.
            complete: Whether required arguments must be there; else :meth:`check` is to follow.

        Raises:
            InvalidInput: They do not fit the signature.

        Source: Symfony 7, Component\\Console\\Input\\ArgvInput.
        """
        parser = _Parser(signature, tokens, found)
        parser.parse()
        interactive = found is None or found.interactive
        parsed = cls(signature, parser.arguments, parser.options, interactive=interactive)
        if complete and (found is None or not found.help):
            parsed.check()
        return parsed

    @classmethod
    def from_parameters(
        cls,
        signature: Signature,
        parameters: Mapping[str, object],
        *,
        interactive: bool = True,
        complete: bool = True,
    ) -> Input:
        """Take *parameters*: ``{"user": 1, "--force": True, "--id": [1, 2]}``.

        An option that takes a value is given without one by True, and not given by False. The
        other parameters are those of :meth:`from_tokens`.

        Raises:
            InvalidInput: A name is unknown, a flag is no boolean, or an argument is missing.
        """
        arguments: dict[str, Value] = {}
        options: dict[str, Value] = {}
        for name, value in parameters.items():
            if name.startswith("-"):
                option = _find_option(signature, name)
                if value is not False or not option.accepts_value:
                    options[option.name] = _option_value(option, value)
            else:
                argument = _find(name, signature.arguments, "argument")
                arguments[argument.name] = _listed(value) if argument.is_array else _text(value)
        found = cls(signature, arguments, options, interactive=interactive)
        if complete:
            found.check()
        return found

    def fill(self, name: str, value: object) -> None:
        """Take *value* for the argument *name*, as if it had been given.

        Raises:
            InvalidInput: The command has no argument of that name.
        """
        argument = _find(name, self.signature.arguments, "argument")
        taken = _listed(value) if argument.is_array else _text(value)
        self._given_arguments[name] = self._arguments[name] = taken

    def check(self) -> None:
        """Refuse an input that lacks a required argument.

        Raises:
            InvalidInput: Naming all that are missing.
        """
        missing = self.missing()
        if missing:
            names = ", ".join(argument.name for argument in missing)
            raise InvalidInput(f'Not enough arguments (missing: "{names}").')

    def missing(self) -> list[Argument]:
        """Return the required arguments that were not given."""
        return [
            argument
            for argument in self.signature.arguments
            if argument.required and argument.name not in self._given_arguments
        ]

    def argument(self, name: str) -> Value:
        """Return an argument's value.

        Raises:
            InvalidInput: The command has no argument of that name.
        """
        return self._arguments[_find(name, self.signature.arguments, "argument").name]

    def arguments(self) -> dict[str, Value]:
        """Return all arguments."""
        return dict(self._arguments)

    def option(self, name: str) -> Value:
        """Return an option's value: ``False`` or ``True`` for a flag.

        Raises:
            InvalidInput: The command has no option of that name.
        """
        return self._options[_find(name, self.signature.options, "option").name]

    def options(self) -> dict[str, Value]:
        """Return all options."""
        return dict(self._options)

    def has_argument(self, name: str) -> bool:
        """Return whether the command has an argument of that name."""
        return name in self._arguments

    def has_option(self, name: str) -> bool:
        """Return whether the command has an option of that name."""
        return name in self._options

    def was_given(self, name: str) -> bool:
        """Return whether an argument or option was given rather than left at its default."""
        return name in self._given_arguments or name in self._given_options

    def value(self, name: str) -> Value:
        """Return the value of the argument or option called *name*.

        Raises:
            InvalidInput: The command has neither.
        """
        if name in self._arguments:
            return self._arguments[name]
        if name in self._options:
            return self._options[name]
        known = (*self._arguments, *self._options)
        raise InvalidInput(
            f'There is no argument or option "{name}".{_hint(name, known)}{_defined(known)}'
        )

    def label(self, name: str) -> str:
        """Return how a message names it: ``<user>`` for an argument, ``--queue`` for an option."""
        return f"<{name}>" if name in self._arguments else f"--{name}"

    def string(self, name: str) -> str:
        """Return a value as text.

        Raises:
            InvalidInput: It was not given, or is a list or flag.
        """
        value = self.value(name)
        if isinstance(value, str):
            return value
        raise self.refusal(name, value, "a text", "a value")

    def integer(self, name: str, minimum: int | None = None, maximum: int | None = None) -> int:
        """Return a value as an integer, within the bounds if any.

        Raises:
            InvalidInput: It was not given, is no integer, or is out of bounds.
        """
        value = self.value(name)
        expected = "an integer" + _bounds(minimum, maximum)
        if not isinstance(value, str):
            raise self.refusal(name, value, expected, "a number")
        try:
            number = int(value)
        except ValueError:
            raise self.refusal(name, value, expected, "a number") from None
        if not _within(number, minimum, maximum):
            raise self.refusal(name, value, expected, "a number")
        return number

    def number(
        self, name: str, minimum: float | None = None, maximum: float | None = None
    ) -> float:
        """Return a value as a finite number, within the bounds if any.

        Raises:
            InvalidInput: It was not given, is no number, or is out of bounds.
        """
        value = self.value(name)
        expected = "a number" + _bounds(minimum, maximum)
        try:
            number = float(value) if isinstance(value, str) else float("nan")
        except ValueError:
            number = float("nan")
        if number - number != 0 or not _within(number, minimum, maximum):
            raise self.refusal(name, value, expected, "a number")
        return number

    def boolean(self, name: str) -> bool:
        """Return a flag, or a value that reads as one: yes or no, true or false, on or off, 1 or 0.

        Raises:
            InvalidInput: It reads as neither.
        """
        value = self.value(name)
        if isinstance(value, bool):
            return value
        if value is None:
            # An option that takes a value and came without one was at least asked for.
            return self.was_given(name)
        if isinstance(value, str) and value.lower() in _TRUE:
            return True
        if isinstance(value, str) and value.lower() in _FALSE:
            return False
        raise self.refusal(name, value, "yes or no", "yes or no")

    def strings(self, name: str) -> list[str]:
        """Return a repeated argument or option as a list of texts.

        Raises:
            InvalidInput: One of them came without a value.
        """
        value = self.value(name)
        if isinstance(value, str):
            return [value]
        if value is None or isinstance(value, bool):
            return []
        texts = [item for item in value if item is not None]
        if len(texts) < len(value):
            raise self.refusal(name, None, "a text each time", "a value")
        return texts

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return a value that is one of *choices*.

        Raises:
            InvalidInput: It was not given, or is none of them.
        """
        value = self.value(name)
        if isinstance(value, str) and value in choices:
            return value
        near = _hint(value, choices) if isinstance(value, str) else ""
        refusal = self.refusal(name, value, f"one of {', '.join(choices)}", "one of them")
        raise InvalidInput(f"{refusal}{near}")

    def enum(self, name: str, of: type[E]) -> E:
        """Return a value as the member of *of* with that value, or else that name in any case.

        Raises:
            InvalidInput: It was not given, or is none of them.
        """
        known = {str(member.value): member for member in of}
        value = self.value(name)
        if isinstance(value, str) and value not in known:
            for member in of:
                if member.name.lower() == value.lower():
                    return member
        return known[self.choice(name, [*known])]

    def refusal(self, name: str, value: Value, expected: str, remedy: str) -> InvalidInput:
        """Return the error that says what *name* is and what it takes.

        Args:
            name: The argument or option.
            value: What it is.
            expected: What it takes, such as "an integer".
            remedy: What to give where it is missing, such as "a number".
        """
        label = self.label(name)
        if value is None:
            how = f"{label}={remedy}" if label.startswith("--") else label
            return InvalidInput(f"{label} is missing: it takes {expected}. Give {how}.")
        return InvalidInput(f'{label} is "{_shown(value)}", but it takes {expected}.')


class _Parser:
    """Walks the tokens of one command line."""

    def __init__(self, signature: Signature, tokens: Sequence[str], found: Globals | None) -> None:
        self.signature = signature
        self.found = found
        self.rest = list(reversed(tokens))
        self.arguments: dict[str, Value] = {}
        self.options: dict[str, Value] = {}

    def parse(self) -> None:
        options_end = False
        while self.rest:
            token = self.rest.pop()
            if options_end or token in ("", "-") or not token.startswith("-"):
                self.argument(token)
            elif token == "--":  # noqa: S105  # the end of options, not a password
                options_end = True
            elif token.startswith("--"):
                self.long(token[2:])
            else:
                self.short(token[1:])

    def argument(self, token: str) -> None:
        position = len(self.arguments)
        known = self.signature.arguments
        if position < len(known):
            argument = known[position]
            self.arguments[argument.name] = [token] if argument.is_array else token
        elif known and known[position - 1].is_array:
            values = self.arguments[known[position - 1].name]
            if isinstance(values, list):
                values.append(token)
        elif known:
            names = '" "'.join(argument.name for argument in known)
            raise InvalidInput(f'Too many arguments, expected arguments "{names}".')
        else:
            raise InvalidInput(f'No arguments expected, got "{token}".')

    def long(self, text: str) -> None:
        name, sign, value = text.partition("=")
        option = self.signature.option(name)
        if option is None:
            raise _no_option(f"--{name}", self.signature)
        if sign and not value:
            # "--name=" is an empty text: the value to be found next.
            self.rest.append("")
        self.add(option, value if sign else None)

    def short(self, letters: str) -> None:
        for position, letter in enumerate(letters):
            option = self.signature.shortcut(letter)
            if option is None and self.found is not None and self.found.take(f"-{letter}"):
                continue
            if option is None:
                raise _no_option(f"-{letter}", self.signature)
            if option.accepts_value:
                self.add(option, letters[position + 1 :] or None)
                return
            self.add(option, None)

    def add(self, option: Option, value: str | None) -> None:
        if value is not None and not option.accepts_value:
            raise InvalidInput(f'The "--{option.name}" option does not accept a value.')
        if not value and option.accepts_value and self.rest and not self.rest[-1].startswith("-"):
            value = self.rest.pop()
        if option.is_array:
            values = self.options.setdefault(option.name, [])
            if isinstance(values, list):
                values.append(value)
        else:
            self.options[option.name] = value if option.accepts_value else True


def tokenize(line: str) -> list[str]:
    """Split a command line into words, as a shell would: quotes and backslashes.

    A quote that is never closed stands for itself.

    Example:
        >>> tokenize('mail:send "Ada L" --queue=\\'low prio\\'')
        ['mail:send', 'Ada L', '--queue=low prio']
    """
    words: list[str] = []
    word: str | None = None
    position = 0
    while position < len(line):
        character = line[position]
        position += 1
        if character.isspace():
            if word is not None:
                words.append(word)
                word = None
            continue
        word = word or ""
        closed = _closing(line, position, character) if character in "\"'" else -1
        if character == "\\":
            word += line[position : position + 1]
            position += 1
        elif closed >= 0:
            word += _unescaped(line[position:closed])
            position = closed + 1
        else:
            word += character
    if word is not None:
        words.append(word)
    return words


def _closing(line: str, start: int, quote: str) -> int:
    position = start
    while position < len(line):
        if line[position] == "\\":
            position += 1
        elif line[position] == quote:
            return position
        position += 1
    return -1


def _unescaped(text: str) -> str:
    result = ""
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        result += text[position : position + 1]
        position += 1
    return result


def _fresh(default: str | list[str] | bool | None) -> Value:
    return [*default] if isinstance(default, list) else default


def _text(value: object) -> str | None:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _listed(value: object) -> list[str | None]:
    if isinstance(value, list | tuple | set | frozenset):
        items: list[object] = [*value]  # pyright: ignore[reportUnknownArgumentType]  # anything prints
        return [_text(item) for item in items]
    return [_text(value)]


def _option_value(option: Option, value: object) -> Value:
    if not option.accepts_value:
        if isinstance(value, bool) or value is None:
            return bool(value)
        raise InvalidInput(
            f"--{option.name} is a flag: give True or False, not {type(value).__name__}."
        )
    if value is True:
        return [None] if option.is_array else None  # given, without a value
    return _listed(value) if option.is_array else _text(value)


def _find_option(signature: Signature, name: str) -> Option:
    if not name.startswith("--"):
        option = signature.shortcut(name[1:])
        if option is None:
            raise _no_option(name, signature)
        return option
    return _find(name[2:], signature.options, "option")


def _find(name: str, known: Sequence[_Named], kind: str) -> _Named:
    for item in known:
        if item.name == name:
            return item
    names = [item.name for item in known]
    raise InvalidInput(f'There is no {kind} "{name}".{_hint(name, names)}{_defined(names)}')


def _no_option(label: str, signature: Signature) -> InvalidInput:
    hint = ""
    if label.startswith("--"):
        names = [option.name for option in (*signature.options, *GLOBAL_OPTIONS)]
        near = did_you_mean(label[2:], names)
        hint = f'Did you mean "--{near}"?' if near else ""
    return InvalidInput(f'The "{label}" option does not exist.', hint=hint)


def _hint(name: str, known: Sequence[str]) -> str:
    near = did_you_mean(name, known)
    return f' Did you mean "{near}"?' if near else ""


def _defined(names: Sequence[str]) -> str:
    return f" Defined: {', '.join(names)}." if names else " The command has none."


def _shown(value: Value) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _bounds(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}"
    if minimum is not None:
        return f" of at least {minimum}"
    return f" of at most {maximum}" if maximum is not None else ""


def _within(number: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or number >= minimum) and (maximum is None or number <= maximum)
