"""schedule:finish."""

from __future__ import annotations

from signal import SIGINT, SIGTERM
from typing import ClassVar

from securely.schedule.commands.base import OfSchedule
from securely.schedule.schedule import Schedule

__all__ = ["FinishCommand"]


class FinishCommand(OfSchedule):
    """Runs a task of the background."""

    signature: ClassVar[str] = """schedule:finish
        {task : The id of the task}
        {at : The tick, in seconds since 1970-01-01 UTC}
        {token : What names the run}"""
    description: ClassVar[str] = "Run a task in the background, and tell how it ended"
    hidden: ClassVar[bool] = True

    def handle(self, schedule: Schedule) -> int:
        """Take the run over from the process that has started this one; exit as the task does."""
        from securely.schedule.running.processes.background import tell_adopted
        from securely.schedule.ticking.duty import Duty

        id_ = self.string("task")
        task = next((each for each in schedule.tasks() if each.id == id_), None)
        if task is None:
            # The application has changed since the run was begun.
            self.fail(f'No scheduled task has the id "{id_}".')
        at, token = self.integer("at"), self.integer("token")
        with Duty.begun() as duty:
            runner = duty.runner
            with self.trapping((SIGTERM, SIGINT), runner.terminate):
                return runner.finish(task, at, token, tell_adopted)
