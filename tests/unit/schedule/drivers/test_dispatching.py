"""Ticks whose job goes to another store than the ledger, or to none at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from select import select
from typing import ClassVar

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.fake import QueueFake
from securely.queue.job import Job, Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.schedule.contracts import Claim, Ending, Grant, Ledger, State, Verdict
from securely.schedule.drivers.array import ArrayLedger
from securely.schedule.drivers.base import job_uuid
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.schedule.exceptions import LedgerUnavailable

CLAIM = Claim("report", 1_800_000_000, "", "report", lock="report")

CONNECTIONS = {
    "sqlite": {"driver": "sqlite", "path": "jobs", "queue": "reports"},
    "sync": {"driver": "sync"},
    "null": {"driver": "null"},
    "failover": {"driver": "failover", "connections": ["null", "sqlite"]},
}


class Greet(Job):
    """A job that notes that it ran."""

    ran: ClassVar[list[int]] = []

    def handle(self) -> None:
        self.ran.append(1)


class Break(Job):
    """A job that raises."""

    def __init__(self, text: str = "it is broken") -> None:
        self.text = text

    def handle(self) -> None:
        raise ValueError(self.text)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[QueueManager]:
    container = Container()
    events = Dispatcher(container)
    codec = Codec(KeyRing(b"k" * 32).purpose("queue"))
    runner = JobRunner(container, codec, events)
    options = QueueOptions.parse({"default": "sqlite", "connections": CONNECTIONS}, "queue")
    materials = Materials(lambda: codec, lambda: runner, lambda path: tmp_path / path)
    manager = QueueManager(options.default, options.connections, events, materials)
    Greet.ran.clear()
    yield manager
    manager.close()


@pytest.fixture(params=["array", "sqlite"])
def ledger(manager: QueueManager, request: pytest.FixtureRequest) -> Ledger:
    if request.param == "array":
        return ArrayLedger(lambda: manager)
    driver = manager.connection("sqlite").driver
    assert isinstance(driver, SqliteConnection)
    return SqliteLedger.of(driver, lambda: manager)


def test_job_of_a_faked_queue_is_recorded_and_its_tick_done(manager: QueueManager) -> None:
    fake = QueueFake(manager, manager._connections)
    driver = manager.connection("sqlite").driver
    assert isinstance(driver, SqliteConnection)
    ledger = SqliteLedger.of(driver, lambda: fake)
    member = ledger.join()

    with fake.transaction():  # which a tick does not wait for
        for _ in range(2):
            grant = member.claim_with(CLAIM, Greet(), Placement(queue="mail"))
        assert len(fake.pushed(Greet)) == 1

    assert grant.verdict is Verdict.TAKEN
    fake.assert_pushed_on("mail", Greet)
    assert len(fake.pushed(Greet)) == 1
    (run,) = ledger.history()
    assert (run.state, run.reason) == (State.DONE, "")
    assert manager.size() == 0
    member.leave()


def test_job_is_accepted_though_its_tick_can_not_be_settled_yet(
    manager: QueueManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ArrayLedger(lambda: manager)
    member = ledger.join()

    def refuse(grant: Grant, ending: Ending) -> bool:
        raise LedgerUnavailable("here", "it does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(member, "settle", refuse)
        grant = member.claim_with(CLAIM, Greet(), Placement())

    assert grant.verdict is Verdict.GRANTED
    assert manager.size("reports") == 1
    assert member.settle(grant, Ending(State.DONE))
    assert ledger.holders(["report"]) == {}


def test_job_that_runs_at_once_runs_within_its_tick(ledger: Ledger) -> None:
    member = ledger.join()

    for _ in range(2):
        member.claim_with(CLAIM, Greet(), Placement(connection="sync"))

    assert Greet.ran == [1]
    assert [run.state for run in ledger.history()] == [State.DONE]
    assert ledger.holders(["report"]) == {}
    member.leave()


def test_job_that_runs_at_once_and_raises_has_failed_with_its_tick(ledger: Ledger) -> None:
    member = ledger.join()

    with pytest.raises(ValueError, match="it is broken"):
        member.claim_with(CLAIM, Break(), Placement(connection="sync"))

    (run,) = ledger.history()
    assert (run.state, run.reason) == (State.FAILED, "ValueError: it is broken")
    assert ledger.holders(["report"]) == {}
    assert member.claim_with(CLAIM, Break(), Placement()).verdict is Verdict.TAKEN
    member.leave()


def test_job_that_runs_at_once_and_raises_much_has_a_short_reason(ledger: Ledger) -> None:
    member = ledger.join()

    with pytest.raises(ValueError, match="x"):
        member.claim_with(CLAIM, Break("x" * 5_000), Placement(connection="sync"))

    assert len(ledger.history()[0].reason) == 1_000
    member.leave()


def test_worker_that_waits_hears_of_the_job_of_a_tick(manager: QueueManager) -> None:
    driver = manager.connection("sqlite").driver
    assert isinstance(driver, SqliteConnection)
    member, seat = SqliteLedger.of(driver, lambda: manager).join(), driver.join(["reports"])
    seat.drain()
    assert select([seat], [], [], 0)[0] == []

    member.claim_with(CLAIM, Greet(), Placement())

    assert select([seat], [], [], 5)[0] == [seat]
    assert len(seat.turn([], 1).deliveries) == 1
    seat.leave()
    member.leave()


@pytest.mark.parametrize("connection", ["null", "failover"])
def test_job_of_a_connection_without_a_store_is_handed_over(
    ledger: Ledger, connection: str
) -> None:
    member = ledger.join()

    grant = member.claim_with(CLAIM, Greet(), Placement(connection=connection))

    assert grant.dispatched is not None
    assert (grant.dispatched.id, grant.dispatched.connection) == (job_uuid(CLAIM), connection)
    assert [run.state for run in ledger.history()] == [State.DONE]
    member.leave()


def test_job_waits_for_no_open_transaction(ledger: Ledger, manager: QueueManager) -> None:
    member = ledger.join()

    with manager.transaction():
        member.claim_with(CLAIM, Greet(), Placement())
        assert manager.size("reports") == 1

    assert manager.size("reports") == 1
    member.leave()


def test_job_that_was_lost_after_it_was_settled_is_not_handed_over_again(ledger: Ledger) -> None:
    member = ledger.join()
    grant = member.claim_with(CLAIM, Greet(), Placement(connection="null"))

    again = member.claim_with(
        CLAIM._replace(instead=grant.token), Greet(), Placement(connection="null")
    )

    assert again.verdict is Verdict.TAKEN
    assert not member.settle(grant, Ending(State.FAILED))
    member.leave()
