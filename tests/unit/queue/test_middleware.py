"""What stands around a job: order, colours, and what each of ours does.

What carries `Case mw/…` is a scenario that was recorded from Laravel.
"""

from __future__ import annotations

import asyncio
import select
import signal
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from securely.cache import CacheManager, Limit, RateLimiter, StoreUnavailable, UnknownLimiter
from securely.cache.drivers.array import ArrayStore
from securely.cache.options import ArrayOptions
from securely.container import Container
from securely.queue import exceptions
from securely.queue.bus.task import Call
from securely.queue.contracts import Charge, Kind
from securely.queue.delivery.interaction import current_interaction
from securely.queue.exceptions import JobTimedOut
from securely.queue.middleware import (
    ConcurrencyLimit,
    FailOnException,
    Idempotent,
    RateLimited,
    Release,
    Skip,
    SkipIfBatchCancelled,
    ThrottlesExceptions,
    Timeout,
    WithoutOverlapping,
)
from securely.support import clock
from securely.support.clock import FrozenClock


@pytest.fixture
def log(stages: ModuleType) -> Iterator[list[Any]]:
    """What the jobs and their middleware note down."""
    stages.LOG.clear()
    stages.STAGES.clear()
    yield stages.LOG
    stages.LOG.clear()
    stages.STAGES.clear()


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


@pytest.fixture
def cache(container: Container) -> Iterator[CacheManager]:
    cache = CacheManager("memory", {"memory": ArrayOptions(driver="array")})
    container.instance(CacheManager, cache)
    container.instance(RateLimiter, RateLimiter(cache))
    with container.active():
        yield cache
    cache.close()


@pytest.fixture
def limiter(container: Container, cache: CacheManager) -> RateLimiter:
    return container.make(RateLimiter)


@pytest.fixture
def world(bench: Any, frozen: FrozenClock, cache: CacheManager, log: list[Any], jobs: ModuleType):
    from worlds import World

    return World(bench.codec, bench.runner)


@pytest.fixture(params=["sync", "async"])
def worked(request: pytest.FixtureRequest, stages: ModuleType) -> Callable[..., Any]:
    """The class of a job in each colour: what holds for one holds for the other."""
    return stages.Worked if request.param == "sync" else stages.AsyncWorked


def around(stages: ModuleType, *names: object) -> None:
    stages.STAGES[:] = names


def ran(log: list[Any]) -> list[str]:
    return [entry[1] for entry in log if entry[0] == "run"]


# -- order and colours (mw/order, mw/through)


def test_middleware_stands_around_the_job_outermost_first(world, stages, worked, log):
    """Case mw/order@redis."""
    around(stages, stages.Trace(1), stages.AsyncTrace(2))
    world.push(worked())

    assert world.work() == 1

    inner = [("before", 2), ("run", "j", 1), ("after", 2)]
    assert [entry for entry in log if entry[1] != 1] == inner
    assert log[0] == ("before", 1)
    assert world.outcomes[0].kind is Kind.DONE


@pytest.mark.parametrize("inner", ["Trace", "AsyncTrace"])
def test_stage_holds_what_it_holds_until_what_stands_within_has_ended(
    world, stages, worked, log, cache, inner
):
    held = []

    class Look:
        def handle(self, job, next_):
            held.append(cache.lock("queue-overlap:k").is_locked())
            return next_(job)

    around(stages, WithoutOverlapping("k").shared(), getattr(stages, inner)("x"), Look())
    world.push(worked())

    world.work()

    assert held == [True]
    assert not cache.lock("queue-overlap:k").is_locked()
    assert world.outcomes[0].kind is Kind.DONE


def test_inner_middleware_that_skips_an_async_job_ends_it_well(world, stages, log):
    around(stages, WithoutOverlapping("k"), Skip.when(True))
    world.push(stages.AsyncWorked())

    world.work()

    assert (ran(log), world.outcomes[0].kind) == ([], Kind.DONE)


def test_error_of_a_sync_job_within_an_async_middleware_reaches_the_stage_around_it(
    world, stages, log
):
    around(stages, ThrottlesExceptions(2, 60), stages.AsyncTrace("x"))
    world.push(stages.Worked(plan="throw"))

    world.work()

    assert world.outcomes[0].charge is Charge.EXCEPTION
    assert world.state() == [("j", 1, 0.0)]


