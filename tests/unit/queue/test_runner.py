from __future__ import annotations

import asyncio
import json

import pytest

from securely.queue.contracts import Charge, Defaults, FailedJob, Kind, Verdict
from securely.queue.delivery.failure import pack_error
from securely.queue.delivery.stopping import JobCancelled
from securely.queue.exceptions import (
    JobTimedOut,
    MaxAttemptsExceeded,
    NotRunning,
    RecordedFailure,
    WorkerLost,
)
from securely.support import clock
from securely.support.clock import FrozenClock


def told(outcome):
    return json.loads(outcome.error)


def failed_of(delivery, outcome):
    return FailedJob(
        id=delivery.id,
        uuid="u",
        connection="sqlite",
        queue=delivery.queue,
        name=delivery.name,
        payload=delivery.payload,
        error=outcome.error,
        attempts=delivery.attempts,
        failed_at=0.0,
    )


def test_job_that_ends_well_is_done(bench, jobs, journal):
    delivery = bench.delivery(jobs.Frozen(3, "x"), id=9, token=4, attempts=2)

    outcome = bench.runner.run(delivery)

    assert (outcome.id, outcome.token, outcome.kind) == (9, 4, Kind.DONE)
    assert (outcome.error, outcome.has_hook) == (None, False)
    assert journal == [(3, "x", 2)]
    assert bench.reported == []


def test_job_is_restored_without_its_constructor(bench, jobs, journal):
    delivery = bench.delivery(jobs.Plain(7))
    journal.clear()

    bench.runner.run(delivery)

    assert journal == [7]


@pytest.mark.parametrize(
    ("deferrals", "delay"), [(0, 0.0), (15, 0.0), (16, 0.01), (19, 0.08), (23, 1.0), (10**6, 1.0)]
)
@pytest.mark.parametrize("act", ["release:0", "release:-5"])
def test_job_that_puts_itself_back_at_once_too_often_rests(bench, jobs, act, deferrals, delay):
    delivery = bench.delivery(jobs.Acts(act))._replace(deferrals=deferrals)

    outcome = bench.runner.run(delivery)

    assert (outcome.kind, outcome.charge) == (Kind.RELEASE, Charge.DEFERRAL)
    assert outcome.delay == pytest.approx(delay)


def test_job_that_puts_itself_back_for_a_while_rests_no_longer(bench, jobs):
    delivery = bench.delivery(jobs.Acts("release:0.2"))._replace(deferrals=50)

    assert bench.runner.run(delivery).delay == 0.2


@pytest.mark.parametrize("kind", ["Interruptible", "AsyncInterruptible"])
@pytest.mark.parametrize(
    ("act", "ending", "reported"),
    [
        ("", Kind.DONE, []),
        ("throw", Kind.DONE, ["in interrupted()"]),
        ("release", Kind.RELEASE, []),
    ],
)
def test_job_that_runs_is_told_of_a_signal_once(bench, jobs, journal, kind, act, ending, reported):
    jobs.INTERRUPT[:] = [bench.runner.interrupt]
    delivery = bench.delivery(getattr(jobs, kind)(act), attempts=2)

    outcome = run_in_its_colour(bench, delivery)

    told_ = ("interrupted", 15, 2, True)
    assert [entry for entry in journal if entry != told_] == [False, True]
    assert journal.count(told_) == 1
    assert outcome.kind is ending
    assert [str(error) for error, _ in bench.reported] == reported


def test_job_that_begins_after_a_signal_is_to_stop_and_not_told(bench, jobs, journal):
    bench.runner.interrupt(15)
    jobs.INTERRUPT[:] = [bench.runner.interrupt]

    bench.runner.run(bench.delivery(jobs.Interruptible()))

    assert journal == [True, True]


def test_timeout_is_told_after_the_exception(bench, jobs):
    bench.listen()
    delivery = bench.delivery(jobs.Plain(1))._replace(verdict=Verdict.TIMED_OUT, timeout=9.0)

    bench.runner.run(delivery)

    assert bench.names() == ["JobExceptionOccurred", "JobTimedOut", "JobFailed", "JobAttempted"]
    assert (bench.told[1].seconds, bench.told[1].id) == (
        9.0,
        bench.codec.header(delivery.payload).uuid,
    )


