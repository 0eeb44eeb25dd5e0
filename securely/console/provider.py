"""Binds what keeps isolated commands apart, and names the console's own commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.console.contracts import CommandMutex
from securely.container import Provider
from securely.support.paths import Paths

__all__ = ["ConsoleProvider"]


class ConsoleProvider(Provider):
    """Names the console's own commands; artisan itself is bound by the kernel that fills it."""

    provides: ClassVar[Mapping[str, type]] = {"console.mutex": CommandMutex}
    commands: ClassVar[Mapping[str, type | str]] = {
        "completion": "securely.console.commands.CompletionCommand",
        "help": "securely.console.commands.HelpCommand",
        "list": "securely.console.commands.ListCommand",
        "make:class": "securely.console.commands.MakeClassCommand",
        "make:command": "securely.console.commands.MakeCommandCommand",
        "make:enum": "securely.console.commands.MakeEnumCommand",
        "make:exception": "securely.console.commands.MakeExceptionCommand",
        "make:interface": "securely.console.commands.MakeInterfaceCommand",
        "make:test": "securely.console.commands.MakeTestCommand",
    }

    def register(self) -> None:
        """Bind the mutex of isolated commands; an application may bind another one."""
        self.app.singleton(CommandMutex, self.mutex)

    def mutex(self, paths: Paths) -> CommandMutex:
        """Return lock files in the storage of the application."""
        from securely.console.command.mutex import FileMutex  # few commands are isolated

        return FileMutex(paths.storage / "framework" / "commands")
