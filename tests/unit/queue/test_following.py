"""What follows from the end of a job: links, callbacks, keys; and jobs that are not to run."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from securely.queue.bus.trail import Link, Trail
from securely.queue.contracts import Kind, Verdict
from securely.queue.delivery.runner import JobRunner
from securely.queue.events import JobProcessed, JobProcessing, JobSkipped
from securely.queue.job import Extras
from securely.support import clock
from securely.support.clock import FrozenClock


def chained(bench, job, *links, catches=(), batch=None, **changes):
    """Return a delivery of *job* with *links* behind it."""
    made = tuple(
        link if isinstance(link, Link) else bench.codec.link(link, "sqlite", "mail")
        for link in links
    )
    extras = Extras(trail=Trail(made, tuple(catches)), batch=batch)
    envelope = bench.codec.envelope(job, "default", extras=extras)
    return bench.delivery(job)._replace(payload=envelope.payload, **changes)


@pytest.mark.parametrize("act", ["ok", "delete", "raise_drop"])
def test_next_link_follows_a_job_that_did_not_fail(bench, jobs, act):
    outcome = bench.runner.run(chained(bench, jobs.Acts(act), jobs.Plain(2), jobs.Plain(3)))

    (following,) = outcome.successors
    frame = bench.codec.decode(following.payload)
    assert (following.queue, frame.job.number) == ("mail", 2)
    assert [bench.codec.decode(bench.codec.promote(frame.trail).payload).job.number] == [3]
    assert not outcome.is_member


def test_next_link_follows_an_async_job(bench, jobs):
    delivery = chained(bench, jobs.Async(), jobs.Plain(2))

    outcome = asyncio.run(bench.runner.arun(delivery))

    assert len(outcome.successors) == 1


@pytest.mark.parametrize("act", ["release:5", "raise_release:1"])
def test_nothing_follows_a_job_that_put_itself_back(bench, jobs, act):
    outcome = bench.runner.run(chained(bench, jobs.Acts(act), jobs.Plain(2), catches=["m:f"]))

    assert (outcome.kind, outcome.successors) == (Kind.RELEASE, ())


@pytest.mark.parametrize("batch", [None, "b"])
@pytest.mark.parametrize("way", ["told", "killed"])
def test_nothing_follows_a_job_that_was_cancelled(bench, jobs, batch, way):
    act, verdict = ("cancelled", Verdict.RUN) if way == "told" else ("ok", Verdict.CANCELLED)
    delivery = chained(
        bench, jobs.Acts(act), jobs.Plain(2), catches=["m:f"], batch=batch, verdict=verdict
    )

    outcome = bench.runner.run(delivery)

    assert (outcome.kind, outcome.successors) == (Kind.SKIP, ())
    assert outcome.is_member == (batch is not None)


def test_failure_breaks_the_chain_and_tells_who_wants_to_know(bench, jobs):
    delivery = chained(bench, jobs.Acts("throw:no money"), jobs.Plain(2), catches=["m:f", "m:g"])

    outcome = bench.runner.run(delivery)

    calls = [bench.codec.decode(one.payload).job for one in outcome.successors]
    assert [call.function for call in calls] == ["m:f", "m:g"]
    assert {json.loads(call.error)["message"] for call in calls} == {"no money"}
    assert {one.queue for one in outcome.successors} == {"default"}


def test_failure_that_is_tried_again_tells_nobody(bench, jobs):
    outcome = bench.runner.run(chained(bench, jobs.Limited(), catches=["m:f"]))

    assert (outcome.kind, outcome.successors) == (Kind.RELEASE, ())


def test_link_of_another_connection_is_handed_over_there(bench, container, jobs):
    elsewhere = bench.codec.link(jobs.Plain(9), "other", "mail")

    outcome = bench.runner.run(chained(bench, jobs.Plain(1), elsewhere))

    (relay,) = outcome.successors
    job: Any = bench.codec.decode(relay.payload).job
    assert (job.target, relay.queue) == ("other", "default")
    pushed: list[Any] = []
    container.instance("queue", Doubles(pushed))
    job.handle(container)
    assert [bench.codec.decode(one.payload).job.number for one in pushed] == [9]


@pytest.mark.parametrize("act", ["ok", "throw", "delete", "release:1"])
def test_member_of_a_batch_says_so(bench, jobs, act):
    outcome = bench.runner.run(chained(bench, jobs.Acts(act), batch="b-1"))

    assert outcome.is_member


class Doubles:
    """Stands for the connections of an application, and for what frees keys."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log
        self.driver = self

    def connection(self, name: str) -> Doubles:
        return self

    def push(self, envelopes: list[Any]) -> None:
        self.log.extend(envelopes)

    def unlock(self, connection: str, delivery: Any) -> None:
        self.log.append(("free", connection, delivery.id))

    async def aunlock(self, connection: str, delivery: Any) -> None:
        self.unlock(connection, delivery)


