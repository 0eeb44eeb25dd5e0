"""Dispatcher: listen, dispatch, until, forget, push, defer; wildcard and subclass listeners.

It is long because it says each signature of a dispatch three times, in both colours, so that type
checkers know what comes back; and its two fast ways stand in full, since a call more would be a
fifth of their price.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast, overload

from securely.container import Container
from securely.events.contracts import ListenerRunner
from securely.events.deferral import Held, Manner, deferring, hold, manner_of, undeferred
from securely.events.delivery import (
    DEPTH_MAX,
    Delivery,
    Depth,
    adepth,
    open_dispatches,
    refuse_in_loop,
    too_deep,
)
from securely.events.exceptions import InvalidListener
from securely.events.kept import KeptListeners
from securely.events.registry import Plan, Registration, Registry
from securely.events.target import EventKey, Target, event_name, events_of, keys_of, marked_methods
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object
from securely.support.steps import arun, run

if TYPE_CHECKING:
    from securely.events.fake import EventFake

__all__ = ["Dispatcher", "Faked"]

T = TypeVar("T")
Faked: TypeAlias = EventKey | Callable[..., object]


class Dispatcher:
    """Tells listeners what happened.

    An event is an object, heard by the listeners of its class and of its base classes, or a
    name with a payload. Listeners run in this order: those of the event itself, wildcards,
    those of base classes; within each in the order of registration; a higher priority goes
    before all of it. Whatever a listener raises passes out of the dispatch.

    Args:
        container: Builds the listeners that are classes, and gives `handle` what it asks for.
        kept: Where is kept what discovery found; None looks anew in each process.
        portal_in_loop: A sync dispatch within a running loop lets the portal run async listeners
            in its thread, and waits for them, instead of raising `UseAsyncDispatch`.

    Attributes:
        discovers: Listeners are looked for in the packages that are named.

    Example:
        >>> events = Dispatcher(Container())
        >>> events.listen("greeted", lambda name: f"Hello {name}")
        >>> events.dispatch("greeted", ["Ann"])
        ['Hello Ann']
    """

    def __init__(
        self,
        container: Container,
        kept: KeptListeners | None = None,
        *,
        portal_in_loop: bool = False,
    ) -> None:
        self._container = container
        self._kept = kept
        self._registry = Registry(container.make)
        self._delivery = Delivery(container, portal_in_loop=portal_in_loop)
        self._depth = Depth()
        self._pushed: dict[EventKey, list[tuple[object, object]]] = {}
        self.discovers: bool = True
        self._packages: list[str] = []
        self._undiscovered: list[str] = []
        self._discovering = False
        self._lock = threading.RLock()
        renew_after_fork(self, "_lock", threading.RLock)
        # Blocks that defer, and fakes: while it is 0, a dispatch looks at neither.
        self._detours = 0
        # The fakes that stand in for it, the innermost last.
        self._stand_ins: tuple[EventFake, ...] = ()

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
            keys = tuple(keys_of(events))
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
        marked = marked_methods(owner)
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
            if self.discovers and package not in self._packages:
                self._packages.append(package)
                self._undiscovered.append(package)
                self._registry.renew()

    def without_discovery(self) -> None:
        """Find no listeners, whatever packages were or will be named."""
        with self._lock:
            self.discovers = False
            self._packages.clear()
            self._undiscovered.clear()

    def keep_discovered(self) -> int:
        """Look for listeners anew, keep them for later starts, and return how many there are.

        Raises:
            CacheNotWritable: The file cannot be written.
            ImportError: A module of a package does not import.
        """
        from securely.events.discovery import discover

        found = {package: discover(package) for package in self._packages}
        if self._kept is not None:
            self._kept.write(found)
        return sum(len(each) for each in found.values())

    def forget_discovered(self) -> bool:
        """Forget what :meth:`keep_discovered` kept; False when nothing was."""
        return self._kept is not None and self._kept.forget()

    def queue_by(self, runner: ListenerRunner) -> None:
        """Let *runner* run the listeners that want to be queued.

        Without this, the container is asked for a `ListenerRunner` when the first one is.
        """
        self._delivery.runner = runner

    # Dispatching

    @overload
    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[False] = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> list[object]: ...

    @overload
    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[True],
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object: ...

    def dispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: bool = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object:
        """Tell the listeners of *event* and return what they return.

        Args:
            event: An object, or a name, or a class that stands for its objects.
            payload: What the listeners of a name are given: a list or tuple is several
                arguments, of a mapping its values, None no argument, all else one.
            halt: Stop at the first answer that is not None, and return it; see :meth:`until`.
            collect_errors: Tell every listener, whatever others raise, and raise all of it then.
            concurrent: Tell all listeners at once, in a loop: async ones overlap, and no answer
                keeps the event from others.

        Returns:
            The answers in order. A listener that returns False ends the dispatch and its answer
            is left out. Within :meth:`deferred`, and of an event with ``after_commit = True``
            within a transaction, nothing has answered yet: the list is empty.

        Raises:
            UseAsyncDispatch: A listener is async and a loop is running.
            NoListenerRunner: A listener wants to be queued and there is no queue.
            DispatchTooDeep: 64 dispatches are open within each other, or 1,024 through tasks.
            ExceptionGroup: What listeners raised, with *collect_errors*.
        """
        # Most dispatches are this: a class whose listeners are functions, and nothing special.
        direct = None
        if not (self._detours or halt or collect_errors or concurrent):
            direct = self._registry.direct.get(type(event))
        if direct is None:
            return self._dispatch(event, payload, manner_of(halt, collect_errors, concurrent))
        if not direct:
            return []
        local = self._depth
        depth = local.open
        if depth >= DEPTH_MAX:
            raise too_deep()
        local.open = depth + 1
        answers: list[object] = []
        try:
            for function in direct:
                answer = function(event)
                if answer is not None:
                    if hasattr(answer, "__await__"):
                        answer = self._wait(answer, event, len(answers))
                    if answer is False:
                        break
                answers.append(answer)
        finally:
            local.open = depth
        return answers

    @overload
    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[False] = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> list[object]: ...

    @overload
    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: Literal[True],
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object: ...

    async def adispatch(
        self,
        event: object,
        payload: object = None,
        *,
        halt: bool = False,
        collect_errors: bool = False,
        concurrent: bool = False,
    ) -> object:
        """Async twin of :meth:`dispatch`."""
        direct = None
        if not (self._detours or halt or collect_errors or concurrent):
            direct = self._registry.adirect.get(type(event))
        if direct is None:
            manner = manner_of(halt, collect_errors, concurrent)
            return await self._adispatch(event, payload, manner)
        depth = open_dispatches.get()
        if depth >= DEPTH_MAX:  # or it only seems so: the long way knows
            return await self._adispatch(event, payload, manner_of(False, False, False))
        token = open_dispatches.set(depth + 1)
        answers: list[object] = []
        try:
            for function in direct:
                answer = function(event)
                if answer is not None:
                    if hasattr(answer, "__await__"):
                        answer = await cast("Awaitable[object]", answer)
                    if answer is False:
                        break
                answers.append(answer)
        finally:
            open_dispatches.reset(token)
        return answers

    def _dispatch(self, event: object, payload: object, manner: Manner) -> object:
        """Do what :meth:`dispatch` says, whatever there is to think of."""
        if self._detours and self._detour(event, payload, manner):
            return manner.nothing
        plan = self._plan(event)
        if plan.after_commit and self._postpone(event, payload, manner, plan):
            return manner.nothing
        if not plan:
            return manner.nothing
        if plan.first_async is not None and not self._delivery.portal_in_loop:
            refuse_in_loop(event, plan.first_async)
        return self._deliver(event, payload, manner, plan)

    async def _adispatch(self, event: object, payload: object, manner: Manner) -> object:
        """Async twin of :meth:`_dispatch`."""
        if self._detours and self._detour(event, payload, manner):
            return manner.nothing
        plan = self._plan(event)
        if plan.after_commit and self._postpone(event, payload, manner, plan):
            return manner.nothing
        return await self._adeliver(event, payload, manner, plan)

    def _deliver(
        self,
        event: object,
        payload: object,
        manner: Manner,
        plan: Plan,
        *,
        committed: bool = False,
    ) -> object:
        """Tell the listeners of *plan*."""
        delivery = self._delivery
        if manner.concurrent and plan:
            answer = self._adeliver(event, payload, manner, plan, committed=committed)
            return delivery.wait(answer, event, plan[0].target, in_loop=committed)
        local = self._depth
        depth = local.open
        if depth >= DEPTH_MAX:
            raise too_deep()
        local.open = depth + 1
        try:
            return run(delivery.steps(event, payload, plan, manner, committed=committed))
        finally:
            local.open = depth

    async def _adeliver(
        self,
        event: object,
        payload: object,
        manner: Manner,
        plan: Plan,
        *,
        committed: bool = False,
    ) -> object:
        """Async twin of :meth:`_deliver`."""
        delivery = self._delivery
        with adepth():
            if not manner.concurrent:
                steps = delivery.steps(event, payload, plan, manner, committed=committed)
                return await arun(steps)
            answers = await delivery.at_once(event, payload, plan, manner, committed=committed)
            return _first(answers) if manner.halt else answers

    def _detour(self, event: object, payload: object, manner: Manner) -> bool:
        """Leave *event* to a block that defers, or to the innermost fake that records it."""
        record = self._recorder(event, payload)
        if hold(self, Held(event, payload, manner, record)):
            return True
        if record is None:
            return False
        record(event, payload)
        return True

    def _recorder(self, event: object, payload: object) -> Callable[[object, object], None] | None:
        fakes = reversed(self._stand_ins)
        return next((each.record for each in fakes if each.records(event, payload)), None)

    def _postpone(self, event: object, payload: object, manner: Manner, plan: Plan) -> bool:
        """Leave *event* to the open transaction, if there is one."""
        transactions = self._delivery.transactions()
        if transactions is None:
            return False
        transactions.after_commit(
            lambda: self._deliver(event, payload, manner, plan, committed=True),
            lambda: self._adeliver(event, payload, manner, plan, committed=True),
        )
        return True

    def _wait(self, answer: object, event: object, at: int) -> object:
        """Wait for the *answer* of a function that does not look async."""
        target = self._plan(event)[at].target
        return self._delivery.wait(cast("Awaitable[object]", answer), event, target)

    def until(self, event: object, payload: object = None) -> object:
        """Tell the listeners of *event* until one answers, and return that answer, or None.

        Every answer but None counts, False too.
        """
        direct = None if self._detours else self._registry.direct.get(type(event))
        if direct is None:
            return self._dispatch(event, payload, manner_of(True, False, False))
        local = self._depth
        depth = local.open
        if depth >= DEPTH_MAX:
            raise too_deep()
        local.open = depth + 1
        try:
            for at, function in enumerate(direct):
                answer = function(event)
                if answer is not None:
                    if hasattr(answer, "__await__"):
                        answer = self._wait(answer, event, at)
                    if answer is not None:
                        return answer
        finally:
            local.open = depth
        return None

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

        Where a listener raises, the rest stays pushed: the next flush goes on behind the event
        that it was told of. (Laravel keeps pushed events, so that a second flush tells them
        again.)
        """
        with self._taking_pushed(event) as taken:
            while taken:
                self.dispatch(*taken.popleft())

    async def aflush(self, event: EventKey) -> None:
        """Async twin of :meth:`flush`."""
        with self._taking_pushed(event) as taken:
            while taken:
                await self.adispatch(*taken.popleft())

    def forget_pushed(self) -> None:
        """Drop everything that was pushed and not flushed."""
        with self._lock:
            self._pushed.clear()

    @contextmanager
    def _taking_pushed(self, event: EventKey) -> Generator[deque[tuple[object, object]]]:
        """Give what was pushed under *event*, and put back what is left of it."""
        with self._lock:
            taken = deque(self._pushed.pop(event, ()))
        try:
            yield taken
        finally:
            if taken:
                with self._lock:
                    self._pushed[event] = [*taken, *self._pushed.get(event, ())]

    # Deferring

    @contextmanager
    def deferred(self, only: EventKey | Iterable[EventKey] = ()) -> Generator[None]:
        """Hold what this context dispatches in the block, and tell it in order after the block.

        A block that raises drops what it held. An inner block tells its own at its own end.
        There, a listener that raises ends the telling, as it would without the block: what was
        held behind its event is told to nobody.

        Args:
            only: The names and classes that are held, subclasses included; all when empty.
        """
        with self._deferring(only) as held:
            yield
        with undeferred(self._root):
            for event, payload, manner, record in held:
                if record is not None:
                    record(event, payload)
                else:
                    self.dispatch(event, payload, **manner._asdict())

    @asynccontextmanager
    async def adeferred(self, only: EventKey | Iterable[EventKey] = ()) -> AsyncGenerator[None]:
        """Async twin of :meth:`deferred`."""
        with self._deferring(only) as held:
            yield
        with undeferred(self._root):
            for event, payload, manner, record in held:
                if record is not None:
                    record(event, payload)
                else:
                    await self.adispatch(event, payload, **manner._asdict())

    def defer(self, callback: Callable[[], T], only: EventKey | Iterable[EventKey] = ()) -> T:
        """Call *callback* with its events :meth:`deferred`, and return what it returns."""
        with self.deferred(only):
            return callback()

    async def adefer(
        self, callback: Callable[[], Awaitable[T]], only: EventKey | Iterable[EventKey] = ()
    ) -> T:
        """Async twin of :meth:`defer`."""
        async with self.adeferred(only):
            return await callback()

    @contextmanager
    def _deferring(self, only: EventKey | Iterable[EventKey]) -> Generator[list[Held]]:
        root = self._root
        with root._lock:
            root._detours += 1
        try:
            with deferring(root, tuple(keys_of(only))) as held:
                yield held
        finally:
            with root._lock:
                root._detours -= 1

    # Asking

    def has_listeners(self, event: EventKey) -> bool:
        """Tell whether dispatching *event*, a class or a name, would run anything.

        Cheap enough to ask before an event is made: the answer is kept per class and name.
        """
        if self._stand_ins and self._recorder(event, None) is not None:
            return True
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

    def forget(self, event: EventKey, listener: object = None) -> None:
        """Remove the listeners that were registered under exactly *event*.

        Args:
            event: A class, a name or a wildcard.
            listener: This one alone, as it was given to :meth:`listen`; what discovery finds
                stays. None removes all, discovered ones too.
        """
        if listener is None:
            self._discover_now()
        self._registry.remove(event, listener)

    # Testing

    def fake(
        self, *only: Faked | Iterable[Faked], except_: Faked | Iterable[Any] = ()
    ) -> EventFake:
        """Put a recording double in the place of this dispatcher, and return it.

        It also stands in for this object where that was injected already, and for fakes that are
        there already: the innermost one that records an event has it, and what none records is
        dispatched. Ending one leaves the others as they were.

        Args:
            only: What is recorded instead of dispatched: classes, names, wildcards, or
                functions that are given the event (of a name, the name and its payload) and say
                yes; all when empty.
            except_: What is dispatched all the same.
        """
        from securely.events.fake import EventFake, flat

        return EventFake(self._root, flat(only), flat(except_))

    def fake_except(self, *events: Faked | Iterable[Faked]) -> EventFake:
        """Put a recording double in the place of this dispatcher, for all but *events*."""
        return self.fake(except_=events)

    @contextmanager
    def fake_for(
        self, *only: Faked | Iterable[Faked], except_: Faked | Iterable[Any] = ()
    ) -> Generator[EventFake]:
        """Put a recording double in the place of this dispatcher within the block."""
        fake = self.fake(*only, except_=except_)
        try:
            yield fake
        finally:
            fake.restore()

    @contextmanager
    def fake_except_for(self, *events: Faked | Iterable[Faked]) -> Generator[EventFake]:
        """Put a recording double in the place of this dispatcher within the block.

        Events that are among *events* are dispatched all the same.
        """
        with self.fake_for(except_=events) as fake:
            yield fake

    def _begin_fake(self, fake: EventFake) -> None:
        with self._lock:
            self._stand_ins = (*self._stand_ins, fake)
            self._detours += 1
        self._container.instance(Dispatcher, fake)

    def _end_fake(self, fake: EventFake) -> None:
        with self._lock:
            if fake not in self._stand_ins:
                return
            self._stand_ins = tuple(each for each in self._stand_ins if each is not fake)
            self._detours -= 1
        self._container.instance(Dispatcher, self._stand_ins[-1] if self._stand_ins else self)

    # Inside

    @property
    def _root(self) -> Dispatcher:
        """The dispatcher that tells the listeners: of a fake, the one it stands in for."""
        return self

    def _plan(self, event: object) -> Plan:
        """Return the plan of *event*, an object, a class or a name."""
        if isinstance(event, str):
            return self._plan_of(str(event))
        return self._plan_of(cast("type[Any]", event) if isinstance(event, type) else type(event))

    def _plan_of(self, key: EventKey) -> Plan:
        self._discover_now()
        return self._registry.plan(key)

    def _discover_now(self) -> None:
        """Register what the packages have that were named since the last time.

        Who comes while another thread looks waits for it: else its event would miss listeners.
        """
        if not self._undiscovered:
            return
        with self._lock:
            # A module that dispatches while it is imported here hears what is known so far.
            if self._discovering:
                return
            self._discovering = True
            try:
                while self._undiscovered:
                    for event, listener in self._found_in(self._undiscovered[0]):
                        self._registry.add(event, listener, 0, discovered=True)
                    self._undiscovered.pop(0)
            finally:
                self._discovering = False

    def _found_in(self, package: str) -> list[tuple[EventKey, object]]:
        kept = None if self._kept is None else self._kept.listeners(package)
        if kept is not None:
            return [*kept]
        from securely.events.discovery import discover

        return [*discover(package)]


def _first(answers: list[object]) -> object:
    return next((answer for answer in answers if answer is not None), None)
