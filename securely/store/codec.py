"""The envelope of a value: what it is, a signature over all it stands for, and the value.

bytes 0-31    HMAC-SHA256 over store, tree, key, end of the lifetime, codec and value
byte 32       which codec: J is tagged JSON, B is bytes as they are
the rest      the value
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Generator, Iterable
from enum import Enum
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from securely.store.contracts import Row
from securely.store.exceptions import Corrupted, ValueTooLarge, WrongType
from securely.store.keys import Key, decode_key

__all__ = ["AsWritten", "Codec", "Reading", "Seal", "is_same"]

V = TypeVar("V")

# The lengths of store and tree; then the length of the key and the end of the lifetime, -1 for
# none. With the lengths no two rows give the same bytes to sign.
_PLACE: Final = struct.Struct(">HH")
_head: Final = struct.Struct(">Id").pack
_JSON: Final = b"J"
_JSON_CODE: Final = _JSON[0]
_BYTES: Final = b"B"
# The bytes of a signature, in front of all.
_MAC: Final = 32
_FORGED: Final = "its signature does not match"


class Seal(Protocol):
    """What signs rows; a Signer of the encryption is one."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*: 32 bytes."""
        ...

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is the signature of *data*."""
        ...


class Codec(Generic[V]):
    """Writes and reads the values of one tree.

    Args:
        store: The name of the database.
        tree: The name of the tree.
        seal: What signs.
        resolve: Gives the class of a dotted name that values may hold, or None.
        of: What all values are; object for anything.
        value_bytes_max: The largest value that is taken.
    """

    __slots__ = (
        *(
            "_decode",
            "_encode",
            "_max",
            "_never",
            "_of",
            "_place",
            "_resolve",
            "_seal",
            "_sign",
            "_verify",
        ),
        *("store", "tree"),
    )

    def __init__(
        self,
        store: str,
        tree: str,
        seal: Seal,
        *,
        resolve: Callable[[str], type | None] | None = None,
        of: type[V] | None = None,
        value_bytes_max: int = 2**24,
    ) -> None:
        self.store = store
        self.tree = tree
        self._seal = seal
        self._sign = seal.sign
        self._verify = seal.verify
        self._resolve = resolve
        self._of: type[Any] = object if of is None else of
        # To Python a bool is an int; a tree of numbers holds none.
        self._never = bool if self._of is int else None
        from securely.support.serializer import Serializer  # msgspec: not before it is needed

        allowed = [self._of] if _is_written_by_name(self._of) else []
        serializer = Serializer(allowed, resolve)
        self._encode = serializer.encode
        self._decode: Callable[[bytes], Any] = serializer.decode
        self._max = value_bytes_max
        names = store.encode(), tree.encode()
        self._place = _PLACE.pack(*map(len, names)) + b"".join(names)

    def for_tree(self, tree: str, of: type[V]) -> Codec[V]:
        """Return the codec of another tree of the same database, whose values are *of* a type."""
        return Codec(
            self.store, tree, self._seal, resolve=self._resolve, of=of, value_bytes_max=self._max
        )

    def signed_by(self, seal: Seal) -> Codec[V]:
        """Return a codec of the same tree that signs with *seal*."""
        return Codec(
            self.store,
            self.tree,
            seal,
            resolve=self._resolve,
            of=self._of,
            value_bytes_max=self._max,
        )

    def seal(self, key: bytes, value: V, expires: float | None) -> bytes:
        """Return *value* as the bytes of a row.

        Raises:
            WrongType: It is not of the type of the tree.
            ValueTooLarge: It is larger than the database takes.
            Unserializable: It has no written form.
        """
        if not isinstance(value, self._of) or type(value) is self._never:
            raise WrongType(self.tree, self._of.__name__, type(value).__name__)
        if type(value) is bytes:
            return self.sealed(key, expires, _BYTES + cast("bytes", value))
        return self.sealed(key, expires, _JSON + self._encode(value))

    def sealed(self, key: bytes, expires: float | None, body: bytes) -> bytes:
        """Return the row of a *body*: codec and value.

        Raises:
            ValueTooLarge: It is larger than the database takes.
        """
        if len(body) - 1 > self._max:
            raise ValueTooLarge(self.tree, len(body) - 1, self._max)
        end = -1.0 if expires is None else expires
        return self._sign(self._place + _head(len(key), end) + key + body) + body

    def open(self, key: bytes, expires: float | None, data: bytes) -> V:
        """Return the value that lies in *data*.

        Raises:
            Corrupted: We have not written it there.
            WrongType: It is not of the type of the tree.
            Undecodable: It holds a class that is not allowed here, or is no more.
        """
        return self.value(self.unsealed(key, expires, data))

    def items(self, rows: Iterable[Row]) -> Generator[tuple[Any, V]]:
        """Give the keys and values of *rows*, as :meth:`open` and :meth:`key` do one by one.

        A scan spends its time here, so it calls as little as it can.
        """
        place, verify, decode = self._place, self._verify, self._decode
        plain = self._of is object
        for key, expires, data in rows:
            body = data[_MAC:]
            end = -1.0 if expires is None else expires
            if not verify(place + _head(len(key), end) + key + body, data[:_MAC]):
                raise self.refused(key, _FORGED)
            shown = key[1:] if key[0] == 1 else self.key(key)
            if plain and body[0] == _JSON_CODE:
                yield shown, decode(body[1:])
            else:
                yield shown, self.value(body)

    def value(self, body: bytes) -> V:
        """Return the value that a *body* is.

        Raises:
            WrongType: It is not of the type of the tree.
            Undecodable: It holds a class that is not allowed here, or is no more.
        """
        value: Any = self._decode(body[1:]) if body[:1] == _JSON else body[1:]
        if not isinstance(value, self._of) or type(value) is self._never:
            raise WrongType(self.tree, self._of.__name__, type(value).__name__)
        return cast("V", value)

    def unsealed(self, key: bytes, expires: float | None, data: bytes) -> bytes:
        """Return the body of a row, codec and value, if its signature says that it is ours.

        Raises:
            Corrupted: It is not.
        """
        body = data[_MAC:]
        end = -1.0 if expires is None else expires
        if not self._verify(self._place + _head(len(key), end) + key + body, data[:_MAC]):
            raise self.refused(key, _FORGED)
        return body

    def refused(self, key: bytes, reason: str) -> Corrupted:
        """Return the error of a row that is not ours."""
        shown: Key
        try:
            shown = decode_key(key)
        except (ValueError, IndexError):
            shown = key
        return Corrupted(self.store, self.tree, shown, reason)

    def key(self, key: bytes) -> Any:
        """Return the key that lies in the file as *key*.

        Raises:
            Corrupted: It is none.
        """
        try:
            return decode_key(key)
        except (ValueError, IndexError) as error:
            raise Corrupted(self.store, self.tree, key, f"its key is none ({error})") from error


class AsWritten(str):
    """The written form of a value that could not be made; it differs from text by its class."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Reading(Codec[Any]):
    """A codec for who looks at a database: gives what it can not make as it is written."""

    __slots__ = ()

    @classmethod
    def of(cls, codec: Codec[Any]) -> Reading:
        """Return the codec that reads what *codec* reads."""
        return cls(
            codec.store,
            codec.tree,
            codec._seal,
            resolve=codec._resolve,
            value_bytes_max=codec._max,
        )

    def value(self, body: bytes) -> Any:
        """Return the value, or its written form."""
        from securely.support.serializer import Undecodable  # msgspec, as above

        try:
            return super().value(body)
        except Undecodable:
            return AsWritten(body[1:].decode(errors="replace"))

    def items(self, rows: Iterable[Row]) -> Generator[tuple[Any, Any]]:
        """Give keys and values, one by one."""
        for key, expires, data in rows:
            yield self.key(key), self.open(key, expires, data)


