"""A logger of the standard library's `logging`, with whatever handlers it has."""

from __future__ import annotations

import logging
from typing import Self

from securely.log.formatters import MessageFormatter
from securely.log.hub import Hub, delivering
from securely.log.levels import level_name, level_number
from securely.log.options import StdlibChannel
from securely.log.record import Record

__all__ = ["StdlibHandler", "record_of_logging"]


class StdlibHandler:
    """Hands records to a logger of the standard library; fields become attributes.

    Args:
        logger: The logger's name.
        level: The lowest level that is handed on.
        values: Puts values into words, and masks them, that others would write as their repr.
    """

    def __init__(
        self, logger: str, level: int = 10, *, values: MessageFormatter | None = None
    ) -> None:
        self.level = level
        self._values = values or MessageFormatter()
        self._logger = logging.getLogger(logger)

    @classmethod
    def configured(cls, options: StdlibChannel, hub: Hub) -> Self:  # a driver's shape
        """Build it as the configuration says."""
        values = MessageFormatter(masker=hub.masker, note=hub.emergency.report)
        return cls(options.logger, level_number(options.level), values=values)

    def handle(self, record: Record) -> None:
        """Hand *record* on, with its fields in the attribute `fields`, the context in `extra`."""
        if not self._logger.isEnabledFor(record.level):
            return
        made = record_of_logging(self._logger.name, record, record.message, self._values)
        if (error := record.exception) is not None:
            made.exc_info = (type(error), error, error.__traceback__)
            # What formatters of `logging` write in its place: without secrets.
            made.exc_text = self._values.story(error)
        # What handlers there tell `logging` meanwhile must not come back here by the bridge.
        token = delivering.set(True)
        try:
            self._logger.handle(made)
        finally:
            delivering.reset(token)

    def close(self) -> None:
        """Do nothing: the logger's handlers belong to whoever added them."""


def record_of_logging(
    name: str, record: Record, text: str, values: MessageFormatter
) -> logging.LogRecord:
    """Return *record* as `logging` has them.

    Args:
        name: Of the logger.
        record: What is written.
        text: What it says.
        values: Puts values into words, and masks them.
    """
    made = logging.LogRecord(name, record.level, "", 0, text, (), None)
    made.levelname = level_name(record.level).upper()
    made.created = record.timestamp
    made.msecs = record.timestamp % 1 * 1000
    # The bridge lets what bears `securely` pass, so that no record comes back.
    fields, extra = values.plain(record.fields), values.plain(record.extra)
    made.__dict__.update(fields=fields, extra=extra, securely=True)
    return made
