"""Funnel: so many at a time, over all processes that share the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, Self, TypeVar, overload

from securely.cache.exceptions import LimiterTimeout
from securely.cache.lock import Lock
from securely.support import clock, entropy
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, arun, async_step, call, run, sync_step

__all__ = ["Funnel", "Locks"]

T = TypeVar("T")

# As in Laravel.
_RELEASE_SECONDS: Final = 60.0
_WAIT_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.25


class Locks(Protocol):
    """What gives locks by name; a repository is one."""

    def lock(self, name: str, seconds: Duration = 0) -> Lock:
        """Return a lock, not yet taken."""
        ...


class Funnel:
    """Lets a number of holders in at a time; a context manager in both colours.

    Each holder has one of so many locks. A holder that dies frees its place when the seconds of
    *release_after* are over; on disk at once.

    Args:
        locks: Gives the locks.
        name: Which funnel.

    Example:
        >>> with Cache.funnel("reports").limit(2).release_after("1m").block(0):
        ...     Cache.funnel("reports").limit(2).block(0).then(lambda: "second", lambda: "full")
        'second'

    Source: Laravel 13, Illuminate\\Cache\\Limiters\\ConcurrencyLimiterBuilder.
    """

    def __init__(self, locks: Locks, name: str) -> None:
        self._locks = locks
        self._name = name
        self._places = 1
        self._release = _RELEASE_SECONDS
        self._wait = _WAIT_SECONDS
        self._pause = _PAUSE_SECONDS
        self._held: list[Lock] = []

    def limit(self, places: int) -> Self:
        """Let *places* in at a time; one unless told.

        Raises:
            ValueError: It is less than one.
        """
        if places < 1:
            raise ValueError(f"A funnel lets one in at least, not {places}.")
        self._places = places
        return self

    def release_after(self, duration: Duration) -> Self:
        """Free a place after *duration*, though its holder has not; 60 seconds unless told."""
        self._release = seconds(duration)
        return self

    def block(self, wait: Duration) -> Self:
        """Wait up to *wait* for a place; 3 seconds unless told."""
        self._wait = seconds(wait)
        return self

    def sleep(self, pause: Duration) -> Self:
        """Look again after *pause* while waiting; 0.25 seconds unless told."""
        self._pause = seconds(pause)
        return self

    @overload
    def then(self, callback: Callable[[], T]) -> T: ...
    @overload
    def then(self, callback: Callable[[], T], otherwise: Callable[[], T]) -> T: ...
    def then(self, callback: Callable[[], T], otherwise: Callable[[], T] | None = None) -> T:
        """Return what *callback* returns, once there is a place for it.

        Args:
            callback: What is done.
            otherwise: What is done instead when no place was free in time.

        Raises:
            LimiterTimeout: No place was free in time, and nothing is to be done instead.
        """
        instead = None if otherwise is None else sync_step(otherwise, "athen")
        return run(self._then(sync_step(callback, "athen"), instead))

    @overload
    async def athen(
        self,
        callback: Callable[[], Awaitable[T]],
        otherwise: Callable[[], Awaitable[T]] | None = None,
    ) -> T: ...
    @overload
    async def athen(
        self, callback: Callable[[], T], otherwise: Callable[[], T] | None = None
    ) -> T: ...
    async def athen(
        self, callback: Callable[[], Any], otherwise: Callable[[], Any] | None = None
    ) -> Any:
        """Async twin of :meth:`then`."""
        instead = None if otherwise is None else async_step(otherwise)
        return await arun(self._then(async_step(callback), instead))

    def __enter__(self) -> Self:
        self._held.append(run(self._entered()))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.pop().release()

    async def __aenter__(self) -> Self:
        self._held.append(await arun(self._entered()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._held.pop().arelease()

    def _then(self, body: Steps[T], instead: Steps[T] | None) -> Steps[T]:
        try:
            place = yield from self._entered()
        except LimiterTimeout:
            if instead is None:
                raise
            return (yield from instead)
        try:
            return (yield from body)
        finally:
            yield from call(place.release, place.arelease)

    def _entered(self) -> Steps[Lock]:
        """Take a place, waiting for one."""
        deadline = clock.monotonic() + self._wait
        places = [
            self._locks.lock(f"funnel:{self._name}:{number}", self._release)
            for number in range(1, self._places + 1)
        ]
        while True:
            # Not all from the first: those who come at once would meet at each.
            start = entropy.below(len(places))
            for place in [*places[start:], *places[:start]]:
                if (yield from call(place.acquire, place.aacquire)):
                    return place
            left = deadline - clock.monotonic()
            if left <= 0:
                raise LimiterTimeout(self._name, self._places, self._wait)
            yield from call(clock.sleep, clock.asleep, min(left, self._pause))
