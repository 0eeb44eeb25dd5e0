"""What a queue connection must do: take jobs, hand them out, settle each exactly once.

A producer hands over :class:`Envelope`; a worker receives :class:`Delivery` and answers with
:class:`Outcome`. The store never decodes a payload. All times are seconds; instants are wall time
(seconds since 1970-01-01 UTC), so that they survive a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

__all__ = [
    "Attempt",
    "BatchRecord",
    "Batches",
    "Cancellation",
    "Charge",
    "Connection",
    "Counts",
    "Defaults",
    "Delivery",
    "Envelope",
    "FailedJob",
    "FailedJobs",
    "Gauge",
    "KeepsResults",
    "Kind",
    "Measure",
    "Measured",
    "Measures",
    "OutboxRow",
    "OutboxTable",
    "Outcome",
    "QueueLimit",
    "Reaped",
    "Runner",
    "Seat",
    "StoredJob",
    "StoredResult",
    "Turn",
    "Verdict",
    "Workable",
    "WorkerRecord",
]


class Envelope(NamedTuple):
    """A job as it is handed to a store.

    Attributes:
        uuid: The job's id for its whole life, over retries and `queue:retry`.
        name: What people call the job; shown in lists, never used to find code.
        queue: The queue it waits in.
        payload: The signed frame made by `payload.py`; opaque here.
        delay: Seconds from now until it may be claimed; 0 for at once.
        timeout: Seconds one run may take; None leaves it to the worker.
        max_lost: How many workers may die under it before it fails.
        priority: Higher goes first within its queue.
        unique: The key of which a store holds one unsettled job; None for no such key.
        unique_for: Seconds after which another job may take the key all the same; None for never.
        max_wait: Where it is not None, a waiting job of the same `unique` key is replaced in
            place: its due time moves on by `delay`, to at most this many seconds after the first.
        group: Jobs of one group run one after the other, in order of acceptance; None for none.
        batch: The id of the batch that counts it; None for none. What a member has put before the
            next one of its chain is none itself, and has the batch all the same: it stands for
            that one, and counts in its place where it ends and that one does not follow.
        links: How many jobs of the same batch follow it in its chain; they are counted as skipped
            when it fails.
        once: It may have been handed over before. A store that can remembers its uuid for a week,
            also when the job is over, and accepts no second one of it.
    """

    uuid: str
    name: str
    queue: str
    payload: bytes
    delay: float = 0.0
    timeout: float | None = None
    max_lost: int = 3
    priority: int = 0
    unique: str | None = None
    unique_for: float | None = None
    max_wait: float | None = None
    group: str | None = None
    batch: str | None = None
    links: int = 0
    once: bool = False


class Verdict(IntEnum):
    """What an executor is asked to do with a delivery."""

    RUN = 0  # run the job
    TIMED_OUT = 1  # it was killed for its time: decide between retry and failure, do not run it
    LOST = 2  # it took down `max_lost` workers: fail it, do not run it
    CANCELLED = 3  # it was cancelled while it ran: skip it, do not run it


class Delivery(NamedTuple):
    """A job in the hands of one worker, who alone may settle it while *token* is current.

    (A named tuple, as :class:`Outcome` is: made, sent and read a quarter as dear as a frozen
    dataclass, and every job pays for it several times. Change one with `_replace`.)

    Attributes:
        id: The row; 63 bits, ordered by acceptance.
        token: Grows with every claim; an outcome with an older one is refused.
        attempts: Deliveries so far, this one included.
        exceptions: Runs that ended in an exception or a timeout; what `tries` is compared with.
        lost: Deliveries whose worker died after the job had started.
        deferrals: Releases by middleware or by the job itself; they consume no try.
    """

    id: int
    token: int
    queue: str
    name: str
    attempts: int
    exceptions: int
    lost: int
    deferrals: int
    timeout: float | None
    max_lost: int
    payload: bytes
    verdict: Verdict = Verdict.RUN


class Kind(IntEnum):
    """How a delivery ended."""

    DONE = 0  # finished: the row goes
    RELEASE = 1  # back to its queue, after `delay`
    FAIL = 2  # over: moved to the failed jobs in the same transaction
    DROP = 3  # taken out by the job itself or by a rule; nothing is recorded
    RETURN = 4  # never started: back as it was, nothing charged
    SKIP = 5  # taken out before it ran, by a rule; its batch counts it as skipped


class Charge(IntEnum):
    """Which counter a release raises.

    A job whose executor died under it is released with LOST; it keeps its place in the queue, and
    once `lost` has reached `max_lost` it is claimed with :attr:`Verdict.LOST`.
    """

    NONE = 0
    EXCEPTION = 1
    DEFERRAL = 2
    LOST = 3


class Outcome(NamedTuple):
    """All consequences of one delivery; a store applies them in one step or not at all.

    Attributes:
        id: The delivery's id.
        token: The delivery's token.
        delay: Seconds until a released job may be claimed again.
        charge: What a release costs.
        error: UTF-8 JSON `{"type", "message", "trace"}` of a failure. A release after an
            exception carries it too: of it stores keep one line with the job, as an
            :class:`Attempt`.
        has_hook: The job has a `failed()` hook that is to run once the failure is recorded.
            The failed row keeps the delivery's id: `Seat.hook_done(outcome.id)` ends its wait.
        successors: Jobs that are accepted in the same step: the next link of a chain, callbacks.
            Their `unique` keys are not looked at: a link that was skipped would end its chain.
        is_member: It belongs to a batch, which the store counts in the same step. False for what
            only stands for a member: it counts nothing when it is done, or when a successor has
            the same batch.
        result: What the job returned, opaque here; stores keep it of what is DONE.
        result_seconds: How long that, or why it failed, is kept for who waits for it; None where
            nobody does.
    """

    id: int
    token: int
    kind: Kind
    delay: float = 0.0
    charge: Charge = Charge.NONE
    error: bytes | None = None
    has_hook: bool = False
    successors: tuple[Envelope, ...] = ()
    is_member: bool = False
    result: bytes | None = None
    result_seconds: float | None = None


class Cancellation(Enum):
    """What cancelling a job came to; false where there was nothing to cancel.

    Example:
        >>> bool(Cancellation.STOPPING), bool(Cancellation.OVER)
        (True, False)
    """

    REMOVED = "removed"  # nobody ran it: it is out of its queue
    STOPPING = "stopping"  # it runs: it is told to stop, and will not be tried again
    OVER = "over"  # it has ended before, as far as the store still knows
    UNKNOWN = "unknown"  # nothing is known of it: it never was, or has left nothing behind

    def __bool__(self) -> bool:
        """Return whether the job is cancelled, or about to be."""
        return self in {Cancellation.REMOVED, Cancellation.STOPPING}


class QueueLimit(NamedTuple):
    """How much of one queue all workers together may do.

    Attributes:
        concurrency: How many of its jobs may be in the hands of workers; None for any number.
        rate: How many of its jobs may be handed out within *seconds*; None for any number.
        seconds: The length of that time; it begins with the first job that is handed out.
    """

    concurrency: int | None = None
    rate: int | None = None
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a worker brought.

    Attributes:
        deliveries: Newly claimed, in the order they are to run.
        stale: Ids of outcomes that were refused because their token was not current.
        next_due: Wall time of the next delayed job in the worker's queues; None if there is none.
        must_restart: `queue:restart` was called after this worker joined.
        paused: The worker's queues that are paused.
        batches: Batches that were cancelled or finished by this turn, for those who listen.
        waits: For each of the deliveries, the seconds since it might have run; empty where a store
            cannot tell.
        cancelled: Ids of outcomes that would have put a job back which was cancelled meanwhile:
            it was taken out instead.
    """

    deliveries: Sequence[Delivery]
    stale: Sequence[int] = ()
    next_due: float | None = None
    must_restart: bool = False
    paused: Sequence[str] = ()
    batches: Sequence[BatchRecord] = ()
    waits: Sequence[float] = ()
    cancelled: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Reaped:
    """What became of the deliveries of workers found dead.

    Attributes:
        returned: Rows given back uncharged: they had not started.
        charged: Rows given back with `lost` raised: they had started.
        settled: Rows whose board said finished with nothing further to do, or that were cancelled.
        condemned: Deliveries over `max_lost`, claimed for the reaping worker with
            :attr:`Verdict.LOST`, so that it can fail them and run their hooks.
        hooks: Failed jobs whose `failed()` hook a dead worker left undone.
        waiting: Workers whose own lock is free while an executor of theirs still lives; nothing
            of theirs was touched, look again within milliseconds.
        cancelled: Ids of jobs that the worker who looks holds itself and is to stop; told again
            for as long as it holds them.
    """

    returned: int = 0
    charged: int = 0
    settled: int = 0
    condemned: Sequence[Delivery] = ()
    hooks: Sequence[FailedJob] = ()
    waiting: int = 0
    cancelled: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs a queue holds; a row whose worker is dead counts as pending once reaped."""

    pending: int = 0
    delayed: int = 0
    reserved: int = 0
    oldest_pending_at: float | None = None

    @property
    def total(self) -> int:
        """Pending, delayed and reserved together."""
        return self.pending + self.delayed + self.reserved


class Attempt(NamedTuple):
    """A delivery that ended in an exception, in a timeout or with its worker.

    Attributes:
        number: Which one it was: `attempts` of its :class:`Delivery`.
        at: The wall time at which it ended.
        reason: The exception's class and the first line of what it said, masked and not long.
    """

    number: int
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that is over, kept with all it takes to try it again.

    Attributes:
        history: How its attempts ended since it was dispatched or retried, the oldest first; the
            last is the failure itself. Stores keep the end of a history that grows very long. What
            is made of an outcome, for a `failed()` hook, has none.
    """

    id: int
    uuid: str
    connection: str
    queue: str
    name: str
    payload: bytes
    error: bytes
    attempts: int
    failed_at: float
    timeout: float | None = None
    max_lost: int = 3
    priority: int = 0
    unique: str | None = None
    unique_for: float | None = None
    group: str | None = None
    batch: str | None = None
    links: int = 0
    history: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as it lies in a store; its payload is not read, its class need not exist.

    Attributes:
        state: "pending", "delayed" or "reserved".
        available_at: Wall time from which on it may be, or could have been, claimed.
        worker: The id of the worker that holds it; None for nobody.
    """

    id: int
    uuid: str
    name: str
    queue: str
    state: str
    attempts: int
    priority: int
    available_at: float
    worker: str | None
    batch: str | None
    payload: bytes


class StoredResult(NamedTuple):
    """What came of a job whose result is kept: one of both is not None.

    Attributes:
        value: What it returned, opaque here.
        error: Why it failed, as in :class:`Outcome`.
    """

    value: bytes | None = None
    error: bytes | None = None


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker that has taken a seat at a store, and lives.

    Attributes:
        id: As :attr:`Seat.id`, and :attr:`StoredJob.worker`.
        pid: The process id of its supervisor, on its own machine.
        host: The name of that machine.
        queues: What it serves, in order of priority.
        since: The wall time at which it joined.
    """

    id: str
    pid: int
    host: str
    queues: tuple[str, ...]
    since: float


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch as a store keeps it; the store counts, and pushes callbacks in the same step.

    A member is unsettled, done, failed or skipped. `total` is the sum of the four.

    Attributes:
        id: Its id, made by whoever dispatches it.
        done: Members that ended well; those that took themselves out, too.
        failed: Members that failed and were not retried since.
        skipped: Members that will not run: links behind one that failed, jobs that were dropped.
        failed_ids: The uuids of `failed`, oldest first.
        allow_failures: A failure does not cancel the batch.
        options: UTF-8 JSON of what was said with `with_option`, opaque here.
        callbacks: What is pushed, in order, when something happens: "progress" (a member was
            settled), "catch" (the first failure), "then" (all ended well), "finally" (none is
            unsettled), "next" (as "finally", unless the batch was cancelled). All but "progress"
            are pushed once in the life of a batch; a "progress" that still waits is not doubled.
        fired: Which of the callbacks have been pushed.
        error: UTF-8 JSON of the first failure, as in :class:`Outcome`.
        created_at: Wall time, as the two below.
        cancelled_at: None while it is not cancelled.
        finished_at: When no member was unsettled any more; None before.
    """

    id: str
    name: str = ""
    total: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    failed_ids: tuple[str, ...] = ()
    allow_failures: bool = False
    options: bytes = b"{}"
    callbacks: Mapping[str, tuple[Envelope, ...]] = field(
        default_factory=dict[str, tuple[Envelope, ...]]
    )
    fired: frozenset[str] = frozenset()
    error: bytes | None = None
    created_at: float = 0.0
    cancelled_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a worker gives to jobs that say nothing themselves.

    Attributes:
        connection: The name of the worker's connection.
        tries: Failures until a job is over; 0 for no limit.
        backoff: Seconds before the second, third … try; the last one repeats.
        timeout: Seconds one run may take; None for no limit.
    """

    connection: str = ""
    tries: int = 1
    backoff: tuple[float, ...] = (0.0,)
    timeout: float | None = 60.0


