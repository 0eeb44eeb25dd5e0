"""Real workers and schedules follow a change, or have it taken back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from securely.support import clock
from tools.source import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

DOCKS = Path(__file__).parent / "docks"
SECONDS = 60
DISPATCH = """
from bootstrap.app import app
from docks_parts import Hold
app.boot()
app.make("bus").dispatch(Hold())
"""


class Docks:
    """The application in a folder, and its processes."""

    def __init__(self, base: Path) -> None:
        shutil.copytree(DOCKS, base, ignore=shutil.ignore_patterns("__pycache__"))
        self.base = base
        (base / ".env").write_text("APP_ENV=local\n")
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        return {**kept, "PYTHONPATH": str(ROOT)}

    def begin(self, *line: str) -> subprocess.Popen[bytes]:
        """Start a command."""
        with (self.base / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "artisan.py", *line],
                cwd=self.base,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start(self, *line: str) -> subprocess.Popen[bytes]:
        """Start a command that follows changes, and wait until it does."""
        before = len(self.sockets())
        process = self.begin(*line)
        self.wait_for(lambda: len(self.sockets()) > before)
        return process

    def output(self) -> str:
        return (self.base / "output").read_text()

    def work(self, *options: str, executors: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until its executors have loaded."""
        before = len(self.seen("executor"))
        process = self.start("queue:work", *options)
        self.wait_for(lambda: len(self.seen("executor")) >= before + executors)
        return process

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "artisan.py", *line],
            cwd=self.base,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def set(self, *line: str) -> tuple[int, dict[str, Any]]:
        """Set something; return the exit code, and what was told as JSON."""
        done = self.run("settings:set", *line, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def hold(self) -> None:
        """Let a worker have a job that runs until :meth:`go`."""
        subprocess.run(
            [sys.executable, "-c", DISPATCH], cwd=self.base, env=self.environment, check=True
        )
        self.wait_for(lambda: self.seen("holds"))

    def go(self) -> None:
        (self.base / "go").touch()

    def seen(self, word: str) -> list[list[str]]:
        """Return the lines of the journal that tell of *word*: pid, word, and what was read."""
        journal = self.base / "journal"
        lines = journal.read_text().splitlines() if journal.exists() else []
        return [line.split() for line in lines if line.split()[1] == word]

    def sockets(self) -> list[str]:
        folder = self.base / "storage/framework/control"
        return [file.name for file in folder.glob("[!.]*")] if folder.exists() else []

    def status(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("settings:hooks", "--json").stdout)[
            "processes"
        ]
        return found

    def history(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.run("settings:history", "--json").stdout)
        return rows

    def commands(self) -> list[str]:
        return [row["command"] for row in self.history()]

    def wait_for(self, holds: Callable[[], object]) -> None:
        real = clock.SystemClock()
        end = real.monotonic() + SECONDS
        while not holds():
            assert real.monotonic() < end, self.output()
            real.sleep(0.02)

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def states(told: Mapping[str, Any]) -> list[str]:
    """Return what came of each process; nothing where the change was taken back."""
    return [one["state"] for one in told.get("processes", [])]


@pytest.fixture
def docks(tmp_path: Path) -> Iterator[Docks]:
    docks = Docks(tmp_path / "docks")
    yield docks
    docks.end()


def test_a_worker_replaces_its_executors(docks: Docks) -> None:
    worker = docks.work("--processes=2", executors=2)

    code, told = docks.set("docks.cranes", "2")

    assert (code, told["revision"]) == (0, 1), told
    assert told.get("processes") == [
        {"pid": worker.pid, "kind": "queue:work", "state": "followed", "reason": ""}
    ]
    new = [line for line in docks.seen("executor") if line[2] == "2"]
    assert len(new) == 3, "One that is a trial, and two that work."
    assert [one["revision"] for one in docks.status()] == [1]
    worker.terminate()
    assert worker.wait(SECONDS) == 0
    assert docks.sockets() == []


def test_a_worker_begins_anew_where_it_must(docks: Docks) -> None:
    worker = docks.work("--name=crane-1")
    before = docks.sockets()

    code, told = docks.set("QUEUE_CONNECTION", "sqlite")

    assert (code, states(told)) == (0, ["followed"]), told
    (status,) = docks.status()
    assert (status["pid"], status["name"], status["revision"]) == (worker.pid, "crane-1", 1)
    assert docks.sockets() != before, "It is another program in the same process."
    docks.hold()
    docks.go()
    docks.wait_for(lambda: docks.seen("held"))
    assert worker.poll() is None


def test_a_worker_lets_its_jobs_end_first(docks: Docks) -> None:
    docks.work()
    docks.hold()

    code, told = docks.set("docks.cranes=2", "SETTINGS_VERIFY_FOR=0.1", "--no-hooks")
    code, told = docks.set("docks.cranes", "3")

    assert (code, states(told)) == (0, ["following"]), told
    assert "follows when its running work is done" in told["notes"][0]
    assert not docks.seen("held")
    docks.go()
    docks.wait_for(lambda: [line for line in docks.seen("executor") if line[2] == "3"][1:])
    assert docks.seen("held")[0][2] == "1", "The job has ended as it had begun."


def test_a_change_that_breaks_workers_is_taken_back(docks: Docks) -> None:
    worker = docks.work()
    schedule = docks.start("schedule:work")
    before = docks.sockets()

    done = docks.run("settings:set", "docks.cranes", "13")

    assert done.returncode == 3, done.stdout + done.stderr
    assert "Revision 1 was taken back by revision 2" in done.stderr
    assert f"queue:work ({worker.pid}) cannot follow" in done.stderr
    assert f"schedule:work ({schedule.pid}) cannot follow" in done.stderr
    assert "nobody works with 13 cranes" in done.stderr
    written, undone = (datetime.fromisoformat(row["at"]) for row in docks.history())
    assert (undone - written).total_seconds() <= 10
    assert (docks.base / ".env").read_text() == "APP_ENV=local\n"
    assert docks.commands()[0] == "set"
    assert docks.commands()[1].startswith("undo 1: queue:work")
    assert docks.sockets() == before, "Nothing was replaced."
    assert {one["revision"] for one in docks.status()} == {2}
    docks.hold()
    docks.go()
    docks.wait_for(lambda: docks.seen("held"))
    assert docks.seen("held")[0][2] == "1"


def test_an_executor_that_began_with_what_is_taken_back_is_replaced(docks: Docks) -> None:
    docks.set("SETTINGS_HOOK_TIMEOUT=5", "--no-hooks")
    docks.work()
    (executor,) = docks.seen("executor")
    setting = docks.begin("settings:set", "docks.cranes", "99")
    docks.wait_for(lambda: docks.seen("stuck"))
    os.kill(int(executor[0]), signal.SIGKILL)

    assert setting.wait(SECONDS) == 3
    docks.hold()
    docks.go()
    docks.wait_for(lambda: docks.seen("held"))
    assert docks.seen("held")[0][2] == "1"


def test_a_schedule_begins_anew(docks: Docks) -> None:
    schedule = docks.start("schedule:work")
    before = docks.sockets()

    code, told = docks.set("docks.cranes", "2")

    assert (code, states(told)) == (0, ["followed"]), told
    assert docks.sockets() != before
    assert [line for line in docks.seen("process") if line[::2] == [str(schedule.pid), "2"]]
    schedule.terminate()
    assert schedule.wait(SECONDS) == 0


def test_what_is_live_changes_in_processes_as_they_are(docks: Docks) -> None:
    worker = docks.work()
    schedule = docks.start("schedule:work")
    before = docks.sockets()

    code, told = docks.set("docks.tide", "high")

    assert code == 0, told
    assert set(states(told)) == {"followed"}, told
    docks.wait_for(lambda: len(docks.seen("heard")) == 3)
    pids = {line[0] for line in docks.seen("heard") if line[2] == "high"}
    assert str(schedule.pid) in pids
    assert docks.seen("executor")[0][0] in pids
    assert docks.sockets() == before
    assert {one["revision"] for one in docks.status()} == {1}
    assert worker.poll() is None


def test_a_process_that_says_nothing_has_the_change_taken_back(docks: Docks) -> None:
    worker = docks.work()
    docks.set("SETTINGS_HOOK_TIMEOUT=0.3", "--no-hooks")
    worker.send_signal(signal.SIGSTOP)

    code, told = docks.set("docks.cranes", "2")

    assert (code, told["undone"]) == (3, 3), told
    assert "did not answer in time" in told["problems"][0]


def test_a_process_that_dies_of_a_change_has_it_taken_back(docks: Docks) -> None:
    worker = docks.work()
    setting = subprocess.Popen(
        [sys.executable, "artisan.py", "settings:set", "docks.cranes", "99", "--json"],
        cwd=docks.base,
        env=docks.environment,
        stdout=subprocess.PIPE,
    )
    docks.wait_for((docks.base / "stuck").exists)
    os.killpg(worker.pid, signal.SIGKILL)

    output, _ = setting.communicate(timeout=SECONDS)

    assert setting.returncode == 3
    told = json.loads(output)
    assert f"({worker.pid}) has ended" in told["problems"][0]
    assert "DOCKS_CRANES" not in (docks.base / ".env").read_text()


def test_a_schedule_beside_a_worker_follows_with_it(docks: Docks) -> None:
    worker = docks.work("--with-schedule")
    docks.wait_for(lambda: len(docks.sockets()) == 2)

    code, told = docks.set("QUEUE_CONNECTION", "sqlite")

    assert code == 0, told
    assert set(states(told)) == {"followed"}, told
    docks.wait_for(lambda: len(docks.sockets()) == 2)
    kinds = {one.get("kind"): one for one in docks.status()}
    assert kinds["queue:work"]["pid"] == worker.pid
    assert kinds["schedule:work"]["attached"] == worker.pid


def test_a_watch_tells_what_an_editor_has_changed(docks: Docks) -> None:
    docks.work()
    watch = docks.begin("settings:watch")
    docks.wait_for(lambda: "Watching" in docks.output())
    (docks.base / ".env").write_text("APP_ENV=local\nDOCKS_CRANES=2\n")

    docks.wait_for(lambda: "1 of 1 processes" in docks.output())

    assert docks.commands() == ["edited by hand"]
    assert [one["revision"] for one in docks.status()] == [1]
    watch.send_signal(signal.SIGTERM)
    assert watch.wait(SECONDS) == 0


def test_a_connection_that_keeps_no_jobs_is_not_followed(docks: Docks) -> None:
    worker = docks.work()

    code, told = docks.set("QUEUE_CONNECTION", "sync")

    assert (code, told["undone"]) == (3, 2), told
    assert "it keeps no jobs that a worker could take" in told["problems"][0]
    assert worker.poll() is None


def test_a_program_is_run_anew_when_a_setting_has_changed(docks: Docks) -> None:
    script = (
        'echo "cranes $DOCKS_CRANES" >> ran; trap "echo ended >> ran; exit 5" TERM; '
        "while :; do sleep 0.05; done"
    )
    running = docks.begin("settings:run", "--watch", "--", "sh", "-c", script)
    ran = docks.base / "ran"
    docks.wait_for(ran.exists)

    docks.run("settings:set", "docks.cranes", "2")
    docks.wait_for(lambda: "cranes 2" in ran.read_text())
    (docks.base / ".env").write_text("DOCKS_CRANES=many\n")
    docks.wait_for(lambda: "is not valid; the program goes on" in docks.output())
    running.terminate()

    assert running.wait(SECONDS) == 5
    assert ran.read_text().splitlines() == ["cranes ", "ended", "cranes 2", "ended"]


def test_what_no_process_can_boot_with_is_mended_by_a_command(docks: Docks) -> None:
    (docks.base / ".env").write_text("APP_ENV=local\nDOCKS_CRANES=13\n")
    assert docks.run("queue:status").returncode == 1

    shown = docks.run("settings:get", "docks.cranes", "--origin")
    done = docks.run("settings:set", "docks.cranes", "2")

    assert (shown.returncode, shown.stdout.split()[0]) == (0, "13")
    assert "nobody works with 13 cranes" in shown.stderr
    assert done.returncode == 0, done.stderr
    assert docks.run("queue:status").returncode == 0
