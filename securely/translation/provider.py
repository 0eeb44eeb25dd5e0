"""Binds the translator, and names the command that publishes the framework's own lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.events import Dispatcher
from securely.support.paths import Paths
from securely.translation.loaders import FileLoader
from securely.translation.translator import Translator

__all__ = ["TranslationProvider"]


class TranslationProvider(Provider):
    """Binds the translator, and names the command that publishes the framework's own lines."""

    provides: ClassVar[Mapping[str, type]] = {"translator": Translator}
    commands: ClassVar[Mapping[str, type | str]] = {
        "lang:publish": "securely.translation.commands.PublishCommand",
    }

    def register(self) -> None:
        """Bind the translator."""
        self.app.singleton(Translator, self.translator)

    def translator(self, config: Config, events: Dispatcher, paths: Paths) -> Translator:
        """Return a translator of the lines in ``lang/`` and of the framework's own.

        The locales are checked where they are used; the options of ``app`` check them when the
        configuration changes.
        """
        fallback = str(config.get("app.fallback_locale", "en") or "") or None
        loader = FileLoader([paths.lang])
        return Translator(loader, config.string("app.locale", "en"), fallback, events)
