"""Callback: a function that runs as a job; Relay: a job on its way; Resume: a chain goes on."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, ClassVar, Final, cast, get_type_hints

from securely.container import Container
from securely.container.signature import is_service
from securely.queue.bus.batch import Batch
from securely.queue.contracts import Envelope
from securely.queue.delivery.failure import unpack_error
from securely.queue.delivery.interaction import current_interaction
from securely.queue.exceptions import (
    ConnectionUndefined,
    DriverUnknown,
    NotQueueable,
    RecordedFailure,
    UnknownJob,
)
from securely.queue.job import Job
from securely.support.importing import ImportFailed, import_object

__all__ = ["Callback", "Relay", "Resume", "path_of"]

_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def path_of(function: Callable[..., object]) -> str:
    """Return where *function* is imported from, as "package.module:name".

    Raises:
        NotQueueable: A worker could not import it: a lambda, a method, or one defined inside
            another function.
    """
    module = getattr(function, "__module__", "") or ""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    path = f"{module}:{name}"
    reason = (
        "a worker imports a callback by its name. Use a function at the top of a module of the "
        "application, or a job."
    )
    if "<" in name or module in {"", "__main__"}:
        raise NotQueueable(f"{module}.{name}", reason)
    try:
        found = import_object(path)
    except ImportFailed as error:
        raise NotQueueable(f"{module}.{name}", reason) from error
    if found is not function:
        raise NotQueueable(f"{module}.{name}", reason)
    return path


class Callback(Job):
    """Calls a function with what it is told of; as a job, so that no death loses the call.

    Args:
        function: Its path, as "package.module:name".
        batch: The id of the batch that is its first argument; None for none.
        connection_name: Where that batch is kept.
        error: UTF-8 JSON of the failure that is its last argument; None for none.
        takes_batch: Its first argument is the batch.
        takes_error: Its last argument is the first failure of the batch.
    """

    tries: Any = 3
    backoff: Any = (1, 10)

    __queue_paths__: ClassVar[tuple[str, ...]] = ("function",)

    def __init__(
        self,
        function: str,
        *,
        batch: str | None = None,
        connection_name: str | None = None,
        error: bytes | None = None,
        takes_batch: bool = True,
        takes_error: bool = False,
    ) -> None:
        self.function = function
        self.batch_id = batch
        self.connection_name = connection_name
        self.error = error
        self.takes_batch = takes_batch
        self.takes_error = takes_error

    def handle(self, container: Container) -> object:
        """Call the function, injected; what it returns is awaited where it is a coroutine.

        Raises:
            UnknownJob: The function is gone.
        """
        try:
            function = cast("Callable[..., object]", import_object(self.function))
        except ImportFailed as error:
            raise UnknownJob(self.function, error.reason) from error
        arguments: list[object] = []
        recorded = self.error
        if self.batch_id is not None:
            batch: Any = container.make("bus").find_batch(self.batch_id, self.connection_name)
            if batch is None:
                return None  # it was pruned or deleted: there is nothing to tell
            if self.takes_batch:
                arguments.append(batch)
            recorded = batch.error if self.takes_error else None
        if recorded is not None:
            report = unpack_error(recorded)
            arguments.append(RecordedFailure(report.type, report.message, report.trace))
        return container.call(function, *arguments[: _room(function)])

    def display_name(self) -> str:
        """Return the function's name: that is what people look for."""
        return self.function.replace(":", ".")


class Relay(Job):
    """Hands a job over to another connection, for a chain whose next link belongs there.

    It is delivered at least once, as every job: the other connection may take the job twice if
    this one's worker dies in between.
    """

    tries: Any = 0
    backoff: Any = (1, 5, 30)
    dont_retry: tuple[type[BaseException], ...] = (ConnectionUndefined, DriverUnknown)

    def __init__(self, target: str, envelope: Envelope) -> None:
        self.target = target
        self.fields: list[object] = list(envelope)

    def handle(self, container: Container) -> None:
        """Push it there."""
        queues: Any = container.make("queue")
        queues.connection(self.target).driver.push([Envelope(*cast("list[Any]", self.fields))])

    def display_name(self) -> str:
        """Return the name of the job that is handed over."""
        return str(self.fields[1])


class Resume(Job):
    """Lets a chain go on whose next link waited for a batch, and which another batch counts.

    It stands for that link there, and is called however the batch before it has ended: where the
    chain is not to go on, the other batch counts the rest of it as skipped, and waits for nothing.

    Args:
        batch: The id of the batch that was waited for.
        connection_name: Where it is kept.
    """

    tries: Any = 0
    backoff: Any = (1, 5, 30)
    dont_retry: tuple[type[BaseException], ...] = (ConnectionUndefined, DriverUnknown)

    def __init__(self, batch: str, connection_name: str) -> None:
        self.batch_id = batch
        self.connection_name = connection_name

    def handle(self, container: Container) -> None:
        """Go on, unless the batch was cancelled, or is gone."""
        found: Batch | None = container.make("bus").find_batch(self.batch_id, self.connection_name)
        if found is None or found.cancelled():
            interaction = current_interaction()
            interaction.take_trail()
            interaction.skip("the batch before it was cancelled")


def _room(function: Callable[..., object]) -> int:
    """Return how many positional arguments *function* takes before what is to be injected.

    Who declares no parameter for the batch or the error is not given one.
    """
    try:
        hints = get_type_hints(function)
    except Exception:  # names of a block that only checkers see: told by place
        hints = {}
    room = 0
    for name, parameter in signature(function).parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            return 2
        hint: Any = hints.get(name)
        is_told = not is_service(hint) or issubclass(hint, (Batch, BaseException))
        if parameter.kind not in _POSITIONAL or not is_told:
            break
        room += 1
    return room
