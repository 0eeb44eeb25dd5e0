"""A scheduler whose clock is set, whose tasks go wrong, and whose store is ill."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from securely.schedule.contracts import Run, State
from securely.support import clock
from tests.integration.schedule.towers import Process, Tower
from tests.valkey import Valkey

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix"),
]

HOUR = 3_600
# No file of a scheduler may grow over this; what it says is smaller, its store is larger.
LIMIT = 64 * 1024


def work(tower: Tower, tasks: str) -> Process:
    tower.tasks = tasks
    worker = tower.start()
    tower.wait_for(lambda: worker.pid in tower.up())
    return worker


def at_half_past(tower: Tower, hours: int) -> float:
    """Set the clock to half past, *hours* after this one, and return what was added."""
    now = clock.timestamp()
    added = (now // HOUR + hours + 0.5) * HOUR - now
    tower.shift(added)
    return added


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
    at_half_past(tower, 1)
    worker = work(tower, "hours")
    more(tower, "fast")

    at_half_past(tower, 2)
    more(tower, "fast")
    ahead = ran(tower, "fast")
    at_half_past(tower, 1)
    more(tower, "fast")
    at_half_past(tower, 2)
    more(tower, "fast")
    worker.end()

    hour = int(clock.timestamp() // HOUR + 2) * HOUR
    # An hour is no burst of seconds: besides the first tick of each look, all are new seconds.
    assert len(ahead) < 30
    assert ran(tower, "skip") == []
    (skipped,) = tower.history("skip")
    assert (skipped.state, skipped.at) == (State.SKIPPED, hour)
    assert skipped.reason.startswith("missed: ")
    assert ran(tower, "once") == [hour]
    assert ran(tower, "all") == [hour]
    assert states(tower, "fast") == Counter({State.DONE: len(ran(tower, "fast"))})


def test_three_hours_without_a_scheduler_are_caught_up_as_the_task_says(tower: Tower) -> None:
    at_half_past(tower, 1)
    worker = work(tower, "hours")
    more(tower, "fast")
    worker.kill()

    at_half_past(tower, 4)
    worker = work(tower, "hours")
    more(tower, "fast")
    worker.end()

    first = int(clock.timestamp() // HOUR + 2) * HOUR
    assert ran(tower, "all") == [first, first + HOUR, first + 2 * HOUR]
    assert ran(tower, "once") == [first + 2 * HOUR]
    assert ran(tower, "skip") == []
    assert tower.history("skip") == []  # for all that is known, it is new
    # A host that slept: one tick of seconds, and not ten thousand.
    assert len(ran(tower, "fast")) < 60


# -- tasks


def test_tasks_that_go_wrong_change_nothing_for_the_others_and_free_their_locks(
    tower: Tower,
) -> None:
    worker = work(tower, "trouble")
    more(tower, "well", 7)
    worker.end()

    well = ran(tower, "well")
    assert well == list(range(well[0], well[-1] + 1))
    # What takes longer than its period runs beside itself, or is skipped with the reason.
    assert states(tower, "long") == Counter({State.DONE: len(well)})
    assert ran(tower, "long") == well
    alone = {run.at: run for run in tower.history("alone")}
    assert set(well) <= set(alone)
    _check_alone(list(alone.values()))
    for name in ("fails", "kept"):
        reasons = _unless_busy(tower, name, State.FAILED)
        assert set(reasons.values()) == {"ValueError: as it was told to"}
    assert ran(tower, "kept") == []
    reasons = _unless_busy(tower, "hooked", State.DONE)
    assert ran(tower, "hooked") == list(reasons)
    assert [line.at for line in tower.lines("after")] == list(reasons)
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


def _check_alone(runs: list[Run]) -> None:
    done = sorted(run.at for run in runs if run.state is State.DONE)
    assert len(done) >= 2
    assert all(later - earlier >= 2 for earlier, later in pairwise(done))
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
    clock.sleep(2.5)
    count = len(ran(tower, "call"))
    clock.sleep(1.5)

    assert worker.lives
    assert len(ran(tower, "call")) == count
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    reader.close()
    more(tower, "call", 3)
    worker.end()

    assert "The runs can be kept again" in worker.said()
    _check_calm(tower)


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
        worker.end()

        assert "The runs can be kept again" in worker.said()
        _check_calm(tower)
        tower.end()
    finally:
        valkey.end()


def _check_calm(tower: Tower) -> None:
    """No tick ran twice, none is open, and each has its job."""
    assert set(states(tower, "call")) <= {State.DONE, State.SKIPPED}
    done = sorted(run.at for run in tower.history("call") if run.state is State.DONE)
    assert ran(tower, "call") == done
    jobs = tower.history("job")
    assert len(tower.uuids()) == sum(run.state is State.DONE for run in jobs)
    # Those of the time without a store ran late: the grace is a minute.
    ticks = sorted(run.at for run in jobs)
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    assert tower.ledger.holders(["call"]) == {}


def test_a_scheduler_whose_store_cannot_be_made_names_it_and_ends(tower: Tower) -> None:
    tower.tasks = "calm"
    (tower.base / "storage/framework").mkdir(parents=True)
    (tower.base / "storage/framework/queue").touch()

    worker = tower.start()

    assert worker.process.wait(30) == 1
    assert "storage/framework/queue" in worker.said()
    assert "Traceback" not in worker.said()
    assert tower.lines("start") == []


def test_a_scheduler_whose_members_have_no_place_says_what_to_do(tower: Tower) -> None:
    tower.tasks = "calm"
    (tower.base / "storage/framework/queue").mkdir(parents=True, mode=0o700)
    (tower.base / "storage/framework/queue/schedule").touch()

    worker = tower.start()

    assert worker.process.wait(30) == 1
    assert "queue/schedule writable for the user that runs this process" in worker.said()
    assert "Traceback" not in worker.said()
    assert tower.lines("start") == []
