"""Tasks: functions that can be called, and queued."""

from __future__ import annotations

import asyncio

import pytest

from securely import helpers
from securely.queue.bus.task import Call, task
from securely.queue.exceptions import EntityNotFound, NotQueueable
from securely.queue.job import Dispatched
from securely.support import clock
from securely.support.clock import FrozenClock


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


def test_task_is_still_a_function(sample, log):
    assert sample.simple("a", times=2) == "aa"
    assert sample.simple.__name__ == "simple"
    assert log == [("simple", "aa")]
    assert repr(sample.simple) == "<Task sample_bus.simple>"


def test_task_is_queued_with_its_arguments(world, sample, log):
    sent = sample.simple.dispatch("a", times=3)
    asyncio.run(sample.simple.adispatch("b"))

    assert isinstance(sent, Dispatched)
    assert world.state() == ["sample_bus.simple"] * 2
    assert world.work() == 2
    assert log == [("simple", "aaa"), ("simple", "b")]


def test_options_of_a_task_are_those_of_a_job(world, sample, log):
    sent = sample.rich.dispatch(sample.Size(3), sample.Colour.RED, 1, 2, word="x")

    assert sent.queue == "mail"
    (stored,) = world.queues.connection("sqlite").driver.jobs("mail")
    header = world.codec.header(stored.payload)
    assert (header.tries, header.tags, header.timeout) == (3, ["t"], 60.0)
    assert (header.name, header.job) == ("sample_bus.rich", "sample_bus:rich.job_class")
    world.work()
    assert log == [("rich", sample.Size(3), sample.Colour.RED, (1, 2), {"word": "x"})]


def test_failure_of_a_task_is_told_to_its_function(world, sample, log, frozen):
    sample.rich.using(sample.Size(1), sample.Colour.RED, act="throw").dispatch()

    assert world.work() == 1
    frozen.travel(1)
    assert world.work() == 1
    frozen.travel(5)
    assert world.work() == 1

    assert log[-1] == ("chain catch", "rich boom")
    assert [entry[0] for entry in log].count("rich") == 3
    assert world.queues.failed.count() == 1


def test_one_dispatch_has_options_of_its_own(world, sample):
    sent = sample.simple.using("a").on_queue("own").on_connection("other").dispatch()

    assert (sent.queue, sent.connection) == ("own", "other")


def test_unique_task_is_told_apart_by_its_arguments(world, sample):
    sent = [sample.once_for.dispatch(1), sample.once_for.dispatch(1), sample.once_for.dispatch(2)]

    assert [one.skipped for one in sent] == [False, True, False]


def test_services_that_the_arguments_leave_out_are_injected(world, sample, log):
    sample.served.dispatch("a")

    world.work()

    assert log == [("served", "a", "Service")]


def test_entities_travel_as_references(world, sample, log):
    sample.Order.KNOWN[7] = order = sample.Order(7)
    sample.strict.dispatch(order)
    sample.lenient.dispatch(order)
    assert world.work() == 2
    assert log == [("strict", 7), ("lenient", 7)]

    sample.strict.dispatch(order)
    sample.lenient.dispatch(order)
    sample.Order.KNOWN.clear()
    world.work()
    assert [type(error) for error in world.reported] == [EntityNotFound]
    assert world.queues.failed.count() == 1


def test_task_runs_here_and_now_as_a_job(world, sample, log):
    sample.simple.dispatch_sync("a")
    asyncio.run(sample.simple.adispatch_sync("b"))

    assert log == [("simple", "a"), ("simple", "b")]


def test_task_runs_after_the_response(world, sample, log):
    sample.simple.dispatch_after_response("a")

    assert log == []
    world.over()
    assert log == [("simple", "a")]


@pytest.mark.parametrize(
    ("args", "named", "told"),
    [
        ((), {}, r"sample_bus\.simple\(\) needs the argument \"text\""),
        (("a", 1, 2), {}, "too many positional arguments"),
        (("a",), {"word": 1}, "unexpected keyword argument 'word'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_the_dispatch(world, sample, args, named, told):
    with pytest.raises(TypeError, match=told):
        sample.simple.dispatch(*args, **named)
    assert world.state() == []


def test_argument_without_a_written_form_is_named(world, sample):
    with pytest.raises(NotQueueable, match=r"sample_bus\.simple\.text.* can not be queued"):
        sample.simple.dispatch({"deep": [object()]})
    with pytest.raises(NotQueueable, match=r"sample_bus\.simple\.text"):
        sample.simple.dispatch(sample.Size(1))


def test_function_that_no_worker_could_import_is_refused():
    with pytest.raises(NotQueueable, match="a worker imports a task by its name"):
        task(lambda: None)

    class Holder:
        def method(self) -> None: ...

    with pytest.raises(NotQueueable, match="Put it at the top of a module"):
        task(Holder.method)
    with pytest.raises(NotQueueable, match=r'"tires" is no option of a task. Did you mean "tries"'):
        task(tires=3)(len)


def test_plain_function_is_queued_by_its_name(world, sample, log):
    helpers.dispatch(sample.noted, "a")
    helpers.dispatch(sample.sized, sample.Size(2))
    helpers.dispatch(sample.anoted, text="b")

    assert world.work() == 3
    assert log == [
        ("noted", "a", "default"),
        ("sized", sample.Size(2), "Service"),
        ("anoted", "b"),
    ]


def test_helper_dispatches_jobs_tasks_and_what_is_to_run_now(world, sample, log):
    job = helpers.dispatch(sample.J("a"))
    told = helpers.dispatch(sample.simple, "b")

    assert isinstance(job, Dispatched)
    assert isinstance(told, Dispatched)
    assert helpers.dispatch(sample.J.using("c").on_queue("mail")).queue == "mail"
    assert helpers.dispatch(sample.Plain(4)) == 8
    assert helpers.dispatch_sync(sample.Plain(5)) == 10
    assert world.state() == ["a", "sample_bus.simple"]


def test_class_is_not_dispatched_in_the_place_of_its_instance(world, sample):
    with pytest.raises(NotQueueable, match=r"it is a class\. Dispatch an instance of it"):
        helpers.dispatch(sample.J)


def test_lambda_is_refused_with_an_explanation(world):
    with pytest.raises(NotQueueable, match="Use a function at the top of a module"):
        helpers.dispatch(lambda: None)


def test_function_that_is_gone_fails_its_job(world, sample, monkeypatch):
    world.bus.dispatch(Call.of(sample.noted, "a"))
    monkeypatch.delattr(sample, "noted")

    world.work()

    assert "sample_bus:noted" in str(world.reported[0])
    assert world.queues.failed.count() == 1


def test_argument_whose_class_left_the_annotations_fails_its_job(world, sample):
    world.bus.dispatch(Call("sample_bus:noted", '{"text":{"$object":["sample_bus.Size",{}]}}'))

    world.work()

    assert world.queues.failed.count() == 1
