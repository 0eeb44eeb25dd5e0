"""Interaction: what a running job may know of its delivery, and do with it.

It lies in a context variable and not on the job, so that frozen and slotted dataclasses can be
jobs, and nothing of a delivery ever gets into a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token, copy_context
from typing import Any, Final, ParamSpec, TypeVar

from securely.container import current
from securely.queue.bus.batch import Batch
from securely.queue.bus.trail import Link, Trail
from securely.queue.contracts import Delivery, FailedJob
from securely.queue.exceptions import Drop, Fail, Instruction, NotRunning, Release, Skip
from securely.support.durations import Duration

__all__ = ["Aftermath", "Interaction", "InteractsWithQueue", "current_interaction"]

P = ParamSpec("P")
T = TypeVar("T")

_current: Final[ContextVar[Interaction]] = ContextVar("securely_queue_interaction")
_NOTHING: Final = Trail()
# What a job calls to decide so.
_MEMBERS: Final[dict[type[Instruction], str]] = {Release: "release", Fail: "fail", Drop: "delete"}


class Interaction:
    """One run of one job: its counters, and what the job has decided for its end.

    The first decision stands; what a job raises afterwards does not settle it again.

    Attributes:
        connection: The name of the connection it came from.
        uuid: The job's id for its whole life.
        delivery: The delivery itself, with all counters.
        batch_id: The id of the batch that counts the job; None for none.
        trail: What follows in its chain.
        context: What travelled with it from where it was dispatched.
        timeout: Seconds this run may take; None for no limit.
        decision: What the job has asked for so far; None while it has not.
        should_stop: A signal asks the worker to stop.
    """

    __slots__ = (
        *("_token", "batch_id", "connection", "context", "decision", "delivery", "timeout"),
        *("should_stop", "trail", "uuid"),
    )

    def __init__(self, connection: str, uuid: str, delivery: Delivery) -> None:
        self.connection: str = connection
        self.uuid: str = uuid
        self.delivery: Delivery = delivery
        self.batch_id: str | None = None
        self.trail: Trail = _NOTHING
        self.context: Mapping[str, Any] = {}
        self.timeout: float | None = None
        self.decision: Instruction | None = None
        self.should_stop: bool = False
        self._token: Token[Interaction] | None = None

    def learn(self, trail: Trail, batch_id: str | None, context: Mapping[str, Any] | None) -> None:
        """Take note of what the payload says beyond the job itself."""
        self.trail = trail
        self.batch_id = batch_id
        if context is not None:
            self.context = context

    @property
    def attempts(self) -> int:
        """How many times the job was delivered, this one included; 1 for the first."""
        return self.delivery.attempts

    @property
    def queue(self) -> str:
        """The queue the job came from."""
        return self.delivery.queue

    def release(self, delay: Duration = 0.0) -> None:
        """Ask to put the job back, to be run again after *delay*; it consumes no try."""
        self.decide(Release(delay))

    def release_after(self, error: BaseException, delay: Duration = 0.0) -> None:
        """Ask to put the job back after *error*; it consumes a try, and the last one fails."""
        self.decide(Release(delay, error))

    def fail(self, reason: BaseException | str | None = None) -> None:
        """Ask to fail the job now, whatever tries are left."""
        self.decide(Fail(reason))

    def delete(self) -> None:
        """Ask to take the job out of the queue; nothing is recorded."""
        self.decide(Drop())

    def skip(self, reason: str = "") -> None:
        """Ask to take the job out as one that was not to run: its batch counts it as skipped."""
        self.decide(Skip(reason))

    def batch(self) -> Batch | None:
        """Return the batch that counts the job, as it is now; None without one.

        Raises:
            QueueUnavailable: The store can not be used.
        """
        if self.batch_id is None:
            return None
        found: Batch | None = current().make("bus").find_batch(self.batch_id, self.connection)
        return found

    def prepend(self, *jobs: InteractsWithQueue) -> None:
        """Let *jobs* follow this job, before what follows it now."""
        self.trail = self.trail.led_by((*self._links(jobs), *self.trail.links))

    def append(self, *jobs: InteractsWithQueue) -> None:
        """Let *jobs* follow at the end of the chain."""
        self.trail = self.trail.led_by((*self.trail.links, *self._links(jobs)))

    def take_trail(self) -> Trail:
        """Return what follows in the chain, and let nothing follow: the caller sees to it."""
        trail, self.trail = self.trail, _NOTHING
        return trail

    def _links(self, jobs: tuple[InteractsWithQueue, ...]) -> list[Link]:
        chain = current().make("bus").links
        links: list[Link] = chain(jobs, self.trail.queue, self.trail.connection or self.connection)
        return links

    def decide(self, instruction: Instruction) -> None:
        """Note *instruction*, unless something was decided before."""
        if self.decision is None:
            self.decision = instruction

    def within(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* as if the job did so, wherever this is."""

        def call() -> T:
            with self.again():
                return function(*args, **kwargs)

        return copy_context().run(call)

    @contextmanager
    def again(self) -> Generator[None]:
        """Let this be the current one within a block, beside the run itself."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def __enter__(self) -> Interaction:
        self._token = _current.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None


class Aftermath(Interaction):
    """What a `failed()` hook may know of its job; the run is over, and nothing can be decided."""

    __slots__ = ()

    @classmethod
    def of(cls, failed: FailedJob, uuid: str, connection: str) -> Aftermath:
        """Return that of *failed*, whose id for its whole life is *uuid*."""
        delivery = Delivery(
            id=failed.id,
            token=0,
            queue=failed.queue,
            name=failed.name,
            attempts=failed.attempts,
            exceptions=0,
            lost=0,
            deferrals=0,
            timeout=failed.timeout,
            max_lost=failed.max_lost,
            payload=failed.payload,
        )
        return cls(connection, uuid, delivery)

    def decide(self, instruction: Instruction) -> None:
        """Refuse *instruction*.

        Raises:
            NotRunning: Always.
        """
        raise NotRunning(_MEMBERS.get(type(instruction), "skip"), self.delivery.name)

    def prepend(self, *jobs: InteractsWithQueue) -> None:
        """Refuse *jobs*: a chain ends with the job that failed.

        Raises:
            NotRunning: Always.
        """
        raise NotRunning("prepend_to_chain", self.delivery.name)

    def append(self, *jobs: InteractsWithQueue) -> None:
        """Refuse *jobs*, as :meth:`prepend` does.

        Raises:
            NotRunning: Always.
        """
        raise NotRunning("append_to_chain", self.delivery.name)


def current_interaction(member: str = "The delivery") -> Interaction:
    """Return the interaction of the job that runs here.

    Args:
        member: What is wanted of it, for the message.

    Raises:
        NotRunning: No job runs here.
    """
    interaction = _current.get(None)
    if interaction is None:
        raise NotRunning(member)
    return interaction


class InteractsWithQueue:
    """What a job may ask and do while it runs; listeners with ``queued = True`` may have it, too.

    In `failed()` it may ask, and do nothing: the job is over.

    Source: Laravel 13, Illuminate\\Queue\\InteractsWithQueue.
    """

    # Slotted dataclasses stay slotted.
    __slots__ = ()

    @property
    def attempts(self) -> int:
        """How many times this job was delivered, this one included; 1 for the first.

        Raises:
            NotRunning: It does not run now.
        """
        return current_interaction("attempts").attempts

    @property
    def should_stop(self) -> bool:
        """Whether a signal asks the worker to stop: a long job may end early, or put itself back.

        Raises:
            NotRunning: It does not run now.
        """
        return current_interaction("should_stop").should_stop

    @property
    def job_id(self) -> str:
        """The job's uuid while it runs.

        Raises:
            NotRunning: It does not run now.
        """
        return current_interaction("job_id").uuid

    def release(self, delay: Duration = 0.0) -> None:
        """Put the job back when `handle` ends, to be run again after *delay*; consumes no try.

        Raises:
            NotRunning: It does not run now.
        """
        current_interaction("release").release(delay)

    def fail(self, reason: BaseException | str | None = None) -> None:
        """Fail the job when `handle` ends, whatever tries are left.

        Raises:
            NotRunning: It does not run now.
        """
        current_interaction("fail").fail(reason)

    def batch(self) -> Batch | None:
        """Return the batch that counts this job, as it is now; None when it is in none.

        Raises:
            NotRunning: It does not run now.
        """
        return current_interaction("batch").batch()

    def prepend_to_chain(self, *jobs: InteractsWithQueue) -> None:
        """Let *jobs* follow this one, before what follows it now.

        Raises:
            NotRunning: It does not run now.
        """
        current_interaction("prepend_to_chain").prepend(*jobs)

    def append_to_chain(self, *jobs: InteractsWithQueue) -> None:
        """Let *jobs* follow at the end of this one's chain.

        Raises:
            NotRunning: It does not run now.
        """
        current_interaction("append_to_chain").append(*jobs)

    def delete(self) -> None:
        """Take the job out of the queue when `handle` ends, whatever it raises then.

        Raises:
            NotRunning: It does not run now.
        """
        current_interaction("delete").delete()
