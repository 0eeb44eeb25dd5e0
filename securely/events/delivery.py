"""How one event reaches its listeners: built, given what they ask for, in both colours."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, Final, TypeAlias, cast

from securely.container import Container
from securely.events.contracts import ListenerRunner, QueuedCall, Transactions
from securely.events.deferral import Manner
from securely.events.exceptions import DispatchTooDeep, NoListenerRunner, UseAsyncDispatch
from securely.events.registry import Entry, Plan
from securely.events.target import Shape, Target, event_name
from securely.support.importing import dotted
from securely.support.steps import Steps

__all__ = [
    "DEPTH_MAX",
    "Delivery",
    "Depth",
    "adepth",
    "arguments",
    "open_dispatches",
    "refuse_in_loop",
    "too_deep",
]

# Dispatches within each other: more than any design needs, less than Python's stack allows.
DEPTH_MAX: Final = 64

# Tasks take turns in one thread, so that async dispatches are counted by their context. A task
# begins with the count of who started it, which may have ended long ago: the number is only what
# may be open, and where it reaches the limit, the task's own stack is counted.
open_dispatches: ContextVar[int] = ContextVar("securely_dispatches", default=0)

# How often that may happen while all dispatches at which it happened are open: a circle through
# tasks that wait for each other, which no single stack shows.
_TASKS_MAX: Final = 16

Arguments: TypeAlias = tuple[object, ...]
# A function, what of the event it takes, and whether the container has to add to that.
_Arranged: TypeAlias = tuple[Callable[..., object], Arguments, bool]


class _Tour:
    """One dispatch on its way through the listeners.

    Attributes:
        event: What is dispatched: an object, a class or a name.
        own: What its listeners are given.
        wild: What listeners of wildcards are given.
        built: The listeners that were built for it: a class that listens with several methods is
            built once for all of them.
        calls: What is queued when all listeners have been told; None queues at once.
        committed: The transaction that it waited for has committed.
    """

    __slots__ = ("built", "calls", "committed", "event", "own", "wild")

    def __init__(
        self, event: object, given: tuple[Arguments, Arguments], *, committed: bool = False
    ) -> None:
        self.event = event
        self.own, self.wild = given
        self.built: dict[type[Any], object] = {}
        self.calls: list[QueuedCall] | None = None
        self.committed = committed


class Delivery:
    """Calls the listeners of a plan.

    Attributes:
        runner: What runs the listeners that want to be queued; None asks the container.
        portal_in_loop: A sync dispatch within a running loop lets the portal run async listeners,
            and waits for them.
    """

    def __init__(self, container: Container, *, portal_in_loop: bool = False) -> None:
        self.runner: ListenerRunner | None = None
        self.portal_in_loop = portal_in_loop
        self._container = container

    def steps(
        self,
        event: object,
        payload: object,
        plan: Plan,
        manner: Manner,
        *,
        committed: bool = False,
    ) -> Steps[object]:
        """Tell the listeners of *plan*, in both colours.

        Args:
            event: What is dispatched.
            payload: What comes with a name.
            plan: Its listeners.
            manner: How it is done.
            committed: It waited for a transaction, which has committed.

        Raises:
            ExceptionGroup: Errors were to be collected, and there were some.
        """
        tour = _Tour(event, arguments(event, payload), committed=committed)
        if plan.durable:
            tour.calls = []
        result = manner.nothing
        answers: list[object] = []
        errors: list[Exception] = []
        for entry in plan:
            try:
                # The effect as `steps.call` makes it, without its generator: a third off.
                answer: object = yield self._tell, self._atell, (entry, tour), {}
            except Exception as error:
                if not manner.collect_errors:
                    raise
                errors.append(_noted(error, entry.target, event))
                continue
            if manner.halt and answer is not None:
                result = answer
                break
            if answer is False:
                break
            answers.append(answer)
        if tour.calls:
            yield self._queue, self._aqueue, (tour.calls,), {}
        if errors:
            raise _together(errors, event)
        return result if manner.halt else answers

    async def at_once(
        self,
        event: object,
        payload: object,
        plan: Plan,
        manner: Manner,
        *,
        committed: bool = False,
    ) -> list[object]:
        """Tell all listeners of *plan* at the same time, and return their answers in order.

        No answer keeps the event from others. The first error, in the order of the listeners,
        passes out and cancels those that are still at it.

        Raises:
            ExceptionGroup: Errors were to be collected, and there were some.
        """
        import asyncio

        tour = _Tour(event, arguments(event, payload), committed=committed)
        tour.calls = []
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._atell(entry, tour)) for entry in plan]
        until = asyncio.ALL_COMPLETED if manner.collect_errors else asyncio.FIRST_EXCEPTION
        try:
            if tasks:
                await asyncio.wait(tasks, return_when=until)
        finally:
            for task in tasks:
                task.cancel()  # those that are done do not mind
            found = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [
            _noted(each, entry.target, event)
            for entry, each in zip(plan, found, strict=True)
            if isinstance(each, Exception)
        ]
        if errors and not manner.collect_errors:
            raise errors[0]
        if tour.calls:
            await self._aqueue(tour.calls)
        if errors:
            raise _together(errors, event)
        for each in found:
            if isinstance(each, BaseException):
                raise each  # a listener that cancelled itself
        return list(found)

    def wait(
        self, answer: Awaitable[object], event: object, target: Target, *, in_loop: bool = False
    ) -> object:
        """Wait in sync code for *answer*, which *target* gave: in a loop of its own.

        Where one runs, the portal is used with *in_loop*, or where it is configured.

        Raises:
            UseAsyncDispatch: A loop is running, and the portal is not to be used.
        """
        return _run_alone(answer, event, target, in_loop=in_loop or self.portal_in_loop)

    def transactions(self) -> Transactions | None:
        """Return what knows the open transaction; None if none is open, or nobody knows any."""
        if not self._container.bound(Transactions):
            return None
        # A protocol as key: who has a database binds what implements it.
        known: Transactions = self._container.make(Transactions)
        return known if known.is_open() else None

    def _tell(self, entry: Entry, tour: _Tour) -> object:
        target = entry.target
        if target.after_commit and self._postponed(entry, tour):
            return None
        if target.queued:
            if (call := self._wanted(entry, tour)) is not None:
                self._queue([call])
            return None
        function, placed, injects = self._arrange(entry, tour)
        if not injects:
            answer = function(*placed)
        elif target.is_async:
            answer = self._container.acall(function, *placed)
        else:
            answer = self._container.call(function, *placed)
        # The most frequent answer first: asking an abstract class costs more than the call.
        if answer is not None and isinstance(answer, Awaitable):
            waiting = cast("Awaitable[object]", answer)
            in_loop = self.portal_in_loop or tour.committed
            return _run_alone(waiting, tour.event, target, in_loop=in_loop)
        return answer

    async def _atell(self, entry: Entry, tour: _Tour) -> object:
        """Async twin of :meth:`_tell`."""
        target = entry.target
        if target.after_commit and self._postponed(entry, tour):
            return None
        if target.queued:
            if (call := self._wanted(entry, tour)) is not None:
                await self._aqueue([call])
            return None
        if target.owner is not None and target.owner not in tour.built:
            tour.built[target.owner] = await self._container.amake(target.owner)
        function, placed, injects = self._arrange(entry, tour)
        if injects:
            return cast("object", await self._container.acall(function, *placed))
        answer = function(*placed)
        return await cast("Awaitable[object]", answer) if isinstance(answer, Awaitable) else answer

    def _postponed(self, entry: Entry, tour: _Tour) -> bool:
        """Leave *entry* to the open transaction, if there is one."""
        if tour.committed or (transactions := self.transactions()) is None:
            return False
        later = _Tour(tour.event, (tour.own, tour.wild), committed=True)
        transactions.after_commit(
            lambda: self._tell(entry, later), lambda: self._atell(entry, later)
        )
        return True

    def _arrange(self, entry: Entry, tour: _Tour) -> _Arranged:
        """Bind the target to an instance, and lay out its arguments."""
        target = entry.target
        if target.owner is None:
            function = target.code
        else:
            function = getattr(self._instance(target.owner, tour), target.method)
        shape = target.shape(function)
        placed = (tour.wild if entry.wildcard else tour.own)[: shape.limit]
        return function, placed, len(placed) < shape.required or shape.injects

    def _instance(self, owner: type[Any], tour: _Tour) -> object:
        if owner not in tour.built:
            tour.built[owner] = self._container.make(owner)
        return tour.built[owner]

    def _wanted(self, entry: Entry, tour: _Tour) -> QueuedCall | None:
        """Return the call to queue now; None if it is for later, or the listener wants none."""
        target = entry.target
        given = tour.wild if entry.wildcard else tour.own
        owner, queueable = target.owner, target.queueable
        if owner is not None:
            if not self._wants_queue(owner, given, tour):
                return None
            call = QueuedCall(owner, target.method, given, lambda: self._instance(owner, tour))
        else:
            assert queueable is not None  # noqa: S101  # what is queued is a class or one of these
            function = queueable.function
            catches = tuple(queueable.catches)
            call = QueuedCall(function, "", given, lambda: function, queueable.options, catches)
        if tour.calls is None:
            return call
        tour.calls.append(call)
        return None

    def _wants_queue(self, owner: type[Any], given: Arguments, tour: _Tour) -> bool:
        """Ask the listener's `should_queue`, if it has one, whether to be queued at all."""
        if not hasattr(owner, "should_queue"):
            return True
        ask = cast("Any", self._instance(owner, tour)).should_queue
        return bool(ask(*given[: Shape.of(ask).limit]))

    def _queue(self, calls: list[QueuedCall]) -> None:
        self._runner(calls).run(calls)

    async def _aqueue(self, calls: list[QueuedCall]) -> None:
        """Async twin of :meth:`_queue`."""
        await self._runner(calls).arun(calls)

    def _runner(self, calls: list[QueuedCall]) -> ListenerRunner:
        if self.runner is None:
            if not self._container.bound(ListenerRunner):
                raise NoListenerRunner(dotted(calls[0].listener))
            # A protocol as key: the queue binds what implements it.
            self.runner = self._container.make(ListenerRunner)
        return self.runner


