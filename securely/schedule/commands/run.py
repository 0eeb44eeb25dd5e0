"""schedule:run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from signal import SIGINT, SIGTERM
from typing import ClassVar

from securely.schedule.commands.base import Lines, OfSchedule
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.schedule.ticking.clockwork import MINUTE, Clockwork
from securely.support import clock

__all__ = ["RunCommand"]


class RunCommand(OfSchedule):
    """Runs what is due in this minute."""

    signature: ClassVar[str] = """schedule:run
        {--whisper : Say nothing when nothing is due}"""
    description: ClassVar[str] = "Run the scheduled tasks that are due"
    help: ClassVar[str] = (
        "For cron, once a minute: * * * * * cd /srv/app && python artisan.py schedule:run\n"
        "A task that is due every few seconds is run until the minute ends. Twice in one minute\n"
        "is no harm: what was started is not started again."
    )

    def handle(self, schedule: Schedule) -> int:
        """Run them; a task that fails changes nothing about the exit code."""
        tasks = self.tasks_here(schedule)
        now = clock.timestamp()
        end = (now // MINUTE + 1) * MINUTE
        if not self._is_any_due(schedule, tasks, now, end):
            if not self.boolean("whisper"):
                self.info("No scheduled task is due.")
            return self.SUCCESS
        self._run(schedule, tasks, end)
        return self.SUCCESS

    def _is_any_due(
        self, schedule: Schedule, tasks: Sequence[Task], now: float, end: float
    ) -> bool:
        """Return whether there is anything to open the ledger for; most minutes there is not."""
        if any(task.manners.catch_up != "skip" for task in tasks):
            return True
        clockwork = Clockwork(tasks, schedule.grace_seconds, schedule.host)
        found = clockwork.look(None, now, _nobody)
        return bool(found.ordered or found.single) or clockwork.is_awaited(now, end)

    def _run(self, schedule: Schedule, tasks: Sequence[Task], end: float) -> None:
        from securely.schedule.ticking.duty import Duty
        from securely.schedule.ticking.loop import Loop

        lines = Lines(self.output, schedule.default_zone)
        with Duty.begun() as duty:
            # It is over once nothing more is due in this minute.
            loop = Loop(tasks, duty.runner, duty.ledger, duty.member, lines, duty.options, end=end)
            with self.trapping((SIGTERM, SIGINT), duty.stopping(loop)):
                loop.work()
        if not lines.count and not self.boolean("whisper"):
            self.info("What is due was started already, here or elsewhere.")


def _nobody(tasks: Sequence[str], now: float) -> Mapping[str, float]:
    return {}
