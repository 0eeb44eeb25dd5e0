from __future__ import annotations

import asyncio

import pytest

from securely.queue.exceptions import InvalidPayload
from securely.queue.fake import QueueFake
from securely.queue.job import Placement
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions


@pytest.fixture
def manager(bench):
    connections = {
        "null": {"driver": "null"},
        "second": {"driver": "null", "queue": "other"},
        "sync": {"driver": "sync"},
    }
    parsed = QueueOptions.parse({"connections": connections, "default": "null"}, "queue")
    return QueueManager(
        parsed.default,
        parsed.connections,
        bench.events,
        Materials(lambda: bench.codec, lambda: bench.runner),
    )


@pytest.fixture
def fake(manager):
    return QueueFake(manager, manager._connections)


def test_fake_tells_what_was_recorded_for_all_queues(fake, jobs):
    fake.push(jobs.Plain(1))
    fake.later_on("mail", 30, jobs.Plain(2))
    fake.connection("second").push(jobs.Plain(3))

    assert (fake.total_size(), fake.total_pending_size(), fake.total_delayed_size()) == (2, 1, 1)
    assert [one.queue for one in fake.all_delayed_jobs()] == ["mail"]
    assert fake.connection("second").total_size() == 1


def test_fake_records_payloads_that_are_pushed_as_they_are(fake, codec, jobs):
    payload = codec.envelope(jobs.Plain(1), "default").payload

    uuid = fake.push_raw(payload, "mail")
    asyncio.run(fake.connection("second").apush_raw(payload))
    asyncio.run(fake.apush_raw(payload))
    fake.connection("second").push_raw(payload)

    queues = [one.queue for one in fake.raw_pushes()]
    assert queues == ["mail", "other", "default", "other"]
    assert (fake.raw_pushes()[0].uuid, fake.pushed_raw()) == (uuid, [payload] * 4)
    with pytest.raises(InvalidPayload):
        fake.push_raw(payload + b"x")


def test_fake_records_instead_of_queueing(fake, jobs):
    fake.push(jobs.Plain(1))
    fake.later_on("mail", 30, jobs.Plain(2))
    fake.connection("second").push(jobs.Plain(3))
    fake.push(jobs.Elsewhere())
    asyncio.run(fake.apush(jobs.Plain(4)))
    fake.bulk([jobs.Plain(5), jobs.Frozen(6)])

    entries = [(one.connection, one.queue, one.delay) for one in fake.pushed_jobs()]
    assert entries == [
        ("null", "default", 0.0),
        ("null", "mail", 30.0),
        ("second", "other", 0.0),
        ("second", "mail", 60.0),
        ("null", "default", 0.0),
        ("null", "default", 0.0),
        ("null", "default", 0.0),
    ]
    assert [job.number for job in fake.pushed(jobs.Plain)] == [1, 2, 3, 4, 5]
    assert fake.pushed(jobs.Plain, lambda job: job.number > 4)[0].number == 5
    assert fake.has_pushed(jobs.Frozen)
    assert not fake.has_pushed(jobs.Loose)
    assert (fake.size(), fake.delayed_size("mail"), fake.connection("second").size()) == (4, 1, 1)


def test_assertions_that_hold_are_silent(fake, jobs):
    fake.assert_nothing_pushed()
    fake.assert_count(0)
    fake.assert_not_pushed(jobs.Plain)

    fake.push_on("mail", jobs.Plain(1))
    fake.push(jobs.Plain(2))
    fake.push(jobs.Frozen(3))

    fake.assert_pushed(jobs.Plain)
    fake.assert_pushed(jobs.Plain, 2)
    fake.assert_pushed(jobs.Plain, lambda job: job.number == 2)
    fake.assert_pushed_times(jobs.Plain, 2)
    fake.assert_pushed_once(jobs.Frozen)
    fake.assert_pushed_on("mail", jobs.Plain)
    fake.assert_pushed_on("mail", jobs.Plain, lambda job: job.number == 1)
    fake.assert_not_pushed(jobs.Plain, lambda job: job.number == 9)
    fake.assert_count(3)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda fake, jobs: fake.assert_pushed(jobs.Loose), "No Loose was pushed"),
        (lambda fake, jobs: fake.assert_pushed(jobs.Frozen, 2), "pushed 1 times instead of 2"),
        (
            lambda fake, jobs: fake.assert_pushed(jobs.Frozen, lambda job: job.number == 9),
            "No Frozen that meets the predicate",
        ),
        (lambda fake, jobs: fake.assert_pushed_on("mail", jobs.Frozen), 'on the queue "mail"'),
        (lambda fake, jobs: fake.assert_not_pushed(jobs.Frozen), "Frozen was pushed 1 times"),
        (lambda fake, jobs: fake.assert_nothing_pushed(), "Jobs were pushed"),
        (lambda fake, jobs: fake.assert_count(2), "1 jobs were pushed instead of 2"),
        (lambda fake, jobs: fake.assert_pushed_once(jobs.Plain), "pushed 0 times instead of 1"),
    ],
)
def test_assertions_that_fail_say_what_was_pushed(fake, jobs, check, message):
    fake.push(jobs.Frozen(3))

    with pytest.raises(AssertionError, match=message) as caught:
        check(fake, jobs)

    assert "Frozen(number=3, text='default') on default" in str(caught.value)


