"""SyncStore and SyncLocks give the async twins, AsyncStore the sync ones; LayeredStore both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, ClassVar, ParamSpec, Protocol, TypeVar, cast

from securely.cache.contracts import LockStore
from securely.cache.exceptions import LocksUnsupported
from securely.cache.repository import Repository
from securely.support.finishing import finished
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, call, run

__all__ = ["AsyncStore", "LayeredStore", "SyncLocks", "SyncStore", "Use"]

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class _Aside:
    """How a method that is natural in sync is run for the loop: in a thread, or at once."""

    waits: ClassVar[bool] = True
    """Whether the sync methods may wait (for a disk, a lock). Those of memory do not."""

    async def _aside(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.waits:
            return await _in_thread(function, *args, **kwargs)
        return function(*args, **kwargs)


class SyncStore(_Aside, ABC):
    """A store that is natural in sync: its async twins run it in a thread.

    A subclass writes the sync methods; ``many`` and ``put_many`` only where it can do better
    than one key after the other. It says ``waits = False`` if it never leaves memory: then the
    twins stay on the loop's thread.
    """

    @abstractmethod
    def get(self, key: str) -> object:
        """Return the value, or MISSING."""

    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""
        return await self._aside(self.get, key)

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        found = ((key, self.get(key)) for key in keys)
        return {key: value for key, value in found if value is not MISSING}

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        return await self._aside(self.many, keys)

    @abstractmethod
    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""
        await self._aside(self.put, key, value, seconds)

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* with one lifetime."""
        for key, value in values.items():
            self.put(key, value, seconds)

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        await self._aside(self.put_many, values, seconds)

    @abstractmethod
    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""
        return await self._aside(self.add, key, value, seconds)

    @abstractmethod
    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum."""

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""
        return await self._aside(self.increment, key, by, seconds)

    @abstractmethod
    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""

    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""
        return await self._aside(self.pull, key)

    @abstractmethod
    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""

    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""
        return await self._aside(self.touch, key, seconds)

    @abstractmethod
    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        return await self._aside(self.ttl, key)

    @abstractmethod
    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        return await self._aside(self.forget, key)

    @abstractmethod
    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*."""

    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""
        await self._aside(self.flush, prefix)

    def prune(self) -> int:
        """Remove what has expired; 0 for a store that does so by itself."""
        return 0

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return await self._aside(self.prune)

    def close(self) -> None:  # most stores have nothing to give back
        """Give connections and files back."""

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        await self._aside(self.close)


