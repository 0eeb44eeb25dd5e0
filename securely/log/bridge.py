"""The standard library's `logging`, led into a channel. Importing this file imports `logging`."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, Final, Protocol, cast

from securely.log.hub import delivering
from securely.log.levels import LEVELS, level_number
from securely.log.record import Verbatim

__all__ = ["BridgeHandler", "Writes", "install", "uninstall"]

# Loggers that a server gives handlers of their own, and does not let propagate.
_UVICORN: Final = ("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi")

# What every record of `logging` has; the rest was given as `extra`, and is fields.
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Writes(Protocol):
    """Where records go: a channel, the manager for the default one, or what finds that late."""

    def log(self, level: str | int, message: object, /, **fields: object) -> object:
        """Write *message* at *level*."""
        ...


class BridgeHandler(logging.Handler):
    """Writes the records of `logging` to a logger of ours, with `extra` as fields.

    Args:
        logger: Where they go: a channel, or the manager for the default one.
        level: The lowest level that is taken.

    Example:
        >>> from securely.log.drivers.array import ArrayHandler
        >>> from securely.log.hub import Hub
        >>> from securely.log.logger import Logger
        >>> kept = ArrayHandler()
        >>> handler = BridgeHandler(Logger("array", [kept], Hub()))
        >>> _ = handler.handle(logging.makeLogRecord({"name": "lib", "msg": "hi", "levelno": 20}))
        >>> kept.records[0].message, kept.records[0].fields
        ('hi', {'logger': 'lib'})
    """

    def __init__(self, logger: Writes, level: str | int = "debug") -> None:
        super().__init__(level_number(level))
        self._target = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; one that a channel of ours has made, or caused, does not go back."""
        if getattr(record, "securely", False) or delivering.get():
            return
        fields: dict[str, Any] = {"logger": record.name}
        fields.update((name, value) for name, value in vars(record).items() if name not in _OWN)
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = record.exc_info[1]
        # What is told while it is written comes from a handler of somebody's, and would not end.
        token = delivering.set(True)
        try:
            self._target.log(record.levelno, Verbatim(_message(record)), **fields)
        finally:
            delivering.reset(token)


def install(logger: Writes, level: str | int = "debug") -> BridgeHandler:
    """Lead the records of every logger of `logging` to *logger*, and name our levels there.

    Handlers that are there stay, but for those of uvicorn, whose lines would be there twice.
    Installing twice replaces the first bridge.
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
    for name in _UVICORN:
        server = logging.getLogger(name)
        _servers[name] = (server.propagate, [*server.handlers])
        server.handlers.clear()
        server.propagate = True
    return handler


def uninstall() -> None:
    """Take the bridge out of `logging`, and give its root the level it had."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, BridgeHandler)]:
        root.removeHandler(handler)
        handler.close()
    if _before:
        root.setLevel(_before.pop())
    for name, (propagate, handlers) in _servers.items():
        logging.getLogger(name).propagate = propagate
        logging.getLogger(name).handlers[:] = handlers
    _servers.clear()


# The level of the root logger before the bridge, and what uvicorn's loggers had.
_before: list[int] = []
_servers: dict[str, tuple[bool, list[logging.Handler]]] = {}


def _message(record: logging.LogRecord) -> str:
    """Return what *record* says; what can not be said is the caller's, no reason to lose it."""
    said: object = record.msg
    kind = type(said)
    words = str.__str__(cast("str", said)) if issubclass(kind, str) else kind.__qualname__
    for say in (record.getMessage, lambda: f"{words} {record.args!r}"):
        with suppress(Exception):  # arguments that do not fit, or that can not speak
            return say()
    return words