class Handler:
    """What an application says of errors."""

    def __init__(self, answer):
        self.answer = answer

    def should_retry(self, error):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("act", ["throw:no", "async"])
def test_error_that_is_final_for_the_application_fails_at_once(bench, jobs, act):
    job = jobs.Async("throw") if act == "async" else jobs.Acts(act)
    delivery = bench.delivery(job)
    bench.runner.configure(Defaults(connection="sqlite", tries=5))
    before = run_in_its_colour(bench, delivery)
    bench.runner._retries = Handler(False)
    bench.listen()

    outcome = run_in_its_colour(bench, delivery)

    assert (before.kind, outcome.kind) == (Kind.RELEASE, Kind.FAIL)
    assert told(outcome)["type"].endswith("JobError")
    assert bench.names()[-2:] == ["JobFailed", "JobAttempted"]


def run_in_its_colour(bench, delivery):
    if bench.runner.is_async(delivery):
        return asyncio.run(bench.runner.arun(delivery))
    return bench.runner.run(delivery)


def test_handler_of_errors_that_raises_is_reported_and_the_job_tried_again(bench, jobs):
    bench.runner.configure(Defaults(connection="sqlite", tries=5))
    bench.runner._retries = Handler(ValueError("the condition itself"))

    outcome = bench.runner.run(bench.delivery(jobs.Acts("throw:no")))

    assert outcome.kind is Kind.RELEASE
    assert [str(error) for error, _ in bench.reported] == ["no", "the condition itself"]


def test_handle_is_given_what_it_asks_for(bench, jobs, journal):
    bench.runner.run(bench.delivery(jobs.Injected()))

    assert journal == ["Service"]


def test_scoped_services_are_one_within_a_job_and_new_for_the_next(bench, container, jobs, journal):
    container.scoped(jobs.Service)

    bench.runner.run(bench.delivery(jobs.Twice()))
    bench.runner.run(bench.delivery(jobs.Twice()))

    (first, same), (second, _) = journal
    assert first is same
    assert first is not second


@pytest.mark.parametrize(
    ("act", "kind", "delay", "charge"),
    [
        ("ok", Kind.DONE, 0.0, Charge.NONE),
        ("release:30", Kind.RELEASE, 30.0, Charge.DEFERRAL),
        ("release:0", Kind.RELEASE, 0.0, Charge.DEFERRAL),
        ("raise_release:2m", Kind.RELEASE, 120.0, Charge.DEFERRAL),
        ("delete", Kind.DROP, 0.0, Charge.NONE),
        ("raise_drop", Kind.DROP, 0.0, Charge.NONE),
        ("fail:why", Kind.FAIL, 0.0, Charge.NONE),
        ("raise_fail:why", Kind.FAIL, 0.0, Charge.NONE),
        ("throw", Kind.FAIL, 0.0, Charge.NONE),
        ("time_out", Kind.FAIL, 0.0, Charge.NONE),
        ("release:5;throw", Kind.RELEASE, 5.0, Charge.DEFERRAL),
        ("delete;throw", Kind.DROP, 0.0, Charge.NONE),
        ("fail;throw", Kind.FAIL, 0.0, Charge.NONE),
        ("delete;release:3", Kind.DROP, 0.0, Charge.NONE),
        ("release:3;delete", Kind.RELEASE, 3.0, Charge.DEFERRAL),
        ("release:1;release:2", Kind.RELEASE, 1.0, Charge.DEFERRAL),
        ("release:3;raise_fail:x", Kind.RELEASE, 3.0, Charge.DEFERRAL),
    ],
)
def test_what_a_job_does_decides_its_outcome_once(bench, jobs, act, kind, delay, charge):
    outcome = bench.runner.run(bench.delivery(jobs.Acts(act)))

    assert (outcome.kind, outcome.delay, outcome.charge) == (kind, delay, charge)
    assert outcome.has_hook is (kind is Kind.FAIL)


@pytest.mark.parametrize(
    ("act", "type_", "message"),
    [
        ("throw:no money", "sample_jobs.JobError", "no money"),
        ("fail:by hand", "securely.queue.exceptions.ManuallyFailed", "by hand"),
        ("fail", "securely.queue.exceptions.ManuallyFailed", "The job failed itself."),
        ("fail_error:x", "sample_jobs.JobError", "x"),
        ("fail:first;throw:second", "securely.queue.exceptions.ManuallyFailed", "first"),
    ],
)
def test_failure_is_recorded_with_its_cause(bench, jobs, act, type_, message):
    outcome = bench.runner.run(bench.delivery(jobs.Acts(act)))

    assert (told(outcome)["type"], told(outcome)["message"]) == (type_, message)


