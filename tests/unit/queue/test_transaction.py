"""Dispatches that are held back: by a block of the queue, and by the transaction of a database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from securely.container import Container
from securely.events import OpenTransactions
from securely.events.contracts import Transactions
from securely.queue.bus.transaction import Transaction
from securely.queue.events import JobQueued
from securely.queue.exceptions import NotQueueable, StoreFull
from securely.queue.job import Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.middleware import Transactional
from securely.queue.options import CustomOptions, QueueOptions


class Recorder:
    """A connection that notes each push."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pushes: list[list[str]] = []
        self.is_full = False

    def push(self, envelopes: Any) -> list[str]:
        if self.is_full:
            raise StoreFull(self.name, "disk")
        self.pushes.append([envelope.name for envelope in envelopes])
        return [envelope.uuid for envelope in envelopes]

    async def apush(self, envelopes: Any) -> list[str]:
        return self.push(envelopes)


@pytest.fixture
def recorders() -> dict[str, Recorder]:
    return {}


@pytest.fixture
def manager(bench: Any, container: Container, recorders: dict[str, Recorder]):
    connections = {
        "first": {"driver": "own"},
        "second": {"driver": "own"},
        "late": {"driver": "own", "after_commit": True},
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "first"}, "queue")
    materials = Materials(lambda: bench.codec, lambda: bench.runner)
    manager = QueueManager("first", parsed.connections, bench.events, materials)

    def connect(name: str, options: CustomOptions) -> Recorder:
        return recorders.setdefault(name, Recorder(name))

    manager.extend("own", connect)
    for name in connections:
        manager.connection(name)
    container.instance(QueueManager, manager)
    container.alias(QueueManager, "queue")
    with container.active():
        yield manager


@pytest.fixture
def database(container: Container) -> OpenTransactions:
    database = OpenTransactions()
    container.instance(Transactions, database)
    return database


def dispatch_and_raise(pending: Any) -> None:
    pending.dispatch()
    raise KeyError


PLAIN = "sample_jobs.Plain"
SECOND = Placement(connection="second")


def test_block_sends_at_its_end_in_one_step_for_each_connection(manager, recorders, jobs):
    with manager.transaction():
        sent = jobs.Plain.dispatch(1)
        manager.place(jobs.Plain(2), SECOND)
        manager.bulk([jobs.Plain(3), jobs.Plain(4)])
        assert [each.pushes for each in recorders.values()] == [[], [], []]

    assert recorders["first"].pushes == [[PLAIN, PLAIN, PLAIN]]
    assert recorders["second"].pushes == [[PLAIN]]
    assert len(sent.id) == 36


def test_block_of_a_coroutine_sends_in_its_colour(manager, recorders, jobs):
    async def dispatch() -> None:
        async with manager.transaction():
            await jobs.Plain.adispatch(1)
            await manager.abulk([jobs.Plain(3), jobs.Plain(4)])
            assert recorders["first"].pushes == []

    asyncio.run(dispatch())

    assert recorders["first"].pushes == [[PLAIN, PLAIN, PLAIN]]


def test_block_that_raises_sends_nothing(manager, recorders, jobs):
    with pytest.raises(KeyError), manager.transaction():
        dispatch_and_raise(jobs.Plain.using(1))

    async def dispatch() -> None:
        async with manager.transaction():
            await jobs.Plain.adispatch(1)
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(dispatch())
    assert recorders["first"].pushes == []
    jobs.Plain.dispatch(2)
    assert recorders["first"].pushes == [[PLAIN]]


def test_block_within_another_hands_its_part_on_unless_it_raised(manager, recorders, jobs):
    with manager.transaction():
        jobs.Plain.dispatch(1)
        with manager.transaction():
            jobs.Plain.dispatch(2)
        with pytest.raises(KeyError), manager.transaction():
            dispatch_and_raise(jobs.Plain.using(3))
        assert recorders["first"].pushes == []

    assert recorders["first"].pushes == [[PLAIN, PLAIN]]


def test_events_tell_of_what_was_sent_and_not_of_what_was_held(manager, jobs, bench):
    told = []
    bench.events.listen(JobQueued, told.append)

    with manager.transaction():
        sent = jobs.Plain.dispatch(1)
        assert told == []

    assert [event.id for event in told] == [sent.id]


def test_error_of_a_job_is_raised_where_it_was_dispatched(manager, recorders, jobs):
    with manager.transaction():
        jobs.Plain.dispatch(1)
        with pytest.raises(NotQueueable):
            jobs.Plain.dispatch(object())

    assert recorders["first"].pushes == [[PLAIN]]


def test_payload_is_as_it_was_at_the_dispatch(manager, recorders, jobs, bench):
    told = []
    bench.events.listen(JobQueued, told.append)
    job = jobs.Plain(1)
    pushed = []
    recorders["first"].push = lambda envelopes: (
        pushed.extend(envelopes) or [one.uuid for one in envelopes]
    )

    with manager.transaction():
        manager.push(job)
        job.number = 2

    assert bench.codec.decode(pushed[0].payload).job.number == 1


def test_connection_that_takes_nothing_raises_at_the_end_of_the_block(manager, recorders, jobs):
    recorders["first"].is_full = True

    with pytest.raises(StoreFull), manager.transaction():
        jobs.Plain.dispatch(1)


