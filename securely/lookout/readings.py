"""Readings: the connections, their queues, workers and jobs, as pages show them; only looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, NamedTuple

from securely.exceptions import SecurelyError
from securely.queue.contracts import Gauge, Measured, StoredJob
from securely.queue.crew.fleet.fleet import Fleet
from securely.queue.crew.fleet.office import MasterState
from securely.queue.exceptions import ConnectionUndefined
from securely.queue.manager import QueueManager
from securely.queue.upkeep.controls import is_workable, workable
from securely.queue.upkeep.metrics import Metrics, Summary
from securely.queue.upkeep.monitor import Monitor, Overview, QueueState
from securely.support import clock

__all__ = ["SPANS", "Bar", "ConnectionRow", "JobsPage", "MetricsPage", "QueueRow", "Readings"]

SPANS: Final = {"15m": 15, "1h": 60, "6h": 360, "24h": 1440}
"""How far back metrics are shown: what it is called, and minutes."""

_HOUR: Final = "1h"
# Viewers that look within this time share one look: a store is read so often, however many look.
_SHARED_SECONDS: Final = 1.0
_JOBS_MAX: Final = 50  # jobs of a page
_BARS_MAX: Final = 60  # bars of a chart; those of a longer time stand for several minutes each
_STATES: Final = ("pending", "delayed", "reserved")


class Bar(NamedTuple):
    """Runs of a part of the time that a chart shows.

    Attributes:
        runs: How many ended.
        failed: How many of them were over without success.
        height: In percent of the highest bar.
        failed_height: The part of it for *failed*.
        at: The wall time of its begin.
    """

    runs: int
    failed: int
    height: float
    failed_height: float
    at: float


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue: how it is doing, what ran of it in the last hour, and how many workers serve it."""

    state: QueueState
    ran: Summary | None
    workers: int


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection at one moment.

    Attributes:
        view: Its queues and workers; None where it can not be read.
        queues: Its queues with what ran of them.
        bars: How many jobs ran in each minute of the last hour; empty where that is not measured.
        problem: Why it can not be read; "" where it can.
    """

    name: str
    is_default: bool
    view: Overview | None = None
    queues: Sequence[QueueRow] = ()
    bars: Sequence[Bar] = ()
    problem: str = ""

    @property
    def totals(self) -> dict[str, float]:
        """Jobs of all its queues by state, failed ones, runs in a minute, and workers."""
        states = [row.state for row in self.queues]
        return {
            "pending": sum(one.counts.pending for one in states),
            "delayed": sum(one.counts.delayed for one in states),
            "reserved": sum(one.counts.reserved for one in states),
            "failed": sum(one.failed for one in states),
            "per_minute": sum(one.throughput or 0.0 for one in states),
            "workers": 0 if self.view is None else len(self.view.workers),
        }


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """What workers of a connection have measured; *metrics* is None where it keeps none."""

    span: str
    metrics: Metrics | None
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Jobs of a queue that have not ended; *after*: where the next page begins, None for none."""

    queue: str
    queues: Sequence[str]
    state: str
    jobs: Sequence[StoredJob]
    after: int | None


