"""PromptsFake: keys that are known beforehand, and what was drawn for them."""

from __future__ import annotations

from collections.abc import Iterable

from securely.console.output import BufferedOutput, style
from securely.console.prompts.keys import Keys
from securely.console.prompts.prompts import Prompts

__all__ = ["PromptsFake"]


class PromptsFake(Prompts):
    """Prompts that are answered by *keys*, and kept instead of shown.

    Args:
        keys: A :class:`~securely.console.prompts.keys.Key` each, or text that is typed.
        width: Columns of the terminal that is made believe.

    Example:
        >>> from securely.console.prompts import text
        >>> from securely.console.prompts.keys import Key
        >>> with PromptsFake(["Ann", Key.ENTER]).active() as prompts:
        ...     text("What is your name?")
        'Ann'
        >>> prompts.assert_output_contains("What is your name?")

    Source: Laravel 13, Prompts, "Testing".
    """

    def __init__(self, keys: Iterable[str], *, width: int = 80) -> None:
        self.screen: BufferedOutput = BufferedOutput(width=width)
        self.keys: Keys = Keys(keys)
        super().__init__(self.screen, keyboard=self.keys)

    def assert_output_contains(self, text: str) -> None:
        """Fail unless *text* was drawn, codes of the terminal not counted."""
        shown = style.without_codes(self.screen.all_text)
        if text not in shown:
            raise AssertionError(f'"{text}" was not drawn. What was:\n{shown}')

    def assert_output_does_not_contain(self, text: str) -> None:
        """Fail if *text* was drawn."""
        shown = style.without_codes(self.screen.all_text)
        if text in shown:
            raise AssertionError(f'"{text}" was drawn:\n{shown}')

    def assert_all_keys_read(self) -> None:
        """Fail unless every key was read."""
        if self.keys.left:
            raise AssertionError(f"{self.keys.left} of the keys were read by nobody.")
