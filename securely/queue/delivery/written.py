"""Header: what is known of a job without its class, and how its options become plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, cast

import msgspec

from securely.queue.delivery.through import Written
from securely.queue.exceptions import NotQueueable
from securely.support import clock
from securely.support.backoff import Backoff, BackoffLike
from securely.support.durations import Duration, seconds, seconds_until

__all__ = ["FIELDS", "HEAD", "OPTIONS", "Header", "largest_of", "middle_of", "start_over", "words"]


class Header(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=False):
    """What is known of a job without its class; options as they were at its dispatch.

    Attributes:
        uuid: Its id for its whole life.
        job: Its class as "package.module:Name".
        name: What people call it.
        created_at: When it was dispatched, in seconds since 1970.
        backoff: As :meth:`Backoff.pack` wrote it.
        retry_until: Wall time from which on a failure is final.
        tags: Words by which it is found in lists.
        context: What travels with it from where it was dispatched.
        expires_at: Wall time from which on it is not started any more.
        batch: The batch that counts it.
        encrypted: Its body is encrypted.
        until_processing: Its `unique` key is free once it has begun.
        through: Middleware of this one dispatch.
        result_seconds: How long what it returns is kept.
        carried: The values of the `Context`, and the trace, where it was dispatched.
    """

    uuid: str
    job: str
    name: str
    created_at: float
    tries: int | None = None
    backoff: list[Any] | None = None
    timeout: float | None = None
    fail_on_timeout: bool = False
    max_exceptions: int | None = None
    retry_until: float | None = None
    max_lost: int | None = None
    tags: list[str] = []
    context: dict[str, Any] | None = None
    expires_at: float | None = None
    batch: str | None = None
    encrypted: bool = False
    until_processing: bool = False
    through: Written = []
    result_seconds: float | None = None
    carried: dict[str, str] | None = None


class _Brief(msgspec.Struct):
    """The fields of a :class:`Header` that each job has, in its order."""

    uuid: str
    job: str
    name: str
    created_at: float


HEAD: Final = b'{"uuid":"'
"""What each header begins with; its uuid follows, of 36 digits and dashes."""


def middle_of(path: str, name: str) -> bytes:
    """Return what stands between uuid and time in the headers of one class.

    Most jobs say nothing of themselves. To make all of a header for each of them takes longer than
    to sign it.

    Args:
        path: The class, as :attr:`Header.job` has it.
        name: What people call its jobs.

    Raises:
        UnicodeEncodeError: One of them can not be written.

    Example:
        >>> middle_of("app.jobs:Greet", "app.jobs.Greet")
        b'","job":"app.jobs:Greet","name":"app.jobs.Greet","created_at":'
    """
    written = msgspec.json.encode(_Brief("", path, name, 0.0))
    return written[len(HEAD) : -len("0.0}")]


def start_over(header: Header) -> None:
    """Let what was counted from the dispatch count from now."""
    now = clock.timestamp()
    passed = now - header.created_at
    if header.retry_until is not None:
        header.retry_until += passed
    if header.expires_at is not None:
        header.expires_at += passed
    header.created_at = now


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


def largest_of(body: bytes) -> str | None:
    """Return which of the attributes in *body*, which are JSON, takes most room."""
    written = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return max(written, key=lambda name: len(bytes(written[name])), default=None)
