"""Console commands that run on the queue: the job that runs one, and what the console plugs in."""

from __future__ import annotations

from collections.abc import Mapping

from securely.console import Artisan, CommandFailed
from securely.queue.job import Job, PendingDispatch

__all__ = ["CallCommand", "QueuedCommands"]


class CallCommand(Job):
    """Runs a console command; a run that exits with another code than 0 is a failure of the job.

    Args:
        command: Its name, or its whole command line where there are no parameters.
        parameters: As of `Artisan.call`.
    """

    def __init__(self, command: str, parameters: dict[str, object] | None) -> None:
        self.command = command
        self.parameters = parameters

    def handle(self, artisan: Artisan) -> None:
        """Run it.

        Raises:
            CommandFailed: It exited with another code than 0; with what it wrote.
        """
        code = artisan.call(self.command, self.parameters)
        if code:
            said = artisan.output().strip()
            raise CommandFailed(f"`{self.command}` exited {code}." + (f"\n{said}" if said else ""))

    def display_name(self) -> str:
        """Return the command's name: that is what people look for."""
        return self.command.split(" ", 1)[0]


class QueuedCommands:
    """Queues console commands; what `Artisan.queue` asks for.

    Source: Laravel 13, Illuminate\\Foundation\\Console\\QueuedCommand.
    """

    def pending(
        self, command: str, parameters: Mapping[str, object] | None
    ) -> PendingDispatch[CallCommand]:
        """Return the job as something that can be sent, once options were said."""
        kept = None if parameters is None else dict(parameters)
        return PendingDispatch(CallCommand(command, kept))
