"""Leases and tokens: who was silent for too long settles nothing, and what it held is judged.

Time passes on the server (`valkey.travel`); nobody waits for it. `die` leaves what SIGKILL leaves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.queue.contracts import BatchRecord, Charge, Kind, Outcome, Verdict
from securely.queue.crew.board import Board
from securely.queue.delivery.failure import pack_error
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import serialize
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock
from securely.testing.suites.queue import done, envelope
from tests.valkey import Valkey

pytestmark = pytest.mark.integration

LEASE = 30.0


@pytest.fixture
def connect(valkey: Valkey, tmp_path: Path) -> Iterator[Callable[..., ArqConnection]]:
    made: list[ArqConnection] = []

    def connect(machine: str = "here", **told: Any) -> ArqConnection:
        server = ArqServer("arq", valkey.address, "securely:")
        made.append(ArqConnection("arq", server, tmp_path / machine, **told))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


@pytest.fixture
def connection(connect: Callable[..., ArqConnection]) -> ArqConnection:
    return connect()


def die(seat: Any) -> None:
    """Let the worker of *seat* be gone, as SIGKILL leaves it: the kernel drops its lock."""
    seat._thread.call(_end(seat._worker))
    seat._let_go()


async def _end(worker: Any) -> None:
    await worker.halt()
    for pool in (worker.scripts, worker._listener):
        await pool.disconnect()


def begin(seat: Any, *deliveries: Any) -> None:
    """Let *deliveries* begin, as an executor writes it down, until the store knows."""
    board = Board(seat.home / f"{seat.id}.board", 8)
    for cell, delivery in enumerate(deliveries):
        board.place(cell, delivery.id, delivery.token)
        board.start(cell, 0.0)
    board.close()
    seat._thread.call(seat._worker._note_begun())


# -- fencing


def test_a_stalled_worker_that_wakes_cannot_settle(
    connection: ArqConnection, valkey: Valkey
) -> None:
    connection.push([envelope("a")])
    stalled, other = connection.join(["default"]), connection.join(["default"])
    (old,) = stalled.turn([], 1).deliveries
    valkey.travel(LEASE + 1)
    assert other.reap().returned == 1
    (new,) = other.turn([], 1).deliveries

    stalled._thread.call(stalled._worker.renew())
    late = [stalled.turn([outcome], 0).stale for outcome in every_outcome(old)]

    assert new.token > old.token
    assert late == [[old.id]] * len(Kind)
    assert connection.counts("default").reserved == 1
    assert connection.failed.count() == 0
    assert list(other.turn(done([new]), 0).stale) == []
    stalled.leave()
    other.leave()


def every_outcome(delivery: Any) -> list[Outcome]:
    return [Outcome(delivery.id, delivery.token, kind, error=b"{}") for kind in Kind]


def test_a_stalled_worker_may_settle_what_nobody_has_taken(
    connection: ArqConnection, valkey: Valkey
) -> None:
    connection.push([envelope("a")])
    stalled = connection.join(["default"])
    (held,) = stalled.turn([], 1).deliveries

    valkey.travel(LEASE + 1)

    assert list(stalled.turn(done([held]), 0).stale) == []
    assert connection.counts("default").total == 0
    stalled.leave()


def test_a_settlement_is_refused_when_a_stock_worker_has_taken_the_job(
    connection: ArqConnection, valkey: Valkey
) -> None:
    (uuid,) = connection.push([envelope("a")])
    stalled = connection.join(["default"])
    (held,) = stalled.turn([], 1).deliveries
    valkey.travel(LEASE + 1)
    with valkey.client as client:
        client.set(f"arq:in-progress:{uuid}", b"1")

    assert list(stalled.turn(done([held]), 0).stale) == [held.id]
    stalled.leave()


def test_a_worker_that_renews_keeps_its_jobs(connection: ArqConnection, valkey: Valkey) -> None:
    connection.push([envelope("a")])
    seat, other = connection.join(["default"]), connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    for _ in range(4):
        valkey.travel(LEASE / 2)
        seat._thread.call(seat._worker.renew())
        other._thread.call(other._worker.renew())
        assert other.reap().returned == 0

    assert list(other.turn([], 1).deliveries) == []
    assert list(seat.turn(done([held]), 0).stale) == []
    seat.leave()
    other.leave()


def test_the_lease_lies_in_place_in_arqs_own_keys(
    connection: ArqConnection, valkey: Valkey
) -> None:
    (uuid,) = connection.push([envelope("a")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries

    with valkey.client as client:
        assert client.get(f"arq:in-progress:{uuid}") == str(held.token).encode()
        assert 0 < client.pttl(f"arq:in-progress:{uuid}") <= LEASE * 1_000
        assert client.zscore("securely:default", uuid) > (clock.timestamp() + LEASE / 2) * 1_000
        assert client.ttl(f"arq:job:{uuid}") == -1
        assert client.get(f"arq:retry:{uuid}") == b"1"
    seat.turn([Outcome(held.id, held.token, Kind.RETURN)], 0)
    with valkey.client as client:
        assert client.get(f"arq:retry:{uuid}") == b"0"
        assert client.zscore("securely:default", uuid) <= clock.timestamp() * 1_000
    seat.leave()


# -- takeover by the lease: workers of other machines


def test_a_job_that_had_not_begun_comes_back_uncharged(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect()
    connection.push([envelope("a"), envelope("b")])
    dead, living = connection.join(["default"]), connect("there").join(["default"])
    dead.turn([], 2)
    die(dead)
    assert living.reap().returned == 0

    valkey.travel(LEASE + 1)
    living._thread.call(living._worker.renew())
    reaped = living.reap()

    assert (reaped.returned, reaped.charged) == (2, 0)
    again = living.turn([], 9).deliveries
    assert [(one.name, one.attempts, one.lost) for one in again] == [("a", 1, 0), ("b", 1, 0)]
    living.leave()


def test_a_job_that_had_begun_is_charged(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect()
    connection.push([envelope("begun"), envelope("behind it")])
    dead, living = connection.join(["default"]), connect("there").join(["default"])
    begun, _ = dead.turn([], 2).deliveries
    begin(dead, begun)
    die(dead)
    valkey.travel(LEASE + 1)
    living._thread.call(living._worker.renew())

    reaped = living.reap()

    assert (reaped.returned, reaped.charged) == (1, 1)
    again = living.turn([], 9).deliveries
    told = [(one.name, one.attempts, one.lost) for one in again]
    assert told == [("begun", 2, 1), ("behind it", 1, 0)]
    living.leave()


def test_a_job_that_takes_down_too_many_machines_comes_to_be_failed(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connect().push([envelope("poison", max_lost=2)])
    for machine in ("one", "two"):
        seat = connect(machine).join(["default"])
        seat.reap()
        (held,) = seat.turn([], 1).deliveries
        assert held.verdict is Verdict.RUN
        begin(seat, held)
        die(seat)
        valkey.travel(LEASE + 1)

    last = connect("three").join(["default"])
    last.reap()
    (held,) = last.turn([], 1).deliveries

    assert (held.verdict, held.lost) == (Verdict.LOST, 2)
    last.turn([Outcome(held.id, held.token, Kind.FAIL, error=b'{"type": "WorkerLost"}')], 0)
    (failed,) = connect("three").failed.all()
    assert [(one.number, one.reason) for one in failed.history] == [
        (1, "lost with its worker"),
        (2, "lost with its worker"),
        (3, "WorkerLost"),
    ]
    last.leave()


def test_a_claim_takes_what_has_lapsed_without_a_reaper(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect(lease_seconds=10.0)
    connection.push([envelope("begun"), envelope("behind it")])
    dead = connection.join(["default"])
    begun, _ = dead.turn([], 2).deliveries
    begin(dead, begun)
    die(dead)
    valkey.travel(LEASE)
    living = connect("there").join(["default"])
    with clock.using(Later(11.0)):
        again = living.turn([], 9).deliveries

    told = [(one.name, one.attempts, one.lost) for one in again]
    assert sorted(told) == [("begun", 2, 1), ("behind it", 1, 0)]
    (lost,) = [one for one in again if one.name == "begun"]
    living.turn([Outcome(lost.id, lost.token, Kind.FAIL, error=b'{"type": "E"}')], 0)
    (failed,) = connection.failed.all()
    told = [(one.number, one.reason) for one in failed.history]
    assert told == [(1, "lost with its worker"), (2, "E")]
    living.leave()


def test_history_of_a_job_that_ends_well_goes_with_it(
    connection: ArqConnection, valkey: Valkey
) -> None:
    (uuid,) = connection.push([envelope()])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    error = pack_error(ValueError("once"))
    released = Outcome(held.id, held.token, Kind.RELEASE, 0.0, Charge.EXCEPTION, error)
    (again,) = seat.turn([released], 1).deliveries
    with valkey.client as client:
        kept = client.hget(f"securely:@job:{uuid}", "history")

        seat.turn(done([again]), 0)

        assert b"ValueError: once" in kept
        assert client.exists(f"securely:@job:{uuid}") == 0
    seat.leave()


class Later(clock.SystemClock):
    """The machine's clock, some seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def timestamp(self) -> float:
        return super().timestamp() + self._seconds


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_of_the_clock_costs_nobody_a_job(
    connection: ArqConnection, valkey: Valkey, jump: float
) -> None:
    connection.push([envelope("held"), envelope("waits")])
    seat, other = connection.join(["default"]), connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    with clock.using(Later(jump)):
        connection.push([envelope("new")])
        # (An hour back, what waited before is due in an hour: nothing runs before its time.)
        found = [one.name for one in other.turn([], 9).deliveries]
        assert other.reap().returned == 0
        assert list(seat.turn(done([held]), 0).stale) == []

    found += [one.name for one in other.turn([], 9).deliveries]
    assert sorted(found) == ["new", "waits"]
    seat.leave()
    other.leave()


