"""The server is killed and started again under load, and its address fails over."""

from __future__ import annotations

import asyncio
import select
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.queue.contracts import Envelope
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_worker import BACKOFF_SECONDS
from securely.queue.exceptions import QueueUnavailable
from securely.support import clock
from securely.support.redis import Address
from securely.testing.suites.queue import done, envelope
from tests.proxy import Proxy
from tests.valkey import Valkey

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server that keeps what it is told in an append-only file."""
    server = Valkey("--appendonly", "yes", "--appendfsync", "everysec")
    yield server
    server.end()


class Producer(threading.Thread):
    """Pushes one job after the other; what is refused is tried again until it is accepted."""

    def __init__(self, depot: Any, make: Any) -> None:
        super().__init__(daemon=True)
        self._depot = depot
        self._make = make
        self._over = threading.Event()
        self.accepted: list[str] = []
        self.refused = 0
        self.said = ""

    def run(self) -> None:
        while not self._over.is_set():
            tag = str(len(self.accepted))
            self._push(self._depot.codec.envelope(self._make(tag), "default"))
            self.accepted.append(tag)
            clock.sleep(0.002)

    def _push(self, one: Envelope) -> None:
        while True:
            try:
                self._depot.connection.push([one])
            except QueueUnavailable as error:
                self.refused += 1
                self.said = str(error)
                clock.sleep(0.02)
            else:
                return

    def end(self) -> None:
        self._over.set()
        self.join(60)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(2, id="twice"),
        pytest.param(10, id="ten", marks=[pytest.mark.slow]),
    ],
)
def test_a_server_that_is_killed_under_load_loses_nothing_accepted(
    depot: Any, jobs: Any, valkey: Valkey, kills: int
) -> None:
    workers = [depot.start(), depot.start()]
    producer = Producer(depot, jobs.Work)
    producer.start()
    for worker in workers:
        depot.wait_for(lambda worker=worker: worker.lines() != [])
    for _ in range(kills):
        before = len(depot.tags("end"))
        depot.wait_for(lambda before=before: _goes_on(depot, producer, before))
        refused = producer.refused
        valkey.kill()
        depot.wait_for(lambda refused=refused: producer.refused > refused)
        valkey.start()
    producer.end()
    depot.wait_for(lambda: set(producer.accepted) <= set(depot.tags("end")))
    depot.wait_for(lambda: depot.connection.counts("default").total == 0)

    for worker in workers:
        worker.process.send_signal(signal.SIGTERM)
        assert worker.wait() == 0, worker.output.read_text()
    assert producer.refused >= kills
    assert set(depot.tags("end")) == set(producer.accepted)
    # Nobody was charged and nothing ran twice: settlements wait for the server.
    assert len(depot.tags("end")) == len(producer.accepted)
    depot.assert_nothing_is_left()


def test_an_address_that_fails_over_loses_nothing_that_a_replica_had(tmp_path: Path) -> None:
    first = Valkey()
    second = Valkey("--replicaof", f"127.0.0.1 {first.port}")
    proxy = Proxy(first.port)
    try:
        with second.client as client:
            _wait(lambda: client.info("replication")["master_link_status"] == "up")
        server = ArqServer(
            "arq", Address(port=proxy.port, timeout_seconds=5), "securely:", "replicated"
        )
        connection = ArqConnection("arq", server, tmp_path)
        connection.push([envelope(str(n)) for n in range(20)])
        seat = connection.join(["default"])
        held = seat.turn([], 5).deliveries
        with second.client as client:
            _wait(lambda: client.exists("arq:in-progress:" + _uuid(connection, held[4].id)))
            first.kill()
            client.execute_command("REPLICAOF", "NO", "ONE")
        proxy.upstream = second.port
        proxy.cut_all()

        turn = _patiently(lambda: seat.turn(done(held), 50))

        assert list(turn.stale) == []
        assert [one.name for one in turn.deliveries] == [str(n) for n in range(5, 20)]
        # There is no replica any more, and it says so.
        with pytest.raises(QueueUnavailable, match="replica"):
            connection.push([envelope("alone")])
        seat.leave()
        connection.close()
    finally:
        proxy.end()
        first.end()
        second.end()


def test_a_primary_that_became_a_replica_is_left_at_the_next_try(tmp_path: Path) -> None:
    old, new = Valkey(), Valkey()
    proxy = Proxy(old.port)
    try:
        server = ArqServer("arq", Address(port=proxy.port, timeout_seconds=5), "securely:")
        connection = ArqConnection("arq", server, tmp_path)
        connection.push([envelope("a")])
        with old.client as client:
            client.execute_command("REPLICAOF", "127.0.0.1", str(new.port))
        proxy.upstream = new.port

        with pytest.raises(QueueUnavailable):
            connection.push([envelope("b")])
        connection.push([envelope("c")])

        with new.client as client:
            assert client.zcard("securely:default") == 1
        connection.close()
    finally:
        proxy.end()
        old.end()
        new.end()


def test_a_server_that_is_away_for_long_finds_its_workers_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many tries a pause that doubles would be longer than a float can say."""
    pauses: list[float] = []

    def noted(low: float, high: float) -> float:
        pauses.append(high)
        return 0.0

    monkeypatch.setattr("securely.queue.drivers.arq_worker.entropy.uniform", noted)
    server = Valkey()
    try:
        connection = ArqConnection("arq", ArqServer("arq", server.address, "securely:"), tmp_path)
        seat = connection.join(["default"])
        seat.turn([], 1)
        server.kill()
        _wait(lambda: len(pauses) > 1_100)
        server.start()
        seat.drain()
        _patiently(lambda: connection.push([envelope("a")]))

        assert select.select([seat], [], [], 60)[0] == [seat]
        assert [one.name for one in _patiently(lambda: seat.turn([], 1)).deliveries] == ["a"]
        assert max(pauses) <= BACKOFF_SECONDS[1]
        seat.leave()
        connection.close()
    finally:
        server.end()


