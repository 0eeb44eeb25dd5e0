"""Batch: jobs that are counted together, as one sees them."""

from __future__ import annotations

__all__ = ["Batch"]


class Batch:
    """Jobs that are counted together."""
