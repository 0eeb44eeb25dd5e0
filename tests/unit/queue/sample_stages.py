"""Jobs with middleware for the tests of it: what they do, and what stands around them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from securely.queue.delivery.interaction import current_interaction
from securely.queue.job import Job
from securely.support import clock

LOG: list[Any] = []
STAGES: list[object] = []


class JobError(Exception):
    """What a job raises."""


class OtherError(Exception):
    """What a job raises, too."""


class Worked(Job):
    """Does on its n-th delivery what its plan says; the last entry repeats."""

    tries: Any = 5

    def __init__(self, name: str = "j", plan: str = "ok") -> None:
        self.name = name
        self.plan = plan

    def handle(self) -> str:
        return act(self.name, self.plan, self.attempts)

    def failed(self, error: BaseException) -> None:
        LOG.append(("failed()", self.name, type(error).__name__))

    def middleware(self) -> Sequence[object]:
        return STAGES


class AsyncWorked(Worked):
    """The same, async."""

    async def handle(self) -> str:  # type: ignore[override]
        await clock.asleep(0)
        return act(self.name, self.plan, self.attempts)


class Another(Worked):
    """Of another class."""


def caught(error: BaseException) -> None:
    """Is told of a chain that broke."""
    LOG.append(("caught", str(error)))


def note(text: str) -> None:
    LOG.append(("note", text))


def note_too(text: str) -> None:
    LOG.append(("note too", text))


def act(name: str, plan: str, attempt: int) -> str:
    acts = plan.split(",")
    what = acts[min(attempt, len(acts)) - 1]
    LOG.append(("run", name, attempt))
    if what == "throw":
        raise JobError("boom")
    if what == "other":
        raise OtherError("other")
    if what == "release":
        current_interaction().release(9)
    if what == "fail":
        current_interaction().fail("no")
    return what


class Trace:
    """A middleware that tells when it is passed."""

    def __init__(self, name: object) -> None:
        self.name = name

    def handle(self, job: Job, next_: Any) -> object:
        LOG.append(("before", self.name))
        answer = next_(job)
        LOG.append(("after", self.name))
        return answer


class Dropper:
    """One that returns nothing: of an async job, not even the coroutine."""

    def handle(self, job: Job, next_: Any) -> None:
        next_(job)


class AsyncTrace:
    """An async one."""

    def __init__(self, name: object) -> None:
        self.name = name

    async def handle(self, job: Job, next_: Any) -> object:
        LOG.append(("before", self.name))
        await clock.asleep(0)
        answer = next_(job)
        if asyncio.iscoroutine(answer):
            answer = await answer
        LOG.append(("after", self.name))
        return answer
