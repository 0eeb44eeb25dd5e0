"""Skip and Release by a condition, SkipIfBatchCancelled, FailOnException."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from securely.queue.delivery.interaction import Interaction, current_interaction
from securely.queue.exceptions import Instruction
from securely.queue.job import Job
from securely.queue.middleware.stage import Proceed, Stage
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, call

__all__ = [
    "Cause",
    "Condition",
    "FailOnException",
    "Release",
    "Skip",
    "SkipIfBatchCancelled",
    "applies",
]

Condition: TypeAlias = bool | Callable[[], bool]

Cause: TypeAlias = type[BaseException] | Callable[[BaseException], bool]
"""Which errors are meant: a class of them, or what tells of one."""


class Skip(Stage):
    """Skips a job: it counts as done, and what follows in its chain runs.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\Skip.
    """

    def __init__(self, condition: Condition, *, if_it_holds: bool = True) -> None:
        self._condition = condition
        self._if_it_holds = if_it_holds

    @classmethod
    def when(cls, condition: Condition) -> Skip:
        """Return what skips the job when *condition* holds; a callable is asked before the run."""
        return cls(condition)

    @classmethod
    def unless(cls, condition: Condition) -> Skip:
        """Return what skips the job unless *condition* holds."""
        return cls(condition, if_it_holds=False)

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, or do not."""
        if _holds(self._condition) is self._if_it_holds:
            return None
        return (yield from proceed())


class Release(Stage):
    """Puts a job back without running it; that consumes no try.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\Release.
    """

    def __init__(
        self, condition: Condition, delay: Duration = 0.0, *, if_it_holds: bool = True
    ) -> None:
        self._condition = condition
        self._if_it_holds = if_it_holds
        self._delay = seconds(delay)

    @classmethod
    def when(cls, condition: Condition, delay: Duration = 0.0) -> Release:
        """Return what puts the job back for *delay* when *condition* holds."""
        return cls(condition, delay)

    @classmethod
    def unless(cls, condition: Condition, delay: Duration = 0.0) -> Release:
        """Return what puts the job back for *delay* unless *condition* holds."""
        return cls(condition, delay, if_it_holds=False)

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, or put it back."""
        if _holds(self._condition) is self._if_it_holds:
            current_interaction("Release").release(self._delay)
            return None
        return (yield from proceed())


class SkipIfBatchCancelled(Stage):
    """Skips a job whose batch was cancelled; the batch counts it as skipped.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\SkipIfBatchCancelled.
    """

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, or do not."""
        interaction = current_interaction("SkipIfBatchCancelled")
        if (yield from call(_is_cancelled, _ais_cancelled, interaction)):
            interaction.skip("its batch was cancelled")
            return None
        return (yield from proceed())


class FailOnException(Stage):
    """Fails a job at once on certain errors, whatever tries are left.

    Args:
        errors: Their classes, or what is given an error and the job and tells whether to fail.

    Source: Laravel 13, Illuminate\\Queue\\Middleware\\FailOnException.
    """

    def __init__(
        self, errors: Sequence[type[BaseException]] | Callable[[BaseException, Job], bool]
    ) -> None:
        self._errors = errors

    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Run *job*, and fail it on one of the errors."""
        try:
            return (yield from proceed())
        except Instruction:
            raise
        except Exception as error:
            if self._is_final(error, job):
                current_interaction("FailOnException").fail(error)
            raise

    def _is_final(self, error: BaseException, job: Job) -> bool:
        if callable(self._errors):
            return self._errors(error, job) is True
        return isinstance(error, tuple(self._errors))


def applies(cause: Cause, error: BaseException) -> bool:
    """Tell whether *error* is one of those that *cause* means."""
    return isinstance(error, cause) if isinstance(cause, type) else bool(cause(error))


def _is_cancelled(interaction: Interaction) -> bool:
    batch = interaction.batch()
    return batch is not None and batch.cancelled()


async def _ais_cancelled(interaction: Interaction) -> bool:
    """Async twin of :func:`_is_cancelled`."""
    return await asyncio.to_thread(_is_cancelled, interaction)


def _holds(condition: Condition) -> bool:
    return bool(condition() if callable(condition) else condition)
