"""queue:cancel, queue:clear, queue:pause, queue:restart, queue:resume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from securely.config import Config
from securely.console import InvalidInput
from securely.console.output.style import safe
from securely.events import Dispatcher
from securely.queue.commands.base import OfConnection, plural
from securely.queue.contracts import Cancellation
from securely.queue.crew.report import duration
from securely.queue.manager import QueueManager
from securely.queue.upkeep.monitor import Monitor, Place, read_places
from securely.support.suggest import did_you_mean

__all__ = ["CancelCommand", "ClearCommand", "PauseCommand", "RestartCommand", "ResumeCommand"]


class CancelCommand(OfConnection):
    """Takes a job out of its queue, or has its worker stop it."""

    signature: ClassVar[str] = """queue:cancel
        {id : The id of the job}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Take a job out of its queue, or stop it where it runs"

    def handle(self, queues: QueueManager) -> int:
        """Take it out, or have it stopped; 1 where it is over, or unknown."""
        id_ = self.string("id")
        came_to = self.chosen(queues).cancel(id_)
        if came_to is Cancellation.REMOVED:
            self.info(safe(f'The job "{id_}" is cancelled: it is out of its queue.'))
        elif came_to is Cancellation.STOPPING:
            self.info(safe(f'The job "{id_}" runs: its worker is told to stop it.'))
        elif came_to is Cancellation.OVER:
            self.fail(f'The job "{id_}" is over already: there is nothing to cancel.')
        else:
            name = self.connection_name(queues)
            self.fail(f'No job "{id_}" is on "{name}": it ended long ago, or never was.')
        return self.SUCCESS


class ClearCommand(OfConnection):
    """Deletes the jobs of a queue."""

    signature: ClassVar[str] = """queue:clear
        {connection? : The connection; the default one if left out}
        {--queue= : The queue; the connection's default one if left out}
        {--force : Do not ask in production}"""
    description: ClassVar[str] = "Delete all jobs of a queue: waiting, delayed and running"

    def handle(self, queues: QueueManager, config: Config, events: Dispatcher) -> int:
        """Delete them, and say how many there were."""
        name = self.connection_name(queues)
        queue = self.chosen(queues)
        where = self.text("queue") or queue.default_queue
        self.warn_of_slip(Monitor(queues, events), Place(name, where))
        running = queue.reserved_size(where)
        if config.get("app.env") == "production" and not self.boolean("force"):
            question = f'Delete all jobs of queue "{where}" of "{name}" in production?'
            if not self.confirm(question):
                self.fail("Nothing was deleted. Use --force where nobody can be asked.")
        count = queue.clear(where)
        self.info(safe(f'Deleted {plural(count, "job")} of queue "{where}" of "{name}".'))
        if running:
            held = "1 of them runs" if running == 1 else f"{running} of them run"
            self.info(f"{held}: what has begun goes on to its end, and nothing is recorded of it.")
        return self.SUCCESS


class _OfPauses(OfConnection):
    """What pausing and resuming share: which queues are meant."""

    def place(self, queues: QueueManager) -> Place:
        """Return the queue that the command line names.

        Raises:
            InvalidInput: It names none, or several.
        """
        if not self.argument("queue"):
            raise InvalidInput('Name a queue, as in "mail" or "arq:mail", or say --all.')
        places = read_places(self.string("queue"), self.connection_name(queues))
        if len(places) != 1:
            raise InvalidInput(f'"{self.string("queue")}" is not one queue.')
        return places[0]


class PauseCommand(_OfPauses):
    """Lets workers take no more jobs of a queue."""

    signature: ClassVar[str] = """queue:pause
        {queue? : The queue, as in "mail", or with its connection, as in "arq:mail"}
        {--for= : For how long, as in 10m; until queue:resume if left out}
        {--all : All queues of the connection}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Let workers take no more jobs of a queue"

    def handle(self, queues: QueueManager, events: Dispatcher) -> int:
        """Pause it; what runs goes on to its end."""
        length = self.duration("for")
        is_all = self.boolean("all")
        end = "until queue:resume --all" if is_all else "until queue:resume"
        until = end if length is None else f"for {duration(length)}"
        if is_all:
            self.chosen(queues).pause_all(length)
            name = self.connection_name(queues)
            self.info(safe(f'All queues of "{name}" are paused {until}; what runs goes on.'))
            return self.SUCCESS
        connection, queue = place = self.place(queues)
        target = queues.connection(connection)
        # No more than a word: it may be that its first job is yet to come.
        self.warn_of_slip(Monitor(queues, events), place)
        if length is None:
            target.pause(queue)
        else:
            target.pause_for(length, queue)
        self.info(safe(f'Queue "{queue}" of "{connection}" is paused {until}; what runs goes on.'))
        return self.SUCCESS


class ResumeCommand(_OfPauses):
    """Lets workers take jobs of a queue again."""

    signature: ClassVar[str] = """queue:resume
        {queue? : The queue, as in "mail", or with its connection, as in "arq:mail"}
        {--all : All queues of the connection; those that were paused one by one stay so}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Let workers take jobs of a paused queue again"
    aliases: ClassVar[Sequence[str]] = ("queue:continue",)

    def handle(self, queues: QueueManager, events: Dispatcher) -> int:
        """End its pause."""
        if self.boolean("all"):
            self.chosen(queues).resume_all()
            self.info(safe(f'Queues of "{self.connection_name(queues)}" go on.'))
            return self.SUCCESS
        connection, queue = place = self.place(queues)
        target = queues.connection(connection)
        paused = target.paused()
        if queue not in paused and (near := did_you_mean(queue, paused)) is not None:
            self.fail(f'Queue "{queue}" of "{connection}" is not paused. Did you mean "{near}"?')
        self.warn_of_slip(Monitor(queues, events), place)
        target.resume(queue)
        if target.is_paused(queue):
            self.warn(
                safe(f'All queues of "{connection}" are paused; `queue:resume --all` ends that.')
            )
        self.info(safe(f'Queue "{queue}" of "{connection}" goes on.'))
        return self.SUCCESS


class RestartCommand(OfConnection):
    """Asks workers to end after their current job."""

    signature: ClassVar[str] = (
        "queue:restart {connection? : The connection; the default one if left out}"
    )
    description: ClassVar[str] = "Ask all workers to stop after their current job"

    def handle(self, queues: QueueManager) -> int:
        """Leave the request in the store, where workers find it with their next claim."""
        self.chosen(queues).restart()
        name = self.connection_name(queues)
        self.info(
            safe(f'Workers of "{name}" stop after their current job; new ones are not concerned.')
        )
        return self.SUCCESS
