"""scrypt: takes memory as well as time, from the standard library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar, Final

from securely.hashing.drivers.base import PhcAlgorithm
from securely.hashing.options import ScryptOptions

__all__ = ["ScryptAlgorithm"]

# What OpenSSL wants to be allowed beyond the blocks themselves.
_MARGIN_BYTES: Final = 2**20


class ScryptAlgorithm(PhcAlgorithm[ScryptOptions]):
    """scrypt, in the PHC string format: ``$scrypt$ln=17,r=8,p=1$…``.

    Source: RFC 7914.
    """

    name = "scrypt"
    id = "scrypt"
    costs: ClassVar[tuple[str, ...]] = ("cost", "block_size", "parallelism", "length")
    letters: ClassVar[tuple[str, ...]] = ("ln", "r", "p")

    def derive(self, password: bytes, salt: bytes, costs: Mapping[str, int]) -> bytes:
        """Return the digest of *password*."""
        n, r, p = 2 ** costs["cost"], costs["block_size"], costs["parallelism"]
        blocks = 128 * r * (n + p + 2)
        return hashlib.scrypt(
            password,
            salt=salt,
            n=n,
            r=r,
            p=p,
            maxmem=min(blocks + _MARGIN_BYTES, 2**31 - 1),
            dklen=costs["length"],
        )
