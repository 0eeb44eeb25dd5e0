"""FollowingSuite: what follows from the end of a job is accepted with it, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import Kind, Outcome, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, ended, envelope, names, run_dry

__all__ = ["FollowingSuite"]


class FollowingSuite(WorkedSuite):
    """Successors: the next link of a chain, and callbacks."""

    @pytest.mark.parametrize("kind", [Kind.DONE, Kind.DROP, Kind.SKIP, Kind.FAIL])
    def test_successors_are_accepted_in_the_step_that_settles(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """A chain goes on, and a break is told, without a moment in between."""
        connection.push([envelope("first")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        link = envelope("second", payload=b"\x00link", priority=3, max_lost=7)

        (following,) = seat.turn([ended(held, kind, link)], 1).deliveries

        assert (following.name, following.payload) == ("second", b"\x00link")
        assert (following.attempts, following.timeout, following.max_lost) == (1, 9.5, 7)
        assert connection.counts("default").total == 1

    def test_successors_are_accepted_when_nothing_is_claimed(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """They do not depend on the room of the worker that settles."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        seat.turn([ended(held, Kind.DONE, envelope("a"), envelope("b"))], 0)

        assert connection.counts("default").pending == 2
        assert names(join().turn([], 9).deliveries) == ["a", "b"]

    def test_successors_go_to_the_queues_they_name_at_the_time_they_name(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """A link may wait, and may wait elsewhere."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        links = envelope("later", delay=30.0), envelope("elsewhere", "mail")

        turn = seat.turn([ended(held, Kind.DONE, *links)], 9)

        assert names(turn.deliveries) == []
        assert turn.next_due == pytest.approx(frozen.timestamp() + 30)
        assert connection.counts("mail").pending == 1
        frozen.travel(31)
        assert names(seat.turn([], 9).deliveries) == ["later"]

    def test_successors_of_a_stale_outcome_are_refused_with_it(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Who has lost a job has no say in what follows."""
        connection.push([envelope()])
        seat = join()
        (old,) = seat.turn([], 1).deliveries
        (new,) = seat.turn([Outcome(old.id, old.token, Kind.RETURN)], 1).deliveries

        turn = seat.turn([ended(old, Kind.DONE, envelope("wrong"))], 0)
        again = seat.turn(
            [ended(new, Kind.DONE, envelope("right")), ended(new, Kind.DONE, envelope("twice"))], 9
        )

        assert list(turn.stale) == [old.id]
        assert list(again.stale) == [new.id]
        assert names(again.deliveries) == ["right"]
        assert connection.counts("default").total == 1

    def test_a_stale_outcome_takes_nothing_from_the_others_of_its_turn(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Each of them is settled once, with all that follows."""
        connection.push([envelope("a"), envelope("b"), envelope("gone")])
        seat = join()
        a, b, gone = seat.turn([], 3).deliveries
        seat.turn([ended(gone)], 0)

        turn = seat.turn(
            [ended(a, Kind.DONE, envelope("after a")), ended(gone), ended(b, Kind.FAIL)], 9
        )

        assert list(turn.stale) == [gone.id]
        assert names(turn.deliveries) == ["after a"]
        assert [one.name for one in connection.failed.all()] == ["b"]

    def test_a_chain_runs_in_order(self, connection: Workable, join: Callable[..., Seat]) -> None:
        """Each link is the successor of the one before it."""
        connection.push([envelope("1")])
        seat = join()

        ran: list[str] = []
        deliveries = seat.turn([], 1).deliveries
        while deliveries:
            ran += names(deliveries)
            links = [envelope(str(len(ran) + 1))] if len(ran) < 5 else []
            deliveries = seat.turn([ended(deliveries[0], Kind.DONE, *links)], 1).deliveries

        assert ran == ["1", "2", "3", "4", "5"]

    def test_a_successor_is_accepted_although_its_key_is_taken(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A link that was skipped would end its chain; the holder keeps the key."""
        seat = join()
        connection.push([envelope("before")])
        (held,) = seat.turn([], 1).deliveries
        holder = envelope("holder")._replace(unique="k")
        connection.push([holder])

        seat.turn([ended(held, Kind.DONE, envelope("link")._replace(unique="k"))], 0)

        assert list(connection.push([envelope()._replace(unique="k")])) == [holder.uuid]
        holding, link = seat.turn([], 9).deliveries
        assert [holding.name, link.name] == ["holder", "link"]
        seat.turn([ended(link)], 0)
        assert list(connection.push([envelope()._replace(unique="k")])) == [holder.uuid]

    def test_a_successor_takes_a_key_that_is_free(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """That of the job before it, too: the one ends as the other begins."""
        seat = join()
        connection.push([envelope("before")._replace(unique="k")])
        (held,) = seat.turn([], 1).deliveries
        link = envelope("link")._replace(unique="k")

        seat.turn([ended(held, Kind.DONE, link)], 0)

        assert list(connection.push([envelope()._replace(unique="k")])) == [link.uuid]

    def test_a_debounced_successor_is_not_replaced(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """What follows it in its chain would be lost."""
        seat = join()
        connection.push([envelope("before")])
        (held,) = seat.turn([], 1).deliveries
        seat.turn([ended(held, Kind.DONE, envelope("link")._replace(unique="k", max_wait=60.0))], 0)

        connection.push([envelope("burst")._replace(unique="k", max_wait=60.0)])

        assert sorted(run_dry(seat)) == ["burst", "link"]

    def test_leave_accepts_what_follows_from_what_it_settles(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A stop breaks no chain."""
        connection.push([envelope()])
        seat = join()
        (held,) = seat.turn([], 1).deliveries

        seat.leave([ended(held, Kind.DONE, envelope("next"))])

        assert names(join().turn([], 9).deliveries) == ["next"]
