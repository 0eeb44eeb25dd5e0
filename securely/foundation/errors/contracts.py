"""What an error may say of itself, who else is told of errors, and what limits how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, Self, TypeAlias, runtime_checkable

__all__ = ["Level", "Limiter", "Rate", "Reporter", "ShouldntReport", "Verdict"]

Level: TypeAlias = Literal[
    "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"
]


class ShouldntReport:
    """Beside an exception in the bases of a class: errors of it are not reported.

    Example:
        >>> class Declined(ShouldntReport, Exception):
        ...     pass

    Source: Laravel 13, Contracts\\Debug\\ShouldntReport.
    """


class Reporter(Protocol):
    """Who hears of errors beside the log; `errors.reporters` of the configuration names it."""

    def report(self, error: BaseException, level: Level, fields: Mapping[str, object]) -> object:
        """Tell of *error*. What is raised goes to the log, and keeps nobody else from hearing.

        Args:
            error: What nobody caught.
            level: How grave it is.
            fields: What is known of it, secrets included: a reporter masks what it sends away.
        """
        ...

    def close(self) -> object:
        """Send what is still to be sent: the application ends."""
        ...


@runtime_checkable
class Rate(Protocol):
    """So many in so much time; `Limit` is one."""

    @property
    def key(self) -> str:
        """For whom it is counted; empty where nobody has said."""
        ...

    def by(self, key: object) -> Self:
        """Return this rate, counted for *key* alone."""
        ...


class Verdict(Protocol):
    """What a limiter says."""

    @property
    def allowed(self) -> bool:
        """Whether it is let through."""
        ...


class Limiter(Protocol):
    """What counts; the service "rate_limiter" is one. The cache it stands on is not imported."""

    def consume(self, limit: Rate, /) -> Verdict:
        """Count one more, and tell whether it is let through."""
        ...
