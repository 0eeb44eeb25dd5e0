"""Transaction: dispatches that are sent together, or not at all; and those that wait for a commit.

Two things hold a dispatch back: a block `with Queue.transaction():`, and the transaction of a
database that somebody else leads (`after_commit`). Both hold what is ready to be sent: its payload
is as it was at the dispatch, and errors of the job itself were raised there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar, cast

from securely.container import NotBooted, current
from securely.events.contracts import Transactions

__all__ = ["Transaction", "withheld"]

T = TypeVar("T")

Send: TypeAlias = Callable[[Sequence[T]], object]
"""Sends several in one step: all or none."""

ASend: TypeAlias = Callable[[Sequence[T]], Awaitable[object]]

_open: Final[ContextVar[tuple[Transaction, ...]]] = ContextVar("securely_queue_open", default=())


class Transaction:
    """Collects what is dispatched within its block, and sends it at the end: all jobs of one
    connection in one step, each batch in one of its own. A block that raises sends nothing.

    A block within another one hands its part on to that; only the outermost one sends. It serves
    both colours, and each thread and task has its own.

    Example:
        >>> sent = []
        >>> with Transaction():
        ...     withheld(sent.extend, sent.extend, ["a"]), withheld(sent.extend, sent.extend, ["b"])
        ...     sent
        (True, True)
        []
        >>> sent
        ['a', 'b']
    """

    def __init__(self) -> None:
        self.is_open: bool = False
        self._outer: tuple[Transaction, ...] = ()
        # By what sends: a connection's method equals itself.
        self._held: dict[Send[Any], tuple[ASend[Any], list[Any]]] = {}

    def add(self, send: Send[T], asend: ASend[T], items: Sequence[T]) -> None:
        """Keep *items* for the end of the block."""
        self._held.setdefault(send, (asend, []))[1].extend(items)

    def discard(self) -> None:
        """Forget what was collected so far."""
        self._held.clear()

    def __enter__(self) -> Self:
        self._outer = tuple(each for each in _open.get() if each.is_open)
        self.is_open = True
        _open.set((*self._outer, self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for send, (_, items) in self._close(error):
            send(items)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _, (asend, items) in self._close(error):
            await asend(items)

    def _close(
        self, error: BaseException | None
    ) -> list[tuple[Send[Any], tuple[ASend[Any], list[Any]]]]:
        """Close the block and return what is to be sent now."""
        # Not by a token: the block may end in another context, in the loop of a portal.
        self.is_open = False
        outer = tuple(each for each in self._outer if each.is_open)
        _open.set(outer)
        held = [] if error is not None else list(self._held.items())
        self.discard()
        if not outer:
            return held
        for send, (asend, items) in held:
            outer[-1].add(send, asend, items)
        return []


def withheld(
    send: Send[T], asend: ASend[T], items: Sequence[T], *, after_commit: bool | None = None
) -> bool:
    """Keep *items* until they may be sent; False when that is now.

    Args:
        send: Sends them. What one `send` was given over time, it is given in one step.
        asend: Its async twin.
        items: What is to be sent.
        after_commit: Wait for the open transaction of a database; False: wait for nothing.
    """
    if after_commit is False:
        return False
    if after_commit and (transactions := _transactions()) is not None:

        async def acommitted() -> None:
            if not withheld(send, asend, items):
                await asend(items)

        def committed() -> None:
            if not withheld(send, asend, items):
                send(items)

        transactions.after_commit(committed, acommitted)
        return True
    blocks = [each for each in _open.get() if each.is_open]
    if not blocks:
        return False
    blocks[-1].add(send, asend, items)
    return True


def _transactions() -> Transactions | None:
    """Return what knows the open transaction; None if none is open, or nobody knows any."""
    try:
        container = current()
    except NotBooted:
        return None
    if not container.bound(Transactions):
        return None
    known = cast(Transactions, container.make(cast("type[Any]", Transactions)))
    return known if known.is_open() else None
