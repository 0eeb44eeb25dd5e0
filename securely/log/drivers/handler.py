"""A handler of the standard library's `logging`, or one made for it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Self

from securely.log.contracts import Formatter
from securely.log.drivers.base import formatter_for
from securely.log.drivers.stdlib import record_of_logging
from securely.log.formatters import MessageFormatter
from securely.log.hub import Hub, delivering
from securely.log.levels import level_number
from securely.log.options import HandlerChannel
from securely.log.record import Record
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object

__all__ = ["HandlerHandler"]


class HandlerHandler:
    """Writes through a handler made for `logging`: there are many, for mail, sockets, services.

    Args:
        make: The handler, or what makes it anew after a close.
        formatter: Makes the text.
        level: The lowest level that is written.
        values: Puts values into words, and masks them.
    """

    def __init__(
        self,
        make: logging.Handler | Callable[[], logging.Handler],
        formatter: Formatter | None = None,
        level: int = 10,
        *,
        values: MessageFormatter | None = None,
    ) -> None:
        self.level = level
        self.formatter: Formatter = formatter or MessageFormatter()
        self._make = make
        self._values = values or MessageFormatter()
        self._handler: logging.Handler | None = self._made()
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    @classmethod
    def configured(cls, options: HandlerChannel, hub: Hub) -> Self:
        """Build it as the configuration says.

        Raises:
            TypeError: What is named is no handler of `logging`.
        """
        kind = import_object(options.handler)
        if not isinstance(kind, type) or not issubclass(kind, logging.Handler):
            raise TypeError(f"{options.handler} is no handler of logging.")
        make = partial(kind, **options.with_)
        text = formatter_for(options.formatter, "message", hub, options.formatter_with)
        values = MessageFormatter(masker=hub.masker, note=hub.emergency.report)
        return cls(make, text, level_number(options.level), values=values)

    def handle(self, record: Record) -> None:
        """Write *record*."""
        text = self.formatter.format(record).rstrip("\n")
        # What the handler's own libraries tell `logging` meanwhile must not come back to it.
        token = delivering.set(True)
        try:
            self._opened().handle(record_of_logging("securely", record, text, self._values))
        finally:
            delivering.reset(token)

    def close(self) -> None:
        """Close the handler; the next record makes it anew."""
        with self._lock:
            handler, self._handler = self._handler, None
        if handler is not None:
            handler.close()

    def _opened(self) -> logging.Handler:
        handler = self._handler
        if handler is None:
            with self._lock:
                handler = self._handler = self._handler or self._made()
        return handler

    def _made(self) -> logging.Handler:
        made = self._make if isinstance(self._make, logging.Handler) else self._make()
        # It would print a traceback for each record; the emergency log says it once.
        made.handleError = _raised  # type: ignore[method-assign]  # documented to be replaced
        return made


def _raised(record: logging.LogRecord) -> None:  # as logging calls it
    error = sys.exc_info()[1]
    if error is not None:
        raise error
