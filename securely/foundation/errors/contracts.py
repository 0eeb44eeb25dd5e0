"""Level, and ShouldntReport: what an error may say of itself."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Level", "ShouldntReport"]

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
