"""Metrics: what workers have measured, by queue and by job: how many, how long, how late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from securely.queue.contracts import Gauge, Measure
from securely.queue.crew.meter import middle_of

__all__ = ["Durations", "Metrics", "Summary", "summarize"]

_MINUTE: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, in seconds; the percentiles are a tenth off at most.

    Attributes:
        count: How often it was measured.
        mean: The average; exact. 0 where nothing was measured, as the others.
        p50: Half took no longer.
        p95: 95 of 100 took no longer.
        p99: 99 of 100 took no longer.
    """

    count: int = 0
    mean: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the jobs of a queue, or of those of one name in it.

    Attributes:
        queue: The queue.
        name: What people call the jobs; None for all of the queue.
        done: Runs that ended well.
        released: Runs after which the job went back.
        failed: Runs after which the job was over without success.
        run: How long runs took.
        wait: How long jobs waited that might have run.
    """

    queue: str
    name: str | None
    done: int
    released: int
    failed: int
    run: Durations
    wait: Durations

    @property
    def count(self) -> int:
        """All runs."""
        return self.done + self.released + self.failed


@dataclass(frozen=True, slots=True)
class Metrics:
    """What workers have measured since a time, by whole minutes.

    Attributes:
        since: The wall time from which on it counts.
        until: The wall time of the question.
        queues: Each queue, by name.
        jobs: Each name of each queue.
        measures: All of it, as stores keep it.
    """

    since: float
    until: float
    queues: Sequence[Summary]
    jobs: Sequence[Summary]
    measures: Sequence[Measure]

    def queue(self, name: str) -> Summary | None:
        """Return what became of the jobs of the queue *name*; None where none ran."""
        return next((one for one in self.queues if one.queue == name), None)

    def per_minute(self, count: int) -> float:
        """Return what *count* comes to in a minute."""
        return count * _MINUTE / max(_MINUTE, self.until - self.since)


def summarize(measures: Sequence[Measure], since: float, until: float) -> Metrics:
    """Return *measures* by queue and by job.

    Example:
        >>> found = summarize([Measure(0, "mail", "Send", Gauge.DONE, 50, 3, 0.03)], 0.0, 60.0)
        >>> found.queues[0].count, found.queues[0].run.mean, found.per_minute(3)
        (3, 0.01, 3.0)
    """
    by_queue: dict[str, list[Measure]] = {}
    by_job: dict[tuple[str, str], list[Measure]] = {}
    for one in measures:
        by_queue.setdefault(one.queue, []).append(one)
        by_job.setdefault((one.queue, one.name), []).append(one)
    return Metrics(
        since,
        until,
        [_summary(queue, None, by_queue[queue]) for queue in sorted(by_queue)],
        [_summary(*key, by_job[key]) for key in sorted(by_job)],
        measures,
    )


def _summary(queue: str, name: str | None, measures: Sequence[Measure]) -> Summary:
    counts = {
        gauge: sum(one.times for one in measures if one.gauge == gauge)
        for gauge in (Gauge.DONE, Gauge.RELEASED, Gauge.FAILED)
    }
    return Summary(
        queue,
        name,
        counts[Gauge.DONE],
        counts[Gauge.RELEASED],
        counts[Gauge.FAILED],
        _durations(one for one in measures if one.gauge != Gauge.WAIT),
        _durations(one for one in measures if one.gauge == Gauge.WAIT),
    )


def _durations(measures: Iterable[Measure]) -> Durations:
    counts: dict[int, int] = {}
    seconds = 0.0
    for one in measures:
        counts[one.bucket] = counts.get(one.bucket, 0) + one.times
        seconds += one.seconds
    total = sum(counts.values())
    if not total:
        return Durations()
    return Durations(
        total, seconds / total, *(_percentile(counts, total, share) for share in (0.5, 0.95, 0.99))
    )


def _percentile(counts: dict[int, int], total: int, share: float) -> float:
    passed = 0
    ordered = sorted(counts)
    for bucket in ordered:
        passed += counts[bucket]
        if passed >= total * share:
            return middle_of(bucket)
    return middle_of(ordered[-1])
