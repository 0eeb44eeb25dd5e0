"""Batches: jobs that are counted together, and who is told of what happens to them.

What carries `Case batch/…` is a scenario that was recorded from Laravel. Callbacks are jobs of
their own there, so that they see the batch a moment later than Laravel's, which run inside the job.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from securely.queue.events import BatchCanceled, BatchDispatched, BatchFinished, JobQueued
from securely.queue.exceptions import (
    BatchEnded,
    BatchesUnsupported,
    EmptyChain,
    NotQueueable,
)
from securely.support import clock
from securely.support.clock import FrozenClock

# On both engines: what follows from the end of a job, each of them counts for itself.
pytestmark = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


@pytest.fixture
def batch(world, sample):
    """Build a batch with every callback."""

    def build(*jobs):
        return (
            world.bus.batch(jobs)
            .before(sample.before)
            .progress(sample.progress)
            .then(sample.then)
            .catch(sample.catch)
            .finally_(sample.finally_)
        )

    return build


def counted(total, pending, failed=0, *, cancelled=False, finished=False):
    processed = total - pending
    return {
        "total": total,
        "pending": pending,
        "failed": failed,
        "processed": processed,
        "progress": int(processed / total * 100 + 0.5) if total else 0,
        "cancelled": cancelled,
        "finished": finished,
        "failedIds": failed,
    }


def names(log):
    return [entry[1] if entry[0] == "run" else entry[0] for entry in log]


def last(log, name):
    return [entry[1:] for entry in log if entry[0] == name][-1]


def test_callbacks_and_counts_where_all_is_well(world, sample, log, batch):
    """On `sync`, all has happened when the dispatch returns.

    Case batch/all-ok@sync.
    """
    pending = batch(sample.J("a", "info"), sample.J("b"), sample.J("c"))

    done = pending.name("nm").on_connection("sync").dispatch()

    assert log[:4] == [
        ("before", counted(0, 0)),
        ("run", "a", 1),
        ("batch", counted(3, 3)),
        ("progress", counted(3, 2)),
    ]
    assert names(log)[4:] == ["b", "progress", "c", "progress", "then", "finally"]
    assert last(log, "then") == last(log, "finally") == (counted(3, 0, finished=True),)
    assert sample.numbers(done) == counted(3, 0, finished=True)
    assert done.name == "nm"


def test_failure_cancels_the_batch_and_the_others_run_unless_they_look(world, sample, log, batch):
    """Unlike in Laravel, a cancelled batch is finished when nothing of it is left.

    Case batch/one-fails@database.
    """
    jobs = [
        sample.J("a"),
        sample.J("b", "throw:bad"),
        sample.J("c", "cancelled"),
        sample.J("d"),
    ]
    made = batch(*jobs).dispatch()

    world.work()

    assert [one for one in names(log) if one in "abcd"] == ["a", "b", "c", "d"]
    assert ("cancelled?", True) in log
    assert last(log, "catch")[1] == "sample_bus.JobError: bad"
    assert [entry[0] for entry in log].count("catch") == 1
    assert last(log, "finally") == (counted(4, 1, 1, cancelled=True, finished=True),)
    assert "then" not in names(log)
    assert sample.numbers(made.fresh()) == counted(4, 1, 1, cancelled=True, finished=True)


def test_jobs_that_look_are_skipped_when_the_batch_is_cancelled(world, sample, log, batch):
    """Case batch/skip-if-cancelled@database."""
    kind = sample.SkippedWhenCancelled
    made = batch(kind("a", "throw"), kind("b"), kind("c")).dispatch()

    world.work()

    assert [one for one in names(log) if one in "abc"] == ["a"]
    found = made.fresh()
    assert sample.numbers(found) == counted(3, 1, 1, cancelled=True, finished=True)
    assert (found.skipped_jobs, found.has_failures()) == (2, True)


def test_batch_that_allows_failures_goes_on(world, sample, log, batch):
    """`then` is not called when something failed; unlike Laravel's, the batch is finished.

    Case batch/allowFailures@database.
    """
    jobs = [sample.J("a"), sample.J("b", "throw:one"), sample.J("c"), sample.J("d", "throw:two")]
    made = batch(*jobs).allow_failures().dispatch()

    world.work()

    assert [entry[0] for entry in log].count("catch") == 1
    assert last(log, "catch")[1] == "sample_bus.JobError: one"
    assert "then" not in names(log)
    assert last(log, "finally") == (counted(4, 2, 2, finished=True),)
    assert made.fresh().allows_failures()


def test_last_job_may_be_the_one_that_fails(world, sample, log, batch):
    """Case batch/last-fails@database."""
    made = batch(sample.J("a"), sample.J("b", "throw")).dispatch()

    world.work()

    assert {"catch", "finally"} <= set(names(log))
    assert sample.numbers(made.fresh()) == counted(2, 1, 1, cancelled=True, finished=True)


@pytest.mark.parametrize("connection", [None, "sync"])
def test_hook_of_a_member_knows_its_batch(world, sample, log, connection):
    pending = world.bus.batch([sample.TellsBatch()]).name("import")
    if connection is None:
        pending.dispatch()
        world.work()
    else:
        with pytest.raises(sample.JobError):
            pending.on_connection(connection).dispatch()

    counted = 1 if connection is None else 0  # a sync job is counted when its hook has run
    assert log == [("failed()", ("import", counted))]


def test_all_may_fail(world, sample, log, batch):
    """Case batch/all-fail-allowed@database."""
    made = batch(sample.J("a", "throw"), sample.J("b", "throw")).allow_failures().dispatch()

    world.work()

    assert [entry[0] for entry in log].count("catch") == 1
    assert sample.numbers(made.fresh()) == counted(2, 2, 2, finished=True)


def test_released_job_is_still_to_come(world, sample, log, batch, frozen):
    """Case batch/release@database."""
    made = batch(sample.J("a", "release:5,ok", tries=3), sample.J("b")).dispatch()

    world.work()
    assert sample.numbers(made.fresh()) == counted(2, 1)
    frozen.travel(5)
    world.work()
    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)
    assert last(log, "then") == (counted(2, 0, finished=True),)


def test_job_that_deletes_itself_counts_as_done(world, sample, log, batch):
    """Case batch/delete@database."""
    made = batch(sample.J("a", "delete"), sample.J("b")).dispatch()

    world.work()

    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)
    assert "then" in names(log)


def test_job_that_fails_itself_counts_as_failed(world, sample, log, batch):
    """Case batch/fail-by-hand@database."""
    made = batch(sample.J("a", "fail"), sample.J("b")).dispatch()

    world.work()

    assert "ManuallyFailed" in last(log, "catch")[1]
    assert sample.numbers(made.fresh()) == counted(2, 1, 1, cancelled=True, finished=True)


def test_job_cancels_its_batch(world, sample, log, batch):
    """`then` is called: nothing has failed.

    Case batch/cancel@database.
    """
    told = world.listen(BatchCanceled)
    made = batch(sample.J("a", "cancel"), sample.J("b", "cancelled")).dispatch()

    world.work()

    assert ("cancelled?", True) in log
    assert "then" in names(log)
    assert sample.numbers(made.fresh()) == counted(2, 0, cancelled=True, finished=True)
    assert [event.batch.cancelled() for event in told] == [True]


def test_batch_without_jobs_is_finished_at_once_and_says_so(world, sample, log, batch):
    """Laravel calls neither `then` nor `finally`, and the batch never ends.

    Case batch/empty@database.
    """
    made = batch().dispatch()

    assert made.finished()
    assert world.work() == 2
    assert names(log) == ["before", "then", "finally"]
    assert last(log, "finally") == (counted(0, 0, finished=True),)


def test_chain_inside_a_batch_counts_each_of_its_jobs(world, sample, log, batch):
    """Case batch/with-chain@database."""
    made = batch([sample.J("a1"), sample.J("a2")], sample.J("b")).dispatch()

    assert sample.numbers(made) == counted(3, 3)
    world.work()
    assert [one for one in names(log) if one in {"a1", "a2", "b"}] == ["a1", "b", "a2"]
    assert sample.numbers(made.fresh()) == counted(3, 0, finished=True)
    assert names(log)[-2:] == ["then", "finally"]


def test_jobs_behind_one_that_failed_count_as_skipped(world, sample, log, batch):
    """Laravel's `finally` is never called then (laravel/framework#39243)."""
    chain = [sample.J("a1", "throw"), sample.J("a2"), sample.J("a3")]
    made = batch(chain, sample.J("b")).allow_failures().dispatch()

    world.work()

    found = made.fresh()
    assert (found.failed_jobs, found.skipped_jobs, found.finished()) == (1, 2, True)
    assert names(log)[-1] == "finally"


