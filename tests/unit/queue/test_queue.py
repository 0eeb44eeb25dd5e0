from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest

from securely.encryption import KeyRing
from securely.queue.contracts import QueueLimit
from securely.queue.delivery.failure import NoFailedJobs
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.events import JobQueued, JobQueueing
from securely.queue.exceptions import (
    ConnectionUndefined,
    DriverUnknown,
    InvalidPayload,
    NotQueueable,
    PayloadTooLarge,
    QueueUnavailable,
    UnknownJob,
)
from securely.queue.job import Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.options import InvalidOptions


def options(**changes):
    connections = {
        "sqlite": {"driver": "sqlite", "path": "queue"},
        "second": {"driver": "sqlite", "path": "second", "queue": "other"},
        "sync": {"driver": "sync"},
        "null": {"driver": "null"},
    }
    return QueueOptions.parse({"connections": connections, **changes}, "queue")


@pytest.fixture
def manager(tmp_path: Path, bench, container):
    parsed = options()
    materials = Materials(
        codec=lambda: bench.codec,
        runner=lambda: bench.runner,
        locate=lambda path: tmp_path / path,
    )
    manager = QueueManager(parsed.default, parsed.connections, bench.events, materials)
    container.instance(QueueManager, manager)
    yield manager
    manager.close()


class Name(Enum):
    MAIL = "mail"
    SECOND = "second"


@pytest.fixture(params=["push_raw", "apush_raw"])
def push_raw(request):
    """Push a payload in each colour."""

    def push(queues, *arguments):
        pushed = getattr(queues, request.param)(*arguments)
        return asyncio.run(pushed) if request.param == "apush_raw" else pushed

    return push


def test_payload_that_was_written_before_is_queued_as_it_is(manager, push_raw, codec, jobs, bench):
    envelope = codec.envelope(jobs.Plain(7), "default")
    bench.listen()

    assert push_raw(manager, envelope.payload, Name.MAIL) == envelope.uuid
    assert push_raw(manager.connection("second"), envelope.payload) == envelope.uuid

    (delivery,) = claimed(manager, "mail")
    assert (delivery.payload, delivery.name) == (envelope.payload, envelope.name)
    assert (delivery.timeout, delivery.max_lost) == (envelope.timeout, envelope.max_lost)
    assert len(claimed(manager, "other", "second")) == 1
    assert bench.names() == []


def test_payload_that_is_pushed_to_sync_runs(manager, push_raw, codec, jobs, journal):
    push_raw(manager.connection("sync"), codec.envelope(jobs.Frozen(5), "default").payload)

    assert len(journal) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda payload: payload[:-1] + bytes([payload[-1] ^ 1]), "signature does not match"),
        (lambda payload: b"", "signature does not match"),
        (lambda payload: payload + b"x" * 1024 * 1024, "payload_bytes_max is 1048576"),
        (lambda payload: payload.hex(), "it is no bytes, but of type str"),
        (lambda payload: None, "it is no bytes, but of type NoneType"),
        (bytearray, "it is no bytes, but of type bytearray"),
        (lambda payload: {"uuid": "u-1"}, "it is no bytes, but of type dict"),
        (lambda payload: payload[:9], "signature does not match"),
        (lambda payload: payload[: len(payload) // 2], "signature does not match"),
        (lambda payload: payload[:-1], "signature does not match"),
        (lambda payload: bytes(2 * 1024 * 1024), "it has 2097152 bytes, and payload_bytes_max"),
        (lambda payload: b'{"displayName": "Job", "job": "x"}' * 4, "signature does not match"),
    ],
)
def test_payload_that_is_none_of_ours_is_refused(manager, push_raw, codec, jobs, change, words):
    payload = change(codec.envelope(jobs.Plain(7), "default").payload)

    with pytest.raises(InvalidPayload, match=words):
        push_raw(manager, payload)

    assert manager.size() == 0


def test_payload_of_another_application_is_refused(manager, push_raw, jobs):
    theirs = Codec(KeyRing(b"t" * 32).purpose("queue")).envelope(jobs.Plain(7), "default").payload

    with pytest.raises(InvalidPayload, match="signature does not match"):
        push_raw(manager, theirs)

    assert manager.size() == 0


