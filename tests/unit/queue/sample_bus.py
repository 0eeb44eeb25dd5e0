"""Jobs, callbacks and tasks for the tests of the bus: they note what they do in LOG."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from securely.container import current
from securely.queue.bus.batch import Batch
from securely.queue.bus.pending import PendingBatch
from securely.queue.bus.task import task
from securely.queue.delivery.interaction import current_interaction
from securely.queue.job import Job

LOG: list[Any] = []
THROWS: set[str] = set()


class JobError(Exception):
    """What a job raises."""


class J(Job):
    """On its n-th delivery it does what its plan says; the last entry repeats."""

    def __init__(
        self, name: str, plan: str = "ok", tries: int | None = None, uid: str = ""
    ) -> None:
        self.name = name
        self.plan = plan
        self.tries = tries
        self.uid = uid

    def handle(self) -> None:
        attempt = self.attempts
        LOG.append(("run", self.name, attempt))
        entries = self.plan.split(",")
        for step in entries[min(attempt, len(entries)) - 1].split(";"):
            what, _, value = step.partition(":")
            getattr(self, f"do_{what}")(value)

    def failed(self, error: BaseException) -> None:
        LOG.append(("failed()", self.name, type(error).__name__, str(error)))

    def do_ok(self, value: str) -> None: ...

    def do_throw(self, value: str) -> None:
        raise JobError(value or "boom")

    def do_perhaps(self, value: str) -> None:
        if self.name in THROWS:
            raise JobError("perhaps")

    def do_release(self, value: str) -> None:
        self.release(float(value))

    def do_delete(self, value: str) -> None:
        self.delete()

    def do_fail(self, value: str) -> None:
        self.fail(value or None)

    def do_fail_error(self, value: str) -> None:
        self.fail(JobError(value or "failed by hand"))

    def do_dispatch(self, value: str) -> None:
        J.dispatch(value)

    def do_cancel(self, value: str) -> None:
        seen(self.batch()).cancel()

    def do_cancelled(self, value: str) -> None:
        LOG.append(("cancelled?", seen(self.batch()).cancelled()))

    def do_info(self, value: str) -> None:
        LOG.append(("batch", numbers(seen(self.batch()))))

    def do_add(self, value: str) -> None:
        seen(self.batch()).add([J(value)])

    def do_prepend(self, value: str) -> None:
        self.prepend_to_chain(J(value))

    def do_prepend_perhaps(self, value: str) -> None:
        self.prepend_to_chain(J(value, "perhaps"))

    def do_prepend_elsewhere(self, value: str) -> None:
        self.prepend_to_chain(J.using(value).on_connection("other"))

    def do_prepend_batch(self, value: str) -> None:
        self.prepend_to_chain(self._inner(value))

    def do_prepend_batch_elsewhere(self, value: str) -> None:
        self.prepend_to_chain(self._inner(value).on_connection("other"))

    def _inner(self, plan: str) -> PendingBatch:
        return current().make("bus").batch([J("x", plan), J("y")]).on_queue("default")

    def do_append(self, value: str) -> None:
        self.append_to_chain(J(value))


class Elsewhere(J):
    """Has a queue of its own."""

    queue = "own"


class Unique(J):
    unique = True

    def unique_id(self) -> str:
        return self.uid


class UniqueUntilProcessing(J):
    unique = "until_processing"


class SkippedWhenCancelled(J):
    def middleware(self) -> Sequence[object]:
        from securely.queue.middleware import SkipIfBatchCancelled

        return [SkipIfBatchCancelled()]


class Skipped(J):
    def middleware(self) -> Sequence[object]:
        from securely.queue.middleware import Skip

        return [Skip.when(True)]


class Async(J):
    async def handle(self) -> None:  # type: ignore[override]
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        super().handle()


class Dated(J):
    retry_until: Any = 60


class Optioned(Job):
    tries = 5
    backoff = [1, 5, 10]  # noqa: RUF012  # as authors write it
    max_exceptions = 2
    timeout = 30
    fail_on_timeout = True

    def handle(self) -> None: ...


class Configured(J):
    """Its options are attributes of the instance, as in the scenarios."""

    def __init__(self, name: str, plan: str = "ok", **options: Any) -> None:
        super().__init__(name, plan)
        for option, value in options.items():
            setattr(self, option, value)


class Until(Configured):
    retry_until: Any = 30


class Waits3(Job):
    tries = 0
    backoff: Any = 3

    def handle(self) -> None:
        raise JobError("again")


class Waits12(Waits3):
    backoff = [1, 2]  # noqa: RUF012  # as authors write it


class Waits4(Waits3):
    backoff = [4]  # noqa: RUF012  # as authors write it


class WaitsByMethod(Waits3):
    def backoff(self) -> list[int]:  # type: ignore[override]
        return [7, 8]


class TriesByMethod(Waits3):
    def tries(self) -> int:  # type: ignore[override]
        return 2


class Encrypted(J):
    encrypted = True


class Named(J):
    def display_name(self) -> str:
        return "pretty name"


class Debounced(J):
    debounce = "30s"


class UniqueByClass(J):
    unique = True


class TellsBatch(Job):
    """Fails, and its hook tells what it knows of its batch."""

    def handle(self) -> None:
        raise JobError("no")

    def failed(self) -> None:
        batch = self.batch()
        LOG.append(("failed()", None if batch is None else (batch.name, batch.failed_jobs)))


class Simplest(Job):
    def handle(self) -> None:
        LOG.append("simplest")


class Bare:
    """No job."""


@dataclass
class Plain:
    """Run now, not queued."""

    number: int

    def handle(self) -> int:
        LOG.append(("plain", self.number))
        return self.number * 2


@dataclass
class AsyncPlain:
    number: int

    async def handle(self) -> int:
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        return self.number * 3


@dataclass
class Mapped:
    """Has a handler elsewhere."""

    number: int


class MappedHandler:
    def handle(self, command: Mapped) -> int:
        return command.number + 100


class CallableHandler:
    async def __call__(self, command: Mapped) -> int:
        return command.number + 200


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Size:
    width: int


class Order:
    """An entity."""

    KNOWN: dict[int, Order] = {}  # noqa: RUF012  # a database of a kind

    def __init__(self, id_: int) -> None:
        self.id = id_

    def __queue_ref__(self) -> int:
        return self.id

    @classmethod
    def __from_queue_ref__(cls, reference: Any) -> Order | None:
        return cls.KNOWN.get(reference)


@dataclass(frozen=True)
class Shipped:
    """An event."""

    number: int


class SendNews:
    """A queued listener."""

    queued = True

    def handle(self, event: Shipped) -> None:
        LOG.append(event)


class Service:
    """What a task may ask for."""


def numbers(batch: Batch) -> dict[str, Any]:
    """Return the numbers that the scenarios show."""
    return {
        "total": batch.total_jobs,
        "pending": batch.pending_jobs,
        "failed": batch.failed_jobs,
        "processed": batch.processed_jobs(),
        "progress": batch.progress(),
        "cancelled": batch.cancelled(),
        "finished": batch.finished(),
        "failedIds": len(batch.failed_job_ids),
    }


def seen(batch: Batch | None) -> Batch:
    assert batch is not None
    return batch


def _called(name: str, *arguments: Any) -> None:
    shown = [numbers(one) if isinstance(one, Batch) else str(one) for one in arguments]
    LOG.append((name, *shown))
    if name in THROWS:
        raise JobError(f"{name} itself")


def before(batch: Batch) -> None:
    _called("before", batch)


def progress(batch: Batch) -> None:
    _called("progress", batch)


def then(batch: Batch) -> None:
    _called("then", batch)


def catch(batch: Batch, error: BaseException) -> None:
    _called("catch", batch, error)


async def finally_(batch: Batch) -> None:
    _called("finally", batch)


def any_arguments(*told: object) -> None:
    LOG.append(("any arguments", len(told)))


def injected(batch: Batch, service: Service) -> None:
    LOG.append(("injected", type(service).__name__))


def without_arguments() -> None:
    LOG.append(("without arguments",))


def chain_catch(error: BaseException) -> None:
    _called("chain catch", error)


def chain_catch_too(error: BaseException) -> None:
    _called("chain catch too", error)


@dataclass
class Sum:
    """What some jobs return."""

    number: int
    colour: Colour


class Sums(Job):
    """Returns a sum, which is kept."""

    store_result = True
    result_ttl: Any = "2m"

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers

    def handle(self) -> Sum:
        if not self.numbers:
            raise JobError("nothing to add")
        return Sum(sum(self.numbers), Colour.RED)


class AsyncSums(Sums):
    """The same, async."""

    async def handle(self) -> Sum:  # type: ignore[override]
        await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        return Sum(sum(self.numbers), Colour.RED)


class Unwritten(Job):
    """Returns what has no written form."""

    store_result = True
    tries = 3

    def handle(self) -> object:
        LOG.append(("run", "unwritten"))
        return object()

    def failed(self, error: Exception) -> None:
        LOG.append(("failed()", type(error).__name__))


class AsyncUnwritten(Unwritten):
    """The same, as a coroutine."""

    async def handle(self) -> object:
        return super().handle()


class Bulky(Unwritten):
    """Returns more than is kept."""

    def handle(self) -> object:
        super().handle()
        return "x" * 1024 * 1024


class Mute:
    """A middleware that returns nothing of what it was given."""

    async def handle(self, job: Job, next_: Any) -> None:
        await next_(job)


class Gate:
    """A middleware."""

    def handle(self, job: Job, next_: Any) -> object:
        LOG.append(("gate",))
        return next_(job)


class Heard:
    """A listener."""

    def handle(self, word: str) -> None:
        LOG.append(("heard", word))


def passed(job: Job, next_: Any) -> object:
    """A middleware that tells of which queue the job is."""
    LOG.append(("passed", current_interaction().queue))
    return next_(job)


def noted(text: str = "nothing") -> None:
    LOG.append(("noted", text, current_interaction().queue))


def sized(size: Size, service: Service) -> None:
    LOG.append(("sized", size, type(service).__name__))


async def anoted(text: str) -> None:
    await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
    LOG.append(("anoted", text))


@task
def simple(text: str, times: int = 1) -> str:
    LOG.append(("simple", text * times))
    return text * times


@task(queue="mail", tries=3, backoff=[1, 5], tags=["t"], failed=chain_catch, timeout="1m")
async def rich(size: Size, colour: Colour, *more: int, **named: str) -> None:
    LOG.append(("rich", size, colour, more, named))
    if named.get("act") == "throw":
        raise JobError("rich boom")


def order_key(order: int) -> str:
    return f"order {order}"


@task(unique=True, unique_id=order_key)
def once_for(order: int) -> None:
    LOG.append(("once for", order))


@task(delete_when_missing=True)
def lenient(order: Order) -> None:
    LOG.append(("lenient", order.id))


@task
def strict(order: Order) -> None:
    LOG.append(("strict", order.id))


@task
def served(name: str, service: Service) -> None:
    LOG.append(("served", name, type(service).__name__))
