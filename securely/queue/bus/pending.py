"""PendingBatch, PendingChain: what is built, and dispatched together in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, Self, TypeAlias

from securely.queue.bus.batch import Batch
from securely.queue.delivery.refusals import queue_name, writable
from securely.queue.exceptions import NotQueueable
from securely.queue.job import Delay, Dispatched, Job, PendingDispatch

__all__ = ["Callbacks", "Condition", "PendingBatch", "PendingChain", "Sends", "Wishes"]

Callbacks: TypeAlias = Callable[..., object] | Job | PendingDispatch[Any]
"""What is called when something happens to a batch: an importable function, or a job."""

Condition: TypeAlias = bool | Callable[[], bool]


class Sends(Protocol):
    """What pending things ask of the bus."""

    def dispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Queue the first job of *chain*, with the others behind it."""
        ...

    async def adispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Async twin of :meth:`dispatch_chain`."""
        ...

    def dispatch_batch(self, batch: PendingBatch) -> Batch:
        """Keep *batch* and queue its jobs, in one step."""
        ...

    async def adispatch_batch(self, batch: PendingBatch) -> Batch:
        """Async twin of :meth:`dispatch_batch`."""
        ...

    def batch_after_response(self, batch: PendingBatch) -> None:
        """Dispatch *batch* once what is under way is over."""
        ...


@dataclass
class Wishes:
    """What was said of a chain or a batch; None where nothing was said.

    Attributes:
        queue: The queue of its jobs that name none.
        connection: The connection of its jobs that name none; of a batch, of all of them.
        delay: How long the first job of a chain waits.
        name: What people call a batch.
        allow_failures: A failure does not cancel the batch.
        options: Plain data that a batch keeps.
        callbacks: What is called, by what happens: "before", "progress", "then", "catch" and
            "finally"; of a chain, "catch".
    """

    queue: str | None = None
    connection: str | None = None
    delay: Delay | None = None
    name: str = ""
    allow_failures: bool = False
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    callbacks: dict[str, list[Callbacks]] = field(default_factory=dict[str, "list[Callbacks]"])


class _Pending:
    """What chains and batches share."""

    def __init__(self, bus: Sends, jobs: Iterable[Any]) -> None:
        self.jobs: list[Any] = list(jobs)
        self.wishes: Wishes = Wishes()
        self._bus = bus

    def on_queue(self, queue: str | Enum) -> Self:
        """Send those jobs to *queue* that name none themselves."""
        self.wishes.queue = queue_name(_named(queue))
        return self

    def on_connection(self, connection: str | Enum) -> Self:
        """Send it through *connection*; in a chain, those jobs that name none themselves."""
        self.wishes.connection = _named(connection)
        return self

    def catch(self, *callbacks: Callable[..., object]) -> Self:
        """Call *callbacks* when a job has failed for good."""
        return self._call("catch", callbacks)

    def _call(self, event: str, callbacks: Iterable[Callbacks]) -> Self:
        self.wishes.callbacks.setdefault(event, []).extend(callbacks)
        return self


class PendingChain(_Pending):
    """Jobs that run one after the other: each when the one before has ended well.

    The whole chain travels inside the first job; the step that settles a job accepts the next.

    Args:
        bus: Dispatches it.
        jobs: Jobs (with options of their own by `Job.using(…)`), tasks, importable functions, and
            batches.

    Source: Laravel 13, Illuminate\\Foundation\\Bus\\PendingChain.
    """

    def delay(self, delay: Delay) -> Self:
        """Let the first job wait, unless it says so itself."""
        self.wishes.delay = delay
        return self

    def prepend(self, *jobs: Any) -> Self:
        """Let *jobs* go before the others."""
        self.jobs[:0] = jobs
        return self

    def append(self, *jobs: Any) -> Self:
        """Let *jobs* follow the others."""
        self.jobs.extend(jobs)
        return self

    def catch(self, *callbacks: Callable[..., object]) -> Self:
        """Call *callbacks* with the error when a job of the chain has failed for good.

        Args:
            callbacks: Importable functions; they run as jobs, each once.
        """
        return super().catch(*callbacks)

    def dispatch(self) -> Dispatched:
        """Queue the first job, with the others behind it.

        Returns:
            What became of the first job.

        Raises:
            EmptyChain: There is no job.
            QueueError: As for a dispatch of one job; nothing was written.
        """
        return self._bus.dispatch_chain(self)

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        return await self._bus.adispatch_chain(self)

    def dispatch_if(self, condition: Condition) -> Dispatched | None:
        """Dispatch it if *condition* holds; None if it does not."""
        return self.dispatch() if _holds(condition) else None

    async def adispatch_if(self, condition: Condition) -> Dispatched | None:
        """Async twin of :meth:`dispatch_if`."""
        return await self.adispatch() if _holds(condition) else None

    def dispatch_unless(self, condition: Condition) -> Dispatched | None:
        """Dispatch it unless *condition* holds; None if it does."""
        return None if _holds(condition) else self.dispatch()

    async def adispatch_unless(self, condition: Condition) -> Dispatched | None:
        """Async twin of :meth:`dispatch_unless`."""
        return None if _holds(condition) else await self.adispatch()


class PendingBatch(_Pending):
    """Jobs that are counted together, and what is called when they are done.

    Functions are called in a worker, as jobs: nothing that happens to a process loses the call.
    They are importable functions; a job may stand for one. Several of each are called in order.

    Args:
        bus: Dispatches it.
        jobs: Jobs (with options of their own by `Job.using(…)`), tasks, importable functions,
            chains, and lists as chains.

    Source: Laravel 13, Illuminate\\Bus\\PendingBatch.
    """

    def add(self, *jobs: Any) -> Self:
        """Let *jobs* be of the batch, too; a list among them is a chain."""
        self.jobs.extend(jobs)
        return self

    def name(self, name: str) -> Self:
        """Let people find it as *name*.

        Raises:
            NotQueueable: It can not be written down.
        """
        self.wishes.name = writable(name, "The name of a batch")
        return self

    def before(self, *callbacks: Callable[..., object]) -> Self:
        """Call *callbacks* with the batch here, just before it is accepted.

        One that raises keeps the batch from being dispatched.

        Raises:
            NotQueueable: One is no function: a job would run too late.
        """
        for each in callbacks:
            if not callable(each):
                raise NotQueueable(repr(each), "before() calls functions. A job would be too late.")
        return self._call("before", callbacks)

    def progress(self, *callbacks: Callbacks) -> Self:
        """Call *callbacks* with the batch when jobs of it have ended.

        One call that still waits stands for all that happens meanwhile.
        """
        return self._call("progress", callbacks)

    def then(self, *callbacks: Callbacks) -> Self:
        """Call *callbacks* with the batch when all its jobs have ended, and none has failed."""
        return self._call("then", callbacks)

    def catch(self, *callbacks: Callbacks) -> Self:
        """Call *callbacks* with the batch and the error when the first of its jobs has failed."""
        return super().catch(*callbacks)  # type: ignore[arg-type]  # jobs, too

    def finally_(self, *callbacks: Callbacks) -> Self:
        """Call *callbacks* with the batch when no job of it is left, however they ended."""
        return self._call("finally", callbacks)

    def allow_failures(self, allow: bool = True) -> Self:  # Laravel's
        """Let it go on when a job fails, instead of being cancelled by the first failure."""
        if not isinstance(allow, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # Laravel takes callbacks here
            raise NotQueueable(
                "allow_failures", "it takes True or False. What is called on a failure: catch()."
            )
        self.wishes.allow_failures = allow
        return self

    def with_option(self, key: str, value: object) -> Self:
        """Keep *value*, plain JSON data, with the batch: `batch.options[key]`.

        Raises:
            NotQueueable: It is no plain data.
        """
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise NotQueueable(f'The option "{key}" of a batch', str(error)) from error
        self.wishes.options[key] = value
        return self

    def dispatch(self) -> Batch:
        """Keep the batch and queue its jobs, all or none.

        Raises:
            BatchesUnsupported: Its connection keeps no batches.
            QueueError: As for a dispatch of one job; nothing was written.
        """
        return self._bus.dispatch_batch(self)

    async def adispatch(self) -> Batch:
        """Async twin of :meth:`dispatch`."""
        return await self._bus.adispatch_batch(self)

    def dispatch_if(self, condition: Condition) -> Batch | None:
        """Dispatch it if *condition* holds; None if it does not."""
        return self.dispatch() if _holds(condition) else None

    async def adispatch_if(self, condition: Condition) -> Batch | None:
        """Async twin of :meth:`dispatch_if`."""
        return await self.adispatch() if _holds(condition) else None

    def dispatch_unless(self, condition: Condition) -> Batch | None:
        """Dispatch it unless *condition* holds; None if it does."""
        return None if _holds(condition) else self.dispatch()

    async def adispatch_unless(self, condition: Condition) -> Batch | None:
        """Async twin of :meth:`dispatch_unless`."""
        return None if _holds(condition) else await self.adispatch()

    def dispatch_after_response(self) -> None:
        """Dispatch it once the response was sent, or the command has ended."""
        self._bus.batch_after_response(self)


def _holds(condition: Condition) -> bool:
    return condition() if callable(condition) else condition


def _named(name: str | Enum) -> str:
    return str(name.value) if isinstance(name, Enum) else name
