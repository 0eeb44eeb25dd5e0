"""Parsing: Markdown to HTML, by markdown-it; imported with the first mail, for it is large."""

from __future__ import annotations

from functools import cache
from typing import Final

from markdown_it import MarkdownIt

from securely.mail.markdown.links import address, is_safe
from securely.mail.markdown.values import MARK

__all__ = ["parse"]

_RULES: Final = ("table", "strikethrough")


def parse(text: str, *, is_html_allowed: bool = False) -> str:
    """Return the HTML of Markdown: CommonMark, with tables and text that is struck through.

    Args:
        text: The Markdown.
        is_html_allowed: Whether HTML in it stays HTML.
    """
    return str(_parser(is_html_allowed).render(text))


class _Parser(MarkdownIt):
    """The parser, with our idea of addresses."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  # markdown-it's name
        return is_safe(url)

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # the same
        """Return *url* encoded, with the marks of values as they are."""
        position, parts = 0, list[str]()
        for match in MARK.finditer(url):
            parts += address(url[position : match.start()]), match[0]
            position = match.end()
        return "".join([*parts, address(url[position:])])


@cache  # there are two
def _parser(is_html_allowed: bool) -> MarkdownIt:
    return _Parser("commonmark", {"html": is_html_allowed}).enable(list(_RULES))
