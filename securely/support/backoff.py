"""Delays between attempts: fixed, exponential, jitter, all bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from securely.support import entropy
from securely.support.durations import Duration, seconds

__all__ = ["Backoff", "BackoffLike"]

Jitter: TypeAlias = Literal["none", "full"]

# A year: what is longer was a slip of the pen, and would overflow somewhere.
_DELAY_MAX: Final = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after each failure.

    Attributes:
        delays: Seconds after the first, second … failure; the last one repeats.
        base: Seconds after the first failure of an exponential backoff; 0 for none.
        cap: The most seconds an exponential backoff waits.
        jitter: "full" waits a random time between 0 and the computed one, which keeps jobs that
            failed together from coming back together.

    Example:
        >>> [Backoff.of([1, 5, 10]).delay(failures) for failures in (1, 2, 3, 4)]
        [1.0, 5.0, 10.0, 10.0]
        >>> [Backoff.exponential(base=2, cap=30).delay(failures) for failures in (1, 2, 3, 9)]
        [2.0, 4.0, 8.0, 30.0]
    """

    delays: tuple[float, ...] = ()
    base: float = 0.0
    cap: float = _DELAY_MAX
    jitter: Jitter = "none"

    @classmethod
    def of(cls, value: BackoffLike | None) -> Backoff:
        """Return the backoff that *value* stands for: a duration, a list of them, or itself.

        Raises:
            ValueError: A delay is negative or no duration.
        """
        if value is None:
            return cls()
        if isinstance(value, Backoff):
            return value
        if isinstance(value, (list, tuple)):
            return cls(tuple(_bounded(item) for item in value))
        return cls((_bounded(value),))  # type: ignore[arg-type]  # the sequences are gone: a duration

    @classmethod
    def exponential(
        cls, base: Duration = 1.0, cap: Duration = 300.0, jitter: Jitter = "none"
    ) -> Backoff:
        """Return a backoff that doubles from *base* up to *cap*."""
        return cls(base=_bounded(base), cap=_bounded(cap), jitter=jitter)

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after the *failures*-th failure, counted from 1."""
        if self.delays:
            wait = self.delays[min(max(failures, 1), len(self.delays)) - 1]
        elif self.base:
            # The exponent is bounded before the power: 2 ** 10_000 is no float.
            wait = min(self.base * 2.0 ** min(max(failures, 1) - 1, 64), self.cap)
        else:
            return 0.0
        return entropy.uniform(0.0, wait) if self.jitter == "full" else wait

    def pack(self) -> list[object]:
        """Return plain data for a payload; :meth:`unpack` reads it."""
        return [list(self.delays), self.base, self.cap, self.jitter]

    @classmethod
    def unpack(cls, data: object) -> Backoff:
        """Return what :meth:`pack` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            delays, base, cap, jitter = cast("list[Any]", data)
            return cls(tuple(map(float, delays)), float(base), float(cap), jitter)
        except (TypeError, ValueError) as error:
            raise ValueError(f"No backoff: {data!r}") from error


BackoffLike: TypeAlias = Backoff | Duration | Sequence[Duration]


def _bounded(value: Duration) -> float:
    wait = seconds(value)
    if not 0.0 <= wait <= _DELAY_MAX:
        raise ValueError(f"A backoff delay must be between 0 and {_DELAY_MAX:.0f} seconds: {value}")
    return wait
