"""Runs the suite that every engine of the store must pass against each of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.store.drivers.array import ArrayEngine
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine
from securely.testing.suites.store import EngineSuite

BUSY_SECONDS = 0.2


class TestArrayEngine(EngineSuite):
    @pytest.fixture
    def engine(self) -> Iterator[ArrayEngine]:
        engine = ArrayEngine("suite", busy_seconds=BUSY_SECONDS)
        yield engine
        engine.close()


class TestLmdbEngine(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[LmdbEngine]:
        directory = tmp_path / "store"
        engine = LmdbEngine(directory, "suite", durability="relaxed", busy_seconds=BUSY_SECONDS)
        yield engine
        engine.close()


class TestSqliteEngine(EngineSuite):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[SqliteEngine]:
        directory = tmp_path / "store"
        engine = SqliteEngine(directory, "suite", durability="relaxed", busy_seconds=BUSY_SECONDS)
        yield engine
        engine.close()
