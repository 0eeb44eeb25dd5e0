"""What both checkers must say of commands: decorators keep functions, calls give exit codes."""

from __future__ import annotations

from enum import Enum
from typing import assert_type

from securely.console import Command, ConfirmToProceed, Isolatable, QueuedCommand
from securely.facades import Artisan
from securely.testing import Artisan as TestConsole
from securely.testing import PendingCommand

__all__: list[str] = []


class Mode(Enum):
    """Some choices."""

    FAST = "fast"


class Run(Command, Isolatable, ConfirmToProceed):
    """A command with mixins."""

    signature = "run {mode} {--count=1}"

    def handle(self) -> int:
        """Read what was given."""
        assert_type(self.enum("mode", Mode), Mode)
        assert_type(self.integer("count"), int)
        assert_type(self.confirm_to_proceed(), bool)
        return self.SUCCESS


@Artisan.command("greet {name}").purpose("Greet")
def greet(name: str) -> None:
    """Stay what it is."""


def check(console: TestConsole) -> None:
    """Check what calls give."""
    greet("ada")
    greet(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it stays typed
    assert_type(Artisan.call("greet ada"), int)
    assert_type(Artisan.queue("greet", {"name": "ada"}).on_queue("low"), QueuedCommand)
    assert_type(console("greet ada").expects_output("x"), PendingCommand)
