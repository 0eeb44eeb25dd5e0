"""What the assertions of fakes take, and what they say when they are given something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from securely.queue.bus.task import Task
from securely.queue.job import Job, PendingDispatch

__all__ = ["a_class", "a_count", "a_list", "a_predicate", "a_task", "classes"]

T = TypeVar("T")
P = TypeVar("P", bound=Callable[..., bool])


def a_class(given: type[T], for_tasks: str) -> type[T]:
    """Return *given*, which is a class.

    Args:
        given: What an assertion was given as its class.
        for_tasks: The assertion for tasks.

    Raises:
        TypeError: It is none.
    """
    found = cast(object, given)
    if isinstance(found, type):
        return given
    if isinstance(found, PendingDispatch):
        found = cast("PendingDispatch[object]", found).job
    if isinstance(found, Job):
        kind = type(found).__qualname__
        raise TypeError(
            f"{kind} was given as a job. Give the class, and what tells which one: "
            f"({kind}, lambda job: …)."
        )
    if callable(found):
        name = getattr(cast(object, found), "__qualname__", repr(found))
        word = "task" if isinstance(found, Task) else "function"
        raise TypeError(f"{name} is a {word}, and no class: use {for_tasks}.")
    raise TypeError(f"Give a class, and not {found!r}.")


def a_task(given: Callable[..., object]) -> Callable[..., object]:
    """Return *given*, which is a task or an importable function.

    Raises:
        TypeError: It is none.
    """
    found = cast(object, given)
    if isinstance(found, type):
        raise TypeError(f"{found.__qualname__} is a class, and no task: use assert_pushed.")
    if not callable(found):
        raise TypeError(f"Give a task, or a function by its name, and not {found!r}.")
    return given


def a_predicate(given: P | None) -> P | None:
    """Return *given*, which is a function that answers yes or no, or None.

    Raises:
        TypeError: It is neither.
    """
    found = cast(object, given)
    if found is None or (callable(found) and not isinstance(found, type)):
        return given
    raise TypeError(f"Give a function that says which one is meant, and not {found!r}.")


def a_count(given: int) -> int:
    """Return *given*, which is a number of jobs.

    Raises:
        TypeError: It is none.
    """
    found = cast(object, given)
    if isinstance(found, int) and not isinstance(found, bool):
        return given
    raise TypeError(f"Give a number of jobs, and not {found!r}.")


def a_list(given: Sequence[T]) -> list[T]:
    """Return *given*, a list of what is expected.

    Raises:
        TypeError: It is none.
    """
    found = cast(object, given)
    if isinstance(found, list | tuple):
        return list(given)
    raise TypeError(f"Give a list of classes, jobs, tasks and functions, and not {found!r}.")


def classes(given: Sequence[Any]) -> tuple[type[Any], ...]:
    """Return the classes of *given*, which may stand in one list, as in Laravel.

    Raises:
        TypeError: One is no class.
    """
    several: list[Any] = []
    for one in given:
        several += cast("Sequence[Any]", one) if isinstance(one, list | tuple) else [one]
    for one in several:
        if not isinstance(one, type):
            raise TypeError(f"fake() takes classes, and not {one!r}.")
    return tuple(several)
