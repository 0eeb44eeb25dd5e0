"""Wording: how numbers, times and refusals are written on pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from securely.queue.crew.report import duration, short_name
from securely.support import clock

__all__ = ["FILTERS", "title_of"]

_MINUTE: Final = 60.0  # seconds
_HOUR: Final = 3600.0  # seconds
_DAY: Final = 86_400.0  # seconds
_NOTHING: Final = "\N{EN DASH}"
_TEXTS: Final[Mapping[int, str]] = {
    403: "You may not see this dashboard.",
    404: "There is no such page, or what it showed is gone.",
    405: "That is not done this way.",
    503: "The queue cannot be reached.",
}


def title_of(status: int) -> tuple[str, str]:
    """Return the phrase of *status*, and what is said of it.

    Example:
        >>> title_of(404)
        ('Not Found', 'There is no such page, or what it showed is gone.')
    """
    return HTTPStatus(status).phrase, _TEXTS.get(status, "Something went wrong.")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _ago(at: float) -> str:
    """Return how long ago a wall time was, in its largest unit."""
    seconds = max(0.0, clock.timestamp() - at)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{seconds:.0f} s ago"


def _rate(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3g}"


def _span(seconds: float | None) -> str:
    """Return a duration to three digits: percentiles are a tenth off at most."""
    if seconds is None:
        return _NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s" if seconds < _MINUTE else duration(seconds)


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "moment": _moment,
    "iso": _iso,
    "ago": _ago,
    "rate": _rate,
    "span": _span,
    "short_name": short_name,
}
"""The functions that views call to write numbers, times and names."""
