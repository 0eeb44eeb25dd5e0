"""Screen: a field that is drawn in its place, again after each key."""

from __future__ import annotations

from typing import Any

from securely.console.exceptions import NotInteractive, SteppedBack
from securely.console.output import Output, style
from securely.console.prompts.field import Field
from securely.console.prompts.keys import Key, Keyboard
from securely.support import terminal

__all__ = ["Screen"]

_HIDE_CURSOR = "\x1b[?25l"
_SHOW_CURSOR = "\x1b[?25h"
_CLEAR_BELOW = "\x1b[J"


class Screen:
    """Draws a field on the error stream of *output*, and feeds it with keys.

    Args:
        output: Where to draw.
        keyboard: Where keys come from.
        may_step_back: Whether Ctrl-U leaves the field for the one before.
    """

    def __init__(self, output: Output, keyboard: Keyboard, *, may_step_back: bool = False) -> None:
        self._output = output
        self._keyboard = keyboard
        self._may_step_back = may_step_back
        self._drawn = 0

    def ask(self, field: Field[Any]) -> Any:
        """Return the answer.

        Raises:
            NotInteractive: The terminal went away.
            KeyboardInterrupt: Ctrl-C was pressed.
            SteppedBack: Ctrl-U was pressed within a form.
        """
        with self._keyboard.reading():
            self._write(_HIDE_CURSOR)
            try:
                while not field.is_done:
                    self._draw(field)
                    self._press(field)
                self._draw(field)
            finally:
                self._write(_SHOW_CURSOR)
                self._output.errors.flush()
        return field.answer

    def _press(self, field: Field[Any]) -> None:
        key = self._keyboard.key()
        if key is None or (key == Key.CTRL_D and not field.submits(key)):
            raise NotInteractive(field.label)
        if key == Key.CTRL_C:
            field.is_cancelled = True
            self._draw(field)
            raise KeyboardInterrupt
        if key == Key.CTRL_U and self._may_step_back:
            self._erase()
            raise SteppedBack
        field.press(key)

    def _draw(self, field: Field[Any]) -> None:
        colour = terminal.decorated(self._output.errors, self._output.ansi)
        lines = [style.render(line, colour) for line in field.lines(self._output.width)]
        self._erase()
        self._write("".join(f"{line}\n" for line in lines))
        self._output.errors.flush()
        self._drawn = len(lines)

    def _erase(self) -> None:
        if self._drawn:
            self._write(f"\x1b[{self._drawn}A\r{_CLEAR_BELOW}")
        self._drawn = 0

    def _write(self, text: str) -> None:
        self._output.write_error(text)
