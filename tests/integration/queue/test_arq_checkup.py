"""What doctor says of a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.queue.drivers.arq import ArqConnection
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.upkeep.checkup import examine
from tests.valkey import Valkey

pytestmark = pytest.mark.integration


def test_examine_when_a_server_keeps_nothing_says_so(valkey: Valkey, tmp_path: Path) -> None:
    connection = ArqConnection("arq", ArqServer("arq", valkey.address, "securely:"), tmp_path)

    found = {symptom.severity: symptom for symptom in examine(connection)}
    connection.close()

    assert "append-only" in found["warn"].seen
    assert "clock agrees" in found["ok"].seen
    assert "error" not in found


def test_examine_when_a_server_evicts_says_so(valkey: Valkey, tmp_path: Path) -> None:
    connection = ArqConnection("arq", ArqServer("arq", valkey.address, "securely:"), tmp_path)
    valkey.client.config_set("maxmemory-policy", "allkeys-lru")

    try:
        seen = [symptom.seen for symptom in examine(connection) if symptom.severity != "ok"]
    finally:
        valkey.client.config_set("maxmemory-policy", "noeviction")
        connection.close()

    assert any("allkeys-lru" in each for each in seen)
