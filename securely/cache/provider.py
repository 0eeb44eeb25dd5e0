"""Binds the cache, and names its commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.cache.commands import ClearCommand, ForgetCommand, PruneCommand
from securely.cache.exceptions import EntryRefused
from securely.cache.manager import CacheManager, Materials
from securely.cache.options import CacheOptions
from securely.cache.place import Memory
from securely.cache.repository import Repository
from securely.config import Config
from securely.container import Provider
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.log import LogManager
from securely.support.paths import Paths

__all__ = ["CacheProvider"]


class CacheProvider(Provider):
    """Binds the cache, and names its commands."""

    provides: ClassVar[Mapping[str, type]] = {"cache": CacheManager, "cache.store": Repository}
    commands: ClassVar[Mapping[str, type | str]] = {
        "cache:clear": ClearCommand,
        "cache:forget": ForgetCommand,
        "cache:prune": PruneCommand,
    }
    options: ClassVar[Mapping[str, type | str]] = {"cache": CacheOptions}

    def register(self) -> None:
        """Bind the manager, which is the default store, too."""
        self.app.singleton(CacheManager, self.manager)
        self.app.bind(Repository, CacheManager)
        self.app.scoped(Memory)

    def manager(self, config: Config, events: Dispatcher, paths: Paths) -> CacheManager:
        """Return the manager of the configured stores."""
        options = config.section("cache").parse(CacheOptions)
        materials = Materials(
            locate=paths.resolve,
            # Asked for when a store that signs is first used: memory needs no application key.
            seal=lambda: self.app.make(KeyRing).purpose("cache"),
            report=self.report,
            classes=options.serializable_classes,
            memory=lambda: self.app.make(Memory),
        )
        return CacheManager(
            options.default,
            options.stores,
            prefix=options.prefix,
            events=events,
            materials=materials,
        )

    def report(self, error: EntryRefused) -> None:
        """Log that a store has refused an entry: somebody should look."""
        self.app.make(LogManager).warning(
            "cache entry refused", store=error.store, key=error.key, reason=error.reason
        )