def test_trace_of_a_failure_shows_the_line_that_raised(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Acts("throw")))

    assert "sample_jobs.py" in told(outcome)["trace"]
    assert "in step" in told(outcome)["trace"]


def test_exceptions_until_tries_are_released_with_backoff_and_then_failed(bench, jobs):
    runs = [bench.runner.run(bench.delivery(jobs.Limited(), exceptions=n)) for n in range(3)]

    assert [(one.kind, one.delay, one.charge) for one in runs] == [
        (Kind.RELEASE, 10.0, Charge.EXCEPTION),
        (Kind.RELEASE, 20.0, Charge.EXCEPTION),
        (Kind.FAIL, 0.0, Charge.NONE),
    ]


def test_deliveries_that_a_death_or_a_release_ended_are_no_tries(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Limited(), attempts=50, lost=2, deferrals=40))

    assert (outcome.kind, outcome.charge) == (Kind.RELEASE, Charge.EXCEPTION)


def test_options_of_the_worker_hold_for_jobs_without_their_own(bench, jobs):
    bench.runner.configure(Defaults(connection="sqlite", tries=2, backoff=(7.0,)))

    first = bench.runner.run(bench.delivery(jobs.Acts("throw")))
    second = bench.runner.run(bench.delivery(jobs.Acts("throw"), exceptions=1))

    assert (first.kind, first.delay) == (Kind.RELEASE, 7.0)
    assert second.kind is Kind.FAIL


def test_tries_of_zero_never_end(bench, jobs):
    bench.runner.configure(Defaults(tries=0))

    outcome = bench.runner.run(bench.delivery(jobs.Acts("throw"), exceptions=10_000))

    assert outcome.kind is Kind.RELEASE


def test_job_that_came_back_after_its_last_try_is_not_run(bench, jobs, journal):
    delivery = bench.delivery(jobs.Acts("ok"), exceptions=1)

    outcome = bench.runner.run(delivery)

    assert outcome.kind is Kind.FAIL
    assert told(outcome)["type"].endswith("MaxAttemptsExceeded")
    assert journal == []


def test_retry_until_takes_the_place_of_tries(bench, jobs, journal):
    with clock.using(FrozenClock(at=1_000.0)) as frozen:
        delivery = bench.delivery(jobs.Dated(), exceptions=500)
        frozen.travel(29)
        before = bench.runner.run(delivery)
        frozen.travel(2)
        after = bench.runner.run(delivery)

    assert before.kind is Kind.RELEASE
    assert after.kind is Kind.FAIL
    assert told(after)["type"].endswith("MaxAttemptsExceeded")
    assert journal == ["dated"]


def test_timeout_consumes_a_try_and_is_not_run_again_here(bench, jobs, journal):
    timed_out = bench.delivery(jobs.Limited(), verdict=Verdict.TIMED_OUT, timeout=9.0)

    outcome = bench.runner.run(timed_out)

    assert (outcome.kind, outcome.delay, outcome.charge) == (Kind.RELEASE, 10.0, Charge.EXCEPTION)
    assert (
        told(outcome)["message"] == "sample_jobs.Limited ran longer than its timeout of 9 seconds."
    )
    assert journal == []


def test_timeout_of_a_job_that_fails_on_it_is_final(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Options(), verdict=Verdict.TIMED_OUT))

    assert outcome.kind is Kind.FAIL
    assert told(outcome)["type"].endswith("JobTimedOut")


def test_cancelled_job_is_skipped_unrun_without_its_hook(bench, jobs, journal):
    bench.listen()
    cancelled = bench.delivery(jobs.Acts("throw"), verdict=Verdict.CANCELLED)

    assert not bench.runner.is_async(cancelled)
    outcome = bench.runner.run(cancelled)

    assert (outcome.kind, outcome.has_hook, outcome.error) == (Kind.SKIP, False, None)
    assert (outcome.id, outcome.token) == (cancelled.id, cancelled.token)
    assert bench.names() == ["JobCancelled", "JobAttempted"]
    assert isinstance(bench.told[1].error, JobCancelled)
    assert (journal, bench.reported) == ([], [])


