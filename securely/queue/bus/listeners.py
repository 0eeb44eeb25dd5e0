"""Event listeners that run on the queue."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Final, TypeAlias, cast

from securely.container import Container, current
from securely.events import QueuedCall
from securely.events.target import Shape
from securely.queue.delivery.blueprint import OPTIONS
from securely.queue.delivery.portrait import classes_in
from securely.queue.exceptions import NotQueueable, UnknownJob
from securely.queue.job import UNIQUE_OR_DEBOUNCED, Job
from securely.queue.manager import QueueManager
from securely.support.backoff import Backoff
from securely.support.durations import seconds_until
from securely.support.importing import ImportFailed, dotted, import_object
from securely.support.serializer import Serializer, Unserializable

__all__ = ["CallListener", "QueuedListeners"]

# What a listener's methods may say of a job, in a form that a payload holds.
Told: TypeAlias = (
    int | float | str | datetime | timedelta | Backoff | list[int | float | str | timedelta]
)

# What a method of a listener may say of its job, when it is dispatched.
_ASKED: Final = (*OPTIONS, "unique_id", "unique_for", "debounce_id", "debounce_max_wait")
# Where and when a job runs: the method that says so, or else the attribute.
_PLACE: Final = {"queue": "via_queue", "connection": "via_connection", "delay": "with_delay"}


class CallListener(Job):
    """Calls a listener with the event it heard: a method of a class, or a function.

    What a listener's class says of `tries`, `unique`, `encrypted` and so on holds for its jobs, as
    if it were a job itself; what its methods of these names said of the event was noted when it
    was dispatched.

    Args:
        listener: The listener, as "package.module.Name".
        method: The name of the method; "" for a function.
        kinds: The classes of the arguments that are more than plain data.
        data: The arguments, as the serializer wrote them.
        told: What methods of the listener said: option -> value.
        catches: Functions that are told of a failure, by their dotted names.
    """

    __queue_paths__: ClassVar[tuple[str, ...]] = ("listener", "catches")

    def __init__(
        self,
        listener: str,
        method: str,
        kinds: list[str],
        data: bytes,
        told: dict[str, Told] | None = None,
        catches: list[str] | None = None,
    ) -> None:
        self.listener = listener
        self.method = method
        self.kinds = kinds
        self.data = data
        self.told: dict[str, Told] = told or {}
        self.catches: list[str] = catches or []

    async def handle(self, container: Container) -> None:
        """Build the listener and call its method, whichever colour it has."""
        listener = _imported(self.listener)
        if self.method:
            listener = getattr(await container.amake(cast("type[Any]", listener)), self.method)
        function = cast("Callable[..., object]", listener)
        await container.acall(function, *_taken(function, self.arguments()))

    async def failed(self, error: BaseException, container: Container) -> None:
        """Tell who wants to know that the job is over: `failed(event, error)`, or `catch`.

        The listener is built as :meth:`handle` builds it, so that it can be, if that could.
        """
        arguments = [*self.arguments(), error]
        hooks = [cast("Callable[..., object]", _imported(each)) for each in self.catches]
        owner = _imported(self.listener)
        if self.method and callable(getattr(owner, "failed", None)):
            built: Any = await container.amake(cast("type[Any]", owner))
            hooks.append(built.failed)
        for hook in hooks:
            await container.acall(hook, *_taken(hook, arguments))

    def middleware(self) -> Sequence[object]:
        """Return what the listener's `middleware` does: it is given the event, if it wants it."""
        owner = _imported(self.listener)
        if not self.method or not hasattr(owner, "middleware"):
            return ()
        listener: Any = current().make(cast("type[Any]", owner))
        if not callable(listener.middleware):
            return cast("Sequence[object]", listener.middleware)
        return cast("Sequence[object]", _ask(listener.middleware, self.arguments()))

    def arguments(self) -> list[object]:
        """Return what the listener's method is called with."""
        kinds = [cast(type, import_object(kind)) for kind in self.kinds]
        return cast("list[object]", Serializer(classes_in(kinds)).decode(self.data))

    def display_name(self) -> str:
        """Return the listener's name: that is what people look for."""
        return self.listener.replace(":", ".")

    def tries(self) -> int | None:
        """Return what the listener says."""
        return cast("int | None", self._option("tries"))

    def backoff(self) -> Any:
        """Return what the listener says."""
        return self._option("backoff")

    def timeout(self) -> Any:
        """Return what the listener says."""
        return self._option("timeout")

    def fail_on_timeout(self) -> bool:
        """Return what the listener says."""
        return bool(self._option("fail_on_timeout"))

    def max_exceptions(self) -> int | None:
        """Return what the listener says."""
        return cast("int | None", self._option("max_exceptions"))

    def retry_until(self) -> Any:
        """Return what the listener says."""
        return self._option("retry_until")

    def max_lost(self) -> int | None:
        """Return what the listener says."""
        return cast("int | None", self._option("max_lost"))

    def encrypted(self) -> bool:
        """Return what the listener says: its event is then encrypted."""
        return bool(self._option("encrypted"))

    def expires_after(self) -> Any:
        """Return what the listener says."""
        return self._option("expires_after")

    def dont_retry(self) -> Any:
        """Return what the listener says."""
        return self._option("dont_retry") or ()

    def unique_id(self) -> str:
        """Return what tells the listeners apart, and what this one says of the event."""
        return f"{self.listener}.{self.method}:{self.told.get('unique_id', '')}"

    def unique_for(self) -> Any:
        """Return what the listener says."""
        return self._option("unique_for")

    def debounce_id(self) -> str:
        """Return what tells the listeners apart, and what this one says of the event."""
        return f"{self.listener}.{self.method}:{self.told.get('debounce_id', '')}"

    def debounce_max_wait(self) -> Any:
        """Return what the listener says."""
        return self._option("debounce_max_wait")

    def _option(self, name: str) -> object:
        if name in self.told:
            return self.told[name]
        said = getattr(_imported(self.listener), name, None) if self.method else None
        return None if inspect.isfunction(said) else said  # a method that had nothing to say


