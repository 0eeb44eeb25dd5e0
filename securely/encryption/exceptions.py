"""EncryptionError and what can go wrong with keys and payloads.

EncryptionError
├── DecryptFailed           a payload is malformed, tampered with, or of another key
├── EnvironmentFileMissing  the .env file to encrypt or decrypt is not there
├── EnvironmentFileThere    the file that would be written exists
├── InvalidKey              a key cannot be read, or does not fit the cipher (also a ValueError)
├── MissingAppKey           the application has no key (also a ConfigurationError)
└── RotationFailed          what is stored cannot be written anew; nothing has changed
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import ConfigurationError, SecurelyError

__all__ = [
    "DecryptFailed",
    "EncryptionError",
    "EnvironmentFileMissing",
    "EnvironmentFileThere",
    "InvalidKey",
    "MissingAppKey",
    "RotationFailed",
]


class EncryptionError(SecurelyError):
    """The root of what can go wrong with encryption. No message ever holds a key or a value."""


class DecryptFailed(EncryptionError):
    """A payload is malformed, has been tampered with, or was made with a key that is not known."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[DecryptFailed], tuple[str]]:
        return type(self), (self.reason,)


class EnvironmentFileMissing(EncryptionError):
    """The file that is to be encrypted or decrypted is not there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"{file} does not exist.")

    def __reduce__(self) -> tuple[type[EnvironmentFileMissing], tuple[Path]]:
        return type(self), (self.file,)


class EnvironmentFileThere(EncryptionError):
    """The file that would be written exists."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"{file} exists. With --force, it is replaced.")

    def __reduce__(self) -> tuple[type[EnvironmentFileThere], tuple[Path]]:
        return type(self), (self.file,)


class InvalidKey(EncryptionError, ValueError):
    """A key cannot be read, or does not fit the cipher. It is named by where it stands.

    Args:
        name: Which key: ``app.key``, ``app.previous_keys.0``.
        reason: What is wrong with it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{reason} (The key is {name}.)")

    def __reduce__(self) -> tuple[type[InvalidKey], tuple[str, str]]:
        return type(self), (self.name, self.reason)


class MissingAppKey(EncryptionError, ConfigurationError):
    """The application has no key, and something is to be encrypted or signed."""

    def __init__(self) -> None:
        super().__init__(
            "The application has no key: app.key is empty. "
            "Make one with: python artisan.py key:generate"
        )

    def __reduce__(self) -> tuple[type[MissingAppKey], tuple[()]]:
        return type(self), ()


class RotationFailed(EncryptionError):
    """Something that is stored cannot be written anew with a new key; nothing has changed.

    Args:
        name: What it is.
        reason: What went wrong, as a sentence.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(
            f"Nothing has changed, because {name} cannot be written anew: {reason} "
            "key:rotate --key-only changes the key alone, and the old one still reads."
        )

    def __reduce__(self) -> tuple[type[RotationFailed], tuple[str, str]]:
        return type(self), (self.name, self.reason)
