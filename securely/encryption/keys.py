"""KeyRing: the application's key, the earlier ones, and what is derived from them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable
from typing import Final

from securely.encryption.exceptions import InvalidKey, MissingAppKey
from securely.encryption.signer import Signer

__all__ = ["KeyRing", "derive_key", "parse_key"]

# The shortest key of any cipher we know; a shorter one was cut off, or typed by hand.
_KEY_BYTES_MIN: Final = 16
_BASE64: Final = "base64:"


class KeyRing:
    """The application's keys: the current one, and the earlier ones that still read.

    Args:
        current: The key that encrypts and signs.
        previous: Earlier keys, the latest first.

    Example:
        >>> ring = KeyRing(b"k" * 32)
        >>> signer = ring.purpose("queue")
        >>> signer.verify(b"data", signer.sign(b"data"))
        True
    """

    def __init__(self, current: bytes, previous: Iterable[bytes] = ()) -> None:
        self.current = current
        self.previous: tuple[bytes, ...] = tuple(previous)
        self._signers: dict[str, Signer] = {}

    @classmethod
    def parse(cls, key: str | None, previous: Iterable[str] | str | None = ()) -> KeyRing:
        """Read the keys as the configuration writes them: ``base64:…``, or raw text.

        Args:
            key: ``app.key``.
            previous: ``app.previous_keys``: a list, or text with commas. Empty ones do not count.

        Raises:
            MissingAppKey: There is no key.
            InvalidKey: A key cannot be read; an earlier one is named by its index.
        """
        if not key:
            raise MissingAppKey
        earlier = previous.split(",") if isinstance(previous, str) else (previous or ())
        return cls(
            parse_key(key, "app.key"),
            [
                parse_key(text.strip(), f"app.previous_keys.{index}")
                for index, text in enumerate(earlier)
                if text.strip()
            ],
        )

    @property
    def all(self) -> tuple[bytes, ...]:
        """The current key, then the earlier ones."""
        return (self.current, *self.previous)

    def purpose(self, name: str) -> Signer:
        """Return the signer for *name*; what it signs is worth nothing to a signer of another name.

        It signs with the current key and verifies with all of them.
        """
        # Two threads may both derive it: the result is the same, and either may stay.
        if (signer := self._signers.get(name)) is None:
            keys = [derive_key(key, f"sign:{name}", 32) for key in self.all]
            signer = self._signers[name] = Signer(keys)
        return signer

    def __repr__(self) -> str:
        return f"KeyRing(current=…, previous={len(self.previous)})"


def parse_key(text: str, name: str) -> bytes:
    """Return the key that is written as *text*.

    Args:
        text: ``base64:`` and the key so encoded, or the key itself.
        name: Where it stands in the configuration, for the message.

    Raises:
        InvalidKey: It is not base64, no text, or shorter than 16 bytes.
    """
    is_base64 = text.startswith(_BASE64)
    key: bytes | None = None
    # Errors of Python hold the key: they are let go of before ours is raised.
    with contextlib.suppress(ValueError):
        key = b64decode(text.removeprefix(_BASE64), validate=True) if is_base64 else text.encode()
    if key is None and is_base64:
        raise InvalidKey(name, 'What follows "base64:" is not base64.')
    if key is None:
        raise InvalidKey(name, "It is not text: it holds half a surrogate pair.")
    if len(key) < _KEY_BYTES_MIN:
        raise InvalidKey(
            name, f"It has {len(key)} bytes, and at least {_KEY_BYTES_MIN} are needed."
        )
    return key


def derive_key(key: bytes, purpose: str, length: int) -> bytes:
    """Derive a key of *length* bytes for *purpose*, of which nothing about *key* can be learned.

    Source: RFC 5869, HKDF with SHA-256 and no salt.
    """
    secret = hmac.digest(bytes(hashlib.sha256().digest_size), key, "sha256")
    info = f"securely:{purpose}".encode()
    block, output = b"", b""
    counter = 1
    while len(output) < length:
        block = hmac.digest(secret, block + info + bytes([counter]), "sha256")
        output += block
        counter += 1
    return output[:length]
