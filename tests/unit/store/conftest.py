"""Databases of each driver, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.encryption import KeyRing
from securely.store import Database, Engine
from securely.store.drivers.array import ArrayEngine
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine
from securely.support import clock
from securely.support.clock import FrozenClock

KEYS = KeyRing(b"k" * 32)
SEAL = KEYS.purpose("store")

Make = Callable[[], Engine]


def engine(driver: str, path: Path, name: str = "test") -> Engine:
    """An engine of *driver* that lies at *path*."""
    if driver == "array":
        return ArrayEngine(name, busy_seconds=0.5)
    if driver == "lmdb":
        return LmdbEngine(path, name, durability="relaxed", busy_seconds=0.5)
    return SqliteEngine(path, name, durability="relaxed", busy_seconds=0.5)


@pytest.fixture(params=["array", "lmdb", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each driver."""
    database = Database.over(engine(request.param, tmp_path / "store"), SEAL)
    yield database
    database.close()


@pytest.fixture
def frozen() -> Iterator[FrozenClock]:
    """A clock that stands still until it is moved."""
    with clock.using(FrozenClock(at=1_700_000_000.0)) as frozen:
        assert isinstance(frozen, FrozenClock)
        yield frozen
