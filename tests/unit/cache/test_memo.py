"""A memo: a key is read once per scope, be it there or not, until it is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from securely.cache import CacheManager, LocksUnsupported, Repository, UnknownStore
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.memo import MemoStore
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions, NullOptions
from securely.cache.place import Memory
from securely.container import Container
from securely.support import clock


class Counting(ArrayStore):
    """A store in memory that notes what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, key: str) -> object:
        self.read.append(key)
        return super().get(key)


@pytest.fixture
def inner(listeners: Any) -> Repository:
    return Repository(Counting(), name="memory", prefix="app:", events=listeners)


@pytest.fixture
def read(inner: Repository) -> list[str]:
    store = inner.driver
    assert isinstance(store, Counting)
    return store.read


@pytest.fixture
def memo(inner: Repository) -> Repository:
    memory = Memory()
    return Repository(MemoStore(inner, lambda: memory), name="memory")


def test_get_when_read_again_then_the_store_is_not_asked(
    memo: Repository, inner: Repository, read: list[str]
) -> None:
    inner.put("key", 1)

    assert [memo.get("key"), memo.get("key"), memo.has("key")] == [1, 1, True]
    assert read == ["app:key"]


def test_get_when_absent_then_that_is_remembered_too(memo: Repository, read: list[str]) -> None:
    assert [memo.get("key"), memo.get("key", "default"), memo.missing("key")] == [
        None,
        "default",
        True,
    ]
    assert read == ["app:key"]


def test_get_when_none_is_stored_then_a_hit(memo: Repository, inner: Repository) -> None:
    inner.put("key", None)

    assert [memo.get("key", "default"), memo.get("key", "default")] == [None, None]


def test_many_when_some_are_known_then_only_the_others_are_fetched(
    memo: Repository, inner: Repository, read: list[str]
) -> None:
    inner.put_many({"a": 1, "b": 2})
    memo.get("a")
    memo.get("absent")
    read.clear()

    found = memo.many(["b", "absent", "a", "c"])
    again = memo.many(["b", "absent", "a", "c"])

    assert found == again == {"b": 2, "absent": None, "a": 1, "c": None}
    assert list(found) == ["b", "absent", "a", "c"]
    assert read == ["app:b", "app:c"]


def test_value_when_changed_by_its_reader_then_the_memory_is_not(
    memo: Repository, inner: Repository
) -> None:
    inner.put_many({"one": [1], "two": [2]})
    for key in ("one", "two"):
        first: Any = memo.many([key])[key] if key == "two" else memo.get(key)
        first.append("changed")
        second: Any = memo.get(key)
        second.append("changed")

    assert memo.get("one") == [1]
    assert memo.many(["two"]) == {"two": [2]}


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (lambda memo: memo.put("key", 2), 2),
        (lambda memo: memo.put_many({"key": 2}), 2),
        (lambda memo: memo.forever("key", 2), 2),
        (lambda memo: memo.increment("key"), 2),
        (lambda memo: memo.decrement("key"), 0),
        (lambda memo: memo.forget("key"), None),
        (lambda memo: memo.pull("key"), None),
        (lambda memo: memo.flush(), None),
        (lambda memo: memo.put("key", 2, 0), None),
    ],
)
def test_write_when_through_the_memo_then_read_anew(
    memo: Repository, inner: Repository, write: Any, found: object
) -> None:
    inner.put("key", 1)
    memo.get("key")

    write(memo)

    assert memo.get("key") == found
    assert inner.get("key") == found


def test_add_and_touch_when_through_the_memo_then_read_anew(
    memo: Repository, inner: Repository, read: list[str]
) -> None:
    memo.get("key")
    memo.add("key", 1)
    added = memo.get("key")
    read.clear()
    memo.touch("key", 60)

    assert added == 1
    assert memo.get("key") == 1
    assert read == ["app:key"]


def test_write_when_beside_the_memo_then_not_noticed(memo: Repository, inner: Repository) -> None:
    inner.put("key", 1)
    memo.get("key")

    inner.put("key", 2)

    assert memo.get("key") == 1


def test_write_when_it_fails_then_read_anew(memo: Repository, inner: Repository) -> None:
    inner.put("key", "text")
    memo.get("key")
    inner.put("key", "other")

    with pytest.raises(TypeError):
        memo.increment("key")

    assert memo.get("key") == "other"


