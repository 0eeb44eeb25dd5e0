"""Lines: what `schedule:work` and `schedule:run` tell of runs."""

from __future__ import annotations

import io
from datetime import UTC

from securely.console import Output
from securely.schedule.commands.base import Lines
from securely.schedule.contracts import Ending, State
from securely.schedule.schedule import Schedule

NOON = 1_800_000_000


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, text: str, /) -> int:
        raise OSError(28, "No space left on device")


def act() -> None:
    """What the task does."""


def test_what_can_not_be_told_stops_no_task() -> None:
    lines = Lines(Output(Full()), UTC)
    task = Schedule().call(act).name("act")

    lines.ended(task, NOON, Ending(State.DONE), 1.0)
    lines.trouble("the store is locked")
    lines.trouble("")
