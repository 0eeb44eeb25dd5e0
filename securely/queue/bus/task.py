"""Task: a function that can be queued; Call: the job that calls a function by its name."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    ParamSpec,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
)
from typing import overload as overloaded

from securely.container import Container, current
from securely.container.signature import is_service
from securely.queue.bus.callbacks import path_of
from securely.queue.delivery.refusals import check_class
from securely.queue.exceptions import EntityNotFound, InvalidPayload, NotQueueable, Skip, UnknownJob
from securely.queue.job import Dispatched, Job, PendingDispatch
from securely.support.backoff import BackoffLike
from securely.support.durations import Duration
from securely.support.importing import ImportFailed, import_object
from securely.support.suggest import did_you_mean

__all__ = ["AsyncCall", "Call", "Task", "TaskOptions", "task"]

P = ParamSpec("P")
R = TypeVar("R")

_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class TaskOptions(TypedDict, total=False):
    """What :func:`task` takes: the options of :class:`Job`, and what its methods would say."""

    queue: str | None
    connection: str | None
    delay: Duration | None
    priority: int
    tries: int | None
    backoff: BackoffLike
    timeout: Duration | None
    fail_on_timeout: bool
    max_exceptions: int | None
    retry_until: Duration | datetime | None
    max_lost: int | None
    unique: bool | Literal["until_processing"]
    unique_for: Duration | None
    unique_id: Callable[..., str]
    debounce: Duration | None
    debounce_max_wait: Duration | None
    encrypted: bool
    expires_after: Duration | None
    dont_retry: tuple[type[BaseException], ...]
    delete_when_missing: bool
    after_commit: bool | None
    middleware: Sequence[object]
    tags: Sequence[str]
    failed: Callable[..., object]


class Call(Job):
    """Calls a function that is found by its name.

    Args:
        function: Its path, as "package.module:name".
        arguments: Its arguments by name, as the serializer wrote them.
    """

    __queue_paths__: ClassVar[tuple[str, ...]] = ("function",)

    def __init__(self, function: str, arguments: str) -> None:
        self.function = function
        self.arguments = arguments

    @classmethod
    def of(cls, function: Callable[..., object], *args: object, **kwargs: object) -> Call:
        """Return the job that calls *function* with these arguments.

        Raises:
            NotQueueable: A worker could not import it, or an argument has no written form.
            TypeError: The arguments do not fit.
        """
        path = path_of(function)
        check_class(path.replace(":", "."), None, function)
        kind = AsyncCall if inspect.iscoroutinefunction(function) else Call
        return kind(path, _Shape.of(function).written(args, kwargs))

    def handle(self, container: Container) -> object:
        """Call the function; what it takes beyond its arguments is injected.

        Raises:
            UnknownJob: The function is gone.
            InvalidPayload: A class among its arguments is not in its annotations any more.
        """
        function, args, named = self._call()
        return container.call(function, *args, **named)

    def display_name(self) -> str:
        """Return the function's name: that is what people look for."""
        return self.function.replace(":", ".")

    def given(self) -> tuple[list[object], dict[str, Any]]:
        """Return the arguments, by place and by name, as the function will be given them."""
        _, args, named = self._call()
        return args, named

    def _call(self) -> tuple[Callable[..., object], list[object], dict[str, Any]]:
        try:
            found = import_object(self.function)
        except ImportFailed as error:
            raise UnknownJob(self.function, error.reason) from error
        function = cast(
            "Callable[..., object]", found.function if isinstance(found, Task) else found
        )
        args, named = _Shape.of(function).read(self.arguments, quiet=self.delete_when_missing)
        return function, args, named


class AsyncCall(Call):
    """Calls a coroutine function, on the worker's loop."""

    async def handle(self, container: Container) -> object:
        """Call the function; what it takes beyond its arguments is injected."""
        function, args, named = self._call()
        return await container.acall(function, *args, **named)