class Readings:
    """Looks at the connections; each method waits for their stores, so call it in a thread.

    Args:
        queues: The connections.
        fleet: The supervisors of this machine.
        monitor: Looks at queues.
    """

    def __init__(self, queues: QueueManager, fleet: Fleet, monitor: Monitor) -> None:
        self._queues = queues
        self._fleet = fleet
        self._monitor = monitor
        self._lock = Lock()
        self._seen: tuple[float, list[ConnectionRow]] | None = None

    @property
    def default(self) -> str:
        """The connection that is shown when none is named: the default one, if it keeps jobs."""
        names = self.connections()
        return self._queues.default if self._queues.default in names else next(iter(names), "")

    def connections(self) -> list[str]:
        """Return the connections that keep jobs, the default one first; broken ones, too."""
        names = sorted(self._queues.names(), key=lambda name: name != self._queues.default)
        return [name for name in names if self._keeps_jobs(name)]

    def known(self, name: str) -> str:
        """Return *name*, which a visitor has written, if it is a connection that keeps jobs.

        Raises:
            ConnectionUndefined: It is none.
        """
        names = self.connections()
        if name not in names:
            raise ConnectionUndefined(name, names)
        return name

    def overview(self) -> list[ConnectionRow]:
        """Return how all connections are doing; at most one second old."""
        with self._lock:
            now = clock.monotonic()
            if self._seen is None or not 0 <= now - self._seen[0] < _SHARED_SECONDS:
                self._seen = (now, [self._row(name) for name in self.connections()])
            return self._seen[1]

    def masters(self) -> Sequence[MasterState]:
        """Return the masters of this machine, with their supervisors."""
        return self._fleet.masters()

    def metrics(self, connection: str, span: str) -> MetricsPage:
        """Return what the workers of *connection* have measured within *span*, one of SPANS.

        Raises:
            QueueUnavailable: It can not be reached.
        """
        queue = self._queues.connection(connection)
        if not isinstance(queue.driver, Measured):
            return MetricsPage(span, None, ())
        metrics = queue.metrics(span)
        return MetricsPage(span, metrics, _bars(metrics, SPANS[span]))

    def jobs(self, connection: str, queue: str, state: str, after: int) -> JobsPage:
        """Return jobs of *queue* ("": the default one) in *state*; of an unknown one, pending ones.

        Raises:
            QueueUnavailable: The connection can not be reached.
        """
        kept = self._queues.connection(connection)
        driver = workable(kept.driver)
        state = state if state in _STATES else _STATES[0]
        name = queue or kept.default_queue
        found = driver.jobs(name, state, after=after, limit=_JOBS_MAX + 1)
        names = sorted({*driver.queues(), kept.default_queue, name})
        shown = found[:_JOBS_MAX]
        return JobsPage(name, names, state, shown, shown[-1].id if len(found) > _JOBS_MAX else None)

    def _keeps_jobs(self, name: str) -> bool:
        try:
            return is_workable(self._queues.connection(name).driver)
        except SecurelyError:
            return True  # it is shown with what is wrong

    def _row(self, name: str) -> ConnectionRow:
        is_default = name == self._queues.default
        try:
            queue = self._queues.connection(name)
            view = self._monitor.overview(name)
            metrics = queue.metrics(_HOUR) if isinstance(queue.driver, Measured) else None
        except SecurelyError as error:
            return ConnectionRow(name, is_default, problem=str(error))
        rows = [
            QueueRow(
                one,
                None if metrics is None else metrics.queue(one.queue),
                sum(one.queue in working.worker.queues for working in view.workers),
            )
            for one in view.queues
        ]
        bars = () if metrics is None else _bars(metrics, SPANS[_HOUR])
        return ConnectionRow(name, is_default, view, rows, bars)


def _bars(metrics: Metrics, minutes: int) -> list[Bar]:
    """Return the runs of the last *minutes*, in bars of the same length, the oldest first."""
    each = max(1, minutes // _BARS_MAX)
    last = int(metrics.until // 60)
    first = last - minutes + 1
    counts = [[0, 0] for _ in range(minutes // each)]
    for one in metrics.measures:
        place = (one.minute - first) // each
        if one.gauge != Gauge.WAIT and 0 <= place < len(counts):
            counts[place][0] += one.times
            counts[place][1] += one.times if one.gauge == Gauge.FAILED else 0
    highest = max((count for count, _ in counts), default=0) or 1
    return [
        Bar(
            count,
            failed,
            round(100 * count / highest, 1),
            round(100 * failed / highest, 1),
            (first + place * each) * 60.0,
        )
        for place, (count, failed) in enumerate(counts)
    ]
