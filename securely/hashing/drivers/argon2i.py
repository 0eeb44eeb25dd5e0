"""Argon2i: Laravel's driver `argon`; its hashes are read, and may be made."""

from __future__ import annotations

from typing import ClassVar

from securely.hashing.drivers.base import Argon2Algorithm

__all__ = ["Argon2iAlgorithm"]


class Argon2iAlgorithm(Argon2Algorithm):
    """Argon2i, as PHP's password_hash with PASSWORD_ARGON2I."""

    name = "argon2i"
    id = "argon2i"
    kind: ClassVar[str] = "Argon2i"
