"""The context goes with jobs, chains and batches, on both engines, and ends with each job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from securely.context import Context
from securely.encryption import Encrypter, KeyRing
from securely.queue.contracts import Kind
from securely.queue.delivery.runner import JobRunner
from securely.queue.exceptions import NotQueueable
from securely.queue.payload import Codec

ENGINES = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture(scope="module")
def made() -> Iterator[ModuleType]:
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    import sample_context

    yield sample_context
    sys.path.remove(here)


@pytest.fixture
def noted(made: ModuleType) -> Iterator[list[Any]]:
    made.LOG.clear()
    yield made.LOG
    made.LOG.clear()


@pytest.fixture
def context(world: Any, keys: KeyRing) -> Context:
    context = Context(Encrypter(b"e" * 32).for_purpose)
    world.container.instance(Context, context)
    world.use(Codec(keys.purpose("queue"), context=context), context)
    return context


@ENGINES
@pytest.mark.parametrize("kind", ["Notes", "AsyncNotes"])
def test_a_job_has_the_context_of_its_dispatch(
    world: Any, context: Context, made: ModuleType, noted: list[Any], kind: str
) -> None:
    with context.unit():
        context.add(order=7, none=None).add_hidden(card="s3cret")
        trace = context.trace_id
        getattr(made, kind).dispatch("a")
        context.add(order=8)
        world.bus.dispatch(made.Notes("b"))

    assert world.work() == 2
    assert noted == [
        ("a", {"order": 7, "none": None}, {"card": "s3cret"}, trace),
        ("b", {"order": 8, "none": None}, {"card": "s3cret"}, trace),
    ]
    assert context.is_empty


@ENGINES
def test_a_job_that_brings_nothing_begins_with_nothing(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    made.Notes.dispatch("a")
    made.Notes.dispatch("b")
    context.add(worker=1)

    assert world.work() == 2

    assert [each[:3] for each in noted] == [("a", {}, {}), ("b", {}, {})]
    assert noted[0][3] != noted[1][3]
    assert context.all() == {"worker": 1}


@ENGINES
def test_all_attempts_and_the_hook_have_the_same_trace_and_values(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    made.Notes.dispatch("alone", fails=True)
    with context.scope(order=7):
        made.Notes.dispatch("a", fails=True)

    world.work()

    alone = [each for each in noted if "alone" in each[0]]
    assert [each[0] for each in alone] == ["alone", "alone", "failed alone"]
    assert len({each[3] for each in alone}) == 1
    others = [each[:3] for each in noted if "alone" not in each[0]]
    assert others == [
        ("a", {"order": 7}, {}),
        ("a", {"order": 7}, {}),
        ("failed a", {"order": 7}, {}),
    ]


@ENGINES
def test_what_a_job_queues_has_its_trace_and_its_values(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    with context.unit():
        context.add(order=7)
        trace = context.trace_id
        made.Sends.dispatch()

    world.work()

    assert noted == [
        ("sends", {"order": 7}, {}, trace),
        ("sent", {"order": 7, "by": "sends"}, {}, trace),
    ]


@ENGINES
def test_a_chain_has_the_context_of_its_dispatch_and_so_has_who_is_told_of_its_break(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    with context.unit():
        context.add(order=7)
        trace = context.trace_id
        links = [made.Notes("a"), made.Notes("b", fails=True)]
        world.bus.chain(links).catch(made.catch).dispatch()

    world.work()

    assert [each[0] for each in noted] == ["a", "b", "b", "failed b", "catch"]
    assert {each[3] for each in noted} == {trace}
    assert [each[1] for each in noted[:-1]] == [{"order": 7}] * 4
    assert noted[-1][1] == {"order": 7, "left": "b"}  # the job that broke it has queued the call


@ENGINES
def test_members_of_a_batch_and_its_callbacks_have_the_context_of_its_dispatch(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    with context.unit():
        context.add(order=7).add_hidden(card="s3cret")
        trace = context.trace_id
        world.bus.batch([made.Notes("a"), made.Notes("b")]).then(made.then).dispatch()

    world.work()

    assert [each[0] for each in noted] == ["a", "b", "then"]
    assert [each[1:] for each in noted] == [({"order": 7}, {"card": "s3cret"}, trace)] * 3


@ENGINES
def test_jobs_in_bulk_have_it_too(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    with context.scope(order=7):
        world.queues.connection("sqlite").bulk([made.Notes("a"), made.Notes("b")])

    world.work()

    assert [each[:2] for each in noted] == [("a", {"order": 7}), ("b", {"order": 7})]


def test_a_sync_job_has_a_copy_and_leaves_nothing(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    with context.unit():
        context.add(order=7)
        world.bus.dispatch_sync(made.Notes("a"))

        assert noted == [("a", {"order": 7}, {}, context.trace_id)]
        assert context.all() == {"order": 7}


def test_hidden_values_cannot_be_read_in_a_payload(
    world: Any, context: Context, made: ModuleType
) -> None:
    with context.scope(order=7, hidden={"card": "s3cret-value"}):
        envelope = world.codec.envelope(made.Notes("a"), "default")

    assert b"order" in envelope.payload
    assert b"s3cret-value" not in envelope.payload
    assert b"card" not in envelope.payload


def test_a_payload_without_context_is_as_long_as_before(
    world: Any, context: Context, made: ModuleType, keys: KeyRing
) -> None:
    without = Codec(keys.purpose("queue")).envelope(made.Notes("a"), "default")

    assert b"carried" not in world.codec.envelope(made.Notes("a"), "default").payload
    assert b"carried" not in without.payload


def test_a_value_that_cannot_travel_is_told_where_the_job_is_dispatched(
    world: Any, context: Context, made: ModuleType
) -> None:
    context.add(request=object())

    with pytest.raises(NotQueueable, match='"request" of the context cannot travel'):
        made.Notes.dispatch("a")


def test_a_hook_that_fails_fails_the_job(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    def no_tenant(live: Context) -> None:
        raise LookupError("no such tenant")

    context.hydrated(no_tenant)
    made.Notes.dispatch("a")

    world.work()

    assert [str(error) for error in world.reported] == ["no such tenant"] * 2
    assert [each[0] for each in noted] == ["failed a"]


def test_a_hook_sees_the_values_that_came_along(
    world: Any, context: Context, made: ModuleType, noted: list[Any]
) -> None:
    context.dehydrating(lambda copy: copy.add_hidden(locale="de"))
    context.hydrated(lambda live: live.add(locale=live.get_hidden("locale")))
    made.Notes.dispatch("a")

    world.work()

    assert noted[0][1:3] == ({"locale": "de"}, {"locale": "de"})


def test_what_is_reported_of_a_job_is_reported_in_its_context(
    world: Any, context: Context, made: ModuleType, codec: Codec
) -> None:
    seen: list[dict[str, object]] = []
    runner = JobRunner(
        world.container,
        world.codec,
        world.events,
        lambda error, facts: seen.append(dict(context.fields)),
        context=context,
    )
    with context.unit():
        context.add(order=7)
        trace = context.trace_id
        made.Notes.dispatch("a", fails=True)
    seat = world._seat("sqlite", "default")
    [delivery] = seat.turn([], 1).deliveries

    assert runner.run(delivery).kind is Kind.RELEASE

    assert seen == [{"trace_id": trace, "order": 7, "left": "a"}]
