"""What a worker makes of jobs: order, tries, waits and ends; scenarios recorded from Laravel.

Each carries the id of its scenario. Ours differ from Laravel's where docs/laravel.md says so: to be
put back consumes no try, the first thing that a job asks for is what happens, and a failure always
has a reason.
"""

from __future__ import annotations

import pytest

from securely.queue.events import JobReleasedAfterException
from securely.queue.exceptions import MaxAttemptsExceeded, NotQueueable
from securely.support import clock
from securely.support.clock import FrozenClock

DONE = [(["j@1"], []), ([], []), ([], [])]
FOREVER = [(["j@1"], [(1, 0)]), (["j@2"], [(2, 0)]), (["j@3", "j@4"], [(4, 0)])]


def failed(reason):
    return [(["j@1", f"failed() {reason}"], []), ([], []), ([], [])]


def again(reason):
    return [
        (["j@1"], [(1, 0)]),
        (["j@2"], [(2, 0)]),
        (["j@3", f"failed() {reason}"], []),
    ]


def released(seconds):
    return [(["j@1"], [(1, seconds)]), (["j@2"], [(2, seconds)]), (["j@3"], [(3, seconds)])]


# On both engines: what follows from the end of a job, each of them counts for itself.
pytestmark = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture(autouse=True)
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


def told(log):
    """Return what was noted: runs with their attempt, and calls of `failed()`."""
    return [
        f"{entry[1]}@{entry[2]}" if entry[0] == "run" else f"failed() {entry[2]} {entry[3]}"
        for entry in log
    ]


@pytest.mark.parametrize(
    ("plan", "tries", "turns"),
    [
        pytest.param("ok", 1, DONE, id="outcome/ok/tries1@database"),
        pytest.param("ok", 3, DONE, id="outcome/ok/tries3@redis"),
        pytest.param("ok", 0, DONE, id="outcome/ok/tries0@database"),
        pytest.param("throw", 1, failed("JobError boom"), id="outcome/throw/tries1@database"),
        pytest.param("throw", 3, again("JobError boom"), id="outcome/throw/tries3@database"),
        pytest.param(
            "throw:msg", 1, failed("JobError msg"), id="outcome/throw:msg/tries1@database"
        ),
        pytest.param("throw:msg", 3, again("JobError msg"), id="outcome/throw:msg/tries3@database"),
        pytest.param("release:0", 0, FOREVER, id="outcome/release:0/tries0@database"),
        pytest.param("release:10", 1, released(10), id="outcome/release:10/tries1@database"),
        pytest.param("release:10", 3, released(10), id="outcome/release:10/tries3@redis"),
        pytest.param("delete", 1, DONE, id="outcome/delete/tries1@database"),
        pytest.param("delete", 3, DONE, id="outcome/delete/tries3@redis"),
        pytest.param("delete", 0, DONE, id="outcome/delete/tries0@database"),
        pytest.param(
            "fail",
            1,
            failed("ManuallyFailed The job failed itself."),
            id="outcome/fail/tries1@database",
        ),
        pytest.param(
            "fail",
            0,
            failed("ManuallyFailed The job failed itself."),
            id="outcome/fail/tries0@database",
        ),
        pytest.param(
            "fail:because",
            3,
            failed("ManuallyFailed because"),
            id="outcome/fail:because/tries3@database",
        ),
        pytest.param(
            "fail:because",
            0,
            failed("ManuallyFailed because"),
            id="outcome/fail:because/tries0@database",
        ),
        pytest.param(
            "fail_error", 1, failed("JobError failed by hand"), id="outcome/failEx/tries1@database"
        ),
        pytest.param(
            "fail_error", 3, failed("JobError failed by hand"), id="outcome/failEx/tries3@database"
        ),
        pytest.param(
            "fail_error", 3, failed("JobError failed by hand"), id="outcome/failEx/tries3@redis"
        ),
        pytest.param(
            "fail_error", 0, failed("JobError failed by hand"), id="outcome/failEx/tries0@database"
        ),
        pytest.param("throw;ok", 1, failed("JobError boom"), id="outcome/throw;ok/tries1@database"),
        pytest.param("throw;ok", 3, again("JobError boom"), id="outcome/throw;ok/tries3@redis"),
        pytest.param("throw;ok", 0, FOREVER, id="outcome/throw;ok/tries0@database"),
        pytest.param("delete;throw", 1, DONE, id="outcome/delete;throw/tries1@database"),
        pytest.param("delete;throw", 3, DONE, id="outcome/delete;throw/tries3@database"),
        pytest.param("delete;throw", 3, DONE, id="outcome/delete;throw/tries3@redis"),
        pytest.param("delete;throw", 0, DONE, id="outcome/delete;throw/tries0@database"),
        pytest.param(
            "release:5;throw", 3, released(5), id="outcome/release:5;throw/tries3@database"
        ),
        pytest.param("release:5;throw", 3, released(5), id="outcome/release:5;throw/tries3@redis"),
        pytest.param(
            "fail;throw",
            3,
            failed("ManuallyFailed The job failed itself."),
            id="outcome/fail;throw/tries3@database",
        ),
        pytest.param(
            "fail;throw",
            3,
            failed("ManuallyFailed The job failed itself."),
            id="outcome/fail;throw/tries3@redis",
        ),
        pytest.param(
            "fail_error:x;release:3",
            1,
            failed("JobError x"),
            id="outcome/failEx:x;release:3/tries1@database",
        ),
        pytest.param(
            "fail_error:x;release:3",
            0,
            failed("JobError x"),
            id="outcome/failEx:x;release:3/tries0@database",
        ),
        pytest.param("release:3;fail", 1, released(3), id="outcome/release:3;fail/tries1@database"),
        pytest.param("release:3;fail", 3, released(3), id="outcome/release:3;fail/tries3@database"),
        pytest.param("release:3;fail", 0, released(3), id="outcome/release:3;fail/tries0@database"),
        pytest.param("delete;release:3", 1, DONE, id="outcome/delete;release:3/tries1@database"),
        pytest.param("delete;release:3", 3, DONE, id="outcome/delete;release:3/tries3@database"),
        pytest.param("delete;release:3", 3, DONE, id="outcome/delete;release:3/tries3@redis"),
        pytest.param(
            "release:3;delete", 1, released(3), id="outcome/release:3;delete/tries1@database"
        ),
        pytest.param(
            "release:3;delete", 3, released(3), id="outcome/release:3;delete/tries3@database"
        ),
        pytest.param(
            "release:3;delete", 3, released(3), id="outcome/release:3;delete/tries3@redis"
        ),
        pytest.param(
            "release:1;release:2", 3, released(1), id="outcome/release:1;release:2/tries3@redis"
        ),
        pytest.param(
            "release:1;release:2", 0, released(1), id="outcome/release:1;release:2/tries0@database"
        ),
    ],
)
def test_job_ends_as_its_plan_says(world, sample, log, frozen, plan, tries, turns):
    """Up to four runs, twenty seconds apart: what ran, and what waits then."""
    sample.J.dispatch("j", plan)

    seen = []
    for most in (1, 1, 2):
        log.clear()
        world.work(most, tries=tries)
        seen.append((told(log), [(attempts, due) for _, attempts, due in world.rows()]))
        frozen.travel(20)

    assert seen == turns


