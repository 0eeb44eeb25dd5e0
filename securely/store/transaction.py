"""Transactions: all or nothing over several trees, in a block of either colour.

They hold the store's one write lock from their first line, so that what they have read is still so
when they write, and no function has to be run again. The price is that others wait.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Generic, TypeVarTuple, cast

from securely.store.contracts import Engine, Session
from securely.store.exceptions import Closed, WrongThread
from securely.store.tree import Tree

__all__ = ["AsyncTransaction", "Transaction"]

Ts = TypeVarTuple("Ts")


class Transaction(Generic[*Ts]):
    """A block that commits at its end, and undoes all on an error; one in another undoes its own.

    Everything that this thread does with the database within it belongs to it.
    """

    def __init__(self, engine: Engine, trees: tuple[*Ts], prepare: Callable[[], None]) -> None:
        self._engine = engine
        self._trees = trees
        self._prepare = prepare
        self._block: AbstractContextManager[None] | None = None

    def __enter__(self) -> tuple[*Ts]:
        self._prepare()
        block = self._engine.write()
        block.__enter__()
        self._block = block
        return self._trees

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(kind, error, trace)


class _Scoped:
    """An engine as the trees of an async transaction see it: in its own thread only."""

    def __init__(self, engine: Engine, session: Session) -> None:
        self._engine = engine
        self._session = session
        self.is_over = False

    def __getattr__(self, name: str) -> Any:
        if self.is_over:
            raise Closed("transaction")
        if not self._session.is_here():
            raise WrongThread
        return getattr(self._engine, name)

    @property
    def key_bytes_max(self) -> int:
        """The longest key; it can be asked from anywhere."""
        return self._engine.key_bytes_max

    async def aside(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        """Run *work* in the thread of the transaction."""
        if self.is_over:
            raise Closed("transaction")
        return await self._session.run(work, *args, **kwargs)


class AsyncTransaction(Generic[*Ts]):
    """A block of a coroutine that commits at its end, and undoes all on an error.

    It lives in a thread of its own, and what belongs to it goes through the trees that it gives;
    other uses of the database wait for its end, or are turned away when `busy_seconds` are over.
    """

    def __init__(self, engine: Engine, trees: tuple[*Ts], prepare: Callable[[], None]) -> None:
        self._engine = engine
        self._trees = trees
        self._prepare = prepare
        self._begun: tuple[AbstractContextManager[None], Session, _Scoped] | None = None

    async def __aenter__(self) -> tuple[*Ts]:
        engine = self._engine
        session = engine.session()
        block = engine.write()
        scoped = _Scoped(engine, session)
        entered = False

        def enter() -> None:
            nonlocal entered
            self._prepare()
            block.__enter__()
            entered = True

        def leave() -> None:
            if entered:
                _undo(block)

        try:
            await session.run(enter)
        except BaseException:
            # Cancelled while it waited for the lock, it may get it yet: then it gives it back.
            scoped.is_over = True
            session.queue(leave)
            session.end()
            raise
        self._begun = block, session, scoped
        trees = (cast("Tree[Any]", tree).within(cast("Engine", scoped)) for tree in self._trees)
        return cast("tuple[*Ts]", tuple(trees))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._begun is None:
            return
        (block, session, scoped), self._begun = self._begun, None
        scoped.is_over = True
        try:
            if error is None:
                await session.run(block.__exit__, None, None, None)
            else:
                await session.run(_undo, block)
        finally:
            session.end()


def _undo(block: AbstractContextManager[None]) -> None:
    """Leave *block* by an error of our own: that of the application belongs to another thread."""
    with suppress(_Undone):
        block.__exit__(_Undone, _Undone(), None)


class _Undone(Exception):  # never leaves this module
    """Makes a block roll back."""
