"""Envelopes: values as signed bytes, bound to their store, their key and their end."""

from __future__ import annotations

import struct
from typing import Final

from securely.cache.contracts import Seal
from securely.cache.exceptions import InvalidKey, ValueTooLarge
from securely.support.serializer import Serializer

__all__ = ["Envelopes", "ForeignRow"]

# What a signature covers besides the value: the lengths of place and key, and the end of the
# lifetime (-1 for none). With the lengths, no two entries give the same bytes.
_HEAD: Final = struct.Struct(">HId")
_MAC_BYTES: Final = 32
# The first byte of a value says how the rest is made, so that it can be made otherwise one day.
_FORMAT: Final = b"\x01"


class ForeignRow(Exception):  # an answer to our own drivers, which make the error
    """A row holds what we never write."""


class Envelopes:
    """Closes values into signed bytes, and opens what it has closed, and nothing else.

    A signature covers the place (store and kind), the key, the end of the lifetime and the value.

    Args:
        store: The store's name, part of what is signed.
        kind: What the entries are ("values", "locks"), part of what is signed as well.
        seal: What signs.
        serializer: What turns values into bytes.
        value_bytes_max: The largest value that is taken.
    """

    __slots__ = ("_place", "_seal", "_serializer", "_value_bytes_max")

    def __init__(
        self, store: str, kind: str, seal: Seal, serializer: Serializer, value_bytes_max: int
    ) -> None:
        self._place = f"{store}/{kind}".encode()
        self._seal = seal
        self._serializer = serializer
        self._value_bytes_max = value_bytes_max

    def close(self, key: str, value: object, expires: float | None) -> bytes:
        """Return *value* as bytes that are good for *key* until *expires* (wall seconds).

        Raises:
            InvalidKey: *key* has no written form.
            ValueTooLarge: The value takes more than is taken.
            Unserializable: The value has no safe written form.
        """
        InvalidKey.check(key)
        data = self._serializer.encode(value)
        if len(data) > self._value_bytes_max:
            raise ValueTooLarge(key, len(data), self._value_bytes_max)
        return _FORMAT + self._seal.sign(self._covered(key, expires, data)) + data

    def open(self, key: str, sealed: bytes, expires: float | None) -> object:
        """Return the value in *sealed*.

        Raises:
            ForeignRow: It was not closed for this place, key and end.
            Undecodable: It was, and holds a class that may not be made any more.
        """
        data = sealed[1 + _MAC_BYTES :]
        mac = sealed[1 : 1 + _MAC_BYTES]
        if sealed[:1] != _FORMAT or not self._seal.verify(self._covered(key, expires, data), mac):
            raise ForeignRow("its signature does not match")
        return self._serializer.decode(data)

    def _covered(self, key: str, expires: float | None, data: bytes) -> bytes:
        name = key.encode()
        head = _HEAD.pack(len(self._place), len(name), -1.0 if expires is None else expires)
        return head + self._place + name + data
