"""Dotted paths: how rules name fields, nested ones and all of a list, and how these are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard, cast

from securely.support.missing import MISSING, Missing

__all__ = [
    "Container",
    "Keys",
    "Path",
    "closed",
    "expand",
    "find",
    "glob",
    "holds",
    "is_container",
    "join",
    "leaves",
    "split",
    "without",
]

# So long a list, and so many keys, do not exist; longer numbers are not worth reading.
_DIGITS_MAX: Final = 18

Path: TypeAlias = tuple[str, ...]
"""The parts of a dotted path; a part `*` stands for all keys of a list or a dict."""

Keys: TypeAlias = tuple[str, ...]
"""The keys that the stars of a path stood for."""


Container: TypeAlias = list[Any] | tuple[Any, ...] | Mapping[Any, Any]
"""What holds other values."""


def is_container(value: object) -> TypeGuard[Container]:
    """Tell whether *value* holds others: a list or a dict."""
    return isinstance(value, (list, tuple, Mapping))


def split(path: str) -> Path:
    r"""Return the parts of a dotted *path*; a dot or a star behind a backslash belongs to its part.

    Example:
        >>> split(r"items.*.v1\.0")
        ('items', '*', 'v1.0')
    """
    if "\\" not in path:
        return tuple(path.split("."))
    parts = path.replace("\\.", "\0").split(".")
    return tuple(part.replace("\0", ".").replace("\\*", "*") for part in parts)


def join(path: Sequence[str]) -> str:
    """Return *path* as errors name it: with dots, and nothing escaped."""
    return ".".join(path)


def find(data: object, path: Path) -> object:
    """Return what stands in *data* at *path*, or MISSING."""
    for part in path:
        if data.__class__ is dict or isinstance(data, Mapping):
            data = _entry(cast("Mapping[Any, object]", data), part)
        elif isinstance(data, (list, tuple)):
            data = _item(cast("Sequence[object]", data), part)
        else:
            return MISSING
        if data is MISSING:
            return MISSING
    return data


def holds(data: object, path: Path) -> bool:
    """Tell whether something stands in *data* at *path*, None too."""
    return find(data, path) is not MISSING


def expand(data: object, path: Path) -> Iterator[tuple[Keys, object]]:
    """Yield what each star of *path* stands for in *data*, and what stands there.

    What follows a star need not be there: it is yielded as MISSING, so that it can be required.
    Where a path ends in a star, single values come first, and those that hold others after.
    Source: Laravel 13, Validation\\ValidationData::initializeAndGatherData.
    """
    star = path.index("*")
    container = find(data, path[:star])
    found = _below(container, path[star:], ())
    if path[-1] != "*":
        yield from found
        return
    later: list[tuple[Keys, object]] = []
    for keys, value in found:
        if is_container(value) and value:
            later.append((keys, value))
        else:
            yield keys, value
    yield from later


def glob(pattern: str) -> re.Pattern[str]:
    """Return what fits names like *pattern*, in which stars stand for any text, dots too.

    Each part between stars is looked for once, where it comes first, so that the time is linear.
    """
    first, *parts = re.split(r"\*+", pattern)
    if not parts:
        return re.compile(re.escape(first))
    middle = "".join(f"(?>.*?{re.escape(part)})" for part in parts[:-1])
    return re.compile(f"{re.escape(first)}{middle}.*{re.escape(parts[-1])}", re.DOTALL)


def leaves(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield all that stands in *data* and holds nothing else, in order, at any depth.

    Args:
        data: What is walked, without recursion; what holds itself is entered once.
        path: What stands before the parts of each path.
    """
    waiting: list[tuple[Path, object]] = [(path, data)]
    entered: set[int] = set()
    while waiting:
        path, value = waiting.pop()
        if not is_container(value) or not value:
            if value is not MISSING:
                yield path, value
        elif id(value) not in entered:
            entered.add(id(value))
            within = [((*path, key), each) for key, each in _entries(value)]
            waiting.extend(reversed(within))


def without(data: object, paths: Iterable[Path]) -> object:
    """Return *data* without what stands at *paths*; what is around it is copied, once, not changed.

    In a list a hole is left, MISSING, so that the other items keep their places.
    """
    doomed: dict[str, Any] = {}
    for path in paths:
        if not path or not holds(data, path):
            continue
        node = doomed
        for part in path[:-1]:
            node = node.setdefault(part, {})
            if node is None:
                break  # what holds it goes as a whole
        else:
            node[path[-1]] = None
    return _cut(data, doomed) if doomed else data


def closed(data: object, paths: Iterable[Path]) -> object:
    """Close the holes that :func:`without` has left at *paths* in *data*; return that."""
    # From the inside: places of outer lists are those of before until then.
    for around in sorted({path[:-1] for path in paths}, key=len, reverse=True):
        items = find(data, around)
        if isinstance(items, list):
            kept = [value for value in cast("list[object]", items) if value is not MISSING]
            if len(kept) < len(cast("list[object]", items)):
                items[:] = kept
    return data


def _cut(data: object, doomed: Mapping[str, Any]) -> object:
    if isinstance(data, Mapping):
        entries = dict(cast("Mapping[Any, object]", data))
        for part, below in doomed.items():
            key = part if part in entries else int(part)
            if below is None:
                del entries[key]
            else:
                entries[key] = _cut(entries[key], below)
        return entries
    items = [*cast("Sequence[object]", data)]
    for part, below in doomed.items():
        items[int(part)] = MISSING if below is None else _cut(items[int(part)], below)
    return items


def _below(container: object, path: Path, keys: Keys) -> Iterator[tuple[Keys, object]]:
    """Yield what the star at the head of *path* stands for in *container*, and all below."""
    rest = path[1:]
    if not rest:
        for key, value in _entries(container):
            yield (*keys, key), value
    elif "*" not in rest:
        for key, value in _entries(container):
            yield (*keys, key), find(value, rest)
    else:
        star = rest.index("*")
        for key, value in _entries(container):
            yield from _below(find(value, rest[:star]), rest[star:], (*keys, key))


def _entries(container: object) -> Iterator[tuple[str, object]]:
    if isinstance(container, (list, tuple)):
        for index, value in enumerate(cast("Sequence[object]", container)):
            if value is not MISSING:
                yield str(index), value
    elif isinstance(container, Mapping):
        for key, value in cast("Mapping[object, object]", container).items():
            yield str(key), value


def _entry(data: Mapping[Any, object], part: str) -> object | Missing:
    value = data.get(part, MISSING)
    if value is MISSING and part.isascii() and part.removeprefix("-").isdigit():
        return data.get(int(part), MISSING) if len(part) <= _DIGITS_MAX else MISSING
    return value


def _item(items: Sequence[object], part: str) -> object | Missing:
    if not (part.isascii() and part.isdigit()) or len(part) > _DIGITS_MAX:
        return MISSING
    index = int(part)
    return items[index] if index < len(items) and str(index) == part else MISSING
