"""Hooks: Queue.before, after, looping …: listeners to the queue's events, by Laravel's names."""

from __future__ import annotations

from collections.abc import Callable

from securely.events import Dispatcher
from securely.queue.events import (
    JobExceptionOccurred,
    JobFailed,
    JobProcessed,
    JobProcessing,
    Looping,
    WorkerStarting,
    WorkerStopping,
)

__all__ = ["Hooks"]


class Hooks:
    """Functions that are called when something happens to jobs and workers.

    Say them in a provider: a worker's processes load the application, and call them there.

    Source: Laravel 13, Illuminate\\Queue\\QueueManager.
    """

    _events: Dispatcher

    def before(self, callback: Callable[[JobProcessing], object]) -> None:
        """Call *callback* before each run of a job."""
        self._events.listen(JobProcessing, callback)

    def after(self, callback: Callable[[JobProcessed], object]) -> None:
        """Call *callback* after each run whose `handle` has returned."""
        self._events.listen(JobProcessed, callback)

    def exception_occurred(self, callback: Callable[[JobExceptionOccurred], object]) -> None:
        """Call *callback* after each run that ended in an exception, or took too long."""
        self._events.listen(JobExceptionOccurred, callback)

    def failing(self, callback: Callable[[JobFailed], object]) -> None:
        """Call *callback* when a job is over without success."""
        self._events.listen(JobFailed, callback)

    def looping(self, callback: Callable[[Looping], object]) -> None:
        """Call *callback* before a worker begins a job; one that returns False puts it back."""
        self._events.listen(Looping, callback)

    def starting(self, callback: Callable[[WorkerStarting], object]) -> None:
        """Call *callback* in each process of a worker, before its first job."""
        self._events.listen(WorkerStarting, callback)

    def stopping(self, callback: Callable[[WorkerStopping], object]) -> None:
        """Call *callback* in each process of a worker, after its last job."""
        self._events.listen(WorkerStopping, callback)