class QueuedListeners:
    """Runs listeners on the queue: what events ask for, as `ListenerRunner`.

    Args:
        queue: Gives where their jobs go; asked each time, since a test may put a fake there.
    """

    def __init__(self, queue: Callable[[], QueueManager]) -> None:
        self._queue = queue

    def run(self, calls: Sequence[QueuedCall]) -> None:
        """Queue *calls*, all of one connection in one step: all or none.

        Raises:
            NotQueueable: An argument has no written form; nothing was queued.
        """
        jobs = [_job(call) for call in calls]
        if len(jobs) == 1:
            self._queue().place(jobs[0])
        else:
            self._queue().bulk(jobs)

    async def arun(self, calls: Sequence[QueuedCall]) -> None:
        """Async twin of :meth:`run`."""
        jobs = [_job(call) for call in calls]
        if len(jobs) == 1:
            await self._queue().aplace(jobs[0])
        else:
            await self._queue().abulk(jobs)


def _job(call: QueuedCall) -> CallListener:
    kinds = {type(argument) for argument in call.arguments}
    rich = sorted((kind for kind in kinds if classes_in([kind])), key=dotted)
    name = dotted(call.listener)
    try:
        data = Serializer(classes_in(rich)).encode(list(call.arguments))
    except Unserializable as error:
        raise NotQueueable(name, str(error)) from error
    job = CallListener(
        name,
        call.method,
        [dotted(kind) for kind in rich],
        data,
        _told(call),
        [dotted(each) for each in call.catches],
    )
    _place(job, call)
    _exclude(job, call)
    return job


def _told(call: QueuedCall) -> dict[str, Told]:
    """Return what methods of the listener say of the job, as far as there are any."""
    if not call.method:
        return {}
    names = [name for name in _ASKED if callable(getattr(call.listener, name, None))]
    told = {name: _ask(getattr(call.instance(), name), call.arguments) for name in names}
    return {name: cast("Told", value) for name, value in told.items() if value is not None}


def _place(job: CallListener, call: QueuedCall) -> None:
    """Say where and when *job* runs: what `queueable` was told, a method or an attribute says."""
    for name, method in _PLACE.items():
        value: Any = call.options.get(name)
        if call.method and hasattr(call.listener, method):
            value = _ask(getattr(call.instance(), method), call.arguments)
        elif call.method:
            value = getattr(call.listener, name, None)
        if value is None:
            continue
        if name == "delay":
            try:
                job.delay = max(0.0, seconds_until(value))
            except (TypeError, ValueError) as error:
                raise NotQueueable(f"{job.display_name()}.{name}", str(error)) from error
        else:
            setattr(job, name, str(value.value) if isinstance(value, Enum) else value)


def _exclude(job: CallListener, call: QueuedCall) -> None:
    """Say of *job* whether it is unique, or debounced."""
    if not call.method:
        return
    unique, debounce = (_said(call, name) for name in ("unique", "debounce"))
    if unique and debounce is not None:
        raise NotQueueable(job.display_name(), UNIQUE_OR_DEBOUNCED)
    # Of the job itself, and only where the listener says so: they travel in its payload.
    if unique:
        job.unique = cast("Any", unique)
    if debounce is not None:
        job.debounce = debounce


def _said(call: QueuedCall, name: str) -> object:
    said = cast(object, getattr(call.listener, name, None))
    return _ask(getattr(call.instance(), name), call.arguments) if callable(said) else said


def _ask(method: Callable[..., object], arguments: Sequence[object]) -> object:
    return method(*_taken(method, arguments))


def _taken(function: Callable[..., object], arguments: Sequence[object]) -> Sequence[object]:
    """Return as many of the *arguments* as *function* takes."""
    return arguments[: Shape.of(function).limit]


def _imported(path: str) -> object:
    try:
        return import_object(path)
    except ImportFailed as error:
        raise UnknownJob(path, error.reason) from error
