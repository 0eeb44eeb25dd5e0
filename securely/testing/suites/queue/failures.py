"""FailureSuite: failed jobs, and back with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import Kind, Outcome, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, envelope

__all__ = ["FailureSuite"]


class FailureSuite(WorkedSuite):
    """What becomes of jobs that are over without success."""

    def test_fail_moves_the_job_to_the_failed_ones(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """All it takes to try again is kept."""
        one = envelope("doomed", payload=b"kept", priority=2)
        connection.push([one])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        seat.turn([Outcome(held.id, held.token, Kind.FAIL, error=b'{"type": "E"}')], 0)

        (failed,) = connection.failed.all()
        assert (failed.uuid, failed.name, failed.payload) == (one.uuid, "doomed", b"kept")
        assert (failed.queue, failed.connection) == ("default", connection.name)
        assert (failed.error, failed.attempts) == (b'{"type": "E"}', 1)
        assert (failed.timeout, failed.max_lost, failed.priority) == (9.5, 3, 2)
        assert failed.failed_at == pytest.approx(frozen.timestamp())
        assert connection.counts("default").total == 0

    def test_failed_jobs_are_found_forgotten_and_flushed(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """By id and uuid, newest first, by age."""
        seat = join()
        for name in ("first", "second", "third"):
            connection.push([envelope(name)])
            (held,) = seat.turn([], 1).deliveries
            seat.turn([Outcome(held.id, held.token, Kind.FAIL, error=b"{}")], 0)
            frozen.travel(100)
        third, second, first = connection.failed.all()
        assert [third.name, second.name, first.name] == ["third", "second", "first"]

        assert connection.failed.find(first.uuid) == first
        assert connection.failed.find(str(first.id)) == first
        assert connection.failed.find("no such key") is None
        assert connection.failed.forget(first.uuid) is True
        assert connection.failed.forget(first.uuid) is False
        assert connection.failed.flush(older_than=150) == 1
        assert [one.name for one in connection.failed.all()] == ["third"]
        counts = [(None, None), (connection.name, None), ("other", None), (None, "default")]
        found = [connection.failed.count(*of) for of in [*counts, (connection.name, "other")]]
        assert found == [1, 1, 0, 1, 0]
        assert connection.failed.flush() == 1
        assert connection.failed.count() == 0

    def test_retry_puts_failed_jobs_back_with_fresh_counters(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """By key and by queue; an unknown key is passed over."""
        seat = join("default", "mail")
        connection.push([envelope("first"), envelope("second", "mail")])
        for held in seat.turn([], 2).deliveries:
            seat.turn([Outcome(held.id, held.token, Kind.FAIL, error=b"{}")], 0)
            frozen.travel(1)

        retried = connection.failed.retry([connection.failed.all()[-1].uuid, "no such key"])
        rest = connection.failed.retry(queue="mail")

        assert [one.name for one in retried] == ["first"]
        assert [one.name for one in rest] == ["second"]
        assert connection.failed.count() == 0
        again = seat.turn([], 9).deliveries
        assert [(one.name, one.attempts, one.exceptions) for one in again] == [
            ("first", 1, 0),
            ("second", 1, 0),
        ]

    def test_the_hook_of_a_failed_job_is_left_to_others_when_its_worker_leaves(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A hook runs, also when its worker does not."""
        connection.push([envelope("hooked"), envelope("hook has run"), envelope("no hook")])
        seat = join()
        first, second, third = seat.turn([], 3).deliveries
        outcomes = [
            Outcome(first.id, first.token, Kind.FAIL, error=b"{}", has_hook=True),
            Outcome(second.id, second.token, Kind.FAIL, error=b"{}", has_hook=True),
            Outcome(third.id, third.token, Kind.FAIL, error=b"{}"),
        ]
        seat.turn(outcomes, 0)
        seat.hook_done(second.id)
        other = join()
        assert list(other.reap().hooks) == []

        seat.leave()

        (left,) = other.reap().hooks
        assert (left.id, left.name) == (first.id, "hooked")
        assert list(other.reap().hooks) == []
        other.hook_done(left.id)
        other.leave()
        assert list(join().reap().hooks) == []
