"""schedule:pause, schedule:resume, schedule:interrupt, schedule:clear-cache."""

from __future__ import annotations

from typing import ClassVar

from securely.events import Dispatcher
from securely.schedule.commands.base import OfSchedule
from securely.schedule.contracts import Ledger
from securely.schedule.events import SchedulePaused, ScheduleResumed
from securely.schedule.schedule import Schedule

__all__ = ["ClearCacheCommand", "InterruptCommand", "PauseCommand", "ResumeCommand"]


class PauseCommand(OfSchedule):
    """Lets no task run."""

    signature: ClassVar[str] = "schedule:pause"
    description: ClassVar[str] = "Let no scheduled task run, on any machine"

    def handle(self, ledger: Ledger, events: Dispatcher) -> int:
        """Pause until `schedule:resume`."""
        ledger.pause()
        events.dispatch(SchedulePaused())
        self.info("No scheduled task runs until schedule:resume; what runs now goes on.")
        return self.SUCCESS


class ResumeCommand(OfSchedule):
    """Lets tasks run again."""

    signature: ClassVar[str] = "schedule:resume"
    description: ClassVar[str] = "Let scheduled tasks run again"

    def handle(self, ledger: Ledger, events: Dispatcher) -> int:
        """End the pause."""
        if not ledger.resume():
            self.comment("The schedule was not paused.")
            return self.SUCCESS
        events.dispatch(ScheduleResumed())
        self.info("Scheduled tasks run again, from their next times on.")
        return self.SUCCESS


class InterruptCommand(OfSchedule):
    """Tells those who look at the clock to stop, or to begin anew."""

    signature: ClassVar[str] = "schedule:interrupt"
    description: ClassVar[str] = "End what runs tasks of seconds; let schedule:work begin anew"
    help: ClassVar[str] = (
        "After a deployment: schedule:run ends in the middle of its minute, and schedule:work\n"
        "begins anew with the code as it is then. Tasks that run are not cut off."
    )

    def handle(self, ledger: Ledger) -> int:
        """Tell them."""
        ledger.interrupt()
        self.info("Those who look at the clock stop, or begin anew, when what they run has ended.")
        return self.SUCCESS


class ClearCacheCommand(OfSchedule):
    """Frees the locks of tasks that may not overlap."""

    signature: ClassVar[str] = """schedule:clear-cache
        {name? : The task whose lock is freed; all if left out}"""
    description: ClassVar[str] = "Free the locks of scheduled tasks that may not overlap"

    def handle(self, schedule: Schedule, ledger: Ledger) -> int:
        """Free them, whoever holds them."""
        named = self.argument("name")
        tasks = [schedule.find(self.string("name"))] if named else schedule.tasks()
        locks = sorted({task.lock for task in tasks if task.lock is not None})
        freed = ledger.free(locks) if locks else 0
        if not freed:
            self.comment("No lock was held.")
        else:
            self.info(f"{freed} {'lock was' if freed == 1 else 'locks were'} freed.")
        return self.SUCCESS
