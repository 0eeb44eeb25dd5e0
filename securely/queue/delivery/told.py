"""tell, give_up: jobs that stand for something else, such as a mail."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, NoReturn, TypeAlias

from securely.container import Container
from securely.queue.delivery.blueprint import OPTIONS
from securely.queue.exceptions import Fail, NotQueueable
from securely.queue.job import Job
from securely.support.backoff import Backoff
from securely.support.durations import seconds_until

__all__ = ["Told", "give_up", "said", "tell"]

Told: TypeAlias = (
    int | float | str | datetime | timedelta | Backoff | list[int | float | str | timedelta]
)
"""What may be said of a job, in a form that a payload holds."""

# Where and when a job runs; what is said of them is no option of its run.
_PLACE: Final = ("queue", "connection", "after_commit", "priority")


def tell(job: Job, owner: object, *arguments: object) -> None:
    """Give *job* what *owner* says of it: by attributes, or by methods that take *arguments*.

    Args:
        job: Stands for *owner*: the job that sends a mailable.
        owner: Has `tries`, `backoff`, `queue`, `delay` … as a job has them.
        arguments: What methods of *owner* are given, as many as they take.

    Raises:
        NotQueueable: What it says of `delay` is no duration.
    """
    for name in (*OPTIONS, *_PLACE):
        value = said(owner, name, *arguments)
        if value is not None:
            object.__setattr__(job, name, value.value if isinstance(value, Enum) else value)
    delay: Any = said(owner, "delay", *arguments)
    if delay is not None:
        try:
            object.__setattr__(job, "delay", max(0.0, seconds_until(delay)))
        except (TypeError, ValueError) as error:
            raise NotQueueable(f"{job.display_name()}.delay", str(error)) from error


def said(owner: object, name: str, *arguments: object) -> object:
    """Return what *owner* says of *name*; None where it says nothing."""
    value: object = getattr(owner, name, None)
    if not callable(value) or isinstance(value, type):
        return value
    parameters = inspect.signature(value).parameters
    return value(*arguments[: len(parameters)])


async def give_up(job: Job, error: BaseException, container: Container) -> NoReturn:
    """Fail *job* with *error*, and report that as what it raises is reported.

    Raises:
        Fail: Always.
    """
    if container.bound("errors"):  # by its name: it stands above the queue
        errors: Any = await container.amake("errors")
        errors.report(error, job=job.display_name())
    raise Fail(error) from error
