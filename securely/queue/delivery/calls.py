"""Calls: what stands around `handle`: a key is freed before it, what it returns is kept after."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Protocol

from securely.queue.contracts import Delivery
from securely.queue.delivery.run import Run
from securely.queue.job import Job

__all__ = ["Unlocks", "freeing", "keeping"]


class Unlocks(Protocol):
    """What frees the key of a job that is unique until it is processed: the manager."""

    def unlock(self, connection: str, delivery: Delivery) -> None:
        """Free the unique key of *delivery*, of the connection of that name."""
        ...

    async def aunlock(self, connection: str, delivery: Delivery) -> None:
        """Async twin of :meth:`unlock`."""
        ...


def freeing(call: Callable[[Job], object], keys: Unlocks, run: Run) -> Callable[[Job], object]:
    """Return *call* such that the job's unique key is free before it begins."""
    source, delivery = run.interaction.connection, run.delivery

    def freed(job: Job) -> object:
        keys.unlock(source, delivery)
        return call(job)

    async def afreed(job: Job) -> object:
        await keys.aunlock(source, delivery)
        answer = call(job)
        return await answer if isawaitable(answer) else answer

    return afreed if run.frame.blueprint.is_async else freed


def keeping(call: Callable[[Job], object], run: Run) -> Callable[[Job], object]:
    """Return *call* such that what it returns is kept, whatever middleware makes of it."""

    def kept(job: Job) -> object:
        run.result = call(job)
        return run.result

    async def akept(job: Job) -> object:
        answer = call(job)
        run.result = await answer if isawaitable(answer) else answer
        return run.result

    return akept if run.frame.blueprint.is_async else kept
