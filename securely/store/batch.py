"""Batch: writes of one tree that happen together."""

from __future__ import annotations

from typing import Generic, TypeVar

from securely.store.keys import Key
from securely.support.durations import Duration
from securely.support.missing import MISSING, Missing

__all__ = ["Batch"]

V = TypeVar("V")


class Batch(Generic[V]):
    """Writes that :meth:`securely.store.Tree.apply_batch` does together, all or none.

    Source: sled 0.34, Batch.

    Example:
        >>> batch = Batch[int]().insert("a", 1).insert("b", 2, "10m").remove("c")
        >>> len(batch)
        3
    """

    def __init__(self) -> None:
        self._writes: dict[Key, tuple[V | Missing, Duration | None]] = {}

    def insert(self, key: Key, value: V, ttl: Duration | None = None) -> Batch[V]:
        """Let *key* have *value*; a later write of the same key replaces this one.

        Args:
            key: The key.
            value: Its value.
            ttl: How long it is kept, counted from when the batch is applied; None for ever.
        """
        # Written again, it stands where it was written last.
        self._writes.pop(key, None)
        self._writes[key] = value, ttl
        return self

    def remove(self, key: Key) -> Batch[V]:
        """Remove *key*."""
        self._writes.pop(key, None)
        self._writes[key] = MISSING, None
        return self

    def writes(self) -> list[tuple[Key, V | Missing, Duration | None]]:
        """Return what is to be written: key, value (MISSING to remove it) and lifetime."""
        return [(key, value, ttl) for key, (value, ttl) in self._writes.items()]

    def __len__(self) -> int:
        return len(self._writes)
