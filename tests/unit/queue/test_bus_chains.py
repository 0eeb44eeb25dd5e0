"""Chains: one job after the other, what breaks them, and batches among their links.

What carries `Case chain/…` is a scenario that was recorded from Laravel.
"""

from __future__ import annotations

import asyncio

import pytest

from securely.encryption import Encrypter
from securely.queue.bus.trail import Trail
from securely.queue.events import BatchDispatched, BatchFinished, JobSkipped
from securely.queue.exceptions import EmptyChain, NotQueueable, PayloadTooLarge
from securely.queue.payload import Codec
from securely.support import clock
from securely.support.clock import FrozenClock

# On both engines: what follows from the end of a job, each of them counts for itself.
pytestmark = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


def runs(log):
    return [entry[1] for entry in log if entry[0] == "run"]


def test_jobs_run_one_after_the_other(world, sample, log):
    """Each is accepted when the one before has ended well.

    Case chain/order@database. Case chain/order@redis.
    """
    sent = world.bus.chain([sample.J("a"), sample.J("b"), sample.J("c")]).dispatch()

    assert (sent.connection, sent.queue, sent.skipped) == ("sqlite", "default", False)
    assert world.state() == ["a"]
    assert (world.work(1), world.state()) == (1, ["b"])
    assert world.work() == 2
    assert (runs(log), world.state()) == (["a", "b", "c"], [])


def test_async_dispatch_sends_the_same(world, sample, log):
    asyncio.run(world.bus.chain([sample.Async("a"), sample.J("b")]).adispatch())

    world.work()

    assert runs(log) == ["a", "b"]


def test_failure_breaks_the_chain_and_tells_its_catch(world, sample, log):
    """The callback is a job of its own, after the failure is recorded.

    Case chain/fails@redis.
    """
    chain = world.bus.chain([sample.J("a"), sample.J("b", "throw:mid"), sample.J("c")])
    chain.catch(sample.chain_catch).dispatch()

    assert world.work() == 3
    assert log == [
        ("run", "a", 1),
        ("run", "b", 1),
        ("failed()", "b", "JobError", "mid"),
        ("chain catch", "sample_bus.JobError: mid"),
    ]
    assert world.state() == []


def test_catch_is_told_after_the_last_try_only(world, sample, log):
    """Case chain/fails-after-retries@database."""
    chain = world.bus.chain([sample.J("a", "throw", tries=3), sample.J("b")])
    chain.catch(sample.chain_catch).dispatch()

    assert [world.work(1) for _ in range(3)] == [1, 1, 1]
    assert log == [*[("run", "a", n) for n in (1, 2, 3)], ("failed()", "a", "JobError", "boom")]
    assert world.work() == 1
    assert log[-1] == ("chain catch", "sample_bus.JobError: boom")


def test_job_that_fails_itself_breaks_the_chain(world, sample, log):
    """The callback is told why, where Laravel tells nothing.

    Case chain/fail-by-hand@database.
    """
    chain = world.bus.chain([sample.J("a", "fail"), sample.J("b")])
    chain.catch(sample.chain_catch).dispatch()

    world.work()

    assert [entry[0] for entry in log] == ["run", "failed()", "chain catch"]
    assert "ManuallyFailed" in log[-1][1]


def test_several_callbacks_are_told_even_if_one_of_them_raises(world, sample, log):
    """Case chain/catch-throws@database."""
    sample.THROWS.add("chain catch")
    chain = world.bus.chain([sample.J("a", "throw")])
    chain.catch(sample.chain_catch).catch(sample.chain_catch_too).dispatch()

    world.work()

    assert ("chain catch too", "sample_bus.JobError: boom") in log
    assert str(world.reported[-1]) == "chain catch itself"


def test_queue_and_delay_are_of_the_chain_where_a_job_says_nothing(world, sample, frozen):
    """The delay is the first job's.

    Case chain/queue-delay@database.
    """
    world.bus.chain([sample.J("a"), sample.J("b")]).on_queue("cq").delay(10).dispatch()

    assert world.work(queue="cq") == 0
    frozen.travel(10)
    assert world.work(1, queue="cq") == 1
    assert world.state("cq") == ["b"]
    assert world.queues.pending_size("cq") == 1


def test_what_a_job_says_itself_wins_over_its_chain(world, sample, log, frozen):
    chain = world.bus.chain(
        [
            sample.Elsewhere("first"),
            sample.J.using("late").delay(5),
            sample.J.using("there").on_connection("other").on_queue("mail"),
            sample.J("last"),
        ]
    )
    chain.on_queue("cq").delay(10).dispatch()

    assert world.state("own") == ["first"]
    frozen.travel(10)
    assert world.work(queue="cq") == 1
    assert world.queues.delayed_size("cq") == 1
    frozen.travel(5)
    world.work(queue="cq")
    assert world.state("mail", "other") == ["there"]
    world.work(queue="mail", connection="other")
    assert world.work(queue="cq") == 1
    assert runs(log) == ["first", "late", "there", "last"]