@pytest.mark.parametrize("connection", ["sqlite", "either", "sync"])
@pytest.mark.parametrize("edit", ["prepend:x", "append:x"])
def test_what_a_member_adds_to_its_chain_leaves_the_count_exact(
    world, sample, log, batch, connection, edit
):
    made = batch([sample.J("a", edit), sample.J("b", "info")])
    made = made.on_connection(connection).dispatch()

    world.work()

    order = ["a", "x", "b"] if edit == "prepend:x" else ["a", "b", "x"]
    assert [name for name in names(log) if name in order] == order
    assert last(log, "batch") == (counted(2, 1),)
    assert last(log, "then") == (counted(2, 0, finished=True),)
    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)


def test_chain_in_a_batch_of_a_failover_connection_stays_with_what_counts_it(
    world, sample, log, batch
):
    made = batch([sample.J("a"), sample.J("b"), sample.J("c")]).on_connection("either").dispatch()

    world.work(1)
    assert "b" in world.state()
    assert sample.numbers(made.fresh()) == counted(3, 2)
    world.work()

    assert [name for name in names(log) if name in "abc"] == ["a", "b", "c"]
    assert last(log, "finally") == (counted(3, 0, finished=True),)


def test_batch_does_not_wait_for_what_is_behind_an_added_job_that_failed(world, sample, log, batch):
    sample.THROWS.add("x")
    chain = [sample.J("a", "prepend_perhaps:x"), sample.J("b"), sample.J("c")]
    made = batch(chain).allow_failures().dispatch()

    world.work()

    found = made.fresh()
    assert (found.failed_jobs, found.skipped_jobs, found.finished()) == (1, 1, True)
    sample.THROWS.clear()
    world.queues.failed.retry()
    world.work()
    assert sample.numbers(made.fresh()) == counted(3, 0, finished=True)