def test_key_of_a_job_that_is_unique_until_processing_is_free_before_it_begins(
    bench, container, codec, events, jobs, journal
):
    runner = JobRunner(container, codec, events, keys=lambda: Doubles(journal))

    runner.attempt(bench.delivery(jobs.UntilBegun()), connection="sqlite")

    assert journal == [("free", "sqlite", 7), "begun"]


def test_key_is_kept_when_a_middleware_does_not_let_the_job_begin(
    bench, container, codec, events, jobs, journal
):
    runner = JobRunner(container, codec, events, keys=lambda: Doubles(journal))

    runner.attempt(bench.delivery(jobs.UntilBegunHeld()), connection="sqlite")

    assert journal == []


def test_key_of_an_async_job_is_free_before_it_begins(
    bench, container, codec, events, jobs, journal
):
    runner = JobRunner(container, codec, events, keys=lambda: Doubles(journal))

    asyncio.run(runner.aattempt(bench.delivery(jobs.UntilBegunAsync()), connection="sqlite"))

    assert journal == [("free", "sqlite", 7), "begun"]


@pytest.mark.parametrize(("after", "kind"), [(59.0, Kind.DONE), (60.0, Kind.SKIP)])
def test_job_whose_time_to_start_is_over_is_taken_out(bench, jobs, journal, after, kind):
    bench.listen()
    with clock.using(FrozenClock(at=1_000.0)) as frozen:
        delivery = chained(bench, jobs.Perishable(), jobs.Plain(2))
        frozen.travel(after)
        outcome = bench.runner.run(delivery)

    assert outcome.kind is kind
    assert len(outcome.successors) == 1
    assert (JobProcessing in map(type, bench.told)) is (kind is Kind.DONE)
    skipped = [event for event in bench.told if isinstance(event, JobSkipped)]
    assert [event.reason for event in skipped] == ["its time to start was over"] * (after == 60.0)


def test_entity_is_there_when_the_job_runs(bench, jobs, journal):
    bench.runner.run(bench.delivery(jobs.ShipOrder(jobs.Order(5))))

    assert journal == [jobs.Order(5)]


def test_missing_entity_is_a_failure_that_names_it(bench, jobs, journal, monkeypatch):
    monkeypatch.setattr(jobs, "ORDERS_GONE", {5})

    outcome = bench.runner.run(bench.delivery(jobs.ShipOrder(jobs.Order(5))))

    assert outcome.kind is Kind.FAIL
    assert "Order 5" in json.loads(outcome.error or b"{}")["message"]


def test_missing_entity_drops_a_job_that_wants_it(bench, jobs, journal, monkeypatch):
    monkeypatch.setattr(jobs, "ORDERS_GONE", {5})
    bench.listen()

    outcome = bench.runner.run(bench.delivery(jobs.ShipOrderQuietly(jobs.Order(5))))

    assert (outcome.kind, journal) == (Kind.SKIP, [])
    assert JobProcessed not in map(type, bench.told)
    assert bench.reported == []


