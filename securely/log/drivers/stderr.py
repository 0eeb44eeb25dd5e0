"""For terminals and containers."""

from __future__ import annotations

import sys
from typing import Self, TextIO

from securely.log.contracts import Formatter
from securely.log.drivers.base import formatter_for
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import StderrChannel, StdoutChannel
from securely.log.record import Record

__all__ = ["StderrHandler"]


class StderrHandler:
    """Writes to the standard error output of the moment, in one piece per record.

    Args:
        formatter: Makes the text.
        level: The lowest level that is written.
    """

    def __init__(self, formatter: Formatter, level: int = 10) -> None:
        self.level = level
        self.formatter = formatter

    @classmethod
    def configured(cls, options: StderrChannel | StdoutChannel, hub: Hub) -> Self:
        """Build it as the configuration says: in colour and without the date on a terminal."""
        level = level_number(options.level)
        if options.formatter is None and cls.is_terminal():
            made = formatter_for("console", "console", hub, {"colour": True})
            return cls(made, level)
        return cls(formatter_for(options.formatter, "line", hub, options.formatter_with), level)

    def handle(self, record: Record) -> None:
        """Write *record*; a reader that has gone is not an error."""
        text = self.formatter.format(record)
        stream = self.stream()
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                stream.write(text.encode("ascii", "backslashreplace").decode())
            stream.flush()
        except (BrokenPipeError, ValueError):
            return  # nobody reads any more, or the stream is closed: there is nowhere to say so

    def close(self) -> None:
        """Do nothing: the stream belongs to the process."""

    @staticmethod
    def stream() -> TextIO:
        """Return where it writes."""
        return sys.stderr

    @classmethod
    def is_terminal(cls) -> bool:
        """Tell whether somebody looks at it."""
        try:
            return cls.stream().isatty()
        except (AttributeError, ValueError):
            return False
