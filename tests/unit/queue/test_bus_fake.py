"""Fakes: what was queued, chained, batched and dispatched; jobs that a test runs by hand."""

from __future__ import annotations

import asyncio

import pytest

from securely.queue.bus.dispatcher import Bus
from securely.queue.bus.listeners import QueuedListeners
from securely.queue.exceptions import Drop, EmptyChain, NotQueueable, Release
from securely.queue.fake import FakeBatch, with_fake_queue_interactions
from securely.queue.job import Dispatched
from securely.queue.manager import QueueManager


@pytest.fixture
def fake(world):
    return world.bus.fake()


@pytest.fixture
def queue(world):
    return world.queues.fake()


def refused(match):
    return pytest.raises(AssertionError, match=match)


# -- Queue.fake


def test_chain_is_recorded_with_its_first_job(world, queue, sample):
    world.bus.chain([sample.J("a"), sample.J("b", "throw"), sample.simple.using("x")]).dispatch()
    sample.J.dispatch("alone")

    queue.assert_pushed_with_chain(sample.J, [sample.J, sample.simple])
    queue.assert_pushed_with_chain(sample.J, [sample.J("b", "throw"), sample.simple.job("x")])
    queue.assert_pushed_with_chain(sample.J, [sample.J, sample.simple], lambda job: job.name == "a")
    queue.assert_pushed_without_chain(sample.J)
    queue.assert_pushed_without_chain(sample.J, lambda job: job.name == "alone")
    queue.assert_pushed_times(sample.J, 2)
    with refused(r"pushed with the chain \[J\(name='b', .*\), sample_bus.simple\]"):
        queue.assert_pushed_without_chain(sample.J, lambda job: job.name == "a")
    with refused("instead of"):
        queue.assert_pushed_with_chain(sample.J, [sample.J])
    with refused("instead of"):
        queue.assert_pushed_with_chain(sample.J, [sample.J("other"), sample.simple])
    with refused("use assert_pushed_without_chain"):
        queue.assert_pushed_with_chain(sample.J, [])
    with refused("No Elsewhere was pushed"):
        queue.assert_pushed_without_chain(sample.Elsewhere)


def test_members_of_a_batch_are_recorded(world, queue, sample):
    made = world.bus.batch([sample.J("a"), [sample.J("b"), sample.J("c")]]).dispatch()

    assert made.total_jobs == 3
    assert world.bus.find_batch(made.id).total_jobs == 3
    assert [(entry.job.name, entry.batch) for entry in queue.pushed_jobs()] == [
        ("a", made.id),
        ("b", made.id),
    ]
    queue.assert_pushed_with_chain(sample.J, [sample.J], lambda job: job.name == "b")
    assert made.cancel()
    assert made.fresh().cancelled()


def test_tasks_are_recorded_with_their_arguments(world, queue, sample):
    sample.simple.dispatch("a", times=2)
    world.bus.dispatch(world.bus.call(sample.noted, "text"))

    queue.assert_task_pushed(sample.simple)
    queue.assert_task_pushed(sample.simple, lambda text, times: (text, times) == ("a", 2))
    queue.assert_task_pushed(sample.noted, 1)
    queue.assert_task_not_pushed(sample.anoted)
    with refused("No call of sample_bus.anoted was pushed. Pushed: sample_bus.simple on default"):
        queue.assert_task_pushed(sample.anoted)
    with refused("No call of sample_bus.simple that meets the predicate was pushed"):
        queue.assert_task_pushed(sample.simple, lambda **given: False)
    with refused("was pushed 1 times instead of 0"):
        queue.assert_task_not_pushed(sample.simple)


def test_unique_keys_are_heeded_until_they_are_freed(queue, sample):
    first = sample.Unique.dispatch("a", uid="1")
    second = sample.Unique.dispatch("b", uid="1")
    sample.Unique.dispatch("c", uid="2")

    assert (second.skipped, second.id) == (True, first.id)
    queue.assert_count(2)
    queue.release_unique_job_locks()
    assert not sample.Unique.dispatch("d", uid="1").skipped
    called = sample.J.using("e").id("order-5").dispatch()
    again = sample.J.using("f").id("order-5").dispatch()
    assert (again.skipped, again.id) == (True, called.id)


def test_last_of_several_debounced_jobs_is_recorded(queue, sample):
    sample.Debounced.dispatch("a")
    sample.Debounced.dispatch("b")

    assert [job.name for job in queue.pushed(sample.Debounced)] == ["b"]


