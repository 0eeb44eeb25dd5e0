"""Queue: one connection as applications see it; push, later, bulk, sizes, clear."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias

from securely.events import Dispatcher
from securely.queue.bus.transaction import Transaction, withheld
from securely.queue.contracts import Connection, Counts, Envelope, FailedJobs
from securely.queue.delivery.failure import NoFailedJobs
from securely.queue.delivery.refusals import no_job, queue_name
from securely.queue.events import JobQueued, JobQueueing, UniqueJobSkipped
from securely.queue.job import Delay, Dispatched, Extras, Job, Placement
from securely.queue.upkeep.results import Results
from securely.support.durations import seconds_until

__all__ = ["Encodes", "Hands", "Queue", "named"]

_ANYWHERE = Placement()
_UNSAID = (None, None, None)


class Encodes(Protocol):
    """What makes envelopes of jobs: the codec of `payload.py`."""

    def envelope(
        self,
        job: Job,
        queue: str,
        *,
        delay: float | None = None,
        priority: int | None = None,
        extras: Extras = ...,
    ) -> Envelope:
        """Return *job* as it is handed to a store."""
        ...

    def raw(self, payload: bytes, queue: str) -> Envelope:
        """Return a payload that was written before, to be handed over anew."""
        ...

    def unpack_result(self, uuid: str, packed: bytes) -> object:
        """Return what a job has returned, as it is kept."""
        ...

    def refreshed(self, payload: bytes) -> bytes:
        """Return *payload* as for a job that starts over now."""
        ...

    def create_using(self, writer: Callable[[Job], Mapping[str, object]]) -> None:
        """Let what *writer* returns for a job travel with it."""
        ...


Hands: TypeAlias = Callable[[Connection, Envelope], str]
"""Given what keeps the jobs and an envelope, has it accepted; returns who stands for it."""


class Queue(Results):
    """One connection: takes jobs, tells how many wait.

    Args:
        driver: What keeps the jobs.
        codec: Makes envelopes of them.
        events: Told of each dispatch, where somebody listens.
        default_queue: Where jobs go that name no queue.
        after_commit: Jobs that say nothing themselves wait for the open transaction to commit.
    """

    def __init__(
        self,
        driver: Connection,
        codec: Encodes,
        events: Dispatcher,
        default_queue: str = "default",
        *,
        after_commit: bool = False,
    ) -> None:
        self._connection = driver
        self._codec = codec
        self._events = events
        self._default_queue = default_queue
        self._after_commit = after_commit

    @property
    def driver(self) -> Connection:
        """What keeps the jobs."""
        return self._connection

    @property
    def name(self) -> str:
        """The connection's name in the configuration."""
        return self.driver.name

    @property
    def default_queue(self) -> str:
        """Where jobs go that name no queue."""
        return self._default_queue

    @property
    def after_commit(self) -> bool:
        """Whether dispatches that say nothing themselves wait for the open transaction."""
        return self._after_commit

    @property
    def failed(self) -> FailedJobs:
        """Where this connection keeps failed jobs; empty for one that keeps none."""
        failed: FailedJobs | None = getattr(self.driver, "failed", None)
        return NoFailedJobs() if failed is None else failed

    def push(self, job: Job, queue: str | Enum | None = None) -> str:
        """Queue *job* now and return its uuid.

        Args:
            job: The job.
            queue: Where it waits; None for its own choice, else the connection's.

        Raises:
            NotQueueable: Its class cannot be imported by a worker, or a value has no written form.
            PayloadTooLarge: Its data are over the limit.
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be used.
        """
        return self.place(job, _on(queue)).id

    async def apush(self, job: Job, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`push`."""
        return (await self.aplace(job, _on(queue))).id

    def push_on(self, queue: str | Enum, job: Job) -> str:
        """Queue *job* on *queue* and return its uuid.

        Raises:
            QueueError: As for :meth:`push`.
        """
        return self.push(job, queue)

    async def apush_on(self, queue: str | Enum, job: Job) -> str:
        """Async twin of :meth:`push_on`."""
        return await self.apush(job, queue)

    def push_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Queue a payload as this application has written it, and return its job's uuid.

        For what was taken out of a store, such as `job.payload` of a failed or a waiting one.
        Nothing is told of it, and its keys, its group and its batch are not looked at.

        Args:
            payload: A signed frame.
            queue: Where it waits; None for the connection's default queue.

        Raises:
            InvalidPayload: It is none of ours, was changed, or is too large.
            UnknownJob: Its class does not exist any more, or is no job.
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be used.

        Source: Laravel 13, Illuminate\\Contracts\\Queue\\Queue::pushRaw.
        """
        parcel = self._raw_parcel(payload, queue)
        if withheld(self._send, self._asend, (parcel,), after_commit=parcel.after_commit):
            return parcel.envelope.uuid
        return self._send((parcel,))[0].id

    async def apush_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`push_raw`."""
        parcel = self._raw_parcel(payload, queue)
        if withheld(self._send, self._asend, (parcel,), after_commit=parcel.after_commit):
            return parcel.envelope.uuid
        return (await self._asend((parcel,)))[0].id

    def later(self, delay: Delay, job: Job, queue: str | Enum | None = None) -> str:
        """Queue *job*, to be run after *delay*, and return its uuid.

        Raises:
            QueueError: As for :meth:`push`.
        """
        return self.place(job, _on(queue)._replace(delay=delay)).id

    async def alater(self, delay: Delay, job: Job, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`later`."""
        return (await self.aplace(job, _on(queue)._replace(delay=delay))).id

    def later_on(self, queue: str | Enum, delay: Delay, job: Job) -> str:
        """Queue *job* on *queue*, to be run after *delay*, and return its uuid.

        Raises:
            QueueError: As for :meth:`push`.
        """
        return self.later(delay, job, queue)

    async def alater_on(self, queue: str | Enum, delay: Delay, job: Job) -> str:
        """Async twin of :meth:`later_on`."""
        return await self.alater(delay, job, queue)

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Queue *job* with the options of one dispatch.

        Raises:
            QueueError: As for :meth:`push`.
        """
        if (event := self._queueing(job, placement)) is not None:
            self._events.dispatch(event)
        parcel = self._pack(job, placement)
        if withheld(self._send, self._asend, (parcel,), after_commit=parcel.after_commit):
            return self._dispatched(parcel.envelope, parcel.envelope.uuid)
        return self._send((parcel,))[0]

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        if (event := self._queueing(job, placement)) is not None:
            await self._events.adispatch(event)
        parcel = self._pack(job, placement)
        if withheld(self._send, self._asend, (parcel,), after_commit=parcel.after_commit):
            return self._dispatched(parcel.envelope, parcel.envelope.uuid)
        return (await self._asend((parcel,)))[0]

    def place_with(
        self, job: Job, placement: Placement, push: Hands, *, uuid: str | None = None
    ) -> Dispatched:
        """Queue *job* as :meth:`place` does, by way of *push* instead of the connection's own.

        For who has a step to take of which the push is a part. Open transactions are not waited
        for. What *push* raises reaches the caller; then nothing is told of the job.

        Args:
            job: The job.
            placement: Options of this dispatch.
            push: Called once.
            uuid: The id of the job; None for a new one.

        Raises:
            NotQueueable: As for :meth:`push`, and PayloadTooLarge.
        """
        if (event := self._queueing(job, placement)) is not None:
            self._events.dispatch(event)
        parcel = self._pack(job, placement, uuid)
        stands = push(self.driver, parcel.envelope)
        if news := self._news(parcel, stands):
            self._events.dispatch(news)
        return self._dispatched(parcel.envelope, stands)

    def bulk(self, jobs: Iterable[Job], queue: str | Enum | None = None) -> list[str]:
        """Queue *jobs* in one step, all or none, and return their uuids; each keeps its delay.

        Raises:
            QueueError: As for :meth:`push`; nothing was written.
        """
        placement = _on(queue)
        return [sent.id for sent in self.place_all([(job, placement) for job in jobs])]

    async def abulk(self, jobs: Iterable[Job], queue: str | Enum | None = None) -> list[str]:
        """Async twin of :meth:`bulk`."""
        placement = _on(queue)
        return [sent.id for sent in await self.aplace_all([(job, placement) for job in jobs])]

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Queue *jobs*, each with options of its own, in one step: all or none.

        Raises:
            QueueError: As for :meth:`push`; nothing was written.
        """
        for each in jobs:
            if (event := self._queueing(*each)) is not None:
                self._events.dispatch(event)
        parcels = [self._pack(*each) for each in jobs]
        rest = self._unheld(parcels)
        return self._in_order(parcels, rest, self._send(rest) if rest else ())

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        for each in jobs:
            if (event := self._queueing(*each)) is not None:
                await self._events.adispatch(event)
        parcels = [self._pack(*each) for each in jobs]
        rest = self._unheld(parcels)
        return self._in_order(parcels, rest, await self._asend(rest) if rest else ())

    def transaction(self) -> Transaction:
        """Return a block that collects what is dispatched in it, and sends it at the end.

        All jobs of one connection are sent in one step, and each batch in a step of its own. A
        block that raises sends nothing. One within another hands its part on to that. It serves
        both colours: `with`, and `async with`.
        """
        return Transaction()

    def unpack_result(self, uuid: str, packed: bytes) -> object:
        """Return what the job *uuid* has returned, as its connection keeps it."""
        return self._codec.unpack_result(uuid, packed)

    def counts(self, queue: str | None = None) -> Counts:
        """Return how many jobs *queue* (None: the default one) holds, by state.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        return self.driver.counts(queue or self.default_queue)

    async def acounts(self, queue: str | None = None) -> Counts:
        """Async twin of :meth:`counts`."""
        return await self.driver.acounts(queue or self.default_queue)

    def size(self, queue: str | None = None) -> int:
        """Return how many jobs *queue* holds: pending, delayed and reserved."""
        return self.counts(queue).total

    async def asize(self, queue: str | None = None) -> int:
        """Async twin of :meth:`size`."""
        return (await self.acounts(queue)).total

    def pending_size(self, queue: str | None = None) -> int:
        """Return how many jobs of *queue* may be taken now."""
        return self.counts(queue).pending

    async def apending_size(self, queue: str | None = None) -> int:
        """Async twin of :meth:`pending_size`."""
        return (await self.acounts(queue)).pending

    def delayed_size(self, queue: str | None = None) -> int:
        """Return how many jobs of *queue* wait for their time."""
        return self.counts(queue).delayed

    async def adelayed_size(self, queue: str | None = None) -> int:
        """Async twin of :meth:`delayed_size`."""
        return (await self.acounts(queue)).delayed

    def reserved_size(self, queue: str | None = None) -> int:
        """Return how many jobs of *queue* are in the hands of workers."""
        return self.counts(queue).reserved

    async def areserved_size(self, queue: str | None = None) -> int:
        """Async twin of :meth:`reserved_size`."""
        return (await self.acounts(queue)).reserved

    def oldest_pending_at(self, queue: str | None = None) -> float | None:
        """Return since when the oldest pending job of *queue* may be taken; None without one.

        The answer is wall time, in seconds since 1970-01-01 UTC.
        """
        return self.counts(queue).oldest_pending_at

    async def aoldest_pending_at(self, queue: str | None = None) -> float | None:
        """Async twin of :meth:`oldest_pending_at`."""
        return (await self.acounts(queue)).oldest_pending_at

    def clear(self, queue: str | None = None) -> int:
        """Delete all jobs of *queue* (None: the default one); return how many there were.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        return self.driver.clear(queue or self.default_queue)

    async def aclear(self, queue: str | None = None) -> int:
        """Async twin of :meth:`clear`."""
        return await self.driver.aclear(queue or self.default_queue)

    def close(self) -> None:
        """Let go of files and threads; a later use opens them again."""
        close = getattr(self.driver, "close", None)
        if callable(close):
            close()

    def _send(self, parcels: Sequence[_Parcel]) -> list[Dispatched]:
        stand = self.driver.push([parcel.envelope for parcel in parcels])
        for parcel, stands in zip(parcels, stand, strict=True):
            if event := self._news(parcel, stands):
                self._events.dispatch(event)
        return [self._dispatched(*pair) for pair in _pairs(parcels, stand)]

    async def _asend(self, parcels: Sequence[_Parcel]) -> list[Dispatched]:
        """Async twin of :meth:`_send`."""
        stand = await self.driver.apush([parcel.envelope for parcel in parcels])
        for parcel, stands in zip(parcels, stand, strict=True):
            if event := self._news(parcel, stands):
                await self._events.adispatch(event)
        return [self._dispatched(*pair) for pair in _pairs(parcels, stand)]

    def _unheld(self, parcels: Sequence[_Parcel]) -> list[_Parcel]:
        """Leave to transactions what is to wait for them, and return the rest."""
        rest: list[_Parcel] = []
        for wish in (True, None, False):
            some = [parcel for parcel in parcels if parcel.after_commit is wish]
            if some and not withheld(self._send, self._asend, some, after_commit=wish):
                rest += some
        return rest

    def _in_order(
        self,
        parcels: Sequence[_Parcel],
        rest: Sequence[_Parcel],
        sent: Sequence[Dispatched],
    ) -> list[Dispatched]:
        """Return what became of *parcels*, of which *rest* was sent and the others are held."""
        known = {id(parcel): each for parcel, each in zip(rest, sent, strict=True)}
        return [
            known.get(id(parcel)) or self._dispatched(parcel.envelope, parcel.envelope.uuid)
            for parcel in parcels
        ]

    def _queueing(self, job: Job, placement: Placement) -> JobQueueing | None:
        """Return what tells that *job* is about to be queued; None where nobody listens."""
        if not isinstance(job, Job):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers err
            raise no_job(job)
        if not self._events.has_listeners(JobQueueing):
            return None
        name = placement.queue or job.queue or self.default_queue
        wait = job.delay if placement.delay is None else placement.delay
        waits = 0.0 if wait is None else max(0.0, seconds_until(wait))
        return JobQueueing(self.name, name, job, waits)

    def _pack(self, job: Job, placement: Placement, uuid: str | None = None) -> _Parcel:
        """Make the envelope of *job*."""
        name = placement.queue or job.queue or self.default_queue
        wait = job.delay if placement.delay is None else placement.delay
        waits = None if wait is None else max(0.0, seconds_until(wait))
        said = (placement.group, placement.id, placement.trail)
        if said == _UNSAID and not placement.through and uuid is None:
            envelope = self._codec.envelope(job, name, delay=waits, priority=placement.priority)
        else:
            extras = Extras(
                placement.id,
                placement.trail,
                group=placement.group,
                through=placement.through,
                uuid=uuid,
            )
            envelope = self._codec.envelope(
                job, name, delay=waits, priority=placement.priority, extras=extras
            )
        return _Parcel(job, envelope, self._wish(job, placement))

    def _raw_parcel(self, payload: bytes, queue: str | Enum | None) -> _Parcel:
        name = self.default_queue if queue is None else queue_name(named(queue))
        envelope = self._codec.raw(payload, name)
        return _Parcel(None, envelope, True if self._after_commit else None)

    def _wish(self, job: Job, placement: Placement) -> bool | None:
        """Return whether a job waits for a commit; False if it is to wait for nothing at all."""
        if placement.after_commit is not None:
            return placement.after_commit
        waits = self._after_commit if job.after_commit is None else job.after_commit
        return True if waits else None

    def _news(self, parcel: _Parcel, stands: str) -> object | None:
        """Return what is to be told of a push; None where nobody listens."""
        envelope = parcel.envelope
        if parcel.job is None:
            return None
        if stands == envelope.uuid:
            if self._events.has_listeners(JobQueued):
                source = (self.name, envelope.queue, envelope.uuid)
                return JobQueued(*source, parcel.job, envelope.delay)
        elif self._events.has_listeners(UniqueJobSkipped):
            return UniqueJobSkipped(self.name, envelope.queue, stands, parcel.job)
        return None

    def _dispatched(self, envelope: Envelope, stands: str) -> Dispatched:
        return Dispatched(stands, self.name, envelope.queue, stands != envelope.uuid)


def _on(queue: str | Enum | None) -> Placement:
    return _ANYWHERE if queue is None else Placement(queue_name(named(queue)))


class _Parcel(NamedTuple):
    """A job, None where only its payload is known, and its envelope."""

    job: Job | None
    envelope: Envelope
    after_commit: bool | None


def named(queue: str | Enum | None) -> str | None:
    """Return the name that an enum's member stands for."""
    return str(queue.value) if isinstance(queue, Enum) else queue


def _pairs(parcels: Sequence[_Parcel], stand: Sequence[str]) -> Iterable[tuple[Envelope, str]]:
    return zip((parcel.envelope for parcel in parcels), stand, strict=True)
