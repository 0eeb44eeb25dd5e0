"""QueueFake: assert_pushed, assert_pushed_on, assert_nothing_pushed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar, cast

from securely.queue.contracts import Connection, Counts, Envelope, FailedJobs
from securely.queue.delivery.failure import NoFailedJobs
from securely.queue.job import Dispatched, Job, Placement
from securely.queue.manager import ConnectionDefinition, QueueManager
from securely.queue.queue import Queue, named
from securely.support import entropy
from securely.support.durations import seconds_until

__all__ = ["Pushed", "QueueFake"]

J = TypeVar("J", bound=Job)

_ANYWHERE = Placement()


@dataclass(frozen=True, slots=True)
class Pushed:
    """A job that a fake has recorded.

    Attributes:
        job: The job itself, as it was dispatched.
        connection: The connection it was for.
        queue: The queue it was for.
        delay: Seconds it was to wait.
    """

    job: Job
    connection: str
    queue: str
    delay: float


class QueueFake(QueueManager):
    """A queue that records jobs instead of queueing them, and answers what was pushed.

    Made by `Queue.fake()`. With classes named, only these are recorded and all others go their way.

    Args:
        real: The manager whose place it takes.
        definitions: What the configuration says of its connections.
        only: The jobs that are recorded; all when empty.
        except_: Those that are queued all the same.
    """

    def __init__(
        self,
        real: QueueManager,
        definitions: Mapping[str, ConnectionDefinition],
        only: Sequence[type[Job]] = (),
        except_: Sequence[type[Job]] = (),
    ) -> None:
        # Nothing of a manager's own is used: all that would reach a connection is overridden.
        super(QueueManager, self).__init__(real.default, definitions)
        self._real = real
        self._only = tuple(only)
        self._except = tuple(except_)
        self._pushed: list[Pushed] = []

    # -- instead of queueing

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Record *job*, or queue it where it is not to be recorded."""
        if not self._records(job):
            return self._real.place(job, placement)
        return self._record(job, placement)

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        if not self._records(job):
            return await self._real.aplace(job, placement)
        return self._record(job, placement)

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Record *jobs*, or queue those that are not to be recorded."""
        return [self.place(job, placement) for job, placement in jobs]

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        return [await self.aplace(job, placement) for job, placement in jobs]

    def run_now(self, job: Job) -> None:
        """Record *job*, or run it where it is not to be recorded."""
        if self._records(job):
            self._record(job, Placement(connection="sync"))
        else:
            self._real.run_now(job)

    async def arun_now(self, job: Job) -> None:
        """Async twin of :meth:`run_now`."""
        if self._records(job):
            self._record(job, Placement(connection="sync"))
        else:
            await self._real.arun_now(job)

    def run_after_response(self, job: Job) -> None:
        """Record *job*, or run it later where it is not to be recorded."""
        if self._records(job):
            self._record(job, Placement(connection="sync"))
        else:
            self._real.run_after_response(job)

    def connection(self, name: str | Enum | None = None) -> Queue:
        """Return the connection *name*; what is pushed there is recorded too."""
        return _FakeConnection(self, named(name) or self.default)

    @property
    def driver(self) -> Connection:
        """What stands for the default connection: it tells how many jobs were recorded."""
        return _Recorded(self, self.default)

    @property
    def default_queue(self) -> str:
        """Where jobs of the default connection go that name no queue."""
        return self._default_queue_of(self.default)

    @property
    def failed(self) -> FailedJobs:
        """No failed jobs."""
        return NoFailedJobs()

    # -- what was pushed

    def pushed(self, job: type[J], predicate: Callable[[J], bool] | None = None) -> list[J]:
        """Return the recorded jobs of a class (subclasses included) that meet *predicate*."""
        found = [entry.job for entry in self._pushed if isinstance(entry.job, job)]
        return found if predicate is None else [one for one in found if predicate(one)]

    def pushed_jobs(self) -> Sequence[Pushed]:
        """Return everything that was recorded, in order."""
        return tuple(self._pushed)

    def has_pushed(self, job: type[Job]) -> bool:
        """Return whether a job of this class was recorded."""
        return bool(self.pushed(job))

    def assert_pushed(
        self, job: type[J], expected: Callable[[J], bool] | int | None = None
    ) -> None:
        """Assert that a job of this class was pushed.

        Args:
            job: The class.
            expected: A predicate that at least one must meet, or how many there must be.
        """
        if isinstance(expected, int):
            self.assert_pushed_times(job, expected)
        elif not self.pushed(job, expected):
            what = "that meets the predicate " if expected else ""
            raise AssertionError(f"No {job.__qualname__} {what}was pushed. {self._summary()}")

    def assert_pushed_times(self, job: type[Job], times: int) -> None:
        """Assert how many jobs of this class were pushed."""
        count = len(self.pushed(job))
        if count != times:
            raise AssertionError(
                f"{job.__qualname__} was pushed {count} times instead of {times}. {self._summary()}"
            )

    def assert_pushed_once(self, job: type[Job]) -> None:
        """Assert that exactly one job of this class was pushed."""
        self.assert_pushed_times(job, 1)

    def assert_pushed_on(
        self, queue: str, job: type[J], predicate: Callable[[J], bool] | None = None
    ) -> None:
        """Assert that a job of this class was pushed on *queue*."""
        on_queue = [entry.job for entry in self._pushed if entry.queue == queue]
        for one in on_queue:
            if isinstance(one, job) and (predicate is None or predicate(one)):
                return
        raise AssertionError(
            f'No {job.__qualname__} was pushed on the queue "{queue}". {self._summary()}'
        )

    def assert_not_pushed(self, job: type[J], predicate: Callable[[J], bool] | None = None) -> None:
        """Assert that no job of this class (that meets *predicate*) was pushed."""
        if found := self.pushed(job, predicate):
            raise AssertionError(
                f"{job.__qualname__} was pushed {len(found)} times. {self._summary()}"
            )

    def assert_nothing_pushed(self) -> None:
        """Assert that no job was pushed."""
        if self._pushed:
            raise AssertionError(f"Jobs were pushed. {self._summary()}")

    def assert_count(self, expected: int) -> None:
        """Assert how many jobs were pushed."""
        if len(self._pushed) != expected:
            raise AssertionError(
                f"{len(self._pushed)} jobs were pushed instead of {expected}. {self._summary()}"
            )

    # -- inside

    def _records(self, job: Job) -> bool:
        if isinstance(job, self._except):
            return False
        return not self._only or isinstance(job, self._only)

    def _record(self, job: Job, placement: Placement) -> Dispatched:
        routed = self._real._routed(job, placement)  # pyright: ignore[reportPrivateUsage]  # its double
        name = routed.connection or self.default
        chosen = routed.queue or self._default_queue_of(name)
        wait = job.delay if routed.delay is None else routed.delay
        waits = 0.0 if wait is None else max(0.0, seconds_until(wait))
        self._pushed.append(Pushed(job, name, chosen, waits))
        return Dispatched(str(entropy.uuid7()), name, chosen)

    def _default_queue_of(self, connection: str) -> str:
        definition = self._definitions.get(connection)
        return cast("str", getattr(definition, "queue", "default"))

    def _summary(self) -> str:
        if not self._pushed:
            return "Nothing was pushed."
        shown = ", ".join(f"{entry.job!r} on {entry.queue}" for entry in self._pushed[:10])
        rest = len(self._pushed) - 10
        return f"Pushed: {shown}{f' and {rest} more' if rest > 0 else ''}."


class _Recorded:
    """Stands for a connection of a fake: what is pushed by envelope cannot be told apart."""

    def __init__(self, fake: QueueFake, name: str) -> None:
        self.name = name
        self._fake = fake

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Drop *envelopes*: a fake records jobs, and these are bytes."""
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return self.push(envelopes)

    def counts(self, queue: str) -> Counts:
        """Return how many jobs were recorded for *queue*."""
        mine = [
            entry
            for entry in self._fake.pushed_jobs()
            if entry.connection == self.name and entry.queue == queue
        ]
        delayed = sum(entry.delay > 0 for entry in mine)
        return Counts(len(mine) - delayed, delayed)

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return self.counts(queue)

    def clear(self, queue: str) -> int:
        """Leave what was recorded as it is: assertions come after."""
        return self.counts(queue).total

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return self.clear(queue)


class _FakeConnection(Queue):
    """A named connection of a fake: what is pushed here is recorded there."""

    def __init__(self, fake: QueueFake, name: str) -> None:
        self._fake = fake
        self._name = name

    @property
    def driver(self) -> Connection:
        """What tells how many jobs were recorded."""
        return _Recorded(self._fake, self._name)

    @property
    def default_queue(self) -> str:
        """Where jobs go that name no queue."""
        return self._fake._default_queue_of(self._name)  # pyright: ignore[reportPrivateUsage]  # its module

    def place(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Record *job*, or queue it where it is not to be recorded."""
        return self._fake.place(job, placement._replace(connection=self._name))

    async def aplace(self, job: Job, placement: Placement = _ANYWHERE) -> Dispatched:
        """Async twin of :meth:`place`."""
        return await self._fake.aplace(job, placement._replace(connection=self._name))

    def place_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Record *jobs*, or queue those that are not to be recorded."""
        return [self.place(job, placement) for job, placement in jobs]

    async def aplace_all(self, jobs: Sequence[tuple[Job, Placement]]) -> list[Dispatched]:
        """Async twin of :meth:`place_all`."""
        return [await self.aplace(job, placement) for job, placement in jobs]
