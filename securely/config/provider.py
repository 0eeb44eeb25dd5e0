"""Binds the repository, and names the commands of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config.loader import Loaded
from securely.config.repository import Config
from securely.container import Provider

__all__ = ["ConfigProvider"]


class ConfigProvider(Provider):
    """Binds the repository, unless the application has done so while it loaded its files."""

    provides: ClassVar[Mapping[str, type]] = {"config": Config}
    commands: ClassVar[Mapping[str, type | str]] = {
        "config:show": "securely.config.commands.ConfigShowCommand"
    }

    def register(self) -> None:
        """Bind an empty configuration where there is none, as in a container by itself."""
        if not self.app.bound(Config):
            self.app.singleton(Config)
        if not self.app.bound(Loaded):
            self.app.instance(Loaded, Loaded({}))
