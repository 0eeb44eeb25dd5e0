"""EventOptions: the section `events` of the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from securely.support.options import Options

__all__ = ["EventOptions"]


class EventOptions(Options):
    """Where listeners are found, and what becomes of async ones within a loop."""

    discover: list[str] = Field(
        default_factory=lambda: ["app.listeners"],
        description="The packages whose listeners register themselves; empty turns it off.",
    )
    in_loop: Literal["raise", "portal"] = Field(
        default="raise",
        description="What a sync dispatch does with an async listener where a loop runs: raise "
        "UseAsyncDispatch, or let the portal run it in its thread and wait.",
    )
