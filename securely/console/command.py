"""Command: signature, handle (sync or async), info, warn, error, ask.

A command is a class with a ``signature`` and a method ``handle``, whose parameters are services:

    class SendMail(Command):
        signature = "mail:send {user : Who gets it} {--queue= : Where it waits}"
        description = "Send a mail to a user"

        def handle(self, mailer: Mailer) -> int | None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, NoReturn, TypeVar

from securely.console.contracts import Runner
from securely.console.exceptions import CommandFailed
from securely.console.input import Input, Value
from securely.console.output import BufferedOutput, Output, Verbosity
from securely.console.prompts import Prompts
from securely.console.signature import Signature, parse
from securely.support.listing import Entry
from securely.support.missing import MISSING, Missing

__all__ = ["Command", "FunctionCommand"]

T = TypeVar("T")


class Command:
    """Base of all commands: subclasses say ``signature`` and ``handle``.

    ``handle`` may be ``def`` or ``async def``; its parameters are services, by their annotations.
    It returns an exit code or ``None``, which is success. A subclass's ``__init__`` may ask for
    services too and need not call ``super().__init__()``.

    Attributes:
        signature: Name, arguments and options, as in :mod:`securely.console.signature`.
        description: One line for `list`.
        help: More, for `help`.
        hidden: Whether `list` leaves it out.
        aliases: Other names.
        usages: Further lines under "Usage" in `help`.
        input: What the command line said; set for each run.
        output: Where lines go; set for each run.
        prompts: Questions; set for each run.
        artisan: The console that runs it; set for each run.
    """

    SUCCESS: Final = 0
    FAILURE: Final = 1
    INVALID: Final = 2

    signature: ClassVar[str] = ""
    description: ClassVar[str] = ""
    help: ClassVar[str] = ""
    hidden: ClassVar[bool] = False
    aliases: ClassVar[Sequence[str]] = ()
    usages: ClassVar[Sequence[str]] = ()

    input: Input
    output: Output
    prompts: Prompts
    artisan: Runner

    @classmethod
    def definition(cls) -> Signature:
        """Return the signature, read and checked.

        Raises:
            InvalidSignature: It cannot be read.
        """
        return parse(cls.signature).check()

    @classmethod
    def entry(cls) -> Entry:
        """Return what `list` and `help` show of the command."""
        definition = cls.definition()
        entry = Entry(
            definition.name,
            cls.description,
            help=cls.help,
            hidden=cls.hidden,
            aliases=[*cls.aliases],
            usages=[*cls.usages],
            target=f"{cls.__module__}.{cls.__qualname__}",
        )
        entry.arguments = [*definition.arguments]
        entry.options = [*definition.options]
        return entry

    def handler(self) -> tuple[Callable[..., object], dict[str, object]]:
        """Return what does the work, and the arguments that the container shall not choose."""
        handle: Callable[..., object] | None = getattr(self, "handle", None)
        if handle is None:
            name = type(self).__qualname__
            raise CommandFailed(f"{name} has no method `handle`. Write one; it does the work.")
        return handle, {}

    # -- what the command line said

    def argument(self, name: str) -> Value:
        """Return an argument: a text, a list of texts, or ``None`` where it was left out.

        Raises:
            InvalidInput: The signature has no such argument.
        """
        return self.input.argument(name)

    def arguments(self) -> dict[str, Value]:
        """Return all arguments."""
        return self.input.arguments()

    def option(self, name: str) -> Value:
        """Return an option: a boolean for a flag, else a text, a list of texts, or ``None``.

        Raises:
            InvalidInput: The signature has no such option.
        """
        return self.input.option(name)

    def options(self) -> dict[str, Value]:
        """Return all options but those every command has."""
        return self.input.options()

    def has_argument(self, name: str) -> bool:
        """Return whether the signature has an argument of that name."""
        return self.input.has_argument(name)

    def has_option(self, name: str) -> bool:
        """Return whether the signature has an option of that name."""
        return self.input.has_option(name)

    def string(self, name: str) -> str:
        """Return an argument or option as text.

        Raises:
            InvalidInput: It was not given.
        """
        return self.input.string(name)

    def integer(self, name: str, minimum: int | None = None, maximum: int | None = None) -> int:
        """Return an argument or option as an integer within the bounds, if any.

        Raises:
            InvalidInput: It was not given, is no integer, or is out of bounds.
        """
        return self.input.integer(name, minimum, maximum)

    def number(
        self, name: str, minimum: float | None = None, maximum: float | None = None
    ) -> float:
        """Return an argument or option as a number within the bounds, if any.

        Raises:
            InvalidInput: It was not given, is no number, or is out of bounds.
        """
        return self.input.number(name, minimum, maximum)

    def boolean(self, name: str) -> bool:
        """Return a flag, or a value that reads as yes or no.

        Raises:
            InvalidInput: It reads as neither.
        """
        return self.input.boolean(name)

    def strings(self, name: str) -> list[str]:
        """Return a repeated argument or option as texts.

        Raises:
            InvalidInput: One of them came without a value.
        """
        return self.input.strings(name)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return an argument or option that is one of *choices*.

        Raises:
            InvalidInput: It was not given, or is none of them.
        """
        return self.input.choice(name, choices)

    # -- what is written

    def line(
        self, text: str = "", style: str | None = None, verbosity: int = Verbosity.NORMAL
    ) -> None:
        """Write a line, in a named style or as its tags say."""
        self.output.line(text, style, verbosity)

    def info(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that says that all is well."""
        self.output.info(text, verbosity)

    def comment(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that stands back."""
        self.output.comment(text, verbosity)

    def question(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that asks."""
        self.output.question(text, verbosity)

    def warn(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a warning to the error stream."""
        self.output.warn(text, verbosity)

    def error(self, text: str) -> None:
        """Write an error to the error stream; the exit code is the command's own to return."""
        self.output.error(text)

    def alert(self, text: str) -> None:
        """Write a line in a frame of stars."""
        self.output.alert(text)

    def success(self, text: str) -> None:
        """Write a line with a green label before it."""
        self.output.success(text)

    def new_line(self, count: int = 1) -> None:
        """Write empty lines."""
        self.output.new_line(count)

    def bullet_list(self, items: Iterable[str]) -> None:
        """Write one line per item, with a dot before it."""
        self.output.bullet_list(items)

    def two_column_detail(self, first: str, second: str = "") -> None:
        """Write two texts, at the left and the right edge, with dots between them."""
        self.output.two_column_detail(first, second)

    def task(self, description: str, work: Callable[[], object] | None = None) -> bool:
        """Do *work*; write how long it took and whether it went well; return the latter."""
        return self.output.task(description, work)

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[object] | Mapping[str, object]],
        box: str = "default",
    ) -> None:
        """Draw a table; see :meth:`Output.table` for the boxes."""
        self.output.table(headers, rows, box)

    def progress(
        self, items: Iterable[T], total: int | None = None, description: str = ""
    ) -> Iterator[T]:
        """Yield *items* and show how far it has come."""
        return self.output.progress(items, total, description)

    # -- what is asked

    def ask(
        self,
        question: str,
        default: str | Missing | None = MISSING,
        validate: Callable[[str], str | None] | None = None,
    ) -> str | None:
        """Ask for a text; see :meth:`Prompts.ask`.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        return self.prompts.ask(question, default, validate)

    def secret(self, question: str) -> str:
        """Ask for a text that is not shown while it is typed.

        Raises:
            NotInteractive: Nobody is there.
        """
        return self.prompts.secret(question)

    def confirm(self, question: str, default: bool = False) -> bool:
        """Ask for yes or no; *default* when nobody is there."""
        return self.prompts.confirm(question, default)

    def choose(
        self,
        question: str,
        choices: Sequence[str] | Mapping[str, str],
        default: str | Missing = MISSING,
    ) -> str:
        """Ask for one of *choices*; see :meth:`Prompts.choose`.

        Raises:
            NotInteractive: Nobody is there, and there is no default.
        """
        return self.prompts.choose(question, choices, default)

    # -- other commands, and giving up

    def call(
        self, command: str | type[Command], parameters: Mapping[str, object] | None = None
    ) -> int:
        """Run another command, with this one's output and verbosity; return its exit code."""
        interactive = self.input.interactive
        return self.artisan.call(command, parameters, self.output, interactive=interactive)

    async def acall(
        self, command: str | type[Command], parameters: Mapping[str, object] | None = None
    ) -> int:
        """Async twin of :meth:`call`."""
        interactive = self.input.interactive
        return await self.artisan.acall(command, parameters, self.output, interactive=interactive)

    def call_silently(
        self, command: str | type[Command], parameters: Mapping[str, object] | None = None
    ) -> int:
        """Run another command that prints nothing; return its exit code."""
        quiet = BufferedOutput(verbosity=Verbosity.SILENT)
        return self.artisan.call(command, parameters, quiet)

    async def acall_silently(
        self, command: str | type[Command], parameters: Mapping[str, object] | None = None
    ) -> int:
        """Async twin of :meth:`call_silently`."""
        quiet = BufferedOutput(verbosity=Verbosity.SILENT)
        return await self.artisan.acall(command, parameters, quiet)

    def fail(self, message: str = "The command failed.") -> NoReturn:
        """End the command: *message* goes to the error stream, the exit code is 1."""
        raise CommandFailed(message)


