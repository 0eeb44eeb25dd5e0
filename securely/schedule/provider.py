"""Binds the schedule and the ledger of its runs, and names the commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import partial
from platform import node
from typing import Any, ClassVar, cast

from securely.config import Config
from securely.container import Provider
from securely.schedule.contracts import Ledger
from securely.schedule.schedule import Schedule
from securely.support.paths import Paths

__all__ = ["ScheduleProvider"]


class ScheduleProvider(Provider):
    """Binds the schedule and the ledger of its runs, and names the commands."""

    provides: ClassVar[Mapping[str, type]] = {"schedule": Schedule, "schedule.ledger": Ledger}
    commands: ClassVar[Mapping[str, type | str]] = {
        "schedule:clear-cache": "securely.schedule.commands.control.ClearCacheCommand",
        "schedule:finish": "securely.schedule.commands.finish.FinishCommand",
        "schedule:history": "securely.schedule.commands.history.HistoryCommand",
        "schedule:interrupt": "securely.schedule.commands.control.InterruptCommand",
        "schedule:list": "securely.schedule.commands.list.ListCommand",
        "schedule:pause": "securely.schedule.commands.control.PauseCommand",
        "schedule:resume": "securely.schedule.commands.control.ResumeCommand",
        "schedule:run": "securely.schedule.commands.run.RunCommand",
        "schedule:test": "securely.schedule.commands.test.TestCommand",
        "schedule:trigger": "securely.schedule.commands.test.TriggerCommand",
        "schedule:work": "securely.schedule.commands.work.WorkCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {
        "schedule": "securely.schedule.options.ScheduleOptions"
    }

    def register(self) -> None:
        """Bind the schedule, and the ledger of its runs."""
        self.app.singleton(Schedule, self.schedule)
        self.app.singleton(Ledger, self.ledger)
        # By a name alone: its class needs pydantic, and most minutes need neither.
        self.app.singleton("schedule.options", self.settings)

    def schedule(self, config: Config, paths: Paths) -> Schedule:
        """Return the schedule, with the definitions of `with_schedule` to be called later.

        The configuration is read without its options: they are checked when it changes, and what
        checks them takes longer to import than all that a minute without a task needs.

        Raises:
            InvalidExpression: There is no such time zone.
        """
        schedule = Schedule(
            _zone(config.get("schedule.timezone", None) or config.get("app.timezone", "UTC")),
            paths.base,
            grace_seconds=float(cast("float", config.get("schedule.grace_seconds", 60.0))),
            host=node(),
            has_mailer=lambda: self.app.bound("schedule.mailer") or self.app.bound("mail"),
        )
        # By its name: the application stands above the schedule.
        parts: Any = getattr(self.app, "parts", None)
        for define in getattr(parts, "schedules", ()):
            schedule.define(define)
        if self.app.bound("artisan"):
            # Who lists all commands has run the files of routes, which define tasks.
            artisan: Any = self.app.make("artisan")
            schedule.define(lambda _: artisan.names())
        return schedule

    def settings(self, config: Config) -> object:
        """Return the options of the schedule."""
        from securely.schedule.options import ScheduleOptions

        return config.section("schedule").parse(ScheduleOptions)

    def ledger(self, config: Config, paths: Paths) -> Ledger:
        """Return the ledger in the store of the queue connection that is configured."""
        from securely.queue.manager import QueueManager
        from securely.schedule.manager import ledger_for

        return ledger_for(
            partial(self.app.make, QueueManager),
            self.app.make("schedule.options"),
            paths,
            str(config.get("app.env", "production")),
        )


def _zone(name: object) -> tzinfo:
    if name == "UTC":
        return UTC  # it costs nothing to import
    from securely.schedule.definition.values import zone_of

    return zone_of(name)
