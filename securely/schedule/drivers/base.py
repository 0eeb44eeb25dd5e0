"""What all ledgers share: jobs of ticks, reasons for people, and what goes wrong with a store."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final, TypeAlias
from uuid import UUID

from securely.queue.contracts import Connection, Envelope
from securely.queue.exceptions import QueueError, QueueUnavailable, StoreFull
from securely.queue.job import Job, Placement
from securely.queue.manager import QueueManager
from securely.schedule.contracts import Claim, Ending, Grant, Holder, State, Verdict
from securely.schedule.exceptions import LedgerUnavailable
from securely.support.sqlite import DatabaseError

__all__ = [
    "DAY",
    "DispatchingMember",
    "Queues",
    "available",
    "clean",
    "job_uuid",
    "lost_reason",
    "overlap_reason",
    "seen_until",
    "stand_in_reason",
]

Queues: TypeAlias = Callable[[], QueueManager]
"""Gives the manager that queues jobs: asked each time, since a test may put a fake in its place."""

DAY: Final = 86_400.0
"""Seconds for which no tick is forgotten: what was run cannot be run again for its clock's sake."""

_MINUTE: Final = 60  # seconds
_HOUR: Final = 3_600  # seconds
_REASON_MAX: Final = 1_000  # letters of what a job has raised; who dispatched it gets all of it
_UUID_MILLISECONDS_MAX: Final = (1 << 48) - 1  # what a uuid of version 7 has room for


class DispatchingMember(ABC):
    """How the run of a tick is the dispatch of a job, for members of all ledgers.

    Args:
        queues: Gives what queues jobs.
    """

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def claim_with(self, claim: Claim, job: Job, placement: Placement) -> Grant:
        """Ask for a tick whose run is the dispatch of *job*: it is accepted in the same step.

        Where the job goes to another store than this one, the tick is claimed first, then the job
        is handed over under an id made of the tick, then the tick is settled. Stores that remember
        such ids (`sqlite` and `arq`) accept it once: what was lost in between may be handed over
        again, with the token of the lost run as `instead`.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was written.
            QueueError: The job cannot be queued; the tick is as it was before.
            Exception: What the job raised, on a connection that runs it at once.
        """
        taken = self._taken(claim)
        if taken is not None:
            return taken
        granted: list[Grant] = []

        def push(driver: Connection, envelope: Envelope) -> str:
            together = self._claim_and_push(claim, driver, envelope)
            grant, uuid = (self.claim(claim), "") if together is None else together
            granted.append(grant)
            if grant.verdict is not Verdict.GRANTED:
                raise _NotGrantedError
            return self._hand_over(grant, driver, envelope) if together is None else uuid

        unbound = placement._replace(after_commit=False)
        uuid = job_uuid(claim)
        try:
            dispatched = self._queues().place_with(job, unbound, push, uuid=uuid)
        except _NotGrantedError:
            return granted[0]
        return granted[0]._replace(dispatched=dispatched)

    def _hand_over(self, grant: Grant, driver: Connection, envelope: Envelope) -> str:
        try:
            (stands,) = driver.push([envelope._replace(once=True)])
        except QueueError:
            self._withdraw(grant)
            raise
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"[:_REASON_MAX]
            self.settle(grant, Ending(State.FAILED, reason=reason))
            raise
        reason = "" if stands == envelope.uuid else stand_in_reason(stands)
        with suppress(LedgerUnavailable):  # the job is accepted; who was granted it settles again
            self.settle(grant, Ending(State.DONE, reason=reason))
        return stands

    @abstractmethod
    def claim(self, claim: Claim) -> Grant:
        """Ask for a tick: of all who do, one is granted it."""

    @abstractmethod
    def settle(self, grant: Grant, ending: Ending) -> bool:
        """Note how a run ended, and free its lock; False when it is not ours any more."""

    @abstractmethod
    def _taken(self, claim: Claim) -> Grant | None:
        """Return the answer where a look alone says that the tick is taken; None where not."""

    @abstractmethod
    def _claim_and_push(
        self, claim: Claim, driver: Connection, envelope: Envelope
    ) -> tuple[Grant, str] | None:
        """Take the tick and accept the job in one step, and return who stands for the job.

        None, and nothing is done, where the jobs of *driver* lie in another store.
        """

    @abstractmethod
    def _withdraw(self, grant: Grant) -> None:
        """Let the tick be as before it was claimed: free; lost, where it was granted instead.

        Where what runs is the member's own run of before, nothing changes.
        """


class _NotGrantedError(Exception):
    """The tick is not ours: nothing is queued."""


@contextmanager
def available(connection: str) -> Generator[None]:
    """Raise LedgerUnavailable for what goes wrong with the store of *connection*."""
    try:
        yield
    except LedgerUnavailable:
        raise
    except (DatabaseError, QueueUnavailable, StoreFull, OSError) as error:
        raise LedgerUnavailable(connection, str(error)) from error


def job_uuid(claim: Claim) -> str:
    """Return the uuid of the job that is dispatched for a tick: always the same one.

    It is of version 7, its time is that of the tick, and the rest is a digest.

    Example:
        >>> job_uuid(Claim("report", 1_800_000_000, "", "report"))
        '01a3185c-5000-7d8b-a5ca-55cc702047fc'
    """
    told = f"{len(claim.task)}:{claim.task}|{claim.at}|{claim.scope}"
    digest = hashlib.blake2b(clean(told).encode(), digest_size=10).digest()
    moment = min(max(0, claim.at * 1_000), _UUID_MILLISECONDS_MAX)
    number = moment << 80 | int.from_bytes(digest)
    number = number & ~(0xF << 76) | 7 << 76  # the version
    return str(UUID(int=number & ~(0b11 << 62) | 0b10 << 62))  # the variant


def clean(text: str) -> str:
    """Return *text* as a store can keep it: with "?" for halves of letters.

    Example:
        >>> clean("caf\\u00e9 " + chr(0xD800))
        'café ?'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def overlap_reason(holder: Holder, now: float) -> str:
    """Return why a tick is skipped whose lock is held.

    Example:
        >>> overlap_reason(Holder("a1", "web-1", 4711, 1_000.0), 1_090.0)
        'it still runs, for 1m 30s, in process 4711 on web-1'
    """
    age = _age(now - holder.since)
    return f"it still runs, for {age}, in process {holder.pid} on {holder.host}"


def lost_reason(host: str, pid: int) -> str:
    """Return what has become of a run whose process has died."""
    return f"process {pid} on {host} died while it ran"


def stand_in_reason(uuid: str) -> str:
    """Return why a tick is done though its job was not accepted."""
    return f"not queued: job {uuid} holds its unique key"


def seen_until(before: float | None, now: float) -> float:
    """Return until when a task was looked after: it never goes back, for a clock that does.

    But for one that was more than a day ahead: it was wrong. With 0, it is only asked for.
    """
    was_wrong = before is not None and 0.0 < now < before - DAY
    return now if before is None or was_wrong else max(before, now)


def _age(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE}m"
