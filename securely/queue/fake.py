"""QueueFake: assert_pushed, assert_pushed_on, assert_pushed_with_chain, assert_nothing_pushed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Self, cast

from securely.queue.bus.expecting import classes
from securely.queue.bus.outbox import DbConnection, Outbox
from securely.queue.bus.pushes import Pushed, Pushes, Way
from securely.queue.bus.rehearsal import FakeBatch, FakeInteraction, with_fake_queue_interactions
from securely.queue.bus.trail import Trail
from securely.queue.bus.transaction import withheld
from securely.queue.contracts import (
    Cancellation,
    Connection,
    Counts,
    Envelope,
    FailedJobs,
    OutboxTable,
    StoredJob,
)
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.delivery.failure import NoFailedJobs
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.queue.job import Dispatched, Job, Placement
from securely.queue.manager import ConnectionDefinition, QueueManager
from securely.queue.payload import Codec
from securely.queue.queue import Hands, Queue, named
from securely.support import clock, entropy
from securely.support.durations import seconds_until

__all__ = [
    "FakeBatch",
    "FakeInteraction",
    "Pushed",
    "QueueFake",
    "Way",
    "with_fake_queue_interactions",
]

_ANYWHERE = Placement()


class QueueFake(Pushes, QueueManager):
    """A queue that records jobs instead of queueing them, and answers what was pushed.

    Made by `Queue.fake()`. With classes named, only these are recorded and all others go their way.
    Keys of unique jobs are heeded: the second is skipped, as it would be.

    Args:
        real: The manager whose place it takes.
        definitions: What the configuration says of its connections.
        only: The jobs that are recorded; all when empty.
        except_: Those that are queued all the same.
    """

    def __init__(
        self,
        real: QueueManager,
        definitions: Mapping[str, ConnectionDefinition],
        only: Sequence[type[Job]] = (),
        except_: Sequence[type[Job]] = (),
    ) -> None:
        # Nothing of a manager's own is used: all that would reach a connection is overridden.
        super(QueueManager, self).__init__(real.default, definitions)
        # Shared, so that what is said to the fake is said to the real one: routes, payloads.
        self._connections = definitions
        self._events = real._events
        self._materials = real._materials
        self._routes = real._routes
        self._real = real
        self._only = classes(only)
        self._except = classes(except_)
        self._pushed: list[Pushed] = []
        self._raw: list[Envelope] = []
        self._reserved: list[Pushed] = []
        self._keys: dict[str, str] = {}
        self._batches: dict[str, MemoryBatches] = {}
        self._restores = False
        self._before: list[Callable[[Job], object]] = []
        self._after: list[Callable[[Job], object]] = []

    # -- instead of queueing

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Record *job*, or queue it where it is not to be recorded."""
        if not self.records(job):
            return self._real.place(job, placement)
        return self.record(job, placement)

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        if not self.records(job):
            return await self._real.aplace(job, placement)
        return self.record(job, placement)

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Record *jobs*, or queue those that are not to be recorded."""
        return [self.place(job, placement) for job, placement in jobs]

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        return [await self.aplace(job, placement) for job, placement in jobs]

    def place_with(
        self, job: Job, placement: Placement, push: Hands, *, uuid: str | None = None
    ) -> Dispatched:
        """Record *job* when *push* pushes it, or queue it where it is not to be recorded."""
        if not self.records(job):
            return self._real.place_with(job, placement, push, uuid=uuid)
        where = self.destination(job, placement)
        recorder = _Recorder(self, job, where)
        uuid = uuid or str(entropy.uuid7())
        stands = push(recorder, Envelope(uuid, job.display_name(), where.queue or "", b""))
        name, queue = where.connection or "", where.queue or ""
        return Dispatched(stands, name, queue, stands != uuid)

    def outbox(self, database: DbConnection | OutboxTable) -> Outbox:
        """Return what records jobs as those that are pushed; *database* is not touched."""
        return Outbox(self.place_all)

    def push_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Record *payload* among `raw_pushes`; one that a queue would refuse is refused."""
        return self.take_payload(payload, named(queue) or self.default_queue_of(self.default))

    async def apush_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`push_raw`."""
        return self.push_raw(payload, queue)

    def run_now(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Record *job*, or run it where it is not to be recorded."""
        if self.records(job):
            self.record(job, placement._replace(connection="sync"), way="sync")
        else:
            self._real.run_now(job, placement)

    async def arun_now(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Async twin of :meth:`run_now`."""
        if self.records(job):
            self.record(job, placement._replace(connection="sync"), way="sync")
        else:
            await self._real.arun_now(job, placement)

    def run_after_response(self, job: Job, placement: Placement = _ANYWHERE) -> None:
        """Record *job*, or run it later where it is not to be recorded."""
        if self.records(job):
            self.record(job, placement._replace(connection="sync"), way="after_response")
        elif not self.dispatches_after_responses:
            self._real.run_now(job, placement)
        else:
            self._real.run_after_response(job, placement)

    def destination(self, job: Job, placement: Placement = _ANYWHERE) -> Placement:
        """Return *placement* with the connection and the queue that *job* goes to."""
        routed = self._routed(job, placement)
        name = routed.connection or self.default
        queue = routed.queue or self.default_queue_of(name)
        return routed._replace(connection=name, queue=queue)

    def connection(self, name: str | Enum | None = None) -> Queue:
        """Return the connection *name*; what is pushed there is recorded too."""
        return _FakeConnection(self, named(name) or self.default)

    def connected(self, name: str | None = None) -> bool:
        """Return whether something was counted for the connection *name*."""
        return (name or self.default) in self._batches

    @property
    def driver(self) -> Connection:
        """What stands for the default connection: it tells how many jobs were recorded."""
        return _Recorded(self, self.default)

    @property
    def default_queue(self) -> str:
        """Where jobs of the default connection go that name no queue."""
        return self.default_queue_of(self.default)

    @property
    def after_commit(self) -> bool:
        """Nothing waits for a commit: it is recorded at once."""
        return False

    @property
    def failed(self) -> FailedJobs:
        """No failed jobs."""
        return NoFailedJobs()

    # -- how it records

    def except_(self, *jobs: type[Job]) -> Self:
        """Let *jobs* be queued all the same."""
        self._except = (*self._except, *classes(jobs))
        return self

    def serialize_and_restore(self, on: bool = True) -> Self:
        """Record what a worker would get: each job goes through its payload and back.

        What could not be queued then raises as it would.
        """
        self._restores = on
        return self

    def before_pushing(self, callback: Callable[[Job], object]) -> Self:
        """Call *callback* with each job before it is recorded."""
        self._before.append(callback)
        return self

    def after_pushing(self, callback: Callable[[Job], object]) -> Self:
        """Call *callback* with each job when it has been recorded."""
        self._after.append(callback)
        return self

    def release_unique_job_locks(self) -> None:
        """Free all keys, as if the unique jobs that were recorded had run."""
        self._keys.clear()

    def reserve(self, job: Job, queue: str | Enum | None = None) -> None:
        """Let *job* be in the hands of a worker: `reserved_size` counts it, no assertion does."""
        where = self.destination(job, Placement(named(queue)))
        name, line = where.connection or "", where.queue or ""
        self._reserved.append(Pushed(job, name, line, 0.0, str(entropy.uuid7())))

    def clear_reserved(self) -> None:
        """Forget the jobs of :meth:`reserve`."""
        self._reserved.clear()

    # -- for its connections, and for the fake of the bus

    def records(self, job: object) -> bool:
        """Return whether *job* is recorded instead of queued."""
        if isinstance(job, self._except):
            return False
        return not self._only or isinstance(job, self._only)

    def record(
        self,
        job: Job,
        placement: Placement,
        *,
        way: Way = "queued",
        chain: Sequence[object] | None = None,
        batch: str | None = None,
        uuid: str | None = None,
    ) -> Dispatched:
        """Record *job*, unless its unique key is taken.

        Within a block of :meth:`transaction` it is recorded at the end, or not at all.
        """
        where = self.destination(job, placement)
        name, queue = where.connection or "", where.queue or ""
        wait = job.delay if where.delay is None else where.delay
        waits = 0.0 if wait is None else max(0.0, seconds_until(wait))
        follows = tuple(self._jobs_of(placement.trail)) if chain is None else tuple(chain)
        if self._restores:
            codec = self._codec_of()
            job = codec.decode(codec.envelope(job, queue).payload).job
        uuid = uuid or str(entropy.uuid7())
        one = Pushed(job, name, queue, waits, uuid, follows, batch, way), placement.id
        waits_for = False if placement.after_commit is False else None
        if way == "queued" and withheld(self._keep, self._akeep, (one,), after_commit=waits_for):
            return Dispatched(uuid, name, queue)
        return self._keep((one,))[0]

    def take(self, connection: str, envelopes: Sequence[Envelope]) -> None:
        """Record members and callbacks of a batch; those that are not recorded are queued."""
        codec = self._codec_of()
        for envelope in envelopes:
            frame = codec.decode(envelope.payload)
            if not self.records(frame.job):
                self._real.connection(connection).driver.push([envelope])
                continue
            placement = Placement(envelope.queue, connection, envelope.delay, trail=frame.trail)
            self.record(frame.job, placement, batch=envelope.batch or "")

    def take_payload(self, payload: bytes, queue: str) -> str:
        """Record *payload* for *queue*, and return its job's uuid."""
        envelope = self._materials.codec().raw(payload, queue)
        self.take_raw([envelope])
        return envelope.uuid

    def take_raw(self, envelopes: Sequence[Envelope]) -> None:
        """Record what was pushed straight to a driver."""
        self._raw += envelopes

    def batches_of(self, connection: str) -> MemoryBatches:
        """Return what counts the batches of *connection*."""
        if connection not in self._batches:
            self._batches[connection] = MemoryBatches(lambda some: self.take(connection, some))
        return self._batches[connection]

    def entries(self, connection: str, queue: str) -> list[tuple[Pushed, str]]:
        """Return what stands for the jobs of *queue*, each with its state."""
        states = [(one, "delayed" if one.delay > 0 else "pending") for one in self._pushed]
        states += [(one, "reserved") for one in self._reserved]
        return [
            each for each in states if (each[0].connection, each[0].queue) == (connection, queue)
        ]

    def queues_of(self, connection: str) -> list[str]:
        """Return the queues of *connection* that jobs were recorded for, sorted."""
        recorded = [*self._pushed, *self._reserved]
        return sorted({one.queue for one in recorded if one.connection == connection})

    def default_queue_of(self, connection: str) -> str:
        """Return where jobs of *connection* go that name no queue."""
        definition = self._definitions.get(connection)
        return cast("str", getattr(definition, "queue", "default"))

    def cancel(self, id_: str) -> Cancellation:
        """Return what cancelling that job of the default connection would come to.

        It stays recorded: assertions come after.
        """
        return _Recorded(self, self.default).cancel(id_)

    # -- inside

    def _page(self, name: str, state: str, after: int) -> Sequence[StoredJob]:
        return _Recorded(self, self.default).jobs(name, state, after)

    def _keep(self, entries: Sequence[tuple[Pushed, str | None]]) -> list[Dispatched]:
        """Record *entries*, each with what the caller calls it."""
        return [self._kept(*each) for each in entries]

    async def _akeep(self, entries: Sequence[tuple[Pushed, str | None]]) -> list[Dispatched]:
        """Async twin of :meth:`_keep`."""
        return self._keep(entries)

    def _kept(self, entry: Pushed, id_: str | None) -> Dispatched:
        if (holder := self._holder(entry, id_)) is not None:
            return Dispatched(holder, entry.connection, entry.queue, skipped=True)
        for callback in self._before:
            callback(entry.job)
        self._pushed.append(entry)
        for callback in self._after:
            callback(entry.job)
        return Dispatched(entry.id, entry.connection, entry.queue)

    def _holder(self, entry: Pushed, id_: str | None) -> str | None:
        """Return the uuid of the job that holds the key of *entry*; let it hold it, if none."""
        job = entry.job
        if entry.batch is not None:
            return None  # members do not look at keys
        if job.unique:
            key = Blueprint(type(job)).exclusion(job).key
        elif job.debounce is not None:
            key = Blueprint(type(job)).exclusion(job).key
            before = self._keys.pop(key, None)
            self._pushed = [entry for entry in self._pushed if entry.id != before]
        elif id_ is not None:
            key = f"id:{id_}"
        else:
            return None
        if key in self._keys:
            return self._keys[key]
        self._keys[key] = entry.id
        return None

    def _jobs_of(self, trail: Trail | None) -> Iterator[Job]:
        """Return the jobs of *trail*, restored."""
        while trail is not None and trail.links:
            codec = self._codec_of()
            frame = codec.decode(codec.promote(trail).payload)
            yield frame.job
            trail = frame.trail

    def _codec_of(self) -> Codec:
        return cast(Codec, self._materials.codec())


class _Recorded:
    """Stands for a connection of a fake."""

    def __init__(self, fake: QueueFake, name: str) -> None:
        self.name = name
        self._fake = fake

    @property
    def batches(self) -> MemoryBatches:
        """What counts its batches: in memory, and their jobs never end."""
        return self._fake.batches_of(self.name)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Record *envelopes* as raw pushes."""
        self._fake.take_raw(envelopes)
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return self.push(envelopes)

    def counts(self, queue: str) -> Counts:
        """Return how many jobs were recorded for *queue*, and how many are reserved."""
        states = [state for _, state in self._fake.entries(self.name, queue)]
        return Counts(*(states.count(state) for state in ("pending", "delayed", "reserved")))

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return self.counts(queue)

    def queues(self) -> Sequence[str]:
        """Return the queues that jobs were recorded for, sorted."""
        return self._fake.queues_of(self.name)

    def jobs(self, queue: str, state: str, after: int) -> Sequence[StoredJob]:
        """Return what was recorded for *queue* in *state*, as a store would show it."""
        found = [entry for entry, stands in self._fake.entries(self.name, queue) if stands == state]
        now = clock.timestamp()
        return [
            StoredJob(
                at,
                one.id,
                one.job.display_name(),
                queue,
                state,
                0,
                one.job.priority,
                now + one.delay,
                None,
                one.batch,
                b"",
            )
            for at, one in enumerate(found, 1)
            if at > after
        ]

    def cancel(self, uuid: str) -> Cancellation:
        """Return what cancelling that job would come to; leave it as it is."""
        for queue in self.queues():
            for one, state in self._fake.entries(self.name, queue):
                if one.id == uuid:
                    is_held = state == "reserved"
                    return Cancellation.STOPPING if is_held else Cancellation.REMOVED
        return Cancellation.UNKNOWN

    def clear(self, queue: str) -> int:
        """Leave what was recorded as it is: assertions come after."""
        return self.counts(queue).total

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return self.clear(queue)


class _Recorder(_Recorded):
    """Records one job when it is pushed, whatever its envelope holds."""

    def __init__(self, fake: QueueFake, job: Job, where: Placement) -> None:
        super().__init__(fake, where.connection or "")
        self._job = job
        self._where = where

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Record the job under the uuid of its envelope."""
        return [self._fake.record(self._job, self._where, uuid=one.uuid).id for one in envelopes]


class _FakeConnection(Queue):
    """A named connection of a fake: what is pushed here is recorded there."""

    def __init__(self, fake: QueueFake, name: str) -> None:
        self._fake = fake
        self._name = name

    @property
    def driver(self) -> Connection:
        """What tells how many jobs were recorded."""
        return _Recorded(self._fake, self._name)

    @property
    def default_queue(self) -> str:
        """Where jobs go that name no queue."""
        return self._fake.default_queue_of(self._name)

    @property
    def after_commit(self) -> bool:
        """Nothing waits for a commit: it is recorded at once."""
        return False

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Record *job*, or queue it where it is not to be recorded."""
        return self._fake.place(job, placement._replace(connection=self._name))

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        return await self._fake.aplace(job, placement._replace(connection=self._name))

    def place_with(
        self, job: Job, placement: Placement, push: Hands, *, uuid: str | None = None
    ) -> Dispatched:
        """Record *job* when *push* pushes it, or queue it where it is not to be recorded."""
        named = placement._replace(connection=self._name)
        return self._fake.place_with(job, named, push, uuid=uuid)

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Record *jobs*, or queue those that are not to be recorded."""
        return [self.place(job, placement) for job, placement in jobs]

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        return [await self.aplace(job, placement) for job, placement in jobs]

    def push_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Record *payload* among the fake's `raw_pushes`."""
        return self._fake.take_payload(payload, named(queue) or self.default_queue)

    async def apush_raw(self, payload: bytes, queue: str | Enum | None = None) -> str:
        """Async twin of :meth:`push_raw`."""
        return self.push_raw(payload, queue)

    def cancel(self, id_: str) -> Cancellation:
        """Return what cancelling that job would come to; it stays recorded."""
        return _Recorded(self._fake, self._name).cancel(id_)

    def _page(self, name: str, state: str, after: int) -> Sequence[StoredJob]:
        return _Recorded(self._fake, self._name).jobs(name, state, after)
