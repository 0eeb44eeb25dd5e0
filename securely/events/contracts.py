"""Listener, Subscriber; ListenerRunner and Transactions: what a queue and a database plug in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = ["Listener", "ListenerRunner", "QueuedCall", "Subscriber", "Transactions"]

E_contra = TypeVar("E_contra", contravariant=True)


class Listener(Protocol[E_contra]):
    """A class that reacts to an event. The container builds it anew for each dispatch.

    `handle` may be `def` or `async def`, and may name further parameters after the event:
    the container gives them by their types. With the class attribute ``queued = True`` the
    queue runs it later; with ``after_commit = True`` it hears the event once the open transaction
    has committed; with ``discover = False`` discovery leaves it alone.
    """

    def handle(self, event: E_contra) -> object:
        """React to *event*. Returning False keeps the event from the listeners that follow."""
        ...


class Subscriber(Protocol):
    """A class that says for several events which of its methods listens."""

    def subscribe(self, events: Any) -> Mapping[Any, object] | None:
        """Call ``events.listen``, or return a map from events to names of methods, or both."""
        ...


@dataclass(frozen=True, slots=True)
class QueuedCall:
    """A call of a listener that the queue is to make.

    Attributes:
        listener: The class, of which whoever runs it lets the container build an instance; or a
            function that can be imported.
        method: The name of the class's method, mostly ``handle``; "" for a function.
        arguments: The event; for an event with a name, its payload; for a listener of a
            wildcard, the name and the payload.
        instance: Gives the listener as it is at the dispatch, built when it is first asked for:
            for methods that say where and when it runs.
        options: What `queueable` was told: "queue", "connection", "delay".
        catches: What is called with the arguments and the error when a function has failed.
    """

    listener: type[Any] | Callable[..., object]
    method: str
    arguments: tuple[object, ...]
    instance: Callable[[], object]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    catches: Sequence[Callable[..., object]] = ()


@runtime_checkable
class ListenerRunner(Protocol):
    """What runs listeners that want to be queued. The queue implements and binds it."""

    def run(self, calls: Sequence[QueuedCall]) -> None:
        """Queue *calls*, all of one connection in one step: all or none."""
        ...

    async def arun(self, calls: Sequence[QueuedCall]) -> None:
        """Async twin of :meth:`run`."""
        ...


@runtime_checkable
class Transactions(Protocol):
    """What knows the transactions of a database. Who has one implements and binds it.

    :class:`OpenTransactions` implements it for a database that says when it begins and ends.
    """

    def is_open(self) -> bool:
        """Tell whether a transaction is open in this thread or task."""
        ...

    def after_commit(
        self, callback: Callable[[], object], acallback: Callable[[], Awaitable[object]]
    ) -> None:
        """Call one of the two once the outermost open transaction has committed.

        If it is rolled back, or the savepoint is that was open at this call, neither is called.

        Args:
            callback: For a commit in sync code.
            acallback: For a commit in async code, which awaits it.
        """
        ...
