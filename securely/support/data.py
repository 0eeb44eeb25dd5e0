"""data_get and kin: dotted paths with wildcards, into dicts, lists and objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from enum import Enum
from typing import Any, TypeAlias, cast

from securely.support import dot
from securely.support.missing import MISSING, Missing

__all__ = ["Path", "data_fill", "data_forget", "data_get", "data_has", "data_set"]

Path: TypeAlias = str | int | Sequence[str | int] | None
"""Where to look: "posts.*.title", the same as a list of segments, an index; None is the whole."""


def data_get(target: object, path: Path, default: Any = None) -> Any:
    r"""Return what stands at *path* within *target*, else *default*, called if it is callable.

    A `*` stands for every item, `{first}` and `{last}` for the outermost ones; `\*`, `\{first}`
    and `\{last}` are those names themselves, and `\.` is a dot within a name. Objects are read
    by their attributes: neither methods nor names that begin with an underscore.

    Source: Laravel 13, data_get.

    Example:
        >>> posts = [{"title": "One", "tags": ["a"]}, {"title": "Two", "tags": ["b", "c"]}]
        >>> data_get({"posts": posts}, "posts.*.title")
        ['One', 'Two']
        >>> data_get({"posts": posts}, "posts.*.tags.*")
        ['a', 'b', 'c']
        >>> data_get({"posts": posts}, "posts.{last}.title")
        'Two'
        >>> data_get({"posts": posts}, "posts.7.title", "none")
        'none'
    """
    found = _find(target, _segments(path))
    if found is not MISSING:
        return found
    return default() if callable(default) else default


def data_has(target: object, path: Path) -> bool:
    """Tell whether something, be it None, stands at *path*; `*` is a name here, and no wildcard.

    Source: Laravel 13, data_has.
    """
    segments = _segments(path)
    for segment in segments:
        target = _child(target, segment)
        if target is MISSING:
            return False
    return bool(segments)


def data_set(target: Any, path: Path, value: object, overwrite: bool = True) -> Any:
    """Set *path* within *target* and return it; a `*` sets every item.

    What is in the way and cannot hold keys is replaced; a tuple by a tuple with the new item. A
    *target* that cannot change in place itself is returned anew: use what is returned.

    Args:
        target: A dict, a list, or an object with attributes.
        path: Where.
        value: What.
        overwrite: Whether to replace what is there.

    Raises:
        TypeError: A list on the way is asked for a name, or for an index beyond its end; or an
            object on the way lets nobody change it.

    Source: Laravel 13, data_set.

    Example:
        >>> data_set({"posts": [{"id": 1}, {"id": 2}]}, "posts.*.seen", True)
        {'posts': [{'id': 1, 'seen': True}, {'id': 2, 'seen': True}]}
    """
    segments = _segments(path)
    return _set(target, segments, value, overwrite) if segments else target


def data_fill(target: Any, path: Path, value: object) -> Any:
    """Set *path* within *target* where nothing is there yet, and return it.

    What is in the way, None excepted, stays, and then nothing is set.

    Source: Laravel 13, data_fill.

    Example:
        >>> data_fill({"debug": False}, "debug", True)
        {'debug': False}
    """
    return data_set(target, path, value, overwrite=False)


def data_forget(target: Any, path: Path) -> Any:
    """Remove *path* from *target* and return it; a `*` reaches into every item.

    Source: Laravel 13, data_forget.

    Example:
        >>> data_forget({"posts": [{"id": 1, "seen": True}]}, "posts.*.seen")
        {'posts': [{'id': 1}]}
    """
    segments = _segments(path)
    return _forget(target, segments) if segments else target


def _segments(path: Path) -> list[str | int]:
    if path is None:
        return []
    if isinstance(path, int):
        return [path]
    return [*dot.segments(path)] if isinstance(path, str) else [*path]


def _find(target: object, segments: list[str | int]) -> object:
    for position, segment in enumerate(segments):
        if segment == "*":
            return _each(target, segments[position + 1 :])
        target = _child(target, _literal(target, segment))
        if target is MISSING:
            return MISSING
    return target


def _each(target: object, rest: list[str | int]) -> object:
    items = _items(target)
    if items is None:
        return MISSING
    found: list[Any] = [data_get(item, rest) for item in items]
    if "*" not in rest:
        return found
    # What has no items to give is None, and is left out.
    return [item for group in found for item in group or ()]


def _literal(target: object, segment: str | int) -> str | int | Missing:
    """Return the key that *segment* means for *target*: an outermost one, or a name."""
    if segment in {"{first}", "{last}"}:
        keys = _keys(target)
        return keys[0 if segment == "{first}" else -1] if keys else MISSING
    if isinstance(segment, str) and segment in {r"\*", r"\{first}", r"\{last}"}:
        return segment[1:]
    return segment


def _keys(target: object) -> list[Any]:
    if isinstance(target, Mapping):
        return list(cast("Mapping[object, object]", target))
    if isinstance(target, (list, tuple)):
        return list(range(len(cast("list[object]", target))))
    return [name for name in getattr(target, "__dict__", ()) if not name.startswith("_")]


def _items(target: object) -> Iterable[object] | None:
    if isinstance(target, Mapping):
        return cast("Mapping[object, object]", target).values()
    if isinstance(target, Iterable) and not isinstance(target, (str, bytes, bytearray)):
        return cast("Iterable[object]", target)
    return None


def _child(target: object, segment: str | int | Missing) -> object:
    if isinstance(segment, Missing):
        return MISSING
    if isinstance(target, (Mapping, list, tuple)):
        return dot.child(cast("object", target), segment)
    return _attribute(target, segment)


def _attribute(target: object, name: str | int) -> object:
    # A path may come from outside: it leads to data, never into `__class__` or to a method.
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        return MISSING
    if isinstance(target, type) or callable(getattr(type(target), name, None)):
        return MISSING
    return getattr(target, name, MISSING)


def _set(given: Any, segments: list[str | int], value: object, overwrite: bool) -> Any:
    segment, rest = segments[0], segments[1:]
    if isinstance(given, tuple):
        before = cast("tuple[object, ...]", given)
        return _as_tuple(before, _set([*before], segments, value, overwrite))
    if segment == "*":
        return _set_each(given, rest, value, overwrite)
    if not (_holds(given) or overwrite or given is None):
        return given  # filling replaces nothing, not even what is in the way
    target: Any = {} if not _holds(given) or _is_unnamed(given, segment) else given
    found = _child(target, segment)
    if rest:
        _assign(target, segment, _set(_begun(found, rest), rest, value, overwrite))
    elif overwrite or found is MISSING:
        _assign(target, segment, value)
    return target


def _as_tuple(before: tuple[Any, ...], changed: object) -> object:
    """Return the items *changed* as a tuple of the kind of *before*; what is no list, as it is."""
    if not isinstance(changed, list):
        return changed
    make: Any = getattr(type(before), "_make", tuple)  # a named one is made in another way
    return make(cast("list[object]", changed))


def _is_unnamed(target: object, segment: str | int) -> bool:
    """Tell whether *target* is an empty list, which loses nothing by becoming a dict."""
    return isinstance(target, list) and not target and str(segment) != "0"


def _begun(found: object, rest: list[str | int]) -> object:
    """Return *found*; where nothing is, what can hold the next of *rest*."""
    if found is not MISSING:
        return found
    return [] if rest[0] in {"*", "0", 0} else {}


def _set_each(target: Any, rest: list[str | int], value: object, overwrite: bool) -> Any:
    if not isinstance(target, (MutableMapping, list)):
        return [] if overwrite or target is None else target
    holder = cast("Any", target)
    for key in _keys(holder):
        if rest:
            holder[key] = _set(holder[key], rest, value, overwrite)
        elif overwrite:
            holder[key] = value
    return holder


def _holds(target: object) -> bool:
    """Tell whether *target* has keys or attributes to be set."""
    if isinstance(target, (MutableMapping, list)):
        return True
    if isinstance(target, (type, Enum)):
        return False
    return hasattr(target, "__dict__") or any(_slots(cls) for cls in type(target).__mro__)


def _slots(cls: type) -> list[str]:
    """Return the attributes for which *cls* reserves places; those that others may name."""
    names: str | Iterable[str] = vars(cls).get("__slots__", ())
    return [name for name in ([names] if isinstance(names, str) else names) if name[0] != "_"]


def _assign(target: Any, segment: str | int, value: object) -> None:
    if isinstance(target, (MutableMapping, list)):
        dot.set_child(target, segment, value)
        return
    kind = type(cast("object", target)).__name__
    if not (isinstance(segment, str) and segment.isidentifier() and not segment.startswith("_")):
        raise TypeError(f'"{segment}" is no attribute that data_set may set on a {kind}.')
    try:
        setattr(target, segment, value)
    except (AttributeError, TypeError) as error:
        raise _unchangeable(segment, kind, error) from error


def _forget(given: Any, segments: list[str | int]) -> Any:
    segment, rest = segments[0], segments[1:]
    if isinstance(given, tuple):
        before = cast("tuple[object, ...]", given)
        return _as_tuple(before, _forget([*before], segments))
    target: Any = given
    if segment == "*" and isinstance(target, (MutableMapping, list)):
        holder = cast("Any", target)
        for key in _keys(holder) if rest else ():
            holder[key] = _forget(holder[key], rest)
    elif rest and (found := _child(target, segment)) is not MISSING:
        left = _forget(found, rest)
        if left is not found:
            _assign(target, segment, left)
    elif isinstance(target, (MutableMapping, list)):
        dot.remove_child(cast("object", target), segment)
    elif not rest and _attribute(target, segment) is not MISSING:
        try:
            delattr(target, str(segment))
        except (AttributeError, TypeError) as error:
            raise _unchangeable(segment, type(target).__name__, error) from error
    return given


def _unchangeable(segment: str | int, kind: str, error: Exception) -> TypeError:
    return TypeError(
        f'"{segment}" of a {kind} cannot be changed ({error}). '
        f"Put another {kind} in its place, or keep a dict there."
    )
