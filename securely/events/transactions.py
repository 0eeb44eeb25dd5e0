"""OpenTransactions: follows the transactions of a database, and calls what waits for a commit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

__all__ = ["OpenTransactions"]

T = TypeVar("T")


class _Waiting(NamedTuple):
    """What is to be done after a commit, in both colours."""

    callback: Callable[[], object]
    acallback: Callable[[], Awaitable[object]]


class _Level:
    """One open transaction or savepoint, and what was asked for within it."""

    __slots__ = ("is_enclosing", "open", "waiting")

    def __init__(self, is_enclosing: bool) -> None:
        self.is_enclosing = is_enclosing
        # A task that was started within the transaction may outlive it.
        self.open = True
        self.waiting: list[_Waiting] = []


class OpenTransactions:
    """What implements :class:`Transactions` for a database that says when it begins and ends.

    What waits for a commit hangs on the outermost transaction: a savepoint that ends hands its
    part on to the one around it, and a savepoint that is rolled back drops its own part only.
    Each thread and task has its own transactions.

    Example:
        >>> transactions = OpenTransactions()
        >>> with transactions.block():
        ...     with transactions.block():
        ...         transactions.after_commit(lambda: print("committed"), None)
        ...     print("still open")
        still open
        committed
    """

    def __init__(self) -> None:
        self._levels: ContextVar[tuple[_Level, ...]] = ContextVar("transactions", default=())

    def is_open(self) -> bool:
        """Tell whether a transaction is open here; a test's own is none."""
        return any(not level.is_enclosing for level in self._here())

    def after_commit(
        self,
        callback: Callable[[], object],
        acallback: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Call *callback* once the outermost transaction has committed, or now if none is open."""
        here = self._here()
        if not self.is_open():
            callback()
            return
        here[-1].waiting.append(_Waiting(callback, acallback or _awaiting(callback)))

    def begin(self, *, enclosing: bool = False) -> None:
        """Say that a transaction, or within one a savepoint, has begun.

        Args:
            enclosing: It is a test's own, which is always rolled back: the next one within it
                counts as the outermost.
        """
        self._levels.set((*self._here(), _Level(enclosing)))

    def commit(self) -> None:
        """Say that the innermost transaction has committed; of the outermost one, call all.

        Raises:
            ExceptionGroup: Some of the callbacks raised; the others were called all the same.
        """
        errors: list[Exception] = []
        for each in self._end():
            try:
                each.callback()
            except Exception as error:  # what has committed is told to all
                errors.append(error)
        _raise(errors)

    async def acommit(self) -> None:
        """Async twin of :meth:`commit`."""
        errors: list[Exception] = []
        for each in self._end():
            try:
                await each.acallback()
            except Exception as error:  # as above
                errors.append(error)
        _raise(errors)

    def roll_back(self) -> None:
        """Say that the innermost transaction was rolled back: what it asked for is dropped."""
        here = self._here()
        if here:
            here[-1].open = False
            self._levels.set(here[:-1])

    @contextmanager
    def block(self, *, enclosing: bool = False) -> Generator[None]:
        """Follow the block as a transaction: one that raises is rolled back."""
        self.begin(enclosing=enclosing)
        try:
            yield
        except BaseException:
            self.roll_back()
            raise
        self.commit()

    @asynccontextmanager
    async def ablock(self, *, enclosing: bool = False) -> AsyncGenerator[None]:
        """Async twin of :meth:`block`."""
        self.begin(enclosing=enclosing)
        try:
            yield
        except BaseException:
            self.roll_back()
            raise
        await self.acommit()

    @contextmanager
    def follow(self, transaction: AbstractContextManager[T]) -> Generator[T]:
        """Follow *transaction*, a block of a database that commits at its end.

        `with transactions.follow(database.transaction()) as connection:`
        """
        with self.block(), transaction as given, self._dropping():
            yield given

    @asynccontextmanager
    async def afollow(self, transaction: AbstractAsyncContextManager[T]) -> AsyncGenerator[T]:
        """Async twin of :meth:`follow`."""
        async with self.ablock(), transaction as given:
            with self._dropping():
                yield given

    @contextmanager
    def _dropping(self) -> Generator[None]:
        """Drop what waits if the block raises: its transaction may swallow that, rolled back."""
        try:
            yield
        except BaseException:
            self._here()[-1].waiting.clear()
            raise

    def _here(self) -> tuple[_Level, ...]:
        return tuple(level for level in self._levels.get() if level.open)

    def _end(self) -> list[_Waiting]:
        """Close the innermost level and return what is to be called now."""
        here = self._here()
        if not here:
            return []
        *outer, level = here
        level.open = False
        self._levels.set(tuple(outer))
        around = [each for each in outer if not each.is_enclosing]
        if around:
            around[-1].waiting += level.waiting
            return []
        return level.waiting


def _awaiting(callback: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        return callback()

    return call


def _raise(errors: list[Exception]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("Several callbacks failed after a commit", errors)