def test_durability_aof_waits_for_the_disk_and_refuses_a_server_without_a_file(
    valkey: Valkey, shared_valkey: Valkey, tmp_path: Path
) -> None:
    server = ArqServer("arq", valkey.address, "securely:", "aof")
    connection = ArqConnection("arq", server, tmp_path)
    connection.push([envelope("a")])
    asyncio.run(connection.apush([envelope("b")]))
    assert connection.counts("default").pending == 2
    connection.close()

    shared_valkey.flush()
    without = ArqConnection(
        "arq", ArqServer("arq", shared_valkey.address, "securely:", "aof"), tmp_path
    )
    said = '^Queue connection "arq" is unavailable: durability is "aof", and .* "appendonly yes"'
    with pytest.raises(QueueUnavailable, match=said):
        without.push([envelope("a")])
    with pytest.raises(QueueUnavailable, match=said):
        asyncio.run(without.apush([envelope("a")]))
    assert without.counts("default").total == 0
    without.close()


def _goes_on(depot: Any, producer: Producer, before: int) -> bool:
    assert producer.is_alive(), producer.said
    return len(depot.tags("end")) > before + 50


def _uuid(connection: ArqConnection, id_: int) -> str:
    return next(job.uuid for job in connection.jobs("default") if job.id == id_)


def _wait(condition: Any, seconds: float = 60.0) -> None:
    end = clock.monotonic() + seconds
    while not condition():
        assert clock.monotonic() < end, "it did not come to that"
        clock.sleep(0.01)


def _patiently(step: Any, seconds: float = 60.0) -> Any:
    end = clock.monotonic() + seconds
    while True:
        try:
            return step()
        except QueueUnavailable:
            assert clock.monotonic() < end, "it did not come back"
            clock.sleep(0.05)
