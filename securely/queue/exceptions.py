"""QueueError and everything that can go wrong between a dispatch and a settled job.

QueueError
├── AlreadySupervised        another master has the name (also a RuntimeError)
├── BackgroundFailed         the process of background jobs did not end well
├── BatchEnded               a batch takes no more jobs (also a RuntimeError)
├── BatchesUnsupported       a connection keeps no batches
├── ConnectionUndefined      no connection of that name (also a LookupError)
├── DriverUnknown            a connection asks for a driver nobody provides (also a LookupError)
├── EmptyChain               a chain without jobs (also a ValueError)
├── EntityNotFound           what a job refers to is gone (also a LookupError)
├── EnvironmentUnsupervised  no supervisors are configured for it (also a LookupError)
├── InvalidPayload           a payload that was not written by this application (also a ValueError)
├── JobTimedOut              a run took longer than its timeout (also a TimeoutError)
├── LeaseTooShort            jobs may run for longer than a store lets a worker hold them
├── ManuallyFailed           a job failed itself without an exception
├── MaxAttemptsExceeded      a job came back after its last try
├── NeverAwaited             a middleware dropped an async job (also a RuntimeError)
├── NotQueueable             a class or value that can not become a payload (also a TypeError)
├── NotRunning               delivery state was asked for outside of a run (also a RuntimeError)
├── NotSupervised            no master has such a supervisor (also a LookupError)
├── PayloadTooLarge          a job's data are over the limit (also a ValueError)
├── QueueUnavailable         the store can not be opened or used (also an OSError)
├── RecordedFailure          stands for the exception of a job whose process is gone
├── ResultFailed             the job whose result is wanted has failed
├── ResultPending            it has not come to an end in time (also a TimeoutError)
├── ResultUnknown            nothing is kept of it, or not any more (also a LookupError)
├── StoreFull                there was no room; nothing was written (also an OSError)
├── UnknownJob               the class of a payload does not exist (also a LookupError)
├── WorkerLost               a job took down as many workers as it may
└── Instruction              not errors: how a job ends its own delivery from inside
    ├── Drop                 take it out, record nothing
    ├── Fail                 fail it now
    ├── Release              put it back, after a delay
    └── Skip                 take it out as one that was not to run
"""

from __future__ import annotations

from collections.abc import Sequence

from securely.exceptions import SecurelyError
from securely.support.durations import Duration, seconds

__all__ = [
    "AlreadySupervised",
    "BackgroundFailed",
    "BatchEnded",
    "BatchesUnsupported",
    "ConnectionUndefined",
    "DriverUnknown",
    "Drop",
    "EmptyChain",
    "EntityNotFound",
    "EnvironmentUnsupervised",
    "Fail",
    "Instruction",
    "InvalidPayload",
    "JobTimedOut",
    "LeaseTooShort",
    "ManuallyFailed",
    "MaxAttemptsExceeded",
    "NeverAwaited",
    "NotQueueable",
    "NotRunning",
    "NotSupervised",
    "PayloadTooLarge",
    "QueueError",
    "QueueUnavailable",
    "RecordedFailure",
    "Release",
    "ResultFailed",
    "ResultPending",
    "ResultUnknown",
    "Skip",
    "StoreFull",
    "UnknownJob",
    "WorkerLost",
]


class QueueError(SecurelyError):
    """The root of every error of the queue."""


