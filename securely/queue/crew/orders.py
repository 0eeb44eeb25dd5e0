"""What a worker was asked to do, and when it is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from securely.queue.contracts import Defaults
from securely.queue.crew.crew import Size

__all__ = ["MEMORY_STATUS", "Facts", "Orders", "Stop", "find_reason"]

MEMORY_STATUS: Final = 12  # Laravel's exit code for a worker over its memory

_WORDS: Final = {
    "empty": "the queue is empty",
    "empty_for": "the queue has been empty for long enough",
    "error": "the worker can not go on",
    "interrupted": "asked to by a signal",
    "maintenance": "the application is in maintenance mode; --force works on",
    "max_jobs": "as many jobs as asked for",
    "max_time": "worked for as long as asked",
    "memory": "a process uses more memory than allowed",
    "once": "nothing came within the time of --sleep",
    "renewed": "the settings have changed; it begins anew",
    "restart_signal": "queue:restart was called",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a worker stops, by Laravel's name for it, and its exit code."""

    reason: str
    status: int = 0

    @property
    def words(self) -> str:
        """The reason as a sentence."""
        return _WORDS[self.reason]


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker was asked to do. Times are seconds, and None is no limit.

    Attributes:
        queues: The queues it serves, the most urgent first.
        size: How many executors, and how busy.
        defaults: What jobs get that say nothing themselves.
        max_jobs: Stop after as many deliveries.
        max_time: Stop when it has worked for this long.
        memory_bytes: Stop when an executor is larger than this.
        sleep: How often an idle worker looks without having been woken.
        rest: How long to wait after each job.
        stop_when_empty: Stop when nothing is due.
        empty_for: Stop when nothing has been due for this long.
        is_once: Stop after one job, or after *sleep* without one.
        grace: How long running jobs may go on after a signal; None for as long as they may run.
        is_forced: Work in maintenance mode too.
        name: What the worker calls itself.
        waits: For how long jobs of which queues may wait before somebody is told.
    """

    queues: tuple[str, ...] = ("default",)
    size: Size = field(default_factory=Size)
    defaults: Defaults = field(default_factory=Defaults)
    max_jobs: int | None = None
    max_time: float | None = None
    memory_bytes: int | None = None
    sleep: float = 1.0
    rest: float = 0.0
    stop_when_empty: bool = False
    empty_for: float | None = None
    is_once: bool = False
    grace: float | None = None
    is_forced: bool = False
    name: str = ""
    waits: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def ends_without_work(self) -> bool:
        """Whether a worker without work is to stop some day, rather than to wait for ever."""
        return self.is_once or self.stop_when_empty or self.empty_for is not None

    @property
    def deliveries_max(self) -> int | None:
        """How many deliveries may be claimed at all."""
        return 1 if self.is_once else self.max_jobs


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when it is asked whether to stop.

    Attributes:
        claimed: Deliveries claimed and not given back.
        is_idle: Nothing is in anybody's hands, and all outcomes are recorded.
        is_dry: The store had nothing more at the last look.
        worked: Seconds since the worker began.
        dry_for: Seconds since it became idle and dry; 0 if it is not.
        memory: The size of the largest executor in bytes.
        is_down: The application is in maintenance mode, and the worker heeds it.
    """

    claimed: int
    is_idle: bool
    is_dry: bool
    worked: float
    dry_for: float
    memory: int
    is_down: bool = False


def find_reason(orders: Orders, facts: Facts) -> Stop | None:
    """Return why a worker with these orders is to stop now, or None."""
    limit = orders.deliveries_max
    rests = facts.is_idle and facts.is_dry
    reasons = (
        ("max_jobs", limit is not None and facts.claimed >= limit and facts.is_idle),
        ("memory", bool(orders.memory_bytes) and facts.memory > (orders.memory_bytes or 0)),
        ("max_time", facts.worked >= _or_never(orders.max_time)),
        ("maintenance", facts.is_down and facts.is_idle and orders.ends_without_work),
        ("empty", rests and orders.stop_when_empty),
        ("empty_for", rests and facts.dry_for >= _or_never(orders.empty_for)),
        ("once", rests and orders.is_once and facts.dry_for >= orders.sleep),
    )
    for reason, holds in reasons:
        if holds:
            return Stop(reason, MEMORY_STATUS if reason == "memory" else 0)
    return None


def _or_never(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds
