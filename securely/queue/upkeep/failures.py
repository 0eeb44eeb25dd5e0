"""Failures: failed jobs as people speak of them: which are meant, and back with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from securely.events import Dispatcher
from securely.queue.contracts import FailedJob, FailedJobs
from securely.queue.events import JobRetryRequested
from securely.queue.exceptions import InvalidPayload
from securely.queue.payload import Codec, Header
from securely.support.suggest import did_you_mean

__all__ = ["Failure", "Failures", "Retried", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failed jobs are meant. What is left out leaves nobody out.

    Attributes:
        keys: Their ids or uuids.
        ranges: Their numbers, from and to: 1 is the oldest of all failed jobs.
        queue: The queue they came from.
        job: Their name, or that of their class with or without its module.
        tag: One of their tags.
        since: The wall time from which on they failed, in seconds.
    """

    keys: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    queue: str | None = None
    job: str | None = None
    tag: str | None = None
    since: float | None = None


class Failure(NamedTuple):
    """A failed job and its number in the list: 1 is the oldest, so that numbers stay."""

    number: int
    job: FailedJob


class Retried(NamedTuple):
    """What came of a retry.

    Attributes:
        jobs: Those that were put back.
        conflicts: Those that stay failed, because another job holds their unique key.
    """

    jobs: Sequence[FailedJob]
    conflicts: Sequence[FailedJob]


class Failures:
    """The failed jobs of one connection.

    Args:
        failed: Where they are kept.
        codec: Reads what their payloads say of them.
        events: Told of each retry, where somebody listens.
    """

    def __init__(self, failed: FailedJobs, codec: Codec, events: Dispatcher) -> None:
        self._failed = failed
        self._codec = codec
        self._events = events

    def select(self, wanted: Wanted) -> list[Failure]:
        """Return the failed jobs that are meant, the newest first."""
        found = self._all()
        if wanted.keys or wanted.ranges:
            ids = {job.id for key in wanted.keys if (job := self._failed.find(key)) is not None}
            found = [
                one
                for one in found
                if one.job.id in ids or any(a <= one.number <= b for a, b in wanted.ranges)
            ]
        return [one for one in found if self._fits(one.job, wanted)]

    def find(self, key: str) -> FailedJob | None:
        """Return the one with this id or uuid, or None."""
        return self._failed.find(key)

    def numbers(self) -> dict[str, str]:
        """Return the uuid of each failed job by its number in the list, as it is written."""
        return {str(one.number): one.job.uuid for one in self._all()}

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return those of *keys* that no failed job has."""
        return [key for key in keys if self._failed.find(key) is None]

    def retry(self, wanted: Wanted = Wanted()) -> Retried:
        """Put the jobs that are meant back in their queues, with all counters at 0.

        All of it is one step of the store. JobRetryRequested is told of each before.

        Source: Laravel 13, Illuminate\\Queue\\Console\\RetryCommand.
        """
        chosen = [one.job for one in self.select(wanted)]
        if not chosen:
            return Retried((), ())
        if self._events.has_listeners(JobRetryRequested):
            for job in chosen:
                self._events.dispatch(
                    JobRetryRequested(job.connection, job.queue, job.uuid, job.name, job)
                )
        retried = self._failed.retry([str(job.id) for job in chosen])
        done = {job.id for job in retried}
        left = [job for job in chosen if job.id not in done]
        conflicts = [job for job in left if self._failed.find(str(job.id)) is not None]
        return Retried(retried, conflicts)

    def nearest_id(self, key: str) -> str | None:
        """Return the uuid that was probably meant; the beginning of one is enough."""
        return did_you_mean(key, [job.uuid for job in self._failed.all()])

    def nearest(self, wanted: Wanted) -> str | None:
        """Return the word that was probably meant, when *wanted* names what no failed job has."""
        jobs = [one.job for one in self._all()]
        known = (
            (wanted.queue, {job.queue for job in jobs}),
            (wanted.job, {name for job in jobs for name in (job.name, *self._names(job))}),
            (wanted.tag, {tag for job in jobs for tag in self._tags(job)}),
        )
        nears = (did_you_mean(word, words) for word, words in known if word is not None)
        return next((near for near in nears if near is not None), None)

    def _all(self) -> list[Failure]:
        jobs = self._failed.all()
        return [Failure(len(jobs) - at, job) for at, job in enumerate(jobs)]

    def _fits(self, job: FailedJob, wanted: Wanted) -> bool:
        return (
            wanted.queue in {None, job.queue}
            and (wanted.since is None or job.failed_at >= wanted.since)
            and (wanted.job is None or wanted.job in {job.name, *self._names(job)})
            and (wanted.tag is None or wanted.tag in self._tags(job))
        )

    def _header(self, job: FailedJob) -> Header | None:
        try:
            return self._codec.header(job.payload)
        except InvalidPayload:
            return None  # it failed because it cannot be read; it is listed all the same

    def _names(self, job: FailedJob) -> tuple[str, ...]:
        """Return what the class of *job* may be called."""
        header = self._header(job)
        if header is None:
            return ()
        module, _, name = header.job.partition(":")
        return header.job, f"{module}.{name}", name

    def _tags(self, job: FailedJob) -> Sequence[str]:
        header = self._header(job)
        return () if header is None else header.tags