@pytest.mark.parametrize("act", ["cancelled", "cancelled_throw", "release:5;cancelled"])
def test_job_that_is_cancelled_as_it_runs_is_skipped_whatever_it_makes_of_it(
    bench, jobs, journal, act
):
    bench.runner.configure(Defaults(tries=1))
    bench.listen()

    outcome = bench.runner.run(bench.delivery(jobs.Acts(act)))

    assert (outcome.kind, outcome.has_hook, outcome.error) == (Kind.SKIP, False, None)
    assert bench.names() == ["JobProcessing", "JobCancelled", "JobAttempted"]
    assert (journal, bench.reported) == (["run"], [])


def test_cancelled_job_of_which_nothing_can_be_read_is_skipped_too(bench, jobs):
    cancelled = bench.delivery(jobs.Plain(1), verdict=Verdict.CANCELLED)

    outcome = bench.runner.run(cancelled._replace(payload=b"unreadable"))

    assert (outcome.kind, outcome.error) == (Kind.SKIP, None)


def test_job_that_took_too_many_workers_down_fails_unrun(bench, jobs, journal):
    delivery = bench.delivery(jobs.Acts("ok"), verdict=Verdict.LOST, lost=3)

    outcome = bench.runner.run(delivery)

    assert (outcome.kind, outcome.has_hook) == (Kind.FAIL, True)
    assert told(outcome)["type"].endswith("WorkerLost")
    assert "3 times" in told(outcome)["message"]
    assert journal == []
    assert isinstance(bench.reported[0][0], WorkerLost)


def test_max_exceptions_ends_what_tries_do_not(bench, jobs):
    first = bench.runner.run(bench.delivery(jobs.Options(), verdict=Verdict.TIMED_OUT))
    assert first.kind is Kind.FAIL  # fail_on_timeout

    header = bench.codec.header(bench.delivery(jobs.Options()).payload)
    assert header.max_exceptions == 2


def test_payload_that_is_not_ours_fails_and_is_reported(bench):
    bench.listen()
    from securely.queue.contracts import Delivery

    outcome = bench.runner.run(
        Delivery(3, 1, "default", "forged", 1, 0, 0, 0, None, 3, b"forged" * 20)
    )

    assert (outcome.kind, outcome.id, outcome.has_hook) == (Kind.FAIL, 3, False)
    assert told(outcome)["type"].endswith("InvalidPayload")
    assert bench.reported[0][1] == {"job": "forged", "queue": "default", "attempts": 1}
    assert bench.names() == ["JobFailed"]
    assert bench.told[0].job is None


def test_events_of_a_good_run_come_in_order(bench, jobs):
    bench.listen()

    bench.runner.run(bench.delivery(jobs.Acts("ok"), attempts=2))

    assert bench.names() == ["JobProcessing", "JobProcessed", "JobAttempted"]
    event = bench.told[0]
    assert (event.connection, event.queue, event.name) == ("sqlite", "default", "sample_jobs.Acts")
    assert (event.attempts, event.job) == (2, jobs.Acts("ok"))


@pytest.mark.parametrize(
    ("act", "exceptions", "names"),
    [
        ("throw", 0, ["JobExceptionOccurred", "JobReleasedAfterException"]),
        ("throw", 1, ["JobExceptionOccurred", "JobFailed"]),
        ("release:5", 0, ["JobReleased", "JobProcessed"]),
        ("delete", 0, ["JobProcessed"]),
        ("fail:x", 0, ["JobFailed", "JobProcessed"]),
        ("delete;throw", 0, ["JobExceptionOccurred"]),
    ],
)
def test_events_of_other_runs_come_in_order(bench, jobs, act, exceptions, names):
    bench.runner.configure(Defaults(connection="sqlite", tries=2))
    bench.listen()

    bench.runner.run(bench.delivery(jobs.Acts(act), exceptions=exceptions))

    assert bench.names() == ["JobProcessing", *names, "JobAttempted"]


