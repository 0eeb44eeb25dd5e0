"""Binds the store, and names its commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.encryption import KeyRing
from securely.store.commands import (
    CompactCommand,
    ExportCommand,
    GetCommand,
    ImportCommand,
    InfoCommand,
    ScanCommand,
    VerifyCommand,
)
from securely.store.database import Database
from securely.store.manager import PURPOSE, Materials, StoreManager
from securely.store.options import StoreOptions
from securely.support.paths import Paths

__all__ = ["StoreProvider"]


class StoreProvider(Provider):
    """Binds the store, and names its commands."""

    provides: ClassVar[Mapping[str, type]] = {"store": StoreManager, "store.database": Database}
    commands: ClassVar[Mapping[str, type | str]] = {
        "store:compact": CompactCommand,
        "store:export": ExportCommand,
        "store:get": GetCommand,
        "store:import": ImportCommand,
        "store:info": InfoCommand,
        "store:scan": ScanCommand,
        "store:verify": VerifyCommand,
    }
    options: ClassVar[Mapping[str, type | str]] = {"store": StoreOptions}

    def register(self) -> None:
        """Bind the manager, which is the default database, too."""
        self.app.singleton(StoreManager, self.manager)
        self.app.bind(Database, StoreManager)

    def manager(self, config: Config, paths: Paths) -> StoreManager:
        """Return the manager of the configured databases."""
        options = config.section("store").parse(StoreOptions)
        materials = Materials(
            locate=paths.resolve,
            # Asked for when a database is first used: the console starts without a key.
            seal=lambda: self.app.make(KeyRing).purpose(PURPOSE),
            classes=options.serializable_classes,
        )
        return StoreManager(options.default, options.databases, materials)