# -- WithoutOverlapping (mw/WithoutOverlapping)


def overlapping(world, stages, worked, cache, frozen, stage):
    """Run a job while its key is held by another, and again a minute later; return the states."""
    around(stages, stage)
    held = cache.lock(stage.lock_key(worked("x")), owner="another")
    assert held.acquire()
    world.push(worked("blocked"))
    world.work()
    blocked = world.state()
    held.release()
    frozen.travel(60)
    world.work()
    return blocked


@pytest.mark.parametrize(
    "case",
    [
        (WithoutOverlapping("key"), 0.0),
        (WithoutOverlapping("key").expire_after(20), 0.0),
        (WithoutOverlapping("key").shared(), 0.0),
        (WithoutOverlapping("key").with_prefix("mine:"), 0.0),
        (WithoutOverlapping("key", 7, 30), 7.0),
        (WithoutOverlapping("key").release_after("1m"), 60.0),
    ],
)
def test_job_whose_key_is_held_is_put_off_and_consumes_no_try(
    world, stages, worked, cache, frozen, log, case
):
    """What a job does that comes too soon.

    Case mw/WithoutOverlapping/default@database.
    Case mw/WithoutOverlapping/expireAfter@database.
    Case mw/WithoutOverlapping/ctor@database.
    Case mw/WithoutOverlapping/shared@database.
    """
    stage, waits = case
    blocked = overlapping(world, stages, worked, cache, frozen, stage)

    assert blocked == [("blocked", 1, waits)]
    assert world.outcomes[0].charge is Charge.DEFERRAL
    assert (ran(log), world.state()) == (["blocked"], [])
    assert not cache.lock(stage.lock_key(worked("x"))).is_locked()


def test_job_whose_key_is_held_is_over_with_dont_release(world, stages, worked, cache, frozen, log):
    """Case mw/WithoutOverlapping/dontRelease@database."""
    stage = WithoutOverlapping("key").dont_release()

    blocked = overlapping(world, stages, worked, cache, frozen, stage)

    assert (blocked, ran(log), world.outcomes[0].kind) == ([], [], Kind.DONE)


def test_job_that_is_put_off_again_and_again_comes_ever_more_rarely(
    world, stages, worked, cache, frozen
):
    around(stages, WithoutOverlapping("key"))
    cache.lock(WithoutOverlapping("key").lock_key(worked()), owner="another").acquire()
    world.push(worked())
    waits = []
    for _ in range(6):
        world.work()
        waits.append(world.state()[0][2])
        frozen.travel(5)

    assert waits == [0.0, 0.1, 0.3, 1.0, 3.0, 3.0]


def test_lock_is_free_when_the_job_has_raised(world, stages, worked, cache):
    """Case mw/WithoutOverlapping/throws@database."""
    stage = WithoutOverlapping("k")
    around(stages, stage)
    world.push(worked(plan="throw"))

    world.work()

    assert world.state() == [("j", 1, 0.0)]
    assert not cache.lock(stage.lock_key(worked())).is_locked()


def test_keys_of_two_classes_are_apart_unless_they_are_shared(stages, log):
    stage = WithoutOverlapping("key")

    assert stage.lock_key(stages.Worked()) == "queue-overlap:sample_stages.Worked:key"
    assert stage.lock_key(stages.Another()) != stage.lock_key(stages.Worked())
    assert stage.shared().lock_key(stages.Another()) == "queue-overlap:key"


def test_next_delivery_of_a_job_whose_worker_died_gets_in_at_once(
    world, stages, worked, cache, log
):
    stage = WithoutOverlapping("k")
    around(stages, stage)
    uuid = world.push(worked())
    # As the delivery before left it: its worker is gone, and nobody has released it.
    cache.lock(stage.lock_key(worked()), 60, uuid).acquire()

    world.work()

    assert (ran(log), world.outcomes[0].kind) == (["j"], Kind.DONE)