class AlreadySupervised(QueueError, RuntimeError):
    """A master of this name keeps workers already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f'A master "{name}" runs on this machine already. '
            "End it with supervise:terminate, or give this one another name with --name."
        )

    def __reduce__(self) -> tuple[type[AlreadySupervised], tuple[str]]:
        return type(self), (self.name,)


class BackgroundFailed(QueueError):
    """The process of background jobs ended before it had run them all."""

    def __init__(self, jobs: Sequence[str], code: int, output: str) -> None:
        self.jobs: tuple[str, ...] = tuple(jobs)
        self.code = code
        self.output = output
        ending = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        super().__init__(
            f"The process of the background jobs {', '.join(self.jobs)} {ending}. They may not "
            f"have been run, and nobody will try again. What it printed is in {output}."
        )

    def __reduce__(self) -> tuple[type[BackgroundFailed], tuple[tuple[str, ...], int, str]]:
        return type(self), (self.jobs, self.code, self.output)


class BatchEnded(QueueError, RuntimeError):
    """A batch takes no more jobs: all of it has ended, or it is gone."""

    def __init__(self, id_: str, name: str = "", state: str = "finished") -> None:
        self.id = id_
        self.name = name
        self.state = state
        called = f'"{name}" ({id_})' if name else f'"{id_}"'
        super().__init__(
            f"The batch {called} is {state}, so that no jobs can be added to it. Add them from one "
            "of its own jobs, or dispatch another batch."
        )

    def __reduce__(self) -> tuple[type[BatchEnded], tuple[str, str, str]]:
        return type(self), (self.id, self.name, self.state)


class BatchesUnsupported(QueueError):
    """A connection keeps no batches."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        super().__init__(
            f'Queue connection "{connection}" keeps no batches. '
            "Choose another one with on_connection."
        )

    def __reduce__(self) -> tuple[type[BatchesUnsupported], tuple[str]]:
        return type(self), (self.connection,)


class ConnectionUndefined(QueueError, LookupError):
    """No queue connection of that name is configured."""

    def __init__(self, name: str, defined: Sequence[str], hint: str | None = None) -> None:
        self.name = name
        self.defined: tuple[str, ...] = tuple(defined)
        self.hint = hint
        near = f' Did you mean "{hint}"?' if hint else ""
        super().__init__(
            f'Queue connection "{name}" is not defined. '
            f"Defined connections: {', '.join(self.defined) or 'none'}.{near}"
        )

    def __reduce__(
        self,
    ) -> tuple[type[ConnectionUndefined], tuple[str, tuple[str, ...], str | None]]:
        return type(self), (self.name, self.defined, self.hint)


class DriverUnknown(QueueError, LookupError):
    """A connection asks for a driver that nobody provides."""

    def __init__(
        self, name: str, driver: str, known: Sequence[str], hint: str | None = None
    ) -> None:
        self.name = name
        self.driver = driver
        self.known: tuple[str, ...] = tuple(known)
        self.hint = hint
        near = f' Did you mean "{hint}"?' if hint else ""
        super().__init__(
            f'Queue connection "{name}" asks for the driver "{driver}", which does not exist. '
            f"Drivers: {', '.join(self.known)}.{near}"
        )

    def __reduce__(
        self,
    ) -> tuple[type[DriverUnknown], tuple[str, str, tuple[str, ...], str | None]]:
        return type(self), (self.name, self.driver, self.known, self.hint)


class EmptyChain(QueueError, ValueError):
    """A chain has no jobs."""

    def __init__(self) -> None:
        super().__init__("A chain needs at least one job, and this one has none.")

    def __reduce__(self) -> tuple[type[EmptyChain], tuple[()]]:
        return type(self), ()


class EntityNotFound(QueueError, LookupError):
    """What a job refers to does not exist any more."""

    def __init__(self, kind: str, reference: object) -> None:
        self.kind = kind
        self.reference = reference
        super().__init__(
            f"There is no {kind} {reference!r} any more, which a job refers to. Let the job have "
            "delete_when_missing = True if that is no failure."
        )

    def __reduce__(self) -> tuple[type[EntityNotFound], tuple[str, object]]:
        return type(self), (self.kind, self.reference)


