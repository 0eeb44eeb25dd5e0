"""Meter: what a worker measures of its jobs: how many, for how long, and how long they waited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from math import log2
from typing import Final

from securely.queue.contracts import Charge, Delivery, Gauge, Kind, Measure
from securely.queue.crew.report import Ended
from securely.support import clock

__all__ = ["BUCKETS_PER_DOUBLING", "Meter", "bucket_of", "middle_of"]

BUCKETS_PER_DOUBLING: Final = 4  # a duration is told from one that is a fifth longer
_MICROSECONDS: Final = 1e6  # of a second
_MINUTE: Final = 60.0  # seconds

_GAUGES: Final = {
    Kind.DONE: int(Gauge.DONE),
    Kind.DROP: int(Gauge.DONE),
    Kind.RELEASE: int(Gauge.RELEASED),
    Kind.FAIL: int(Gauge.FAILED),
}
_WAIT: Final = int(Gauge.WAIT)
_LOST: Final = Charge.LOST


def bucket_of(seconds: float) -> int:
    """Return the bucket that *seconds* falls into; all below a microsecond are one.

    Example:
        >>> bucket_of(0.0), bucket_of(0.001), bucket_of(0.0012), bucket_of(60)
        (0, 39, 40, 103)
    """
    microseconds = seconds * _MICROSECONDS
    return int(log2(microseconds) * BUCKETS_PER_DOUBLING) if microseconds > 1 else 0


def middle_of(bucket: int) -> float:
    """Return the seconds that stand for all of *bucket*: a tenth off at most.

    Example:
        >>> round(middle_of(bucket_of(0.02)), 4)
        0.0212
    """
    return float(2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) / _MICROSECONDS)


class Meter:
    """Adds up what happens, until it is written down."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int, int], list[float]] = {}

    def ended(self, ended: Iterable[Ended], stale: Set[int] = frozenset()) -> None:
        """Count runs that have ended; not those that were given back, or whose end counts not."""
        sums = self._sums
        for delivery, outcome, seconds, _, _, _ in ended:
            gauge = _GAUGES.get(outcome.kind)
            if gauge is None or outcome.charge is _LOST or (stale and delivery.id in stale):
                continue
            # In line, here and below: each job of a worker comes by twice.
            microseconds = seconds * _MICROSECONDS
            bucket = int(log2(microseconds) * BUCKETS_PER_DOUBLING) if microseconds > 1 else 0
            key = (delivery.queue, delivery.name, gauge, bucket)
            if (found := sums.get(key)) is None:
                sums[key] = [1, seconds]
            else:
                found[0] += 1
                found[1] += seconds

    def claimed(self, deliveries: Sequence[Delivery], waits: Sequence[float]) -> None:
        """Count how long jobs have waited since they might have run; *waits* is one for each."""
        sums = self._sums
        for delivery, seconds in zip(deliveries, waits, strict=False):
            microseconds = seconds * _MICROSECONDS
            bucket = int(log2(microseconds) * BUCKETS_PER_DOUBLING) if microseconds > 1 else 0
            key = (delivery.queue, delivery.name, _WAIT, bucket)
            waited = seconds if seconds > 0 else 0.0
            if (found := sums.get(key)) is None:
                sums[key] = [1, waited]
            else:
                found[0] += 1
                found[1] += waited

    def take(self) -> list[Measure]:
        """Return what was added up since the last time, as of this minute."""
        sums, self._sums = self._sums, {}
        minute = int(clock.timestamp() // _MINUTE)
        return [
            Measure(minute, *key, int(count), seconds) for key, (count, seconds) in sums.items()
        ]
