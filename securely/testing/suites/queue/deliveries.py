"""DeliverySuite: how jobs are handed out, in which order, and given back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import Charge, Kind, Outcome, Seat, Verdict, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, envelope

__all__ = ["DeliverySuite"]


class DeliverySuite(WorkedSuite):
    """How jobs are handed out and settled."""

    def test_turn_hands_out_what_was_pushed(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A delivery carries the envelope's data and fresh counters."""
        one = envelope("greet", payload=b"\x00\xff")
        connection.push([one])

        (delivery,) = join().turn([], 1).deliveries

        assert delivery.payload == b"\x00\xff"
        assert (delivery.name, delivery.queue, delivery.timeout) == ("greet", "default", 9.5)
        assert (delivery.attempts, delivery.exceptions, delivery.lost) == (1, 0, 0)
        assert (delivery.deferrals, delivery.max_lost, delivery.verdict) == (0, 3, Verdict.RUN)

    def test_turn_takes_no_more_than_there_is_room(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Room bounds a claim, and 0 claims nothing."""
        connection.push([envelope() for _ in range(5)])
        seat = join()

        assert len(seat.turn([], 0).deliveries) == 0
        assert len(seat.turn([], 3).deliveries) == 3
        assert len(seat.turn([], 3).deliveries) == 2
        assert len(seat.turn([], 3).deliveries) == 0

    def test_turn_keeps_the_order_of_acceptance(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """First in, first out, over bulk and single pushes."""
        connection.push([envelope(f"bulk {n}") for n in range(3)])
        for n in range(3):
            connection.push([envelope(f"single {n}")])

        names = [delivery.name for delivery in join().turn([], 10).deliveries]

        assert names == ["bulk 0", "bulk 1", "bulk 2", "single 0", "single 1", "single 2"]

    def test_turn_takes_higher_priorities_first(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Priority goes before age, within a queue."""
        connection.push([envelope("low", priority=-1), envelope("normal")])
        connection.push([envelope("high", priority=5), envelope("normal too")])

        names = [delivery.name for delivery in join().turn([], 10).deliveries]

        assert names == ["high", "normal", "normal too", "low"]

    def test_turn_empties_the_first_queue_before_the_next(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """The order of queues is strict."""
        connection.push([envelope("low 1", "low"), envelope("high 1", "high")])
        connection.push([envelope("low 2", "low"), envelope("high 2", "high")])
        connection.push([envelope("other", "other")])
        seat = join("high", "low")

        names = [one.name for _ in range(5) for one in seat.turn([], 1).deliveries]

        assert names == ["high 1", "high 2", "low 1", "low 2"]

    def test_two_seats_never_get_the_same_job(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A claim is exclusive."""
        connection.push([envelope() for _ in range(10)])
        first, second = join(), join()

        ids = [
            one.id
            for _ in range(3)
            for seat in (first, second)
            for one in seat.turn([], 2).deliveries
        ]

        assert len(ids) == 10
        assert len(set(ids)) == 10

    def test_done_removes_the_job_in_the_turn_that_claims_the_next(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Settling and claiming are one step."""
        connection.push([envelope("first"), envelope("second")])
        seat = join()
        first = seat.turn([], 1)

        second = seat.turn(done(first.deliveries), 1)

        assert [one.name for one in second.deliveries] == ["second"]
        assert list(second.stale) == []
        assert connection.counts("default").total == 1

    def test_drop_removes_the_job_and_records_nothing(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A dropped job leaves no trace."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        seat.turn([Outcome(held.id, held.token, Kind.DROP)], 0)

        assert connection.counts("default").total == 0
        assert connection.failed.count() == 0

    @pytest.mark.parametrize(
        ("charge", "expected"),
        [
            (Charge.NONE, (2, 0, 0, 0)),
            (Charge.EXCEPTION, (2, 1, 0, 0)),
            (Charge.DEFERRAL, (2, 0, 0, 1)),
            (Charge.LOST, (2, 0, 1, 0)),
        ],
    )
    def test_release_charges_what_it_says(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        charge: Charge,
        expected: tuple[int, int, int, int],
    ) -> None:
        """Each kind of release raises its own counter."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        (again,) = seat.turn(
            [Outcome(held.id, held.token, Kind.RELEASE, charge=charge)], 1
        ).deliveries

        assert again.id == held.id
        assert again.token > held.token
        assert (again.attempts, again.exceptions, again.lost, again.deferrals) == expected

    def test_release_with_a_delay_waits_for_its_time(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """A released job is not handed out early."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        turn = seat.turn([Outcome(held.id, held.token, Kind.RELEASE, delay=30.0)], 1)

        assert list(turn.deliveries) == []
        assert turn.next_due == pytest.approx(frozen.timestamp() + 30.0)
        assert connection.counts("default").delayed == 1
        frozen.travel(29.9)
        assert list(seat.turn([], 1).deliveries) == []
        frozen.travel(0.2)
        assert [one.id for one in seat.turn([], 1).deliveries] == [held.id]

    def test_a_delayed_job_is_not_handed_out_early_and_joins_at_its_time(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """It takes its place by when it was due."""
        connection.push([envelope("later", delay=10.0)])
        frozen.travel(9.0)
        connection.push([envelope("before it is due")])
        seat = join()
        assert [one.name for one in seat.turn([], 1).deliveries] == ["before it is due"]
        frozen.travel(2.0)
        connection.push([envelope("after it was due")])

        names = [one.name for one in seat.turn([], 9).deliveries]

        assert names == ["later", "after it was due"]

    def test_counts_tell_pending_delayed_and_reserved(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """A delayed job counts as pending once it is due."""
        began = frozen.timestamp()
        connection.push([envelope(), envelope(), envelope(), envelope(delay=60), envelope(delay=5)])
        frozen.travel(10)
        join().turn([], 1)

        counts = connection.counts("default")

        assert (counts.pending, counts.delayed, counts.reserved, counts.total) == (3, 1, 1, 5)
        assert counts.oldest_pending_at == pytest.approx(began)

    def test_return_gives_back_as_it_was(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """What never started keeps its place and its counters."""
        connection.push([envelope("first"), envelope("second")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        turn = seat.turn([Outcome(held.id, held.token, Kind.RETURN)], 2)

        assert [one.name for one in turn.deliveries] == ["first", "second"]
        assert turn.deliveries[0].attempts == 1
        assert turn.deliveries[0].token > held.token

    @pytest.mark.parametrize("kind", list(Kind))
    def test_an_outcome_with_an_old_token_is_refused(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """Only the latest holder can settle."""
        connection.push([envelope()])
        seat = join()
        (old,) = seat.turn([], 1).deliveries
        seat.turn([Outcome(old.id, old.token, Kind.RETURN)], 0)
        (new,) = join().turn([], 1).deliveries

        turn = seat.turn([Outcome(old.id, old.token, kind, error=b"{}")], 0)

        assert list(turn.stale) == [old.id]
        assert connection.counts("default").reserved == 1
        assert connection.failed.count() == 0
        assert new.token > old.token

    @pytest.mark.parametrize("kind", list(Kind))
    def test_an_outcome_counts_once(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """A second settlement is stale, and does not harm the rest of its turn."""
        connection.push([envelope(), envelope()])
        seat = join()
        held, other = seat.turn([], 2).deliveries
        outcome = Outcome(held.id, held.token, kind, error=b"{}")
        first = seat.turn([outcome], 0)

        second = seat.turn([*done([other]), outcome], 0)

        assert list(first.stale) == []
        assert list(second.stale) == [held.id]
        assert connection.counts("default").reserved == 0

    def test_leave_gives_back_what_is_held_and_settles_what_is_done(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A graceful stop charges nobody."""
        connection.push([envelope("done"), envelope("held")])
        seat = join()
        finished, _ = seat.turn([], 2).deliveries

        seat.leave(done([finished]))

        (again,) = join().turn([], 9).deliveries
        assert (again.name, again.attempts, again.lost) == ("held", 1, 0)

    def test_reap_leaves_the_living_alone(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A worker that lives keeps what it holds, however long."""
        connection.push([envelope()])
        join().turn([], 1)

        reaped = join().reap()

        assert (reaped.returned, reaped.charged, reaped.settled, reaped.waiting) == (0, 0, 0, 0)
        assert connection.counts("default").reserved == 1

    def test_a_job_that_lost_too_many_executors_comes_to_be_failed(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A poison job is handed out to be failed, not run."""
        connection.push([envelope(max_lost=2)])
        seat = join()

        verdicts: list[Verdict] = []
        outcomes: list[Outcome] = []
        for _ in range(3):
            (held,) = seat.turn(outcomes, 1).deliveries
            verdicts.append(held.verdict)
            outcomes = [Outcome(held.id, held.token, Kind.RELEASE, charge=Charge.LOST)]

        assert verdicts == [Verdict.RUN, Verdict.RUN, Verdict.LOST]
