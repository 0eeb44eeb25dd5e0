"""What becomes of a job after a run: pure decisions about tries, waits and failures."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from securely.queue.contracts import Charge, Kind
from securely.queue.exceptions import (
    Drop,
    Fail,
    Instruction,
    JobTimedOut,
    ManuallyFailed,
    MaxAttemptsExceeded,
    Release,
    Skip,
    WorkerLost,
)
from securely.support import clock
from securely.support.backoff import Backoff

__all__ = ["Settlement", "Trial", "after_exception", "after_return", "refusal"]


_RELEASES_AT_ONCE: Final = 16  # some wait so for what is nearly there; more would be spinning
_REST_SECONDS_MAX: Final = 1.0  # nobody waits long for a job that asked to be run at once


class Trial(NamedTuple):
    """What a decision rests on: the options of the job, else of its worker, and its past.

    Attributes:
        name: What the job is called in messages.
        tries: Failures until it is over; 0 for no limit.
        backoff: Packed by `Backoff.pack`; None for the worker's.
        worker_backoff: Seconds after the first, second … failure; the last one repeats.
        max_exceptions: Exceptions until it is over; None for no such limit.
        retry_until: Wall time from which on a failure is final; takes the place of `tries`.
        fail_on_timeout: A timeout is final.
        exceptions: Runs that have ended in an exception so far.
        is_last: An exception is final, whatever else is said here.
        dont_retry: Exceptions that are final.
        deferrals: Releases so far that consumed no try.
    """

    name: str
    tries: int
    backoff: list[Any] | None
    worker_backoff: tuple[float, ...]
    max_exceptions: int | None
    retry_until: float | None
    fail_on_timeout: bool
    exceptions: int
    is_last: bool
    dont_retry: tuple[type[BaseException], ...] = ()
    deferrals: int = 0


class Settlement(NamedTuple):
    """How a delivery is to be settled, and the error it fails with if that is not the job's own."""

    kind: Kind
    delay: float = 0.0
    charge: Charge = Charge.NONE
    error: BaseException | None = None


def refusal(trial: Trial) -> MaxAttemptsExceeded | None:
    """Return why the job is not to be run any more; None if it is.

    Its deadline may have passed while it waited; its tries may have been lowered meanwhile.
    """
    if trial.retry_until is not None:
        # At the moment itself it still runs; a failure is final then.
        if clock.timestamp() > trial.retry_until:
            return MaxAttemptsExceeded(trial.name, "the time for retries is over")
    elif 0 < trial.tries <= trial.exceptions:
        return MaxAttemptsExceeded(trial.name, f"it has failed {trial.exceptions} times")
    return None


def after_return(trial: Trial, decision: Instruction) -> Settlement:
    """Return what a job has decided for itself."""
    if isinstance(decision, Release):
        if (error := decision.error) is not None:
            if after_exception(trial, error).kind is Kind.FAIL:
                return Settlement(Kind.FAIL, error=error)
            return Settlement(Kind.RELEASE, decision.delay, Charge.EXCEPTION, error)
        return Settlement(Kind.RELEASE, decision.delay or _rest(trial), Charge.DEFERRAL)
    if isinstance(decision, Drop):
        return Settlement(Kind.DROP)
    if isinstance(decision, Skip):
        return Settlement(Kind.SKIP)
    reason = decision.reason if isinstance(decision, Fail) else None
    error = reason if isinstance(reason, BaseException) else ManuallyFailed(reason)
    return Settlement(Kind.FAIL, error=error)


def _rest(trial: Trial) -> float:
    """Return how long a job rests that puts itself back at once: often so, and it would spin."""
    doublings = trial.deferrals - _RELEASES_AT_ONCE
    return 0.0 if doublings < 0 else min(_REST_SECONDS_MAX, 0.01 * 2.0 ** min(doublings, 10))


def after_exception(trial: Trial, error: BaseException) -> Settlement:
    """Return whether a job that raised *error* is tried again, and when.

    `tries` counts failures: deliveries that a worker's death or a release ended do not count.
    """
    failures = trial.exceptions + 1
    if trial.is_last or _is_final(trial, error, failures):
        return Settlement(Kind.FAIL)
    if trial.backoff is None:
        backoff = Backoff(trial.worker_backoff)
    else:
        backoff = Backoff.unpack(trial.backoff)
    return Settlement(Kind.RELEASE, backoff.delay(failures), Charge.EXCEPTION)


def _is_final(trial: Trial, error: BaseException, failures: int) -> bool:
    if isinstance(error, (WorkerLost, MaxAttemptsExceeded, *trial.dont_retry)):
        return True
    if isinstance(error, JobTimedOut) and trial.fail_on_timeout:
        return True
    if trial.max_exceptions is not None and failures >= trial.max_exceptions:
        return True
    if trial.retry_until is not None:
        return clock.timestamp() >= trial.retry_until
    return 0 < trial.tries <= failures
