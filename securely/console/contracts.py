"""What commands need of the console, and the console of what stands above it. No code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from securely.console.output import Output

__all__ = ["CommandLock", "CommandMutex", "CommandQueue", "QueuedCommand", "Runner"]


class Runner(Protocol):
    """Runs commands by name or class, for other commands."""

    @property
    def is_production(self) -> bool:
        """Whether what is done here is done to real users."""
        ...

    @property
    def mask(self) -> Callable[[str], str]:
        """What hides secrets in text that others have written, such as the message of an error."""
        ...

    def call(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None = None,
        output: Output | None = None,
        *,
        interactive: bool = False,
    ) -> int:
        """Run *command* and return its exit code.

        Raises:
            UnknownCommand: No command has that name.
            InvalidInput: The parameters do not fit it.
        """
        ...

    async def acall(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None = None,
        output: Output | None = None,
        *,
        interactive: bool = False,
    ) -> int:
        """Async twin of :meth:`call`."""
        ...


class CommandLock(Protocol):
    """What an isolated run holds while it lasts.

    Attributes:
        expires: Whether it ends by time, and so must be renewed while the command runs.
    """

    expires: bool

    def renew(self, seconds: float) -> None:
        """Hold it for *seconds* from now on."""
        ...

    def release(self) -> None:
        """Let the next run have it."""
        ...


@runtime_checkable
class CommandMutex(Protocol):
    """Keeps two runs of an isolated command apart; bind another one for several machines."""

    def acquire(self, name: str, seconds: float) -> CommandLock | None:
        """Return a lock of *name* that is held, or None where another run holds it.

        Args:
            name: The command's name, and its isolatable id behind a dash.
            seconds: How long it is held without being renewed, where it ends by time.
        """
        ...


class QueuedCommand(Protocol):
    """A command line that is about to be queued; nothing is sent until :meth:`dispatch`."""

    def on_queue(self, queue: str) -> QueuedCommand:
        """Send it to *queue*."""
        ...

    def on_connection(self, connection: str) -> QueuedCommand:
        """Send it through *connection*."""
        ...

    def delay(self, delay: float | str | timedelta | datetime) -> QueuedCommand:
        """Let it wait for *delay* ("10m", seconds, timedelta), or until an aware datetime."""
        ...

    def dispatch(self) -> object:
        """Send it now."""
        ...

    async def adispatch(self) -> object:
        """Async twin of :meth:`dispatch`."""
        ...


@runtime_checkable
class CommandQueue(Protocol):
    """What queues command lines. The queue implements and binds it."""

    def pending(self, command: str, parameters: Mapping[str, object] | None) -> QueuedCommand:
        """Return the run of *command* as something that can be sent.

        Args:
            command: Its name; without *parameters*, its whole command line.
            parameters: Plain data.
        """
        ...
