"""Context: the values of a task, visible and hidden, its trace, and their way to others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final, Self, TypeVar, overload

from securely.context.carrying import BYTES_MAX, VARIABLE, Carrier
from securely.context.contracts import Encrypts, Failures
from securely.context.exceptions import ContextUnreadable
from securely.context.hidden import HiddenNames
from securely.context.state import NOTHING, TRACE, Cell, Held, Live, State, Trace
from securely.context.unit import Unit
from securely.context.values import Values
from securely.support.missing import MISSING

__all__ = ["Context"]

T = TypeVar("T")
Hook = Callable[["Context"], object]
Replace = Callable[[ValueError, str, str, bool], object]

_NONE: Final[Mapping[str, object]] = {}


class Context(Values, HiddenNames):
    """What follows a command, request or job: values, and one trace id.

    Its own methods are for the visible values, which every line of the log shows. `hidden` has the
    same methods for those that no log shows; they have the long names, too.

    Args:
        encrypter: Returns what encrypts for a purpose; needed where hidden values travel.
        failures: Told of what has travelled and cannot be read.
        bytes_max: How large it may be when it travels.

    Attributes:
        hidden: The values that are not logged.
        read: Returns what :attr:`fields` is, at the least cost: for what does so all the time.

    Example:
        >>> context = Context()
        >>> with context.scope(order=7):
        ...     context.push("steps", "paid", "packed").all()
        {'order': 7, 'steps': ['paid', 'packed']}
        >>> context.all()
        {}

    Source: Laravel 13, Log\\Context\\Repository.
    """

    def __init__(
        self,
        encrypter: Callable[[str], Encrypts] | None = None,
        failures: Callable[[], Failures | None] | None = None,
        *,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        live = Live()
        self._become(live)
        self.read: Callable[[], Mapping[str, object]] = live.reader()
        self._failures = failures
        self._carrier = Carrier(encrypter, bytes_max)
        self._dehydrating: list[Hook] = []
        self._hydrated: list[Hook] = []
        self._replace: Replace | None = None

    # All of it

    @property
    def is_empty(self) -> bool:
        """Whether there are no values, neither visible nor hidden."""
        state = self._cell.load()
        return not state.data and not state.hidden

    def flush(self) -> Self:
        """Take all values away, visible and hidden; the trace stays."""
        trace = self._cell.load().trace
        self._cell.store(NOTHING if trace is None else State(trace=trace))
        return self

    def when(
        self,
        condition: object,
        then: Callable[[Self], object],
        otherwise: Callable[[Self], object] | None = None,
    ) -> Self:
        """Call *then* with this context if *condition* holds, else *otherwise*, if it is given."""
        chosen = then if condition else otherwise
        if chosen is not None:
            chosen(self)
        return self

    @property
    def fields(self) -> Mapping[str, object]:
        """What lines of the log are given: the trace id, where there is one, and what is visible.

        The id of a command, request or job is made by this, where nothing has asked for it before.
        """
        return self._cell.load().shown

    # Scopes

    @overload
    def scope(
        self,
        callback: None = None,
        /,
        data: Mapping[str, object] = ...,
        hidden: Mapping[str, object] = ...,
        **values: object,
    ) -> AbstractContextManager[None]: ...

    @overload
    def scope(
        self,
        callback: Callable[[], T],
        /,
        data: Mapping[str, object] = ...,
        hidden: Mapping[str, object] = ...,
        **values: object,
    ) -> T: ...

    def scope(
        self,
        callback: Callable[[], T] | None = None,
        /,
        data: Mapping[str, object] = _NONE,
        hidden: Mapping[str, object] = _NONE,
        **values: object,
    ) -> T | AbstractContextManager[None]:
        """Have more values within a block, or while *callback* runs; all is as before behind it.

        Args:
            callback: A function, of which the result is returned; a block is opened without one.
            data: Visible values.
            hidden: Hidden ones.
            values: More visible ones, by their names.

        Source: Laravel 13, Context::scope.
        """
        state = self._cell.load()
        unit = Unit(
            self._cell,
            State({**state.data, **data, **values}, {**state.hidden, **hidden}, state.trace),
        )
        if callback is None:
            return unit
        with unit:
            return callback()

    async def ascope(
        self,
        callback: Callable[[], Awaitable[T]] | None = None,
        /,
        data: Mapping[str, object] = _NONE,
        hidden: Mapping[str, object] = _NONE,
        **values: object,
    ) -> T:
        """Async twin of :meth:`scope`, for a function that is awaited; a block needs none.

        Raises:
            TypeError: There is no function.
        """
        if callback is None:
            raise TypeError("ascope() awaits a function; a block is opened by `with scope():`.")
        with self.scope(None, data=data, hidden=hidden, **values):
            return await callback()

    # Traces

    @property
    def trace_id(self) -> str:
        """The id of this command, request or job, and of what has come of it: 32 hex digits.

        It is made when it is first wanted. A visible value called "trace_id" takes its place.
        Outside of any unit it is made for this task, and those that it starts from now on.

        Source: W3C Trace Context, section 3.2.2.3 (trace-id).
        """
        state = self._cell.load()
        if TRACE in state.data:
            return str(state.data[TRACE])
        if state.trace is None:
            state = State(state.data, state.hidden, Trace())
            self._cell.store(state)
        assert state.trace is not None  # noqa: S101  # it was made above
        return state.trace.id

    def unit(
        self, carried: Mapping[str, object] | None = None, *, trace: str | None = None
    ) -> Unit:
        """Begin a command, request or job: a block that has only what was carried into it.

        Its trace is the one that came along, or a new one. What was there before is there again
        behind the block. What has been carried and cannot be read is reported, and left out.

        Args:
            carried: What :meth:`dehydrate` has returned where it came from.
            trace: The id of its trace where none was carried, or a UUID; a random one when it is
                neither.
        """
        if not carried:  # most often, and each job pays for it
            return Unit(self._cell, State(trace=Trace(trace)))
        state = self._carrier.unpack(carried, self._unreadable, self._lost, trace)
        return Unit(self._cell, state)

    def apart(self) -> Unit:
        """Begin a unit that has the values of this task, and a trace of its own."""
        state = self._cell.load()
        return Unit(self._cell, State(state.data, state.hidden, Trace()))

    # On its way

    def dehydrating(self, callback: Hook) -> Self:
        """Have *callback* called with a copy before the context travels; changes of it do, too.

        Source: Laravel 13, Context::dehydrating.
        """
        self._dehydrating.append(callback)
        return self

    def hydrated(self, callback: Hook) -> Self:
        """Have *callback* called with the context when a job, or a child process, has got it.

        Source: Laravel 13, Context::hydrated.
        """
        self._hydrated.append(callback)
        return self

    def handle_unserialize_exceptions_using(self, callback: Replace | None) -> Self:
        """Have *callback* asked about each value that has travelled and cannot be read.

        Where there is none, the value is left out, and that is reported.

        Args:
            callback: Called with the error, the name of the value, its written form, and whether
                it is hidden. What it returns takes the place of the value; `MISSING` leaves it
                out. What it raises is reported, and the value is left out. None: ask nobody.

        Example:
            >>> from securely.support.missing import MISSING
            >>> context = Context()
            >>> context.handle_unserialize_exceptions_using(lambda *_: MISSING) is context
            True

        Source: Laravel 13, Context::handleUnserializeExceptionsUsing.
        """
        self._replace = callback
        return self

    def dehydrate(self) -> dict[str, str] | None:
        """Return the context as plain data, to be given to :meth:`hydrate`; None for nothing.

        Raises:
            ContextTooLarge: It is over the limit.
            EncryptionError: There are hidden values, and no key to encrypt them with.
            ValueNotCarried: A value has no written form.

        Source: Laravel 13, Context::dehydrate.
        """
        # Each dispatch asks, and most have nothing.
        state = self._leaving() if self._dehydrating else self._cell.load()
        return None if state is NOTHING else self._carrier.pack(state)

    def hydrate(self, carried: Mapping[str, object] | None) -> Self:
        """Put what :meth:`dehydrate` has returned in the place of what this task has.

        Source: Laravel 13, Context::hydrate.
        """
        self._cell.store(self._carrier.unpack(carried, self._unreadable, self._lost))
        self.announce()
        return self

    def announce(self) -> None:
        """Call those that :meth:`hydrated` has collected.

        Raises:
            Exception: What one of them raised.
        """
        for callback in self._hydrated:
            callback(self)

    def environment(self) -> dict[str, str]:
        """Return the variable that brings the context into a process that is an application's.

        All of it is encrypted. Without a key, nothing is carried. It is for `subprocess`:
        `env={**os.environ, **Context.environment()}`.

        Raises:
            ContextTooLarge: It is over the limit.
            ValueNotCarried: A value has no written form.
        """
        from securely.encryption.exceptions import EncryptionError  # not at a start

        state = self._leaving()
        try:
            return {VARIABLE: self._carrier.seal(state)}
        except EncryptionError:
            return {VARIABLE: ""}

    def inherit(self, environment: Mapping[str, str]) -> bool:
        """Take over what the environment of this process carries; False where that is nothing.

        What was not encrypted with the application's key is reported, and ignored.
        """
        text = environment.get(VARIABLE, "")
        state = self._carrier.unseal(text, self._unreadable, self._lost) if text else None
        if state is None:
            return False
        self._cell.store(state)
        self.announce()
        return True

    def close(self) -> None:
        """Leave nothing behind in the task that ends the application."""
        self._cell.store(NOTHING)

    # Inside

    def _become(self, cell: Cell) -> None:
        Values.__init__(self, cell, "data")
        self.hidden: Values = Values(cell, "hidden")

    def _leaving(self) -> State:
        """Return what is to travel: the state, or the copy that callbacks have had."""
        state = self._cell.load()
        if not self._dehydrating:  # as for environment()
            return state
        copy = type(self)()
        cell = Held(state)
        copy._become(cell)
        for callback in self._dehydrating:
            callback(copy)
        return cell.load()

    def _lost(self, error: ValueError, key: str, value: str, is_hidden: bool) -> object:
        if self._replace is None:
            self._unreadable(ContextUnreadable(f'the value "{key}" of a context', str(error)))
            return MISSING
        try:
            return self._replace(error, key, value, is_hidden)
        except Exception as failure:  # an author's callback must not keep a job from running
            self._tell(failure)
            return MISSING

    def _unreadable(self, error: ContextUnreadable) -> None:
        self._tell(error)

    def _tell(self, error: Exception) -> None:
        failures = None if self._failures is None else self._failures()
        if failures is not None:
            failures.report(error)
