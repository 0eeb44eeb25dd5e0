"""queue:outbox."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Command, InvalidInput
from securely.console.output.style import safe
from securely.queue.commands.base import plural
from securely.queue.manager import QueueManager
from securely.queue.upkeep.relay import FileRelay
from securely.support.durations import InvalidDuration, seconds
from securely.support.paths import Paths

__all__ = ["OutboxCommand"]


class OutboxCommand(Command):
    """Moves jobs out of an application's own database."""

    signature: ClassVar[str] = """queue:outbox
        {path : The SQLite file of the application}
        {--once : Move what waits, and stop}
        {--sleep=1 : How often to look, in seconds}"""
    description: ClassVar[str] = "Move the jobs of an outbox to their connections"

    def handle(self, queues: QueueManager, paths: Paths) -> int:
        """Move them until a signal says to stop, or once."""
        path = paths.resolve(self.string("path"))
        if not path.is_file():
            raise InvalidInput(f"There is no database {path}.")
        try:
            wait = seconds(self.string("sleep"))
        except InvalidDuration as error:
            raise InvalidInput(f"--sleep: {error}") from error
        relay = FileRelay(queues, path, self._warn)
        if self.boolean("once"):
            moved = relay.run()
        else:
            self.info(safe(f"Moving the jobs of {path} as they are committed."))
            self.output.flush()
            moved = relay.keep_on_until_told(wait)
        self.info(f"Moved {plural(moved, 'job')}.")
        return self.SUCCESS

    def _warn(self, text: str) -> None:
        self.warn(safe(text))
        self.output.flush()
