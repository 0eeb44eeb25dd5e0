"""What fakes compare jobs by: their class, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeGuard, cast

from securely.queue.bus.callbacks import path_of
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.task import Call, Task
from securely.queue.delivery.blueprint import Blueprint
from securely.queue.job import Job, PendingDispatch
from securely.support.serializer import Unserializable

__all__ = ["ChainedBatch", "Expected", "all_resemble", "resembles", "shown"]

Expected: TypeAlias = Any
"""What a test expects: a class, a job, a task, a function, or what `chained_batch` gave."""


class ChainedBatch:
    """Stands for a batch in an expected chain.

    Args:
        predicate: Given the batch as it was built, says whether it is that one.
    """

    def __init__(self, predicate: Callable[[PendingBatch], bool]) -> None:
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
        return isinstance(actual, PendingBatch) and expected.predicate(actual)
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
    if isinstance(item, Task):
        return repr(cast("Task[..., object]", item))
    if isinstance(item, Call):
        return item.display_name()
    if _is_list(item):
        return shown(item)
    if isinstance(item, PendingBatch):
        return f"batch of {shown(item.jobs)}"
    return repr(item)
