"""Timed: a clock that stands still in a suite until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = ["Timed"]

# Where the clock stands.
_START = 1_700_000_000.0


class Timed:
    """What suites share: a clock that stands still."""

    @pytest.fixture(autouse=True)
    def frozen(self) -> Iterator[FrozenClock]:
        """Stop the clock."""
        with clock.using(FrozenClock(at=_START)) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def travel(self, frozen: FrozenClock) -> Callable[[float], None]:
        """Return what lets seconds pass."""
        return frozen.travel
