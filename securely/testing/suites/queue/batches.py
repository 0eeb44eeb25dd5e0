"""BatchSuite: batches are counted exactly, and their callbacks pushed in the same step.

It is long because a contract is proved clause by clause, and is read so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from securely.queue.contracts import BatchRecord, Charge, Envelope, Kind, Outcome, Seat, Workable
from securely.support.clock import FrozenClock
from securely.testing.suites.queue.base import (
    WorkedSuite,
    ended,
    envelope,
    members_done,
    names,
    run_dry,
)

__all__ = ["BatchSuite"]

_ALL = ("progress", "catch", "then", "finally", "next")
_ENDINGS = ("catch", "then", "finally", "next")
# How many workers count at once.
_SEATS = 4


def _record(
    *callbacks: str, id_: str = "11111111-aaaa", allow_failures: bool = False
) -> BatchRecord:
    """Return a batch whose *callbacks* are jobs of these names, in a queue of their own."""
    return BatchRecord(
        id_,
        "import",
        allow_failures=allow_failures,
        options=b'{"a": 1}',
        callbacks={name: (envelope(name, "callbacks"),) for name in callbacks},
    )


def _members(id_: str, *links: int) -> list[Envelope]:
    """Return a member for each of *links*, with so many jobs behind it in its chain."""
    return [
        envelope(f"member {at}")._replace(batch=id_, links=count) for at, count in enumerate(links)
    ]


class BatchSuite(WorkedSuite):
    """Batches."""

    @pytest.fixture
    def callbacks(self, join: Callable[..., Seat]) -> Callable[[], list[str]]:
        """Run the callbacks that wait, and tell which they were."""
        seats: list[Seat] = []

        def run() -> list[str]:
            if not seats:
                seats.append(join("callbacks"))
            return run_dry(seats[0])

        return run

    # -- making

    def test_create_keeps_the_batch_and_pushes_its_members(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Links are counted from the beginning."""
        record = _record("finally", id_="b")

        assert connection.batches.create(record, _members("b", 0, 2)) is True

        found = connection.batches.find("b")
        assert found is not None
        assert found == replace(record, total=4, created_at=found.created_at)
        assert found.created_at == pytest.approx(frozen.timestamp())
        assert names(join().turn([], 9).deliveries) == ["member 0", "member 1"]

    def test_create_of_an_id_that_exists_changes_nothing(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A dispatch that is tried again does not double its jobs."""
        connection.batches.create(_record(id_="b"), _members("b", 0))

        assert connection.batches.create(_record("then", id_="b"), _members("b", 0, 0)) is False

        found = connection.batches.find("b")
        assert found is not None
        assert (found.total, found.callbacks) == (1, {})
        assert run_dry(join()) == ["member 0"]

    def test_a_batch_without_members_is_finished_at_once(
        self,
        connection: Workable,
        callbacks: Callable[[], list[str]],
        frozen: FrozenClock,
    ) -> None:
        """And tells so."""
        connection.batches.create(_record(*_ALL, id_="b"), [])

        found = connection.batches.find("b")

        assert found is not None
        assert found.finished_at == pytest.approx(frozen.timestamp())
        assert (found.total, found.fired) == (0, frozenset({"then", "finally", "next"}))
        assert callbacks() == ["then", "finally", "next"]

    def test_create_does_not_look_at_the_keys_of_members(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """One that was left out would never be counted."""
        holder = envelope("holder")._replace(unique="k")
        connection.push([holder])
        members = [one._replace(unique="k") for one in _members("b", 0, 0)]

        connection.batches.create(_record(id_="b"), members)

        assert list(connection.push([envelope()._replace(unique="k")])) == [holder.uuid]
        assert run_dry(join()) == ["holder", "member 0", "member 1"]
        assert _numbers(connection, "b") == (2, 2, 0, 0)

    # -- counting

    def test_members_that_end_well_finish_their_batch(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        frozen: FrozenClock,
    ) -> None:
        """Its callbacks come once all are settled, in order, once."""
        connection.batches.create(_record(*_ENDINGS, id_="b"), _members("b", 0, 0, 0))
        seat = join()
        first, second, third = seat.turn([], 9).deliveries
        early = seat.turn(members_done([first, second]), 0)
        assert (_numbers(connection, "b"), callbacks()) == ((3, 2, 0, 0), [])
        frozen.travel(5)

        late = seat.turn(members_done([third]), 0)

        found = connection.batches.find("b")
        assert found is not None
        assert found.finished_at == pytest.approx(frozen.timestamp())
        assert (list(early.batches), list(late.batches)) == ([], [found])
        assert _numbers(connection, "b") == (3, 3, 0, 0)
        assert callbacks() == ["then", "finally", "next"]

    def test_progress_is_told_after_each_member_and_not_doubled_while_it_waits(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """One that runs may have missed the latest: it is followed by another."""
        connection.batches.create(_record("progress", id_="b"), _members("b", 0, 0, 0, 0))
        seat, told = join(), join("callbacks")
        members = seat.turn([], 9).deliveries
        seat.turn(members_done(members[:1]), 0)
        seat.turn(members_done(members[1:3]), 0)
        assert connection.counts("callbacks").total == 1
        (running,) = told.turn([], 9).deliveries

        seat.turn(members_done(members[3:]), 0)

        assert connection.counts("callbacks").total == 2
        told.turn(members_done([running]), 0)
        assert callbacks() == ["progress"]

    def test_the_first_failure_cancels_the_batch(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        frozen: FrozenClock,
    ) -> None:
        """It is told once; the others are handed out, and the end is told when all are settled."""
        members = _members("b", 0, 0, 0)
        connection.batches.create(_record(*_ENDINGS, id_="b"), members)
        seat = join()
        first, second, third = seat.turn([], 9).deliveries

        turn = seat.turn([ended(first, Kind.FAIL, error=b'{"n": 1}')], 0)

        found = connection.batches.find("b")
        assert found is not None
        assert found.cancelled_at == pytest.approx(frozen.timestamp())
        assert found.error == b'{"n": 1}'
        assert (found.failed_ids, list(turn.batches)) == ((members[0].uuid,), [found])
        assert callbacks() == ["catch"]
        seat.turn([ended(second, Kind.FAIL, error=b'{"n": 2}'), ended(third, Kind.SKIP)], 0)
        assert _numbers(connection, "b") == (3, 0, 2, 1)
        assert callbacks() == ["finally"]
        found = connection.batches.find("b")
        assert found is not None
        assert (found.error, found.failed_ids[0]) == (b'{"n": 1}', members[0].uuid)

    def test_a_batch_that_allows_failures_goes_on(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """What waits for its end goes on behind it; it did not end well all the same."""
        record = _record(*_ENDINGS, id_="b", allow_failures=True)
        connection.batches.create(record, _members("b", 0, 0))
        seat = join()
        first, second = seat.turn([], 9).deliveries

        seat.turn([ended(first, Kind.FAIL), *members_done([second])], 0)

        found = connection.batches.find("b")
        assert found is not None
        assert found.cancelled_at is None
        assert found.finished_at is not None
        assert callbacks() == ["catch", "finally", "next"]

    @pytest.mark.parametrize("kind", [Kind.FAIL, Kind.SKIP, Kind.DROP, Kind.DONE])
    def test_links_that_will_not_run_are_skipped(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        kind: Kind,
    ) -> None:
        """A chain that ends early leaves no batch waiting."""
        record = _record("finally", id_="b", allow_failures=True)
        connection.batches.create(record, _members("b", 2))
        seat = join()
        (held,) = seat.turn([], 9).deliveries

        seat.turn([ended(held, kind, is_member=True)], 0)

        expected = {Kind.FAIL: (3, 0, 1, 2), Kind.SKIP: (3, 0, 0, 3)}
        assert _numbers(connection, "b") == expected.get(kind, (3, 1, 0, 2))
        assert callbacks() == ["finally"]

    @pytest.mark.parametrize("kind", [Kind.SKIP, Kind.DROP, Kind.DONE])
    def test_links_that_follow_are_counted_when_they_end(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        kind: Kind,
    ) -> None:
        """A chain in a batch counts link by link, also behind one that was skipped."""
        connection.batches.create(_record("finally", id_="b"), _members("b", 2))
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        for left in (1, 0):
            link = envelope("link")._replace(batch="b", links=left)
            (held,) = seat.turn([ended(held, kind, link, is_member=True)], 9).deliveries
            assert callbacks() == []

        seat.turn([ended(held, kind, is_member=True)], 0)

        assert _numbers(connection, "b") == ((3, 0, 0, 3) if kind is Kind.SKIP else (3, 3, 0, 0))
        assert callbacks() == ["finally"]

    @pytest.mark.parametrize("kind", [Kind.SKIP, Kind.DROP, Kind.DONE])
    def test_what_stands_for_a_member_counts_nothing_when_that_one_follows(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        kind: Kind,
    ) -> None:
        """A member may put jobs before the next one, which the batch does not count."""
        connection.batches.create(_record("finally", id_="b"), _members("b", 1))
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        added = envelope("added")._replace(batch="b", links=0)
        last = envelope("last")._replace(batch="b")
        (held,) = seat.turn([ended(held, Kind.DONE, added, is_member=True)], 9).deliveries

        (held,) = seat.turn([ended(held, kind, last, is_member=False)], 9).deliveries

        assert (_numbers(connection, "b"), callbacks()) == ((2, 1, 0, 0), [])
        seat.turn([ended(held, is_member=True)], 0)
        assert (_numbers(connection, "b"), callbacks()) == ((2, 2, 0, 0), ["finally"])

    def test_what_stands_for_members_counts_nothing_when_it_was_done(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """What hands the next member over to where it belongs."""
        connection.batches.create(_record(id_="b"), _members("b", 1))
        seat = join()
        (held,) = seat.turn([], 9).deliveries
        hop = envelope("hop")._replace(batch="b", links=0)
        (held,) = seat.turn([ended(held, Kind.DONE, hop, is_member=True)], 9).deliveries

        seat.turn([ended(held, Kind.DONE, is_member=False)], 0)

        assert _numbers(connection, "b") == (2, 1, 0, 0)

    @pytest.mark.parametrize("kind", [Kind.FAIL, Kind.DROP, Kind.SKIP])
    def test_who_does_not_know_of_a_batch_settles_its_members_too(
        self, connection: Workable, join: Callable[..., Seat], kind: Kind
    ) -> None:
        """A worker fails a job that killed its executor without having read it."""
        connection.batches.create(_record(id_="b"), _members("b", 0))
        seat = join()
        (held,) = seat.turn([], 9).deliveries

        seat.turn([ended(held, kind, is_member=False)], 0)

        found = connection.batches.find("b")
        assert found is not None
        assert found.finished_at is not None

    def test_what_goes_back_counts_nothing(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """A member counts when it is settled, and once."""
        connection.batches.create(_record(id_="b"), _members("b", 0))
        seat = join()
        (old,) = seat.turn([], 9).deliveries
        retry = Outcome(old.id, old.token, Kind.RELEASE, charge=Charge.EXCEPTION, is_member=True)
        (again,) = seat.turn([retry], 9).deliveries
        back = Outcome(again.id, again.token, Kind.RETURN, is_member=True)
        (held,) = seat.turn([back], 9).deliveries

        stale = [seat.turn([ended(old, kind, is_member=True)], 0).stale for kind in Kind]

        assert stale == [[old.id]] * len(Kind)
        assert _numbers(connection, "b") == (1, 0, 0, 0)
        seat.turn(members_done([held]), 0)
        seat.turn(members_done([held]), 0)
        assert _numbers(connection, "b") == (1, 1, 0, 0)

    def test_one_turn_counts_members_of_several_batches(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """Each for itself, among jobs of none."""
        for id_ in ("b", "c"):
            connection.batches.create(_record("finally", id_=id_), _members(id_, 0, 0))
            connection.push([envelope()])
        seat = join()
        held = seat.turn([], 9).deliveries

        turn = seat.turn(members_done(held[:-2]), 0)

        assert [one.id for one in turn.batches] == ["b"]
        assert (_numbers(connection, "b"), callbacks()) == ((2, 2, 0, 0), ["finally"])
        assert _numbers(connection, "c")[:2] == (2, 1)

    def test_many_workers_count_exactly(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Reading and writing a count is one step."""
        connection.batches.create(_record("finally", id_="b"), _members("b", *[0] * 60))
        seats = [join() for _ in range(_SEATS)]

        with ThreadPoolExecutor(_SEATS) as pool:
            ran = [name for found in pool.map(run_dry, seats) for name in found]

        assert len(set(ran)) == 60
        assert _numbers(connection, "b") == (60, 60, 0, 0)
        assert connection.counts("callbacks").total == 1

    # -- more, less

    def test_add_puts_more_members_in_until_the_batch_is_finished(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """A job of the batch may add to it, however late."""
        batches = connection.batches
        batches.create(_record("finally", id_="b"), _members("b", 0))
        seat = join()
        (held,) = seat.turn([], 9).deliveries

        assert batches.add("b", _members("b", 1, 0)) is True

        found = batches.find("b")
        assert found is not None
        assert found.total == 4
        deliveries = seat.turn(members_done([held]), 9).deliveries
        assert callbacks() == []
        seat.turn(members_done(deliveries), 0)
        assert callbacks() == ["finally"]
        assert batches.add("b", _members("b", 0)) is False
        assert batches.add("no such batch", _members("no such batch", 0)) is False
        assert connection.counts("default").total == 0

    def test_cancel_is_noted_once(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
        frozen: FrozenClock,
    ) -> None:
        """Its members are handed out, so that each can be skipped, and the end told."""
        connection.batches.create(_record("finally", "next", id_="b"), _members("b", 0, 1))

        assert connection.batches.cancel("b") is True

        frozen.travel(5)
        assert connection.batches.cancel("b") is False
        assert connection.batches.cancel("no such batch") is False
        found = connection.batches.find("b")
        assert found is not None
        assert found.cancelled_at == pytest.approx(frozen.timestamp() - 5)
        seat = join()
        held = seat.turn([], 9).deliveries
        seat.turn([ended(one, Kind.SKIP) for one in held], 0)
        assert _numbers(connection, "b") == (3, 0, 0, 3)
        assert callbacks() == ["finally"]

    def test_cancel_and_clear_of_members_count_as_skipped(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """Links and all; what a batch waits for is gone, and it knows."""
        members = _members("b", 0, 1, 0)
        connection.batches.create(_record("then", "finally", id_="b"), members)

        assert connection.cancel(members[1].uuid)
        assert _numbers(connection, "b") == (4, 0, 0, 2)
        assert callbacks() == []

        (held, _) = join().turn([], 9).deliveries
        assert connection.clear("default") == 2
        assert _numbers(connection, "b") == (4, 0, 0, 4)
        assert callbacks() == ["then", "finally"]
        assert held.name == "member 0"

    def test_a_deleted_batch_leaves_its_members(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """They run, and count nowhere."""
        connection.batches.create(_record(*_ALL, id_="b"), _members("b", 0, 0, 0))
        seat = join()
        first, second, third = seat.turn([], 9).deliveries

        assert connection.batches.delete("b") is True

        assert connection.batches.delete("b") is False
        assert connection.batches.find("b") is None
        seat.turn([*members_done([first]), ended(second, Kind.FAIL), ended(third, Kind.SKIP)], 0)
        assert connection.counts("default").total == 0
        assert connection.counts("callbacks").total == 0
        assert len(connection.failed.retry()) == 1

    # -- failed members

    def test_retry_of_a_member_takes_its_failure_back(
        self,
        connection: Workable,
        join: Callable[..., Seat],
        callbacks: Callable[[], list[str]],
    ) -> None:
        """With its links; what was told once is not told again, what was not told is."""
        members = _members("b", 1, 0)
        connection.batches.create(_record(*_ENDINGS, id_="b"), members)
        seat = join()
        first, second = seat.turn([], 9).deliveries
        seat.turn([ended(first, Kind.FAIL), *members_done([second])], 0)
        assert _numbers(connection, "b") == (3, 1, 1, 1)
        assert callbacks() == ["catch", "finally"]
        (failed,) = connection.failed.all()
        assert (failed.batch, failed.links) == ("b", 1)

        connection.failed.retry([members[0].uuid])

        found = connection.batches.find("b")
        assert found is not None
        assert (found.failed_ids, found.finished_at) == ((), None)
        assert _numbers(connection, "b") == (3, 1, 0, 0)
        (again,) = seat.turn([], 9).deliveries
        link = envelope("link")._replace(batch="b")
        (last,) = seat.turn([ended(again, Kind.DONE, link, is_member=True)], 9).deliveries
        seat.turn(members_done([last]), 0)
        assert _numbers(connection, "b") == (3, 3, 0, 0)
        assert callbacks() == ["then"]

    def test_retry_of_a_member_that_fails_again_counts_it_once(
        self, connection: Workable, join: Callable[..., Seat]
    ) -> None:
        """Over and over."""
        connection.batches.create(_record(id_="b"), _members("b", 0, 0))
        seat = join()
        seat.turn([ended(one, Kind.FAIL) for one in seat.turn([], 9).deliveries], 0)

        for _ in range(3):
            connection.failed.retry()
            seat.turn([ended(one, Kind.FAIL) for one in seat.turn([], 9).deliveries], 0)

        found = connection.batches.find("b")
        assert found is not None
        assert (found.failed, len(found.failed_ids), found.total) == (2, 2, 2)

    # -- looking

    def test_all_gives_the_newest_first_in_pages(
        self, connection: Workable, frozen: FrozenClock
    ) -> None:
        """A page begins behind the last one of the page before."""
        for n in range(5):
            connection.batches.create(_record(id_=f"b{n}"), _members(f"b{n}", 0))
            frozen.travel(1)

        assert _ids(connection.batches.all()) == ["b4", "b3", "b2", "b1", "b0"]
        assert _ids(connection.batches.all(2)) == ["b4", "b3"]
        assert _ids(connection.batches.all(2, "b3")) == ["b2", "b1"]
        assert _ids(connection.batches.all(2, "no such batch")) == []
        assert connection.batches.find("no such batch") is None

    def test_prune_forgets_what_it_is_asked_to(
        self, connection: Workable, join: Callable[..., Seat], frozen: FrozenClock
    ) -> None:
        """Finished ones by their end, others by their beginning, or by when they were cancelled."""
        batches, now = connection.batches, frozen.timestamp()
        for id_ in ("finished", "unfinished", "cancelled"):
            batches.create(_record(id_=id_), _members(id_, 0))
        seat = join()
        held = seat.turn([], 1).deliveries
        frozen.travel(100)
        seat.turn(members_done(held), 0)
        batches.cancel("cancelled")
        batches.create(_record(id_="new"), _members("new", 0))

        assert batches.prune(finished=now + 50, unfinished=now, cancelled=now + 50) == 0
        assert batches.prune(finished=now + 101) == 1
        assert batches.prune(cancelled=now + 101) == 1
        assert batches.prune(unfinished=now + 50) == 1
        assert _ids(batches.all()) == ["new"]


def _numbers(connection: Workable, id_: str) -> tuple[int, int, int, int]:
    """Return total, done, failed and skipped."""
    found = connection.batches.find(id_)
    assert found is not None
    return found.total, found.done, found.failed, found.skipped


def _ids(records: Sequence[BatchRecord]) -> list[str]:
    return [record.id for record in records]
