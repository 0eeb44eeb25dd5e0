"""Jobs that are handed over by somebody's own step."""

from __future__ import annotations

import pytest

from securely.queue.events import JobQueued, JobQueueing, UniqueJobSkipped
from securely.queue.exceptions import NotQueueable
from securely.queue.fake import QueueFake
from securely.queue.job import Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions

UUID = "01a3185c-5000-7d8b-a5ca-55cc702047fc"


@pytest.fixture
def manager(bench, tmp_path):
    connections = {
        "null": {"driver": "null", "after_commit": True},
        "sqlite": {"driver": "sqlite", "path": "queue", "queue": "reports"},
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "null"}, "queue")
    materials = Materials(lambda: bench.codec, lambda: bench.runner, lambda path: tmp_path / path)
    manager = QueueManager(parsed.default, parsed.connections, bench.events, materials)
    yield manager
    manager.close()


@pytest.fixture
def told(bench):
    told = []
    for kind in (JobQueueing, JobQueued, UniqueJobSkipped):
        bench.events.listen(kind, told.append)
    return told


def pushing(pushed, stands=None):
    def push(driver, envelope):
        pushed.append((driver, envelope))
        return stands or envelope.uuid

    return push


def refuse(driver, envelope):
    raise LookupError("no")


def test_job_goes_to_its_connection_by_way_of_the_push(manager, jobs, told, bench) -> None:
    pushed = []
    manager.route(jobs.Plain, connection="sqlite")

    sent = manager.place_with(jobs.Plain(1), Placement(), pushing(pushed), uuid=UUID)

    ((driver, envelope),) = pushed
    assert driver is manager.connection("sqlite").driver
    assert (envelope.uuid, envelope.queue) == (UUID, "reports")
    assert bench.codec.raw(envelope.payload, "reports").uuid == UUID
    assert sent == (UUID, "sqlite", "reports", False)
    assert [type(event) for event in told] == [JobQueueing, JobQueued]
    assert told[1].id == UUID
    assert manager.connection("sqlite").size() == 0


def test_job_without_a_uuid_gets_one_of_its_own(manager, jobs) -> None:
    pushed = []
    ids = [
        manager.place_with(jobs.Plain(1), Placement(queue="mail"), pushing(pushed)).id
        for _ in range(2)
    ]

    assert [envelope.uuid for _, envelope in pushed] == ids
    assert len(set(ids)) == 2
    assert pushed[0][1].queue == "mail"


def test_job_does_not_wait_for_an_open_transaction(manager, jobs) -> None:
    pushed = []
    with manager.transaction():
        manager.place_with(jobs.Plain(1), Placement(), pushing(pushed))
        assert len(pushed) == 1
    assert len(pushed) == 1


def test_job_whose_key_is_taken_is_skipped(manager, jobs, told) -> None:
    sent = manager.place_with(jobs.Plain(1), Placement(), pushing([], "u-1"), uuid=UUID)

    assert sent == ("u-1", "null", "default", True)
    assert [type(event) for event in told] == [JobQueueing, UniqueJobSkipped]


def test_what_the_push_raises_reaches_the_caller_and_nobody_is_told(manager, jobs, told) -> None:
    with pytest.raises(LookupError):
        manager.place_with(jobs.Plain(1), Placement(), refuse)
    assert [type(event) for event in told] == [JobQueueing]


def test_what_cannot_be_queued_is_not_pushed(manager, jobs) -> None:
    with pytest.raises(NotQueueable):
        manager.place_with(jobs.Plain(object()), Placement(), pushing([]))


def test_fake_records_the_job_when_it_is_pushed(manager, jobs) -> None:
    fake = QueueFake(manager, manager._connections)

    def push(driver, envelope):
        before = len(fake.pushed(jobs.Plain))
        (stands,) = driver.push([envelope])
        assert len(fake.pushed(jobs.Plain)) == before + 1
        return stands

    sent = fake.place_with(jobs.Plain(1), Placement(queue="mail"), push, uuid=UUID)
    other = fake.connection("sqlite").place_with(jobs.Plain(2), Placement(), push)

    fake.assert_pushed_on("mail", jobs.Plain)
    assert sent == (UUID, "null", "mail", False)
    assert (other.connection, other.queue, other.skipped) == ("sqlite", "reports", False)
    assert fake.total_size() == 1
    with pytest.raises(LookupError):
        fake.place_with(jobs.Plain(3), Placement(), refuse)
    assert len(fake.pushed(jobs.Plain)) == 2
    assert manager.connection("sqlite").size() == 0


def test_fake_lets_others_go_their_way(manager, jobs) -> None:
    fake = QueueFake(manager, manager._connections, except_=(jobs.Plain,))
    pushed = []

    sent = fake.place_with(jobs.Plain(1), Placement(connection="sqlite"), pushing(pushed))

    assert [driver for driver, _ in pushed] == [manager.connection("sqlite").driver]
    assert sent.connection == "sqlite"
    fake.assert_nothing_pushed()


def test_sqlite_accepts_within_a_transaction_of_the_callers(manager, jobs) -> None:
    target = manager.connection("sqlite")

    def push(driver, envelope):
        with driver.database.transaction() as connection:
            (stands,) = driver.accept_within(connection, [envelope])
            connection.execute("SELECT no_such_column FROM jobs" if broken else "SELECT 1")
        driver.ring()
        return stands

    broken = True
    with pytest.raises(Exception, match="no_such_column"):
        manager.place_with(jobs.Plain(1), Placement(connection="sqlite"), push)
    assert target.size() == 0
    broken = False
    manager.place_with(jobs.Plain(1), Placement(connection="sqlite"), push)
    assert target.size() == 1
