"""Tagged JSON for what Python has; no pickle.

Plain values (None, booleans, numbers, text, lists, dicts with text keys) are ordinary JSON.
Anything else is an object of one key that begins with ``$``: ``{"$date": "2026-01-31"}``.
A dict that looks like that by itself is written as ``{"$dict": [[key, value], …]}``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, cast

import msgspec

from securely.exceptions import SecurelyError
from securely.support.tags import (
    CONTAINERS,
    INTEGER_LIMIT,
    LEAVES,
    PATHS,
    SEQUENCES,
    TAGS,
    class_name,
    has_surrogates,
    items_of,
    looks_tagged,
    path_kind,
)

__all__ = ["Serializer", "SerializerError", "Undecodable", "Unserializable"]

_encode: Final = msgspec.json.Encoder().encode


class SerializerError(SecurelyError):
    """A value could not be written, or what was written could not be read."""


class Unserializable(SerializerError, TypeError):
    """A value holds something that has no safe written form.

    Args:
        path: Where it is within the value: ``order.lines[3]``; empty for the value itself.
        type_name: What it is.
        reason: Why it cannot be written, where that is not plain from the type.
    """

    def __init__(self, path: str, type_name: str, reason: str = "") -> None:
        self.path = path
        self.type_name = type_name
        self.reason = reason
        where = f" at {path}" if path else ""
        super().__init__(
            f"A value of type {type_name}{where} cannot be serialized"
            f"{f': {reason}' if reason else ''}. "
            "Use plain data, or a dataclass, model or Enum that is allowed here."
        )

    def __reduce__(self) -> tuple[type[Unserializable], tuple[str, str, str]]:
        return type(self), (self.path, self.type_name, self.reason)


class Undecodable(SerializerError, ValueError):
    """Data is not something that this serializer has written, or names a class it may not make."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Serialized data cannot be read: {reason}.")

    def __reduce__(self) -> tuple[type[Undecodable], tuple[str]]:
        return type(self), (self.reason,)


class _Refused(Exception):  # never leaves this module
    """Carries the steps from the value that was refused up to the root."""

    def __init__(self, type_name: str, reason: str = "") -> None:
        super().__init__(type_name)
        self.type_name = type_name
        self.reason = reason
        self.steps: list[str] = []


