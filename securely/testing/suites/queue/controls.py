"""ControlSuite: what people do to a connection from outside."""

from __future__ import annotations

from collections.abc import Callable

from securely.queue.contracts import Seat, Workable
from securely.testing.suites.queue.base import WorkedSuite, done, envelope

__all__ = ["ControlSuite"]


class ControlSuite(WorkedSuite):
    """Restart, pause, clear, cancel, and a look at what waits."""

    def test_restart_reaches_those_who_joined_before(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Who joins after the mark works on."""
        connection.push([envelope()])
        before = join()
        assert before.turn([], 0).must_restart is False

        connection.restart()

        turn = before.turn([], 1)
        assert (turn.must_restart, list(turn.deliveries)) == (True, [])
        assert join().turn([], 1).must_restart is False

    def test_clear_removes_all_and_makes_running_ones_stale(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Pending, delayed and reserved ones go; other queues stay."""
        connection.push([envelope(), envelope(), envelope(delay=60), envelope(queue="other")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        cleared = connection.clear("default")

        assert cleared == 3
        assert list(connection.queues()) == ["other"]
        assert list(seat.turn(done([held]), 0).stale) == [held.id]

    def test_queues_are_those_that_hold_jobs(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """In any state, sorted."""
        connection.push([envelope(queue="b"), envelope(queue="a", delay=9), envelope(queue="c")])
        join("c").turn([], 1)

        assert list(connection.queues()) == ["a", "b", "c"]
