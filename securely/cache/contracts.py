"""Store, LockStore: what a cache driver must do; times in seconds. Seal: what signs.

A driver is handed whole keys (the repository has put the prefix before them) and lifetimes that
are greater than zero. A driver that is natural in one colour inherits the other from
:mod:`securely.cache.drivers.base`. ``securely.testing.suites.cache.StoreSuite`` proves a driver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from securely.support.missing import Missing

__all__ = ["LockStore", "MeasuredStore", "Recalling", "ReservedKey", "Seal", "Store"]


class ReservedKey(str):
    """A key of the cache itself: a repository beneath takes it, which refuses a user's like it."""

    __slots__ = ()


class Seal(Protocol):
    """What signs the entries that leave the process; a Signer of the encryption is one."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*: 32 bytes."""
        ...

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is the signature of *data*."""
        ...


class Store(Protocol):
    """What a cache driver must do. Lifetimes are seconds; None means until evicted.

    Every method may raise StoreUnavailable, and InvalidKey for a key that has no written form. An
    expired entry is an absent one everywhere. Each method is atomic: also among processes, where
    the store is shared by processes.
    """

    def get(self, key: str) -> object:
        """Return the value, or MISSING. A stored None is a value."""
        ...

    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""
        ...

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        ...

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        ...

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there, its lifetime included."""
        ...

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""
        ...

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* with one lifetime."""
        ...

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        ...

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        ...

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""
        ...

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum; an absent one starts at 0.

        A lifetime that the entry has is kept; *seconds* is given to a new entry only.

        Raises:
            NotNumeric: The value is no number.
        """
        ...

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""
        ...

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING; of two callers one gets the value."""
        ...

    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""
        ...

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime, counted from now; return whether it is there."""
        ...

    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""
        ...

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for an entry without an end, or MISSING."""
        ...

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        ...

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        ...

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        ...

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*; locks stay."""
        ...

    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""
        ...

    def prune(self) -> int:
        """Remove what has expired; return how many entries that were."""
        ...

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        ...

    def close(self) -> None:
        """Give connections and files back; the store opens them again when it is used again."""
        ...

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        ...


@runtime_checkable
class MeasuredStore(Protocol):
    """What a driver does that can say how full it is."""

    def stats(self, prefix: str) -> dict[str, int | float | str]:
        """Return figures by name: ``entries`` with *prefix*, ``bytes`` on disk, limits …"""
        ...

    async def astats(self, prefix: str) -> dict[str, int | float | str]:
        """Async twin of :meth:`stats`."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """What a store does that may answer from a memory of its own: also look past it."""

    def fresh(self, key: str) -> object:
        """Return the value as it is now, or MISSING."""
        ...

    async def afresh(self, key: str) -> object:
        """Async twin of :meth:`fresh`."""
        ...


@runtime_checkable
class LockStore(Protocol):
    """What a driver with locks must do. Names are whole; None seconds means no end.

    A lock is never evicted, not flushed with the values, and never released by a stranger.
    """

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it; return whether it was taken.

        A lock that *owner* holds already is not taken again.

        Args:
            name: The lock.
            owner: A token; who knows it may refresh and release.
            seconds: When the lock ends by itself; None for never.
            bound: Whether the lock ends with this process, however that dies, where the
                driver can tell. A driver that can not tell relies on *seconds* alone.
        """
        ...

    async def aacquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Async twin of :meth:`acquire`."""
        ...

    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""
        ...

    async def arelease(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`release`."""
        ...

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it; return whether it does."""
        ...

    async def arefresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Async twin of :meth:`refresh`."""
        ...

    def detach(self, name: str, owner: str) -> bool:
        """Let the lock outlive this process if *owner* holds it; return whether it does."""
        ...

    async def adetach(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`detach`."""
        ...

    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""
        ...

    async def aholder(self, name: str) -> str | None:
        """Async twin of :meth:`holder`."""
        ...

    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        ...

    async def aforce_release(self, name: str) -> bool:
        """Async twin of :meth:`force_release`."""
        ...

    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it; values stay."""
        ...

    async def aflush_locks(self, prefix: str) -> None:
        """Async twin of :meth:`flush_locks`."""
        ...
