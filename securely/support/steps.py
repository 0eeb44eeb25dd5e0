"""One body, two colours: compound operations are generators, run by a sync or an async driver.

A body says ``value = yield from call(store.get, store.aget, key)``; :func:`run` performs the
first colour, :func:`arun` the second. Exceptions arrive inside the body, ``finally`` runs, and
cancelling the task reaches it too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

__all__ = ["Effect", "Steps", "arun", "async_step", "call", "run", "sync_step"]

P = ParamSpec("P")
T = TypeVar("T")

# Plain tuples, not objects: half the price per effect (0.7 against 1.5 microseconds, measured).
Effect: TypeAlias = tuple[
    Callable[..., Any] | None, Callable[..., Awaitable[Any]] | None, tuple[Any, ...], dict[str, Any]
]
Steps: TypeAlias = Generator[Effect, Any, T]


def call(
    sync: Callable[P, T], async_: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> Steps[T]:
    """Name one effect in both colours; ``yield from`` gives its result."""
    return cast(T, (yield (sync, async_, args, kwargs)))


def sync_step(function: Callable[[], T]) -> Steps[T]:
    """Make a step of a sync *function*; only :func:`run` can perform it."""
    return cast(T, (yield (function, None, (), {})))


def async_step(function: Callable[[], Awaitable[T]]) -> Steps[T]:
    """Make a step of an async *function*; only :func:`arun` can perform it."""
    return cast(T, (yield (None, function, (), {})))


def run(steps: Steps[T]) -> T:
    """Perform *steps* in the sync colour and return their result."""
    try:
        effect = next(steps)
        while True:
            sync, _, args, kwargs = effect
            assert sync is not None, "an async step in a sync run"  # noqa: S101  # a bug of ours
            try:
                result = sync(*args, **kwargs)
            except BaseException as error:  # the body decides what to do with it
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        return cast(T, stop.value)


async def arun(steps: Steps[T]) -> T:
    """Async twin of :func:`run`."""
    try:
        effect = next(steps)
        while True:
            _, async_, args, kwargs = effect
            assert async_ is not None, "a sync step in an async run"  # noqa: S101  # a bug of ours
            try:
                result = await async_(*args, **kwargs)
            except BaseException as error:  # the body decides what to do with it
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        return cast(T, stop.value)