# -- waits between tries


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        pytest.param(5, [5, 5, 5, 5], id="backoff/int@redis"),
        pytest.param(0, [0, 0, 0, 0], id="backoff/zero@database"),
        pytest.param(0, [0, 0, 0, 0], id="backoff/zero@redis"),
        pytest.param([1, 5, 10], [1, 5, 10, 10], id="backoff/list@database"),
        pytest.param([1, 5, 10], [1, 5, 10, 10], id="backoff/list@redis"),
        pytest.param([2, 4], [2, 4, 4, 4], id="backoff/short-list@redis"),
        pytest.param(["3s", "6s"], [3, 6, 6, 6], id="backoff/string@database"),
        pytest.param("9s", [9, 9, 9, 9], id="backoff/string-one@database"),
        pytest.param("9s", [9, 9, 9, 9], id="backoff/string-one@redis"),
        pytest.param(None, [0, 0, 0, 0], id="backoff/null@database"),
    ],
)
def test_job_waits_before_it_is_tried_again(world, sample, frozen, backoff, waits):
    """Laravel's text "3,6" is a list here; text is a duration, with its unit."""
    options = {} if backoff is None else {"backoff": backoff}
    world.bus.dispatch(sample.Configured("j", "throw", tries=5, **options))

    assert [wait(world, frozen) for _ in waits] == [(n + 1, due) for n, due in enumerate(waits)]


def wait(world, frozen, **options):
    """Run the job once; return its attempts, and how long it waits now."""
    assert world.work(1, **options) == 1
    ((_, attempts, due),) = world.rows()
    frozen.travel(100)
    return attempts, due


