"""Remembering: remember and flexible: a value is made once, however many want it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final, TypeVar, cast, overload

from securely.cache.exceptions import LocksUnsupported, LockTimeout
from securely.cache.flights import Flight, guards_led
from securely.cache.lock import Lock
from securely.cache.place import Place, Ttl
from securely.cache.repository.caching import CacheKey, Remembers, cached_function
from securely.cache.repository.locking import Locking
from securely.cache.repository.values import Values
from securely.support.durations import Duration, seconds
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, async_step, call, run, sync_step

__all__ = ["Remembering"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

# How long other processes wait for the one that makes a value, and how long it may take before
# the next one tries: long enough for a query, short enough for a request.
_WAIT_SECONDS: Final = 10.0
# A refresh is nobody's wait: it may take its time before another is begun.
_REFRESH_SECONDS: Final = 60.0
# The clocks of two machines may differ by so much; what ends later was put with another lifetime.
_APART_SECONDS: Final = 1.0


class Remembering(Values, Locking):
    """Values that are made when they are not there."""

    def remember(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], T],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> T:
        """Return the value of *key*, or store and return what *produce* returns.

        Of all threads, tasks and processes that find the key absent, one produces and the others
        wait. A producer that raises stores nothing, and the next one tries.

        Args:
            key: The key.
            ttl: How long; or a callable that says so, given the value.
            produce: Makes the value. What it returns is what the key must hold: types are not
                checked on a hit.
            lock: How long other processes wait for the one that produces; after that, the next
                one does. 0 lets each process produce for itself.
        """
        value = self._read(key)
        if value is not MISSING:
            return cast("T", value)
        return run(self._remember(self.place, key, ttl, sync_step(produce, "aremember"), lock))

    @overload
    async def aremember(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], Awaitable[T]],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> T: ...
    @overload
    async def aremember(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], T],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> T: ...
    async def aremember(
        self,
        key: str,
        ttl: Ttl | Callable[[Any], Ttl],
        produce: Callable[[], Any],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> Any:
        """Async twin of :meth:`remember`."""
        value = await self._aread(key)
        if value is not MISSING:
            return value
        return await arun(self._remember(self.place, key, ttl, async_step(produce), lock))

    def remember_forever(self, key: str, produce: Callable[[], T]) -> T:
        """Return the value of *key*, or store what *produce* returns without an end."""
        return self.remember(key, None, produce)

    @overload
    async def aremember_forever(self, key: str, produce: Callable[[], Awaitable[T]]) -> T: ...
    @overload
    async def aremember_forever(self, key: str, produce: Callable[[], T]) -> T: ...
    async def aremember_forever(self, key: str, produce: Callable[[], Any]) -> Any:
        """Async twin of :meth:`remember_forever`."""
        return await self.aremember(key, None, produce)

    def sear(self, key: str, produce: Callable[[], T]) -> T:
        """Return what :meth:`remember_forever` does, by Laravel's other name."""
        return self.remember_forever(key, produce)

    @overload
    async def asear(self, key: str, produce: Callable[[], Awaitable[T]]) -> T: ...
    @overload
    async def asear(self, key: str, produce: Callable[[], T]) -> T: ...
    async def asear(self, key: str, produce: Callable[[], Any]) -> Any:
        """Async twin of :meth:`sear`."""
        return await self.aremember_forever(key, produce)

    def cached(
        self,
        ttl: Ttl | Callable[[Any], Ttl],
        key: CacheKey = None,
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> Callable[[F], F]:
        """Return a decorator: the answers of a function, sync or async, are remembered.

        Args:
            ttl: How long; or a callable that says so, given the answer.
            key: Text with names of parameters in braces, or a callable that is given the
                arguments. None is for the function's name and all of its arguments, which must
                be plain data then.
            lock: As for :meth:`remember`.

        Raises:
            ValueError: The key names a parameter that the function does not have.

        Example:
            >>> from securely.cache.drivers.array import ArrayStore
            >>> from securely.cache.repository import Repository
            >>> cache = Repository(ArrayStore())
            >>> @cache.cached("10m", key="square:{number}")
            ... def square(number: int) -> int:
            ...     return number * number
            >>> square(3), cache.get("square:3")
            (9, 9)
        """
        return lambda function: cached_function(function, self._current, ttl, key, lock)

    def remember_with_warmth(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], T],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> tuple[T, bool]:
        """Return what :meth:`remember` does, and whether the key was there already."""
        value = self._read(key)
        if value is not MISSING:
            return cast("T", value), True
        return run(
            self._remember(self.place, key, ttl, sync_step(produce, "aremember_with_warmth"), lock)
        ), False

    @overload
    async def aremember_with_warmth(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], Awaitable[T]],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> tuple[T, bool]: ...
    @overload
    async def aremember_with_warmth(
        self,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Callable[[], T],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> tuple[T, bool]: ...
    async def aremember_with_warmth(
        self,
        key: str,
        ttl: Ttl | Callable[[Any], Ttl],
        produce: Callable[[], Any],
        *,
        lock: Duration = _WAIT_SECONDS,
    ) -> tuple[Any, bool]:
        """Async twin of :meth:`remember_with_warmth`."""
        value = await self._aread(key)
        if value is not MISSING:
            return value, True
        made = await arun(self._remember(self.place, key, ttl, async_step(produce), lock))
        return made, False

    def flexible(
        self,
        key: str,
        ttl: tuple[Duration, Duration],
        produce: Callable[[], T],
        *,
        lock: Duration = _REFRESH_SECONDS,
        always_defer: bool = False,
    ) -> T:
        r"""Return the value of *key*; one that is stale is returned too, and made anew afterwards.

        A fresh value is returned as it is. A stale one is returned at once, and made anew when
        the request, the job or the command is over; of all that see it stale, one does. Outside
        of these it is made anew before the stale one is returned. When it is not there, it is
        made now, once for all, as in :meth:`remember`. One that was put with no end, or a longer
        lifetime, is stale: nobody knows how old it is.

        Args:
            key: The key.
            ttl: How long it is fresh, and how long it is kept.
            produce: Makes the value.
            lock: How long a refresh may take before another may begin; when the value is absent,
                how long others wait for it.
            always_defer: Whether a refresh is also done after what has failed.

        Raises:
            ValueError: It would be fresh longer than it is kept.

        Source: Laravel 13, Illuminate\Cache\Repository::flexible.

        Example:
            >>> Cache.flexible("rates", ("1m", "1h"), lambda: {"EUR": 1.08})
            {'EUR': 1.08}
        """

        def refresh() -> None:
            run(self._refresh(key, fresh, kept, sync_step(produce, "aflexible"), lock))

        fresh, kept = _spans(ttl)
        value = self._read(key)
        if value is MISSING:
            return run(self._remember(self.place, key, kept, sync_step(produce, "aflexible"), lock))
        if _is_stale(self.ttl(key), fresh, kept):
            if (defer := self.place.defer) is not None:
                defer(refresh, _name(self.place, key), always_defer)
            else:
                refresh()
        return cast("T", value)

    @overload
    async def aflexible(
        self,
        key: str,
        ttl: tuple[Duration, Duration],
        produce: Callable[[], Awaitable[T]],
        *,
        lock: Duration = _REFRESH_SECONDS,
        always_defer: bool = False,
    ) -> T: ...
    @overload
    async def aflexible(
        self,
        key: str,
        ttl: tuple[Duration, Duration],
        produce: Callable[[], T],
        *,
        lock: Duration = _REFRESH_SECONDS,
        always_defer: bool = False,
    ) -> T: ...
    async def aflexible(
        self,
        key: str,
        ttl: tuple[Duration, Duration],
        produce: Callable[[], Any],
        *,
        lock: Duration = _REFRESH_SECONDS,
        always_defer: bool = False,
    ) -> Any:
        """Async twin of :meth:`flexible`."""

        async def refresh() -> None:
            await arun(self._refresh(key, fresh, kept, async_step(produce), lock))

        fresh, kept = _spans(ttl)
        value = await self._aread(key)
        if value is MISSING:
            return await arun(self._remember(self.place, key, kept, async_step(produce), lock))
        if _is_stale(await self.attl(key), fresh, kept):
            defer = self.place.defer
            done: object = (
                refresh() if defer is None else defer(refresh, _name(self.place, key), always_defer)
            )
            if isawaitable(done):
                await done
        return value

    def _current(self) -> Remembers:
        """Return what a cached function asks at each call."""
        return self

    def _remember(
        self,
        place: Place,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Steps[T],
        lock: Duration,
    ) -> Steps[T]:
        whole, seat = place.prefix + key, place.seat(key)
        while True:
            flight, leads = yield from call(place.flights.board, place.flights.aboard, seat)
            if not leads:
                yield from call(flight.wait, flight.await_)
                value = yield from place.fresh(whole)
                if value is not MISSING:
                    return cast("T", value)
                continue
            with flight.leading():
                # Another flight may have landed between the first look and this one.
                value = yield from place.fresh(whole)
                if value is not MISSING:
                    return cast("T", value)
                # Who flies alone would wait for itself, in this process or by the lock.
                guard = None if flight.is_alone else self._guard(place, "remember", key, lock)
                return (yield from self._produce(place, key, ttl, produce, flight, guard))

    def _produce(
        self,
        place: Place,
        key: str,
        ttl: Ttl | Callable[[T], Ttl],
        produce: Steps[T],
        flight: Flight,
        guard: Lock | None,
    ) -> Steps[T]:
        """Make the value and store it; under a lock for all processes, if one is wanted."""
        held = False
        try:
            if guard is not None:
                held = yield from _patiently(guard)
                flight.guard = guard.owner if held else None
                value = yield from place.fresh(place.prefix + key)
                if value is not MISSING:
                    return cast("T", value)
            fresh = yield from produce
            # One callable is a lifetime that depends on the value; no duration is callable.
            lifetime = ttl(fresh) if callable(ttl) else ttl
            yield from call(self.put, self.aput, key, fresh, lifetime)
            return fresh
        finally:
            if guard is not None and held:
                yield from call(guard.release, guard.arelease)

    def _refresh(
        self, key: str, fresh: float, kept: float, produce: Steps[T], lock: Duration
    ) -> Steps[None]:
        """Make a stale value anew, unless somebody is at it, or has done so meanwhile."""
        guard = self._guard(self.place, "flexible", key, lock)
        if guard is not None and not (yield from call(guard.acquire, guard.aacquire)):
            return
        try:
            left = yield from call(self.ttl, self.attl, key)
            if _is_stale(left, fresh, kept):
                value = yield from produce
                yield from call(self.put, self.aput, key, value, kept)
        finally:
            if guard is not None:
                yield from call(guard.release, guard.arelease)

    def _guard(self, place: Place, kind: str, key: str, lock: Duration) -> Lock | None:
        """Return a lock for all processes; None where none is wanted, or the store has none."""
        if (span := seconds(lock)) <= 0:
            return None
        try:
            return self.lock(place.named(kind, key), span, wait=span)
        except LocksUnsupported:
            return None


def _spans(ttl: object) -> tuple[float, float]:
    """Return for how many seconds a value is fresh, and for how many it is kept."""
    try:
        first, second = cast("tuple[Duration, Duration]", () if isinstance(ttl, str) else ttl)
    except (TypeError, ValueError):
        raise ValueError(
            "flexible takes two times, how long a value is fresh and how long it is kept: "
            f'flexible(key, ("1m", "1h"), …), not {ttl!r:.100}.'
        ) from None
    fresh, kept = seconds(first), seconds(second)
    if fresh > kept:
        raise ValueError(
            f"A value cannot be fresh for {fresh:g} seconds and kept for {kept:g}: "
            "the first is a part of the second."
        )
    return fresh, kept


def _name(place: Place, key: str) -> str:
    """Return what a refresh of *key* is called among all that is deferred."""
    return f"{place.name}/{place.named('flexible', place.root + place.prefix + key)}"


def _is_stale(left: float | Missing | None, fresh: float, kept: float) -> bool:
    """Tell by the seconds that a value has *left* whether it is not fresh any more."""
    if left is None or isinstance(left, Missing):
        return True
    # One that is kept for longer was put there otherwise: nobody knows how old it is.
    return kept - left >= fresh or left > kept + _APART_SECONDS


def _patiently(guard: Lock) -> Steps[bool]:
    """Wait for *guard*; a value that is made twice is better than none."""
    try:
        if ours := guards_led():
            if (yield from call(guard.acquire, guard.aacquire)):
                return True
            for owner in ours:
                # A producer that wants its own key, seen otherwise: it would wait for itself.
                if (yield from call(guard.is_owned_by, guard.ais_owned_by, owner)):
                    return False
        yield from call(guard.__enter__, guard.__aenter__)
    except (LockTimeout, LocksUnsupported):
        return False
    return True
