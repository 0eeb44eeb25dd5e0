"""Payloads, unique keys and classes that are gone: scenarios that were recorded from Laravel.

Each test carries the ids of its scenarios. Those of chains and batches lie in their own modules.
"""

from __future__ import annotations

import json

import pytest

from securely.encryption import Encrypter
from securely.queue.contracts import Delivery
from securely.queue.events import JobExceptionOccurred, JobFailed, JobProcessing, UniqueJobSkipped
from securely.queue.exceptions import NotQueueable, UnknownJob
from securely.queue.payload import Codec
from securely.support import clock
from securely.support.clock import FrozenClock

# On both engines: what follows from the end of a job, each of them counts for itself.
pytestmark = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


def header(world, queue="default"):
    """Return the header of what waits first in *queue*."""
    stored = world.queues.connection("sqlite").driver.jobs(queue)[0]
    return world.codec.header(stored.payload)


# -- payloads


def test_payload_names_its_job_and_when_it_was_made(world, sample, frozen):
    """What PHP serializes, we write as tagged JSON under a signature; the facts are the same.

    Case payload/basic@database. Case payload/basic@redis.
    """
    sent = sample.J.dispatch("a")

    head = header(world)
    assert (head.uuid, head.job, head.name) == (sent.id, "sample_bus:J", "sample_bus.J")
    assert (head.created_at, len(head.uuid)) == (1_800_000_000.0, 36)
    assert (head.tries, head.max_exceptions, head.timeout, head.retry_until) == (None,) * 4
    assert (head.backoff, head.fail_on_timeout, head.batch) == (None, False, None)


def test_payload_keeps_the_options_of_its_job(world, sample):
    """Case payload/options@database."""
    sample.Optioned.using().on_queue("high").dispatch()

    head = header(world, "high")
    assert (head.tries, head.max_exceptions, head.timeout, head.fail_on_timeout) == (
        5,
        2,
        30.0,
        True,
    )
    assert head.backoff is not None


@pytest.mark.parametrize(
    ("kind", "waits"),
    [("Waits3", [3, 3]), ("Waits12", [1, 2, 2]), ("Waits4", [4, 4]), ("WaitsByMethod", [7, 8, 8])],
)
def test_backoff_is_a_number_a_list_or_a_method(world, sample, frozen, kind, waits):
    """Laravel's text "1,2" is a list here.

    Case payload/backoff-forms@database.
    """
    getattr(sample, kind).dispatch()

    for wait in waits:
        assert world.work(1) == 1
        frozen.travel(wait - 0.5)
        assert world.work(1) == 0
        frozen.travel(0.5)


def test_tries_and_deadlines_may_be_methods(world, sample, frozen):
    """Case payload/backoff-forms@database."""
    sample.TriesByMethod.dispatch()
    assert header(world).tries == 2
    world.queues.clear()

    sample.Dated.dispatch("f")
    assert header(world).retry_until == 1_800_000_060.0


def test_delays_are_seconds_durations_and_moments_and_what_has_passed_is_now(world, sample, frozen):
    """A negative delay is none, where Laravel keeps it.

    Case payload/delay@redis.
    """
    for name, delay in [
        ("a", 60),
        ("b", "30s"),
        ("c", clock.now().replace(minute=2)),
        ("d", 0),
        ("e", -5),
    ]:
        sample.J.using(name).delay(delay).dispatch()

    store = world.queues.connection("sqlite").driver
    due = {world.name_of(one): one.available_at - 1_800_000_000.0 for one in store.jobs("default")}
    due = {name: round(wait, 2) for name, wait in due.items()}
    assert due == {"a": 60.0, "b": 30.0, "c": 120.0, "d": 0.0, "e": 0.0}


def test_text_is_no_job(world, sample):
    """What names code by text could name any; a function or a class does it here.

    Case payload/string@redis.
    """
    with pytest.raises((NotQueueable, AttributeError)):
        world.queues.push("StrHandler")
    with pytest.raises(NotQueueable, match="it is no job"):
        world.bus.chain(["StrHandler@custom"]).dispatch()


