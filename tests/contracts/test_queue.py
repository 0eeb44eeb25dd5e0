"""Our connections do what connections must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.queue import Connection, Job
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.background import BackgroundConnection
from securely.queue.drivers.deferred import DeferredConnection
from securely.queue.drivers.failover import FailoverConnection
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
from securely.queue.drivers.sync import SyncConnection
from securely.queue.manager import Materials
from securely.queue.options import BackgroundOptions, DeferredOptions, SyncOptions
from securely.queue.payload import Codec
from securely.testing.suites.queue import ConnectionSuite, LimitSuite, ResultSuite, WorkableSuite


class TestSqliteConnection(WorkableSuite, LimitSuite, ResultSuite):
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


class RunningSuite(ConnectionSuite):
    """What connections share that run what is pushed."""

    @pytest.fixture
    def codec(self) -> Codec:
        return Codec(KeyRing(b"k" * 32).purpose("queue"))

    @pytest.fixture
    def materials(self, codec: Codec, tmp_path: Path) -> Materials:
        container = Container()
        runner = JobRunner(container, codec, Dispatcher(container))
        return Materials(lambda: codec, lambda: runner, lambda path: tmp_path / path)

    @pytest.fixture
    def payload(self, codec: Codec) -> bytes:
        return codec.envelope(Nothing(), "default").payload


class TestSyncConnection(RunningSuite):
    @pytest.fixture
    def connection(self, materials: Materials) -> Connection:
        return SyncConnection.build("sync", SyncOptions(driver="sync"), materials)


class TestDeferredConnection(RunningSuite):
    @pytest.fixture
    def connection(self, materials: Materials) -> Connection:
        options = DeferredOptions(driver="deferred")
        return DeferredConnection.build("deferred", options, materials)


class TestBackgroundConnection(RunningSuite):
    @pytest.fixture
    def connection(self, materials: Materials) -> Connection:
        # Nothing is ever over here, so that no process is started.
        later = replace(materials, defer=lambda *_, **__: None)
        options = BackgroundOptions(driver="background")
        return BackgroundConnection.build("background", options, later)


class TestFailoverConnection(ConnectionSuite):
    @pytest.fixture(params=["sqlite", "null"])
    def connection(
        self, tmp_path: Path, request: pytest.FixtureRequest
    ) -> Iterator[FailoverConnection]:
        first = {
            "sqlite": SqliteConnection("sqlite", tmp_path / "queue", durability="relaxed"),
            "null": NullConnection("null"),
        }[request.param]
        members = {"first": first, "second": NullConnection("second")}
        yield FailoverConnection("failover", [*members], members.__getitem__)
        if isinstance(first, SqliteConnection):
            first.close()
