"""Forms: what a markdown view becomes, HTML or plain text, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, Protocol

from jinja2 import Template
from markupsafe import Markup

from securely.mail.markdown import html, text
from securely.mail.markdown.brand import Brand
from securely.mail.markdown.components import unfolded
from securely.mail.markdown.environment import Kind, environment
from securely.mail.markdown.kept import Kept
from securely.mail.markdown.themes import LOOK_SECONDS, Theme
from securely.mail.markdown.values import Rendering, holding
from securely.support import clock
from securely.view import ViewFactory

__all__ = ["Finished", "Form", "made"]

_SHAPES_MAX: Final = 256  # shapes of mails that are kept per form; a page is some 20 kB
_LETTERS_MAX: Final = 200_000  # what is larger is made anew each time
_SOURCES_MAX: Final = 64  # views that were given as text


class Finished(Protocol):
    """A mail that waits only for its values."""

    def fill(self, values: Sequence[str]) -> str:
        """Return the mail with *values* in it."""
        ...


class Form:
    """What a markdown view becomes: HTML, or plain text.

    Args:
        views: Has the views.
        kind: Which of the two.
        brand: Who sends the mails.
        finish: Makes what a view printed into a mail that waits for its values.
        is_fresh: Whether a file is read again once it has changed.
    """

    def __init__(
        self,
        views: ViewFactory,
        kind: Kind,
        *,
        brand: Brand,
        finish: Callable[[str, Theme, Sequence[str]], Finished],
        is_fresh: bool,
    ) -> None:
        self._views = views
        self._is_text = kind == "text"
        self._finish = finish
        self._environment = environment(views, kind, brand, is_fresh=is_fresh)
        self._components = self._environment.components
        self._is_fresh = is_fresh
        self._next_look = 0.0
        self._sources: Kept[str, Template] = Kept(_SOURCES_MAX)
        self._shapes: Kept[Hashable, Finished] = Kept(_SHAPES_MAX)

    def render(
        self,
        view: tuple[str, str | None],
        data: Mapping[str, object],
        locale: str,
        theme: Theme,
        *,
        spoken: str,
    ) -> str:
        """Return what a view becomes.

        Args:
            view: Its name, or an empty name and its text.
            data: Its variables.
            locale: Whose language and direction it has.
            theme: What it looks like.
            spoken: The current locale: components translate into that one.
        """
        if self._is_fresh:
            self._look()
        with holding(Rendering(locale, self._is_text)) as now:
            printed = str(self._template(*view).render({**self._views.shared, **data}))
            if not now.is_document:
                # A view that does not say what a mail looks like is the message of one.
                printed = self._components["message"](caller=lambda: Markup(printed))  # noqa: S704
        if len(printed) > _LETTERS_MAX:
            return self._finished(printed, locale, theme).fill(now.values)
        key = (None if self._is_text else theme, locale, spoken, clock.now().year, printed)
        return self._shapes.get(key, lambda: self._finished(printed, locale, theme)).fill(
            now.values
        )

    def _finished(self, printed: str, locale: str, theme: Theme) -> Finished:
        with holding(Rendering(locale, self._is_text, is_finish=True)) as now:
            whole = unfolded(printed, self._components)
        return self._finish(whole, theme, now.values)

    def _look(self) -> None:
        """Forget what is kept if the file of a component has changed; look once a second."""
        now = clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if not all(component.is_current for component in self._components.values()):
            for component in self._components.values():
                component.forget()
            self._shapes.clear()

    def _template(self, name: str, source: str | None) -> Template:
        if source is None:
            return self._environment.get_template(name)
        return self._sources.get(source, lambda: self._environment.from_string(source))


def made(views: ViewFactory, name: str, url: str, *, is_fresh: bool) -> tuple[Form, Form]:
    """Return what renders *views* to HTML, and to plain text.

    Args:
        views: The views; those that are called ``mail::…`` are the components.
        name: Who sends the mails.
        url: Where that name leads to.
        is_fresh: Whether a file is read again once it has changed.
    """
    translate: Any = views.shared.get("__", str)
    brand = Brand(name, url, translate)
    return (
        Form(views, "html", brand=brand, finish=html.compiled, is_fresh=is_fresh),
        Form(views, "text", brand=brand, finish=text.compiled, is_fresh=is_fresh),
    )
