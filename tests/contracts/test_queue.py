"""Our connections do what connections must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.queue.contracts import Connection
from securely.queue.drivers.null import NullConnection
from securely.queue.drivers.sqlite import SqliteConnection
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
