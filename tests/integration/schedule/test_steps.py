"""A scheduler whose clock is set, whose tasks go wrong, and whose store is ill."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from securely.schedule.contracts import State
from securely.support import clock
from tests.integration.schedule.towers import SECONDS, Process, Tower
from tests.valkey import Valkey

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(360),
    pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix"),
]

HOUR = 3_600
# No file of a scheduler may grow over this; what it says is smaller, its store is larger.
LIMIT = 64 * 1024
# Who did not look for longer than this runs the newest tick alone of those of every second.
ASLEEP_SECONDS = 10


def work(tower: Tower, tasks: str) -> Process:
    tower.tasks = tasks
    worker = tower.start()
    tower.wait_for(lambda: worker.pid in tower.up())
    return worker


def next_hour() -> int:
    """Return when the next hour begins; a test asks once, for hours end while it runs."""
    return int(clock.timestamp() // HOUR + 1) * HOUR


def at_half_past(tower: Tower, hour: int) -> None:
    """Set the clock to half past *hour*."""
    tower.shift(hour + HOUR // 2 - clock.timestamp())


def ran(tower: Tower, name: str) -> list[int]:
    """Return the ticks that a task has run for; none of them twice."""
    ticks = [line.at for line in tower.lines("start") if line.name == name]
    assert len(ticks) == len(set(ticks)), ticks
    return sorted(ticks)


def states(tower: Tower, name: str) -> Counter[State]:
    return Counter(run.state for run in tower.history(name))


def more(tower: Tower, name: str, count: int = 2) -> None:
    """Wait until a task has run so many times more."""
    before = len(ran(tower, name))
    tower.wait_for(lambda: len(ran(tower, name)) >= before + count)


# -- clocks


def test_a_clock_that_goes_an_hour_forth_and_back_runs_nothing_twice(tower: Tower) -> None:
    before = next_hour()
    hour = before + HOUR
    at_half_past(tower, before)
    worker = work(tower, "hours")
    more(tower, "fast")

    at_half_past(tower, hour)
    more(tower, "fast")
    tower.wait_for(lambda: ran(tower, "once") and ran(tower, "all"))
    at_half_past(tower, before)
    more(tower, "fast")
    at_half_past(tower, hour)
    more(tower, "fast")
    worker.end()

    # An hour is no burst of seconds: none is run of those that the clock went over.
    assert _gone_over(tower, hour) == []
    assert ran(tower, "skip") == []
    (skipped,) = tower.history("skip")
    assert (skipped.state, skipped.at) == (State.SKIPPED, hour)
    assert skipped.reason.startswith("missed: ")
    assert ran(tower, "once") == [hour]
    assert ran(tower, "all") == [hour]
    assert states(tower, "fast") == Counter({State.DONE: len(ran(tower, "fast"))})


def test_three_hours_without_a_scheduler_are_caught_up_as_the_task_says(tower: Tower) -> None:
    before = next_hour()
    first, last = before + HOUR, before + 3 * HOUR
    at_half_past(tower, before)
    worker = work(tower, "hours")
    more(tower, "fast")
    worker.kill()

    at_half_past(tower, last)
    worker = work(tower, "hours")
    more(tower, "fast")
    tower.wait_for(lambda: ran(tower, "once") and len(ran(tower, "all")) >= 3)
    worker.end()

    assert ran(tower, "all") == [first, first + HOUR, last]
    assert ran(tower, "once") == [last]
    assert ran(tower, "skip") == []
    assert tower.history("skip") == []  # for all that is known, it is new
    # A host that slept: one tick of seconds, and not ten thousand.
    assert _gone_over(tower, first, last) == []


def _gone_over(tower: Tower, first: int, last: int = 0) -> list[int]:
    """Return what ran of the seconds from an hour to half past it, or half past a later one."""
    # It may have looked at the clock as that was set: so much of it is not counted.
    end = max(first, last) + HOUR // 2 - ASLEEP_SECONDS
    return [at for at in ran(tower, "fast") if first <= at < end]


# -- tasks


def test_tasks_that_go_wrong_change_nothing_for_the_others_and_free_their_locks(
    tower: Tower,
) -> None:
    worker = work(tower, "trouble")
    more(tower, "well", 7)
    # What the last look has shown is perhaps not begun yet, and then it is left to others.
    last = ran(tower, "well")[-1]
    tower.wait_for(lambda: all(_whole(tower, name, last) for name in ("well", "long", "alone")))
    tower.wait_for(lambda: len(ran(tower, "alone")) >= 2)
    worker.end()

    well = _whole(tower, "well", last)
    assert len(well) >= 7
    assert set(well) <= set(ran(tower, "well"))
    # What takes longer than its period runs beside itself, or is skipped with the reason.
    assert states(tower, "long") == Counter({State.DONE: len(ran(tower, "long"))})
    assert _whole(tower, "long", last) == _whole(tower, "alone", last) == well
    _check_alone(tower)
    for name in ("fails", "kept"):
        reasons = _unless_busy(tower, name, State.FAILED)
        assert set(reasons.values()) == {"ValueError: as it was told to"}
    assert ran(tower, "kept") == []
    reasons = _unless_busy(tower, "hooked", State.DONE)
    assert ran(tower, "hooked") == list(reasons)
    assert sorted(line.at for line in tower.lines("after")) == list(reasons)
    assert set(reasons.values()) == {"a hook raised ValueError: as it was told to"}
    for run in tower.history("mute"):
        assert (run.state, run.output) == (State.DONE, "said\n")
        assert run.reason.startswith("its output was not written: ")
    assert tower.ledger.holders(["alone", "fails", "hooked", "kept"]) == {}


def _unless_busy(tower: Tower, name: str, state: State) -> dict[int, str]:
    """Return the reasons by tick; where a loaded machine was late for the next, it skipped."""
    runs = sorted(tower.history(name), key=lambda run: run.at)
    skipped = [run for run in runs if run.state is State.SKIPPED]
    assert all(run.reason.startswith("it still runs, for ") for run in skipped)
    ended = [run for run in runs if run.state is not State.SKIPPED]
    assert {run.state for run in ended} == {state}
    return {run.at: run.reason for run in ended}


def _whole(tower: Tower, name: str, last: int) -> list[int]:
    """Return the ticks of a task from its first to *last*; none while one of them is missing."""
    ticks = sorted(run.at for run in tower.history(name) if run.at <= last)
    return ticks if ticks and ticks == list(range(ticks[0], last + 1)) else []


def _check_alone(tower: Tower) -> None:
    runs = tower.history("alone")
    done = [run for run in runs if run.state is State.DONE]
    assert len(done) >= 2
    lines = [line for line in tower.lines("start", "end") if line.name == "alone"]
    assert [line.event for line in lines] == ["start", "end"] * len(done)
    skipped = [run for run in runs if run.state is State.SKIPPED]
    assert len(skipped) + len(done) == len(runs)
    assert all(run.reason.startswith("it still runs, for ") for run in skipped)


# -- stores


@pytest.mark.skipif(sys.platform != "linux", reason="sets the limits of another process")
def test_a_scheduler_whose_disk_is_full_goes_on_when_there_is_room(tower: Tower) -> None:
    import resource

    worker = work(tower, "calm")
    reader = _grow(tower)
    more(tower, "call")
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (LIMIT, unlimited))
    tower.wait_for(lambda: "no room" in worker.said())
    tower.wait_for(lambda: len(ran(tower, "call")) == _granted(tower, "call"))
    count = len(ran(tower, "call"))
    clock.sleep(1.5)  # that nothing is begun

    assert worker.lives
    assert len(ran(tower, "call")) == count
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    reader.close()
    more(tower, "call", 3)
    _end_calm(tower, worker)


def _granted(tower: Tower, name: str) -> int:
    return sum(run.state is not State.SKIPPED for run in tower.history(name))


def _grow(tower: Tower) -> sqlite3.Connection:
    """Let the log of the store be larger than what is allowed: somebody reads in it."""
    file = tower.base / "storage/framework/queue/jobs.db"
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM jobs").fetchall()
    with tower.queue.database.transaction() as connection:
        connection.execute("INSERT INTO meta VALUES ('large', ?)", ("x" * 4 * LIMIT,))
    assert file.with_name("jobs.db-wal").stat().st_size > LIMIT
    return reader


def test_a_scheduler_whose_server_is_started_anew_goes_on(tmp_path: Path) -> None:
    valkey = Valkey("--appendonly", "yes", "--appendfsync", "always")
    try:
        tower = Tower(tmp_path / "tower", valkey)
        tower.lease = "30"
        worker = work(tower, "calm")
        more(tower, "call")
        valkey.kill()
        tower.wait_for(lambda: "unavailable" in worker.said())
        clock.sleep(1.5)
        valkey.start()
        more(tower, "call", 3)
        _end_calm(tower, worker)
        tower.end()
    finally:
        valkey.end()


def _end_calm(tower: Tower, worker: Process) -> None:
    """End the worker: no tick ran twice, none is open, and each has its job."""
    tower.wait_for(lambda: "The runs can be kept again" in worker.said())
    last = max(run.at for run in tower.history("job"))
    tower.wait_for(lambda: _is_without_gaps(tower, last))
    worker.end()

    # Those of the time without a store ran late: the grace is a minute.
    assert _is_without_gaps(tower, last)
    assert set(states(tower, "call")) <= {State.DONE, State.SKIPPED}
    done = sorted(run.at for run in tower.history("call") if run.state is State.DONE)
    assert ran(tower, "call") == done
    jobs = tower.history("job")
    assert len(tower.uuids()) == sum(run.state is State.DONE for run in jobs)
    assert tower.ledger.holders(["call"]) == {}


def _is_without_gaps(tower: Tower, last: int) -> bool:
    """Whether a job has each tick to *last*, but for those of a time that was too long."""
    ticks = sorted(run.at for run in tower.history("job") if run.at <= last)
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    return all(step == 1 or step >= ASLEEP_SECONDS for step in steps)


def test_a_scheduler_whose_store_cannot_be_made_names_it_and_ends(tower: Tower) -> None:
    tower.tasks = "calm"
    (tower.base / "storage/framework").mkdir(parents=True)
    (tower.base / "storage/framework/queue").touch()

    worker = tower.start()

    assert worker.process.wait(SECONDS) == 1
    assert "storage/framework/queue" in worker.said()
    assert "Traceback" not in worker.said()
    assert tower.lines("start") == []


def test_a_scheduler_whose_members_have_no_place_says_what_to_do(tower: Tower) -> None:
    tower.tasks = "calm"
    (tower.base / "storage/framework/queue").mkdir(parents=True, mode=0o700)
    (tower.base / "storage/framework/queue/schedule").touch()

    worker = tower.start()

    assert worker.process.wait(SECONDS) == 1
    assert "queue/schedule writable for the user that runs this process" in worker.said()
    assert "Traceback" not in worker.said()
    assert tower.lines("start") == []
