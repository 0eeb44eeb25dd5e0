"""Clockwork: which ticks are due since the last look, and which were missed.

It decides by wall time alone. A clock that was set back shows ticks again, which their rows in the
ledger refuse; one that was set forward, or a host that slept, shows many at once: those are missed,
and what becomes of them is for the task to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from securely.schedule.cron import Timetable
from securely.schedule.task import Task

__all__ = ["MINUTE", "Clockwork", "Look", "Missed", "Seen", "Tick"]

Seen: TypeAlias = Callable[[Sequence[str], float], Mapping[str, float]]

MINUTE: Final = 60  # seconds

# A process that did not look for longer than this was asleep, or its clock was set: of the ticks
# of a task that is due every few seconds, only the newest is run then, and not hundreds at once.
ASLEEP_SECONDS: Final = 10.0

# Who takes over from another process looks so far back: on Redis, a lease of 30 seconds outlives
# its holder, and nobody leads meanwhile.
TAKEOVER_SECONDS: Final = 35.0

# Of a task that runs all it has missed: more than these are too many to be meant.
CAUGHT_UP_MAX: Final = 1_000


class Tick(NamedTuple):
    """An instant at which a task is due, in whole seconds of wall time."""

    task: Task
    at: int


class Missed(NamedTuple):
    """Ticks of a task that are too late to be run.

    Attributes:
        tick: The newest of them.
        times: How many there were.
    """

    tick: Tick
    times: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the clock has shown.

    Attributes:
        ordered: Ticks of the minute, in the order in which their tasks are defined.
        single: Ticks of tasks that are due every few seconds.
        missed: What is not run any more, newest ticks only.
        looked: What the ledger is to note as looked after until now, each with the id of the task
            of which no tick may be waiting then; "" where that does not matter.
    """

    ordered: Sequence[Tick] = ()
    single: Sequence[Tick] = ()
    missed: Sequence[Missed] = ()
    looked: Mapping[str, str] = field(default_factory=dict[str, str])


