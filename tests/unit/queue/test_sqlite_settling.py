from __future__ import annotations

import os
from pathlib import Path

import pytest

from securely.queue.contracts import BatchRecord, Kind, Outcome, Verdict
from securely.queue.crew.board import Board
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.exceptions import StoreFull
from securely.testing.suites.queue import done, envelope
from securely.testing.suites.queue.base import ended, members_done, names, run_dry


@pytest.fixture
def connection(tmp_path: Path):
    connection = SqliteConnection("sqlite", tmp_path / "queue")
    yield connection
    connection.close()


def make_batch(connection, *links: int, allow_failures: bool = False) -> None:
    record = BatchRecord(
        "b",
        callbacks={name: (envelope(name, "callbacks"),) for name in ("catch", "then", "finally")},
        allow_failures=allow_failures,
    )
    members = [envelope(f"m{at}")._replace(batch="b", links=n) for at, n in enumerate(links)]
    connection.batches.create(record, members)


def numbers(connection) -> tuple[int, int, int, int]:
    found = connection.batches.find("b")
    return found.total, found.done, found.failed, found.skipped


def die(seat, *states: int) -> None:
    """Let the worker of *seat* be gone; its deliveries had come to *states* on its board."""
    board = Board(seat.home / f"{seat.id}.board", 8)
    held = seat._database.query(
        "SELECT id, token FROM jobs WHERE state = 1 AND worker = ? ORDER BY id", (seat._row,)
    )
    for cell, ((id_, token), state) in enumerate(zip(held, states, strict=True)):
        board.place(cell, id_, token)
        if state > 0:
            board.start(cell, 0.0)
        if state > 1:
            board.finish(cell)
    board.close()
    os.close(seat._lock)
    seat._lock = -1
    seat._bell.close()
    seat._bells.close()
    seat._database.close()


def test_turn_when_a_plain_outcome_is_stale_counts_the_others_once(connection):
    # The plain ones are removed by one call; that one is stale shows when all else is written.
    connection.push([envelope("plain"), envelope("gone"), envelope("1")._replace(group="g")])
    connection.push([envelope("2")._replace(group="g")])
    make_batch(connection, 0)
    seat = connection.join(["default"])
    plain, gone, grouped, member = seat.turn([], 9).deliveries
    seat.turn(done([gone]), 0)

    outcomes = [
        ended(member, Kind.DONE, envelope("after"), is_member=True),
        *done([plain, gone, grouped]),
    ]
    turn = seat.turn(outcomes, 9)

    assert list(turn.stale) == [gone.id]
    assert names(turn.deliveries) == ["2", "after"]
    assert numbers(connection) == (1, 1, 0, 0)
    assert connection.counts("callbacks").total == 2
    seat.leave()


def test_turn_when_there_is_no_room_for_what_follows_settles_nothing(connection):
    make_batch(connection, 0)
    seat = connection.join(["default"])
    held = seat.turn([], 9).deliveries
    pages = seat._database.query("PRAGMA page_count")[0][0]
    seat._database.connection().execute(f"PRAGMA max_page_count = {pages}")
    outcome = ended(held[0], Kind.DONE, envelope("big", payload=b"x" * 50_000), is_member=True)

    with pytest.raises(StoreFull, match="no room"):
        seat.turn([outcome], 9)

    assert numbers(connection) == (1, 0, 0, 0)
    assert connection.counts("default").reserved == 1
    assert connection.counts("callbacks").total == 0
    seat._database.connection().execute("PRAGMA max_page_count = 100000")
    assert names(seat.turn([outcome], 9).deliveries) == ["big"]
    assert numbers(connection) == (1, 1, 0, 0)
    seat.leave()


def test_batch_when_there_is_no_room_is_not_made(connection):
    connection._database._pragmas["max_page_count"] = 90
    members = [envelope(payload=b"x" * 1_000)._replace(batch="b") for _ in range(500)]

    with pytest.raises(StoreFull, match="nothing was written"):
        connection.batches.create(BatchRecord("b"), members)

    assert connection.batches.find("b") is None
    assert connection.counts("default").total == 0
    make_batch(connection, 0)
    with pytest.raises(StoreFull, match="nothing was written"):
        connection.batches.add("b", members)
    assert numbers(connection) == (1, 0, 0, 0)