class InvalidPayload(QueueError, ValueError):
    """A payload was not written by this application, or was changed since."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"A queue payload was refused: {reason}. It was not run. If the application key was "
            "changed, list the old one in APP_PREVIOUS_KEYS, start workers anew that began before "
            "it was, and retry the job."
        )

    def __reduce__(self) -> tuple[type[InvalidPayload], tuple[str]]:
        return type(self), (self.reason,)


class JobTimedOut(QueueError, TimeoutError):
    """A run took longer than its timeout."""

    def __init__(self, job: str, seconds: float | None = None) -> None:
        self.job = job
        self.seconds = seconds
        limit = "" if seconds is None else f" of {seconds:g} seconds"
        super().__init__(f"{job} ran longer than its timeout{limit}.")

    def __reduce__(self) -> tuple[type[JobTimedOut], tuple[str, float | None]]:
        return type(self), (self.job, self.seconds)


class LeaseTooShort(QueueError):
    """Jobs may run for longer than a store that cannot renew a lease lets a worker hold them."""

    def __init__(self, connection: str, timeout: float | None, retry_after: float) -> None:
        self.connection = connection
        self.timeout = timeout
        self.retry_after = retry_after
        may = "for any time" if timeout is None else f"for {timeout:g} seconds"
        super().__init__(
            f'Jobs of queue connection "{connection}" may run {may} (--timeout), but it hands them '
            f"to another worker after {retry_after:g} seconds (retry_after): they would run twice. "
            "Let --timeout be shorter, or retry_after longer."
        )

    def __reduce__(self) -> tuple[type[LeaseTooShort], tuple[str, float | None, float]]:
        return type(self), (self.connection, self.timeout, self.retry_after)


class ManuallyFailed(QueueError):
    """A job failed itself without an exception."""

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        super().__init__(reason or "The job failed itself.")

    def __reduce__(self) -> tuple[type[ManuallyFailed], tuple[str | None]]:
        return type(self), (self.reason,)


class MaxAttemptsExceeded(QueueError):
    """A job came back after its last try, or after the time it may be retried."""

    def __init__(self, job: str, reason: str) -> None:
        self.job = job
        self.reason = reason
        super().__init__(f"{job} was not run again: {reason}.")

    def __reduce__(self) -> tuple[type[MaxAttemptsExceeded], tuple[str, str]]:
        return type(self), (self.job, self.reason)


class NeverAwaited(QueueError, RuntimeError):
    """A middleware has called an async job, and dropped the coroutine: the job has not run."""

    def __init__(self, job: str, middleware: str) -> None:
        self.job = job
        self.middleware = middleware
        super().__init__(
            f"{job} has not run: the middleware {middleware} called it, and dropped its coroutine. "
            "Return what `next` returns, or make the middleware async and await it."
        )

    def __reduce__(self) -> tuple[type[NeverAwaited], tuple[str, str]]:
        return type(self), (self.job, self.middleware)


class NotQueueable(QueueError, TypeError):
    """A class or a value can not become a payload."""

    def __init__(self, subject: str, reason: str) -> None:
        self.subject = subject
        self.reason = reason
        super().__init__(f"{subject} can not be queued: {reason}")

    def __reduce__(self) -> tuple[type[NotQueueable], tuple[str, str]]:
        return type(self), (self.subject, self.reason)


class NotRunning(QueueError, RuntimeError):
    """Delivery state was asked for outside of a run, or is to be changed after it.

    Attributes:
        member: What was asked for.
        failed: The name of the job whose `failed()` did so; None where there was no job at all.
    """

    def __init__(self, member: str, failed: str | None = None) -> None:
        self.member = member
        self.failed = failed
        if failed is None:
            message = (
                f'"{member}" belongs to a delivery, and no job is running here. '
                "Use it inside handle(), failed() or a middleware."
            )
        else:
            message = (
                f'"{member}" comes too late: {failed} has failed for good when failed() runs. '
                "Dispatch another job there, or let queue:retry put this one back."
            )
        super().__init__(message)

    def __reduce__(self) -> tuple[type[NotRunning], tuple[str, str | None]]:
        return type(self), (self.member, self.failed)


class EnvironmentUnsupervised(QueueError, LookupError):
    """The configuration names no supervisors for an environment."""

    def __init__(self, environment: str, known: Sequence[str], hint: str | None = None) -> None:
        self.environment = environment
        self.known: tuple[str, ...] = tuple(known)
        self.hint = hint
        near = f' Did you mean "{hint}"?' if hint else ""
        super().__init__(
            f'No supervisors are configured for the environment "{environment}". '
            f'There are some for: {", ".join(self.known) or "none"}. Add it, or "*" for any, to '
            f"queue.supervisors.{near}"
        )

    def __reduce__(
        self,
    ) -> tuple[type[EnvironmentUnsupervised], tuple[str, tuple[str, ...], str | None]]:
        return type(self), (self.environment, self.known, self.hint)


class NotSupervised(QueueError, LookupError):
    """No master lives on this machine, or none that has a supervisor of some name."""

    def __init__(
        self, supervisor: str | None, known: Sequence[str], hint: str | None = None
    ) -> None:
        self.supervisor = supervisor
        self.known: tuple[str, ...] = tuple(known)
        self.hint = hint
        if not self.known:
            text = "No master runs on this machine. Start one with queue:supervise."
        else:
            near = f' Did you mean "{hint}"?' if hint else ""
            text = (
                f'No master runs a supervisor "{supervisor}". '
                f"Supervisors: {', '.join(self.known)}.{near}"
            )
        super().__init__(text)

    def __reduce__(
        self,
    ) -> tuple[type[NotSupervised], tuple[str | None, tuple[str, ...], str | None]]:
        return type(self), (self.supervisor, self.known, self.hint)


class PayloadTooLarge(QueueError, ValueError):
    """A job's data are over the limit, or those of the chain that travels with it."""

    def __init__(
        self,
        job: str,
        size: int,
        limit: int,
        largest: str | None = None,
        link: str | None = None,
    ) -> None:
        self.job = job
        self.size = size
        self.limit = limit
        self.largest = largest
        self.link = link
        within = ", with the chain behind it," if link else ""
        part = f' Its largest attribute is "{largest}".' if largest else ""
        culprit = f" The largest link is {link}.{part}" if link else part
        super().__init__(
            f"The payload of {job}{within} has {size} bytes, {limit} are allowed "
            f"(queue.payload_bytes_max).{culprit} Store large data elsewhere and queue its key."
        )

    def __reduce__(
        self,
    ) -> tuple[type[PayloadTooLarge], tuple[str, int, int, str | None, str | None]]:
        return type(self), (self.job, self.size, self.limit, self.largest, self.link)


