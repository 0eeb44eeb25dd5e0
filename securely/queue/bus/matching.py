"""What fakes compare jobs by: their class, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeGuard, cast

from securely.queue.bus.callbacks import path_of
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.task import Call
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.job import Job, PendingDispatch
from securely.support.serializer import Unserializable

__all__ = ["BuiltBatch", "ChainedBatch", "Expected", "all_resemble", "resembles", "shown"]

_CHARS_MAX: Final = 300  # of what a message says of one job

Expected: TypeAlias = Any
"""What a test expects: a class, a job, a task, a function, or what `chained_batch` gave."""


@dataclass(frozen=True, slots=True)
class BuiltBatch:
    """A batch as it was built, for the predicates of tests.

    Attributes:
        name: What people call it.
        jobs: Its jobs, those with options of their own as jobs, chains as lists.
        queue: Where its jobs go that name no queue; None where nothing was said.
        connection: The connection it was for; None where nothing was said.
        options: What was said with `with_option`.
        allow_failures: A failure does not cancel it.
        callbacks: What is called, by what happens: "before", "progress", "then", "catch" and
            "finally".
    """

    name: str
    jobs: Sequence[Any]
    queue: str | None = None
    connection: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    allow_failures: bool = False
    callbacks: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, "Sequence[Any]"])

    @classmethod
    def of(cls, batch: PendingBatch) -> BuiltBatch:
        """Return *batch* as it is now."""
        said = batch.wishes
        jobs = [_plain(one) for one in batch.jobs]
        callbacks = {event: list(called) for event, called in said.callbacks.items()}
        return cls(
            said.name,
            jobs,
            said.queue,
            said.connection,
            dict(said.options),
            said.allow_failures,
            callbacks,
        )


class ChainedBatch:
    """Stands for a batch in an expected chain.

    Args:
        predicate: Given the batch as it was built, says whether it is that one.
    """

    def __init__(self, predicate: Callable[[BuiltBatch], bool]) -> None:
        self.predicate = predicate

    def __repr__(self) -> str:
        return "chained_batch(…)"


def resembles(expected: Expected, actual: object) -> bool:
    """Return whether *actual* is what a test expects.

    A class is met by its instances, a job by one of its class with the same attributes, a task or
    a function by the job that calls it, a list by a list of the same length.

    Example:
        >>> resembles([int, str], [1, "a"]), resembles([int], [1, 2])
        (True, False)
    """
    expected, actual = _bare(expected), _bare(actual)
    if isinstance(expected, ChainedBatch):
        return isinstance(actual, PendingBatch) and expected.predicate(BuiltBatch.of(actual))
    if isinstance(expected, type):
        return isinstance(actual, cast("type[object]", expected))
    if isinstance(expected, Job):
        return isinstance(actual, Job) and _are_alike(expected, actual)
    if _is_list(expected):
        return _is_list(actual) and all_resemble(expected, actual)
    if callable(expected) and isinstance(actual, Call):
        return actual.function == path_of(expected)
    return expected is actual or bool(expected == actual)


def all_resemble(expected: Sequence[Expected], actual: Sequence[object]) -> bool:
    """Return whether each of *actual* is what a test expects in its place."""
    return len(expected) == len(actual) and all(map(resembles, expected, actual))


def shown(items: Sequence[object]) -> str:
    """Return *items* for the message of an assertion."""
    return "[" + ", ".join(_shown(item) for item in items) + "]"


def _bare(item: object) -> Any:
    """Return the job of a pending dispatch, the jobs of a pending chain; else what it is."""
    if isinstance(item, PendingDispatch):
        return cast("PendingDispatch[object]", item).job
    return item.jobs if isinstance(item, PendingChain) else item


def _is_list(item: object) -> TypeGuard[Sequence[object]]:
    return isinstance(item, list | tuple)


def _are_alike(one: Job, other: Job) -> bool:
    if type(one) is not type(other):
        return False
    blueprint = Blueprint(type(one))
    mine, theirs = blueprint.attributes(one), blueprint.attributes(other)
    try:
        return blueprint.serializer.encode(mine) == blueprint.serializer.encode(theirs)
    except Unserializable:
        return mine == theirs


def _shown(item: object) -> str:
    item = _bare(item)
    if isinstance(item, type):
        return item.__qualname__
    if isinstance(item, Call):
        return item.display_name()
    if _is_list(item):
        return shown(item)
    if isinstance(item, PendingBatch | BuiltBatch):
        called = item.wishes.name if isinstance(item, PendingBatch) else item.name
        return (
            f'batch "{called}" of {shown(item.jobs)}' if called else f"batch of {shown(item.jobs)}"
        )
    told = _told(item)
    return told if len(told) <= _CHARS_MAX else f"{told[:_CHARS_MAX]}…"


def _told(item: object) -> str:
    """Return what *item* says of itself; a job that says nothing, by its attributes."""
    if not isinstance(item, Job) or type(item).__repr__ is not object.__repr__:
        return repr(item)
    attributes = cast("dict[str, object]", getattr(item, "__dict__", {}))
    inner = ", ".join(f"{name}={value!r}" for name, value in attributes.items())
    return f"{type(item).__qualname__}({inner})"


def _plain(item: object) -> object:
    """Return *item* without what was said of its dispatch; chains as lists."""
    found: object = _bare(item)
    return [_plain(one) for one in found] if _is_list(found) else found
