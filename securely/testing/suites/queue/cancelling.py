"""CancelSuite: jobs that are cancelled while they wait, while they run, and when they are over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import (
    BatchRecord,
    Cancellation,
    Charge,
    Delivery,
    Envelope,
    Kind,
    Outcome,
    Seat,
    Workable,
)
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, ended, envelope, names, run_dry

__all__ = ["CancelSuite"]

# Every way in which a delivery comes back to its queue.
_BACK = {
    "returned": Outcome(0, 0, Kind.RETURN),
    "released": Outcome(0, 0, Kind.RELEASE, charge=Charge.DEFERRAL),
    "delayed": Outcome(0, 0, Kind.RELEASE, 60.0, Charge.EXCEPTION, b"{}"),
    "lost": Outcome(0, 0, Kind.RELEASE, charge=Charge.LOST),
}


def _claimed(connection: Workable, seat: Seat, one: Envelope) -> Delivery:
    """Push *one*, and return it as *seat* has claimed it."""
    connection.push([one])
    (held,) = seat.turn([], 1).deliveries
    return held


class CancelSuite(WorkedSuite):
    """What `cancel` answers, and how a job that is cancelled while it runs is settled, once."""

    def test_cancel_takes_out_what_nobody_runs(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Pending and delayed ones, and one that waits for its next try."""
        pending, delayed, released = envelope("p"), envelope("d", delay=60), envelope("r")
        seat = join()
        held = _claimed(connection, seat, released)
        seat.turn([Outcome(held.id, held.token, Kind.RELEASE, 60.0, Charge.EXCEPTION)], 0)
        connection.push([pending, delayed])

        came_to = [connection.cancel(one.uuid) for one in (pending, delayed, released)]

        assert came_to == [Cancellation.REMOVED] * 3
        assert connection.counts("default").total == 0
        assert connection.cancel("no such job") is Cancellation.UNKNOWN
        assert list(seat.reap().cancelled) == []

    def test_cancel_of_what_runs_has_its_worker_told_until_it_is_settled(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """That one alone, and again and again: one that was told may have forgotten."""
        one = envelope("one")
        seat, other = join(), join()
        held = _claimed(connection, seat, one)
        elsewhere = _claimed(connection, other, envelope("elsewhere"))

        came_to = [connection.cancel(one.uuid), connection.cancel(one.uuid)]

        assert came_to == [Cancellation.STOPPING] * 2
        assert list(other.reap().cancelled) == []
        assert [list(seat.reap().cancelled) for _ in range(2)] == [[held.id]] * 2
        turn = seat.turn([ended(held, Kind.SKIP)], 9)
        assert (list(turn.deliveries), list(turn.stale)) == ([], [])
        assert list(seat.reap().cancelled) == []
        assert not connection.cancel(one.uuid)
        assert list(other.turn(done([elsewhere]), 9).deliveries) == []
        assert (connection.counts("default").total, connection.failed.count()) == (0, 0)

    @pytest.mark.parametrize("way", list(_BACK))
    def test_what_is_cancelled_does_not_come_back_to_its_queue(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock, way: str
    ) -> None:
        """Whatever would put it there: it is taken out in the same step, and the worker told."""
        one = envelope()
        seat = join()
        held = _claimed(connection, seat, one)
        connection.cancel(one.uuid)

        turn = seat.turn([_BACK[way]._replace(id=held.id, token=held.token)], 9)

        assert (list(turn.cancelled), list(turn.stale)) == ([held.id], [])
        assert list(turn.deliveries) == []
        frozen.travel(61)
        assert list(seat.turn([], 9).deliveries) == []
        assert (connection.counts("default").total, connection.failed.count()) == (0, 0)
        assert list(seat.reap().cancelled) == []
        again = seat.turn([_BACK[way]._replace(id=held.id, token=held.token)], 0)
        assert (list(again.cancelled), list(again.stale)) == ([], [held.id])

    def test_what_is_cancelled_goes_with_its_worker(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A worker that leaves gives back all but this."""
        one, other = envelope("one"), envelope("other")
        seat = join()
        _claimed(connection, seat, one)
        _claimed(connection, seat, other)
        connection.cancel(one.uuid)

        seat.leave()

        assert run_dry(join()) == ["other"]

    def test_what_ended_before_it_heard_has_ended_so(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Well, or by a failure, which may be retried: the cancellation is over with that run."""
        good, bad = envelope("good"), envelope("bad")
        seat = join()
        held = [_claimed(connection, seat, one) for one in (good, bad)]
        for one in (good, bad):
            connection.cancel(one.uuid)

        turn = seat.turn([*done(held[:1]), ended(held[1], Kind.FAIL)], 0)

        assert (list(turn.cancelled), list(turn.stale)) == ([], [])
        assert [one.name for one in connection.failed.all()] == ["bad"]
        assert connection.cancel(bad.uuid) is Cancellation.OVER
        connection.failed.retry()
        (again,) = seat.turn([], 9).deliveries
        assert list(seat.reap().cancelled) == []
        turn = seat.turn([Outcome(again.id, again.token, Kind.RELEASE)], 9)
        assert (names(turn.deliveries), list(turn.cancelled)) == (["bad"], [])

    @pytest.mark.parametrize("way", [None, "released"])
    def test_keys_groups_and_batches_go_on_without_it(
        self, connection: Workable, join: Callable[..., Seat], way: str | None
    ) -> None:
        """Its key is free, the next of its group is handed out, its batch has it as skipped."""
        links = 2
        one = envelope("one")._replace(unique="k", group="g", batch="b", links=links)
        connection.batches.create(BatchRecord("b"), [one])
        connection.push([envelope("next")._replace(group="g")])
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        connection.cancel(one.uuid)

        outcome = ended(held, Kind.SKIP, is_member=True)
        if way is not None:
            outcome = _BACK[way]._replace(id=held.id, token=held.token)
        turn = seat.turn([outcome], 9)

        assert names(turn.deliveries) == ["next"]
        found = connection.batches.find("b")
        assert found is not None
        assert (found.total, found.done, found.failed, found.skipped) == (3, 0, 0, 3)
        assert found.finished_at is not None
        fresh = envelope()._replace(unique="k")
        assert list(connection.push([fresh])) == [fresh.uuid]

    def test_clear_takes_what_is_cancelled_too(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Nobody is told to stop it any more; its outcome is stale."""
        one = envelope()
        seat = join()
        held = _claimed(connection, seat, one)
        connection.cancel(one.uuid)

        assert connection.clear("default") == 1

        assert list(seat.reap().cancelled) == []
        assert list(seat.turn([ended(held, Kind.SKIP)], 0).stale) == [held.id]
