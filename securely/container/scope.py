"""What lives for one request, job or command; and how a shared object is built once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from securely.container.exceptions import CircularDependency, LoopBlocked
from securely.support.forking import renew_after_fork
from securely.support.missing import MISSING

T = TypeVar("T")

__all__ = [
    "Build",
    "Cell",
    "Closing",
    "Scope",
    "ScopeBlock",
    "aclose",
    "aonce",
    "building",
    "close",
    "current_scope",
    "enter",
    "exclusively",
    "joined",
    "leave",
    "once",
]


class Build:
    """One object that is being built, here or elsewhere.

    Attributes:
        label: What it is called in messages.
        way: How one got there from the build around it, its own name last.
        key: What identifies it; a second build of the same key within itself is a cycle.
        pid: The process that it was begun in; its threads do not exist in a forked child.
        loop: The event loop whose task is at it; None when a thread is.
        needs: The builds of others that this one waits for.
        yields: Whether others are let in rather than that two wait for each other.
        is_open: Whether they have been.
        is_over: Whether it has ended. A task that was begun within it still has it around itself.
        done: What is called when it has ended, well or not.
    """

    __slots__ = (
        *("done", "is_open", "is_over", "key", "label"),
        *("loop", "needs", "pid", "way", "yields"),
    )

    def __init__(
        self, key: object, label: str, way: tuple[str, ...] = (), *, yields: bool = False
    ) -> None:
        self.key: object = key
        self.pid: int = _pid
        self.loop: object = None
        self.yields: bool = yields
        self.is_open: bool = False
        self.is_over: bool = False
        self.label: str = label
        self.way: tuple[str, ...] | tuple[str] = way or (label,)
        self.needs: list[Build] = []
        self.done: list[Callable[[], object]] = []


class Cell:
    """A place for one shared object, and who is building it."""

    __slots__ = ("build", "value")

    def __init__(self, value: Any = MISSING) -> None:
        self.value: Any = value
        self.build: Build | None = None


# Guards `Cell.build` and `Build.needs` only: nothing of an application runs while it is held.
# Re-entrant, because a signal handler may interrupt its holder and build something itself.
_mutex = threading.RLock()
renew_after_fork(sys.modules[__name__], "_mutex", threading.RLock)
# Kept, since asking the system costs more than all that a build notes besides.
_pid = os.getpid()
renew_after_fork(sys.modules[__name__], "_pid", os.getpid)
_stack: ContextVar[tuple[Build, ...]] = ContextVar("securely_building", default=())
# Loops that stand still, and the build that their thread waits for; guarded by the mutex, too.
_halted: dict[object, Build] = {}


def building() -> tuple[Build, ...]:
    """Return what is being built in this context, the outermost first."""
    return tuple(build for build in _stack.get() if not build.is_over)


def once(cell: Cell, label: str, make: Callable[[], Any], way: tuple[str, ...] = ()) -> Any:
    """Return what *cell* holds; build it with *make* first, if nobody has.

    Threads that come while it is built wait for it. There is one "lock" per object, so a factory
    may build others, also from threads that it starts; two objects that wait for each other are
    a cycle, and one of the two is told so.

    Raises:
        CircularDependency: *make* needs, in the end, what it is to make.
        LoopBlocked: A task of the loop that runs in this thread is at it.
    """
    mine = Build(cell, label, way)
    while True:
        with _mutex:
            if cell.value is not MISSING:
                return cell.value
            stack = _stack.get()
            busy = cell.build
            if busy is None or _is_orphaned(busy, stack):
                cell.build = mine
                break
            loop = _running_loop()
            if loop is not None and _needs_loop(busy, stack, loop):
                raise LoopBlocked(busy.label, stack[0].label if stack else label)
            gate = threading.Lock()
            gate.acquire()  # released by the builder
            _wait_for(busy, mine, stack, gate.release)
            _halt(loop, busy)
        gate.acquire()  # a gate is passed once, and never released
        _waited_for(busy, stack, loop)
    token = _stack.set((*stack, mine))
    value: Any = MISSING
    try:
        value = make()
    finally:
        _stack.reset(token)
        _settle(cell, mine, value)
    return value


async def aonce(
    cell: Cell, label: str, make: Callable[[], Awaitable[Any]], way: tuple[str, ...] = ()
) -> Any:
    """Async twin of :func:`once`; tasks of any loop wait without blocking theirs."""
    import asyncio

    loop = asyncio.get_running_loop()
    mine = Build(cell, label, way)
    mine.loop = loop
    while True:
        with _mutex:
            if cell.value is not MISSING:
                return cell.value
            stack = _stack.get()
            busy = cell.build
            if busy is None or _is_orphaned(busy, stack):
                cell.build = mine
                break
            gate = asyncio.Event()
            _wait_for(busy, mine, stack, partial(loop.call_soon_threadsafe, gate.set))
        try:
            await gate.wait()
        finally:
            _waited_for(busy, stack)
    token = _stack.set((*stack, mine))
    value: Any = MISSING
    try:
        value = await make()
    finally:
        _stack.reset(token)
        _settle(cell, mine, value)
    return value


def enter(key: object, label: str, way: tuple[str, ...] = ()) -> Token[tuple[Build, ...]]:
    """Note that *key* is being built in this context; :func:`leave` ends it.

    Raises:
        CircularDependency: It is being built already.
    """
    stack = _stack.get()
    mine = Build(key, label, way)
    if any(build.key is key and not build.is_over for build in stack):
        raise CircularDependency(_round(building(), lambda build: build.key is key, mine))
    return _stack.set((*stack, mine))


def leave(token: Token[tuple[Build, ...]]) -> None:
    """End what :func:`enter` began."""
    _stack.get()[-1].is_over = True
    _stack.reset(token)


def exclusively(cell: Cell, label: str, work: Callable[[], bool]) -> bool:
    """Run *work*, one context at a time; within itself, or where waiting would not end, at once.

    Args:
        cell: What stands for the work; it stays empty.
        label: What it is called in messages.
        work: Looks first whether there is anything left to do.
    """
    mine = Build(cell, label, yields=True)
    while True:
        with _mutex:
            stack = _stack.get()
            busy = cell.build
            if busy is None or _is_orphaned(busy, stack):
                cell.build = mine
                break
            loop = _running_loop()
            hangs = loop is not None and _needs_loop(busy, stack, loop)
            if hangs or _leading(busy, stack) is not None:
                return work()
            gate = threading.Lock()
            gate.acquire()  # released by the one who is at it
            _wait_for(busy, mine, stack, gate.release)
            _halt(loop, busy)
        gate.acquire()  # a gate is passed once, and never released
        _waited_for(busy, stack, loop)
    token = _stack.set((*stack, mine))
    try:
        return work()
    finally:
        _stack.reset(token)
        _settle(cell, mine, MISSING)


def _is_orphaned(busy: Build, stack: tuple[Build, ...]) -> bool:
    """Return whether nobody will end *busy*: this process was forked while a thread was at it."""
    return busy.pid != _pid and busy not in stack


def _leading(busy: Build, stack: tuple[Build, ...]) -> Build | None:
    """Return the build of *stack* that *busy* waits for in the end; None when it waits for none."""
    return next((build for build in _reached(busy) if build in stack), None)


def _needs_loop(busy: Build, stack: tuple[Build, ...], loop: object) -> bool:
    """Return whether *busy* cannot end while *loop* stands still.

    What this context is in the middle of is no task of its own: that would be a cycle.
    """
    return any(build.loop is loop and build not in stack for build in _reached(busy))


def _reached(busy: Build) -> Generator[Build]:
    """Give *busy*, and all that it waits for."""
    seen: set[int] = set()
    reach = [busy]
    while reach:
        build = reach.pop()
        if build.is_open or id(build) in seen:
            continue
        seen.add(id(build))
        yield build
        reach.extend(build.needs)
        if build.loop in _halted:
            reach.append(_halted[build.loop])


def _running_loop() -> object:
    """Return the loop that runs in this thread; None where none does."""
    asyncio = sys.modules.get("asyncio")  # who has not imported it has no loop
    if asyncio is None:
        return None
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def _halt(loop: object, busy: Build) -> None:
    """Note that *loop*, if there is one, stands still until *busy* has ended."""
    if loop is not None:
        _halted[loop] = busy


def _wait_for(
    busy: Build, mine: Build, stack: tuple[Build, ...], release: Callable[[], object]
) -> None:
    """Note that all of *stack*, and *mine*, waits for *busy*; called with the mutex held."""
    own = _leading(busy, stack)
    while own is not None and own.yields:
        own.is_open = True
        _release(cast("Cell", own.key), own)
        own = _leading(busy, stack)
    if own is not None:
        raise CircularDependency(_round(stack, lambda each: each is own, mine))
    for build in stack:
        build.needs.append(busy)
    busy.done.append(release)


def _waited_for(busy: Build, stack: tuple[Build, ...], loop: object = None) -> None:
    with _mutex:
        for build in stack:
            build.needs.remove(busy)
        if loop is not None:
            _halted.pop(loop, None)


def _settle(cell: Cell, mine: Build, value: Any) -> None:
    mine.is_over = True
    with _mutex:
        # Of a build that was under way while forking, the child may have made another meanwhile.
        if cell.build is mine:
            cell.value = value
        _release(cell, mine)


def _release(cell: Cell, mine: Build) -> None:
    """Let those go on who wait for *mine*; called with the mutex held."""
    if cell.build is mine:
        cell.build = None
    done, mine.done = mine.done, []
    for release in done if mine.pid == _pid else ():  # they wait in the parent
        with suppress(RuntimeError):  # the loop that waited has been closed
            release()


def _round(
    stack: tuple[Build, ...], first: Callable[[Build], bool], last: Build
) -> tuple[str, ...]:
    """Return the way from the *first* of *stack* over all that it needed to *last*."""
    start = next(index for index, build in enumerate(stack) if first(build))
    path = joined([stack[start].label], (*stack[start + 1 :], last))
    return tuple(path if path[0] == last.label else [*path, path[0]])


def joined(path: list[str], builds: tuple[Build, ...]) -> list[str]:
    """Return *path* with the ways of *builds* behind it; a way begins where the last one ended."""
    for build in builds:
        goes_on = len(build.way) > 1 and path and path[-1].partition(" (")[0] == build.way[0]
        path = [*path, *(build.way[1:] if goes_on else build.way)]
    return path


class Closing(Protocol):
    """How a factory that is a generator or a context manager is finished."""

    def close(self, error: BaseException | None) -> None:
        """Finish it; *error* is what ended the scope, None when it ended well."""
        ...

    async def aclose(self, error: BaseException | None) -> None:
        """Async twin of :meth:`close`."""
        ...


class Scope:
    """The scoped objects of one request, job or command, and what is closed at its end.

    Args:
        owner: The container it belongs to.
        outer: The scope that was current before.

    Attributes:
        is_over: Whether nobody will finish it any more. A task may outlive it.
    """

    __slots__ = ("_closings", "cells", "is_over", "outer", "owner")

    def __init__(self, owner: object, outer: Scope | None = None) -> None:
        self.owner: object = owner
        self.outer: Scope | None = outer
        self.is_over: bool = False
        self.cells: dict[object, Cell] = {}
        self._closings: list[Closing] = []

    def cell(self, key: object) -> Cell:
        """Return this scope's cell for *key*; setdefault makes it one for all threads."""
        return self.cells.get(key) or self.cells.setdefault(key, Cell())

    def on_close(self, closing: Closing) -> None:
        """Have *closing* finished with the scope; the last one first."""
        self._closings.append(closing)

    def close(self, error: BaseException | None = None) -> None:
        """Forget what the scope holds and finish it, in the reverse order of building.

        Raises:
            ExceptionGroup: Of what finishing raised; one that fails keeps no other from it.
        """
        if self._closings:
            close(self, error=error)
        else:
            self.cells = {}

    async def aclose(self, error: BaseException | None = None) -> None:
        """Async twin of :meth:`close`."""
        if self._closings:
            await aclose(self, error=error)
        else:
            self.cells = {}

    def last(self) -> Closing | None:
        """Take what is to be finished next; None when nothing is left."""
        self.cells = {}
        return self._closings.pop() if self._closings else None