def test_negative_wait_is_refused_at_the_dispatch(world, sample):
    """Laravel puts the job a second into the past.

    Case backoff/neg@redis.
    """
    with pytest.raises(NotQueueable, match="backoff"):
        world.bus.dispatch(sample.Configured("j", "throw", backoff=-1))


def test_backoff_may_be_a_method(world, sample, frozen):
    """Case backoff/method@database."""
    sample.WaitsByMethod.dispatch()

    assert [wait(world, frozen)[1] for _ in range(4)] == [7, 8, 8, 8]


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(0, id="backoff/worker/0@database"),
        pytest.param(7, id="backoff/worker/7@database"),
        pytest.param(3, id='backoff/worker/"3"@database'),
    ],
)
def test_worker_says_how_long_a_job_waits_that_says_nothing(world, sample, frozen, seconds):
    sample.J.dispatch("j", "throw")

    seen = [wait(world, frozen, tries=5, backoff=float(seconds)) for _ in range(4)]

    assert seen == [(n, seconds) for n in (1, 2, 3, 4)]


def test_wait_is_exact(world, sample, log, frozen):
    """Case backoff/exact@database. Case backoff/exact@redis."""
    world.bus.dispatch(sample.Configured("j", "throw,ok", tries=3, backoff=10))

    assert world.work(5) == 1
    frozen.travel(9)
    assert world.work(5) == 0
    frozen.travel(1)
    assert (world.work(5), world.rows()) == (1, [])


def test_release_says_itself_how_long_it_waits(world, sample):
    """Case release/overrides-backoff@database."""
    world.bus.dispatch(sample.Configured("j", "release:33,ok", tries=3, backoff=10))

    world.work(1)

    assert world.rows() == [("j", 1, 33)]


# -- tries


@pytest.mark.parametrize(
    ("tries", "runs", "left"),
    [
        pytest.param((None, 1), 1, [], id="tries/job-null-worker-1@database"),
        pytest.param((None, 0), 5, [("j", 5, -10)], id="tries/job-null-worker-0@database"),
        pytest.param((1, 5), 1, [], id="tries/job-1-worker-5@database"),
        pytest.param((0, 3), 5, [("j", 5, -10)], id="tries/job-0-worker-3@database"),
        pytest.param((2, 0), 2, [], id="tries/job-2-worker-0@database"),
    ],
)
def test_tries_of_a_job_win_over_those_of_the_worker(world, sample, log, frozen, tries, runs, left):
    own, workers = tries
    sample.J.dispatch("j", "throw", own)

    for _ in range(5):
        world.work(1, tries=workers)
        frozen.travel(10)

    assert [line for line in told(log) if "@" in line] == [f"j@{n + 1}" for n in range(runs)]
    assert world.rows() == left
    assert world.queues.failed.count() == (not left)


def test_tries_may_be_a_method(world, sample, frozen):
    """Case tries/method@database."""
    sample.TriesByMethod.dispatch()

    ran = []
    for _ in range(3):
        ran.append(world.work(1, tries=9))
        frozen.travel(10)

    assert (ran, world.queues.failed.count()) == ([1, 1, 0], 1)


def test_release_consumes_no_try(world, sample, log):
    """In Laravel it does, and the job fails after two.

    Case tries/release-counts@database. Case tries/release-counts@redis.
    """
    sample.J.dispatch("j", "release:0", 2)

    assert world.work(6) == 6
    assert world.rows() == [("j", 6, 0)]


def test_job_of_a_worker_that_is_gone_runs_again(world, sample, log):
    """At once, where Laravel waits for 90 seconds; and no try is consumed.

    Case tries/lost-worker@database. Case tries/lost-worker@redis.
    """
    sample.J.dispatch("j", "ok", 2)
    seat = world.queues.connection("sqlite").driver.join(["default"])
    assert len(seat.turn([], 1).deliveries) == 1
    seat.leave()

    assert world.work() == 1
    assert world.rows() == []


@pytest.mark.parametrize(
    ("plan", "limit", "runs"),
    [
        pytest.param("throw", 2, 2, id="maxExceptions/basic@redis"),
        pytest.param(
            "release:0,throw,release:0,throw,ok", 2, 4, id="maxExceptions/releases-free@database"
        ),
        pytest.param("throw", 1, 1, id="maxExceptions/one@database"),
    ],
)
def test_exceptions_are_limited_apart_from_tries(world, sample, log, plan, limit, runs):
    world.bus.dispatch(sample.Configured("j", plan, tries=10, max_exceptions=limit))

    assert world.work(8) == runs
    assert told(log)[-1] == "failed() JobError boom"
    assert world.rows() == []


