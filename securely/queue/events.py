"""JobQueued, JobProcessing, JobProcessed, JobFailed …: what happens to jobs.

In order: JobQueueing, JobQueued at a dispatch; JobProcessing, JobProcessed, JobAttempted for a run
that ends well; JobProcessing, JobExceptionOccurred, JobTimedOut where it took too long, then
JobFailed or JobReleasedAfterException, then JobAttempted for one that does not; JobProcessing,
JobCancelled, JobAttempted for one that is stopped. None is built unless somebody listens.
"""

from __future__ import annotations

from dataclasses import dataclass

from securely.queue.bus.batch import Batch
from securely.queue.contracts import FailedJob
from securely.queue.job import Job

__all__ = [
    "BatchCanceled",
    "BatchDispatched",
    "BatchFinished",
    "JobAttempted",
    "JobCancelled",
    "JobExceptionOccurred",
    "JobFailed",
    "JobProcessed",
    "JobProcessing",
    "JobQueued",
    "JobQueueing",
    "JobReleased",
    "JobReleasedAfterException",
    "JobRetryRequested",
    "JobSkipped",
    "JobTimedOut",
    "LongWaitDetected",
    "Looping",
    "QueueBusy",
    "QueueFailedOver",
    "QueuePaused",
    "QueueResumed",
    "QueuesPaused",
    "QueuesResumed",
    "UniqueJobSkipped",
    "WorkerIdle",
    "WorkerInterrupted",
    "WorkerPausing",
    "WorkerQueuePaused",
    "WorkerQueueResumed",
    "WorkerResuming",
    "WorkerStarting",
    "WorkerStopping",
]


@dataclass(frozen=True, slots=True)
class JobQueueing:
    """A job is about to be handed to its connection; *delay* is in seconds."""

    connection: str
    queue: str
    job: Job
    delay: float


@dataclass(frozen=True, slots=True)
class JobQueued:
    """A connection has accepted a job."""

    connection: str
    queue: str
    id: str
    job: Job
    delay: float


@dataclass(frozen=True, slots=True)
class UniqueJobSkipped:
    """A job was not accepted, because the job *id* holds its unique key."""

    connection: str
    queue: str
    id: str
    job: Job


@dataclass(frozen=True, slots=True)
class QueueFailedOver:
    """A member of a `failover` connection takes no jobs; the next one is asked.

    Told once, until that member takes jobs again. *connection* is the member; *id* and *name* are
    those of the job that it did not take.
    """

    connection: str
    queue: str
    id: str
    name: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Run:
    """What all events of a run tell: where the job came from, and which delivery this is.

    `job` is None when the payload could not be decoded.
    """

    connection: str
    queue: str
    id: str
    name: str
    attempts: int
    job: Job | None


@dataclass(frozen=True, slots=True)
class JobProcessing(_Run):
    """A job is about to run."""


@dataclass(frozen=True, slots=True)
class JobProcessed(_Run):
    """A job's `handle` has returned."""


@dataclass(frozen=True, slots=True)
class JobExceptionOccurred(_Run):
    """A run ended in an exception, or took too long."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class JobTimedOut(_Run):
    """A run took longer than it may; *seconds* is its limit, None where that is not known."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class JobReleased(_Run):
    """A job put itself back, or a middleware did; *delay* is in seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class JobReleasedAfterException(_Run):
    """A job will be tried again after *delay* seconds."""

    delay: float
    error: BaseException


@dataclass(frozen=True, slots=True)
class JobSkipped(_Run):
    """A job was taken out before it ran: its time was over, or what it is about is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class JobCancelled(_Run):
    """A job was cancelled while it ran: it is over, without having failed."""


@dataclass(frozen=True, slots=True)
class JobFailed(_Run):
    """A job is over without success; it will be found among the failed jobs."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class JobAttempted(_Run):
    """A run is over, however it went; *error* is None if it went well."""

    error: BaseException | None


@dataclass(frozen=True, slots=True)
class JobRetryRequested:
    """A failed job is about to be put back; where its unique key is taken, it stays failed."""

    connection: str
    queue: str
    id: str
    name: str
    failed: FailedJob


@dataclass(frozen=True, slots=True)
class BatchDispatched:
    """A batch was accepted."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class BatchCanceled:
    """A batch was cancelled: by hand, or by its first failure.

    A failure is told by a worker, soon after, if somebody listened where the batch was dispatched.
    """

    batch: Batch


@dataclass(frozen=True, slots=True)
class BatchFinished:
    """No job of a batch is left.

    A worker tells it, soon after, if somebody listened where the batch was dispatched.
    """

    batch: Batch


@dataclass(frozen=True, slots=True)
class QueueBusy:
    """`queue:monitor` found more jobs in a queue than it may hold, or older ones; age in seconds.

    `age` is None where no job waits.
    """

    connection: str
    queue: str
    size: int
    age: float | None


@dataclass(frozen=True, slots=True)
class QueuePaused:
    """Workers take no more jobs of a queue; *seconds* is for how long, None until it is resumed."""

    connection: str
    queue: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class QueueResumed:
    """Workers take jobs of a queue again."""

    connection: str
    queue: str


@dataclass(frozen=True, slots=True)
class QueuesPaused:
    """Workers take no more jobs of any queue of a connection; *seconds* as in `QueuePaused`."""

    connection: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class QueuesResumed:
    """The pause of all queues of a connection is over; those of single queues are not."""

    connection: str


@dataclass(frozen=True, slots=True)
class Looping:
    """A process of a worker is about to run a job; a listener that returns False puts it back.

    It goes back for the worker's `--sleep`, and nothing is charged. Listen before the worker has
    loaded the application: in a provider.
    """

    connection: str
    queue: str


@dataclass(frozen=True, slots=True)
class _Worker:
    """What all events of a worker tell: its connection, and its queues, the most urgent first."""

    connection: str
    queues: tuple[str, ...]
    worker: str


@dataclass(frozen=True, slots=True)
class WorkerStarting(_Worker):
    """A process of a worker has loaded the application, and is about to take jobs."""


@dataclass(frozen=True, slots=True)
class WorkerIdle(_Worker):
    """A worker has found no job, after it had some or has begun."""


@dataclass(frozen=True, slots=True)
class WorkerInterrupted(_Worker):
    """A worker was told by a signal to stop."""

    signal: int


@dataclass(frozen=True, slots=True)
class WorkerPausing(_Worker):
    """A worker was told by a signal to take no more jobs."""


@dataclass(frozen=True, slots=True)
class WorkerResuming(_Worker):
    """A worker was told by a signal to go on."""


@dataclass(frozen=True, slots=True)
class WorkerQueuePaused(_Worker):
    """A worker has noticed that one of its queues is paused."""

    queue: str


@dataclass(frozen=True, slots=True)
class WorkerQueueResumed(_Worker):
    """A worker has noticed that one of its queues is not paused any more."""

    queue: str


@dataclass(frozen=True, slots=True)
class LongWaitDetected(_Worker):
    """A queue makes its jobs wait for longer than `queue.waits` allows; *seconds* is how long.

    It is told once per queue within five minutes, by one of all workers.
    """

    queue: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerStopping(_Worker):
    """A process of a worker is about to close the application.

    Attributes:
        reason: Why the worker stops, as in the last line of `queue:work --json`.
        status: The worker's exit code.
        processed: How many jobs the worker has run.
    """

    reason: str
    status: int
    processed: int
