"""What is refused at a dispatch, before anything is written."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from securely.queue.bus.pending import PendingBatch
from securely.queue.delivery.refusals import queue_name
from securely.queue.exceptions import NotQueueable
from securely.queue.job import PendingDispatch

UNNAMEABLE = ["", " ", "a,b", "a\nb", "\x00", "\ud800", " mail", "*", b"mail", 7, True]


@pytest.fixture(scope="module")
def refused():
    sys.path.insert(0, str(Path(__file__).parent))
    import sample_refused

    yield sample_refused
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def nothings(refused):
    """What is no job, with what the error says of it and of the remedy."""
    return [
        (None, "None can not be queued", "Give an instance"),
        (refused.Fine, "sample_refused.Fine", r"it is a class\. Give an instance of it: Fine\(…\)"),
        (refused.Stage, "sample_refused.Stage", "it is a class"),
        (refused.greet, "The task sample_refused.greet", "using"),
        (refused.function, "sample_refused.function", "helpers"),
        (lambda: None, "<lambda>", "Move it to the top of a module"),
        (object(), "builtins.object", "Derive its class"),
        (3, "builtins.int", "Derive its class"),
    ]


@pytest.mark.parametrize("name", UNNAMEABLE, ids=repr)
def test_queue_that_no_worker_could_be_told_is_refused(world, refused, name):
    queue = world.queues.connection("sqlite")

    with pytest.raises(NotQueueable, match="no queue can be called"):
        queue.push(refused.Fine(), name)
    with pytest.raises(NotQueueable, match=r"sample_refused\.Fine can not be queued: no queue"):
        refused.Fine.using().on_queue(name)
    with pytest.raises(NotQueueable, match="no queue can be called"):
        world.bus.chain([refused.Fine()]).on_queue(name)
    with pytest.raises(NotQueueable, match="no queue can be called"):
        asyncio.run(queue.alater(5, refused.Fine(), name))


@pytest.mark.parametrize("name", ["mail", "arq:mail", "büro 7", "a.b/c", "日本"])
def test_queue_of_any_other_name_is_taken(world, refused, name):
    assert queue_name(name) == name
    assert world.queues.connection("sqlite").place(refused.Fine()).queue == "default"
    assert refused.Fine.using().on_queue(name).dispatch().queue == name


def test_queue_of_a_class_or_an_instance_is_looked_at_too(world, refused):
    job = refused.Fine()
    job.queue = "a,b"

    with pytest.raises(NotQueueable, match="no queue can be called 'a,b'"):
        world.bus.dispatch(job)
    with pytest.raises(NotQueueable, match="no queue can be called ''"):
        world.bus.dispatch(refused.NamesNoQueue())
    with pytest.raises(NotQueueable, match="no queue can be called 'a,b'"):
        world.bus.chain([refused.Fine(), job]).dispatch()


@pytest.mark.parametrize("priority", [2.5, "1", True, None, 2**63, -(2**63)])
def test_priority_that_no_store_could_keep_is_refused(world, refused, priority):
    job = refused.Fine()
    job.priority = priority

    with pytest.raises(NotQueueable, match=r"sample_refused\.Fine can not be queued: its priority"):
        world.bus.dispatch(job)
    with pytest.raises(NotQueueable, match="its priority"):
        world.bus.batch([[refused.Fine(), job]]).dispatch()
    assert world.state() == []


@pytest.mark.parametrize("priority", [0, -5, 2**63 - 1, 1 - 2**63])
def test_priority_of_any_size_that_fits_is_kept(world, refused, priority):
    sent = refused.Fine.using().priority(priority).dispatch()

    (job,) = world.queues.connection("sqlite").driver.jobs("default")
    assert (job.uuid, job.priority) == (sent.id, priority)


def test_handle_that_is_a_generator_is_refused(world, refused):
    for kind in (refused.Generates, refused.GeneratesAsync):
        with pytest.raises(NotQueueable, match=f"{kind.__name__} can not be queued: .* generator"):
            kind.dispatch()
    with pytest.raises(NotQueueable, match="generator"):
        refused.counting.dispatch(3)
    with pytest.raises(NotQueueable, match="generator"):
        world.bus.call(refused.generating)
    assert world.state() == []


def test_class_in_the_place_of_middleware_is_refused(world, refused):
    pending = refused.Fine.using().through([refused.Stage])

    with pytest.raises(
        NotQueueable, match=r"it is a class. Give an instance: through\(\[Stage\(\)\]"
    ):
        pending.dispatch()


def test_what_is_no_job_is_named_with_the_remedy(world, nothings):
    queue = world.queues.connection("sqlite")
    for thing, name, remedy in nothings:
        for give in (
            queue.push,
            queue.place,
            lambda thing: queue.bulk([thing]),
            lambda thing: queue.later(5, thing),
            lambda thing: asyncio.run(queue.apush(thing)),
            world.queues.push,
            lambda thing: world.queues.bulk([thing]),
            world.queues.run_now,
            world.bus.dispatch_to_queue,
        ):
            with pytest.raises(NotQueueable, match=f"(?s){name}.*{remedy}"):
                give(thing)
    assert world.state() == []


def test_what_neither_is_a_job_nor_has_a_handler_is_named(world, nothings):
    for thing, name, _ in nothings:
        for give in (world.bus.dispatch, lambda thing: asyncio.run(world.bus.adispatch(thing))):
            with pytest.raises(NotQueueable, match=f"(?s){name}"):
                give(thing)


def test_pending_dispatch_is_no_job(world, refused):
    pending = refused.Fine.using().on_queue("mail")

    with pytest.raises(
        NotQueueable, match=r"pending dispatch of sample_refused\.Fine.*Bus\.dispatch"
    ):
        world.queues.push(pending)

    assert isinstance(pending, PendingDispatch)
    assert world.bus.dispatch(pending).queue == "mail"


def test_attributes_may_say_what_methods_say(world, refused, codec):
    refused.RAN.clear()
    sent = refused.Attributes.dispatch()
    again = refused.Attributes.dispatch()

    (job,) = world.queues.connection("sqlite").driver.jobs("default")
    assert (job.name, codec.header(job.payload).tags) == ("Attributes of a job", ["a", "7"])
    assert (again.skipped, again.id) == (True, sent.id)
    assert world.work() == 1
    assert refused.RAN == ["stage", "run"]


def test_tags_may_be_one_word_and_nothing_else(codec, refused):
    assert codec.header(codec.envelope(refused.OneTag(), "default").payload).tags == ["vip"]
    with pytest.raises(NotQueueable, match=r"NoTags\.tags can not be queued: they are 5"):
        codec.envelope(refused.NoTags(), "default")


@pytest.mark.parametrize(
    ("say", "what"),
    [
        (lambda bus, job: PendingDispatch(job).id("a\ud800"), "The id of sample_jobs.Plain"),
        (lambda bus, job: PendingDispatch(job).on_group("a\ud800"), "The group of sample_jobs"),
        (lambda bus, job: PendingBatch(bus, [job]).name("a\ud800"), "The name of a batch"),
    ],
)
def test_what_no_store_can_write_is_refused_where_it_is_said(jobs, say, what):
    with pytest.raises(NotQueueable, match="half a surrogate pair") as caught:
        say(None, jobs.Plain(1))

    assert str(caught.value).startswith(what)
    assert str(caught.value).isprintable()