class Task(Generic[P, R]):
    """A function that can be called, and queued as a job.

    Args:
        function: A function at the top of a module.
        options: As :class:`Job` has them.
    """

    def __init__(self, function: Callable[P, R], options: Mapping[str, object]) -> None:
        name = getattr(function, "__qualname__", repr(function))
        if "." in name or "<" in name:
            raise NotQueueable(
                f"{function.__module__}.{name}",
                "a worker imports a task by its name, and lambdas, methods and functions inside "
                "others have none that it could import. Put it at the top of a module.",
            )
        for option in options:
            if option not in TaskOptions.__annotations__:
                hint = did_you_mean(option, list(TaskOptions.__annotations__))
                near = f' Did you mean "{hint}"?' if hint else ""
                raise NotQueueable(name, f'"{option}" is no option of a task.{near}')
        self.function: Callable[P, R] = function
        self._options = dict(options)
        self._class: type[Call] | None = None
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, here and now."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Task {self.function.__module__}.{self.function.__qualname__}>"

    @property
    def job_class(self) -> type[Call]:
        """The class of its jobs; a worker finds it here."""
        if self._class is None:
            self._class = self._made()
        return self._class

    def job(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """Return the job that calls the function with these arguments.

        Raises:
            NotQueueable: An argument has no written form; the message names it.
            TypeError: The arguments do not fit.
        """
        written = _Shape.of(self.function).written(args, kwargs)
        return self.job_class(path_of(self), written)

    def using(self, *args: P.args, **kwargs: P.kwargs) -> PendingDispatch[Call]:
        """Return its job with options of this one dispatch still open."""
        return PendingDispatch(self.job(*args, **kwargs))

    def dispatch(self, *args: P.args, **kwargs: P.kwargs) -> Dispatched:
        """Queue a call with these arguments now.

        Raises:
            NotQueueable: An argument has no written form; the message names it.
            QueueError: As for a job.
        """
        return self.using(*args, **kwargs).dispatch()

    async def adispatch(self, *args: P.args, **kwargs: P.kwargs) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        return await self.using(*args, **kwargs).adispatch()

    def dispatch_sync(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run it here and now as a job: through middleware, events and what is told of failures.

        Raises:
            Exception: Whatever the function raised.
        """
        current().make("queue").run_now(self.job(*args, **kwargs))

    async def adispatch_sync(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Async twin of :meth:`dispatch_sync`."""
        await current().make("queue").arun_now(self.job(*args, **kwargs))

    def dispatch_after_response(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run it here once the response was sent, or the command has ended."""
        self.using(*args, **kwargs).after_response()

    def _made(self) -> type[Call]:
        """Make the class of its jobs."""
        function, options = self.function, dict(self._options)
        check_class(f"{function.__module__}.{function.__qualname__}", None, function)
        members: dict[str, Any] = {
            "__doc__": f"Calls {function.__qualname__}.",
            "__module__": function.__module__,
            # Where a worker finds it: as an attribute of this task.
            "__qualname__": f"{function.__qualname__}.job_class",
        }
        for name in ("middleware", "tags"):
            if (value := options.pop(name, None)) is not None:
                members[name] = _constant(value)
        if (hook := options.pop("failed", None)) is not None:
            members["failed"] = _hook(cast("Callable[..., object]", hook))
        if (key := options.pop("unique_id", None)) is not None:
            members["unique_id"] = _keyed(cast("Callable[..., str]", key))
        base = AsyncCall if inspect.iscoroutinefunction(function) else Call
        return cast("type[Call]", type("job_class", (base,), {**members, **options}))


@overloaded
def task(function: Callable[P, R], /) -> Task[P, R]: ...


@overloaded
def task(**options: Unpack[TaskOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...


def task(function: Any = None, /, **options: Any) -> Any:
    """Let a function be queued: `@task`, or `@task(queue="mail", tries=3)`.

    It is called as before. `.dispatch(…)` takes the same arguments and queues the call; a worker
    makes it, where services that the arguments leave out are injected. Arguments are plain data,
    and the enums, dataclasses and models that its annotations name.

    Raises:
        NotQueueable: It is a lambda, a method, or defined inside another function; or an option
            does not exist.

    Example:
        >>> @task(queue="mail", tries=3)
        ... def greet(name: str) -> str:
        ...     return f"Hello, {name}"
        >>> greet("Ann")
        'Hello, Ann'
    """
    if function is not None:
        return Task(cast("Callable[..., object]", function), {})
    return functools.partial(Task, options=options)


class _Shape:
    """What is known of a function's parameters, looked at once."""

    _known: Final[dict[Callable[..., object], _Shape]] = {}

    def __init__(self, function: Callable[..., object]) -> None:
        from securely.queue.delivery.portrait import classes_in, entities_in
        from securely.support.serializer import Serializer

        self._name = f"{function.__module__}.{function.__qualname__}"
        self._signature = inspect.signature(function)
        try:
            self._hints = typing.get_type_hints(function)
        except Exception:  # names of a block that only checkers see; nothing to allow
            self._hints = {}
        self._entities: dict[str, Any] = entities_in(self._hints.items())
        self._serializer = Serializer(classes_in(self._hints.values()))

    @classmethod
    def of(cls, function: Callable[..., object]) -> _Shape:
        """Return the shape of *function*."""
        if function not in cls._known:
            cls._known[function] = cls(function)
        return cls._known[function]

    def written(self, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
        """Return arguments as text, by the names of their parameters."""
        from securely.support.serializer import Unserializable

        given = dict(self._signature.bind_partial(*args, **kwargs).arguments)
        for name, parameter in self._signature.parameters.items():
            is_needed = parameter.default is parameter.empty and parameter.kind not in _VARIADIC
            if is_needed and name not in given and not is_service(self._hints.get(name)):
                raise TypeError(f'{self._name}() needs the argument "{name}".')
        for name, kind in self._entities.items():
            if isinstance(given.get(name), kind):
                given[name] = given[name].__queue_ref__()
        try:
            return self._serializer.encode(given).decode()
        except Unserializable as error:
            raise NotQueueable(f"{self._name}.{error.path}", str(error)) from error

    def read(self, text: str, *, quiet: bool) -> tuple[list[object], dict[str, Any]]:
        """Return arguments from what :meth:`written` gave, by place and by name.

        Args:
            text: What it gave.
            quiet: What is gone lets the job be skipped.
        """
        from securely.support.serializer import Undecodable

        try:
            given = cast("dict[str, Any]", self._serializer.decode(text.encode()))
        except Undecodable as error:
            raise InvalidPayload(f"{self._name}: {error}") from error
        args: list[object] = []
        for name, parameter in self._signature.parameters.items():
            if parameter.kind is parameter.POSITIONAL_ONLY and name in given:
                args.append(given.pop(name))
            elif parameter.kind is parameter.VAR_POSITIONAL and name in given:
                args += list(cast("Sequence[object]", given.pop(name)))
            elif parameter.kind is parameter.VAR_KEYWORD and name in given:
                given |= cast("dict[str, object]", given.pop(name))
        for name, kind in self._entities.items():
            if given.get(name) is not None:
                given[name] = self._found(kind, given[name], quiet=quiet)
        return args, given

    def _found(self, kind: Any, reference: object, *, quiet: bool) -> object:
        entity: object = kind.__from_queue_ref__(reference)
        if entity is not None:
            return entity
        missing = EntityNotFound(kind.__qualname__, reference)
        if quiet:
            raise Skip(str(missing)) from missing
        raise missing


def _constant(value: object) -> Callable[[Job], object]:
    return lambda job: value


def _hook(function: Callable[..., object]) -> Callable[..., object]:
    def failed(self: Job, error: BaseException, container: Container) -> object:
        """Tell of a failure."""
        return container.call(function, error)

    return failed


def _keyed(key: Callable[..., str]) -> Callable[[Call], str]:
    def unique_id(self: Call) -> str:
        """Return what tells calls apart."""
        args, named = self.given()
        return str(key(*args, **named))

    return unique_id
