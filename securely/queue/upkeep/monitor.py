"""Monitor: how full queues are, who works on them, and which are busier than they may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from securely.events import Dispatcher
from securely.queue.contracts import Counts, Measured, StoredJob, Workable, WorkerRecord
from securely.queue.events import QueueBusy
from securely.queue.manager import QueueManager
from securely.queue.upkeep.controls import EVERY, is_workable, workable
from securely.queue.upkeep.metrics import Metrics
from securely.support import clock
from securely.support.suggest import did_you_mean

__all__ = ["Limits", "Monitor", "Overview", "Place", "QueueState", "Working", "read_places"]

_LATELY: Final = "5m"  # what throughput is taken over: long enough for a number, and still now
_HELD_MAX = 1000  # jobs in hand that are looked at, per queue, for the workers that hold them


class Place(NamedTuple):
    """A queue of a connection."""

    connection: str
    queue: str


class Limits(NamedTuple):
    """What a queue may come to before it is busy.

    Attributes:
        size: How many jobs it may hold, those that run included; from that many on it is busy.
        age: How many seconds its oldest job may have waited; None for any time.
    """

    size: int
    age: float | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is doing.

    Attributes:
        counts: Its jobs.
        failed: How many jobs of it have failed and are kept.
        age: Seconds that the oldest job has waited which could run; None where none waits.
        is_paused: Whether workers take no jobs of it.
        paused_until: The wall time of the pause's end; None for no end, or where it is not paused.
        is_busy: Whether it is over the limits that were asked for.
        throughput: How many jobs of it ran in a minute, over the last five; None where that is
            not measured, or was not asked for.
    """

    connection: str
    queue: str
    counts: Counts
    failed: int = 0
    age: float | None = None
    is_paused: bool = False
    paused_until: float | None = None
    is_busy: bool = False
    throughput: float | None = None


class Working(NamedTuple):
    """A worker, and what it holds."""

    worker: WorkerRecord
    jobs: Sequence[StoredJob]


@dataclass(frozen=True, slots=True)
class Overview:
    """A connection at one moment.

    Attributes:
        queues: Those that hold jobs, have failed ones, are paused, or are asked for.
        workers: Those that live, each with the jobs of these queues that it holds.
        orphans: Jobs that a worker holds which does not live; others will take them over.
        is_paused: Whether all queues are paused.
        paused_until: The wall time of that pause's end; None for no end.
    """

    connection: str
    queues: Sequence[QueueState]
    workers: Sequence[Working]
    orphans: Sequence[StoredJob]
    is_paused: bool
    paused_until: float | None


class Monitor:
    """Looks at queues.

    Args:
        queues: The connections.
        events: Told of busy queues, where somebody listens.
    """

    def __init__(self, queues: QueueManager, events: Dispatcher) -> None:
        self._queues = queues
        self._events = events

    def overview(self, connection: str, only: str | None = None) -> Overview:
        """Return how *connection* is doing; *only*: one queue of it.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            QueueUnavailable: It cannot be reached, or keeps no jobs.
        """
        queue = self._queues.connection(connection)
        driver = workable(queue.driver)
        pauses = queue.paused()
        failed = Counter(job.queue for job in driver.failed.all(only))
        names = {only} if only else {queue.default_queue, *driver.queues(), *failed, *pauses}
        states = [
            _state(driver, connection, name, failed[name], pauses)
            for name in sorted(names - {EVERY})
        ]
        if isinstance(driver, Measured):
            states = [*_with_throughput(states, queue.metrics(_LATELY))]
        held = [job for one in states if one.counts.reserved for job in _held(driver, one.queue)]
        # Asked after the jobs: a worker that joined in between holds none of them.
        living = [one for one in driver.workers() if only is None or only in one.queues]
        workers = [Working(one, [job for job in held if job.worker == one.id]) for one in living]
        known = {one.id for one in living}
        orphans = [job for job in held if job.worker not in known]
        return Overview(connection, states, workers, orphans, EVERY in pauses, pauses.get(EVERY))

    def watch(self, places: Iterable[Place], limits: Limits) -> list[QueueState]:
        """Return how *places* are doing; QueueBusy is told of each that is over *limits*.

        Raises:
            ConnectionUndefined: The configuration has no such connection.
            QueueUnavailable: It cannot be reached.

        Source: Laravel 13, Illuminate\\Queue\\Console\\MonitorCommand.
        """
        states = [self._watched(place, limits) for place in places]
        for one in states:
            if one.is_busy and self._events.has_listeners(QueueBusy):
                self._events.dispatch(
                    QueueBusy(one.connection, one.queue, one.counts.total, one.age)
                )
        return states

    def nearest(self, place: Place) -> str | None:
        """Return the queue that was probably meant by one that holds no jobs; None without."""
        queue = self._queues.connection(place.connection)
        known = {*self._queues.named_queues(place.connection)}
        if is_workable(queue.driver):
            driver = workable(queue.driver)
            known.update(driver.queues(), driver.paused().keys() - {EVERY})
        return None if place.queue in known else did_you_mean(place.queue, known)

    def _watched(self, place: Place, limits: Limits) -> QueueState:
        counts = self._queues.connection(place.connection).driver.counts(place.queue)
        age = _age(counts)
        is_old = limits.age is not None and age is not None and age >= limits.age
        return QueueState(
            place.connection,
            place.queue,
            counts,
            age=age,
            is_busy=counts.total >= limits.size or is_old,
        )


def read_places(text: str, default: str) -> list[Place]:
    """Read queues as they are written for commands: "redis:default,mail".

    Args:
        text: Queues, each with its connection before a colon, separated by commas.
        default: The connection of those that name none.

    Example:
        >>> read_places("arq:mail, default", "sqlite")
        [Place(connection='arq', queue='mail'), Place(connection='sqlite', queue='default')]
    """
    places: list[Place] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        connection, colon, queue = part.partition(":")
        places.append(Place(connection, queue) if colon else Place(default, part))
    return places


def _state(
    driver: Workable, connection: str, queue: str, failed: int, pauses: Mapping[str, float | None]
) -> QueueState:
    counts = driver.counts(queue)
    ends = [pauses[scope] for scope in (queue, EVERY) if scope in pauses]
    # Two pauses of one queue: the later end counts, and one without end is the latest.
    until = None if None in ends or not ends else max(end for end in ends if end is not None)
    return QueueState(connection, queue, counts, failed, _age(counts), bool(ends), until)


def _with_throughput(states: Iterable[QueueState], metrics: Metrics) -> Iterator[QueueState]:
    for one in states:
        ran = metrics.queue(one.queue)
        yield replace(one, throughput=metrics.per_minute(0 if ran is None else ran.count))


def _held(driver: Workable, queue: str) -> Sequence[StoredJob]:
    return driver.jobs(queue, "reserved", limit=_HELD_MAX)


def _age(counts: Counts) -> float | None:
    since = counts.oldest_pending_at
    return None if since is None else max(0.0, clock.timestamp() - since)
