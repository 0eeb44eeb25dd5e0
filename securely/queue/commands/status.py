"""queue:monitor, queue:status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar, Final

from securely.console import InvalidInput
from securely.console.output.style import safe
from securely.events import Dispatcher
from securely.queue.commands.base import OfConnection, plural, shown_at
from securely.queue.contracts import StoredJob
from securely.queue.crew.report import duration
from securely.queue.manager import QueueManager
from securely.queue.upkeep.controls import workable
from securely.queue.upkeep.monitor import Limits, Monitor, Overview, Place, QueueState, read_places
from securely.support import clock

__all__ = ["MonitorCommand", "StatusCommand"]

NO_TIME: Final = "-"
WATCH_SECONDS: Final = 2.0  # between looks, which cost a read of the store
CLEAR: Final = "\x1b[H\x1b[2J"  # a terminal's cursor to its corner, and nothing below it
NAMES_MAX: Final = 3  # jobs that are named of each worker


class MonitorCommand(OfConnection):
    """Looks whether queues are busier than they may be."""

    signature: ClassVar[str] = """queue:monitor
        {queues : The queues, as in "mail,arq:default"}
        {--max=1000 : How many jobs make a queue busy}
        {--max-age= : How long the oldest job may have waited, as in 60s}
        {--fail : Exit with 1 when a queue is busy}
        {--json : Print JSON}"""
    description: ClassVar[str] = "Tell which queues hold too many jobs, or jobs that are too old"

    def handle(self, queues: QueueManager, events: Dispatcher) -> int:
        """Print how each is doing; QueueBusy is told of each that is busy."""
        monitor = Monitor(queues, events)
        places = read_places(self.string("queues"), queues.default)
        if not places:
            raise InvalidInput('Name queues, as in "mail" or "mail,arq:default".')
        limits = Limits(self.integer("max", 1), self.duration("max-age"))
        for place in places:
            self.warn_of_slip(monitor, place)
        states = monitor.watch(places, limits)
        if self.boolean("json"):
            self.print_json([_record(one) | {"status": _word(one)} for one in states])
        else:
            for one in states:
                self._print(one)
        is_bad = self.boolean("fail") and any(one.is_busy for one in states)
        return self.FAILURE if is_bad else self.SUCCESS

    def _print(self, one: QueueState) -> None:
        word = f"<comment>{_word(one)}</comment>" if one.is_busy else f"<info>{_word(one)}</info>"
        counts = one.counts
        self.two_column_detail(
            safe(f"{one.connection}:{one.queue}"),
            f"{counts.total} ({counts.pending} pending, {counts.delayed} delayed, "
            f"{counts.reserved} reserved), oldest {_shown_age(one)} {word}",
        )


class StatusCommand(OfConnection):
    """Shows how a connection is doing."""

    signature: ClassVar[str] = """queue:status
        {queue? : Only this queue, as in "mail" or "arq:mail", with its first jobs}
        {--limit=20 : How many jobs of that queue}
        {--connection= : The connection; the default one if left out}
        {--watch : Show it again and again, until Ctrl-C}
        {--json : Print JSON}"""
    description: ClassVar[str] = "Show what waits in the queues, and who works on it"

    def handle(self, queues: QueueManager, events: Dispatcher) -> int:
        """Print it."""
        monitor = Monitor(queues, events)
        if (place := self._place(queues)) is not None:
            self.warn_of_slip(monitor, place)
        self._look(queues, monitor)
        while self.boolean("watch"):
            clock.sleep(WATCH_SECONDS)
            if self.output.is_decorated:
                self.output.write(CLEAR, raw=True)
            self._look(queues, monitor)
        return self.SUCCESS

    def _place(self, queues: QueueManager) -> Place | None:
        """Return the queue that the command line names; None for all.

        Raises:
            InvalidInput: It names several.
        """
        if not self.argument("queue"):
            return None
        name = self.string("queue")
        if self.option("connection"):
            return Place(self.connection_name(queues), name)
        places = read_places(name, queues.default)
        if len(places) != 1:
            raise InvalidInput(f'"{name}" is not one queue.')
        return places[0]

    def _look(self, queues: QueueManager, monitor: Monitor) -> None:
        place = self._place(queues)
        name, only = (self.connection_name(queues), None) if place is None else place
        view = monitor.overview(name, only)
        jobs: list[StoredJob] = []
        if only is not None:
            store = workable(queues.connection(name).driver)
            jobs = [*store.jobs(only, limit=self.integer("limit", 1))]
        if self.boolean("json"):
            record = _overview(view) | ({} if only is None else {"jobs": _jobs(jobs)})
            self.print_json(record, is_line=self.boolean("watch"))
        else:
            self._print_queues(view)
            self._print_workers(view)
            self._print_jobs(jobs)
        self.output.flush()

    def _print_queues(self, view: Overview) -> None:
        headers = ("Queue", "Pending", "Delayed", "Reserved", "Failed", "/min", "Oldest", "State")
        rows = [
            (
                safe(one.queue),
                str(one.counts.pending),
                str(one.counts.delayed),
                str(one.counts.reserved),
                str(one.failed),
                NO_TIME if one.throughput is None else f"{one.throughput:.4g}",
                _shown_age(one),
                _shown_pause(one),
            )
            for one in view.queues
        ]
        self.table(headers, rows)

    def _print_workers(self, view: Overview) -> None:
        if not view.workers:
            self.warn("Nobody works on these queues. Start a worker: queue:work")
        for worker, held in view.workers:
            where = f"{worker.pid} on {worker.host}, for {', '.join(worker.queues)}"
            self.two_column_detail(safe(f"Worker {where}"), safe(_names(held) or "idle"))
        if view.orphans:
            self.two_column_detail("With dead workers", safe(_names(view.orphans)))

    def _print_jobs(self, jobs: list[StoredJob]) -> None:
        for job in jobs:
            self.two_column_detail(
                safe(f"{job.uuid} {job.name}"),
                f"{job.state} · {plural(job.attempts, 'attempt')}",
            )


def _names(jobs: Sequence[StoredJob]) -> str:
    names = ", ".join(dict.fromkeys(job.name for job in jobs[:NAMES_MAX]))
    return f"{names} and {len(jobs) - NAMES_MAX} more" if len(jobs) > NAMES_MAX else names


def _word(one: QueueState) -> str:
    return "ALERT" if one.is_busy else "OK"


def _shown_age(one: QueueState) -> str:
    return NO_TIME if one.age is None else duration(one.age)


def _shown_pause(one: QueueState) -> str:
    if not one.is_paused:
        return ""
    return "paused" if one.paused_until is None else f"paused until {shown_at(one.paused_until)}"


def _record(one: QueueState) -> dict[str, object]:
    counts = one.counts
    return {
        "connection": one.connection,
        "queue": one.queue,
        "size": counts.total,
        "pending": counts.pending,
        "delayed": counts.delayed,
        "reserved": counts.reserved,
        "oldest_age": None if one.age is None else round(one.age, 3),
    }


def _overview(view: Overview) -> dict[str, object]:
    return {
        "connection": view.connection,
        "paused": view.is_paused,
        "paused_until": None if view.paused_until is None else shown_at(view.paused_until),
        "queues": [
            _record(one)
            | {
                "failed": one.failed,
                "per_minute": one.throughput,
                "paused": one.is_paused,
                "paused_until": None if one.paused_until is None else shown_at(one.paused_until),
            }
            for one in view.queues
        ],
        "workers": [
            {
                "id": worker.id,
                "pid": worker.pid,
                "host": worker.host,
                "queues": list(worker.queues),
                "since": shown_at(worker.since),
                "jobs": _jobs(held),
            }
            for worker, held in view.workers
        ],
        "orphans": _jobs(view.orphans),
    }


def _jobs(jobs: Sequence[StoredJob]) -> list[dict[str, object]]:
    shown: list[dict[str, object]] = []
    for job in jobs:
        record: dict[str, object] = asdict(job)
        del record["payload"], record["id"]
        record["available_at"] = shown_at(job.available_at)
        shown.append(record)
    return shown
