"""schedule:list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from heapq import merge
from itertools import islice
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from securely.console import InvalidInput
from securely.schedule.commands.base import OfSchedule
from securely.schedule.commands.sheet import Sheet
from securely.schedule.contracts import Holder, Ledger, Run
from securely.schedule.exceptions import LedgerUnavailable
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.support import clock
from securely.support.durations import in_words

__all__ = ["ListCommand"]


class ListCommand(OfSchedule):
    """Shows what is scheduled."""

    signature: ClassVar[str] = """schedule:list
        {--timezone= : Show times by the clock of this time zone; the application's if left out}
        {--environment=* : Only tasks of this environment}
        {--next= : Show the next so many runs of all tasks, in their order}
        {--json : Print JSON}"""
    description: ClassVar[str] = "Show the scheduled tasks, and when they run"

    def handle(self, schedule: Schedule, ledger: Ledger) -> int:
        """Print them; nothing is run."""
        zone = self._zone(schedule)
        tasks = self._chosen(schedule)
        if self.input.was_given("next"):
            return self._print_next(tasks, self.integer("next", 1), zone)
        last, holders = _facts(ledger, tasks)
        if self.boolean("json"):
            self.print_json([_record(task, zone, last, holders) for task in tasks])
            return self.SUCCESS
        if not tasks:
            self.info("No task is scheduled.")
            return self.SUCCESS
        Sheet(self.output, zone).print_tasks(tasks, last, holders)
        self.warn_of_unknown(tasks)
        if _is_paused(ledger):
            self.warn("The schedule is paused: nothing runs until schedule:resume.")
        return self.SUCCESS

    def _zone(self, schedule: Schedule) -> tzinfo:
        if not self.option("timezone"):
            return schedule.default_zone
        name = self.string("timezone")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInput(
                f'--timezone: "{name}" is no time zone; name one as "Europe/Prague".'
            ) from error

    def _chosen(self, schedule: Schedule) -> list[Task]:
        wanted = set(self.strings("environment"))
        if not wanted:
            return schedule.tasks()
        return [
            task
            for task in schedule.tasks()
            if not task.manners.environments or wanted.intersection(task.manners.environments)
        ]

    def _print_next(self, tasks: Sequence[Task], count: int, zone: tzinfo) -> int:
        now = clock.timestamp()
        runs = list(islice(merge(*(_ahead(task, now) for task in tasks), key=_by_time), count))
        if self.boolean("json"):
            self.print_json(
                [
                    {"at": _iso(at, zone), "task": task.id, "summary": task.summary}
                    for at, task in runs
                ]
            )
            return self.SUCCESS
        if not runs:
            self.info("No task is scheduled.")
            return self.SUCCESS
        Sheet(self.output, zone).print_ahead(runs)
        return self.SUCCESS


def _facts(ledger: Ledger, tasks: Sequence[Task]) -> tuple[Mapping[str, Run], Mapping[str, Holder]]:
    """Return the last runs and the locks that are held; nothing where the store cannot be used."""
    try:
        locks = [task.lock for task in tasks if task.lock is not None]
        return ledger.last([task.id for task in tasks]), ledger.holders(locks)
    except LedgerUnavailable:
        return {}, {}


def _is_paused(ledger: Ledger) -> bool:
    try:
        return ledger.is_paused()
    except LedgerUnavailable:
        return False


def _ahead(task: Task, now: float) -> Iterator[tuple[int, Task]]:
    at = task.next_run(now)
    while at is not None:
        yield at, task
        at = task.next_run(at)


def _by_time(run: tuple[int, Task]) -> int:
    return run[0]


def _record(
    task: Task, zone: tzinfo, last: Mapping[str, Run], holders: Mapping[str, Holder]
) -> dict[str, object]:
    at = task.next_run(clock.timestamp())
    run = last.get(task.id)
    return {
        "id": task.id,
        "expression": task.expression_shown,
        "words": task.timing.words(),
        "repeat_seconds": task.repeat_seconds,
        "command": task.summary,
        "description": task.text_description or None,
        "kind": task.action.kind,
        "timezone": task.zone_shown or str(zone),
        "next_due_date": None if at is None else _iso(at, zone),
        "next_due_date_human": None if at is None else f"in {in_words(at - clock.timestamp())}",
        "has_mutex": task.lock in holders,
        "environments": list(task.manners.environments),
        "last_run": None
        if run is None
        else {"state": run.state.value, "at": _iso(run.at, zone), "seconds": run.seconds},
    }


def _iso(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")