def test_read_when_a_write_comes_between_then_the_old_value_is_not_kept() -> None:
    class Slow(ArrayStore):
        async def aget(self, key: str) -> object:
            value = await super().aget(key)
            for _ in range(5):
                await clock.asleep(0)
            return value

    memory = Memory()
    inner = Repository(Slow())
    memo = Repository(MemoStore(inner, lambda: memory))

    async def use() -> object:
        inner.put("key", "old")
        reading = asyncio.create_task(memo.aget("key"))
        both = asyncio.create_task(memo.amany(["key"]))
        await clock.asleep(0)
        await memo.aput("key", "new")
        await reading
        await both
        return await memo.aget("key")

    assert asyncio.run(use()) == "new"


def test_events_when_read_then_those_of_the_store_and_none_of_its_own(
    memo: Repository, listeners: Any
) -> None:
    memo.get("key")
    memo.get("key")
    memo.put("key", 1)

    assert listeners.names == [
        ("RetrievingKey", "key"),
        ("CacheMissed", "key"),
        ("WritingKey", "key"),
        ("KeyWritten", "key"),
    ]


def test_lock_when_through_the_memo_then_the_stores(memo: Repository, inner: Repository) -> None:
    with memo.lock("lock"):
        assert inner.lock("lock").is_locked() is True

    assert inner.lock("lock").is_locked() is False


# Scopes


@pytest.fixture
def container() -> Container:
    container = Container()
    container.scoped(Memory)
    return container


@pytest.fixture
def manager(container: Container) -> CacheManager:
    counting = Counting()
    manager = CacheManager(
        "main",
        {"main": ArrayOptions(driver="array"), "nothing": NullOptions(driver="null")},
        materials=Materials(memory=lambda: container.make(Memory)),
    )
    manager.extend("array", lambda name, options: counting)
    return manager


def test_memo_when_a_scope_ends_then_its_memory_does(
    manager: CacheManager, container: Container
) -> None:
    with container.scope():
        manager.memo("main").get("key")
        manager.put("key", 1)
        within = manager.memo("main").get("key")
    with container.scope():
        after = manager.memo("main").get("key")

    assert within is None
    assert after == 1


def test_memo_when_tasks_have_scopes_of_their_own_then_isolated(
    manager: CacheManager, container: Container
) -> None:
    async def request(number: int, gate: asyncio.Barrier) -> list[object]:
        async with container.ascope():
            await gate.wait()
            before = await manager.memo().aget("key")
            if number == 0:
                await manager.memo().aput("key", "new")
            await gate.wait()
            return [before, await manager.memo().aget("key")]

    async def use() -> list[list[object]]:
        gate = asyncio.Barrier(2)
        return await asyncio.gather(request(0, gate), request(1, gate))

    manager.put("key", "old")
    writer, reader = asyncio.run(use())

    assert writer == ["old", "new"]
    assert reader == ["old", "old"]


def test_memo_when_outside_of_scopes_then_until_they_are_forgotten(
    manager: CacheManager, container: Container
) -> None:
    manager.memo().get("key")
    manager.put("key", 1)
    before = manager.memo().get("key")

    container.forget_scoped_instances()

    assert before is None
    assert manager.memo().get("key") == 1


def test_memo_when_asked_for_again_then_the_same_until_the_store_is_purged(
    manager: CacheManager,
) -> None:
    memo = manager.memo("main")

    assert manager.memo() is memo
    assert manager.memo("nothing") is not memo
    manager.purge("main")
    assert manager.memo("main") is not memo


def test_memo_when_two_stores_have_the_same_key_then_told_apart(manager: CacheManager) -> None:
    manager.put("key", 1)

    assert manager.memo("main").get("key") == 1
    assert manager.memo("nothing").get("key") is None


def test_memo_when_the_manager_stands_alone_then_it_remembers_as_long() -> None:
    manager = CacheManager("main", {"main": ArrayOptions(driver="array")})
    manager.memo().get("key")
    manager.put("key", 1)

    assert manager.memo().get("key") is None


def test_memo_when_the_store_is_unknown_then_said(manager: CacheManager) -> None:
    with pytest.raises(UnknownStore, match='"mian" is not defined'):
        manager.memo("mian")


def test_lock_when_the_store_has_none_then_said() -> None:
    from securely.cache.drivers.base import SyncStore

    class Bare(SyncStore):
        get = put = add = increment = pull = touch = ttl = forget = flush = lambda self, *_: None  # type: ignore[assignment]  # never called

    memo = Repository(MemoStore(Repository(Bare(), name="bare"), Memory))

    with pytest.raises(LocksUnsupported, match='"bare"'):
        memo.lock("lock").acquire()
