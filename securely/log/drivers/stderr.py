"""For terminals and containers."""

from __future__ import annotations

import sys
from typing import Self

from securely.log.contracts import Formatter
from securely.log.drivers.base import formatter_for
from securely.log.formatters import ConsoleFormatter
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import StderrChannel
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
        self._formatter = formatter

    @classmethod
    def configured(cls, options: StderrChannel, hub: Hub) -> Self:
        """Build it as the configuration says: in colour and without the date on a terminal."""
        level = level_number(options.level)
        if options.formatter is None and _is_terminal():
            made = ConsoleFormatter(timezone=hub.timezone, masker=hub.masker, colour=True)
            return cls(made, level)
        return cls(formatter_for(options.formatter, "line", hub), level)

    def handle(self, record: Record) -> None:
        """Write *record*; a reader that has gone is not an error."""
        text = self._formatter.format(record)
        try:
            try:
                sys.stderr.write(text)
            except UnicodeEncodeError:
                sys.stderr.write(text.encode("ascii", "backslashreplace").decode())
            sys.stderr.flush()
        except (BrokenPipeError, ValueError):
            return  # nobody reads any more, or the stream is closed: there is nowhere to say so

    def close(self) -> None:
        """Do nothing: the stream belongs to the process."""


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False
