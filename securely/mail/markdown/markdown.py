"""Markdown: renders views in Markdown to HTML with its CSS in it, and to plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple, Protocol

from securely.exceptions import HttpException
from securely.mail.markdown.themes import VIEWS, Theme, Themes
from securely.view import ViewFactory

__all__ = ["Markdown", "Rendered"]


class Rendered(NamedTuple):
    """A mail in both its forms.

    Attributes:
        html: A whole HTML document.
        text: Plain text.
    """

    html: str
    text: str


class _Form(Protocol):
    """What renders a view to HTML, or to plain text."""

    def render(
        self,
        view: tuple[str, str | None],
        data: Mapping[str, object],
        locale: str,
        theme: Theme,
        *,
        spoken: str,
    ) -> str: ...


class Markdown:
    """Renders views in Markdown to HTML with the theme's CSS in it, and to plain text.

    Values are never read as Markdown or HTML: they are put into the finished mail. So the Markdown
    is parsed and the CSS put in place once per shape of a mail, and not for each mail.

    Args:
        views: Where the views are, and the application's own components and themes: in
            ``vendor/mail`` of its folders.
        theme: The theme of mails that name none.
        name: The name of the application, for header and footer.
        url: Where that leads to; nowhere if empty.
        locale: Gives the locale of mails that name none; English if None.
        is_fresh: Whether a file is read again once it has changed.

    Example:
        >>> mail = Markdown(ViewFactory([])).render_string("Hello **{{ name }}**!", {"name": "<A>"})
        >>> mail.text
        'Hello **<A>**!\\n'
        >>> "&lt;A&gt;</strong>" in mail.html
        True
    """

    def __init__(
        self,
        views: ViewFactory,
        *,
        theme: str = "default",
        name: str = "",
        url: str = "",
        locale: Callable[[], str] | None = None,
        is_fresh: bool = True,
    ) -> None:
        self.theme: str = theme
        self._views = views
        self._locale = locale
        self._brand = name, url
        self._is_fresh = is_fresh
        self._themes = Themes(views.paths, is_fresh=is_fresh)
        self._forms: tuple[_Form, _Form] | None = None
        self._lock = Lock()
        views.add_namespace("mail", VIEWS)

    @property
    def themes(self) -> list[str]:
        """The names of all themes that are there."""
        return self._themes.names()

    def render(
        self,
        name: str,
        data: Mapping[str, object],
        *,
        theme: str | None = None,
        locale: str | None = None,
    ) -> Rendered:
        """Return the mail that the view *name* becomes with *data*.

        Args:
            name: The view: ``"mail.invoice"`` is ``resources/views/mail/invoice.md``.
            data: Its variables.
            theme: The theme's name; the default one if None.
            locale: Whose language and direction it has; the current one if None.

        Raises:
            UnknownTheme: There is no theme of that name.
            ViewError: The view is not there, or failed.
        """
        return self._render((name, None), data, theme, locale)

    def render_string(
        self,
        source: str,
        data: Mapping[str, object],
        *,
        theme: str | None = None,
        locale: str | None = None,
    ) -> Rendered:
        """Return the mail that the view with the text *source* becomes with *data*.

        Who writes the text can call what *data* hold. Take none from people you do not trust.

        Raises:
            UnknownTheme: There is no theme of that name.
            ViewError: The view failed.
        """
        return self._render(("", source), data, theme, locale)

    @staticmethod
    def parse(text: str) -> str:
        """Return the HTML of Markdown; what is HTML in it is shown as it is written.

        Example:
            >>> Markdown.parse("**Hi** <b>Ann</b>")
            '<p><strong>Hi</strong> &lt;b&gt;Ann&lt;/b&gt;</p>\\n'
        """
        from securely.mail.markdown.parsing import parse  # markdown-it: when it is needed

        return parse(text)

    def _render(
        self,
        view: tuple[str, str | None],
        data: Mapping[str, object],
        theme: str | None,
        locale: str | None,
    ) -> Rendered:
        css = self._themes.get(theme or self.theme)
        spoken = self._locale() if self._locale else "en"
        locale = locale or spoken
        html, text = self._forms or self._made()
        try:
            return Rendered(
                html.render(view, data, locale, css, spoken=spoken),
                text.render(view, data, locale, css, spoken=spoken),
            )
        except HttpException:
            raise  # abort(404) in a view ends the request, as everywhere
        except Exception as error:  # whatever a view calls; it is told with file and line
            from securely.view.engine import failed

            raise failed(view[0], error, view[1]) from error

    def _made(self) -> tuple[_Form, _Form]:
        from securely.mail.markdown.forms import made  # jinja2: with the first mail

        with self._lock:
            if self._forms is None:
                name, url = self._brand
                self._forms = made(self._views, name, url, is_fresh=self._is_fresh)
            return self._forms
