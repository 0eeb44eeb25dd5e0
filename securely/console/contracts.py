"""What a command needs of the console that runs it. No code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from securely.console.output import Output

__all__ = ["Runner"]


class Runner(Protocol):
    """Runs commands by name or class, for other commands."""

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
