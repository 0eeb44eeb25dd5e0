"""ErrorHandlerFake: assert_reported, assert_not_reported, assert_nothing_reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from securely.foundation.errors.handler import ErrorHandler
from securely.foundation.errors.rules import kinds_of

__all__ = ["ErrorHandlerFake"]

Wanted = type[BaseException] | Callable[[Any], bool]
E = TypeVar("E", bound=BaseException)


class ErrorHandlerFake(ErrorHandler):
    """An error handler that records what it is told instead of telling anyone.

    What is not to be reported is not recorded; the rules are those of the original.

    Args:
        original: The handler it stands in for.
        kinds: What is recorded; all errors when empty, others go to the original.

    Source: Laravel 13, Testing\\Fakes\\ExceptionHandlerFake.
    """

    def __init__(self, original: ErrorHandler, kinds: tuple[type[BaseException], ...] = ()) -> None:
        super().__init__(original._app)
        vars(self).update(vars(original))
        self._original = original
        self._kinds = kinds
        self._reported: list[BaseException] = []
        self._throws = False
        self.hooks.reports = self

    def reported(self) -> list[BaseException]:
        """Return what was reported, in order."""
        return [*self._reported]

    def throw_on_report(self) -> ErrorHandlerFake:
        """Raise what is reported from now on, where it is reported."""
        self._throws = True
        return self

    def throw_first_reported(self) -> ErrorHandlerFake:
        """Raise the first error that was reported, if any was."""
        if self._reported:
            raise self._reported[0]
        return self

    def restore(self) -> None:
        """Put the original handler back in its place."""
        self.hooks.reports = self._original
        self._app.instance(ErrorHandler, self._original)

    def report(self, error: Any, /, **context: object) -> Any:
        """Record an error; register a reporter as ever."""
        if isinstance(error, str):
            error = Exception(error)
        if not isinstance(error, BaseException):
            reporter: Callable[[Any], object] = error
            return super().report(reporter)
        shown = self.mapped(error)
        if self._kinds and not isinstance(shown, self._kinds):
            self._original.report(error, **context)
            return None
        if self.should_report(shown) and self.passes(shown):
            self._reported.append(shown)
            if self._throws:
                raise shown
        return None

    def assert_reported(self, wanted: Wanted) -> None:
        """Fail unless such an error was reported.

        Args:
            wanted: Its class, or a function with an annotated parameter that says yes to it.
        """
        if not self._fitting(wanted):
            raise AssertionError(f"{_named(wanted)} was not reported. {self._told()}")

    def assert_reported_count(self, count: int) -> None:
        """Fail unless that many errors were reported."""
        if len(self._reported) != count:
            raise AssertionError(
                f"{len(self._reported)} errors were reported, not {count}. {self._told()}"
            )

    def assert_not_reported(self, wanted: Wanted) -> None:
        """Fail if such an error was reported; see :meth:`assert_reported`."""
        if self._fitting(wanted):
            raise AssertionError(f"{_named(wanted)} was reported. {self._told()}")

    def assert_nothing_reported(self) -> None:
        """Fail if any error was reported."""
        if self._reported:
            raise AssertionError(f"Errors were reported. {self._told()}")

    def _fitting(self, wanted: Wanted) -> list[BaseException]:
        if isinstance(wanted, type):
            return [error for error in self._reported if isinstance(error, wanted)]
        kinds = kinds_of(wanted)
        return [error for error in self._reported if isinstance(error, kinds) and wanted(error)]

    def _told(self) -> str:
        if not self._reported:
            return "Nothing was."
        return "Reported: " + ", ".join(
            f"{type(error).__name__}({str(error)!r})" for error in self._reported
        )


def _named(wanted: Wanted) -> str:
    if isinstance(wanted, type):
        return wanted.__qualname__
    return f"An error that {getattr(wanted, '__qualname__', 'the function')} says yes to"