@pytest.mark.parametrize("path", ["sample_jobs:Gone", "nowhere.at.all:Job", "json:JSONDecoder"])
def test_payload_of_a_class_that_is_no_job_of_ours_is_refused(manager, push_raw, keys, jobs, path):
    name = f"{jobs.Plain.__module__}:Plain"
    moved = Codec(keys.purpose("queue"))
    moved.blueprint(jobs.Plain).path = path
    payload = moved.envelope(jobs.Plain(7), "default").payload
    assert name not in payload.decode("latin-1")

    with pytest.raises(UnknownJob, match=path):
        push_raw(manager, payload)

    assert manager.size() == 0


def test_limits_of_queues_reach_their_connection(tmp_path, bench):
    queues = {"mail": {"concurrency": 5, "rate": "100/m"}, "slow": {"rate": "2/10s"}, "other": {}}
    connections = {
        "sqlite": {"driver": "sqlite", "path": "queue", "queues": queues},
        "second": {"driver": "sqlite", "path": "second", "queues": ["mail"]},
        "arq": {"driver": "arq", "queues": queues},
    }
    parsed = QueueOptions.parse({"connections": connections}, "queue")
    places = (lambda: bench.codec, lambda: bench.runner, lambda path: tmp_path / path)
    manager = QueueManager(parsed.default, parsed.connections, bench.events, Materials(*places))

    found = {name: manager.connection(name).driver.limits for name in connections}

    limits = {"mail": QueueLimit(5, 100, 60.0), "slow": QueueLimit(None, 2, 10.0)}
    assert found == {"sqlite": limits, "second": {}, "arq": limits}
    manager.close()


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ({"driver": "sqlite", "queues": {"a": {"rate": "many"}}}, r"queues\.a\.rate"),
        ({"driver": "sqlite", "queues": {"a": {"concurrency": 0}}}, r"queues\.a\.concurrency"),
        ({"driver": "sync", "queues": {"a": {"concurrency": 1}}}, '"sync" has no workers'),
    ],
)
def test_limits_that_are_wrong_are_named(connection, words):
    with pytest.raises(InvalidOptions, match=words):
        QueueOptions.parse({"connections": {"sqlite": connection}}, "queue")


async def listed(jobs) -> list[str]:
    return [job.queue async for job in jobs]


def test_sizes_and_jobs_of_all_queues(manager, jobs):
    for queue in ("b", "a", "a"):
        manager.push(jobs.Plain(1), queue)
    manager.later_on("c", 60, jobs.Plain(2))
    seat = manager.driver.join(["b"])
    seat.turn([], 1)
    since = min(job.available_at for job in manager.pending_jobs("a"))

    sizes = (
        manager.total_size(),
        manager.total_pending_size(),
        manager.total_delayed_size(),
        manager.total_reserved_size(),
    )
    asizes = (
        asyncio.run(manager.atotal_size()),
        asyncio.run(manager.atotal_pending_size()),
        asyncio.run(manager.atotal_delayed_size()),
        asyncio.run(manager.atotal_reserved_size()),
    )

    assert sizes == asizes == (4, 2, 1, 1)
    assert manager.oldest_pending_at("a") == manager.total_counts().oldest_pending_at == since
    for state, queues in (("pending", ["a", "a"]), ("delayed", ["c"]), ("reserved", ["b"])):
        assert [job.queue for job in getattr(manager, f"all_{state}_jobs")()] == queues
        assert asyncio.run(listed(getattr(manager, f"aall_{state}_jobs")())) == queues
    seat.leave()


def test_sizes_of_a_connection_that_keeps_nothing_are_0_and_its_jobs_are_refused(manager):
    sync = manager.connection("sync")

    assert (sync.total_size(), asyncio.run(sync.atotal_size())) == (0, 0)
    with pytest.raises(QueueUnavailable, match="keeps no jobs"):
        list(sync.all_pending_jobs())


def claimed(manager, queue="default", connection="sqlite"):
    seat = manager.connection(connection).driver.join([queue])
    deliveries = seat.turn([], 99).deliveries
    seat.leave()
    return deliveries


def test_push_puts_the_job_on_the_default_connection_and_queue(manager, codec, jobs):
    uuid = manager.push(jobs.Plain(7))

    (delivery,) = claimed(manager)
    frame = codec.decode(delivery.payload)
    assert frame.header.uuid == uuid
    assert frame.job.number == 7
    assert delivery.name == "sample_jobs.Plain"


