"""Job: tries, backoff, timeout; dispatch() typed by your constructor; PendingDispatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

from securely.container import current
from securely.queue.delivery.interaction import InteractsWithQueue
from securely.queue.exceptions import NotQueueable
from securely.support.durations import Duration

__all__ = ["Dispatched", "Job", "PendingDispatch", "option"]

P = ParamSpec("P")
J = TypeVar("J", bound="Job")
T = TypeVar("T")

_METHODS: Final = frozenset(
    {
        *("attempts", "delete", "dispatch", "display_name", "fail", "job_id", "middleware"),
        *("release", "tags", "using"),
    }
)

# A class writes each of these options as a value, or as a method that gives it for one instance.
# No type says so to both checkers (tried: mypy takes a union with a callable, pyright finds every
# method an override of a mutable variable), so that they stand as Any and are checked at dispatch.
Option: TypeAlias = Any


class Dispatched(NamedTuple):
    """What a dispatch came to.

    Attributes:
        id: The job's uuid for its whole life; failed jobs are found by it.
        connection: The name of the connection that took it.
        queue: The queue it waits in.
    """

    id: str
    connection: str
    queue: str


class PendingDispatch(Generic[T]):
    """A job that is built and not yet sent; each option is said once, the last word counts.

    Nothing is sent until :meth:`dispatch`: an error on the way there loses no job silently.

    Args:
        job: The job.
    """

    __slots__ = ("_options", "job")

    def __init__(self, job: T) -> None:
        self.job: T = job
        self._options: dict[str, Any] = {}

    def on_queue(self, queue: str | Enum) -> PendingDispatch[T]:
        """Send it to *queue*."""
        self._options["queue"] = str(queue.value) if isinstance(queue, Enum) else queue
        return self

    def on_connection(self, connection: str | Enum) -> PendingDispatch[T]:
        """Send it through *connection*."""
        name = str(connection.value) if isinstance(connection, Enum) else connection
        self._options["connection"] = name
        return self

    def delay(self, delay: Duration | datetime) -> PendingDispatch[T]:
        """Let it wait for *delay* ("10m", seconds, timedelta), or until an aware datetime."""
        self._options["delay"] = delay
        return self

    def without_delay(self) -> PendingDispatch[T]:
        """Let it not wait, whatever its class says."""
        self._options["delay"] = 0.0
        return self

    def priority(self, priority: int) -> PendingDispatch[T]:
        """Let it go before jobs of a lower priority in its queue."""
        self._options["priority"] = priority
        return self

    def dispatch(self) -> Dispatched:
        """Send it now.

        Raises:
            QueueError: It cannot be sent; nothing was written.
        """
        sent: Dispatched = current().make("queue").place(self.job, **self._options)
        return sent

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        sent: Dispatched = await current().make("queue").aplace(self.job, **self._options)
        return sent


class Job(InteractsWithQueue):
    """A piece of work that can be queued: a plain class, or a dataclass, with `handle()`.

    Its payload is the instance's attributes; a worker restores them without calling `__init__`.
    Services come into `handle` by type from the container, and `handle` may be `async`. An
    optional `failed(error)` runs once the job is over without success.

    Attributes:
        tries: Failures until the job is over; None for the worker's `--tries`, 0 for no limit.
        backoff: Wait after a failure: a duration, a list of them, or a :class:`Backoff`.
        timeout: Seconds one run may take; None for the worker's `--timeout`.
        fail_on_timeout: Fail at once when a run takes too long, instead of trying again.
        max_exceptions: Exceptions until the job is over, where `tries` has no limit.
        retry_until: From when on a failure is final: a duration from its dispatch, or a moment.
            It replaces `tries`.
        max_lost: How many workers may die under it before it fails.
        queue: The queue it goes to; None for the connection's default.
        connection: The connection it goes to; None for the default one.
        delay: Seconds until it may run.
        priority: Higher goes first within its queue.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class SendInvoice(Job):
        ...     number: int
        ...     tries = 3
        ...     backoff = [1, 5, 10]
        ...     def handle(self) -> None: ...
        >>> SendInvoice(7)
        SendInvoice(number=7)
    """

    tries: Option = None
    backoff: Option = None
    timeout: Option = None
    fail_on_timeout: Option = False
    max_exceptions: Option = None
    retry_until: Option = None
    max_lost: Option = None
    queue: str | None = None
    connection: str | None = None
    delay: Duration | None = None
    priority: int = 0

    # Slotted dataclasses stay slotted.
    __slots__ = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a field with the name of a method: a dataclass would take that as its default."""
        super().__init_subclass__(**kwargs)
        try:
            annotated: Mapping[str, object] = cls.__annotations__
        except NameError:  # Python 3.14 looks names up now; one may be defined further below
            annotated = {}
        if taken := sorted(_METHODS & annotated.keys()):
            reason = f'its field "{taken[0]}" has the name of a method of Job. Rename the field.'
            raise NotQueueable(f"{cls.__module__}.{cls.__qualname__}", reason)

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    def dispatch(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched:
        """Build the job of these arguments and queue it now.

        Raises:
            NotQueueable: Its class cannot be imported by a worker, or a value has no written form.
            PayloadTooLarge: Its data are over the limit.
            StoreFull: There is no room; nothing was written.
            QueueUnavailable: The store cannot be used.
        """
        return PendingDispatch(cls(*args, **kwargs)).dispatch()

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    async def adispatch(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        return await PendingDispatch(cls(*args, **kwargs)).adispatch()

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    def dispatch_if(
        cls: Callable[P, J],
        condition: bool | Callable[[], bool],  # Laravel's order
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched | None:
        """Build and queue the job if *condition* holds; None if it does not."""
        if condition() if callable(condition) else condition:
            return PendingDispatch(cls(*args, **kwargs)).dispatch()
        return None

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    async def adispatch_if(
        cls: Callable[P, J],
        condition: bool | Callable[[], bool],  # Laravel's order
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched | None:
        """Async twin of :meth:`dispatch_if`."""
        if condition() if callable(condition) else condition:
            return await PendingDispatch(cls(*args, **kwargs)).adispatch()
        return None

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    def dispatch_unless(
        cls: Callable[P, J],
        condition: bool | Callable[[], bool],  # Laravel's order
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched | None:
        """Build and queue the job unless *condition* holds; None if it does."""
        if condition() if callable(condition) else condition:
            return None
        return PendingDispatch(cls(*args, **kwargs)).dispatch()

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    async def adispatch_unless(
        cls: Callable[P, J],
        condition: bool | Callable[[], bool],  # Laravel's order
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Dispatched | None:
        """Async twin of :meth:`dispatch_unless`."""
        if condition() if callable(condition) else condition:
            return None
        return await PendingDispatch(cls(*args, **kwargs)).adispatch()

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    def dispatch_sync(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Build the job and run it here and now, through middleware, events and `failed()`.

        Raises:
            Exception: Whatever the job raised.
        """
        current().make("queue").run_now(cls(*args, **kwargs))

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    async def adispatch_sync(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Async twin of :meth:`dispatch_sync`."""
        await current().make("queue").arun_now(cls(*args, **kwargs))

    @classmethod  # pyright: ignore[reportArgumentType]  # the constructor types the call
    def using(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> PendingDispatch[J]:
        """Build the job and return it with options of this one dispatch still open.

        `SendInvoice.using(7).on_queue("mail").delay("10m").dispatch()`
        """
        return PendingDispatch(cls(*args, **kwargs))

    def display_name(self) -> str:
        """Return what lists and logs call the job; never used to find its class."""
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}"

    def tags(self) -> Sequence[str]:
        """Return words by which the job can be found in lists."""
        return ()

    def middleware(self) -> Sequence[object]:
        """Return what stands around `handle`, the outermost first.

        Each is a callable `(job, next)`, or an object whose `handle` is one.
        """
        return ()


def option(job: Job, name: str) -> object:
    """Return an option of *job*: the value, or what the method of that name gives."""
    value = cast(object, getattr(job, name))
    return value() if callable(value) else value
