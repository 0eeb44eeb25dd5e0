"""Artisan: reads command lines, runs commands from code and on the queue, shows what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TextIO
from weakref import ref

from securely.console.artisan.life import BROKEN_PIPE, INTERRUPTED, Lives, prompts_of
from securely.console.command import Command, PromptsForMissingInput
from securely.console.contracts import CommandQueue, QueuedCommand
from securely.console.exceptions import AmbiguousCommand, InvalidInput, UnknownCommand
from securely.console.failure import render_failure
from securely.console.input import Input, tokenize
from securely.console.output import BufferedOutput, Output
from securely.console.prompts import Prompts
from securely.container import Container
from securely.support import clock, steps, terminal
from securely.support.durations import Duration
from securely.support.durations import seconds as seconds_of
from securely.support.ending import heed_sigterm
from securely.support.listing import usage
from securely.support.masking import mask_urls
from securely.support.steps import Steps
from securely.support.terminal import Globals, split_globals

__all__ = ["Artisan"]


# Per context, because several threads and tasks may call at once; the console that it is of is
# kept weakly, because contexts outlive applications in tests.
_last: ContextVar[tuple[ref[Artisan] | None, str]] = ContextVar("output", default=(None, ""))


class Artisan(Lives):
    """The console: commands by name, and how they are run.

    Args:
        container: Builds commands and calls them.
        name: What ``--version`` prints first.
        version: What it prints then.

    Attributes:
        report: Called with an uncaught error before it is shown.
        render: Shows an uncaught error.
        mask: Hides what is secret in errors that are shown; by itself, passwords of URLs.
        production: Says whether what is done here is done to real users.
    """

    def __init__(self, container: Container, name: str = "Securely", version: str = "") -> None:
        super().__init__(container)
        self.name = name
        self.version = version
        self.report: Callable[[Exception], object] | None = None
        self.render: Callable[[Exception, Output], object] = render_failure
        self.mask: Callable[[str], str] = mask_urls
        self.production: Callable[[], bool] = lambda: False
        self._slow: list[tuple[float, Callable[[float, list[str], int], object]]] = []

    @property
    def title(self) -> str:
        """What ``--version`` prints."""
        return f"{self.name} {self.version}".rstrip()

    @property
    def is_production(self) -> bool:
        """Whether what is done here is done to real users; commands may ask before they do it."""
        return self.production()

    def when_command_lifecycle_is_longer_than(
        self, threshold: Duration, handler: Callable[[float, list[str], int], object]
    ) -> None:
        """Call *handler* after a command line that took longer than *threshold*.

        Args:
            threshold: Seconds, a timedelta, or text such as "2m".
            handler: Called with the seconds it took, the words of the line and the exit code.

        Source: Laravel 13, Illuminate\\Foundation\\Console\\Kernel, of that name.
        """
        self._slow.append((seconds_of(threshold), handler))

    def run(
        self,
        argv: Sequence[str],
        output: Output | None = None,
        input: TextIO | Prompts | None = None,  # noqa: A002  # the pair of `output`
        parameters: Mapping[str, object] | None = None,
    ) -> int:
        """Run a command line to its end and return the exit code; nothing is raised.

        Args:
            argv: The words after ``artisan.py``.
            output: Where lines go; the process's streams unless given.
            input: Where answers are read from, the process's standard input unless given; or what
                asks the questions.
            parameters: As of :meth:`call`; with them, *argv* is a name and global options.
        """
        began = clock.monotonic()
        output = output if output is not None else Output()
        code = self._run([*argv], output, input, parameters)
        took = clock.monotonic() - began
        for threshold, handler in self._slow:
            if took > threshold:
                handler(took, [*argv], code)
        return code

    def _run(
        self,
        argv: list[str],
        output: Output,
        answers: TextIO | Prompts | None,
        parameters: Mapping[str, object] | None,
    ) -> int:
        found, tokens = split_globals(argv)
        output.configure(ansi=found.ansi, verbosity=found.verbosity or None)
        try:
            _check_globals(found)
            if parameters is None:
                code = self._line(argv, found, tokens, output, answers)
            else:
                code = self._named(found, tokens, parameters, output, answers)
            output.flush()
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError as error:
            return BROKEN_PIPE if _reader_left(output) else self._failed(error, output)
        except Exception as error:  # the border: whatever happened is shown here
            heed_sigterm()
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
        of, text = _last.get()
        return text if of is not None and of() is self else ""

    def queue(
        self, command: str | type, parameters: Mapping[str, object] | None = None
    ) -> QueuedCommand:
        """Return a run of *command* on the queue; nothing is sent until its ``dispatch()``.

        Args:
            command: As of :meth:`call`.
            parameters: As of :meth:`call`; they travel as plain data.

        Raises:
            UnknownCommand: No command has that name.

        Example:
            ``Artisan.queue("mail:send", {"user": 1}).on_queue("mail").dispatch()``
        """
        line = command if isinstance(command, str) else _checked(command).definition().name
        if isinstance(command, str):
            # An unknown name is told now, to whom can mend it, and not by a worker later.
            self.find(line if parameters is not None else (tokenize(line) or ["list"])[0])
        queue: CommandQueue = self._container.make(CommandQueue)
        return queue.pending(line, parameters)

    def _line(
        self,
        argv: list[str],
        found: Globals,
        tokens: list[str],
        output: Output,
        answers: TextIO | Prompts | None,
    ) -> int:
        at = next((i for i, token in enumerate(tokens) if not token.startswith("-")), None)
        if found.version and at is None:
            output.line(self.title)
            return Command.SUCCESS
        name = "list" if at is None else tokens.pop(at)
        if found.help and name != "help":
            name, tokens, found.help = "help", [name], False
        meant = self._meant(name, found, output, answers)
        if meant is None:
            return Command.FAILURE
        if self.find(meant).passes_on:
            tokens = _passed_on(argv, name)
        return steps.run(self._tokens(meant, tokens, found, output, answers))

    def _meant(
        self, name: str, found: Globals, output: Output, answers: TextIO | Prompts | None
    ) -> str | None:
        """Return *name*, or what was meant by it where somebody says so; None where they do not.

        Raises:
            UnknownCommand: Nothing is near, or nobody is there to be asked.
        """
        try:
            self.find(name)
        except AmbiguousCommand:
            raise
        except UnknownCommand as error:
            prompts = prompts_of(output, found.interactive, answers)
            near = error.nearest
            if near is None or not prompts.is_interactive:
                raise
            output.failure(f'Command "{name}" is not defined.')
            return near if prompts.confirm(f'Run "{near}" instead?', default=False) else None
        return name

    def _named(
        self,
        found: Globals,
        tokens: list[str],
        parameters: Mapping[str, object],
        output: Output,
        answers: TextIO | Prompts | None,
    ) -> int:
        name, *rest = tokens or ["list"]
        if rest:
            raise InvalidInput(
                f'"{rest[0]}" stands beside parameters: give all as words, or all as parameters.'
            )
        command = self.find(name)
        definition = command.definition()
        given = Input.from_parameters(
            definition,
            parameters,
            interactive=found.interactive,
            complete=not issubclass(command, PromptsForMissingInput),
        )
        return steps.run(self.live(self, command, given, output, answers))

    def _called(
        self,
        command: str | type,
        parameters: Mapping[str, object] | None,
        output: Output | None,
        interactive: bool,
    ) -> Steps[int]:
        target = output if output is not None else BufferedOutput()
        # Whoever answers the command that calls answers this one as well.
        answers = Prompts.current() if interactive else None
        verbosity = target.verbosity
        try:
            if isinstance(command, str) and parameters is None:
                words = tokenize(command)
                found, tokens = split_globals(words)
                _check_globals(found)
                found.interactive = found.interactive and interactive
                name = tokens.pop(0) if tokens else "list"
                if self.find(name).passes_on:
                    tokens = _passed_on(words, name)
                return (yield from self._tokens(name, tokens, found, target, answers))
            known = self.find(command) if isinstance(command, str) else _checked(command)
            definition = known.definition()
            given = Input.from_parameters(
                definition,
                parameters or {},
                interactive=interactive,
                complete=not issubclass(known, PromptsForMissingInput),
            )
            return (yield from self.live(self, known, given, target, answers))
        finally:
            # A nested "-v" is for the nested command only.
            target.verbosity = verbosity
            if isinstance(target, BufferedOutput) and output is None:
                _last.set((ref(self), target.all_text))

    def _tokens(
        self,
        name: str,
        tokens: Sequence[str],
        found: Globals,
        output: Output,
        answers: TextIO | Prompts | None,
    ) -> Steps[int]:
        command = self.find(name)
        asks = issubclass(command, PromptsForMissingInput)
        try:
            given = Input.from_tokens(command.definition(), tokens, found, complete=not asks)
        except InvalidInput as error:
            line = usage(command.entry())
            raise InvalidInput(error.reason, hint=error.hint, usage=line) from None
        # A set such as -fn may have added to the global options.
        output.configure(verbosity=found.verbosity or None)
        return (yield from self.live(self, command, given, output, answers))

    def _failed(self, error: Exception, output: Output) -> int:
        try:
            if self.report is not None:
                self.report(error)
        except Exception as second:  # a broken reporter must not hide the error
            render_failure(second, output, mask=self.mask)
        try:
            self.render(error, output)
            output.flush()
        except BrokenPipeError:
            _reader_left(output)
        return Command.FAILURE


def _passed_on(words: list[str], name: str) -> list[str]:
    """Return all words behind the command's *name* as plain arguments, global options as well."""
    for at, word in enumerate(words):
        if word == name and (at == 0 or words[at - 1] != "--env"):
            behind = words[at + 1 :]
            return behind if behind[:1] == ["--"] else ["--", *behind]
    return []


def _check_globals(found: Globals) -> None:
    if found.env == "":
        raise InvalidInput('The "--env" option requires a value, such as --env=testing.')


def _checked(command: type) -> type[Command]:
    if issubclass(command, Command):
        return command
    raise UnknownCommand(command.__qualname__)


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
