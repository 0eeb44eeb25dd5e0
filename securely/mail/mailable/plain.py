"""plain_text: what HTML says, for readers who want no HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final, TypeAlias

__all__ = ["plain_text"]

_HIDDEN: Final = frozenset({"head", "script", "style", "template", "title"})
# What may stand in a head; anything else ends one that has no end of its own (HTML, 4.2.1).
_HEADS: Final = frozenset(
    {"base", "head", "link", "meta", "noscript", "script", "style", "template", "title"}
)
# What stands on lines of its own, and what has an empty line around it as well.
_BLOCKS: Final = frozenset(
    {
        *("address", "article", "aside", "body", "center", "dd", "div", "dt", "footer", "form"),
        *("header", "html", "li", "main", "nav", "section", "tbody", "thead", "tr"),
    }
)
_PARAGRAPHS: Final = frozenset(
    {
        *("blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p"),
        *("pre", "table", "ul"),
    }
)
_WIDTH: Final = 3  # of what stands before the text of a list's entry
_LINES_MAX: Final = 2  # ends of lines in a row: one empty line


def plain_text(html: str) -> str:
    """Return what *html* says: paragraphs, lists and the addresses of links.

    Example:
        >>> plain_text('<p>Pay <a href="https://x.io">here</a>.</p><ul><li>today</li></ul>')
        'Pay here (https://x.io).\\n\\n- today\\n'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


_Said: TypeAlias = dict[str, str | None]


class _Reader(HTMLParser):
    """Gathers text, and the ends of lines that elements ask for."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._breaks = 0  # ends of lines that the next word wants before it
        self._gap = False  # whether a space stood since the last word
        self._hidden: list[str] = []
        self._kept = 0  # how many `pre` are open
        self._lists: list[int | None] = []  # the next number of each open list; None for dots
        self._links: list[tuple[str, int]] = []  # address, and where its words begin

    def text(self) -> str:
        """Return what was gathered."""
        found = "".join(self._pieces)
        lines = [line.rstrip() for line in found.split("\n")]
        return "\n".join(lines).strip("\n") + "\n" if found.strip() else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if self._hidden == ["head"] and tag not in _HEADS:
            self._hidden.clear()
        if self._hidden or tag in _HIDDEN:
            if tag in _HIDDEN:
                self._hidden.append(tag)
            return
        self._break(tag)
        begin = _BEGIN.get(tag)
        if begin is not None:
            begin(self, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "a" and self._links:
            self._say_link(*self._links.pop())
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._kept = max(0, self._kept - 1)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._hidden:
            return
        if self._kept:
            self._flush()
            self._pieces.append(data)
            return
        words = re.split(r"[ \t\r\n\f\u200c\u00ad\ufeff]+", data)
        for place, word in enumerate(words):
            if place:
                self._gap = True
            if word:
                self._word(word)

    def begin_br(self, said: _Said) -> None:
        """End the line."""
        del said
        if self._pieces:
            self._pieces.append("\n")
        self._gap = False

    def begin_hr(self, said: _Said) -> None:
        """Draw a line."""
        del said
        self._word("-" * 20)
        self._break("hr")

    def begin_img(self, said: _Said) -> None:
        """Say what a picture shows."""
        self._word(said.get("alt") or "")

    def begin_ol(self, said: _Said) -> None:
        """Begin to count."""
        self._lists.append(_number(said.get("start")))

    def begin_ul(self, said: _Said) -> None:
        """Begin a list of points."""
        del said
        self._lists.append(None)

    def begin_li(self, said: _Said) -> None:
        """Begin an entry of a list."""
        del said
        self._word(self._mark())

    def begin_cell(self, said: _Said) -> None:
        """Keep cells apart."""
        del said
        self._gap = True

    def begin_pre(self, said: _Said) -> None:
        """Keep spaces and ends of lines from here on."""
        del said
        self._kept += 1

    def begin_a(self, said: _Said) -> None:
        """Remember where a link leads."""
        self._links.append((said.get("href") or "", len(self._pieces)))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS and not (tag in {"ul", "ol"} and self._lists):
            self._breaks = _LINES_MAX
        elif tag in _BLOCKS or tag in _PARAGRAPHS:
            self._breaks = max(self._breaks, 1)

    def _word(self, word: str) -> None:
        if word:
            self._flush()
            self._pieces.append(word)

    def _flush(self) -> None:
        """Write the ends of lines and the space that stand before the next word."""
        if self._breaks and self._pieces:
            last = self._pieces[-1]
            self._pieces.append("\n" * (self._breaks - (last.endswith("\n") and self._breaks > 0)))
        elif self._gap and self._pieces and not self._pieces[-1].endswith(("\n", " ")):
            self._pieces.append(" ")
        self._breaks, self._gap = 0, False

    def _mark(self) -> str:
        depth = "  " * (len(self._lists) - 1)
        if not self._lists or self._lists[-1] is None:
            return f"{depth}- "
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{depth}{number}.".ljust(len(depth) + _WIDTH - 1) + " "

    def _say_link(self, address: str, start: int) -> None:
        """Write the address of a link behind its words, unless those say it already."""
        words = "".join(self._pieces[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if not address or address.startswith("#") or words in {address, bare}:
            return
        self._word(bare if not words else f" ({bare})")


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else 1


_BEGIN: Final = {
    "a": _Reader.begin_a,
    "br": _Reader.begin_br,
    "hr": _Reader.begin_hr,
    "img": _Reader.begin_img,
    "li": _Reader.begin_li,
    "ol": _Reader.begin_ol,
    "pre": _Reader.begin_pre,
    "td": _Reader.begin_cell,
    "th": _Reader.begin_cell,
    "ul": _Reader.begin_ul,
}
