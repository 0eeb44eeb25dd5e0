"""MessageLogged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MessageLogged"]


@dataclass(frozen=True, slots=True)
class MessageLogged:
    """A message has been written.

    What a listener logs itself does not fire this event again.

    Attributes:
        level: Its name.
        message: With placeholders filled in, secrets masked.
        context: The fields given with it.
        channel: The channel that wrote it.
    """

    level: str
    message: str
    context: Mapping[str, object]
    channel: str
