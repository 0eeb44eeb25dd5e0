"""Through: job middleware of one dispatch, as it travels in the payload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from securely.queue.exceptions import InvalidPayload, NotQueueable, UnknownJob
from securely.support.importing import ImportFailed, dotted, import_object
from securely.support.serializer import Serializer, Undecodable, Unserializable

__all__ = ["Written", "pack", "unpack"]

Written: TypeAlias = list[tuple[str, str]]
"""Of each middleware where it is imported from, and its attributes in tagged JSON."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A class or function among the attributes, such as an exception that is meant."""

    path: str


_SERIALIZER: Final = Serializer([_Named])


def pack(stages: Sequence[object]) -> Written:
    """Return *stages* as they are written: functions by name, others by class and attributes.

    Raises:
        NotQueueable: A worker could not import one, or an attribute has no written form.
    """
    return [_packed(stage) for stage in stages]


def unpack(written: Sequence[tuple[str, str]], renamed: Callable[[str], str] = str) -> list[object]:
    """Return what :func:`pack` wrote, restored without calling `__init__`.

    Args:
        written: What was written.
        renamed: Gives the path of today for one that was written.

    Raises:
        UnknownJob: A class or function is gone, or is no middleware.
        InvalidPayload: Its attributes can not be read.
    """
    return [_unpacked(path, attributes, renamed) for path, attributes in written]


def _packed(stage: object) -> tuple[str, str]:
    if not callable(getattr(stage, "handle", stage)):
        raise NotQueueable(type(stage).__qualname__, 'it is no middleware: it has no "handle".')
    if isinstance(stage, type):
        name = f"{stage.__module__}.{stage.__qualname__}"
        raise NotQueueable(name, f"it is a class. Give an instance: through([{stage.__name__}()]).")
    if _has_name(stage):
        return _path(stage), ""
    name = dotted(type(stage))
    try:
        return _path(type(stage)), _SERIALIZER.encode(_lowered(_attributes(stage))).decode()
    except Unserializable as error:
        raise NotQueueable(f"{name}.{error.path}", str(error)) from error


def _attributes(stage: object) -> dict[str, object]:
    state: dict[str, object] = dict(getattr(stage, "__dict__", {}))
    for owner in type(stage).__mro__:
        slots: str | tuple[str, ...] = vars(owner).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__") and hasattr(stage, name):
                state[name] = getattr(stage, name)
    return state


def _unpacked(path: str, attributes: str, renamed: Callable[[str], str]) -> object:
    found = _imported(renamed(path))
    if not attributes:
        return found
    if not isinstance(found, type) or not callable(getattr(found, "handle", None)):
        raise UnknownJob(path, "it is no middleware")
    try:
        state = _raised(_SERIALIZER.decode(attributes.encode()), renamed)
    except Undecodable as error:
        raise InvalidPayload(f"{path}: {error}") from error
    stage = cast(object, object.__new__(found))
    for name, value in cast("dict[str, object]", state).items():
        object.__setattr__(stage, name, value)
    return stage


def _has_name(value: object) -> bool:
    return isinstance(value, type) or hasattr(value, "__qualname__")


def _path(value: Any) -> str:
    path = f"{value.__module__}:{value.__qualname__}"
    try:
        found = import_object(path)
    except ImportFailed:
        found = None
    if found is not value:
        raise NotQueueable(
            f"{value.__module__}.{value.__qualname__}",
            "a worker imports middleware, and what it names, by its name. Move it to the top of a "
            "module; instead of a lambda, use a function there.",
        )
    return path


def _lowered(value: object) -> object:
    if _has_name(value):
        return _Named(_path(value))
    return _mapped(_lowered, value)


def _raised(value: object, renamed: Callable[[str], str]) -> object:
    if isinstance(value, _Named):
        return _imported(renamed(value.path))
    return _mapped(lambda item: _raised(item, renamed), value)


def _mapped(change: Callable[[object], object], value: object) -> object:
    """Return *value* with *change* made to what it holds."""
    if isinstance(value, (list, tuple)):
        items = [change(item) for item in cast("Sequence[object]", value)]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {key: change(item) for key, item in cast("dict[str, object]", value).items()}
    return value


def _imported(path: str) -> object:
    try:
        return import_object(path)
    except ImportFailed as error:
        raise UnknownJob(path, error.reason) from error
