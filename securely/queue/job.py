"""Job: tries, backoff, timeout; dispatch() typed by your constructor; PendingDispatch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import partial
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NoReturn,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
)

from securely.container import current
from securely.queue.bus.trail import Trail
from securely.queue.delivery.interaction import InteractsWithQueue
from securely.queue.delivery.refusals import queue_name, writable
from securely.queue.exceptions import NotQueueable
from securely.support.durations import Duration
from securely.support.shadowing import shadowed

__all__ = [
    "UNIQUE_OR_DEBOUNCED",
    "Delay",
    "Dispatched",
    "Extras",
    "Job",
    "PendingDispatch",
    "Placement",
    "option",
]

P = ParamSpec("P")
J = TypeVar("J", bound="Job")
T = TypeVar("T")

_METHODS: Final = frozenset(
    {
        *("append_to_chain", "attempts", "batch", "debounce_id", "delete", "dispatch"),
        *("display_name", "fail", "job_id", "middleware", "prepend_to_chain", "release"),
        *("should_stop", "tags", "unique_id", "using"),
    }
)

UNIQUE_OR_DEBOUNCED: Final = (
    'it is "unique" and has a "debounce": the first of several can not be kept and replaced. '
    "Choose one."
)

# A class writes each of these options as a value, or as a method that gives it for one instance.
# No type says so to both checkers (tried: mypy takes a union with a callable, pyright finds every
# method an override of a mutable variable), so that they stand as Any and are checked at dispatch.
Option: TypeAlias = Any


Delay: TypeAlias = Duration | datetime
"""How long a job waits: a duration, or the moment as an aware datetime. What has passed is now."""


class Extras(NamedTuple):
    """What a payload may hold beyond its job; all of it is left out where it is not needed.

    Attributes:
        id: What the caller calls it: one unsettled job may be called so.
        trail: What follows it in its chain.
        batch: The batch that counts it.
        group: Jobs of one group run one after the other.
        context: What travels with it, for who asks for it when it runs.
        is_unique: Its `unique` and `debounce` are heeded.
        through: Middleware of this one dispatch.
        uuid: Its id for its whole life, where that is known before; None for a new one.
    """

    id: str | None = None
    trail: Trail | None = None
    batch: str | None = None
    group: str | None = None
    context: Mapping[str, object] | None = None
    is_unique: bool = True
    through: Sequence[object] = ()
    uuid: str | None = None


class Dispatched(NamedTuple):
    """What a dispatch came to.

    Attributes:
        id: The job's uuid for its whole life; failed jobs are found by it.
        connection: The name of the connection that took it.
        queue: The queue it waits in.
        skipped: It was not accepted, because the job *id* holds its unique key.
    """

    id: str
    connection: str
    queue: str
    skipped: bool = False


def _no_builder(sent: Dispatched, name: str) -> NoReturn:
    """Answer who says options of a dispatch when it is done, as Laravel has it.

    Raises:
        AttributeError: Always.
    """
    hint = ""
    if not name.startswith("_") and hasattr(PendingDispatch, name):
        say = name if name in {"dispatch", "adispatch"} else f"{name}(…).dispatch"
        hint = f": the job is sent already. Say options before: Job.using(…).{say}()"
    raise AttributeError(f"'Dispatched' has no attribute {name!r}{hint}", name=name, obj=sent)


# Where type checkers do not see it: they refuse such names themselves.
setattr(Dispatched, "__getattr__", _no_builder)  # noqa: B010  # hidden from checkers


class Placement(NamedTuple):
    """The options of one dispatch; None leaves an option to the job's class, or to the connection.

    Attributes:
        queue: The queue it waits in.
        connection: The name of the connection that takes it.
        delay: How long it waits first.
        priority: Higher goes first within its queue.
        group: Jobs of one group run one after the other, in order.
        id: What the caller calls the job: while one that is called so is unsettled, there is no
            second one.
        after_commit: Send it when the open transaction has committed (True), or at once (False).
        trail: What follows it in its chain.
        through: Middleware that stands around it, within that of its class.
    """

    queue: str | None = None
    connection: str | None = None
    delay: Delay | None = None
    priority: int | None = None
    group: str | None = None
    id: str | None = None
    after_commit: bool | None = None
    trail: Trail | None = None
    through: tuple[object, ...] = ()


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

    @property
    def placement(self) -> Placement:
        """What was said of this dispatch so far."""
        return Placement(**self._options)

    def on_queue(self, queue: str | Enum) -> PendingDispatch[T]:
        """Send it to *queue*.

        Raises:
            NotQueueable: No queue can have that name.
        """
        name = str(queue.value) if isinstance(queue, Enum) else queue
        self._options["queue"] = queue_name(name, _name_of(self.job))
        return self

    def on_connection(self, connection: str | Enum) -> PendingDispatch[T]:
        """Send it through *connection*."""
        name = str(connection.value) if isinstance(connection, Enum) else connection
        self._options["connection"] = name
        return self

    def delay(self, delay: Delay) -> PendingDispatch[T]:
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

    def on_group(self, group: str | Enum) -> PendingDispatch[T]:
        """Let it run after those of *group* that were accepted before it, and never beside one.

        A job of the group that fails, or waits for its next try, holds up those behind it.

        Raises:
            NotQueueable: It can not be written down.
        """
        name = str(group.value) if isinstance(group, Enum) else group
        self._options["group"] = writable(name, f"The group of {_name_of(self.job)}")
        return self

    def id(self, id_: str) -> PendingDispatch[T]:
        """Call it *id_*: while a job that is called so is unsettled, another one is skipped.

        So a request that is sent twice queues its job once. What the second dispatch returns has
        the id of the first one's job, and says `skipped`.

        Raises:
            NotQueueable: It can not be written down.
        """
        self._options["id"] = writable(id_, f"The id of {_name_of(self.job)}")
        return self

    def after_commit(self) -> PendingDispatch[T]:
        """Send it once the open transaction has committed, and not at all if it is rolled back."""
        self._options["after_commit"] = True
        return self

    def before_commit(self) -> PendingDispatch[T]:
        """Send it at once, whatever its class or its connection says of transactions."""
        self._options["after_commit"] = False
        return self

    def through(self, middleware: Sequence[object]) -> PendingDispatch[T]:
        """Let *middleware* stand around it, within that of its class.

        It travels with the job: attributes are plain data, and classes and functions that a
        worker can import.
        """
        self._options["through"] = tuple(middleware)
        return self

    def dispatch(self) -> Dispatched:
        """Send it now.

        Raises:
            QueueError: It cannot be sent; nothing was written.
        """
        sent: Dispatched = current().make("queue").place(self.job, self.placement)
        return sent

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        sent: Dispatched = await current().make("queue").aplace(self.job, self.placement)
        return sent

    def after_response(self) -> None:
        """Run it in this process once the response was sent, or the command has ended.

        It runs after one that failed, too. What it raises is reported.

        Raises:
            NotQueueable: As for :meth:`dispatch`.

        Source: Laravel 13, Illuminate\\Bus\\Dispatcher::dispatchAfterResponse.
        """
        current().make("queue").run_after_response(self.job, self.placement)


class Job(InteractsWithQueue):
    """A piece of work that can be queued: a plain class, or a dataclass, with `handle()`.

    Its payload is the instance's attributes; a worker restores them without calling `__init__`.
    Services come into `handle` by type from the container, and `handle` may be `async`. An
    optional `failed(error)` runs once the job is over without success, and an optional
    `interrupted(signal)` when a signal asks the worker to stop while the job runs.

    Attributes:
        tries: Failures until the job is over; None for the worker's `--tries`, 0 for no limit.
        backoff: Wait after a failure: a duration, a list of them, or a :class:`Backoff`.
        timeout: Seconds one run may take; None for the worker's `--timeout`.
        fail_on_timeout: Fail at once when a run takes too long, instead of trying again.
        max_exceptions: Exceptions until the job is over, where `tries` has no limit.
        retry_until: From when on a failure is final: a duration from its dispatch, or a moment.
            It replaces `tries`.
        max_lost: How many workers may die under it before it fails.
        unique: While one is unsettled, another one is skipped; "until_processing": while one waits.
        unique_for: Seconds after which another one is accepted all the same; None for never.
        debounce: How long it waits for another one that takes its place; the last one counts.
        debounce_max_wait: How long it waits at most, however many come; None for no limit.
        encrypted: Its attributes are encrypted; its name, queue and tags are not.
        expires_after: How long after its dispatch it may be started; later it is dropped.
        dont_retry: Exceptions after which it is not tried again.
        store_result: Keep what `handle` returns, for `Queue.result`.
        result_ttl: How long it is kept; an hour where nothing is said.
        delete_when_missing: Drop it quietly when an entity that it names is gone.
        after_commit: Send it once the open transaction has committed.
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
    unique: bool | Literal["until_processing"] = False
    unique_for: Option = None
    debounce: Option = None
    debounce_max_wait: Option = None
    encrypted: Option = False
    expires_after: Option = None
    dont_retry: Option = ()
    store_result: bool = False
    result_ttl: Option = None
    delete_when_missing: bool = False
    after_commit: bool | None = None
    queue: str | None = None
    connection: str | None = None
    delay: Duration | None = None
    priority: int = 0

    # Attributes that hold paths of what is imported when it runs: aliases are looked up for them.
    __queue_paths__: ClassVar[tuple[str, ...]] = ()

    # Slotted dataclasses stay slotted.
    __slots__ = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a field with the name of a method: a dataclass would take that as its default."""
        super().__init_subclass__(**kwargs)
        if taken := shadowed(cls, _METHODS):
            reason = f'its field "{taken}" has the name of a method of Job. Rename the field.'
            raise NotQueueable(f"{cls.__module__}.{cls.__qualname__}", reason)
        if cls.unique and cls.debounce is not None:
            raise NotQueueable(f"{cls.__module__}.{cls.__qualname__}", UNIQUE_OR_DEBOUNCED)

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
    def dispatch_after_response(
        cls: Callable[P, J],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Build the job now; run it here once the response was sent, or the command has ended."""
        PendingDispatch(cls(*args, **kwargs)).after_response()

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

    def unique_id(self) -> str:
        """Return what tells unique jobs of this class apart; "" for one of all."""
        return ""

    def debounce_id(self) -> str:
        """Return what tells debounced jobs of this class apart; "" for one of all."""
        return ""

    def tags(self) -> Sequence[str]:
        """Return words by which the job can be found in lists."""
        return ()

    def middleware(self) -> Sequence[object]:
        """Return what stands around `handle`, the outermost first.

        Each is a callable `(job, next)`, or an object whose `handle` is one.
        """
        return ()


class _OfTheClass(classmethod):  # type: ignore[type-arg]  # of whatever it is made of
    """A class method that builds a job: of one that is built, it would queue another one."""

    def __get__(self, instance: object, owner: type | None = None, /) -> Any:
        """Return what is called."""
        if instance is not None:
            return partial(_refuse, instance, self.__name__)
        return cast(Any, super()).__get__(None, owner)


def _refuse(job: object, method: str, *_: object, **__: object) -> NoReturn:
    name = type(job).__name__
    raise NotQueueable(
        _name_of(job),
        f"`{method}` builds a job of the class, and this is one already. "
        f"Write {name}.{method}(…) with its arguments, or Queue.push(job) for this one.",
    )


for _method in [name for name in vars(Job) if not name.startswith("_")]:
    if isinstance(vars(Job)[_method], classmethod):
        # Where type checkers do not see it: they know class methods.
        setattr(Job, _method, _OfTheClass(vars(Job)[_method].__func__))


def _name_of(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def option(job: Job, name: str) -> object:
    """Return an option of *job*: the value, or what the method of that name gives."""
    value = cast(object, getattr(job, name))
    return value() if callable(value) else value
