"""Every assertion of the queue's fakes: one that holds, one that fails and says what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from securely.queue.bus.fake import BusFake
from securely.queue.fake import FakeInteraction, QueueFake, with_fake_queue_interactions

Try = Callable[[Any, Any], object]


def holds_and_fails(world: Any, fake: Any, sample: Any, holds: Try, fails: Try, says: str) -> None:
    holds(fake, sample)
    with pytest.raises(AssertionError) as failure:
        fails(fake, sample)
    assert says in str(failure.value)


# What `queue` has recorded: J("a") on default, J("b") on mail with J("c") behind it, simple("x").
QUEUE: dict[str, tuple[Try, Try, str]] = {
    "assert_pushed": (
        lambda q, s: (
            q.assert_pushed(s.J),
            q.assert_pushed(s.J, 2),
            q.assert_pushed(s.J, named("b")),
        ),
        lambda q, s: q.assert_pushed(s.Elsewhere),
        "No Elsewhere was pushed. Pushed: J(name='a', plan='ok', tries=None, uid='') on default,",
    ),
    "assert_pushed_times": (
        lambda q, s: q.assert_pushed_times(s.J, 2),
        lambda q, s: q.assert_pushed_times(s.J, 3),
        "J was pushed 2 times instead of 3. Pushed: J(name='a'",
    ),
    "assert_pushed_once": (
        lambda q, s: q.assert_pushed_once(s.simple.job_class),
        lambda q, s: q.assert_pushed_once(s.J),
        "J was pushed 2 times instead of 1. Pushed: J(name='a'",
    ),
    "assert_pushed_on": (
        lambda q, s: q.assert_pushed_on("mail", s.J, named("b")),
        lambda q, s: q.assert_pushed_on("mail", s.J, named("a")),
        "No J that meets the predicate was pushed on the queue \"mail\". Pushed: J(name='a'",
    ),
    "assert_pushed_with_chain": (
        lambda q, s: q.assert_pushed_with_chain(s.J, [s.J], named("b")),
        lambda q, s: q.assert_pushed_with_chain(s.J, [s.Elsewhere], named("b")),
        "J was pushed with the chain [J(name='c', plan='ok', tries=None, uid='')] instead of [Else",
    ),
    "assert_pushed_without_chain": (
        lambda q, s: q.assert_pushed_without_chain(s.J, named("a")),
        lambda q, s: q.assert_pushed_without_chain(s.J, named("b")),
        "J was pushed with the chain [J(name='c'",
    ),
    "assert_task_pushed": (
        lambda q, s: (
            q.assert_task_pushed(s.simple),
            q.assert_task_pushed(s.simple, 1),
            q.assert_task_pushed(s.simple, lambda text: text == "x"),
        ),
        lambda q, s: q.assert_task_pushed(s.anoted),
        "No call of sample_bus.anoted was pushed. Pushed: J(name='a'",
    ),
    "assert_task_not_pushed": (
        lambda q, s: q.assert_task_not_pushed(s.anoted),
        lambda q, s: q.assert_task_not_pushed(s.simple),
        "sample_bus.simple was pushed 1 times instead of 0. Pushed: J(name='a'",
    ),
    "assert_not_pushed": (
        lambda q, s: (q.assert_not_pushed(s.Elsewhere), q.assert_not_pushed(s.J, named("z"))),
        lambda q, s: q.assert_not_pushed(s.J, named("a")),
        "J was pushed 1 times. Pushed: J(name='a'",
    ),
    "assert_nothing_pushed": (
        lambda q, s: type(q)(q._real, {}).assert_nothing_pushed(),
        lambda q, s: q.assert_nothing_pushed(),
        "Jobs were pushed. Pushed: J(name='a'",
    ),
    "assert_count": (
        lambda q, s: q.assert_count(3),
        lambda q, s: q.assert_count(2),
        "3 jobs were pushed instead of 2. Pushed: J(name='a'",
    ),
}

# What `bus` has recorded: J("a"), J("s") at once, J("r") after the response, a chain of J("b") and
# a batch "inner", a batch "import" of J("d").
EMPTY: Try = lambda b, s: BusFake(b, b.queue._real)  # noqa: E731  # beside what it is for
BUS: dict[str, tuple[Try, Try, str]] = {
    "assert_dispatched": (
        lambda b, s: (b.assert_dispatched(s.J, 4), b.assert_dispatched(s.J, named("s"))),
        lambda b, s: b.assert_dispatched(s.Elsewhere),
        "No Elsewhere was dispatched. Dispatched: J(name='a'",
    ),
    "assert_dispatched_times": (
        lambda b, s: b.assert_dispatched_times(s.J, 4),
        lambda b, s: b.assert_dispatched_times(s.J, 2),
        "J was dispatched 4 times instead of 2. Dispatched: J(name='a'",
    ),
    "assert_dispatched_once": (
        lambda b, s: b.assert_dispatched_once(s.simple.job_class),
        lambda b, s: b.assert_dispatched_once(s.J),
        "J was dispatched 4 times instead of 1. Dispatched: J(name='a'",
    ),
    "assert_not_dispatched": (
        lambda b, s: b.assert_not_dispatched(s.J, named("z")),
        lambda b, s: b.assert_not_dispatched(s.J),
        "J was dispatched 4 times. Dispatched: J(name='a'",
    ),
    "assert_nothing_dispatched": (
        lambda b, s: EMPTY(b, s).assert_nothing_dispatched(),
        lambda b, s: b.assert_nothing_dispatched(),
        "Something was dispatched. Dispatched: J(name='a'",
    ),
    "assert_dispatched_sync": (
        lambda b, s: (b.assert_dispatched_sync(s.J), b.assert_dispatched_sync(s.J, 1)),
        lambda b, s: b.assert_dispatched_sync(s.J, named("a")),
        "No J that meets the predicate was dispatched synchronously. Dispatched: J(name='a'",
    ),
    "assert_dispatched_sync_times": (
        lambda b, s: b.assert_dispatched_sync_times(s.J, 1),
        lambda b, s: b.assert_dispatched_sync_times(s.J, 2),
        "J was dispatched synchronously 1 times instead of 2. Dispatched: J(name='a'",
    ),
    "assert_not_dispatched_sync": (
        lambda b, s: b.assert_not_dispatched_sync(s.J, named("a")),
        lambda b, s: b.assert_not_dispatched_sync(s.J),
        "J was dispatched synchronously 1 times. Dispatched: J(name='a'",
    ),
    "assert_dispatched_after_response": (
        lambda b, s: b.assert_dispatched_after_response(s.J, named("r")),
        lambda b, s: b.assert_dispatched_after_response(s.J, named("a")),
        "dispatched after the response. Dispatched: J(name='a'",
    ),
    "assert_dispatched_after_response_times": (
        lambda b, s: b.assert_dispatched_after_response_times(s.J),
        lambda b, s: b.assert_dispatched_after_response_times(s.J, 0),
        "J was dispatched after the response 1 times instead of 0. Dispatched: J(name='a'",
    ),
    "assert_not_dispatched_after_response": (
        lambda b, s: b.assert_not_dispatched_after_response(s.J, named("a")),
        lambda b, s: b.assert_not_dispatched_after_response(s.J),
        "J was dispatched after the response 1 times. Dispatched: J(name='a'",
    ),
    "assert_chained": (
        lambda b, s: b.assert_chained([s.J, b.chained_batch(lambda batch: batch.name == "inner")]),
        lambda b, s: b.assert_chained([s.J, s.J]),
        "The chain [J, J] was not dispatched. Chains: [J(name='b', plan='ok', tries=None, uid=''),",
    ),
    "assert_nothing_chained": (
        lambda b, s: EMPTY(b, s).assert_nothing_chained(),
        lambda b, s: b.assert_nothing_chained(),
        "Chains were dispatched: [J(name='b'",
    ),
    "assert_dispatched_without_chain": (
        lambda b, s: b.assert_dispatched_without_chain(s.J, named("a")),
        lambda b, s: b.assert_dispatched_without_chain(s.J, named("b")),
        'J was pushed with the chain [batch "inner" of',
    ),
    "assert_batched": (
        lambda b, s: (
            b.assert_batched([s.J("d")]),
            b.assert_batched(
                lambda batch: (
                    (batch.name, batch.queue, batch.jobs[0].name) == ("import", "mail", "d")
                )
            ),
        ),
        lambda b, s: b.assert_batched([s.Elsewhere]),
        "The batch was not dispatched. Batches: batch \"import\" of [J(name='d'",
    ),
    "assert_batch_count": (
        lambda b, s: b.assert_batch_count(1),
        lambda b, s: b.assert_batch_count(2),
        "1 batches were dispatched instead of 2. Batches: batch \"import\" of [J(name='d'",
    ),
    "assert_nothing_batched": (
        lambda b, s: EMPTY(b, s).assert_nothing_batched(),
        lambda b, s: b.assert_nothing_batched(),
        "Batches were dispatched. Batches: batch \"import\" of [J(name='d'",
    ),
    "assert_nothing_placed": (
        lambda b, s: EMPTY(b, s).assert_nothing_placed(),
        lambda b, s: b.assert_nothing_placed(),
        "Something was dispatched. Dispatched: J(name='a'",
    ),
}


def ran(sample: Any, act: Callable[[Any], object], **facts: Any) -> FakeInteraction:
    """Return what became of a job that did something of its own."""
    job = sample.J("a")
    with with_fake_queue_interactions(job, **facts) as run:
        act(job)
    return run


RUN: dict[str, tuple[Try, Try, str]] = {
    "assert_released": (
        lambda _, s: ran(s, lambda job: job.release("5m")).assert_released(delay=300),
        lambda _, s: ran(s, lambda job: job.release(5)).assert_released(delay=300),
        "J was not released for 300 seconds. What it asked for: The job put itself back for 5 sec",
    ),
    "assert_not_released": (
        lambda _, s: ran(s, lambda job: job.delete()).assert_not_released(),
        lambda _, s: ran(s, lambda job: job.release(5)).assert_not_released(),
        "J was released. What it asked for: The job put itself back for 5 seconds.",
    ),
    "assert_deleted": (
        lambda _, s: ran(s, lambda job: job.delete()).assert_deleted(),
        lambda _, s: ran(s, lambda job: None).assert_deleted(),
        "J was not deleted. It asked for nothing.",
    ),
    "assert_not_deleted": (
        lambda _, s: ran(s, lambda job: job.release()).assert_not_deleted(),
        lambda _, s: ran(s, lambda job: job.delete()).assert_not_deleted(),
        "J was deleted. What it asked for: The job took itself out of the queue.",
    ),
    "assert_failed": (
        lambda _, s: ran(s, lambda job: job.fail("no")).assert_failed(),
        lambda _, s: ran(s, lambda job: job.delete()).assert_failed(),
        "J was not failed. What it asked for: The job took itself out of the queue.",
    ),
    "assert_failed_with": (
        lambda _, s: ran(s, lambda job: job.fail(KeyError("a"))).assert_failed_with(KeyError),
        lambda _, s: ran(s, lambda job: job.fail("no")).assert_failed_with("yes"),
        "J was not failed with 'yes'. What it asked for: The job failed itself: no",
    ),
    "assert_not_failed": (
        lambda _, s: ran(s, lambda job: job.delete()).assert_not_failed(),
        lambda _, s: ran(s, lambda job: job.fail("no")).assert_not_failed(),
        "J was failed. What it asked for: The job failed itself: no",
    ),
    "assert_has_chain": (
        lambda _, s: ran(s, lambda job: job.append_to_chain(s.J("z"))).assert_has_chain([s.J("z")]),
        lambda _, s: ran(s, lambda job: None, chain=[s.J("z")]).assert_has_chain([s.Elsewhere]),
        "J is followed by [J(name='z', plan='ok', tries=None, uid='')] instead of [Elsewhere].",
    ),
    "assert_doesnt_have_chain": (
        lambda _, s: ran(s, lambda job: None).assert_doesnt_have_chain(),
        lambda _, s: ran(s, lambda job: None, chain=[s.J("z")]).assert_doesnt_have_chain(),
        "J is followed by [J(name='z'",
    ),
}


def named(name: str) -> Callable[[Any], bool]:
    return lambda job: bool(job.name == name)


@pytest.fixture
def queue(world: Any, sample: Any) -> QueueFake:
    fake = world.queues.fake()
    sample.J.dispatch("a")
    world.bus.chain([sample.J("b"), sample.J("c")]).on_queue("mail").dispatch()
    sample.simple.dispatch("x")
    return fake


@pytest.fixture
def bus(world: Any, sample: Any) -> BusFake:
    fake = world.bus.fake()
    sample.J.dispatch("a")
    sample.J.dispatch_sync("s")
    sample.J.dispatch_after_response("r")
    inner = fake.batch([sample.J("c")]).name("inner")
    fake.chain([sample.J("b"), inner]).dispatch()
    fake.batch([sample.J.using("d").delay(5)]).name("import").on_queue("mail").dispatch()
    sample.simple.dispatch("x")
    return fake


@pytest.mark.parametrize("name", QUEUE)
def test_assertion_of_the_queue_fake_holds_or_names_what_was_pushed(
    world: Any, queue: QueueFake, sample: Any, name: str
) -> None:
    holds_and_fails(world, queue, sample, *QUEUE[name])


@pytest.mark.parametrize("name", BUS)
def test_assertion_of_the_bus_fake_holds_or_names_what_was_dispatched(
    world: Any, bus: BusFake, sample: Any, name: str
) -> None:
    holds_and_fails(world, bus, sample, *BUS[name])


@pytest.mark.parametrize("name", RUN)
def test_assertion_of_a_run_holds_or_names_what_the_job_did(
    world: Any, sample: Any, name: str
) -> None:
    holds_and_fails(world, None, sample, *RUN[name])


@pytest.mark.parametrize(
    ("fake", "known"), [(QueueFake, QUEUE), (BusFake, BUS), (FakeInteraction, RUN)]
)
def test_assertions_are_all_tried_here(fake: type, known: dict[str, object]) -> None:
    assert {name for name in dir(fake) if name.startswith("assert_")} == {*known}


# -- given what they do not take

WRONG: dict[str, tuple[Try, str]] = {
    "a task": (
        lambda q, s: q.assert_pushed(s.simple),
        "simple is a task, and no class: use assert_task_pushed.",
    ),
    "a function": (
        lambda q, s: q.assert_not_pushed(s.noted),
        "noted is a function, and no class: use assert_task_",
    ),
    "a job": (
        lambda q, s: q.assert_pushed(s.J("a")),
        "J was given as a job. Give the class, and what tells which",
    ),
    "options": (lambda q, s: q.pushed(s.J.using("a")), "J was given as a job."),
    "a name": (lambda q, s: q.has_pushed("J"), "Give a class, and not 'J'."),
    "a listener's name": (
        lambda q, s: q.listeners_pushed("SendNews"),
        "Give a class, and not 'SendNews'.",
    ),
    "a class as predicate": (
        lambda q, s: q.assert_pushed(s.J, s.J),
        "Give a function that says which one is meant",
    ),
    "words as predicate": (
        lambda q, s: q.assert_pushed(s.J, "a"),
        "Give a function that says which one is meant",
    ),
    "a class as queue": (lambda q, s: q.assert_pushed_on(s.J, "mail"), "The queue comes first"),
    "a class as chain": (
        lambda q, s: q.assert_pushed_with_chain(s.J, s.J),
        "Give a list of classes, jobs",
    ),
    "no count": (lambda q, s: q.assert_count("3"), "Give a number of jobs, and not '3'."),
    "a class as task": (
        lambda q, s: q.assert_task_pushed(s.J),
        "J is a class, and no task: use assert_pushed.",
    ),
    "words as task": (
        lambda q, s: q.assert_task_pushed("simple"),
        "Give a task, or a function by its name",
    ),
    "what is faked": (
        lambda q, s: q.except_(s.simple),
        "fake() takes classes, and not <Task sample_bus.simple>.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_assertion_of_the_queue_fake_says_what_it_takes(
    queue: QueueFake, sample: Any, name: str
) -> None:
    wrong, says = WRONG[name]

    with pytest.raises(TypeError) as failure:
        wrong(queue, sample)

    assert says in str(failure.value)


def test_assertion_of_a_run_says_that_it_takes_a_list(sample: Any) -> None:
    run = ran(sample, lambda job: None)

    with pytest.raises(TypeError, match="Give a list of classes, jobs, tasks and functions"):
        run.assert_has_chain(sample.J)


WRONG_BUS: dict[str, tuple[Try, str]] = {
    "a task": (
        lambda b, s: b.assert_dispatched(s.simple),
        "simple is a task, and no class: use queue.assert_task",
    ),
    "a class as batch": (lambda b, s: b.assert_batched(s.J), "Give a list of classes, jobs"),
    "a class as chain": (lambda b, s: b.assert_chained(s.J), "Give a list of classes, jobs"),
    "no predicate": (
        lambda b, s: b.chained_batch(3),
        "Give a function that says which one is meant, and not 3.",
    ),
    "no count": (lambda b, s: b.assert_batch_count(True), "Give a number of jobs, and not True."),
}


@pytest.mark.parametrize("name", WRONG_BUS)
def test_assertion_of_the_bus_fake_says_what_it_takes(bus: BusFake, sample: Any, name: str) -> None:
    wrong, says = WRONG_BUS[name]

    with pytest.raises(TypeError) as failure:
        wrong(bus, sample)

    assert says in str(failure.value)


def test_batches_are_shown_to_predicates_as_they_were_built(bus: BusFake, sample: Any) -> None:
    bus.batch([sample.J("e"), [sample.J("f"), sample.simple.using("y")]]).then(
        sample.noted
    ).allow_failures().with_option("source", "shop").on_connection("other").dispatch()

    imported, last = bus.dispatched_batches()

    assert (imported.name, imported.allow_failures, imported.connection) == ("import", False, None)
    assert [job.name for job in imported.jobs] == ["d"]
    assert last.jobs[1][0].name == "f"
    assert last.options == {"source": "shop"}
    assert last.callbacks == {"then": [sample.noted]}
    assert (last.connection, last.queue, last.allow_failures) == ("other", None, True)
    assert bus.batched(lambda batch: batch.name == "import") == [imported]


def test_fake_takes_classes_in_a_list_as_laravel_has_it(world: Any, sample: Any) -> None:
    fake = QueueFake(world.queues, {}, [[sample.J]])

    assert fake.records(sample.J("a"))
    assert not fake.records(sample.simple.job("x"))


def test_jobs_in_the_hands_of_a_worker_are_counted_and_shown(queue: QueueFake, sample: Any) -> None:
    queue.reserve(sample.J("w"), "mail")
    sample.J.using("l").on_queue("mail").delay(5).dispatch()

    sizes = queue.pending_size("mail"), queue.delayed_size("mail"), queue.reserved_size("mail")
    assert sizes == (1, 1, 1)
    assert [job.name for job in queue.reserved_jobs("mail")] == ["sample_bus.J"]
    assert [job.state for job in queue.delayed_jobs("mail")] == ["delayed"]
    assert len([*queue.connection("sqlite").pending_jobs()]) == 2
    queue.assert_count(4)

    queue.clear_reserved()

    assert queue.reserved_size("mail") == 0
    assert [*queue.reserved_jobs("mail")] == []
