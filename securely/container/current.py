"""Which container is current: this context's, else this process's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from securely.container.container import Container
from securely.container.exceptions import NotBooted

__all__ = ["activated", "active", "current", "process", "set_process_container"]

active: ContextVar[Container | None] = ContextVar("securely_container", default=None)


class _Process:
    """The container of the process; facades look at it at every call."""

    __slots__ = ("container",)

    def __init__(self) -> None:
        self.container: Container | None = None


process: _Process = _Process()


def current() -> Container:
    """Return the container that facades and helpers use here.

    Raises:
        NotBooted: There is none, neither in this context nor in this process.
    """
    container = active.get()
    if container is None:
        container = process.container
    if container is None:
        raise NotBooted
    return container


def set_process_container(container: Container | None) -> Container | None:
    """Make *container* the one that threads and contexts see when they have none of their own.

    Returns:
        The one that was, so that it can be put back.
    """
    before, process.container = process.container, container
    return before


@contextmanager
def activated(container: Container) -> Generator[Container]:
    """Make *container* current in this context, and in what is started from it."""
    token = active.set(container)
    try:
        yield container
    finally:
        active.reset(token)
