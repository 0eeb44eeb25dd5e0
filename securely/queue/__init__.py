"""Jobs: work that is handed over now and done by a worker, once, however often things break.

A job is a class with `handle`; `dispatch` signs its data and hands it to a connection, where
`queue:work` takes it. Delivery is at least once, settlement exactly once.

    contracts.py    what a connection, a worker's seat and a runner must do
    job.py          Job: what authors subclass; PendingDispatch: one dispatch and its options
    queue.py        Queue: one connection as applications see it
    manager.py      QueueManager: the connections, and itself the default one
    payload.py      job <-> signed bytes
    bus/            what is dispatched together or besides: chains, batches, tasks, transactions,
                    event listeners that run on the queue; and the fakes of them
    delivery/       one run of one job, and what becomes of it
    middleware/     what stands around a job's handle
    drivers/        sqlite, arq; sync, deferred, background, failover, null
    upkeep/         what people do to queues: failed jobs, batches, pauses
    supervisor.py   claims and settles; executor.py: runs user code; crew/: what the two are
                    made of, what `queue:work` asks for, and what is shown
    events.py       JobQueued, JobProcessing, JobProcessed, JobFailed …
    exceptions.py   QueueError and its tree; Release, Fail and Drop
    options.py      the section ``queue`` of the configuration
    commands/       queue:work, :restart, :failed, :retry, :forget, :flush …
    fake.py         QueueFake: assert_pushed …; with_fake_queue_interactions
    provider.py     binds all of it
"""

from __future__ import annotations

from securely.queue.bus.batch import Batch
from securely.queue.bus.task import task
from securely.queue.contracts import (
    Cancellation,
    Connection,
    Counts,
    FailedJob,
    FailedJobs,
    Workable,
)
from securely.queue.delivery.interaction import (
    Interaction,
    InteractsWithQueue,
    current_interaction,
)
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.events import (
    JobAttempted,
    JobExceptionOccurred,
    JobFailed,
    JobProcessed,
    JobProcessing,
    JobQueued,
    JobQueueing,
    JobReleased,
    JobReleasedAfterException,
)
from securely.queue.exceptions import (
    BatchEnded,
    BatchesUnsupported,
    ConnectionUndefined,
    DriverUnknown,
    Drop,
    EmptyChain,
    Fail,
    InvalidPayload,
    JobTimedOut,
    LeaseTooShort,
    ManuallyFailed,
    MaxAttemptsExceeded,
    NeverAwaited,
    NotQueueable,
    NotRunning,
    PayloadTooLarge,
    QueueError,
    QueueUnavailable,
    RecordedFailure,
    Release,
    ResultFailed,
    ResultPending,
    ResultUnknown,
    StoreFull,
    UnknownJob,
    WorkerLost,
)
from securely.queue.job import Dispatched, Job, PendingDispatch
from securely.queue.manager import QueueManager
from securely.queue.queue import Queue
from securely.support.backoff import Backoff

__all__ = [
    "Backoff",
    "Batch",
    "BatchEnded",
    "BatchesUnsupported",
    "Cancellation",
    "Connection",
    "ConnectionUndefined",
    "Counts",
    "Dispatched",
    "DriverUnknown",
    "Drop",
    "EmptyChain",
    "Fail",
    "FailedJob",
    "FailedJobs",
    "Interaction",
    "InteractsWithQueue",
    "InvalidPayload",
    "Job",
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
    "JobTimedOut",
    "LeaseTooShort",
    "ManuallyFailed",
    "MaxAttemptsExceeded",
    "NeverAwaited",
    "NotQueueable",
    "NotRunning",
    "PayloadTooLarge",
    "PendingDispatch",
    "Queue",
    "QueueError",
    "QueueManager",
    "QueueUnavailable",
    "RecordedFailure",
    "Release",
    "ResultFailed",
    "ResultPending",
    "ResultUnknown",
    "StoreFull",
    "UnknownJob",
    "Workable",
    "WorkerLost",
    "current_interaction",
    "task",
]