def test_added_job_of_another_connection_hands_the_chain_back_to_the_batch(
    world, sample, log, batch
):
    made = batch([sample.J("a", "prepend_elsewhere:x"), sample.J("b")]).dispatch()

    world.work()
    assert sample.numbers(made.fresh()) == counted(2, 1)
    world.work(connection="other", queue="others")
    world.work()

    assert [name for name in names(log) if name in "axb"] == ["a", "x", "b"]
    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)


@pytest.mark.parametrize("connection", ["sqlite", "either", "sync"])
@pytest.mark.parametrize("plan", ["throw", "cancel"])
def test_batch_does_not_wait_for_what_is_behind_an_added_batch_that_was_cancelled(
    world, sample, log, batch, connection, plan
):
    chain = [sample.J("a", f"prepend_batch:{plan}"), sample.J("b"), sample.J("c")]
    pending = batch(chain).allow_failures().on_connection(connection)
    made = pending.dispatch()

    world.work()

    assert [name for name in names(log) if name in "axybc"] == ["a", "x", "y"]
    found = made.fresh()
    assert sample.numbers(found) == counted(3, 0, finished=True)
    assert found.skipped_jobs == 2
    assert names(log)[-1] == "finally"


@pytest.mark.parametrize("connection", ["sqlite", "either", "sync"])
def test_chain_in_a_batch_goes_on_behind_an_added_batch(world, sample, log, batch, connection):
    chain = [sample.J("a", "prepend_batch:ok"), sample.J("b"), sample.J("c")]
    made = batch(chain).on_connection(connection).dispatch()

    world.work()

    assert [name for name in names(log) if name in "axybc"] == ["a", "x", "y", "b", "c"]
    found = made.fresh()
    assert sample.numbers(found) == counted(3, 0, finished=True)
    assert found.skipped_jobs == 0


