"""What can go wrong with scheduled tasks.

ScheduleError
├── InvalidTask              it is defined wrongly (also a ValueError)
│   └── InvalidExpression    its cron expression, or its time zone, is wrong
├── LedgerUnavailable        what keeps the runs cannot be used (also an OSError)
├── PingFailed               a URL that was to be told did not answer
├── TaskFailed               a command ended with another exit code than 0
├── TaskLost                 the process that ran it has died
└── UnknownTask              there is none of that name (also a LookupError)
"""

from __future__ import annotations

from securely.exceptions import SecurelyError

__all__ = [
    "InvalidExpression",
    "InvalidTask",
    "LedgerUnavailable",
    "PingFailed",
    "ScheduleError",
    "TaskFailed",
    "TaskLost",
    "UnknownTask",
]


class ScheduleError(SecurelyError):
    """Something is wrong with a scheduled task."""


class InvalidTask(ScheduleError, ValueError):
    """A task is defined wrongly.

    Args:
        reason: What is wrong, and what to do about it.
        task: What people call the task; empty where it has no name yet.
        place: The file and line of its definition, as "routes/console.py:12"; empty if unknown.
    """

    def __init__(self, reason: str, task: str = "", place: str = "") -> None:
        self.reason = reason
        self.task = task
        self.place = place
        super().__init__(self._message())

    def _message(self) -> str:
        told = [part for part in (self.place, self.task and f'task "{self.task}"') if part]
        return f"{', '.join(told)}: {self.reason}" if told else self.reason

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[type[InvalidTask], tuple[str, str, str]]:
        return type(self), (self.reason, self.task, self.place)


class InvalidExpression(InvalidTask):
    """A cron expression, an interval or a time zone is wrong, or never comes true."""


class LedgerUnavailable(ScheduleError, OSError):
    """What keeps the runs of tasks cannot be used; nothing was started."""

    def __init__(self, connection: str, reason: str) -> None:
        self.connection = connection
        self.reason = reason
        super().__init__(self._message())

    def _message(self) -> str:
        return f'The runs of scheduled tasks are kept by "{self.connection}": {self.reason}'

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[type[LedgerUnavailable], tuple[str, str]]:
        return type(self), (self.connection, self.reason)


class PingFailed(ScheduleError):
    """A URL that was to be told of a task did not answer well."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"The ping of {url} failed: {reason}")

    def __reduce__(self) -> tuple[type[PingFailed], tuple[str, str]]:
        return type(self), (self.url, self.reason)


class TaskFailed(ScheduleError):
    """A command ended with another exit code than 0."""

    def __init__(self, task: str, exit_code: int) -> None:
        self.task = task
        self.exit_code = exit_code
        super().__init__(f'The scheduled task "{task}" ended with exit code {exit_code}.')

    def __reduce__(self) -> tuple[type[TaskFailed], tuple[str, int]]:
        return type(self), (self.task, self.exit_code)


class TaskLost(ScheduleError):
    """The process that ran a task has died."""

    def __init__(self, task: str, host: str, pid: int) -> None:
        self.task = task
        self.host = host
        self.pid = pid
        super().__init__(f'Process {pid} on {host} died while it ran the scheduled task "{task}".')

    def __reduce__(self) -> tuple[type[TaskLost], tuple[str, str, int]]:
        return type(self), (self.task, self.host, self.pid)


class UnknownTask(ScheduleError, LookupError):
    """No task has this name, or several do.

    Args:
        name: What was asked for.
        near: The name of a task that was perhaps meant.
        several: The ids of the tasks that do what *name* says, where there are several.
    """

    def __init__(self, name: str, near: str | None = None, several: tuple[str, ...] = ()) -> None:
        self.name = name
        self.near = near
        self.several = several
        super().__init__(self._message())

    def _message(self) -> str:
        if self.several:
            ids = ", ".join(self.several)
            return (
                f'{len(self.several)} scheduled tasks do "{self.name}". Name one by its id: {ids}.'
            )
        hint = f' Did you mean "{self.near}"?' if self.near else " `schedule:list` shows them all."
        return f'No scheduled task is called "{self.name}".{hint}'

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[type[UnknownTask], tuple[str, str | None, tuple[str, ...]]]:
        return type(self), (self.name, self.near, self.several)
