"""Find a command by name, run it, turn its result into an exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO, TypeVar

from securely.console.command import Command, FunctionCommand
from securely.console.exceptions import (
    AmbiguousCommand,
    CommandFailed,
    CommandsClash,
    ConsoleError,
    InvalidInput,
    InvalidResult,
    InvalidSignature,
    UnknownCommand,
)
from securely.console.failure import render_failure, shown_path
from securely.console.input import Input, tokenize
from securely.console.output import BufferedOutput, Output
from securely.console.prompts import Prompts
from securely.container import Container
from securely.support import steps, terminal
from securely.support.importing import import_object
from securely.support.listing import Entry, usage
from securely.support.steps import Steps
from securely.support.terminal import Globals, split_globals

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "Artisan"]

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""
BROKEN_PIPE = 141
"""Exit code when the reader of the output went away: 128 and the number of SIGPIPE."""
_EXIT_CODE_MAX = 255  # one byte is all that a parent process sees

F = TypeVar("F", bound=Callable[..., object])


class Artisan:
    """The console: commands by name, and how they are run.

    Args:
        container: Builds commands and calls them.
        name: What ``--version`` prints first.
        version: What it prints then.

    Attributes:
        starting: Called with name, input and output before each command, nested ones included.
        finished: Called with name, input, output and exit code after it.
        report: Called with an uncaught error before it is shown.
        render: Shows an uncaught error.
        warnings: What went wrong while commands were looked for; `list` shows it.
        sources: Called, once each, before a name is given up and before all commands are listed;
            they register commands that are dear to find.
    """

    def __init__(self, container: Container, name: str = "Securely", version: str = "") -> None:
        self._container = container
        self.name = name
        self.version = version
        self.starting: list[Callable[[str, Input, Output], object]] = []
        self.finished: list[Callable[[str, Input, Output, int], object]] = []
        self.report: Callable[[Exception], object] | None = None
        self.render: Callable[[Exception, Output], object] = render_failure
        self.warnings: list[str] = []
        self.sources: list[Callable[[], object]] = []
        self._commands: dict[str, str | type[Command]] = {}
        self._aliases: dict[str, str] | None = None
        self._last = ""

    @property
    def title(self) -> str:
        """What ``--version`` prints."""
        return f"{self.name} {self.version}".rstrip()

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

    def command(self, signature: str, description: str = "") -> Callable[[F], F]:
        """Make a command of the function below.

        Args:
            signature: Name, arguments and options.
            description: One line for `list`; the first line of the docstring unless given.

        Raises:
            CommandsClash: Another command has the name.
            InvalidSignature: The signature cannot be read.
        """

        def register(function: F) -> F:
            lines = (inspect.getdoc(function) or "").splitlines()
            attributes = {
                "__module__": function.__module__,
                "__doc__": function.__doc__,
                "__qualname__": getattr(function, "__qualname__", "function"),
                "signature": signature,
                "description": description or (lines[0].rstrip(".") if lines else ""),
                "function": staticmethod(function),
            }
            try:
                self.add(type("FunctionCommand", (FunctionCommand,), attributes))
            except InvalidSignature as error:
                raise _placed(error, function) from None
            return function

        return register

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
        raise UnknownCommand(name, visible)

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

    # -- running

    def run(
        self,
        argv: Sequence[str],
        output: Output | None = None,
        input: TextIO | None = None,  # noqa: A002  # the pair of `output`
        parameters: Mapping[str, object] | None = None,
    ) -> int:
        """Run a command line to its end and return the exit code; nothing is raised.

        Args:
            argv: The words after ``artisan.py``.
            output: Where lines go; the process's streams unless given.
            input: Where answers are read from; the process's standard input unless given.
            parameters: As of :meth:`call`; with them, *argv* is a name and global options.
        """
        output = output if output is not None else Output()
        found, tokens = split_globals([*argv])
        output.configure(ansi=found.ansi, verbosity=found.verbosity or None)
        try:
            _check_globals(found)
            if parameters is None:
                code = self._line(found, tokens, output, input)
            else:
                code = self._named(found, tokens, parameters, output, input)
            output.flush()
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError as error:
            return BROKEN_PIPE if _reader_left(output) else self._failed(error, output)
        except Exception as error:  # the border: whatever happened is shown here
            return self._failed(error, output)
        return code

    def call(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None = None,
        output: Output | None = None,
        *,
        interactive: bool = False,
    ) -> int:
        """Run a command from code and return its exit code.

        Args:
            command: Its name, its whole command line ("mail:send 1 --queue"), or its class.
            parameters: ``{"user": 1, "--force": True, "--id": [1, 2]}``; with them, *command* is a
                name only.
            output: Where lines go; unless given they are kept for :meth:`output`.
            interactive: Whether it may ask questions.

        Raises:
            UnknownCommand: No command has that name.
            InvalidInput: The parameters do not fit it.
            Exception: Whatever the command raises; only ``fail()`` becomes exit code 1.
        """
        return steps.run(self._called(command, parameters, output, interactive))

    async def acall(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None = None,
        output: Output | None = None,
        *,
        interactive: bool = False,
    ) -> int:
        """Async twin of :meth:`call`."""
        return await steps.arun(self._called(command, parameters, output, interactive))

    def output(self) -> str:
        """Return what the last :meth:`call` without an output of its own has written."""
        return self._last

    def _line(
        self, found: Globals, tokens: list[str], output: Output, answers: TextIO | None
    ) -> int:
        at = next((i for i, token in enumerate(tokens) if not token.startswith("-")), None)
        if found.version and at is None:
            output.line(self.title)
            return Command.SUCCESS
        name = "list" if at is None else tokens.pop(at)
        if found.help and name != "help":
            name, tokens, found.help = "help", [name], False
        return steps.run(self._tokens(name, tokens, found, output, answers))

    def _named(
        self,
        found: Globals,
        tokens: list[str],
        parameters: Mapping[str, object],
        output: Output,
        answers: TextIO | None,
    ) -> int:
        name, *rest = tokens or ["list"]
        if rest:
            raise InvalidInput(
                f'"{rest[0]}" stands beside parameters: give all as words, or all as parameters.'
            )
        command = self.find(name)
        definition = command.definition()
        given = Input.from_parameters(definition, parameters, interactive=found.interactive)
        return steps.run(self._execute(command, given, output, answers))

    def _called(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None,
        output: Output | None,
        interactive: bool,
    ) -> Steps[int]:
        target = output if output is not None else BufferedOutput()
        try:
            if isinstance(command, str) and parameters is None:
                found, tokens = split_globals(tokenize(command))
                _check_globals(found)
                found.interactive = found.interactive and interactive
                name = tokens.pop(0) if tokens else "list"
                return (yield from self._tokens(name, tokens, found, target, None))
            known = self.find(command) if isinstance(command, str) else _checked(command)
            definition = known.definition()
            given = Input.from_parameters(definition, parameters or {}, interactive=interactive)
            return (yield from self._execute(known, given, target, None))
        finally:
            if isinstance(target, BufferedOutput) and output is None:
                self._last = target.all_text

    def _tokens(
        self,
        name: str,
        tokens: Sequence[str],
        found: Globals,
        output: Output,
        answers: TextIO | None,
    ) -> Steps[int]:
        command = self.find(name)
        try:
            given = Input.from_tokens(command.definition(), tokens, found)
        except InvalidInput as error:
            line = usage(command.entry())
            raise InvalidInput(error.reason, hint=error.hint, usage=line) from None
        # A set such as -fn may have added to the global options.
        output.configure(verbosity=found.verbosity or None)
        return (yield from self._execute(command, given, output, answers))

    def _execute(
        self, cls: type[Command], given: Input, output: Output, answers: TextIO | None
    ) -> Steps[int]:
        """Run one command: the whole life of it is here."""
        name = given.signature.name
        code = Command.FAILURE
        for starting in self.starting:
            starting(name, given, output)
        try:
            command = yield from steps.call(self._make, self._amake, cls)
            command.input = given
            command.output = output
            command.prompts = Prompts(output, interactive=given.interactive, answers=answers)
            command.artisan = self
            try:
                result = yield from steps.call(self._invoke, self._ainvoke, command)
            except CommandFailed as failure:
                output.failure(str(failure))
            else:
                code = _exit_code(cls, result)
        except KeyboardInterrupt:
            code = INTERRUPTED
            raise
        finally:
            for finished in self.finished:
                finished(name, given, output, code)
        return code

    def _make(self, cls: type[Command]) -> Command:
        return self._container.make(cls)

    async def _amake(self, cls: type[Command]) -> Command:
        return await self._container.amake(cls)

    def _invoke(self, command: Command) -> object:
        handle, chosen = command.handler()
        if not inspect.iscoroutinefunction(handle):
            return self._container.call(handle, overrides=chosen)
        import asyncio

        if asyncio._get_running_loop() is not None:  # documented for frameworks
            raise ConsoleError(
                f"{type(command).__qualname__}.handle is async and an event loop is running: "
                f"use `await Artisan.acall(...)` instead of `Artisan.call(...)`."
            )
        return asyncio.run(self._ainvoke(command))

    async def _ainvoke(self, command: Command) -> object:
        handle, chosen = command.handler()
        result: object = await self._container.acall(handle, overrides=chosen)
        return result

    def _failed(self, error: Exception, output: Output) -> int:
        try:
            if self.report is not None:
                self.report(error)
        except Exception as second:  # a broken reporter must not hide the error
            render_failure(second, output)
        try:
            self.render(error, output)
            output.flush()
        except BrokenPipeError:
            _reader_left(output)
        return Command.FAILURE


def _check_globals(found: Globals) -> None:
    if found.env == "":
        raise InvalidInput('The "--env" option requires a value, such as --env=testing.')


def _exit_code(cls: type[Command], result: object) -> int:
    if result is None:
        return Command.SUCCESS
    if isinstance(result, int) and not isinstance(result, bool) and 0 <= result <= _EXIT_CODE_MAX:
        return int(result)
    raise InvalidResult(cls.__qualname__, result)


def _checked(command: type) -> type[Command]:
    if issubclass(command, Command):
        return command
    raise UnknownCommand(command.__qualname__)


def _placed(error: InvalidSignature, function: Callable[..., object]) -> InvalidSignature:
    """Return *error* with the place of *function*, as far as that is known."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = f"{shown_path(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""
    return InvalidSignature(error.signature, error.reason, error.position, place)


def _path(command: str | type[Command]) -> str:
    if isinstance(command, str):
        return command.replace(":", ".")
    return f"{command.__module__}.{command.__qualname__}"


def _reader_left(output: Output) -> bool:
    """Say whether the reader of the output is gone, and if so keep the exit of Python quiet."""
    try:
        output.flush()
        gone = terminal.reader_left()
    except BrokenPipeError:
        gone = True
    if gone:
        terminal.hush()
    return gone
