"""EventOptions: the section `events` of the configuration."""

from __future__ import annotations

from pydantic import Field

from securely.support.options import Options

__all__ = ["EventOptions"]


class EventOptions(Options):
    """Where listeners are found."""

    discover: list[str] = Field(
        default_factory=lambda: ["app.listeners"],
        description="The packages whose listeners register themselves; empty turns it off.",
    )
