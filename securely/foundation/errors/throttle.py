"""Lottery: a part of many, by chance; Throttle: how often errors of some kinds are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from securely.foundation.errors.contracts import Limiter, Rate
from securely.foundation.errors.rules import Rule
from securely.support import entropy

__all__ = ["Lottery", "Throttle"]


class Lottery:
    """Wins a number of times out of another, by chance.

    Args:
        wins: How often, on the average.
        out_of: Of how many draws.

    Raises:
        ValueError: It would win more often than it is drawn, or less than never.

    Example:
        >>> Lottery(0, 10).draw(), Lottery(10, 10).draw()
        (False, True)

    Source: Laravel 13, Illuminate\\Support\\Lottery.
    """

    def __init__(self, wins: int, out_of: int) -> None:
        if not 0 <= wins <= out_of or out_of < 1:
            raise ValueError(
                f"A lottery wins between 0 and all of its draws, not {wins} of {out_of}."
            )
        self.wins = wins
        self.out_of = out_of

    @staticmethod
    def odds(wins: int, out_of: int) -> Lottery:
        """Return a lottery that wins so often, by Laravel's name."""
        return Lottery(wins, out_of)

    def draw(self) -> bool:
        """Return whether this draw wins."""
        return entropy.below(self.out_of) < self.wins

    def __repr__(self) -> str:
        return f"Lottery({self.wins}, {self.out_of})"


How: TypeAlias = "Rate | Lottery | bool | None"


class Throttle:
    """Says of errors whether one more is let through.

    Args:
        limiter: Returns what counts, when it is first needed.
    """

    def __init__(self, limiter: Callable[[], Limiter]) -> None:
        self._limiter = limiter
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Ask *rule*, behind those that came before, how often its errors are reported."""
        self._rules.append(rule)

    def passes(self, error: BaseException) -> bool:
        """Tell whether *error* is reported; where that cannot be told, it is."""
        for rule in self._rules:
            if not rule.fits(error):
                continue
            try:
                how: Any = rule.function(error)
                if how is not None:
                    return self._allows(how, error)
            except Exception:  # an error too many is better than none: it may be the cache's
                return True
        return True

    def _allows(self, how: Any, error: BaseException) -> bool:
        if isinstance(how, bool):
            return how
        if isinstance(how, Lottery):
            return how.draw()
        kind = type(error)
        # A name of ours: nobody's own limits are to be counted up by errors.
        key = how.key or f"{kind.__module__}.{kind.__qualname__}"
        return self._limiter().consume(how.by(f"errors:{key}")).allowed
