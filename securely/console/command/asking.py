"""Asks: questions to the person at the terminal, as methods of a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from securely.console.prompts import Prompts
from securely.support.missing import MISSING, Missing

__all__ = ["Asks"]


class Asks:
    """What a command asks.

    Attributes:
        prompts: Questions; set for each run.
    """

    prompts: Prompts

    def ask(
        self,
        question: str,
        default: str | Missing | None = MISSING,
        validate: Callable[[str], str | None] | None = None,
    ) -> str | None:
        """Ask for a text; see :meth:`Prompts.ask`.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        return self.prompts.ask(question, default, validate)

    def secret(self, question: str) -> str:
        """Ask for a text that is not shown while it is typed.

        Raises:
            NotInteractive: Nobody is there.
        """
        return self.prompts.secret(question)

    def confirm(self, question: str, default: bool = False) -> bool:
        """Ask for yes or no; *default* when nobody is there."""
        return self.prompts.confirm(question, default)

    def choose(
        self,
        question: str,
        choices: Sequence[str] | Mapping[str, str],
        default: str | Missing = MISSING,
    ) -> str:
        """Ask for one of *choices*; see :meth:`Prompts.choose`.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        return self.prompts.choose(question, choices, default)

    def anticipate(
        self, question: str, choices: Sequence[str] | Callable[[str], object], default: str = ""
    ) -> str:
        """Ask for a text with suggestions; see :meth:`Prompts.suggest`.

        Raises:
            NotInteractive: Nobody is there, and the default does not pass.
        """
        return self.prompts.suggest(question, choices, default=default)