def test_listener_that_raises_is_reported_and_changes_nothing(bench, jobs, journal):
    from securely.queue.events import JobProcessing

    def broken(event: JobProcessing) -> None:
        raise RuntimeError("a listener")

    bench.events.listen(JobProcessing, broken)

    outcome = bench.runner.run(bench.delivery(jobs.Acts("ok")))

    assert outcome.kind is Kind.DONE
    assert journal == ["run"]
    assert [str(error) for error, _ in bench.reported] == ["a listener"]


def test_exception_is_reported_with_what_is_known_of_the_run(bench, jobs):
    bench.runner.run(bench.delivery(jobs.Acts("throw"), attempts=4))

    ((error, facts),) = bench.reported
    assert (type(error).__name__, facts["job"], facts["attempts"]) == (
        "JobError",
        "sample_jobs.Acts",
        4,
    )


# -- middleware and colours


def test_middleware_stands_around_handle_the_outermost_first(bench, jobs, journal):
    bench.runner.run(bench.delivery(jobs.Bracketed()))

    assert journal == ["outer in", "inner in", ("handle", "default"), "inner out", "outer out"]


def test_middleware_that_does_not_go_on_skips_the_job_which_counts_as_done(bench, jobs, journal):
    outcome = bench.runner.run(bench.delivery(jobs.Bracketed(skip=True)))

    assert outcome.kind is Kind.DONE
    assert journal == ["outer in", "inner in", "inner out", "outer out"]


def test_async_job_is_told_apart_and_run_on_the_loop(bench, jobs, journal):
    delivery = bench.delivery(jobs.Async(), attempts=3)
    assert bench.runner.is_async(delivery)
    assert not bench.runner.is_async(bench.delivery(jobs.Plain(1)))

    outcome = asyncio.run(bench.runner.arun(delivery))

    assert outcome.kind is Kind.DONE
    assert journal[-1] == ("async", "Service", 3)


def test_async_job_in_a_sync_run_is_waited_for(bench, jobs, journal):
    outcome = bench.runner.run(bench.delivery(jobs.Async("release")))

    assert (outcome.kind, outcome.delay) == (Kind.RELEASE, 5.0)
    assert journal == [("async", "Service", 1)]


def test_async_jobs_on_one_loop_do_not_share_their_delivery(bench, jobs, journal):
    async def both():
        deliveries = [bench.delivery(jobs.Async(), id=n, attempts=n) for n in (1, 2, 3)]
        return await asyncio.gather(*map(bench.runner.arun, deliveries))

    outcomes = asyncio.run(both())

    assert [outcome.id for outcome in outcomes] == [1, 2, 3]
    assert sorted(attempts for _, _, attempts in journal) == [1, 2, 3]


def test_async_exception_is_an_outcome_too(bench, jobs):
    bench.listen()

    outcome = asyncio.run(bench.runner.arun(bench.delivery(jobs.Async("throw"))))

    assert outcome.kind is Kind.FAIL
    assert told(outcome)["message"] == "async boom"
    assert bench.names() == ["JobProcessing", "JobExceptionOccurred", "JobFailed", "JobAttempted"]


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_job_that_waited_for_something_cancelled_fails(bench, jobs, colour):
    delivery = bench.delivery(jobs.Async("cancelled"))

    if colour == "async":
        outcome = asyncio.run(bench.runner.arun(delivery))
    else:
        outcome = bench.runner.run(delivery)

    assert outcome.kind is Kind.FAIL
    assert told(outcome)["type"].endswith("CancelledError")


def test_task_of_a_job_when_it_is_cancelled_is_over(bench, jobs, journal):
    async def cancelled():
        task = asyncio.create_task(bench.runner.arun(bench.delivery(jobs.Async("wait"))))
        while not journal:  # noqa: ASYNC110  # the job tells of its start in a list
            await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_async_middleware_stands_around_an_async_job(bench, jobs, journal):
    asyncio.run(bench.runner.arun(bench.delivery(jobs.AsyncBracketed())))

    assert journal == [
        "outer in",
        "outer out",  # a sync stage passes on what it is to wait for
        "async outer in",
        "async handle",
        "async outer out",
    ]


def test_verdicts_other_than_run_are_never_async(bench, jobs):
    assert not bench.runner.is_async(bench.delivery(jobs.Async(), verdict=Verdict.TIMED_OUT))
    assert not bench.runner.is_async(bench.delivery(jobs.Async(), payload=b"forged" * 20))