def test_reap_when_the_board_says_finished_counts_nothing_and_frees_the_group(connection):
    # Of a batch only what stands for a member behind it gets that mark, and never a member.
    connection.push([envelope("1")._replace(group="g"), envelope("2")._replace(group="g")])
    make_batch(connection, 1)
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 9)
    die(dead, 2, 2)

    reaped = living.reap()

    assert reaped.settled == 2
    assert numbers(connection) == (2, 0, 0, 0)
    assert names(living.turn([], 9).deliveries) == ["2"]
    assert connection.counts("callbacks").total == 0
    living.leave()


def test_reap_when_a_member_was_handed_or_begun_counts_nothing(connection):
    make_batch(connection, 0, 0)
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 9)
    die(dead, 0, 1)

    reaped = living.reap()

    assert (reaped.returned, reaped.charged) == (1, 1)
    assert numbers(connection) == (2, 0, 0, 0)
    assert run_dry(living) == ["m0", "m1"]
    assert numbers(connection) == (2, 2, 0, 0)
    living.leave()


def test_condemned_member_when_it_is_failed_counts_for_its_batch(connection):
    connection.batches.create(
        BatchRecord("b"), [envelope("poison", max_lost=1)._replace(batch="b", group="g", links=2)]
    )
    connection.push([envelope("behind")._replace(group="g")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 9)
    die(dead, 1)

    (condemned,) = living.reap().condemned
    turn = living.turn([ended(condemned, Kind.FAIL)], 9)

    assert condemned.verdict is Verdict.LOST
    assert numbers(connection) == (3, 0, 1, 2)
    assert [record.id for record in turn.batches] == ["b"]
    assert names(turn.deliveries) == ["behind"]
    living.leave()


def test_group_when_its_worker_dies_stays_in_order(connection):
    connection.push([envelope(str(n))._replace(group="g") for n in range(3)])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (held,) = dead.turn([], 9).deliveries
    die(dead, 1)

    assert names(living.turn([], 9).deliveries) == []
    living.reap()

    assert run_dry(living) == ["0", "1", "2"]
    assert held.name == "0"
    living.leave()


def test_late_outcome_of_a_member_changes_nothing(connection):
    make_batch(connection, 0)
    stalled, living = connection.join(["default"]), connection.join(["default"])
    held = stalled.turn([], 9).deliveries
    os.close(stalled._lock)
    living.reap()
    stalled._lock = os.open(os.devnull, os.O_RDONLY)

    late = stalled.turn([ended(held[0], Kind.DONE, envelope("wrong"), is_member=True)], 0)

    assert list(late.stale) == [held[0].id]
    assert numbers(connection) == (1, 0, 0, 0)
    assert run_dry(living) == ["m0"]
    assert connection.counts("default").total == 0
    stalled.leave()
    living.leave()


def test_retry_of_several_members_is_one_step(connection):
    make_batch(connection, 0, 1, 0)
    seat = connection.join(["default"])
    seat.turn([ended(one, Kind.FAIL) for one in seat.turn([], 9).deliveries], 0)
    assert numbers(connection) == (4, 0, 3, 1)

    retried = connection.failed.retry([one.uuid for one in connection.failed.all()[:2]])

    assert [one.name for one in retried] == ["m1", "m2"]
    assert numbers(connection) == (4, 0, 1, 0)
    assert len(connection.batches.find("b").failed_ids) == 1
    seat.turn(members_done(seat.turn([], 9).deliveries), 0)
    # The link behind m1 was not pushed by this test's worker: it counts as skipped.
    assert numbers(connection) == (4, 2, 1, 1)
    seat.leave()


def test_batch_of_another_store_is_told_by_a_plain_outcome_at_no_cost(connection):
    connection.push([envelope("stray")._replace(batch="elsewhere")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 9).deliveries

    turn = seat.turn([Outcome(held.id, held.token, Kind.DONE, is_member=True)], 9)

    assert (list(turn.stale), list(turn.batches)) == ([], [])
    assert connection.counts("default").total == 0
    seat.leave()