@pytest.mark.parametrize(
    "case",
    [
        (30.0, WithoutOverlapping("k").shared(), 40.0),
        (None, WithoutOverlapping("k").shared(), 70.0),  # the worker's timeout: a minute
        (0.0, WithoutOverlapping("k").shared(), 86_400.0),
        (30.0, WithoutOverlapping("k").shared().expire_after("5m"), 300.0),
    ],
)
def test_lock_ends_by_itself_once_the_job_can_not_be_running_any_more(
    world, stages, worked, cache, frozen, case
):
    timeout, stage, seconds = case
    lock, left = cache.lock("queue-overlap:k"), []

    class Look:
        def handle(self, job, next_):
            for moment in (seconds - 1, 2):
                frozen.travel(moment)
                left.append(lock.is_locked())
            return next_(job)

    around(stages, stage, Look())
    world.push(worked(), timeout=timeout)

    world.work()

    assert left == [True, False]


def test_lock_of_a_job_that_nobody_limits_is_held_for_a_day(
    world, stages, worked, cache, frozen, bench
):
    """On `sync` nobody looks at the time."""
    left = []

    class Look:
        def handle(self, job, next_):
            frozen.travel(3600)
            left.append(cache.lock("queue-overlap:k").is_locked())
            return next_(job)

    around(stages, WithoutOverlapping("k").shared(), Look())

    bench.runner.attempt(bench.delivery(worked(), timeout=30.0), is_last=True)

    assert left == [True]


def test_cache_that_fails_after_the_job_has_run_does_not_run_it_again(
    world, stages, worked, cache, container, log, monkeypatch
):
    reported = []
    container.instance("errors", SimpleNamespace(report=lambda *a, **k: reported.append((a, k))))

    def refuse(*arguments: object) -> bool:
        raise StoreUnavailable("memory", "here", "gone")

    monkeypatch.setattr(ArrayStore, "release", refuse)
    around(stages, WithoutOverlapping("k"))
    world.push(worked())

    world.work()

    assert (ran(log), world.outcomes[0].kind) == (["j"], Kind.DONE)
    assert [facts for _, facts in reported] == [{"during": "WithoutOverlapping"}]


# -- RateLimited (mw/RateLimited)


def limited(world, frozen, worked, names="abc"):
    for name in names:
        world.push(worked(name))
    world.work(len(names))


def test_jobs_over_the_limit_wait_for_its_end_and_three_seconds(
    world, stages, worked, limiter, frozen, log
):
    """Case mw/RateLimited/release@database."""
    limiter.for_("lim", lambda job: Limit.per_minute(1))
    around(stages, RateLimited("lim"))

    limited(world, frozen, worked)

    assert (ran(log), world.state()) == (["a"], [("b", 1, 63.0), ("c", 1, 63.0)])
    frozen.travel(60)
    assert world.work(2) == 0
    frozen.travel(3)
    assert (world.work(2), ran(log)) == (2, ["a", "b"])


def test_jobs_over_the_limit_wait_as_long_as_they_are_told(
    world, stages, worked, limiter, frozen, log
):
    """Case mw/RateLimited/releaseAfter@database."""
    limiter.for_("lim", lambda job: Limit.per_minute(1))
    around(stages, RateLimited("lim").release_after(5))

    limited(world, frozen, worked)

    assert world.state() == [("b", 1, 5.0), ("c", 1, 5.0)]
    assert {outcome.charge for outcome in world.outcomes[1:]} == {Charge.DEFERRAL}
    frozen.travel(60)
    world.work(2)
    assert (ran(log), world.state()) == (["a", "b"], [("c", 2, 5.0)])


def test_jobs_over_the_limit_are_over_with_dont_release(
    world, stages, worked, limiter, frozen, log
):
    limiter.for_("lim", lambda job: Limit.per_minute(1))
    around(stages, RateLimited("lim").dont_release())

    limited(world, frozen, worked)

    assert (ran(log), world.state()) == (["a"], [])


def test_limiter_is_given_the_job_and_may_have_no_limit_for_it(
    world, stages, worked, limiter, frozen, log
):
    limiter.for_("lim", lambda job: Limit.none() if job.name == "vip" else Limit.per_minute(1))
    around(stages, RateLimited("lim"))

    limited(world, frozen, worked, ["vip", "a", "vip", "b", "vip"])

    assert ran(log) == ["vip", "a", "vip", "vip"]


