"""A row of a table that is a line."""

from __future__ import annotations

from typing import final

__all__ = ["TableSeparator"]


@final
class TableSeparator:
    """Stands among the rows of a table, and is drawn as a line."""