def test_jobs_go_through_their_payload_where_a_test_says_so(queue, sample):
    queue.serialize_and_restore()
    job = sample.J("a")
    sent = sample.J.using("a").dispatch()
    queue.push(job)

    assert isinstance(sent, Dispatched)
    assert queue.pushed(sample.J)[1] is not job
    assert queue.pushed(sample.J)[1].name == "a"
    with pytest.raises(NotQueueable, match=r"J\.plan"):
        sample.J.dispatch("b", object())
    queue.serialize_and_restore(False).push(job)
    assert queue.pushed(sample.J)[-1] is job


def test_callbacks_are_told_of_each_push(queue, sample):
    told = []
    queue.before_pushing(lambda job: told.append(("before", job.name, queue.size())))
    queue.after_pushing(lambda job: told.append(("after", job.name, queue.size())))

    sample.J.dispatch("a")

    assert told == [("before", "a", 0), ("after", "a", 1)]


def test_raw_pushes_are_kept_apart(world, queue, sample):
    envelope = world.codec.envelope(sample.J("a"), "default")

    assert queue.driver.push([envelope]) == [envelope.uuid]
    asyncio.run(queue.connection("other").driver.apush([envelope]))
    queue.assert_nothing_pushed()
    assert queue.raw_pushes() == (envelope, envelope)
    assert queue.pushed_raw(lambda payload: payload == envelope.payload) == [envelope.payload] * 2
    assert queue.pushed_raw(lambda payload: False) == []


def test_queued_listeners_are_recorded_with_what_they_were_to_hear(world, sample):
    world.events.queue_by(QueuedListeners(lambda: world.container.make(QueueManager)))
    world.events.listen(sample.Shipped, sample.SendNews)
    queue = world.queues.fake()

    world.events.dispatch(sample.Shipped(7))
    world.events.dispatch(sample.Shipped(8))

    assert queue.listeners_pushed(sample.SendNews) == [sample.Shipped(7), sample.Shipped(8)]
    eighth = queue.listeners_pushed(sample.SendNews, lambda event: event.number == 8)
    assert eighth == [sample.Shipped(8)]
    assert queue.listeners_pushed(sample.MappedHandler) == []


def test_partial_fake_lets_the_others_run_for_real(world, sample, log):
    queue = world.queues.fake(sample.Elsewhere)
    sample.J.dispatch("real")
    sample.Elsewhere.dispatch("recorded")
    world.bus.chain([sample.J("first"), sample.Elsewhere("second")]).dispatch()
    world.bus.batch([sample.J("member"), sample.Elsewhere("recorded too")]).dispatch()

    assert world.state() == ["real", "first", "member"]
    assert [job.name for job in queue.pushed(sample.Elsewhere)] == ["recorded", "recorded too"]
    queue.except_(sample.Elsewhere)
    sample.Elsewhere.dispatch("real now")
    assert world.state("own") == ["real now"]


def test_what_is_sync_or_after_the_response_is_recorded_as_such(queue, sample):
    sample.J.dispatch_sync("a")
    asyncio.run(sample.J.adispatch_sync("b"))
    sample.J.dispatch_after_response("c")

    assert [entry.way for entry in queue.pushed_jobs()] == ["sync", "sync", "after_response"]


def test_fake_of_a_fake_sends_on_what_it_does_not_record(world, sample):
    outer = world.queues.fake()
    inner = world.container.make(QueueManager).fake(sample.Elsewhere)

    sample.J.dispatch("a")
    sample.Elsewhere.dispatch("b")

    outer.assert_pushed_once(sample.J)
    inner.assert_pushed_once(sample.Elsewhere)


def test_routes_hold_in_a_fake(world, queue, sample):
    world.queues.route(sample.J, "routed")
    queue.route(sample.Simplest, "simple", "other")

    sample.J.dispatch("a")
    sample.Simplest.dispatch()

    queue.assert_pushed_on("routed", sample.J)
    assert queue.pushed_jobs()[1].connection == "other"


# -- Bus.fake


