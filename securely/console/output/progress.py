"""Progress: how far some work has come; a bar, or a line each tenth of the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Generic, Protocol, TextIO, TypeVar

__all__ = ["Bar", "Hidden", "Lines", "Progress"]

T = TypeVar("T")


class _Drawn(Protocol):
    """How progress is shown."""

    def begin(self, total: int | None, description: str) -> None: ...
    def show(self, done: int, total: int | None, description: str) -> None: ...
    def end(self, done: int, total: int | None, description: str) -> None: ...


class Progress(Generic[T]):
    """Goes through *items*, or counts steps by hand, and shows how far it has come.

    Args:
        items: What is worked through, or how many steps there are.
        drawn: How it is shown.
        total: How many there are; ``None`` asks *items*, and may stay unknown.
        description: What stands before it.

    Example:
        >>> progress = Progress(4, Hidden())
        >>> with progress:
        ...     progress.advance()
        ...     progress.advance(2)
        >>> progress.done
        3
    """

    def __init__(
        self,
        items: Iterable[T] | int,
        drawn: _Drawn,
        total: int | None = None,
        description: str = "",
    ) -> None:
        if total is None:
            total = items if isinstance(items, int) else _length(items)
        self._items: Any = range(items) if isinstance(items, int) else items
        self._drawn = drawn
        self._is_running = False
        self.total = total
        self.description: str = description
        self.done: int = 0

    def start(self) -> None:
        """Show that nothing has been done yet."""
        if not self._is_running:
            self._is_running = True
            self._drawn.begin(self.total, self.description)

    def advance(self, steps: int = 1) -> None:
        """Show that *steps* more have been done."""
        self.start()
        self.done += steps
        self._drawn.show(self.done, self.total, self.description)

    def describe(self, description: str) -> None:
        """Show another text before it."""
        self.start()
        self.description = description
        self._drawn.show(self.done, self.total, description)

    def finish(self) -> None:
        """Show that it is over, and give the terminal back."""
        if self._is_running:
            self._is_running = False
            self._drawn.end(self.done, self.total, self.description)

    def map(self, work: Callable[[T], object]) -> list[Any]:
        """Do *work* with each item, in either colour, and return what came of them.

        Example:
            >>> Progress([1, 2], Hidden()).map(lambda number: number * 10)
            [10, 20]
        """
        from securely.console.prompts.checks import settled

        return [settled(work(item)) for item in self]

    def __enter__(self) -> Progress[T]:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish()

    def __iter__(self) -> Iterator[T]:
        self.start()
        try:
            for item in self._items:
                yield item
                self.advance()
        finally:
            self.finish()


class Hidden:
    """Shows nothing: the command is quiet."""

    def begin(self, total: int | None, description: str) -> None:
        """Show nothing."""

    def show(self, done: int, total: int | None, description: str) -> None:
        """Show nothing."""

    def end(self, done: int, total: int | None, description: str) -> None:
        """Show nothing."""


class Lines:
    """Writes a line each tenth of the way; where the whole is unknown, one at the end.

    Args:
        write: Writes a line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._tenth = 0

    def begin(self, total: int | None, description: str) -> None:
        """Begin to count tenths."""
        self._tenth = 0

    def show(self, done: int, total: int | None, description: str) -> None:
        """Write a line if a tenth more has been done."""
        if total and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            self._write(f"{_before(description)}{done}/{total} ({done * 100 // total}%)")

    def end(self, done: int, total: int | None, description: str) -> None:
        """Write how much was done where nobody knew the whole."""
        if not total:
            self._write(f"{_before(description)}{done}")


class Bar:
    """Draws a bar on *stream*, a terminal, with rich; redrawn ten times a second at most."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream, force_terminal=True),
        )

    def begin(self, total: int | None, description: str) -> None:
        """Draw an empty bar."""
        self._task = self._bar.add_task(description, total=total)
        self._bar.start()

    def show(self, done: int, total: int | None, description: str) -> None:
        """Draw the bar as far as it is."""
        self._bar.update(self._task, completed=done, description=description)

    def end(self, done: int, total: int | None, description: str) -> None:
        """Draw the bar a last time."""
        self._bar.stop()


def _length(items: object) -> int | None:
    return len(items) if isinstance(items, Sized) else None


def _before(description: str) -> str:
    return f"{description} " if description else ""