def is_same(one: object, other: object) -> bool:
    """Return whether two values are equal, and of the same types down to the last of their items.

    Example:
        >>> is_same({"a": [1]}, {"a": [1]}), is_same([1], [True]), is_same([1], [1.0])
        (True, False, False)
    """
    kind = type(one)
    if kind is not type(other):
        return False
    ours, theirs = cast("Any", one), cast("Any", other)
    if kind in {list, tuple}:
        return len(ours) == len(theirs) and all(map(is_same, ours, theirs))
    if kind in {set, frozenset}:
        return _typed(ours) == _typed(theirs)
    if hasattr(kind, "__pydantic_fields__"):
        ours, theirs = ours.__dict__, theirs.__dict__
    if isinstance(ours, dict):
        return _are_same_items(ours, theirs)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind) if field.compare]
        return all(is_same(getattr(one, name), getattr(other, name)) for name in names)
    return one == other


def _typed(values: Iterable[object]) -> set[tuple[type, object]]:
    return {(type(each), each) for each in values}


def _are_same_items(one: Any, other: Any) -> bool:
    if _typed(one) != _typed(other):
        return False
    return all(is_same(value, other[key]) for key, value in one.items())


def _is_written_by_name(of: type) -> bool:
    """Tell whether values of this class are written with the name of their class."""
    return (
        dataclasses.is_dataclass(of)
        or issubclass(of, Enum)
        or hasattr(cast("Any", of), "__pydantic_fields__")
    )