current_scope: ContextVar[Scope | None] = ContextVar("securely_scope", default=None)


class ScopeBlock(Generic[T]):
    """A `with` block, of either colour, that is a scope of its own.

    (A class and not a generator with a decorator: every job and every request pays for it.)

    Args:
        given: What the block is given.
        owner: The container it belongs to.
    """

    __slots__ = ("_given", "_owner", "_scope", "_token")

    _scope: Scope
    _token: Token[Scope | None]

    def __init__(self, given: T, owner: object) -> None:
        self._given = given
        self._owner = owner

    def __enter__(self) -> T:
        self._scope = scope = Scope(self._owner, current_scope.get())
        self._token = current_scope.set(scope)
        return self._given

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            self._scope.close(error)
        finally:
            self._scope.is_over = True
            current_scope.reset(self._token)

    async def __aenter__(self) -> T:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            await self._scope.aclose(error)
        finally:
            self._scope.is_over = True
            current_scope.reset(self._token)


def close(*scopes: Scope, error: BaseException | None = None) -> None:
    """Finish what *scopes* hold, one scope after the other; see :meth:`Scope.close`."""
    failures: list[BaseException] = []
    for scope in scopes:
        while (closing := scope.last()) is not None:
            try:
                closing.close(error)
            except BaseException as failure:  # the others are still to finish
                failures.append(failure)
    _raise(failures, error)


async def aclose(*scopes: Scope, error: BaseException | None = None) -> None:
    """Async twin of :func:`close`."""
    failures: list[BaseException] = []
    for scope in scopes:
        while (closing := scope.last()) is not None:
            try:
                await closing.aclose(error)
            except BaseException as failure:  # the others are still to finish
                failures.append(failure)
    _raise(failures, error)


def _raise(failures: list[BaseException], error: BaseException | None) -> None:
    failures = [failure for failure in failures if failure is not error]
    # Ctrl-C and a cancelled task go on as what they are, whatever else went wrong.
    for failure in failures:
        if not isinstance(failure, Exception):
            raise failure
    if failures:
        raise BaseExceptionGroup("Closing a scope failed", failures)
