"""Packer: jobs, chains and batches -> links, envelopes and records, for one dispatch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, cast

from securely.queue.bus.callbacks import Callback, Relay, Resume, path_of
from securely.queue.bus.nested import DispatchBatch, Onward
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.task import Call, Task
from securely.queue.bus.trail import Link, Trail
from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.delivery.refusals import no_job
from securely.queue.exceptions import EmptyChain, NotQueueable
from securely.queue.job import Delay, Extras, Job, PendingDispatch, Placement
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.support import entropy
from securely.support.durations import seconds_until

__all__ = ["PackedBatch", "Packer", "job_of"]

_ANYWHERE: Final = Placement()
_NESTED: Final = (
    "a batch can not be a member of a batch: it would count as done before its own jobs are. "
    "Add its jobs, or dispatch it from a callback."
)


class PackedBatch(NamedTuple):
    """A batch as it is handed to a store.

    Attributes:
        connection: The name of the connection that is to keep it.
        record: The batch.
        members: Its jobs.
    """

    connection: str
    record: BatchRecord
    members: Sequence[Envelope]


class Packer:
    """Turns what was gathered into what stores take.

    Args:
        queues: Tells where jobs go.
        codec: Makes payloads.
    """

    def __init__(self, queues: QueueManager, codec: Codec) -> None:
        self._queues = queues
        self._codec = codec

    def links(self, items: Iterable[object], given: Placement = _ANYWHERE) -> list[Link]:
        """Return *items* as links of a chain.

        Args:
            items: Jobs, functions and batches.
            given: The queue and the connection of those that name none.

        Raises:
            NotQueueable: One is no job, or cannot be written.
        """
        return [self._link(*self._step(item, given), given) for item in items]

    def chain(self, chain: PendingChain) -> tuple[Job, Placement]:
        """Return the first job of *chain*, and how it is to be placed.

        Raises:
            EmptyChain: There is no job.
            NotQueueable: One is no job, or cannot be written.
        """
        if not chain.jobs:
            raise EmptyChain
        wishes = chain.wishes
        given = Placement(wishes.queue, wishes.connection)
        job, own = self._step(chain.jobs[0], given)
        waits = own.delay if own.delay is not None else job.delay
        return job, own._replace(
            queue=own.queue or job.queue or wishes.queue,
            connection=own.connection or job.connection or wishes.connection,
            delay=wishes.delay if waits is None else waits,
            trail=Trail(
                tuple(self.links(chain.jobs[1:], given)),
                _paths(wishes.callbacks.get("catch", ())),
                wishes.queue,
                wishes.connection,
            ),
        )

    def batch(self, batch: PendingBatch, connection: str | None = None) -> PackedBatch:
        """Return *batch*, with a new id.

        Args:
            batch: The batch.
            connection: Where it is kept that names none; None for the default connection.

        Raises:
            NotQueueable: A job or a callback is none, or cannot be written.
        """
        wishes = batch.wishes
        name = wishes.connection or connection or self._queues.default
        id_ = str(entropy.uuid7())
        callbacks = {
            event: self._calls(event, functions, id_, Placement(wishes.queue, name))
            for event, functions in wishes.callbacks.items()
            if event != "before"
        }
        record = BatchRecord(
            id_,
            wishes.name,
            allow_failures=wishes.allow_failures,
            options=json.dumps(wishes.options).encode(),
            callbacks=callbacks,
        )
        return PackedBatch(name, record, self.members(batch.jobs, id_, name, wishes.queue))

    def members(
        self, items: Iterable[object], id_: str, connection: str, queue: str | None = None
    ) -> list[Envelope]:
        """Return *items* as members of a batch.

        Args:
            items: Jobs and functions, and lists of them as chains.
            id_: The batch.
            connection: The name of the connection that keeps it.
            queue: The queue of those that name none.

        Raises:
            EmptyChain: A list is empty.
            NotQueueable: One is no job, or cannot be written.
        """
        given = Placement(queue, connection)
        return [self._member(item, id_, given) for item in items]

    def after_batch(self, record: BatchRecord, connection: str, trail: Trail) -> BatchRecord:
        """Return *record* with what follows in its chain, and who is told when that breaks."""
        calls = dict(record.callbacks)
        queue = self._queues.connection(connection).default_queue
        if trail.stake()[0] is not None:
            resume = self._resumed(record.id, connection, trail, queue)
            calls["finally"] = (*calls.get("finally", ()), resume)
        elif trail.links:
            calls["next"] = (*calls.get("next", ()), self._next(trail, connection, queue))
        if trail.catches and not record.allow_failures:
            told = [
                Callback(
                    path,
                    batch=record.id,
                    connection_name=connection,
                    takes_batch=False,
                    takes_error=True,
                )
                for path in trail.catches
            ]
            envelopes = [self._codec.envelope(each, queue) for each in told]
            calls["catch"] = (*calls.get("catch", ()), *envelopes)
        return replace(record, callbacks=calls)

    def told(
        self,
        record: BatchRecord,
        connection: str,
        functions: Mapping[str, Callable[..., object]],
    ) -> BatchRecord:
        """Return *record* so that *functions*, by what happens, are called before all others."""
        calls = dict(record.callbacks)
        given = Placement(connection=connection)
        for event, function in functions.items():
            calls[event] = (self._call(event, function, record.id, given), *calls.get(event, ()))
        return replace(record, callbacks=calls)

    def refreshed(self, members: Iterable[Envelope]) -> list[Envelope]:
        """Return *members* as if they had been packed now: their deadlines count from now."""
        return [one._replace(payload=self._codec.refreshed(one.payload)) for one in members]

    def _step(self, item: object, given: Placement) -> tuple[Job, Placement]:
        """Return the job that *item* stands for, and the options of its own."""
        if isinstance(item, PendingBatch):
            connection = item.wishes.connection or given.connection
            packed = self.batch(item, connection)
            before = _paths(item.wishes.callbacks.get("before", ()))
            job = DispatchBatch(packed.record, packed.connection, packed.members, before)
            return job, _ANYWHERE
        return job_of(item)

    def _link(self, job: Job, own: Placement, given: Placement, batch: str | None = None) -> Link:
        where = self._destination(job, own, given, batch)
        return self._codec.link(
            job,
            where.connection or "",
            where.queue or "",
            delay=_waits(job, own),
            priority=own.priority,
            extras=Extras(own.id, batch=batch, group=own.group, through=own.through),
        )

    def _member(self, item: object, id_: str, given: Placement) -> Envelope:
        catches: tuple[str, ...] = ()
        delay: Delay | None = None
        if isinstance(item, PendingChain):
            delay = item.wishes.delay
            catches = _paths(item.wishes.callbacks.get("catch", ()))
            given = given._replace(queue=item.wishes.queue or given.queue)
            item = item.jobs
        steps: Sequence[object] = (
            cast("Sequence[object]", item) if isinstance(item, list | tuple) else [item]
        )
        if not steps:
            raise EmptyChain
        if any(isinstance(step, PendingBatch) for step in steps):
            raise NotQueueable("A batch", _NESTED)
        job, own = job_of(steps[0])
        rest = tuple(self._link(*job_of(step), given, id_) for step in steps[1:])
        trail = Trail(rest, catches, given.queue) if rest or catches else None
        return self._codec.envelope(
            job,
            self._destination(job, own, given, id_).queue or "",
            delay=_waits(job, own, delay),
            priority=own.priority,
            extras=Extras(
                own.id,
                trail,
                batch=id_,
                group=own.group,
                is_unique=False,
                through=own.through,
            ),
        )

    def _destination(
        self, job: Job, own: Placement, given: Placement, batch: str | None = None
    ) -> Placement:
        """Return where *job* goes: to its own choice, else where it is given, else by routes."""
        connection = own.connection or job.connection or given.connection
        if batch is not None:
            connection = given.connection  # what counts it must be where it lies
        queue = own.queue or job.queue or given.queue
        return self._queues.destination(job, Placement(queue, connection))

    def _calls(
        self, event: str, functions: Iterable[object], id_: str, given: Placement
    ) -> tuple[Envelope, ...]:
        return tuple(self._call(event, each, id_, given) for each in functions)

    def _call(self, event: str, function: object, id_: str, given: Placement) -> Envelope:
        connection = given.connection or ""
        if isinstance(function, Job | PendingDispatch):
            job, own = job_of(cast(object, function))
        else:
            job, own = (
                Callback(
                    path_of(cast("Callable[..., object]", function)),
                    batch=id_,
                    connection_name=connection,
                    takes_error=event == "catch",
                ),
                _ANYWHERE,
            )
        where = self._destination(job, own, given)
        envelope = self._codec.envelope(
            job,
            where.queue or "",
            delay=_waits(job, own),
            priority=own.priority,
            extras=Extras(own.id, group=own.group, is_unique=False, through=own.through),
        )
        return self._handed(envelope, where.connection or "", connection)

    def _next(self, trail: Trail, connection: str, queue: str) -> Envelope:
        envelope = self._codec.promote(trail)
        header = self._codec.header(envelope.payload)
        if header.retry_until is not None or header.expires_at is not None:
            # Its time begins when the batch is over, which only a job of then can write down.
            return self._codec.envelope(Onward(trail.links[0].connection, envelope), queue)
        return self._handed(envelope, trail.links[0].connection, connection)

    def _resumed(self, id_: str, connection: str, trail: Trail, queue: str) -> Envelope:
        """Return what lets a chain in another batch go on, or end, when the batch *id_* is over."""
        batch, links = trail.stake()
        home = next(link.connection for link in trail.links if link.batch == batch)
        resume = self._codec.envelope(Resume(id_, connection), queue, extras=Extras(trail=trail))
        return self._handed(resume._replace(batch=batch, links=links), home, connection)

    def _handed(self, envelope: Envelope, target: str, connection: str) -> Envelope:
        """Return *envelope*, or the job of *connection* that hands it over to *target*."""
        if target == connection:
            return envelope
        queue = self._queues.connection(connection).default_queue
        return self._codec.envelope(Relay(target, envelope), queue)


def job_of(item: object) -> tuple[Job, Placement]:
    """Return the job that *item* stands for, and the options that were said with it.

    Raises:
        NotQueueable: It is no job and no function that a worker could import.
    """
    if isinstance(item, Job):
        return item, _ANYWHERE
    if isinstance(item, PendingDispatch):
        pending = cast("PendingDispatch[Job]", item)
        return pending.job, pending.placement
    if isinstance(item, Task):
        return cast("Task[..., object]", item).job(), _ANYWHERE
    if callable(item) and not isinstance(item, type):
        return Call.of(item), _ANYWHERE
    raise no_job(item)


def _waits(job: Job, own: Placement, given: Delay | None = None) -> float:
    """Return for how long *job* waits: as it is said of it, else of its class, else *given*."""
    wait = job.delay if own.delay is None else own.delay
    wait = given if wait is None else wait
    return 0.0 if wait is None else max(0.0, seconds_until(wait))


def _paths(functions: Iterable[object]) -> tuple[str, ...]:
    paths: list[str] = []
    for function in functions:
        if not callable(function) or isinstance(function, Job):
            reason = "only importable functions can be told that a chain has broken."
            raise NotQueueable(repr(function), reason)
        paths.append(path_of(function))
    return tuple(paths)
