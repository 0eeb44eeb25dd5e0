"""The bus: what is queued, what is run now, and what stands around it."""

from __future__ import annotations

import asyncio

import pytest

from securely.queue.events import JobProcessed
from securely.queue.exceptions import NotQueueable
from securely.queue.job import Dispatched


def test_debounced_job_that_is_not_to_wait_runs_at_once(world, sample, log):
    sample.Debounced.using("a").dispatch()
    assert world.work() == 0

    sample.Debounced.using("b").without_delay().dispatch()

    assert (world.work(), log) == (1, [("run", "b", 1)])


def test_job_with_options_runs_here_within_its_middleware(world, sample, log):
    pending = sample.J.using("a").through([sample.passed]).delay(60).on_queue("mail")

    assert world.bus.dispatch_sync(pending) is None
    asyncio.run(world.bus.adispatch_sync(sample.J.using("b")))
    world.bus.dispatch_after_response(sample.J.using("c").through([sample.passed]))
    sample.J.using("d").through([sample.passed]).after_response()
    world.over()

    told = [entry[:2] for entry in log]
    passed = ("passed", "mail")
    assert told == [
        *(passed, ("run", "a"), ("run", "b")),
        *(("passed", "default"), ("run", "c"), ("passed", "default"), ("run", "d")),
    ]
    assert world.state() == []


def test_find_batch_and_links(world, sample):
    batch = world.bus.batch([sample.J("a")]).dispatch()

    assert world.bus.find_batch(batch.id).total_jobs == 1
    assert world.bus.find_batch("nope") is None
    links = world.bus.links([sample.J("a"), sample.Elsewhere("b")], "q", "other")
    assert [(link.connection, link.queue) for link in links] == [("other", "q"), ("other", "own")]


def test_job_is_queued(world, sample):
    sent = world.bus.dispatch(sample.J("a"))

    assert isinstance(sent, Dispatched)
    assert world.state() == ["a"]


def test_what_is_no_job_runs_at_once(world, sample, log):
    """Case handlers/plain@database."""
    assert world.bus.dispatch(sample.Plain(2)) == 4
    assert asyncio.run(world.bus.adispatch(sample.AsyncPlain(2))) == 6
    assert world.bus.dispatch(sample.AsyncPlain(1)) == 3
    assert (log, world.state()) == ([("plain", 2)], [])


def test_class_is_handled_by_another(world, sample):
    world.bus.map({sample.Mapped: sample.MappedHandler})

    assert world.bus.has_command_handler(sample.Mapped(1))
    assert not world.bus.has_command_handler(sample.Plain(1))
    assert world.bus.dispatch(sample.Mapped(1)) == 101
    assert asyncio.run(world.bus.adispatch(sample.Mapped(2))) == 102
    assert world.bus.dispatch_now(sample.Mapped(1), sample.CallableHandler) == 201
    assert asyncio.run(world.bus.adispatch_now(sample.Mapped(1), sample.CallableHandler())) == 201


def test_pipes_stand_around_what_runs_now(world, sample, log):
    def outer(command, next_):
        log.append("in")
        answer = next_(sample.Plain(command.number + 1))
        log.append("out")
        return answer

    async def aouter(command, next_):
        return await next_(command) + 1

    world.bus.pipe_through([outer])
    assert world.bus.dispatch(sample.Plain(1)) == 4
    assert log == ["in", ("plain", 2), "out"]
    world.bus.dispatch(sample.J("queued"))
    assert log[-1] == "out"
    world.bus.pipe_through([aouter])
    assert asyncio.run(world.bus.adispatch(sample.Plain(1))) == 3


def test_sync_dispatch_of_a_job_goes_the_whole_way(world, sample, log):
    told = world.listen(JobProcessed)

    assert world.bus.dispatch_sync(sample.J("a")) is None
    asyncio.run(world.bus.adispatch_sync(sample.J("b")))
    with pytest.raises(sample.JobError):
        world.bus.dispatch_sync(sample.J("c", "throw"))

    assert len(told) == 2
    assert ("failed()", "c", "JobError", "boom") in log
    assert world.bus.dispatch_sync(sample.Plain(1)) == 2
    assert asyncio.run(world.bus.adispatch_sync(sample.Plain(1))) == 2


def test_dispatch_now_calls_the_handler_of_a_job_and_nothing_else(world, sample, log):
    told = world.listen(JobProcessed)

    world.bus.dispatch_now(sample.Simplest())
    asyncio.run(world.bus.adispatch_now(sample.Simplest()))

    assert (log, told) == (["simplest", "simplest"], [])


def test_job_with_options_of_its_own_is_queued(world, sample):
    sent = world.bus.dispatch(sample.J.using("a").on_queue("mail"))
    again = asyncio.run(world.bus.adispatch(sample.J("b")))

    assert (sent.queue, again.queue) == ("mail", "default")


def test_what_is_dispatched_after_the_response_waits_for_it(world, sample, log):
    world.bus.dispatch_after_response(sample.J("a"))
    world.bus.dispatch_after_response(sample.Plain(1))

    assert log == []
    world.over()
    assert log == [("run", "a", 1), ("plain", 1)]


def test_nothing_waits_for_the_response_where_a_test_says_so(world, sample, log):
    with world.bus.without_dispatching_after_responses():
        world.bus.dispatch_after_response(sample.J("a"))
        world.bus.batch([sample.J("b")]).on_connection("sync").dispatch_after_response()
        sample.J.dispatch_after_response("c")
        world.bus.dispatch_after_response(sample.Plain(1))
    world.bus.dispatch_after_response(sample.J("d"))

    assert log == [("run", "a", 1), ("run", "b", 1), ("run", "c", 1), ("plain", 1)]


def test_what_waited_for_the_response_runs_in_the_colour_of_its_end(world, sample, log):
    async def end():
        world.bus.dispatch_after_response(sample.AsyncPlain(2))
        world.bus.batch([sample.J("a")]).dispatch_after_response()
        return [await function() for function in world.deferred]

    answers = asyncio.run(end())

    assert (answers[0], answers[1].total_jobs) == (6, 1)


def test_bulk_sends_each_job_where_it_belongs(world, sample):
    jobs = [sample.J("a"), sample.J.using("b").on_connection("other"), sample.Elsewhere("c")]

    sent = world.bus.bulk(jobs)
    asyncio.run(world.bus.abulk([sample.J("d")]))

    assert [(one.connection, one.queue) for one in sent] == [
        ("sqlite", "default"),
        ("other", "others"),
        ("sqlite", "own"),
    ]
    assert world.state() == ["a", "d"]


def test_what_nothing_handles_is_refused(world, sample):
    with pytest.raises(NotQueueable, match=r"Bare can not be queued: it has no `handle`"):
        world.bus.dispatch(sample.Bare())
