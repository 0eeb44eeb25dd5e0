"""schedule:work, schedule:run and queue:work --with-schedule as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.schedule.contracts import State
from securely.support import clock
from tests.integration.schedule.mills import ROOT, SECONDS, Mill, is_alive
from tests.integration.terminals import CTRL_C, Terminal

pytestmark = [pytest.mark.integration, pytest.mark.timeout(360)]

EVERY_SECOND = """
Schedule.call(note, ["tick"]).name("tick").every_second()
"""
# Runs until the file "go" is there, and writes when it ends.
PATIENT = """
def patient():
    note("begin")
    until("go")
    note("end")

Schedule.call(patient).name("patient").every_second().without_overlapping()
"""
# The same in a process of its own, which also ends when it is asked.
CHILD = """
Schedule.exec("echo begin $$ 0 >> journal; exec sleep 601").name("child").every_second() \\
    .without_overlapping()
"""


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Mill]:
    """The application."""
    made = Mill(tmp_path)
    yield made
    made.close()


def ticks(mill: Mill) -> list[int]:
    """Return the seconds of the ticks that have run, in their order."""
    return sorted(run.at for run in mill.history("tick") if run.state is State.DONE)


def gaps(found: list[int]) -> list[int]:
    """Return the seconds that are missing between the first and the last."""
    return sorted(set(range(found[0], found[-1] + 1)) - set(found))


def without_gaps(mill: Mill, more: int = 0) -> list[int]:
    """Wait until so many more ticks have run and none is missing between, and return all.

    Who is told to end leaves to others what it has not begun: only what is looked at before that
    has no gaps for certain.
    """
    count = len(ticks(mill)) + more
    mill.wait_for(lambda: len(found := ticks(mill)) >= max(count, 1) and not gaps(found))
    return ticks(mill)


def is_waiting(mill: Mill, process: subprocess.Popen[bytes]) -> bool:
    """Whether it was told to end, has heard that, and waits for what it runs."""
    return "Waiting for what still runs" in mill.said(process)


def lateness(mill: Mill) -> list[float]:
    return [run.started_at - run.at for run in mill.history("tick")]


def test_work_runs_ticks_at_their_seconds_and_ends_when_asked(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    working = mill.start("schedule:work")
    without_gaps(mill, 4)
    mill.wait_for(lambda: min(lateness(mill)) < 0.5)  # the machine may be busy now and then

    assert mill.end(working) == 0

    found = ticks(mill)
    assert len(mill.lines("tick")) == len(found)
    assert min(lateness(mill)) >= 0
    said = mill.said(working)
    assert "Running scheduled tasks." in said
    assert said.count("DONE") == len(found)


def test_a_signal_lets_what_runs_end(mill: Mill) -> None:
    mill.define(PATIENT)
    working = mill.start("schedule:work")
    mill.wait_for(lambda: mill.lines("begin"))

    working.send_signal(signal.SIGTERM)
    mill.wait_for(lambda: is_waiting(mill, working))
    clock.sleep(0.5)  # that it does not end
    assert working.poll() is None
    (mill.base / "go").touch()

    assert working.wait(SECONDS) == 0
    assert mill.words() == ["begin", "end"]
    done = [run.state for run in mill.history("patient") if run.state is not State.SKIPPED]
    assert done == [State.DONE]


def test_a_second_signal_ends_the_children(mill: Mill) -> None:
    mill.define(CHILD)
    working = mill.start("schedule:work")
    mill.wait_for(lambda: mill.lines("begin"))
    (line,) = mill.lines("begin")

    working.send_signal(signal.SIGTERM)
    mill.wait_for(lambda: is_waiting(mill, working))
    clock.sleep(0.5)  # that it does not end
    assert is_alive(line.pid)
    assert mill.end(working) == 0

    assert not is_alive(line.pid)
    (run,) = [run for run in mill.history("child") if run.state is not State.SKIPPED]
    assert run.state is State.FAILED


def test_ctrl_c_lets_what_runs_end(mill: Mill) -> None:
    mill.define(PATIENT)
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    with Terminal("artisan.py", "schedule:work", cwd=mill.base, variables=variables) as terminal:
        terminal.expect("Running scheduled tasks.")
        mill.wait_for(lambda: mill.lines("begin"))
        terminal.type(CTRL_C)
        terminal.expect("Waiting for what still runs")
        (mill.base / "go").touch()
        assert terminal.end() == 0

    assert "Traceback" not in terminal.seen
    assert mill.words() == ["begin", "end"]


def test_interrupt_lets_work_begin_anew_with_other_code(mill: Mill) -> None:
    mill.define('Schedule.call(note, ["old"]).name("tick").every_second()')
    working = mill.start("schedule:work")
    mill.wait_for(lambda: mill.lines("old"))

    mill.define('Schedule.call(note, ["new"]).name("tick").every_second()')
    mill.run("schedule:interrupt")
    mill.wait_for(lambda: mill.lines("new"))

    assert mill.lines("new")[0].pid == working.pid  # for the service manager it is the same
    assert mill.end(working) == 0
    assert mill.words() == sorted(mill.words(), reverse=True)
    assert "beginning anew" in mill.said(working)


def test_interrupt_ends_run_in_its_minute(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    running = mill.start("schedule:run")
    mill.wait_for(lambda: mill.lines("tick"))
    minute = int(mill.lines("tick")[0].at) // 60

    mill.run("schedule:interrupt")
    interrupted = clock.timestamp()

    assert running.wait(100) == 0
    is_near_its_end = interrupted > (minute + 1) * 60 - 10
    assert ticks(mill)[-1] < (minute + 1) * 60 - 1 or is_near_its_end


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_cron_starts_it_each_minute_and_no_tick_of_a_second_is_lost(mill: Mill) -> None:
    """The short form, with clocks of its own, stands with the unit tests of the loop."""
    mill.define(EVERY_SECOND)

    running: list[subprocess.Popen[bytes]] = []
    for _ in range(2):
        clock.sleep(60.2 - clock.timestamp() % 60)
        running.append(mill.start("schedule:run"))
    assert [process.wait(100) for process in running] == [0, 0]

    found = ticks(mill)
    assert len(mill.lines("tick")) == len(found) == 120
    assert gaps(found) == []


def test_run_runs_what_is_due_and_exits(mill: Mill) -> None:
    mill.define(
        """