class SyncLocks(_Aside, ABC):
    """Locks that are natural in sync: their async twins run them in a thread."""

    @abstractmethod
    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it; return whether it was taken."""

    async def aacquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Async twin of :meth:`acquire`."""
        if not self.waits:
            return self.acquire(name, owner, seconds, bound=bound)

        async def give_back(taken: bool | None) -> None:
            if taken:
                await _in_thread(self.release, name, owner)

        # The thread goes on when who awaits it is cancelled.
        taking = _in_thread(self.acquire, name, owner, seconds, bound=bound)
        return await finished(taking, give_back)

    @abstractmethod
    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""

    async def arelease(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`release`."""
        return await self._aside(self.release, name, owner)

    @abstractmethod
    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it."""

    async def arefresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Async twin of :meth:`refresh`."""
        return await self._aside(self.refresh, name, owner, seconds)

    @abstractmethod
    def detach(self, name: str, owner: str) -> bool:
        """Let the lock outlive this process if *owner* holds it."""

    async def adetach(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`detach`."""
        return await self._aside(self.detach, name, owner)

    @abstractmethod
    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""

    async def aholder(self, name: str) -> str | None:
        """Async twin of :meth:`holder`."""
        return await self._aside(self.holder, name)

    @abstractmethod
    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""

    async def aforce_release(self, name: str) -> bool:
        """Async twin of :meth:`force_release`."""
        return await self._aside(self.force_release, name)

    @abstractmethod
    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it."""

    async def aflush_locks(self, prefix: str) -> None:
        """Async twin of :meth:`flush_locks`."""
        await self._aside(self.flush_locks, prefix)


class AsyncStore(ABC):
    """A store that is natural in async: its sync twins run it on the process's portal.

    Its connections belong to the portal's loop; the async twins of an application run on loops
    of their own, so a subclass keeps one connection (or pool) per running loop.
    """

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        return _run(self.aget(key))

    @abstractmethod
    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        return _run(self.amany(keys))

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        found = {key: await self.aget(key) for key in keys}
        return {key: value for key, value in found.items() if value is not MISSING}

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        _run(self.aput(key, value, seconds))

    @abstractmethod
    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* with one lifetime."""
        _run(self.aput_many(values, seconds))

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        for key, value in values.items():
            await self.aput(key, value, seconds)

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        return _run(self.aadd(key, value, seconds))

    @abstractmethod
    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum."""
        return _run(self.aincrement(key, by, seconds))

    @abstractmethod
    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        return _run(self.apull(key))

    @abstractmethod
    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        return _run(self.atouch(key, seconds))

    @abstractmethod
    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        return _run(self.attl(key))

    @abstractmethod
    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return _run(self.aforget(key))

    @abstractmethod
    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*."""
        _run(self.aflush(prefix))

    @abstractmethod
    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""

    def prune(self) -> int:
        """Remove what has expired; 0 for a store that does so by itself."""
        return _run(self.aprune())

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return 0

    def close(self) -> None:
        """Give connections back."""
        _run(self.aclose())

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        return


class Use(Protocol[R_co]):
    """What is to be done with a repository beneath, in whichever colour."""

    def __call__(self, inner: Repository, /) -> Steps[R_co]:
        """Name the effects."""
        ...


class LayeredStore(ABC):
    """A store over repositories: what it is asked for is asked of one of them.

    A subclass says of which, in :meth:`_perform`, and overrides what it answers by itself. The
    repositories put their prefixes before the keys, and tell of what happens.
    """

    @abstractmethod
    def _perform(self, use: Use[T], keys: Sequence[str] | None = ()) -> Steps[T]:
        """Perform *use* on a repository beneath.

        Args:
            use: What is done.
            keys: The keys that it may change; None for all.
        """

    def get(self, key: str) -> object:
        """Return the value, or MISSING."""
        return run(self._get(key))

    async def aget(self, key: str) -> object:
        """Async twin of :meth:`get`."""
        return await arun(self._get(key))

    def many(self, keys: Sequence[str]) -> dict[str, object]:
        """Return the values of those *keys* that are there."""
        return run(self._many(keys))

    async def amany(self, keys: Sequence[str]) -> dict[str, object]:
        """Async twin of :meth:`many`."""
        return await arun(self._many(keys))

    def put(self, key: str, value: object, seconds: float | None) -> None:
        """Store *value*, replacing what was there."""
        run(self._put(key, value, seconds))

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        """Async twin of :meth:`put`."""
        await arun(self._put(key, value, seconds))

    def put_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Store all *values* with one lifetime."""
        run(self._put_many(values, seconds))

    async def aput_many(self, values: Mapping[str, object], seconds: float | None) -> None:
        """Async twin of :meth:`put_many`."""
        await arun(self._put_many(values, seconds))

    def add(self, key: str, value: object, seconds: float | None) -> bool:
        """Store *value* only if the key is absent; return whether it was."""
        return run(self._add(key, value, seconds))

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        """Async twin of :meth:`add`."""
        return await arun(self._add(key, value, seconds))

    def increment(self, key: str, by: float, seconds: float | None) -> int | float:
        """Add *by* to the number and return the sum."""
        return run(self._increment(key, by, seconds))

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        """Async twin of :meth:`increment`."""
        return await arun(self._increment(key, by, seconds))

    def pull(self, key: str) -> object:
        """Remove the key and return its value, or MISSING."""
        return run(self._pull(key))

    async def apull(self, key: str) -> object:
        """Async twin of :meth:`pull`."""
        return await arun(self._pull(key))

    def touch(self, key: str, seconds: float | None) -> bool:
        """Give the entry a new lifetime; return whether it is there."""
        return run(self._touch(key, seconds))

    async def atouch(self, key: str, seconds: float | None) -> bool:
        """Async twin of :meth:`touch`."""
        return await arun(self._touch(key, seconds))

    def ttl(self, key: str) -> float | Missing | None:
        """Return the seconds that are left, None for no end, or MISSING."""
        return run(self._ttl(key))

    async def attl(self, key: str) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        return await arun(self._ttl(key))

    def forget(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return run(self._forget(key))

    async def aforget(self, key: str) -> bool:
        """Async twin of :meth:`forget`."""
        return await arun(self._forget(key))

    def flush(self, prefix: str) -> None:
        """Remove every key that begins with *prefix*; locks stay."""
        run(self._flush(prefix))

    async def aflush(self, prefix: str) -> None:
        """Async twin of :meth:`flush`."""
        await arun(self._flush(prefix))

    def prune(self) -> int:
        """Remove what has expired; return how many entries that were."""
        return run(self._prune())

    async def aprune(self) -> int:
        """Async twin of :meth:`prune`."""
        return await arun(self._prune())

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Take the lock if nobody holds it; return whether it was taken."""
        return run(self._acquire(name, owner, seconds, bound))

    async def aacquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        """Async twin of :meth:`acquire`."""
        return await arun(self._acquire(name, owner, seconds, bound))

    def release(self, name: str, owner: str) -> bool:
        """Free the lock if *owner* holds it; return whether it did."""
        return run(self._release(name, owner))

    async def arelease(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`release`."""
        return await arun(self._release(name, owner))

    def refresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Let the lock end *seconds* from now if *owner* holds it."""
        return run(self._refresh(name, owner, seconds))

    async def arefresh(self, name: str, owner: str, seconds: float | None) -> bool:
        """Async twin of :meth:`refresh`."""
        return await arun(self._refresh(name, owner, seconds))

    def detach(self, name: str, owner: str) -> bool:
        """Let the lock outlive this process if *owner* holds it."""
        return run(self._detach(name, owner))

    async def adetach(self, name: str, owner: str) -> bool:
        """Async twin of :meth:`detach`."""
        return await arun(self._detach(name, owner))

    def holder(self, name: str) -> str | None:
        """Return the token of who holds the lock now, or None."""
        return run(self._holder(name))

    async def aholder(self, name: str) -> str | None:
        """Async twin of :meth:`holder`."""
        return await arun(self._holder(name))

    def force_release(self, name: str) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        return run(self._force_release(name))

    async def aforce_release(self, name: str) -> bool:
        """Async twin of :meth:`force_release`."""
        return await arun(self._force_release(name))

    def flush_locks(self, prefix: str) -> None:
        """Free every lock whose name begins with *prefix*, whoever holds it."""
        run(self._flush_locks(prefix))

    async def aflush_locks(self, prefix: str) -> None:
        """Async twin of :meth:`flush_locks`."""
        await arun(self._flush_locks(prefix))

    def close(self) -> None:
        """Do nothing: the repositories beneath are closed by who made them."""
        return

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        return

    def _get(self, key: str) -> Steps[object]:
        return self._perform(lambda inner: call(inner.get, inner.aget, key, MISSING))

    def _many(self, keys: Sequence[str]) -> Steps[dict[str, object]]:
        found = yield from self._perform(lambda inner: call(inner.many, inner.amany, keys, MISSING))
        return {key: value for key, value in found.items() if value is not MISSING}

    def _put(self, key: str, value: object, seconds: float | None) -> Steps[bool]:
        return self._perform(lambda inner: call(inner.put, inner.aput, key, value, seconds), [key])

    def _put_many(self, values: Mapping[str, object], seconds: float | None) -> Steps[bool]:
        return self._perform(
            lambda inner: call(inner.put_many, inner.aput_many, values, seconds), list(values)
        )

    def _add(self, key: str, value: object, seconds: float | None) -> Steps[bool]:
        return self._perform(lambda inner: call(inner.add, inner.aadd, key, value, seconds), [key])

    def _increment(self, key: str, by: float, seconds: float | None) -> Steps[int | float]:
        def use(inner: Repository) -> Steps[int | float]:
            # Cast, since to a checker an overload is no single callable.
            add = cast("Callable[[str, float, float | None], float]", inner.increment)
            aadd = cast("Callable[[str, float, float | None], Awaitable[float]]", inner.aincrement)
            return call(add, aadd, key, by, seconds)

        return self._perform(use, [key])

    def _pull(self, key: str) -> Steps[object]:
        return self._perform(lambda inner: call(inner.pull, inner.apull, key, MISSING), [key])

    def _touch(self, key: str, seconds: float | None) -> Steps[bool]:
        return self._perform(lambda inner: call(inner.touch, inner.atouch, key, seconds), [key])

    def _ttl(self, key: str) -> Steps[float | Missing | None]:
        return self._perform(lambda inner: call(inner.ttl, inner.attl, key))

    def _forget(self, key: str) -> Steps[bool]:
        return self._perform(lambda inner: call(inner.forget, inner.aforget, key), [key])

    def _flush(self, prefix: str) -> Steps[None]:
        def use(inner: Repository) -> Steps[None]:
            if not prefix:
                return call(inner.flush, inner.aflush)
            place = inner.place
            return call(place.store.flush, place.store.aflush, place.prefix + prefix)

        return self._perform(use, None)

    def _prune(self) -> Steps[int]:
        return self._perform(lambda inner: call(inner.prune, inner.aprune))

    def _acquire(self, name: str, owner: str, seconds: float | None, bound: bool) -> Steps[bool]:
        def use(inner: Repository) -> Steps[bool]:
            locks, key = _locks(inner, name)
            return call(locks.acquire, locks.aacquire, key, owner, seconds, bound=bound)

        return self._perform(use)

    def _release(self, name: str, owner: str) -> Steps[bool]:
        def use(inner: Repository) -> Steps[bool]:
            locks, key = _locks(inner, name)
            return call(locks.release, locks.arelease, key, owner)

        return self._held(use)

    def _refresh(self, name: str, owner: str, seconds: float | None) -> Steps[bool]:
        def use(inner: Repository) -> Steps[bool]:
            locks, key = _locks(inner, name)
            return call(locks.refresh, locks.arefresh, key, owner, seconds)

        return self._held(use)

    def _detach(self, name: str, owner: str) -> Steps[bool]:
        def use(inner: Repository) -> Steps[bool]:
            locks, key = _locks(inner, name)
            return call(locks.detach, locks.adetach, key, owner)

        return self._held(use)

    def _holder(self, name: str) -> Steps[str | None]:
        def use(inner: Repository) -> Steps[str | None]:
            locks, key = _locks(inner, name)
            return call(locks.holder, locks.aholder, key)

        return self._held(use)

    def _force_release(self, name: str) -> Steps[bool]:
        def use(inner: Repository) -> Steps[bool]:
            locks, key = _locks(inner, name)
            return call(locks.force_release, locks.aforce_release, key)

        return self._held(use)

    def _flush_locks(self, prefix: str) -> Steps[None]:
        def use(inner: Repository) -> Steps[None]:
            locks, key = _locks(inner, prefix)
            return call(locks.flush_locks, locks.aflush_locks, key)

        # It answers nothing, so that a failover asks all of its stores.
        return self._held(use)

    def _held(self, use: Use[T]) -> Steps[T]:
        """Perform *use* where the lock may be held."""
        return self._perform(use)


def _locks(inner: Repository, name: str) -> tuple[LockStore, str]:
    """Return the locks of *inner*, and what the lock *name* is called there."""
    place = inner.place
    if not isinstance(place.store, LockStore):
        raise LocksUnsupported(place.name)
    return place.store, place.prefix + name


def _in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    """Begin *function* in a thread of the loop's, which nobody can cancel with the tasks."""
    import asyncio  # who is here has imported it; a sync program need not

    work = partial(copy_context().run, function, *args, **kwargs)
    return asyncio.get_running_loop().run_in_executor(None, work)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    from securely.support.portal import portal  # it opens a loop, which brings asyncio along

    return portal().run(coroutine)
