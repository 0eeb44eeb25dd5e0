"""The manager: stores by name, the default one, drivers of one's own."""

from __future__ import annotations

import asyncio
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from securely.cache import (
    CacheHit,
    CacheManager,
    CacheMissed,
    EntryRefused,
    Repository,
    UnknownDriver,
    UnknownStore,
)
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions, CacheOptions, DiskOptions
from securely.encryption import KeyRing
from securely.exceptions import ConfigurationError
from securely.support.missing import MISSING
from securely.support.options import InvalidOptions


class Name(StrEnum):
    OTHER = "other"


STORES = {
    "main": {"driver": "array"},
    "other": {"driver": "array", "prefix": "own:", "events": False},
    "disk": {"driver": "disk", "path": "storage/cache"},
    "nothing": {"driver": "null"},
    "mongo": {"driver": "mongo", "url": "mongo://localhost"},
}


@pytest.fixture
def refused() -> list[EntryRefused]:
    return []


@pytest.fixture
def manager(tmp_path: Path, listeners: Any, refused: list[EntryRefused]) -> CacheManager:
    """A manager of one store of each driver."""
    options = CacheOptions.parse({"default": "main", "prefix": "app:", "stores": STORES}, "cache")
    return CacheManager(
        options.default,
        options.stores,
        prefix=options.prefix,
        events=listeners,
        materials=Materials(
            locate=lambda path: tmp_path / path,
            seal=lambda: KeyRing(b"k" * 32).purpose("cache"),
            report=refused.append,
            classes=("datetime.time", "securely.cache.events.CacheHit"),
        ),
    )


def test_manager_when_used_then_is_its_default_store(manager: CacheManager) -> None:
    manager.put("key", 1)

    assert manager.store().get("key") == 1
    assert manager.store("main").get("key") == 1
    assert manager.store("main") is manager.store()
    assert manager.driver is manager.store("main").driver
    assert manager.place is manager.store("main").place
    assert manager.default == "main"


def test_store_when_named_then_apart_from_the_others(manager: CacheManager) -> None:
    manager.put("key", 1)

    assert manager.store(Name.OTHER).get("key") is None
    assert manager.store("nothing").get("key") is None


def test_store_when_not_defined_then_the_error_lists_those_that_are(manager: CacheManager) -> None:
    with pytest.raises(UnknownStore) as caught:
        manager.store("dsk")

    assert str(caught.value) == (
        'Cache store "dsk" is not defined. Defined stores: disk, main, mongo, nothing, other. '
        'Did you mean "disk"?'
    )
    assert isinstance(caught.value, LookupError)


def test_driver_when_unknown_then_the_error_lists_those_there_are(manager: CacheManager) -> None:
    with pytest.raises(
        UnknownDriver, match=r"mongo.*of the store.*Drivers: array, disk, failover, null, redis"
    ):
        manager.store("mongo").get("key")


def test_prefix_when_the_store_has_its_own_then_that_one(manager: CacheManager) -> None:
    manager.put("key", 1)
    manager.store("other").put("key", 2)

    assert manager.driver.get("app:key") == 1
    assert manager.store("other").driver.get("own:key") == 2


def test_events_when_the_store_has_none_then_nobody_is_told(
    manager: CacheManager, listeners: Any
) -> None:
    manager.store("other").put("key", 1)
    before = list(listeners.told)
    manager.put("key", 1)
    manager.get("key")

    assert before == []
    assert listeners.told[-1] == CacheHit("main", "key", 1)


def test_disk_when_defined_then_lies_where_the_paths_say(
    manager: CacheManager, tmp_path: Path
) -> None:
    manager.store("disk").put("key", CacheHit("a", "b", 1))

    assert (tmp_path / "storage" / "cache" / "cache.db").exists()
    assert manager.store("disk").get("key") == CacheHit("a", "b", 1)
    manager.close()


def test_disk_when_an_entry_is_refused_then_the_manager_is_told(
    manager: CacheManager, refused: list[EntryRefused], tmp_path: Path
) -> None:
    manager.store("disk").put("key", 1)
    stranger = DiskStore(
        tmp_path / "storage" / "cache", KeyRing(b"x" * 32).purpose("cache"), name="disk"
    )
    stranger.put("app:key", 2, None)

    assert manager.store("disk").get("key") is None
    assert [(error.store, error.key) for error in refused] == [("disk", "app:key")]
    stranger.close()
    manager.close()


def test_disk_when_there_is_no_key_then_says_so() -> None:
    options = CacheOptions.parse({}, "cache")
    manager = CacheManager(options.default, options.stores)

    with pytest.raises(ConfigurationError, match="no key to sign with"):
        manager.get("key")
    assert manager.store("array").get("key") is None


def test_extend_when_it_gives_a_store_then_a_repository_is_put_around_it(
    manager: CacheManager,
) -> None:
    seen: list[tuple[str, str]] = []

    def mongo(name: str, options: Any) -> ArrayStore:
        seen.append((name, options.url))
        return ArrayStore()

    manager.extend("mongo", mongo)
    manager.store("mongo").put("key", 1)

    assert seen == [("mongo", "mongo://localhost")]
    assert manager.store("mongo").driver.get("app:key") == 1


