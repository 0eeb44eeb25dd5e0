"""schedule:test, schedule:trigger."""

from __future__ import annotations

from typing import ClassVar

from securely.schedule.commands.base import Lines, OfSchedule
from securely.schedule.contracts import State
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.support import clock

__all__ = ["TestCommand", "TriggerCommand"]


class _OneTask(OfSchedule):
    """A command that runs one task now."""

    def run_now(self, schedule: Schedule, task: Task, *, is_recorded: bool) -> int:
        """Run *task*, print what it wrote, and return 1 unless it ended well."""
        from securely.schedule.ticking.duty import Duty

        began = clock.monotonic()
        lines = Lines(self.output, schedule.default_zone)
        with Duty.begun() as duty:
            ending = duty.runner.run_now(task, is_recorded=is_recorded)
        if ending.output:
            self.output.write(ending.output.rstrip("\n") + "\n", raw=True)
        lines.ended(task, int(clock.timestamp()), ending, clock.monotonic() - began)
        # One in the background was started; its own process tells how it ends.
        is_well = ending.state in {State.DONE, State.RUNNING}
        return self.SUCCESS if is_well else self.FAILURE


class TestCommand(_OneTask):
    """Runs one task, to see whether it works."""

    __test__ = False  # it is no test of pytest's

    signature: ClassVar[str] = """schedule:test
        {--name= : Which one; asked for if left out}"""
    description: ClassVar[str] = "Run a scheduled task now, whenever it is due, without a record"

    def handle(self, schedule: Schedule) -> int:
        """Run it here, its conditions aside; its hooks are called, and no tick is taken for it."""
        tasks = schedule.tasks()
        if not tasks:
            self.info("No task is scheduled.")
            return self.SUCCESS
        if self.option("name"):
            return self.run_now(schedule, schedule.find(self.string("name")), is_recorded=False)
        by_title = {_title(task): task for task in tasks}
        chosen = self.choose("Which task is to run?", list(by_title))
        return self.run_now(schedule, by_title[chosen], is_recorded=False)


class TriggerCommand(_OneTask):
    """Runs one task now, as if it were due."""

    signature: ClassVar[str] = """schedule:trigger
        {name : Its name, or what schedule:list shows of it}"""
    description: ClassVar[str] = "Run a scheduled task now, as one of its runs"

    def handle(self, schedule: Schedule) -> int:
        """Run it; it stands in the history, and does not run while it may not overlap."""
        return self.run_now(schedule, schedule.find(self.string("name")), is_recorded=True)


def _title(task: Task) -> str:
    """Return what tells *task* from all others."""
    return task.summary if task.summary == task.id else f"{task.summary} [{task.id}]"
