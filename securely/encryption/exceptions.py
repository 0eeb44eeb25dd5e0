"""EncryptionError and what can go wrong with keys and payloads.

EncryptionError
├── DecryptFailed           a payload is malformed, tampered with, or of another key
├── InvalidKey              a key cannot be read, or does not fit the cipher (also a ValueError)
└── MissingAppKey           the application has no key (also a ConfigurationError)
"""

from __future__ import annotations

from securely.exceptions import ConfigurationError, SecurelyError

__all__ = ["DecryptFailed", "EncryptionError", "InvalidKey", "MissingAppKey"]


class EncryptionError(SecurelyError):
    """The root of what can go wrong with encryption. No message ever holds a key or a value."""


class DecryptFailed(EncryptionError):
    """A payload is malformed, has been tampered with, or was made with a key that is not known."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[DecryptFailed], tuple[str]]:
        return type(self), (self.reason,)


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
