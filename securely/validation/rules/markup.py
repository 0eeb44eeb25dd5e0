"""What text is: SVG, HTML, XML, JSON, CSV, a script, or just text; nothing is expanded or run."""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

from securely.validation.contracts import File

__all__ = ["text_type"]

_WHOLE_MAX: Final = 1024 * 1024  # so much JSON is read to tell that it is JSON
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Text has no other of the characters that are not drawn.
_UNDRAWN: Final = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]").search
_CONTROLS: Final = re.compile(r"[\x80-\x9f]")
_ROOT: Final = re.compile(r"<(?:[A-Za-z_][\w.-]{0,63}:)?([A-Za-z_][\w.-]{0,63})(?=[\s/>])").match
_HTML: Final = frozenset(
    {
        "html", "head", "body", "title", "script", "style", "meta", "link", "iframe", "table",
        "div", "p", "a", "b", "i", "h1", "h2", "h3", "img", "form", "br", "font", "object", "embed",
    }
)  # fmt: skip
_HTML_DOCTYPE: Final = re.compile(r"<!doctype\s{1,16}html\b", re.IGNORECASE).match
# What is quoted or a comment may look like an end; what is never closed takes the rest.
_SUBSET: Final = re.compile(
    r""""[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|<!--(?:.*?-->|.*\Z)|\](?=\s*>)""", re.DOTALL
).finditer
_QUOTED: Final = re.compile(r'"[^"]*"')
_LINES_SEEN: Final = 10


def text_type(file: File, head: bytes) -> str | None:
    """Return the MIME type of text; None for what is no text."""
    text = _decoded(head)
    if text is None:
        return None
    begun = text.lstrip()
    if begun.startswith("<"):
        found = _marked_up(begun)
        if found is not None:
            return found
    if begun.startswith(("{", "[")) and _is_json(file, head, text):
        return "application/json"
    return _by_first_line(begun) or ("text/csv" if _is_table(text) else "text/plain")


def _decoded(head: bytes) -> str | None:
    """Return *head* as text, or None; where a character is cut off at its end, without that."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _drawn(head[len(mark) :], encoding)
    text = _drawn(head, "utf-8")
    return _drawn(head, "latin-1") if text is None else text


def _drawn(data: bytes, encoding: str) -> str | None:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None
    # Windows has letters where ISO 8859 has controls, so that some of them are text, and many not.
    odd = len(_CONTROLS.findall(text)) if encoding == "latin-1" else 0
    return None if odd * 10 > len(text) or _UNDRAWN(text) else text


def _by_first_line(text: str) -> str | None:
    if text.startswith(("<?php", "<?=", "<?\n", "<? ")):
        return "text/x-php"
    line = text.partition("\n")[0].rstrip()
    if line.startswith("#!"):
        if "php" in line:
            return "text/x-php"
        return "text/x-python" if "python" in line else "text/x-shellscript"
    return {"BEGIN:VCALENDAR": "text/calendar", "BEGIN:VCARD": "text/vcard"}.get(line.upper())


def _marked_up(text: str) -> str | None:
    """Return the type of markup by its first element; what stands before that is stepped over."""
    is_xml = text.startswith("<?xml")
    position = 0
    while (after := _stepped_over(text, position)) != position:
        if after < 0:  # it never ends
            return "application/xml" if is_xml else "text/html"
        position = after
    if _HTML_DOCTYPE(text, position):
        return "text/html"
    root = _ROOT(text, position)
    name = root[1].lower() if root else ""
    if name == "svg":
        return "image/svg+xml"
    if name in _HTML:
        return "text/html"
    return "application/xml" if is_xml else None


def _stepped_over(text: str, position: int) -> int:
    """Return where the next thing begins; *position* if that is an element, -1 if there is none."""
    if text[position : position + 1].isspace():
        return len(text) - len(text[position:].lstrip())
    if text.startswith("<!--", position):
        return _behind(text.find("-->", position + 4), 3)
    if text.startswith("<?xml", position):
        return _behind(text.find("?>", position), 2)
    is_type = text[position : position + 9].lower() == "<!doctype"
    if is_type and not _HTML_DOCTYPE(text, position):
        return _behind(_end_of_doctype(text, position), 1)
    return position


def _behind(found: int, length: int) -> int:
    return found + length if found >= 0 else -1


def _end_of_doctype(text: str, start: int) -> int:
    """Return where a document type ends; its entities stand in brackets, and are not read."""
    end, bracket = text.find(">", start), text.find("[", start)
    if bracket < 0 or (0 <= end < bracket):
        return end
    for part in _SUBSET(text, bracket):
        if part[0] == "]":
            return text.find(">", part.end())
    return -1


def _is_json(file: File, head: bytes, text: str) -> bool:
    """Tell whether a file is JSON; of one that is long, what is read of it may end anywhere."""
    is_whole = file.size_bytes <= len(head)
    if not is_whole and file.size_bytes <= _WHOLE_MAX:
        longer = _decoded(file.read_at(0, _WHOLE_MAX))
        if longer is None:
            return False
        text, is_whole = longer, True
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return not is_whole and (error.msg.startswith("Unterm") or error.pos >= len(text) - 16)
    except (ValueError, RecursionError):  # a number with very many digits; very deep brackets
        return False
    return True


def _is_table(text: str) -> bool:
    """Tell whether lines have columns: two lines at least, with as many separators in each."""
    lines = text.split("\n", _LINES_SEEN)[:_LINES_SEEN]
    bare = [_QUOTED.sub("", line) for line in lines if line.strip()]
    return len(bare) > 1 and any(
        bare[0].count(mark) and len({line.count(mark) for line in bare}) == 1 for mark in ",;\t|"
    )