class FailedJobs(Protocol):
    """Where failed jobs are kept. Moving one here, or back, is one step with its row's removal."""

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return the failed jobs, newest first."""
        ...

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this id or uuid, or None."""
        ...

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put jobs back in their queues with all counters at 0; None for all of them."""
        ...

    def forget(self, key: str) -> bool:
        """Remove one by id or uuid; False when there is none."""
        ...

    def flush(self, older_than: float | None = None) -> int:
        """Remove those that failed more than *older_than* seconds ago (None: all); how many."""
        ...

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        """Return how many there are: of *connection*, and from *queue*; None for any."""
        ...


class Batches(Protocol):
    """The batches of a connection. Each method is one step, or changes nothing."""

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Keep *record* and push *members*; False, and nothing changed, when its id exists.

        `total` is counted here: members and their links. Without members it is finished at once,
        and its callbacks are pushed. Members' `unique` keys are not looked at.
        """
        ...

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Push *members* as more of a batch; False when it is gone or finished."""
        ...

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch, or None."""
        ...

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, newest first; *before*: those made before this one."""
        ...

    def cancel(self, id_: str) -> bool:
        """Note that the batch is cancelled; False when it is gone or was cancelled before."""
        ...

    def delete(self, id_: str) -> bool:
        """Forget the batch; its jobs stay, and count nowhere. False when it is gone."""
        ...

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that finished, were made (and not finished) or cancelled before a time.

        Args:
            finished: Wall time in seconds; None to keep all of this kind. As the two below.
            unfinished: Of those without an end.
            cancelled: Of those that were cancelled.

        Returns:
            How many were forgotten.
        """
        ...


