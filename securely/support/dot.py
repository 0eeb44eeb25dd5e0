"""Dotted paths into nested data: "cache.stores.disk.path".

Python's dicts and lists are one thing in PHP. Where that shows, these rules hold: a segment of
digits is the index of a list, and finds the integer key of a dict too; a list grows by the next
index only; an empty list that gets a name becomes a dict, because nothing is lost by it. A dot
that is part of a name is written `\\.`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from securely.support.missing import MISSING, Missing

__all__ = [
    "child",
    "copied",
    "flattened",
    "forget",
    "forget_all",
    "get",
    "has",
    "put",
    "remove_child",
    "segments",
    "set_child",
]


def segments(path: str) -> list[str]:
    r"""Return the names that *path* is made of.

    Example:
        >>> segments(r"hosts.example\.com.port")
        ['hosts', 'example.com', 'port']
    """
    parts = path.split(".")
    if "\\." not in path:
        return parts
    names: list[str] = []
    for part in parts:
        if names and names[-1].endswith("\\"):
            names[-1] = f"{names[-1][:-1]}.{part}"
        else:
            names.append(part)
    return names


def get(data: object, path: str | int) -> object | Missing:
    """Return what stands at *path* within *data*, or MISSING.

    A key that is the whole path, dots and all, is found first.

    Source: Laravel 13, Arr::get.

    Example:
        >>> get({"a": {"b": [5, 6]}}, "a.b.1")
        6
        >>> get({"a": 1}, "a.b")
        MISSING
    """
    found = child(data, path)
    if found is not MISSING or isinstance(path, int) or "." not in path:
        return found
    found = data
    for segment in segments(path):
        found = child(found, segment)
        if found is MISSING:
            return MISSING
    return found


def has(data: object, path: str | int) -> bool:
    """Tell whether something, be it None, stands at *path* within *data*."""
    return get(data, path) is not MISSING


def put(data: MutableMapping[Any, Any] | list[Any], path: str | int, value: object) -> None:
    """Set *path* within *data*; what is in the way and cannot hold keys is replaced.

    Raises:
        TypeError: A list on the way is asked for a name, or for an index beyond its end.

    Source: Laravel 13, Arr::set.

    Example:
        >>> data = {"a": 1}
        >>> put(data, "a.b.c", 2)
        >>> data
        {'a': {'b': {'c': 2}}}
        >>> put(data, "a.ports.0", 80)
        >>> data["a"]["ports"]
        [80]
    """
    names: list[str | int] = [path] if isinstance(path, int) else [*segments(path)]
    holder: Any = data
    for segment, following in itertools.pairwise(names):
        holder = _holder(holder, segment, following)
    set_child(holder, names[-1], value)


def forget(data: object, path: str | int) -> bool:
    """Remove *path* from *data*, and tell whether it was there.

    What follows it in a list moves up.

    Source: Laravel 13, Arr::forget.
    """
    return forget_all(data, [path]) > 0


def forget_all(data: object, paths: Iterable[str | int]) -> int:
    """Remove each of *paths* from *data*, and return how many were there.

    All are found before the first is removed: "list.0" and "list.1" are the items that stand
    there now.

    Example:
        >>> data = {"list": ["a", "b", "c"]}
        >>> forget_all(data, ["list.0", "list.1"])
        2
        >>> data
        {'list': ['c']}
    """
    found = 0
    items: dict[int, tuple[list[object], set[int]]] = {}
    for path in paths:
        holder, last = _place(data, path)
        if isinstance(holder, list):
            index = _index(cast("list[object]", holder), last)
            if index is not None:
                held = cast("list[object]", holder)
                items.setdefault(id(held), (held, set()))[1].add(index)
        else:
            found += remove_child(holder, last)
    for holder, indexes in items.values():
        for index in sorted(indexes, reverse=True):
            del holder[index]
        found += len(indexes)
    return found


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


def child(holder: object, segment: str | int) -> object | Missing:
    """Return what *holder*, a mapping, list or tuple, has at *segment*; MISSING otherwise."""
    if isinstance(holder, Mapping):
        entries = cast("Mapping[object, object]", holder)
        # As it is spelt, which is nearly always so, before anything else is tried.
        return (
            entries[segment] if segment in entries else entries.get(_key(entries, segment), MISSING)
        )
    if isinstance(holder, (list, tuple)):
        items = cast("list[object]", holder)
        index = _index(items, segment)
        return MISSING if index is None else items[index]
    return MISSING


def set_child(holder: Any, segment: str | int, value: object) -> None:
    """Set *segment* of *holder*, a mapping or list.

    Raises:
        TypeError: A list is asked for a name, or for an index beyond its end.
    """
    if not isinstance(holder, list):
        holder[_key(holder, segment)] = value
        return
    items = cast("list[object]", holder)
    index = _index(items, segment)
    if index is not None:
        items[index] = value
    elif str(segment) == str(len(items)):
        items.append(value)
    else:
        raise TypeError(
            f'"{segment}" is no index of a list of {len(items)} items. '
            f"Use 0 to {len(items)}, or make it a dict."
        )


def remove_child(holder: object, segment: str | int) -> bool:
    """Remove *segment* from *holder*, and tell whether it was there."""
    if isinstance(holder, MutableMapping):
        entries = cast("MutableMapping[object, object]", holder)
        return entries.pop(_key(entries, segment), MISSING) is not MISSING
    if isinstance(holder, list):
        items = cast("list[object]", holder)
        index = _index(items, segment)
        if index is not None:
            del items[index]
            return True
    return False


def _holder(parent: Any, segment: str | int, following: str | int) -> Any:
    """Return what stands at *segment* of *parent* and can hold *following*, made if need be."""
    found = child(parent, segment)
    if isinstance(found, MutableMapping) or (isinstance(found, list) and found):
        return cast("object", found)
    if isinstance(found, list) and str(following) == "0":
        return cast("object", found)
    made: object = [] if str(following) == "0" else {}
    set_child(parent, segment, made)
    return made


def _place(data: object, path: str | int) -> tuple[object, str | int]:
    """Return what holds the end of *path*, and that end; the whole path is a key first."""
    if isinstance(path, int) or child(data, path) is not MISSING:
        return data, path
    *parents, last = segments(path)
    holder = data
    for segment in parents:
        holder = child(holder, segment)
    return holder, last


def _key(entries: Mapping[Any, Any], segment: str | int) -> str | int:
    """Return *segment* as *entries* spell it: text of digits may be an integer there."""
    if segment in entries:
        return segment
    if isinstance(segment, int):
        return str(segment) if str(segment) in entries else segment
    number = _number(segment)
    return number if number is not None and number in entries else segment


def _index(items: list[object], segment: str | int) -> int | None:
    number = segment if isinstance(segment, int) else _number(segment)
    return number if number is not None and 0 <= number < len(items) else None


def _number(segment: str) -> int | None:
    # isdecimal alone takes digits of other scripts, and "05" is a name: nobody means an index.
    if segment.isascii() and segment.isdecimal() and str(int(segment)) == segment:
        return int(segment)
    return None
