"""queueable: a function that listens on the queue, with where and when it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from securely.events.exceptions import InvalidListener
from securely.support.durations import Duration
from securely.support.importing import ImportFailed, dotted, import_object

__all__ = ["QueuedFunction", "queueable"]


class QueuedFunction:
    """A function that the queue runs when its event happens; made by :func:`queueable`.

    Attributes:
        function: What is run.
        options: Where and when: "queue", "connection" and "delay", as far as they were said.
        catches: What is called when it is over without success, in this order.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.options: dict[str, Any] = {}
        self.catches: list[Callable[..., object]] = []

    def on_queue(self, queue: str | Enum) -> QueuedFunction:
        """Run it on *queue*."""
        self.options["queue"] = queue
        return self

    def on_connection(self, connection: str | Enum) -> QueuedFunction:
        """Run it through *connection*."""
        self.options["connection"] = connection
        return self

    def delay(self, delay: Duration | datetime) -> QueuedFunction:
        """Let it wait for *delay* ("10m", seconds, timedelta), or until an aware datetime."""
        self.options["delay"] = delay
        return self

    def catch(self, function: Callable[..., object]) -> QueuedFunction:
        """Call *function* with the event and the error when the job is over without success.

        Raises:
            InvalidListener: A worker could not import it.
        """
        self.catches.append(_importable(function))
        return self


def queueable(function: Callable[..., object]) -> QueuedFunction:
    """Let the queue run *function* when its event happens.

    A worker imports it by its name, so that it stands at the top of a module: code does not
    travel in a payload.

    Raises:
        InvalidListener: A worker could not import it.

    Example:
        >>> import json
        >>> queueable(json.dumps).on_queue("mail").delay("5m").options
        {'queue': 'mail', 'delay': '5m'}

    Source: Laravel 13, Illuminate\\Events\\queueable.
    """
    return QueuedFunction(_importable(function))


def _importable(function: Callable[..., object]) -> Callable[..., object]:
    if not callable(function):
        raise InvalidListener(repr(function), "cannot be called: give a function.")
    name = dotted(function) if hasattr(function, "__qualname__") else dotted(type(function))
    try:
        found = import_object(name)
    except ImportFailed:
        found = None
    if found is not function:
        raise InvalidListener(
            name,
            "cannot be queued: a worker imports it by its name. Move it to the top of a module.",
        )
    return function
