"""bcrypt: what Laravel hashes by, for hashes that come from there."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from securely.hashing.drivers.base import SALT_BYTES, ConfiguredAlgorithm
from securely.hashing.exceptions import InvalidPassword, PasswordTooLong
from securely.hashing.options import BcryptOptions
from securely.support import entropy
from securely.support.importing import require

__all__ = ["BcryptAlgorithm"]

# `2y` is what PHP writes, `2a` and `2b` what others do; they are one algorithm. `2x` is the broken
# one of old PHP, which nobody should take.
_FORM: Final = re.compile(r"\$2[aby]\$(?P<rounds>[0-9]{2})\$[./A-Za-z0-9]{53}")
# bcrypt reads no more of a password than this, and says nothing.
_READ_BYTES: Final = 72
_FEWEST: Final = 4
# Its base64 is the usual one in another order of letters.
_LETTERS: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


class BcryptAlgorithm(ConfiguredAlgorithm[BcryptOptions]):
    """bcrypt, as PHP writes and reads it: ``$2y$12$…``.

    Source: PHP, password_hash with PASSWORD_BCRYPT; Laravel 13, BcryptHasher.
    """

    name = "bcrypt"
    costs: ClassVar[tuple[str, ...]] = ("rounds",)

    def make(self, password: bytes, options: Mapping[str, int]) -> str:
        """Return a new hash of *password*."""
        wanted = self._with(options)
        if b"\0" in password:
            raise InvalidPassword("it holds a NUL, at which bcrypt stops to read")
        if wanted.limit is not None and len(password) > wanted.limit:
            raise PasswordTooLong(len(password), wanted.limit, "hashing.drivers.bcrypt.limit")
        salt = base64.b64encode(entropy.token_bytes(SALT_BYTES)).rstrip(b"=").translate(_LETTERS)
        return self._hash(password, f"$2y${wanted.rounds:02}$".encode() + salt).decode("ascii")

    def check(self, password: bytes, hashed: str) -> bool:
        """Return whether *hashed* is a hash of *password*."""
        found, limit = self.read(hashed), self.options.limit
        if found is None or b"\0" in password or (limit is not None and len(password) > limit):
            return False
        self._afford(found)
        expected = hashed.encode("ascii")
        try:
            made = self._hash(password, expected)
        except ValueError:  # bits of the salt that stand for nothing: nobody has made such a hash
            return False
        return hmac.compare_digest(made, expected)

    def read(self, hashed: str) -> Mapping[str, int] | None:
        """Return what *hashed* cost; None if it is no hash of this algorithm."""
        match = _FORM.fullmatch(hashed)
        if match is None or int(match["rounds"]) < _FEWEST:
            return None
        return {"rounds": int(match["rounds"])}

    def _hash(self, password: bytes, setting: bytes) -> bytes:
        library: Any = require("bcrypt", "bcrypt", "the hash driver bcrypt")
        made: bytes = library.hashpw(password[:_READ_BYTES], setting)
        return made
