"""Event listeners that run on the queue."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, cast

from securely.container import Container
from securely.queue.delivery.blueprint import classes_in
from securely.queue.exceptions import NotQueueable, UnknownJob
from securely.queue.job import Job
from securely.queue.manager import QueueManager
from securely.support.importing import ImportFailed, dotted, import_object
from securely.support.serializer import Serializer, Unserializable

__all__ = ["CallListener", "QueuedListeners"]


class CallListener(Job):
    """Calls a method of a listener with the event it heard.

    What a listener's class says of `tries`, `backoff`, `timeout` and so on holds for its jobs, as
    if it were a job itself.

    Args:
        listener: The listener's class, as "package.module.Name".
        method: The name of the method.
        kinds: The classes of the arguments that are more than plain data.
        data: The arguments, as the serializer wrote them.
    """

    def __init__(self, listener: str, method: str, kinds: list[str], data: bytes) -> None:
        self.listener = listener
        self.method = method
        self.kinds = kinds
        self.data = data

    async def handle(self, container: Container) -> None:
        """Build the listener and call its method, whichever colour it has."""
        function = getattr(container.make(_listener(self.listener)), self.method)
        await container.acall(function, overrides=_named(function, self.arguments()))

    def failed(self, error: BaseException, container: Container) -> None:
        """Tell the listener that its job is over, if it wants to know: `failed(event, error)`."""
        listener = container.make(_listener(self.listener))
        hook = getattr(listener, "failed", None)
        if callable(hook):
            container.call(hook, overrides=_named(hook, [*self.arguments(), error]))

    def arguments(self) -> list[object]:
        """Return what the listener's method is called with."""
        kinds = [cast(type, import_object(kind)) for kind in self.kinds]
        return cast("list[object]", Serializer(classes_in(kinds)).decode(self.data))

    def display_name(self) -> str:
        """Return the listener's name: that is what people look for."""
        return self.listener.replace(":", ".")

    def tries(self) -> int | None:
        """Return what the listener's class says."""
        return cast("int | None", self._option("tries"))

    def backoff(self) -> Any:
        """Return what the listener's class says."""
        return self._option("backoff")

    def timeout(self) -> Any:
        """Return what the listener's class says."""
        return self._option("timeout")

    def fail_on_timeout(self) -> bool:
        """Return what the listener's class says."""
        return bool(self._option("fail_on_timeout"))

    def max_exceptions(self) -> int | None:
        """Return what the listener's class says."""
        return cast("int | None", self._option("max_exceptions"))

    def retry_until(self) -> Any:
        """Return what the listener's class says."""
        return self._option("retry_until")

    def _option(self, name: str) -> object:
        return getattr(_listener(self.listener), name, None)


class QueuedListeners:
    """Runs listeners on the queue: what events ask for, as `ListenerRunner`.

    Args:
        queue: Where their jobs go.
    """

    def __init__(self, queue: QueueManager) -> None:
        self._queue = queue

    def run(self, listener: type[Any], method: str, arguments: tuple[object, ...]) -> None:
        """Queue a call of *method* on a new *listener* with *arguments*.

        Raises:
            NotQueueable: An argument has no written form.
        """
        self._queue.place(_job(listener, method, arguments), **_placement(listener))

    async def arun(self, listener: type[Any], method: str, arguments: tuple[object, ...]) -> None:
        """Async twin of :meth:`run`."""
        await self._queue.aplace(_job(listener, method, arguments), **_placement(listener))


def _job(listener: type[Any], method: str, arguments: tuple[object, ...]) -> CallListener:
    kinds = {type(argument) for argument in arguments}
    rich = sorted((kind for kind in kinds if classes_in([kind])), key=dotted)
    try:
        data = Serializer(classes_in(rich)).encode(list(arguments))
    except Unserializable as error:
        raise NotQueueable(dotted(listener), str(error)) from error
    return CallListener(dotted(listener), method, [dotted(kind) for kind in rich], data)


def _placement(listener: type[Any]) -> dict[str, Any]:
    return {name: getattr(listener, name, None) for name in ("queue", "connection", "delay")}


def _listener(path: str) -> type[Any]:
    try:
        found = import_object(path)
    except ImportFailed as error:
        raise UnknownJob(path, error.reason) from error
    if not isinstance(found, type):
        raise UnknownJob(path, "it is no class")
    return found


def _named(function: Any, arguments: Sequence[object]) -> dict[str, object]:
    """Give *arguments* the names of the function's first parameters; the rest is injected."""
    return dict(zip(inspect.signature(function).parameters, arguments, strict=False))
