"""Several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self

from securely.log.contracts import Handler
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import StackChannel
from securely.log.record import Record

__all__ = ["StackHandler"]


class StackHandler:
    """Hands each record to the handlers of several channels, each with its own level and form.

    One that fails does not keep the others from writing.

    Args:
        handlers: The handlers.
        level: The lowest level that any of them gets.
        report: Is told which one failed, and of what; None tells nobody.
    """

    def __init__(
        self,
        handlers: Iterable[Handler],
        level: int = 10,
        report: Callable[[str, Record], None] | None = None,
    ) -> None:
        self._handlers = tuple(handlers)
        self._report = report
        self.level: int = max(level, min((each.level for each in self._handlers), default=level))

    @classmethod
    def configured(cls, options: StackChannel, hub: Hub) -> Self:
        """Build it of the channels that the configuration names."""
        handlers = [each for name in options.channels for each in hub.handlers_of(name)]
        report = None if options.ignore_exceptions else hub.emergency.report
        return cls(handlers, level_number(options.level), report)

    def handle(self, record: Record) -> None:
        """Hand *record* to each handler whose level it reaches."""
        for handler in self._handlers:
            if record.level < handler.level:
                continue
            try:
                handler.handle(record)
            except Exception as error:  # the others must write all the same
                if self._report is not None:
                    kind = type(handler).__name__
                    self._report(f"{kind} of a stack of log channels failed: {error!r}", record)

    def close(self) -> None:
        """Close each of them."""
        for handler in self._handlers:
            handler.close()