@pytest.mark.parametrize(("plan", "ran"), [("ok", "axyb"), ("throw", "axy")])
def test_added_batch_of_another_connection_hands_the_chain_back_to_the_batch(
    world, sample, log, batch, plan, ran
):
    chain = [sample.J("a", f"prepend_batch_elsewhere:{plan}"), sample.J("b")]
    made = batch(chain).dispatch()

    world.work()
    assert sample.numbers(made.fresh()) == counted(2, 1)
    world.work(connection="other")
    world.work()

    assert [name for name in names(log) if name in "axyb"] == list(ran)
    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)


def test_sync_member_that_puts_itself_back_ends_its_chain(world, sample, log, batch):
    chain = [sample.J("a", "release:5"), sample.J("b")]
    made = batch(chain, sample.J("c")).on_connection("sync").dispatch()

    found = made.fresh()
    assert (found.total_jobs, found.skipped_jobs, found.finished()) == (3, 2, True)
    assert names(log)[-1] == "finally"


def test_pending_chain_in_a_batch_keeps_its_catch_and_queue(world, sample, log):
    chain = world.bus.chain([sample.J("a1", "throw"), sample.J("a2")]).on_queue("cq")
    world.bus.batch([chain.catch(sample.chain_catch), sample.J("b")]).dispatch()

    assert (world.state("cq"), world.state()) == (["a1"], ["b"])
    world.work(queue="default,cq")
    assert ("chain catch", "sample_bus.JobError: boom") in log


def test_pending_chain_in_a_batch_waits_as_it_was_told(world, sample, log, frozen):
    own = sample.J.using("c").delay(5)
    chains = [
        world.bus.chain([sample.J("a"), sample.J("b")]).delay(60),
        world.bus.chain([own]).delay(60),
    ]
    world.bus.batch(chains).dispatch()

    world.work()
    assert names(log) == []
    frozen.travel(6)
    world.work()
    assert names(log) == ["c"]
    frozen.travel(60)
    world.work()

    assert names(log) == ["c", "a", "b"]


def test_batch_is_found_by_its_id_until_it_is_deleted(world, sample):
    """Case batch/find@database."""
    made = world.bus.batch([sample.J("a")]).dispatch()

    found = world.bus.find_batch(made.id)
    assert (found.total_jobs, world.bus.find_batch("nope")) == (1, None)
    assert not found.canceled()
    assert found.delete()
    assert (world.bus.find_batch(made.id), found.fresh(), found.delete()) == (None, None, False)
    assert world.work() == 1


def test_batch_of_another_connection_is_found_where_it_lies(world, sample):
    made = world.bus.batch([sample.J("a")]).on_connection("other").dispatch()

    assert made.connection == "other"
    assert world.bus.find_batch(made.id, "other").id == made.id
    assert world.bus.find_batch(made.id).id == made.id
    assert world.bus.find_batch(made.id, "sqlite") is None


def test_what_is_no_job_is_refused(world, sample):
    """Case batch/not-batchable@database."""
    with pytest.raises(NotQueueable, match=r"sample_bus\.Bare can not be queued: it is no job"):
        world.bus.batch([sample.J("a"), sample.Bare()]).dispatch()
    with pytest.raises(EmptyChain):
        world.bus.batch([[]]).dispatch()
    with pytest.raises(NotQueueable, match="can not be a member of a batch"):
        world.bus.batch([[sample.J("a"), world.bus.batch([sample.J("b")])]]).dispatch()
    assert world.state() == []


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        (1, [(1, 100)]),
        (3, [(1, 33), (2, 67), (3, 100)]),
        (6, [(1, 17), (2, 33), (3, 50), (4, 67), (5, 83), (6, 100)]),
        (7, [(1, 14), (2, 29), (3, 43), (4, 57), (5, 71), (6, 86), (7, 100)]),
        (200, [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 4)]),
    ],
)
def test_percentages_are_laravels(world, sample, log, size, seen):
    """Halves are rounded up.

    Case batch/progress/1@database. Case batch/progress/3@database. Case batch/progress/6@database.
    Case batch/progress/7@database. Case batch/progress/200@database.
    """
    made = world.bus.batch([sample.J(f"j{at}") for at in range(size)]).dispatch()

    found = []
    for _ in seen:
        world.work(1)
        fresh = made.fresh()
        found.append((fresh.processed_jobs(), fresh.progress()))

    assert found == seen


