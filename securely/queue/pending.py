"""PendingDispatch: a job and the options of one dispatch, sent when it is told to."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from securely.container import current
from securely.support.durations import Duration

__all__ = ["Dispatched", "PendingDispatch"]

J = TypeVar("J")


class Dispatched(NamedTuple):
    """What a dispatch came to.

    Attributes:
        id: The job's uuid for its whole life; failed jobs are found by it.
        connection: The name of the connection that took it.
        queue: The queue it waits in.
    """

    id: str
    connection: str
    queue: str


class PendingDispatch(Generic[J]):
    """A job that is built and not yet sent; each option is said once, the last word counts.

    Nothing is sent until :meth:`dispatch`: an error on the way there loses no job silently.

    Args:
        job: The job.
    """

    __slots__ = ("_options", "job")

    def __init__(self, job: J) -> None:
        self.job = job
        self._options: dict[str, Any] = {}

    def on_queue(self, queue: str | Enum) -> PendingDispatch[J]:
        """Send it to *queue*."""
        self._options["queue"] = str(queue.value) if isinstance(queue, Enum) else queue
        return self

    def on_connection(self, connection: str | Enum) -> PendingDispatch[J]:
        """Send it through *connection*."""
        name = str(connection.value) if isinstance(connection, Enum) else connection
        self._options["connection"] = name
        return self

    def delay(self, delay: Duration | datetime) -> PendingDispatch[J]:
        """Let it wait for *delay* ("10m", seconds, timedelta), or until an aware datetime."""
        self._options["delay"] = delay
        return self

    def without_delay(self) -> PendingDispatch[J]:
        """Let it not wait, whatever its class says."""
        self._options["delay"] = 0.0
        return self

    def priority(self, priority: int) -> PendingDispatch[J]:
        """Let it go before jobs of a lower priority in its queue."""
        self._options["priority"] = priority
        return self

    def dispatch(self) -> Dispatched:
        """Send it now.

        Raises:
            QueueError: It cannot be sent; nothing was written.
        """
        sent: Dispatched = current().make("queue").place(self.job, **self._options)
        return sent

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        sent: Dispatched = await current().make("queue").aplace(self.job, **self._options)
        return sent
