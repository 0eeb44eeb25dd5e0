"""Results: what a job returned, for who waits for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from securely.queue.exceptions import (
    InvalidPayload,
    NotQueueable,
    ResultFailed,
    ResultPending,
    ResultUnknown,
)
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


def test_member_of_a_batch_and_link_of_a_chain_have_results(world, sample, log, result):
    batch = world.bus.batch([sample.Sums([4]), sample.Sums([5])]).dispatch()
    uuids = [job.uuid for job in world.queues.pending_jobs()]

    world.work()

    assert [result(uuid).number for uuid in uuids] == [4, 5]
    assert batch.fresh().finished()
