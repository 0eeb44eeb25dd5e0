"""How much work something takes, whatever else the machine does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time  # noqa: TID251  # it stands still while others have the machine

__all__ = ["effort"]


def effort(run: Callable[[], object]) -> float:
    """Return for how many seconds the processor works at *run*."""
    began = process_time()
    run()
    return process_time() - began