def test_of_several_limits_one_that_is_full_uses_up_no_other(
    world, stages, worked, limiter, frozen, log
):
    limiter.for_("lim", lambda job: [Limit.per_hour(2), Limit.per_minute(1).by(job.name)])
    around(stages, RateLimited("lim").dont_release())

    limited(world, frozen, worked, ["a", "a", "a", "b", "c"])

    # Twice an hour, and each name once a minute: the second and third "a" took no place of "b".
    assert ran(log) == ["a", "b"]


def test_several_limits_of_other_kinds_must_all_have_room(
    world, stages, worked, limiter, frozen, log
):
    limiter.for_(
        "lim", lambda job: [Limit.per_minute(5).sliding(), Limit.per_minute(1).bucket().by("b")]
    )
    around(stages, RateLimited("lim"))

    limited(world, frozen, worked, ["a", "b"])

    assert (ran(log), [name for name, *_ in world.state()]) == (["a"], ["b"])


def test_limiter_that_nobody_has_defined_fails_the_job(world, stages, worked, limiter, log):
    around(stages, RateLimited("lime"))
    world.push(worked())

    world.work()

    assert ran(log) == []
    assert world.outcomes[0].charge is Charge.EXCEPTION
    assert UnknownLimiter.__name__ in (world.outcomes[0].error or b"").decode()


# -- ConcurrencyLimit


def test_no_more_jobs_run_at_a_time_than_there_are_places(world, stages, worked, cache, log):
    around(stages, ConcurrencyLimit("reports", 2).release_after(4))
    first = cache.lock("funnel:queue-concurrency:reports:1")
    second = cache.lock("funnel:queue-concurrency:reports:2")
    first.acquire()
    second.acquire()
    world.push(worked())

    world.work()
    assert (ran(log), world.state()) == ([], [("j", 1, 4.0)])

    second.release()
    clock.sleep(4)
    world.work()
    assert (ran(log), world.state()) == (["j"], [])
    assert not second.is_locked()


# -- ThrottlesExceptions (mw/ThrottlesExceptions)


def throttled(world, stages, worked, frozen, stage, plan="throw,throw,throw,ok", times=5):
    around(stages, stage)
    world.push(worked(plan=plan))
    states = []
    for _ in range(times):
        world.work()
        states.append(world.state())
        frozen.travel(30)
    return states


def test_exceptions_put_the_job_back_at_once_until_there_were_too_many(
    world, stages, worked, frozen, bench, log, limiter
):
    """Case mw/ThrottlesExceptions/plain@database."""
    states = throttled(world, stages, worked, frozen, ThrottlesExceptions(2, 60))

    assert states == [[("j", 1, 0.0)], [("j", 2, 0.0)], [("j", 3, 0.0)], [], []]
    assert bench.reported == []
    assert limiter.attempts("throttles-exceptions:sample_stages.Worked") == 0


def test_backoff_says_how_long_the_job_waits_after_an_exception(world, stages, worked, frozen, log):
    """Case mw/ThrottlesExceptions/backoff1@database."""
    stage = ThrottlesExceptions(2, 60).backoff("1m")

    states = throttled(world, stages, worked, frozen, stage)

    assert [state[0][1:] for state in states] == [
        (1, 60.0), (1, 30.0), (2, 60.0), (2, 30.0), (3, 60.0),
    ]  # fmt: skip


def test_backoff_may_depend_on_the_exception(world, stages, worked, frozen):
    stage = ThrottlesExceptions(2, 60).backoff(lambda error: 9 if str(error) == "boom" else 1)

    states = throttled(world, stages, worked, frozen, stage, times=1)

    assert states == [[("j", 1, 9.0)]]


