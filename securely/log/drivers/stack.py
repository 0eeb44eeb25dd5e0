"""Several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Self

from securely.log.contracts import Handler
from securely.log.emergency import words_of
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.logger import kind_of
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
        names: What the channels are called, by the identity of their handlers.
    """

    def __init__(
        self,
        handlers: Iterable[Handler],
        level: int = 10,
        report: Callable[..., None] | None = None,
        *,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self._handlers = tuple(handlers)
        self._names = names or {}
        self._report = report
        self.level: int = max(level, min((each.level for each in self._handlers), default=level))

    @classmethod
    def configured(cls, options: StackChannel, hub: Hub) -> Self:
        """Build it of the channels that the configuration names."""
        named = [(each, name) for name in options.channels for each in hub.handlers_of(name)]
        return cls(
            [each for each, _ in named],
            level_number(options.level),
            None if options.ignore_exceptions else hub.emergency.report,
            names={id(each): name for each, name in named},
        )

    def handle(self, record: Record) -> None:
        """Hand *record* to each handler whose level it reaches."""
        for handler in self._handlers:
            if record.level < handler.level:
                continue
            try:
                handler.handle(record)
            except Exception as error:  # the others must write all the same
                self._tell(handler, error, record)
            if not getattr(handler, "bubble", True):
                return

    def _tell(self, handler: Handler, error: Exception, record: Record) -> None:
        if self._report is None:
            return
        name = self._names.get(id(handler), type(handler).__name__)
        reason = f'Log channel "{name}" of a stack failed: {words_of(error)}'
        self._report(reason, record, kind=kind_of(name, error))

    def close(self) -> None:
        """Close each of them."""
        for handler in self._handlers:
            handler.close()