def test_fake_takes_the_place_of_bus_and_queue(world, fake, sample):
    assert world.container.make(Bus) is fake
    assert world.container.make(QueueManager) is fake.queue

    sample.J.dispatch("a")
    fake.dispatch(sample.J("b"))
    asyncio.run(fake.adispatch(sample.J("c")))
    fake.bulk([sample.J("d")])

    fake.assert_dispatched(sample.J)
    fake.assert_dispatched(sample.J, lambda job: job.name == "c")
    fake.assert_dispatched(sample.J, 4)
    fake.assert_dispatched_times(sample.J, 4)
    fake.assert_not_dispatched(sample.Elsewhere)
    fake.assert_not_dispatched(sample.J, lambda job: job.name == "z")
    assert [job.name for job in fake.dispatched(sample.J)] == ["a", "b", "c", "d"]
    assert fake.has_dispatched(sample.J)
    assert world.state() == []
    with refused(r"J was dispatched 4 times instead of 1. Dispatched: J\(name='a'"):
        fake.assert_dispatched_once(sample.J)
    with refused("No Elsewhere was dispatched"):
        fake.assert_dispatched(sample.Elsewhere)
    with refused("No J that meets the predicate was dispatched"):
        fake.assert_dispatched(sample.J, lambda job: False)
    with refused("J was dispatched 4 times"):
        fake.assert_not_dispatched(sample.J)
    with refused("Something was dispatched"):
        fake.assert_nothing_dispatched()


def test_commands_are_recorded_and_not_run(fake, sample, log):
    assert fake.dispatch(sample.Plain(1)) is None
    asyncio.run(fake.adispatch(sample.Plain(2)))
    fake.dispatch_sync(sample.Plain(3))
    asyncio.run(fake.adispatch_sync(sample.Plain(4)))
    fake.dispatch_after_response(sample.Plain(5))

    assert log == []
    fake.assert_dispatched(sample.Plain, 5)
    fake.assert_dispatched_sync(sample.Plain, 2)
    fake.assert_dispatched_after_response(sample.Plain, lambda command: command.number == 5)
    assert [one.number for one in fake.dispatched(sample.Plain)] == [1, 2]
    assert [one.number for one in fake.dispatched_sync(sample.Plain)] == [3, 4]
    assert [one.number for one in fake.dispatched_after_response(sample.Plain)] == [5]


def test_ways_of_a_dispatch_are_told_apart(fake, sample):
    sample.J.dispatch_sync("a")
    sample.J.dispatch_after_response("b")

    fake.assert_dispatched_sync(sample.J)
    fake.assert_dispatched_sync_times(sample.J, 1)
    fake.assert_dispatched_after_response(sample.J)
    fake.assert_dispatched_after_response_times(sample.J, 1)
    assert fake.dispatched(sample.J) == []
    with refused("dispatched synchronously 1 times instead of 2"):
        fake.assert_dispatched_sync_times(sample.J, 2)
    with refused("was dispatched synchronously 1 times"):
        fake.assert_not_dispatched_sync(sample.J)
    with refused("was dispatched after the response 1 times"):
        fake.assert_not_dispatched_after_response(sample.J)
    fake.assert_not_dispatched_sync(sample.J, lambda job: job.name == "b")
    fake.assert_not_dispatched_after_response(sample.J, lambda job: job.name == "a")
    with refused("dispatched after the response 1 times instead of 3"):
        fake.assert_dispatched_after_response_times(sample.J, 3)


def test_chains_are_recorded_as_they_were_built(world, fake, sample):
    inner = fake.batch([sample.J("b1"), sample.J("b2")]).name("inner")
    fake.chain([sample.J("a"), inner, sample.simple, sample.J.using("z")]).dispatch()
    asyncio.run(fake.chain([fake.batch([sample.J("first")]), sample.J("then")]).adispatch())

    fake.assert_chained(
        [
            sample.J("a"),
            fake.chained_batch(lambda batch: batch.name == "inner"),
            sample.simple,
            sample.J,
        ]
    )
    fake.assert_chained([fake.chained_batch(lambda batch: len(batch.jobs) == 1), sample.J("then")])
    with refused("Chains: "):
        fake.assert_chained([sample.J, sample.J])
    with refused("was not dispatched"):
        fake.assert_chained([sample.J("a"), fake.chained_batch(lambda batch: False), sample.J])
    with refused("Chains were dispatched"):
        fake.assert_nothing_chained()
    with refused("was pushed with the chain"):
        fake.assert_dispatched_without_chain(sample.J)
    fake.dispatch(sample.J("alone"))
    fake.assert_dispatched_without_chain(sample.J, lambda job: job.name == "alone")
    with pytest.raises(EmptyChain):
        fake.chain([]).dispatch()
    assert world.state() == []


def test_chain_keeps_its_queue_in_the_record(fake, sample):
    fake.chain([sample.J("a"), sample.J("b")]).on_queue("cq").on_connection("other").dispatch()

    (entry,) = fake.queue.pushed_jobs()
    assert (entry.queue, entry.connection) == ("cq", "other")


