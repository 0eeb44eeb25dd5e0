"""LimitSuite: how much of one queue all workers together may do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from securely.queue.contracts import Delivery, QueueLimit, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, envelope, names

__all__ = ["LimitSuite"]


class LimitSuite(WorkedSuite):
    """Limits of single queues, for a connection that has `limits`."""

    def test_no_more_jobs_of_a_queue_are_in_hand_than_it_allows(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Whoever holds them; the next queue is not held up, and one that ends makes room."""
        _limit(connection, mail=QueueLimit(concurrency=2))
        connection.push([envelope(f"m{at}", "mail") for at in range(5)])
        connection.push([envelope("other")])
        first, second = join("mail", "default"), join("mail", "default")

        held = first.turn([], 9).deliveries
        nothing = second.turn([], 9).deliveries

        assert (names(held), names(nothing)) == (["m0", "m1", "other"], [])
        assert first.turn(done(held[:1]), 0).deliveries == []
        assert names(second.turn([], 9).deliveries) == ["m2"]
        assert names(first.turn(done(held[1:2]), 9).deliveries) == ["m3"]

    def test_priority_goes_first_within_a_limit(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """A queue is limited as a whole."""
        _limit(connection, mail=QueueLimit(concurrency=1))
        connection.push([envelope("low", "mail"), envelope("high", "mail", priority=5)])

        assert names(join("mail").turn([], 9).deliveries) == ["high"]

    def test_what_a_worker_gives_back_makes_room(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Nobody's death or leave takes a place with it."""
        _limit(connection, mail=QueueLimit(concurrency=1))
        connection.push([envelope("a", "mail"), envelope("b", "mail")])
        seat = join("mail")
        seat.turn([], 9)

        seat.leave()

        assert names(join("mail").turn([], 9).deliveries) == ["a"]

    def test_no_more_jobs_of_a_queue_are_handed_out_in_a_time_than_it_allows(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The time begins with the first one, and a worker is told when it ends."""
        _limit(connection, mail=QueueLimit(rate=2, seconds=60.0))
        connection.push([envelope(f"m{at}", "mail") for at in range(5)])
        connection.push([envelope("other")])
        first, second = join("mail", "default"), join("mail")
        frozen.travel(1)
        began = frozen.timestamp()
        held = first.turn([], 1).deliveries
        frozen.travel(30)
        held = [*held, *first.turn(done(held), 9).deliveries]

        turn = first.turn(done(held[1:]), 9)

        assert (names(held), names(turn.deliveries)) == (["m0", "m1", "other"], [])
        assert turn.next_due is not None
        assert abs(turn.next_due - (began + 60)) < 0.01
        frozen.travel(29)
        assert second.turn([], 9).deliveries == []
        frozen.travel(2)
        assert names(second.turn([], 9).deliveries) == ["m2", "m3"]

    def test_rate_is_not_held_up_by_a_clock_that_was_set_back(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """A time that ends too late has ended."""
        _limit(connection, mail=QueueLimit(rate=1, seconds=60.0))
        seat = join("mail")
        connection.push([envelope("a", "mail")])
        held = seat.turn([], 9).deliveries
        frozen.travel(-7200)
        connection.push([envelope("b", "mail")])

        assert names(seat.turn(done(held), 9).deliveries) == ["b"]

    def test_many_workers_never_hold_more_than_a_queue_allows(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Looking and taking is one step."""
        _limit(connection, mail=QueueLimit(concurrency=3))
        connection.push([envelope(f"m{at}", "mail") for at in range(40)])
        seats = [join("mail") for _ in range(4)]
        seen: list[int] = []

        def work(seat: Seat) -> int:
            held: list[Delivery] = []
            ran = 0
            for _ in range(400):
                held = list(seat.turn(done(held), 2).deliveries)
                ran += len(held)
                seen.append(connection.counts("mail").reserved)
            seat.turn(done(held), 0)
            return ran

        with ThreadPoolExecutor(len(seats)) as pool:
            ran = sum(pool.map(work, seats))

        assert (ran, connection.counts("mail").total) == (40, 0)
        assert max(seen) <= 3


def _limit(connection: Workable, **limits: QueueLimit) -> None:
    cast(Any, connection).limits = limits