def test_link_whose_connection_is_gone_fails_once(world, sample, log):
    world.bus.chain([sample.J("a"), sample.J.using("b").on_connection("other")]).dispatch()
    world.forget("other")

    world.work()

    assert (runs(log), world.queues.failed.count(), world.state()) == (["a"], 1, [])


def test_chain_goes_to_its_connection(world, sample, log):
    world.bus.chain([sample.J("a"), sample.J("b")]).on_connection("other").dispatch()

    assert (world.work(), world.work(connection="other", queue="others")) == (0, 2)
    assert runs(log) == ["a", "b"]


def test_jobs_are_added_before_and_after_while_it_is_built(world, sample, log):
    """What Laravel's `withChain` does is said with `Bus.chain`.

    Case chain/withChain@database.
    """
    world.bus.chain([sample.J("b")]).prepend(sample.J("a")).append(sample.J("c")).dispatch()

    assert world.work() == 3
    assert runs(log) == ["a", "b", "c"]


def test_running_job_adds_what_follows_it(world, sample, log):
    """Case chain/prepend-append@database."""
    world.bus.chain([sample.J("a", "prepend:p;append:z"), sample.J("b")]).dispatch()

    assert world.work() == 4
    assert runs(log) == ["a", "p", "b", "z"]


def test_what_is_added_goes_where_the_chain_goes(world, sample):
    world.bus.chain([sample.J("a", "append:z")]).on_queue("cq").dispatch()

    world.work(1, queue="cq")

    assert world.state("cq") == ["z"]


def test_functions_and_tasks_are_links(world, sample, log):
    """Laravel has closures there; code does not travel, names do.

    Case chain/closure@database.
    """
    chain = [sample.simple.using("one").on_queue("own"), sample.J("b"), sample.noted]
    world.bus.chain([*chain, sample.noted]).dispatch()

    assert world.work() == 4
    assert log == [
        ("simple", "one"),
        ("run", "b", 1),
        ("noted", "nothing", "default"),
        ("noted", "nothing", "default"),
    ]


def test_job_that_is_skipped_lets_the_chain_go_on(world, sample, log):
    """Case chain/skip-mw@database."""
    world.bus.chain([sample.Skipped("a"), sample.J("b")]).dispatch()

    assert world.work() == 2
    assert runs(log) == ["b"]


def test_unique_link_whose_key_is_taken_does_not_end_the_chain(world, sample, log):
    sample.Unique.using("holder").delay(60).dispatch()
    world.bus.chain([sample.J("a"), sample.Unique("u"), sample.J("b")]).dispatch()

    world.work()

    assert runs(log) == ["a", "u", "b"]


@pytest.mark.parametrize("connection", ["sqlite", "either"])
def test_chain_whose_first_job_is_unique_runs_though_the_key_is_taken(
    world, sample, log, connection
):
    sample.Unique.using("holder").delay(60).dispatch()
    chain = world.bus.chain([sample.Unique("u"), sample.J("b")]).on_connection(connection)

    assert not chain.dispatch().skipped
    world.work()

    assert runs(log) == ["u", "b"]


def test_chain_whose_first_job_is_debounced_is_not_replaced(world, sample, log, frozen):
    world.bus.chain([sample.Debounced("d"), sample.J("b")]).dispatch()
    sample.Debounced.dispatch("d")

    world.work()
    frozen.travel(30)
    world.work()

    assert runs(log) == ["d", "b", "d"]


def test_first_job_of_a_chain_leaves_its_key_to_others(world, sample, log):
    world.bus.chain([sample.Unique("u"), sample.J("b")]).dispatch()

    assert not sample.Unique.dispatch("v").skipped
    assert sample.Unique.dispatch("w").skipped


def test_released_job_keeps_its_chain(world, sample, log, frozen):
    world.bus.chain([sample.J("a", "release:5,ok"), sample.J("b")]).dispatch()

    assert (world.work(), world.queues.delayed_size()) == (1, 1)
    frozen.travel(5)
    world.work()
    assert log == [("run", "a", 1), ("run", "a", 2), ("run", "b", 1)]


def test_deadline_of_a_link_counts_from_its_turn(world, sample, log, frozen):
    world.bus.chain([sample.J.using("a").delay(100), sample.Dated("b", "throw,ok")]).dispatch()
    frozen.travel(100)

    world.work()

    assert log == [("run", "a", 1), ("run", "b", 1), ("run", "b", 2)]


