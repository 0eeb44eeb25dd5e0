"""Our ledgers do what ledgers must."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.manager import Materials, QueueManager
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec
from securely.schedule.contracts import Ledger
from securely.schedule.drivers.array import ArrayLedger
from securely.schedule.drivers.sqlite import SqliteLedger
from securely.testing.suites.schedule import LedgerSuite


class Sqlite(LedgerSuite):
    """Two connections on sqlite, each with a file of its own."""

    @pytest.fixture
    def queues(self, tmp_path: Path) -> Iterator[QueueManager]:
        codec = Codec(KeyRing(b"k" * 32).purpose("queue"))
        places = {
            name: {"driver": "sqlite", "path": str(tmp_path / name), "durability": "relaxed"}
            for name in ("sqlite", "other")
        }
        options = QueueOptions.parse({"default": "sqlite", "connections": places}, "queue")
        materials = Materials(lambda: codec, lambda: pytest.fail("no job runs here"))
        events = Dispatcher(Container())
        manager = QueueManager(options.default, options.connections, events, materials)
        yield manager
        manager.close()


class TestArrayLedger(Sqlite):
    @pytest.fixture
    def ledger(self, queues: QueueManager) -> Ledger:
        return ArrayLedger(lambda: queues)

    @pytest.fixture
    def kill(self, ledger: ArrayLedger) -> Callable[[Any], None]:
        return lambda member: ledger._book.alive.discard(member.id)


class OnFiles(Sqlite):
    @pytest.fixture
    def kill(self) -> Callable[[Any], None]:
        # As the kernel does: the files stay, and nobody holds them.
        return lambda member: member._presence.forked()


class TestSqliteLedger(OnFiles):
    @pytest.fixture
    def ledger(self, queues: QueueManager) -> Ledger:
        driver = queues.connection("sqlite").driver
        assert isinstance(driver, SqliteConnection)
        return SqliteLedger.of(driver, lambda: queues)


class TestSqliteLedgerOfItsOwn(OnFiles):
    @pytest.fixture
    def ledger(self, queues: QueueManager, tmp_path: Path) -> Iterator[Ledger]:
        ledger = SqliteLedger.own("schedule", tmp_path / "schedule", lambda: queues)
        yield ledger
        ledger.close()
