"""CacheHit, CacheMissed, KeyWritten, KeyForgotten, CacheFlushed …

Each names the store and the key as the caller wrote it, without the prefix. They are made only
when somebody listens. ``increment``, ``decrement``, ``touch``, ``ttl`` and locks emit nothing,
but for CacheFailedOver.

Source: Laravel 13, Illuminate\\Cache\\Events.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "CacheEvent",
    "CacheFailedOver",
    "CacheFlushed",
    "CacheFlushing",
    "CacheHit",
    "CacheLocksFlushed",
    "CacheLocksFlushing",
    "CacheMissed",
    "ForgettingKey",
    "KeyForgetFailed",
    "KeyForgotten",
    "KeyWritten",
    "RetrievingKey",
    "RetrievingManyKeys",
    "WritingKey",
    "WritingManyKeys",
]


@dataclass(frozen=True, slots=True)
class CacheEvent:
    """What all events of the cache have.

    Attributes:
        store: The name of the store.
        tags: What the keys are seen through; empty for keys without tags.
    """

    store: str
    tags: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class RetrievingKey(CacheEvent):
    """A key is about to be read."""

    key: str


@dataclass(frozen=True, slots=True)
class RetrievingManyKeys(CacheEvent):
    """Several keys are about to be read at once."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheHit(CacheEvent):
    """A key was there."""

    key: str
    value: object


@dataclass(frozen=True, slots=True)
class CacheMissed(CacheEvent):
    """A key was not there."""

    key: str


@dataclass(frozen=True, slots=True)
class WritingKey(CacheEvent):
    """A value is about to be written; *seconds* is its lifetime, None for ever."""

    key: str
    value: object
    seconds: float | None


@dataclass(frozen=True, slots=True)
class WritingManyKeys(CacheEvent):
    """Several values are about to be written at once."""

    keys: tuple[str, ...]
    values: tuple[object, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class KeyWritten(CacheEvent):
    """A value was written; *seconds* is its lifetime, None for ever."""

    key: str
    value: object
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ForgettingKey(CacheEvent):
    """A key is about to be removed."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyForgotten(CacheEvent):
    """A key was removed."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyForgetFailed(CacheEvent):
    """A key was to be removed and was not there."""

    key: str


@dataclass(frozen=True, slots=True)
class CacheFlushing(CacheEvent):
    """All keys of a store are about to be removed."""


@dataclass(frozen=True, slots=True)
class CacheFlushed(CacheEvent):
    """All keys of a store were removed."""


@dataclass(frozen=True, slots=True)
class CacheLocksFlushing(CacheEvent):
    """All locks of a store are about to be freed."""


@dataclass(frozen=True, slots=True)
class CacheLocksFlushed(CacheEvent):
    """All locks of a store were freed."""


@dataclass(frozen=True, slots=True)
class CacheFailedOver(CacheEvent):
    """A store of a failover did not answer, and the next one is asked.

    Told once until it answers again. *error* says what was wrong.
    """

    error: Exception