def test_push_on_later_and_enums_say_where_and_when(manager, jobs):
    with clock.using(FrozenClock(at=1_800_000_000.0)):
        manager.push_on("mail", jobs.Plain(1))
        manager.push(jobs.Plain(2), Name.MAIL)
        manager.later(timedelta(minutes=1), jobs.Plain(3))
        manager.later_on(Name.MAIL, "1h", jobs.Plain(4))

        assert (manager.pending_size("mail"), manager.delayed_size("mail")) == (2, 1)
        assert (manager.pending_size(), manager.delayed_size()) == (0, 1)
        assert (manager.size(), manager.size("mail"), manager.reserved_size()) == (1, 3, 0)
        assert manager.oldest_pending_at("mail") == pytest.approx(1_800_000_000.0)
        assert manager.oldest_pending_at() is None


def test_delay_until_a_moment_counts_from_now_and_a_past_one_is_now(manager, jobs):
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        manager.later(clock.now() + timedelta(seconds=90), jobs.Plain(1))
        manager.later(clock.now() - timedelta(days=1), jobs.Plain(2))
        manager.later(-5, jobs.Plain(3))

        assert (manager.pending_size(), manager.delayed_size()) == (2, 1)
        frozen.travel(91)
        assert manager.pending_size() == 3


def test_class_says_where_its_jobs_go_and_a_dispatch_may_say_otherwise(manager, jobs):
    manager.push(jobs.Elsewhere())
    manager.place(jobs.Elsewhere(), Placement("urgent", Name.SECOND.value, 0))

    second = manager.connection("second")
    assert second.delayed_size("mail") == 1
    assert second.pending_size("urgent") == 1
    assert manager.size("mail") == 0


def test_named_connection_takes_what_is_pushed_there(manager, jobs):
    sent = manager.connection("second").place(jobs.Plain(1))

    assert (sent.connection, sent.queue) == ("second", "other")
    assert manager.connection("second").size() == 1
    assert manager.size() == 0


def test_bulk_is_one_step_for_each_connection_and_keeps_order(manager, jobs):
    ids = manager.bulk([jobs.Plain(1), jobs.Elsewhere(), jobs.Plain(2)])

    assert len(set(ids)) == 3
    deliveries = claimed(manager)
    assert [manager._materials.codec().decode(one.payload).header.uuid for one in deliveries] == [
        ids[0],
        ids[2],
    ]
    assert manager.connection("second").delayed_size("mail") == 1


def test_bulk_with_one_that_can_not_be_queued_queues_none(manager, jobs):
    with pytest.raises(NotQueueable):
        manager.bulk([jobs.Plain(1), jobs.Loose(f=lambda: None), jobs.Plain(2)])

    assert manager.size() == 0


def test_push_that_is_refused_writes_nothing(manager, jobs):
    manager._materials.codec()._bytes_max = 1_000

    with pytest.raises(PayloadTooLarge):
        manager.push(jobs.Loose(text="x" * 2_000))

    assert manager.size() == 0


def test_clear_empties_a_queue(manager, jobs):
    manager.bulk([jobs.Plain(n) for n in range(3)])

    assert manager.clear() == 3
    assert manager.size() == 0


def test_twins_do_the_same(manager, jobs):
    async def all_of_them():
        await manager.apush(jobs.Plain(1))
        await manager.apush_on("mail", jobs.Plain(2))
        await manager.alater(60, jobs.Plain(3))
        await manager.alater_on("mail", 60, jobs.Plain(4))
        await manager.abulk([jobs.Plain(5), jobs.Plain(6)])
        sizes = (
            await manager.asize(),
            await manager.apending_size(),
            await manager.adelayed_size(),
            await manager.areserved_size(),
        )
        oldest = await manager.aoldest_pending_at()
        return sizes, oldest, await manager.aclear("mail")

    sizes, oldest, cleared = asyncio.run(all_of_them())

    assert sizes == (4, 3, 1, 0)
    assert oldest == pytest.approx(manager.oldest_pending_at())
    assert cleared == 2


def test_events_of_a_dispatch_are_told_before_and_after(manager, bench, jobs):
    bench.listen()
    job = jobs.Plain(1)

    uuid = manager.later(30, job)
    manager.bulk([job, job])

    assert bench.told[:2] == [
        JobQueueing("sqlite", "default", job, 30.0),
        JobQueued("sqlite", "default", uuid, job, 30.0),
    ]
    assert bench.names()[2:] == ["JobQueueing", "JobQueueing", "JobQueued", "JobQueued"]


