"""In memory, bounded; also the test driver."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from securely.cache.drivers.base import SyncLocks, SyncStore
from securely.cache.exceptions import InvalidKey, NotNumeric
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions
from securely.support import clock
from securely.support.forking import renew_after_fork
from securely.support.missing import MISSING, Missing
from securely.support.serializer import Serializer

__all__ = ["ArrayStore"]

# What nobody can change: kept as it is, which spares the serializer on both ways. Exact types
# only, since a subclass may carry more than its value.
_IMMUTABLE: Final = frozenset({type(None), bool, int, float, str, bytes})

# Ended locks are swept when there are this many, then whenever their number has doubled.
_SWEEP_LOCKS: Final = 1_024


_PLAIN: Final = Serializer()


class _Entry(NamedTuple):
    value: object
    encoded: bool
    expires: float | None


class ArrayStore(SyncStore, SyncLocks):
    """Values in this process's memory; the one used longest ago goes when it is full.

    Values are kept serialized, so that changing a list after storing it (or after reading it)
    does not change the cache. Nothing waits here: the async twins stay on the loop's thread.

    Args:
        entries_max: How many entries are kept.
        serializer: How values are kept; None to keep the objects themselves, mutable as they
            are.

    Example:
        >>> store = ArrayStore()
        >>> names = ["ann"]
        >>> store.put("names", names, 60)
        >>> names.append("bob")
        >>> store.get("names")
        ['ann']
    """

    waits = False

    def __init__(
        self, *, entries_max: int = 10_000, serializer: Serializer | None = _PLAIN
    ) -> None:
        self._entries_max = entries_max
        self._serializer = serializer
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._locks: dict[str, tuple[str, float | None]] = {}
        self._sweep_at = _SWEEP_LOCKS
        # Reads take no lock: each is one step of a dict. Writes look before they leap.
        self._mutex = threading.RLock()
        renew_after_fork(self, "_mutex", threading.RLock)

    @classmethod
    def build(cls, name: str, options: ArrayOptions, materials: Materials) -> ArrayStore:
        """Return the store *name* as its options have it."""
        serializer = (
            Serializer(resolve=materials.resolve, setting=materials.setting)
            if options.serialize
            else None
        )
        return cls(entries_max=options.entries_max, serializer=serializer)

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        entry = self._entries.get(key)
        if entry is None:
            InvalidKey.check(key)
            return MISSING
        value, encoded, expires = entry
        if expires is not None and expires <= clock.monotonic():
            return MISSING
        try:  # noqa: SIM105  # `suppress` took a third of the time of a read
            self._entries.move_to_end(key)
        except KeyError:
            pass  # removed by another thread since the look above
        return self._decoded(value) if encoded else value

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        InvalidKey.check(key)
        entry = self._entry(value, seconds)
        with self._mutex:
            self._set(key, entry)

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values*, or none if one of them can not be serialized."""
        for key in values:
            InvalidKey.check(key)
        entries = [(key, self._entry(value, seconds)) for key, value in values.items()]
        with self._mutex:
            for key, entry in entries:
                self._set(key, entry)

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        entry = self._entry(value, seconds)
        with self._mutex:
            if self._live(key) is not None:
                return False
            self._set(key, entry)
            return True

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum."""
        with self._mutex:
            entry = self._live(key)
            if entry is None:
                self._set(key, self._entry(by, seconds))
                return by
            value = entry.value
            if type(value) is not int and type(value) is not float:
                shown = self._decoded(value) if entry.encoded else value
                raise NotNumeric(key, type(shown).__name__)
            total = value + by
            self._set(key, entry._replace(value=total))
            return total

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        with self._mutex:
            entry = self._live(key)
            self._entries.pop(key, None)
        if entry is None:
            return MISSING
        return self._decoded(entry.value) if entry.encoded else entry.value

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        with self._mutex:
            entry = self._live(key)
            if entry is None:
                return False
            self._set(key, entry._replace(expires=_end(seconds)))
            return True

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        entry = self._live(key)
        if entry is None:
            return MISSING
        return None if entry.expires is None else entry.expires - clock.monotonic()

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        with self._mutex:
            was_there = self._live(key) is not None
            self._entries.pop(key, None)
            return was_there

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*; locks stay."""
        InvalidKey.check(prefix)
        with self._mutex:
            if not prefix:
                self._entries.clear()
                return
            for key in [key for key in self._entries if key.startswith(prefix)]:
                del self._entries[key]

    def prune(self) -> int:
        """Remove what has expired; return how many entries that were."""
        with self._mutex:
            expired = [key for key in self._entries if self._live(key) is None]
            for key in expired:
                del self._entries[key]
            self._sweep_locks()
            return len(expired)

    def stats(self, prefix: str) -> dict[str, int | float | str]:
        """Return how many entries with *prefix* there are, of how many, and how many locks."""
        with self._mutex:
            live = sum(
                key.startswith(prefix) and self._live(key) is not None for key in self._entries
            )
            self._sweep_locks()
            locks = sum(name.startswith(prefix) for name in self._locks)
            return {"entries": live, "entries_max": self._entries_max, "locks": locks}

    async def astats(self, prefix: str) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        return self.stats(prefix)

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it. Its holders die with the store: all are bound."""
        with self._mutex:
            if self.holder(name) is not None:
                return False
            if len(self._locks) >= self._sweep_at:
                self._sweep_locks()
            self._locks[name] = (owner, _end(seconds))
            return True

    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""
        with self._mutex:
            return self.holder(name) == owner and self._locks.pop(name, None) is not None

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it."""
        with self._mutex:
            if self.holder(name) != owner:
                return False
            self._locks[name] = (owner, _end(seconds))
            return True

    def detach(self, name: str, owner: str) -> bool:
        """Return whether *owner* holds the lock; it can not outlive this process's memory."""
        return self.holder(name) == owner

    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""
        lock = self._locks.get(name)
        if lock is None:
            InvalidKey.check(name)
            return None
        owner, ends = lock
        return owner if ends is None or ends > clock.monotonic() else None

    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        with self._mutex:
            was_held = self.holder(name) is not None
            self._locks.pop(name, None)
            return was_held

    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it."""
        InvalidKey.check(prefix)
        with self._mutex:
            for name in [name for name in self._locks if name.startswith(prefix)]:
                del self._locks[name]

    def _entry(self, value: object, seconds: float | None) -> _Entry:
        if self._serializer is None or type(value) in _IMMUTABLE:
            return _Entry(value, False, _end(seconds))
        return _Entry(self._serializer.encode(value), True, _end(seconds))

    def _decoded(self, value: object) -> object:
        assert self._serializer is not None and isinstance(value, bytes)  # noqa: S101, PT018  # encoded by _entry
        return self._serializer.decode(value)

    def _live(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            InvalidKey.check(key)  # here alone, since no entry has one that is not valid
            return None
        return None if entry.expires is not None and entry.expires <= clock.monotonic() else entry

    def _set(self, key: str, entry: _Entry) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def _sweep_locks(self) -> None:
        for name in [name for name in self._locks if self.holder(name) is None]:
            del self._locks[name]
        self._sweep_at = max(_SWEEP_LOCKS, 2 * len(self._locks))


def _end(seconds: float | None) -> float | None:
    return None if seconds is None else clock.monotonic() + seconds
