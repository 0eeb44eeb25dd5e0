"""Callbacks: what is to be told before and after something is resolved, and what extends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from securely.container.binding import Key
from securely.container.markers.parameters import Inject, is_inherited

__all__ = ["Callbacks"]


class Callbacks:
    """The callbacks of one container, with those of its parent before its own.

    Args:
        container: Given to each callback after the object.
        above: Gives those of the container that this one's is a child of; None without one.
    """

    def __init__(self, container: Any, above: Callable[[], Callbacks | None]) -> None:
        self._container = container
        self._above = above
        self.extenders: dict[Key, list[Callable[..., Any]]] = {}
        self.rebinding: dict[Key, list[Callable[..., Any]]] = {}
        self.before: list[tuple[Key, Callable[..., Any]]] = []
        self.resolving: list[tuple[Key, Callable[..., Any]]] = []
        self.after: list[tuple[Key, Callable[..., Any]]] = []
        self.marked: list[tuple[type, Callable[..., Any]]] = []
        self.handlers: dict[type, Callable[..., Any]] = {}

    def all_extenders(self, key: Key) -> list[Callable[..., Any]]:
        """Return the extenders of *key*, in the order they were added."""
        above = self._above()
        first = above.all_extenders(key) if above is not None else []
        return [*first, *self.extenders.get(key, ())]

    def extender(self, key: Key) -> Callable[[Any], Any] | None:
        """Return one function that applies all extenders of *key*; None when there are none."""
        extenders = self.all_extenders(key)
        if not extenders:
            return None
        container = self._container

        def extend(made: Any) -> Any:
            for each in extenders:
                made = each(made, container)
            return made

        return extend

    def before_hook(self, key: Key) -> Callable[[Mapping[str, Any]], None] | None:
        """Return one function that tells all who want to know before *key* is resolved."""
        hooks = [
            callback for wanted, callback in self._in_order("before") if _concerns(wanted, key)
        ]
        if not hooks:
            return None
        container = self._container

        def announce(overrides: Mapping[str, Any]) -> None:
            for hook in hooks:
                hook(key, overrides, container)

        return announce

    def after_hook(self, key: Key, cls: Any) -> Callable[[Any], Any] | None:
        """Return one function that tells all who want to know that *key* has been resolved.

        Args:
            key: What is resolved.
            cls: The class of the object, when it is known before; None when it is not.
        """
        hooks = [
            (wanted, callback)
            for wanted, callback in [*self._in_order("resolving"), *self._in_order("after")]
            if wanted is None
            or wanted == key
            or (isinstance(wanted, type) and (cls is None or _concerns(wanted, cls)))
        ]
        if not hooks:
            return None
        container = self._container

        def tell(made: Any) -> Any:
            for wanted, callback in hooks:
                if wanted is None or wanted == key or _is_a(made, wanted):
                    callback(made, container)
            return made

        return tell

    def marker_hook(self, marker: Any) -> Callable[[Any], Any] | None:
        """Return one function that gives an object to *marker*, and to all who want to know."""
        container = self._container
        # Not isinstance: checkers would take it for a marker of they know not what.
        is_ours = issubclass(type(marker), Inject) and not is_inherited(marker, "after")
        own: Any = marker.after if is_ours else None
        hooks = [callback for wanted, callback in self._marked() if isinstance(marker, wanted)]
        if own is None and not hooks:
            return None

        def tell(made: Any) -> Any:
            if own is not None:
                own(made, container)
            for hook in hooks:
                hook(marker, made, container)
            return made

        return tell

    def handler_of(self, marker: Any) -> Callable[..., Any] | None:
        """Return what `when_has` said for the class of *marker*."""
        for cls in type(marker).__mro__:
            if cls in self.handlers:
                return self.handlers[cls]
        above = self._above()
        return above.handler_of(marker) if above is not None else None

    def _marked(self) -> list[tuple[type, Callable[..., Any]]]:
        above = self._above()
        return [*(above._marked() if above is not None else ()), *self.marked]

    def _in_order(self, kind: str) -> list[tuple[Key, Callable[..., Any]]]:
        """Return the callbacks of one kind: those for everything come first."""
        found: list[tuple[Key, Callable[..., Any]]] = []
        here: Callbacks | None = self
        while here is not None:
            found = [*getattr(here, kind), *found]
            here = here._above()
        return sorted(found, key=lambda each: each[0] is not None)


def _is_a(made: object, wanted: Any) -> bool:
    try:
        return isinstance(made, wanted)
    except TypeError:  # a Protocol that does not want to be asked
        return False


def _concerns(wanted: Key, key: Key) -> bool:
    if wanted is None or wanted == key:
        return True
    if not (isinstance(wanted, type) and isinstance(key, type)):
        return False
    try:
        return issubclass(key, wanted)
    except TypeError:  # a Protocol with attributes cannot be asked
        return False
