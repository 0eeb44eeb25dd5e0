"""Themes: the CSS of mails, by its name, and how it gets into them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from securely.mail.markdown.exceptions import UnknownTheme
from securely.support import clock

__all__ = ["LOOK_SECONDS", "VIEWS", "Theme", "Themes"]

VIEWS: Final = Path(__file__).parent / "views"

LOOK_SECONDS: Final = 1.0
"""How long files of components and themes are not looked at again; it costs as much as a mail."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_SCHEME: Final = re.compile(r"color-scheme\s*:\s*([a-z ]+?)\s*[;}]")


class Theme:
    """The CSS of one theme.

    Args:
        css: The CSS.
    """

    def __init__(self, css: str) -> None:
        declared = _SCHEME.search(css)
        scheme = declared[1] if declared else "light"
        # In front of mails' own styles, which win. "</" ends a style element, in a comment too.
        self.head: str = (
            f'<meta name="color-scheme" content="{scheme}">\n'
            f'<meta name="supported-color-schemes" content="{scheme}">\n'
            f"<style>{css.replace('</', '')}</style>"
        )

    def inline(self, html: str) -> str:
        """Return a whole page with its CSS in its elements; what is for media stays in its head."""
        from css_inline import CSSInliner  # a large library: with the first mail

        return CSSInliner(
            keep_at_rules=True, load_remote_stylesheets=False, keep_link_tags=True
        ).inline(html)


class Themes:
    """Finds themes by their names.

    Args:
        paths: The application's folders for views; its own themes lie in
            ``vendor/mail/html/themes`` of each, and win.
        is_fresh: Whether a theme is read again once its file has changed: within a second.
    """

    def __init__(self, paths: Sequence[Path], *, is_fresh: bool = True) -> None:
        own = [path / "vendor" / "mail" for path in paths]
        self._folders = [path / "html" / "themes" for path in (*own, VIEWS)]
        self._is_fresh = is_fresh
        self._known: dict[str, tuple[tuple[Path, int, int], Theme]] = {}
        self._next_look: dict[str, float] = {}
        self._lock = Lock()

    def get(self, name: str) -> Theme:
        """Return the theme of that name.

        Raises:
            UnknownTheme: There is none.
        """
        known = self._known.get(name)
        if known is not None and not self._is_due(name):
            return known[1]
        state = self._find(name)
        with self._lock:
            known = self._known.get(name)
            if known is None or known[0] != state:
                known = state, Theme(state[0].read_text(encoding="utf-8-sig"))
                self._known[name] = known
            return known[1]

    def _is_due(self, name: str) -> bool:
        """Tell whether it is time to look at the file of a theme again."""
        now = clock.monotonic()
        if not self._is_fresh or now < self._next_look.get(name, 0.0):
            return False
        self._next_look[name] = now + LOOK_SECONDS
        return True

    def names(self) -> list[str]:
        """Return the names of all themes."""
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.css")})

    def _find(self, name: str) -> tuple[Path, int, int]:
        if _NAME.fullmatch(name):
            for folder in self._folders:
                path = folder / f"{name}.css"
                try:
                    found = path.stat()
                except OSError:
                    continue
                return path, found.st_mtime_ns, found.st_size
        own = self._folders[0] if len(self._folders) > 1 else ""
        raise UnknownTheme(name, self.names(), str(own))
