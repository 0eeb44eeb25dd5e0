"""Listener, Subscriber, and ListenerRunner (what the queue plugs in)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = ["Listener", "ListenerRunner", "Subscriber"]

E_contra = TypeVar("E_contra", contravariant=True)


class Listener(Protocol[E_contra]):
    """A class that reacts to an event. The container builds it anew for each dispatch.

    `handle` may be `def` or `async def`, and may name further parameters after the event:
    the container gives them by their types. With the class attribute ``queued = True`` the
    queue runs it later; with ``discover = False`` discovery leaves it alone.
    """

    def handle(self, event: E_contra) -> object:
        """React to *event*. Returning False keeps the event from the listeners that follow."""
        ...


class Subscriber(Protocol):
    """A class that says for several events which of its methods listens."""

    def subscribe(self, events: Any) -> Mapping[Any, object] | None:
        """Call ``events.listen``, or return a map from events to names of methods, or both."""
        ...


@runtime_checkable
class ListenerRunner(Protocol):
    """What runs a listener that wants to be queued. The queue implements and binds it."""

    def run(self, listener: type[Any], method: str, arguments: tuple[object, ...]) -> None:
        """Queue a call of *method* on a new *listener* with *arguments*.

        Args:
            listener: The class; whoever runs it lets the container build the instance.
            method: The name of its method, mostly ``handle``.
            arguments: The event; for an event with a name, its payload; for a listener of a
                wildcard, the name and the payload.
        """
        ...

    async def arun(self, listener: type[Any], method: str, arguments: tuple[object, ...]) -> None:
        """Async twin of :meth:`run`."""
        ...
