"""ErrorHandler: decides what is reported, at which level and by whom; the log hears by default."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, overload

from securely.container import Container
from securely.exceptions import HttpException
from securely.foundation.errors.causes import behind, leaves
from securely.foundation.errors.contracts import Level, Rate, ShouldntReport
from securely.foundation.errors.hooks import Hooks
from securely.foundation.errors.rules import Reporting, Rule
from securely.foundation.errors.throttle import Lottery, Throttle
from securely.support.awaiting import answered

if TYPE_CHECKING:
    from securely.foundation.errors.fake import ErrorHandlerFake

__all__ = ["ErrorHandler", "Rescued"]

E = TypeVar("E", bound=BaseException)
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

# Being told to stop is no error; asyncio's is named, so that asyncio is not imported for it.
_NEVER: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
_CANCELLED: Final = "CancelledError"
# What tells whoever asked that it was in vain, and is no fault of the application; by name, so that
# the component is not imported for it. Source: Laravel 13, Handler::$internalDontReport.
_IN_VAIN: Final = frozenset(
    {"securely.validation.exceptions.ValidationError", "securely.queue.exceptions.EntityNotFound"}
)
# On an error that was reported: by which handler. Kept there and not here, because an error that
# is held holds every frame it came through, with all that is in them.
_MARK: Final = "_securely_reported_by"
# What the log itself is given beside the fields.
_RESERVED: Final = frozenset({"level", "message", "exception"})
# The order of levels, for the members of a group.
_GRAVEST_FIRST: Final = get_args(Level)


class Rescued:
    """What came of a block that may fail.

    Attributes:
        value: What the block has set; where it failed, the default.
    """

    def __init__(self, value: Any) -> None:
        self.value: Any = value


class ErrorHandler:
    """Decides what is reported, at which level and by whom; writes to the log by default.

    Example:
        >>> handler = ErrorHandler(app)
        >>> handler.dont_report(FileNotFoundError)
        >>> handler.level(TimeoutError, "warning")

    Source: Laravel 13, Configuration\\Exceptions and Exceptions\\Handler.
    """

    def __init__(self, app: Container) -> None:
        self._app = app
        self.hooks: Hooks = Hooks(self, self.masked)
        self._ignored: list[type[BaseException]] = []
        self._in_vain = set(_IN_VAIN)
        self._unless: list[Rule] = []
        self._levels: list[tuple[type[BaseException], Level]] = []
        self._reporters: list[Reporting[Any]] = []
        self._contexts: list[Callable[..., Mapping[str, object]]] = []
        self._maps: list[tuple[type[BaseException], Callable[[Any], BaseException]]] = []
        self._final: list[type[BaseException]] = []
        self._final_when: list[Rule] = []
        self._throttle = Throttle(lambda: app.make("rate_limiter"))
        self._renderers: list[Rule] = []

    # What is said in `with_exceptions`.

    def dont_report(self, *kinds: type[BaseException]) -> None:
        """Never report errors of these kinds, nor of their subclasses."""
        self._ignored.extend(kinds)

    def dont_report_when(self, condition: F) -> F:
        """Do not report the errors for which *condition* says yes; a decorator, too.

        Args:
            condition: Its first parameter is annotated with the errors that it is asked about.

        Raises:
            UntypedCallback: It is not.
        """
        self._unless.append(Rule(condition))
        return condition

    def stop_ignoring(self, *kinds: type[BaseException]) -> None:
        """Report errors of these kinds again, whoever said that they were not to be."""
        self._ignored = [kind for kind in self._ignored if kind not in kinds]
        self._in_vain.difference_update(map(_dotted, kinds))

    def level(self, kind: type[BaseException], level: Level) -> None:
        """Report errors of *kind* at *level*; the first match counts."""
        self._levels.append((kind, level))

    def reporting(self, kind: type[E], reporter: Callable[[E], object]) -> Reporting[E]:
        """Call *reporter* with errors of *kind*; when it returns False, nothing else is done.

        It is :meth:`report` for a function without annotations, such as a lambda.
        """
        registered = Reporting(reporter, (kind,))
        self._reporters.append(registered)
        return registered

    def context(self, callback: F) -> F:
        """Add what *callback* returns to what the log is told of every error; a decorator, too.

        Args:
            callback: Called with the error, and with the fields so far if it takes two.
        """
        self._contexts.append(callback)
        return callback

    def map(self, kind: type[E], into: type[BaseException] | Callable[[E], BaseException]) -> None:
        """Report and show errors of *kind* as another; theirs becomes its `__cause__`.

        Args:
            kind: Which errors.
            into: What makes the other of them; a class gets the message.

        Source: Laravel 13, Exceptions::map.
        """
        make: Callable[[Any], BaseException] = into
        if isinstance(into, type):
            cls: Callable[[str], BaseException] = into
            make = lambda error: cls(str(error))  # noqa: E731  # one of two makers
        self._maps.append((kind, make))

    def throttle(self, function: F) -> F:
        """Report errors only as often as *function* says; a decorator, too.

        Args:
            function: Called with the error; its parameter is annotated with those that it is asked
                about. It returns a `Limit` of the rate limiter, which is counted for each class of
                errors unless it has a key, a :class:`Lottery`, a boolean, or None: no opinion.
                Where it fails, or the limiter does, the error is reported.

        Raises:
            UntypedCallback: The parameter is not annotated.

        Source: Laravel 13, Exceptions::throttle.
        """
        self._throttle.add(Rule(function))
        return function

    def throttling(self, kind: type[BaseException], how: Rate | Lottery) -> None:
        """Report errors of *kind* only as often as *how* says; see :meth:`throttle`."""

        def answer(_error: BaseException) -> Rate | Lottery:
            return how

        self._throttle.add(Rule(answer, (kind,)))

    def render_for_console(self, function: F) -> F:
        """Show errors that end a command by *function*; a decorator, too.

        Args:
            function: Called with the error, as the annotation of its parameter wants it, and with
                the output. Where it returns False, the error is shown as any other.

        Raises:
            UntypedCallback: The parameter is not annotated.

        Source: Laravel 13, Handler::renderForConsole.
        """
        self._renderers.append(Rule(function))
        return function

    def dont_retry(self, *kinds: type[BaseException]) -> None:
        """Do not try again what ended in errors of these kinds."""
        self._final.extend(kinds)

    def dont_retry_when(self, condition: F) -> F:
        """Do not try again what ended in an error for which *condition* says yes.

        Raises:
            UntypedCallback: The first parameter of *condition* is not annotated with errors.
        """
        self._final_when.append(Rule(condition))
        return condition

    # What is asked.

    def should_report(self, error: BaseException) -> bool:
        """Tell whether *error* is one that people want to hear of."""
        if (
            isinstance(error, (*_NEVER, ShouldntReport, HttpException))
            or type(error).__name__ == _CANCELLED
        ):
            return False
        if isinstance(error, tuple(self._ignored)):
            return False
        if not self._in_vain.isdisjoint(map(_dotted, type(error).__mro__)):
            return False
        if any(rule.fits(error) and rule.function(error) for rule in self._unless):
            return False
        if isinstance(error, BaseExceptionGroup):
            # Of a group, those count that it is made of.
            return any(self.should_report(leaf) for leaf in leaves(cast("BaseException", error)))
        return True

    def passes(self, error: BaseException) -> bool:
        """Count *error*, and tell whether it is reported as often as this; see :meth:`throttle`."""
        return self._throttle.passes(error)

    def level_of(self, error: BaseException) -> Level:
        """Return the level at which *error* is reported; of a group, that of its gravest member."""
        own = self._named_level(error)
        if own is None and isinstance(error, BaseExceptionGroup):
            levels: list[Level] = [
                self._named_level(leaf) or "error" for leaf in leaves(cast("BaseException", error))
            ]
            return min(levels, key=_GRAVEST_FIRST.index)
        return own or "error"

    def shown(self, error: BaseException, output: object) -> bool:
        """Have one that :meth:`render_for_console` has registered show *error*, if any does."""
        for rule in self._renderers:
            if rule.fits(error) and rule.function(error, output) is not False:
                return True
        return False

    def should_retry(self, error: BaseException) -> bool:
        """Tell whether what ended in *error* may be tried again."""
        if isinstance(error, tuple(self._final)):
            return False
        return not any(rule.fits(error) and rule.function(error) for rule in self._final_when)

    def mapped(self, error: BaseException) -> BaseException:
        """Return what *error* is reported and shown as; itself unless :meth:`map` names another."""
        for kind, make in self._maps:
            if isinstance(error, kind):
                other = make(error)
                if other is not error and other.__cause__ is None:
                    other.__cause__ = error
                return other
        return error

    # What is done.

    @overload
    def report(self, error: BaseException | str, /, **context: object) -> None: ...

    @overload
    def report(self, error: Callable[[E], object], /) -> Reporting[E]: ...

    def report(
        self, error: BaseException | str | Callable[[E], object], /, **context: object
    ) -> Reporting[E] | None:
        """Tell the reporters and the log of *error*, once; or register a reporter.

        An error that has a method `report` is told first: unless that returns False, nothing else
        is done. Then come the reporters in the order of their registration, and the log. Nothing
        is raised for an error, whatever goes wrong.

        Args:
            error: What was not caught, or words for it; or a function whose first parameter is
                annotated with the errors it wants, several as a union. When it returns False, or
                `.stop()` was called on what this returns, nothing else is done.
            context: Fields for the log, such as the command that ran.

        Raises:
            UntypedCallback: A reporter's parameter is not annotated.

        Example:
            >>> errors = ErrorHandler(app)
            >>> @errors.report
            ... def page(error: TimeoutError | ConnectionError) -> bool:
            ...     print(f"paged: {error}")
            ...     return False
            >>> errors.report(TimeoutError("no answer"))
            paged: no answer

        Source: Laravel 13, Handler::report, Exceptions::report.
        """
        if isinstance(error, str):
            error = Exception(error)
        if not isinstance(error, BaseException):
            registered = Reporting(error)
            self._reporters.append(registered)
            return registered
        try:
            self._report(error, context)
        except Exception as failure:  # a broken log must not hide the error
            _say_last(error, failure, self.masked)
        return None

    def masked(self, text: str) -> str:
        """Return *text* without what is secret: as the log hides it, if that can be asked."""
        from securely.log.masking import Masker  # not before something is broken

        try:
            return cast(str, self._app.make("log").masker.text(text))
        except Exception:  # the log is what is broken
            return Masker().text(text)

    def rescue(self, function: Callable[[], T], default: Any = None, *, report: Any = True) -> T:
        """Return what *function* returns; when it fails, report that and return *default*.

        Args:
            function: What may fail.
            default: What is returned then; a function is called with the error.
            report: Whether it is reported; a function is asked with the error.

        Source: Laravel 13, rescue().
        """
        try:
            return function()
        except Exception as error:
            if report(error) if callable(report) else report:
                self.report(error)
            return cast("T", default(error) if callable(default) else default)

    @contextmanager
    def rescuing(self, default: Any = None, *, report: Any = True) -> Generator[Rescued]:
        """Report an error of the block and go on behind it.

        Args:
            default: What the `value` of what the block is given is then; a function is called with
                the error.
            report: Whether it is reported; a function is asked with the error.

        Example:
            >>> with ErrorHandler(app).rescuing(default=0, report=False) as rescued:
            ...     rescued.value = int("seven")
            >>> rescued.value
            0
        """
        rescued = Rescued(default)
        try:
            yield rescued
        except Exception as error:  # that is what it is for
            if report(error) if callable(report) else report:
                self.report(error)
            rescued.value = default(error) if callable(default) else default

    def fake(self, *kinds: type[BaseException]) -> ErrorHandlerFake:
        """Put a double in the place of this handler that records errors, and return it.

        Args:
            kinds: Errors of these only; others are reported as before. All when none is named.
        """
        from securely.foundation.errors.fake import ErrorHandlerFake

        fake = ErrorHandlerFake(self, kinds)
        self._app.instance(ErrorHandler, fake)
        return fake

    # Inside

    def _report(self, error: BaseException, context: dict[str, object]) -> None:
        if self._is_known(error):
            return
        raised = error
        error = self._asked(lambda: self.mapped(raised), raised)
        shown = error
        if (
            self._asked(lambda: self.should_report(shown), True)
            and self.passes(error)
            and self._is_wanted(error)
        ):
            self._tell(error, context)

    def _asked(self, ask: Callable[[], T], otherwise: T) -> T:
        """Return what *ask* returns; the log hears if it fails, and *otherwise* is returned.

        What the application has registered may be broken; that keeps nobody else from hearing.
        """
        try:
            return ask()
        except Exception as failure:  # see above
            said = "an error could not be reported as it should be"
            self._app.make("log").log("error", said, exception=failure)
            return otherwise

    def _is_known(self, error: BaseException) -> bool:
        """Tell whether *error* was reported here before, and note that it is now."""
        if getattr(error, _MARK, None) == id(self):
            return True
        try:
            setattr(error, _MARK, id(self))
        except (AttributeError, TypeError):
            return False  # an error that takes no attributes is told as often as it comes
        return False

    def _is_wanted(self, error: BaseException) -> bool:
        """Tell the error itself and the reporters; return whether the log is to hear, too."""
        itself: Any = getattr(error, "report", None)
        if (
            callable(itself)
            and self._asked(lambda: answered(self._app.call(itself)), False) is not False
        ):
            return False
        for reporter in self._reporters:
            if reporter.fits(error) and not self._asked(partial(_goes_on, reporter, error), True):
                return False
        return True

    def _tell(self, error: BaseException, context: Mapping[str, object]) -> None:
        """Tell the log and those that the configuration names."""
        from securely.log.record import Verbatim  # a start need not have it

        level = self.level_of(error)
        fields = {**self._context_of(error), **context}
        named = {f"{key}_" if key in _RESERVED else key: value for key, value in fields.items()}
        try:
            self._app.make("log").log(level, Verbatim(_message(error)), exception=error, **named)
        finally:
            # A log that is broken keeps nobody else from hearing.
            if self._app.bound("errors.reporters"):
                self._app.make("errors.reporters").report(error, level, fields)

    def _named_level(self, error: BaseException) -> Level | None:
        return next((level for kind, level in self._levels if isinstance(error, kind)), None)

    def _context_of(self, error: BaseException) -> dict[str, object]:
        fields: dict[str, object] = {}
        for callback in self._contexts:
            fields.update(_said(partial(_with_fields, callback, error, fields)))
        fields.update(_own_context(error))
        # Each by itself: two errors may mean different things by a name.
        causes = [
            {"error": type(cause).__qualname__, **own}
            for cause in behind(error)
            if (own := _own_context(cause))
        ]
        return {**fields, "causes": causes} if causes else fields


def _goes_on(reporter: Reporting[Any], error: BaseException) -> bool:
    """Tell *reporter* of *error*, and return whether others are to hear of it."""
    return answered(reporter.function(error)) is not False and not reporter.stops


def _with_fields(callback: Callable[..., Any], error: BaseException, fields: object) -> Any:
    takes = len(inspect.signature(callback).parameters)
    return callback(*(error, fields)[:takes])


def _own_context(error: BaseException) -> Mapping[str, object]:
    own = getattr(error, "context", None)
    return _said(own) if callable(own) else {}


def _message(error: BaseException) -> str:
    """Return what *error* says; what cannot say itself is named by its class."""
    try:
        return str(error)
    except Exception as failure:  # an author's __str__ must not cost the record
        return f"{type(error).__qualname__} (its message raised {type(failure).__qualname__})"


def _said(callback: Callable[[], Any]) -> Mapping[str, object]:
    """Return the fields that *callback* gives; what goes wrong in it is a field, too."""
    try:
        return {str(key): value for key, value in dict(callback() or {}).items()}
    except Exception as failure:  # the error is to be told with what there is
        return {"context_failed": f"{type(failure).__name__}: {failure}"}


def _say_last(error: BaseException, failure: BaseException, mask: Callable[[str], str]) -> None:
    import sys

    with suppress(Exception):  # where nobody can hear it, nothing is left to try
        sys.stderr.write(
            f"{type(error).__name__}: {mask(_message(error))}\n"
            "It could not be reported either: "
            f"{type(failure).__name__}: {mask(_message(failure))}\n"
        )


def _dotted(kind: type[object]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
