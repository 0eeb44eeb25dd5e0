"""The connection `failover`: who takes a job, what is told of an outage, and what all hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from securely.queue.contracts import BatchRecord, Counts, Envelope, FailedJob, Kind, Outcome
from securely.queue.drivers.failover import FailoverConnection
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.queue.events import QueueFailedOver
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.upkeep.controls import workable
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.options import InvalidOptions


class Member:
    """A connection that notes what it takes, or takes nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.taken: list[str] = []
        self.outage: Exception | None = None
        self.holds = Counts()
        self.batches = Batches(self)
        self.failed = Failures(self)

    def push(self, envelopes: Any) -> list[str]:
        self.check()
        self.taken += [envelope.name for envelope in envelopes]
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Any) -> list[str]:
        return self.push(envelopes)

    def counts(self, queue: str) -> Counts:
        self.check()
        return self.holds

    async def acounts(self, queue: str) -> Counts:
        return self.counts(queue)

    def clear(self, queue: str) -> int:
        self.check()
        return self.holds.total

    async def aclear(self, queue: str) -> int:
        return self.clear(queue)

    def check(self) -> None:
        if self.outage is not None:
            raise self.outage


class Batches(MemoryBatches):
    """Batches that can not be asked in an outage."""

    def __init__(self, member: Member) -> None:
        super().__init__(member.push)
        self._member = member

    def create(self, record: BatchRecord, members: Any) -> bool:
        self._member.check()
        return super().create(record, members)

    def find(self, id_: str) -> BatchRecord | None:
        self._member.check()
        return super().find(id_)

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        self._member.check()
        return super().all(limit, before)

    def prune(self, *times: float | None) -> int:
        self._member.check()
        return super().prune(*times)


class Failures:
    """Failed jobs in a list, that can not be asked in an outage."""

    def __init__(self, member: Member) -> None:
        self.jobs: list[FailedJob] = []
        self._member = member

    def all(self, queue: str | None = None) -> list[FailedJob]:
        self._member.check()
        return [job for job in self.jobs if queue in {None, job.queue}]

    def find(self, key: str) -> FailedJob | None:
        return next((job for job in self.jobs if job.uuid == key), None)

    def retry(self, keys: Any = None, queue: str | None = None) -> list[FailedJob]:
        taken = [job for job in self.all(queue) if keys is None or job.uuid in keys]
        self.jobs = [job for job in self.jobs if job not in taken]
        return taken

    def forget(self, key: str) -> bool:
        return bool(self.retry([key]))

    def flush(self, older_than: float | None = None) -> int:
        return len(self.retry())

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        return len(self.all(queue)) if connection in {None, self._member.name} else 0


@pytest.fixture
def members() -> dict[str, Member | NullConnection]:
    return {"first": Member("first"), "second": Member("second")}


@pytest.fixture
def connection(members: dict[str, Any], events: Any) -> FailoverConnection:
    return FailoverConnection("failover", [*members], members.__getitem__, events)


@pytest.fixture
def told(events: Any) -> list[QueueFailedOver]:
    told: list[QueueFailedOver] = []
    events.listen(QueueFailedOver, told.append)
    return told


@pytest.fixture(params=["push", "apush"])
def push(request: pytest.FixtureRequest, connection: FailoverConnection):
    """Push in each colour."""

    def push(*names: str) -> Any:
        envelopes = [Envelope(f"id-{name}", name, "default", b"") for name in names]
        if request.param == "push":
            return connection.push(envelopes)
        return asyncio.run(connection.apush(envelopes))

    return push


def outage(name: str = "first") -> QueueUnavailable:
    return QueueUnavailable(name, "gone")


def test_first_member_takes_the_jobs_while_it_can(push, members, told):
    assert push("a", "b") == ["id-a", "id-b"]

    assert (members["first"].taken, members["second"].taken, told) == (["a", "b"], [], [])


@pytest.mark.parametrize("error", [outage(), StoreFull("first", "disk")])
def test_next_member_takes_the_jobs_in_an_outage_of_the_first(push, members, told, error):
    members["first"].outage = error

    push("a", "b")

    assert members["second"].taken == ["a", "b"]
    assert told == [QueueFailedOver("first", "default", "id-a", "a", error)]


def test_outage_is_told_of_once_until_it_is_over(push, members, told):
    members["first"].outage = outage()
    push("a")
    push("b")
    members["first"].outage = None
    push("c")
    members["first"].outage = outage()
    push("d")

    assert [event.id for event in told] == ["id-a", "id-d"]
    assert members["first"].taken == ["c"]


