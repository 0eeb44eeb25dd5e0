"""OfWorkers: what queue:work and queue:listen are told alike, and the worker behind a watch."""

from __future__ import annotations

import sys
from collections.abc import Collection

from securely.console import InvalidInput
from securely.queue.commands.base import OfConnection
from securely.queue.contracts import Defaults
from securely.queue.crew.crew import Size
from securely.queue.crew.orders import Orders
from securely.queue.exceptions import QueueUnavailable
from securely.queue.manager import QueueManager
from securely.queue.upkeep.controls import EVERY
from securely.queue.upkeep.listener import Listener
from securely.support.paths import Paths

__all__ = ["OfWorkers"]


class OfWorkers(OfConnection):
    """A command that lets a worker work."""

    def orders(self, connection: str, default_queue: str) -> Orders:
        """Return what the worker is asked to do.

        Raises:
            InvalidInput: An option has a value that it can not have.
        """
        named = (self.text("queue") or default_queue).split(",")
        served = dict.fromkeys(part.strip() for part in named if part.strip())
        if EVERY in served:
            raise InvalidInput(
                "--queue: a worker serves the queues that it is told, in their order; there is no "
                '"*". Name each, the most urgent first, as in "high,default".'
            )
        backoff = self.string("backoff").split(",")
        return Orders(
            queues=tuple(served) or (default_queue,),
            name=self.text("name") or "",
            size=Size(self.integer("processes", 1), self.integer("concurrency", 1)),
            defaults=Defaults(
                connection,
                tries=self.integer("tries", 0),
                backoff=tuple(self.read_duration(part, "backoff") for part in backoff),
                timeout=self.duration("timeout") or None,
            ),
            memory_bytes=self.integer("memory", 0) << 20 or None,
            sleep=self.duration("sleep") or 0.0,
            rest=self.duration("rest") or 0.0,
            grace=self.duration("grace"),
            is_forced=self.boolean("force"),
        )

    def listen(self, queues: QueueManager, paths: Paths, but: Collection[str] = ()) -> int:
        """Let a worker work as a process that is started anew when a file has changed.

        Args:
            queues: The connections.
            paths: The application's folders.
            but: Options that are not for the worker.

        Returns:
            The exit code of the last worker.

        Raises:
            InvalidInput: An option has a value that it can not have.
            QueueUnavailable: There is nothing to work, or this system has no such processes.
        """
        name = self.connection_name(queues)
        if sys.platform == "win32":
            reason = "its workers need Unix processes and signals; use the sync connection."
            raise QueueUnavailable(name, reason)
        # What is wrong with the words on the command line no change of a file would mend.
        self.orders(name, self.chosen(queues).default_queue)
        self.store(queues)  # where there is nothing to work, that is said at once
        self.output.flush()
        return Listener(paths.base, self._worker_line(name, but), self._say).run()

    def _worker_line(self, connection: str, but: Collection[str]) -> list[str]:
        """Return the command line of the worker: what this one was told."""
        line = ["queue:work", connection]
        for option, value in self.options().items():
            if option in but or not self.input.was_given(option):
                continue
            if value is True:
                line.append(f"--{option}")
            elif isinstance(value, str):
                line.append(f"--{option}={value}")
        return line

    def _say(self, text: str) -> None:
        if not self.boolean("json"):
            self.comment(text)
            self.output.flush()
