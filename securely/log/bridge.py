"""The standard library's `logging`, led into a channel. Importing this file imports `logging`."""

from __future__ import annotations

import logging
from typing import Any, Final

from securely.log.levels import LEVELS, level_number
from securely.log.logger import Logger

__all__ = ["BridgeHandler", "install", "uninstall"]

# What every record of `logging` has; the rest was given as `extra`, and is fields.
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class BridgeHandler(logging.Handler):
    """Writes the records of `logging` to a logger of ours, with `extra` as fields.

    Args:
        logger: Where they go: a channel, or the manager for the default one.
        level: The lowest level that is taken.

    Example:
        >>> from securely.log.drivers.array import ArrayHandler
        >>> from securely.log.hub import Hub
        >>> kept = ArrayHandler()
        >>> handler = BridgeHandler(Logger("array", [kept], Hub()))
        >>> _ = handler.handle(logging.makeLogRecord({"name": "lib", "msg": "hi", "levelno": 20}))
        >>> kept.records[0].message, kept.records[0].fields
        ('hi', {'logger': 'lib'})
    """

    def __init__(self, logger: Logger, level: str | int = "debug") -> None:
        super().__init__(level_number(level))
        self._target = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; one that came from a channel of ours does not go back."""
        if getattr(record, "securely", False):
            return
        fields: dict[str, Any] = {"logger": record.name}
        fields.update((name, value) for name, value in vars(record).items() if name not in _OWN)
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = record.exc_info[1]
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit are the caller's, not a reason to lose it
            message = f"{record.msg} {record.args!r}"
        self._target.log(record.levelno, _literal(message, fields), **fields)


def install(logger: Logger, level: str | int = "debug") -> BridgeHandler:
    """Lead the records of every logger of `logging` to *logger*, and name our levels there.

    Handlers that are there stay. Installing twice replaces the first bridge.
    """
    for name, number in LEVELS.items():
        if logging.getLevelName(number) == f"Level {number}":
            logging.addLevelName(number, name.upper())
    uninstall()
    handler = BridgeHandler(logger, level)
    root = logging.getLogger()
    root.addHandler(handler)
    _before.append(root.level)
    if root.level > handler.level or root.level == logging.NOTSET:
        root.setLevel(handler.level)
    return handler


def uninstall() -> None:
    """Take the bridge out of `logging`, and give its root the level it had."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, BridgeHandler)]:
        root.removeHandler(handler)
        handler.close()
    if _before:
        root.setLevel(_before.pop())


# The level of the root logger before the bridge.
_before: list[int] = []


def _literal(message: str, fields: dict[str, Any]) -> str:
    """Keep braces of a foreign message from being taken for placeholders of the fields."""
    for name in fields:
        message = message.replace("{" + name + "}", "{ " + name + " }")
    return message
