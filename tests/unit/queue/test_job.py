from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from enum import Enum

import pytest

from securely.container import NotBooted
from securely.queue.delivery.runner import JobRunner
from securely.queue.exceptions import NotQueueable
from securely.queue.fake import QueueFake
from securely.queue.job import Dispatched, PendingDispatch
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.support import clock
from securely.support.clock import FrozenClock


class Name(Enum):
    URGENT = "urgent"
    SECOND = "second"


@pytest.fixture
def manager(bench):
    connections = {
        "sync": {"driver": "sync"},
        "second": {"driver": "null", "queue": "other"},
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "sync"}, "queue")
    materials = Materials(lambda: bench.codec, lambda: bench.runner)
    return QueueManager(parsed.default, parsed.connections, bench.events, materials)


@pytest.fixture
def active(container, manager):
    container.instance(QueueManager, manager)
    container.alias(QueueManager, "queue")
    with container.active():
        yield manager


@pytest.fixture
def fake(active):
    return active.fake()


def test_dispatch_builds_the_job_and_queues_it_now(fake, jobs):
    sent = jobs.Frozen.dispatch(3, text="x")

    assert isinstance(sent, Dispatched)
    assert (sent.connection, sent.queue) == ("sync", "default")
    assert [entry.job for entry in fake.pushed_jobs()] == [jobs.Frozen(3, "x")]


def test_dispatch_of_wrong_arguments_queues_nothing(fake, jobs):
    with pytest.raises(TypeError):
        jobs.Frozen.dispatch()

    fake.assert_nothing_pushed()


def test_conditions_are_values_or_callables(fake, jobs):
    assert jobs.Frozen.dispatch_if(False, 1) is None
    assert jobs.Frozen.dispatch_if(lambda: False, 2) is None
    assert jobs.Frozen.dispatch_unless(True, 3) is None
    assert jobs.Frozen.dispatch_unless(lambda: True, 4) is None
    jobs.Frozen.dispatch_if(lambda: True, 5)
    jobs.Frozen.dispatch_unless(False, 6)

    assert [job.number for job in fake.pushed(jobs.Frozen)] == [5, 6]


def test_twins_do_the_same(fake, jobs):
    async def all_of_them():
        await jobs.Frozen.adispatch(1)
        await jobs.Frozen.adispatch_if(True, 2)
        await jobs.Frozen.adispatch_if(False, 3)
        await jobs.Frozen.adispatch_unless(False, 4)
        await jobs.Frozen.adispatch_unless(True, 5)
        await jobs.Frozen.adispatch_sync(6)
        await jobs.Frozen.using(7).on_queue("mail").adispatch()

    asyncio.run(all_of_them())

    assert [job.number for job in fake.pushed(jobs.Frozen)] == [1, 2, 4, 6, 7]


def test_using_keeps_options_of_one_dispatch_open(fake, jobs):
    with clock.using(FrozenClock(at=1_800_000_000.0)):
        pending = jobs.Elsewhere.using().on_queue(Name.URGENT).on_connection(Name.SECOND)
        assert isinstance(pending, PendingDispatch)
        fake.assert_nothing_pushed()

        pending.delay(timedelta(minutes=2)).priority(3).dispatch()
        jobs.Elsewhere.using().without_delay().dispatch()
        jobs.Frozen.using(1).delay(clock.now() + timedelta(seconds=9)).dispatch()

    assert [(entry.connection, entry.queue, entry.delay) for entry in fake.pushed_jobs()] == [
        ("second", "urgent", 120.0),
        ("second", "mail", 0.0),
        ("sync", "default", 9.0),
    ]


def test_dispatch_sync_runs_here_whatever_the_connection(active, jobs, journal):
    jobs.Frozen.dispatch_sync(5)

    assert journal == [(5, "default", 1)]


def test_fake_takes_the_place_of_the_manager_for_whoever_asks(active, container):
    fake = active.fake()

    assert isinstance(fake, QueueFake)
    assert container.make(QueueManager) is fake
    assert container.make("queue") is fake


def test_job_when_it_runs_knows_its_delivery(bench, jobs, journal):
    bench.runner.run(bench.delivery(jobs.Knows(), attempts=4))

    ((attempts, uuid),) = journal
    assert attempts == 4
    assert len(uuid) == 36


@pytest.mark.parametrize(
    "method", ["dispatch", "adispatch", "dispatch_if", "dispatch_sync", "using"]
)
def test_what_builds_a_job_is_refused_by_one_that_is_built(fake, jobs, method):
    with pytest.raises(
        NotQueueable, match=rf"Write Frozen\.{method}\(…\) .* or Queue\.push\(job\)"
    ):
        getattr(jobs.Frozen(3), method)()

    fake.assert_nothing_pushed()


def test_dispatch_without_an_application_says_so(jobs):
    with pytest.raises(NotBooted, match="No application is running"):
        jobs.Frozen.dispatch(1)


def test_display_name_tags_and_middleware_have_plain_defaults(jobs):
    job = jobs.Frozen(1)

    assert job.display_name() == "sample_jobs.Frozen"
    assert (list(job.tags()), list(job.middleware())) == ([], [])


def test_job_unique_until_it_begins_runs_here_without_a_connection_called_sync(
    bench, container, codec, events, jobs, journal
):
    said = {"connections": {"null": {"driver": "null"}}, "default": "null"}
    parsed = QueueOptions.parse(said, "queue")
    runner = JobRunner(container, codec, events, keys=lambda: manager)
    manager = QueueManager(
        "null", parsed.connections, events, Materials(lambda: codec, lambda: runner)
    )

    manager.run_now(jobs.UntilBegun())
    asyncio.run(manager.arun_now(jobs.UntilBegunAsync()))

    assert journal == ["begun", "begun"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("on_queue", r"Job.using\(…\).on_queue\(…\).dispatch\(\)$"),
        ("delay", r"Job.using\(…\).delay\(…\).dispatch\(\)$"),
        ("adispatch", r"Job.using\(…\).adispatch\(\)$"),
        ("uuid", r"^'Dispatched' has no attribute 'uuid'$"),
    ],
)
def test_dispatched_when_options_are_said_too_late_says_where_they_go(name, says):
    sent = Dispatched("u-1", "sqlite", "default")

    with pytest.raises(AttributeError, match=says):
        getattr(sent, name)


def test_dispatched_copies_as_a_tuple_does():
    sent = Dispatched("u-1", "sqlite", "default", skipped=True)

    assert copy.deepcopy(sent) == sent
    assert not hasattr(sent, "__queue_ref__")
