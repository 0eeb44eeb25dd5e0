"""Brand: who sends mails, and what components know of the mail that is being made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from securely.mail.markdown.locales import direction, language
from securely.mail.markdown.values import STYLES, rendering
from securely.support import clock

__all__ = ["Brand"]


@dataclass(frozen=True, slots=True)
class Brand:
    """Who sends mails, and what components know of the mail that is being made.

    Attributes:
        name: The name of the application, for header and footer.
        url: Where its name leads to; nowhere if empty.
        translate: Gives the line of a text in the mail's language.
    """

    name: str
    url: str
    translate: Callable[[str], str]

    @property
    def lang(self) -> str:
        """The language of the mail, as HTML names it."""
        return language(rendering().locale)

    @property
    def dir(self) -> Markup:
        """The direction of that language: ``ltr`` or ``rtl``; themes know it."""
        return Markup(direction(rendering().locale))  # noqa: S704  # one of two words

    @property
    def year(self) -> str:
        """This year."""
        return f"{clock.now().year}"

    @property
    def styles(self) -> Markup:
        """The place of the theme's CSS, for the head of a document."""
        return Markup(STYLES)  # noqa: S704  # a mark of ours
