"""The only source of time and of sleep; can be frozen and moved.

Nothing else in Securely reads a clock, so a test that moves this one moves all of it:
cache lifetimes, job delays, leases, log dates. (asyncio is imported where it is
needed: a console that only asks for the time does not pay for it.)
"""

from __future__ import annotations

import time as _time  # noqa: TID251  # this module is what the ban points to
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

__all__ = [
    "Clock",
    "FrozenClock",
    "SystemClock",
    "asleep",
    "current",
    "monotonic",
    "now",
    "perf",
    "sleep",
    "timestamp",
    "using",
]


class Clock(Protocol):
    """Where time comes from. All values are seconds."""

    def timestamp(self) -> float:
        """Return the wall time as seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Return a time that never goes back; only differences mean something."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        ...

    async def asleep(self, seconds: float) -> None:
        """Async twin of :meth:`sleep`."""
        ...


class SystemClock:
    """The machine's own clock; processes of one boot share its monotonic time."""

    # Its functions themselves, for each job and each cached value asks for the time.
    timestamp: staticmethod[[], float] = staticmethod(_time.time)
    monotonic: staticmethod[[], float] = staticmethod(_time.monotonic)

    def sleep(self, seconds: float) -> None:
        """Block this thread for *seconds*."""
        _time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Async twin of :meth:`sleep`."""
        import asyncio

        await asyncio.sleep(seconds)  # noqa: TID251  # the one place


class FrozenClock:
    """A clock that stands still until it is moved; sleeping moves it.

    Args:
        at: Where it stands, as seconds since 1970-01-01 UTC.

    Example:
        >>> clock = FrozenClock(at=1_000.0)
        >>> clock.travel(60)
        >>> clock.timestamp()
        1060.0
    """

    def __init__(self, at: float) -> None:
        self._wall = at
        self._monotonic = at

    def timestamp(self) -> float:
        """Return the wall time this clock stands at."""
        return self._wall

    def monotonic(self) -> float:
        """Return how far this clock has been moved forward, counted from where it began."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Move the clock by *seconds*; nobody waits."""
        self.travel(seconds)

    async def asleep(self, seconds: float) -> None:
        """Async twin of :meth:`sleep`; gives other tasks a turn."""
        import asyncio

        self.travel(seconds)
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others, not a wait

    def travel(self, seconds: float) -> None:
        """Move the clock by *seconds*; the monotonic part never goes back."""
        self._wall += seconds
        self._monotonic += max(0.0, seconds)


_system = SystemClock()
_current: Clock = _system


def current() -> Clock:
    """Return the source of time that is in use."""
    return _current


def timestamp() -> float:
    """Return the wall time as seconds since 1970-01-01 UTC."""
    return _current.timestamp()


def now() -> datetime:
    """Return the wall time as an aware datetime in UTC."""
    return datetime.fromtimestamp(_current.timestamp(), UTC)


def monotonic() -> float:
    """Return a time in seconds that never goes back; for deadlines and durations."""
    return _current.monotonic()


def perf() -> float:
    """Return the finest real time in seconds; for showing durations, never for decisions."""
    return _time.perf_counter()


def sleep(seconds: float) -> None:
    """Let *seconds* pass, or move the frozen clock by them."""
    _current.sleep(seconds)


async def asleep(seconds: float) -> None:
    """Async twin of :func:`sleep`."""
    await _current.asleep(seconds)


@contextmanager
def using(clock: Clock) -> Generator[Clock]:
    """Make *clock* the source of time within the block, for the whole process."""
    global _current  # noqa: PLW0603  # time is the same for everybody
    before = _current
    _current = clock
    try:
        yield clock
    finally:
        _current = before
