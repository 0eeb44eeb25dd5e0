"""The manager: databases by name, the default one, and drivers of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.exceptions import ConfigurationError
from securely.store import (
    Corrupted,
    Database,
    StoreManager,
    Tree,
    UnknownDatabase,
    UnknownDriver,
)
from securely.store.drivers.array import ArrayEngine
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine
from securely.store.manager import Materials
from securely.store.options import StoreOptions
from securely.support.options import InvalidOptions

from .conftest import SEAL

DATABASES = {
    "memory": {"driver": "array"},
    "file": {"driver": "sqlite", "path": "s", "durability": "relaxed", "value_bytes_max": 100},
    "fast": {"driver": "lmdb", "path": "l", "durability": "normal"},
    "mine": {"driver": "mine", "colour": "red"},
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreManager]:
    options = StoreOptions.parse({"default": "memory", "databases": DATABASES}, "store")
    materials = Materials(locate=tmp_path.joinpath, seal=lambda: SEAL)
    manager = StoreManager(options.default, options.databases, materials)
    yield manager
    manager.close()


def test_manager_when_used_then_it_is_the_default_database(store: StoreManager) -> None:
    store.put("k", 1)
    tree = store.tree("t", int)
    with store.transaction(tree) as (t,):
        t.put("n", store.generate_id())

    assert store.database("memory").get("k") == store.database().get("k") == 1
    assert store.database().tree("t").get("n") == 1
    assert store.names() == ("memory", "file", "fast", "mine")
    assert store.update_and_fetch("k", lambda old: old + 1) == 2


def test_database_when_named_then_of_its_driver_and_options(
    store: StoreManager, tmp_path: Path
) -> None:
    kinds = {"memory": ArrayEngine, "file": SqliteEngine, "fast": LmdbEngine}
    for name, kind in kinds.items():
        database = store.database(name)
        database.put("k", name)
        assert isinstance(database.bound.engine, kind)
        assert database.bound.engine.name == name
        assert database.get("k") == name

    assert (tmp_path / "s" / "store.db").exists()
    with pytest.raises(ValueError, match="at most 100"):
        store.database("file").put("k", "x" * 200)
    assert store.get("k") == "memory"


def test_database_when_not_defined_then_the_defined_ones_are_named(store: StoreManager) -> None:
    with pytest.raises(UnknownDatabase, match=r'Did you mean "memory"\?'):
        store.database("memori")
    with pytest.raises(UnknownDriver, match="Drivers: array, lmdb, sqlite"):
        store.database("mine")


def test_extend_when_a_driver_is_added_then_it_is_used(store: StoreManager) -> None:
    seen: list[Any] = []

    def make(name: str, options: Any) -> ArrayEngine:
        seen.append((name, options.colour))
        return ArrayEngine(name)

    store.extend("mine", make)
    store.database("mine").put("k", 1)

    assert seen == [("mine", "red")]
    assert store.database("mine").get("k") == 1


def test_extend_when_it_makes_a_database_then_that_one(store: StoreManager) -> None:
    mine = Database.temporary()
    store.extend("mine", lambda name, options: mine)

    assert store.database("mine") is mine


def test_build_when_defined_here_then_not_kept(store: StoreManager) -> None:
    built = store.build({"driver": "array"})
    built.put("k", 1)

    assert isinstance(built, Tree)
    assert store.get("k") is None
    with pytest.raises(InvalidOptions, match=r"store\.build\.durability"):
        store.build({"driver": "sqlite", "durability": "total"})


@pytest.mark.parametrize("driver", ["lmdb", "sqlite"])
def test_build_when_a_row_is_moved_to_another_directory_then_refused(
    store: StoreManager, tmp_path: Path, driver: str
) -> None:
    """What is built here and now is signed with where it lies."""
    one, other = (
        store.build({"driver": driver, "path": str(tmp_path / name), "durability": "relaxed"})
        for name in ("one", "other")
    )
    one.put("role", "admin")
    row = one.bound.engine.get("default", b"\x02role")
    assert row is not None
    other.bound.engine.put("default", b"\x02role", row)

    with pytest.raises(Corrupted):
        other.get("role")
    one.close()
    again = store.build({"driver": driver, "path": str(tmp_path / "x" / ".." / "one")})
    assert again.get("role") == "admin"
    for each in (other, again):
        each.close()


def test_build_when_it_is_given_a_name_then_it_may_be_moved(
    store: StoreManager, tmp_path: Path
) -> None:
    path = tmp_path / "one"
    built = store.build({"driver": "sqlite", "path": str(path)}, "orders")
    built.put("k", 1)
    built.close()
    path.rename(tmp_path / "moved")

    moved = store.build({"driver": "sqlite", "path": str(tmp_path / "moved")}, name="orders")

    assert moved.get("k") == 1
    assert moved.bound.engine.name == "orders"
    moved.close()


def test_manager_when_it_has_no_key_then_it_says_so() -> None:
    manager = StoreManager(
        "m",
        StoreOptions.parse(
            {"databases": {"m": {"driver": "array"}}, "default": "m"}, "store"
        ).databases,
    )

    with pytest.raises(ConfigurationError, match="no key to sign with"):
        manager.get("k")


def test_close_when_used_again_then_it_opens_again(store: StoreManager) -> None:
    store.database("file").put("k", 1)
    store.close()
    assert store.database("file").get("k") == 1

    asyncio.run(store.aclose())

    assert store.database("file").get("k") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"default": "sqlit"}, 'did you mean "sqlite"'),
        ({"databases": {"a": {"driver": "sqlite", "durabilty": "full"}}}, "durabilty"),
        ({"databases": {"a": {"driver": "lmdb", "size_bytes_max": 5}}}, "size_bytes_max"),
        ({"databases": {"a": {"driver": "array", "busy_seconds": 0}}}, "busy_seconds"),
    ],
)
def test_options_when_wrong_then_named(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidOptions, match=words):
        StoreOptions.parse(data, "store")


def test_materials_when_a_class_is_allowed_then_values_may_hold_it() -> None:
    options = StoreOptions.parse({"default": "m", "databases": {"m": {"driver": "array"}}}, "store")
    name = f"{Path.__module__}:PurePosixPath"
    assert Materials().resolve(name) is None
    allowed = "securely.store.database.Problem"
    materials = Materials(seal=lambda: SEAL, classes=(allowed,))
    store = StoreManager(options.default, options.databases, materials)
    from securely.store import Problem

    store.put("k", [Problem("t", 1, "why")])

    assert store.get("k") == [Problem("t", 1, "why")]
