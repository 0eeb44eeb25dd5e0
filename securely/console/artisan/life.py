"""Lives: one run of a command, from its making over questions, locks and traps to its exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TextIO

from securely.console.artisan.registry import Registry
from securely.console.command import Command, Isolatable, PromptsForMissingInput
from securely.console.command.traps import Traps, wake_on_signals
from securely.console.contracts import CommandMutex, Runner
from securely.console.exceptions import CommandFailed, ConsoleError, InvalidInput, InvalidResult
from securely.console.input import Input
from securely.console.output import Output
from securely.console.prompts import Prompts
from securely.container import Container
from securely.support import steps
from securely.support.listing import usage
from securely.support.steps import Steps

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "Lives", "prompts_of"]

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""
BROKEN_PIPE = 141
"""Exit code when the reader of the output went away: 128 and the number of SIGPIPE."""
_EXIT_CODE_MAX = 255  # one byte is all that a parent process sees


class Lives(Registry):
    """Runs commands that were found and whose input was read.

    Attributes:
        starting: Called with name, input and output before each command, nested ones included.
        finished: Called with name, input, output and exit code after it.
        looping: Called with the event loop that was begun for an async command.
    """

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self.starting: list[Callable[[str, Input, Output], object]] = []
        self.finished: list[Callable[[str, Input, Output, int], object]] = []
        self.looping: list[Callable[[Any], object]] = []

    def live(
        self,
        runner: Runner,
        cls: type[Command],
        given: Input,
        output: Output,
        answers: TextIO | Prompts | None,
    ) -> Steps[int]:
        """Run one command: the whole life of it is here.

        Args:
            runner: What the command may run others with.
            cls: The command.
            given: Its input; of a command that asks for missing input it may be incomplete.
            output: Where it writes.
            answers: Where answers to its questions are read from, or what asks them.
        """
        name = given.signature.name
        code = Command.FAILURE
        for starting in self.starting:
            starting(name, given, output)
        try:
            command = yield from steps.call(self._make, self._amake, cls)
            command.input = given
            command.output = output
            command.prompts = prompts_of(output, given.interactive, answers)
            command.artisan = runner
            command.traps = Traps()
            try:
                with command.prompts.active():
                    result = yield from self._performed(command)
            except CommandFailed as failure:
                output.failure(str(failure))
            else:
                code = _exit_code(cls, result)
            finally:
                command.traps.close()
        except KeyboardInterrupt:
            code = INTERRUPTED
            raise
        finally:
            for finished in self.finished:
                finished(name, given, output, code)
        return code

    def _performed(self, command: Command) -> Steps[object]:
        if type(command).is_prohibited():
            command.warn("This command is prohibited from running in this environment.")
            return Command.FAILURE
        if isinstance(command, PromptsForMissingInput):
            command.ask_for_missing()
        _complete(command.input, type(command))
        with self._isolated(command) as free:
            if not free and isinstance(command, Isolatable):
                command.comment(f"The [{command.input.signature.name}] command is already running.")
                return command.isolated_code()
            return (yield from steps.call(self._invoke, self._ainvoke, command))

    @contextmanager
    def _isolated(self, command: Command) -> Generator[bool]:
        if not (isinstance(command, Isolatable) and command.is_isolated()):
            yield True
            return
        command.isolated_code()  # a code that is none is refused before anything runs
        from securely.console.command.mutex import held  # few commands are isolated

        with held(command, self._container.make(CommandMutex)) as free:
            yield free

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
        return asyncio.run(self._awoken(command))

    async def _awoken(self, command: Command) -> object:
        import asyncio

        wake_on_signals()
        for looping in self.looping:
            looping(asyncio.get_running_loop())
        return await self._ainvoke(command)

    async def _ainvoke(self, command: Command) -> object:
        handle, chosen = command.handler()
        result: object = await self._container.acall(handle, overrides=chosen)
        return result


def prompts_of(output: Output, interactive: bool, answers: TextIO | Prompts | None) -> Prompts:
    """Return what asks the questions of a command.

    Args:
        output: Where they are written.
        interactive: Whether there is anybody to ask.
        answers: Where answers are read from; or what asks, which a test has made.
    """
    if isinstance(answers, Prompts):
        return answers if interactive else Prompts(output, interactive=False)
    return Prompts(output, interactive=interactive, answers=answers)


def _complete(given: Input, cls: type[Command]) -> None:
    """Refuse an input that lacks arguments, and say how the command is used.

    Raises:
        InvalidInput: Arguments are missing.
    """
    try:
        given.check()
    except InvalidInput as error:
        line = usage(cls.entry())
        raise InvalidInput(error.reason, hint=error.hint, usage=line) from None


def _exit_code(cls: type[Command], result: object) -> int:
    if result is None:
        return Command.SUCCESS
    if isinstance(result, int) and not isinstance(result, bool) and 0 <= result <= _EXIT_CODE_MAX:
        return int(result)
    raise InvalidResult(cls.__qualname__, result)
