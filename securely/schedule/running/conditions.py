"""Conditions: whether a task that is due runs, and if not, why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from securely.container import Container
from securely.schedule.contracts import Ledger
from securely.schedule.definition.manners import Condition
from securely.schedule.running.hooks import Report
from securely.schedule.task import Task
from securely.support.awaiting import answered

__all__ = ["Conditions"]


class Conditions:
    """Asks what decides whether a task runs; conditions are injected, and sync or async.

    Args:
        container: Gives conditions what they ask for; it knows of the maintenance mode, and is
            asked for the environment.
        ledger: Gives the ledger, which knows of the pause.
        report: Told of a condition that raises.
    """

    def __init__(self, container: Container, ledger: Callable[[], Ledger], report: Report) -> None:
        self._container = container
        self._ledger = ledger
        self._report = report

    def is_for_here(self, task: Task) -> bool:
        """Return whether *task* belongs to this environment."""
        if not task.manners.environments:
            return True
        return str(getattr(self._container, "env", "production")) in task.manners.environments

    def refusal(self, task: Task) -> str | None:
        """Return why *task* does not run, for people; None if it does.

        Raises:
            LedgerUnavailable: Nobody knows whether the schedule is paused.
        """
        if not task.manners.runs_in_maintenance and self._is_down():
            return "the application is in maintenance mode"
        if not task.manners.runs_when_paused and self._ledger().is_paused():
            return "the schedule is paused"
        wanted = [(condition, True) for condition in task.filters]
        wanted += [(condition, False) for condition in task.manners.rejects]
        # In a context of their own: what they add to the log's fields is gone with them.
        return copy_context().run(self._first_failing, task, wanted) if wanted else None

    def _is_down(self) -> bool:
        # By its name: the application stands above the schedule, and need not be there.
        if not self._container.bound("maintenance"):
            return False
        service: Any = self._container.make("maintenance")
        return bool(service.is_active)

    def _first_failing(
        self, task: Task, conditions: Sequence[tuple[Condition, bool]]
    ) -> str | None:
        with self._container.scope():
            for condition, wanted in conditions:
                if reason := self._failing(task, condition, wanted=wanted):
                    return reason
        return None

    def _failing(self, task: Task, condition: Condition, *, wanted: bool) -> str | None:
        """Return why *condition* keeps the task from running; None where it does not."""
        try:
            answer = answered(self._container.call(condition.call, overrides={Task: task}))
        except (Exception, SystemExit) as error:
            self._report(error, {"task": task.summary, "in": "a condition"})
            return f"a condition raised {type(error).__name__}: {error}"
        return None if bool(answer) is wanted else condition.words
