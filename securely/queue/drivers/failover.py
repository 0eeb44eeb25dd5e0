"""Hands jobs to the first of several connections that takes them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, dropwhile, islice
from typing import Protocol, TypeVar, cast, runtime_checkable

from securely.events import Dispatcher
from securely.queue.contracts import (
    Batches,
    BatchRecord,
    Connection,
    Counts,
    Envelope,
    FailedJob,
    FailedJobs,
    KeepsResults,
    StoredResult,
)
from securely.queue.events import QueueFailedOver
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.queue.manager import Materials
from securely.queue.options import FailoverOptions
from securely.support.steps import Steps, arun, call, run, sync_step

__all__ = ["FailoverConnection"]

T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A")

# What says that a store takes nothing, and took nothing: another one may be asked.
_OUTAGES = (QueueUnavailable, StoreFull)


@runtime_checkable
class _Lists(Protocol):
    """A connection that knows its queues."""

    def queues(self) -> Sequence[str]:
        """Return the names of all queues that hold jobs."""
        ...


class FailoverConnection:
    """A connection that stands for several: jobs go to the first one that takes them.

    What one has taken stays there: each member has workers of its own. Sizes, failed jobs and
    batches are those of all members.

    Args:
        name: Its name in the configuration.
        members: The names of the connections, in order.
        connect: Gives a connection by its name.
        events: Told of each outage, once until that member takes jobs again.
        warn: Told of each member that is missing where all are looked at.

    Source: Laravel 13, Illuminate\\Queue\\FailoverQueue.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[str],
        connect: Callable[[str], Connection],
        events: Dispatcher | None = None,
        warn: Callable[[str, Mapping[str, object]], object] | None = None,
    ) -> None:
        self.name = name
        self.members: tuple[str, ...] = tuple(members)
        self.failed: FailedJobs = _Failed(self)
        self.batches: Batches = _Batches(self)
        self._connect = connect
        self._events = events
        self._warn = warn
        self._failing: frozenset[str] = frozenset()

    @classmethod
    def build(cls, name: str, options: FailoverOptions, materials: Materials) -> FailoverConnection:
        """Return the connection *name* as its options have it."""

        def connect(member: str) -> Connection:
            return materials.connection(member).driver

        return cls(name, options.connections, connect, materials.events, materials.warn)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Let the first member that can accept all of *envelopes*, and return their uuids.

        Raises:
            QueueUnavailable: None of them can be used; that of the last one.
            StoreFull: As above.
        """
        return run(self._pushed(envelopes))

    async def apush(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        """Async twin of :meth:`push`."""
        return await arun(self._pushed(envelopes))

    def counts(self, queue: str) -> Counts:
        """Return how many jobs *queue* holds in all members that can be asked.

        Raises:
            QueueUnavailable: None of them can.
        """
        return run(self._counted(queue))

    async def acounts(self, queue: str) -> Counts:
        """Async twin of :meth:`counts`."""
        return await arun(self._counted(queue))

    def clear(self, queue: str) -> int:
        """Delete pending, delayed and reserved jobs of *queue* in all members; return how many.

        Raises:
            QueueUnavailable: One of them can not be used; those of the others are deleted.
        """
        return run(self._cleared(queue))

    async def aclear(self, queue: str) -> int:
        """Async twin of :meth:`clear`."""
        return await arun(self._cleared(queue))

    def queues(self) -> Sequence[str]:
        """Return the names of all queues of the members that hold jobs, sorted."""

        def asked(member: Connection) -> Sequence[str] | None:
            return member.queues() if isinstance(member, _Lists) else None

        return sorted({name for names in self.gather(asked, "The queues") for name in names})

    def result(self, uuid: str) -> StoredResult | None:
        """Return what came of the job, from the first member that keeps something of it."""
        return _first(lambda member: member.result(uuid), self._keepers())

    def holds(self, uuid: str) -> bool:
        """Return whether the job is unsettled in a member."""
        return bool(_first(lambda member: member.holds(uuid), self._keepers()))

    def _keepers(self) -> Iterator[KeepsResults]:
        for driver in self.drivers():
            if hasattr(driver, "result"):
                yield cast(KeepsResults, driver)

    def drivers(self) -> Iterator[Connection]:
        """Give the members, in order."""
        return map(self._connect, self.members)

    def try_each(
        self, attempt: Callable[[Connection], Steps[T]], about: Envelope | None
    ) -> Steps[T]:
        """Return what the first member answers that has no outage.

        Args:
            attempt: Asks a member.
            about: The job that is told of with an outage; None to tell of none.

        Raises:
            QueueUnavailable: All have one.
        """
        failing: list[str] = []
        last: BaseException | None = None
        try:
            for name in self.members:
                try:
                    return (yield from attempt(self._connect(name)))
                except _OUTAGES as error:
                    last = error
                    failing.append(name)
                    if about is not None and name not in self._failing:
                        yield from self._told(name, about, error)
        finally:
            self._failing = frozenset(failing)
        assert last is not None, "there is at least one member"  # noqa: S101  # the options say so
        raise last

    def gather(self, ask: Callable[[Connection], T | None], what: str) -> list[T]:
        """Return what the members answer that can be asked; the others are named in a warning.

        Args:
            ask: Asks a member; None when there is nothing to ask it.
            what: What is missing then, for the warning.

        Raises:
            QueueUnavailable: There was something to ask, and nobody answered.
        """
        found: list[T] = []
        last: BaseException | None = None
        for member in self.drivers():
            try:
                answer = ask(member)
            except _OUTAGES as error:
                last = error
                if self._warn is not None:
                    text = f'{what} of the queue connection "{member.name}" are missing'
                    facts = {"connection": self.name, "member": member.name, "reason": str(error)}
                    self._warn(text, facts)
            else:
                if answer is not None:
                    found.append(answer)
        if last is not None and not found:
            raise last
        return found

    def _pushed(self, envelopes: Sequence[Envelope]) -> Steps[Sequence[str]]:
        if not envelopes:
            return []
        return (
            yield from self.try_each(
                lambda member: call(member.push, member.apush, envelopes), envelopes[0]
            )
        )

    def _told(self, member: str, envelope: Envelope, error: BaseException) -> Steps[None]:
        events = self._events
        if events is not None and events.has_listeners(QueueFailedOver):
            event = QueueFailedOver(member, envelope.queue, envelope.uuid, envelope.name, error)

            async def atell() -> None:
                await events.adispatch(event)

            yield from call(lambda: cast("None", events.dispatch(event)), atell)

    def _counted(self, queue: str) -> Steps[Counts]:
        found: list[Counts] = []
        last: BaseException | None = None
        for member in self.drivers():
            try:
                found.append((yield from call(member.counts, member.acounts, queue)))
            except _OUTAGES as error:
                last = error
        if not found and last is not None:
            raise last
        since = [one.oldest_pending_at for one in found if one.oldest_pending_at is not None]
        return Counts(
            sum(one.pending for one in found),
            sum(one.delayed for one in found),
            sum(one.reserved for one in found),
            min(since, default=None),
        )

    def _cleared(self, queue: str) -> Steps[int]:
        count = 0
        last: BaseException | None = None
        for member in self.drivers():
            try:
                count += yield from call(member.clear, member.aclear, queue)
            except _OUTAGES as error:
                last = error
        if last is not None:
            raise last
        return count


class _Failed:
    """The failed jobs of all members that keep some."""

    def __init__(self, connection: FailoverConnection) -> None:
        self._connection = connection

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return the failed jobs, newest first."""
        found = chain.from_iterable(self._gathered(lambda failed: failed.all(queue)))
        return sorted(found, key=lambda job: job.failed_at, reverse=True)

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this uuid or, of the first member that has one, this id."""
        return _first(lambda failed: failed.find(key), self._each())

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put jobs back in their queues, where they were taken from."""
        return [*chain.from_iterable(self._gathered(lambda failed: failed.retry(keys, queue)))]

    def forget(self, key: str) -> bool:
        """Remove one by id or uuid; False when there is none."""
        return bool(_first(lambda failed: failed.forget(key), self._each()))

    def flush(self, older_than: float | None = None) -> int:
        """Remove those that failed more than *older_than* seconds ago (None: all); how many."""
        return sum(self._gathered(lambda failed: failed.flush(older_than)))

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        """Return how many there are: of the member *connection*, and from *queue*; None for any."""
        if connection == self._connection.name:
            connection = None
        return sum(self._gathered(lambda failed: failed.count(connection, queue)))

    def _gathered(self, ask: Callable[[FailedJobs], A]) -> list[A]:
        """Return the answers of those that can be asked."""

        def asked(member: Connection) -> A | None:
            failed = _failed_of(member)
            return None if failed is None else ask(failed)

        return self._connection.gather(asked, "The failed jobs")

    def _each(self) -> Iterator[FailedJobs]:
        for driver in self._connection.drivers():
            if (failed := _failed_of(driver)) is not None:
                yield failed