def test_exception_that_is_final_for_a_job_spends_no_further_tries(bench, jobs):
    outcome = bench.runner.run(bench.delivery(jobs.Stubborn()))

    assert outcome.kind is Kind.FAIL


def too_late(job):
    raise RuntimeError("no tenant")


def test_what_can_not_be_written_after_a_job_makes_it_a_failure_and_no_more(bench, jobs):
    delivery = chained(bench, jobs.Plain(1), bench.codec.link(jobs.Plain(9), "other", "mail"))
    bench.codec._bytes_max = 10  # a relay is ours: the limit is for jobs of the application
    bench.codec.create_using(too_late)

    outcome = bench.runner.run(delivery)

    assert (outcome.kind, len(outcome.successors)) == (Kind.DONE, 1)


def test_what_follows_and_can_not_be_made_fails_the_job_alone(bench, jobs, monkeypatch):
    delivery = chained(bench, jobs.Plain(1), jobs.Plain(2))
    monkeypatch.setattr(bench.codec, "promote", too_late)

    outcome = bench.runner.run(delivery)

    assert (outcome.kind, outcome.successors) == (Kind.FAIL, ())
    assert "no tenant" in json.loads(outcome.error or b"{}")["message"]


def test_reporter_that_raises_costs_no_job(container, codec, events, bench, jobs):
    runner = JobRunner(container, codec, events, lambda error, facts: too_late(None))

    assert runner.run(bench.delivery(jobs.Acts("throw"))).kind is Kind.FAIL


def test_payload_whose_class_is_gone_tells_who_waits_for_the_chain(bench, jobs, monkeypatch):
    delivery = chained(bench, jobs.Plain(1), catches=["m:f"])
    monkeypatch.delattr(jobs, "Plain")
    bench.codec._classes.clear()

    outcome = bench.runner.run(delivery)

    (call,) = outcome.successors
    assert bench.codec.decode(call.payload).job.function == "m:f"


@pytest.mark.parametrize("error", [RuntimeError("broken"), SystemExit(3)])
def test_payload_that_can_not_be_restored_fails_with_the_reason(bench, jobs, monkeypatch, error):
    delivery = bench.delivery(jobs.Plain(1))

    def restore(*arguments):
        raise error

    monkeypatch.setattr(type(bench.codec.blueprint(jobs.Plain)), "restore", restore)

    assert not bench.runner.is_async(delivery)
    outcome = bench.runner.run(delivery)
    assert outcome.kind is Kind.FAIL
    assert type(error).__name__ in json.loads(outcome.error or b"{}")["message"]


def test_job_that_has_failed_once_is_not_dropped_for_its_time_to_start(bench, jobs, journal):
    with clock.using(FrozenClock(at=1_000.0)) as frozen:
        delivery = bench.delivery(jobs.Perishable(), exceptions=1)
        frozen.travel(3_600)
        outcome = bench.runner.run(delivery)

    assert outcome.kind is not Kind.SKIP


def test_final_exceptions_may_be_one_class_and_nothing_else(bench, jobs, monkeypatch):
    from securely.queue.delivery.blueprint import Blueprint
    from securely.queue.exceptions import NotQueueable

    monkeypatch.setattr(jobs.Stubborn, "dont_retry", KeyError)
    assert Blueprint(jobs.Stubborn).dont_retry == (KeyError,)

    monkeypatch.setattr(jobs.Stubborn, "dont_retry", ("KeyError",))
    with pytest.raises(NotQueueable, match="classes of exceptions"):
        Blueprint(jobs.Stubborn)


def test_async_middleware_stands_around_a_sync_job_too(bench, jobs, journal):
    outcome = bench.runner.run(bench.delivery(jobs.MixedBracketed()))

    assert outcome.kind is Kind.DONE
    assert journal == ["async outer in", "handle", "async outer out"]
