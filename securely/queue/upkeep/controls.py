"""Controls: what people do to a connection from outside; methods that every Queue has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, cast

from securely.events import Dispatcher
from securely.queue.contracts import Cancellation, Connection, Measured, StoredJob, Workable
from securely.queue.events import QueuePaused, QueueResumed, QueuesPaused, QueuesResumed
from securely.queue.exceptions import QueueUnavailable
from securely.queue.upkeep.metrics import Metrics, summarize
from securely.support import clock
from securely.support.durations import Duration, seconds

__all__ = ["EVERY", "Controls", "is_workable", "workable"]

EVERY: Final = "*"
_MINUTE: Final = 60.0  # seconds
_PAGE: Final = 100  # jobs are looked at in pages, so that a long queue costs no memory


def is_workable(connection: Connection) -> bool:
    """Return whether workers can take jobs from *connection*."""
    return hasattr(connection, "join")


def workable(connection: Connection) -> Workable:
    """Return *connection* as one that workers can take jobs from.

    Raises:
        QueueUnavailable: Its jobs wait nowhere.
    """
    if not is_workable(connection):
        reason = (
            "it keeps no jobs that a worker could take: they run, are dropped, or go to another "
            "connection when they are dispatched. Name one that keeps them, such as sqlite."
        )
        if members := cast("Sequence[str]", getattr(connection, "members", ())):
            reason = (
                f"it hands its jobs on to {', '.join(members)}. Each of these has workers of its "
                f"own: name one of them, as in `queue:work {members[0]}`."
            )
        raise QueueUnavailable(connection.name, reason)
    return cast(Workable, connection)


class Controls:
    """Pauses, cancels and shows what waits: the part of a Queue that acts on its workers.

    Each of them raises :class:`QueueUnavailable` where the connection keeps no jobs, or cannot be
    reached.
    """

    _events: Dispatcher

    @property
    def driver(self) -> Connection:
        """What keeps the jobs."""
        raise NotImplementedError

    @property
    def default_queue(self) -> str:
        """Where jobs go that name no queue."""
        raise NotImplementedError

    # -- pausing

    def pause(self, queue: str | Enum | None = None) -> None:
        """Let no worker take jobs of *queue* (None: the default one) until :meth:`resume`.

        What runs goes on to its end.

        Source: Laravel 13, Illuminate\\Queue\\QueueManager::pause.
        """
        self._pause(self._queue_name(queue), None)

    async def apause(self, queue: str | Enum | None = None) -> None:
        """Async twin of :meth:`pause`."""
        await asyncio.to_thread(self.pause, queue)

    def pause_for(self, duration: Duration, queue: str | Enum | None = None) -> None:
        """Let no worker take jobs of *queue* (None: the default one) for *duration* ("10m").

        Source: Laravel 13, Illuminate\\Queue\\QueueManager::pauseFor.
        """
        self._pause(self._queue_name(queue), seconds(duration))

    async def apause_for(self, duration: Duration, queue: str | Enum | None = None) -> None:
        """Async twin of :meth:`pause_for`."""
        await asyncio.to_thread(self.pause_for, duration, queue)

    def pause_all(self, duration: Duration | None = None) -> None:
        """Let no worker take jobs of this connection, until :meth:`resume_all` or for *duration*.

        Source: Laravel 13, Illuminate\\Queue\\QueueManager::pauseAll.
        """
        self._pause(EVERY, None if duration is None else seconds(duration))

    async def apause_all(self, duration: Duration | None = None) -> None:
        """Async twin of :meth:`pause_all`."""
        await asyncio.to_thread(self.pause_all, duration)

    def resume(self, queue: str | Enum | None = None) -> None:
        """End a pause of *queue* (None: the default one); that of all queues stays."""
        name = self._queue_name(queue)
        connection = workable(self.driver)
        connection.resume(name)
        self._tell(QueueResumed(connection.name, name))

    async def aresume(self, queue: str | Enum | None = None) -> None:
        """Async twin of :meth:`resume`."""
        await asyncio.to_thread(self.resume, queue)

    def resume_all(self) -> None:
        """End a pause of all queues; those of single queues stay."""
        connection = workable(self.driver)
        connection.resume(EVERY)
        self._tell(QueuesResumed(connection.name))

    async def aresume_all(self) -> None:
        """Async twin of :meth:`resume_all`."""
        await asyncio.to_thread(self.resume_all)

    def is_paused(self, queue: str | Enum | None = None) -> bool:
        """Return whether *queue* (None: the default one) is paused, by itself or with all."""
        return bool({self._queue_name(queue), EVERY} & self.paused().keys())

    async def ais_paused(self, queue: str | Enum | None = None) -> bool:
        """Async twin of :meth:`is_paused`."""
        return await asyncio.to_thread(self.is_paused, queue)

    def paused(self) -> Mapping[str, float | None]:
        """Return the queues that are paused ("*" for all), and until when; None for no end.

        The answer is wall time, in seconds since 1970-01-01 UTC.
        """
        now = clock.timestamp()
        pauses = workable(self.driver).paused().items()
        return {name: until for name, until in pauses if until is None or until > now}

    async def apaused(self) -> Mapping[str, float | None]:
        """Async twin of :meth:`paused`."""
        return await asyncio.to_thread(self.paused)

    # -- single jobs

    def cancel(self, id_: str) -> Cancellation:
        """Take the job with this uuid out of its queue, or have its worker stop it.

        One that runs is told to within a second: in an async job what it awaits is cancelled, in a
        sync one :class:`JobCancelled` is raised. It is not tried again, its `failed()` is not
        called, and what follows in its chain does not run; a batch counts all of these as skipped.
        One that goes on all the same is ended with its process, as after a timeout.

        Returns:
            What it came to: true where the job is out of its queue, or is told to stop.
        """
        return workable(self.driver).cancel(id_)

    async def acancel(self, id_: str) -> Cancellation:
        """Async twin of :meth:`cancel`."""
        return await asyncio.to_thread(self.cancel, id_)

    def pending_jobs(self, queue: str | Enum | None = None) -> Iterator[StoredJob]:
        """Give the jobs of *queue* (None: the default one) that may be taken now, oldest first.

        None of them is decoded: their classes need not exist.
        """
        return self._jobs(queue, "pending")

    async def apending_jobs(self, queue: str | Enum | None = None) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`pending_jobs`."""
        async for job in self._ajobs(queue, "pending"):
            yield job

    def delayed_jobs(self, queue: str | Enum | None = None) -> Iterator[StoredJob]:
        """Give the jobs of *queue* (None: the default one) that wait for their time."""
        return self._jobs(queue, "delayed")

    async def adelayed_jobs(self, queue: str | Enum | None = None) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`delayed_jobs`."""
        async for job in self._ajobs(queue, "delayed"):
            yield job

    def reserved_jobs(self, queue: str | Enum | None = None) -> Iterator[StoredJob]:
        """Give the jobs of *queue* (None: the default one) that workers hold."""
        return self._jobs(queue, "reserved")

    async def areserved_jobs(self, queue: str | Enum | None = None) -> AsyncIterator[StoredJob]:
        """Async twin of :meth:`reserved_jobs`."""
        async for job in self._ajobs(queue, "reserved"):
            yield job

    # -- workers

    def restart(self) -> None:
        """Ask every worker of this connection that works now to stop after its current job."""
        workable(self.driver).restart()

    async def arestart(self) -> None:
        """Async twin of :meth:`restart`."""
        await asyncio.to_thread(self.restart)

    def metrics(self, since: Duration = "1h") -> Metrics:
        """Return what the workers of this connection have measured, by queue and by job.

        Args:
            since: For how long back ("2h"); whole minutes count.

        Raises:
            QueueUnavailable: The connection keeps no metrics, or can not be reached.
        """
        driver = workable(self.driver)
        if not isinstance(driver, Measured):
            raise QueueUnavailable(driver.name, "its driver keeps no metrics.")
        now = clock.timestamp()
        minute = int((now - seconds(since)) // _MINUTE)
        return summarize(driver.measured(minute), minute * _MINUTE, now)

    async def ametrics(self, since: Duration = "1h") -> Metrics:
        """Async twin of :meth:`metrics`."""
        return await asyncio.to_thread(self.metrics, since)

    def _pause(self, name: str, length: float | None) -> None:
        connection = workable(self.driver)
        connection.pause(name, length)
        if name == EVERY:
            self._tell(QueuesPaused(connection.name, length))
        else:
            self._tell(QueuePaused(connection.name, name, length))

    def _jobs(self, queue: str | Enum | None, state: str) -> Iterator[StoredJob]:
        name, after = self._queue_name(queue), 0
        while page := self._page(name, state, after):
            yield from page
            after = page[-1].id

    async def _ajobs(self, queue: str | Enum | None, state: str) -> AsyncIterator[StoredJob]:
        name, after = self._queue_name(queue), 0
        while page := await asyncio.to_thread(self._page, name, state, after):
            for job in page:
                yield job
            after = page[-1].id

    def _page(self, name: str, state: str, after: int) -> Sequence[StoredJob]:
        return workable(self.driver).jobs(name, state, after=after, limit=_PAGE)

    def _queue_name(self, queue: str | Enum | None) -> str:
        name = str(queue.value) if isinstance(queue, Enum) else queue
        return name or self.default_queue

    def _tell(self, event: object) -> None:
        if self._events.has_listeners(type(event)):
            self._events.dispatch(event)
