"""Text: from what a view printed to plain text that waits only for its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from securely.mail.markdown.html import expanded
from securely.mail.markdown.themes import Theme
from securely.mail.markdown.values import BROKEN, MARK

__all__ = ["Plain", "compiled"]


class Plain:
    """A text without its values.

    Args:
        text: The text, with marks where values belong.
        constants: What components print in all mails of this shape, counted from the end.
    """

    def __init__(self, text: str, constants: Sequence[str] = ()) -> None:
        self._text = text
        self._constants = list(reversed(constants))
        self._parts: list[str] = MARK.split(text)
        self._numbers: list[int] = [int(part) for part in self._parts[1::2]]
        self._parts[::2] = [BROKEN.sub("", part) for part in self._parts[::2]]

    def fill(self, values: Sequence[str]) -> str:
        """Return the text with *values* in it, as they are; of embedded pictures, their words."""
        values = [*values, *self._constants]
        if any(value.startswith("cid:") for value in values):
            told = _told(self._text, values)
            if told != self._text:
                return Plain(told).fill(values)
        parts = self._parts.copy()
        parts[1::2] = [values[number] for number in self._numbers]
        return "".join(parts)


_PICTURE: Final = re.compile(
    r"<img\b(?P<tag>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>"
    rf"|!\[(?P<words>[^\[\]]*)\]\({MARK.pattern.replace('(', '(?P<place>', 1)}\)",
    re.IGNORECASE,
)
_SOURCE: Final = re.compile(rf"\ssrc\s*=\s*[\"']?{MARK.pattern}", re.IGNORECASE)
_WORDS: Final = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


def _told(text: str, values: Sequence[str]) -> str:
    """Return *text* with the words of each picture that is embedded in the place of it."""

    def words(match: re.Match[str]) -> str:
        source = _SOURCE.search(match["tag"] or "")
        place = source[1] if source else match["place"]
        if place is None or not values[int(place)].startswith("cid:"):
            return match[0]
        told = _WORDS.search(match["tag"] or "")
        return match["words"] or (told and (told[1] or told[2])) or ""

    return _BLANK.sub("\n\n", _PICTURE.sub(words, text))


_TRAILING: Final = re.compile(r"[ \t\r]+$", re.MULTILINE)
# A backslash behind a word breaks the line in Markdown; one behind a space goes on a command.
_BREAK: Final = re.compile(r"(?<=[^\s\\])\\(?=\n[^\n])")
_BLANK: Final = re.compile(r"\n{3,}")


def compiled(printed: str, theme: Theme, constants: Sequence[str] = ()) -> Plain:
    """Return the text that a view printed, tidied up.

    Entities become the letters they stand for, lines end in no spaces and in no backslash that
    breaks them, and of several blank lines one is left.
    """
    text = unescape(expanded(printed, _same, _put))
    text = _BREAK.sub("", _TRAILING.sub("", text))
    text = _BLANK.sub("\n\n", text).strip("\n")
    return Plain(f"{text}\n" if text else "", constants)


def _same(text: str, is_authored: bool) -> str:
    return text


_PLACE: Final = re.compile("\ue008[0-9]{8}([0-9]+)\ue001")


def _put(text: str, inner: Sequence[str]) -> str:
    return _PLACE.sub(lambda match: inner[int(match[1])].strip("\n"), text)
