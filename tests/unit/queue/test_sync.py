"""The connection `sync`: what it does with outcomes, keys, chains and batches.

What carries `Case sync/…` is a scenario that was recorded from Laravel.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord, Counts, Envelope
from securely.queue.delivery.interaction import current_interaction
from securely.queue.drivers.sync import SyncConnection
from securely.queue.drivers.sync_process import delivery_of
from securely.queue.exceptions import Drop, ManuallyFailed, NeverAwaited
from securely.queue.job import Extras
from securely.queue.manager import Materials
from securely.queue.options import SyncOptions


@pytest.fixture
def connection(bench: Any) -> SyncConnection:
    materials = Materials(lambda: bench.codec, lambda: bench.runner)
    return SyncConnection.build("sync", SyncOptions(driver="sync"), materials)


@pytest.fixture
def log(stages: Any, container: Any) -> Iterator[list[Any]]:
    stages.LOG.clear()
    stages.STAGES.clear()
    with container.active():
        yield stages.LOG
    stages.LOG.clear()
    stages.STAGES.clear()


@pytest.fixture
def packed(codec: Any, stages: Any, log: list[Any]):
    """Make an envelope of a job, with a chain behind it if there is one."""

    def pack(
        name: str = "j",
        plan: str = "ok",
        *links: Any,
        kind: Any = None,
        catches: tuple[str, ...] = (),
        batch: str | None = None,
        **changes: Any,
    ) -> Envelope:
        made = tuple(codec.link(link, "sync", "default") for link in links)
        extras = Extras(trail=Trail(made, catches), batch=batch)
        job = (kind or stages.Worked)(name, plan)
        return codec.envelope(job, "default", extras=extras)._replace(**changes)

    return pack


def ran(log: list[Any]) -> list[str]:
    return [entry[1] for entry in log if entry[0] == "run"]


@pytest.fixture(params=["push", "apush"])
def push(request: pytest.FixtureRequest, connection: SyncConnection):
    """Push in each colour."""
    if request.param == "push":
        return connection.push
    return lambda envelopes: asyncio.run(connection.apush(envelopes))


# -- outcomes (sync/outcome)


def test_job_that_ends_well_has_run_when_it_was_pushed(push, packed, log, bench):
    """Case sync/outcome/ok@sync."""
    bench.listen()

    assert push([packed()]) != []

    assert ran(log) == ["j"]
    assert bench.names() == ["JobProcessing", "JobProcessed", "JobAttempted"]


def test_job_that_puts_itself_back_is_over(push, packed, log, bench):
    """Case sync/outcome/release:0@sync."""
    bench.listen()

    push([packed(plan="release")])

    assert ran(log) == ["j"]
    assert bench.names() == ["JobProcessing", "JobReleased", "JobProcessed", "JobAttempted"]


def test_job_that_fails_itself_raises_nothing_and_has_failed(push, packed, log, bench):
    """Case sync/outcome/fail@sync."""
    bench.listen()

    push([packed(plan="fail")])

    assert log == [("run", "j", 1), ("failed()", "j", ManuallyFailed.__name__)]
    assert bench.names() == ["JobProcessing", "JobFailed", "JobProcessed", "JobAttempted"]


def test_exception_of_a_job_reaches_the_caller_after_failed_has_run(push, packed, log, stages):
    with pytest.raises(stages.JobError, match="boom"):
        push([packed("a"), packed("b", "throw"), packed("c")])

    assert log == [("run", "a", 1), ("run", "b", 1), ("failed()", "b", "JobError")]


def test_job_that_deleted_itself_raises_and_has_not_failed(push, packed, log, stages, bench):
    """Case sync/outcome/delete;throw@sync."""

    class Deletes:
        def handle(self, job, next_):
            current_interaction().decide(Drop())
            return next_(job)

    bench.listen()
    stages.STAGES[:] = [Deletes()]

    with pytest.raises(stages.JobError):
        push([packed(plan="throw")])

    assert log == [("run", "j", 1)]
    assert "JobFailed" not in bench.names()


def test_async_job_runs_in_each_colour(push, packed, log, stages):
    push([packed(kind=stages.AsyncWorked)])

    assert ran(log) == ["j"]


def test_async_job_whose_middleware_drops_its_coroutine_fails_and_says_so(
    push, packed, log, stages
):
    stages.STAGES[:] = [stages.Trace("x"), stages.Dropper()]

    with pytest.raises(NeverAwaited, match=r"sample_stages\.Dropper called it.*Return what"):
        push([packed(kind=stages.AsyncWorked)])

    assert ran(log) == []
    push([packed()])  # a sync one has run by then
    assert ran(log) == ["j"]


def test_async_job_whose_middleware_drops_another_ones_coroutine_fails_and_says_so(
    push, packed, log, stages
):
    stages.STAGES[:] = [stages.Dropper(), stages.AsyncTrace("x")]

    with pytest.raises(NeverAwaited):
        push([packed(kind=stages.AsyncWorked)])

    assert log == [("failed()", "j", "NeverAwaited")]


def test_delay_does_not_wait_and_nothing_is_kept(connection, packed, log):
    connection.push([packed(delay=60.0)])

    assert ran(log) == ["j"]
    assert connection.counts("default") == Counts()
    assert connection.clear("default") == 0


# -- unique keys


def test_job_whose_key_is_held_by_one_that_runs_is_not_accepted(connection, packed, stages, log):
    stands = []

    class Again:
        def handle(self, job, next_):
            if job.name == "outer":
                stands.extend(connection.push([packed("inner", unique="k")]))
            return next_(job)

    stages.STAGES[:] = [Again()]
    outer = packed("outer", unique="k")

    connection.push([outer])
    connection.push([packed("later", unique="k")])

    assert stands == [outer.uuid]
    assert ran(log) == ["outer", "later"]


def test_key_is_free_once_it_was_unlocked_and_after_an_exception(connection, packed, stages, log):
    class Again:
        def handle(self, job, next_):
            if job.name == "outer":
                connection.unlock(current_interaction().delivery)
                connection.push([packed("inner", unique="k")])
            return next_(job)

    stages.STAGES[:] = [Again()]
    connection.push([packed("outer", unique="k")])
    with pytest.raises(stages.JobError):
        connection.push([packed("bad", "throw", unique="k")])
    connection.push([packed("after", unique="k")])

    assert ran(log) == ["inner", "outer", "bad", "after"]


def test_key_of_an_async_job_is_unlocked_in_its_colour(connection, packed):
    envelope = packed(unique="k")
    assert connection.claim(envelope) is None

    asyncio.run(connection.aunlock(delivery_of(envelope)))

    assert connection.claim(packed(unique="k")) is None


# -- chains


def test_chain_runs_link_by_link_in_order(push, packed, stages, log):
    push([packed("a", "ok", stages.Worked("b"), stages.Worked("c")), packed("d")])

    assert ran(log) == ["a", "b", "c", "d"]


def test_chain_of_thousands_needs_no_depth(connection, packed, stages, log):
    links = [stages.Worked(str(number)) for number in range(1200)]

    connection.push([packed("first", "ok", *links)])

    assert len(ran(log)) == 1201


def test_link_that_fails_ends_the_chain_and_fails_no_earlier_job(push, packed, stages, log):
    with pytest.raises(stages.JobError):
        push([packed("a", "ok", stages.Worked("b", "throw"), stages.Worked("c"))])

    assert log == [("run", "a", 1), ("run", "b", 1), ("failed()", "b", "JobError")]


def test_who_is_told_of_a_break_is_told_before_the_exception_reaches_the_caller(
    push, packed, stages, log
):
    with pytest.raises(stages.JobError):
        push([packed("a", "throw", stages.Worked("b"), catches=("sample_stages:caught",))])

    assert log[-1] == ("caught", "sample_stages.JobError: boom")


def test_chain_does_not_go_on_after_a_job_that_put_itself_back(push, packed, stages, log):
    push([packed("a", "release", stages.Worked("b"))])

    assert ran(log) == ["a"]


# -- batches


def callback(codec, stages, name):
    return codec.envelope(stages.Worked(name), "default")


@pytest.fixture
def record(codec, stages):
    def make(**changes: Any) -> BatchRecord:
        names = ("progress", "catch", "then", "finally", "next")
        callbacks = {name: (callback(codec, stages, name),) for name in names}
        return BatchRecord("b1", "import", callbacks=callbacks, **changes)

    return make


def test_batch_counts_each_member_and_calls_back_right_after_it(
    connection, packed, record, stages, log
):
    """Case batch/all-ok@sync."""
    seen = []

    class Look:
        def handle(self, job, next_):
            found = connection.batches.find("b1")
            if job.name in "abc":
                seen.append((found.total, found.done))
            return next_(job)

    stages.STAGES[:] = [Look()]
    members = [packed(name, batch="b1") for name in "abc"]

    assert connection.batches.create(record(), members)

    assert seen == [(3, 0), (3, 1), (3, 2)]
    assert ran(log) == [
        "a",
        "progress",
        "b",
        "progress",
        "c",
        "progress",
        "then",
        "finally",
        "next",
    ]
    found = connection.batches.find("b1")
    assert (found.done, found.failed, found.finished_at is None) == (3, 0, False)


def test_batch_with_a_failure_goes_on_is_cancelled_and_raises_at_its_end(
    connection, packed, record, stages, log
):
    members = [packed("a", "throw", batch="b1"), packed("b", batch="b1")]

    with pytest.raises(stages.JobError):
        connection.batches.create(record(), members)

    assert ran(log) == ["a", "progress", "catch", "b", "progress", "finally"]
    found = connection.batches.find("b1")
    assert (found.done, found.failed, found.failed_ids) == (1, 1, (members[0].uuid,))
    assert found.cancelled_at is not None


def test_batch_that_allows_failures_raises_nothing(connection, packed, record, log):
    connection.batches.create(
        record(allow_failures=True), [packed("a", "throw", batch="b1"), packed("b", batch="b1")]
    )

    assert ran(log) == ["a", "progress", "catch", "b", "progress", "finally", "next"]
    assert connection.batches.find("b1").cancelled_at is None


def test_links_of_a_chain_in_a_batch_are_counted(connection, codec, packed, record, stages, log):
    link = codec.link(stages.Worked("b"), "sync", "default")._replace(batch="b1")
    extras = Extras(trail=Trail((link,)), batch="b1")
    first = codec.envelope(stages.Worked("a", "throw"), "default", extras=extras)

    connection.batches.create(record(allow_failures=True), [first._replace(links=1)])

    found = connection.batches.find("b1")
    assert (found.total, found.failed, found.skipped) == (2, 1, 1)
    assert found.finished_at is not None


def test_member_that_put_itself_back_does_not_keep_its_batch_open(connection, packed, record, log):
    connection.batches.create(
        record(), [packed("a", "release", batch="b1"), packed("b", batch="b1")]
    )

    found = connection.batches.find("b1")
    assert (found.done, found.skipped, found.finished_at is None) == (1, 1, False)


def test_batch_without_members_is_finished_at_once(connection, record, log):
    connection.batches.create(record(), [])

    assert ran(log) == ["then", "finally", "next"]


def test_batch_id_that_exists_is_refused_and_nothing_runs(connection, packed, record, log):
    connection.batches.create(BatchRecord("b1"), [packed("a", batch="b1")])

    assert not connection.batches.create(record(), [packed("b", batch="b1")])
    assert ran(log) == ["a"]


def test_members_added_from_inside_run_and_are_counted_and_none_after_the_end(
    connection, packed, record, stages, log
):
    class Adds:
        def handle(self, job, next_):
            if job.name == "a":
                assert connection.batches.add("b1", [packed("more", batch="b1")])
            return next_(job)

    stages.STAGES[:] = [Adds()]
    connection.batches.create(BatchRecord("b1"), [packed("a", batch="b1")])

    found = connection.batches.find("b1")
    assert (ran(log), found.total, found.done) == (["more", "a"], 2, 2)
    assert not connection.batches.add("b1", [packed("late", batch="b1")])
    assert not connection.batches.add("b2", [packed("late", batch="b1")])
    assert ran(log) == ["more", "a"]


def test_batches_of_several_threads_are_counted_exactly(connection, packed, log):
    members = [
        [packed(f"{thread}-{number}", batch=f"t{thread}") for number in range(20)]
        for thread in range(4)
    ]
    ready = threading.Barrier(4)

    def run(mine: list[Envelope], name: str) -> None:
        ready.wait()
        connection.batches.create(BatchRecord(name), mine)

    threads = [
        threading.Thread(target=run, args=(mine, f"t{number}"))
        for number, mine in enumerate(members)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [connection.batches.find(f"t{number}").done for number in range(4)] == [20] * 4