def test_condition_decides_whether_a_batch_is_dispatched(world, sample):
    """Case batch/duplicate-dispatchIf@database."""
    pending = world.bus.batch([sample.J("b")])

    assert pending.dispatch_if(False) is None
    assert pending.dispatch_unless(True) is None
    assert asyncio.run(pending.adispatch_if(lambda: False)) is None
    assert asyncio.run(pending.adispatch_unless(lambda: True)) is None
    assert world.state() == []
    assert pending.dispatch_if(True) is not None
    assert pending.dispatch_unless(False) is not None
    assert asyncio.run(pending.adispatch_if(True)) is not None
    assert asyncio.run(pending.adispatch_unless(False)) is not None
    assert world.state() == ["b"] * 4


# -- beyond the scenarios


def test_async_code_dispatches_and_looks_at_batches_the_same_way(world, sample, log, batch):
    async def all_of_it():
        made = await batch(sample.J("a")).name("async").adispatch()
        more = await made.aadd([sample.J("b")])
        seen = [made.total_jobs, more.total_jobs, (await made.afresh()).total_jobs]
        cancelled = [await made.acancel(), await made.acancel()]
        found = await world.bus.afind_batch(made.id)
        deleted = [await made.adelete(), await made.adelete()]
        return seen, cancelled, found.cancelled(), deleted

    told = world.listen(BatchCanceled, BatchDispatched)
    assert asyncio.run(all_of_it()) == ([1, 2, 2], [True, False], True, [True, False])
    assert [type(one).__name__ for one in told] == ["BatchDispatched", "BatchCanceled"]
    assert log[0][0] == "before"


def test_async_before_is_awaited_in_both_colours(world, sample, log):
    pending = world.bus.batch([sample.J("a")]).before(sample.finally_)

    pending.dispatch()
    asyncio.run(pending.adispatch())

    assert names(log) == ["finally", "finally"]


def test_job_adds_more_to_its_batch(world, sample, log, batch):
    made = batch(sample.J("a", "add:b")).dispatch()

    world.work()

    assert sample.numbers(made.fresh()) == counted(2, 0, finished=True)
    assert names(log)[-2:] == ["then", "finally"]


def test_nothing_can_be_added_to_a_batch_that_is_over(world, sample, batch):
    made = batch(sample.J("a")).dispatch()
    world.work()

    with pytest.raises(BatchEnded, match="is finished, so that no jobs can be added") as finished:
        made.add([sample.J("b")])
    assert finished.value.id == made.id
    made.delete()
    with pytest.raises(BatchEnded, match="is gone"):
        made.add([sample.J("b")])
    assert world.state() == []


def test_before_that_raises_keeps_the_batch_from_being_dispatched(world, sample, log):
    sample.THROWS.add("before")

    with pytest.raises(sample.JobError):
        world.bus.batch([sample.J("a")]).before(sample.before).dispatch()

    assert (world.state(), world.queues.connection("sqlite").driver.batches.all()) == ([], [])


def test_callback_that_raises_is_reported_and_the_others_are_called(world, sample, log):
    sample.THROWS.add("then")
    pending = world.bus.batch([sample.J("a")])
    pending.then(sample.then, sample.without_arguments).finally_(sample.finally_).dispatch()

    world.work()

    assert {"without arguments", "finally"} <= set(names(log))
    assert str(world.reported[0]) == "then itself"


def test_callbacks_take_what_they_declare_and_services_besides(world, sample, log):
    pending = world.bus.batch([sample.J("a", "throw")]).catch(sample.any_arguments, sample.injected)
    pending.catch(sample.without_arguments).dispatch()

    world.work()

    assert log[-3:] == [
        ("any arguments", 2),
        ("injected", "Service"),
        ("without arguments",),
    ]


def test_callback_that_is_gone_fails_its_own_job(world, sample, log, monkeypatch):
    world.bus.batch([sample.J("a")]).then(sample.then).finally_(sample.finally_).dispatch()
    monkeypatch.delattr(sample, "then")

    world.work()

    assert names(log) == ["a", "finally"]
    assert "sample_bus:then" in str(world.reported[0])


