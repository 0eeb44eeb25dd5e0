"""What is printed in a view: it waits outside, and a mark stands for it until the mail is made.

So no value can be taken for Markdown or HTML: it is not there when those are read. And what is
read is the same for every mail of one view, whoever gets it, so that it is read once.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup, escape

from securely.support import entropy

__all__ = [
    "ARGUMENT",
    "AUTHORED",
    "BLOCK",
    "BROKEN",
    "CALL",
    "CALLS",
    "DATA",
    "END",
    "END_BLOCK",
    "END_CALL",
    "MARK",
    "MARKER",
    "STYLES",
    "Authored",
    "Rendering",
    "hold",
    "hold_html",
    "holding",
    "rendering",
    "shown",
]

# Marks are letters that no language uses, and a number that no value can know; filters that
# change letters leave numbers alone.
_SECRET: Final = f"{entropy.below(10**8):08}"

MARK: Final = re.compile(f"\ue000{_SECRET}(-?[0-9]+)\ue001")
"""The place of a value, with its number; of what components print, the number is negative."""

BROKEN: Final = re.compile(f"\ue000{_SECRET}-?[0-9]*\ue001?")
"""What a filter that cuts text may leave of a mark."""

BLOCK: Final = f"\ue002{_SECRET}"
"""Begins the HTML of a component."""

END_BLOCK: Final = f"\ue003{_SECRET}"
"""Ends the HTML of a component."""

AUTHORED: Final = f"\ue004{_SECRET}"
"""Begins Markdown that the author of a view wrote; it may hold HTML."""

DATA: Final = f"\ue005{_SECRET}"
"""Begins Markdown that is data; HTML in it is shown as it is."""

END: Final = f"\ue006{_SECRET}"
"""Ends Markdown of either kind."""

STYLES: Final = f"\ue007{_SECRET}"
"""The place of the theme's CSS."""

CALL: Final = f"\ue009{_SECRET}"
"""Begins the note of a component's call: its name, and what it is given."""

ARGUMENT: Final = f"\ue00a{_SECRET}"
"""Stands before each thing that a component is given, and before its content."""

END_CALL: Final = f"\ue00b{_SECRET}"
"""Ends the note of a call."""

CALLS: Final = re.compile(f"[\ue009-\ue00b]{_SECRET}")
"""Any border of a noted call."""

MARKER: Final = re.compile(f"([\ue002-\ue006]){_SECRET}")
"""Any of the borders."""


@dataclass(slots=True)
class Rendering:
    """What one rendering knows beside its view.

    Attributes:
        locale: Whose language the mail is in.
        values: What was printed, in its order.
        is_text: Whether it becomes plain text.
        is_document: Whether the view has called ``message``.
        is_finish: Whether a shape is being finished: what is printed is the same for all its mails.
    """

    locale: str
    is_text: bool = False
    values: list[str] = field(default_factory=list[str])
    is_document: bool = False
    is_finish: bool = False


# Views are rendered without waiting, but a value that is printed may render another mail.
_rendering: ContextVar[Rendering] = ContextVar("securely.mail.markdown.rendering")


def rendering() -> Rendering:
    """Return the rendering that is going on; outside of one, a new one that nobody sees."""
    return _rendering.get(None) or Rendering("en")


class holding:  # noqa: N801  # read as a word: with holding(rendering): …
    """Make a rendering the one that is going on."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering

    def __enter__(self) -> Rendering:
        self._token = _rendering.set(self._rendering)
        return self._rendering

    def __exit__(self, *raised: object) -> None:
        _rendering.reset(self._token)


def shown(value: object) -> str:
    """Return what to print for *value*: itself if it is marked as safe, and a mark otherwise."""
    if type(value) is str:  # what most values are
        text = value
    elif hasattr(value, "__html__"):
        return escape(value)
    else:
        text = str(value)
    now = _rendering.get()
    if not text and now.is_text:
        return ""  # a line that has only this is to be dropped
    return _held(now, text)


def hold(value: object) -> Markup:
    """Return the same, marked as safe."""
    return Markup(shown(value))  # noqa: S704  # it is


def hold_html(html: Markup) -> Markup:
    """Return a mark that stands for HTML that is made from a value, and is no Markdown."""
    return Markup(_held(_rendering.get(), html))  # noqa: S704  # a mark of ours


def _held(now: Rendering, text: str) -> str:
    number = len(now.values)
    now.values.append(text)
    if now.is_finish:
        return _mark(-number - 1)  # counted from the end, as others come before them
    return _MARKS[number] if number < len(_MARKS) else _mark(number)


def _mark(number: int) -> str:
    return f"\ue000{_SECRET}{number}\ue001"


_MARKS: Final = tuple(map(_mark, range(512)))  # as many as most mails have, made once


class Authored(Markup):
    """Text that is taken as written in the view; values that are put into it are held back."""

    @classmethod
    def escape(cls, s: object, /) -> Authored:
        """Return *s* if it is safe, and a mark that stands for it otherwise."""
        return cls(hold(s))
