"""FailureSuite: failed jobs, and back with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import Charge, Delivery, Kind, Outcome, Seat, Workable
from securely.queue.delivery.failure import pack_error
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, envelope

__all__ = ["FailureSuite"]

_LONG = 12_000  # characters: of a history, more than any store is to keep


def _raised(
    held: Delivery, error: Exception, kind: Kind = Kind.RELEASE, delay: float = 0.0
) -> Outcome:
    """Return that *held* ended in *error*."""
    charge = Charge.EXCEPTION if kind is Kind.RELEASE else Charge.NONE
    return Outcome(held.id, held.token, kind, delay, charge, pack_error(error))


def _released(held: Delivery, charge: Charge) -> Outcome:
    """Return that *held* goes back, and what that costs."""
    return Outcome(held.id, held.token, Kind.RELEASE, charge=charge)


def _claimed(seat: Seat, *outcomes: Outcome) -> Delivery:
    """Settle *outcomes*, and claim the one job that waits."""
    (held,) = seat.turn(outcomes, 1).deliveries
    return held


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

    def test_failed_job_tells_how_each_of_its_attempts_ended(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The failure is the last one; what ended in no harm is no part of it."""
        began = frozen.timestamp()
        connection.push([envelope()])
        seat = join()
        held = _claimed(seat)
        frozen.travel(1)
        held = _claimed(seat, _raised(held, ValueError("first\nand more of it")))
        held = _claimed(seat, _released(held, Charge.DEFERRAL))
        frozen.travel(1)
        held = _claimed(seat, _released(held, Charge.LOST))
        held = _claimed(seat, Outcome(held.id, held.token, Kind.RETURN))
        frozen.travel(1)

        seat.turn([_raised(held, OSError("the end"), Kind.FAIL)], 0)

        (failed,) = connection.failed.all()
        assert [(one.number, one.reason) for one in failed.history] == [
            (1, "ValueError: first"),
            (3, "lost with its worker"),
            (4, "OSError: the end"),
        ]
        moments = [one.at for one in failed.history]
        assert moments == pytest.approx([began + 1, began + 2, began + 3])
        assert connection.failed.find(failed.uuid) == failed

    def test_history_of_a_job_is_its_own(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Also where it is one of a group, and others fail beside it."""
        connection.push([envelope("one")._replace(group="g"), envelope("other")])
        seat = join()
        for at in range(2):
            for held in seat.turn([], 2).deliveries:
                kind = Kind.RELEASE if at == 0 else Kind.FAIL
                seat.turn([_raised(held, ValueError(f"{held.name} {at}"), kind)], 0)
            frozen.travel(1)

        told = {job.name: [one.reason for one in job.history] for job in connection.failed.all()}
        assert told == {
            name: [f"ValueError: {name} 0", f"ValueError: {name} 1"] for name in ("one", "other")
        }

    def test_retry_begins_a_new_history(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """As the counters begin anew."""
        connection.push([envelope()])
        seat = join()
        held = _claimed(seat, _raised(_claimed(seat), ValueError("before")))
        seat.turn([_raised(held, ValueError("before"), Kind.FAIL)], 0)

        connection.failed.retry()
        seat.turn([_raised(_claimed(seat), ValueError("after"), Kind.FAIL)], 0)

        (failed,) = connection.failed.all()
        assert [(one.number, one.reason) for one in failed.history] == [(1, "ValueError: after")]

    def test_job_that_replaces_another_one_does_not_take_its_history(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """It is a job of its own, though it takes the place of one that had failed before."""
        connection.push([envelope("first")._replace(unique="k", max_wait=100.0)])
        seat = join()
        seat.turn([_raised(_claimed(seat), ValueError("before"), delay=50)], 0)

        connection.push([envelope("second")._replace(unique="k", max_wait=100.0)])
        held = _claimed(seat)
        seat.turn([_raised(held, ValueError("after"), Kind.FAIL)], 0)

        (failed,) = connection.failed.all()
        assert (failed.name, [one.reason for one in failed.history]) == (
            "second",
            ["ValueError: after"],
        )

    def test_history_without_end_loses_its_beginning(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Each line of it is short, and what is left is whole."""
        connection.push([envelope()])
        seat = join()
        held = _claimed(seat)
        for _ in range(70):
            held = _claimed(seat, _raised(held, ValueError("ü" * 900)))
        seat.turn([_raised(held, ValueError('[1,1.0,"end"]'), Kind.FAIL)], 0)

        (failed,) = connection.failed.all()
        *others, last = failed.history
        assert (last.number, last.reason) == (71, 'ValueError: [1,1.0,"end"]')
        assert [one.number for one in others] == [*range(71 - len(others), 71)]
        assert {one.reason for one in others} == {f"ValueError: {'ü' * 187}…"}
        assert len(others) > 10
        assert sum(len(one.reason) for one in others) < _LONG
