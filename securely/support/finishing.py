"""Finishing: awaits what must not be cut off half-way, though its caller is cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["finished"]

T = TypeVar("T")


async def finished(
    work: Awaitable[T], undo: Callable[[T | None], Coroutine[Any, Any, object]] | None = None
) -> T:
    """Return what *work* gives; if the caller is cancelled meanwhile, finish and undo it first.

    A command that is under way in a thread or on a server goes on when who awaits it is
    cancelled, and its answer is lost. Where it has taken something, that would stay taken.

    Args:
        work: What is done; it is not cancelled.
        undo: Takes back what was done, given its result; None where that is not known, since a
            loop that closes has cut it off. What it raises is lost: the caller is cancelled.

    Example:
        >>> import asyncio
        >>> async def take() -> bool:
        ...     return True
        >>> asyncio.run(finished(take()))
        True
    """
    import asyncio  # who is here has imported it; a sync program need not

    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        rest = asyncio.ensure_future(_rest(working, undo))
        while not rest.done():
            try:
                await asyncio.shield(rest)
            except asyncio.CancelledError:  # once more: it is finished all the same
                continue
            except Exception:  # of the undoing: the caller is told that it is cancelled
                break
        raise


async def _rest(
    working: Any, undo: Callable[[T | None], Coroutine[Any, Any, object]] | None
) -> None:
    """Wait for the end of *working* and undo what came of it."""
    import asyncio

    await asyncio.wait([working])
    if working.cancelled():
        result = None
    elif working.exception() is not None:
        return  # nothing was done
    else:
        result = working.result()
    if undo is not None:
        await undo(result)
