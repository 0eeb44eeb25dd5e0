"""Form: what a view becomes, and the endings of its files; Source: its text, and from where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["ENDINGS", "Form", "Source"]

Form: TypeAlias = Literal["html", "text", "markdown"]
"""What a view becomes: a page, whose values are escaped, plain text, or Markdown."""

# What files of each form end in, the first of them first. Editors know views by ".jinja".
ENDINGS: Final[Mapping[Form, tuple[str, ...]]] = {
    "html": (".html", ".html.jinja"),
    "text": (".txt", ".txt.jinja"),
    "markdown": (".md", ".md.jinja"),
}


class Source(NamedTuple):
    """The text of a view, for those who compile it themselves.

    Attributes:
        text: What the file holds.
        path: Where it is.
        is_uptodate: Tells whether another look would find the same.
    """

    text: str
    path: Path
    is_uptodate: Callable[[], bool]