def test_condition_decides_whether_a_chain_is_dispatched(world, sample):
    chain = world.bus.chain([sample.J("a")])

    assert chain.dispatch_if(False) is None
    assert chain.dispatch_unless(lambda: True) is None
    assert asyncio.run(chain.adispatch_if(False)) is None
    assert asyncio.run(chain.adispatch_unless(True)) is None
    assert world.state() == []
    assert chain.dispatch_if(lambda: True) is not None
    assert chain.dispatch_unless(False) is not None
    assert asyncio.run(chain.adispatch_if(True)) is not None
    assert asyncio.run(chain.adispatch_unless(False)) is not None
    assert world.state() == ["a"] * 4


def test_chain_without_jobs_is_refused(world):
    with pytest.raises(EmptyChain, match="at least one job"):
        world.bus.chain([]).dispatch()


def test_what_no_worker_could_run_is_refused_before_anything_is_sent(world, sample):
    with pytest.raises(NotQueueable, match="it is no job"):
        world.bus.chain([sample.J("a"), sample.Bare()]).dispatch()
    with pytest.raises(NotQueueable, match="a worker imports a callback by its name"):
        world.bus.chain([sample.J("a")]).catch(lambda error: None).dispatch()
    with pytest.raises(NotQueueable, match="only importable functions"):
        world.bus.chain([sample.J("a")]).catch(sample.J("b")).dispatch()
    with pytest.raises(NotQueueable, match=r"J\.plan can not be queued"):
        world.bus.chain([sample.J("a"), sample.J("b", object())]).dispatch()
    assert world.state() == []


def test_chain_over_the_limit_is_refused(world, sample, keys):
    world.container.instance(Codec, small := Codec(keys.purpose("queue"), 2000))
    world.queues.connection("sqlite")._codec = small

    with pytest.raises(PayloadTooLarge, match=r"The largest link is sample_bus\.J\."):
        world.bus.chain([sample.J("a")] * 30).dispatch()


@pytest.mark.parametrize(
    ("names", "link", "largest"),
    [
        (("J", "Encrypted", "Async"), "sample_bus.Async", "name"),
        (("J", "Async", "Encrypted"), "sample_bus.Encrypted", None),
        (("Async", "J"), None, "name"),
        (("Encrypted", "J"), None, "name"),
    ],
)
def test_chain_over_the_limit_names_the_link_and_its_largest_attribute(
    world, sample, keys, names, link, largest
):
    cipher = Encrypter(b"e" * 32)
    small = Codec(keys.purpose("queue"), 2000, encrypter=lambda: cipher)
    world.container.instance(Codec, small)
    world.queues.connection("sqlite")._codec = small
    jobs = [getattr(sample, name)("a") for name in names]
    big = next(job for job in jobs if type(job).__name__ == (link or names[0]).split(".")[-1])
    big.name = "n" * 3_000

    with pytest.raises(PayloadTooLarge) as caught:
        world.bus.chain(jobs).dispatch()

    assert (caught.value.link, caught.value.largest) == (link, largest)
    assert caught.value.job == f"sample_bus.{names[0]}"


def test_sync_runs_the_whole_chain_at_once(world, sample, log):
    world.bus.chain([sample.J("a"), sample.J("b")]).on_connection("sync").dispatch()

    assert runs(log) == ["a", "b"]


def test_sync_tells_the_catch_and_raises(world, sample, log):
    chain = world.bus.chain([sample.J("a"), sample.J("b", "throw"), sample.J("c")])

    with pytest.raises(sample.JobError, match="boom"):
        chain.on_connection("sync").catch(sample.chain_catch).dispatch()
    assert runs(log) == ["a", "b"]
    assert log[-1] == ("chain catch", "sample_bus.JobError: boom")


def test_transaction_sends_a_chain_at_its_end(world, sample):
    with world.queues.transaction():
        world.bus.chain([sample.J("a"), sample.J("b")]).dispatch()
        assert world.state() == []

    assert world.state() == ["a"]


# -- batches among the links


def test_batch_is_one_link_and_the_next_waits_for_all_of_it(world, sample, log):
    """Case chain/batch-inside@database."""
    told = world.listen(BatchDispatched, BatchFinished)
    inner = world.bus.batch([sample.J("b1"), sample.J("b2")]).name("inner")
    world.bus.chain([sample.J("a"), inner, sample.J("c")]).dispatch()

    world.work(1)
    assert world.state() == ["inner"]
    world.work()

    assert runs(log) == ["a", "b1", "b2", "c"]
    assert [type(event).__name__ for event in told] == ["BatchDispatched", "BatchFinished"]
    assert told[0].batch.name == "inner"


