"""Commands: what they are, how they read their input and write their output, how they are run.

A command is a class with a signature such as ``mail:send {user} {--queue=}`` and a method
``handle``, sync or async, whose parameters are services. :class:`Artisan` finds it by name, gives
it input and output, and turns its result into an exit code. Nothing here knows which commands
exist, nor configuration, events or logs.

    artisan/       commands by name, one run of a command, and command lines
    command/       Command: signature, handle, info, warn, error, ask; functions, isolation, traps
    commands.py    list, help, completion; make:class, make:command, make:test and others
    contracts.py   what a command needs of its console, and the console of what stands above it
    exceptions.py  what can go wrong on the command line
    failure.py     how an uncaught error is shown
    generator.py   base of the make:… commands
    input.py       parsed arguments and options, typed access
    manifest/      names and descriptions of commands, read from their syntax trees
    output/        lines, tables, lists, progress; tags in texts -> colours
    prompts/       questions: text, confirm, select, search …
    provider.py    binds the mutex of isolated commands, and names the console's own commands
    signature.py   the signature mini-language
    tinker.py      a shell with the application in it
"""

from __future__ import annotations

from securely.console.artisan import Artisan
from securely.console.command import (
    Command,
    ConfirmToProceed,
    Isolatable,
    PromptsForMissingInput,
)
from securely.console.contracts import (
    CommandLock,
    CommandMutex,
    CommandQueue,
    QueuedCommand,
    Runner,
)
from securely.console.exceptions import (
    AmbiguousCommand,
    CommandFailed,
    CommandsClash,
    ConsoleError,
    FileExists,
    InvalidInput,
    InvalidResult,
    InvalidSignature,
    NotInteractive,
    UnknownCommand,
)
from securely.console.generator import Generator
from securely.console.input import Input
from securely.console.output import BufferedOutput, Output, Verbosity
from securely.console.prompts import Prompts
from securely.console.signature import Signature
from securely.support.listing import Argument, Entry, Option

__all__ = [
    "AmbiguousCommand",
    "Argument",
    "Artisan",
    "BufferedOutput",
    "Command",
    "CommandFailed",
    "CommandLock",
    "CommandMutex",
    "CommandQueue",
    "CommandsClash",
    "ConfirmToProceed",
    "ConsoleError",
    "Entry",
    "FileExists",
    "Generator",
    "Input",
    "InvalidInput",
    "InvalidResult",
    "InvalidSignature",
    "Isolatable",
    "NotInteractive",
    "Option",
    "Output",
    "Prompts",
    "PromptsForMissingInput",
    "QueuedCommand",
    "Runner",
    "Signature",
    "UnknownCommand",
    "Verbosity",
]
