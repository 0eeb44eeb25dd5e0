"""queue:metrics."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from securely.console.output.style import safe
from securely.queue.commands.base import OfConnection, shown_at
from securely.queue.crew.report import duration
from securely.queue.manager import QueueManager
from securely.queue.upkeep.metrics import Durations, Metrics, Summary

__all__ = ["MetricsCommand"]

_NOTHING = "-"


class MetricsCommand(OfConnection):
    """Shows what workers have measured."""

    signature: ClassVar[str] = """queue:metrics
        {connection? : The connection; the default one if left out}
        {--queue= : Only this queue}
        {--since=1h : For how long back}
        {--json : Print JSON}"""
    description: ClassVar[str] = "Show how many jobs ran, for how long, and how late"

    def handle(self, queues: QueueManager) -> int:
        """Print it."""
        metrics = self.chosen(queues).metrics(self.duration("since") or 0.0)
        only = self.text("queue")
        if self.boolean("json"):
            self.print_json(_record(metrics, only))
            return self.SUCCESS
        rows = [
            (
                safe(one.queue if one.name is None else f"  {one.name}"),
                str(one.count),
                f"{metrics.per_minute(one.count):.4g}",
                str(one.failed),
                *_shown(one.run),
                *_shown(one.wait)[:2],
            )
            for one in _ordered(metrics, only)
        ]
        if not rows:
            self.warn(f"No job has run since {shown_at(metrics.since)}.")
            return self.SUCCESS
        run, wait = ("p50", "p95", "p99"), ("Wait p50", "p95")
        self.table(("Queue and job", "Runs", "A minute", "Failed", *run, *wait), rows)
        return self.SUCCESS


def _ordered(metrics: Metrics, only: str | None) -> list[Summary]:
    """Return each queue, with its jobs behind it."""
    found: list[Summary] = []
    for queue in metrics.queues:
        if only in {None, queue.queue}:
            found += [queue, *(one for one in metrics.jobs if one.queue == queue.queue)]
    return found


def _shown(one: Durations) -> tuple[str, str, str]:
    if not one.count:
        return (_NOTHING, _NOTHING, _NOTHING)
    return (duration(one.p50), duration(one.p95), duration(one.p99))


def _record(metrics: Metrics, only: str | None) -> dict[str, object]:
    def summary(one: Summary) -> dict[str, object]:
        numbers: dict[str, object] = {
            "queue": one.queue,
            "name": one.name,
            "count": one.count,
            "done": one.done,
            "released": one.released,
            "failed": one.failed,
            "per_minute": round(metrics.per_minute(one.count), 3),
        }
        return numbers | {"run": asdict(one.run), "wait": asdict(one.wait)}

    return {
        "since": shown_at(metrics.since),
        "until": shown_at(metrics.until),
        "queues": [summary(one) for one in metrics.queues if only in {None, one.queue}],
        "jobs": [summary(one) for one in metrics.jobs if only in {None, one.queue}],
    }
