"""Which container is current: this context's, else this process's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from securely.container.container import Container
from securely.container.exceptions import NotBooted

__all__ = ["activated", "current", "set_process_container"]

_active: ContextVar[Container | None] = ContextVar("securely_container", default=None)
_process: Container | None = None


def current() -> Container:
    """Return the container that facades and helpers use here.

    Raises:
        NotBooted: There is none, neither in this context nor in this process.
    """
    container = _active.get()
    if container is None:
        container = _process
    if container is None:
        raise NotBooted
    return container


def set_process_container(container: Container | None) -> Container | None:
    """Make *container* the one that threads and contexts see when they have none of their own.

    Returns:
        The one that was, so that it can be put back.
    """
    global _process  # one per process is the point
    before, _process = _process, container
    return before


@contextmanager
def activated(container: Container) -> Generator[Container]:
    """Make *container* current in this context, and in what is started from it."""
    token = _active.set(container)
    try:
        yield container
    finally:
        _active.reset(token)
