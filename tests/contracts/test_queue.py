"""Our connections do what connections must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue import Connection, Job
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sync import SyncConnection
from securely.queue.payload import Codec
from securely.testing.suites.queue import ConnectionSuite, WorkableSuite


class TestSqliteConnection(WorkableSuite):
    @pytest.fixture(params=["default", "strict", "relaxed"])
    def connection(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Connection]:
        connection = SqliteConnection("sqlite", tmp_path / "queue", durability=request.param)
        yield connection
        connection.close()


class TestNullConnection(ConnectionSuite):
    @pytest.fixture
    def connection(self) -> Connection:
        return NullConnection("null")


class Nothing(Job):
    """A job that does nothing."""

    def handle(self) -> None: ...


class TestSyncConnection(ConnectionSuite):
    @pytest.fixture
    def codec(self) -> Codec:
        return Codec(KeyRing(b"k" * 32).purpose("queue"))

    @pytest.fixture
    def connection(self, codec: Codec) -> Connection:
        container = Container()
        return SyncConnection("sync", JobRunner(container, codec, Dispatcher(container)))

    @pytest.fixture
    def payload(self, codec: Codec) -> bytes:
        return codec.envelope(Nothing(), "default").payload
