"""Factories that are generators or context managers: how they begin, and how they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from typing import Any

from securely.container.exceptions import ScopeEnded
from securely.container.scope import Scope
from securely.container.signature import unwrapped

__all__ = ["Color", "color_of", "opener"]

# Flags of code objects; inspect has the same numbers under these names.
_GENERATOR = 0x20
_COROUTINE = 0x80
_ASYNC_GENERATOR = 0x200


class Color(Enum):
    """What calling a factory gives."""

    PLAIN = "an object"
    COROUTINE = "a coroutine"
    GENERATOR = "a generator"
    ASYNC_GENERATOR = "an async generator"
    MANAGER = "a context manager"
    ASYNC_MANAGER = "an async context manager"

    @property
    def is_async(self) -> bool:
        """Whether it must be awaited."""
        return self in {Color.COROUTINE, Color.ASYNC_GENERATOR, Color.ASYNC_MANAGER}

    @property
    def is_resource(self) -> bool:
        """Whether it is finished at the end of its scope."""
        return self not in {Color.PLAIN, Color.COROUTINE}


def _sample(decorate: Any) -> Any:
    def empty() -> Any:  # pragma: no cover  # only its wrapper is looked at
        yield

    return decorate(empty).__code__


# All functions made by one of these decorators have one code object: that is how they are known.
_BY_CODE = {
    _sample(contextmanager): Color.MANAGER,
    _sample(asynccontextmanager): Color.ASYNC_MANAGER,
}


def color_of(target: object) -> Color:
    """Return what calling *target* gives."""
    if isinstance(target, type):
        return Color.PLAIN
    code = getattr(unwrapped(target), "__code__", None)
    if code is None:
        return Color.PLAIN
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code.co_flags & _COROUTINE:
        return Color.COROUTINE
    if code.co_flags & _ASYNC_GENERATOR:
        return Color.ASYNC_GENERATOR
    return Color.GENERATOR if code.co_flags & _GENERATOR else Color.PLAIN


def opener(
    color: Color, keeper: Callable[[], Scope], label: str
) -> tuple[Callable[[Any], Any], Callable[[Any], Awaitable[Any]]]:
    """Return what begins a resource, in both colours, and notes its end.

    Args:
        color: What the factory gives.
        keeper: Gives the scope that it lives as long as.
        label: What it is called in messages.
    """

    def scope() -> Scope:
        current = keeper()
        if current.is_over:
            raise ScopeEnded(label)
        return current

    def as_manager(made: Any) -> Any:
        if color is Color.GENERATOR:
            return contextmanager(lambda: made)()
        if color is Color.ASYNC_GENERATOR:
            return asynccontextmanager(lambda: made)()
        return made

    def opened(made: Any) -> Any:
        keeping, manager = scope(), as_manager(made)
        value = manager.__enter__()
        keeping.on_close(_Closing(manager))
        return value

    async def aopened(made: Any) -> Any:
        if not color.is_async:
            return opened(made)
        keeping, manager = scope(), as_manager(made)
        value = await manager.__aenter__()
        if keeping.is_over:  # it ended while this was begun
            await manager.__aexit__(None, None, None)
            raise ScopeEnded(label)
        keeping.on_close(_AsyncClosing(manager))
        return value

    return opened, aopened


class _Closing:
    """The end of a sync resource."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def close(self, error: BaseException | None) -> None:
        # What it answers is ignored: a factory does not decide whether an error goes on.
        self._manager.__exit__(*_told(error))

    async def aclose(self, error: BaseException | None) -> None:
        self.close(error)


class _AsyncClosing:
    """The end of an async resource."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def close(self, error: BaseException | None) -> None:
        raise RuntimeError(
            "An async resource cannot be finished in sync code: "
            "use `async with app.ascope():` or `await app.aclose()`."
        )

    async def aclose(self, error: BaseException | None) -> None:
        await self._manager.__aexit__(*_told(error))


def _told(error: BaseException | None) -> tuple[Any, Any, Any]:
    return (None, None, None) if error is None else (type(error), error, error.__traceback__)
