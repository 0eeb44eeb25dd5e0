"""swapped(Cache, other): another service behind a facade and in injection, for a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from securely.container import current, facade_name

__all__ = ["swapped"]

S = TypeVar("S")


@contextmanager
def swapped(facade: S, replacement: S) -> Iterator[S]:
    """Let *replacement* be the service of *facade* within the block.

    Args:
        facade: A facade, such as ``Cache``.
        replacement: What stands in for its service, of the same type.

    Example:
        >>> with swapped(Cache, Cache.build({"driver": "array"})) as cache:
        ...     cache.put("answer", 42)
    """
    container = current()
    name = facade_name(facade)
    before: Any = container.make(name)
    container.instance(name, replacement)
    try:
        yield replacement
    finally:
        container.instance(name, cast(Any, before))
