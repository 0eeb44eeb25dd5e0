"""JobWay: a job is accepted by its queue, once per tick."""

from __future__ import annotations

from typing import TypeGuard

from securely.container import Container
from securely.queue.job import Dispatched, Job, PendingDispatch, Placement
from securely.queue.manager import QueueManager
from securely.schedule.contracts import Claim, Grant, Member
from securely.schedule.definition.actions import JobAction
from securely.schedule.exceptions import InvalidTask

__all__ = ["JobWay"]


class JobWay:
    """Has ticks claimed together with their job.

    Args:
        container: Makes jobs of which the class is scheduled.
    """

    def __init__(self, container: Container) -> None:
        self._container = container

    def claim(self, member: Member, claim: Claim, action: JobAction) -> Grant:
        """Ask for a tick, and have its job accepted in the same step.

        Raises:
            LedgerUnavailable: The store cannot be used; nothing was written.
            QueueError: The job cannot be queued; the tick is as it was.
            Exception: What the job raised where its connection runs it at once, or what its class
                did when it was made.
        """
        job, placement = self._placed(action)
        return member.claim_with(claim, job, placement)

    def dispatch(self, action: JobAction) -> Dispatched:
        """Have the job accepted, of no tick.

        Raises:
            QueueError: It cannot be queued; nothing was written.
        """
        return self._container.make(QueueManager).place(*self._placed(action))

    def _placed(self, action: JobAction) -> tuple[Job, Placement]:
        """Return a job, and where it goes: what the task says wins.

        Raises:
            InvalidTask: It is no job.
        """
        job, placement = self._made(action.job)
        if action.queue is not None:
            placement = placement._replace(queue=action.queue)
        if action.connection is not None:
            placement = placement._replace(connection=action.connection)
        return job, placement

    def _made(self, job: object) -> tuple[Job, Placement]:
        if isinstance(job, type):
            made: object = self._container.make(job)
            job = made
        if _is_pending(job):
            wanted, placement = job.job, job.placement
        else:
            wanted, placement = job, Placement()
        if not isinstance(wanted, Job):
            raise InvalidTask(f"what it is to queue is no job: {type(wanted).__qualname__}")
        return wanted, placement


def _is_pending(job: object) -> TypeGuard[PendingDispatch[object]]:
    return isinstance(job, PendingDispatch)