def test_extend_when_it_gives_a_repository_then_that_one_is_used(manager: CacheManager) -> None:
    own = Repository(ArrayStore(), prefix="mine:")
    manager.extend("array", lambda _name, _options: own)

    assert manager.store("main") is own


def test_build_when_defined_on_the_spot_then_not_kept(manager: CacheManager) -> None:
    built = manager.build({"driver": "array", "entries_max": 1})
    built.put("a", 1)
    built.put("b", 2)

    assert built.many(["a", "b"]) == {"a": None, "b": 2}
    assert manager.names() == tuple(STORES)
    with pytest.raises(InvalidOptions, match=r"cache\.build\.entrys_max .* \"entries_max\""):
        manager.build({"driver": "array", "entrys_max": 1})


def test_purge_when_named_then_the_next_use_builds_anew(manager: CacheManager) -> None:
    manager.put("key", 1)

    manager.purge()

    assert manager.get("key") is None


def test_aclose_when_stores_are_open_then_all_are_closed(manager: CacheManager) -> None:
    first = manager.store("disk")
    first.put("key", 1)

    asyncio.run(manager.aclose())

    assert manager.store("disk") is not first
    assert manager.store("disk").get("key") == 1
    manager.close()


def test_classes_when_not_named_then_not_found() -> None:
    materials = Materials(classes=("datetime.time", "securely.cache.manager.Any"))

    assert materials.resolve("datetime.time") is not None
    assert materials.resolve("datetime.date") is None


def test_driver_when_looked_at_then_the_store_itself(manager: CacheManager) -> None:
    assert isinstance(manager.driver, ArrayStore)
    assert manager.driver.get("absent") is MISSING


def test_build_when_on_disk_then_rows_of_one_directory_are_strangers_in_another(
    tmp_path: Path,
) -> None:
    refused: list[EntryRefused] = []
    seal = KeyRing(b"k" * 32).purpose("cache")
    manager = CacheManager(
        "disk",
        {"disk": DiskOptions(driver="disk", path=str(tmp_path / "disk"))},
        materials=Materials(seal=lambda: seal, report=refused.append),
    )
    one, other = (
        manager.build({"driver": "disk", "path": str(tmp_path / name)}) for name in ("one", "other")
    )
    same = manager.build({"driver": "disk", "path": str(tmp_path / "other" / ".." / "one")})
    for cache, role in ((one, "admin"), (other, "guest"), (manager, "guest")):
        cache.put("role", role)
    with sqlite3.connect(tmp_path / "one" / "cache.db") as connection:
        (row,) = connection.execute("SELECT value FROM Cache WHERE key = 'role'").fetchone()
    connection.close()
    for name in ("other", "disk"):
        with sqlite3.connect(tmp_path / name / "cache.db") as connection:
            connection.execute("UPDATE Cache SET value = ? WHERE key = 'role'", (row,))
        connection.close()

    assert same.get("role") == "admin"
    assert [other.get("role"), manager.get("role")] == [None, None]
    assert [error.key for error in refused] == ["role", "role"]
    for cache in (one, other, same, manager):
        cache.close()


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ({"driver": "array"}, "array"),
        ({"driver": "redis"}, "redis@127.0.0.1:6379/0"),
        ({"driver": "redis", "url": "redis://:secret@cache:6380/2"}, "redis@cache:6380/2"),
        ({"driver": "redis", "path": "/run/redis.sock"}, "redis@/run/redis.sock/0"),
    ],
)
def test_build_when_a_store_lies_elsewhere_then_it_is_called_so(
    definition: dict[str, object], name: str
) -> None:
    seal = KeyRing(b"k" * 32).purpose("cache")
    manager = CacheManager(
        "a", {"a": ArrayOptions(driver="array")}, materials=Materials(seal=lambda: seal)
    )

    assert manager.build(definition).place.name == name


def test_default_cache_time_when_set_then_that_of_the_default_store(manager: CacheManager) -> None:
    manager.default_cache_time = 60
    manager["key"] = 1
    manager.memo()["other"] = 2

    assert manager.store().default_cache_time == 60
    assert manager.default_cache_time == 60
    ttls = [manager.ttl("key"), manager.ttl("other")]
    assert all(isinstance(ttl, float) and ttl <= 60 for ttl in ttls)


@pytest.mark.parametrize("store", ["main", "disk"])
def test_put_when_the_class_is_not_allowed_then_names_the_setting(
    manager: CacheManager, store: str
) -> None:
    name = "securely.cache.events.CacheMissed"

    with pytest.raises(TypeError, match=rf'add "{name}" to cache\.serializable_classes'):
        manager.store(store).put("key", {"event": CacheMissed("main", "key")})

    manager.store(store).put("key", {"event": CacheHit("main", "key", 1)})
    assert manager.store(store).get("key") == {"event": CacheHit("main", "key", 1)}
