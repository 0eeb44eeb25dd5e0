"""Record: one message, with its time, level and fields; secrets already masked. Verbatim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Record", "Verbatim"]


class Verbatim(str):
    """A message in somebody else's words: braces in it stand for no field.

    Example:
        >>> Verbatim("{order} is not a field")
        '{order} is not a field'
    """

    __slots__ = ()


class Record(NamedTuple):
    """One message on its way to the handlers. (A named tuple: the cheapest thing to make.)

    Attributes:
        timestamp: Seconds since 1970-01-01 UTC.
        level: Its number, as in `levels`.
        channel: What stands before the level in a line: the channel's name or the environment.
        message: With placeholders filled in.
        fields: What was given with the message, and before that by the context.
        extra: What follows the request or job and is not the message's own.
        exception: What was caught, if the message is about that.
    """

    timestamp: float
    level: int
    channel: str
    message: str
    fields: Mapping[str, object]
    extra: Mapping[str, object]
    exception: BaseException | None = None
