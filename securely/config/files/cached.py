"""The configuration as `config:cache` keeps it: plain JSON, and what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from securely import __version__
from securely.config.environment import Environment
from securely.config.exceptions import Uncacheable
from securely.support.importing import import_object
from securely.support.replacing import replacing

__all__ = ["CachedConfig", "StaleConfigWarning", "keep_config", "read_cached"]

_FORMAT: Final = 1
_MARK: Final = "$"


class StaleConfigWarning(UserWarning):
    """The configuration that `config:cache` has kept is no longer what the files say."""


class CachedConfig(NamedTuple):
    """What is kept.

    Attributes:
        items: The configuration, by section.
        stale: Why it is no longer what the files and variables say; "" while it is.
    """

    items: dict[str, Any]
    stale: str


def keep_config(
    file: Path,
    items: Mapping[str, Any],
    files: Iterable[Path],
    environment: Environment,
    place_of: Callable[[str], object],
) -> None:
    """Write *items* to *file*, for its owner only, aside first, so that nobody reads half of it.

    Args:
        file: Where it is kept.
        items: The configuration.
        files: The files that it was read from.
        environment: The variables that it was read with.
        place_of: Tells where a key stands, for what is said of those that cannot be kept.

    Raises:
        Uncacheable: Some values have no written form; each is named, with its type and place.
        OSError: The file cannot be written.
    """
    bad: list[tuple[str, str, str]] = []
    plain = _plain(items, "", bad)
    if bad:
        raise Uncacheable(
            tuple((key, kind, str(place_of(key) or "somewhere")) for key, kind in _keys(bad))
        )
    content = {
        "format": _FORMAT,
        "securely": __version__,
        "files": {str(each): _state(each) for each in files},
        "variables": dict(environment.reads()),
        "items": plain,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as beside:
        beside.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def read_cached(file: Path, files: Iterable[Path], environment: Environment) -> CachedConfig | None:
    """Return what :func:`keep_config` wrote; None when it is absent, damaged or of another version.

    Args:
        file: Where it is kept.
        files: The files that there are now.
        environment: The variables that there are now; those that were read count as read.
    """
    try:
        text = file.read_text(encoding="utf-8")
        content: object = json.loads(text)
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    found = cast("dict[str, Any]", content)
    if found.get("format") != _FORMAT or found.get("securely") != __version__:
        return None
    items = found["items"]
    if f'{{"{_MARK}' in text:
        items = _restored(items)
    return CachedConfig(items, _stale(found, files, environment))


def _stale(found: Mapping[str, Any], files: Iterable[Path], environment: Environment) -> str:
    before: dict[str, list[Any]] = found["files"]
    now = {str(each): each for each in files}
    for name, path in now.items():
        if name not in before:
            return f"{name} is new"
        if not _is_same(path, before[name]):
            return f"{name} has changed"
    for name in before:
        if name not in now:
            return f"{name} is gone"
    for name in found["variables"]:
        environment.get(name)
    reads = environment.reads()
    for name, digest in found["variables"].items():
        if reads[name] != digest:
            return f"the variable {name} has changed"
    return ""


def _state(path: Path) -> list[Any]:
    state = path.stat()
    return [state.st_size, state.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()]


def _is_same(path: Path, before: list[Any]) -> bool:
    """Compare size and time; where those differ, as in a copy of the files, the content."""
    try:
        state = path.stat()
        if [state.st_size, state.st_mtime_ns] == before[:2]:
            return True
        return bool(hashlib.sha256(path.read_bytes()).hexdigest() == before[2])
    except OSError:
        return False


def _keys(bad: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    return [(key, f"{kind} ({why})" if why else kind) for key, kind, why in bad]


def _plain(value: Any, key: str, bad: list[tuple[str, str, str]]) -> Any:
    """Return *value* as JSON has it; what it has no word for is marked, the rest joins *bad*."""
    if value is None or type(value) in {str, int, float, bool}:
        return value
    if isinstance(value, Mapping):
        return _plain_mapping(cast("Mapping[object, object]", value), key, bad)
    if isinstance(value, (list, tuple)):
        entries = cast("list[object]", value)
        plain = [_plain(each, f"{key}.{at}", bad) for at, each in enumerate(entries)]
        return {f"{_MARK}tuple": plain} if isinstance(value, tuple) else plain
    marked = _marked(value)
    if marked is None:
        bad.append((key, f"{type(value).__module__}.{type(value).__qualname__}", ""))
    return marked


def _marked(value: object) -> dict[str, Any] | None:
    """Return one of the values that are written as a name and what it stands for, else None."""
    found: dict[str, Any] | None = None
    if isinstance(value, Enum):
        kind = type(value)
        path = f"{kind.__module__}:{kind.__qualname__}"
        found = {f"{_MARK}enum": [path, value.name]} if _is_importable(kind, path) else None
    elif isinstance(value, Path):
        found = {f"{_MARK}path": str(value)}
    elif isinstance(value, timedelta):
        found = {f"{_MARK}seconds": value.total_seconds()}
    elif isinstance(value, bytes):
        found = {f"{_MARK}bytes": value.hex()}
    return found


def _plain_mapping(
    value: Mapping[object, object], key: str, bad: list[tuple[str, str, str]]
) -> Any:
    plain: dict[str, Any] = {}
    for name, item in value.items():
        path = f"{key}.{name}" if key else str(name)
        if isinstance(name, str):
            plain[name] = _plain(item, path, bad)
        else:
            bad.append((path, type(name).__name__, "a key, which has to be text"))
    if len(plain) == 1 and next(iter(plain)).startswith(_MARK):
        return {f"{_MARK}dict": list(plain.items())}
    return plain


def _is_importable(kind: type, path: str) -> bool:
    try:
        return import_object(path) is kind
    except Exception:  # whatever keeps it from being found, it is not importable
        return False


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(each) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    entries = cast("dict[str, Any]", value)
    name = next(iter(entries), "")
    if len(entries) == 1 and name.startswith(_MARK):
        return _of_mark(name.removeprefix(_MARK), entries[name])
    return {key: _restored(item) for key, item in entries.items()}


def _of_mark(mark: str, value: Any) -> object:
    match mark:
        case "tuple":
            return tuple(_restored(value))
        case "path":
            return Path(value)
        case "seconds":
            return timedelta(seconds=value)
        case "bytes":
            return bytes.fromhex(value)
        case "enum":
            return cast("Any", import_object(value[0]))[value[1]]
        case _:
            return {key: _restored(item) for key, item in value}