def test_connection_that_is_not_defined_names_those_that_are(manager):
    with pytest.raises(ConnectionUndefined, match='Did you mean "sqlite"') as caught:
        manager.connection("sqlight")

    assert caught.value.defined == ("sqlite", "second", "sync", "null")
    assert isinstance(caught.value, LookupError)


def test_driver_that_is_not_known_names_those_that_are(bench):
    parsed = options(connections={"x": {"driver": "sqlight"}}, default="x")
    manager = QueueManager(
        "x", parsed.connections, bench.events, Materials(lambda: bench.codec, lambda: bench.runner)
    )

    with pytest.raises(
        DriverUnknown, match=r'Drivers: .*null, sqlite, sync\. Did you mean "sqlite"'
    ):
        manager.connection()


def test_extended_driver_is_given_its_own_options(manager, bench, jobs):
    parsed = options(
        connections={"own": {"driver": "own", "queue": "q", "colour": "red"}}, default="own"
    )
    own = QueueManager(
        "own",
        parsed.connections,
        bench.events,
        Materials(lambda: bench.codec, lambda: bench.runner),
    )
    seen = []

    def build(name, definition):
        seen.append((name, definition.colour))
        return NullConnection(name)

    own.extend("own", build)

    assert own.place(jobs.Plain(1)).queue == "q"
    assert seen == [("own", "red")]


def test_connections_are_opened_on_first_use_and_once(manager, jobs):
    assert not manager.connected("sqlite")

    manager.push(jobs.Plain(1))

    assert manager.connected()
    assert not manager.connected("second")
    assert manager.connection() is manager.connection("sqlite")


def test_store_survives_close(manager, jobs):
    manager.push(jobs.Plain(1))

    manager.close()

    assert manager.size() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"default": "sqlight"}, "queue.default"),
        ({"payload_bytes_max": 5}, "queue.payload_bytes_max"),
        ({"payload_max": 5}, "queue.payload_max"),
        ({"connections": {"sqlite": {"driver": "sqlite", "durabilty": "strict"}}}, "durability"),
        ({"connections": {"sqlite": {"driver": "sqlite", "durability": "safe"}}}, "durability"),
        ({"connections": {"sqlite": {"driver": "sqlite", "queue": ""}}}, "queue"),
    ],
)
def test_options_that_are_wrong_are_named(changes, message):
    with pytest.raises(InvalidOptions, match=message):
        options(**changes)


# -- the sync connection


def test_sync_connection_runs_at_once_whatever_the_delay(manager, jobs, journal):
    manager.connection("sync").later("1h", jobs.Frozen(3))

    assert journal == [(3, "default", 1)]


def test_sync_connection_runs_a_copy_made_by_the_codec(manager, jobs, journal):
    with pytest.raises(NotQueueable):
        manager.connection("sync").push(jobs.Loose(f=lambda: None))


def test_sync_connection_hands_the_exception_to_the_caller_after_the_hook(manager, jobs, journal):
    with pytest.raises(jobs.JobError, match="boom"):
        manager.connection("sync").push(jobs.Acts("throw"))

    assert journal == ["run", ("failed", "JobError", "boom", jobs.Acts("throw"))]


def test_sync_connection_tries_once_whatever_the_job_says(manager, bench, jobs):
    bench.listen()

    with pytest.raises(jobs.JobError):
        manager.connection("sync").push(jobs.Limited())

    assert "JobFailed" in bench.names()
    assert "JobReleasedAfterException" not in bench.names()


@pytest.mark.parametrize("act", ["ok", "release:5", "delete", "fail:x", "raise_release:1"])
def test_sync_connection_raises_nothing_for_what_a_job_decides(manager, jobs, journal, act):
    manager.connection("sync").push(jobs.Acts(act))

    assert journal[0] == "run"


def test_sync_connection_reraises_what_came_after_a_decision(manager, jobs):
    with pytest.raises(jobs.JobError):
        manager.connection("sync").push(jobs.Acts("delete;throw"))


def test_run_now_runs_whatever_the_default_is(manager, bench, jobs, journal):
    bench.listen()

    manager.run_now(jobs.Frozen(1))
    asyncio.run(manager.arun_now(jobs.Frozen(2)))

    assert [number for number, _, _ in journal] == [1, 2]
    assert bench.told[2].connection == "sync"
    assert manager.size() == 0


