"""Dispatchable: an event class that can dispatch itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from securely.container import current
from securely.events.dispatcher import Dispatcher

__all__ = ["Dispatchable"]

P = ParamSpec("P")
E = TypeVar("E")


class Dispatchable:
    """Gives an event class `dispatch`, typed by the class's own constructor.

    It asks the current application for its dispatcher.

    Example:
        >>> from dataclasses import dataclass
        >>> from securely.container import Container
        >>> @dataclass(frozen=True)
        ... class OrderShipped(Dispatchable):
        ...     order: int
        >>> with Container().active():
        ...     OrderShipped.dispatch(order=5)
        []
    """

    @classmethod
    def dispatch(cls: Callable[P, E], *args: P.args, **kwargs: P.kwargs) -> list[object]:  # pyright: ignore[reportGeneralTypeIssues]  # the class as its constructor: what types the arguments
        """Make the event and tell its listeners."""
        return current().make(Dispatcher).dispatch(cls(*args, **kwargs))

    @classmethod
    async def adispatch(cls: Callable[P, E], *args: P.args, **kwargs: P.kwargs) -> list[object]:  # pyright: ignore[reportGeneralTypeIssues]  # as above
        """Async twin of :meth:`dispatch`."""
        return await current().make(Dispatcher).adispatch(cls(*args, **kwargs))

    @classmethod
    def dispatch_if(
        cls: Callable[P, E],  # pyright: ignore[reportGeneralTypeIssues]  # as above
        condition: object,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> list[object]:
        """Make the event and tell its listeners, if *condition* holds."""
        if not condition:
            return []
        return current().make(Dispatcher).dispatch(cls(*args, **kwargs))

    @classmethod
    async def adispatch_if(
        cls: Callable[P, E],  # pyright: ignore[reportGeneralTypeIssues]  # as above
        condition: object,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> list[object]:
        """Async twin of :meth:`dispatch_if`."""
        if not condition:
            return []
        return await current().make(Dispatcher).adispatch(cls(*args, **kwargs))

    @classmethod
    def dispatch_unless(
        cls: Callable[P, E],  # pyright: ignore[reportGeneralTypeIssues]  # as above
        condition: object,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> list[object]:
        """Make the event and tell its listeners, unless *condition* holds."""
        if condition:
            return []
        return current().make(Dispatcher).dispatch(cls(*args, **kwargs))

    @classmethod
    async def adispatch_unless(
        cls: Callable[P, E],  # pyright: ignore[reportGeneralTypeIssues]  # as above
        condition: object,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> list[object]:
        """Async twin of :meth:`dispatch_unless`."""
        if condition:
            return []
        return await current().make(Dispatcher).adispatch(cls(*args, **kwargs))
