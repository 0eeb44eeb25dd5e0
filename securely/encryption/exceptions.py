"""EncryptionError and what can go wrong with keys and payloads.

EncryptionError
├── DecryptFailed           a payload is malformed, tampered with, or of another key
├── EncryptFailed           what is to be encrypted is no text (also a ValueError)
├── EnvironmentFileMissing  the .env file to encrypt or decrypt is not there
├── EnvironmentFileThere    the file that would be written exists
├── InvalidKey              a key cannot be read, or does not fit the cipher (also a ValueError)
├── KeyOutOfReach           the key cannot be changed in the .env file; nothing has changed
├── MissingAppKey           the application has no key (also a ConfigurationError)
├── RotationFailed          what is stored cannot be written anew; nothing has changed
└── RotationUnfinished      not all that is stored could be committed; all of it still reads
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import ConfigurationError, SecurelyError

__all__ = [
    "DecryptFailed",
    "EncryptFailed",
    "EncryptionError",
    "EnvironmentFileMissing",
    "EnvironmentFileThere",
    "InvalidKey",
    "KeyOutOfReach",
    "MissingAppKey",
    "RotationFailed",
    "RotationUnfinished",
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


class EncryptFailed(EncryptionError, ValueError):
    """What is to be encrypted is not what it is said to be.

    Args:
        reason: What is wrong with it, and what to do; without any of it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[EncryptFailed], tuple[str]]:
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


class KeyOutOfReach(EncryptionError):
    """The application's key cannot be changed in the .env file; nothing has changed.

    Args:
        file: The file.
        reason: Why not, and what to do, as sentences.
    """

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"The key in {file} cannot be changed, and nothing has been. {reason}")

    def __reduce__(self) -> tuple[type[KeyOutOfReach], tuple[Path, str]]:
        return type(self), (self.file, self.reason)


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


class RotationUnfinished(EncryptionError):
    """All was written anew, and not all of it could be committed.

    Nothing is lost: what is of an earlier key is read by that.

    Args:
        reason: What went wrong, as a sentence.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"Not all that is stored could be committed: {reason} The key that the application "
            "has now, and the earlier ones, read all of it. When the cause is mended, run "
            "key:rotate --keep, which writes the rest anew."
        )

    def __reduce__(self) -> tuple[type[RotationUnfinished], tuple[str]]:
        return type(self), (self.reason,)
