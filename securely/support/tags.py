"""The tags of the serializer: how what JSON does not have is written, and read back."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

__all__ = [
    "CONTAINERS",
    "INTEGER_LIMIT",
    "LEAVES",
    "PATHS",
    "SEQUENCES",
    "TAGS",
    "class_name",
    "has_surrogates",
    "items_of",
    "looks_tagged",
    "path_kind",
]

# Other readers of JSON, and older versions of msgspec, lose what does not fit in 64 bits.
INTEGER_LIMIT: Final = 2**63


def looks_tagged(items: Mapping[Any, object]) -> bool:
    """Tell whether *items* has one key, and that begins with ``$``: what a tag looks like."""
    if len(items) != 1:
        return False
    (key,) = items
    return isinstance(key, str) and key.startswith("$")


def class_name(cls: type) -> str:
    """Return the dotted name of *cls*."""
    return f"{cls.__module__}.{cls.__qualname__}"


def path_kind(path: PurePath) -> str:
    """Return the name in :data:`PATHS` that gives back a path of this kind, on any system."""
    if isinstance(path, Path):
        return "Path"
    return "PureWindowsPath" if isinstance(path, PureWindowsPath) else "PurePosixPath"


def has_surrogates(text: str) -> bool:
    """Tell whether *text* holds half a surrogate pair, which UTF-8 does not have."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def items_of(content: object) -> list[object]:
    """Return *content*, which must be a list.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(content, list):
        raise TypeError("not a list")
    return cast("list[object]", content)


def _moment(value: datetime | time) -> object:
    # An offset does not say which rules it came from: a zone is written by its name, with the
    # wall time as it stands, and which of the two passes through an autumn hour is meant.
    if isinstance(value.tzinfo, ZoneInfo):
        return [value.replace(tzinfo=None).isoformat(), value.tzinfo.key, value.fold]
    return [value.isoformat(), None, value.fold] if value.fold else value.isoformat()


def _datetime(content: object) -> datetime:
    if isinstance(content, str):
        return datetime.fromisoformat(content)
    wall, zone, fold = cast("list[Any]", items_of(content))
    moment = datetime.fromisoformat(wall).replace(fold=fold)
    return moment if zone is None else moment.replace(tzinfo=_zone(zone))


def _time(content: object) -> time:
    if isinstance(content, str):
        return time.fromisoformat(content)
    wall, zone, fold = cast("list[Any]", items_of(content))
    moment = time.fromisoformat(wall).replace(fold=fold)
    return moment if zone is None else moment.replace(tzinfo=_zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("an unknown time zone") from error


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _float(value: float) -> object:
    return value if math.isfinite(value) else {"$float": str(value)}


def _int(value: int) -> object:
    return value if -INTEGER_LIMIT <= value < INTEGER_LIMIT else {"$int": hex(value)}


def _text(value: str) -> object:
    if value.isascii() or not has_surrogates(value):
        return value
    return {"$text": base64.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")}


LEAVES: Final[Mapping[type, Callable[[Any], object]]] = {
    str: _text,
    int: _int,
    float: _float,
    bytes: lambda value: {"$bytes": base64.b64encode(value).decode("ascii")},
    datetime: lambda value: {"$datetime": _moment(value)},
    date: lambda value: {"$date": value.isoformat()},
    time: lambda value: {"$time": _moment(value)},
    timedelta: lambda value: {"$timedelta": [value.days, value.seconds, value.microseconds]},
    Decimal: lambda value: {"$decimal": str(value)},
    UUID: lambda value: {"$uuid": str(value)},
}
"""How values that hold no others are written."""

SEQUENCES: Final[Mapping[type, str]] = {tuple: "$tuple", set: "$set", frozenset: "$frozenset"}
"""The tag of each kind of sequence that is not a list."""

CONTAINERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
}
"""What makes such a sequence of its items."""

PATHS: Final[Mapping[str, type[PurePath]]] = {
    "Path": Path,
    "PurePosixPath": PurePosixPath,
    "PureWindowsPath": PureWindowsPath,
}
"""The kinds of paths."""

TAGS: Final[Mapping[str, Callable[[Any], object]]] = {
    "$int": lambda content: int(content, 16),
    "$float": float,
    "$bytes": _bytes,
    "$text": lambda content: _bytes(content).decode("utf-8", "surrogatepass"),
    "$datetime": _datetime,
    "$date": date.fromisoformat,
    "$time": _time,
    "$timedelta": lambda content: timedelta(*content),
    "$decimal": Decimal,
    "$uuid": UUID,
}
"""How they are read back."""
