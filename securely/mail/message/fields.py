"""Header fields: encoded, folded, and refused where they would break out of their line.

The values come out as ASCII, folded at 78 letters where that can be done, with CRLF between
lines. The standard library folds, too; but it would encode a long address or Message-ID as if it
were text, and does so differently in each version of Python.

Source: RFC 5322, section 2.2.3; RFC 2047; RFC 2231.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from securely.mail.exceptions import InvalidMessage

__all__ = [
    "LINE_LETTERS",
    "LINE_LETTERS_MAX",
    "check_name",
    "check_text",
    "encoded_words",
    "field_text",
    "folded",
    "parameter",
    "phrase",
]

# RFC 5322, 2.1.1: letters of a line, without its end: the limit to keep, and the one to obey.
LINE_LETTERS: Final = 78
LINE_LETTERS_MAX: Final = 998
# RFC 2047, section 2: letters of one encoded word, and of a line that holds one.
_WORD_LETTERS: Final = 75
_WORD_LINE_LETTERS: Final = 76
_OPEN: Final = "=?utf-8?{}?"
_AROUND: Final = len("=?utf-8?q??=")
_NAME: Final = re.compile(r"[!-9;-~]{1,70}")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Longer names are encoded, so that they can be folded.
_PHRASE_LETTERS_MAX: Final = 60
# RFC 2047, 5 (3): what may stand as itself in an encoded word anywhere.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
# RFC 2231: what a section of a parameter may have, so that its line has 78 at most.
_SECTION_LETTERS: Final = 60


def check_text(field: str, value: object) -> None:
    """Raise InvalidMessage, naming *field*, if *value* is no text that can stand in a header."""
    if not isinstance(value, str):
        raise InvalidMessage(field, f"it has to be text, not {type(value).__name__}.")
    for letter in value:
        if letter in "\r\n":
            raise InvalidMessage(
                field,
                f"{_shown(value)} holds the end of a line, with which further fields could be "
                "smuggled in. Remove it.",
            )
        if (unicodedata.category(letter) == "Cc" and letter != "\t") or _is_half(letter):
            raise InvalidMessage(
                field, f"{_shown(value)} holds {letter!a}, which can not be written. Remove it."
            )


def check_name(field: str, name: object) -> None:
    """Raise InvalidMessage, naming *field*, if *name* can not be the name of a header field."""
    check_text(field, name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidMessage(
            field,
            f"{_shown(str(name))} is no name of a field: use up to 70 ASCII letters, digits and "
            "hyphens.",
        )


def field_text(name: str, value: str, *, letters_max: int = LINE_LETTERS_MAX) -> str:
    """Return the free text *value* of the field *name* as it is written.

    Args:
        name: The field; its length counts in the first line.
        value: The text.
        letters_max: An ASCII word that is longer is encoded, so that it can be folded.
    """
    words = value.split(" ")
    is_plain = (
        value.isascii()
        and "=?" not in value
        and "\t" not in value
        and value == value.strip()
        and len(name) + 2 + len(words[0]) <= letters_max
        and all(len(word) < letters_max for word in words)
    )
    if not is_plain:
        return folded(name, encoded_words(value, _WORD_LINE_LETTERS - len(name) - 2))
    # Runs of spaces stay with the word behind them: no line may be made of spaces alone.
    return folded(name, re.findall(r" *[^ ]+", value), glue="")


def phrase(name: str) -> list[str]:
    """Return the display *name* of an address as the words it is written in.

    Source: RFC 5322, section 3.2.5; RFC 2047, section 5 (3).
    """
    if _ATOMS.fullmatch(name) and "=?" not in name and len(name) <= _PHRASE_LETTERS_MAX:
        return name.split(" ")
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    is_plain = name.isascii() and "=?" not in name and "\t" not in name
    if is_plain and len(escaped) <= _PHRASE_LETTERS_MAX:
        return [f'"{escaped}"']
    return encoded_words(name, _WORD_LINE_LETTERS - len("Reply-To: "))


def parameter(name: str, value: str) -> list[str]:
    """Return the parameter *name* of a field as the sections it is written in.

    Source: RFC 2045, section 5.1; RFC 2231, sections 3 and 4.
    """
    # Readers disagree on what is escaped within quotes, and some decode encoded words there.
    is_plain = value.isascii() and "=?" not in value and not re.search(r'["\\\t]', value)
    if is_plain and len(name) + len(value) <= _SECTION_LETTERS:
        return [f'{name}="{value}"']
    rest = quote(value, safe="")
    if len(rest) <= _SECTION_LETTERS - len(name):
        return [f"{name}*=utf-8''{rest}"]
    sections: list[str] = []
    while rest:
        cut = _SECTION_LETTERS - len(name)
        # Not within %C3: readers that join the sections after decoding them would stumble.
        while "%" in rest[max(0, cut - 2) : cut] and cut < len(rest):
            cut -= 1
        mark = "utf-8''" if not sections else ""
        sections.append(f"{name}*{len(sections)}*={mark}{rest[:cut]}")
        rest = rest[cut:]
    return sections


def folded(name: str, words: Iterable[str], *, glue: str = " ") -> str:
    """Return *words* in as many lines as they need, for the field *name*.

    Args:
        name: The field; its length counts in the first line.
        words: What must not be broken.
        glue: What stands between two words; empty if they bring their own spaces.
    """
    lines: list[str] = []
    line, room = "", LINE_LETTERS - len(name) - 2
    for word in words:
        longer = f"{line}{glue}{word}" if line else word
        limit = room if "=?" not in longer else room - LINE_LETTERS + _WORD_LINE_LETTERS
        if not line or len(longer) <= limit:
            line = longer
            continue
        lines.append(line)
        line = word if word.startswith(" ") else f" {word}"
        room = LINE_LETTERS
    return "\r\n".join([*lines, line])


def encoded_words(text: str, first_letters: int) -> list[str]:
    """Return *text* as encoded words.

    Args:
        text: Any text.
        first_letters: How long the first one may be.
    """
    data = text.encode()
    quoted = sum(1 if byte in _PLAIN or byte == 0x20 else 3 for byte in data)  # noqa: PLR2004  # a space
    use_base64 = (len(data) + 2) // 3 * 4 < quoted
    room = min(_WORD_LETTERS, max(first_letters, _AROUND + 12)) - _AROUND
    words: list[str] = []
    piece = ""
    length = 0  # of *piece* as it is written; in base64, of its bytes
    for letter in text:
        raw = letter.encode()
        more = len(raw) if use_base64 else len(_quoted(raw))
        total = length + more
        if piece and (-(-total // 3) * 4 if use_base64 else total) > room:
            words.append(_word(piece, use_base64))
            piece, total, room = "", more, _WORD_LETTERS - _AROUND
        piece, length = piece + letter, total
    return [*words, _word(piece, use_base64)]


def _word(text: str, use_base64: bool) -> str:
    data = text.encode()
    if use_base64:
        return f"=?utf-8?b?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="
    return f"=?utf-8?q?{_quoted(data)}?="


def _quoted(data: bytes) -> str:
    return "".join(
        "_" if byte == 0x20 else chr(byte) if byte in _PLAIN else f"={byte:02X}"  # noqa: PLR2004  # a space
        for byte in data
    )


def _is_half(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff"


def _shown(value: str) -> str:
    # Enough to recognise it by; a letter that would spoil a terminal is shown as its number.
    letters_max = 80
    return ascii(value if len(value) <= letters_max else f"{value[:letters_max]}…")
