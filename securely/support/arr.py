"""Arr: what Python's dicts and lists do not do themselves: dotted paths, subsets, plucking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeGuard, TypeVar, cast
from urllib.parse import quote

from securely.exceptions import SecurelyError
from securely.support import dot
from securely.support.data import Path, data_get
from securely.support.missing import MISSING

__all__ = ["Arr", "UnexpectedType"]

T = TypeVar("T")

Holder = MutableMapping[Any, Any] | list[Any]
Keys = str | int | Iterable[str | int]


class UnexpectedType(SecurelyError, TypeError):
    """What stands at a path is not of the type that is asked for. The value itself is not told.

    Args:
        key: The dotted path.
        wanted: What should be there: ``a string``.
        found: What kind of value is there: ``integer``.
    """

    def __init__(self, key: str | int, wanted: str, found: str) -> None:
        self.key = key
        self.wanted = wanted
        self.found = found
        super().__init__(f"Array value for key [{key}] must be {wanted}, {found} found.")

    def __reduce__(self) -> tuple[type[UnexpectedType], tuple[str | int, str, str]]:
        return type(self), (self.key, self.wanted, self.found)


class Arr:
    """Functions over nested dicts and lists, by dotted paths ("user.address.city").

    What one expression of Python does is not here: `dict | dict`, slices, `next(iter(…))`,
    comprehensions, `itertools`.

    Source: Laravel 13, Illuminate\\Support\\Arr.
    """

    @staticmethod
    def get(data: object, key: str | int | None, default: Any = None) -> Any:
        """Return what stands at *key*, None included; else *default*, called if it is callable.

        Example:
            >>> Arr.get({"user": {"tags": ["a", "b"]}}, "user.tags.1")
            'b'
            >>> Arr.get({"user": {}}, "user.name", "nobody")
            'nobody'
        """
        found: Any = MISSING
        if key is not None:
            found = dot.get(data, key)
        elif isinstance(data, (Mapping, list, tuple)):
            found = cast("object", data)
        if found is not MISSING:
            return found
        return default() if callable(default) else default

    @staticmethod
    def has(data: object, keys: Keys) -> bool:
        """Tell whether *keys*, one or all of several, are there, be it with None.

        Example:
            >>> Arr.has({"user": {"name": None}}, ["user", "user.name"])
            True
        """
        paths = _paths(keys)
        return bool(paths) and all(dot.has(data, path) for path in paths)

    has_all = has

    @staticmethod
    def has_any(data: object, keys: Keys) -> bool:
        """Tell whether one of *keys* is there.

        Example:
            >>> Arr.has_any({"user": {"name": "Ann"}}, ["user.email", "user.name"])
            True
        """
        return any(dot.has(data, path) for path in _paths(keys))

    @staticmethod
    def set(data: Holder, key: str | int, value: object) -> Holder:
        """Set *key* within *data*, and return it; what is in the way is replaced.

        Raises:
            TypeError: A list is asked for a name, or for an index beyond its end.

        Example:
            >>> Arr.set({}, "user.name", "Ann")
            {'user': {'name': 'Ann'}}
        """
        dot.put(data, key, value)
        return data

    @staticmethod
    def add(data: Holder, key: str | int, value: object) -> Holder:
        """Set *key* where nothing or None stands, and return *data*.

        Example:
            >>> Arr.add({"name": "Ann"}, "name", "Bea")
            {'name': 'Ann'}
        """
        return data if Arr.get(data, key) is not None else Arr.set(data, key, value)

    @staticmethod
    def push(data: Holder, key: str | int, *values: object) -> Holder:
        """Append *values* to the list at *key*, which begins where nothing or None is.

        Raises:
            UnexpectedType: Something else is there.

        Example:
            >>> Arr.push({"user": {"tags": ["a"]}}, "user.tags", "b", "c")
            {'user': {'tags': ['a', 'b', 'c']}}
        """
        found = Arr.get(data, key)
        if found is not None and not isinstance(found, list):
            raise UnexpectedType(key, "an array", _kind(found))
        return Arr.set(data, key, [*cast("list[object]", found or ()), *values])

    @staticmethod
    def pull(data: Holder, key: str | int, default: Any = None) -> Any:
        """Remove *key* from *data*, and return what stood there; else *default*.

        Example:
            >>> user = {"name": "Ann", "token": "t"}
            >>> Arr.pull(user, "token"), user
            ('t', {'name': 'Ann'})
        """
        found = Arr.get(data, key, default)
        dot.forget(data, key)
        return found

    @staticmethod
    def forget(data: Holder, keys: Keys) -> Holder:
        """Remove *keys*, one or several, from *data*, and return it.

        What follows in a list moves up; all keys mean what stands there before the first goes.

        Example:
            >>> Arr.forget({"user": {"name": "Ann", "age": 7}}, ["user.age", "user.email"])
            {'user': {'name': 'Ann'}}
        """
        dot.forget_all(data, _paths(keys))
        return data

    @staticmethod
    def except_(data: Holder, keys: Keys) -> Holder:
        """Return a copy of *data* without *keys*.

        Example:
            >>> Arr.except_({"name": "Ann", "token": "t"}, "token")
            {'name': 'Ann'}
        """
        return Arr.forget(dot.copied(data), keys)

    @staticmethod
    def only(data: Mapping[Any, Any], keys: Keys) -> dict[Any, Any]:
        """Return those entries of *data* whose key is one of *keys*; dots mean nothing here.

        Example:
            >>> Arr.only({"name": "Ann", "token": "t"}, ["name", "email"])
            {'name': 'Ann'}
        """
        wanted = {str(key) for key in _paths(keys)}
        return {key: value for key, value in data.items() if str(key) in wanted}

    @staticmethod
    def select(rows: Iterable[Any], keys: Keys) -> Any:
        """Return *rows*, a list or the values of a dict, each with those of *keys* that it has.

        Example:
            >>> Arr.select([{"id": 1, "name": "Ann"}, {"id": 2}], ["id"])
            [{'id': 1}, {'id': 2}]
        """
        paths = _paths(keys)
        if isinstance(rows, Mapping):
            return {name: _subset(row, paths) for name, row in _entries(cast("object", rows))}
        return [_subset(row, paths) for row in rows]

    @staticmethod
    def pluck(rows: Iterable[object], value: Path, key: Path = None) -> Any:
        """Return what stands at *value* in each of *rows*, a list or the values of a dict.

        With *key*, it is a dict by what stands there.

        Example:
            >>> users = [{"id": 1, "name": {"first": "Ann"}}, {"id": 2, "name": None}]
            >>> Arr.pluck(users, "name.first")
            ['Ann', None]
            >>> Arr.pluck(users, "name.first", "id")
            {1: 'Ann', 2: None}
        """
        if key is None:
            return [data_get(row, value) for row in _values(rows)]
        return {data_get(row, key): data_get(row, value) for row in _values(rows)}

    @staticmethod
    def dot(
        data: Mapping[Any, Any] | Iterable[Any], prepend: str = "", depth: float = float("inf")
    ) -> dict[str, Any]:
        """Return *data* on one level, each value with its dotted path.

        Args:
            data: A dict, list or tuple.
            prepend: What each path begins with.
            depth: How many levels to open.

        Example:
            >>> Arr.dot({"user": {"name": "Ann", "tags": ["a"]}, "none": {}})
            {'user.name': 'Ann', 'user.tags.0': 'a', 'none': {}}
        """
        flat: dict[str, Any] = {}
        for key, value in _entries(data):
            if depth > 0 and isinstance(value, (Mapping, list, tuple)) and value:
                nested = cast("Mapping[Any, Any] | list[Any]", value)
                flat |= Arr.dot(nested, f"{prepend}{key}.", depth - 1)
            else:
                flat[f"{prepend}{key}"] = value
        return flat

    @staticmethod
    def undot(data: Mapping[str, Any] | Iterable[Any]) -> dict[str, Any]:
        """Return *data* nested again; keys 0, 1, 2 … make a list.

        Example:
            >>> Arr.undot({"user.name": "Ann", "user.tags.0": "a", "user.tags.1": "b"})
            {'user': {'name': 'Ann', 'tags': ['a', 'b']}}
        """
        nested: dict[str, Any] = {}
        for path, value in _entries(data):
            *parents, last = dot.segments(str(path))
            holder = nested
            for segment in parents:
                found = holder.get(segment)
                if not isinstance(found, _Made):
                    # A copy: what was handed in is not ours to change.
                    found = holder[segment] = _Made(_entries_by_text(found))
                holder = found
            holder[last] = value
        return {key: _listed(value) for key, value in nested.items()}

    @staticmethod
    def flatten(data: object, depth: float = float("inf")) -> list[Any]:
        """Return the values of *data*, those of its dicts and lists in their place.

        Args:
            data: A dict, list or tuple.
            depth: How many levels to open.

        Example:
            >>> Arr.flatten({"a": [1, [2]], "b": {"c": 3}})
            [1, 2, 3]
            >>> Arr.flatten([1, [2, [3]]], 1)
            [1, 2, [3]]
        """
        flat: list[Any] = []
        for _, item in _entries(data):
            if not isinstance(item, (Mapping, list, tuple)):
                flat.append(item)
            elif depth <= 1:
                flat += [value for _, value in _entries(cast("object", item))]
            else:
                flat += Arr.flatten(cast("object", item), depth - 1)
        return flat

    @staticmethod
    def first(
        items: Iterable[T], accepts: Callable[[T], object] | None = None, default: Any = None
    ) -> T | Any:
        """Return the first of *items* that *accepts* takes; else *default*, called if callable.

        Example:
            >>> Arr.first([1, 2, 3], lambda number: number > 1)
            2
            >>> Arr.first([], default="none")
            'none'
        """
        for item in _values(items):
            if accepts is None or accepts(item):
                return item
        return default() if callable(default) else default

    @staticmethod
    def last(
        items: Iterable[T], accepts: Callable[[T], object] | None = None, default: Any = None
    ) -> T | Any:
        """Return the last of *items* that *accepts* takes; else *default*, called if callable.

        Example:
            >>> Arr.last([1, 2, 3], lambda number: number < 3)
            2
        """
        return Arr.first(list(_values(items))[::-1], accepts, default)

    @staticmethod
    def wrap(value: object) -> Any:
        """Return *value* as a list: None is an empty one; lists and dicts are left as they are.

        Example:
            >>> Arr.wrap("a"), Arr.wrap(["a"]), Arr.wrap(None)
            (['a'], ['a'], [])
        """
        if value is None:
            return []
        return cast("object", value) if isinstance(value, (list, dict)) else [value]

    @staticmethod
    def join(items: Iterable[object], glue: str, last: str = "") -> str:
        """Return *items* as text with *glue* between, and *last* before the final one.

        Example:
            >>> Arr.join(["a", "b", "c"], ", ", " and ")
            'a, b and c'
        """
        texts = [str(item) for item in items]
        if not last or len(texts) < 2:  # noqa: PLR2004 - two: what "between" needs
            return glue.join(texts)
        return glue.join(texts[:-1]) + last + texts[-1]

    @staticmethod
    def query(data: Mapping[Any, Any] | Iterable[Any]) -> str:
        """Return *data* as the query of a URL, nested keys in brackets; None is left out.

        Source: Laravel 13, Arr::query; RFC 3986 for what is percent-encoded.

        Example:
            >>> Arr.query({"page": 2, "sort": ["name", "age"], "draft": False})
            'page=2&sort%5B0%5D=name&sort%5B1%5D=age&draft=0'
        """
        return "&".join(
            f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in _pairs(data, "")
        )

    @staticmethod
    def prepend_keys_with(data: Mapping[Any, Any] | Iterable[Any], prefix: str) -> dict[str, Any]:
        """Return *data* with *prefix* before each key.

        Example:
            >>> Arr.prepend_keys_with({"name": "Ann"}, "user_")
            {'user_name': 'Ann'}
        """
        return {f"{prefix}{key}": value for key, value in _entries(data)}

    @staticmethod
    def string(data: object, key: str | int, default: str | None = None) -> str:
        """Return the text at *key*, else *default*.

        Raises:
            UnexpectedType: Something else is there, or nothing without a default.
        """
        return _typed(data, key, default, str, "a string")

    @staticmethod
    def integer(data: object, key: str | int, default: int | None = None) -> int:
        """Return the integer at *key*, else *default*; True is none, and neither is "5".

        Raises:
            UnexpectedType: Something else is there, or nothing without a default.
        """
        return _typed(data, key, default, int, "an integer")

    @staticmethod
    def float(data: object, key: str | int, default: float | None = None) -> float:
        """Return the float at *key*, else *default*; 5 is none.

        Raises:
            UnexpectedType: Something else is there, or nothing without a default.
        """
        return _typed(data, key, default, float, "a float")

    @staticmethod
    def boolean(data: object, key: str | int, default: bool | None = None) -> bool:
        """Return the boolean at *key*, else *default*.

        Raises:
            UnexpectedType: Something else is there, or nothing without a default.
        """
        return _typed(data, key, default, bool, "a boolean")

    @staticmethod
    def array(
        data: object, key: str | int, default: dict[Any, Any] | list[Any] | None = None
    ) -> dict[Any, Any] | list[Any]:
        """Return the dict or list at *key*, else *default*.

        Raises:
            UnexpectedType: Something else is there, or nothing without a default.
        """
        found: Any = Arr.get(data, key, default)
        if not isinstance(found, (dict, list)):
            raise UnexpectedType(key, "an array", _kind(found))
        return cast("dict[Any, Any]", found)


def _subset(row: Any, keys: list[str | int]) -> dict[Any, Any]:
    """Return what of *keys* stands in *row*; None has nothing."""
    return Arr.only(row or {}, keys)


class _Made(dict[str, Any]):
    """A dict that :meth:`Arr.undot` made, and may turn into a list."""


def _typed(data: object, key: str | int, default: object, wanted: type[T], name: str) -> T:
    found = Arr.get(data, key, default)
    # Exactly: True is an int to isinstance, and a mistake here.
    if type(found) is not wanted:
        raise UnexpectedType(key, name, _kind(found))
    return found


def _kind(value: object) -> str:
    names: dict[type, str] = {bool: "boolean", int: "integer", str: "string", type(None): "None"}
    return names.get(type(value), type(value).__name__)


def _paths(keys: Keys) -> list[str | int]:
    return [keys] if isinstance(keys, (str, int)) else list(keys)


def _entries(data: object) -> Iterable[tuple[Any, Any]]:
    return data.items() if _is_mapping(data) else enumerate(cast("Iterable[Any]", data))


def _values(items: Iterable[T]) -> Iterable[T]:
    return items.values() if _is_mapping(items) else items


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _entries_by_text(data: object) -> dict[str, Any]:
    if not isinstance(data, (Mapping, list)):
        return {}
    return {str(key): value for key, value in _entries(cast("object", data))}


def _listed(value: object) -> object:
    if not isinstance(value, _Made):
        return value
    entries = {key: _listed(item) for key, item in value.items()}
    if list(entries) == [str(index) for index in range(len(entries))]:
        return list(entries.values())
    return entries


def _pairs(data: object, prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in _entries(data):
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, (Mapping, list, tuple)):
            yield from _pairs(cast("object", value), name)
        elif value is not None:
            yield name, str(int(value)) if isinstance(value, bool) else str(value)
