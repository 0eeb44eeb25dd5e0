"""Locking: lock, restore_lock, without_overlapping, funnel: who may, and how many at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from securely.cache.contracts import LockStore
from securely.cache.events import CacheLocksFlushed, CacheLocksFlushing
from securely.cache.exceptions import LocksUnsupported
from securely.cache.funnel import Funnel
from securely.cache.lock import Lock
from securely.cache.place import Place
from securely.support.durations import Duration
from securely.support.steps import Steps, arun, call, run, sync_step

__all__ = ["Locking"]

T = TypeVar("T")


class Locking:
    """Locks over all processes that share the store."""

    @property
    def place(self) -> Place:
        """Where the locks are kept."""
        raise NotImplementedError

    def lock(
        self,
        name: str,
        seconds: Duration | None = 0,
        owner: str | None = None,
        *,
        wait: Duration = 10,
        bound: bool | None = None,
    ) -> Lock:
        """Return a lock, not yet taken; it has nothing to do with a key of that name.

        Args:
            name: Which lock, over all processes that share the store.
            seconds: When a held lock ends by itself; 0 for never; None where that is not known.
            owner: The token of who may release it; None to make one, and to bind the lock to
                this process (see :class:`Lock`).
            wait: How long ``with lock:`` waits before it raises LockTimeout.
            bound: Whether it ends with this process; None for a lock without an *owner*.

        Raises:
            LocksUnsupported: The store has none.
            ValueError: The seconds are less than zero.
        """
        place = self.place
        return Lock(
            _locks(place),
            name,
            seconds,
            owner=owner,
            wait=wait,
            prefix=place.prefix,
            bound=bound,
        )

    def restore_lock(self, name: str, owner: str) -> Lock:
        """Return the lock that *owner* holds, to release it: the token came from elsewhere.

        It does not know for how long it was made: ``refresh`` wants to be told.
        """
        return self.lock(name, None, owner)

    def flush_locks(self) -> None:
        """Free every lock of the store with this repository's prefix, whoever holds it.

        Who holds one goes on as if he did: it is for a store that nobody uses.

        Raises:
            LocksUnsupported: The store has none.
        """
        run(self._flush_locks(self.place))

    async def aflush_locks(self) -> None:
        """Async twin of :meth:`flush_locks`."""
        await arun(self._flush_locks(self.place))

    def without_overlapping(
        self,
        name: str,
        callback: Callable[[], T],
        lock_for: Duration = 0,
        wait_for: Duration = 10,
        owner: str | None = None,
    ) -> T:
        """Return what *callback* returns, when nobody else is at what is called *name*.

        Args:
            name: Which lock.
            callback: What is done.
            lock_for: When the lock ends by itself; 0 for never.
            wait_for: How long it is waited for.
            owner: The token of who holds it; None to make one.

        Raises:
            LockTimeout: Somebody else was at it for too long.
        """
        step = sync_step(callback, "awithout_overlapping")
        return self.lock(name, lock_for, owner).block(wait_for, lambda: run(step))

    @overload
    async def awithout_overlapping(
        self,
        name: str,
        callback: Callable[[], Awaitable[T]],
        lock_for: Duration = 0,
        wait_for: Duration = 10,
        owner: str | None = None,
    ) -> T: ...
    @overload
    async def awithout_overlapping(
        self,
        name: str,
        callback: Callable[[], T],
        lock_for: Duration = 0,
        wait_for: Duration = 10,
        owner: str | None = None,
    ) -> T: ...
    async def awithout_overlapping(
        self,
        name: str,
        callback: Callable[[], Any],
        lock_for: Duration = 0,
        wait_for: Duration = 10,
        owner: str | None = None,
    ) -> Any:
        """Async twin of :meth:`without_overlapping`."""
        return await self.lock(name, lock_for, owner).ablock(wait_for, callback)

    def funnel(self, name: str) -> Funnel:
        """Begin ``funnel(name).limit(3).block(5)``: so many at a time, over all processes."""
        return Funnel(self, name)

    def _flush_locks(self, place: Place) -> Steps[None]:
        locks = _locks(place)
        yield from place.tell(CacheLocksFlushing(place.name))
        yield from call(locks.flush_locks, locks.aflush_locks, place.prefix)
        yield from place.tell(CacheLocksFlushed(place.name))


def _locks(place: Place) -> LockStore:
    if not isinstance(place.store, LockStore):
        raise LocksUnsupported(place.name)
    return place.store
