"""Document: an .env file whose variables change, and nothing else of it."""

from __future__ import annotations

import re
from typing import Final

from securely.config.dotenv import bindings
from securely.config.writer import quoted
from securely.settings.exceptions import InvalidName, InvalidText

__all__ = ["Document"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# What stands before a value: blank lines, `export`, the name, "=" and blanks.
_BEFORE: Final = re.compile(
    r"(?P<start>\s*(?:export[^\S\r\n]+)?)(?P<name>'[^']+'|[^=\#\s]+)"
    r"(?P<equals>[^\S\r\n]*=(?P<gap>[^\S\r\n]*))"
)
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_UNQUOTED: Final = re.compile(r"[^\r\n]*")
_COMMENT: Final = re.compile(r"\s+#.*")
_END: Final = re.compile(r"\r\n|\n|\r")
_BOM: Final = "\ufeff"


class Document:
    r"""The text of an .env file, whose variables can be set, removed and renamed.

    Comments, blank lines, order, quoting, ``export``, line ends and a byte order mark stay as
    they are. Of a variable that is set several times the last line counts, as for readers.

    Args:
        text: The content of the file.

    Example:
        >>> document = Document("# name\r\nexport APP_NAME='Blog'  # shown\r\n")
        >>> document.set("APP_NAME", "Shop")
        >>> document.text
        "# name\r\nexport APP_NAME='Shop'  # shown\r\n"
    """

    def __init__(self, text: str = "") -> None:
        statements = text.lstrip(_BOM)
        self._mark = text[: len(text) - len(statements)]
        read = list(bindings(statements))
        self._pieces: list[str] = [each.original.string for each in read]
        self._keys: list[str | None] = [
            each.key if each.value is not None else None for each in read
        ]

    @property
    def text(self) -> str:
        """The content as it is now."""
        return self._mark + "".join(self._pieces)

    def names(self) -> tuple[str, ...]:
        """Return the variables that are set, in the order in which they first are."""
        return tuple(dict.fromkeys(name for name in self._keys if name is not None))

    def has(self, name: str) -> bool:
        """Tell whether *name* is set."""
        return name in self._keys

    def set(self, name: str, value: str) -> None:
        """Set *name* to *value*; a new variable joins those with its prefix, or comes last.

        The value keeps the quotes it had, as far as they can hold the new one.

        Raises:
            InvalidName: That can name no variable.
            InvalidText: The value holds what no file can.
        """
        _check(name, value)
        if name in self._keys:
            at = len(self._keys) - 1 - self._keys[::-1].index(name)
            self._pieces[at] = _with_value(self._pieces[at], value)
        else:
            self._add(name, quoted(value))

    def remove(self, name: str) -> bool:
        """Remove every line of *name*, and tell whether there was one."""
        found = self.has(name)
        for at, key in enumerate(self._keys):
            if key == name:
                self._pieces[at] = _blank_lines(self._pieces[at])
                self._keys[at] = None
        return found

    def rename(self, name: str, to: str) -> bool:
        """Call *name* from now on *to*, where it stands, and tell whether there is such a line.

        Raises:
            InvalidName: That can name no variable.
        """
        _check(to, "")
        found = self.has(name)
        for at, key in enumerate(self._keys):
            if key == name and (match := _BEFORE.match(self._pieces[at])):
                piece = self._pieces[at]
                self._pieces[at] = piece[: match.start("name")] + to + piece[match.end("name") :]
                self._keys[at] = to
        return found

    def _add(self, name: str, value: str) -> None:
        prefix = f"{name.partition('_')[0]}_"
        near = [at for at, key in enumerate(self._keys) if key and key.startswith(prefix)]
        end = self._line_end()
        at = near[-1] + 1 if near else len(self._pieces)
        if at > 0 and not self._pieces[at - 1].endswith(("\n", "\r")):
            self._pieces[at - 1] += end if self._pieces[at - 1] else ""
        self._pieces.insert(at, f"{name}={value}{end}")
        self._keys.insert(at, name)

    def _line_end(self) -> str:
        found = _END.search(self.text)
        return found[0] if found else "\n"


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidName(name)
    if "\0" in value:
        raise InvalidText(name, "a null byte")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidText(name, "half of a surrogate pair") from None


def _with_value(piece: str, value: str) -> str:
    """Return the statement *piece* with *value* in the place of its own."""
    match = _BEFORE.match(piece)
    assert match is not None  # noqa: S101  # the parser has read a name and a value there
    start = match.end()
    old = _old_value(piece, start, gap=match["gap"])
    new = _written(value, piece[start : start + 1])
    rest = piece[start + len(old) :]
    if new and rest.startswith("#"):
        new += " "  # `NAME= # a comment` had a blank before the sign, not behind a value
    return piece[:start] + new + rest


def _old_value(piece: str, start: int, gap: str) -> str:
    """Return the value that begins at *start*, quotes included."""
    quote = _QUOTED.match(piece, start)
    if quote is not None:
        return quote[0]
    if gap and piece.startswith("#", start):
        return ""  # `NAME= # a comment`
    line = _UNQUOTED.match(piece, start)
    return _COMMENT.sub("", line[0] if line else "").rstrip()


def _written(value: str, quote: str) -> str:
    """Return *value* as it is written where *quote* began the one before."""
    if quote == "'" and not set(value) & set("'\\\r\n"):
        return f"'{value}'"
    written = quoted(value)
    if quote in {"'", '"'} and not written.startswith('"'):
        return f'"{written}"'
    return written


def _blank_lines(piece: str) -> str:
    """Return the blank lines that stand before a statement; they are not of it."""
    match = _BEFORE.match(piece)
    ends = list(_END.finditer(match["start"])) if match else []
    return piece[: ends[-1].end()] if ends else ""
