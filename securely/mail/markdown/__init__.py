"""Markdown mail: views in Markdown that become HTML, with the theme's CSS in it, and plain text.

markdown.py     Markdown: renders a view, Rendered
forms.py        HTML and plain text: what is printed, finished, and kept
environment.py  jinja2 as these views have it: components, filters, values that wait outside
values.py       what is printed in a view: it waits outside until the mail is made
html.py         from what a view printed to HTML: Markdown, theme, places of the values
text.py         the same for plain text
brand.py        who sends the mails: what components know
kept.py         a cache of what is made once
parsing.py      Markdown to HTML
links.py        which addresses a mail may lead to
locales.py      what a locale is in HTML: its language and its direction
themes.py       finds the CSS of a theme
publishing.py   copies of components and themes, for an application to change
exceptions.py   MarkdownError and its tree
views/          the components, in HTML and in text, and the themes
"""

from __future__ import annotations

from securely.mail.markdown.exceptions import (
    MarkdownError,
    MisplacedValue,
    UnknownChoice,
    UnknownTheme,
    UnsafeLink,
)
from securely.mail.markdown.markdown import Markdown, Rendered

__all__ = [
    "Markdown",
    "MarkdownError",
    "MisplacedValue",
    "Rendered",
    "UnknownChoice",
    "UnknownTheme",
    "UnsafeLink",
]
