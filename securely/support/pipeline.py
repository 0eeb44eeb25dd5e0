"""Pipeline: sends a value through pipes, each of which may change it, stop it, or look at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeAlias, TypeGuard, TypeVar, cast

from securely.exceptions import SecurelyError

__all__ = ["NotAPipe", "Pipe", "Pipeline", "Pipelines"]

T = TypeVar("T")
R = TypeVar("R")

Pipe: TypeAlias = Any
"""A function of the value and what comes next; an object or class with the method that handles;
or a class with arguments for that method: `(Throttle, {"limit": 3})` or `(Throttle, 3)`."""

Next: TypeAlias = Callable[[Any], Any]


class NotAPipe(SecurelyError, TypeError):
    """What stands among the pipes is neither callable nor has the method that handles.

    Args:
        pipe: What it is.
        method: The method it lacks.
    """

    def __init__(self, pipe: str, method: str) -> None:
        self.pipe: str = pipe
        self.method: str = method
        super().__init__(
            f"{pipe} is no pipe: it is not callable and has no method `{method}`. "
            f"Write `def {method}(self, value, next)`, or name its method with `via`."
        )

    def __reduce__(self) -> tuple[type[NotAPipe], tuple[str, str]]:
        return type(self), (self.pipe, self.method)


class Pipeline(Generic[T]):
    """Sends a value through pipes, from the outermost in and back.

    A pipe is given the value and what comes next: it calls that with what the next one shall get,
    and returns what comes back, or something of its own. Pipes of both colours may be mixed in
    :meth:`athen`.

    Args:
        value: What is sent.
        make: Makes an object of a class among the pipes; the class is called unless given. A
            container's `make` injects what its constructor asks for.

    Example:
        >>> def doubled(value, next):
        ...     return next(value * 2)
        >>> Pipeline(5).through([doubled, lambda value, next: next(value) + 1]).then_return()
        11

    Source: Laravel 13, Illuminate\\Pipeline\\Pipeline.
    """

    def __init__(self, value: T, make: Callable[[type[Any]], Any] | None = None) -> None:
        self._value = value
        self._make: Callable[[type[Any]], Any] = make or _made
        self._pipes: list[Pipe] = []
        self._method = "handle"
        self._catches: list[tuple[type[BaseException], Callable[[Any, T], Any]]] = []
        self._finally: list[Callable[[T], object]] = []

    def through(self, pipes: Iterable[Pipe]) -> Pipeline[T]:
        """Send it through *pipes*, and no others."""
        self._pipes = list(pipes)
        return self

    def pipe(self, *pipes: Pipe) -> Pipeline[T]:
        """Send it through *pipes* as well, within those that are there."""
        self._pipes += pipes
        return self

    def via(self, method: str) -> Pipeline[T]:
        """Let the method *method* of objects handle it, instead of `handle`."""
        self._method = method
        return self

    def catch(self, kind: type[BaseException], handler: Callable[[Any, T], Any]) -> Pipeline[T]:
        """Return what *handler* makes of an error of *kind* and the value that was sent.

        The first that fits is asked; it may be of either colour in :meth:`athen`.
        """
        self._catches.append((kind, handler))
        return self

    def finally_(self, callback: Callable[[T], object]) -> Pipeline[T]:
        """Call *callback* with the value that was sent, however it ends."""
        self._finally.append(callback)
        return self

    def then(self, destination: Callable[[T], R]) -> R:
        """Send the value, and let *destination* have what comes through; return what comes back.

        Raises:
            NotAPipe: One of the pipes cannot handle anything; nothing has been sent then.
        """
        try:
            return cast("R", self._stacked(destination, _as_it_is)(self._value))
        except BaseException as error:
            handler = self._catcher(error)
            if handler is None:
                raise
            return cast("R", handler(error, self._value))
        finally:
            for callback in self._finally:
                callback(self._value)

    async def athen(self, destination: Callable[[T], Awaitable[R] | R]) -> R:
        """Async twin of :meth:`then`; pipes and *destination* may be of either colour.

        An async pipe awaits what comes next. A sync one is handed an awaitable, which it returns.
        """
        try:
            return cast("R", await self._stacked(destination, _awaitable)(self._value))
        except BaseException as error:
            handler = self._catcher(error)
            if handler is None:
                raise
            return cast("R", await _settled(handler(error, self._value)))
        finally:
            for callback in self._finally:
                await _settled(callback(self._value))

    def then_return(self) -> T:
        """Send the value, and return what comes through.

        Raises:
            NotAPipe: One of the pipes cannot handle anything.
        """
        return self.then(lambda value: value)

    async def athen_return(self) -> T:
        """Async twin of :meth:`then_return`."""
        return await self.athen(lambda value: value)

    def _stacked(self, destination: Next, colour: Callable[[Next], Next]) -> Next:
        run = colour(destination)
        for handle in reversed([self._handler(pipe) for pipe in self._pipes]):
            run = colour(_before(handle, run))
        return run

    def _handler(self, pipe: Pipe) -> Callable[[Any, Next], Any]:
        target, arguments, named = _parts(pipe)
        if isinstance(target, type):
            target = self._make(target)
        method: Any = getattr(target, self._method, None)
        handle: Any = method if callable(method) else target
        if not callable(handle):
            raise NotAPipe(repr(target), self._method)
        if not (arguments or named):
            return cast("Callable[[Any, Next], Any]", handle)
        return lambda value, following: handle(value, following, *arguments, **named)

    def _catcher(self, error: BaseException) -> Callable[[Any, T], Any] | None:
        return next((each for kind, each in self._catches if isinstance(error, kind)), None)


class Pipelines:
    """Begins pipelines whose classes are made by one container; what the facade stands for.

    Args:
        make: The container's `make`.

    Example:
        >>> pipelines = Pipelines(lambda cls: cls())
        >>> pipelines.send(" a ").through([lambda text, next: next(text.strip())]).then_return()
        'a'
    """

    def __init__(self, make: Callable[[type[Any]], Any]) -> None:
        self._make = make

    def send(self, value: T) -> Pipeline[T]:
        """Begin to send *value*; say through what with :meth:`Pipeline.through`."""
        return Pipeline(value, self._make)


def _made(cls: type[Any]) -> Any:
    return cls()


def _parts(pipe: Pipe) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return a pipe, and what its method is given besides: by place, and by name."""
    if not isinstance(pipe, tuple):
        return pipe, (), {}
    parts: list[Any] = [*pipe]
    given = parts[1] if len(parts) == 2 else None  # noqa: PLR2004 - the pipe and one more
    return (parts[0], (), {**given}) if _is_named(given) else (parts[0], tuple(parts[1:]), {})


def _is_named(given: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(given, dict)


def _before(handle: Callable[[Any, Next], Any], following: Next) -> Next:
    return lambda value: handle(value, following)


def _as_it_is(following: Next) -> Next:
    return following


def _awaitable(following: Next) -> Next:
    """Return *following* so that it always gives something to await, whatever its colour."""
    return lambda value: _settled(following(value))


async def _settled(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value
