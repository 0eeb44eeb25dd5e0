"""Report: one place for what is not caught."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal, TypeVar

from securely.container import Container

__all__ = ["ErrorHandler", "Level"]

E = TypeVar("E", bound=BaseException)

Level = Literal["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"]

# Being told to stop is no error; asyncio's is named, so that asyncio is not imported for it.
_NEVER: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
_CANCELLED: Final = "CancelledError"
# On an error that was reported: by which handler. Kept there and not here, because an error that
# is held holds every frame it came through, with all that is in them.
_MARK: Final = "_securely_reported_by"


class ErrorHandler:
    """Decides what is reported, at which level and by whom; writes to the log by default.

    Example:
        >>> handler = ErrorHandler(app)
        >>> handler.dont_report(FileNotFoundError)
        >>> handler.level(TimeoutError, "warning")

    Source: Laravel 13, Exceptions: report, level, dontReport.
    """

    def __init__(self, app: Container) -> None:
        self._app = app
        self._ignored: list[type[BaseException]] = []
        self._levels: list[tuple[type[BaseException], Level]] = []
        self._reporters: list[tuple[type[BaseException], Callable[[Any], bool | None]]] = []

    def dont_report(self, *kinds: type[BaseException]) -> None:
        """Never report errors of these kinds, nor of their subclasses."""
        self._ignored.extend(kinds)

    def level(self, kind: type[BaseException], level: Level) -> None:
        """Report errors of *kind* at *level*; the first match counts."""
        self._levels.append((kind, level))

    def reporting(self, kind: type[E], reporter: Callable[[E], bool | None]) -> None:
        """Call *reporter* with errors of *kind*; when it returns False, nothing else is done."""
        self._reporters.append((kind, reporter))

    def should_report(self, error: BaseException) -> bool:
        """Tell whether *error* is one that people want to hear of."""
        if isinstance(error, _NEVER) or type(error).__name__ == _CANCELLED:
            return False
        return not isinstance(error, tuple(self._ignored))

    def report(self, error: BaseException, **context: object) -> None:
        """Tell the reporters and the log of *error*, once; never raises.

        Args:
            error: What was not caught.
            context: Fields for the log, such as the command that ran.
        """
        if self._is_known(error) or not self.should_report(error):
            return
        try:
            if all(self._tell(each, error) for each in self._reporters):
                self._log(error, context)
        except Exception as failure:  # a broken log must not hide the error
            self._say_last(error, failure)

    def _is_known(self, error: BaseException) -> bool:
        """Tell whether *error* was reported here before, and note that it is now."""
        if getattr(error, _MARK, None) == id(self):
            return True
        try:
            setattr(error, _MARK, id(self))
        except (AttributeError, TypeError):
            return False  # an error that takes no attributes is told as often as it comes
        return False

    def _tell(
        self,
        entry: tuple[type[BaseException], Callable[[Any], bool | None]],
        error: BaseException,
    ) -> bool:
        kind, reporter = entry
        return not isinstance(error, kind) or reporter(error) is not False

    def _log(self, error: BaseException, context: dict[str, object]) -> None:
        level = next((level for kind, level in self._levels if isinstance(error, kind)), "error")
        self._app.make("log").log(level, str(error), exception=error, **context)

    def _say_last(self, error: BaseException, failure: BaseException) -> None:
        import sys

        with suppress(Exception):  # where nobody can hear it, nothing is left to try
            sys.stderr.write(
                f"{type(error).__name__}: {error}\n"
                f"It could not be reported either: {type(failure).__name__}: {failure}\n"
            )
