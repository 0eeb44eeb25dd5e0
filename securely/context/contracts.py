"""Encrypts and Failures: what the context wants of those around it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Encrypts", "Failures"]


class Encrypts(Protocol):
    """What keeps hidden values secret on their way; `Encrypter.for_purpose` gives one."""

    def encrypt_bytes(self, value: bytes) -> str:
        """Return *value* encrypted, as text that nobody can change unseen."""
        ...

    def decrypt_bytes(self, payload: str) -> bytes:
        """Return what was encrypted.

        Raises:
            EncryptionError: Somebody else has made it, or has changed it.
        """
        ...


class Failures(Protocol):
    """Who is told of what could not be read; `app.errors` is one."""

    def report(self, error: BaseException, /, **context: object) -> object:
        """Tell of *error*; never raises."""
        ...
