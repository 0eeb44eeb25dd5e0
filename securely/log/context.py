"""Fields that follow a request or job: each task has its own, its children inherit a copy."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

__all__ = ["add", "adding", "clear", "drop", "fields", "held"]

_EMPTY: Final[Mapping[str, object]] = MappingProxyType({})
_NOTHING: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType({})

# Channel -> its fields. Never changed in place: a task that inherits it must not be changed too.
_fields: ContextVar[Mapping[str, Mapping[str, object]]] = ContextVar(
    "securely_log_context", default=_NOTHING
)


held: Final = _fields.get
"""Returns the fields of every channel of this task; asked for each message, it costs one call."""


def fields(channel: str) -> Mapping[str, object]:
    """Return the fields that *channel* adds to every message of this task."""
    return _fields.get().get(channel, _EMPTY)


def add(channel: str, more: Mapping[str, object]) -> None:
    """Add *more* to the fields of *channel* in this task."""
    _fields.set({**_fields.get(), channel: {**fields(channel), **more}})


def drop(channel: str, names: tuple[str, ...]) -> None:
    """Remove the fields *names* of *channel* in this task; all of them when *names* is empty."""
    kept = {name: value for name, value in fields(channel).items() if names and name not in names}
    _fields.set({**_fields.get(), channel: kept})


def clear() -> None:
    """Remove the fields of every channel in this task: a new request or job begins."""
    _fields.set(_NOTHING)


@contextmanager
def adding(channel: str, more: Mapping[str, object]) -> Generator[None]:
    """Add *more* to the fields of *channel* within the block."""
    token = _fields.set({**_fields.get(), channel: {**fields(channel), **more}})
    try:
        yield
    finally:
        _fields.reset(token)