class FunctionCommand(Command):
    """A command whose work is a function; made by ``@artisan.command("name {argument}")``.

    The function's parameters are arguments and options by name (dashes as underscores), the
    command itself where the annotation is :class:`Command`, and services otherwise. ``int``,
    ``float``, ``bool`` and ``str`` as annotation convert.
    """

    function: ClassVar[Callable[..., object]]

    def handler(self) -> tuple[Callable[..., object], dict[str, object]]:
        """Return the function, with what the command line says about its parameters."""
        from inspect import signature
        from typing import get_type_hints

        function = type(self).function
        hints = get_type_hints(function)
        names = {name.replace("-", "_"): name for name in (*self.arguments(), *self.options())}
        chosen: dict[str, object] = {}
        for name, parameter in signature(function).parameters.items():
            hint = hints.get(name)
            if isinstance(hint, type) and issubclass(hint, Command):
                chosen[name] = self
            elif name in names:
                own_default = parameter.default is not parameter.empty
                if own_default and not self.input.was_given(names[name]):
                    continue
                chosen[name] = self._converted(names[name], hint)
        return function, chosen

    def _converted(self, name: str, hint: Any) -> object:
        value = self.input.value(name)
        wanted = _plain(hint)
        if value is None and wanted is not hint:  # `int | None`
            return None
        convert: dict[object, Callable[[str], object]] = {
            int: self.integer,
            float: self.number,
            bool: self.boolean,
            str: self.string,
        }
        return convert[wanted](name) if wanted in convert else value


def _plain(hint: Any) -> object:
    """Return ``int`` for ``int | None``, and other annotations as they are."""
    members = [member for member in getattr(hint, "__args__", ()) if member is not type(None)]
    has_none = type(None) in getattr(hint, "__args__", ())
    return members[0] if has_none and len(members) == 1 else hint
