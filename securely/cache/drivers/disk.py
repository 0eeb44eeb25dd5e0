"""On diskcache: many processes, one machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from securely.cache.contracts import Seal
from securely.cache.drivers.base import SyncLocks, SyncStore
from securely.cache.drivers.disk_entries import Entries, Entry, Limits
from securely.cache.drivers.disk_holders import Holders
from securely.cache.exceptions import EntryRefused, NotNumeric, StoreUnavailable
from securely.cache.manager import Materials
from securely.cache.options import DiskOptions
from securely.support import clock
from securely.support.missing import MISSING, Missing
from securely.support.serializer import Serializer

__all__ = ["DiskStore"]


class DiskStore(SyncStore, SyncLocks):
    """Values and locks in two diskcache directories, for all processes of one machine.

    Values may be evicted when there is no room; locks never are, which is why they lie apart.
    Every entry is signed (:class:`securely.cache.drivers.disk_entries.Entries`). A bound lock
    knows the process that holds it, and is free the moment that process is gone
    (:class:`securely.cache.drivers.disk_holders.Holders`).

    Args:
        directory: Where values lie; locks lie in ``locks`` under it.
        seal: What signs, such as ``keys.purpose("cache")``.
        name: The store's name, for errors, and part of what is signed.
        serializer: What turns values into bytes.
        report: Told of each entry that is refused.
        limits: How much is kept, and how long a writer waits.
    """

    def __init__(
        self,
        directory: Path,
        seal: Seal,
        *,
        name: str = "disk",
        serializer: Serializer | None = None,
        report: Callable[[EntryRefused], None] = lambda _: None,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        self._name = name
        self._lock_directory = directory / "locks"
        self._values = Entries(
            directory,
            store=name,
            kind="values",
            seal=seal,
            serializer=serializer or Serializer(),
            report=report,
            limits=limits,
        )
        self._locks = Entries(
            self._lock_directory,
            store=name,
            kind="locks",
            seal=seal,
            serializer=Serializer(),
            report=report,
            # A lock goes when it has ended and at no other time, however many there are.
            limits=replace(limits, eviction="none"),
        )
        self._holders = Holders(self._lock_directory / "holders")

    @classmethod
    def build(cls, name: str, options: DiskOptions, materials: Materials) -> DiskStore:
        """Return the store *name* as its options have it."""
        return cls(
            materials.locate(options.path),
            materials.seal(),
            name=name,
            serializer=Serializer(resolve=materials.resolve, setting=materials.setting),
            report=materials.report,
            limits=Limits(
                size_bytes_max=options.size_bytes_max,
                value_bytes_max=options.value_bytes_max,
                eviction=options.eviction,
                busy_seconds=options.busy_seconds,
            ),
        )

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        entry = self._values.get(key)
        return MISSING if entry is None else entry.value

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        return {key: entry.value for key, entry in self._values.many(keys).items()}

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        self._values.put(key, value, _end(seconds))

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* or none, in one transaction."""
        self._values.put_many(values, _end(seconds))

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        with self._values.transaction():
            if self._values.get(key) is not None:
                return False
            self._values.put(key, value, _end(seconds))
            return True

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum.

        Reading, adding, signing and writing are one transaction: no process can come between.
        """
        with self._values.transaction():
            entry = self._values.get(key)
            if entry is None:
                self._values.put(key, by, _end(seconds))
                return by
            value = entry.value
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise NotNumeric(key, type(value).__name__)
            total = value + by
            self._values.put(key, total, entry.expires)
            return total

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        with self._values.transaction():
            entry = self._values.get(key)
            if entry is None:
                return MISSING
            self._values.remove(entry)
            return entry.value

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        with self._values.transaction():
            entry = self._values.get(key)
            if entry is None:
                return False
            # Written anew, since the signature covers the end of the lifetime.
            self._values.put(key, entry.value, _end(seconds))
            return True

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        entry = self._values.get(key)
        if entry is None:
            return MISSING
        return None if entry.expires is None else entry.expires - clock.timestamp()

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return self.pull(key) is not MISSING

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*; locks stay."""
        self._values.flush(prefix)

    def prune(self) -> int:
        """Remove expired values, ended locks, and the files of dead holders."""
        self._locks.prune()
        self._holders.sweep()
        return self._values.prune()

    def close(self) -> None:
        """Close the files; the locks of this process stay held."""
        self._values.close()
        self._locks.close()

    def stats(self, prefix: str) -> dict[str, int | float | str]:
        """Return the directory, entries and locks with *prefix*, and bytes of how many."""
        entries, used = self._values.measure(prefix)
        return {
            "entries": entries,
            "locks": self._locks.measure(prefix)[0],
            "bytes": used,
            "bytes_max": self._values.bytes_max,
            "path": str(self._lock_directory.parent),
        }

    async def astats(self, prefix: str) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        return await self._aside(self.stats, prefix)

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it, or its holder's process is gone."""
        # Most that wait look in vain: they must not queue for the write lock to do so.
        if self._holding(name) is not None:
            return False
        token = self._token() if bound else None
        with self._locks.transaction():
            if self._holding(name) is not None:
                return False
            self._locks.put(name, [owner, token], _end(seconds))
            return True

    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""
        with self._locks.transaction():
            entry = self._held_by(name, owner)
            if entry is None:
                return False
            self._locks.remove(entry)
            return True

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it."""
        with self._locks.transaction():
            entry = self._held_by(name, owner)
            if entry is None:
                return False
            self._locks.put(name, entry.value, _end(seconds))
            return True

    def detach(self, name: str, owner: str) -> bool:
        """Let the lock outlive this process if *owner* holds it."""
        with self._locks.transaction():
            entry = self._held_by(name, owner)
            if entry is None:
                return False
            self._locks.put(name, [owner, None], entry.expires)
            return True

    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""
        entry = self._holding(name)
        return None if entry is None else _owner(entry)[0]

    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        with self._locks.transaction():
            entry = self._holding(name)
            if entry is None:
                return False
            self._locks.remove(entry)
            return True

    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it."""
        self._locks.flush(prefix)

    def _holding(self, name: str) -> Entry | None:
        """Return the lock's entry if somebody holds it who lives."""
        entry = self._locks.get(name)
        if entry is None:
            return None
        token = _owner(entry)[1]
        return entry if token is None or self._lives(token) else None

    def _held_by(self, name: str, owner: str) -> Entry | None:
        entry = self._holding(name)
        return entry if entry is not None and _owner(entry)[0] == owner else None

    def _token(self) -> str | None:
        try:
            return self._holders.token()
        except OSError as error:
            raise self._unavailable(error) from error

    def _lives(self, token: str) -> bool:
        try:
            return self._holders.is_alive(token)
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(self._name, str(self._lock_directory), str(error))


def _owner(entry: Entry) -> tuple[str, str | None]:
    """Return the owner of a lock, and the token of its process if it is bound to one."""
    # The signature says that we wrote it, so it has the form in which we write it.
    return tuple(cast("list[Any]", entry.value))


def _end(seconds: float | None) -> float | None:
    return None if seconds is None else clock.timestamp() + seconds
