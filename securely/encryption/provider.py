"""Binds the keys and the encrypter; both are made when they are first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.encryption.encrypter import Encrypter
from securely.encryption.keys import KeyRing

__all__ = ["EncryptionProvider"]


class EncryptionProvider(Provider):
    """Binds the keys and the encrypter."""

    provides: ClassVar[Mapping[str, type]] = {"encrypter": Encrypter, "keys": KeyRing}
    commands: ClassVar[Mapping[str, type | str]] = {
        "env:decrypt": "securely.encryption.commands.EnvironmentDecryptCommand",
        "env:encrypt": "securely.encryption.commands.EnvironmentEncryptCommand",
        "key:generate": "securely.encryption.commands.KeyGenerateCommand",
        "key:rotate": "securely.encryption.commands.KeyRotateCommand",
    }

    def register(self) -> None:
        """Bind both, so that a missing key is an error of whoever needs one, not of the boot."""
        self.app.singleton(KeyRing, self.keys)
        self.app.singleton(Encrypter, self.encrypter)

    def keys(self, config: Config) -> KeyRing:
        """Read the keys of the section `app`."""
        return KeyRing.parse(config.get("app.key"), config.get("app.previous_keys"))

    def encrypter(self, config: Config, keys: KeyRing) -> Encrypter:
        """Make the encrypter of the section `app`."""
        return Encrypter(keys.current, config.string("app.cipher", "aes-256-cbc"), keys.previous)
