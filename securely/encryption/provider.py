"""Binds the keys and the encrypter; both are made when they are first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, cast

from securely.config import Config
from securely.container import Provider
from securely.encryption.encrypter import Encrypter
from securely.encryption.keys import KeyRing
from securely.encryption.rotation import Keeps, KeyRotation

__all__ = ["EncryptionProvider"]

# Services above us that keep what is encrypted or signed: by their names, as all that is above.
_KEEPING: Final = ("store",)


class EncryptionProvider(Provider):
    """Binds the keys and the encrypter."""

    provides: ClassVar[Mapping[str, type]] = {
        "encrypter": Encrypter,
        "keys": KeyRing,
        "keys.rotation": KeyRotation,
    }
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
        self.app.singleton(KeyRotation, self.rotation)

    @staticmethod
    def keys(config: Config) -> KeyRing:
        """Read the keys of the section `app`."""
        return KeyRing.parse(config.get("app.key"), config.get("app.previous_keys"))

    @staticmethod
    def encrypter(config: Config, keys: KeyRing) -> Encrypter:
        """Make the encrypter of the section `app`."""
        return Encrypter(
            keys.current,
            config.string("app.cipher", "aes-256-cbc"),
            keys.previous,
            decrypt_ciphers=config.get("app.decrypt_ciphers", ()) or (),
        )

    def rotation(self) -> KeyRotation:
        """Make what writes anew what the services keep."""
        return KeyRotation(self.keeping)

    def keeping(self) -> list[Keeps]:
        """Return the services that keep something, as far as the application has them."""
        return [cast("Keeps", self.app.make(name)) for name in _KEEPING if self.app.has(name)]