def test_callbacks_may_be_jobs(world, sample, log):
    pending = world.bus.batch([sample.J("a")])
    pending.then(sample.J("after"), sample.J.using("later").on_queue("mail"))
    pending.finally_(sample.J.using("there").on_connection("other")).dispatch()

    world.work()
    world.work(connection="other", queue="others")

    assert names(log) == ["a", "after", "later", "there"]


def test_before_calls_functions_only(world, sample):
    with pytest.raises(NotQueueable, match="before\\(\\) calls functions"):
        world.bus.batch([]).before(sample.J("a"))


def test_callback_that_no_worker_could_import_is_refused(world, sample):
    with pytest.raises(NotQueueable, match="a worker imports a callback by its name"):
        world.bus.batch([sample.J("a")]).then(lambda batch: None).dispatch()
    with pytest.raises(NotQueueable, match="a worker imports a callback by its name"):
        world.bus.batch([sample.J("a")]).then(sample.J("a").handle).dispatch()
    assert world.state() == []


def test_jobs_are_added_while_it_is_built(world, sample, log):
    made = world.bus.batch(sample.J("a")).add(sample.J("b"), [sample.J("c"), sample.J("d")])

    assert made.dispatch().total_jobs == 4


def test_callback_of_a_deleted_batch_is_told_nothing(world, sample, log, batch):
    made = batch(sample.J("a")).dispatch()
    world.work(1)
    made.delete()

    world.work()

    assert names(log) == ["before", "a"]


def test_queue_is_of_the_batch_where_a_job_names_none(world, sample):
    jobs = [sample.J("a"), sample.Elsewhere("b"), sample.J.using("c").on_queue("mail")]
    world.bus.batch(jobs).on_queue("bq").dispatch()

    assert (world.state("bq"), world.state("own"), world.state("mail")) == (["a"], ["b"], ["c"])


def test_members_lie_where_their_batch_does(world, sample):
    jobs = [sample.J.using("a").on_connection("other"), [sample.J("b"), sample.J("c")]]
    world.bus.batch(jobs).dispatch()

    assert world.state() == ["a", "b"]


def test_members_keep_their_delay_and_priority(world, sample, log):
    jobs = [sample.J("low"), sample.J.using("high").priority(5), sample.J.using("late").delay(60)]
    world.bus.batch(jobs).dispatch()

    world.work()

    assert names(log) == ["high", "low"]
    assert world.queues.delayed_size() == 1


def test_members_do_not_look_at_unique_keys(world, sample, log):
    sample.Unique.using("holder").delay(60).dispatch()
    made = world.bus.batch([sample.Unique("a"), sample.Unique("b")]).dispatch()

    world.work()

    assert (names(log), made.fresh().finished()) == (["a", "b"], True)


def test_options_travel_with_the_batch(world, sample):
    pending = world.bus.batch([sample.J("a")]).with_option("rows", [1, 2]).name("import")

    made = pending.dispatch()

    assert made.fresh().options == {"rows": [1, 2]}
    with pytest.raises(NotQueueable, match='The option "bad" of a batch'):
        pending.with_option("bad", object())
    with pytest.raises(NotQueueable, match="allow_failures"):
        pending.allow_failures(lambda batch: None)


def test_batch_says_what_it_is_as_plain_data(world, sample, frozen):
    made = world.bus.batch([sample.J("a"), sample.J("b")]).name("nm").dispatch()
    world.work(1)

    data = made.fresh().to_dict(case="laravel")

    assert json.loads(json.dumps(data)) == {
        "id": made.id,
        "name": "nm",
        "totalJobs": 2,
        "pendingJobs": 1,
        "processedJobs": 1,
        "progress": 50,
        "failedJobs": 0,
        "options": {},
        "createdAt": "2027-01-15T08:00:00.000000Z",
        "cancelledAt": None,
        "finishedAt": None,
    }
    assert set(made.to_dict()) >= {"total_jobs", "created_at"}
    assert repr(made).startswith(f"Batch('{made.id}', 'nm', 0 of 2 processed")
    assert (made.created_at.timestamp(), made.finished_at, made.cancelled_at) == (
        1_800_000_000.0,
        None,
        None,
    )