class Clockwork:
    """Which ticks of *tasks* are due.

    Args:
        tasks: In the order of their definition.
        grace_seconds: How late a tick may be run, of tasks that say nothing themselves.
        host: The name of this machine, by which jitter is told.
        begins_with_minute: Whether its first look is to show all ticks of the minute, where it is
            late by a few seconds only: who looked before has ended with the minute before.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        grace_seconds: float,
        host: str,
        *,
        begins_with_minute: bool = False,
    ) -> None:
        self._grace = grace_seconds
        self._begins_with_minute = begins_with_minute
        self._delays: dict[str, int] = {task.id: task.delay_on(host) for task in tasks}
        self._fast = [task for task in tasks if task.timing.is_repeated]
        slow = [task for task in tasks if not task.timing.is_repeated]
        # Those that are looked at one by one: they may be due at other times than their ticks.
        self._careful = [task for task in slow if self._is_careful(task)]
        # Those that are not due at the beginning of a minute.
        self._within = [*self._fast, *(task for task in slow if task.timing.is_sub_minute)]
        # A machine that runs a task beside others has missed what it has missed itself.
        self._marks: dict[str, str] = {
            task.id: task.id if task.is_on_one_server else f"{task.id}@{host}"
            for task in self._careful
            if task.manners.catch_up != "skip"
        }
        # Until when anybody looked here: so what was missed while nobody did can be told.
        self._own_mark = f"@{host}"
        self._plain = [task for task in slow if not self._is_careful(task)]
        self._table = Timetable([task.timing for task in self._plain])
        self._order: dict[str, int] = {task.id: number for number, task in enumerate(tasks)}

    @property
    def reach_seconds(self) -> float:
        """For how long after its time a tick may be returned by a look."""
        return max([self._grace, *map(self._grace_of, self._careful + self._fast)])

    def is_awaited(self, now: float, end: float) -> bool:
        """Whether something is due after *now* and before *end*: every few seconds, or delayed."""
        delayed = (task for task in self._careful if self._delays[task.id])
        return any(
            (at := task.timing.next(now - self._delays[task.id])) is not None
            and at + self._delays[task.id] < end
            for task in [*self._within, *delayed]
        )

    def is_too_late(self, tick: Tick, now: float) -> bool:
        """Whether *tick* is not to be run any more."""
        task = tick.task
        if task.manners.catch_up != "skip" and not task.timing.is_repeated:
            return False
        return now - tick.at - self._delays[task.id] >= self._grace_of(task)

    def look(
        self, since: float | None, now: float, seen: Seen, *, stood_by_since: float | None = None
    ) -> Look:
        """Return what is due until *now*; some of it may have been returned before.

        Args:
            since: When it was looked last, as wall time; later than *now* after the clock was set
                back. None for the first look.
            now: Wall time.
            seen: Tells until when tasks that catch up were looked after, and notes it.
            stood_by_since: Since when this process has looked on while another one led, if it
                takes over from that: then all is returned again that is not too late.

        Raises:
            LedgerUnavailable: From *seen*; then nothing is noted, and it can be looked again.
        """
        missed: list[Missed] = []
        ordered: list[Tick] = []
        looked: dict[str, str] = {}
        is_whole = stood_by_since is not None or since is None or since > now
        if is_whole or since is None or since // MINUTE != now // MINUTE:
            marks = seen([*self._marks.values(), self._own_mark], 0.0)
            known = since or marks.get(self._own_mark) or None
            ordered += self._due_plain(now)
            ordered += self._caught_up(now, marks)
            missed = self._missed(known, now)
            looked = {mark: id_ for id_, mark in self._marks.items()} | {self._own_mark: ""}
        ordered += self._due_careful(None if is_whole else since, now)
        ordered.sort(key=lambda tick: (tick.at, self._order[tick.task.id]))
        return Look(ordered, self._due_fast(since, now, stood_by_since), missed, looked)

    def next_at(self, now: float) -> float:
        """Return when to look again: at the next minute, or the next tick before it."""
        found = (now // MINUTE + 1) * MINUTE
        for task in self._within:
            delay = self._delays[task.id]
            at = task.timing.next(now - delay)
            if at is not None:
                found = min(found, at + delay)
        return found

    def _is_careful(self, task: Task) -> bool:
        return (
            task.manners.catch_up != "skip"
            or task.manners.grace_seconds is not None
            or bool(self._delays[task.id])
            or task.timing.is_sub_minute
        )

    def _due_plain(self, now: float) -> list[Tick]:
        """Return what is due in this minute, and in those before that are not too long ago."""
        first = now - self._grace
        due: list[Tick] = []
        for minute in range(int(first // MINUTE) * MINUTE, int(now) + 1, MINUTE):
            for index in self._table.due(minute):
                task = self._plain[index]
                due += [
                    Tick(task, at)
                    for at in task.timing.ticks(minute - 1, min(now, minute + MINUTE - 1))
                    if at > first
                ]
        return due

    def _due_careful(self, since: float | None, now: float) -> list[Tick]:
        due: list[Tick] = []
        for task in self._careful:
            first = now - self._grace_of(task)
            if since is not None:
                first = max(first, since)
            delay = self._delays[task.id]
            due += [Tick(task, at) for at in task.timing.ticks(first - delay, now - delay)]
        return due

    def _caught_up(self, now: float, marks: Mapping[str, float]) -> list[Tick]:
        """Return the ticks that were missed, of tasks that run them all the same."""
        due: list[Tick] = []
        for task in self._careful:
            delay = self._delays[task.id]
            first = now - self._grace_of(task) - delay
            mark = marks.get(self._marks.get(task.id, ""), 0.0)
            if not 0.0 < mark < first + delay:
                continue
            if task.manners.catch_up == "all":
                late = task.timing.ticks(mark - delay, first, CAUGHT_UP_MAX)
            else:  # one that is due by now stands for all that were missed
                newest = task.timing.ticks(mark - delay, now - delay, 1)
                late = [at for at in newest if at <= first]
            due += [Tick(task, at) for at in late]
        return due

    def _missed(self, since: float | None, now: float) -> list[Missed]:
        """Return what is too late since *since*, of tasks that do not catch up."""
        found: list[Missed] = []
        for task in [*self._plain, *self._careful]:
            late = now - self._grace_of(task)
            if since is None or since >= late or task.manners.catch_up != "skip":
                continue
            delay = self._delays[task.id]
            ticks = task.timing.ticks(since - delay, late - delay, CAUGHT_UP_MAX)
            if ticks:
                found.append(Missed(Tick(task, ticks[-1]), len(ticks)))
        return found

    def _grace_of(self, task: Task) -> float:
        return self._grace if task.manners.grace_seconds is None else task.manners.grace_seconds

    def _due_fast(
        self, since: float | None, now: float, stood_by_since: float | None
    ) -> list[Tick]:
        due: list[Tick] = []
        begin, limit = since, CAUGHT_UP_MAX
        if begin is None and self._begins_with_minute and now % MINUTE < ASLEEP_SECONDS:
            begin = now // MINUTE * MINUTE - 1
        elif begin is None or begin > now or now - begin > ASLEEP_SECONDS:
            begin, limit = now - self._grace, 1
        elif stood_by_since is not None:
            # Not farther back than it looked on: before, perhaps nobody led.
            begin = min(begin, max(now - TAKEOVER_SECONDS, stood_by_since))
        for task in self._fast:
            delay = self._delays[task.id]
            first = max(begin, now - self._grace_of(task)) - delay
            due += [Tick(task, at) for at in task.timing.ticks(first, now - delay, limit)]
        due.sort(key=lambda tick: tick.at)
        return due
