"""How a field is asked: by keys, by lines, or not at all."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from securely.console.exceptions import NotInteractive
from securely.console.output import Output, style
from securely.console.prompts.checks import Complaint
from securely.console.prompts.field import Field
from securely.console.prompts.keys import Keyboard
from securely.console.prompts.screen import Screen
from securely.support.missing import MISSING

__all__ = ["Lines", "by_keys", "by_lines", "unattended"]


def by_keys(
    field: Field[Any], output: Output, keyboard: Keyboard, *, may_step_back: bool = False
) -> Any:
    """Draw *field* and return the answer that keys give it."""
    return Screen(output, keyboard, may_step_back=may_step_back).ask(field)


def by_lines(field: Field[Any], output: Output, answers: TextIO | None, attempts: int) -> Any:
    """Ask *field* by whole lines and return the answer.

    Raises:
        NotInteractive: The input ended, or too many answers could not be taken.
    """
    lines = Lines(output, answers, field.label)
    for _ in range(attempts):
        try:
            return field.checks(field.by_line(lines))
        except Complaint as complaint:
            output.error_line(f"  <fg=red>{style.escape(str(complaint))}</>")
    raise NotInteractive(field.label)


def unattended(field: Field[Any]) -> Any:
    """Return what *field* answers itself.

    Raises:
        NotInteractive: It has no default, or its default does not pass.
    """
    value = field.unattended()
    if value is MISSING:
        raise NotInteractive(field.label)
    try:
        return field.checks(value)
    except Complaint as complaint:
        # What is empty is no default that anybody gave.
        told = "" if value in (None, "", []) else str(complaint)
        raise NotInteractive(field.label, told) from None


class Lines:
    """Questions on the error stream, answers from standard input or another stream.

    Args:
        output: Where to ask.
        answers: Where answers come from; standard input unless given.
        label: The question that cannot be asked when the input ends.
    """

    def __init__(self, output: Output, answers: TextIO | None, label: str) -> None:
        self._output = output
        self._answers = answers
        self._label = label

    def say(self, text: str) -> None:
        """Write a line, with its tags."""
        self._output.error_line(text)

    def read(self, prompt: str) -> str:
        """Ask *prompt* and return what is typed, without its line end.

        Raises:
            NotInteractive: The input ended: nobody is there any more.
        """
        if prompt:
            self._output.error_line(prompt)
            self._output.flush()
        line = (self._answers if self._answers is not None else sys.stdin).readline()
        if not line:
            raise NotInteractive(self._label)
        return line.rstrip("\r\n")

    def read_hidden(self, prompt: str) -> str:
        """Ask *prompt* and return what is typed, which is not shown.

        Raises:
            NotInteractive: The input ended.
        """
        if self._answers is not None:
            return self.read(f"<info>{prompt}</info>:")
        from getpass import getpass

        try:
            return getpass(f"{prompt}: ", sys.stderr)
        except EOFError:
            raise NotInteractive(self._label) from None