def _noted(error: Exception, target: Target, event: object) -> Exception:
    error.add_note(f'The listener "{target.name}" of "{_name(event)}" raised it.')
    return error


def _together(errors: list[Exception], event: object) -> ExceptionGroup[Exception]:
    return ExceptionGroup(f'Listeners of "{_name(event)}" failed', errors)


def refuse_in_loop(event: object, target: Target) -> None:
    """Refuse a sync dispatch to an async listener where a loop runs, before anyone was told.

    Raises:
        UseAsyncDispatch: A loop is running.
    """
    if _loop_is_running():
        raise UseAsyncDispatch(_name(event), target.name)


def _run_alone(
    answer: Awaitable[object], event: object, target: Target, *, in_loop: bool
) -> object:
    """Wait for *answer* in a loop of its own; where one runs, on the portal's if *in_loop*."""
    import asyncio

    async def wait() -> object:
        return await answer

    if _loop_is_running():
        if in_loop:
            from securely.support.portal import portal

            return portal().run(wait())
        close = getattr(answer, "close", None)
        if callable(close):
            close()  # else Python warns that it was never awaited
        raise UseAsyncDispatch(_name(event), target.name)
    return asyncio.run(wait())


def _loop_is_running() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _name(event: object) -> str:
    if isinstance(event, str):
        return event
    return event_name(cast("type[Any]", event) if isinstance(event, type) else type(event))