def test_task_that_outlives_the_block_sends_at_once(manager, recorders, jobs):
    async def later(go: asyncio.Event) -> None:
        await go.wait()
        await jobs.Plain.adispatch(2)

    async def dispatch() -> None:
        go = asyncio.Event()
        async with manager.transaction():
            task = asyncio.create_task(later(go))
        go.set()
        await task

    asyncio.run(dispatch())

    assert recorders["first"].pushes == [[PLAIN]]


def test_before_commit_waits_for_nothing(manager, recorders, jobs, database):
    with database.block(), manager.transaction():
        jobs.Plain.using(1).before_commit().dispatch()

        assert recorders["first"].pushes == [[PLAIN]]


# -- after the commit of a database


def test_job_that_is_to_wait_for_the_commit_is_sent_then(manager, recorders, jobs, database):
    with database.block():
        sent = jobs.Plain.using(1).after_commit().dispatch()
        jobs.Plain.dispatch(2)
        assert recorders["first"].pushes == [[PLAIN]]

    assert recorders["first"].pushes == [[PLAIN], [PLAIN]]
    assert sent.connection == "first"


def test_job_is_sent_once_the_outermost_transaction_has_committed(
    manager, recorders, jobs, database
):
    with database.block():
        with database.block():
            jobs.Plain.using(1).after_commit().dispatch()
        assert recorders["first"].pushes == []
        with pytest.raises(KeyError), database.block():
            dispatch_and_raise(jobs.Plain.using(2).after_commit())

    assert recorders["first"].pushes == [[PLAIN]]


def test_rollback_discards_the_job(manager, recorders, jobs, database):
    with pytest.raises(KeyError), database.block():
        dispatch_and_raise(jobs.Plain.using(1).after_commit())

    assert recorders["first"].pushes == []


def test_commit_in_a_coroutine_sends_in_its_colour(manager, recorders, jobs, database):
    async def dispatch() -> None:
        async with database.ablock():
            await jobs.Plain.using(1).after_commit().adispatch()
            assert recorders["first"].pushes == []

    asyncio.run(dispatch())

    assert recorders["first"].pushes == [[PLAIN]]


def test_without_an_open_transaction_the_job_is_sent_at_once(manager, recorders, jobs, database):
    jobs.Plain.using(1).after_commit().dispatch()

    assert recorders["first"].pushes == [[PLAIN]]


def test_where_nobody_knows_transactions_the_job_is_sent_at_once(manager, recorders, jobs):
    jobs.Plain.using(1).after_commit().dispatch()

    assert recorders["first"].pushes == [[PLAIN]]


@pytest.mark.parametrize(
    ("connection", "said", "waits"),
    [
        ("late", None, True),
        ("late", False, False),
        ("first", None, False),
        ("first", True, True),
    ],
)
def test_class_wins_over_connection(  # fixtures, and a case
    manager, recorders, jobs, database, connection, said, waits
):
    job = jobs.Plain(1)
    job.after_commit = said
    with database.block():
        manager.place(job, Placement(connection=connection))
        assert recorders[connection].pushes == ([] if waits else [[PLAIN]])

    assert recorders[connection].pushes == [[PLAIN]]


def test_dispatch_wins_over_class(manager, recorders, jobs, database):
    with database.block():
        jobs.Plain.using(1).on_connection("late").before_commit().dispatch()

        assert recorders["late"].pushes == [[PLAIN]]


def test_some_of_a_bulk_may_wait_and_ids_keep_their_order(
    manager, recorders, jobs, database, bench
):
    waiting, now = jobs.Plain(1), jobs.Plain(2)
    waiting.after_commit = True
    told = []
    bench.events.listen(JobQueued, told.append)

    with database.block():
        first, second = manager.bulk([waiting, now])
        assert [event.id for event in told] == [second]

    assert [event.id for event in told] == [second, first]


def test_commit_within_a_block_of_the_queue_is_collected_there(manager, recorders, jobs, database):
    with manager.transaction():
        with database.block():
            jobs.Plain.using(1).after_commit().dispatch()
        assert recorders["first"].pushes == []

    assert recorders["first"].pushes == [[PLAIN]]


# -- Transactional


class Dispatches:
    """Dispatches, and then does what it is told."""

    def __init__(self, jobs: Any, then: str = "ok") -> None:
        self.jobs = jobs
        self.then = then

    def handle(self, job: Any, next_: Any) -> object:
        self.jobs.Plain.dispatch(1)
        return next_(job)


@pytest.mark.parametrize("kind", ["Worked", "AsyncWorked"])
@pytest.mark.parametrize(
    ("plan", "pushes"),
    [("ok", [[PLAIN]]), ("throw", []), ("fail", []), ("release", [])],
)
def test_what_a_job_dispatches_is_sent_if_it_ends_well(  # noqa: PLR0917  # fixtures, and a case
    manager, recorders, jobs, stages, bench, kind, plan, pushes
):
    stages.STAGES[:] = [Transactional(), Dispatches(jobs)]
    delivery = bench.delivery(getattr(stages, kind)("j", plan))

    bench.runner.run(delivery)  # an async job ends in another context than it began in
    assert recorders["first"].pushes == pushes

    asyncio.run(bench.runner.arun(delivery))
    assert recorders["first"].pushes == pushes * 2
    stages.STAGES.clear()


def test_transaction_left_without_being_entered_by_others_is_closed():
    block = Transaction()
    with block:
        assert block.is_open

    assert not block.is_open
