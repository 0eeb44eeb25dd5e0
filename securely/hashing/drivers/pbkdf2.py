"""PBKDF2 with HMAC-SHA256: takes time only; for those whom a rule binds to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar

from securely.hashing.drivers.base import PhcAlgorithm
from securely.hashing.options import Pbkdf2Options

__all__ = ["Pbkdf2Algorithm"]


class Pbkdf2Algorithm(PhcAlgorithm[Pbkdf2Options]):
    """PBKDF2 with HMAC-SHA256, in the PHC string format: ``$pbkdf2-sha256$i=600000$…``.

    Source: RFC 8018, section 5.2.
    """

    name = "pbkdf2"
    id = "pbkdf2-sha256"
    costs: ClassVar[tuple[str, ...]] = ("rounds", "length")
    letters: ClassVar[tuple[str, ...]] = ("i",)

    def derive(self, password: bytes, salt: bytes, costs: Mapping[str, int]) -> bytes:
        """Return the digest of *password*."""
        return hashlib.pbkdf2_hmac("sha256", password, salt, costs["rounds"], costs["length"])
