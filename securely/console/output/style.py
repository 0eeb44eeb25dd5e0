"""Tags in texts, "<info>done</info>" -> colours of the terminal, or nothing where there are none.

    <info>  <comment>  <question>  <error>  <warn>  <fg=red;bg=blue;options=bold>  <href=https://…>

closed by ``</info>`` or ``</>``. What is not a tag of ours is printed as it is, and :func:`escape`
makes any text such.
"""

from __future__ import annotations

import re

from securely.support import terminal

__all__ = [
    "STYLES",
    "clean",
    "clipped",
    "escape",
    "is_written",
    "plain_width",
    "render",
    "safe",
    "strip",
    "without_codes",
]

STYLES = {
    "info": terminal.INFO,
    "comment": terminal.COMMENT,
    "question": "30;46",
    "error": terminal.ERROR,
    "warn": terminal.COMMENT,
    "alert": terminal.COMMENT,
    "muted": "90",
    "success": "30;42",
}

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_OPTIONS = {"bold": "1", "dim": "2", "italic": "3", "underscore": "4", "blink": "5", "reverse": "7"}
# Compiled when first used: most commands write no tag.
_TAG = r"\\<|<(/?)([a-zA-Z][^<>]*)?>"
_CODES = r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\"
_RESET = "\x1b[0m"
# They write nothing themselves, but hold together what is one sign: families, flags, scripts.
_JOINERS = frozenset({"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))})


def escape(text: str) -> str:
    """Return *text* so that nothing in it is taken for a tag."""
    return text.replace("<", "\\<")


def clean(text: str, keep: str = "") -> str:
    """Return *text* without what would move a terminal's cursor or colour it, but for *keep*.

    Example:
        >>> clean("\\x1b[2Jgone")
        ' [2Jgone'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else " " for char in text)


def safe(text: str) -> str:
    """Return *text* for the output: nothing in it colours a terminal or moves its cursor.

    For names that somebody else gave: of jobs, queues, tasks and machines.

    Example:
        >>> safe("a\\x1b[2J<b>")
        'a [2J\\\\<b>'
    """
    return escape(clean(text))


def render(text: str, colour: bool) -> str:
    """Replace the tags in *text* by colours, or remove them.

    Example:
        >>> render("<info>done</info> in <b>1</b> s", colour=False)
        'done in <b>1</b> s'
    """
    if "<" not in text:
        return text
    pieces: list[str] = []
    opened: list[tuple[str, str, str]] = []
    position = 0
    for found in re.finditer(_TAG, text):
        piece = _replace(found, opened, colour)
        if piece is None:
            continue
        pieces += [text[position : found.start()], piece]
        position = found.end()
    pieces.append(text[position:])
    if colour and opened:
        pieces.append(_RESET)
    return "".join(pieces)


def strip(text: str) -> str:
    """Return *text* without tags and without terminal codes."""
    return without_codes(render(text, colour=False))


def without_codes(text: str) -> str:
    """Return *text*, which has been rendered, without terminal codes."""
    return re.sub(_CODES, "", text)


def is_written(character: str) -> bool:
    """Tell whether *character* is part of a text, and controls nothing."""
    return character.isprintable() or character in _JOINERS


def plain_width(text: str) -> int:
    """Return how many columns *text* takes on a terminal, tags and codes not counted."""
    plain = strip(text)
    if plain.isascii():
        return len(plain)
    from unicodedata import category, east_asian_width

    # Marks and what only formats stand in no column of their own; a soft hyphen is drawn.
    return sum(
        0
        if category(c) in ("Mn", "Me", "Cf") and c != "\u00ad"
        else 1 + (east_asian_width(c) in "WF")
        for c in plain
    )


def clipped(text: str, columns: int) -> str:
    """Return *text*, cut to at most *columns*; what is cut loses its tags, and ends in "…".

    Example:
        >>> clipped("<info>a long line</info>", 7)
        'a long…'
    """
    if plain_width(text) <= columns:
        return text
    plain = strip(text)
    while plain and plain_width(escape(plain)) > columns - 1:
        plain = plain[:-1]
    return escape(plain) + "…"


def _replace(found: re.Match[str], opened: list[tuple[str, str, str]], colour: bool) -> str | None:
    """Return what stands in the place of a tag; ``None`` where it is none of ours."""
    if found[0] == "\\<":
        return "<"
    name = found[2] or ""
    if found[1]:
        if not opened or name not in ("", opened[-1][0]):
            return None
        _, _, after = opened.pop()
        return after + "".join(before for _, before, _ in opened) if colour else ""
    codes = _codes(name)
    if codes is None:
        return None
    before, after = codes
    opened.append((name, before, after))
    return before if colour else ""


def _codes(name: str) -> tuple[str, str] | None:
    """Return what opens and what closes the style of a tag."""
    if name in STYLES:
        return f"\x1b[{STYLES[name]}m", _RESET
    if name.startswith("href="):
        return f"\x1b]8;;{name[5:]}\x1b\\", "\x1b]8;;\x1b\\"
    codes: list[str] = []
    for part in name.split(";"):
        key, _, value = part.partition("=")
        if key in ("fg", "bg") and value.removeprefix("bright-") in _COLOURS:
            base = (90 if value.startswith("bright-") else 30) + (10 if key == "bg" else 0)
            codes.append(str(base + _COLOURS.index(value.removeprefix("bright-"))))
        elif key in ("fg", "bg") and value in ("gray", "default"):
            codes.append(str({"gray": 90, "default": 39}[value] + (10 if key == "bg" else 0)))
        elif key == "options" and all(option in _OPTIONS for option in value.split(",")):
            codes += [_OPTIONS[option] for option in value.split(",")]
        else:
            return None
    return f"\x1b[{';'.join(codes)}m", _RESET
