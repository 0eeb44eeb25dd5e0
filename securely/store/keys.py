"""Keys as bytes whose order is theirs: bytes, str, int and tuples, also in one tree.

Each kind begins with a byte of its own, so a tree may hold all of them: first bytes, then text,
then integers, then tuples. Within a kind the order is Python's: bytes by byte, text by code
point, integers by size however large, tuples by their first difference, the shorter one first.

    bytes   01, then the bytes as they are
    str     02, then UTF-8
    int     20 is zero; 20 + n and n bytes for positive ones, 20 - n and the complement for others
    tuple   30, then its items; bytes and text in it have 00 written as 00 FF, and end with 00,
            and so does a tuple in a tuple
"""

from __future__ import annotations

import ast
from enum import Enum
from typing import Final, TypeAlias, Union, cast

from securely.store.exceptions import InvalidKey

__all__ = ["Key", "decode_key", "encode_key", "prefix_range", "read_key"]

Key: TypeAlias = Union[bytes, str, int, "tuple[Key, ...]"]
"""What may be a key. Tuples may hold tuples, sixteen deep."""

# The byte that each kind begins with: their order is that of the kinds.
_BYTES: Final = 0x01
_TEXT: Final = 0x02
_TUPLE: Final = 0x30
_ZERO: Final = 0x20
# Integers of up to eight bytes say their length in the first byte; larger ones have four more
# bytes for it, and the first bytes on either side of those.
_SHORT: Final = 8
_HUGE: Final = _ZERO + _SHORT + 1
_HUGE_NEGATIVE: Final = _ZERO - _SHORT - 1
_LENGTH: Final = 4
# Deep enough for any path; the recursion below stays far from Python's limit.
_DEPTH_MAX: Final = 16


def encode_key(key: Key) -> bytes:
    """Return *key* as the bytes that are ordered as keys are.

    Raises:
        InvalidKey: It is of another type, a boolean, text with half a surrogate pair, or a tuple
            that is nested too deeply.

    Example:
        >>> encode_key(b"raw"), encode_key("text"), encode_key(-1)
        (b'\\x01raw', b'\\x02text', b'\\x1f\\xfe')
        >>> encode_key(-300) < encode_key(-2) < encode_key(5) < encode_key(2**80)
        True
    """
    kind = type(key)
    if kind is bytes:
        return b"\x01" + cast("bytes", key)
    if kind is str:
        return b"\x02" + _utf8(cast("str", key))
    out = bytearray()
    if kind is tuple:
        out.append(_TUPLE)
        for item in cast("tuple[Key, ...]", key):
            _append(out, item, 1)
    else:
        _append(out, key, 0)
    return bytes(out)


def prefix_range(prefix: Key) -> tuple[bytes, bytes]:
    """Return where the keys that begin with *prefix* begin, and before what they end.

    Bytes and text stand for all keys of their kind that begin so, a tuple for all tuples whose
    first items are these.

    Raises:
        InvalidKey: It is no key, or an integer, with which nothing begins.
    """
    if isinstance(prefix, int):
        raise InvalidKey(repr(prefix), "no key begins with an integer; use a range")
    raw = encode_key(prefix)
    if isinstance(prefix, tuple):
        # An item begins with its kind, which is never FF. What goes on with FF has a zero in it
        # where the prefix ends an item: ("a",) is no beginning of ("a\\0b",).
        return raw, raw + b"\xff"
    kept = raw.rstrip(b"\xff")
    return raw, kept[:-1] + bytes((kept[-1] + 1,))


def decode_key(data: bytes) -> Key:
    """Return the key that was encoded as *data*.

    Raises:
        ValueError: No key is encoded so.
    """
    if not data:
        raise ValueError("it is empty")
    first = data[0]
    if first == _BYTES:
        return data[1:]
    if first == _TEXT:
        return data[1:].decode()
    if first == _TUPLE:
        items: list[Key] = []
        at = 1
        while at < len(data):
            item, at = _item(data, at, 1)
            items.append(item)
        return tuple(items)
    number, at = _integer(data, 0)
    if at != len(data):
        raise ValueError("something follows the integer")
    return number


