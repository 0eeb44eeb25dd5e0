"""Blueprint: what is known of a job class, looked at once: its attributes, options and colours."""

from __future__ import annotations

import dataclasses
import inspect
import math
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar, cast
from uuid import UUID

from securely.queue.delivery.refusals import check_class
from securely.queue.exceptions import EntityNotFound, InvalidPayload, NotQueueable
from securely.queue.job import Job, option
from securely.support.durations import seconds
from securely.support.serializer import Serializer

__all__ = ["OPTIONS", "Blueprint", "Exclusion", "classes_in", "entities_in"]

J = TypeVar("J", bound=Job)

_RESULT_SECONDS: Final = 3_600.0  # longer than anybody waits, and not for ever

OPTIONS: Final = (
    "tries",
    "backoff",
    "timeout",
    "fail_on_timeout",
    "max_exceptions",
    "retry_until",
    "max_lost",
    "encrypted",
    "expires_after",
)


class Exclusion(NamedTuple):
    """The key of a unique or debounced job.

    Attributes:
        key: One unsettled job may have it.
        seconds: After which another one may take it all the same; None for never.
        max_wait: Seconds that a debounced job waits at most; None for one that is unique.
        delay: Seconds that a debounced job waits for the next.
    """

    key: str
    seconds: float | None = None
    max_wait: float | None = None
    delay: float = 0.0


class Blueprint:
    """What is known of one job class.

    Attributes:
        path: Where it is imported from, as "package.module:Name".
        name: Its dotted name; what lists show unless it names itself.
        names_itself: It overrides `display_name`.
        has_tags: It overrides `tags`.
        has_middleware: It overrides `middleware`.
        is_async: Its `handle` is a coroutine function.
        takes_nothing: Its `handle` wants no services, so that it is called without the container.
        failed_parameter: Its `failed` hook's parameter for the error; "" if it takes none, and
            None if there is no hook.
        dont_retry: Exceptions that are final; None where each job says so itself.
        is_ours: The queue makes such jobs by itself, for what follows from others: limits and
            contexts are those of the jobs that they stand for.
        entities: Its attributes that are kept as references (`__queue_ref__`), with their classes.
        serializer: Knows the classes of its annotations, and no others.
        results: The same, of what `handle` returns.
    """

    def __init__(self, cls: type[Job]) -> None:
        self._cls = cls
        self.path: str = f"{cls.__module__}:{cls.__qualname__}"
        self.name: str = f"{cls.__module__}.{cls.__qualname__}"
        self.names_itself: bool = cls.display_name is not Job.display_name
        self.has_tags: bool = cls.tags is not Job.tags
        self.has_middleware: bool = cls.middleware is not Job.middleware
        handle = getattr(cls, "handle", None)
        if not callable(handle):
            raise NotQueueable(self.name, 'it has no method "handle".')
        check_class(self.name, cls.queue, handle)
        self.is_async: bool = inspect.iscoroutinefunction(handle)
        self.takes_nothing: bool = len(inspect.signature(handle).parameters) == 1
        self.failed_parameter: str | None = _first_parameter(getattr(cls, "failed", None))
        asked = inspect.isfunction(cls.dont_retry)
        self.dont_retry: tuple[type[BaseException], ...] | None = (
            None if asked else _final(self.name, cls.dont_retry)
        )
        self.is_ours: bool = cls.__module__ == "securely.queue.bus.callbacks"
        hints = [*_hints(cls).items(), *_hints(cls.__init__).items()]
        self.entities: dict[str, Any] = entities_in(hints)
        self.serializer: Serializer = Serializer(classes_in(hint for _, hint in hints))
        self.results: Serializer = Serializer(classes_in([_hints(handle).get("return")]))
        self._slots = tuple(_slots_of(cls))
        self._defaults = _defaults_of(cls)
        self._options = tuple(name for name in OPTIONS if _is_set(getattr(cls, name)))

    def attributes(self, job: Job) -> dict[str, object]:
        """Return the attributes of *job*: what its payload holds."""
        state: dict[str, object] = getattr(job, "__dict__", {})
        if self._slots:
            slotted = {name: getattr(job, name) for name in self._slots if hasattr(job, name)}
            state = {**slotted, **state}
        if self.entities:
            state = {name: self._referred(name, value) for name, value in state.items()}
        return state

    def default_tags(self, attributes: Mapping[str, object]) -> list[str]:
        """Return a tag for each entity that a job refers to, such as "Order:15".

        Args:
            attributes: What its payload holds, with the references.
        """
        found = ((kind.__name__, attributes.get(name)) for name, kind in self.entities.items())
        return [f"{name}:{ref}" for name, ref in found if isinstance(ref, int | str | UUID)]

    def result_seconds(self, job: Job) -> float:
        """Return how long what *job* returns is kept.

        Raises:
            NotQueueable: The duration is malformed.
        """
        length = option(job, "result_ttl")
        try:
            return _RESULT_SECONDS if length is None else _length(length)
        except (TypeError, ValueError) as error:
            raise NotQueueable(f"{self.name}.result_ttl", str(error)) from error

    def exclusion(self, job: Job) -> Exclusion:
        """Return the key of a job that is unique or debounced.

        Raises:
            NotQueueable: A duration is malformed.
        """
        try:
            if job.unique:
                key = f"unique:{self.path}:{option(job, 'unique_id')}"
                length = option(job, "unique_for")
                return Exclusion(key, None if length is None else _length(length))
            limit = option(job, "debounce_max_wait")
            return Exclusion(
                f"debounce:{self.path}:{option(job, 'debounce_id')}",
                max_wait=math.inf if limit is None else _length(limit),
                delay=_length(option(job, "debounce")),
            )
        except (TypeError, ValueError) as error:
            raise NotQueueable(self.name, str(error)) from error

    def final(self, job: Job) -> tuple[type[BaseException], ...]:
        """Return the exceptions that are final for *job*."""
        if self.dont_retry is not None:
            return self.dont_retry
        return _final(self.name, option(job, "dont_retry"))

    def load(self, job: Job) -> None:
        """Put the entities of *job* in the place of the references that its payload held.

        Raises:
            EntityNotFound: One is gone.
        """
        for name, kind in self.entities.items():
            reference = getattr(job, name, None)
            if reference is None or isinstance(reference, kind):
                continue
            entity = kind.__from_queue_ref__(reference)
            if entity is None:
                raise EntityNotFound(kind.__qualname__, reference)
            object.__setattr__(job, name, entity)

    def _referred(self, name: str, value: object) -> object:
        kind = self.entities.get(name)
        if kind is None or not isinstance(value, kind):
            return value
        return cast(Any, value).__queue_ref__()

    def options_of(self, job: Job) -> tuple[str, ...]:
        """Return the names of the options that this class, or *job* itself, sets."""
        state: dict[str, object] = getattr(job, "__dict__", {})
        if state.keys().isdisjoint(OPTIONS):
            return self._options
        return OPTIONS

    def restore(self, attributes: dict[str, object]) -> Job:
        """Return an instance with *attributes*; neither `__init__` nor `__post_init__` runs.

        Raises:
            InvalidPayload: The class has lost an attribute, or gained one without a default.
        """
        job = object.__new__(self._cls)
        if not self._slots:
            job.__dict__.update(attributes)
        else:
            for name, value in attributes.items():
                try:
                    object.__setattr__(job, name, value)
                except AttributeError as error:
                    reason = f'{self.name} has no attribute "{name}" any more'
                    raise InvalidPayload(reason) from error
        if not self._defaults.keys() <= attributes.keys():
            self._fill(job, attributes)
        return job

    def _fill(self, job: Job, attributes: dict[str, object]) -> None:
        """Give the fields that were added since a payload was written their defaults."""
        for name, default in self._defaults.items():
            if name in attributes:
                continue
            if default is None:
                reason = f'{self.name} has a field "{name}" that was not written, and no default'
                raise InvalidPayload(reason)
            object.__setattr__(job, name, default())


