"""What a command is, and what it may be besides: a function, isolated, confirmed, typed."""

from __future__ import annotations

from securely.console.command.command import Command
from securely.console.command.confirming import ConfirmToProceed
from securely.console.command.function import CommandMaker, FunctionCommand
from securely.console.command.isolation import Isolatable
from securely.console.command.missing import PromptsForMissingInput

__all__ = [
    "Command",
    "CommandMaker",
    "ConfirmToProceed",
    "FunctionCommand",
    "Isolatable",
    "PromptsForMissingInput",
]
