"""A fixture application with real schedulers, on a file and on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.schedule.towers import Tower
from tests.valkey import Valkey


@pytest.fixture
def tower(tmp_path: Path) -> Iterator[Tower]:
    tower = Tower(tmp_path / "tower")
    yield tower
    tower.end()


@pytest.fixture
def redis_tower(tmp_path: Path, valkey: Valkey) -> Iterator[Tower]:
    tower = Tower(tmp_path / "tower", valkey)
    tower.lease = "6"  # renewed every two seconds: who stands still for three keeps it
    yield tower
    tower.end()
