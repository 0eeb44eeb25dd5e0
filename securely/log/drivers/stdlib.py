"""A logger of the standard library's `logging`, with whatever handlers it has."""

from __future__ import annotations

import logging
from typing import Self

from securely.log.hub import Hub
from securely.log.levels import level_name, level_number
from securely.log.options import StdlibChannel
from securely.log.record import Record

__all__ = ["StdlibHandler"]


class StdlibHandler:
    """Hands records to a logger of the standard library; fields become attributes.

    Args:
        logger: The logger's name.
        level: The lowest level that is handed on.
    """

    def __init__(self, logger: str, level: int = 10) -> None:
        self.level = level
        self._logger = logging.getLogger(logger)

    @classmethod
    def configured(cls, options: StdlibChannel, hub: Hub) -> Self:  # a driver's shape
        """Build it as the configuration says."""
        return cls(options.logger, level_number(options.level))

    def handle(self, record: Record) -> None:
        """Hand *record* on, with its fields in the attribute `fields`."""
        if not self._logger.isEnabledFor(record.level):
            return
        error = record.exception
        made = self._logger.makeRecord(
            self._logger.name,
            record.level,
            "",
            0,
            record.message,
            (),
            None if error is None else (type(error), error, error.__traceback__),
            # The bridge lets what bears `securely` pass, so that no record comes back.
            extra={"fields": dict(record.fields), "securely": True},
        )
        made.levelname = level_name(record.level).upper()
        made.created = record.timestamp
        self._logger.handle(made)

    def close(self) -> None:
        """Do nothing: the logger's handlers belong to whoever added them."""
