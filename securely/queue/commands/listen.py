"""queue:listen."""

from __future__ import annotations

from typing import ClassVar

from securely.queue.commands.workers import OfWorkers
from securely.queue.manager import QueueManager
from securely.support.paths import Paths

__all__ = ["ListenCommand"]


class ListenCommand(OfWorkers):
    """Runs jobs with the code as it is now."""

    signature: ClassVar[str] = """queue:listen
        {connection? : The connection to work; the default one if left out}
        {--queue= : The queues to work, the most urgent first, as in "high,default"}
        {--name= : What the worker calls itself}
        {--sleep=1 : How often to look for jobs when nobody rings, in seconds}
        {--rest=0 : How long to rest after each job, in seconds}
        {--memory=128 : Begin anew when a process has grown over this many MiB; 0 for no limit}
        {--timeout=60 : How long a job may run that names no timeout; 0 for no limit}
        {--tries=1 : How often a job may fail that names no number; 0 for no limit}
        {--backoff=0 : How long a failed job waits; "1,5,10" for the first, second, third time}
        {--grace= : How long running jobs may go on after a signal or a change}
        {--processes=1 : How many jobs run at once, each in a process of its own}
        {--concurrency=1 : How many async jobs run at once in each process}
        {--force : Work even in maintenance mode}
        {--json : Print one JSON object per line}"""
    description: ClassVar[str] = (
        "Run the jobs of a queue, with code that is read anew when it changes"
    )
    help: ClassVar[str] = (
        "For development: a worker runs as a process of its own, and is started anew after its\n"
        "current jobs when a file of the application, its configuration or .env has changed."
    )

    def handle(self, queues: QueueManager, paths: Paths) -> int:
        """Listen until a signal says to stop; the exit code is that of the last worker."""
        return self.listen(queues, paths)