def arguments(event: object, payload: object) -> tuple[Arguments, Arguments]:
    """Return what listeners get: those of the event itself, and those of wildcards.

    Source: Laravel 13, Dispatcher::parseEventAndPayload.
    """
    if not isinstance(event, str | type):
        return (event,), (_name(event), [event])
    if payload is None:
        return (), (_name(event), [])
    if isinstance(payload, list | tuple):
        values = tuple(cast("list[object]", payload))
        return values, (_name(event), list(values))
    if isinstance(payload, Mapping):
        mapping = cast("Mapping[object, object]", payload)
        return tuple(mapping.values()), (_name(event), dict(mapping))
    return (payload,), (_name(event), [payload])


class Depth(threading.local):
    """How many sync dispatches of one dispatcher are open in this thread."""

    open: int = 0


class _Crossing:
    """A dispatch at which a task began to count its own."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = True


_crossings: ContextVar[tuple[_Crossing, ...]] = ContextVar("securely_crossings", default=())


@contextmanager
def adepth() -> Generator[None]:
    """Count the block as one dispatch within those that are open in this task.

    Raises:
        DispatchTooDeep: There are 64 of them, or 1,024 in tasks that wait for each other.
    """
    depth = open_dispatches.get()
    if depth < DEPTH_MAX:
        token = open_dispatches.set(depth + 1)
        try:
            yield
        finally:
            open_dispatches.reset(token)
    else:
        with _counted_anew():
            yield


@contextmanager
def _counted_anew() -> Generator[None]:
    """Count the block as one dispatch within those that this task's own stack shows."""
    here = len(list(_open(inspect.currentframe())))  # this dispatch is one of them
    crossings = tuple(each for each in _crossings.get() if each.open)
    if here > DEPTH_MAX:
        raise too_deep()
    if len(crossings) >= _TASKS_MAX:
        raise too_deep(DEPTH_MAX * _TASKS_MAX)
    crossing = _Crossing()
    token = _crossings.set((*crossings, crossing))
    open_dispatches.set(here)
    try:
        yield
    finally:
        # Not what it was: it was too much, for the next dispatch of this task as well.
        open_dispatches.set(max(here - 1, 0))
        _crossings.reset(token)
        crossing.open = False


def too_deep(limit: int = DEPTH_MAX) -> DispatchTooDeep:
    """Return the error that names the events which are dispatched in a circle, *limit* deep.

    The stack itself tells which dispatches are open: so that no dispatch pays for the list.
    """
    names = list(_open(inspect.currentframe()))
    # The innermost is first; up to where it comes up again is once around.
    again = names.index(names[0], 1) + 1 if names and names[0] in names[1:] else len(names)
    return DispatchTooDeep(tuple(reversed(names[:again])), limit)


def _open(frame: FrameType | None) -> Generator[str]:
    from securely.events.dispatcher import Dispatcher

    dispatches: set[CodeType] = {
        each.__code__ for each in (Dispatcher.dispatch, Dispatcher.adispatch, Dispatcher.until)
    }
    while frame is not None:
        if frame.f_code in dispatches:
            event: Any = frame.f_locals["event"]
            yield event_name(event if isinstance(event, str | type) else type(event))
        frame = frame.f_back
