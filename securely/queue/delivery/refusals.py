"""What a dispatch refuses before anything is written: no jobs, impossible queues, priorities."""

from __future__ import annotations

import inspect
import sys
from enum import Enum
from typing import Any, Final
from unicodedata import category

from securely.context import Context, ContextError
from securely.encryption.exceptions import EncryptionError
from securely.queue.exceptions import NotQueueable

__all__ = [
    "carried",
    "check_class",
    "check_importable",
    "no_job",
    "priority_of",
    "queue_name",
    "writable",
]

_PRIORITY_MAX: Final = 2**63 - 1  # of what stores keep: a signed integer of eight bytes
_GIVE: Final = "Give an instance of a class that derives from securely.queue.Job."
_HIDDEN: Final = frozenset({"Cc", "Cs"})  # control characters, and halves of surrogate pairs
_NAMES: Final = (
    "Write text without commas (they separate the queues of a worker), without control characters "
    "or spaces around it, and not *, which means any queue."
)


def queue_name(name: object, job: str = "") -> str:
    """Return *name*, if a queue can be called so.

    Args:
        name: The name.
        job: What is to go there; "" where that is not known yet.

    Raises:
        NotQueueable: It can not.
    """
    if (
        isinstance(name, str)
        and name.strip() == name != ""
        and name != "*"
        and "," not in name
        and not any(category(sign) in _HIDDEN for sign in name)
    ):
        return name
    raise NotQueueable(job or "A job", f"no queue can be called {name!r}. {_NAMES}")


def writable(text: str, what: str) -> str:
    """Return *text*, if a store can write it down.

    Args:
        text: What *what* is called.
        what: What is called so, as the error names it.

    Raises:
        NotQueueable: It can not, for it holds half a surrogate pair.
    """
    if any(category(sign) == "Cs" for sign in text):
        raise NotQueueable(
            what, f"{text!a} can not be written down: it holds half a surrogate pair."
        )
    return text


def priority_of(value: object, job: str) -> int:
    """Return *value*, if it is a priority that a store can keep.

    Raises:
        NotQueueable: It is not.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        reason = f"its priority is {value!r}. Write a whole number; higher goes first."
    elif abs(value) > _PRIORITY_MAX:
        reason = f"its priority is {value}, and stores keep numbers from -2**63 + 1 to 2**63 - 1."
    else:
        return value
    raise NotQueueable(job, reason)


def check_class(name: str, queue: object, handle: Any) -> None:
    """Refuse a class of jobs by the code of its `handle`, and by the queue that it names.

    Args:
        name: What the class is called.
        queue: The queue that it names; None for none.
        handle: Its `handle`, or the function of a task.

    Raises:
        NotQueueable: Nobody would run its body, or no queue can have that name.
    """
    if inspect.isgeneratorfunction(handle) or inspect.isasyncgenfunction(handle):
        reason = (
            "what would run is a generator, for there is a `yield` in it: nobody would ask it for "
            "its values, and nothing of it would run. Return instead, or dispatch a job for each."
        )
        raise NotQueueable(name, reason)
    if queue is not None:
        queue_name(str(queue.value) if isinstance(queue, Enum) else queue, name)


def no_job(thing: Any) -> NotQueueable:
    """Return the error that says why *thing* is no job, and what to give instead."""
    if thing is None:
        return NotQueueable("None", f"it is no job. {_GIVE}")
    if isinstance(thing, type):
        name = thing.__qualname__
        own = f"{name}(…), or call {name}.dispatch(…)" if hasattr(thing, "dispatch_sync") else ""
        return NotQueueable(
            f"{thing.__module__}.{name}",
            f"it is a class. Give an instance of it: {own}." if own else f"it is a class. {_GIVE}",
        )
    if hasattr(thing, "job_class"):  # a task; their module stands above this one
        return NotQueueable(
            f"The task {thing.__module__}.{thing.__qualname__}",
            "it has not been given its arguments. Call its dispatch(…), or give Bus.dispatch() "
            "what its using(…) returns.",
        )
    if hasattr(thing, "without_delay"):  # a pending dispatch
        job = _kind_of(thing.job)
        return NotQueueable(
            f"A pending dispatch of {job.__module__}.{job.__qualname__}",
            "it is no job, but holds one with options of its own. Call its dispatch(), or give it "
            "to Bus.dispatch().",
        )
    if hasattr(thing, "__code__"):
        return _no_function(thing)
    kind = _kind_of(thing)
    return NotQueueable(
        f"{kind.__module__}.{kind.__qualname__}",
        "it is no job. Derive its class from securely.queue.Job, and give it a `handle`.",
    )


def _kind_of(thing: object) -> type[object]:
    return type(thing)


def _no_function(function: Any) -> NotQueueable:
    name = f"{function.__module__}.{function.__qualname__}"
    if "<" in name:
        reason = (
            "a worker imports what it runs by its name, and lambdas and functions inside others "
            "have none that it could import. Move it to the top of a module, and queue it with "
            "dispatch(function, …) of securely.helpers."
        )
    else:
        reason = "it is a function. Queue its call with dispatch(function, …) of securely.helpers."
    return NotQueueable(name, reason)


def check_importable(cls: type) -> None:
    """Refuse what a worker, another process, could not import by its name."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if "<" in cls.__qualname__:
        reason = (
            "it is defined inside a function. A worker imports a job's class by its name; "
            "move it to the top of a module."
        )
        raise NotQueueable(name, reason)
    found: object = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    if cls.__module__ == "__main__" or found is not cls:
        reason = (
            f'a worker can not import it from "{cls.__module__}". '
            "Move it to a module of the application."
        )
        raise NotQueueable(name, reason)


def carried(context: Context | None, name: str) -> dict[str, str] | None:
    """Return what of *context* travels with the job called *name*; None for nothing.

    Raises:
        NotQueueable: A value of it cannot be written down, or there is too much of it.
    """
    try:
        return None if context is None else context.dehydrate()
    except (ContextError, EncryptionError) as error:
        raise NotQueueable(f"{name}.context", str(error)) from error
