"""What the options of a job become in the header of its payload: plain data, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, cast

from securely.queue.exceptions import NotQueueable
from securely.support import clock
from securely.support.backoff import Backoff, BackoffLike
from securely.support.durations import Duration, seconds, seconds_until

__all__ = ["FIELDS", "OPTIONS", "words"]


def words(name: str, tags: object) -> list[str]:
    """Return the tags of the job *name*: a method gives them, or an attribute holds them.

    Raises:
        NotQueueable: They are no words.
    """
    if isinstance(tags, str):
        return [tags]
    try:
        return [str(tag) for tag in cast("Sequence[object]", tags)]
    except TypeError as error:
        reason = f"they are {tags!r}. Write a list of words."
        raise NotQueueable(f"{name}.tags", reason) from error


def _moment(value: datetime | Duration) -> float:
    return clock.timestamp() + seconds_until(value)


def _length(value: Duration) -> float:
    found = seconds(value)
    if found < 0:
        raise ValueError("It can not be negative; 0 is no limit")
    return found


def _number(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError("It is no whole number")
        if value < least:
            raise ValueError(f"It can not be less than {least}")
        return value

    return read


OPTIONS: Final[dict[str, Callable[[Any], object]]] = {
    "tries": _number(0),
    "backoff": lambda value: Backoff.of(cast("BackoffLike", value)).pack(),
    "timeout": _length,
    "fail_on_timeout": bool,
    "max_exceptions": _number(1),
    "retry_until": _moment,
    "max_lost": _number(1),
    "expires_after": _moment,
    "encrypted": bool,
}
"""What reads each option; TypeError and ValueError say what is wrong with a value."""

FIELDS: Final = {"expires_after": "expires_at"}
"""Options that the header keeps under another name: a moment instead of a duration."""