def test_events_tell_what_happens_to_a_batch(world, sample, log):
    told = world.listen(BatchDispatched, BatchCanceled, BatchFinished)
    world.bus.batch([sample.J("a", "throw")]).dispatch()

    world.work()

    assert [type(one).__name__ for one in told] == [
        "BatchDispatched",
        "BatchCanceled",
        "BatchFinished",
    ]
    assert told[-1].batch.finished()


def test_what_a_store_accepts_with_a_batch_or_behind_a_job_is_not_told_as_queued(world, sample):
    told = world.listen(JobQueued, BatchDispatched)
    world.bus.batch([sample.J("a"), [sample.J("b"), sample.J("c")]]).then(sample.then).dispatch()
    world.bus.chain([sample.J("first"), sample.J("second")]).dispatch()

    world.work()

    assert [type(one) for one in told] == [BatchDispatched, JobQueued]


def test_batch_that_allows_failures_is_not_told_as_cancelled(world, sample, log):
    told = world.listen(BatchCanceled, BatchFinished)
    world.bus.batch([sample.J("a", "throw")]).allow_failures().dispatch()

    world.work()

    assert [type(one).__name__ for one in told] == ["BatchFinished"]


def test_transaction_keeps_a_batch_until_its_end(world, sample):
    with world.queues.transaction():
        made = world.bus.batch([sample.J("a")]).dispatch()
        assert (world.state(), made.fresh()) == ([], None)
    assert (world.state(), made.fresh().total_jobs) == (["a"], 1)

    with pytest.raises(TypeError), world.queues.transaction():
        int(world.bus.batch([sample.J("b")]).dispatch())  # raises, after the dispatch
    assert world.state() == ["a"]
    assert len(world.queues.connection("sqlite").driver.batches.all()) == 1


def test_transaction_sends_a_batch_in_a_step_of_its_own(world, sample):
    """As the page says: there is a moment at which only one of both is accepted."""
    batches = world.queues.connection("sqlite").driver.batches
    seen = []
    world.events.listen(JobQueued, lambda _: seen.append((world.state(), len(batches.all()))))

    with world.queues.transaction():
        sample.J.dispatch("a")
        world.bus.batch([sample.J("b")]).dispatch()

    assert seen == [(["a"], 0)]
    assert (world.state(), len(batches.all())) == (["a", "b"], 1)


def test_async_transaction_keeps_a_batch_until_its_end(world, sample):
    async def dispatched():
        async with world.queues.transaction():
            made = await world.bus.batch([sample.J("a")]).adispatch()
            before = await made.afresh()
        return before, (await made.afresh()).total_jobs

    assert asyncio.run(dispatched()) == (None, 1)


def test_batch_is_dispatched_after_the_response(world, sample):
    world.bus.batch([sample.J("a")]).dispatch_after_response()

    assert world.state() == []
    world.over()
    assert world.state() == ["a"]


def test_connection_without_batches_says_so(world, sample):
    world.queues.extend("null", lambda name, options: Dull())

    with pytest.raises(BatchesUnsupported, match='"null" keeps no batches'):
        world.bus.batch([sample.J("a")]).on_connection("null").dispatch()
    assert world.bus.find_batch("any", "null") is None


class Dull:
    """A connection without batches."""

    name = "dull"


def test_retried_member_counts_again(world, sample, log, batch):
    sample.THROWS.add("a")
    made = batch(sample.J("a", "perhaps")).dispatch()
    world.work()
    assert sample.numbers(made.fresh()) == counted(1, 1, 1, cancelled=True, finished=True)
    sample.THROWS.clear()

    world.queues.failed.retry()
    world.work()

    assert sample.numbers(made.fresh()) == counted(1, 0, cancelled=True, finished=True)


def test_sync_batch_takes_more_from_inside(world, sample, log, batch):
    made = batch(sample.J("a", "add:b")).on_connection("sync").dispatch()

    assert sample.numbers(made) == counted(2, 0, finished=True)
    assert names(log)[-2:] == ["then", "finally"]


def test_sync_batch_raises_what_a_job_raised(world, sample, log, batch):
    with pytest.raises(sample.JobError, match="boom"):
        batch(sample.J("a", "throw"), sample.J("b")).on_connection("sync").dispatch()

    assert [one for one in names(log) if one in "ab"] == ["a", "b"]
    assert names(log)[-1] == "finally"
