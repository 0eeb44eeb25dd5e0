"""Processes killed between two steps of a run: no job twice, none missing, and locks are free."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.sqlite import SqliteConnection
from securely.schedule.contracts import State
from tests.integration.schedule.towers import SECONDS, Process, Tower
from tests.valkey import Valkey

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(360),
    pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix"),
]

POINTS = ["claimed", "settling", "settled"]


def die(tower: Tower, name: str, point: str, **variables: str) -> None:
    """Run a task, in a process that dies at *point*."""
    tower.tasks = "faults"
    process = tower.start("schedule:trigger", name, TOWER_FAULT=point, **variables)
    assert process.process.wait(SECONDS) == -signal.SIGKILL, process.said()


def cared_for(tower: Tower, **variables: str) -> Process:
    """Let a scheduler find what the dead have left, twice."""
    tower.outlive_leases()
    worker = tower.start(**variables)
    tower.wait_for(lambda: worker.pid in tower.up())
    tower.shift(61.0)  # it looks for them once a minute
    tower.wait_for(lambda: [line.pid for line in tower.lines("cared")].count(worker.pid) >= 2)
    worker.end()
    return worker


@pytest.mark.parametrize("point", POINTS)
def test_a_job_of_another_file_is_queued_once_whenever_its_process_dies(
    tower: Tower, point: str
) -> None:
    die(tower, "push", point, TOWER_PUSH="other")

    cared_for(tower, TOWER_PUSH="other")

    queue = SqliteConnection("other", tower.base / "storage/framework/other")
    assert queue.counts("default").total == 1
    queue.close()
    (run,) = tower.history("push")
    assert run.state is State.DONE
    assert tower.ledger.holders(["push"]) == {}


@pytest.mark.parametrize("point", POINTS)
def test_a_job_of_a_server_is_queued_once_whenever_its_process_dies(
    tower: Tower, valkey: Valkey, point: str
) -> None:
    variables = {"TOWER_PUSH": "arq", "TOWER_SOCKET": valkey.path}
    die(tower, "push", point, **variables)

    cared_for(tower, **variables)

    server = ArqServer("arq", valkey.address, "securely:")
    queue = ArqConnection("arq", server, tower.base / "storage/framework/arq")
    assert queue.counts("default").total == 1
    queue.close()
    (run,) = tower.history("push")
    assert run.state is State.DONE
    assert tower.ledger.holders(["push"]) == {}


@pytest.mark.parametrize("point", POINTS)
def test_a_job_of_a_file_is_queued_once_by_runs_on_a_server(redis_tower: Tower, point: str) -> None:
    die(redis_tower, "push", point, TOWER_PUSH="other")

    cared_for(redis_tower, TOWER_PUSH="other")

    queue = SqliteConnection("other", redis_tower.base / "storage/framework/other")
    assert queue.counts("default").total == 1
    queue.close()
    (run,) = redis_tower.history("push")
    assert run.state is State.DONE
    assert redis_tower.ledger.holders(["push"]) == {}


def test_a_task_in_the_background_ends_though_who_started_it_was_killed(tower: Tower) -> None:
    die(tower, "back", "started")
    tower.go()

    tower.wait_for(lambda: tower.history("back")[0].state is not State.RUNNING)

    (run,) = tower.history("back")
    assert (run.state, run.output) == (State.DONE, "said\n")
    assert len(tower.lines("end")) == 1
    assert tower.ledger.holders(["back"]) == {}
    cared_for(tower)
    assert tower.history("back") == [run]


def test_a_process_of_the_background_that_is_killed_is_lost_and_frees_its_lock(
    tower: Tower,
) -> None:
    tower.tasks = "faults"
    tower.run("schedule:trigger", "back")
    (before,) = tower.history("back")
    assert before.state is State.RUNNING
    assert list(tower.ledger.holders(["back"])) == ["back"]

    os.kill(before.pid, signal.SIGKILL)

    tower.wait_for(lambda: tower.ledger.holders(["back"]) == {})
    cared_for(tower)
    (run,) = tower.history("back")
    assert run.state is State.LOST
    assert f"process {before.pid} on " in run.reason
    assert tower.lines("end") == []


def test_a_process_that_dies_as_it_takes_a_run_over_leaves_it_lost_or_failed(tower: Tower) -> None:
    tower.tasks = "faults"

    tower.start("schedule:trigger", "back", TOWER_FAULT="adopted").process.wait(SECONDS)

    cared_for(tower)
    (run,) = tower.history("back")
    assert run.state in {State.LOST, State.FAILED}
    assert tower.ledger.holders(["back"]) == {}
    # Of its hooks, those of who had started it.
    assert len(tower.lines("end")) <= 1
