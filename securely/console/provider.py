"""Binds artisan itself, and names its commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.console.artisan import Artisan
from securely.console.commands import CompletionCommand, HelpCommand, ListCommand
from securely.container import Provider

__all__ = ["ConsoleProvider"]


class ConsoleProvider(Provider):
    """Binds artisan itself, and names its commands."""

    provides: ClassVar[Mapping[str, type]] = {"artisan": Artisan}
    commands: ClassVar[Mapping[str, type]] = {
        "completion": CompletionCommand,
        "help": HelpCommand,
        "list": ListCommand,
    }

    def register(self) -> None:
        """Bind an empty console; the kernel fills it."""
        self.app.singleton(Artisan, self.artisan)

    def artisan(self) -> Artisan:
        """Return a console that uses this application's container."""
        from securely import __version__

        return Artisan(self.app, "Securely", __version__)
