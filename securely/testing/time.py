"""travel(seconds), freeze(): time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = ["Travel", "freeze"]


class Travel:
    """A frozen clock in the hands of a test.

    Example:
        >>> with freeze() as travel:
        ...     before = clock.timestamp()
        ...     travel(minutes=5)
        ...     clock.timestamp() - before
        300.0
    """

    def __init__(self, frozen: FrozenClock) -> None:
        self._frozen = frozen

    def __call__(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Move time; negative values move the wall clock back, never the monotonic one."""
        self._frozen.travel(
            timedelta(seconds=seconds, minutes=minutes, hours=hours).total_seconds()
        )

    def to(self, moment: datetime) -> None:
        """Move the wall clock to *moment*, which must know its time zone.

        Raises:
            ValueError: *moment* is naive.
        """
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone. Give it one: moment.replace(tzinfo=UTC).")
        self._frozen.travel(moment.timestamp() - self._frozen.timestamp())


@contextmanager
def freeze() -> Generator[Travel]:
    """Let time stand still within the block, from now on."""
    frozen = FrozenClock(at=clock.timestamp())
    with clock.using(frozen):
        yield Travel(frozen)
