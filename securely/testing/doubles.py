"""swapped(Cache, other): another service behind a facade and in injection, for a block."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeVar

from securely.container import current, service_of

__all__ = ["swapped"]

S = TypeVar("S")


@contextmanager
def swapped(facade: S, replacement: S) -> Generator[S]:
    """Let *replacement* be the service of *facade* within the block.

    Args:
        facade: A facade, such as ``Cache``.
        replacement: What stands in for its service, of the same type.

    Example:
        >>> with swapped(Event, Event.fake()) as events:
        ...     _ = Event.dispatch("shipped")
        >>> events.assert_dispatched("shipped")
    """
    container = current()
    service = container.root(service_of(facade))
    before = container.make(service)
    container.instance(service, replacement)
    try:
        yield replacement
    finally:
        container.instance(service, before)
