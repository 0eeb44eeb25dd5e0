"""GroupSuite: jobs of one group run one after the other, in order of acceptance."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely.queue.contracts import Charge, Envelope, Kind, Outcome, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, ended, envelope, names, run_dry

__all__ = ["GroupSuite"]


def _grouped(
    name: str, group: str = "g", *, queue: str = "default", delay: float = 0.0, priority: int = 0
) -> Envelope:
    return envelope(name, queue, delay=delay, priority=priority)._replace(group=group)


class GroupSuite(WorkedSuite):
    """Groups."""

    def test_a_group_hands_out_its_oldest_job_only(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Whoever asks; others go on."""
        connection.push([_grouped("1"), _grouped("2"), _grouped("x", "h"), envelope("free")])
        connection.push([_grouped("3", priority=9)])
        first, second = join(), join()

        assert names(first.turn([], 9).deliveries) == ["1", "x", "free"]
        assert names(second.turn([], 9).deliveries) == []

    @pytest.mark.parametrize("kind", [Kind.DONE, Kind.DROP, Kind.SKIP, Kind.FAIL])
    def test_the_end_of_a_job_frees_the_next_of_its_group(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """In the same turn, however it ended."""
        connection.push([_grouped("1"), _grouped("2"), _grouped("3")])
        seat = join()
        (held,) = seat.turn([], 9).deliveries

        turn = seat.turn([ended(held, kind)], 9)

        assert names(turn.deliveries) == ["2"]
        assert run_dry(seat, turn.deliveries) == ["3"]

    def test_a_group_keeps_its_order_over_retries(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The next one waits until the one before it is over."""
        connection.push([_grouped("1"), _grouped("2")])
        seat = join()
        (held,) = seat.turn([], 9).deliveries

        retry = Outcome(held.id, held.token, Kind.RELEASE, 60.0, Charge.EXCEPTION)
        assert names(seat.turn([retry], 9).deliveries) == []
        frozen.travel(61)
        (held,) = seat.turn([], 9).deliveries
        assert (held.name, held.exceptions) == ("1", 1)
        (held,) = seat.turn([Outcome(held.id, held.token, Kind.RETURN)], 9).deliveries
        assert held.name == "1"
        assert names(seat.turn(done([held]), 9).deliveries) == ["2"]

    def test_a_group_waits_behind_a_job_that_is_delayed(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Order goes before time."""
        connection.push([_grouped("later", delay=60.0), _grouped("now"), _grouped("too", delay=90)])
        seat = join()
        assert names(seat.turn([], 9).deliveries) == []

        frozen.travel(61)
        ran = run_dry(seat)

        assert ran == ["later", "now"]
        frozen.travel(30)
        assert run_dry(seat) == ["too"]

    def test_a_group_holds_over_all_queues(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """It is the connection's, as a key is."""
        connection.push([_grouped("1"), _grouped("2", queue="mail"), _grouped("3")])
        mail, default = join("mail"), join()
        assert names(mail.turn([], 9).deliveries) == []
        (held,) = default.turn([], 9).deliveries

        assert names(default.turn(done([held]), 9).deliveries) == []
        (held,) = mail.turn([], 9).deliveries
        mail.turn(done([held]), 0)

        assert (held.name, names(default.turn([], 9).deliveries)) == ("2", ["3"])

    def test_a_group_takes_successors_and_later_pushes_behind_what_is_there(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """By acceptance."""
        connection.push([_grouped("1"), _grouped("2")])
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        connection.push([_grouped("3")])

        seat.turn([ended(held, Kind.DONE, _grouped("4"))], 0)
        connection.push([_grouped("5")])

        assert run_dry(seat) == ["2", "3", "4", "5"]
        connection.push([_grouped("6")])
        assert run_dry(seat) == ["6"]

    def test_a_job_that_waits_for_its_group_counts_as_pending(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """It is in the lists, too."""
        began = frozen.timestamp()
        connection.push([_grouped("1"), _grouped("2")])
        join().turn([], 9)

        counts = connection.counts("default")
        (stored,) = connection.jobs("default", "pending")

        assert (counts.pending, counts.delayed, counts.reserved) == (1, 0, 1)
        assert counts.oldest_pending_at == pytest.approx(began)
        assert (stored.name, stored.state) == ("2", "pending")
        assert list(connection.queues()) == ["default"]

    def test_a_job_that_waits_for_its_group_may_be_cancelled(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """It frees nobody; the oldest one does."""
        first, second, third = _grouped("1"), _grouped("2"), _grouped("3")
        connection.push([first, second, third])
        seat = join()

        assert connection.cancel(second.uuid)
        (held,) = seat.turn([], 9).deliveries
        assert held.name == "1"
        seat.turn([Outcome(held.id, held.token, Kind.RETURN)], 0)
        assert connection.cancel(first.uuid)

        assert names(seat.turn([], 9).deliveries) == ["3"]

    def test_clear_frees_what_waits_in_another_queue(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Nobody waits for what is gone."""
        connection.push([_grouped("1"), _grouped("2"), _grouped("mail", queue="mail")])

        assert connection.clear("default") == 2

        assert names(join("mail").turn([], 9).deliveries) == ["mail"]

    def test_retry_goes_to_the_end_of_its_group(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """It is accepted anew."""
        connection.push([_grouped("1"), _grouped("2"), _grouped("3")])
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        (running,) = seat.turn([ended(held, Kind.FAIL)], 1).deliveries
        assert connection.failed.all()[0].group == "g"

        connection.failed.retry()

        assert running.name == "2"
        assert run_dry(seat, [running]) == ["3", "1"]

    def test_a_group_goes_on_when_its_worker_leaves(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """What is given back stays the first."""
        connection.push([_grouped("1"), _grouped("2")])
        leaving = join()
        leaving.turn([], 9)

        leaving.leave()

        assert run_dry(join()) == ["1", "2"]

    def test_a_group_job_holds_its_key_while_it_waits(self, connection: Workable) -> None:
        """Both rules hold at once."""
        connection.push([_grouped("1")])
        second = _grouped("2")._replace(unique="k")
        connection.push([second])

        assert list(connection.push([_grouped("3")._replace(unique="k")])) == [second.uuid]