def entities_in(hints: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Return the attributes whose class is kept as a reference, with that class."""
    found: dict[str, Any] = {}
    for name, hint in hints:
        for kind in (hint, *typing.get_args(hint)):
            if isinstance(kind, type) and hasattr(kind, "__from_queue_ref__"):
                found[name] = kind
    return found


def _length(value: object) -> float:
    found = seconds(cast(Any, value))
    if found < 0:
        raise ValueError(f"{value!r} is negative; write how long the key is held, or a job waits")
    return found


def _final(name: str, kinds: object) -> tuple[type[BaseException], ...]:
    """Return the exceptions that *kinds* names: a class, or several.

    Raises:
        NotQueueable: It names something else.
    """
    several = cast("tuple[object, ...]", kinds) if isinstance(kinds, tuple | list) else (kinds,)
    if all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in several):
        return cast("tuple[type[BaseException], ...]", tuple(several))
    reason = f"its option has the value {kinds!r}. Write classes of exceptions."
    raise NotQueueable(f"{name}.dont_retry", reason)


def _is_set(value: object) -> bool:
    return value is not None and value is not False


def _first_parameter(hook: object) -> str | None:
    if not callable(hook):
        return None
    names = list(inspect.signature(hook).parameters)[1:]
    return names[0] if names else ""


def _slots_of(cls: type) -> Iterator[str]:
    for owner in cls.__mro__:
        slots: str | tuple[str, ...] = vars(owner).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in {"__dict__", "__weakref__"}:
                continue
            private = name.startswith("__") and not name.endswith("__")
            yield f"_{owner.__name__.lstrip('_')}{name}" if private else name


def _defaults_of(cls: type) -> dict[str, Callable[[], object] | None]:
    """Return how to make the default of each field of a dataclass; None where it has none."""
    if not dataclasses.is_dataclass(cls):
        return {}
    made: dict[str, Callable[[], object] | None] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            made[field.name] = _constant(cast(object, field.default))
        elif field.default_factory is not dataclasses.MISSING:
            made[field.name] = cast("Callable[[], object]", field.default_factory)
        else:
            made[field.name] = None
    return made


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


def classes_in(hints: Iterable[object]) -> set[type]:
    """Return the enums, dataclasses and models among *hints*, and those that they name in turn."""
    found: set[type] = set()
    waiting = list(hints)
    while waiting:
        hint = waiting.pop()
        waiting.extend(typing.get_args(hint))
        origin = cast(object, typing.get_origin(hint) or hint)
        if not isinstance(origin, type) or origin in found:
            continue
        kind = cast("type[object]", origin)
        if issubclass(kind, Enum):
            found.add(kind)
        elif dataclasses.is_dataclass(kind) or hasattr(kind, "__pydantic_fields__"):
            found.add(kind)
            waiting.extend(_hints(kind).values())
    return found


def _hints(owner: object) -> dict[str, object]:
    try:
        return typing.get_type_hints(owner)
    except Exception:  # names of a block that only checkers see; nothing to allow
        return {}
