"""FakeBatch, FakeInteraction: what a job meets when a test calls its `handle`."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from securely.queue.bus.batch import Batch
from securely.queue.bus.expecting import a_list
from securely.queue.bus.matching import Expected, all_resemble, shown
from securely.queue.contracts import BatchRecord, Delivery
from securely.queue.delivery.interaction import Interaction, InteractsWithQueue
from securely.queue.exceptions import Drop, Fail, Instruction, Release
from securely.queue.job import Job
from securely.support import clock, entropy
from securely.support.durations import Duration, seconds

__all__ = ["FakeBatch", "FakeInteraction", "with_fake_queue_interactions"]


class FakeBatch(Batch):
    """A batch that lies in no store: for tests of jobs that ask for theirs.

    Args:
        name: Its name.
        total_jobs: How many jobs it counts.
        pending_jobs: How many of them have not ended well; None for all.
        failed_jobs: How many have failed.
        options: What was said with `with_option`.
        cancelled: It was cancelled.
        finished: No job of it is left.

    Attributes:
        added: What was added to it.
        deleted: It was deleted.

    Example:
        >>> batch = FakeBatch(total_jobs=4, pending_jobs=1)
        >>> batch.progress(), batch.cancelled()
        (75, False)
        >>> batch.cancel(), batch.cancelled()
        (True, True)
    """

    def __init__(
        self,
        name: str = "",
        *,
        total_jobs: int = 0,
        pending_jobs: int | None = None,
        failed_jobs: int = 0,
        options: Mapping[str, Any] | None = None,
        cancelled: bool = False,
        finished: bool = False,
    ) -> None:
        now = clock.timestamp()
        record = BatchRecord(
            str(entropy.uuid7()),
            name,
            total=total_jobs,
            done=0 if pending_jobs is None else total_jobs - pending_jobs,
            failed=failed_jobs,
            options=json.dumps(dict(options or {})).encode(),
            created_at=now,
            cancelled_at=now if cancelled else None,
            finished_at=now if finished else None,
        )
        # It answers for itself: there is no store to ask.
        super().__init__(record, "fake", cast(Any, None))
        self.record: BatchRecord = record
        self.total_jobs: int = total_jobs
        self.added: list[Any] = []
        self.deleted: bool = False

    def fresh(self) -> Batch | None:
        """Return it, unless it was deleted."""
        return None if self.deleted else self

    async def afresh(self) -> Batch | None:
        """Async twin of :meth:`fresh`."""
        return self.fresh()

    def add(self, jobs: Iterable[Any]) -> Batch:
        """Note *jobs* in `added`, and count them."""
        more = list(jobs)
        self.added += more
        self.total_jobs += sum(_size(one) for one in more)
        return self

    async def aadd(self, jobs: Iterable[Any]) -> Batch:
        """Async twin of :meth:`add`."""
        return self.add(jobs)

    def cancel(self) -> bool:
        """Note that it is cancelled; False when it was before."""
        if self.cancelled():
            return False
        self.record = replace(self.record, cancelled_at=clock.timestamp())
        return True

    async def acancel(self) -> bool:
        """Async twin of :meth:`cancel`."""
        return self.cancel()

    def delete(self) -> bool:
        """Note that it is deleted; False when it was before."""
        before, self.deleted = self.deleted, True
        return not before

    async def adelete(self) -> bool:
        """Async twin of :meth:`delete`."""
        return self.delete()


class FakeInteraction(Interaction):
    """The delivery of a job that a test runs by hand, and what the job did with it.

    Made by :func:`with_fake_queue_interactions`.

    Args:
        job: The job.
        attempts: How many times it was delivered, this one included.
        batch: The batch that it is of.
        chain: What follows it.

    Attributes:
        decisions: What the job asked for, in order; only the first counts.
        chain: What follows it now.
    """

    def __init__(
        self,
        job: Job,
        *,
        attempts: int = 1,
        batch: Batch | None = None,
        chain: Sequence[Any] = (),
    ) -> None:
        uuid = str(entropy.uuid7())
        delivery = Delivery(
            id=0,
            token=0,
            queue=job.queue or "default",
            name=job.display_name(),
            attempts=attempts,
            exceptions=attempts - 1,
            lost=0,
            deferrals=0,
            timeout=None,
            max_lost=3,
            payload=b"",
        )
        super().__init__(job.connection or "fake", uuid, delivery)
        self.decisions: list[Instruction] = []
        self.chain: list[Any] = list(chain)
        self._batch = batch
        self._name = type(job).__qualname__

    def batch(self) -> Batch | None:
        """Return the batch that the test gave."""
        return self._batch

    def prepend(self, *jobs: InteractsWithQueue) -> None:
        """Note *jobs* before what follows."""
        self.chain[:0] = jobs

    def append(self, *jobs: InteractsWithQueue) -> None:
        """Note *jobs* behind what follows."""
        self.chain += jobs

    def decide(self, instruction: Instruction) -> None:
        """Note what the job asks for."""
        self.decisions.append(instruction)
        super().decide(instruction)

    def assert_released(self, delay: Duration | None = None) -> None:
        """Assert that the job put itself back; *delay*: for that long."""
        released = [one for one in self.decisions if isinstance(one, Release)]
        if not released:
            raise AssertionError(f"{self._name} was not released. {self._summary()}")
        if delay is not None and seconds(delay) not in {one.delay for one in released}:
            raise AssertionError(
                f"{self._name} was not released for {seconds(delay):g} seconds. {self._summary()}"
            )

    def assert_not_released(self) -> None:
        """Assert that the job did not put itself back."""
        self._refuse(Release, "released")

    def assert_deleted(self) -> None:
        """Assert that the job took itself out of the queue."""
        if not any(isinstance(one, Drop) for one in self.decisions):
            raise AssertionError(f"{self._name} was not deleted. {self._summary()}")

    def assert_not_deleted(self) -> None:
        """Assert that the job did not take itself out of the queue."""
        self._refuse(Drop, "deleted")

    def assert_failed(self) -> None:
        """Assert that the job failed itself."""
        if not any(isinstance(one, Fail) for one in self.decisions):
            raise AssertionError(f"{self._name} was not failed. {self._summary()}")

    def assert_failed_with(self, reason: type[BaseException] | BaseException | str) -> None:
        """Assert that the job failed itself for *reason*: of that class, equal, or in these words.

        Args:
            reason: A class of exceptions; an exception, whose class and message count; or words.
        """
        self.assert_failed()
        failures = [one for one in self.decisions if isinstance(one, Fail)]
        if not any(_is_reason(reason, one.reason) for one in failures):
            raise AssertionError(f"{self._name} was not failed with {reason!r}. {self._summary()}")

    def assert_not_failed(self) -> None:
        """Assert that the job did not fail itself."""
        self._refuse(Fail, "failed")

    def assert_has_chain(self, expected: Sequence[Expected]) -> None:
        """Assert what follows the job now: classes, jobs, tasks or functions, in order."""
        if not all_resemble(a_list(expected), self.chain):
            raise AssertionError(
                f"{self._name} is followed by {shown(self.chain)} instead of {shown(expected)}."
            )

    def assert_doesnt_have_chain(self) -> None:
        """Assert that nothing follows the job."""
        if self.chain:
            raise AssertionError(f"{self._name} is followed by {shown(self.chain)}.")

    def _refuse(self, kind: type[Instruction], word: str) -> None:
        if any(isinstance(one, kind) for one in self.decisions):
            raise AssertionError(f"{self._name} was {word}. {self._summary()}")

    def _summary(self) -> str:
        told = " ".join(str(one) for one in self.decisions)
        return f"What it asked for: {told}" if told else "It asked for nothing."


@contextmanager
def with_fake_queue_interactions(
    job: Job, *, attempts: int = 1, batch: Batch | None = None, chain: Sequence[Any] = ()
) -> Generator[FakeInteraction]:
    """Let *job* run in this block as if a worker had delivered it, and note what it asks for.

    Args:
        job: The job.
        attempts: How many times it was delivered, this one included.
        batch: The batch that it is of, say a :class:`FakeBatch`.
        chain: What follows it.

    Example:
        >>> class Sync(Job):
        ...     def handle(self) -> None:
        ...         self.release("5m")
        >>> job = Sync()
        >>> with with_fake_queue_interactions(job) as run:
        ...     job.handle()
        >>> run.assert_released(delay=300)
        >>> run.assert_not_failed()

    Source: Laravel 13, Illuminate\\Queue\\InteractsWithQueue::withFakeQueueInteractions.
    """
    run = FakeInteraction(job, attempts=attempts, batch=batch, chain=chain)
    with run:
        try:
            yield run
        except Instruction as instruction:
            run.decide(instruction)


def _size(item: object) -> int:
    return len(cast("Sequence[object]", item)) if isinstance(item, list | tuple) else 1


def _is_reason(expected: object, reason: object) -> bool:
    if isinstance(expected, type):
        return isinstance(reason, expected)
    if isinstance(expected, str):
        return str(reason) == expected
    return type(reason) is type(expected) and str(reason) == str(expected)
