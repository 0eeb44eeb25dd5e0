"""Classes that say how they are built: `__build__`, and its twin `__abuild__`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from securely.container.plans.nodes import Node
from securely.container.scope import building, enter, leave

__all__ = ["ByItself", "Unless", "builds_itself"]

_marks: WeakKeyDictionary[type, object] = WeakKeyDictionary()


def builds_itself(cls: Any) -> bool:
    """Tell whether *cls* is a class that says how it is built."""
    return isinstance(cls, type) and (hasattr(cls, "__build__") or hasattr(cls, "__abuild__"))


class ByItself(Node):
    """A call of `__build__`; awaited, of `__abuild__`, where there is one.

    Args:
        node: The call of `__build__`; None without one.
        twin: The call of `__abuild__`; None without one.
        cls: The class that builds itself.
        way: How one gets there from what was asked for.
    """

    __slots__ = ("_cls", "_node", "_twin", "_way")

    def __init__(
        self, node: Node | None, twin: Node | None, cls: type, way: tuple[str, ...]
    ) -> None:
        super().__init__()
        self._node = node or twin
        self._twin = twin or node
        self._cls = cls
        self._way = way
        self.needs_await: str = self._node.needs_await if self._node is not None else ""

    def build(self, given: Mapping[str, Any] | None = None) -> Any:
        """Call `__build__`, and note that it is at it."""
        assert self._node is not None  # noqa: S101  # one of the two is there
        token = enter(_mark(self._cls), self._cls.__qualname__, self._way)
        try:
            return self._node.build(given)
        finally:
            leave(token)

    async def abuild(self, given: Mapping[str, Any] | None = None) -> Any:
        """Async twin of :meth:`build`."""
        assert self._twin is not None  # noqa: S101  # one of the two is there
        token = enter(_mark(self._cls), self._cls.__qualname__, self._way)
        try:
            return await self._twin.abuild(given)
        finally:
            leave(token)


class Unless(Node):
    """A class that builds itself; by its constructor, where it is at it already.

    Args:
        node: How it is built.
        cls: The class.
        constructor: Gives the plan of its constructor, given the names of values for it.

    Source: Laravel 13, Container::build, of a SelfBuilding class.
    """

    __slots__ = ("_cls", "_constructor", "_node")

    def __init__(
        self, node: Node, cls: type, constructor: Callable[[frozenset[str]], Node]
    ) -> None:
        super().__init__()
        self._node = node
        self._cls = cls
        self._constructor = constructor
        self.needs_await: str = node.needs_await

    def build(self, given: Mapping[str, Any] | None = None) -> Any:
        """Build it."""
        return self._chosen(given).build(given)

    async def abuild(self, given: Mapping[str, Any] | None = None) -> Any:
        """Async twin of :meth:`build`."""
        return await self._chosen(given).abuild(given)

    def _chosen(self, given: Mapping[str, Any] | None) -> Node:
        mark = _mark(self._cls)
        if any(build.key is mark for build in building()):
            return self._constructor(frozenset(given or ()))
        return self._node


def _mark(cls: type) -> object:
    """Return what stands for the work of `__build__`; the class itself stands for its objects."""
    return _marks.setdefault(cls, object())
