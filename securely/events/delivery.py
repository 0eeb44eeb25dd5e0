"""How one event reaches its listeners: built, given what they ask for, in both colours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

from securely.container import Container
from securely.events.contracts import ListenerRunner
from securely.events.exceptions import NoListenerRunner, UseAsyncDispatch
from securely.events.registry import Entry, Plan
from securely.events.target import Target, event_name
from securely.support.steps import Steps

__all__ = ["Delivery", "arguments", "refuse_in_loop"]

Arguments: TypeAlias = tuple[object, ...]
# A function, what of the event it takes, and whether the container has to add to that.
_Arranged: TypeAlias = tuple[Callable[..., object], Arguments, bool]


class Delivery:
    """Calls the listeners of a plan.

    Attributes:
        runner: What runs the listeners that want to be queued; None asks the container.
    """

    def __init__(self, container: Container) -> None:
        self.runner: ListenerRunner | None = None
        self._container = container

    def steps(self, event: object, payload: object, plan: Plan, halt: bool) -> Steps[object]:
        """Tell the listeners of *plan*, in both colours.

        A class that listens with several methods is built once for all of them.
        """
        own, wild = arguments(event, payload)
        built: dict[type[Any], object] = {}
        answers: list[object] = []
        for entry in plan:
            given = wild if entry.wildcard else own
            # The effect as `steps.call` makes it, without its generator: a third off per listener.
            answer: object = yield self._tell, self._atell, (event, entry, given, built), {}
            if halt and answer is not None:
                return answer
            if answer is False:
                break
            answers.append(answer)
        return None if halt else answers

    def _tell(
        self, event: object, entry: Entry, given: Arguments, built: dict[type[Any], object]
    ) -> object:
        target = entry.target
        if target.queued:
            if self._wants_queue(target, given, built):
                self._queue(target).run(cast("type[Any]", target.owner), target.method, given)
            return None
        function, placed, injects = self._arrange(target, given, built)
        if not injects:
            answer = function(*placed)
        elif target.is_async:
            answer = self._container.acall(function, *placed)
        else:
            answer = self._container.call(function, *placed)
        # The most frequent answer first: asking an abstract class costs more than the call.
        if answer is not None and isinstance(answer, Awaitable):
            return _run_alone(cast("Awaitable[object]", answer), event, target)
        return answer

    async def _atell(
        self, event: object, entry: Entry, given: Arguments, built: dict[type[Any], object]
    ) -> object:
        """Async twin of :meth:`_tell`."""
        target = entry.target
        if target.queued:
            if self._wants_queue(target, given, built):
                runner = self._queue(target)
                await runner.arun(cast("type[Any]", target.owner), target.method, given)
            return None
        if target.owner is not None and target.owner not in built:
            built[target.owner] = await self._container.amake(target.owner)
        function, placed, injects = self._arrange(target, given, built)
        if injects:
            return cast("object", await self._container.acall(function, *placed))
        answer = function(*placed)
        return await cast("Awaitable[object]", answer) if isinstance(answer, Awaitable) else answer

    def _arrange(
        self, target: Target, given: Arguments, built: dict[type[Any], object]
    ) -> _Arranged:
        """Bind *target* to an instance, and lay out its arguments."""
        if target.owner is None:
            function = target.code
        else:
            function = getattr(self._instance(target.owner, built), target.method)
        shape = target.shape(function)
        placed = given[: shape.limit]
        return function, placed, len(placed) < shape.required or shape.injects

    def _instance(self, owner: type[Any], built: dict[type[Any], object]) -> object:
        if owner not in built:
            built[owner] = self._container.make(owner)
        return built[owner]

    def _wants_queue(
        self, target: Target, given: Arguments, built: dict[type[Any], object]
    ) -> bool:
        """Ask the listener's `should_queue`, if it has one, whether to be queued at all."""
        owner = cast("type[Any]", target.owner)
        if not hasattr(owner, "should_queue"):
            return True
        return bool(cast("Any", self._instance(owner, built)).should_queue(*given))

    def _queue(self, target: Target) -> ListenerRunner:
        if self.runner is None:
            if not self._container.bound(ListenerRunner):
                raise NoListenerRunner(target.name)
            # A protocol as key: the queue binds what implements it.
            self.runner = self._container.make(ListenerRunner)
        return self.runner


def refuse_in_loop(event: object, target: Target) -> None:
    """Refuse a sync dispatch to an async listener where a loop runs, before anyone was told.

    Raises:
        UseAsyncDispatch: A loop is running.
    """
    if _loop_is_running():
        raise UseAsyncDispatch(_name(event), target.name)


def _run_alone(answer: Awaitable[object], event: object, target: Target) -> object:
    """Wait for *answer* in a loop of its own."""
    import asyncio

    if _loop_is_running():
        close = getattr(answer, "close", None)
        if callable(close):
            close()  # else Python warns that it was never awaited
        raise UseAsyncDispatch(_name(event), target.name)

    async def wait() -> object:
        return await answer

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
