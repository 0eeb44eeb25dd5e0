"""Lock: one holder at a time, known by its owner token; a context manager in both colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, Self, TypeVar, overload

from securely.cache.contracts import LockStore
from securely.cache.exceptions import InvalidKey, LockNotHeld, LockTimeout
from securely.support import clock, entropy
from securely.support.durations import Duration
from securely.support.durations import seconds as to_seconds
from securely.support.finishing import finished
from securely.support.forking import renew_after_fork
from securely.support.steps import Steps, arun, async_step, call, run, sync_step

__all__ = ["Lock"]

T = TypeVar("T")

# 128 bits: nobody guesses an owner.
_OWNER_BYTES: Final = 16
# Between attempts of a waiter: short at first, for locks that are held for a moment; then at
# most this long, so that a thousand waiters do not keep a store busy with asking.
_PAUSE_SECONDS_MIN: Final = 0.002
_PAUSE_SECONDS_MAX: Final = 0.05
# Kept, since asking the system costs as much as a lock in memory.
_pid = os.getpid()
renew_after_fork(sys.modules[__name__], "_pid", os.getpid)


class Lock:
    """One holder at a time, over all processes that share the store.

    Who holds it is known by a token, the *owner*: only with it can the lock be refreshed or
    released. Without one given, a token is made, and the lock is *bound*: where the store can
    tell (disk), it ends with this process, however that dies; and a child that this process
    forks neither releases nor prolongs it. A lock whose owner was given is not bound, since
    several processes may know the token; it ends by *seconds* or ``release``, unless *bound*
    says otherwise.

    Args:
        store: Where the lock is kept.
        name: Which lock.
        seconds: When a held lock ends by itself; 0 for never. None where that is not known: it
            is held already, and was made elsewhere.
        owner: The token; None to make one.
        wait: How long ``with lock:`` waits.
        prefix: Stands before the name in the store.
        bound: Whether it ends with this process; None for a lock without an owner given.

    Raises:
        InvalidKey: The name is no text.
        ValueError: The seconds are less than zero.

    Example:
        >>> from securely.cache.drivers.array import ArrayStore
        >>> store = ArrayStore()
        >>> first, second = Lock(store, "report"), Lock(store, "report")
        >>> first.acquire(), second.acquire(), second.release(), first.release()
        (True, False, False, True)
    """

    def __init__(  # keyword-only from the owner on
        self,
        store: LockStore,
        name: str,
        seconds: Duration | None = 0,
        *,
        owner: str | None = None,
        wait: Duration = 10,
        prefix: str = "",
        bound: bool | None = None,
    ) -> None:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise InvalidKey(name)
        self._store = store
        self._key = prefix + name
        self._bound = owner is None if bound is None else bound
        self._owner_is_given = owner is not None
        self._wait = to_seconds(wait)
        self._pause: float | None = None
        self._taken_by: int | None = None
        self._seconds_are_known = seconds is not None
        self.name = name
        self.seconds: float = 0.0 if seconds is None else _span(name, seconds)
        self.owner: str = owner or entropy.token_hex(_OWNER_BYTES)

    def __repr__(self) -> str:
        # Without the owner: who reads it in a log could release the lock.
        return f"<Lock {self.name!r} seconds={self.seconds:g}>"

    def acquire(self) -> bool:
        """Take the lock if it is free, without waiting; return whether it was taken."""
        taken = self._store.acquire(self._key, self.owner, self._lifetime, bound=self._bound)
        if taken:
            self._taken_by = _pid
        return taken

    async def aacquire(self) -> bool:
        """Async twin of :meth:`acquire`.

        Who is cancelled meanwhile does not hold it: what was taken is given back first.
        """
        taking = self._store.aacquire(self._key, self.owner, self._lifetime, bound=self._bound)
        if getattr(self._store, "waits", True):
            taken = await finished(taking, self._give_back)
        else:
            taken = await taking  # in memory: nothing comes between asking and taking
        if taken:
            self._taken_by = _pid
        return taken

    @overload
    def get(self) -> bool: ...
    @overload
    def get(self, callback: Callable[[], T]) -> T | Literal[False]: ...
    def get(self, callback: Callable[[], T] | None = None) -> T | bool:
        """Take the lock if it is free; with a *callback*, run it and release.

        Returns:
            Without a callback, whether the lock was taken. With one, what it returned, or False
            if the lock was not free.
        """
        if callback is None:
            return self.acquire()
        return run(self._get(sync_step(callback, "aget")))

    @overload
    async def aget(self) -> bool: ...
    @overload
    async def aget(self, callback: Callable[[], Awaitable[T]]) -> T | Literal[False]: ...
    @overload
    async def aget(self, callback: Callable[[], T]) -> T | Literal[False]: ...
    async def aget(self, callback: Callable[[], Any] | None = None) -> Any:
        """Async twin of :meth:`get`."""
        if callback is None:
            return await self.aacquire()
        return await arun(self._get(async_step(callback)))

    @overload
    def block(self, wait: Duration) -> bool: ...
    @overload
    def block(self, wait: Duration, callback: Callable[[], T]) -> T: ...
    def block(self, wait: Duration, callback: Callable[[], T] | None = None) -> T | bool:
        """Take the lock, waiting for it up to *wait*; with a *callback*, run it and release.

        Returns:
            Without a callback, True. With one, what it returned.

        Raises:
            LockTimeout: It was not free in time.
        """
        if callback is None:
            return run(self._block(to_seconds(wait)))
        return run(self._block_for(to_seconds(wait), sync_step(callback, "ablock")))

    @overload
    async def ablock(self, wait: Duration) -> bool: ...
    @overload
    async def ablock(self, wait: Duration, callback: Callable[[], Awaitable[T]]) -> T: ...
    @overload
    async def ablock(self, wait: Duration, callback: Callable[[], T]) -> T: ...
    async def ablock(self, wait: Duration, callback: Callable[[], Any] | None = None) -> Any:
        """Async twin of :meth:`block`."""
        if callback is None:
            return await arun(self._block(to_seconds(wait)))
        return await arun(self._block_for(to_seconds(wait), async_step(callback)))

    def release(self) -> bool:
        """Free the lock; return whether it was ours to free.

        A lock that has ended and was taken by another stays with that one, and a bound one that
        was taken before this process was forked stays with the parent.
        """
        return not self._is_anothers and self._store.release(self._key, self.owner)

    async def arelease(self) -> bool:
        """Async twin of :meth:`release`."""
        if self._is_anothers:
            return False
        releasing = self._store.arelease(self._key, self.owner)
        return await (finished(releasing) if getattr(self._store, "waits", True) else releasing)

    def force_release(self) -> bool:
        """Free the lock, whoever holds it; return whether somebody did."""
        return self._store.force_release(self._key)

    async def aforce_release(self) -> bool:
        """Async twin of :meth:`force_release`."""
        return await self._store.aforce_release(self._key)

    def refresh(self, seconds: Duration | None = None) -> bool:
        """Let the lock end *seconds* from now; return whether it is still ours.

        Args:
            seconds: None for as long as it was made for, 0 for never.

        Raises:
            ValueError: The seconds are less than zero; or none are given, and it is a lock that
                was restored, which does not know for how long it was made.
        """
        lifetime = self._new_lifetime(seconds)
        return not self._is_anothers and self._store.refresh(self._key, self.owner, lifetime)

    async def arefresh(self, seconds: Duration | None = None) -> bool:
        """Async twin of :meth:`refresh`."""
        lifetime = self._new_lifetime(seconds)
        if self._is_anothers:
            return False
        return await self._store.arefresh(self._key, self.owner, lifetime)

    def detach(self) -> str:
        """Let the lock outlive this process, and return the owner, to hand it to another.

        ``Cache.restore_lock(name, owner)`` in the other process then releases it. Until then it
        ends by its *seconds* alone: give it some.

        Raises:
            LockNotHeld: It is not held, or not any more: there is nothing to hand on.
        """
        if self._is_anothers:
            return self._detached(False)
        self._bound = False
        return self._detached(self._store.detach(self._key, self.owner))

    async def adetach(self) -> str:
        """Async twin of :meth:`detach`."""
        if self._is_anothers:
            return self._detached(False)
        self._bound = False
        return self._detached(await self._store.adetach(self._key, self.owner))

    def between_blocked_attempts_sleep_for(self, pause: Duration) -> Self:
        """Try again after *pause* while waiting; return the lock.

        Unless told, the pauses are short at first and 50 milliseconds at most.

        Source: Laravel 13, Illuminate\\Cache\\Lock, which counts milliseconds.

        Raises:
            ValueError: It is no time at all: asking without a pause keeps the store busy.
        """
        length = to_seconds(pause)
        if length <= 0:
            raise ValueError(f"The pause between two attempts is some time, not {length:g} s.")
        self._pause = length
        return self

    def is_locked(self) -> bool:
        """Return whether anybody holds the lock."""
        return self._store.holder(self._key) is not None

    async def ais_locked(self) -> bool:
        """Async twin of :meth:`is_locked`."""
        return await self._store.aholder(self._key) is not None

    def is_owned_by(self, owner: str) -> bool:
        """Return whether *owner* holds the lock."""
        return self._store.holder(self._key) == owner

    async def ais_owned_by(self, owner: str) -> bool:
        """Async twin of :meth:`is_owned_by`."""
        return await self._store.aholder(self._key) == owner

    def is_owned_by_current_process(self) -> bool:
        """Return whether this lock's owner holds it: nobody took it over."""
        return not self._is_anothers and self.is_owned_by(self.owner)

    async def ais_owned_by_current_process(self) -> bool:
        """Async twin of :meth:`is_owned_by_current_process`."""
        return not self._is_anothers and await self.ais_owned_by(self.owner)

    def __enter__(self) -> Self:
        self.block(self._wait)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    async def __aenter__(self) -> Self:
        await self.ablock(self._wait)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.arelease()

    @property
    def _is_anothers(self) -> bool:
        """Whether it is bound to the process that this one was forked from.

        In memory the child has a lock of its own: a copy of the parent's.
        """
        if self._taken_by is None or self._taken_by == _pid or not self._bound:
            return False
        return getattr(self._store, "waits", True)

    @property
    def _lifetime(self) -> float | None:
        return self.seconds or None

    def _new_lifetime(self, seconds: Duration | None) -> float | None:
        if seconds is None:
            if not self._seconds_are_known:
                raise ValueError(
                    f'The lock "{self.name}" was restored, and does not know for how long it was '
                    "made. Say how long it is kept: refresh(60), or refresh(0) for no end."
                )
            return self._lifetime
        return _span(self.name, seconds) or None

    def _detached(self, held: bool) -> str:
        if not held:
            raise LockNotHeld(self.name)
        return self.owner

    async def _give_back(self, taken: bool | None) -> None:
        # Of an owner that was given, another may hold it: it is not released on a guess.
        if taken or (taken is None and not self._owner_is_given):
            await self._store.arelease(self._key, self.owner)

    def _get(self, body: Steps[T]) -> Steps[T | Literal[False]]:
        if not (yield from call(self.acquire, self.aacquire)):
            return False
        return (yield from self._run(body))

    def _block_for(self, wait: float, body: Steps[T]) -> Steps[T]:
        yield from self._block(wait)
        return (yield from self._run(body))

    def _run(self, body: Steps[T]) -> Steps[T]:
        try:
            return (yield from body)
        finally:
            yield from call(self.release, self.arelease)

    def _block(self, wait: float) -> Steps[bool]:
        deadline = clock.monotonic() + wait
        pause = _PAUSE_SECONDS_MIN
        while not (yield from call(self.acquire, self.aacquire)):
            left = deadline - clock.monotonic()
            if left <= 0:
                raise LockTimeout(self.name, wait)
            # Jitter, or waiters that began together would ask together for ever.
            wanted = self._pause or entropy.uniform(pause / 2, pause)
            yield from call(clock.sleep, clock.asleep, min(left, wanted))
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)
        return True


def _span(name: str, seconds: Duration) -> float:
    """Return after how many seconds the lock *name* ends."""
    span = to_seconds(seconds)
    if span < 0:
        raise ValueError(
            f'The lock "{name}" can not end {-span:g} seconds ago. '
            "Give it a time from now, or 0 for no end."
        )
    return span
