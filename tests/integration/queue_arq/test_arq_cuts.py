"""The connection is cut in the middle of every step, and each step counts once all the same."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.queue.contracts import BatchRecord, Kind, Outcome
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.exceptions import QueueUnavailable
from securely.support import clock
from securely.support.redis import Address
from securely.testing.suites.queue import done, envelope
from tests.proxy import Cut, Proxy
from tests.valkey import Valkey

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

CUTS: list[Cut] = ["request", "reply", "half"]


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[Proxy]:
    proxy = Proxy(valkey.port)
    yield proxy
    proxy.end()


@pytest.fixture
def connect(proxy: Proxy, tmp_path: Path) -> Iterator[Callable[[], ArqConnection]]:
    made: list[ArqConnection] = []

    def connect() -> ArqConnection:
        server = ArqServer("arq", Address(port=proxy.port, timeout_seconds=30), "securely:")
        made.append(ArqConnection("arq", server, tmp_path / "workers"))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def _wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = clock.monotonic() + seconds
    while not condition():
        assert clock.monotonic() < end, "it did not come to that"
        clock.sleep(0.01)


def names(turn: Any) -> list[str]:
    return [delivery.name for delivery in turn.deliveries]


@pytest.mark.parametrize("cut", CUTS)
def test_a_push_that_is_cut_may_be_repeated_and_counts_once(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    one, other = envelope("a"), envelope("b")
    connection.push([envelope("before")])
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        connection.push([one, other])

    assert list(connection.push([one, other])) == [one.uuid, other.uuid]

    assert proxy.cuts == 1
    assert connection.counts("default").pending == 3


@pytest.mark.parametrize("cut", CUTS)
def test_an_async_push_that_is_cut_may_be_repeated_and_counts_once(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    one = envelope("a")

    async def push() -> list[str]:
        await connection.apush([envelope("before")])
        proxy.arm(cut)
        with pytest.raises(QueueUnavailable):
            await connection.apush([one])
        return list(await connection.apush([one]))

    assert asyncio.run(push()) == [one.uuid]
    assert connection.counts("default").pending == 2


@pytest.mark.parametrize("cut", CUTS)
def test_a_claim_that_is_cut_hands_out_each_job_once(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    connection.push([envelope(str(n)) for n in range(5)])
    seat = connection.join(["default"])
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        seat.turn([], 3)

    turn = seat.turn([], 3)
    rest = seat.turn(done(turn.deliveries), 9)

    assert names(turn) == ["0", "1", "2"]
    assert [one.attempts for one in turn.deliveries] == [1, 1, 1]
    assert names(rest) == ["3", "4"]
    assert not seat.turn(done(rest.deliveries), 9).stale
    assert connection.counts("default").total == 0
    seat.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_claim_that_is_cut_gives_back_what_there_is_no_room_for_any_more(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    connection.push([envelope(str(n)) for n in range(3)])
    seat = connection.join(["default"])
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        seat.turn([], 3)

    turn = seat.turn([], 1)

    assert names(turn) == ["0"]
    assert connection.counts("default").pending == 2
    (other,) = connection.join(["default"]).turn([], 1).deliveries
    assert (other.name, other.attempts) == ("1", 1)
    seat.leave()


@pytest.mark.parametrize("second", CUTS)
@pytest.mark.parametrize("first", CUTS)
def test_a_turn_that_is_cut_again_while_it_is_repeated_loses_nothing(
    proxy: Proxy, connect: Callable[[], ArqConnection], first: Cut, second: Cut
) -> None:
    connection = connect()
    connection.push([envelope(str(n)) for n in range(6)])
    seat = connection.join(["default"])
    held = seat.turn([], 2).deliveries
    for cut, count in ((first, 2), (second, 1)):
        proxy.arm(cut)
        with pytest.raises(QueueUnavailable):
            seat.turn(done(held[:count]), 2)
    proxy.arm(second, b"again")  # of the repeated turn, or of none
    found: list[str] = []
    stale: list[int] = []
    for _ in range(4):
        try:
            turn = seat.turn(done(held), 2)
        except QueueUnavailable:
            continue
        held = turn.deliveries
        found += names(turn)
        stale += turn.stale

    assert found == ["2", "3", "4", "5"]
    assert stale == []
    assert not seat.turn(done(held), 2).stale
    assert connection.counts("default").total == 0
    seat.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_settlement_that_is_cut_counts_once_with_all_that_follows(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    callback = envelope("finally", "callbacks")
    record = BatchRecord("b", callbacks={"finally": (callback,)}, allow_failures=True)
    members = [envelope(name)._replace(batch="b") for name in ("fails", "ends")]
    connection.batches.create(record, members)
    connection.push([envelope("plain"), envelope("again"), envelope("next")])
    seat = connection.join(["default"])
    fails, ends, plain, again = seat.turn([], 4).deliveries
    outcomes = [
        Outcome(fails.id, fails.token, Kind.FAIL, error=b"{}", has_hook=True),
        Outcome(ends.id, ends.token, Kind.DONE, is_member=True, successors=(envelope("link"),)),
        *done([plain]),
        Outcome(again.id, again.token, Kind.RELEASE, delay=60.0),
    ]
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        seat.turn(outcomes, 1)

    turn = seat.turn(outcomes, 1)

    assert list(turn.stale) == []
    assert names(turn) == ["next"]
    assert connection.failed.count() == 1
    assert connection.counts("callbacks").total == 1
    found = connection.batches.find("b")
    assert found is not None
    assert (found.done, found.failed) == (1, 1)
    counts = connection.counts("default")
    assert (counts.pending, counts.delayed, counts.reserved) == (1, 1, 1)
    assert list(seat.turn(outcomes[2:3], 0).stale) == [plain.id]
    seat.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_retry_that_is_cut_may_be_repeated(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    connection.push([envelope("a")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    seat.turn([Outcome(held.id, held.token, Kind.FAIL, error=b"{}")], 0)
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        connection.failed.retry()

    connection.failed.retry()

    assert connection.failed.count() == 0
    assert names(seat.turn([], 9)) == ["a"]
    seat.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_leave_that_is_cut_leaves_its_jobs_to_others(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    connection.push([envelope("a")])
    seat, other = connection.join(["default"]), connection.join(["default"])
    seat.turn([], 1)
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        seat.leave()

    other.reap()

    (again,) = other.turn([], 1).deliveries
    assert (again.name, again.attempts, again.lost) == ("a", 1, 0)
    other.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_worker_that_listens_hears_again_after_a_cut(
    proxy: Proxy, connect: Callable[[], ArqConnection], cut: Cut
) -> None:
    connection = connect()
    seat = connection.join(["default"])
    proxy.arm(cut, b"BLPOP")
    seat.turn([], 1)
    if cut == "request":
        _wait(lambda: proxy.cuts == 1)
    assert select.select([seat], [], [], 0.5)[0] == []
    proxy.cut_all()

    connection = connect()
    connection.push([envelope("a")])

    assert select.select([seat], [], [], 60)[0] == [seat]
    seat.drain()
    assert names(seat.turn([], 1)) == ["a"]
    seat.leave()


@pytest.mark.parametrize("cut", CUTS)
def test_a_renewal_that_is_cut_is_repeated(
    proxy: Proxy, connect: Callable[[], ArqConnection], valkey: Valkey, cut: Cut
) -> None:
    connection = connect()
    connection.push([envelope("a")])
    seat = connection.join(["default"])
    (held,) = seat.turn([], 1).deliveries
    proxy.arm(cut)
    with pytest.raises(QueueUnavailable):
        seat._thread.call(seat._worker.renew())
    valkey.travel(20)

    seat._thread.call(seat._worker.renew())
    valkey.travel(20)

    assert connection.join(["default"]).reap().returned == 0
    assert list(seat.turn(done([held]), 0).stale) == []
    seat.leave()
