"""Commands that are functions: `@Artisan.command("name {argument}")`, and what is said of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol, TypeVar

from securely.console.command import parameters
from securely.console.command.command import Command
from securely.console.exceptions import InvalidSignature
from securely.console.failure import shown_path
from securely.console.signature import parse

__all__ = ["CommandMaker", "FunctionCommand", "Scheduler"]

F = TypeVar("F", bound=Callable[..., object])


class FunctionCommand(Command):
    """A command whose work is a function; made by ``@artisan.command("name {argument}")``.

    The function's parameters are arguments and options by name (dashes as underscores), the
    command itself where the annotation is :class:`Command`, and services otherwise. Annotations
    convert. Where the signature is a name only, parameters of plain types define them.
    """

    mixes: ClassVar[bool] = True
    function: ClassVar[Callable[..., object]]

    @classmethod
    def work(cls) -> Callable[..., object]:
        """Return the function."""
        return cls.function

    def handler(self) -> tuple[Callable[..., object], dict[str, object]]:
        """Return the function, with what the command line says about its parameters."""
        function = type(self).function
        written = parse(type(self).signature)
        declared = parameters.declared(function, written) or parameters.named(function, written)
        chosen = parameters.values(declared, self.input)
        for name in parameters.commands(function, Command):
            chosen[name] = self
        return function, chosen


class Scheduler(Protocol):
    """Where tasks are defined: what is bound as "schedule", which stands above the console."""

    def group(self, **manners: object) -> AbstractContextManager[object]:
        """Return what tasks have in common that are defined in its block."""
        ...

    def command(
        self, command: str, parameters: Mapping[str, object] | Sequence[object], /
    ) -> object:
        """Define a task that runs a command."""
        ...


class CommandMaker:
    """Makes a command of the function below; what else is to be said of it comes before that.

    Example:
        >>> from securely.console import Artisan
        >>> from securely.container import Container
        >>> artisan = Artisan(Container())
        >>> @artisan.command("inspire {name?}").purpose("Say something good")
        ... def inspire(name: str = "you") -> None: ...
        >>> artisan.find("inspire").description
        'Say something good'

    Source: Laravel 13, Illuminate\\Foundation\\Console\\ClosureCommand.
    """

    def __init__(
        self,
        signature: str,
        description: str,
        add: Callable[[type[Command]], object],
        scheduler: Callable[[], Scheduler],
    ) -> None:
        self._signature = signature
        self._scheduler = scheduler
        self._times: list[tuple[Mapping[str, object] | Sequence[object], dict[str, object]]] = []
        self._said: dict[str, object] = {"description": description} if description else {}
        self._add = add

    def purpose(self, description: str) -> CommandMaker:
        """Say in one line what it does, for `list`."""
        self._said["description"] = description
        return self

    def describe(self, description: str) -> CommandMaker:
        """Do the same as :meth:`purpose`."""
        return self.purpose(description)

    def aliases(self, *names: str) -> CommandMaker:
        """Give it other names."""
        self._said["aliases"] = names
        return self

    def hidden(self, hidden: bool = True) -> CommandMaker:
        """Leave it out of `list`."""
        self._said["hidden"] = hidden
        return self

    def schedule(
        self, words: Mapping[str, object] | Sequence[object] = (), /, **manners: object
    ) -> CommandMaker:
        """Run it at times, too: `.schedule(daily_at="8:00", on_one_server=True)`.

        Args:
            words: Its arguments and options: as they are typed, or by name.
            manners: When and how, as `Schedule.group` takes them: methods of tasks by name, with
                their argument: True for none, a tuple for several.
        """
        self._times.append((words, manners))
        return self

    def __call__(self, function: F) -> F:
        """Register *function* as the command, and return it.

        Raises:
            CommandsClash: Another command has the name.
            InvalidSignature: The signature cannot be read.
            InvalidTask: It can not be scheduled so.
        """
        lines = (inspect.getdoc(function) or "").splitlines()
        attributes: dict[str, object] = {
            "__module__": function.__module__,
            "__doc__": function.__doc__,
            "__qualname__": getattr(function, "__qualname__", "function"),
            "signature": self._signature,
            "description": lines[0].rstrip(".") if lines else "",
            "function": staticmethod(function),
        }
        try:
            self._add(type("FunctionCommand", (FunctionCommand,), {**attributes, **self._said}))
        except InvalidSignature as error:
            raise _placed(error, function) from None
        for words, manners in self._times:
            scheduler = self._scheduler()
            with scheduler.group(**manners):
                scheduler.command(parse(self._signature).name, words)
        return function


def _placed(error: InvalidSignature, function: Callable[..., object]) -> InvalidSignature:
    """Return *error* with the place of *function*, as far as that is known."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = f"{shown_path(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""
    return InvalidSignature(error.signature, error.reason, error.position, place)