def test_last_error_is_raised_when_nobody_takes_the_jobs(push, members, told):
    members["first"].outage = outage()
    members["second"].outage = StoreFull("second", "disk")

    with pytest.raises(StoreFull):
        push("a")
    with pytest.raises(StoreFull):
        push("b")

    assert [event.connection for event in told] == ["first", "second"]


def test_error_that_is_no_outage_reaches_the_caller(push, members, told):
    members["first"].outage = ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        push("a")

    assert (members["second"].taken, told) == ([], [])


def test_without_listeners_no_event_is_built(push, members):
    members["first"].outage = outage()

    assert push("a") == ["id-a"]


def test_sizes_are_those_of_all_members(connection, members):
    members["first"].holds = Counts(1, 2, 3, 50.0)
    members["second"].holds = Counts(10, 20, 30, 40.0)

    assert connection.counts("default") == Counts(11, 22, 33, 40.0)
    assert asyncio.run(connection.acounts("default")) == Counts(11, 22, 33, 40.0)
    assert connection.clear("default") == 66
    assert asyncio.run(connection.aclear("default")) == 66


def test_sizes_in_an_outage_are_those_of_whom_can_be_asked(connection, members):
    members["first"].outage = outage()
    members["second"].holds = Counts(10)
    assert connection.counts("default") == Counts(10)

    members["second"].outage = outage("second")
    with pytest.raises(QueueUnavailable):
        connection.counts("default")


def test_clear_in_an_outage_clears_the_others_and_says_so(connection, members):
    cleared = []
    members["first"].outage = outage()
    members["second"].clear = lambda queue: cleared.append(queue) or 1

    with pytest.raises(QueueUnavailable):
        connection.clear("default")

    assert cleared == ["default"]


# -- failed jobs


def failed(uuid: str, at: float) -> FailedJob:
    return FailedJob(1, uuid, "x", "default", "job", b"", b"{}", 1, at)


def test_failed_jobs_are_those_of_all_members(connection, members):
    members["first"].failed.jobs = [failed("a", 1.0), failed("c", 3.0)]
    members["second"].failed.jobs = [failed("b", 2.0)]

    jobs = connection.failed
    assert ([job.uuid for job in jobs.all()], jobs.count()) == (["c", "b", "a"], 3)
    assert jobs.find("b").uuid == "b"
    assert jobs.find("x") is None
    assert [job.uuid for job in jobs.retry(["a", "b"])] == ["a", "b"]
    assert (jobs.forget("c"), jobs.forget("c")) == (True, False)
    members["second"].failed.jobs = [failed("d", 4.0)]
    assert (jobs.flush(), jobs.count()) == (1, 0)


def test_failed_jobs_when_a_member_is_down_are_those_of_the_others_and_the_log_says_so(
    members,
):
    warned = []
    connection = FailoverConnection(
        "either", [*members], members.__getitem__, warn=lambda *told: warned.append(told)
    )
    members["first"].outage = QueueUnavailable("first", "it is gone")
    members["second"].failed.jobs = [failed("b", 2.0)]

    jobs = connection.failed

    assert [job.uuid for job in jobs.all()] == ["b"]
    assert (jobs.count(), len(warned)) == (1, 2)
    assert [job.uuid for job in jobs.retry()] == ["b"]
    assert jobs.flush() == 0
    text, facts = warned[0]
    assert text == 'The failed jobs of the queue connection "first" are missing'
    assert (facts["connection"], facts["member"]) == ("either", "first")
    assert "it is gone" in facts["reason"]


def test_queues_and_failed_jobs_are_counted_over_the_members(tmp_path):
    stores = {name: SqliteConnection(name, tmp_path / name) for name in ("one", "two")}
    stores["null"] = NullConnection("null")
    connection = FailoverConnection("either", [*stores], stores.__getitem__)
    for name, queue in (("one", "b"), ("two", "a"), ("two", "b")):
        stores[name].push([Envelope(f"u-{name}-{queue}", "job", queue, b"")])
    seat = stores["two"].join(["a"])
    (held,) = seat.turn([], 1).deliveries
    seat.turn([Outcome(held.id, held.token, Kind.FAIL)], 0)
    seat.leave()

    assert connection.queues() == ["b"]
    counts = [(), ("one",), ("two",), ("either",), ("two", "b")]
    assert [connection.failed.count(*of) for of in counts] == [1, 0, 1, 1, 0]
    for store in stores.values():
        getattr(store, "close", str)()


