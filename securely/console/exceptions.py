"""What can go wrong on the command line.

ConsoleError
├── CommandFailed         a command gave up, with a message for its user
├── CommandsClash         two commands claim one name
├── FileExists            a generator will not write over a file (also a FileExistsError)
├── InvalidInput          the command line does not fit the command (also a ValueError)
├── InvalidResult         handle() returned what is no exit code (also a TypeError)
├── InvalidSignature      a signature cannot be read (also a ValueError)
├── NotInteractive        a question nobody is there to answer
├── SteppedBack           the question before is wanted again; forms catch it
└── UnknownCommand        no command has that name (also a LookupError)
    └── AmbiguousCommand  an abbreviation fits several commands
"""

from __future__ import annotations

from collections.abc import Callable

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "AmbiguousCommand",
    "CommandFailed",
    "CommandsClash",
    "ConsoleError",
    "FileExists",
    "InvalidInput",
    "InvalidResult",
    "InvalidSignature",
    "NotInteractive",
    "SteppedBack",
    "UnknownCommand",
]


class ConsoleError(SecurelyError):
    """The root of the console's errors."""


class CommandFailed(ConsoleError):
    """A command gave up; its message is for the user, and the exit code is 1."""


class CommandsClash(ConsoleError):
    """Two commands claim one name."""

    def __init__(self, name: str, first: str, second: str) -> None:
        self.name = name
        self.first = first
        self.second = second
        super().__init__(
            f'Two commands are named "{name}": {first} and {second}. Rename one of them.'
        )

    def __reduce__(self) -> tuple[type[CommandsClash], tuple[str, str, str]]:
        return type(self), (self.name, self.first, self.second)


class FileExists(ConsoleError, FileExistsError):
    """A generator will not write over a file."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f'"{path}" exists already. Nothing was written; use --force to write over it.'
        )

    def __str__(self) -> str:  # an OSError would print its errno
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[FileExists], tuple[str]]:
        return type(self), (self.path,)


class InvalidInput(ConsoleError, ValueError):
    """The command line does not fit the command.

    Attributes:
        reason: What does not fit.
        hint: What might have been meant; "" where nothing is near.
        usage: A line on how the command is used; "" where it is not known.
    """

    def __init__(self, reason: str, *, hint: str = "", usage: str = "") -> None:
        self.reason = reason
        self.hint = hint
        self.usage = usage
        super().__init__(f"{reason} {hint}".rstrip())

    def __reduce__(self) -> tuple[Callable[..., InvalidInput], tuple[str, str, str]]:
        return _invalid_input, (self.reason, self.hint, self.usage)


def _invalid_input(reason: str, hint: str, usage: str) -> InvalidInput:
    return InvalidInput(reason, hint=hint, usage=usage)


class InvalidResult(ConsoleError, TypeError):
    """handle() returned what is no exit code."""

    def __init__(self, command: str, result: object) -> None:
        self.command = command
        self.result = result
        super().__init__(
            f"{command}.handle() returned {result!r} ({type(result).__name__}); an exit code is "
            f"an integer from 0 to 255, or None for success. Return Command.SUCCESS or "
            f"Command.FAILURE."
        )

    def __reduce__(self) -> tuple[type[InvalidResult], tuple[str, object]]:
        return type(self), (self.command, self.result)


class InvalidSignature(ConsoleError, ValueError):
    """A signature cannot be read.

    Attributes:
        signature: The whole signature.
        reason: What is wrong with it.
        position: Where, counted from 0; ``None`` where no one place is to blame.
        place: File and line of the command; "" where they are not known.
    """

    def __init__(
        self, signature: str, reason: str, position: int | None = None, place: str = ""
    ) -> None:
        self.signature = signature
        self.reason = reason
        self.position = position
        self.place = place
        super().__init__(reason)

    def __str__(self) -> str:
        reason = f"{self.place}: {self.reason}" if self.place else self.reason
        if not self.signature.strip():
            return reason
        if self.position is None:
            return f'{reason} The signature is "{self.signature}".'
        start = self.signature.rfind("\n", 0, self.position) + 1
        line = self.signature[start:].split("\n", 1)[0]
        return f"{reason}\n    {line}\n    {' ' * (self.position - start)}^"

    def __reduce__(self) -> tuple[type[InvalidSignature], tuple[str, str, int | None, str]]:
        return type(self), (self.signature, self.reason, self.position, self.place)


class NotInteractive(ConsoleError):
    """A question nobody is there to answer.

    Args:
        question: What would have been asked.
        complaint: Why the default does not pass; empty where there is no default.
    """

    def __init__(self, question: str, complaint: str = "") -> None:
        self.question = question
        self.complaint = complaint
        told = complaint.rstrip(".")
        reason = f", and its default does not pass ({told})" if told else ""
        super().__init__(
            f'"{question}" cannot be asked, because nobody is there to answer{reason}. Give the '
            f"answer as an argument or option, or run the command in a terminal without "
            f"--no-interaction."
        )

    def __reduce__(self) -> tuple[type[NotInteractive], tuple[str, str]]:
        return type(self), (self.question, self.complaint)


class SteppedBack(ConsoleError):
    """Ctrl-U was pressed within a form: the question before is to be asked again."""

    def __init__(self) -> None:
        super().__init__("The question before is to be asked again.")

    def __reduce__(self) -> tuple[type[SteppedBack], tuple[()]]:
        return type(self), ()


class UnknownCommand(ConsoleError, LookupError):
    """No command has that name."""

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        self.name = name
        self.known = known
        super().__init__(self.explain())

    def explain(self) -> str:
        """Return the message, with the commands of a namespace, or the nearest known name."""
        within = self._within()
        if within:
            return f"{self.name} is a namespace; its commands: {', '.join(within)}."
        from securely.console.artisan.elsewhere import lacking  # most commands are known

        reason = lacking(self.name, self.known)
        if reason is not None:
            return (
                f'"{self.name}" is Laravel\'s; Securely {reason}: see docs/laravel.md, '
                f'"What is not here yet".'
            )
        near = self._nearest()
        return f'Command "{self.name}" is not defined. ' + (
            f'Did you mean "{near}"?' if near else "Run `list` to see what is."
        )

    @property
    def nearest(self) -> str | None:
        """The one command that was probably meant; None where nothing is near."""
        from securely.console.artisan.elsewhere import lacking  # as above

        is_told = self._within() or lacking(self.name, self.known)
        return None if is_told else self._nearest()

    def _within(self) -> list[str]:
        return [name for name in self.known if name.startswith(f"{self.name}:")]

    def _nearest(self) -> str | None:
        """Return the nearest name: both its namespace and its own word have to be near."""
        space, colon, word = self.name.rpartition(":")
        if colon:
            spaces = {name.rpartition(":")[0] for name in self.known}
            within = space if space in spaces else did_you_mean(space, spaces - {""})
            split = {name: name.rpartition(":") for name in self.known}
            words = {own: name for name, (over, _, own) in split.items() if over == within}
            near = word if word in words else did_you_mean(word, words)
            if near is not None:
                return words[near]
        # Of another shape: "key-generate" for "key:generate".
        return did_you_mean(self.name, [n for n in self.known if not (colon and ":" in n)])

    def __reduce__(self) -> tuple[type[UnknownCommand], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.known)


class AmbiguousCommand(UnknownCommand):
    """An abbreviation fits several commands."""

    def explain(self) -> str:
        """Return the message, with all commands that fit."""
        return f'Command "{self.name}" is ambiguous. Did you mean one of: {", ".join(self.known)}?'
