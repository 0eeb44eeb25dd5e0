"""Where a command writes: lines, tables, lists, progress; plain when not a terminal."""

from __future__ import annotations

from securely.console.output.separator import TableSeparator
from securely.console.output.writer import BufferedOutput, Output, Verbosity

__all__ = ["BufferedOutput", "Output", "TableSeparator", "Verbosity"]
