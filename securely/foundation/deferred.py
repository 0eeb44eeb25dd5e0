"""Deferred functions: what is done once the command, the job or the request is over."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from securely.container.scope import Scope, current_scope
from securely.support.missing import MISSING

__all__ = ["Deferred", "Deferring", "Entry", "Host"]


class Host(Protocol):
    """What deferred functions are called by."""

    @property
    def errors(self) -> Any:
        """Who is told what goes wrong in them."""
        ...

    def call(self, function: Any, /) -> Any:
        """Call, with what it asks for."""
        ...

    async def acall(self, function: Any, /) -> Any:
        """Async twin of :meth:`call`."""
        ...


class Entry(NamedTuple):
    """A function that waits.

    Attributes:
        function: Sync or async; it is injected.
        always: Whether it runs after a failure, too.
    """

    function: Callable[..., object]
    always: bool


class Deferred:
    """The functions that wait for the end of one command, job or request.

    Args:
        host: Calls them, and hears what goes wrong.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._entries: dict[object, Entry] = {}

    def add(self, function: Callable[..., object], name: str | None, *, always: bool) -> None:
        """Have *function* wait; it takes the place of one with the same name, behind the others."""
        key = name if name is not None else object()
        self._entries.pop(key, None)
        self._entries[key] = Entry(function, always)

    def forget(self, name: str) -> bool:
        """Drop the function with that name; tell whether there was one."""
        return self._entries.pop(name, None) is not None

    def __len__(self) -> int:
        return len(self._entries)

    def run(self, *, succeeded: bool = True) -> None:
        """Run what waits, also what that defers; one that fails is reported and stops no other.

        Args:
            succeeded: Whether that went well whose end this is; if not, only those run that were
                deferred with `always`.
        """
        from securely.support.awaiting import answered

        while (function := self._next(succeeded)) is not None:
            try:
                answered(self._host.call(function))
            except Exception as error:  # the others are still to run
                self._host.errors.report(error, during="deferred")

    async def arun(self, *, succeeded: bool = True) -> None:
        """Async twin of :meth:`run`."""
        while (function := self._next(succeeded)) is not None:
            try:
                await self._host.acall(function)
            except Exception as error:  # the others are still to run
                self._host.errors.report(error, during="deferred")

    def close(self, error: BaseException | None) -> None:
        """Run what waits at the end of a scope; *error* is what ended it."""
        self.run(succeeded=error is None)

    async def aclose(self, error: BaseException | None) -> None:
        """Async twin of :meth:`close`."""
        await self.arun(succeeded=error is None)

    def _next(self, succeeded: bool) -> Callable[..., object] | None:
        while self._entries:
            entry = self._entries.pop(next(iter(self._entries)))
            if succeeded or entry.always:
                return entry.function
        return None


class Deferring:
    """Gives each scope of an application its deferred functions.

    Args:
        host: The application.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        # Of what is deferred outside any scope; the application runs it when it ends.
        self.rest: Deferred = Deferred(host)
        self._at_once: ContextVar[bool] = ContextVar("securely_without_defer", default=False)

    def current(self) -> Deferred:
        """Return those of the scope that is current, or those that wait for the application's end.

        Where a scope is within another, they belong to the inner one.
        """
        scope = current_scope.get()
        while scope is not None and scope.owner is not self._host:
            scope = scope.outer
        return self.rest if scope is None else self._of(scope)

    def defer(self, function: Callable[..., object], name: str | None, *, always: bool) -> None:
        """Have *function* run when what is under way is over; at once within :meth:`without`."""
        if not self._at_once.get():
            self.current().add(function, name, always=always)
            return
        alone = Deferred(self._host)
        alone.add(function, name, always=always)
        alone.run()

    @contextmanager
    def without(self) -> Generator[None]:
        """Within the block, run at once what is deferred."""
        token = self._at_once.set(True)
        try:
            yield
        finally:
            self._at_once.reset(token)

    def _of(self, scope: Scope) -> Deferred:
        cell = scope.cell(Deferred)
        if cell.value is MISSING:
            cell.value = Deferred(self._host)
            # What ends a scope runs it, so jobs and requests need not know that there is any.
            scope.on_close(cell.value)
        found: Deferred = cell.value
        return found