def test_past_the_limit_the_job_waits_for_the_end_of_the_time_and_consumes_no_try(
    world, stages, worked, frozen, log
):
    around(stages, ThrottlesExceptions(2, 600))
    world.push(worked(plan="throw,throw,ok"))

    world.work(3)

    assert ran(log) == ["j", "j"]
    assert world.state() == [("j", 3, 603.0)]
    charges = [outcome.charge for outcome in world.outcomes]
    assert charges == [Charge.EXCEPTION, Charge.EXCEPTION, Charge.DEFERRAL]


def test_last_try_fails_with_the_exception_itself(world, stages, worked, frozen, log):
    throttled(world, stages, worked, frozen, ThrottlesExceptions(9, 60), "throw", times=7)

    assert len(ran(log)) == 5  # its tries
    assert [outcome.kind for outcome in world.outcomes][-1] is Kind.FAIL
    assert b"JobError" in (world.outcomes[-1].error or b"")


def test_exceptions_are_reported_where_that_is_wanted(
    world, stages, worked, frozen, container, log
):
    """Case mw/ThrottlesExceptions/report@database."""
    reported = []
    container.instance("errors", SimpleNamespace(report=lambda e, **k: reported.append(str(e))))

    throttled(world, stages, worked, frozen, ThrottlesExceptions(2, 60).report())
    throttled(world, stages, worked, frozen, ThrottlesExceptions(9, 60).report(stages.OtherError))

    assert reported == ["boom"] * 3


@pytest.mark.parametrize("cause", ["class", "callable"])
def test_errors_that_delete_take_the_job_out(world, stages, worked, frozen, log, cause):
    """Case mw/ThrottlesExceptions/deleteWhen@database."""
    what = stages.JobError if cause == "class" else (lambda error: str(error) == "boom")

    states = throttled(
        world, stages, worked, frozen, ThrottlesExceptions(2, 60).delete_when(what), times=2
    )

    assert (states, world.outcomes[0].kind) == ([[], []], Kind.DROP)


def test_errors_that_fail_do_so_at_once(world, stages, worked, frozen, log):
    stage = ThrottlesExceptions(2, 60).fail_when(stages.JobError)

    throttled(world, stages, worked, frozen, stage, times=1)

    assert world.outcomes[0].kind is Kind.FAIL
    assert b"JobError" in (world.outcomes[0].error or b"")


def test_errors_that_are_not_meant_go_their_way(world, stages, worked, frozen, limiter, bench):
    stage = ThrottlesExceptions(2, 60).when(stages.OtherError).by("api")

    throttled(world, stages, worked, frozen, stage, times=1)

    assert [type(error) for error, _ in bench.reported] == [stages.JobError]
    assert limiter.attempts("throttles-exceptions:api") == 0


def test_what_a_job_says_of_itself_is_no_exception(world, stages, worked, frozen, limiter):
    class Raises:
        def handle(self, job, next_):
            raise exceptions.Release(7)

    around(stages, ThrottlesExceptions(2, 60).by("api"), Raises())
    world.push(worked())

    world.work()

    assert world.state() == [("j", 1, 7.0)]
    assert limiter.attempts("throttles-exceptions:api") == 0


def test_key_is_of_the_class_of_the_job_or_one_of_ones_own(world, stages, worked, log, limiter):
    around(stages, ThrottlesExceptions(1, 60).by_job())
    world.push(worked("a", "throw"))
    world.push(worked("b", "throw"))

    world.work(2)

    assert ran(log) == ["a", "b"]
    assert limiter.attempts("throttles-exceptions:sample_stages.Worked") == 0
    stage = ThrottlesExceptions().with_prefix("mine:").by(7)
    assert stage.throttle_key(stages.Worked()) == "mine:7"


# -- Skip, Release (mw/Skip)


@pytest.mark.parametrize(
    ("stage", "runs"),
    [
        (Skip.when(True), False),
        (Skip.when(lambda: True), False),
        (Skip.when(False), True),
        (Skip.unless(True), True),
        (Skip.unless(lambda: False), False),
    ],
)
def test_skipped_job_is_done(world, stages, worked, log, stage, runs):
    """A skipped job counts as done.

    Case mw/Skip/when-true@database.
    Case mw/Skip/unless-true@database.
    """
    around(stages, stage)
    world.push(worked())

    world.work()

    assert (bool(ran(log)), world.outcomes[0].kind) == (runs, Kind.DONE)


