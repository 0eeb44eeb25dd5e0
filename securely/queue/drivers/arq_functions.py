"""Functions of plain arq that our executors run: a call becomes a job of one known class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from securely.queue.contracts import Envelope
from securely.queue.delivery.interaction import current_interaction
from securely.queue.exceptions import Release, UnknownJob
from securely.queue.job import Job
from securely.queue.manager import QueueManager
from securely.support.importing import import_object

__all__ = ["Adopter", "ArqFunction", "names_of"]


class ArqFunction(Job):
    """A call of a function of plain arq; made by the worker that took it, never dispatched.

    Args:
        path: The function, as `package.module.name`; "" for one that may not be run.
        name: What arq calls it.
        arguments: What it is given, besides arq's context.
        keywords: The same, by name.
        reason: Why it may not be run.
    """

    tries = 1  # as with arq: an exception is final, and `Retry` is not one

    def __init__(
        self,
        path: str,
        name: str,
        arguments: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        self.path = path
        self.name = name
        self.arguments: list[Any] = list(arguments)
        self.keywords: dict[str, Any] = dict(keywords or {})
        self.reason = reason

    def display_name(self) -> str:
        """Return what arq calls it."""
        return self.name

    async def handle(self, queues: QueueManager) -> None:
        """Call the function with a context as arq's worker makes it.

        Raises:
            UnknownJob: It is not one of those that the connection lists.
            Release: It asked to be tried again later.
        """
        if not self.path:
            raise UnknownJob(self.name, self.reason)
        from arq.worker import Retry

        function: Any = import_object(_colon(self.path))
        interaction = current_interaction()
        context: dict[str, object] = {"job_id": interaction.uuid, "job_try": interaction.attempts}
        driver: Any = queues.connection(interaction.connection).driver
        context["redis"] = driver.pool()
        try:
            await function(context, *self.arguments, **self.keywords)
        except Retry as retry:
            raise Release((retry.defer_score or 0) / 1_000) from retry


class Adopter:
    """Turns calls that plain arq has enqueued into signed frames.

    Args:
        functions: Those that may be run, as `package.module.name`.
        envelope: Makes the envelope of a job: that of the codec.
    """

    def __init__(self, functions: Sequence[str], envelope: Callable[[Job, str], Envelope]) -> None:
        self.functions: tuple[str, ...] = tuple(functions)
        self._paths = {name: path for path in functions for name in names_of(path)}
        self._envelope = envelope

    def __call__(self, value: bytes) -> bytes:
        """Return a frame for an executor."""
        return self._envelope(self._job(value), "default").payload

    def _job(self, value: bytes) -> ArqFunction:
        try:
            call = cast("dict[str, Any]", msgspec.json.decode(value))
            name, arguments, keywords = str(call["f"]), call["a"], call["k"]
        except (msgspec.MsgspecError, LookupError, TypeError, UnicodeDecodeError):
            reason = (
                "it was not enqueued as JSON. Give arq's pool the serializer of "
                "securely.queue.drivers.arq_wire"
            )
            return ArqFunction("", "?", reason=reason)
        path = self._paths.get(name)
        if path is None:
            known = ", ".join(sorted(self._paths)) or "none"
            reason = f"the connection does not list it under functions, which has: {known}"
            return ArqFunction("", name, reason=reason)
        return ArqFunction(path, name, arguments, keywords)


def names_of(path: str) -> tuple[str, str]:
    """Return the names under which arq may know a function: its path, and its own.

    Example:
        >>> names_of("app.tasks.send")
        ('app.tasks.send', 'send')
    """
    return path, path.rpartition(".")[2]


def _colon(path: str) -> str:
    module, _, name = path.rpartition(".")
    return f"{module}:{name}"