def read_key(text: str) -> Key:
    """Return the key that *text* stands for in Python: ``7``, ``b"raw"``, ``("user", 7)``.

    Raises:
        InvalidKey: It stands for none.
    """
    try:
        key = cast("Key", ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise InvalidKey(repr(text), "it is not written as a key is in Python") from None
    encode_key(key)
    return key


def _append(out: bytearray, key: Key, depth: int) -> None:
    """Append *key* so that it ends by itself, within a tuple."""
    kind = type(key)
    if kind is int:
        _append_integer(out, cast("int", key))
    elif kind is str or kind is bytes:
        raw = cast("bytes", key) if kind is bytes else _utf8(cast("str", key))
        out.append(_BYTES if kind is bytes else _TEXT)
        out += raw.replace(b"\x00", b"\x00\xff") + b"\x00"
    elif kind is tuple:
        if depth >= _DEPTH_MAX:
            raise InvalidKey("A tuple", f"it is nested more than {_DEPTH_MAX} deep")
        out.append(_TUPLE)
        for item in cast("tuple[Key, ...]", key):
            _append(out, item, depth + 1)
        out.append(0)
    else:
        raise InvalidKey(f"A value of type {kind.__name__}", _why_none(key))


def _why_none(value: object) -> str:
    """Return why *value* is no key, and where it nearly is one what to give."""
    if isinstance(value, Enum):
        return "it has no place in the order of keys, but its .value may have"
    if isinstance(value, list):
        return "it has no place in the order of keys, but tuple(…) of it may have"
    base = next((each for each in (bytes, str) if isinstance(value, each)), None)
    if base is not None:
        return f"only {base.__name__} itself comes back as it was. Give {base.__name__}(…) of it"
    return "it has no place in the order of keys"


def _append_integer(out: bytearray, number: int) -> None:
    size = (abs(number).bit_length() + 7) // 8
    if number >= 0:
        raw = number.to_bytes(size, "big")
        if size <= _SHORT:
            out.append(_ZERO + size)
        else:
            out.append(_HUGE)
            out += size.to_bytes(_LENGTH, "big")
        out += raw
        return
    # Ones' complement: the larger the size of a negative number, the earlier it stands.
    raw = ((1 << 8 * size) - 1 + number).to_bytes(size, "big")
    if size <= _SHORT:
        out.append(_ZERO - size)
    else:
        out.append(_HUGE_NEGATIVE)
        out += ((1 << 8 * _LENGTH) - 1 - size).to_bytes(_LENGTH, "big")
    out += raw


def _item(data: bytes, at: int, depth: int) -> tuple[Key, int]:
    """Return the item of a tuple that begins at *at*, and where the next one does."""
    first = data[at]
    if first in {_BYTES, _TEXT}:
        raw, at = _escaped(data, at + 1)
        return (raw if first == _BYTES else raw.decode()), at
    if first == _TUPLE:
        if depth >= _DEPTH_MAX:
            raise ValueError("it is nested too deeply")
        items: list[Key] = []
        at += 1
        while data[at : at + 1] != b"\x00":
            if at >= len(data):
                raise ValueError("a tuple has no end")
            item, at = _item(data, at, depth + 1)
            items.append(item)
        return tuple(items), at + 1
    return _integer(data, at)


def _escaped(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes up to the zero that no FF follows, and where the next item begins."""
    end = data.find(0, at)
    while end >= 0 and data[end + 1 : end + 2] == b"\xff":
        end = data.find(0, end + 2)
    if end < 0:
        raise ValueError("bytes or text in a tuple have no end")
    return data[at:end].replace(b"\x00\xff", b"\x00"), end + 1


def _integer(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if not _HUGE_NEGATIVE <= first <= _HUGE:
        raise ValueError("its kind is not known")
    negative = first < _ZERO
    size = abs(first - _ZERO)
    at += 1
    if size > _SHORT:
        size = int.from_bytes(data[at : at + _LENGTH], "big")
        size = (1 << 8 * _LENGTH) - 1 - size if negative else size
        at += _LENGTH
    raw = data[at : at + size]
    if len(raw) != size:
        raise ValueError("an integer is cut short")
    number = int.from_bytes(raw, "big")
    return (number - (1 << 8 * size) + 1 if negative else number), at + size


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidKey(ascii(text), "it holds half a surrogate pair") from None
