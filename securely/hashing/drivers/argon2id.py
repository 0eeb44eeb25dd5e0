"""Argon2id: takes memory as well as time, and both in an order that is half secret."""

from __future__ import annotations

from typing import ClassVar

from securely.hashing.drivers.base import Argon2Algorithm

__all__ = ["Argon2idAlgorithm"]


class Argon2idAlgorithm(Argon2Algorithm):
    """Argon2id, as PHP's password_hash with PASSWORD_ARGON2ID."""

    name = "argon2id"
    id = "argon2id"
    kind: ClassVar[str] = "Argon2id"
