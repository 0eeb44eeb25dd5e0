"""Reads: what the command line said: as text, and typed reads that refuse what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from securely.console.input import Input, Value

__all__ = ["Reads"]

E = TypeVar("E", bound=Enum)


class Reads:
    """What a command reads of its input.

    Attributes:
        input: What the command line said; set for each run.
    """

    input: Input

    def argument(self, name: str) -> Value:
        """Return an argument: a text, a list of texts, or ``None`` where it was left out.

        Raises:
            InvalidInput: The signature has no such argument.
        """
        return self.input.argument(name)

    def arguments(self) -> dict[str, Value]:
        """Return all arguments."""
        return self.input.arguments()

    def option(self, name: str) -> Value:
        """Return an option: a boolean for a flag, else a text, a list of texts, or ``None``.

        Raises:
            InvalidInput: The signature has no such option.
        """
        return self.input.option(name)

    def options(self) -> dict[str, Value]:
        """Return all options but those every command has."""
        return self.input.options()

    def has_argument(self, name: str) -> bool:
        """Return whether the signature has an argument of that name."""
        return self.input.has_argument(name)

    def has_option(self, name: str) -> bool:
        """Return whether the signature has an option of that name."""
        return self.input.has_option(name)

    def string(self, name: str) -> str:
        """Return an argument or option as text.

        Raises:
            InvalidInput: It was not given.
        """
        return self.input.string(name)

    def integer(self, name: str, minimum: int | None = None, maximum: int | None = None) -> int:
        """Return an argument or option as an integer within the bounds, if any.

        Raises:
            InvalidInput: It was not given, is no integer, or is out of bounds.
        """
        return self.input.integer(name, minimum, maximum)

    def number(
        self, name: str, minimum: float | None = None, maximum: float | None = None
    ) -> float:
        """Return an argument or option as a number within the bounds, if any.

        Raises:
            InvalidInput: It was not given, is no number, or is out of bounds.
        """
        return self.input.number(name, minimum, maximum)

    def boolean(self, name: str) -> bool:
        """Return a flag, or a value that reads as yes or no.

        Raises:
            InvalidInput: It reads as neither.
        """
        return self.input.boolean(name)

    def strings(self, name: str) -> list[str]:
        """Return a repeated argument or option as texts.

        Raises:
            InvalidInput: One of them came without a value.
        """
        return self.input.strings(name)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return an argument or option that is one of *choices*.

        Raises:
            InvalidInput: It was not given, or is none of them.
        """
        return self.input.choice(name, choices)

    def enum(self, name: str, of: type[E]) -> E:
        """Return an argument or option as the member of *of* with that value or name.

        Raises:
            InvalidInput: It was not given, or is none of them.
        """
        return self.input.enum(name, of)