def test_partial_fake_lets_the_others_run(manager, jobs, journal):
    fake = QueueFake(manager, manager._connections, only=[jobs.Plain])

    fake.push(jobs.Plain(1))
    fake.connection("sync").push(jobs.Frozen(2))
    fake.run_now(jobs.Frozen(3))
    asyncio.run(fake.arun_now(jobs.Frozen(4)))

    fake.assert_count(1)
    fake.assert_pushed(jobs.Plain)
    assert [entry[0] for entry in journal if entry != "init"] == [2, 3, 4]


def test_fake_except_some_lets_these_run(manager, jobs, journal):
    fake = QueueFake(manager, manager._connections, except_=[jobs.Frozen])

    fake.run_now(jobs.Frozen(1))
    fake.run_now(jobs.Plain(2))
    asyncio.run(fake.arun_now(jobs.Plain(3)))

    fake.assert_count(2)
    assert (1, "default", 1) in journal


def test_fake_is_a_manager(fake, manager):
    assert isinstance(fake, QueueManager)
    assert (fake.default, fake.name, fake.default_queue) == ("null", "null", "default")
    assert fake.failed.count() == 0
    assert fake.clear() == 0


def push_and_raise(fake, job):
    fake.push(job)
    raise KeyError


def test_fake_records_what_a_transaction_sends_at_its_end(fake, jobs):
    with fake.transaction():
        fake.push(jobs.Plain(1))
        fake.connection("second").push(jobs.Plain(2))
        fake.bulk([jobs.Plain(3)])
        fake.place(jobs.Plain(4), Placement(after_commit=False))
        assert [one.job.number for one in fake.pushed_jobs()] == [4]

    assert sorted(job.number for job in fake.pushed(jobs.Plain)) == [1, 2, 3, 4]


def test_fake_records_nothing_of_a_transaction_that_raises(fake, jobs):
    with pytest.raises(KeyError), fake.transaction():
        push_and_raise(fake, jobs.Plain(1))

    async def push() -> None:
        async with fake.transaction():
            await fake.apush(jobs.Plain(2))
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(push())
    fake.assert_nothing_pushed()
    fake.push(jobs.Plain(3))
    fake.assert_count(1)


def test_fake_records_what_an_async_transaction_sends(fake, jobs):
    async def push() -> None:
        async with fake.transaction():
            await fake.apush(jobs.Plain(1))
            fake.assert_nothing_pushed()

    asyncio.run(push())

    fake.assert_count(1)


def test_fake_frees_the_key_of_a_unique_job_whose_transaction_raises(fake, jobs):
    with pytest.raises(KeyError), fake.transaction():
        push_and_raise(fake, jobs.OnlyOne(1))

    assert not fake.place(jobs.OnlyOne(1)).skipped
    assert fake.place(jobs.OnlyOne(1)).skipped


def test_cancel_of_a_fake_answers_as_a_store_would_and_leaves_what_was_pushed(fake, jobs):
    pushed = fake.push(jobs.Plain(1))
    elsewhere = fake.connection("second").push(jobs.Plain(2))
    fake.reserve(jobs.Plain(3), "mail")
    (running,) = fake.reserved_jobs("mail")

    came_to = [
        fake.cancel(pushed),
        asyncio.run(fake.acancel(running.uuid)),
        fake.cancel(elsewhere),
        fake.connection("second").cancel(elsewhere),
    ]

    assert [one.value for one in came_to] == ["removed", "stopping", "unknown", "removed"]
    fake.assert_count(2)
