"""The ledger on a Redis server does what ledgers must, on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.drivers.arq import ArqConnection
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.schedule.drivers.redis import RedisLedger, RedisMember
from securely.testing.suites.schedule import LedgerSuite
from tests.valkey import Valkey


class TestRedisLedger(LedgerSuite):
    @pytest.fixture
    def queues(self, valkey: Valkey, tmp_path: Path) -> Iterator[QueueManager]:
        codec = Codec(KeyRing(b"k" * 32).purpose("queue"))
        place = {"driver": "arq", "socket": valkey.path, "timeout_seconds": 10}
        # Elsewhere on the same server: what one of them keeps is nothing of the other's.
        other = {**place, "database": 1, "prefix": "other:"}
        places = {
            "arq": {**place, "path": str(tmp_path / "arq")},
            "other": {**other, "path": str(tmp_path / "other")},
        }
        options = QueueOptions.parse({"default": "arq", "connections": places}, "queue")
        materials = Materials(lambda: codec, lambda: pytest.fail("no job runs here"))
        events = Dispatcher(Container())
        manager = QueueManager(options.default, options.connections, events, materials)
        yield manager
        manager.close()

    @pytest.fixture
    def ledger(self, queues: QueueManager) -> Iterator[RedisLedger]:
        driver = queues.connection("arq").driver
        assert isinstance(driver, ArqConnection)
        ledger = RedisLedger.of(driver, lambda: queues)
        yield ledger
        ledger.close()

    @pytest.fixture
    def kill(self, valkey: Valkey) -> Callable[[RedisMember], None]:
        # As when its lease is over: whoever it was knows nothing of it.
        def kill(member: RedisMember) -> None:
            with valkey.client as client:
                assert client.delete(f"securely:@schedule:alive:{member.id}")

        return kill
