"""Dispatcher: listen, dispatch, until, forget, push, defer; wildcard and subclass listeners."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from securely.container import Container
from securely.events.contracts import ListenerRunner
from securely.events.delivery import Delivery, refuse_in_loop
from securely.events.exceptions import InvalidListener
from securely.events.registry import Plan, Registration, Registry
from securely.events.target import EventKey, Target, event_name, events_of, is_event, is_marked
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object
from securely.support.steps import arun, run

if TYPE_CHECKING:
    from securely.events.fake import EventFake

__all__ = ["Dispatcher"]

T = TypeVar("T")


class Dispatcher:
    """Tells listeners what happened.

    An event is an object, heard by the listeners of its class and of its base classes, or a
    name with a payload. Listeners run in this order: those of the event itself, wildcards,
    those of base classes; within each in the order of registration; a higher priority goes
    before all of it. Whatever a listener raises passes out of the dispatch.

    Args:
        container: Builds the listeners that are classes, and gives `handle` what it asks for.

    Example:
        >>> events = Dispatcher(Container())
        >>> events.listen("greeted", lambda name: f"Hello {name}")
        >>> events.dispatch("greeted", ["Ann"])
        ['Hello Ann']
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._registry = Registry()
        self._delivery = Delivery(container)
        self._pushed: dict[EventKey, list[tuple[object, object]]] = {}
        self._undiscovered: list[str] = []
        self._lock = threading.RLock()
        renew_after_fork(self, "_lock", threading.RLock)
        # Blocks that defer, and a fake: while it is 0, a dispatch looks at neither.
        self._detours = 0
        self._fake: EventFake | None = None

    # Listening

    @overload
    def listen(
        self,
        events: EventKey | Iterable[EventKey],
        listener: object,
        *,
        priority: int = 0,
    ) -> None: ...

    @overload
    def listen(self, events: object, *, priority: int = 0) -> None: ...

    def listen(self, events: object, listener: object = None, *, priority: int = 0) -> None:
        """Let *listener* hear *events*.

        Args:
            events: A class, a name, a name with ``*`` (a wildcard), or several of them. A
                listener alone says by the annotation of its first parameter, or by
                `listens_to`, what it hears; a union stands for each of its members.
            listener: A function, a class with `handle` or `__call__`, ``(class, "method")``, or
                the dotted name of one (``"app.listeners.SendMail@handle"``), which is imported
                when an event first needs it. It takes the event, or the payload of a name, or,
                listening to a wildcard, name and payload; as many of them as it has
                parameters. What else it asks for comes from the container.
            priority: Higher runs earlier.

        Raises:
            InvalidListener: It cannot be called, or does not say what it hears.
        """
        if listener is None:
            target = import_object(events) if isinstance(events, str) else events
            keys = events_of(target)
            listener = events
        elif isinstance(events, str | type):
            keys = (events,)
        else:
            keys = tuple(_keys_of(events))
        if not isinstance(listener, str):
            Target.of(listener)  # say at once what is wrong with it; a name is not imported yet
        for key in keys:
            self._registry.add(key, listener, priority)

    def subscribe(self, subscriber: object) -> None:
        """Let *subscriber* say which of its methods hear what.

        It is a class (or its dotted name), built by the container anew for each dispatch, or an
        object. It has a method `subscribe`, or methods marked with `listens_to`, or both.

        Raises:
            InvalidListener: It has neither.
        """
        if isinstance(subscriber, str):
            subscriber = import_object(subscriber)
        owner = subscriber if isinstance(subscriber, type) else type(subscriber)
        marked = _marked_methods(owner)
        for method in marked:
            self.listen(events_of(getattr(owner, method)), (subscriber, method))
        if hasattr(owner, "subscribe"):
            built = isinstance(subscriber, type)
            made: Any = self._container.make(cast("type[Any]", owner)) if built else subscriber
            answer = made.subscribe(self)
            if isinstance(answer, Mapping):
                self._listen_to_map(subscriber, cast("Mapping[Any, object]", answer))
        elif not marked:
            raise InvalidListener(
                event_name(owner), "subscribes to nothing: give it a method `subscribe(events)`."
            )

    def _listen_to_map(self, subscriber: object, answer: Mapping[Any, object]) -> None:
        for event, listeners in answer.items():
            several = (
                cast("list[object]", listeners) if isinstance(listeners, list) else [listeners]
            )
            for listener in several:
                own = isinstance(listener, str) and hasattr(subscriber, listener)
                self.listen(event, (subscriber, listener) if own else listener)

    def discover(self, package: str) -> None:
        """Register the listeners of *package*, such as ``app.listeners``, when first needed.

        A listener that is registered as well runs once. See :mod:`securely.events.discovery`.
        """
        with self._lock:
            self._undiscovered.append(package)
            self._registry.plans = {}

    def queue_by(self, runner: ListenerRunner) -> None:
        """Let *runner* run the listeners that want to be queued.

        Without this, the container is asked for a `ListenerRunner` when the first one is.
        """
        self._delivery.runner = runner

    # Dispatching

    @overload
    def dispatch(
        self, event: object, payload: object = None, *, halt: Literal[False] = False
    ) -> list[object]: ...

    @overload
    def dispatch(self, event: object, payload: object = None, *, halt: Literal[True]) -> object: ...

    def dispatch(self, event: object, payload: object = None, *, halt: bool = False) -> object:
        """Tell the listeners of *event* and return what they return.

        Args:
            event: An object, or a name, or a class that stands for its objects.
            payload: What the listeners of a name are given: a list or tuple is several
                arguments, of a mapping its values, None no argument, all else one.
            halt: Stop at the first answer that is not None, and return it; see :meth:`until`.

        Returns:
            The answers in order. A listener that returns False ends the dispatch and its answer
            is left out. Within :meth:`deferred` nothing has answered yet: the list is empty.

        Raises:
            UseAsyncDispatch: A listener is async and a loop is running.
            NoListenerRunner: A listener wants to be queued and there is no queue.
        """
        if self._detours:
            if self._fake is not None:
                return self._fake.dispatch(event, payload, halt=halt)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportUnknownVariableType]  # halt is a plain bool here
            if self._hold(event, payload, halt):
                return None if halt else []
        plan = self._registry.plans.get(type(event))
        if plan is None:
            plan = self._plan(event)
        if not plan:
            return None if halt else []
        if plan.first_async is not None:
            refuse_in_loop(event, plan.first_async)
        return run(self._delivery.steps(event, payload, plan, halt))

    @overload
    async def adispatch(
        self, event: object, payload: object = None, *, halt: Literal[False] = False
    ) -> list[object]: ...

    @overload
    async def adispatch(
        self, event: object, payload: object = None, *, halt: Literal[True]
    ) -> object: ...

    async def adispatch(
        self, event: object, payload: object = None, *, halt: bool = False
    ) -> object:
        """Async twin of :meth:`dispatch`."""
        if self._detours:
            if self._fake is not None:
                return await self._fake.adispatch(event, payload, halt=halt)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportUnknownVariableType]  # halt is a plain bool here
            if self._hold(event, payload, halt):
                return None if halt else []
        plan = self._registry.plans.get(type(event))
        if plan is None:
            plan = self._plan(event)
        if not plan:
            return None if halt else []
        return await arun(self._delivery.steps(event, payload, plan, halt))

    def until(self, event: object, payload: object = None) -> object:
        """Tell the listeners of *event* until one answers, and return that answer, or None.

        Every answer but None counts, False too.
        """
        return self.dispatch(event, payload, halt=True)

    async def auntil(self, event: object, payload: object = None) -> object:
        """Async twin of :meth:`until`."""
        return await self.adispatch(event, payload, halt=True)

    def push(self, event: object, payload: object = None) -> None:
        """Keep *event* until :meth:`flush` is called with its name or class."""
        key = event if isinstance(event, str | type) else type(event)
        with self._lock:
            self._pushed.setdefault(key, []).append((event, payload))

    def flush(self, event: EventKey) -> None:
        """Dispatch what was pushed under *event*, in order; each is dispatched once.

        (Laravel keeps pushed events, so that a second flush tells them again.)
        """
        for pushed, payload in self._take_pushed(event):
            self.dispatch(pushed, payload)

    async def aflush(self, event: EventKey) -> None:
        """Async twin of :meth:`flush`."""
        for pushed, payload in self._take_pushed(event):
            await self.adispatch(pushed, payload)

    def forget_pushed(self) -> None:
        """Drop everything that was pushed and not flushed."""
        with self._lock:
            self._pushed.clear()

    def _take_pushed(self, event: EventKey) -> list[tuple[object, object]]:
        with self._lock:
            return self._pushed.pop(event, [])

    # Deferring

    @contextmanager
    def deferred(self, *only: EventKey) -> Generator[None]:
        """Hold what this context dispatches in the block, and tell it in order after the block.

        A block that raises drops what it held. An inner block tells its own at its own end.

        Args:
            only: The names and classes that are held, subclasses included; all when empty.
        """
        with self._deferring(only) as held:
            yield
        with self._undeferred():
            for event, payload, halt in held:
                self.until(event, payload) if halt else self.dispatch(event, payload)

    @asynccontextmanager
    async def adeferred(self, *only: EventKey) -> AsyncGenerator[None]:
        """Async twin of :meth:`deferred`."""
        with self._deferring(only) as held:
            yield
        with self._undeferred():
            for event, payload, halt in held:
                await (self.auntil(event, payload) if halt else self.adispatch(event, payload))

    def defer(self, callback: Callable[[], T], *only: EventKey) -> T:
        """Call *callback* with its events :meth:`deferred`, and return what it returns."""
        with self.deferred(*only):
            return callback()

    @contextmanager
    def _undeferred(self) -> Generator[None]:
        """Let events pass that an inner block tells at its end, whatever the outer one holds."""
        others = tuple(each for each in _deferrals.get() if each.dispatcher is not self)
        token = _deferrals.set(others)
        try:
            yield
        finally:
            _deferrals.reset(token)

    @contextmanager
    def _deferring(
        self, only: tuple[EventKey, ...]
    ) -> Generator[list[tuple[object, object, bool]]]:
        block = _Deferral(self, only)
        token = _deferrals.set((*_deferrals.get(), block))
        with self._lock:
            self._detours += 1
        try:
            yield block.held
        finally:
            with self._lock:
                self._detours -= 1
            block.open = False
            _deferrals.reset(token)

    def _hold(self, event: object, payload: object, halt: bool) -> bool:
        """Keep *event* for the innermost deferring block of this context, if it wants it."""
        for block in reversed(_deferrals.get()):
            if block.dispatcher is self and block.open:
                if block.wants(event):
                    block.held.append((event, payload, halt))
                    return True
                return False
        return False

    # Asking

    def has_listeners(self, event: EventKey) -> bool:
        """Tell whether dispatching *event*, a class or a name, would run anything.

        Cheap enough to ask before an event is made: the answer is kept per class and name.
        """
        if self._fake is not None:
            return self._fake.has_listeners(event)
        plan = self._registry.plans.get(event)
        return bool(self._plan_of(event) if plan is None else plan)

    def has_wildcard_listeners(self, event: EventKey) -> bool:
        """Tell whether a wildcard fits *event*."""
        return self._registry.has_wildcard(event_name(event))

    def listeners(self, event: EventKey) -> list[Target]:
        """Return the listeners of *event* in the order in which they run."""
        return [entry.target for entry in self._plan_of(event)]

    def entries(self, event: EventKey) -> Plan:
        """Return the listeners of *event* with how each was registered, in order of running."""
        return self._plan_of(event)

    def registrations(self) -> tuple[Registration, ...]:
        """Return everything that was registered or discovered, as it was written down."""
        self._discover_now()
        return self._registry.registrations()

    def forget(self, event: EventKey) -> None:
        """Remove the listeners that were registered under exactly *event*."""
        self._discover_now()
        self._registry.remove(event)

    # Testing

    def fake(self, *only: EventKey, except_: Iterable[EventKey] = ()) -> EventFake:
        """Put a recording double in the place of this dispatcher, and return it.

        It also stands in for this object where that was injected already.

        Args:
            only: The names (wildcards too) and classes that are recorded instead of
                dispatched; all when empty.
            except_: Those that are dispatched all the same.
        """
        from securely.events.fake import EventFake

        fake = EventFake(self, only, tuple(except_))
        with self._lock:
            if self._fake is None:
                self._detours += 1
            self._fake = fake
        self._container.instance(Dispatcher, fake)
        return fake

    @contextmanager
    def fake_for(self, *only: EventKey, except_: Iterable[EventKey] = ()) -> Generator[EventFake]:
        """Put a recording double in the place of this dispatcher within the block."""
        fake = self.fake(*only, except_=except_)
        try:
            yield fake
        finally:
            self._end_fake()

    def _end_fake(self) -> None:
        with self._lock:
            if self._fake is not None:
                self._detours -= 1
            self._fake = None
        self._container.instance(Dispatcher, self)

    # Inside

    def _plan(self, event: object) -> Plan:
        """Return the plan of *event*, an object, a class or a name."""
        if isinstance(event, str):
            return self._plan_of(str(event))
        return self._plan_of(cast("type[Any]", event) if isinstance(event, type) else type(event))

    def _plan_of(self, key: EventKey) -> Plan:
        self._discover_now()
        return self._registry.plan(key)

    def _discover_now(self) -> None:
        if not self._undiscovered:
            return
        from securely.events.discovery import discover

        with self._lock:
            packages, self._undiscovered = self._undiscovered, []
            for package in packages:
                for found in discover(package):
                    self._registry.add(found.event, found.listener, 0)


