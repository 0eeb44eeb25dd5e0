"""Batch: jobs that are counted together, as one sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from securely.queue.contracts import BatchRecord

__all__ = ["Batch", "KeepsBatches"]


class KeepsBatches(Protocol):
    """What a :class:`Batch` asks of the bus."""

    def find_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Return the batch as it is now, or None."""
        ...

    async def afind_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Async twin of :meth:`find_batch`."""
        ...

    def add_to_batch(self, batch: Batch, jobs: Iterable[Any]) -> Batch:
        """Push *jobs* as more of the batch, and return it as it is then."""
        ...

    async def aadd_to_batch(self, batch: Batch, jobs: Iterable[Any]) -> Batch:
        """Async twin of :meth:`add_to_batch`."""
        ...

    def cancel_batch(self, batch: Batch) -> bool:
        """Cancel the batch; False when it is gone or was cancelled before."""
        ...

    async def acancel_batch(self, batch: Batch) -> bool:
        """Async twin of :meth:`cancel_batch`."""
        ...

    def delete_batch(self, batch: Batch) -> bool:
        """Forget the batch; False when it is gone."""
        ...

    async def adelete_batch(self, batch: Batch) -> bool:
        """Async twin of :meth:`delete_batch`."""
        ...


class Batch:
    """Jobs that are counted together: how they stood when it was looked up.

    The numbers do not move by themselves: :meth:`fresh` looks again.

    Args:
        record: What its store keeps.
        connection: The name of the connection that keeps it.
        keeper: The bus.

    Attributes:
        id: Its id.
        name: What people call it; "" when nothing was said.
        connection: The name of the connection that keeps it.
        total_jobs: How many jobs it counts, those behind others in a chain included.
        failed_jobs: Those that failed and were not retried since.
        skipped_jobs: Those that were taken out before they ran.
        failed_job_ids: The uuids of the failed ones, oldest first.
        error: UTF-8 JSON of the first failure; None without one.

    Source: Laravel 13, Illuminate\\Bus\\Batch.
    """

    def __init__(self, record: BatchRecord, connection: str, keeper: KeepsBatches) -> None:
        self.record: BatchRecord = record
        self.id: str = record.id
        self.name: str = record.name
        self.connection: str = connection
        self.total_jobs: int = record.total
        self.failed_jobs: int = record.failed
        self.skipped_jobs: int = record.skipped
        self.failed_job_ids: tuple[str, ...] = record.failed_ids
        self.error: bytes | None = record.error
        self._keeper = keeper

    def __repr__(self) -> str:
        return (
            f"Batch({self.id!r}, {self.name!r}, {self.processed_jobs()} of {self.total_jobs} "
            f"processed, {self.failed_jobs} failed)"
        )

    @property
    def pending_jobs(self) -> int:
        """How many jobs have not ended well; a failed one is among them, it may be retried."""
        return self.total_jobs - self.processed_jobs()

    @property
    def options(self) -> dict[str, Any]:
        """What was said with `with_option`."""
        found: dict[str, Any] = json.loads(self.record.options)
        return found

    @property
    def created_at(self) -> datetime:
        """When it was dispatched."""
        return datetime.fromtimestamp(self.record.created_at, UTC)

    @property
    def cancelled_at(self) -> datetime | None:
        """When it was cancelled; None if it was not."""
        return _moment(self.record.cancelled_at)

    @property
    def finished_at(self) -> datetime | None:
        """When its last job was settled; None before."""
        return _moment(self.record.finished_at)

    def processed_jobs(self) -> int:
        """Return how many jobs have ended well, or were taken out before they ran."""
        return self.record.done + self.record.skipped

    def progress(self) -> int:
        """Return how much of it is processed, in percent; 0 for a batch without jobs.

        Example:
            >>> from securely.queue.contracts import BatchRecord
            >>> Batch(BatchRecord("b", total=3, done=2), "sqlite", None).progress()
            67
        """
        if not self.total_jobs:
            return 0
        return (200 * self.processed_jobs() + self.total_jobs) // (2 * self.total_jobs)

    def finished(self) -> bool:
        """Return whether no job of it is left: each has ended, failed, or was skipped."""
        return self.record.finished_at is not None

    def cancelled(self) -> bool:
        """Return whether it was cancelled: by hand, or by the first failure."""
        return self.record.cancelled_at is not None

    def canceled(self) -> bool:
        """Return whether it was cancelled; Laravel's other spelling."""
        return self.cancelled()

    def has_failures(self) -> bool:
        """Return whether a job of it has failed and was not retried since."""
        return self.failed_jobs > 0

    def allows_failures(self) -> bool:
        """Return whether it goes on when a job fails."""
        return self.record.allow_failures

    def fresh(self) -> Batch | None:
        """Return it as it is now; None when it is gone.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        return self._keeper.find_batch(self.id, self.connection)

    async def afresh(self) -> Batch | None:
        """Async twin of :meth:`fresh`."""
        return await self._keeper.afind_batch(self.id, self.connection)

    def add(self, jobs: Iterable[Any]) -> Batch:
        """Push *jobs* as more of it, and return it as it is then.

        Args:
            jobs: What `Bus.batch` takes: jobs, and lists of them as chains.

        Raises:
            BatchEnded: It is finished, or gone. A job of the batch can always add: it is counted
                only when it ends.
            QueueError: As for a dispatch.
        """
        return self._keeper.add_to_batch(self, jobs)

    async def aadd(self, jobs: Iterable[Any]) -> Batch:
        """Async twin of :meth:`add`."""
        return await self._keeper.aadd_to_batch(self, jobs)

    def cancel(self) -> bool:
        """Cancel it; False when it is gone or was cancelled before.

        Jobs that have begun go on; the others see `cancelled()`, or `SkipIfBatchCancelled`.
        """
        return self._keeper.cancel_batch(self)

    async def acancel(self) -> bool:
        """Async twin of :meth:`cancel`."""
        return await self._keeper.acancel_batch(self)

    def delete(self) -> bool:
        """Forget it; its jobs stay, and count nowhere. False when it is gone."""
        return self._keeper.delete_batch(self)

    async def adelete(self) -> bool:
        """Async twin of :meth:`delete`."""
        return await self._keeper.adelete_batch(self)

    def to_dict(self, case: Literal["snake", "laravel"] = "snake") -> dict[str, Any]:
        """Return it as plain data that JSON has; moments as ISO 8601 in UTC.

        Args:
            case: "laravel" names the keys as Laravel's `toArray` does: `totalJobs`.

        Source: Laravel 13, Illuminate\\Bus\\Batch::toArray.
        """
        data: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "total_jobs": self.total_jobs,
            "pending_jobs": self.pending_jobs,
            "processed_jobs": self.processed_jobs(),
            "progress": self.progress(),
            "failed_jobs": self.failed_jobs,
            "options": self.options,
            "created_at": _written(self.created_at),
            "cancelled_at": _written(self.cancelled_at),
            "finished_at": _written(self.finished_at),
        }
        return data if case == "snake" else {_camel(key): data[key] for key in data}


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _written(at: datetime | None) -> str | None:
    """Return a moment as Laravel's JSON has it."""
    return None if at is None else f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