class QueueUnavailable(QueueError, OSError):
    """The store of a connection can not be opened or used."""

    def __init__(self, connection: str, reason: str) -> None:
        self.connection = connection
        self.reason = reason
        super().__init__(f'Queue connection "{connection}" is unavailable: {reason}')

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[QueueUnavailable], tuple[str, str]]:
        return type(self), (self.connection, self.reason)


class RecordedFailure(QueueError):
    """Stands for the exception of a job that failed in a process that is gone.

    (Of an exception only its name, message and traceback are kept: classes of exceptions cannot
    be built from data in general.)
    """

    def __init__(self, type_: str, message: str, trace: str = "") -> None:
        self.type = type_
        self.message = message
        self.trace = trace
        super().__init__(f"{type_}: {message}")

    def __reduce__(self) -> tuple[type[RecordedFailure], tuple[str, str, str]]:
        return type(self), (self.type, self.message, self.trace)


class ResultFailed(QueueError):
    """The job whose result is wanted has failed."""

    def __init__(self, uuid: str, type_: str, message: str) -> None:
        self.uuid = uuid
        self.type = type_
        self.message = message
        super().__init__(
            f"The job {uuid} has failed, and has no result: {type_}: {message}. "
            "`queue:failed` shows where; `queue:retry` runs it again."
        )

    def __reduce__(self) -> tuple[type[ResultFailed], tuple[str, str, str]]:
        return type(self), (self.uuid, self.type, self.message)


