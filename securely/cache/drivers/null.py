"""Stores nothing."""

from __future__ import annotations

from securely.cache.drivers.base import SyncLocks, SyncStore
from securely.cache.manager import Materials
from securely.cache.options import NullOptions
from securely.support.missing import MISSING, Missing

__all__ = ["NullStore"]


class NullStore(SyncStore, SyncLocks):
    """A store that accepts everything and keeps nothing; every lock is free.

    To turn caching off without touching the code that caches.

    Example:
        >>> store = NullStore()
        >>> store.put("key", "value", 60)
        >>> store.get("key")
        MISSING
    """

    waits = False

    @classmethod
    def build(cls, name: str, options: NullOptions, materials: Materials) -> NullStore:
        """Return the store *name*; there is nothing to say about it."""
        return cls()

    def get(self, key: str) -> object:
        """Return MISSING."""
        return MISSING

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Do nothing."""

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Return True: the key is always absent."""
        return True

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Return *by*: every count begins at 0."""
        return by

    def pull(self, key: str) -> object:
        """Return MISSING."""
        return MISSING

    def touch(self, key: str, seconds: float | None) -> bool:
        """Return False."""
        return False

    def ttl(self, key: str) -> float | Missing | None:
        """Return MISSING."""
        return MISSING

    def forget(self, key: str) -> bool:
        """Return False."""
        return False

    def flush(self, prefix: str) -> None:
        """Do nothing."""

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Return True: nobody ever holds it."""
        return True

    def release(self, name: str, owner: str) -> bool:
        """Return True, as to a holder."""
        return True

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Return True, as to a holder."""
        return True

    def detach(self, name: str, owner: str) -> bool:
        """Return True, as to a holder."""
        return True

    def holder(self, name: str) -> str | None:
        """Return None."""
        return None

    def force_release(self, name: str) -> bool:
        """Return False."""
        return False

    def flush_locks(self, prefix: str) -> None:
        """Do nothing."""
