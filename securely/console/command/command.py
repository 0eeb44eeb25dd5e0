"""Command: signature, handle (sync or async), info, warn, error, ask.

A command is a class with a ``signature`` and a method ``handle``, whose parameters are services:

    class SendMail(Command):
        signature = "mail:send {user : Who gets it} {--queue= : Where it waits}"
        description = "Send a mail to a user"

        def handle(self, mailer: Mailer) -> int | None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, NoReturn

from securely.console.command import parameters, traps
from securely.console.command.asking import Asks
from securely.console.command.reading import Reads
from securely.console.command.writing import Writes
from securely.console.contracts import Runner
from securely.console.exceptions import CommandFailed, InvalidSignature
from securely.console.failure import shown_path
from securely.console.output import BufferedOutput, Verbosity
from securely.console.signature import Signature, parse
from securely.support.listing import Argument, Entry, Option

__all__ = ["Command"]


class Command(Reads, Writes, Asks):
    """Base of all commands: subclasses say ``signature`` and ``handle``.

    ``handle`` may be ``def`` or ``async def``; its parameters are services, by their annotations.
    Where the signature is a name only, parameters of plain types (``user: int``) are the command's
    arguments and options; see :mod:`securely.console.command.parameters`.
    It returns an exit code or ``None``, which is success. A subclass's ``__init__`` may ask for
    services too and need not call ``super().__init__()``.

    Attributes:
        signature: Name, arguments and options, as in :mod:`securely.console.signature`.
        description: One line for `list`.
        help: More, for `help`.
        hidden: Whether `list` leaves it out.
        aliases: Other names.
        usages: Further lines under "Usage" in `help`.
        passes_on: Whether all words behind the name are plain arguments, options too; for commands
            that hand them to another program.
        input: What the command line said; set for each run.
        output: Where lines go; set for each run.
        prompts: Questions; set for each run.
        artisan: The console that runs it; set for each run.
        traps: The signals it traps; set for each run.
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
    passes_on: ClassVar[bool] = False

    artisan: Runner
    traps: traps.Traps

    # Whether parameters may be named as what the signature has in braces.
    mixes: ClassVar[bool] = False
    _prohibited: ClassVar[bool] = False

    @classmethod
    def definition(cls) -> Signature:
        """Return the signature, read and checked, with what `handle` and mixins add to it.

        Raises:
            InvalidSignature: It cannot be read, or is given twice: in braces and by `handle`.
        """
        try:
            return cls._definition()
        except InvalidSignature as error:
            raise _placed(error, cls) from None

    @classmethod
    def _definition(cls) -> Signature:
        written = parse(cls.signature)
        if not cls.mixes:
            parameters.refuse_mixed(cls.work(), written)
        declared = parameters.declared(cls.work(), written)
        taken = {option.name for option in written.options}
        added = [option for option in _added(cls) if option.name not in taken]
        if not (declared or added):
            return written.check()
        return Signature(
            written.name,
            [*written.arguments, *(e.entry for e in declared if isinstance(e.entry, Argument))],
            [*written.options, *(e.entry for e in declared if isinstance(e.entry, Option)), *added],
            written.source,
        ).check()

    @classmethod
    def work(cls) -> Callable[..., object] | None:
        """Return the function that does the work; its parameters are looked at."""
        return getattr(cls, "handle", None)

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
        """Return what does the work, and the arguments that the container shall not choose.

        Raises:
            InvalidInput: What was given does not fit the types of `handle`; all of it is named.
        """
        handle: Callable[..., object] | None = getattr(self, "handle", None)
        if handle is None:
            name = type(self).__qualname__
            raise CommandFailed(f"{name} has no method `handle`. Write one; it does the work.")
        declared = parameters.declared(type(self).work(), parse(type(self).signature))
        return handle, parameters.values(declared, self.input)

    # -- whether it may run, and signals

    @classmethod
    def prohibit(cls, prohibit: bool = True) -> None:
        """Keep the command, and those derived from it, from running in this process.

        Source: Laravel 13, Illuminate\\Console\\Prohibitable.
        """
        cls._prohibited = prohibit

    @classmethod
    def is_prohibited(cls) -> bool:
        """Return whether :meth:`prohibit` was called."""
        return cls._prohibited

    def trap(
        self, signals: int | Iterable[int], callback: Callable[[int], object] | Callable[[], object]
    ) -> None:
        """Call *callback* when one of *signals* comes, until the command has ended.

        Several for one signal are called latest first, those of the commands around this one
        after them; then what was there before is restored. In a thread other than the main one
        no signal can be trapped, and nothing happens; nor on Windows but for SIGINT and SIGBREAK.

        Args:
            signals: `signal.SIGTERM`, or several.
            callback: Sync or async; it may take the signal's number.

        Source: Laravel 13, Illuminate\\Console\\Concerns\\InteractsWithSignals::trap.
        """
        self.traps.add(signals, callback)

    @contextmanager
    def trapping(
        self, signals: int | Iterable[int], callback: Callable[[int], object] | Callable[[], object]
    ) -> Generator[None]:
        """Do as :meth:`trap`, until the block is over."""
        added = self.traps.add(signals, callback)
        try:
            yield
        finally:
            self.traps.remove(added)

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

    def fail(self, reason: str | Exception = "The command failed.") -> NoReturn:
        """End the command: *reason* goes to the error stream, the exit code is 1.

        Args:
            reason: A line for the user; an exception is raised as it is, reported and shown.
        """
        raise reason if isinstance(reason, Exception) else CommandFailed(reason)


def _placed(error: InvalidSignature, cls: type) -> InvalidSignature:
    """Return *error* with file and line of *cls*, as far as they are known."""
    try:
        place = f"{shown_path(inspect.getfile(cls))}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):  # it was made at run time, or its source is gone
        return error
    return InvalidSignature(error.signature, error.reason, error.position, error.place or place)


def _added(cls: type[Any]) -> Iterator[Option]:
    """Yield the options that mixins bring, each once."""
    for base in cls.__mro__:
        yield from vars(base).get("added_options", ())
