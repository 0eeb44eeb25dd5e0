"""ResultSuite: what jobs have returned is kept in the step that settles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from securely.queue.contracts import KeepsResults, Kind, Seat, StoredResult, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, ended, envelope

__all__ = ["ResultSuite"]


class ResultSuite(WorkedSuite):
    """Results of jobs, for a connection that keeps them."""

    def test_result_is_kept_for_its_time(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """From the settlement on; before it the job is held."""
        one, keeper = envelope(), cast(KeepsResults, connection)
        connection.push([one])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        assert (keeper.result(one.uuid), keeper.holds(one.uuid)) == (None, True)

        seat.turn([ended(held)._replace(result=b"\x00r", result_seconds=60.0)], 0)

        assert keeper.result(one.uuid) == StoredResult(b"\x00r")
        assert (keeper.holds(one.uuid), connection.counts("default").total) == (False, 0)
        frozen.travel(61)
        assert keeper.result(one.uuid) is None

    def test_failure_is_kept_until_the_job_is_retried(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Who waits is told why."""
        one, keeper = envelope(), cast(KeepsResults, connection)
        connection.push([one])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        seat.turn([ended(held, Kind.FAIL, error=b'{"n": 1}')._replace(result_seconds=60.0)], 0)

        assert keeper.result(one.uuid) == StoredResult(None, b'{"n": 1}')
        connection.failed.retry([one.uuid])
        assert (keeper.result(one.uuid), keeper.holds(one.uuid)) == (None, True)

    def test_stale_outcome_leaves_no_result(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Who comes too late says nothing."""
        one, keeper = envelope(), cast(KeepsResults, connection)
        connection.push([one])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        late = ended(held)._replace(token=held.token - 1, result=b"r", result_seconds=60.0)

        assert list(seat.turn([late], 0).stale) == [held.id]

        assert keeper.result(one.uuid) is None
