"""Sheet: the tables of the schedule: two lines a task in a terminal, however narrow it is.

In a pipe all texts stay whole, and each task has one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from securely.console.output.style import clipped, plain_width, safe
from securely.console.output.writer import Output, Verbosity, shown_duration
from securely.schedule.commands.base import one_line
from securely.schedule.contracts import Holder, Run, State
from securely.schedule.task import Task
from securely.support import clock
from securely.support.durations import in_words

__all__ = ["Sheet"]

_STATES: Final = {
    State.DONE: "<fg=green>done</>",
    State.FAILED: "<fg=red>failed</>",
    State.RUNNING: "<fg=cyan>running</>",
    State.LOST: "<fg=magenta>lost</>",
    State.SKIPPED: "<fg=yellow>skipped</>",
}

# What a column and its borders take beside what stands in it, with all styles of tables.
_COLUMN: Final = 3
# An expression longer than this is cut: six fields with a list each are no longer.
_EXPRESSION_MAX: Final = 24
# What is left to a task's name at least, though the line gets longer than the terminal.
_TASK_MIN: Final = 16
# The name of a machine, where runs of several are shown.
_HOST_MAX: Final = 16
# Within so many days, the name of a weekday is no other day's.
_WEEK_SECONDS: Final = 6 * 86_400


class Sheet:
    """Draws tables.

    Args:
        output: Where to.
        zone: Whose clock the times are of.
    """

    def __init__(self, output: Output, zone: tzinfo) -> None:
        self._output = output
        self._zone = zone
        self._now = clock.timestamp()
        self._width = output.wrapping_width
        self._is_verbose = output.verbosity >= Verbosity.VERBOSE

    def print_tasks(
        self, tasks: Sequence[Task], last: Mapping[str, Run], locks: Mapping[str, Holder]
    ) -> None:
        """Print what is scheduled."""
        if self._width is None:
            headers = ("Expression", "When", "Task", "Next run", "Last run")
            rows = [self._task_line(task, last.get(task.id), locks) for task in tasks]
            self._output.table(headers, rows)
            return
        expressions = [self._cut(safe(task.expression_shown), _EXPRESSION_MAX) for task in tasks]
        ahead = [self._next_of(task) for task in tasks]
        behind = [self._last_of(last.get(task.id)) for task in tasks]
        others = [_widest(["Expression", *expressions])]
        others += [_widest(["Next run", *ahead]), _widest(["Last run", *behind])]
        room = self._room(others)
        rows4 = [
            (
                f"<fg=yellow>{expression}</>",
                self._name_of(task, room, is_locked=task.lock in locks),
                following,
                previous,
            )
            for task, expression, following, previous in zip(
                tasks, expressions, ahead, behind, strict=True
            )
        ]
        self._print(("Expression", "Task", "Next run", "Last run"), rows4)

    def print_ahead(self, runs: Iterable[tuple[int, Task]]) -> None:
        """Print runs to come, with the instants at which they are due."""
        lines = [
            (self._told(at), in_words(at - self._now), safe(task.summary)) for at, task in runs
        ]
        room = self._room([_widest(line[0] for line in lines), _widest(line[1] for line in lines)])
        rows = [(told, words, self._cut(name, room)) for told, words, name in lines]
        self._print(("At", "In", "Task"), rows)

    def print_runs(self, runs: Sequence[Run]) -> None:
        """Print runs of the past; without their machine where that is always the same one."""
        hosts = [self._cut(safe(run.host), _HOST_MAX) for run in runs]
        has_hosts = self._width is None or len({run.host for run in runs}) > 1
        times = [self._due(run.at) for run in runs]
        took = ["-" if run.seconds is None else shown_duration(run.seconds) for run in runs]
        states = [_STATES[run.state] for run in runs]
        others = [*map(_widest, (["Due", *times], ["State", *states], ["Took", *took]))]
        room = self._room([*others, _widest(["On", *hosts])] if has_hosts else others)
        rows: list[tuple[str, ...]] = []
        for run, due, state, seconds, host in zip(runs, times, states, took, hosts, strict=True):
            name, why = self._cut(safe(run.name), room), safe(one_line(run.reason))
            on = (host,) if has_hosts else ()
            if self._width is None:
                rows.append((due, name, state, seconds, *on, why))
            else:  # why it failed is worth lines of its own, and is not cut
                rows.append((due, f"{name}\n<muted>{why}</muted>" if why else name, state, seconds))
                rows[-1] += on
        headers = ("Due", "Task", "State", "Took", *(("On",) if has_hosts else ()))
        self._print((*headers, "Why") if self._width is None else headers, rows)

    # -- within

    def _print(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._output.table(headers, rows, "default" if self._width is None else "borderless")

    def _room(self, others: Sequence[int]) -> int:
        """Return what is left to the one column that may be cut."""
        if self._width is None:
            return 0
        return max(_TASK_MIN, self._width - sum(others) - _COLUMN * (len(others) + 1) - 1)

    def _cut(self, text: str, columns: int) -> str:
        return text if self._width is None or self._is_verbose else clipped(text, columns)

    def _task_line(self, task: Task, run: Run | None, locks: Mapping[str, Holder]) -> list[str]:
        at = task.next_run(self._now)
        return [
            f"<fg=yellow>{safe(task.expression_shown)}</>",
            _words_of(task),
            self._name_in_line(task, is_locked=task.lock in locks),
            "never" if at is None else self._told(at),
            "-"
            if run is None
            else f"{_STATES[run.state]} {in_words(self._now - run.started_at)} ago",
        ]

    def _name_in_line(self, task: Task, *, is_locked: bool) -> str:
        name = safe(task.summary)
        if task.text_description and self._is_verbose:
            name += f"\n<muted>{safe(task.text_description)}</muted>"
        if self._is_verbose:
            name += f"\n<muted>{safe(task.id)}</muted>"
        return f"{name} <muted>(locked)</muted>" if is_locked else name

    def _name_of(self, task: Task, room: int, *, is_locked: bool) -> str:
        """Return the name, with the time in words below it."""
        words = f"locked, {_words_of(task)}" if is_locked else _words_of(task)
        lines = [self._cut(safe(task.summary), room)]
        lines.append(f"<muted>{self._cut(words, room)}</muted>")
        if task.text_description and self._is_verbose:
            lines.append(f"<muted>{safe(task.text_description)}</muted>")
        if self._is_verbose:
            lines.append(f"<muted>{safe(task.id)}</muted>")
        return "\n".join(lines)

    def _next_of(self, task: Task) -> str:
        at = task.next_run(self._now)
        if at is None:
            return "never"
        return f"in {_short(at - self._now)}\n<muted>{self._shortly(at)}</muted>"

    def _ago(self, run: Run) -> str:
        return f"{in_words(self._now - run.started_at)} ago"

    def _last_of(self, run: Run | None) -> str:
        if run is None:
            return "-"
        return f"{_STATES[run.state]}\n<muted>{_short(self._now - run.started_at)} ago</muted>"

    def _told(self, at: int) -> str:
        return f"{datetime.fromtimestamp(at, self._zone):%a %Y-%m-%d %H:%M:%S}"

    def _due(self, at: int) -> str:
        shape = "%Y-%m-%d %H:%M:%S" if self._width is None else "%m-%d %H:%M:%S"
        return datetime.fromtimestamp(at, self._zone).strftime(shape)

    def _shortly(self, at: int) -> str:
        """Return an instant with what tells it from others: its weekday, or its date."""
        when = datetime.fromtimestamp(at, self._zone)
        if at - self._now > _WEEK_SECONDS:
            return f"{when:%Y-%m-%d}"
        return f"{when:%a %H:%M:%S}" if at % 60 else f"{when:%a %H:%M}"


def _short(seconds: float) -> str:
    """Return a time as short as it can be: "45s", "2h", "12d"."""
    count, unit = in_words(seconds).split()
    return f"{count}{unit[0]}"


def _words_of(task: Task) -> str:
    words = " ".join([task.timing.words(), *(window.shown for window in task.manners.windows)])
    return safe(f"{words} ({task.zone_shown})" if task.zone_shown else words)


def _widest(cells: Iterable[str]) -> int:
    return max((plain_width(line) for cell in cells for line in cell.split("\n")), default=0)
