"""Names the console's own commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.container import Provider

__all__ = ["ConsoleProvider"]


class ConsoleProvider(Provider):
    """Names the console's own commands; artisan itself is bound by the kernel that fills it."""

    commands: ClassVar[Mapping[str, type | str]] = {
        "completion": "securely.console.commands.CompletionCommand",
        "help": "securely.console.commands.HelpCommand",
        "list": "securely.console.commands.ListCommand",
        "make:command": "securely.console.commands.MakeCommandCommand",
    }