class ResultPending(QueueError, TimeoutError):
    """The job whose result is wanted has not come to an end in time."""

    def __init__(self, uuid: str, seconds: float) -> None:
        self.uuid = uuid
        self.seconds = seconds
        super().__init__(
            f"The job {uuid} has not ended within {seconds:g} seconds. Ask again later, wait for "
            "longer, or see whether a worker serves its queue."
        )

    def __reduce__(self) -> tuple[type[ResultPending], tuple[str, float]]:
        return type(self), (self.uuid, self.seconds)


class ResultUnknown(QueueError, LookupError):
    """Nothing is kept of the job whose result is wanted."""

    def __init__(self, uuid: str, connection: str) -> None:
        self.uuid = uuid
        self.connection = connection
        super().__init__(
            f'The connection "{connection}" has no result of the job {uuid}, and does not hold the '
            "job. Say `store_result = True` in its class, ask within its `result_ttl`, and ask the "
            "connection that it was dispatched to."
        )

    def __reduce__(self) -> tuple[type[ResultUnknown], tuple[str, str]]:
        return type(self), (self.uuid, self.connection)


class StoreFull(QueueError, OSError):
    """There was no room in the store; nothing was written."""

    def __init__(self, connection: str, reason: str) -> None:
        self.connection = connection
        self.reason = reason
        super().__init__(
            f'Queue connection "{connection}" has no room, and nothing was written: {reason}'
        )

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[StoreFull], tuple[str, str]]:
        return type(self), (self.connection, self.reason)


class UnknownJob(QueueError, LookupError):
    """The class that a payload names does not exist, or is no job."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f'The job class "{path}" can not be used: {_ended(reason)} Its payload is kept; '
            "restore the class and retry the job, or forget it."
        )

    def __reduce__(self) -> tuple[type[UnknownJob], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class WorkerLost(QueueError):
    """A job took down as many workers as it may."""

    def __init__(self, job: str, times: int) -> None:
        self.job = job
        self.times = times
        super().__init__(
            f"{job} was running when its worker died, {times} times. It is not tried again."
        )

    def __reduce__(self) -> tuple[type[WorkerLost], tuple[str, int]]:
        return type(self), (self.job, self.times)


class Instruction(QueueError):
    """How a job ends its own delivery from inside; raised, not an error."""


class Drop(Instruction):
    """Take this job out of the queue; nothing is recorded."""

    def __init__(self) -> None:
        super().__init__("The job took itself out of the queue.")

    def __reduce__(self) -> tuple[type[Drop], tuple[()]]:
        return type(self), ()


class Fail(Instruction):
    """Fail this job now, whatever tries are left.

    Args:
        reason: Why: an exception that is recorded as it is, or words.
    """

    def __init__(self, reason: BaseException | str | None = None) -> None:
        self.reason = reason
        super().__init__(f"The job failed itself: {reason}")

    def __reduce__(self) -> tuple[type[Fail], tuple[BaseException | str | None]]:
        return type(self), (self.reason,)


class Release(Instruction):
    """Put this job back into its queue.

    Args:
        delay: Seconds, a timedelta or text ("10m") until it may run again.
        error: What it is put back for: a failure like any other, which consumes a try.
    """

    def __init__(self, delay: Duration = 0.0, error: BaseException | None = None) -> None:
        self.delay: float = max(0.0, seconds(delay))
        self.error = error
        super().__init__(f"The job put itself back for {self.delay:g} seconds.")

    def __reduce__(self) -> tuple[type[Release], tuple[float, BaseException | None]]:
        return type(self), (self.delay, self.error)


class Skip(Instruction):
    """Take this job out as one that was not to run: its batch counts it as skipped.

    Args:
        reason: Why, for logs and events.
    """

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(f"The job was skipped: {reason}" if reason else "The job was skipped.")

    def __reduce__(self) -> tuple[type[Skip], tuple[str]]:
        return type(self), (self.reason,)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
