"""Results: what a job returned, for who waits for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from securely.queue.events import JobExceptionOccurred, JobFailed, JobProcessed
from securely.queue.exceptions import (
    InvalidPayload,
    NotQueueable,
    ResultFailed,
    ResultPending,
    ResultUnknown,
)
from securely.queue.payload import Codec
from securely.support import clock
from securely.support.clock import FrozenClock

pytestmark = pytest.mark.parametrize("world", ["sqlite", "arq"], indirect=True)


@pytest.fixture
def frozen():
    with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
        yield frozen


@pytest.fixture(params=["result", "aresult"])
def result(request, world):
    """Ask in each colour."""

    def ask(*arguments, of="sqlite"):
        asked = getattr(world.queues.connection(of), request.param)(*arguments)
        return asyncio.run(asked) if request.param == "aresult" else asked

    return ask


@pytest.mark.parametrize("kind", ["Sums", "AsyncSums"])
@pytest.mark.parametrize("connection", ["sqlite", "sync", "either"])
def test_result_is_what_handle_returned(world, sample, log, result, kind, connection):
    pending = getattr(sample, kind).using([1, 2]).on_connection(connection)
    sent = pending.through([sample.Mute()]).dispatch()

    world.work()

    assert result(sent.id, of=connection) == sample.Sum(3, sample.Colour.RED)
    if connection != "sync":
        assert world.queues.result(sent.id).number == 3


def test_result_is_waited_for(world, sample, log, result):
    sent = sample.Sums.using([1, 2]).dispatch()
    with pytest.raises(ResultPending, match=rf"{sent.id} has not ended within 0 seconds"):
        result(sent.id, 0)
    worker = threading.Timer(0.02, world.work)
    worker.start()

    assert result(sent.id, 5).number == 3
    worker.join()


def test_result_of_a_job_that_failed_is_its_reason(world, sample, log, result):
    sent = sample.Sums.using([]).dispatch()
    world.work()

    with pytest.raises(ResultFailed, match=r"sample_bus\.JobError: nothing to add") as caught:
        result(sent.id)
    assert (caught.value.uuid, caught.value.message) == (sent.id, "nothing to add")


def test_result_is_kept_for_its_time(world, sample, log, result, frozen):
    sent = sample.Sums.using([1]).dispatch()
    world.work()
    frozen.travel(119)
    assert result(sent.id).number == 1
    frozen.travel(2)

    with pytest.raises(ResultUnknown, match="store_result = True"):
        result(sent.id)


@pytest.mark.parametrize("connection", ["sqlite", "sync", "null", "either"])
def test_result_that_nobody_keeps_is_unknown(world, sample, log, result, connection):
    sent = sample.J.using("a").on_connection(connection).dispatch()
    world.work()

    with pytest.raises(ResultUnknown, match=f'"{connection}" has no result of the job {sent.id}'):
        result(sent.id, of=connection)


def test_result_of_another_job_is_refused(world, sample, log, codec):
    blueprint = codec.blueprint(sample.Sums)
    packed = codec.pack_result("u-1", blueprint, sample.Sum(1, sample.Colour.RED))

    assert codec.unpack_result("u-1", packed).number == 1
    with pytest.raises(InvalidPayload, match="of another job"):
        codec.unpack_result("u-2", packed)
    with pytest.raises(InvalidPayload, match="signature"):
        codec.unpack_result("u-1", packed[:-1] + bytes([packed[-1] ^ 1]))


def test_result_without_a_written_form_fails_the_job(world, sample, log, result):
    sent = sample.Unwritten.dispatch()
    world.work()

    with pytest.raises(ResultFailed, match=r"Unwritten\.handle"):
        result(sent.id)
    assert any(isinstance(error, NotQueueable) for error in world.reported)


@pytest.mark.parametrize("kind", ["Unwritten", "AsyncUnwritten", "Bulky"])
def test_result_that_can_not_be_kept_fails_the_job_once_and_tells_it_as_any_failure(
    world, sample, log, kind
):
    told = world.listen(JobExceptionOccurred, JobFailed, JobProcessed)
    getattr(sample, kind).dispatch()

    world.work()

    assert log == [("run", "unwritten"), ("failed()", "NotQueueable")]
    assert [type(event) for event in told] == [JobExceptionOccurred, JobFailed]
    assert isinstance(told[1].error, NotQueueable)
    assert len(world.reported) == 1
    (failed,) = world.queues.failed.all()
    assert failed.name.endswith(kind)


@pytest.mark.parametrize("kind", ["Unwritten", "Bulky"])
def test_result_that_can_not_be_kept_tells_the_catch_of_its_chain(world, sample, log, kind):
    world.bus.chain([getattr(sample, kind)(), sample.J("b")]).catch(sample.chain_catch).dispatch()

    world.work()

    assert [entry[0] for entry in log] == ["run", "failed()", "chain catch"]
    assert f"{kind}.handle can not be queued" in log[-1][1]


@pytest.mark.parametrize("kind", ["Unwritten", "Bulky"])
def test_result_that_can_not_be_kept_tells_the_catch_of_its_batch(world, sample, log, kind):
    batch = world.bus.batch([getattr(sample, kind)()]).catch(sample.catch).dispatch()

    world.work()

    assert [entry[0] for entry in log] == ["run", "failed()", "catch"]
    assert batch.fresh().failed_jobs == 1


def test_result_that_can_not_be_kept_is_raised_by_sync(world, sample, log):
    with pytest.raises(NotQueueable, match=r"Unwritten\.handle"):
        sample.Unwritten.using().on_connection("sync").dispatch()

    assert log == [("run", "unwritten"), ("failed()", "NotQueueable")]


def test_result_over_the_limit_of_payloads_names_its_size_and_a_remedy(world, sample, log, keys):
    codec = Codec(keys.purpose("queue"), 2048)
    blueprint = codec.blueprint(sample.Unwritten)
    around = len(codec.pack_result("u-1", blueprint, "")) + 1  # a longer length is written
    fits = "x" * (2048 - around)

    assert codec.unpack_result("u-1", codec.pack_result("u-1", blueprint, fits)) == fits
    with pytest.raises(NotQueueable) as caught:
        codec.pack_result("u-1", blueprint, fits + "x")
    assert "Unwritten.handle" in str(caught.value)
    assert "2049 bytes, 2048 are allowed (queue.payload_bytes_max)" in str(caught.value)
    assert "return its key" in str(caught.value)


def test_member_of_a_batch_and_link_of_a_chain_have_results(world, sample, log, result):
    batch = world.bus.batch([sample.Sums([4]), sample.Sums([5])]).dispatch()
    uuids = [job.uuid for job in world.queues.pending_jobs()]

    world.work()

    assert [result(uuid).number for uuid in uuids] == [4, 5]
    assert batch.fresh().finished()