class _Deferral:
    """One block that defers: what it wants to hold, and what it holds."""

    __slots__ = ("dispatcher", "held", "only", "open")

    def __init__(self, dispatcher: Dispatcher, only: tuple[EventKey, ...]) -> None:
        self.dispatcher = dispatcher
        self.only = only
        self.held: list[tuple[object, object, bool]] = []
        # A task that was started in the block may outlive it; then nobody tells what it adds.
        self.open = True

    def wants(self, event: object) -> bool:
        """Tell whether *event* is one of those to hold."""
        return not self.only or any(is_event(event, key) for key in self.only)


_deferrals: ContextVar[tuple[_Deferral, ...]] = ContextVar("securely_deferrals", default=())


def _keys_of(events: object) -> Iterator[EventKey]:
    """Yield the events in *events*: one, a union, or several."""
    if isinstance(events, str | type):
        yield cast("EventKey", events)
    elif isinstance(events, UnionType):
        yield from events.__args__
    elif isinstance(events, Iterable):
        for event in cast("Iterable[object]", events):
            yield from _keys_of(event)
    else:
        raise InvalidListener(repr(events), "is not an event: give a class, a name, or several.")


def _marked_methods(owner: type[Any]) -> list[str]:
    """Return the methods of *owner* that `listens_to` marks, in the order of their writing."""
    names = dict.fromkeys(name for base in reversed(owner.__mro__) for name in vars(base))
    return [name for name in names if is_marked(getattr(owner, name, None))]