def test_payload_that_was_decoded_to_learn_its_colour_is_not_decoded_again(bench, jobs, codec):
    delivery = bench.delivery(jobs.Plain(1))
    decoded = []
    plain = codec.decode
    codec.decode = lambda payload: decoded.append(payload) or plain(payload)

    bench.runner.is_async(delivery)
    bench.runner.run(delivery)
    bench.runner.run(delivery)

    assert len(decoded) == 2


def test_delivery_state_outside_of_a_run_is_refused(bench, jobs):
    job = jobs.Plain(1)

    with pytest.raises(NotRunning, match='"attempts" belongs to a delivery'):
        _ = job.attempts
    for act in (job.release, job.fail, job.delete):
        with pytest.raises(NotRunning):
            act()


# -- the failed() hook


def test_hook_is_given_the_exception_itself_and_a_fresh_instance(bench, jobs, journal):
    delivery = bench.delivery(jobs.Acts("throw:no money"))
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    assert journal[-1][:3] == ("failed", "JobError", "no money")
    assert journal[-1][3] == jobs.Acts("throw:no money")


def test_hook_after_a_restart_is_given_what_was_recorded(bench, jobs, journal):
    delivery = bench.delivery(jobs.Acts("throw:no money"))
    outcome = bench.runner.run(delivery)
    bench.runner._hooks.forget()

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    assert journal[-1][:3] == ("failed", "RecordedFailure", "sample_jobs.JobError: no money")


def test_hook_that_takes_services_gets_them(bench, jobs, journal):
    delivery = bench.delivery(jobs.HookWithService())
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    assert journal == [("x", "Service")]


def test_hook_that_takes_nothing_and_is_async_runs(bench, jobs, journal):
    delivery = bench.delivery(jobs.QuietHook())
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    assert journal == ["quiet hook"]


def test_hook_may_ask_for_the_delivery_that_failed(bench, jobs, journal):
    delivery = bench.delivery(jobs.AskingHook(), attempts=3)
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    uuid = bench.codec.header(delivery.payload).uuid
    assert journal == [(3, uuid, None, delivery.queue)]
    with pytest.raises(NotRunning):
        _ = jobs.AskingHook().attempts


@pytest.mark.parametrize(
    "change", ["release", "fail", "delete", "prepend_to_chain", "append_to_chain"]
)
def test_hook_that_would_change_what_is_over_is_told_so(bench, jobs, change):
    delivery = bench.delivery(jobs.AskingHook(change))
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    error = bench.reported[-1][0]
    assert isinstance(error, NotRunning)
    assert (error.member, error.failed) == (change, delivery.name)
    assert "has failed for good" in str(error)


def test_hook_that_raises_is_reported(bench, jobs):
    delivery = bench.delivery(jobs.BrokenHook())
    outcome = bench.runner.run(delivery)

    bench.runner.run_failed_hook(failed_of(delivery, outcome))

    assert [str(error) for error, _ in bench.reported] == ["first", "the hook itself"]
    assert bench.reported[1][1]["during"] == "failed()"


def test_job_without_a_hook_says_so(bench, jobs):
    assert bench.runner.run(bench.delivery(jobs.Unhooked())).has_hook is False


def test_hook_of_a_class_that_is_gone_is_reported(bench):
    failed = FailedJob(
        id=1,
        uuid="u",
        connection="sqlite",
        queue="default",
        name="gone",
        payload=b"forged" * 20,
        error=pack_error(ValueError("x")),
        attempts=1,
        failed_at=0.0,
    )

    bench.runner.run_failed_hook(failed)

    assert len(bench.reported) == 1


def test_soft_timeout_inside_a_job_is_its_exception(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Acts("time_out")))

    assert outcome.kind is Kind.FAIL
    assert isinstance(bench.reported[0][0], JobTimedOut)


def test_job_that_calls_exit_does_not_end_the_worker(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Acts("exit")))

    assert outcome.kind is Kind.FAIL
    assert told(outcome)["type"] == "SystemExit"


def test_recorded_failure_tells_what_was_recorded():
    error = RecordedFailure("app.NoMoney", "empty", "trace")

    assert (error.type, error.message, str(error)) == ("app.NoMoney", "empty", "app.NoMoney: empty")
    assert isinstance(MaxAttemptsExceeded("x", "y"), Exception)
