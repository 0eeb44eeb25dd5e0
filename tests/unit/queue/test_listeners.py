from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from securely.events import QueuedCall, queueable
from securely.queue.bus.listeners import CallListener, QueuedListeners
from securely.queue.exceptions import NotQueueable
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions


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


def test_event_that_can_not_be_written_is_named(manager, sample):
    with pytest.raises(NotQueueable, match="SendMail"):
        QueuedListeners(lambda: manager).run([call(sample.SendMail, object())])
