"""HTML: from what a view printed to a mail that waits only for its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape
from typing import Final, NamedTuple

from markupsafe import escape

from securely.mail.markdown.exceptions import MisplacedValue
from securely.mail.markdown.links import address, is_safe
from securely.mail.markdown.parsing import parse
from securely.mail.markdown.themes import Theme
from securely.mail.markdown.values import (
    AUTHORED,
    BLOCK,
    BROKEN,
    DATA,
    END,
    END_BLOCK,
    MARK,
    MARKER,
    STYLES,
)

__all__ = ["Page", "compiled", "dedented", "expanded"]


class Page:
    """A mail without its values.

    Args:
        html: The mail, as an HTML serializer writes it: attributes are in double quotes.
        constants: What components print in all mails of this shape, counted from the end.

    Raises:
        MisplacedValue: A value is printed where none is safe.
    """

    def __init__(self, html: str, constants: Sequence[str] = ()) -> None:
        self._constants = list(reversed(constants))
        self._parts: list[str] = []
        self._texts: list[tuple[int, int]] = []
        self._others: list[tuple[int, Callable[[Sequence[str]], str]]] = []
        position = 0
        for match in _PLACES.finditer(html):
            kind = match.lastgroup
            if kind == "comment" or (kind != "value" and not MARK.search(match[0])):
                if kind == "comment" and MARK.search(match[0]):
                    self._text(html[position : match.start()])
                    self._marked(match[0])
                    position = match.end()
                continue
            self._text(html[position : match.start()])
            position = match.end()
            if kind == "raw":
                raise MisplacedValue(f"in <{match['name']}>")
            if kind == "value":
                self._value(int(match["number"]))
            else:
                self._tag(match[0])
        self._text(html[position:])

    def fill(self, values: Sequence[str]) -> str:
        """Return the mail with *values* in it, each made safe for its place."""
        parts = self._parts.copy()
        values = [*values, *self._constants]
        for position, number in self._texts:
            parts[position] = escape(values[number])
        for position, made in self._others:
            parts[position] = made(values)
        return "".join(parts)

    def _text(self, text: str) -> None:
        if text:
            self._parts.append(BROKEN.sub("", text))

    def _value(self, number: int) -> None:
        self._texts.append((len(self._parts), number))
        self._parts.append("")

    def _marked(self, text: str) -> None:
        """Add a piece of a tag or of a comment, with the values in it."""
        for index, part in enumerate(MARK.split(text)):
            if index % 2:
                self._others.append((len(self._parts), _attribute(int(part))))
                self._parts.append("")
            else:
                self._text(part)

    def _tag(self, tag: str) -> None:
        if MARK.search(_QUOTED.sub('""', tag)):
            raise MisplacedValue("in a tag, outside quotes")
        position = 0
        for match in _ATTRIBUTE.finditer(tag):
            if not MARK.search(match["value"]):
                continue
            made = _special(match["name"].lower(), match["value"])
            if made is None:
                continue
            self._marked(tag[position : match.start()])
            self._others.append((len(self._parts), made))
            self._parts.append("")
            position = match.end()
        self._marked(tag[position:])


# A serializer writes "<" in text as "&lt;", and attributes in double quotes.
_PLACES: Final = re.compile(
    rf"(?P<comment><!--.*?-->)|(?P<raw><(?P<name>script|style|xmp|iframe|noembed|plaintext)\b"
    rf".*?</(?P=name)\b)|(?P<tag><[a-zA-Z/](?:[^\">]|\"[^\"]*\")*>)"
    rf"|(?P<value>{MARK.pattern.replace('(', '(?P<number>', 1)})",
    re.DOTALL,
)
_QUOTED: Final = re.compile(r'"[^"]*"')
_ATTRIBUTE: Final = re.compile(r'\s(?P<name>[^\s="/>]+)="(?P<value>[^"]*)"')
_LINKS: Final = frozenset(
    {"href", "src", "action", "formaction", "background", "cite", "poster", "longdesc", "data"}
)
_SHOWN: Final = frozenset({"src", "background", "poster"})
_EMBEDDED: Final = re.compile(r"cid:", re.IGNORECASE)  # a file of the mail itself
_DECIDED: Final = re.compile(r"[:/?#]")  # after one of these, no value changes where a link leads
_HARMLESS: Final = re.compile(r"[\w#%.,+ \-]*")


def _special(name: str, value: str) -> Callable[[Sequence[str]], str] | None:
    """Return what makes an attribute in which a value needs more than to be escaped."""
    if name in _LINKS:
        return _link(name, value)
    if name == "style":
        return _style(value)
    if name.startswith("on") or name in {"srcdoc", "srcset", "ping"}:
        raise MisplacedValue(f"in the attribute {name}")
    return None


def _attribute(number: int) -> Callable[[Sequence[str]], str]:
    # What is HTML already may hold quotes; elsewhere there are none left.
    return lambda values: escape(values[number]).replace('"', "&#34;")


def _link(name: str, value: str) -> Callable[[Sequence[str]], str]:
    parts = MARK.split(unescape(value))
    is_decided = bool(_DECIDED.search(parts[0]))

    def made(values: Sequence[str]) -> str:
        said = [values[int(part)] if i % 2 else part for i, part in enumerate(parts)]
        whole = "".join(said)
        is_embedded = name in _SHOWN and _EMBEDDED.match(whole)
        if not is_decided and not is_embedded and not is_safe(whole):
            return ""  # what was to be the link stays, and leads nowhere
        return f' {name}="{escape(address(whole))}"'

    return made


def _style(value: str) -> Callable[[Sequence[str]], str]:
    parts = MARK.split(value)

    def made(values: Sequence[str]) -> str:
        said = [_plain(values[int(part)]) if i % 2 else part for i, part in enumerate(parts)]
        return f' style="{"".join(said)}"'

    return made


def _plain(value: str) -> str:
    """Return *value* if it is a word or a number of CSS; more would be rules of its own."""
    return value if _HARMLESS.fullmatch(value) else ""


def compiled(printed: str, theme: Theme, constants: Sequence[str] = ()) -> Page:
    """Return the mail that a view printed, with the CSS of *theme* in it.

    Raises:
        MisplacedValue: A value is printed where none is safe.
    """
    html = expanded(printed, _html, _put).strip()
    if _RIGHT_TO_LEFT.search(html):
        html = _ALIGNED.sub(_mirrored, html)
    return Page(f"{theme.inline(html.replace(STYLES, theme.head))}\n", constants)


# The first column of a table is the right one where people read from the right.
_RIGHT_TO_LEFT: Final = re.compile(r"<html\b[^>]*\bdir=\"rtl\"")
_ALIGNED: Final = re.compile(r'(<t[hd] style="text-align:)(left|right)"')


def _mirrored(match: re.Match[str]) -> str:
    return f'{match[1]}{"left" if match[2] == "right" else "right"}"'


class _Open(NamedTuple):
    kind: str
    parts: list[str]
    inner: list[str]


def expanded(
    printed: str,
    make: Callable[[str, bool], str],
    put: Callable[[str, Sequence[str]], str],
) -> str:
    """Return what a view printed, with the Markdown in it made into what *make* returns.

    Args:
        printed: What the view printed: text, with borders around Markdown and components.
        make: Makes Markdown into something else; told whether the view's author wrote it.
        put: Puts what components have become into the places that were kept for them.
    """
    pieces = MARKER.split(printed)
    stack = [_Open("", [pieces[0]], [])]
    for kind, text in zip(pieces[1::2], pieces[2::2], strict=True):
        border = f"{kind}{BLOCK[1:]}"
        if border in {BLOCK, AUTHORED, DATA}:
            stack.append(_Open(border, [], []))
        else:
            done = stack.pop()
            made = "".join(done.parts)
            if border == END:
                made = put(make(_spaced(dedented(made)), done.kind == AUTHORED), done.inner)
            _give(stack[-1], made, is_block=border == END_BLOCK or done.kind == DATA)
        stack[-1].parts.append(text)
    return "".join(stack[0].parts)


def _give(outer: _Open, made: str, *, is_block: bool) -> None:
    """Put what is made into what is around it; into Markdown only a place that is kept for it."""
    if outer.kind == AUTHORED and is_block:
        outer.parts.append(f"{_KEPT}{len(outer.inner)}\ue001")
        outer.inner.append(made)
    else:
        outer.parts.append(made)


_KEPT: Final = STYLES.replace("\ue007", "\ue008")
_PLACE: Final = re.compile(rf"<p>{_KEPT}([0-9]+)\ue001</p>|{_KEPT}([0-9]+)\ue001")
_LINE: Final = re.compile(rf"^[ \t]*({_KEPT}[0-9]+\ue001)[ \t]*$", re.MULTILINE)


def _spaced(text: str) -> str:
    """Return *text* with what stands alone on its line made a paragraph of its own."""
    return _LINE.sub("\n\\1\n", text)


def _put(html: str, inner: Sequence[str]) -> str:
    return _PLACE.sub(lambda match: inner[int(match[1] or match[2])].strip(), html)


def _html(text: str, is_authored: bool) -> str:
    return parse(text, is_html_allowed=is_authored)


def dedented(text: str) -> str:
    """Return *text* without the indentation that all its lines have.

    So a view may indent what is inside a component, which would else be code to Markdown.
    """
    lines = text.strip("\n").split("\n")
    # Jinja takes the indentation of components away: their lines tell nothing.
    told = [line for line in lines if line.strip() and not line.startswith(_KEPT)]
    depths = [len(line) - len(line.lstrip(" \t")) for line in told]
    depth = min(depths, default=0)
    return "\n".join(_cut(line, depth) for line in lines)


def _cut(line: str, depth: int) -> str:
    if not line.strip():
        return ""
    return line[depth:] if line[:depth].isspace() else line
