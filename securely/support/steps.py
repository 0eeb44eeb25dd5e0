"""One body, two colours: compound operations are generators, run by a sync or an async driver.

A body says ``value = yield from call(store.get, store.aget, key)``; :func:`run` performs the
first colour, :func:`arun` the second. Exceptions arrive inside the body, ``finally`` runs, and
cancelling the task reaches it too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from inspect import isawaitable, iscoroutine
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


def sync_step(function: Callable[[], T], twin: str = "") -> Steps[T]:
    """Make a step of a sync *function*; only :func:`run` can perform it.

    Args:
        function: What is done.
        twin: The method that takes async functions, to name it to who gives one here.

    Raises:
        TypeError: It is async; nothing of it has run.
    """
    return cast(T, (yield (_sync, None, (function, twin), {})))


def async_step(function: Callable[[], Awaitable[T] | T]) -> Steps[T]:
    """Make a step of *function*, async or sync; only :func:`arun` can perform it."""
    return cast(T, (yield (None, _either, (function,), {})))


def _sync(function: Callable[[], T], twin: str) -> T:
    made = _callable(function)()
    # A task or a job's handle may be awaited and may be left alone; a coroutine does nothing alone.
    if iscoroutine(made):
        made.close()  # or Python warns of it, somewhere else
        instead = f"await {twin}(…), which takes both" if twin else "give a sync one"
        raise TypeError(
            f"{getattr(function, '__qualname__', function)} is async, and nothing awaits it here: "
            f"{instead}."
        )
    return made


async def _either(function: Callable[[], Any]) -> Any:
    made = _callable(function)()
    return await made if isawaitable(made) else made


def _callable(function: Callable[[], T]) -> Callable[[], T]:
    if not callable(function):  # pyright: ignore[reportUnnecessaryComparison]  # callers without a checker
        raise TypeError(
            f"A function is wanted that makes the value, not {type(function).__name__}: "
            "put lambda: before it; or the arguments stand in another order."
        )
    return function


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
