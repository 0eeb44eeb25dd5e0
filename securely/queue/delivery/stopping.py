"""JobCancelled: what ends the run of a job that somebody has cancelled."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from securely.queue.contracts import Delivery, Kind, Outcome

__all__ = ["JobCancelled", "ends_the_task", "skipped"]


class JobCancelled(BaseException):
    """Somebody has cancelled this job: raised inside a sync one, to end it.

    Like :class:`asyncio.CancelledError`, which ends an async one, no `except Exception` stops it.

    Attributes:
        MARK: What the cancellation of an async job bears, so that a timeout is not taken for one.
    """

    MARK: ClassVar[str] = "the job was cancelled"

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__(f"{job} was cancelled.")

    def __reduce__(self) -> tuple[type[JobCancelled], tuple[str]]:
        return type(self), (self.job,)

    @classmethod
    def is_behind(cls, error: BaseException | None) -> bool:
        """Return whether *error* is one of these, or came of one that a job did not let pass.

        Example:
            >>> JobCancelled.is_behind(JobCancelled("Import")), JobCancelled.is_behind(OSError())
            (True, False)
        """
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            if isinstance(error, cls) or any(one is cls.MARK for one in error.args):
                return True
            seen.add(id(error))
            error = error.__cause__ or error.__context__
        return False


def ends_the_task(error: BaseException) -> bool:
    """Tell whether *error* ends this task, and not only something that its job was waiting for."""
    if isinstance(error, (GeneratorExit, KeyboardInterrupt)):
        return True  # the coroutine is closed, or the loop's own process interrupted
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def skipped(delivery: Delivery) -> Outcome:
    """Return that *delivery* is taken out: no other try, and nothing that follows."""
    return Outcome(delivery.id, delivery.token, Kind.SKIP)