# -- takeover on the same machine: by the lock, at once, and by the board


def test_a_dead_worker_of_this_machine_is_taken_over_at_once(connection: ArqConnection) -> None:
    connection.push([envelope(name) for name in ("handed", "started", "finished")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    held = dead.turn([], 3).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    for cell, delivery in enumerate(held):
        board.place(cell, delivery.id, delivery.token)
    board.start(1, 0.0)
    board.start(2, 0.0)
    board.finish(2)
    board.close()
    living.reap()
    assert len(living.peers()) == 0  # both are this process
    die(dead)

    reaped = living.reap()

    assert (reaped.returned, reaped.charged, reaped.settled) == (1, 1, 1)
    again = living.turn([], 9).deliveries
    told = [(one.name, one.attempts, one.lost) for one in again]
    assert told == [("handed", 1, 0), ("started", 2, 1)]
    assert list(living.home.glob(f"{dead.id}.*")) == []
    living.leave()


def test_what_stands_for_a_member_and_was_done_counts_nothing_when_its_worker_dies(
    connection: ArqConnection,
) -> None:
    # Of a batch, only such a job is marked as finished on the board, and never a member.
    connection.batches.create(BatchRecord("b"), [envelope("stands")._replace(batch="b", links=1)])
    dead, living = connection.join(["default"]), connection.join(["default"])
    (held,) = dead.turn([], 1).deliveries
    board = Board(dead.home / f"{dead.id}.board", 8)
    board.place(0, held.id, held.token)
    board.finish(0)
    board.close()
    die(dead)

    reaped = living.reap()

    found = connection.batches.find("b")
    assert (reaped.settled, found is not None and found.done + found.skipped) == (1, 0)
    living.leave()


def test_an_executor_that_still_lives_is_waited_for(connection: ArqConnection) -> None:
    from securely.queue.drivers.sqlite_files import hold

    connection.push([envelope("a")])
    dead, living = connection.join(["default"]), connection.join(["default"])
    dead.turn([], 1)
    executor = hold(dead.home / f"{dead.id}.0.executor.lock")
    die(dead)

    first = living.reap()
    os.close(executor)
    second = living.reap()

    assert (first.waiting, first.returned) == (1, 0)
    assert (second.waiting, second.returned) == (0, 1)
    living.leave()


# -- the kill table, by the lease


def test_kill_when_failure_is_recorded_leaves_the_hook_to_another_once(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect()
    connection.push([envelope("a")])
    dead, living = connection.join(["default"]), connect("there").join(["default"])
    (held,) = dead.turn([], 1).deliveries
    dead.turn([Outcome(held.id, held.token, Kind.FAIL, error=b"{}", has_hook=True)], 0)
    die(dead)
    assert list(living.reap().hooks) == []
    valkey.travel(LEASE + 1)
    living._thread.call(living._worker.renew())

    hooks = living.reap().hooks

    assert [(one.id, one.name) for one in hooks] == [(held.id, "a")]
    assert list(living.reap().hooks) == []
    living.hook_done(held.id)
    living.leave()
    assert list(connect().join(["default"]).reap().hooks) == []


def test_kill_when_settled_and_claimed_settles_the_one_and_returns_the_other(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect()
    connection.push([envelope("a"), envelope("b")])
    dead, living = connection.join(["default"]), connect("there").join(["default"])
    dead.turn(done(dead.turn([], 1).deliveries), 1)
    die(dead)
    valkey.travel(LEASE + 1)

    living.reap()

    again = living.turn([], 9).deliveries
    assert [(one.name, one.attempts, one.lost) for one in again] == [("b", 1, 0)]
    living.leave()


def test_kill_when_the_last_member_is_settled_leaves_its_callback_to_others(
    connect: Callable[..., ArqConnection], valkey: Valkey
) -> None:
    connection = connect()
    record = BatchRecord("b", callbacks={"then": (envelope("then", "callbacks"),)})
    connection.batches.create(record, [envelope()._replace(batch="b")])
    dead, living = connection.join(["default", "callbacks"]), connect("there").join(["callbacks"])
    member = [one._replace(is_member=True) for one in done(dead.turn([], 1).deliveries)]
    dead.turn(member, 1)  # and has taken the callback
    die(dead)
    valkey.travel(LEASE + 1)

    living.reap()

    (callback,) = living.turn([], 9).deliveries
    living.turn(done([callback]), 0)
    assert connection.counts("callbacks").total == 0
    found = connection.batches.find("b")
    assert found is not None
    assert (found.done, found.total) == (1, 1)
    living.leave()


def test_a_worker_that_has_left_is_gone_for_good(connection: ArqConnection, valkey: Valkey) -> None:
    seat, other = connection.join(["default"]), connection.join(["default"])
    connection.push([envelope("a")])
    seat.turn([], 1)
    seat._worker._renew_at = 0.0  # due at this moment

    seat.leave()

    with valkey.client as client:
        assert [key.decode() for key in client.hkeys("securely:@workers")] == [other.id]
        assert client.exists(f"securely:@alive:{seat.id}") == 0
    (again,) = other.turn([], 9).deliveries
    other.turn(done([again]), 0)
    other.leave()
    with valkey.client as client:
        left = {key.decode() for key in client.keys("securely:@*")}
    assert left <= {f"securely:@{name}" for name in ("sequence", "queues", "wake:default")}


# -- bad input, no room, no server


def test_a_payload_that_somebody_changed_reaches_the_runner_as_it_is(
    connection: ArqConnection, valkey: Valkey
) -> None:
    uuids = connection.push([envelope(str(n)) for n in range(4)])
    record = {"t": None, "f": "securely_job", "a": (), "k": {}, "et": 0}
    with valkey.client as client:
        client.set(f"arq:job:{uuids[0]}", b"\x80\x05garbage")
        client.set(f"arq:job:{uuids[1]}", serialize(record))
        client.delete(f"arq:job:{uuids[2]}")
    seat = connection.join(["default"])

    held = seat.turn([], 9).deliveries

    # Signatures are the runner's business; nothing blocks what is behind.
    assert [one.name for one in held] == ["?", "securely_job", "?", "3"]
    assert [one.payload for one in held] == [b"\x80\x05garbage", serialize(record), b"", b"payload"]
    fail = [Outcome(one.id, one.token, Kind.FAIL, error=b"{}") for one in held]
    assert list(seat.turn(fail, 0).stale) == []
    assert connection.failed.count() == 4
    seat.leave()


def test_a_server_without_room_refuses_jobs_and_lets_workers_make_room(
    connection: ArqConnection, valkey: Valkey
) -> None:
    connection.push([envelope(str(n)) for n in range(3)])
    seat = connection.join(["default"])
    with valkey.client as client:
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreFull):
                connection.push([envelope("more")])
            first = seat.turn([], 2).deliveries
            seat._thread.call(seat._worker.renew())
            fails = [Outcome(first[0].id, first[0].token, Kind.FAIL, error=b"{}")]
            (last,) = seat.turn([*fails, *done(first[1:])], 2).deliveries
        finally:
            client.config_set("maxmemory", 0)

    assert list(seat.turn(done([last]), 2).stale) == []
    assert connection.counts("default").total == 0
    assert connection.failed.count() == 1
    connection.push([envelope("more")])
    seat.leave()


def test_a_server_that_lost_everything_makes_what_is_held_stale(
    connection: ArqConnection, valkey: Valkey
) -> None:
    connection.push([envelope("a")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    valkey.flush()

    assert list(seat.turn(done([held]), 1).stale) == [held.id]
    connection.push([envelope("b")])

    (fresh,) = seat.turn([], 1).deliveries
    assert fresh.id > held.id
    assert fresh.token > held.token
    seat.leave()


def test_join_without_a_server_says_where_it_looked(
    valkey: Valkey, tmp_path: Path, connect: Callable[..., ArqConnection]
) -> None:
    from securely.support.redis import Address

    address = Address(path=str(tmp_path / "nobody"), password="hunter2")  # noqa: S106
    server = ArqServer("arq", address, "securely:")
    connection = ArqConnection("arq", server, tmp_path / "workers")

    for step in (
        lambda: connection.join(["default"]),
        lambda: connection.push([envelope()]),
        lambda: connection.counts("default"),
    ):
        with pytest.raises(QueueUnavailable, match="nobody") as caught:
            step()
        assert "hunter2" not in str(caught.value)


def test_join_in_a_directory_that_cannot_be_written_says_so(
    connection: ArqConnection, tmp_path: Path
) -> None:
    shutil.rmtree(connection.home, ignore_errors=True)
    connection.home.parent.mkdir(exist_ok=True)
    connection.home.write_text("a file")

    with pytest.raises(QueueUnavailable, match="writable"):
        connection.join(["default"])