def test_failed_jobs_when_no_member_answers_raise(connection, members):
    for member in members.values():
        member.outage = QueueUnavailable(member.name, "it is gone")

    for ask in (connection.failed.all, connection.failed.count, connection.batches.all):
        with pytest.raises(QueueUnavailable, match="second"):
            ask()


def test_batches_when_a_member_is_down_are_those_of_the_others(connection, members):
    members["second"].batches.create(BatchRecord("b", created_at=5.0), [])
    members["first"].outage = StoreFull("first", "no room")

    assert [record.id for record in connection.batches.all()] == ["b"]
    assert connection.batches.prune(clock.timestamp() + 1) == 1


def test_member_that_keeps_no_failed_jobs_is_passed_over(members, events):
    members["null"] = NullConnection("null")
    connection = FailoverConnection("failover", ["null", "first"], members.__getitem__, events)

    assert connection.failed.count() == 0


# -- batches


def member(uuid: str, batch: str) -> Envelope:
    return Envelope(uuid, uuid, "default", b"", batch=batch)


def test_batch_lies_with_the_member_that_took_it(connection, members, told):
    members["first"].outage = outage()

    assert connection.batches.create(BatchRecord("b1"), [member("a", "b1")])

    assert [event.id for event in told] == ["a"]
    assert members["second"].taken == ["a"]
    assert members["second"].batches.find("b1") is not None
    batches = connection.batches
    assert batches.find("b1").total == 1
    assert batches.add("b1", [member("b", "b1")])
    assert (batches.cancel("b1"), batches.cancel("b1")) == (True, False)
    assert (batches.delete("b1"), batches.delete("b1")) == (True, False)
    with pytest.raises(QueueUnavailable):  # the first one might have it
        batches.find("b1")
    members["first"].outage = None
    assert batches.find("b1") is None
    assert not batches.add("b1", [])


def test_batches_of_all_members_are_listed_newest_first_page_by_page(connection, members):
    with clock.using(FrozenClock(at=1000.0)) as frozen:
        for number, name in enumerate(["first", "second", "first", "second", "first"]):
            members[name].batches.create(BatchRecord(f"b{number}"), [member("m", "b")])
            frozen.travel(1)

        assert [one.id for one in connection.batches.all()] == ["b4", "b3", "b2", "b1", "b0"]
        assert [one.id for one in connection.batches.all(2)] == ["b4", "b3"]
        assert [one.id for one in connection.batches.all(2, before="b3")] == ["b2", "b1"]
        assert connection.batches.prune(unfinished=1002.5) == 3


def test_member_without_batches_takes_none(connection, members):
    del members["first"].batches

    connection.batches.create(BatchRecord("b1"), [])

    assert members["second"].batches.find("b1").finished_at is not None


def test_worker_is_told_to_name_a_member(connection):
    with pytest.raises(QueueUnavailable, match=r"hands its jobs on to first, second.*work first"):
        workable(connection)


# -- configuration


def parsed(**connections: Any) -> QueueOptions:
    return QueueOptions.parse({"connections": connections, "default": "both"}, "queue")


def test_configured_members_take_jobs_through_the_manager(bench, jobs, tmp_path):
    options = parsed(
        both={"driver": "failover", "connections": ["broken", "null"]},
        broken={"driver": "own"},
        null={"driver": "null"},
    )
    manager = QueueManager(
        "both",
        options.connections,
        bench.events,
        Materials(lambda: bench.codec, lambda: bench.runner),
    )
    broken = Member("broken")
    broken.outage = outage("broken")
    manager.extend("own", lambda name, options: broken)
    told: list[QueueFailedOver] = []
    bench.events.listen(QueueFailedOver, told.append)

    sent = manager.place(jobs.Plain(1))

    assert sent.connection == "both"
    assert [(event.connection, event.id) for event in told] == [("broken", sent.id)]


@pytest.mark.parametrize(
    ("connections", "message"),
    [
        ([], "names no connections"),
        (["nul"], 'did you mean "null"'),
        (["both"], "stands for several"),
    ],
)
def test_members_that_can_not_be_are_refused_at_boot(connections, message):
    with pytest.raises(InvalidOptions, match=message):
        parsed(both={"driver": "failover", "connections": connections}, null={"driver": "null"})


def test_what_the_memory_of_a_member_counts_is_its_own(connection, members):
    connection.batches.create(BatchRecord("b1"), [member("a", "b1")])

    ended = Outcome(1, 1, Kind.DONE, is_member=True)
    members["first"].batches.settle(member("a", "b1"), Kind.DONE, ended)

    assert connection.batches.find("b1").done == 1