# -- deadlines


def test_failure_is_final_once_the_deadline_has_come(world, sample, log, frozen):
    """Case retryUntil/exact@database."""
    world.bus.dispatch(sample.Until("j", "throw", backoff=30))

    world.work(1)
    frozen.travel(30)
    world.work(1)

    assert told(log) == ["j@1", "j@2", "failed() JobError boom"]
    assert world.rows() == []


def test_job_whose_deadline_has_passed_fails_before_it_runs(world, sample, log, frozen):
    """Case retryUntil/past-before-run@database."""
    world.bus.dispatch(sample.Until("j"))
    frozen.travel(31)

    assert world.work() == 1
    assert [line.split()[:2] for line in told(log)] == [["failed()", "MaxAttemptsExceeded"]]
    assert isinstance(world.reported[0], MaxAttemptsExceeded)


def test_released_job_fails_once_its_deadline_has_passed(world, sample, log, frozen):
    """Case retryUntil/release@database."""
    world.bus.dispatch(sample.Until("j", "release:20"))

    for _ in range(3):
        world.work(1)
        frozen.travel(20)

    assert [line.split()[0] for line in told(log)] == ["j@1", "j@2", "failed()"]
    assert world.rows() == []


# -- order


def runs(log):
    return [entry[1] for entry in log if entry[0] == "run"]


def test_first_in_is_first_out(world, sample, log):
    """Case order/fifo@redis."""
    for name in "abc":
        sample.J.dispatch(name)

    assert (world.work(), runs(log)) == (3, ["a", "b", "c"])


def test_queues_are_asked_in_the_order_given(world, sample, log):
    """Case order/priority@database. Case order/priority@redis."""
    for name, queue in [("l1", "low"), ("h1", "high"), ("l2", "low"), ("h2", "high")]:
        sample.J.using(name).on_queue(queue).dispatch()

    assert (world.work(50, queue="high,low"), runs(log)) == (4, ["h1", "h2", "l1", "l2"])


def test_delayed_jobs_join_those_that_wait_when_they_are_due(world, sample, log, frozen):
    """They go behind those that wait already, as in Laravel on Redis.

    Case order/delayed@database. Case order/delayed@redis.
    """
    sample.J.using("d20").delay(20).dispatch()
    sample.J.using("d10").delay(10).dispatch()
    sample.J.dispatch("now")
    ran = [world.work()]
    frozen.travel(10)
    ran.append(world.work())
    frozen.travel(5)
    sample.J.dispatch("later")
    frozen.travel(5)
    ran.append(world.work())

    assert (ran, runs(log)) == ([1, 1, 2], ["now", "d10", "later", "d20"])


def test_job_is_due_at_exactly_its_second(world, sample, frozen):
    """Case order/due-exactly@redis."""
    sample.J.using("a").delay(10).dispatch()

    frozen.travel(9)
    assert world.work() == 0
    frozen.travel(1)
    assert world.work() == 1


def test_job_that_is_dispatched_by_a_job_goes_to_the_end(world, sample, log):
    """Case order/dispatch-inside@database. Case order/dispatch-inside@redis."""
    sample.J.dispatch("outer", "dispatch:inner")
    sample.J.dispatch("second")

    assert (world.work(), runs(log)) == (3, ["outer", "second", "inner"])


def test_sizes_tell_what_waits_what_is_delayed_and_what_is_in_hand(world, sample, frozen):
    """Case sizes@redis."""
    sample.J.dispatch("a")
    sample.J.dispatch("b")
    sample.J.using("c").delay(50).dispatch()
    seat = world.queues.connection("sqlite").driver.join(["default"])
    seat.turn([], 1)
    queue = world.queues

    sizes = [queue.size(), queue.pending_size(), queue.delayed_size(), queue.reserved_size()]
    assert sizes == [3, 1, 1, 1]
    assert queue.oldest_pending_at() == pytest.approx(1_800_000_000, abs=0.01)
    assert queue.size("nope") == 0
    assert (queue.clear(), queue.size()) == (3, 0)
    seat.leave()


def test_wait_is_told_with_the_exception(world, sample, frozen):
    events = world.listen(JobReleasedAfterException)
    world.bus.dispatch(sample.Configured("j", "throw", tries=5, backoff=[1, 5]))

    for _ in range(2):
        world.work(1)
        frozen.travel(100)

    assert [event.delay for event in events] == [1, 5]
