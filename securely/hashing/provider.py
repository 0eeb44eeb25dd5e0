"""Binds the hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.hashing.hasher import Hasher
from securely.hashing.manager import HashManager
from securely.hashing.options import HashingOptions

__all__ = ["HashingProvider"]


class HashingProvider(Provider):
    """Binds the manager of the hashers, which is the default one."""

    provides: ClassVar[Mapping[str, type]] = {"hash": HashManager, "hash.driver": Hasher}
    options: ClassVar[Mapping[str, type | str]] = {"hashing": HashingOptions}

    def register(self) -> None:
        """Bind the manager."""
        self.app.singleton(HashManager, self.manager)
        self.app.bind(Hasher, HashManager)

    def manager(self, config: Config) -> HashManager:
        """Return the manager of the configured hashers."""
        options = config.section("hashing").parse(HashingOptions)
        return HashManager(
            options.default,
            options.drivers,
            password_bytes_max=options.password_bytes_max,
            verify=options.verify,
        )