def test_sync_connection_runs_async_jobs_in_both_colours(manager, jobs, journal):
    connection = manager.connection("sync")

    connection.push(jobs.Async())
    asyncio.run(connection.apush(jobs.Async()))

    assert journal == [("async", "Service", 1)] * 2


def test_sync_connection_runs_many_at_once_without_mixing_them(manager, jobs, journal):
    async def many():
        connection = manager.connection("sync")
        await asyncio.gather(*(connection.apush(jobs.Frozen(n)) for n in range(20)))

    asyncio.run(many())

    assert sorted(number for number, _, _ in journal) == list(range(20))


def test_connections_without_failed_jobs_say_that_there_are_none(manager):
    failed = manager.connection("null").failed

    assert isinstance(failed, NoFailedJobs)
    assert (list(failed.all()), failed.find("x"), failed.retry(), failed.count()) == (
        [],
        None,
        [],
        0,
    )
    assert (failed.forget("x"), failed.flush()) == (False, 0)
    assert isinstance(manager.connection("sqlite").driver, SqliteConnection)
    assert manager.failed.count() == 0


def test_route_sends_a_class_and_those_derived_from_it(manager, jobs):
    manager.route(jobs.Plain, Name.SECOND, "second")

    sent = [manager.place(jobs.Plain(1)), manager.place(jobs.Plain(2), Placement("urgent"))]

    assert [(one.connection, one.queue) for one in sent] == [
        ("second", "second"),
        ("second", "urgent"),
    ]
    assert manager.place(jobs.Elsewhere()).queue == "mail"


def test_what_travels_with_jobs_is_written_once_for_all_connections(manager, codec, jobs):
    manager.create_payload_using(lambda job: {"tenant": 4})

    manager.connection("second").push(jobs.Plain(1))

    (delivery,) = claimed(manager, "other", "second")
    assert codec.header(delivery.payload).context == {"tenant": 4}


def test_job_of_an_id_that_is_unsettled_is_skipped(manager, jobs):
    first = manager.place(jobs.Plain(1), Placement(id="order-5"))
    again = manager.place(jobs.Plain(2), Placement(id="order-5"))
    other = manager.place(jobs.Plain(3), Placement(id="order-6"))

    assert (first.skipped, again.skipped, other.skipped) == (False, True, False)
    assert again.id == first.id
    assert manager.size() == 2


def test_async_dispatch_tells_async_listeners_first(manager, bench, jobs):
    told = []

    async def hear(event: JobQueueing) -> None:
        told.append(event.queue)

    bench.events.listen(JobQueueing, hear)

    asyncio.run(manager.apush(jobs.Plain(1), "mail"))

    assert told == ["mail"]


def test_queues_are_named_by_the_configuration_and_by_routes(bench, jobs):
    connections = {
        "one": {"driver": "null", "queue": "first", "queues": ["mail", "reports"]},
        "two": {"driver": "null"},
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "one"}, "queue")
    materials = Materials(lambda: bench.codec, lambda: bench.runner)
    manager = QueueManager("one", parsed.connections, bench.events, materials)
    manager.route(jobs.Plain, queue="late")
    manager.route(jobs.Frozen, queue="mail")
    manager.route(jobs.Elsewhere, queue="far", connection="two")

    assert manager.named_queues() == ("first", "mail", "reports", "late")
    assert manager.named_queues("two") == ("default", "late", "mail", "far")
    with pytest.raises(ConnectionUndefined):
        manager.named_queues("three")


def test_queues_that_supervisors_work_are_named_too(bench):
    supervisors = {
        "defaults": {"mail": {"connection": "two", "queues": ["mail"]}, "slow": {"queues": ["x"]}},
        "production": {"mail": {"max_processes": 4}, "slow": {"queues": ["slow", "first"]}},
        "local": {"mail": {"connection": "one", "queues": ["letters"]}, "plain": {}},
    }
    connections = {"one": {"driver": "null", "queue": "first"}, "two": {"driver": "null"}}
    parsed = QueueOptions.parse(
        {"connections": connections, "default": "one", "supervisors": supervisors}, "queue"
    )
    materials = Materials(lambda: bench.codec, lambda: bench.runner, supervised=parsed.supervised())
    manager = QueueManager("one", parsed.connections, bench.events, materials)

    assert manager.named_queues() == ("first", "x", "slow", "letters")
    assert manager.named_queues("two") == ("default", "mail")