@pytest.mark.parametrize(
    ("stage", "waits"),
    [
        (Release.when(True, 30), 30.0),
        (Release.when(True), 0.0),
        (Release.when(False, 30), None),
        (Release.unless(True, 30), None),
        (Release.unless(lambda: False, "1m"), 60.0),
    ],
)
def test_released_job_comes_again_and_consumes_no_try(world, stages, worked, log, stage, waits):
    around(stages, stage)
    world.push(worked())

    world.work()

    assert world.state() == ([] if waits is None else [("j", 1, waits)])
    assert bool(ran(log)) == (waits is None)


# -- FailOnException (mw/FailOnException)


def test_listed_exception_fails_the_job_and_another_one_does_not(world, stages, worked, log, bench):
    """Case mw/FailOnException@database."""
    around(stages, FailOnException([stages.JobError]))
    world.push(worked("listed", "throw"))
    world.push(worked("other", "other"))

    world.work(2)

    assert [outcome.kind for outcome in world.outcomes] == [Kind.FAIL, Kind.RELEASE]
    assert world.state() == [("other", 1, 0.0)]
    assert [str(error) for error, _ in bench.reported] == ["boom", "other"]


def test_callable_tells_of_an_exception_and_the_job_whether_to_fail(world, stages, worked, log):
    around(stages, FailOnException(lambda error, job: job.name == "a"))
    world.push(worked("a", "throw"))
    world.push(worked("b", "throw"))

    world.work(2)

    assert [outcome.kind for outcome in world.outcomes] == [Kind.FAIL, Kind.RELEASE]


def test_job_that_put_itself_back_by_an_exception_is_not_failed(world, stages, worked):
    class Raises:
        def handle(self, job, next_):
            raise exceptions.Release(7)

    around(stages, FailOnException([Exception]), Raises())
    world.push(worked())

    world.work()

    assert world.state() == [("j", 1, 7.0)]


# -- SkipIfBatchCancelled


@pytest.mark.parametrize(
    ("batch", "kind"),
    [
        (None, Kind.DONE),
        (SimpleNamespace(cancelled=lambda: False), Kind.DONE),
        (SimpleNamespace(cancelled=lambda: True), Kind.SKIP),
    ],
)
def test_job_of_a_cancelled_batch_is_skipped(world, stages, worked, log, container, batch, kind):
    container.instance("bus", SimpleNamespace(find_batch=lambda *_: batch))

    class InBatch:
        def handle(self, job, next_):
            current_interaction().batch_id = "b1"
            return next_(job)

    around(stages, InBatch(), SkipIfBatchCancelled())
    world.push(worked())

    world.work()

    assert world.outcomes[0].kind is kind
    assert bool(ran(log)) == (kind is Kind.DONE)


# -- Idempotent


def test_job_that_has_ended_well_is_not_run_again(world, stages, worked, log):
    answers = []

    class Keep:
        def handle(self, job, next_):
            answer = next_(job)
            if asyncio.iscoroutine(answer):
                return self.later(answer)
            answers.append(answer)
            return answer

        async def later(self, answer):
            answers.append(await answer)

    around(stages, Keep(), Idempotent("charge:7"))
    world.push(worked("first"))
    world.push(worked("second"))

    world.work(2)

    assert (ran(log), answers) == (["first"], ["ok", "ok"])
    assert [outcome.kind for outcome in world.outcomes] == [Kind.DONE, Kind.DONE]


def test_delivery_of_the_same_job_is_known_by_its_uuid(world, stages, worked, log, bench):
    around(stages, Idempotent())
    delivery = bench.delivery(worked())
    for one in (delivery, delivery, bench.delivery(worked())):
        if bench.runner.is_async(one):
            asyncio.run(bench.runner.arun(one))
        else:
            bench.runner.run(one)

    assert len(ran(log)) == 2


@pytest.mark.parametrize(("is_shared", "expected"), [(False, ["a", "b"]), (True, ["a"])])
def test_note_is_of_one_class_unless_it_is_shared(world, stages, log, is_shared, expected):
    once = Idempotent("once")
    around(stages, once.shared() if is_shared else once)
    world.push(stages.Worked("a"))
    world.push(stages.Another("b"))

    world.work(2)

    assert ran(log) == expected


