"""Runs of tasks in real processes, of which some are killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from securely.schedule.contracts import Run, State
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[3]
AT = 1_800_000_000
SECONDS = 60


class Desk:
    """The application in its folder, and its processes."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *words: object, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "artisan.py", *map(str, words)],
            cwd=self.base,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), **variables},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def run(self, *words: object, **variables: str) -> Any:
        out, _ = self.start(*words, **variables).communicate(timeout=SECONDS)
        return json.loads(out)

    def wait_for(self, condition: Callable[[], object]) -> None:
        until = clock.monotonic() + SECONDS
        while not condition():
            assert clock.monotonic() < until, self.journal()
            clock.sleep(0.005)

    def pids(self) -> list[int]:
        """Wait for the shell of a slow task and its child, and return their ids."""
        path = self.base / "pids"
        self.wait_for(path.exists)
        return [int(word) for word in path.read_text().split()]

    def wait_until_gone(self, pids: list[int]) -> None:
        self.wait_for(lambda: not any(_is_alive(pid) for pid in pids))

    def journal(self) -> list[str]:
        path = self.base / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def history(self, task: str | None = None) -> list[Run]:
        ledger = SqliteLedger.own("schedule", self.base / "runs", _no_queues)
        try:
            return list(ledger.history(task))
        finally:
            ledger.close()

    def pid_of(self, task: str, at: int) -> int:
        return next(run.pid for run in self.history(task) if run.at == at)

    def last(self, task: str) -> Run:
        return self.history(task)[0]


def _no_queues() -> Any:
    raise AssertionError("no jobs here")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # A zombie that nobody in this container waits for is as good as gone.
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The application."""
    shutil.copy(Path(__file__).parent / "desk" / "artisan.py", tmp_path)
    made = Desk(tmp_path)
    yield made
    (tmp_path / "go").touch()
    for process in made.processes:
        process.kill()
        process.communicate(timeout=SECONDS)
    if (tmp_path / "pids").exists():
        for pid in made.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_command_runs_with_its_output(desk: Desk) -> None:
    ending = desk.run("run", "report", AT)

    assert ending == ["done", 0, f"hello from {desk.base}\n", ""]
    assert (desk.base / "out.log").read_text() == f"hello from {desk.base}\n"
    assert desk.last("report").output == f"hello from {desk.base}\n"
    assert desk.run("run", "report", AT) is None


def test_a_file_that_cannot_be_written_stops_nothing(desk: Desk) -> None:
    state, code, output, reason = desk.run("run", "nowhere", AT)

    assert (state, code, output) == ("done", 0, f"hello from {desk.base}\n")
    assert "missing/out.log" in reason
    assert "reported: FileNotFoundError" in desk.journal()


def test_a_hook_that_raises_frees_the_lock(desk: Desk) -> None:
    desk.run("run", "hooked", AT)
    desk.run("run", "hooked", AT + 60)

    once = ["ScheduledTaskStarting", "before", "ran", "ScheduledTaskFinished"]
    once += ["reported: ZeroDivisionError", "after"]
    assert desk.journal() == once * 2
    assert [run.state for run in desk.history("hooked")] == [State.DONE, State.DONE]


def test_a_scheduler_that_is_killed_takes_its_commands_along(desk: Desk) -> None:
    scheduler = desk.start("run", "slow", AT)
    pids = desk.pids()
    skipped = desk.run("run", "other", AT + 60)
    assert skipped[0] == "skipped"
    assert skipped[3].startswith("it still runs, for ")

    scheduler.kill()
    desk.wait_until_gone(pids)

    assert desk.run("run", "other", AT + 120)[:3] == ["done", 0, "ran\n"]
    desk.run("reap")
    assert desk.last("slow").state is State.LOST
    assert "reported: TaskLost" in desk.journal()


def test_a_run_that_was_lost_is_repeated_where_that_is_wanted(desk: Desk) -> None:
    scheduler = desk.start("run", "again", AT)
    pids = desk.pids()
    scheduler.kill()
    desk.wait_until_gone(pids)

    assert desk.run("reap") == 1

    assert (desk.last("again").state, desk.last("again").output) == (State.DONE, "again\n")
    assert (desk.last("again").at, len(desk.history("again"))) == (AT, 1)


def test_ctrl_c_ends_the_process_and_the_run_has_failed(desk: Desk) -> None:
    scheduler = desk.start("run", "patient", AT)
    desk.wait_for(lambda: "waiting" in desk.journal())

    scheduler.send_signal(signal.SIGINT)

    assert scheduler.wait(SECONDS) == 130
    assert desk.last("patient").state is State.FAILED
    assert "KeyboardInterrupt" in desk.last("patient").reason


def test_a_task_in_the_background_outlives_who_started_it(desk: Desk) -> None:
    ending = desk.run("run", "late", AT)

    assert ending == ["running", None, "", ""]
    assert desk.last("late").state is State.RUNNING
    desk.pids()
    assert desk.journal() == ["ScheduledTaskStarting", "before", "ScheduledTaskFinished"]
    (desk.base / "go").touch()
    desk.wait_for(lambda: "ScheduledTaskFailed" in desk.journal())
    run = desk.last("late")
    assert (run.state, run.exit_code, run.output) == (State.FAILED, 3, "done\n")
    assert desk.journal()[3:] == [
        "after",
        "failed: done",
        "ScheduledBackgroundTaskFinished",
        "reported: TaskFailed",
        "ScheduledTaskFailed",
    ]


def test_a_task_in_the_background_holds_its_lock_until_its_process_dies(desk: Desk) -> None:
    desk.run("run", "late", AT)
    pids = desk.pids()
    assert desk.run("run", "late", AT + 60)[0] == "skipped"

    os.kill(desk.pid_of("late", AT), signal.SIGKILL)
    desk.wait_until_gone(pids)
    desk.run("reap")

    assert [run.state for run in desk.history("late") if run.at == AT] == [State.LOST]


def test_a_task_whose_process_cannot_take_over_has_failed(desk: Desk) -> None:
    (desk.base / "go").touch()
    words = 'os.environ.pop("ONLY_HERE", None) if sys.argv[1:2] == ["schedule:finish"] else None'
    script = desk.base / "artisan.py"
    script.write_text(script.read_text().replace("\nif __name__ ==", f"\n{words}\nif __name__ =="))

    state, code, _, reason = desk.run("run", "hidden", AT, ONLY_HERE="1")

    assert (state, code) == ("failed", None)
    assert 'No scheduled task has the id "hidden".' in reason
    assert desk.last("hidden").state is State.FAILED
