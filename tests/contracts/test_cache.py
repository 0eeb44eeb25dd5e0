"""Runs the suite that every cache store must pass against each of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.cache import CacheManager, LockStore, Store
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.base import AsyncStore
from securely.cache.drivers.disk import DiskStore
from securely.cache.drivers.failover import FailoverStore
from securely.cache.drivers.memo import MemoStore
from securely.cache.drivers.null import NullStore
from securely.cache.drivers.redis import RedisStore
from securely.cache.manager import Materials
from securely.cache.options import CacheOptions
from securely.cache.place import Memory
from securely.cache.repository import Repository
from securely.encryption import KeyRing
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING, Missing
from securely.testing.suites.cache import LockSuite, StoreSuite
from securely.testing.suites.repository import RepositorySuite
from tests.valkey import Valkey


class TestArrayStore(StoreSuite, LockSuite, RepositorySuite):
    @pytest.fixture
    def store(self) -> ArrayStore:
        return ArrayStore()


class TestDiskStore(StoreSuite, LockSuite, RepositorySuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[DiskStore]:
        store = DiskStore(tmp_path / "cache", KeyRing(b"k" * 32).purpose("cache"))
        yield store
        store.close()


class TestRedisStore(StoreSuite, LockSuite, RepositorySuite):
    @pytest.fixture
    def store(self, valkey: Valkey) -> Iterator[RedisStore]:
        store = RedisStore(valkey.address, KeyRing(b"k" * 32).purpose("cache"))
        yield store
        store.close()

    @pytest.fixture
    def travel(self, frozen: FrozenClock, valkey: Valkey) -> Callable[[float], None]:
        """Move our clock, and the lifetimes that the server keeps."""

        def travel(seconds: float) -> None:
            frozen.travel(seconds)
            valkey.travel(seconds)

        return travel


class TestFailoverStore(StoreSuite, LockSuite, RepositorySuite):
    @pytest.fixture
    def store(self) -> Store:
        options = CacheOptions.parse(
            {
                "default": "both",
                "stores": {
                    "both": {"driver": "failover", "stores": ["first", "second"]},
                    "first": {"driver": "array"},
                    "second": {"driver": "array"},
                },
            },
            "cache",
        )
        store = CacheManager(options.default, options.stores).store("both").driver
        assert isinstance(store, FailoverStore)
        return store


class TestFailoverStoreWhenTheFirstIsGone(StoreSuite, LockSuite, RepositorySuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        options = CacheOptions.parse(
            {
                "default": "both",
                "stores": {
                    "both": {"driver": "failover", "stores": ["gone", "array"]},
                    "gone": {"driver": "redis", "url": f"unix://{tmp_path}/gone"},
                    "array": {"driver": "array"},
                },
            },
            "cache",
        )
        materials = Materials(seal=lambda: KeyRing(b"k" * 32).purpose("cache"))
        manager = CacheManager(options.default, options.stores, materials=materials)
        return manager.store("both").driver


class TestMemoStore(StoreSuite, LockSuite):
    """A memo does not see that a lifetime ends: time that passes is another request's time."""

    @pytest.fixture
    def memories(self) -> list[Memory]:
        return [Memory()]

    @pytest.fixture
    def store(self, memories: list[Memory]) -> MemoStore:
        return MemoStore(Repository(ArrayStore()), lambda: memories[-1])

    @pytest.fixture
    def travel(self, frozen: FrozenClock, memories: list[Memory]) -> Callable[[float], None]:
        def travel(seconds: float) -> None:
            frozen.travel(seconds)
            memories.append(Memory())

        return travel


class _Remote(AsyncStore):
    """A store that is natural in async: the suite proves what AsyncStore gives it."""

    def __init__(self) -> None:
        self._kept = ArrayStore()

    async def aget(self, key: str) -> object:
        return await self._kept.aget(key)

    async def aput(self, key: str, value: object, seconds: float | None) -> None:
        await self._kept.aput(key, value, seconds)

    async def aadd(self, key: str, value: object, seconds: float | None) -> bool:
        return await self._kept.aadd(key, value, seconds)

    async def aincrement(self, key: str, by: float, seconds: float | None) -> int | float:
        return await self._kept.aincrement(key, by, seconds)

    async def apull(self, key: str) -> object:
        return await self._kept.apull(key)

    async def atouch(self, key: str, seconds: float | None) -> bool:
        return await self._kept.atouch(key, seconds)

    async def attl(self, key: str) -> float | Missing | None:
        return await self._kept.attl(key)

    async def aforget(self, key: str) -> bool:
        return await self._kept.aforget(key)

    async def aflush(self, prefix: str) -> None:
        await self._kept.aflush(prefix)


class TestAsyncStore(StoreSuite):
    @pytest.fixture
    def store(self) -> _Remote:
        return _Remote()


class TestNullStore:
    """The null store is no store: it fails the suite by its nature, so its nature is tested."""

    @pytest.fixture
    def store(self) -> NullStore:
        return NullStore()

    def test_null_when_written_then_keeps_nothing(self, store: NullStore) -> None:
        store.put("key", 1, None)
        store.put_many({"other": 2}, None)

        assert store.get("key") is MISSING
        assert store.many(["key", "other"]) == {}
        assert store.add("key", 1, None) is True
        assert store.add("key", 1, None) is True
        assert store.increment("n", 2, None) == 2
        assert store.increment("n", 2, None) == 2
        assert store.pull("key") is MISSING
        assert store.ttl("key") is MISSING
        assert store.touch("key", 1) is False
        assert store.forget("key") is False
        assert store.prune() == 0
        store.flush("")

    def test_null_when_locked_then_every_lock_is_free(self, store: NullStore) -> None:
        satisfied: tuple[Store, LockStore] = (store, store)

        assert store.acquire("lock", "ann", None, bound=True) is True
        assert store.acquire("lock", "bob", None, bound=True) is True
        assert store.holder("lock") is None
        assert store.refresh("lock", "ann", None) is True
        assert store.detach("lock", "ann") is True
        assert store.release("lock", "ann") is True
        assert store.force_release("lock") is False
        assert satisfied
