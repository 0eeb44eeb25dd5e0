"""What is told of scheduled tasks."""

from __future__ import annotations

from dataclasses import dataclass

from securely.schedule.task import Task

__all__ = [
    "SchedulePaused",
    "ScheduleResumed",
    "ScheduledBackgroundTaskFinished",
    "ScheduledTaskFailed",
    "ScheduledTaskFinished",
    "ScheduledTaskSkipped",
    "ScheduledTaskStarting",
]


@dataclass(frozen=True, slots=True)
class ScheduledTaskStarting:
    """A task is about to run."""

    task: Task


@dataclass(frozen=True, slots=True)
class ScheduledTaskFinished:
    """A task has run, well or not; one in the background was started.

    Attributes:
        runtime: How long it took, in seconds.
    """

    task: Task
    runtime: float


@dataclass(frozen=True, slots=True)
class ScheduledTaskFailed:
    """A task has raised, ended with another exit code than 0, or was lost.

    Attributes:
        exception: What it raised; TaskFailed for an exit code, TaskLost for one that was lost.
    """

    task: Task
    exception: BaseException


@dataclass(frozen=True, slots=True)
class ScheduledTaskSkipped:
    """A task was due, and does not run.

    Attributes:
        reason: Why, for people: "the schedule is paused", "a condition is not met" …
    """

    task: Task
    reason: str


@dataclass(frozen=True, slots=True)
class ScheduledBackgroundTaskFinished:
    """A task that ran in the background has ended; told in the process that watched it."""

    task: Task
    exit_code: int


@dataclass(frozen=True, slots=True)
class SchedulePaused:
    """Nothing is run any more."""


@dataclass(frozen=True, slots=True)
class ScheduleResumed:
    """Tasks are run again."""
