"""Shelf: a connection in memory, for tests of what people do to queues; it has no workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from securely.queue.contracts import (
    Cancellation,
    Counts,
    Envelope,
    FailedJob,
    Seat,
    StoredJob,
    WorkerRecord,
)
from securely.queue.delivery.failure import pack_error
from securely.queue.drivers.base import ThreadedConnection
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.support import clock


class ShelfFailed:
    """Failed jobs in a list; a job whose uuid is in `taken` finds its unique key taken."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.kept: list[FailedJob] = []
        self.taken: set[str] = set()

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        return [job for job in reversed(self.kept) if queue in {None, job.queue}]

    def find(self, key: str) -> FailedJob | None:
        return next((job for job in self.kept if key in {str(job.id), job.uuid}), None)

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        chosen = [
            job
            for job in self.kept
            if (keys is None or {str(job.id), job.uuid} & {*keys})
            and queue in {None, job.queue}
            and job.uuid not in self.taken
        ]
        for job in chosen:
            self.kept.remove(job)
            self._shelf.push([Envelope(job.uuid, job.name, job.queue, job.payload)])
        return chosen

    def forget(self, key: str) -> bool:
        job = self.find(key)
        if job is not None:
            self.kept.remove(job)
        return job is not None

    def flush(self, older_than: float | None = None) -> int:
        before = None if older_than is None else clock.timestamp() - older_than
        gone = [job for job in self.kept if before is None or job.failed_at < before]
        for job in gone:
            self.kept.remove(job)
        return len(gone)

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        return len(self.all(queue))


class Shelf(ThreadedConnection):
    """Jobs in a list; tests put workers' jobs and failed ones there themselves."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.kept: list[StoredJob] = []
        self.pauses: dict[str, float | None] = {}
        self.restarts = 0
        self.living: list[WorkerRecord] = []
        self.failed = ShelfFailed(self)
        self.batches = MemoryBatches(self.push)

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        for one in envelopes:
            state = "delayed" if one.delay else "pending"
            self.put(one.uuid, one.name, one.queue, state, payload=one.payload)
        return [one.uuid for one in envelopes]

    def put(
        self,
        uuid: str,
        name: str = "app.jobs.Send",
        queue: str = "default",
        state: str = "pending",
        worker: str | None = None,
        payload: bytes = b"",
    ) -> None:
        """Keep a job in any state."""
        row, now = len(self.kept) + 1, clock.timestamp()
        self.kept.append(StoredJob(row, uuid, name, queue, state, 0, 0, now, worker, None, payload))

    def fail(self, envelope: Envelope, error: Exception, ago: float = 0.0) -> FailedJob:
        """Keep a failed job."""
        job = FailedJob(
            len(self.failed.kept) + 101,
            envelope.uuid,
            self.name,
            envelope.queue,
            envelope.name,
            envelope.payload,
            pack_error(error),
            1,
            clock.timestamp() - ago,
        )
        self.failed.kept.append(job)
        return job

    def age(self, seconds: float) -> None:
        """Let all jobs have waited for longer."""
        self.kept = [replace(job, available_at=job.available_at - seconds) for job in self.kept]

    def counts(self, queue: str) -> Counts:
        jobs = [job for job in self.kept if job.queue == queue]
        of = [
            sum(job.state == state for job in jobs) for state in ("pending", "delayed", "reserved")
        ]
        since = [job.available_at for job in jobs if job.state == "pending"]
        return Counts(*of, oldest_pending_at=min(since, default=None))

    def clear(self, queue: str) -> int:
        gone = [job for job in self.kept if job.queue == queue]
        self.kept = [job for job in self.kept if job.queue != queue]
        return len(gone)

    def jobs(
        self, queue: str, state: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sequence[StoredJob]:
        found = [job for job in self.kept if job.queue == queue and job.id > after]
        return [job for job in found if state in {None, job.state}][:limit]

    def cancel(self, uuid: str) -> Cancellation:
        found = next((job for job in self.kept if job.uuid == uuid), None)
        if found is None:
            return Cancellation.OVER if uuid == "done" else Cancellation.UNKNOWN
        if found.state == "reserved":
            return Cancellation.STOPPING
        self.kept.remove(found)
        return Cancellation.REMOVED

    def queues(self) -> Sequence[str]:
        return sorted({job.queue for job in self.kept})

    def workers(self) -> Sequence[WorkerRecord]:
        return self.living

    def pause(self, queue: str = "*", seconds: float | None = None) -> None:
        self.pauses[queue] = None if seconds is None else clock.timestamp() + seconds

    def resume(self, queue: str = "*") -> None:
        self.pauses.pop(queue, None)

    def paused(self) -> Mapping[str, float | None]:
        return dict(self.pauses)

    def restart(self) -> None:
        self.restarts += 1

    def join(self, queues: Sequence[str]) -> Seat:
        raise NotImplementedError
