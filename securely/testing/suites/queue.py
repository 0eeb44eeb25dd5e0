"""What every Connection must do: tests for the authors of drivers, ours and yours.

Derive a class from a suite and give it the fixture `connection`; pytest does the rest.
`ConnectionSuite` is for every connection, `WorkableSuite` for those that workers take jobs from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest

from securely.queue.contracts import (
    Charge,
    Connection,
    Delivery,
    Envelope,
    Kind,
    Outcome,
    Seat,
    Verdict,
    Workable,
)
from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = ["ConnectionSuite", "WorkableSuite", "done", "envelope"]

_numbers = count(1)


def envelope(
    name: str = "job",
    queue: str = "default",
    *,
    delay: float = 0.0,
    priority: int = 0,
    max_lost: int = 3,
    payload: bytes = b"payload",
) -> Envelope:
    """Return an envelope with a uuid of its own."""
    uuid = f"00000000-0000-7000-8000-{next(_numbers):012d}"
    return Envelope(
        uuid, name, queue, payload, delay=delay, priority=priority, max_lost=max_lost, timeout=9.5
    )


def done(deliveries: Sequence[Delivery]) -> list[Outcome]:
    """Return that *deliveries* have ended well."""
    return [Outcome(delivery.id, delivery.token, Kind.DONE) for delivery in deliveries]


class ConnectionSuite:
    """What every connection must do. Give it a fixture `connection`.

    One that runs what is pushed overrides `payload` by one that can be run.
    """

    @pytest.fixture
    def payload(self) -> bytes:
        """What is pushed."""
        return b"payload"

    def test_push_of_several_returns_their_uuids_in_order(
        self, connection: Connection, payload: bytes
    ) -> None:
        """Who pushes learns under which ids."""
        envelopes = [envelope(payload=payload), envelope(payload=payload)]

        uuids = connection.push(envelopes)

        assert list(uuids) == [one.uuid for one in envelopes]

    def test_push_of_nothing_returns_nothing(self, connection: Connection) -> None:
        """An empty bulk is no error."""
        assert list(connection.push([])) == []

    def test_apush_does_what_push_does(self, connection: Connection, payload: bytes) -> None:
        """The twin accepts too."""
        one = envelope(payload=payload)

        assert list(asyncio.run(connection.apush([one]))) == [one.uuid]

    def test_counts_of_an_unknown_queue_are_zero(self, connection: Connection) -> None:
        """A queue exists once it is named."""
        counts = connection.counts("nobody-uses-this")

        assert (counts.total, counts.oldest_pending_at) == (0, None)
        assert asyncio.run(connection.acounts("nobody-uses-this")).total == 0

    def test_clear_of_an_empty_queue_returns_zero(self, connection: Connection) -> None:
        """Nothing to clear is no error."""
        assert connection.clear("nobody-uses-this") == 0
        assert asyncio.run(connection.aclear("nobody-uses-this")) == 0


class WorkableSuite(ConnectionSuite):
    """What a connection must do that workers take jobs from. Give it a fixture `connection`."""

    @pytest.fixture
    def frozen(self) -> Iterator[FrozenClock]:
        """A clock that only the test moves."""
        with clock.using(FrozenClock(at=1_800_000_000.0)) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def join(self, connection: Workable) -> Iterator[Callable[..., Seat]]:
        """Take seats, and leave them all at the end."""
        seats: list[Seat] = []

        def take(*queues: str) -> Seat:
            seats.append(connection.join(queues or ("default",)))
            return seats[-1]

        yield take
        for seat in seats:
            seat.leave()

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
