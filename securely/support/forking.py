"""What a forked child must have anew: locks that a thread of its parent may have held."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

__all__ = ["renew_after_fork"]


def renew_after_fork(owner: object, attribute: str, make: Callable[[], object]) -> None:
    """Let *attribute* of *owner* be what *make* returns in every child that is forked from now on.

    A child has the thread that forked and no other. A lock that another one held at that moment
    stays locked in the child, and nobody releases it. It is replaced, not released: the thread
    that forked may hold it as well, and leaves its own `with` block as ever.

    Args:
        owner: An object or a module; it is not kept alive.
        attribute: The name of what is replaced.
        make: Makes the new one; must not hold *owner*.

    Example:
        >>> from threading import Lock
        >>> class Register:
        ...     def __init__(self) -> None:
        ...         self.lock = Lock()
        ...         renew_after_fork(self, "lock", Lock)
        >>> Register().lock.locked()
        False
    """
    # By identity: an owner need not be hashable.
    _owners[id(owner), attribute, make] = owner


_owners: WeakValueDictionary[tuple[int, str, Callable[[], object]], Any] = WeakValueDictionary()


def _renew() -> None:
    for (_, attribute, make), owner in list(_owners.items()):
        setattr(owner, attribute, make())


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_renew)
