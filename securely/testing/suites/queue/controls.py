"""ControlSuite: what people do to a connection from outside."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable

import pytest

from securely.queue.contracts import Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, envelope, names, run_dry

__all__ = ["ControlSuite"]

_STATES = ("pending", "delayed", "reserved")


class ControlSuite(WorkedSuite):
    """Restart, pause, clear, and a look at what waits."""

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

    def test_workers_are_those_that_have_a_seat(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """With what they serve, the first first; one that has left is none."""
        assert list(connection.workers()) == []
        first, second = join("high", "default"), join("default")

        both = connection.workers()
        first.leave()
        left = connection.workers()

        assert [one.id for one in both] == [first.id, second.id]
        assert both[0].queues == ("high", "default")
        assert (both[0].pid, both[0].host) == (os.getpid(), platform.node())
        assert [one.id for one in left] == [second.id]

    # -- pausing

    def test_pause_keeps_a_queue_back_until_it_is_resumed(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Others go on, and the worker is told."""
        connection.push([envelope("a", "mail"), envelope("b")])
        seat = join("mail", "default")
        connection.pause("mail")

        paused = seat.turn([], 9)
        connection.resume("mail")
        resumed = seat.turn([], 9)

        assert (names(paused.deliveries), list(paused.paused)) == (["b"], ["mail"])
        assert (names(resumed.deliveries), list(resumed.paused)) == (["a"], [])

    def test_a_pause_of_all_is_ended_for_all_only(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """That of a single queue is another one."""
        connection.push([envelope("a", "mail"), envelope("b")])
        seat = join("mail", "default")
        connection.pause()
        connection.pause("mail")

        assert sorted(seat.turn([], 9).paused) == ["default", "mail"]
        assert connection.paused() == {"*": None, "mail": None}
        connection.resume("default")
        assert names(seat.turn([], 9).deliveries) == []
        connection.resume()
        assert connection.paused() == {"mail": None}
        assert names(seat.turn([], 9).deliveries) == ["b"]
        connection.resume("mail")
        assert connection.paused() == {}

    def test_a_pause_for_a_time_ends_by_itself(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """And is not told of any more."""
        connection.push([envelope()])
        seat = join()
        connection.pause("default", 60)

        assert connection.paused() == {"default": pytest.approx(frozen.timestamp() + 60)}
        assert names(seat.turn([], 1).deliveries) == []
        frozen.travel(61)
        assert connection.paused() == {}
        assert len(seat.turn([], 1).deliveries) == 1

    def test_a_pause_lets_what_runs_be_settled(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """It takes nothing away."""
        connection.push([envelope()])
        seat = join()
        held = seat.turn([], 1).deliveries
        connection.pause()

        assert list(seat.turn(done(held), 1).stale) == []
        assert connection.counts("default").total == 0

    # -- single jobs

    def test_jobs_are_listed_with_what_is_known_of_them(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """By state, without reading their payloads."""
        now = frozen.timestamp()
        running = envelope("r", payload=b"\x00unreadable")._replace(batch="b")
        connection.push([running, envelope("d", delay=60, priority=4), envelope("x", "other")])
        seat = join()
        seat.turn([], 1)
        connection.push([envelope("p")])

        found = {one.name: one for one in connection.jobs("default")}

        r, d, p = found["r"], found["d"], found["p"]
        assert (r.uuid, r.queue, r.payload) == (running.uuid, "default", b"\x00unreadable")
        assert (r.state, r.attempts, r.worker, r.batch) == ("reserved", 1, seat.id, "b")
        assert (d.state, d.attempts, d.worker, d.batch) == ("delayed", 0, None, None)
        assert (d.priority, p.state) == (4, "pending")
        assert [d.available_at, p.available_at] == pytest.approx([now + 60, now])
        assert [len(connection.jobs("default", state)) for state in _STATES] == [1, 1, 1]
        frozen.travel(61)
        assert len(connection.jobs("default", "pending")) == 2

    def test_jobs_are_listed_in_pages(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """By id: nothing is listed twice, nothing left out, whatever happens meanwhile."""
        connection.push([envelope(f"{n}", priority=n % 3) for n in range(7)])

        first = connection.jobs("default", limit=3)
        second = connection.jobs("default", after=first[-1].id, limit=3)
        run_dry(join())
        connection.push([envelope("7")])
        third = connection.jobs("default", "pending", after=second[-1].id, limit=3)

        listed = [one.name for page in (first, second, third) for one in page]
        assert listed == ["0", "1", "2", "3", "4", "5", "7"]
        assert [one.id for one in (*first, *second)] == sorted(
            {one.id for one in (*first, *second)}
        )
        assert list(connection.jobs("nobody-uses-this")) == []
