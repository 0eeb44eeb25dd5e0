"""Sleep: waits of an application, which tests see and do not wait for."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

from securely.support import clock
from securely.support.durations import Duration, seconds_until
from securely.support.durations import seconds as in_seconds

__all__ = ["Sleep", "SleepFake"]


class SleepFake:
    """A clock that notes how long it was asked to wait, and jumps ahead instead.

    Args:
        before: The clock that it goes by.
    """

    def __init__(self, before: clock.Clock) -> None:
        self._before = before
        self._ahead = 0.0
        self.slept: list[float] = []

    def timestamp(self) -> float:
        """Return the wall time in seconds, with what was slept."""
        return self._before.timestamp() + self._ahead

    def monotonic(self) -> float:
        """Return the monotonic time in seconds, with what was slept."""
        return self._before.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Note the wait, and jump ahead."""
        self.slept.append(seconds)
        self._ahead += seconds

    async def asleep(self, seconds: float) -> None:
        """Async twin of :meth:`sleep`; gives other tasks a turn."""
        import asyncio

        self.sleep(seconds)
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others, not a wait

    def assert_slept(self, duration: Duration, times: int = 1) -> None:
        """Fail unless somebody waited for exactly *duration*, *times* times.

        Raises:
            AssertionError: The waits were others; they are told.
        """
        seconds = in_seconds(duration)
        found = self.slept.count(seconds)
        if found != times:
            raise AssertionError(
                f"Expected {times} waits of {seconds:g} seconds, found {found}. {self._told()}"
            )

    def assert_slept_times(self, count: int) -> None:
        """Fail unless there were *count* waits.

        Raises:
            AssertionError: There were more or fewer; they are told.
        """
        if len(self.slept) != count:
            raise AssertionError(f"Expected {count} waits. {self._told()}")

    def assert_sequence(self, *durations: Duration) -> None:
        """Fail unless the waits were these, in this order, and no others.

        Raises:
            AssertionError: They were not; they are told.
        """
        expected = [in_seconds(duration) for duration in durations]
        if self.slept != expected:
            wanted = ", ".join(f"{seconds:g}" for seconds in expected) or "none"
            raise AssertionError(f"Expected waits of {wanted} seconds. {self._told()}")

    def assert_never_slept(self) -> None:
        """Fail if anybody waited.

        Raises:
            AssertionError: Somebody did.
        """
        self.assert_slept_times(0)

    def _told(self) -> str:
        if not self.slept:
            return "Nobody waited."
        return f"The waits were {', '.join(f'{seconds:g}' for seconds in self.slept)} seconds."


class Sleep:
    """Waits that a test sees, and that a frozen clock does not wait for.

    A duration is a number of seconds, text such as ``"1m 30s"``, or a ``timedelta``.

    Example:
        >>> with Sleep.fake() as sleep:
        ...     Sleep.for_("1m")
        ...     Sleep.for_(0.5)
        >>> sleep.assert_sequence(60, 0.5)

    Source: Laravel 13, Illuminate\\Support\\Sleep.
    """

    @staticmethod
    def for_(duration: Duration) -> None:
        """Block this thread for *duration*; one that is over already does not wait."""
        seconds = in_seconds(duration)
        if seconds > 0:
            clock.sleep(seconds)

    @staticmethod
    async def afor_(duration: Duration) -> None:
        """Async twin of :meth:`for_`: lets other tasks go on meanwhile."""
        seconds = in_seconds(duration)
        if seconds > 0:
            await clock.asleep(seconds)

    @staticmethod
    def until(moment: datetime) -> None:
        """Block this thread until *moment*; not, when it is past.

        Raises:
            InvalidDuration: *moment* has no time zone.
        """
        Sleep.for_(seconds_until(moment))

    @staticmethod
    async def auntil(moment: datetime) -> None:
        """Async twin of :meth:`until`."""
        await Sleep.afor_(seconds_until(moment))

    @staticmethod
    @contextmanager
    def fake() -> Generator[SleepFake]:
        """Let nobody wait within the block, neither here nor in the framework; note the waits.

        Time goes on by what was slept, for the whole process.
        """
        fake = SleepFake(clock.current())
        with clock.using(fake):
            yield fake
