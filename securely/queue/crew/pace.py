"""How many deliveries an executor is to hold: about five milliseconds of work.

Too few, and it waits for the supervisor between jobs; too many, and an urgent job waits behind
them. So the number follows how long jobs take: it starts at one, at most doubles, and falls at
once when jobs turn out to be slow.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HELD_MAX", "Pace"]

WORK_SECONDS: Final = 0.005  # an urgent job waits about this long; a claim is far shorter
HELD_MAX: Final = 128  # beyond it a drain got no faster (measured), and a death returns more
LINGER_SECONDS_MAX: Final = 0.002  # outcomes wait this long for company in one transaction
_WEIGHT: Final = 0.2  # of the newest job in the estimate


class Pace:
    """The estimate for one executor.

    Args:
        concurrency: How many jobs it runs at once.
        fixed: Deliveries to hold beyond those that run; None to follow the jobs.
    """

    def __init__(self, concurrency: int = 1, fixed: int | None = None) -> None:
        self.concurrency = concurrency
        self._fixed = fixed
        self._seconds: float | None = None
        self._grown = 1

    def observe(self, seconds: float) -> None:
        """Take note of a job that ran for *seconds*."""
        before = self._seconds
        self._seconds = seconds if before is None else before + _WEIGHT * (seconds - before)

    def grow(self) -> None:
        """Allow twice as many as before; called when all that was allowed has been claimed."""
        self._grown = min(HELD_MAX, self._grown * 2)

    @property
    def target(self) -> int:
        """How many deliveries to hold, those that run included."""
        if self._fixed is not None:
            return self.concurrency - 1 + max(1, self._fixed)
        return self.concurrency - 1 + self._ahead()

    def _ahead(self) -> int:
        if self._seconds is None:
            return 1
        each = self._seconds / self.concurrency
        fitting = HELD_MAX if each * HELD_MAX <= WORK_SECONDS else int(WORK_SECONDS / each)
        self._grown = max(1, min(self._grown, fitting))
        return self._grown

    def linger(self, held: int) -> float:
        """Return for how many seconds an outcome may wait while *held* deliveries are unfinished.

        Never so long that the executor could run dry: a turn at the store, which comes after it,
        takes as long as up to half of what is in hand.
        """
        if self._seconds is None:
            return 0.0
        return min(LINGER_SECONDS_MAX, held * self._seconds / self.concurrency / 8)
