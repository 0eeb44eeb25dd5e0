"""Processes are killed: executors, supervisors, all of a machine; nothing accepted is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.job import Extras
from securely.support import clock, entropy

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

STORMED = 4  # workers of a storm
# Who stands still on a busy machine for a few seconds keeps it.
LEASE_SECONDS = 5.0


@pytest.fixture
def over(depot: Any) -> Path:
    """The file that jobs of the class Until wait for."""
    return Path(depot.path / "over")


def stop(*workers: Any) -> None:
    for worker in workers:
        worker.process.send_signal(signal.SIGTERM)
    for worker in workers:
        assert worker.wait() == 0, worker.output.read_text()


def test_kill_of_an_executor_charges_what_ran_and_loses_nothing(
    depot: Any, jobs: Any, over: Path
) -> None:
    depot.push(jobs.Until("long", str(over)), *(jobs.Work(str(n)) for n in range(20)))
    worker = depot.start()
    depot.wait_for(lambda: depot.tags("start") == ["long"])

    os.kill(worker.executors()[0], signal.SIGKILL)
    over.touch()
    depot.wait_for(lambda: len(depot.tags("end")) == 21)
    stop(worker)

    assert depot.tags("start").count("long") == 2
    (long,) = [job for job in worker.jobs() if job["attempt"] == 2]
    assert long["status"] == "done"
    depot.assert_nothing_is_left()


def test_a_job_that_kills_its_executors_is_failed_and_the_others_run(depot: Any, jobs: Any) -> None:
    depot.push(jobs.Poison("p"), *(jobs.Work(str(n)) for n in range(20)))

    worker = depot.start()
    depot.wait_for(lambda: len(depot.tags("end")) == 20)
    depot.wait_for(lambda: depot.tags("failed:WorkerLost") == ["p"])
    stop(worker)

    assert depot.tags("start").count("p") == 3
    assert sorted(map(int, depot.tags("end"))) == list(range(20))
    (failed,) = depot.connection.failed.all()
    assert b"WorkerLost" in failed.error
    depot.assert_nothing_is_left()


def test_kill_of_a_supervisor_hands_its_jobs_to_another_at_once(
    depot: Any, jobs: Any, over: Path
) -> None:
    depot.push(jobs.Until("long", str(over)), jobs.Work("short"))
    worker, other = depot.start("--queue=default"), depot.start("--queue=other,default")
    depot.wait_for(lambda: depot.tags("start")[:1] == ["long"])
    (holder,) = {line.pid for line in depot.journal("start") if line.tag == "long"}
    victim = worker if holder in worker.executors() else other

    victim.process.kill()
    took = depot.wait_for(lambda: depot.tags("start").count("long") == 2)
    over.touch()
    depot.wait_for(lambda: {"long", "short"} <= set(depot.tags("end")))

    assert took < 20  # and not the 30 seconds of the lease
    assert depot.tags("start").count("long") == 2
    stop(other if victim is worker else worker)
    depot.assert_nothing_is_left()


def test_kill_of_a_whole_machine_hands_its_jobs_on_after_the_lease(
    depot: Any, jobs: Any, over: Path
) -> None:
    depot.lease = LEASE_SECONDS
    depot.push(jobs.Until("long", str(over)))
    worker = depot.start()
    depot.wait_for(lambda: depot.tags("start") == ["long"])
    depot.wait_for(lambda: _is_noted(depot))
    for pid in worker.everybody():
        os.kill(pid, signal.SIGKILL)
    worker.wait()
    for path in depot.connection.home.glob("*"):
        path.unlink()  # another machine does not see them
    over.touch()

    other = depot.start()
    depot.wait_for(lambda: depot.tags("end") == ["long"])
    stop(other)

    (job,) = other.jobs()
    assert (job["status"], job["attempt"]) == ("done", 2)
    depot.assert_nothing_is_left()


def _is_noted(depot: Any) -> bool:
    with depot.valkey.client as client:
        return any(client.hexists(key, "r") for key in client.keys("securely:@job:*"))


def test_a_worker_that_is_stopped_for_longer_than_its_lease_settles_nothing(
    depot: Any, jobs: Any, over: Path
) -> None:
    depot.lease = LEASE_SECONDS
    depot.push(jobs.Until("a", str(over)))
    stopped = depot.start()
    depot.wait_for(lambda: depot.tags("start") == ["a"])
    everybody = stopped.everybody()
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    over.touch()

    other = depot.start()
    depot.wait_for(lambda: len(other.jobs()) == 1)

    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
    depot.wait_for(lambda: len(depot.tags("end")) == 2)
    stop(stopped, other)
    assert stopped.lines()[-1]["stale"] == 1
    assert [job["status"] for job in other.jobs()] == ["done"]
    depot.assert_nothing_is_left()


def _chain(depot: Any, jobs: Any, name: str) -> Any:
    """Return the first job of a chain of three."""
    links = [depot.codec.link(jobs.Work(f"{name}-{at}"), "arq", "default") for at in (1, 2)]
    extras = Extras(trail=Trail(tuple(links)))
    return depot.codec.envelope(jobs.Work(f"{name}-0"), "default", extras=extras)


def _storm(depot: Any, jobs: Any, count: int, seconds: float) -> int:
    """Kill workers at random while they work; return how many."""
    depot.lease = LEASE_SECONDS
    batch = [
        depot.codec.envelope(jobs.Work(f"b{n}"), "default", extras=Extras(batch="b"))
        for n in range(count // 2)
    ]
    callback = depot.codec.envelope(jobs.Work("finally"), "default")
    depot.connection.batches.create(BatchRecord("b", callbacks={"finally": (callback,)}), batch)
    depot.push(*(jobs.Work(f"j{n}") for n in range(count - count // 2)))
    depot.connection.push([_chain(depot, jobs, f"c{n}") for n in range(count // 10)])
    workers = [depot.start() for _ in range(STORMED)]
    kills, end = 0, clock.monotonic() + seconds
    while clock.monotonic() < end:
        clock.sleep(entropy.uniform(0.05, 0.3))
        at = entropy.below(STORMED)
        if entropy.below(2) and (executors := _children(workers[at])):
            os.kill(executors[entropy.below(len(executors))], signal.SIGKILL)
        else:
            workers[at].process.kill()
            workers[at].wait()
            workers[at] = depot.start()
        kills += 1
    depot.wait_for(lambda: depot.connection.counts("default").total == 0, 120)
    for worker in workers:
        worker.process.kill()  # some may still be starting, and know no other signal
        worker.wait()
    return kills


def _children(worker: Any) -> list[int]:
    try:
        return list(worker.executors())
    except OSError:
        return []


@pytest.mark.parametrize(
    ("count", "seconds"),
    [
        pytest.param(600, 4.0, id="short"),
        pytest.param(5000, 60.0, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(240)]),
    ],
)
def test_a_storm_of_kills_loses_nothing_and_counts_exactly(
    depot: Any, jobs: Any, count: int, seconds: float
) -> None:
    kills = _storm(depot, jobs, count, seconds)

    ends = depot.tags("end")
    half = count // 2
    expected = {f"b{n}" for n in range(half)} | {f"j{n}" for n in range(count - half)}
    chained = {f"c{n}-{at}" for n in range(count // 10) for at in range(3)}
    assert set(ends) == expected | chained | {"finally"}
    # Each kill repeats at most the one job that ran; of members and links, whose end is more than
    # their removal, also those that had ended and were not settled yet.
    plain = [tag for tag in ends if tag.startswith("j")]
    assert len(plain) - len(set(plain)) <= kills
    found = depot.connection.batches.find("b")
    assert (found.total, found.done, found.failed, found.skipped) == (half, half, 0, 0)
    assert depot.connection.failed.count() == 0
    depot.assert_nothing_is_left()


def test_a_worker_waits_for_its_server_and_goes_on(depot: Any, jobs: Any) -> None:
    worker = depot.start()
    depot.push(jobs.Work("a"))
    depot.wait_for(lambda: depot.tags("end") == ["a"])

    depot.valkey.pause()
    clock.sleep(0.5)
    depot.valkey.resume()
    server = ArqServer("arq", depot.valkey.address, "securely:")
    ArqConnection("arq", server, depot.connection.home).push(
        [depot.codec.envelope(jobs.Work("b"), "default")]
    )

    depot.wait_for(lambda: depot.tags("end") == ["a", "b"])
    stop(worker)
