"""Blueprint: what is known of a job class, looked at once: its attributes, options and colours."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from securely.queue.delivery.portrait import Portrait, classes_in, hints_of
from securely.queue.delivery.refusals import check_class
from securely.queue.delivery.written import middle_of
from securely.queue.exceptions import NotQueueable
from securely.queue.job import Job, option
from securely.support.durations import seconds
from securely.support.serializer import Serializer

__all__ = ["OPTIONS", "Blueprint", "Exclusion"]

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


_OPTIONS: Final = frozenset(OPTIONS)
_NOTHING: Final[dict[str, object]] = {}


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


class Blueprint(Portrait[Job]):
    """What is known of one job class.

    Attributes:
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
        results: A serializer that knows the classes of what `handle` returns, and no others.
    """

    def __init__(self, cls: type[Job]) -> None:
        super().__init__(cls)
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
        self.results: Serializer = Serializer(classes_in([hints_of(handle).get("return")]))
        self._options = tuple(name for name in OPTIONS if _is_set(getattr(cls, name)))
        self._may_be_brief = not (
            self._options or self.names_itself or self.has_tags or self.entities
        )

    @cached_property
    def middle(self) -> bytes:
        """What stands between uuid and time in the headers of jobs that are brief.

        Raises:
            UnicodeEncodeError: The name of the class can not be written.
        """
        return middle_of(self.path, self.name)

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

    def brief(self, job: Job) -> Mapping[str, object] | None:
        """Return the attributes of *job* if nothing else of it is to be written, else None."""
        if not self._may_be_brief:
            return None
        state: dict[str, object] = getattr(job, "__dict__", _NOTHING)
        if (
            not _OPTIONS.isdisjoint(state)
            or job.unique
            or job.debounce is not None
            or job.store_result
        ):
            return None
        return self.attributes(job) if self._slots else state

    def options_of(self, job: Job) -> tuple[str, ...]:
        """Return the names of the options that this class, or *job* itself, sets."""
        state: dict[str, object] = getattr(job, "__dict__", {})
        if _OPTIONS.isdisjoint(state):
            return self._options
        return OPTIONS


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
