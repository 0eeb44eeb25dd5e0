"""Ask, confirm, choose, secret; refused when not interactive.

Questions go to the error stream, so that a command's output can be piped while it asks. Where
nobody is there to answer, the default is taken; without one, the question is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO, TypeVar

from securely.console.exceptions import NotInteractive
from securely.console.output import Output
from securely.support.missing import MISSING, Missing
from securely.support.suggest import did_you_mean

__all__ = ["Prompts"]

_T = TypeVar("_T")


class Prompts:
    """Questions to the person at the terminal, by plain line input.

    Args:
        output: Questions are written to its error stream.
        interactive: Whether there is anybody to ask; also the stream must be a terminal, unless
            *answers* is given.
        answers: Where answers are read from; the process's standard input unless given.
        attempts: How often a wrong answer may be given before the question is refused.
    """

    def __init__(
        self,
        output: Output,
        *,
        interactive: bool = True,
        answers: TextIO | None = None,
        attempts: int = 3,
    ) -> None:
        self._output = output
        self._interactive = interactive
        self._answers = answers
        self._attempts = attempts

    @property
    def is_interactive(self) -> bool:
        """Whether questions are asked."""
        if not self._interactive:
            return False
        # A closed standard input is None, and a closed file raises.
        stream = self._answers if self._answers is not None else sys.stdin
        try:
            return self._answers is not None or (stream is not None and stream.isatty())  # pyright: ignore[reportUnnecessaryComparison]  # pythonw and daemons have none
        except ValueError:
            return False

    def ask(
        self,
        question: str,
        default: str | Missing | None = MISSING,
        validate: Callable[[str], str | None] | None = None,
    ) -> str | None:
        """Ask for a text.

        Args:
            question: What to ask.
            default: The answer when nothing is typed, or nobody is there.
            validate: Returns what is wrong with an answer, or ``None``.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        shown = f" <comment>[{default}]</comment>" if default not in (MISSING, None, "") else ""

        def check(answer: str) -> tuple[str | None, str | None]:
            if not answer and default is not MISSING:
                return default, None
            if not answer:
                return None, "An answer is required."
            return answer, validate(answer) if validate else None

        return self._asked(question, shown, default, check)

    def secret(self, question: str) -> str:
        """Ask for a text that is not shown while it is typed.

        Raises:
            NotInteractive: Nobody is there.
        """
        if not self.is_interactive:
            raise NotInteractive(question)
        if self._answers is not None:
            self._question(question, "")
            return self._read(question)
        from getpass import getpass

        return getpass(f"{question}: ", sys.stderr)

    def confirm(self, question: str, default: bool = False) -> bool:
        """Ask for yes or no; *default* when nothing is typed, or nobody is there."""
        shown = " <comment>[Y/n]</comment>" if default else " <comment>[y/N]</comment>"

        def check(answer: str) -> tuple[bool, str | None]:
            word = answer.lower()
            if not word:
                return default, None
            good = word in ("y", "yes", "n", "no")
            return word.startswith("y"), None if good else "Please answer yes or no."

        return self._asked(question, shown, default, check)

    def choose(
        self,
        question: str,
        choices: Sequence[str] | Mapping[str, str],
        default: str | Missing = MISSING,
    ) -> str:
        """Ask for one of *choices*, by its number, its text or, in a mapping, its key.

        Args:
            question: What to ask.
            choices: The texts, or texts by key.
            default: The choice, or its key, when nothing is typed, or nobody is there.

        Returns:
            The choice, or its key.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
            ValueError: The default is none of the choices.
        """
        texts = dict(choices) if isinstance(choices, Mapping) else {text: text for text in choices}
        if default is not MISSING and default not in texts:
            known = ", ".join(texts)
            raise ValueError(f'The default "{default}" is none of the choices: {known}.')

        def check(answer: str) -> tuple[str, str | None]:
            if not answer and default is not MISSING:
                return default, None
            found = _pick(answer, texts)
            if found is None:
                near = did_you_mean(answer, [*texts, *texts.values()])
                hint = f' Did you mean "{near}"?' if near else ""
                return "", f'"{answer}" is none of them.{hint}'
            return found, None

        if self.is_interactive:
            for number, (key, text) in enumerate(texts.items()):
                label = text if key == text else f"{key}: {text}"
                self._output.error_line(f"  [<comment>{number}</comment>] {label}")
        shown = f" <comment>[{default}]</comment>" if default is not MISSING else ""
        return self._asked(question, shown, default, check)

    def _asked(
        self,
        question: str,
        shown: str,
        default: _T | Missing,
        check: Callable[[str], tuple[_T, str | None]],
    ) -> _T:
        if not self.is_interactive:
            if default is MISSING:
                raise NotInteractive(question)
            return default
        for _ in range(self._attempts):
            self._question(question, shown)
            value, complaint = check(self._read(question).strip())
            if complaint is None:
                return value
            self._output.error_line(f"  <fg=red>{complaint}</>")
        raise NotInteractive(question)

    def _question(self, question: str, shown: str) -> None:
        self._output.error_line(f"<info>{question}</info>{shown}:")
        self._output.flush()

    def _read(self, question: str) -> str:
        line = (self._answers if self._answers is not None else sys.stdin).readline()
        if not line:  # the end of the input: nobody is there any more
            raise NotInteractive(question)
        return line.rstrip("\r\n")


def _pick(answer: str, texts: Mapping[str, str]) -> str | None:
    if answer in texts:
        return answer
    for key, text in texts.items():
        if answer == text:
            return key
    if answer.isascii() and answer.isdigit() and int(answer) < len(texts):
        return [*texts][int(answer)]
    return None
