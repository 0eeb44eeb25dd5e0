"""OfConnection: what the queue's commands share: which connection, how it is read and printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import ClassVar, NoReturn, cast

from securely.console import Command, InvalidInput, Isolatable
from securely.console.output.style import clean, safe
from securely.events import Dispatcher
from securely.queue.contracts import FailedJobs, Workable
from securely.queue.exceptions import ConnectionUndefined
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.queue import Queue
from securely.queue.upkeep.controls import workable
from securely.queue.upkeep.failures import Failures
from securely.queue.upkeep.monitor import Monitor, Place
from securely.support.durations import InvalidDuration, seconds

__all__ = ["OfConnection", "OneAtATime", "plural", "shown", "shown_at"]


class OfConnection(Command):
    """A command on one connection, which an argument or option of that name says."""

    def chosen(self, queues: QueueManager) -> Queue:
        """Return the connection that the command line names, or the default one.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            InvalidInput: Nor has it one of a similar name, and it may be the name of a queue.
        """
        name = self.connection_name(queues)
        try:
            return queues.connection(name)
        except ConnectionUndefined as error:
            if error.hint is not None or not self.has_option("queue"):
                raise
            raise InvalidInput(f"{error} A queue is named with --queue={name}.") from error

    def connection_name(self, queues: QueueManager) -> str:
        """Return its name."""
        takes = self.argument if self.has_argument("connection") else self.option
        return self.string("connection") if takes("connection") else queues.default

    def store(self, queues: QueueManager) -> Workable:
        """Return what keeps its jobs.

        Raises:
            QueueUnavailable: It keeps none.
        """
        return workable(self.chosen(queues).driver)

    def failures(self, queues: QueueManager, codec: Codec, events: Dispatcher) -> Failures:
        """Return its failed jobs."""
        return Failures(self.kept_failures(queues), codec, events)

    def kept_failures(self, queues: QueueManager) -> FailedJobs:
        """Return where it keeps failed jobs.

        Raises:
            QueueUnavailable: Nowhere.
        """
        driver = self.chosen(queues).driver
        kept: FailedJobs | None = getattr(driver, "failed", None)
        return workable(driver).failed if kept is None else kept

    def fail(self, reason: str | Exception = "The command failed.") -> NoReturn:
        """End the command; names of queues and jobs in *reason* move no cursor."""
        super().fail(clean(reason) if isinstance(reason, str) else reason)

    def warn_of_slip(self, monitor: Monitor, place: Place) -> None:
        """Say what may have been meant by a queue that holds nothing, where that is known."""
        if (near := monitor.nearest(place)) is not None:
            self.warn(safe(f'No job waits in queue "{place.queue}". Did you mean "{near}"?'))

    def text(self, option: str) -> str | None:
        """Return an option's text, or None where it was left out."""
        return self.string(option) if self.option(option) else None

    def duration(self, option: str) -> float | None:
        """Return an option in seconds, or None where it was left out.

        Raises:
            InvalidInput: It is no duration, or a negative one.
        """
        if self.option(option) is None:
            return None
        return self.read_duration(self.string(option), option)

    def read_duration(self, text: str, option: str) -> float:
        """Return *text*, a part of *option*, in seconds.

        Raises:
            InvalidInput: It is no duration, or a negative one.
        """
        try:
            found = seconds(text.strip())
        except InvalidDuration as error:
            raise InvalidInput(f"--{option}: {error}") from error
        if found < 0:
            raise InvalidInput(f"--{option}: {text} is negative.")
        return found

    def columns(self) -> int | None:
        """Return how wide a line may be; None where it is no terminal that would break it."""
        return self.output.width if self.output.stream.isatty() else None

    def print_json(self, value: object, *, is_line: bool = False) -> None:
        """Print *value* for programs; as a line, where more of them follow."""
        indent = None if is_line else 2
        self.output.write(json.dumps(value, indent=indent, ensure_ascii=False) + "\n", raw=True)


class OneAtATime(Isolatable):
    """A command of which a second run at the same time does nothing.

    Its signature names ``--isolated`` itself, so that `list` knows all of it without an import.
    """

    isolated: ClassVar[bool] = True


def plural(count: int, one: str, several: str = "") -> str:
    """Return *count* with its noun.

    Example:
        >>> plural(1, "job"), plural(0, "job"), plural(2, "batch", "batches")
        ('1 job', '0 jobs', '2 batches')
    """
    return f"1 {one}" if count == 1 else f"{count} {several or one + 's'}"


def shown(value: object) -> str:
    """Return *value* for people: "" for None, the items of a list with commas between them.

    Example:
        >>> shown(["red", "blue"]), shown(0), shown(None)
        ('red, blue', '0', '')
    """
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return "" if value is None else str(value)


def shown_at(moment: float) -> str:
    """Return a wall time for programs.

    Example:
        >>> shown_at(0.0)
        '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