class KeepsResults(Protocol):
    """A connection that keeps results: written in the step that settles the job."""

    def result(self, uuid: str) -> StoredResult | None:
        """Return what came of the job; None where nothing is kept of it, or not any more."""
        ...

    def holds(self, uuid: str) -> bool:
        """Return whether the job is unsettled; slow where there are many."""
        ...


class Connection(Protocol):
    """Where jobs are handed over: all that a producer needs."""

    name: str

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Accept all of *envelopes* or none, and return the uuids of the jobs that stand for them.

        A uuid that differs from its envelope's is that of a job which holds the same `unique`
        key: the envelope was not accepted, because that one is there.

        Raises:
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be reached or opened.
        """
        ...

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        ...

    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds."""
        ...

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        ...

    def clear(self, queue: str) -> int:
        """Delete pending, delayed and reserved jobs of *queue*; return how many."""
        ...

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        ...


class Seat(Protocol):
    """A worker's place at a store, from :meth:`Workable.join` to :meth:`leave`.

    Attributes:
        id: This worker's name, never used again by another one.
        home: The directory of this worker's files: the store holds `<id>.lock` locked; the worker
            keeps `<id>.board` there, and each of its executors holds `<id>.<n>.executor.lock`
            locked. A worker counts as dead once all of these locks are free. The store removes
            the files of dead workers, and on :meth:`leave`.
    """

    id: str
    home: Path

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        """Settle *outcomes* and claim up to *room* jobs, in one transaction."""
        ...

    def reap(self) -> Reaped:
        """Look for dead workers and take care of what they held; cheap when all live."""
        ...

    def peers(self) -> Sequence[int]:
        """Return the process ids of the other workers at this store on this machine."""
        ...

    def hook_done(self, failed_id: int) -> None:
        """Record that the `failed()` hook of this failed job has run."""
        ...

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when a job may be waiting."""
        ...

    def drain(self) -> None:
        """Swallow pending wake-ups, so that :meth:`fileno` is quiet again."""
        ...

    def leave(self, held: Sequence[Outcome] = ()) -> None:
        """Settle *held*, give back everything else this worker holds, and remove the worker."""
        ...


class Workable(Connection, Protocol):
    """A connection that workers can take jobs from."""

    @property
    def failed(self) -> FailedJobs:
        """Where this connection keeps failed jobs."""
        ...

    @property
    def batches(self) -> Batches:
        """Where this connection keeps batches."""
        ...

    def join(self, queues: Sequence[str]) -> Seat:
        """Take a seat as a new worker that serves *queues* in this order of priority."""
        ...

    def unlock(self, delivery: Delivery) -> None:
        """Free the `unique` key of a running job, for one that is unique until processing."""
        ...

    async def aunlock(self, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        ...

    def cancel(self, uuid: str) -> Cancellation:
        """Take a job out of its queue, or have its worker stop it; a batch counts it as skipped.

        One that runs is marked, and its worker told by :meth:`Seat.reap`. From then on nothing
        puts it back: a release, the end or the death of its worker takes it out.

        Returns:
            What it came to.
        """
        ...

    def jobs(
        self, queue: str, state: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sequence[StoredJob]:
        """Return jobs of *queue* by id, from the one after *after* on.

        Args:
            queue: The queue.
            state: "pending", "delayed" or "reserved"; None for any.
            after: The id of the last one of the page before.
            limit: How many at most.
        """
        ...

    def pause(self, queue: str = "*", seconds: float | None = None) -> None:
        """Let no worker take jobs of *queue* ("*": any) until :meth:`resume`, or for *seconds*."""
        ...

    def resume(self, queue: str = "*") -> None:
        """End a pause of *queue*; "*" ends that of all, and not those of single queues."""
        ...

    def paused(self) -> Mapping[str, float | None]:
        """Return what is paused ("*" for everything), and until when; None for no end."""
        ...

    def restart(self) -> None:
        """Ask every worker that has joined before now to stop after its current job."""
        ...

    def queues(self) -> Sequence[str]:
        """Return the names of all queues that hold jobs, sorted."""
        ...

    def workers(self) -> Sequence[WorkerRecord]:
        """Return the workers that live, the one first that joined first."""
        ...


class Gauge(IntEnum):
    """What a :class:`Measure` is of."""

    DONE = 0  # runs that ended well
    RELEASED = 1  # runs after which the job went back to its queue
    FAILED = 2  # runs after which the job was over without success
    WAIT = 3  # how long jobs waited that were claimed


class Measure(NamedTuple):
    """How many durations of one order of magnitude there were within a minute.

    Attributes:
        minute: Minutes since 1970-01-01 UTC.
        name: What people call the jobs.
        bucket: The durations, as :func:`securely.queue.crew.meter.bucket_of` has them.
        times: How many there were.
        seconds: Their sum.
    """

    minute: int
    queue: str
    name: str
    gauge: int
    bucket: int
    times: int
    seconds: float


@runtime_checkable
class Measures(Protocol):
    """A seat whose store keeps what a worker measures; stores need not."""

    def measure(self, measures: Sequence[Measure]) -> None:
        """Add *measures* to what is kept, and forget what is too old."""
        ...


@runtime_checkable
class Measured(Protocol):
    """A connection that keeps what its workers measure."""

    def measured(self, since: int) -> Sequence[Measure]:
        """Return what is kept from the minute *since* on."""
        ...

    def alert(self, what: str, seconds: float) -> bool:
        """Return whether nobody has alerted to *what* for so many seconds, and note that now."""
        ...


class OutboxRow(NamedTuple):
    """A job that waits in an application's own database.

    Attributes:
        id: Its place in the table, which gives it; greater than those of all rows before.
        connection: The name of the connection that it is for.
        created_at: The wall time at which it was written: its delay counts from then on.
        envelope: Its :class:`Envelope` in the array form of MessagePack; opaque to a table.
    """

    id: int
    uuid: str
    connection: str
    created_at: float
    envelope: bytes


@runtime_checkable
class OutboxTable(Protocol):
    """A table of jobs in an application's own database; for other databases than sqlite3's."""

    def add(self, row: OutboxRow) -> None:
        """Write *row*, whose id is not heeded, within the open transaction; end it not."""
        ...

    def waiting(self, after: int, limit: int) -> Sequence[OutboxRow]:
        """Return committed rows whose id is greater than *after*, oldest first."""
        ...

    def remove(self, uuids: Sequence[str]) -> None:
        """Remove rows, and commit."""
        ...


class Runner(Protocol):
    """Runs jobs inside an executor: one delivery in, one outcome out, errors never.

    An exception of a job becomes an outcome. What does escape is :class:`JobTimedOut` when the
    time ran out outside the job's own code, :class:`JobCancelled` likewise, and in an async job
    the cancellation; the executor then asks again with :attr:`Verdict.TIMED_OUT`, or
    :attr:`Verdict.CANCELLED`.
    """

    def configure(self, defaults: Defaults) -> None:
        """Set what holds for jobs that say nothing themselves."""
        ...

    def is_async(self, delivery: Delivery) -> bool:
        """Return whether this delivery is to be run by :meth:`arun`: its `handle` is a coroutine.

        False for a payload that cannot be decoded, and for any verdict but RUN.
        """
        ...

    def run(self, delivery: Delivery) -> Outcome:
        """Do what the delivery's verdict says, and tell its consequences."""
        ...

    async def arun(self, delivery: Delivery) -> Outcome:
        """Async twin of :meth:`run`."""
        ...

    def run_failed_hook(self, failed: FailedJob) -> None:
        """Run the job's `failed()` hook; its errors are reported, not raised."""
        ...
