"""Chains, batches and tasks of the fixture application; they note what happens in its journal."""

from __future__ import annotations

from dataclasses import dataclass

from shop_jobs import note

from securely.queue.bus.batch import Batch
from securely.queue.bus.task import task
from securely.queue.job import Job


@dataclass
class Step(Job):
    """One step; "bad" ones fail."""

    tag: str

    def handle(self) -> None:
        note("ran", self.tag)
        if self.tag.startswith("bad"):
            raise ValueError(self.tag)


@dataclass
class AsyncStep(Job):
    """One step, async."""

    tag: str

    async def handle(self) -> None:
        note("ran", self.tag)


@dataclass
class Adds(Job):
    """Adds to its batch."""

    tag: str

    def handle(self) -> None:
        note("ran", self.tag)
        batch = self.batch()
        assert batch is not None
        batch.add([Step(f"{self.tag}-more"), [Step(f"{self.tag}-chained"), Step("last")]])


def told(batch: Batch) -> None:
    note("then", f"{batch.processed_jobs()}/{batch.total_jobs}")


async def over(batch: Batch) -> None:
    note("over", f"{batch.processed_jobs()}/{batch.total_jobs}")


def failed(batch: Batch, error: BaseException) -> None:
    note("failed", f"{batch.failed_jobs}:{str(error).split()[-1]}")


def broken(error: BaseException) -> None:
    note("broken", str(error).split()[-1])


@task(queue="tasks")
def work(tag: str, times: int = 1) -> None:
    note("task", tag * times)


@task
async def awork(tag: str) -> None:
    note("task", tag)
