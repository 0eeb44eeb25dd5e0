"""queue:clear, queue:restart."""

from __future__ import annotations

from typing import ClassVar, cast

from securely.config import Config
from securely.console import Command, CommandFailed
from securely.queue.contracts import Connection, Workable
from securely.queue.manager import QueueManager

__all__ = ["ClearCommand", "RestartCommand", "workable"]


def workable(connection: Connection, name: str) -> Workable:
    """Return *connection* as one that workers can take jobs from.

    Raises:
        CommandFailed: Its jobs wait nowhere.
    """
    if not hasattr(connection, "join"):
        raise CommandFailed(
            f'The queue connection "{name}" keeps no jobs that a worker could take: they run, or '
            "are dropped, when they are dispatched. Name another connection, such as sqlite."
        )
    return cast(Workable, connection)


class ClearCommand(Command):
    """Deletes the jobs of a queue."""

    signature: ClassVar[str] = """queue:clear
        {connection? : The connection; the default one if left out}
        {--queue= : The queue; the connection's default one if left out}
        {--force : Do not ask in production}"""
    description: ClassVar[str] = "Delete all jobs of a queue: waiting, delayed and running"

    def handle(self, queues: QueueManager, config: Config) -> int:
        """Delete them, and say how many there were."""
        name = self.string("connection") if self.argument("connection") else queues.default
        queue = queues.connection(name)
        where = self.string("queue") if self.option("queue") else queue.default_queue
        if config.get("app.env") == "production" and not self.boolean("force"):
            question = f'Delete all jobs of queue "{where}" of "{name}" in production?'
            if not self.confirm(question):
                self.fail("Nothing was deleted. Use --force where nobody can be asked.")
        count = queue.driver.clear(where)
        jobs = "1 job" if count == 1 else f"{count} jobs"
        self.info(f'Deleted {jobs} of queue "{where}" of "{name}".')
        return self.SUCCESS


class RestartCommand(Command):
    """Asks workers to end after their current job."""

    signature: ClassVar[str] = (
        "queue:restart {connection? : The connection; the default one if left out}"
    )
    description: ClassVar[str] = "Ask all workers to stop after their current job"

    def handle(self, queues: QueueManager) -> int:
        """Leave the request in the store, where workers find it with their next claim."""
        name = self.string("connection") if self.argument("connection") else queues.default
        workable(queues.connection(name).driver, name).restart()
        self.info(f'Workers of "{name}" stop after their current job; new ones are not concerned.')
        return self.SUCCESS
