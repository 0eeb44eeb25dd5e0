"""Stream: text that arrives piece by piece, wrapped at words as it is written."""

from __future__ import annotations

from types import TracebackType

from securely.console.output import Output, Verbosity, style

__all__ = ["Stream"]

_SPACES = " \t"


class Stream:
    """Writes text as it arrives, such as the answer of a language model.

    In a terminal lines are broken at words, so the last word is held back until a space follows
    it; elsewhere text is written as it is. Tags mean nothing in it, and codes of the terminal are
    left out, for it may come from anywhere.

    Args:
        output: Where to.

    Example:
        >>> from securely.console.output import BufferedOutput
        >>> output = BufferedOutput()
        >>> with Stream(output) as told:
        ...     for piece in ["Make it wo", "rk, make it ", "right."]:
        ...         told.append(piece)
        >>> output.text, told.text == output.text.rstrip()
        ('Make it work, make it right.\\n', True)

    Source: Laravel 13, Prompts, "Stream".
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._width = output.wrapping_width
        self._pieces: list[str] = []
        self._word = ""
        self._gap = ""
        self._column = 0
        self._is_open = True

    @property
    def text(self) -> str:
        """All that has arrived."""
        return "".join(self._pieces)

    def append(self, text: str) -> None:
        """Write the next piece.

        Raises:
            ValueError: It has been closed.
        """
        if not self._is_open:
            raise ValueError("The stream is closed; nothing can be appended to it.")
        self._pieces.append(text)
        for character in text:
            if character == "\n":
                self._end_word()
                self._put("\n")
            elif character in _SPACES:
                self._end_word()
                self._gap += " "
            elif style.is_written(character):
                self._word += character
        if self._width is None:
            self._end_word()
        self._output.stream.flush()

    def close(self) -> None:
        """Write what is held back, and end the line; once is enough."""
        if self._is_open:
            self._is_open = False
            self._end_word()
            if self._column:
                self._put("\n")
            self._output.stream.flush()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _end_word(self) -> None:
        if not self._word:
            return
        gap, word = self._gap, self._word
        columns = style.plain_width(style.escape(gap + word))
        if self._width is not None and self._column and self._column + columns > self._width:
            self._put("\n")
            gap = ""
        self._put(gap + word)
        self._gap = self._word = ""

    def _put(self, text: str) -> None:
        if text == "\n":
            self._column = 0
            self._gap = ""
        else:
            self._column += style.plain_width(style.escape(text))
        self._output.write(text, Verbosity.NORMAL, raw=True)