def test_batch_may_come_first(world, sample, log):
    world.bus.chain([world.bus.batch([sample.J("b1")]), sample.J("c")]).dispatch()

    world.work()

    assert runs(log) == ["b1", "c"]
    (record,) = world.queues.connection("sqlite").driver.batches.all()
    assert world.bus.find_batch(record.id).finished()


def test_batch_is_dispatched_once_even_if_its_job_runs_again(world, sample, log):
    world.bus.chain([world.bus.batch([sample.J("b1")]), sample.J("c")]).dispatch()
    (stored,) = world.queues.connection("sqlite").driver.jobs("default")
    job = world.codec.decode(stored.payload).job

    for _ in range(2):
        world.bus.begin_batch("sqlite", job.record(), [], [], Trail())
    world.bus.begin_batch("sqlite", job.record(), [], [], Trail())

    assert len(world.queues.connection("sqlite").driver.batches.all()) == 1


def test_empty_batch_lets_the_chain_go_on(world, sample, log):
    world.bus.chain([sample.J("a"), world.bus.batch([]), sample.J("c")]).dispatch()

    world.work()

    assert runs(log) == ["a", "c"]


def test_batch_that_fails_breaks_the_chain(world, sample, log):
    inner = world.bus.batch([sample.J("b1", "throw:inside"), sample.J("b2")])
    chain = world.bus.chain([sample.J("a"), inner, sample.J("c")])
    chain.catch(sample.chain_catch).dispatch()

    world.work()

    assert "c" not in runs(log)
    assert ("chain catch", "sample_bus.JobError: inside") in log


def test_batch_that_allows_failures_does_not_break_the_chain(world, sample, log):
    inner = world.bus.batch([sample.J("b1", "throw"), sample.J("b2")]).allow_failures()
    world.bus.chain([inner, sample.J("c")]).catch(sample.chain_catch).dispatch()

    world.work()

    assert runs(log) == ["b1", "b2", "c"]
    assert "chain catch" not in {entry[0] for entry in log}


def test_batch_of_another_connection_hands_the_chain_back(world, sample, log):
    inner = world.bus.batch([sample.J("b1")]).on_connection("other")
    world.bus.chain([sample.J("a"), inner, sample.J("c")]).dispatch()

    world.work()
    assert runs(log) == ["a"]
    world.work(connection="other", queue="others")
    assert runs(log) == ["a", "b1"]
    world.work()
    assert runs(log) == ["a", "b1", "c"]


def test_deadline_of_what_follows_a_batch_counts_from_its_end(world, sample, log, frozen):
    inner = world.bus.batch([sample.J.using("b1").delay(500)])
    world.bus.chain([inner, sample.Dated("c", "throw,ok")]).dispatch()
    world.work()
    frozen.travel(500)

    world.work()

    assert log == [("run", "b1", 1), ("run", "c", 1), ("run", "c", 2)]


def test_callbacks_of_a_batch_in_a_chain_are_called(world, sample, log):
    inner = world.bus.batch([sample.J("b1")]).before(sample.before).then(sample.then)
    world.bus.chain([inner, sample.J("c")]).dispatch()

    assert log == []
    world.work()
    assert [entry[0] for entry in log] == ["before", "run", "then", "run"]


def test_before_of_a_batch_that_raises_breaks_the_chain(world, sample, log):
    sample.THROWS.add("before")
    inner = world.bus.batch([sample.J("b1")]).before(sample.before)
    world.bus.chain([inner, sample.J("c")]).catch(sample.chain_catch).dispatch()

    world.work()

    assert runs(log) == []
    assert log[-1] == ("chain catch", "sample_bus.JobError: before itself")
    assert world.queues.failed.count() == 1


def test_batch_whose_connection_is_gone_breaks_the_chain(world, sample, log):
    inner = world.bus.batch([sample.J("b1")]).on_connection("other")
    world.bus.chain([inner, sample.J("c")]).catch(sample.chain_catch).dispatch()
    world.forget("other")

    world.work()

    assert runs(log) == []
    assert 'connection "other" is not defined' in log[-1][1]


def test_chain_with_a_batch_runs_on_sync(world, sample, log):
    inner = world.bus.batch([sample.J("b1"), sample.J("b2")])
    world.bus.chain([sample.J("a"), inner, sample.J("c")]).on_connection("sync").dispatch()

    assert runs(log) == ["a", "b1", "b2", "c"]


def test_skipped_link_is_told_as_skipped(world, sample):
    told = world.listen(JobSkipped)
    batch = world.bus.batch([sample.SkippedWhenCancelled("a")]).dispatch()
    batch.cancel()

    world.work()

    assert [event.name for event in told] == ["sample_bus.SkippedWhenCancelled"]
