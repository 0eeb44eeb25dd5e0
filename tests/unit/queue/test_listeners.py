from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from securely.encryption import Encrypter
from securely.events import QueuedCall, queueable
from securely.queue.bus.listeners import CallListener, QueuedListeners
from securely.queue.contracts import Kind
from securely.queue.events import UniqueJobSkipped
from securely.queue.exceptions import NotQueueable
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec


def call(listener, *arguments):
    return QueuedCall(listener, "handle", arguments, listener)


@pytest.fixture(scope="module")
def sample():
    sys.path.insert(0, str(Path(__file__).parent))
    import sample_listeners

    yield sample_listeners
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def heard(sample):
    sample.HEARD.clear()
    yield sample.HEARD
    sample.HEARD.clear()


@pytest.fixture
def shipped(sample):
    return sample.OrderShipped(7, (sample.Line(Decimal("1.50")),))


@pytest.fixture
def manager(bench, tmp_path):
    connections = {"sync": {"driver": "sync"}, "sqlite": {"driver": "sqlite", "path": "queue"}}
    parsed = QueueOptions.parse({"connections": connections, "default": "sync"}, "queue")
    materials = Materials(lambda: bench.codec, lambda: bench.runner, lambda path: tmp_path / path)
    manager = QueueManager(parsed.default, parsed.connections, bench.events, materials)
    bench.events.queue_by(QueuedListeners(lambda: manager))
    yield manager
    manager.close()


def test_queued_listener_hears_the_event_as_it_was(manager, bench, sample, shipped, heard):
    bench.events.listen(sample.OrderShipped, sample.SendMail)

    bench.events.dispatch(shipped)

    assert heard == [(shipped, "Register")]


def test_async_listener_is_run_in_both_colours(manager, bench, sample, shipped, heard):
    bench.events.listen(sample.OrderShipped, sample.SendAsync)

    bench.events.dispatch(shipped)
    asyncio.run(bench.events.adispatch(shipped))

    assert heard == [("async", shipped), ("async", shipped)]


def test_event_with_a_name_hands_its_payload_over(manager, bench, sample, heard):
    bench.events.listen("order.shipped", sample.ByName)

    bench.events.dispatch("order.shipped", [7, "text"])

    assert heard == [(7, "text")]


def test_listener_that_failed_is_told(manager, bench, sample, shipped, heard):
    bench.events.listen(sample.OrderShipped, sample.Fails)

    with pytest.raises(ValueError, match="no mail today"):
        bench.events.dispatch(shipped)

    assert heard == [("failed", shipped, "no mail today")]


def test_listener_that_needs_what_is_awaited_is_told_that_it_failed(
    manager, bench, sample, shipped, heard
):
    async def pool() -> object:
        return sample.Pool()

    bench.container.singleton(sample.Pool, pool)
    bench.events.listen(sample.OrderShipped, sample.FailsAsync)

    with pytest.raises(ValueError, match="no mail today"):
        bench.events.dispatch(shipped)

    assert heard == [("failed", "Pool", "no mail today", "Register")]
    assert [str(error) for error, _ in bench.reported] == ["no mail today"]


def test_what_catches_the_failure_of_a_function_may_be_async(manager, bench, sample, heard):
    bench.events.listen(sample.OrderShipped, queueable(sample.afail).catch(sample.anote))

    with pytest.raises(ValueError, match="no report today"):
        bench.events.dispatch(sample.OrderShipped(7, ()))

    assert heard == [("caught", "no report today")]


def test_options_of_the_listener_hold_for_its_job(bench, sample, shipped):
    from securely.queue.fake import QueueFake

    parsed = QueueOptions.parse({"connections": {"sqlite": {"driver": "null"}}}, "queue")
    real = QueueManager(
        "sqlite",
        parsed.connections,
        bench.events,
        Materials(lambda: bench.codec, lambda: bench.runner),
    )
    fake = QueueFake(real, parsed.connections)

    QueuedListeners(lambda: fake).run([call(sample.SendMail, shipped)])

    (entry,) = fake.pushed_jobs()
    assert (entry.queue, entry.delay) == ("mail", 60.0)
    assert isinstance(entry.job, CallListener)
    header = bench.codec.header(bench.codec.envelope(entry.job, "mail").payload)
    assert (header.tries, header.backoff[0], header.name) == (
        4,
        [1.0, 2.0],
        "sample_listeners.SendMail",
    )