def test_note_of_a_call_is_of_the_function_that_it_calls(world, stages, log):
    world.push(Call.of(stages.note, "a"), through=(Idempotent("once"),))
    world.push(Call.of(stages.note, "b"), through=(Idempotent("once"),))
    world.push(Call.of(stages.note_too, "c"), through=(Idempotent("once"),))

    world.work(3)

    assert log == [("note", "a"), ("note too", "c")]


@pytest.mark.parametrize("plan", ["throw,ok", "release,ok", "fail,ok"])
def test_job_that_did_not_end_well_is_not_remembered(world, stages, worked, log, frozen, plan):
    around(stages, Idempotent("once"))
    world.push(worked("a", plan))
    world.work()
    world.push(worked("b"))

    world.work()

    assert ran(log)[:2] == ["a", "b"] or ran(log) == ["a", "a"]
    assert len(ran(log)) == 2


def test_note_ends_after_its_time(world, stages, worked, log, frozen):
    around(stages, Idempotent("once", "1h"))
    world.push(worked("a"))
    world.work()
    frozen.travel(3601)
    world.push(worked("b"))

    world.work()

    assert ran(log) == ["a", "b"]


# -- Timeout


def test_async_job_that_takes_too_long_is_cancelled(world, stages, log):
    class Slow:
        async def handle(self, job, next_):
            await asyncio.Event().wait()

    around(stages, Timeout(0.01), Slow())
    world.push(stages.AsyncWorked())

    world.work()

    assert b"JobTimedOut" in (world.outcomes[0].error or b"")
    assert world.outcomes[0].charge is Charge.EXCEPTION


def test_sync_job_that_takes_too_long_is_interrupted_in_the_main_thread(world, stages, log):
    class Slow:
        def handle(self, job, next_):
            select.select([], [], [], 60)

    around(stages, Timeout(0.01), Slow())
    world.push(stages.Worked())

    world.work()

    assert b"JobTimedOut" in (world.outcomes[0].error or b"")


@pytest.fixture
def timer() -> Iterator[list[str]]:
    """What rings when the one timer of the process rings, and nobody else's."""
    rung: list[str] = []
    kept = signal.setitimer(signal.ITIMER_REAL, 0)
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append("outer"))
    yield rung
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, *kept)


def wait(seconds: float) -> None:
    select.select([], [], [], seconds)


def test_timer_around_still_rings_within(stages, log, timer):
    signal.setitimer(signal.ITIMER_REAL, 0.01)

    Timeout(60).handle(stages.Worked(), lambda job: wait(0.05))

    assert timer == ["outer"]
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_timer_around_rings_after_one_within_has(stages, log, timer):
    signal.setitimer(signal.ITIMER_REAL, 60)

    with pytest.raises(JobTimedOut):
        Timeout(0.01).handle(stages.Worked(), lambda job: wait(60))

    assert timer == []
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] < 60
    signal.raise_signal(signal.SIGALRM)
    assert timer == ["outer"]


def test_timer_around_that_rings_and_is_set_again_does_not_stop_one_within(stages, log, timer):
    def again(*_: object) -> None:
        timer.append("again")
        signal.setitimer(signal.ITIMER_REAL, 60)

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, 0.01)

    with pytest.raises(JobTimedOut):
        Timeout(0.05).handle(stages.Worked(), lambda job: (wait(0.02), wait(60)))

    assert timer == ["again"]
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60


def test_job_in_time_is_done_and_leaves_no_timer(world, stages, worked, log, timer):
    around(stages, Timeout("1m"))
    world.push(worked())

    world.work()

    assert (ran(log), world.outcomes[0].kind) == (["j"], Kind.DONE)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_timeout_of_the_jobs_own_making_is_its_own(world, stages, log):
    class Raises:
        async def handle(self, job, next_):
            raise TimeoutError("mine")

    around(stages, Timeout(60), Raises())
    world.push(stages.AsyncWorked())

    world.work()

    assert b"mine" in (world.outcomes[0].error or b"")
