"""Registry: commands by name, alias and abbreviation; imported when they are wanted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from securely.console.command import Command, CommandMaker
from securely.console.command.function import Scheduler
from securely.console.exceptions import (
    AmbiguousCommand,
    CommandsClash,
    ConsoleError,
    UnknownCommand,
)
from securely.container import Container
from securely.support.importing import import_object
from securely.support.listing import Entry

__all__ = ["Registry"]


class Registry:
    """The commands that a console knows.

    Attributes:
        warnings: What went wrong while commands were looked for; `list` shows it.
        sources: Called, once each, before a name is given up and before all commands are listed;
            they register commands that are dear to find.
        unread: Called where no command has a name; gives a line for each file that could not be
            read, in which it may stand.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self.warnings: list[str] = []
        self.sources: list[Callable[[], object]] = []
        self.unread: Callable[[], Iterable[str]] = tuple
        self._commands: dict[str, str | type[Command]] = {}
        self._aliases: dict[str, str] | None = None

    # -- registration

    def register(self, name: str, command: str | type[Command]) -> None:
        """Add a command, as a class or as the dotted path of one, which is imported when needed.

        Raises:
            CommandsClash: Another command has the name.
        """
        known = self._commands.get(name)
        if known is not None and _path(known) != _path(command):
            raise CommandsClash(name, _path(known), _path(command))
        self._commands[name] = command
        self._aliases = None

    def add(self, command: type[Command]) -> None:
        """Add a command by the name in its signature.

        Raises:
            CommandsClash: Another command has the name.
            InvalidSignature: The signature cannot be read.
        """
        self.register(command.definition().name, command)

    def command(self, signature: str, description: str = "") -> CommandMaker:
        """Make a command of the function below.

        Args:
            signature: Name, arguments and options; or a name, where the function's parameters are
                the arguments and options.
            description: One line for `list`; the first line of the docstring unless given.

        Raises:
            CommandsClash: Another command has the name.
            InvalidSignature: The signature cannot be read.

        Example:
            >>> from securely.container import Container
            >>> artisan = Registry(Container())
            >>> @artisan.command("greet").purpose("Greet somebody")
            ... def greet(name: str, times: int = 1) -> None: ...
            >>> artisan.names()
            ['greet']
        """
        scheduler: Callable[[], Scheduler] = partial(self._container.make, "schedule")
        return CommandMaker(signature, description, self.add, scheduler)

    # -- looking up

    def names(self) -> list[str]:
        """Return the names of all commands, sorted."""
        self._ask_sources()
        return sorted(self._commands)

    def has(self, name: str) -> bool:
        """Return whether a command has exactly that name."""
        if name not in self._commands:
            self._ask_sources()
        return name in self._commands

    def find(self, name: str) -> type[Command]:
        """Return the command of that name, alias or unambiguous abbreviation (`ca:cl`).

        Raises:
            UnknownCommand: None has; near misses are in the message.
            AmbiguousCommand: The abbreviation fits several.
        """
        if self.has(name):
            return self._load(name)
        aliases = self._known_aliases()
        if name in aliases:
            return self._load(aliases[name])
        fitting = {aliases.get(known, known) for known in self._fitting(name, aliases)}
        if len(fitting) == 1:
            return self._load(fitting.pop())
        visible = tuple(entry.name for entry in self.entries() if not entry.hidden)
        if fitting:
            raise AmbiguousCommand(name, tuple(sorted(fitting)))
        error = UnknownCommand(name, visible)
        for line in self.unread():
            error.add_note(line)
        raise error

    def entries(self) -> list[Entry]:
        """Return what `list` shows of all commands; one that cannot be loaded is a warning."""
        try:
            self._ask_sources()
        except Exception as error:  # one broken file must not hide the others
            self.warnings.append(f"Not all commands are known: {type(error).__name__}: {error}")
        return [command.entry() for command in self._loadable()]

    def _ask_sources(self) -> None:
        while self.sources:
            # Taken out first: a source that runs commands, or fails, is not asked again.
            self.sources.pop(0)()

    def _load(self, name: str) -> type[Command]:
        command = self._commands[name]
        if isinstance(command, str):
            loaded = import_object(command)
            if not (isinstance(loaded, type) and issubclass(loaded, Command)):
                raise ConsoleError(
                    f'The command "{name}" names {command}, which is no subclass of Command.'
                )
            self._commands[name] = command = loaded
        return command

    def _loadable(self) -> Iterator[type[Command]]:
        for name in self.names():
            try:
                command = self._load(name)
                if inspect.isabstract(command):
                    continue
                command.definition()
            except Exception as error:  # one broken file must not hide the others
                warning = f'The command "{name}" cannot be loaded: {error}'
                if warning not in self.warnings:
                    self.warnings.append(warning)
            else:
                yield command

    def _known_aliases(self) -> dict[str, str]:
        if self._aliases is None:
            self._aliases = {
                alias: command.definition().name
                for command in self._loadable()
                for alias in command.aliases
            }
        return self._aliases

    def _fitting(self, name: str, aliases: Mapping[str, str]) -> list[str]:
        parts = name.split(":")
        fitting: list[str] = []
        for known in (*self._commands, *aliases):
            words = known.split(":")
            pairs = zip(words, parts, strict=False)
            if len(words) == len(parts) and all(word.startswith(part) for word, part in pairs):
                fitting.append(known)
        return fitting


def _path(command: str | type[Command]) -> str:
    if isinstance(command, str):
        return command.replace(":", ".")
    return f"{command.__module__}.{command.__qualname__}"