class _Batches:
    """The batches of all members that keep some; one batch lies in one of them, with its jobs."""

    def __init__(self, connection: FailoverConnection) -> None:
        self._connection = connection

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Let the first member that can keep *record* and accept *members*."""

        def attempt(member: Connection) -> Steps[bool]:
            batches = _batches_of(member)
            if batches is None:
                raise QueueUnavailable(member.name, "it keeps no batches")
            return sync_step(partial(batches.create, record, members))

        return run(self._connection.try_each(attempt, members[0] if members else None))

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Push *members* as more of a batch; False when it is gone or finished."""
        return bool(_first(lambda batches: batches.add(id_, members), self._each()))

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch, or None."""
        return _first(lambda batches: batches.find(id_), self._each())

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, newest first; *before*: those made before this one."""
        # Of each the first page now, so that who can not be asked is missing, and not all.
        each = self._connection.gather(partial(_pages_of, limit=limit), "The batches")
        merged = heapq.merge(*each, key=lambda record: record.created_at, reverse=True)
        if before is None:
            return list(islice(merged, limit))
        older = dropwhile(lambda record: record.id != before, merged)
        return list(islice(older, 1, 1 + limit))

    def cancel(self, id_: str) -> bool:
        """Note that the batch is cancelled; False when it is gone or was cancelled before."""
        return bool(_first(lambda batches: batches.cancel(id_), self._each()))

    def delete(self, id_: str) -> bool:
        """Forget the batch; its jobs stay, and count nowhere. False when it is gone."""
        return bool(_first(lambda batches: batches.delete(id_), self._each()))

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that finished, were made (and not finished) or cancelled before a time."""

        def pruned(member: Connection) -> int | None:
            batches = _batches_of(member)
            return None if batches is None else batches.prune(finished, unfinished, cancelled)

        return sum(self._connection.gather(pruned, "The batches"))

    def _each(self) -> Iterator[Batches]:
        for driver in self._connection.drivers():
            if (batches := _batches_of(driver)) is not None:
                yield batches


def _first(ask: Callable[[S], A | None], stores: Iterable[S]) -> A | None:
    """Return the first answer that is one; one that has an outage may have had it, too.

    Raises:
        QueueUnavailable: None of those that could be asked had one, and some could not.
    """
    last: BaseException | None = None
    for store in stores:
        try:
            if answer := ask(store):
                return answer
        except _OUTAGES as error:
            last = error
    if last is not None:
        raise last
    return None


def _pages_of(driver: Connection, limit: int) -> Iterator[BatchRecord] | None:
    """Give the batches of a member, page by page; the first one is read at once.

    Raises:
        QueueUnavailable: It can not be asked.
    """
    batches = _batches_of(driver)
    return None if batches is None else _pages(batches, batches.all(limit), limit)


def _pages(batches: Batches, page: Sequence[BatchRecord], limit: int) -> Iterator[BatchRecord]:
    while page:
        yield from page
        page = batches.all(limit, page[-1].id)


def _failed_of(driver: Connection) -> FailedJobs | None:
    found: FailedJobs | None = getattr(driver, "failed", None)
    return found


def _batches_of(driver: Connection) -> Batches | None:
    found: Batches | None = getattr(driver, "batches", None)
    return found
