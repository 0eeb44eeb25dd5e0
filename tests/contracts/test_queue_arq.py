"""The arq connection does what connections must, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.queue import Connection
from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.testing.suites.queue import LimitSuite, ResultSuite, WorkableSuite
from tests.valkey import Valkey


class TestArqConnection(WorkableSuite, LimitSuite, ResultSuite):
    @pytest.fixture
    def connection(self, valkey: Valkey, tmp_path: Path) -> Iterator[Connection]:
        server = ArqServer("arq", valkey.address, "securely:")
        connection = ArqConnection("arq", server, tmp_path / "workers")
        yield connection
        connection.close()
