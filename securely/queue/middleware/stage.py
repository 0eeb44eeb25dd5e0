"""Stage: a job middleware whose one body serves both colours; Waiting: one that puts off."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from copy import copy
from functools import partial
from typing import Any, Final, Self, TypeAlias, cast

from securely.container import current
from securely.log import LogManager
from securely.queue.delivery.interaction import Interaction
from securely.queue.job import Job
from securely.support.durations import Duration, seconds
from securely.support.steps import Steps, arun, call

__all__ = ["LIFETIME_SECONDS_MAX", "Next", "Proceed", "Stage", "Waiting", "lifetime", "report"]

Next: TypeAlias = Callable[[Job], object]
"""Calls what stands within; of an async job it returns an awaitable."""

Proceed: TypeAlias = Callable[[], Steps[object]]
"""The step that calls what stands within: `yield from proceed()`."""

# From the end of a job's time to that of its process: the soft end, five seconds, the kill.
_GRACE_SECONDS: Final = 10.0
LIFETIME_SECONDS_MAX: Final = 86_400.0
# Waits of a job that finds a door closed: at once, then ever more rarely. Without this, a worker
# would do nothing but take and put back the same job while another one runs for a minute.
_PAUSES_SECONDS: Final = (0.0, 0.1, 0.3, 1.0, 3.0)


class Stage(ABC):
    """A job middleware whose body is written once, in steps.

    Derived classes write :meth:`around`; a body says ``yield from call(lock.acquire,
    lock.aacquire)`` for what has two colours, and ``yield from proceed()`` where the job is to run.
    """

    def handle(self, job: Job, next_: Next, /) -> object:
        """Run *job* with this around it; an awaitable where the job is async."""
        body = self.around(job, partial(_proceed, job, next_))
        if inspect.iscoroutinefunction(getattr(type(job), "handle", None)):
            return arun(body)
        return _run(body)

    @abstractmethod
    def around(self, job: Job, proceed: Proceed) -> Steps[object]:
        """Return the steps around *job*; those that never proceed skip it."""


class Waiting(Stage):
    """A middleware that puts a job off when its turn has not come."""

    def __init__(self) -> None:
        self._wait: float | None = None
        self._releases = True

    def release_after(self, delay: Duration) -> Self:
        """Return this with a wait of *delay* before a job that was put off is tried again."""
        changed = copy(self)
        changed._wait, changed._releases = seconds(delay), True
        return changed

    def dont_release(self) -> Self:
        """Return this so that a job whose turn has not come is over, and not put off."""
        changed = copy(self)
        changed._releases = False
        return changed

    def put_off(self, interaction: Interaction, wait: float | None = None) -> None:
        """Release the job, unless it is to be over; that consumes no try.

        Args:
            interaction: The run.
            wait: Seconds, where nothing else was said; None for at once, and then ever later.
        """
        if not self._releases:
            return
        if self._wait is not None:
            wait = self._wait
        elif wait is None:
            tried = interaction.delivery.deferrals
            wait = _PAUSES_SECONDS[min(tried, len(_PAUSES_SECONDS) - 1)]
        interaction.release(wait)


def lifetime(explicit: float | None, interaction: Interaction) -> float:
    """Return how long what a run holds may be held: until it can not be running any more."""
    if explicit is not None:
        return explicit
    if not interaction.timeout:
        return LIFETIME_SECONDS_MAX
    return interaction.timeout + _GRACE_SECONDS


def report(error: BaseException, during: str) -> None:
    """Report an error that is to change nothing for the job."""
    container = current()
    if container.bound("errors"):  # by its name: it stands above the queue
        container.make("errors").report(error, during=during)
    elif container.bound(LogManager):
        container.make(LogManager).error("job raised an exception", exception=error, during=during)


def _proceed(job: Job, next_: Next) -> Steps[object]:
    async def anext_() -> object:
        answer = next_(job)
        # An inner middleware that skips answers at once, whatever the job's colour.
        return await cast("Awaitable[object]", answer) if inspect.isawaitable(answer) else answer

    return (yield from call(lambda: next_(job), anext_))


def _run(body: Steps[object]) -> object:
    """Perform *body* in the sync colour; go on in the other if what stands within is async."""
    try:
        effect = next(body)
        while True:
            sync, _, args, kwargs = effect
            assert sync is not None, "an async step in a sync run"  # noqa: S101  # a bug of ours
            try:
                result = sync(*args, **kwargs)
            except BaseException as error:  # the body decides what to do with it
                effect = body.throw(error)
                continue
            if inspect.isawaitable(result):
                return arun(_handed_over(body, result))
            effect = body.send(result)
    except StopIteration as stop:
        return cast(object, stop.value)


def _handed_over(body: Steps[object], answer: Awaitable[object]) -> Steps[object]:
    """Return the rest of *body*, which waits for *answer*."""
    effect: Any = (None, lambda: answer, (), {})
    try:
        while True:
            try:
                result = yield effect
            except BaseException as error:  # as above
                effect = body.throw(error)
            else:
                effect = body.send(result)
    except StopIteration as stop:
        return cast(object, stop.value)
