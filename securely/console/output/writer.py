"""Lines, tables, lists, progress; plain when not a terminal.

Errors and warnings go to the error stream, all else to the standard one. rich is imported when a
table or a progress bar is drawn, and not before.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TextIO, TypeVar, cast

from securely.console.output import style
from securely.console.output.progress import Progress
from securely.console.output.separator import TableSeparator
from securely.console.output.tree import Tree
from securely.support import clock, terminal

__all__ = ["BufferedOutput", "Output", "Verbosity", "shown_duration"]

T = TypeVar("T")

# Beyond this, dots no longer lead the eye (Laravel's own limit).
_WIDTH_MAX = 150
_MILLISECOND = 0.001
_MINUTE = 60


class Verbosity(IntEnum):
    """How much is printed."""

    SILENT = terminal.SILENT
    QUIET = terminal.QUIET
    NORMAL = terminal.NORMAL
    VERBOSE = terminal.VERBOSE
    VERY_VERBOSE = terminal.VERY_VERBOSE
    DEBUG = terminal.DEBUG


class Output:
    """Where a command writes.

    Args:
        stream: For lines; the process's standard output unless given.
        errors: For errors and warnings; the process's standard error unless given.
        ansi: Whether to colour; ``None`` lets the environment and the terminal decide.
        verbosity: What is printed at all; see :class:`Verbosity`.
        width: Columns; ``None`` asks the terminal, which is 80 where there is none.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        errors: TextIO | None = None,
        *,
        ansi: bool | None = None,
        verbosity: int = Verbosity.NORMAL,
        width: int | None = None,
    ) -> None:
        self._stream = stream
        self._errors = errors
        self._ansi = ansi
        self._width = width
        self.verbosity: int = verbosity

    @property
    def stream(self) -> TextIO:
        """Where lines go. Asked anew each time, because a process may replace its own."""
        return self._stream if self._stream is not None else sys.stdout

    @property
    def errors(self) -> TextIO:
        """Where errors and warnings go."""
        return self._errors if self._errors is not None else sys.stderr

    @property
    def width(self) -> int:
        """How many columns a line may have."""
        return self._width if self._width is not None else terminal.width()

    @property
    def wrapping_width(self) -> int | None:
        """Columns within which lines are wrapped; ``None`` in a pipe, where they stay whole."""
        return self.width if self.stream.isatty() else None

    @property
    def ansi(self) -> bool | None:
        """What was asked for about colours; ``None`` lets environment and terminal decide."""
        return self._ansi

    @property
    def is_decorated(self) -> bool:
        """Whether lines are coloured."""
        return terminal.decorated(self.stream, self._ansi)

    def configure(self, *, ansi: bool | None = None, verbosity: int | None = None) -> None:
        """Take over what the command line says; ``None`` leaves things as they are."""
        if ansi is not None:
            self._ansi = ansi
        if verbosity is not None:
            self.verbosity = verbosity

    def write(self, text: str, verbosity: int = Verbosity.NORMAL, *, raw: bool = False) -> None:
        """Write *text* without a line end, if at least *verbosity* is asked for.

        Args:
            text: May hold tags, unless *raw*.
            verbosity: From which verbosity on.
            raw: Whether *text* is written as it is.
        """
        if self.verbosity >= verbosity and self.verbosity > Verbosity.QUIET:
            self._put(self.stream, text if raw else style.render(text, self.is_decorated))

    def line(
        self, text: str = "", style: str | None = None, verbosity: int = Verbosity.NORMAL
    ) -> None:
        """Write a line, in a named style or as its tags say."""
        self.write((f"<{style}>{text}</{style}>" if style else text) + "\n", verbosity)

    def info(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that says that all is well."""
        self.line(text, "info", verbosity)

    def comment(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that stands back."""
        self.line(text, "comment", verbosity)

    def question(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a line that asks."""
        self.line(text, "question", verbosity)

    def warn(self, text: str, verbosity: int = Verbosity.NORMAL) -> None:
        """Write a warning to the error stream; quiet hides it."""
        if self.verbosity >= verbosity and self.verbosity > Verbosity.QUIET:
            self.error_line(f"<warn>{text}</warn>")

    def error(self, text: str) -> None:
        """Write an error to the error stream; only silent hides it."""
        self.error_line(f"<error>{text}</error>")

    def failure(self, text: str) -> None:
        """Write *text*, as it is and after a label, to the error stream; only silent hides it."""
        colour = terminal.decorated(self.errors, self._ansi)
        self.error_line(_label("ERROR", terminal.ERROR, colour) + text, raw=True)

    def error_line(self, text: str = "", *, raw: bool = False) -> None:
        """Write a line, with the tags it holds, to the error stream; only silent hides it."""
        if self.verbosity > Verbosity.SILENT:
            colour = terminal.decorated(self.errors, self._ansi)
            self._put(self.errors, (text if raw else style.render(text, colour)) + "\n")

    def write_error(self, text: str) -> None:
        """Write *text* as it is, and without a line end, to the error stream: for prompts."""
        self._put(self.errors, text)

    def new_line(self, count: int = 1) -> None:
        """Write empty lines."""
        self.write("\n" * count)

    def alert(self, text: str) -> None:
        """Write a line in a frame of stars."""
        stars = "*" * (style.plain_width(text) + 12)
        self.line(stars, "comment")
        self.line(f"*     {text}     *", "comment")
        self.line(stars, "comment")

    def success(self, text: str) -> None:
        """Write a line with a green label before it."""
        self.line(_label("SUCCESS", style.STYLES["success"], self.is_decorated) + text)

    def bullet_list(self, items: Iterable[str]) -> None:
        """Write one line per item, with a dot before it."""
        for item in items:
            self.line(f"  <muted>•</muted> {item}")

    def two_column_detail(self, first: str, second: str = "") -> None:
        """Write two texts, at the left and the right edge, with dots between them."""
        room = min(self.width, _WIDTH_MAX) - style.plain_width(first) - style.plain_width(second)
        # Two columns stand free at each edge and one space on each side of the dots.
        dots = "." * max(room - 6, 1)
        self.line(f"  {first} <muted>{dots}</muted> {second}".rstrip())

    def task(self, description: str, work: Callable[[], object] | None = None) -> bool:
        """Do *work* and write a line with how long it took and whether it went well.

        Args:
            description: What is done.
            work: Returns ``False`` where it failed, :data:`NotImplemented` where there was nothing
                to do, anything else where it went well. ``None`` counts as well.

        Returns:
            Whether it went well.
        """
        begin = clock.perf()
        try:
            result = work() if work is not None else True
        except BaseException:
            self._task_line(description, clock.perf() - begin, "<fg=red;options=bold>FAIL</>")
            raise
        word = "<fg=green;options=bold>DONE</>"
        if result is NotImplemented:
            word = "<fg=yellow;options=bold>SKIPPED</>"
        elif result is False:
            word = "<fg=red;options=bold>FAIL</>"
        self._task_line(description, clock.perf() - begin, word)
        return result is not False

    def _task_line(self, description: str, seconds: float, word: str) -> None:
        self.two_column_detail(description, f"<muted>{shown_duration(seconds)}</muted> {word}")

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[object] | Mapping[str, object] | TableSeparator],
        box: str = "default",
    ) -> None:
        """Draw a table.

        Args:
            headers: One text per column.
            rows: One sequence per row, a mapping by header, or a :class:`TableSeparator`.
            box: ``default``, ``borderless``, ``compact``, ``box``, ``box-double`` or ``markdown``.
        """
        if self.verbosity < Verbosity.NORMAL:
            return
        from securely.console.output.drawing import draw_table

        drawn = draw_table(headers, rows, box, self.is_decorated, self.wrapping_width)
        self.write(drawn, raw=True)

    def progress(
        self, items: Iterable[T] | int, total: int | None = None, description: str = ""
    ) -> Progress[T]:
        """Return *items*, or a count of steps, so that how far it has come is shown.

        It is a bar in a terminal, and a line each tenth of the way elsewhere.

        Args:
            items: What is worked through, or how many steps there are.
            total: How many there are; ``None`` asks *items*.
            description: What stands before it.
        """
        from securely.console.output.progress import Bar, Hidden, Lines

        if self.verbosity < Verbosity.NORMAL:
            return Progress(items, Hidden(), total, description)
        if self.is_decorated and self.stream.isatty():
            return Progress(items, Bar(self.stream), total, description)
        return Progress(items, Lines(self.line), total, description)

    def spin(self, work: Callable[[], T], message: str = "") -> T:
        """Do *work* under a spinner, and return what it returns; without a terminal, a line.

        Args:
            work: What is done; in either colour.
            message: What stands after the spinner.
        """
        from securely.console.prompts.checks import settled

        if self.verbosity < Verbosity.NORMAL:
            return cast("T", settled(work()))
        if not (terminal.decorated(self.errors, self._ansi) and self.errors.isatty()):
            self.error_line(message or "Working …")
            return cast("T", settled(work()))
        from securely.console.output.spinner import Spinner

        with Spinner(style.render(message, True), self._spun):
            return cast("T", settled(work()))

    def tree(self, tree: Tree, title: str = "") -> None:
        """Draw nested names.

        Args:
            tree: Names with what lies below them, or a list of such.
            title: What stands above.
        """
        from securely.console.output.tree import tree_lines

        if title:
            self.line(title)
        for line in tree_lines(tree):
            self.line(line)

    def _spun(self, text: str) -> None:
        self.write_error(text)
        self.errors.flush()

    def flush(self) -> None:
        """Hand over what is still held back."""
        self.stream.flush()
        self.errors.flush()

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            # A terminal in an old encoding: better a question mark than a traceback.
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding))


class BufferedOutput(Output):
    """An output that keeps what is written; for tests and ``Artisan.call``.

    Example:
        >>> output = BufferedOutput()
        >>> output.info("done")
        >>> output.text
        'done\\n'
    """

    def __init__(
        self, *, ansi: bool | None = False, verbosity: int = Verbosity.NORMAL, width: int = 80
    ) -> None:
        self._lines = io.StringIO()
        self._error_lines = io.StringIO()
        self._both = io.StringIO()
        super().__init__(
            _Tee(self._lines, self._both),
            _Tee(self._error_lines, self._both),
            ansi=ansi,
            verbosity=verbosity,
            width=width,
        )

    @property
    def text(self) -> str:
        """What went to the standard stream."""
        return self._lines.getvalue()

    @property
    def error_text(self) -> str:
        """What went to the error stream."""
        return self._error_lines.getvalue()

    @property
    def all_text(self) -> str:
        """What went to either, in the order of writing."""
        return self._both.getvalue()

    def fetch(self) -> str:
        """Return :attr:`all_text` and forget it."""
        text = self.all_text
        for buffer in (self._lines, self._error_lines, self._both):
            buffer.seek(0)
            buffer.truncate()
        return text


class _Tee(io.StringIO):
    """A stream that writes to two others."""

    def __init__(self, *targets: io.StringIO) -> None:
        super().__init__()
        self._targets = targets

    def write(self, text: str, /) -> int:
        for target in self._targets:
            target.write(text)
        return len(text)


def _label(word: str, code: str, colour: bool) -> str:
    """Return what stands before a line: *word* on a field of colour, or plain and flush left."""
    return terminal.paint(f" {word} ", code, True) + " " if colour else f"{word}  "


def shown_duration(seconds: float) -> str:
    """Return a duration as people read it: 800µs, 12.5ms, 1.20s, 2m 5s.

    Example:
        >>> shown_duration(0.0125)
        '12.5ms'
    """
    if seconds < _MILLISECOND:
        return f"{seconds * 1_000_000:.0f}µs"
    if seconds < 1:
        return f"{seconds * 1_000:.1f}ms"
    if seconds < _MINUTE:
        return f"{seconds:.2f}s"
    return f"{int(seconds // 60)}m {int(seconds % 60)}s"
