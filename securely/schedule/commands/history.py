"""schedule:history."""

from __future__ import annotations

from typing import ClassVar

from securely.console.output.style import safe
from securely.console.output.writer import Verbosity
from securely.schedule.commands.base import OfSchedule
from securely.schedule.commands.sheet import Sheet
from securely.schedule.contracts import Ledger, Run
from securely.schedule.schedule import Schedule

__all__ = ["HistoryCommand"]


class HistoryCommand(OfSchedule):
    """Shows the last runs."""

    signature: ClassVar[str] = """schedule:history
        {task? : Only the runs of this task}
        {--limit=20 : How many at most}
        {--json : Print JSON}"""
    description: ClassVar[str] = (
        "Show the last runs of scheduled tasks, and those that were skipped"
    )
    help: ClassVar[str] = "With -v, what each run has written is shown, too."

    def handle(self, schedule: Schedule, ledger: Ledger) -> int:
        """Print them, the newest first."""
        task = schedule.find(self.string("task")) if self.argument("task") else None
        runs = ledger.history(None if task is None else task.id, self.integer("limit", 1))
        if self.boolean("json"):
            self.print_json([_record(run) for run in runs])
            return self.SUCCESS
        if not runs:
            self.info("Nothing has run yet.")
            return self.SUCCESS
        Sheet(self.output, schedule.default_zone).print_runs(runs)
        if self.output.verbosity >= Verbosity.VERBOSE:
            for run in runs:
                self._print_output(run)
        return self.SUCCESS

    def _print_output(self, run: Run) -> None:
        if run.output:
            self.line(f"<muted>--- {safe(run.name)}, process {run.pid} on {safe(run.host)}</muted>")
            for line in run.output.splitlines():
                self.line(safe(line))


def _record(run: Run) -> dict[str, object]:
    return {
        "task": run.task,
        "name": run.name,
        "due_at": run.at,
        "state": run.state.value,
        "host": run.host,
        "pid": run.pid,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": run.seconds,
        "exit_code": run.exit_code,
        "reason": run.reason,
        "output": run.output,
    }
