"""JobQueued, JobProcessing, JobProcessed, JobFailed …: what happens to jobs.

In order: JobQueueing, JobQueued at a dispatch; JobProcessing, JobProcessed, JobAttempted for a run
that ends well; JobProcessing, JobExceptionOccurred, then JobFailed or JobReleasedAfterException,
then JobAttempted for one that does not. None is built unless somebody listens.
"""

from __future__ import annotations

from dataclasses import dataclass

from securely.queue.job import Job

__all__ = [
    "JobAttempted",
    "JobExceptionOccurred",
    "JobFailed",
    "JobProcessed",
    "JobProcessing",
    "JobQueued",
    "JobQueueing",
    "JobReleased",
    "JobReleasedAfterException",
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
class JobReleased(_Run):
    """A job put itself back, or a middleware did; *delay* is in seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class JobReleasedAfterException(_Run):
    """A job will be tried again after *delay* seconds."""

    delay: float
    error: BaseException


@dataclass(frozen=True, slots=True)
class JobFailed(_Run):
    """A job is over without success; it will be found among the failed jobs."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class JobAttempted(_Run):
    """A run is over, however it went; *error* is None if it went well."""

    error: BaseException | None
