"""An application that is a schedule and nothing else, for tests: `python artisan.py run TASK AT`.

run TASK AT     run a tick, and print how it ended
reap            care for the runs of the dead
report WORD     a command to be scheduled
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from securely.container import Container
from securely.events import Dispatcher
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.schedule.options import ScheduleOptions
from securely.schedule.running.life import Means
from securely.schedule.running.processes.background import tell_adopted
from securely.schedule.running.runner import Runner
from securely.schedule.schedule import Schedule
from securely.support import clock
from securely.support.paths import Paths

BASE = Path(__file__).parent
# Writes who runs, and goes on until it is killed or the file "go" is there.
SLOW = "sleep 601 & echo $$ $! > pids.new; mv pids.new pids; until [ -e go ]; do sleep 0.02; done"


def note(word: str) -> None:
    """Write a line into the journal."""
    with (BASE / "journal").open("a") as journal:
        journal.write(f"{word}\n")


def patient() -> None:
    """Wait for what never comes."""
    note("waiting")
    clock.sleep(600.0)


def define(schedule: Schedule) -> None:
    """Define the tasks."""
    schedule.exec(SLOW).name("slow").without_overlapping()
    schedule.exec("echo ran").name("other").create_mutex_name_using("slow").without_overlapping()
    schedule.exec(f"if [ -e second ]; then echo again; else touch second; {SLOW}; fi").name(
        "again"
    ).rerun_when_lost()
    schedule.command("report hello").name("report").append_output_to("out.log")
    schedule.command("report hello").name("nowhere").send_output_to("missing/out.log")
    schedule.call(patient).name("patient").without_overlapping()
    hooked = schedule.exec("echo ran >> journal").name("hooked").without_overlapping()
    hooked.before(lambda: note("before")).after(lambda: 1 / 0).after(lambda: note("after"))
    late = schedule.exec(f"{SLOW}; echo done; exit 3").name("late").run_in_background()
    late.before(lambda: note("before")).after(lambda: note("after"))
    late.on_failure_with_output(lambda output: note(f"failed: {output.strip()}"))
    late.without_overlapping()
    if "ONLY_HERE" in os.environ:
        schedule.exec("true").name("hidden").run_in_background()


class Desk:
    """The parts of the application."""

    def __init__(self) -> None:
        self.schedule = Schedule(UTC, BASE)
        define(self.schedule)
        self.tasks = {task.id: task for task in self.schedule.tasks()}
        paths = Paths(BASE)
        container = Container()
        events = Dispatcher(container)
        events.listen("*", self.hear)
        ledger = SqliteLedger.own("schedule", BASE / "runs", _no_queues)
        self.member = ledger.join()
        self.runner = Runner(
            Means(
                container=container,
                events=events,
                ledger=lambda: ledger,
                member=lambda: self.member,
                find=self.tasks.get,
                options=ScheduleOptions.model_validate({}),
                paths=paths,
                report=self.report,
                warn=lambda text, facts: note(f"warned: {text}"),
            )
        )

    def hear(self, name: str, payload: list[object]) -> None:
        """Note an event."""
        note(type(payload[0]).__name__)

    def report(self, error: BaseException, facts: Mapping[str, object]) -> None:
        """Note an exception."""
        note(f"reported: {type(error).__name__}")


def _no_queues() -> Any:
    raise AssertionError("no jobs here")


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if arguments[0] == "report":
        sys.stdout.write(f"{arguments[1]} from {Path.cwd()}\n")
        return 0
    # A shell has what it starts in the background ignore Ctrl-C, the tests as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    desk = Desk()
    try:
        return answer(desk, arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        desk.runner.close()
        desk.member.leave()


def answer(desk: Desk, arguments: list[str]) -> int:
    """Return the exit code of a command."""
    match arguments:
        case ["run", name, at]:
            ending = desk.runner.run(desk.tasks[name], int(at))
            told = None if ending is None else [ending.state.value, *ending[1:]]
            sys.stdout.write(json.dumps(told) + "\n")
            return 0
        case ["reap"]:
            sys.stdout.write(f"{desk.runner.reap()}\n")
            return 0
        case ["schedule:finish", "--", name, at, token]:
            task = desk.tasks.get(name)
            if task is None:
                sys.stderr.write(f'No scheduled task has the id "{name}".\n')
                return 1
            return desk.runner.finish(task, int(at), int(token), tell_adopted)
        case _:
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
