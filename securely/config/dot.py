"""Dotted paths into nested data: "cache.stores.disk.path"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast

from securely.support.missing import MISSING, Missing

__all__ = ["copied", "flattened", "forget", "get", "has", "put"]


def get(data: object, path: str) -> object | Missing:
    """Return what stands at *path* within *data*, or MISSING.

    A key that is the whole path, dots and all, is found first. A segment of digits indexes a list.

    Source: Laravel 13, Arr::get.

    Example:
        >>> get({"a": {"b": [5, 6]}}, "a.b.1")
        6
        >>> get({"a": 1}, "a.b")
        MISSING
    """
    found: object = data
    if isinstance(data, Mapping) and path in data:
        return cast("Mapping[str, object]", data)[path]
    if "." not in path:
        return _child(found, path)
    for segment in path.split("."):
        found = _child(found, segment)
        if found is MISSING:
            return MISSING
    return found


def has(data: object, path: str) -> bool:
    """Tell whether something, be it None, stands at *path* within *data*."""
    return get(data, path) is not MISSING


def put(data: MutableMapping[str, Any], path: str, value: object) -> None:
    """Set *path* within *data*; what is in the way and cannot hold keys is replaced.

    Source: Laravel 13, Arr::set.

    Example:
        >>> data = {"a": 1}
        >>> put(data, "a.b.c", 2)
        >>> data
        {'a': {'b': {'c': 2}}}
    """
    *parents, last = path.split(".")
    holder: Any = data
    for segment in parents:
        child = _child(holder, segment)
        if not isinstance(child, (MutableMapping, list)):
            child = cast("dict[str, Any]", {})
            _set_child(holder, segment, child)
        holder = cast("Any", child)
    _set_child(holder, last, value)


def forget(data: MutableMapping[str, Any], path: str) -> bool:
    """Remove *path* from *data*, and tell whether it was there.

    Source: Laravel 13, Arr::forget.
    """
    if path in data:
        del data[path]
        return True
    parent, _, last = path.rpartition(".")
    holder = get(data, parent) if parent else MISSING
    if isinstance(holder, MutableMapping) and last in holder:
        del holder[last]
        return True
    if (
        isinstance(holder, list)
        and (index := _index(cast("list[object]", holder), last)) is not None
    ):
        del holder[index]
        return True
    return False


def flattened(data: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Give each value that is no filled mapping, with its whole path.

    Example:
        >>> dict(flattened({"a": {"b": 1, "c": {}}}))
        {'a.b': 1, 'a.c': {}}
    """
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from flattened(cast("Mapping[str, object]", value), f"{path}.")
        else:
            yield path, value


def copied(value: Any) -> Any:
    """Return *value* with its dicts and lists copied all the way down, and all else as it is."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list):
        return [copied(item) for item in cast("list[object]", value)]
    return value


def _index(items: list[object], segment: str) -> int | None:
    # isdecimal alone takes digits of other scripts, which nobody means as an index.
    if segment.isascii() and segment.isdecimal() and int(segment) < len(items):
        return int(segment)
    return None


def _child(data: object, segment: str) -> object | Missing:
    if isinstance(data, Mapping):
        return cast("Mapping[str, object]", data).get(segment, MISSING)
    if isinstance(data, (list, tuple)):
        items = list(cast("list[object]", data))
        index = _index(items, segment)
        return MISSING if index is None else items[index]
    return MISSING


def _set_child(holder: Any, segment: str, value: object) -> None:
    if isinstance(holder, list):
        items = cast("list[object]", holder)
        index = _index(items, segment)
        if index is not None:
            items[index] = value
            return
        if segment == str(len(items)):
            items.append(value)
            return
        raise TypeError(f'"{segment}" is no index of a list of {len(items)} items')
    holder[segment] = value
