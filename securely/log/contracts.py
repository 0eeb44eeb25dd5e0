"""Handler: one structured record in, something written out. Formatter: a record as text."""

from __future__ import annotations

from typing import Protocol

from securely.log.record import Record

__all__ = ["Formatter", "Handler"]


class Formatter(Protocol):
    """Turns a record into text."""

    def format(self, record: Record) -> str:
        """Return *record* as text that ends with a line break. Never raises for what is in it."""
        ...


class Handler(Protocol):
    """What a log driver must do."""

    level: int
    """Records below it are not handled; the logger asks before it calls."""

    def handle(self, record: Record) -> None:
        """Write *record*, whole or not at all, also when threads and processes write too.

        What it raises does not reach whoever logs: the logger reports it to the emergency log.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. A later record opens them again."""
        ...
