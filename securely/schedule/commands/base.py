"""OfSchedule: what the commands of the schedule share: which tasks, and the lines about them."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, tzinfo
from typing import Final

from securely.console import Command
from securely.console.artisan import Artisan
from securely.console.output.style import clipped, plain_width, safe
from securely.console.output.writer import Output, shown_duration
from securely.container import current
from securely.schedule.contracts import Ending
from securely.schedule.definition.actions import CommandAction
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task

__all__ = ["Lines", "OfSchedule", "one_line"]

# In a line about a run: what stands beside time, name and ending; and what is left to the name.
_BESIDE_NAMES: Final = 8
_NAME_MIN: Final = 16

_WORDS: Final = {
    "done": "<fg=green;options=bold>DONE</>",
    "failed": "<fg=red;options=bold>FAIL</>",
    "skipped": "<fg=yellow;options=bold>SKIPPED</>",
    "lost": "<fg=magenta;options=bold>LOST</>",
    "running": "<fg=green;options=bold>STARTED</>",
}


class OfSchedule(Command):
    """A command about scheduled tasks."""

    def tasks_here(self, schedule: Schedule) -> list[Task]:
        """Return the tasks of this environment, in the order of their definition.

        Raises:
            InvalidTask: One is defined wrongly.
        """
        environment = str(getattr(current(), "env", "production"))
        return [
            task
            for task in schedule.tasks()
            if not task.manners.environments or environment in task.manners.environments
        ]

    def warn_of_unknown(self, tasks: Iterable[Task]) -> None:
        """Warn of tasks whose artisan command there is not."""
        artisan = current().make(Artisan)
        for task in tasks:
            action = task.action
            if isinstance(action, CommandAction) and not artisan.has(action.name):
                self.warn(f'{task.place}: no artisan command is called "{safe(action.name)}".')

    def print_json(self, value: object) -> None:
        """Print *value* for programs."""
        self.output.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n", raw=True)


class Lines:
    """Tells what happens in a line each: when, what, how long, how it ended.

    Args:
        output: Where to.
        zone: Whose clock the times are of.
        tells_skipped: Whether ticks that do not run are told, too.

    Attributes:
        count: How many it has told of.
    """

    def __init__(self, output: Output, zone: tzinfo, *, tells_skipped: bool = True) -> None:
        self._output = output
        self._zone = zone
        self._tells_skipped = tells_skipped
        self.count: int = 0
        self._mutex = threading.Lock()  # tasks end in threads of their own

    def ended(self, task: Task, at: int, ending: Ending, seconds: float | None = None) -> None:
        """Tell how a run ended, or why a tick was skipped."""
        if ending.state.value == "skipped" and not self._tells_skipped:
            return
        self.count += 1
        when = datetime.fromtimestamp(at, self._zone).strftime("%Y-%m-%d %H:%M:%S")
        is_skipped = ending.state.value == "skipped"
        took = "" if seconds is None or is_skipped else f"<muted>{shown_duration(seconds)}</muted> "
        word = _WORDS[ending.state.value]
        with self._telling():
            name = safe(task.summary)
            if self._output.wrapping_width is not None:
                taken = len(when) + plain_width(took + word) + _BESIDE_NAMES
                name = clipped(name, max(_NAME_MIN, self._output.wrapping_width - taken))
            self._output.two_column_detail(f"<muted>{when}</muted> {name}", f"{took}{word}")
            if ending.reason:
                self._output.line(f"    <muted>{safe(one_line(ending.reason))}</muted>")
            self._output.flush()

    def trouble(self, text: str) -> None:
        """Tell of something that keeps all tasks from running; "" when it is over."""
        with self._telling():
            if text:
                self._output.error(safe(text))
            else:
                self._output.info("The runs can be kept again; the schedule goes on.")
            self._output.flush()

    def waiting(self, names: Sequence[str]) -> None:
        """Tell what still runs, and is waited for before the end."""
        with self._telling():
            shown = ", ".join(safe(name) for name in names)
            self._output.comment(f"Waiting for what still runs: {shown}")
            self._output.flush()

    @contextmanager
    def _telling(self) -> Generator[None]:
        """Tell in lines of its own; a full disk, or a reader that is gone, stops no task."""
        with self._mutex, suppress(OSError, ValueError):  # ValueError: the stream is closed
            yield


def one_line(text: str) -> str:
    """Return the first line of *text* that says something.

    Example:
        >>> one_line("\\n  no room left\\nTraceback")
        'no room left'
    """
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
