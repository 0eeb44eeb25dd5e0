"""ThrottlesExceptions: a pause for jobs whose service fails too often."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Final, Self

from securely.cache import CacheError, RateLimiter
from securely.container import current
from securely.queue.delivery.interaction import Interaction, current_interaction
from securely.queue.exceptions import Instruction, JobTimedOut
from securely.queue.job import Job
from securely.queue.middleware.conditions import Cause, applies
from securely.queue.middleware.stage import Proceed, Stage, report
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, call

__all__ = ["ThrottlesExceptions"]

# As in Laravel: clocks differ, and a job that comes a moment too early comes in vain.
_MARGIN_SECONDS: Final = 3.0


class ThrottlesExceptions(Stage):
    """Lets jobs pause when they have raised *max_attempts* exceptions within *decay*.

    Until the time is over, jobs of the same key are put off without being run; that consumes no
    try. An exception puts its job back after :meth:`backoff`, and consumes one: with the last of
    its `tries` a job fails. A job that ends well lets the count begin anew.

    Args:
        max_attempts: How many exceptions.
        decay: In how much time.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\ThrottlesExceptions.
    """

    def __init__(self, max_attempts: int = 10, decay: Duration = 600.0) -> None:
        self._max = max_attempts
        self._decay = seconds(decay)
        self._key: str | None = None
        self._by_job = False
        self._backoff: Duration | Callable[[BaseException], Duration] = 0.0
        self._when: Cause = Exception
        self._reports: Cause | None = None
        self._deletes: tuple[Cause, ...] = ()
        self._fails: tuple[Cause, ...] = ()
        self.prefix: str = "throttles-exceptions:"

    def by(self, key: object) -> Self:
        """Return this with a key that jobs of several classes may have in common."""
        return self._with(_key=str(key))

    def by_job(self) -> Self:
        """Return this so that each job is counted for itself."""
        return self._with(_by_job=True)

    def with_prefix(self, prefix: str) -> Self:
        """Return this with another beginning of the key."""
        return self._with(prefix=prefix)

    def backoff(self, backoff: Duration | Callable[[BaseException], Duration]) -> Self:
        """Return this with a wait after an exception: a duration, or what gives one for it."""
        return self._with(_backoff=backoff if callable(backoff) else seconds(backoff))

    def when(self, cause: Cause) -> Self:
        """Return this for the errors that *cause* means; others go their way."""
        return self._with(_when=cause)

    def delete_when(self, cause: Cause) -> Self:
        """Return this so that these errors take the job out; nothing is recorded."""
        return self._with(_deletes=(*self._deletes, cause))

    def fail_when(self, cause: Cause) -> Self:
        """Return this so that these errors fail the job at once."""
        return self._with(_fails=(*self._fails, cause))

    def report(self, cause: Cause = Exception) -> Self:
        """Return this so that errors are reported though the job is put back; all, unless told."""
        return self._with(_reports=cause)

    def throttle_key(self, job: Job) -> str:
        """Return what the exceptions of *job* are counted under."""
        if self._key is not None:
            return f"{self.prefix}{self._key}"
        if self._by_job:
            return f"{self.prefix}{current_interaction('ThrottlesExceptions').uuid}"
        return f"{self.prefix}{job.display_name()}"

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, or put it off while it is to pause."""
        interaction = current_interaction("ThrottlesExceptions")
        limiter = current().make(RateLimiter)
        key = self.throttle_key(job)
        if (yield from call(limiter.too_many_attempts, limiter.atoo_many_attempts, key, self._max)):
            wait = yield from call(limiter.available_in, limiter.aavailable_in, key)
            interaction.release(wait + _MARGIN_SECONDS)
            return None
        try:
            answer = yield from proceed()
        except (Instruction, JobTimedOut):
            raise  # what a job says of itself, and its time, are none of our business
        except Exception as error:
            if not applies(self._when, error):
                raise
            if self._decides(interaction, error):
                return None
            yield from call(limiter.hit, limiter.ahit, key, self._decay)
            interaction.release_after(error, self._wait(error))
            return None
        try:
            yield from call(limiter.clear, limiter.aclear, key)
        except CacheError as error:  # what has run has run
            report(error, "ThrottlesExceptions")
        return answer

    def _decides(self, interaction: Interaction, error: Exception) -> bool:
        """Report *error* where that is wanted, and tell whether it ends the job."""
        if self._reports is not None and applies(self._reports, error):
            report(error, "ThrottlesExceptions")
        if any(applies(cause, error) for cause in self._deletes):
            interaction.delete()
            return True
        if any(applies(cause, error) for cause in self._fails):
            interaction.fail(error)
            return True
        return False

    def _wait(self, error: Exception) -> float:
        backoff = self._backoff
        return seconds(backoff(error) if callable(backoff) else backoff)

    def _with(self, **changes: object) -> Self:
        changed = copy(self)
        vars(changed).update(changes)
        return changed
