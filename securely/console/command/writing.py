"""Writes: lines, tables, lists and progress, as methods of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from securely.console.output import Output, TableSeparator, Verbosity
from securely.console.output.progress import Progress
from securely.console.output.tree import Tree

__all__ = ["Writes"]

T = TypeVar("T")


class Writes:
    """What a command writes.

    Attributes:
        output: Where lines go; set for each run.
    """

    output: Output

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
        rows: Iterable[Sequence[object] | Mapping[str, object] | TableSeparator],
        box: str = "default",
    ) -> None:
        """Draw a table; see :meth:`Output.table` for the boxes."""
        self.output.table(headers, rows, box)

    def progress(
        self, items: Iterable[T] | int, total: int | None = None, description: str = ""
    ) -> Progress[T]:
        """Return *items*, or a count of steps, so that how far it has come is shown."""
        return self.output.progress(items, total, description)

    def spin(self, work: Callable[[], T], message: str = "") -> T:
        """Do *work*, in either colour, under a spinner, and return what it returns."""
        return self.output.spin(work, message)

    def tree(self, tree: Tree, title: str = "") -> None:
        """Draw nested names."""
        self.output.tree(tree, title)
