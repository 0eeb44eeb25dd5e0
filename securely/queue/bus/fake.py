"""BusFake: assert_dispatched, assert_chained, assert_batched, assert_nothing_placed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from securely.queue.bus.batch import Batch
from securely.queue.bus.dispatcher import Bus
from securely.queue.bus.expecting import a_class, a_count, a_list, a_predicate
from securely.queue.bus.matching import BuiltBatch, ChainedBatch, Expected, all_resemble, shown
from securely.queue.bus.packing import job_of
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.rehearsal import FakeBatch
from securely.queue.bus.transaction import withheld
from securely.queue.exceptions import EmptyChain
from securely.queue.fake import QueueFake, Way
from securely.queue.job import Dispatched, Job, PendingDispatch, Placement
from securely.queue.manager import QueueManager
from securely.support import entropy

__all__ = ["BusFake"]

T = TypeVar("T")

_WAYS: tuple[Way, ...] = ("queued", "sync", "after_response")
_WORDS: Mapping[Way, str] = {
    "queued": "dispatched",
    "sync": "dispatched synchronously",
    "after_response": "dispatched after the response",
}


class BusFake(Bus):
    """A bus that records what is dispatched, and answers what was.

    Made by `Bus.fake()`. It stands in for the queue as well: what `SendInvoice.dispatch(…)` and
    `Queue.push(…)` send is recorded here, too. With classes named, only these are recorded.

    Args:
        real: The bus whose place it takes.
        queues: The queue whose place its own takes.
        only: What is recorded; all when empty.
        except_: What is dispatched all the same.

    Attributes:
        queue: What records jobs.
    """

    def __init__(
        self,
        real: Bus,
        queues: QueueManager,
        only: Sequence[type[Any]] = (),
        except_: Sequence[type[Any]] = (),
    ) -> None:
        super().__init__(real._container, real._events, real._defer)
        self._handlers = real._handlers
        self._pipes = real._pipes
        definitions = queues._connections  # pyright: ignore[reportPrivateUsage]  # its double
        self.queue: QueueFake = QueueFake(queues, definitions, only, except_)
        self._commands: list[tuple[Way, object]] = []
        self._chains: list[list[object]] = []
        self._built: list[BuiltBatch] = []
        self._fakes: dict[str, FakeBatch] = {}

    # -- instead of dispatching

    def dispatch_now(self, command: object, handler: object = None) -> Any:
        """Record *command*, or run it where it is not to be recorded."""
        if not self.queue.records(command):
            return super().dispatch_now(command, handler)
        self._commands.append(("queued", command))
        return None

    async def adispatch_now(self, command: object, handler: object = None) -> Any:
        """Async twin of :meth:`dispatch_now`."""
        if not self.queue.records(command):
            return await super().adispatch_now(command, handler)
        self._commands.append(("queued", command))
        return None

    def dispatch_sync(self, command: object) -> Any:
        """Record *command*, or run it where it is not to be recorded."""
        if _is_for_queue(command) or not self.queue.records(command):
            return super().dispatch_sync(command)
        self._commands.append(("sync", command))
        return None

    async def adispatch_sync(self, command: object) -> Any:
        """Async twin of :meth:`dispatch_sync`."""
        if _is_for_queue(command) or not self.queue.records(command):
            return await super().adispatch_sync(command)
        self._commands.append(("sync", command))
        return None

    def dispatch_after_response(self, command: object) -> None:
        """Record *command*, or have it run later where it is not to be recorded."""
        if _is_for_queue(command) or not self.queue.records(command):
            super().dispatch_after_response(command)
        else:
            self._commands.append(("after_response", command))

    def dispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Record *chain*, or queue it where its first job is not to be recorded."""
        sent = self._recorded(chain)
        return super().dispatch_chain(chain) if sent is None else sent

    async def adispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Async twin of :meth:`dispatch_chain`."""
        sent = self._recorded(chain)
        return await super().adispatch_chain(chain) if sent is None else sent

    def dispatch_batch(self, batch: PendingBatch) -> Batch:
        """Record *batch*; return one that lies in no store."""
        wishes = batch.wishes
        sizes = [_size(item) for item in batch.jobs]
        fake = FakeBatch(
            wishes.name, total_jobs=sum(sizes), options=wishes.options, finished=not sizes
        )
        if not withheld(self._batched, self._abatched, ((batch, fake),)):
            self._batched(((batch, fake),))
        return fake

    async def adispatch_batch(self, batch: PendingBatch) -> Batch:
        """Async twin of :meth:`dispatch_batch`."""
        return self.dispatch_batch(batch)

    def batch_after_response(self, batch: PendingBatch) -> None:
        """Record *batch*."""
        self.dispatch_batch(batch)

    def find_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Return a recorded batch; None when there is none."""
        found = self._fakes.get(id_)
        return None if found is None else found.fresh()

    async def afind_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Async twin of :meth:`find_batch`."""
        return self.find_batch(id_)

    def dispatch_fake_batch(self, name: str = "") -> Batch:
        """Return a batch without jobs, as if one had been dispatched: for tests of jobs."""
        return self.dispatch_batch(self.batch().name(name))

    # -- what was dispatched

    def dispatched(self, command: type[T], predicate: Callable[[T], bool] | None = None) -> list[T]:
        """Return what was queued, or run at once, of a class, and meets *predicate*."""
        return self._found(command, predicate, "queued")

    def dispatched_sync(
        self, command: type[T], predicate: Callable[[T], bool] | None = None
    ) -> list[T]:
        """Return what was dispatched synchronously of a class, and meets *predicate*."""
        return self._found(command, predicate, "sync")

    def dispatched_after_response(
        self, command: type[T], predicate: Callable[[T], bool] | None = None
    ) -> list[T]:
        """Return what was dispatched after the response of a class, and meets *predicate*."""
        return self._found(command, predicate, "after_response")

    def dispatched_batches(self) -> Sequence[BuiltBatch]:
        """Return the batches that were dispatched, in order, each as it was built."""
        return tuple(self._built)

    def batched(self, predicate: Callable[[BuiltBatch], bool]) -> list[BuiltBatch]:
        """Return the batches that meet *predicate*."""
        wanted = a_predicate(predicate)
        return [batch for batch in self._built if wanted is None or wanted(batch)]

    def has_dispatched(self, command: type[Any]) -> bool:
        """Return whether something of a class was dispatched, in any way."""
        return bool(self._found(command, None, *_WAYS))

    def assert_dispatched(
        self, command: type[T], expected: Callable[[T], bool] | int | None = None
    ) -> None:
        """Assert that something of a class was dispatched, in any way.

        Args:
            command: The class.
            expected: A predicate that at least one must meet, or how many there must be.
        """
        self._assert(command, expected, *_WAYS)

    def assert_dispatched_times(self, command: type[Any], times: int = 1) -> None:
        """Assert how often something of a class was dispatched, in any way."""
        self._assert(command, times, *_WAYS)

    def assert_dispatched_once(self, command: type[Any]) -> None:
        """Assert that something of a class was dispatched exactly once, in any way."""
        self._assert(command, 1, *_WAYS)

    def assert_not_dispatched(
        self, command: type[T], predicate: Callable[[T], bool] | None = None
    ) -> None:
        """Assert that nothing of a class (that meets *predicate*) was dispatched, in any way."""
        self._refuse(command, predicate, *_WAYS)

    def assert_nothing_dispatched(self) -> None:
        """Assert that nothing was dispatched."""
        if self._commands or self.queue.pushed_jobs() or self._chains:
            raise AssertionError(f"Something was dispatched. {self._summary()}")

    def assert_dispatched_sync(
        self, command: type[T], expected: Callable[[T], bool] | int | None = None
    ) -> None:
        """Assert that something of a class was dispatched synchronously; as assert_dispatched."""
        self._assert(command, expected, "sync")

    def assert_dispatched_sync_times(self, command: type[Any], times: int = 1) -> None:
        """Assert how often something of a class was dispatched synchronously."""
        self._assert(command, times, "sync")

    def assert_not_dispatched_sync(
        self, command: type[T], predicate: Callable[[T], bool] | None = None
    ) -> None:
        """Assert that nothing of a class was dispatched synchronously."""
        self._refuse(command, predicate, "sync")

    def assert_dispatched_after_response(
        self, command: type[T], expected: Callable[[T], bool] | int | None = None
    ) -> None:
        """Assert that something was dispatched after the response; as assert_dispatched."""
        self._assert(command, expected, "after_response")

    def assert_dispatched_after_response_times(self, command: type[Any], times: int = 1) -> None:
        """Assert how often something of a class was dispatched after the response."""
        self._assert(command, times, "after_response")

    def assert_not_dispatched_after_response(
        self, command: type[T], predicate: Callable[[T], bool] | None = None
    ) -> None:
        """Assert that nothing of a class was dispatched after the response."""
        self._refuse(command, predicate, "after_response")

    def assert_chained(self, expected: Sequence[Expected]) -> None:
        """Assert that a chain was dispatched.

        Args:
            expected: Classes, jobs, tasks, functions, and batches by :meth:`chained_batch`.
        """
        wanted = a_list(expected)
        if not any(all_resemble(wanted, chain) for chain in self._chains):
            chains = ", ".join(shown(chain) for chain in self._chains) or "none"
            raise AssertionError(
                f"The chain {shown(expected)} was not dispatched. Chains: {chains}."
            )

    def assert_nothing_chained(self) -> None:
        """Assert that no chain was dispatched."""
        if self._chains:
            chains = ", ".join(shown(chain) for chain in self._chains)
            raise AssertionError(f"Chains were dispatched: {chains}.")

    def assert_dispatched_without_chain(
        self, job: type[Job], predicate: Callable[[Any], bool] | None = None
    ) -> None:
        """Assert that a job of a class was dispatched with nothing behind it."""
        self.queue.assert_pushed_without_chain(job, predicate)

    def chained_batch(self, predicate: Callable[[BuiltBatch], bool]) -> ChainedBatch:
        """Return what stands for a batch in an expected chain: one that meets *predicate*."""
        wanted = a_predicate(predicate)
        return ChainedBatch(lambda batch: wanted is None or wanted(batch))

    def assert_batched(self, expected: Callable[[BuiltBatch], bool] | Sequence[Expected]) -> None:
        """Assert that a batch was dispatched.

        Args:
            expected: A predicate that it must meet, or its jobs: classes, jobs, tasks, functions,
                and lists of them as chains.
        """
        if callable(expected) and not isinstance(expected, type):
            found = self.batched(expected)
        else:
            jobs = a_list(cast("Sequence[Expected]", expected))
            found = self.batched(lambda batch: all_resemble(jobs, batch.jobs))
        if not found:
            raise AssertionError(f"The batch was not dispatched. {self._batches_told()}")

    def assert_batch_count(self, count: int) -> None:
        """Assert how many batches were dispatched."""
        if len(self._built) != a_count(count):
            raise AssertionError(
                f"{len(self._built)} batches were dispatched instead of {count}. "
                f"{self._batches_told()}"
            )

    def assert_nothing_batched(self) -> None:
        """Assert that no batch was dispatched."""
        if self._built:
            raise AssertionError(f"Batches were dispatched. {self._batches_told()}")

    def assert_nothing_placed(self) -> None:
        """Assert that nothing was dispatched: no job, no command, no chain and no batch."""
        self.assert_nothing_dispatched()
        self.assert_nothing_batched()

    # -- how it records

    def except_(self, *commands: type[Any]) -> BusFake:
        """Let *commands* be dispatched all the same."""
        self.queue.except_(*commands)
        return self

    def serialize_and_restore(self, on: bool = True) -> BusFake:
        """Record what a worker would get: each job goes through its payload and back."""
        self.queue.serialize_and_restore(on)
        return self

    # -- inside

    @property
    def _queues(self) -> QueueManager:
        return self.queue

    def _recorded(self, chain: PendingChain) -> Dispatched | None:
        """Record *chain*; None when its first job is not to be recorded."""
        if not chain.jobs:
            raise EmptyChain
        first, wishes = chain.jobs[0], chain.wishes
        if isinstance(first, PendingBatch):
            self._note(chain)
            where = Placement(wishes.queue, wishes.connection)
            name = where.connection or self.queue.default
            queue = where.queue or self.queue.default_queue_of(name)
            return Dispatched(str(entropy.uuid7()), name, queue)
        job, own = job_of(first)
        if not self.queue.records(job):
            return None
        self._note(chain)
        placement = own._replace(
            queue=own.queue or job.queue or wishes.queue,
            connection=own.connection or job.connection or wishes.connection,
            delay=wishes.delay if own.delay is None and job.delay is None else own.delay,
        )
        return self.queue.record(job, placement, chain=[_job(one) for one in chain.jobs[1:]])

    def _note(self, chain: PendingChain) -> None:
        """Record what *chain* is made of; within a transaction of the queue, at its end."""
        one = list(chain.jobs)
        if not withheld(self._chained, self._achained, (one,)):
            self._chained((one,))

    def _chained(self, chains: Iterable[list[object]]) -> None:
        self._chains += chains

    async def _achained(self, chains: Iterable[list[object]]) -> None:
        self._chained(chains)

    def _batched(self, batches: Iterable[tuple[PendingBatch, FakeBatch]]) -> None:
        for pending, fake in batches:
            self._built.append(BuiltBatch.of(pending))
            self._fakes[fake.id] = fake

    async def _abatched(self, batches: Iterable[tuple[PendingBatch, FakeBatch]]) -> None:
        self._batched(batches)

    def _found(
        self, command: type[T], predicate: Callable[[T], bool] | None, *ways: Way
    ) -> list[T]:
        kind, wanted = a_class(command, "queue.assert_task_pushed"), a_predicate(predicate)
        jobs: Iterable[tuple[Way, object]] = (
            (entry.way, entry.job) for entry in self.queue.pushed_jobs()
        )
        found = [
            one for way, one in [*jobs, *self._commands] if way in ways and isinstance(one, kind)
        ]
        return found if wanted is None else [one for one in found if wanted(one)]

    def _assert(
        self, command: type[T], expected: Callable[[T], bool] | int | None, *ways: Way
    ) -> None:
        word = _WORDS[ways[0]]
        if isinstance(expected, int):
            count = len(self._found(command, None, *ways))
            if count != a_count(expected):
                raise AssertionError(
                    f"{command.__qualname__} was {word} {count} times instead of {expected}. "
                    f"{self._summary()}"
                )
        elif not self._found(command, expected, *ways):
            what = " that meets the predicate" if expected else ""
            raise AssertionError(f"No {command.__qualname__}{what} was {word}. {self._summary()}")

    def _refuse(self, command: type[T], predicate: Callable[[T], bool] | None, *ways: Way) -> None:
        if found := self._found(command, predicate, *ways):
            raise AssertionError(
                f"{command.__qualname__} was {_WORDS[ways[0]]} {len(found)} times. "
                f"{self._summary()}"
            )

    def _batches_told(self) -> str:
        return f"Batches: {shown(self._built)[1:-1] or 'none'}."

    def _summary(self) -> str:
        jobs: list[tuple[Way, object]] = [
            (entry.way, entry.job) for entry in self.queue.pushed_jobs()
        ]
        told = [
            f"{shown([one])[1:-1]} ({_WORDS[way]})" for way, one in [*jobs, *self._commands][:10]
        ]
        return f"Dispatched: {', '.join(told)}." if told else "Nothing was dispatched."


def _is_for_queue(command: object) -> bool:
    """Return whether the fake of the queue records *command*."""
    return isinstance(command, Job | PendingDispatch)


def _job(item: object) -> object:
    """Return what stands for a link in the record of a chain."""
    return job_of(cast(object, item))[0] if isinstance(item, PendingDispatch) else item


def _size(item: object) -> int:
    """Return how many jobs an item of a batch stands for."""
    if isinstance(item, PendingChain):
        return len(item.jobs)
    return len(cast("Sequence[object]", item)) if isinstance(item, list | tuple) else 1