class Serializer:
    """Write values as tagged JSON, and read them back as they were.

    It knows None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict, datetime,
    date, time, timedelta, Decimal, UUID and paths. Enums, dataclasses and pydantic models only
    when their class is allowed, so that data can never choose which code runs.

    Args:
        classes: The classes that are allowed.
        resolve: Gives the class of a dotted name that is allowed too, or None.
        setting: Where in the configuration such names are listed, for errors.

    Example:
        >>> serializer = Serializer()
        >>> serializer.encode({"paid": True, "lines": (1, 2)})
        b'{"paid":true,"lines":{"$tuple":[1,2]}}'
        >>> serializer.decode(serializer.encode({"lines": (1, 2)}))
        {'lines': (1, 2)}
    """

    def __init__(
        self,
        classes: Iterable[type] = (),
        resolve: Callable[[str], type | None] | None = None,
        setting: str = "",
    ) -> None:
        self._classes: dict[str, type] = {class_name(cls): cls for cls in classes}
        self._resolve = resolve
        self._setting = setting

    def encode(self, value: object) -> bytes:
        """Return *value* as UTF-8 JSON.

        Raises:
            Unserializable: It holds something that has no written form, is cyclic, or too deep.
        """
        try:
            kind = type(value)  # most of what comes is a dict: not worth a call
            is_plain = _is_plain_dict(value) if kind is dict else _is_plain(value)
            return _encode(value if is_plain else self._lower(value))
        except UnicodeEncodeError:
            # Half a surrogate pair, as in names of files that are not UTF-8. Rare enough that
            # plain values pay for it by a second attempt, instead of all by a look at their text.
            return _encode(self._lower(value))
        except _Refused as refused:
            path = "".join(reversed(refused.steps)).removeprefix(".")
            raise Unserializable(path, refused.type_name, refused.reason) from None
        except RecursionError:
            name = class_name(type(value))
            raise Unserializable("", name, "it is nested too deeply, or in itself") from None

    def decode(self, data: bytes) -> object:
        """Return the value that was written as *data*.

        Raises:
            Undecodable: It is not JSON, holds an unknown tag, or a class that is not allowed.
        """
        try:
            value = cast(object, msgspec.json.decode(data))
            # Our JSON has no spaces: without these bytes there is no tag in it.
            return self._raise(value) if b'{"$' in data else value
        except msgspec.DecodeError as error:
            raise Undecodable(f"it is not JSON ({error})") from error
        except UnicodeDecodeError as error:
            raise Undecodable("it is not UTF-8") from error
        except RecursionError:
            raise Undecodable("it is nested too deeply") from None

    def decode_items(self, data: bytes) -> dict[str, bytes]:
        """Return the values of a dict with text keys as they are written, each to be decoded alone.

        Raises:
            Undecodable: It is no such dict.

        Example:
            >>> Serializer().decode_items(b'{"order":7,"due":{"$gone":1}}')
            {'order': b'7', 'due': b'{"$gone":1}'}
        """
        try:
            items = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Undecodable(f"it is no mapping of names to values ({error})") from error
        if looks_tagged(items):
            raise Undecodable(f'it holds the tag "{next(iter(items))}"')
        return {key: bytes(item) for key, item in items.items()}

    def _lower(self, value: object) -> object:
        """Return *value* in what JSON has, with tags where it has not."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if (encode := LEAVES.get(kind)) is not None:
            return encode(value)
        if kind is dict:
            return self._lower_dict(cast("dict[object, object]", value))
        if kind is list:
            return self._lower_items(cast("list[object]", value))
        if kind in SEQUENCES:
            return {SEQUENCES[kind]: self._lower_items(cast("Iterable[object]", value))}
        return self._lower_object(value, kind)

    def _lower_items(self, items: Iterable[object]) -> list[object]:
        lowered: list[object] = []
        for item in items:
            try:
                lowered.append(self._lower(item))
            except _Refused as refused:
                refused.steps.append(f"[{len(lowered)}]")
                raise
        return lowered

    def _lower_dict(self, items: Mapping[Any, object]) -> object:
        lowered: dict[str, object] = {}
        pairs: list[list[object]] = []
        plain_keys = all(map(_is_plain_key, items)) and not looks_tagged(items)
        for key, item in items.items():
            try:
                if plain_keys:
                    lowered[key] = self._lower(item)
                else:
                    pairs.append([self._lower(key), self._lower(item)])
            except _Refused as refused:
                refused.steps.append(f".{key}" if isinstance(key, str) else f"[{key!r}]")
                raise
        return lowered if plain_keys else {"$dict": pairs}

    def _lower_object(self, value: object, kind: type) -> object:
        if isinstance(value, PurePath):
            return {"$path": [path_kind(value), self._lower(str(value))]}
        name = class_name(kind)
        if isinstance(value, Enum):
            self._allow(kind, name)
            return {"$enum": [name, self._lower(value.value)]}
        state = _state(value, kind)
        if state is None:
            raise _Refused(name)
        self._allow(kind, name)
        return {"$object": [name, self._lower_dict(state)]}

    def _allow(self, kind: type, name: str) -> None:
        if self._find(name) is not kind:
            remedy = f'; add "{name}" to {self._setting}' if self._setting else ""
            raise _Refused(name, f"its class is not allowed here{remedy}")

    def _find(self, name: str) -> type | None:
        if (found := self._classes.get(name)) is not None:
            return found
        return self._resolve(name) if self._resolve is not None else None

    def _raise(self, value: object) -> object:
        """Return what was lowered to *value*."""
        if isinstance(value, list):
            return [self._raise(item) for item in cast("list[object]", value)]
        if not isinstance(value, dict):
            return value
        items = cast("dict[str, object]", value)
        if looks_tagged(items):
            ((tag, content),) = items.items()
            return self._raise_tag(tag, content)
        return {key: self._raise(item) for key, item in items.items()}

    def _raise_tag(self, tag: str, content: object) -> object:
        try:
            if tag in CONTAINERS:
                return CONTAINERS[tag](self._raise(items_of(content)))
            if tag == "$dict":
                pairs = cast("list[list[object]]", self._raise(items_of(content)))
                return {key: item for key, item in pairs}  # noqa: C416  # a pair of three must fail
            if tag == "$path":
                kind, text = items_of(content)
                return PATHS[cast("str", kind)](cast("str", self._raise(text)))
            if tag == "$enum":
                name, item = items_of(content)
                return self._class(name, Enum)(self._raise(item))
            if tag == "$object":
                name, state = items_of(content)
                return _restored(self._class(name), self._raise(state))
            return TAGS[tag](content)
        except (Undecodable, RecursionError):
            raise
        except KeyError:
            raise Undecodable(f'it holds the unknown tag "{tag}"') from None
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise Undecodable(f'what follows the tag "{tag}" is malformed') from error

    def _class(self, name: object, base: type = object) -> Callable[[object], object]:
        found = self._find(name) if isinstance(name, str) else None
        if found is None or not issubclass(found, base):
            setting = f", by {self._setting}" if self._setting else ""
            raise Undecodable(f'the class "{name}" is not allowed here{setting}')
        return cast("Callable[[object], object]", found)


def _is_plain_key(key: object) -> bool:
    return type(key) is str and (key.isascii() or not has_surrogates(key))


def _is_plain(value: Any) -> bool:
    """Tell whether *value* is JSON as it stands, so that one call of msgspec writes it."""
    # Each value of each payload comes by here. Any, for a cast is a call.
    kind: type[object] = type(value)  # pyright: ignore[reportUnknownVariableType]  # see above
    if kind is dict:
        return _is_plain_dict(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        fits: bool = -INTEGER_LIMIT <= value < INTEGER_LIMIT
        return fits
    if kind is float:
        return math.isfinite(value)
    return kind is list and all(map(_is_plain, value))


def _is_plain_dict(items: Any) -> bool:
    key = ""
    for key, item in items.items():
        if type(key) is not str:
            return False
        # Text and numbers are what most of it is: not worth a call.
        kind: type[object] = type(item)  # pyright: ignore[reportUnknownVariableType]  # as above
        if kind is int:
            if not -INTEGER_LIMIT <= item < INTEGER_LIMIT:
                return False
        elif kind is not str and not _is_plain(item):
            return False
    return len(items) != 1 or key[:1] != "$"


def _state(value: object, kind: type) -> dict[str, object] | None:
    """Return the fields of a dataclass or a pydantic model, None for anything else."""
    if dataclasses.is_dataclass(kind):
        return {
            field.name: cast(object, getattr(value, field.name))
            for field in dataclasses.fields(kind)
            if hasattr(value, field.name)
        }
    # Asked of the class, so that pydantic is not imported for those who do not use it.
    if hasattr(cast("Any", kind), "__pydantic_fields__"):
        model = cast("Any", value)
        return {**model.__dict__, **(model.__pydantic_extra__ or {})}
    return None


def _restored(kind: Callable[[object], object], state: object) -> object:
    """Make an instance in the state it was written in; no ``__init__`` runs."""
    cls = cast("Any", kind)
    if not isinstance(state, dict):
        raise Undecodable(f'the state of "{class_name(cls)}" is not a dict')
    fields = cast("dict[str, object]", state)
    if dataclasses.is_dataclass(kind):
        return _restored_dataclass(cls, fields)
    if not hasattr(cls, "__pydantic_fields__"):
        raise Undecodable(f'the class "{class_name(cls)}" is neither a dataclass nor a model')
    for name, field in cls.__pydantic_fields__.items():
        if name not in fields and field.is_required():
            raise Undecodable(f'"{class_name(cls)}" has a field "{name}" that was not written')
    return cast(object, cls.model_construct(set(fields), **fields))


def _restored_dataclass(cls: type[Any], state: dict[str, object]) -> object:
    instance = cast("object", object.__new__(cls))
    known = dataclasses.fields(cls)
    for field in known:
        if field.name in state:
            item = state[field.name]
        elif field.default is not dataclasses.MISSING:
            item = cast(object, field.default)
        elif field.default_factory is not dataclasses.MISSING:
            item = cast(object, field.default_factory())
        else:
            raise Undecodable(
                f'"{class_name(cls)}" has a field "{field.name}" that was not written'
            )
        object.__setattr__(instance, field.name, item)  # frozen ones refuse setattr
    if extra := sorted(state.keys() - {field.name for field in known}):
        raise Undecodable(f'"{class_name(cls)}" has no field "{extra[0]}" any more')
    return instance