def waiting(manager):
    """Return the jobs that wait on sqlite."""
    return list(manager.connection("sqlite").driver.jobs("default"))


class Catching:
    """Takes jobs in the place of a manager."""

    def __init__(self):
        self.jobs = []

    def place(self, job):
        self.jobs.append(job)


def queued(codec, call_):
    """Return the envelope that a listener's call is handed over as."""
    manager = Catching()
    QueuedListeners(lambda: manager).run([call_])
    return codec.envelope(manager.jobs[0], "default")


def test_unique_listener_is_queued_once_for_each_key(manager, bench, sample, heard):
    skipped = []
    bench.events.listen(UniqueJobSkipped, skipped.append)
    bench.events.listen(sample.OrderShipped, sample.Once)
    bench.events.listen(sample.OrderShipped, sample.OnceToo)

    for number in (7, 7, 8):
        bench.events.dispatch(sample.OrderShipped(number, ()))

    names = sorted(job.name for job in waiting(manager))
    assert names == ["sample_listeners.Once", "sample_listeners.Once", "sample_listeners.OnceToo"]
    assert sorted(event.job.display_name() for event in skipped) == [
        "sample_listeners.Once",
        "sample_listeners.OnceToo",
        "sample_listeners.OnceToo",
    ]


def test_options_of_keys_reach_the_store(bench, sample, shipped):
    once, latest = (
        queued(bench.codec, call(kind, shipped)) for kind in (sample.Once, sample.Latest)
    )

    assert once.unique.endswith("sample_listeners:Once.handle:7")
    assert (once.unique_for, once.max_wait) == (3600.0, None)
    assert bench.codec.header(once.payload).until_processing
    assert latest.unique.endswith("sample_listeners:Latest.handle:7")
    assert (latest.max_wait, latest.delay) == (300.0, 30.0)


def test_debounced_listener_keeps_the_last_event(manager, bench, sample):
    bench.events.listen(sample.OrderShipped, sample.Latest)

    for price in ("1", "2", "3"):
        bench.events.dispatch(sample.OrderShipped(7, (sample.Line(Decimal(price)),)))

    (job,) = waiting(manager)
    (event,) = bench.codec.decode(job.payload).job.arguments()
    assert event.lines[0].price == Decimal(3)


def test_listener_that_is_unique_and_debounced_is_refused(manager, sample, shipped):
    with pytest.raises(NotQueueable, match="Choose one"):
        QueuedListeners(lambda: manager).run([call(sample.Undecided, shipped)])


def test_encrypted_listener_shows_no_event_and_expires(keys, sample, shipped):
    codec = Codec(keys.purpose("queue"), encrypter=lambda: Encrypter(b"e" * 32))
    envelope = queued(codec, call(sample.Secret, shipped))

    assert b"OrderShipped" not in envelope.payload
    assert codec.decode(envelope.payload).job.arguments() == [shipped]
    header = codec.header(envelope.payload)
    assert header.expires_at == pytest.approx(header.created_at + 60)


@pytest.mark.parametrize(("number", "kind"), [(1, Kind.FAIL), (2, Kind.RELEASE)])
def test_exception_that_is_final_for_a_listener_fails_at_once(manager, bench, sample, number, kind):
    bench.events.listen(sample.OrderShipped, sample.Final)
    bench.events.dispatch(sample.OrderShipped(number, ()))
    seat = manager.connection("sqlite").driver.join(["default"])

    (delivery,) = seat.turn([], 1).deliveries
    outcome = asyncio.run(bench.runner.arun(delivery))
    seat.turn([outcome], 0)
    seat.leave()

    assert outcome.kind is kind


def test_method_that_says_nothing_leaves_the_option(bench, sample, shipped):
    envelope = queued(bench.codec, call(sample.Silent, shipped))

    assert bench.codec.header(envelope.payload).tries is None
    assert envelope.unique is None


def test_event_that_can_not_be_written_is_named(manager, sample):
    with pytest.raises(NotQueueable, match="SendMail"):
        QueuedListeners(lambda: manager).run([call(sample.SendMail, object())])
