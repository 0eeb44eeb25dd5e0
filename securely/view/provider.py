"""Binds the views, and names the command that makes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from securely.config import Config
from securely.container import Provider
from securely.support.paths import Paths
from securely.translation import Translator
from securely.view.factory import ViewFactory

__all__ = ["ViewProvider"]


class ViewProvider(Provider):
    """Binds the views, and names the command that makes one."""

    provides: ClassVar[Mapping[str, type]] = {"view": ViewFactory}
    commands: ClassVar[Mapping[str, type | str]] = {
        "make:view": "securely.view.commands.MakeViewCommand"
    }
    options: ClassVar[Mapping[str, type | str]] = {"view": "securely.view.options.ViewOptions"}

    def register(self) -> None:
        """Bind the factory."""
        self.app.singleton(ViewFactory, self.views)

    def views(self, config: Config, paths: Paths) -> ViewFactory:
        """Return the factory of the configured folders, with what translates."""
        from securely.view.options import ViewOptions  # pydantic: not before the first view

        options = config.section("view").parse(ViewOptions)
        made = ViewFactory(
            [paths.resolve(path) for path in options.paths],
            translate=self.translate,
            is_fresh=options.is_fresh,
        )
        made.share("trans_choice", self.choose)
        return made

    def translate(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Return the line of *key*; the translator is made when the first is asked for."""
        return self.app.make(Translator).get(key, *args, **kwargs)

    def choose(self, key: str, *args: Any, **kwargs: Any) -> str:
        """Return the form of the line of *key* for a number."""
        return self.app.make(Translator).choice(key, *args, **kwargs)
