"""queue:supervise, supervise:continue, supervise:list, :pause, :status and :terminate."""

from __future__ import annotations

import json
import re
from typing import ClassVar, Final

from securely.console import Command, InvalidInput
from securely.console.output.style import safe
from securely.queue.commands.base import plural, shown_at
from securely.queue.crew.fleet.fleet import Fleet
from securely.queue.crew.fleet.office import MasterState, SupervisorState

__all__ = [
    "ContinueCommand",
    "ListCommand",
    "PauseCommand",
    "StatusCommand",
    "SuperviseCommand",
    "TerminateCommand",
]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Horizon's exit codes of its status.
_CODES: Final = {"running": 0, "terminating": 0, "paused": 1}
_INACTIVE: Final = 2


class SuperviseCommand(Command):
    """Keeps worker processes."""

    signature: ClassVar[str] = """queue:supervise
        {--environment= : The environment whose supervisors are kept; the application's if left out}
        {--name=master : What this master is called: one of a name runs at a time}"""
    description: ClassVar[str] = "Keep as many workers as the configuration asks for"
    help: ClassVar[str] = (
        "SIGTERM or Ctrl-C lets all workers finish their jobs and ends with 0; a second one gives\n"
        "the jobs back. SIGUSR2 pauses, SIGCONT goes on. Workers stop when this process is gone."
    )

    def handle(self, fleet: Fleet) -> int:
        """Keep them until a signal or an order says to end."""
        name = self.string("name")
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f'--name: "{name}" is not made of letters, digits, ".", "_" and "-".'
            )
        environment = self.string("environment") if self.option("environment") else None
        for plan in fleet.plans(environment):
            most = plural(plan.processes_max, "process", "processes")
            self._say(f"{plan.name}: {', '.join(plan.queues)} of {plan.connection}, up to {most}.")
        return fleet.supervise(name, environment, self._say)

    def _say(self, text: str) -> None:
        self.line(f"  {safe(text)}")
        self.output.flush()


class PauseCommand(Command):
    """Lets supervised workers take no more jobs."""

    signature: ClassVar[str] = """supervise:pause
        {supervisor? : Only the workers of this one}"""
    description: ClassVar[str] = "Let the workers of queue:supervise take no more jobs"

    def handle(self, fleet: Fleet) -> int:
        """Ask for it."""
        fleet.pause(_supervisor(self))
        self.info("The workers take no more jobs until supervise:continue.")
        return self.SUCCESS


class ContinueCommand(Command):
    """Lets supervised workers go on."""

    signature: ClassVar[str] = """supervise:continue
        {supervisor? : Only the workers of this one}"""
    description: ClassVar[str] = "Let the workers of queue:supervise go on after supervise:pause"

    def handle(self, fleet: Fleet) -> int:
        """Ask for it."""
        fleet.resume(_supervisor(self))
        self.info("The workers go on.")
        return self.SUCCESS


class TerminateCommand(Command):
    """Ends masters, or one of their supervisors."""

    signature: ClassVar[str] = """supervise:terminate
        {supervisor? : Only the workers of this one}"""
    description: ClassVar[str] = "Let the workers of queue:supervise finish their jobs, and end it"

    def handle(self, fleet: Fleet) -> int:
        """Ask for it."""
        fleet.terminate(_supervisor(self))
        self.info("The workers finish their jobs and stop.")
        return self.SUCCESS


class StatusCommand(Command):
    """Tells whether workers are supervised."""

    signature: ClassVar[str] = """supervise:status
        {--json : Print JSON}"""
    description: ClassVar[str] = "Show whether queue:supervise runs on this machine"

    def handle(self, fleet: Fleet) -> int:
        """Print it; 0 when a master runs, 1 when all are paused, 2 when there is none."""
        living = fleet.masters()
        if self.boolean("json"):
            _print(self, [_record(master) for master in living])
        for master in living if not self.boolean("json") else ():
            workers = plural(sum(one.processes for one in master.supervisors), "worker")
            self.two_column_detail(
                safe(f"{master.name} ({master.environment}, pid {master.pid})"),
                f"{workers}, since {shown_at(master.since)} <info>{master.status}</info>",
            )
        if not living and not self.boolean("json"):
            self.warn("No master runs on this machine. Start one with queue:supervise.")
        return min((_CODES[master.status] for master in living), default=_INACTIVE)


class ListCommand(Command):
    """Lists supervisors."""

    signature: ClassVar[str] = """supervise:list
        {--json : Print JSON}"""
    description: ClassVar[str] = "List the supervisors of queue:supervise and their processes"

    def handle(self, fleet: Fleet) -> int:
        """Print them."""
        living = fleet.masters()
        if self.boolean("json"):
            _print(
                self, [_detail(one) | {"master": m.name} for m in living for one in m.supervisors]
            )
            return self.SUCCESS
        rows = [
            (
                safe(one.name),
                safe(master.name),
                safe(one.connection),
                safe(_shown_pools(one)),
                one.balance,
                one.status,
            )
            for master in living
            for one in master.supervisors
        ]
        if rows:
            headers = ("Supervisor", "Master", "Connection", "Processes", "Balance", "State")
            self.table(headers, rows)
        else:
            self.warn("No master runs on this machine. Start one with queue:supervise.")
        return self.SUCCESS


def _supervisor(command: Command) -> str | None:
    return command.string("supervisor") if command.argument("supervisor") else None


def _print(command: Command, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    command.output.write(text + "\n", raw=True)


def _shown_pools(one: SupervisorState) -> str:
    return ", ".join(f"{','.join(pool.queues)} ({len(pool.pids)})" for pool in one.pools)


def _record(master: MasterState) -> dict[str, object]:
    return {
        "name": master.name,
        "pid": master.pid,
        "environment": master.environment,
        "status": master.status,
        "since": shown_at(master.since),
        "supervisors": [_detail(one) for one in master.supervisors],
    }


def _detail(one: SupervisorState) -> dict[str, object]:
    return {
        "name": one.name,
        "connection": one.connection,
        "status": one.status,
        "balance": one.balance,
        "processes": one.processes,
        "pools": [
            {
                "queues": list(pool.queues),
                "wanted": pool.wanted,
                "pids": list(pool.pids),
                "leaving": list(pool.leaving),
            }
            for pool in one.pools
        ],
    }
