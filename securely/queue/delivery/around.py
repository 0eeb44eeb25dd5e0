"""Around: middleware around the call of a job, and whether each has passed on what it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from inspect import CORO_CREATED, getcoroutinestate, isawaitable, iscoroutine, iscoroutinefunction
from typing import Any, cast

from securely.queue.exceptions import NeverAwaited
from securely.queue.job import Job
from securely.support.importing import dotted

__all__ = ["Around"]


class Around:
    """Puts middleware around the call of one run.

    Args:
        name: What the job is called in messages.
    """

    __slots__ = ("_handed", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._handed: list[tuple[object, Coroutine[Any, Any, object]]] = []

    def wrap(self, stage: object, call: Callable[[Job], object]) -> Callable[[Job], object]:
        """Return *call* with *stage*, a callable or an object with `handle`, around it."""
        handle = cast(
            "Callable[[Job, Callable[[Job], object]], object]", getattr(stage, "handle", stage)
        )

        def handed(job: Job) -> object:
            answer = call(job)
            if iscoroutine(answer):
                self._handed.append((stage, answer))
            return answer

        if iscoroutinefunction(handle):
            return lambda job: handle(job, lambda job: _awaitable(handed(job)))
        return lambda job: handle(job, handed)

    def check(self) -> None:
        """See to it that what a middleware was given has begun, when the run is over.

        Raises:
            NeverAwaited: One has called an async job, and dropped what it was given: the job has
                not run.
        """
        dropped = [one for one in self._handed if getcoroutinestate(one[1]) == CORO_CREATED]
        for _, coroutine in dropped:
            coroutine.close()  # or Python would warn of it, later and without a name
        if dropped:
            raise NeverAwaited(self._name, dotted(dropped[0][0]).replace(":", "."))


def _awaitable(answer: object) -> Awaitable[object]:
    """Return what an async middleware may await: it need not know the colour of the job."""
    return answer if isawaitable(answer) else _given(answer)


async def _given(answer: object) -> object:
    return answer
