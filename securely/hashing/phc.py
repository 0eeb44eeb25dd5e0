"""The text that a hash is: ``$argon2id$v=19$m=19456,t=2,p=1$salt$hash``.

Source: the PHC string format, as the reference implementation of Argon2 and PHP write it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["PhcHash"]

# No longer text is looked at: the longest that we make has about 200 letters.
_LETTERS_MAX: Final = 1_024
_NUMBER: Final = re.compile(r"([a-z]{1,8})=(0|[1-9][0-9]{0,9})")
_FORM: Final = re.compile(
    r"\$(?P<id>[a-z0-9-]{1,32})(?:\$v=(?P<version>[0-9]{1,4}))?\$(?P<numbers>[a-z0-9=,]+)"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)"
)


@dataclass(frozen=True, slots=True)
class PhcHash:
    """A hash in its parts.

    Args:
        id: Which algorithm made it.
        version: Its version; None where the form has none.
        numbers: What it cost, by the letters of the form.
        salt: The salt.
        digest: The hash itself.

    Example:
        >>> one = PhcHash("scrypt", None, {"ln": 14, "r": 8, "p": 1}, b"salt-of-16-bytes", b"1234")
        >>> one.text()
        '$scrypt$ln=14,r=8,p=1$c2FsdC1vZi0xNi1ieXRlcw$MTIzNA'
        >>> PhcHash.read(one.text()) == one
        True
    """

    id: str
    version: int | None
    numbers: Mapping[str, int]
    salt: bytes
    digest: bytes

    def text(self) -> str:
        """Return it as it is kept."""
        version = "" if self.version is None else f"$v={self.version}"
        numbers = ",".join(f"{name}={number}" for name, number in self.numbers.items())
        return f"${self.id}{version}${numbers}${_encoded(self.salt)}${_encoded(self.digest)}"

    @classmethod
    def read(cls, text: str) -> PhcHash | None:
        """Return the parts of *text*; None if it is no such hash, to the letter."""
        match = _FORM.fullmatch(text) if len(text) <= _LETTERS_MAX else None
        if match is None:
            return None
        numbers: dict[str, int] = {}
        for part in match["numbers"].split(","):
            number = _NUMBER.fullmatch(part)
            if number is None or number[1] in numbers:
                return None
            numbers[number[1]] = int(number[2])
        salt, digest = _decoded(match["salt"]), _decoded(match["digest"])
        if salt is None or digest is None:
            return None
        version = None if match["version"] is None else int(match["version"])
        return cls(match["id"], version, numbers, salt, digest)

    def __repr__(self) -> str:
        # A hash is no password, and is guessed from all the same: it has no place in a log.
        return f"PhcHash({self.id!r})"


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
