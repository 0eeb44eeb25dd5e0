"""State: what one task has, never changed in place; Cell: where it lies; Trace: a late id."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from securely.support import entropy

__all__ = ["NOTHING", "TRACE", "Cell", "Held", "Live", "State", "Trace"]

# The name under which the trace id stands in lines of the log; a visible value of it wins.
TRACE: Final = "trace_id"
_EMPTY: Final[Mapping[str, object]] = MappingProxyType({})
# Source: W3C Trace Context, trace-id. All zeros is no id.
_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_ID_BYTES: Final = 16


class Trace:
    """The id of a command, request or job, and of all that comes of it; made when it is wanted.

    It is one object for all tasks of a unit, so that those that ask first and those that ask later
    are told the same.

    Args:
        given: The id that came along, or a UUID; a new id where it is neither.
    """

    def __init__(self, given: object = None) -> None:
        self._given = given

    @property
    def id(self) -> str:
        """32 hexadecimal digits, as W3C Trace Context has them."""
        made: str | None = self.__dict__.get(TRACE)
        if made is None:
            given = self._given
            plain = given.replace("-", "") if isinstance(given, str) else ""
            if _ID.fullmatch(plain) is None:
                plain = entropy.token_hex(_ID_BYTES)
            # One step: of two threads that ask at once, both get the id of the first.
            made = str(self.__dict__.setdefault(TRACE, plain))
        return made


class State:
    """What one task has. A change makes another one, because tasks share what they inherit.

    Attributes:
        data: The visible values.
        hidden: The hidden ones.
        trace: The trace of the unit; None outside of any.
        known: What :attr:`shown` is, once it has been asked for.
    """

    __slots__ = ("data", "hidden", "known", "trace")

    def __init__(
        self,
        data: Mapping[str, object] = _EMPTY,
        hidden: Mapping[str, object] = _EMPTY,
        trace: Trace | None = None,
    ) -> None:
        self.data: Mapping[str, object] = data
        self.hidden: Mapping[str, object] = hidden
        self.trace: Trace | None = trace
        self.known: Mapping[str, object] | None = data if trace is None else None

    @property
    def shown(self) -> Mapping[str, object]:
        """What lines of the log are given: the trace id, and the visible values."""
        shown = self.known
        if shown is None:
            shown = self.data
            if self.trace is not None and TRACE not in shown:
                shown = {TRACE: self.trace.id, **shown}
            self.known = shown
        return shown


NOTHING: Final = State()
"""What a task has that nobody has given anything."""


class Cell(ABC):
    """Where a state lies."""

    __slots__ = ()

    @abstractmethod
    def load(self) -> State:
        """Return the state."""

    @abstractmethod
    def store(self, state: State) -> None:
        """Put *state* in the place of the one before."""


class Held(Cell):
    """A cell of its own: for a copy, of which nobody else knows."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def load(self) -> State:
        """Return the state."""
        return self._state

    def store(self, state: State) -> None:
        """Put *state* in the place of the one before."""
        self._state = state


class Live(Cell):
    """The state of whichever task asks. Two applications of one process have two of these."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        # One for each application, and not for the module: it is never freed, and there are few.
        self._state: ContextVar[State] = ContextVar("securely_context", default=NOTHING)

    def load(self) -> State:
        """Return the state of this task."""
        return self._state.get()

    def store(self, state: State) -> None:
        """Put *state* in the place of the one before, in this task and those it starts."""
        self._state.set(state)

    def reader(self) -> Callable[[], Mapping[str, object]]:
        """Return a function that gives what lines of the log are given; each line calls it."""
        get = self._state.get

        def read() -> Mapping[str, object]:
            state = get()
            known = state.known
            return state.shown if known is None else known

        return read
