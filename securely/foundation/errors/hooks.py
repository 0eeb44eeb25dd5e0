"""Hooks: what Python calls with errors that left a thread, a task, a `__del__` or the program."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from securely.support.masking import mask_urls

__all__ = ["Hooks", "Reports"]

DEPRECATIONS: Final = "deprecations"


class Reports(Protocol):
    """What errors are reported to."""

    def report(self, error: BaseException, /, **context: object) -> object:
        """Tell of *error*; never raises."""
        ...


class Hooks:
    """The hooks of this process, as long as they are installed.

    They report, and then call what was there before, which shows the error. Where that is Python's
    own, the traceback is shown in its place, masked. Installed several times, by several
    applications, they are taken out in any order: one that is still called from outside only
    passes on.

    Args:
        reports: Who is told; a fake may take its place.
        mask: Hides what is secret in what is shown; by itself, passwords of URLs.

    Source: Laravel 13, Bootstrap\\HandleExceptions.
    """

    def __init__(self, reports: Reports, mask: Callable[[str], str] = mask_urls) -> None:
        self.reports = reports
        self._mask = mask
        self._undo: list[Callable[[], None]] = []
        self._is_on = False

    @property
    def are_installed(self) -> bool:
        """Whether errors come here."""
        return self._is_on

    def install(self) -> None:
        """Have errors reported that nobody can catch any more; again is a no-op."""
        if self._is_on:
            return
        self._is_on = True
        self._swap(sys, "excepthook", self._uncaught)
        self._swap(threading, "excepthook", self._in_thread)
        self._swap(sys, "unraisablehook", self._unraisable)

    def uninstall(self) -> None:
        """Put back what was there before, latest first."""
        self._is_on = False
        while self._undo:
            self._undo.pop()()

    def watch(self, loop: Any) -> None:
        """Have what goes wrong in tasks and callbacks of an event loop reported, too.

        Args:
            loop: An asyncio event loop; what handled its errors before is called afterwards.
        """
        before = loop.get_exception_handler()

        def handle(loop: Any, told: dict[str, Any]) -> None:
            error = told.get("exception")
            if error is not None:
                self.reports.report(error, source="loop", during=str(told.get("message", "")))
            if before is not None:
                before(loop, told)
            elif error is None:
                loop.default_exception_handler(told)

        loop.set_exception_handler(handle)

    def _swap(self, module: Any, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(module, name)
        ours = make(before)
        setattr(module, name, ours)

        def undo() -> None:
            # Somebody who came later keeps his; he calls ours, which passes on.
            if getattr(module, name) is ours:
                setattr(module, name, before)

        self._undo.append(undo)

    def _tell(self, error: BaseException | None, **context: object) -> None:
        if self._is_on and error is not None:
            self.reports.report(error, **context)

    def _show(self, error: BaseException, where: str = "") -> None:
        """Write the traceback of *error*, as Python would, without what is secret."""
        from traceback import format_exception  # a start need not have it

        try:
            told = self._mask("".join([where, *format_exception(error)]))
        except Exception as failure:  # an author's __str__; what cannot be masked is not shown
            told = f"{where}{type(error).__qualname__} (showing it: {type(failure).__qualname__})\n"
        stream = sys.stderr
        if stream is not None:  # pyright: ignore[reportUnnecessaryComparison]  # it is None under pythonw
            with suppress(OSError, ValueError):  # nobody reads it, or it is closed
                stream.write(told)
                stream.flush()

    def _uncaught(self, before: Any) -> Any:
        def excepthook(kind: Any, error: BaseException, trace: Any) -> None:
            self._tell(error, source="program")
            if before is sys.__excepthook__:
                self._show(error)
            else:
                before(kind, error, trace)

        return excepthook

    def _in_thread(self, before: Any) -> Any:
        def excepthook(args: Any) -> None:
            name = args.thread.name if args.thread is not None else "?"
            self._tell(args.exc_value, source="thread", thread=name)
            if before is not threading.__excepthook__ or args.exc_value is None:
                before(args)
            elif not isinstance(args.exc_value, SystemExit):  # how a thread may end itself
                self._show(args.exc_value, f"Exception in thread {name}:\n")

        return excepthook

    def _unraisable(self, before: Any) -> Any:
        def unraisablehook(args: Any) -> None:
            # Its name only: to hold the object would bring it back to life.
            name = getattr(args.object, "__qualname__", type(args.object).__qualname__)
            self._tell(args.exc_value, source="unraisable", object=name)
            if before is not sys.__unraisablehook__ or args.exc_value is None:
                before(args)
            else:
                self._show(args.exc_value, f"{args.err_msg or 'Exception ignored in'}: {name}\n")

        return unraisablehook

    def capture_deprecations(self, write: Callable[[str], object]) -> None:
        """Have warnings of what is deprecated written, and not shown.

        Args:
            write: Called with the warning, its file and its line in one text.
        """

        def make(before: Any) -> Any:
            def show(message: Any, category: Any, filename: str, lineno: int, *more: Any) -> None:
                kinds = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
                if self._is_on and issubclass(category, kinds):
                    write(f"{message} in {filename} on line {lineno}")
                else:
                    before(message, category, filename, lineno, *more)

            return show

        self._swap(warnings, "showwarning", make)