def test_batches_are_recorded_and_answer_as_batches_do(world, fake, sample):
    jobs = [sample.J("a"), fake.chain([sample.J("b"), sample.J("c")])]
    made = fake.batch(jobs).name("import").with_option("rows", 3).dispatch()
    asyncio.run(fake.batch([sample.J("d")]).adispatch())
    fake.batch([sample.J("e")]).dispatch_after_response()

    fake.assert_batch_count(3)
    fake.assert_batched(lambda batch: batch.name == "import")
    fake.assert_batched([sample.J("a"), [sample.J, sample.J("c")]])
    assert [len(batch.jobs) for batch in fake.dispatched_batches()] == [2, 1, 1]
    assert (made.name, made.total_jobs, made.options) == ("import", 3, {"rows": 3})
    assert fake.find_batch(made.id) is made
    assert asyncio.run(fake.afind_batch("nope")) is None
    with refused("3 batches were dispatched instead of 1"):
        fake.assert_batch_count(1)
    with refused("The batch was not dispatched. Batches: "):
        fake.assert_batched([sample.J("a")])
    with refused("Batches were dispatched"):
        fake.assert_nothing_batched()
    with refused("Batches were dispatched"):
        fake.assert_nothing_placed()
    fake.assert_nothing_dispatched()
    assert world.state() == []


def test_nothing_is_asserted_where_nothing_was_dispatched(fake):
    fake.assert_nothing_placed()
    fake.assert_nothing_chained()
    fake.assert_nothing_batched()
    fake.assert_nothing_dispatched()


def test_fake_batch_stands_for_one_in_tests_of_its_users(fake):
    batch = fake.dispatch_fake_batch("named")

    assert (batch.name, batch.finished()) == ("named", True)
    assert fake.find_batch(batch.id) is batch


def test_partial_fake_of_the_bus_lets_the_others_go_their_way(world, sample, log):
    fake = world.bus.fake(sample.Elsewhere, sample.Mapped)

    assert fake.dispatch(sample.Plain(1)) == 2
    assert asyncio.run(fake.adispatch(sample.Plain(1))) == 2
    assert fake.dispatch_sync(sample.Plain(2)) == 4
    assert asyncio.run(fake.adispatch_sync(sample.Plain(2))) == 4
    fake.dispatch_after_response(sample.Plain(3))
    world.over()
    fake.dispatch(sample.Mapped(1))
    fake.dispatch(sample.J("real"))
    fake.chain([sample.J("chained"), sample.J("b")]).dispatch()
    asyncio.run(fake.chain([sample.J("chained too"), sample.J("b")]).adispatch())
    fake.except_(sample.Elsewhere).dispatch(sample.Elsewhere("real"))
    fake.dispatch_sync(sample.J("sync"))
    asyncio.run(fake.adispatch_sync(sample.J("async")))
    with fake.without_dispatching_after_responses():
        sample.J.dispatch_after_response("at once")
    sample.J.dispatch_after_response("later")
    world.over()

    assert ("plain", 3) in log
    assert [entry[1] for entry in log[-4:]] == ["sync", "async", "at once", "later"]
    assert world.state() == ["real", "chained", "chained too"]
    assert world.state("own") == ["real"]
    fake.assert_dispatched_once(sample.Mapped)
    fake.assert_nothing_chained()


def test_bus_records_what_a_worker_would_get_where_a_test_says_so(fake, sample):
    fake.serialize_and_restore()
    fake.dispatch(job := sample.J("a"))

    assert fake.dispatched(sample.J)[0] is not job


# -- jobs that a test runs by hand


def test_job_that_releases_itself(sample, log):
    job = sample.J("a", "release:30")

    with with_fake_queue_interactions(job) as run:
        job.handle()

    run.assert_released()
    run.assert_released(delay="30s")
    run.assert_not_failed()
    run.assert_not_deleted()
    with refused("J was not released for 5 seconds. What it asked for: The job put itself back"):
        run.assert_released(delay=5)
    with refused("J was released"):
        run.assert_not_released()
    assert log == [("run", "a", 1)]


def test_job_that_fails_itself(sample, log):
    job = sample.J("a", "fail:because")

    with with_fake_queue_interactions(job, attempts=3) as run:
        job.handle()

    run.assert_failed()
    run.assert_failed_with("because")
    run.assert_not_released()
    with refused("was not failed with 'other'"):
        run.assert_failed_with("other")
    with refused("J was failed"):
        run.assert_not_failed()
    assert log == [("run", "a", 3)]


