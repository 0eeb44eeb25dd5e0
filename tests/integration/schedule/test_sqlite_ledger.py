"""A ledger on sqlite among real processes: some contend, some are killed, and disks are full."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.job import Job, Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.schedule.contracts import Claim, Ending, State, Verdict
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.schedule.exceptions import LedgerUnavailable

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix"),
]

NOON = 1_800_000_000
CLAIM = Claim("report", NOON, "", "report", lock="report")
LIMIT = 64 * 1024  # bytes that no file may grow over

# Joins the ledger in a directory, does what its arguments say, and waits to be killed.
PROCESS = """
import sys
from securely.schedule.contracts import Claim, Ending, State, Verdict
from securely.schedule.drivers.sqlite import SqliteLedger

ledger = SqliteLedger.own("schedule", sys.argv[1], lambda: None)
member = ledger.join()
if sys.argv[2] == "contend":
    print("ready", flush=True)
    sys.stdin.readline()
    for at in range(200):
        if member.claim(Claim("report", at, "", "report")).verdict is Verdict.GRANTED:
            print(at, flush=True)
    print("end", flush=True)
else:
    claim = Claim("report", 1_800_000_000, "", "report", lock="report")
    if sys.argv[2] == "hold":
        grant = member.claim(claim)
    else:
        grant = member.adopt(claim, int(sys.argv[3]))
    print(grant.token, member.lead(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "schedule"


@pytest.fixture
def ledger(home: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger.own("schedule", home, no_queues)
    yield ledger
    ledger.close()


def no_queues() -> QueueManager:
    raise AssertionError("nothing is to be queued")


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start processes that have joined the ledger, and kill them all at the end."""
    running: list[subprocess.Popen[str]] = []

    def one(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield one
    for process in running:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_ticks_are_granted_once_among_processes(start, ledger) -> None:
    processes = [start("contend") for _ in range(4)]
    assert {said(process) for process in processes} == {"ready"}
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()

    granted = Counter()
    for process in processes:
        while (line := said(process)) != "end":
            granted[int(line)] += 1

    assert granted == Counter(range(200))
    assert len(ledger.history("report", 500)) == 200


def test_lock_of_a_process_that_is_killed_is_free_at_once(start, ledger) -> None:
    process = start("hold")
    token, leads = said(process).split()
    member = ledger.join()
    late = CLAIM._replace(at=NOON + 60)
    overlap = member.claim(late)
    assert (overlap.verdict, leads, member.lead()) == (Verdict.OVERLAPS, "True", False)
    assert overlap.holder is not None
    assert overlap.holder.pid == process.pid
    assert member.reap() == []

    kill(process)

    assert ledger.holders(["report"]) == {}
    assert member.lead()
    assert member.claim(CLAIM._replace(at=NOON + 120)).verdict is Verdict.GRANTED
    (lost,) = member.reap()
    assert (lost.token, lost.pid, lost.state) == (int(token), process.pid, State.LOST)
    assert f"process {process.pid} on {lost.host} died" in lost.reason
    assert member.reap() == []
    member.leave()


def test_run_that_a_child_has_adopted_outlives_the_process_that_started_it(start, ledger) -> None:
    parent = start("hold")
    token, _ = said(parent).split()
    child = start("adopt", token)
    new, _ = said(child).split()
    kill(parent)
    member = ledger.join()

    assert member.reap() == []
    assert ledger.holders(["report"])["report"].pid == child.pid
    kill(child)
    assert [run.token for run in member.reap()] == [int(new)]
    member.leave()


# -- a job and its tick are one step, whenever the process dies


class Report(Job):
    """A job that does nothing."""

    def handle(self) -> None: ...


def manager_of(path: Path) -> QueueManager:
    codec = Codec(KeyRing(b"k" * 32).purpose("queue"))
    places = {"sqlite": {"driver": "sqlite", "path": str(path / "queue")}}
    options = QueueOptions.parse({"default": "sqlite", "connections": places}, "queue")
    materials = Materials(lambda: codec, lambda: pytest.fail("no job runs here"))
    return QueueManager("sqlite", options.connections, Dispatcher(Container()), materials)


DISPATCHING = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from securely.queue.job import Placement
from securely.schedule.contracts import Claim
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.support import sqlite
from test_sqlite_ledger import Report, manager_of

queues = manager_of(Path(sys.argv[2]))
ledger = SqliteLedger.of(queues.connection("sqlite").driver, lambda: queues)
member = ledger.join()
real = sqlite.Transaction.__exit__
accepted = []

def die(self, *error):
    if accepted and sys.argv[3] == "before":
        os.kill(os.getpid(), 9)
    real(self, *error)
    if accepted:
        os.kill(os.getpid(), 9)

sqlite.Transaction.__exit__ = die
driver = queues.connection("sqlite").driver
accept = driver.accept_within

def accepting(connection, envelopes):
    accepted.append(envelopes)
    return accept(connection, envelopes)

driver.accept_within = accepting
member.claim_with(Claim("report", 1_800_000_000, "", "report"), Report(), Placement())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_job_of_a_tick_is_there_once_whenever_its_process_is_killed(
    tmp_path: Path, when: str
) -> None:
    here = str(Path(__file__).parent)
    run = subprocess.run(
        [sys.executable, "-c", DISPATCHING, here, str(tmp_path), when],
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == -9, run.stderr
    queues = manager_of(tmp_path)
    ledger = SqliteLedger.of(queues.connection("sqlite").driver, lambda: queues)
    committed = when == "after"
    assert (queues.size(), len(ledger.history())) == (committed, committed)
    member = ledger.join()
    assert member.reap() == []

    again = member.claim_with(CLAIM._replace(lock=None), Report(), Placement())

    assert again.verdict is (Verdict.TAKEN if committed else Verdict.GRANTED)
    assert queues.size() == 1
    member.leave()
    queues.close()


# -- a full disk


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit of its own process")
def test_claim_when_the_disk_is_full_then_nothing_is_written(tmp_path: Path) -> None:
    import resource

    queues = manager_of(tmp_path)
    ledger = SqliteLedger.of(queues.connection("sqlite").driver, lambda: queues)
    member = ledger.join()
    held = member.claim(CLAIM)
    queues.push(Report())
    queues.bulk([Report() for _ in range(600)])  # the log is over the limit
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        for ask in (
            lambda: member.claim(CLAIM._replace(task="other", lock="other")),
            lambda: member.skip(CLAIM._replace(task="other"), "paused"),
            lambda: member.claim_with(CLAIM._replace(task="other"), Report(), Placement()),
            lambda: member.settle(held, Ending(State.DONE, output="x" * 50_000)),
            ledger.pause,
        ):
            with pytest.raises(LedgerUnavailable, match="There is no room") as caught:
                ask()
            assert caught.value.connection == "sqlite"
        assert member.claim(CLAIM).verdict is Verdict.TAKEN  # a look needs no room
        assert not ledger.is_paused()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert [(run.task, run.state) for run in ledger.history()] == [("report", State.RUNNING)]
    assert list(ledger.holders(["report", "other"])) == ["report"]
    assert queues.size() == 601
    assert member.settle(held, Ending(State.DONE))
    grant = member.claim_with(CLAIM._replace(task="other"), Report(), Placement())
    assert (grant.verdict, queues.size()) == (Verdict.GRANTED, 602)
    member.leave()
    queues.close()
