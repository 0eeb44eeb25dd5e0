"""Batches in memory: lists, ends, and what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from securely.queue.contracts import BatchRecord, Envelope, Kind, Outcome
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sync_batches import MemoryBatches
from securely.support import clock
from securely.support.clock import FrozenClock


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    with clock.using(FrozenClock(at=1000.0)) as frozen:
        yield frozen


@pytest.fixture
def pushed() -> list[Envelope]:
    return []


DONE = Outcome(1, 1, Kind.DONE, is_member=True)


@pytest.fixture
def batches(pushed: list[Envelope]) -> MemoryBatches:
    return MemoryBatches(pushed.extend)


def member(uuid: str = "m1", **changes: object) -> Envelope:
    return Envelope(uuid, "job", "default", b"payload")._replace(**changes)


def test_members_belong_to_the_batch_and_have_no_keys(batches, pushed):
    batches.create(BatchRecord("b1"), [member(unique="k", max_wait=3.0)])

    assert [(one.batch, one.unique, one.max_wait) for one in pushed] == [("b1", None, None)]


def test_batches_are_listed_newest_first_page_by_page(batches):
    for name in ("b1", "b2", "b3"):
        batches.create(BatchRecord(name), [member()])

    assert [one.id for one in batches.all()] == ["b3", "b2", "b1"]
    assert [one.id for one in batches.all(1, before="b3")] == ["b2"]
    assert batches.all(before="gone") == []


def test_cancel_counts_once_and_delete_forgets(batches, frozen):
    batches.create(BatchRecord("b1"), [member()])

    assert batches.cancel("b1")
    assert not batches.cancel("b1")
    assert batches.find("b1").cancelled_at == 1000.0
    assert batches.delete("b1")
    assert not batches.delete("b1")
    assert not batches.cancel("b1")
    assert batches.find("b1") is None


def test_member_of_a_batch_that_is_gone_or_of_none_counts_nowhere(batches):
    assert batches.settle(member(), Kind.DONE, DONE) == ()
    assert batches.settle(member(batch="gone"), Kind.DONE, DONE) == ()


def test_old_batches_are_forgotten_by_what_became_of_them(batches, frozen):
    for name in ("finished", "cancelled", "unfinished"):
        batches.create(BatchRecord(name), [member()])
    batches.settle(member(batch="finished"), Kind.DONE, DONE)
    batches.cancel("cancelled")
    frozen.travel(100)
    batches.create(BatchRecord("young"), [member()])

    assert batches.prune() == 0
    assert batches.prune(finished=1000.0, unfinished=1000.0, cancelled=1000.0) == 0
    assert batches.prune(finished=1001.0) == 1
    assert batches.prune(cancelled=1001.0) == 1
    assert batches.prune(unfinished=1001.0) == 1
    assert [one.id for one in batches.all()] == ["young"]


def test_null_keeps_no_batches():
    batches = NullConnection("null").batches

    assert batches.create(BatchRecord("b1"), [member()])
    assert (batches.find("b1"), batches.all(), batches.prune(finished=9e9)) == (None, (), 0)
    assert not batches.add("b1", [member()])
    assert not batches.cancel("b1")
    assert not batches.delete("b1")


def test_null_drops_what_it_is_given_and_hands_nothing_out():
    """Case null-driver@null."""
    connection = NullConnection("null")

    assert connection.push([member()]) == ["m1"]

    assert connection.counts("default").total == 0
    assert not hasattr(connection, "join")  # no worker can take from it
