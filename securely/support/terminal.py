"""Global options, verbosity and colours of the console; imports nothing but os and sys.

The start (``securely.starter``) answers ``list`` and kin before anything else is imported, and the
console proper answers the same questions later. What both need lies here, so that both agree.
No ``typing``, ``dataclasses`` or ``re``: importing one of them costs as much as the interpreter.
"""

import os
import sys

__all__ = [
    "COMMENT",
    "DEBUG",
    "ERROR",
    "INFO",
    "NORMAL",
    "QUIET",
    "SILENT",
    "VERBOSE",
    "VERY_VERBOSE",
    "Globals",
    "decorated",
    "hush",
    "is_dumb",
    "paint",
    "reader_left",
    "split_globals",
    "width",
]

# How much is printed: above 0 more than usual, below it less.
SILENT = -2
QUIET = -1
NORMAL = 0
VERBOSE = 1
VERY_VERBOSE = 2
DEBUG = 3

INFO = "32"
COMMENT = "33"
ERROR = "37;41"

_VERBOSITIES = {
    "-v": VERBOSE,
    "-vv": VERY_VERBOSE,
    "-vvv": DEBUG,
    "--verbose": VERBOSE,
    "--verbose=1": VERBOSE,
    "--verbose=2": VERY_VERBOSE,
    "--verbose=3": DEBUG,
    "-q": QUIET,
    "--quiet": QUIET,
    "--silent": SILENT,
}


class Globals:
    """The options every command understands, as found on a command line.

    ``ansi`` is ``None`` where the terminal decides; ``env`` is ``None`` where none was named, and
    empty where the option came without its value, which is for the console to refuse.
    """

    __slots__ = ("ansi", "env", "help", "interactive", "verbosity", "version")

    def __init__(self) -> None:
        self.ansi: bool | None = None
        self.env: str | None = None
        self.help: bool = False
        self.interactive: bool = True
        self.verbosity: int = NORMAL
        self.version: bool = False

    def take(self, token: str) -> bool:
        """Note *token* if it is a global option without a value of its own; say whether it was."""
        if token in _VERBOSITIES:
            self.verbosity = _VERBOSITIES[token]
        elif token in ("--ansi", "--no-ansi"):
            self.ansi = token == "--ansi"  # noqa: S105  # an option, not a password
        elif token in ("-n", "--no-interaction"):
            self.interactive = False
        elif token in ("-h", "--help"):
            self.help = True
        elif token in ("-V", "--version"):
            self.version = True
        elif token.startswith("--env="):
            self.env = token[6:]
        else:
            return False
        return True


def split_globals(tokens: list[str]) -> tuple[Globals, list[str]]:
    """Take the global options out of *tokens*, up to a ``--``; return them and what is left.

    They may stand before or after the command's name. ``-nv`` is read as ``-n -v``.

    Example:
        >>> found, rest = split_globals(["--env", "testing", "mail:send", "-nv", "1", "--", "-q"])
        >>> found.env, found.interactive, found.verbosity, rest
        ('testing', False, 1, ['mail:send', '1', '--', '-q'])
    """
    found = Globals()
    rest: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token == "--":  # noqa: S105  # the end of options, not a password
            rest.append(token)
            rest.extend(tokens[position:])
            break
        if token == "--env":  # noqa: S105  # an option, not a password
            found.env = ""
            if position < len(tokens) and not tokens[position].startswith("-"):
                found.env = tokens[position]
                position += 1
        elif not found.take(token) and not _take_set(found, token):
            rest.append(token)
    return found, rest


def _take_set(found: Globals, token: str) -> bool:
    """Take a set of short global options, such as ``-nv``."""
    if len(token) < 3 or token[0] != "-" or token.strip("-hnqvV"):  # noqa: PLR2004  # "-" and two
        return False
    if token.startswith("--"):
        return False
    if "v" in token:
        found.take("-" + "v" * min(3, token.count("v")))
    for letter in token[1:].replace("v", ""):
        found.take(f"-{letter}")
    return True


def decorated(stream: object, ansi: bool | None = None) -> bool:
    """Return whether to colour what is written to *stream*.

    The command line (*ansi*) wins, then ``NO_COLOR``, ``FORCE_COLOR``, ``TERM=dumb``, and last
    whether the stream is a terminal.

    Source: https://no-color.org, https://force-color.org
    """
    if ansi is not None:
        return ansi
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0", "false"):
        return True
    if environment.get("TERM") == "dumb":
        return False
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty and isatty())
    except ValueError:  # the stream is closed
        return False


def is_dumb() -> bool:
    """Return whether the terminal says that it can not move its cursor, or says nothing."""
    return os.environ.get("TERM", "") in ("", "dumb")


def paint(text: str, code: str, colour: bool) -> str:
    """Return *text* in the colour of the SGR parameters *code*, or as it is."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text


def width(default: int = 80) -> int:
    """Return the columns of the terminal; *default* where there is none."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                return os.get_terminal_size(stream.fileno()).columns or default
        except (OSError, ValueError):
            continue
    return default


def hush() -> None:
    """Let standard output lead nowhere: its reader is gone, and Python's last flush would say so.

    Source: Python's documentation of the module signal, "Note on SIGPIPE".
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # standard output is no file: nothing will be flushed
        return


def reader_left() -> bool:
    """Return whether standard output is a pipe that nobody reads any more.

    A flush does not tell: where Python writes unbuffered, nothing is left to be flushed.
    """
    try:
        from select import POLLERR, poll
    except ImportError:  # Windows has no poll
        return False
    poller = poll()
    try:
        poller.register(sys.stdout, 0)
    except (OSError, ValueError, TypeError):  # it is no file
        return False
    return any(events & POLLERR for _, events in poller.poll(0))
