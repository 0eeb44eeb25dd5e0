"""What a factory of the application makes."""

from __future__ import annotations

from typing import Any

from securely.log.contracts import Handler
from securely.log.drivers.base import resolved
from securely.log.formatters import MessageFormatter
from securely.log.hub import Hub
from securely.log.logger import Logger
from securely.log.options import CustomChannel
from securely.log.record import Record

__all__ = ["CustomHandler"]


class CustomHandler:
    """Stands for a handler that a factory has made.

    Args:
        handler: The handler, ours or of `logging`.
    """

    def __init__(self, handler: Handler) -> None:
        self.level: int = handler.level
        self._handler = handler

    @classmethod
    def configured(cls, options: CustomChannel, hub: Hub) -> Handler | Logger:  # a driver's shape
        """Call the factory `via` with the channel's settings.

        Raises:
            ValueError: There is no factory.
            TypeError: It made something else than a handler or a logger.
        """
        if options.via is None:
            raise ValueError("The driver custom needs via: a factory, or its dotted path.")
        made: Any = resolved(options.via)(options.model_dump(exclude={"via"}))
        if isinstance(made, Logger):
            return made
        if not hasattr(made, "handle"):
            raise TypeError(f"{options.via} made {made!r}, which is no handler and no logger.")
        if not hasattr(made, "handleError") and hasattr(made, "close"):
            return cls(made)
        return _of_logging(made, hub)

    def handle(self, record: Record) -> None:
        """Hand *record* on."""
        self._handler.handle(record)

    def close(self) -> None:
        """Close the handler."""
        self._handler.close()


def _of_logging(made: Any, hub: Hub) -> Handler:
    """Return what writes to a handler, or to a logger, of `logging`."""
    import logging

    values = MessageFormatter(timezone=hub.timezone, masker=hub.masker, note=hub.emergency.report)
    if isinstance(made, logging.Logger):
        from securely.log.drivers.stdlib import StdlibHandler

        return StdlibHandler(made.name, values=values)
    from securely.log.drivers.handler import HandlerHandler

    return HandlerHandler(made, values, max(10, made.level), values=values)
