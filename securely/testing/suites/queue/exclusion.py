"""ExclusionSuite: one unsettled job of a key, and bursts that become one job."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from securely.queue.contracts import Charge, Envelope, Kind, Outcome, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import WorkedSuite, done, ended, envelope, names, run_dry

__all__ = ["ExclusionSuite"]

# How many want one key at once.
_THREADS = 8


def _unique(
    name: str = "job",
    key: str = "k",
    *,
    queue: str = "default",
    delay: float = 0.0,
    unique_for: float | None = None,
) -> Envelope:
    return envelope(name, queue, delay=delay)._replace(unique=key, unique_for=unique_for)


def _burst(name: str, *, delay: float = 10.0, max_wait: float = math.inf) -> Envelope:
    return envelope(name, delay=delay)._replace(unique="k", max_wait=max_wait)


class ExclusionSuite(WorkedSuite):
    """The key `unique`, and what debounces."""

    def test_push_of_a_taken_key_returns_the_job_that_holds_it(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """The second is not accepted, and the caller learns which job stands for it."""
        first, second = _unique("first"), _unique("second")

        assert list(connection.push([first])) == [first.uuid]
        assert list(connection.push([second])) == [first.uuid]
        assert list(asyncio.run(connection.apush([second]))) == [first.uuid]
        assert run_dry(join()) == ["first"]

    def test_push_of_several_skips_those_of_a_taken_key_only(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Within one bulk, too, and in any queue."""
        one, plain, other = _unique("one"), envelope("plain"), _unique("other", "l")
        mail = _unique("mail", queue="mail")

        uuids = connection.push([one, _unique("twice"), plain, other, mail])

        assert list(uuids) == [one.uuid, one.uuid, plain.uuid, other.uuid, one.uuid]
        assert connection.counts("mail").total == 0
        assert run_dry(join()) == ["one", "plain", "other"]

    def test_a_key_is_held_until_its_job_is_settled(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """While it waits, runs, waits for its next try, and was given back."""
        first = _unique("first", delay=5.0)
        connection.push([first])
        seat = join()
        held_by: list[str] = [*connection.push([_unique()])]
        frozen.travel(6)
        (running,) = seat.turn([], 1).deliveries
        held_by += connection.push([_unique()])
        seat.turn([Outcome(running.id, running.token, Kind.RETURN)], 0)
        held_by += connection.push([_unique()])
        (running,) = seat.turn([], 1).deliveries
        failed = Outcome(running.id, running.token, Kind.RELEASE, 5.0, Charge.EXCEPTION)
        seat.turn([failed], 0)

        held_by += connection.push([_unique()])

        assert held_by == [first.uuid] * 4

    @pytest.mark.parametrize("kind", [Kind.DONE, Kind.DROP, Kind.SKIP, Kind.FAIL])
    def test_a_key_is_free_once_its_job_is_settled(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """However it ended."""
        connection.push([_unique("first")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        seat.turn([ended(held, kind)], 0)
        second = _unique("second")

        assert list(connection.push([second])) == [second.uuid]

    def test_a_key_is_free_once_its_job_is_cleared_or_cancelled(self, connection: Workable) -> None:
        """Nothing is left that could hold it."""
        connection.push([_unique()])
        connection.clear("default")
        second, third = _unique(), _unique()

        assert list(connection.push([second])) == [second.uuid]
        connection.cancel(second.uuid)
        assert list(connection.push([third])) == [third.uuid]

    def test_a_key_may_be_taken_over_once_its_time_is_over(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Both jobs run; the key is the second one's, whatever becomes of the first."""
        first = _unique("first", unique_for=60.0)
        connection.push([first])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        frozen.travel(59)
        assert list(connection.push([_unique()])) == [first.uuid]
        frozen.travel(2)
        second = _unique("second", unique_for=60.0)

        assert list(connection.push([second])) == [second.uuid]

        seat.turn(done([held]), 0)
        assert list(connection.push([_unique()])) == [second.uuid]
        assert run_dry(seat) == ["second"]

    def test_a_key_is_given_to_one_of_many_at_once(self, connection: Workable) -> None:
        """Looking and taking are one step."""
        bulks = [[_unique()] for _ in range(_THREADS)]

        with ThreadPoolExecutor(_THREADS) as pool:
            found = [uuid for (uuid,) in pool.map(connection.push, bulks)]

        assert len(set(found)) == 1
        assert connection.counts("default").total == 1

    # -- freed when the job begins

    def test_unlock_frees_the_key_of_a_running_job(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """And only once: the key of the next job is not the first one's to free."""
        connection.push([_unique("first")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        second = _unique("second")

        connection.unlock(held)

        assert list(connection.push([second])) == [second.uuid]
        connection.unlock(held)
        seat.turn([ended(held, Kind.FAIL)], 0)
        assert list(connection.push([_unique()])) == [second.uuid]

    def test_unlock_of_a_later_try_leaves_the_key_to_the_newer_job(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """The lock's owner is the job."""
        connection.push([_unique("first")])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        asyncio.run(connection.aunlock(held))
        second = _unique("second")
        connection.push([second])
        deliveries = seat.turn([Outcome(held.id, held.token, Kind.RELEASE)], 9).deliveries
        (again,) = (one for one in deliveries if one.name == "first")

        connection.unlock(again)

        assert list(connection.push([_unique()])) == [second.uuid]

    def test_unlock_by_who_has_lost_the_job_frees_nothing(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """An old token is no key."""
        first = _unique("first")
        connection.push([first])
        seat = join()
        (old,) = seat.turn([], 1).deliveries
        seat.turn([Outcome(old.id, old.token, Kind.RETURN)], 0)

        connection.unlock(old)
        waiting = connection.push([_unique()])
        seat.turn([], 1)
        connection.unlock(old)

        assert [*waiting, *connection.push([_unique()])] == [first.uuid] * 2

    # -- failed jobs

    def test_retry_takes_the_key_again(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """For as long as it held it at first."""
        first = _unique("first", unique_for=60.0)
        connection.push([first])
        seat = join()
        (held,) = seat.turn([], 1).deliveries
        seat.turn([ended(held, Kind.FAIL)], 0)
        (failed,) = connection.failed.all()
        assert (failed.unique, failed.unique_for) == ("k", 60.0)
        frozen.travel(100)

        connection.failed.retry()

        assert list(connection.push([_unique()])) == [first.uuid]
        frozen.travel(61)
        late = _unique()
        assert list(connection.push([late])) == [late.uuid]

    def test_retry_of_a_job_whose_key_is_taken_leaves_it_failed(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """It is not in the answer; the others are put back."""
        connection.push([_unique("first"), envelope("other")])
        seat = join()
        seat.turn([ended(one, Kind.FAIL) for one in seat.turn([], 2).deliveries], 0)
        connection.push([_unique("second")])

        retried = connection.failed.retry()

        assert [one.name for one in retried] == ["other"]
        assert [one.name for one in connection.failed.all()] == ["first"]
        assert run_dry(seat) == ["second", "other"]
        assert [one.name for one in connection.failed.retry()] == ["first"]

    def test_retry_of_two_of_one_key_puts_the_older_back(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """One unsettled job of a key, in whatever way it came."""
        seat = join()
        for name in ("older", "newer"):
            connection.push([_unique(name)])
            seat.turn([ended(seat.turn([], 1).deliveries[0], Kind.FAIL)], 0)
            frozen.travel(1)

        retried = connection.failed.retry()

        assert [one.name for one in retried] == ["older"]
        assert [one.name for one in connection.failed.all()] == ["newer"]

    # -- debounced

    def test_a_debounced_job_replaces_the_one_that_waits(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The last one counts; there is one job, and the quiet begins anew."""
        connection.push([_burst("first")])
        frozen.travel(9)
        last = _burst("last")._replace(payload=b"last", timeout=4.0, max_lost=9)

        assert list(connection.push([last])) == [last.uuid]

        assert connection.counts("default").total == 1
        frozen.travel(9)
        seat = join()
        assert names(seat.turn([], 9).deliveries) == []
        frozen.travel(2)
        (held,) = seat.turn([], 9).deliveries
        assert (held.name, held.payload, held.timeout, held.max_lost) == ("last", b"last", 4.0, 9)
        (stored,) = connection.jobs("default")
        assert (stored.uuid, stored.name) == (last.uuid, "last")

    def test_a_debounced_job_waits_no_longer_than_it_may(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """However long the burst goes on: counted from its first job."""
        seat = join()
        for n in range(5):
            connection.push([_burst(str(n), max_wait=25.0)])
            assert names(seat.turn([], 9).deliveries) == []
            frozen.travel(6)  # 30 in the end

        assert names(seat.turn([], 9).deliveries) == ["4"]

    def test_a_debounced_job_that_is_due_waits_again(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """As long as nobody has taken it."""
        connection.push([_burst("first")])
        frozen.travel(11)

        connection.push([_burst("last")])

        seat = join()
        assert names(seat.turn([], 9).deliveries) == []
        frozen.travel(11)
        assert names(seat.turn([], 9).deliveries) == ["last"]

    def test_a_debounced_job_that_runs_is_followed_by_another(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The one that runs loses the key; the burst goes on behind it."""
        connection.push([_burst("runs")])
        frozen.travel(11)
        seat = join()
        (running,) = seat.turn([], 1).deliveries
        second, third = _burst("second"), _burst("third")

        assert list(connection.push([second])) == [second.uuid]
        assert list(connection.push([third])) == [third.uuid]

        assert connection.counts("default").total == 2
        seat.turn(done([running]), 0)
        frozen.travel(11)
        assert run_dry(seat) == ["third"]

    def test_a_job_that_replaces_another_begins_with_counters_at_zero(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """The tries of the other are not its own; an old outcome does not touch it."""
        connection.push([_burst("first", delay=0.0)])
        seat = join()
        (first,) = seat.turn([], 1).deliveries
        seat.turn([Outcome(first.id, first.token, Kind.RELEASE, 5.0, Charge.EXCEPTION)], 0)

        connection.push([_burst("last", delay=0.0)])

        (last,) = seat.turn([], 9).deliveries
        assert (last.name, last.attempts, last.exceptions) == ("last", 1, 0)
        assert list(seat.turn(done([first]), 0).stale) == [first.id]

    def test_a_debounced_job_does_not_replace_a_member_of_a_batch(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """The batch would wait for it for ever."""
        connection.push([_burst("member", delay=0.0)._replace(batch="no such batch")])

        connection.push([_burst("other", delay=0.0)])

        assert run_dry(join()) == ["member", "other"]