Schedule.call(note, ["minute"]).name("minute").every_minute()
Schedule.exec("echo exec $$ 0 >> journal").name("exec").every_minute()
"""
    )

    mill.run("schedule:run")
    mill.run("schedule:run")

    runs = {(run.task, run.at) for run in mill.history() if run.state is State.DONE}
    assert len(mill.words()) == len(runs)
    assert mill.words()[:2] == ["minute", "exec"]


def both_look(mill: Mill, working: list[subprocess.Popen[bytes]]) -> None:
    """Wait until one leads and the other looks on."""
    mill.wait_for(lambda: all("Running" in mill.said(each) for each in working))
    # What it says is a little before its first look, also where it stands still for some seconds.
    without_gaps(mill, 6)


def test_when_the_leader_is_killed_another_goes_on(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    working = [mill.start("schedule:work", "--standby") for _ in range(2)]
    both_look(mill, working)
    (leader,) = {line.pid for line in mill.lines("tick")}
    (other,) = [each for each in working if each.pid != leader]

    os.kill(leader, signal.SIGKILL)
    count = len(mill.lines("tick"))
    mill.wait_for(lambda: len(mill.lines("tick")) >= count + 3)
    mill.wait_for(lambda: not gaps(sorted({run.at for run in mill.history("tick")})))

    assert {line.pid for line in mill.lines("tick")[count:]} <= {other.pid, leader}
    assert mill.end(other) == 0


def test_when_the_leader_ends_another_goes_on_at_once(mill: Mill) -> None:
    """Also while what the leader runs has not ended yet."""
    mill.define(EVERY_SECOND + PATIENT)
    working = [mill.start("schedule:work", "--standby") for _ in range(2)]
    both_look(mill, working)
    mill.wait_for(lambda: mill.lines("begin"))
    leader_pid = mill.lines("begin")[0].pid
    (leader,) = [each for each in working if each.pid == leader_pid]
    (other,) = [each for each in working if each.pid != leader_pid]

    leader.send_signal(signal.SIGTERM)
    mill.wait_for(lambda: sum(line.pid == other.pid for line in mill.lines("tick")) >= 2)

    assert leader.poll() is None
    without_gaps(mill)
    (mill.base / "go").touch()
    assert leader.wait(SECONDS) == 0
    assert mill.end(other) == 0


# -- beside a worker


def schedule_of(mill: Mill) -> int:
    """Return the process that runs the schedule, once it has run something."""
    mill.wait_for(lambda: mill.lines("tick"))
    return mill.lines("tick")[-1].pid


def test_the_schedule_runs_beside_a_worker_and_ends_with_it(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    worker = mill.start("queue:work", "--with-schedule")
    pid = schedule_of(mill)
    assert pid != worker.pid
    without_gaps(mill, 2)

    assert mill.end(worker) == 0

    assert not is_alive(pid)


def test_a_schedule_that_is_killed_is_started_again(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    worker = mill.start("queue:work", "--with-schedule")
    first = schedule_of(mill)

    os.kill(first, signal.SIGKILL)
    mill.wait_for(lambda: any(line.pid != first for line in mill.lines("tick")))

    assert "schedule:work --standby" in mill.said(worker)
    assert mill.end(worker) == 0
    assert not is_alive(mill.lines("tick")[-1].pid)


def test_the_schedule_dies_with_a_worker_that_is_killed(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    worker = mill.start("queue:work", "--with-schedule")
    pid = schedule_of(mill)

    worker.kill()

    mill.wait_for(lambda: not is_alive(pid))


def test_a_worker_that_ends_lets_scheduled_tasks_end(mill: Mill) -> None:
    mill.define(PATIENT)
    worker = mill.start("queue:work", "--with-schedule")
    mill.wait_for(lambda: mill.lines("begin"))

    worker.send_signal(signal.SIGTERM)
    mill.wait_for(lambda: is_waiting(mill, worker))
    (mill.base / "go").touch()

    assert worker.wait(SECONDS) == 0
    assert mill.words() == ["begin", "end"]


def test_interrupt_beside_a_worker_begins_anew(mill: Mill) -> None:
    mill.define('Schedule.call(note, ["old"]).name("tick").every_second()')
    worker = mill.start("queue:work", "--with-schedule")
    mill.wait_for(lambda: mill.lines("old"))

    mill.define('Schedule.call(note, ["new"]).name("tick").every_second()')
    mill.run("schedule:interrupt")
    mill.wait_for(lambda: mill.lines("new"))

    pid = mill.lines("new")[0].pid
    worker.kill()
    mill.wait_for(lambda: not is_alive(pid))


def test_two_workers_run_each_tick_once(mill: Mill) -> None:
    mill.define(EVERY_SECOND)
    workers = [mill.start("queue:work", "--with-schedule") for _ in range(2)]
    without_gaps(mill, 4)

    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(SECONDS) for worker in workers] == [0, 0]

    assert len(mill.lines("tick")) == len(ticks(mill))
