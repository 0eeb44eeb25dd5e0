"""LogMessage: a line of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["LogMessage"]


@dataclass(frozen=True)
class LogMessage:
    """A line of the log.

    Attributes:
        text: What it says; ``{name}`` in it is filled in from the context.
        context: What goes with it.
        level: The level it is written at; None for that of the channel.
    """

    text: str
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    level: str | None = None