def test_encrypted_job_shows_its_name_and_not_its_attributes(world, sample, log, keys):
    """Case payload/encrypted@database."""
    codec = Codec(
        keys.purpose("queue"), encrypter=lambda: Encrypter(b"k" * 32).for_purpose("queue")
    )
    world.use(codec)
    sample.Encrypted.dispatch("secret")

    (stored,) = world.queues.connection("sqlite").driver.jobs("default")
    assert b"secret" not in stored.payload
    assert (header(world).name, codec.attributes(stored.payload)) == ("sample_bus.Encrypted", None)
    world.work()
    assert log == [("run", "secret", 1)]


def test_job_names_itself(world, sample):
    """Case payload/displayName@database. Case payload/displayName@redis."""
    sample.Named.dispatch("x")

    (stored,) = world.queues.connection("sqlite").driver.jobs("default")
    assert (stored.name, header(world).job) == ("pretty name", "sample_bus:Named")


def test_release_keeps_the_payload_and_counts_the_attempt(world, sample, frozen):
    """Case payload/after-release@database."""
    sample.J.dispatch("a", "release:10,ok", 5)
    (before,) = world.queues.connection("sqlite").driver.jobs("default")

    world.work()

    (after,) = world.queues.connection("sqlite").driver.jobs("default")
    assert (after.payload, after.attempts) == (before.payload, 1)
    assert after.available_at == pytest.approx(1_800_000_010, abs=0.01)


def test_store_shows_a_job_in_a_workers_hands(world, sample):
    """Case payload/reserved@database."""
    sent = sample.J.dispatch("a")
    store = world.queues.connection("sqlite").driver
    seat = store.join(["default"])
    delivery: Delivery = seat.turn([], 1).deliveries[0]

    (stored,) = store.jobs("default")
    assert (stored.state, stored.attempts, stored.worker) == ("reserved", 1, seat.id)
    assert (delivery.attempts, delivery.queue, delivery.name) == (1, "default", "sample_bus.J")
    assert world.codec.header(delivery.payload).uuid == sent.id
    seat.leave()


# -- unique jobs


def test_unique_jobs_are_told_apart_by_their_id_or_their_class(world, sample):
    """Case unique/ids@database."""
    told = world.listen(UniqueJobSkipped)
    sent = [
        sample.Unique.dispatch("a", uid="1"),
        sample.Unique.dispatch("b", uid="2"),
        sample.UniqueByClass.dispatch("c"),
        sample.UniqueByClass.dispatch("d"),
    ]

    assert world.state() == ["a", "b", "c"]
    assert [one.skipped for one in sent] == [False, False, False, True]
    assert sent[3].id == sent[2].id == told[0].id


def test_bus_heeds_unique_keys_too(world, sample):
    """Laravel's does not: there, the lock is taken by `dispatch()` on the class alone.

    Case unique/via-bus@database.
    """
    world.bus.dispatch(sample.Unique("a"))

    assert world.bus.dispatch(sample.Unique("b")).skipped
    assert world.bus.bulk([sample.Unique("c")])[0].skipped
    assert world.state() == ["a"]


def test_released_job_keeps_its_key(world, sample, log, frozen):
    """Case unique/release-keeps@database."""
    sample.Unique.dispatch("a", "release:5,ok", 3)
    world.work(1)

    assert sample.Unique.dispatch("b").skipped
    assert world.state() == ["a"]
    frozen.travel(5)
    world.work()
    assert log == [("run", "a", 1), ("run", "a", 2)]
    assert not sample.Unique.dispatch("c").skipped


def test_key_is_free_once_the_job_has_begun(world, sample, log):
    """Case unique/until-processing@database."""
    sample.UniqueUntilProcessing.dispatch("a")

    assert sample.UniqueUntilProcessing.dispatch("b").skipped
    assert (world.work(), log) == (1, [("run", "a", 1)])
    assert not sample.UniqueUntilProcessing.dispatch("c").skipped


# -- handlers


def test_job_whose_class_is_gone_fails_and_is_kept(world, sample, keys, monkeypatch):
    """It fails before it would begin, so that `JobProcessing` is not told.

    Case handlers/missing@database.
    """
    sample.J.dispatch("a")
    told = world.listen(JobProcessing, JobFailed, JobExceptionOccurred)
    world.use(Codec(keys.purpose("queue")))
    monkeypatch.delattr(sample, "J")

    assert world.work() == 1

    assert [type(event).__name__ for event in told] == ["JobFailed"]
    assert isinstance(world.reported[0], UnknownJob)
    (failed,) = world.queues.failed.all()
    assert json.loads(failed.error)["type"].endswith("UnknownJob")
    assert world.state() == []