def test_job_that_fails_itself_with_an_exception(sample):
    with with_fake_queue_interactions(job := sample.J("a")) as run:
        job.fail(sample.JobError("no"))

    run.assert_failed_with(sample.JobError)
    run.assert_failed_with(sample.JobError("no"))
    with refused("was not failed with"):
        run.assert_failed_with(sample.JobError("yes"))
    with refused("was not failed with"):
        run.assert_failed_with(KeyError)


def test_job_that_deletes_itself_or_raises_an_instruction(sample):
    with with_fake_queue_interactions(sample.J("a")) as deleted:
        raise Drop
    with with_fake_queue_interactions(sample.J("a")) as released:
        raise Release(4)

    deleted.assert_deleted()
    released.assert_released(4)
    with refused("J was deleted"):
        deleted.assert_not_deleted()
    with refused("J was not deleted"):
        released.assert_deleted()


def test_job_that_asks_for_nothing(sample):
    with with_fake_queue_interactions(job := sample.J("a")) as run:
        job.handle()

    run.assert_not_released()
    run.assert_not_deleted()
    run.assert_not_failed()
    run.assert_doesnt_have_chain()
    for claim in (run.assert_released, run.assert_deleted, run.assert_failed):
        with refused("It asked for nothing."):
            claim()


def test_own_errors_of_a_job_come_through(sample):
    with pytest.raises(sample.JobError), with_fake_queue_interactions(sample.J("a")):
        raise sample.JobError


def test_async_job_is_run_by_hand_the_same_way(sample):
    async def ran():
        job = sample.Async("a", "release:3")
        with with_fake_queue_interactions(job) as run:
            await job.handle()
        return run

    asyncio.run(ran()).assert_released(3)


def test_job_edits_its_chain(sample):
    job = sample.J("a", "prepend:p;append:z")

    with with_fake_queue_interactions(job, chain=[sample.J("b")]) as run:
        job.handle()

    run.assert_has_chain([sample.J("p"), sample.J("b"), sample.J])
    with refused("J is followed by"):
        run.assert_has_chain([sample.J])
    with refused("J is followed by"):
        run.assert_doesnt_have_chain()


def test_job_looks_at_a_batch_of_the_tests_own(sample, log):
    batch = FakeBatch("b", total_jobs=4, pending_jobs=3, failed_jobs=1, options={"a": 1})
    job = sample.J("a", "info;add:more;cancel;cancelled")

    with with_fake_queue_interactions(job, batch=batch):
        job.handle()

    assert log[1][1]["processed"] == 1
    assert log[2] == ("cancelled?", True)
    assert [one.name for one in batch.added] == ["more"]
    assert (batch.total_jobs, batch.options, batch.cancel()) == (5, {"a": 1}, False)
    assert (batch.fresh(), batch.delete(), batch.delete(), batch.fresh()) == (
        batch,
        True,
        False,
        None,
    )
    assert FakeBatch(cancelled=True, finished=True).finished()


def test_fake_batch_serves_async_code():
    async def used():
        batch = FakeBatch()
        await batch.aadd([[1, 2], 3])
        return (
            batch.total_jobs,
            await batch.acancel(),
            await batch.afresh() is batch,
            await batch.adelete(),
        )

    assert asyncio.run(used()) == (3, True, True, True)


def dispatch_all(bus, sample):
    sample.J.dispatch("a")
    bus.chain([sample.J("b"), sample.J("c")]).dispatch()
    bus.batch([sample.J("d")]).name("import").dispatch()


def test_bus_fake_records_nothing_of_a_transaction_that_raises(fake, sample):
    def dispatch() -> None:
        with fake.queue.transaction():
            dispatch_all(fake, sample)
            raise KeyError

    with pytest.raises(KeyError):
        dispatch()

    fake.assert_nothing_placed()
    fake.assert_nothing_chained()


def test_bus_fake_records_what_a_transaction_sends_at_its_end(fake, sample):
    async def dispatch() -> None:
        async with fake.queue.transaction():
            dispatch_all(fake, sample)
            fake.assert_nothing_placed()

    asyncio.run(dispatch())
    with fake.queue.transaction():
        dispatch_all(fake, sample)

    fake.assert_dispatched_times(sample.J, 4)
    fake.assert_chained([sample.J("b"), sample.J("c")])
    fake.assert_batch_count(2)
