"""Single flight, however a key is seen: through tags, a memo, another store; and the decorator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from securely.cache import CacheManager, Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions, DiskOptions, FailoverOptions
from securely.cache.place import Memory
from securely.encryption import KeyRing
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.serializer import Unserializable

# How many come at once.
CROWD = 6


class Producer:
    """Makes values slowly, and counts how many."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        clock.sleep(0.05)
        return self.made

    async def amake(self) -> int:
        self.made += 1
        await clock.asleep(0.05)
        return self.made


def manager(path: Path) -> CacheManager:
    """Return stores as another process would have them, each thread of it with its own scope."""
    local = threading.local()

    def memory() -> Memory:
        if not hasattr(local, "memory"):
            local.memory = Memory()
        found: Memory = local.memory
        return found

    return CacheManager(
        "disk",
        {
            "array": ArrayOptions(driver="array"),
            "disk": DiskOptions(driver="disk", path=str(path)),
            "safe": FailoverOptions(driver="failover", stores=("disk", "array")),
        },
        materials=Materials(seal=lambda: KeyRing(b"k" * 32).purpose("cache"), memory=memory),
    )


@pytest.mark.parametrize("tagged", [False, True])
def test_remember_when_many_scopes_have_a_memo_then_one_makes_it(
    tmp_path: Path, tagged: bool
) -> None:
    cache, produce = manager(tmp_path), Producer()
    start = threading.Barrier(CROWD)

    def want(_: int) -> int:
        memo = cache.memo().tags("a") if tagged else cache.memo()
        memo.get("k")
        start.wait()
        return memo.remember("k", 60, produce)

    with ThreadPoolExecutor(CROWD) as pool:
        assert list(pool.map(want, range(CROWD))) == [1] * CROWD

    assert produce.made == 1
    cache.close()


def test_remember_when_processes_have_a_memo_then_one_makes_it(tmp_path: Path) -> None:
    managers, produce = [manager(tmp_path) for _ in range(CROWD)], Producer()
    start = threading.Barrier(CROWD)

    def want(cache: CacheManager) -> int:
        memo = cache.memo()
        start.wait()
        return memo.remember("k", 60, produce)

    with ThreadPoolExecutor(CROWD) as pool:
        assert list(pool.map(want, managers)) == [1] * CROWD

    assert produce.made == 1
    for cache in managers:
        cache.close()


def test_aremember_when_tasks_have_a_memo_and_the_cache_then_one_makes_it(tmp_path: Path) -> None:
    cache, produce = manager(tmp_path), Producer()

    async def want() -> list[int]:
        seen = [cache.memo("array"), cache.store("array"), cache.memo("array")]
        return await asyncio.gather(*[each.aremember("k", 60, produce.amake) for each in seen])

    assert asyncio.run(want()) == [1] * 3
    assert produce.made == 1


SEEN: dict[str, tuple[Callable[[CacheManager], Repository], Callable[[CacheManager], Repository]]]
SEEN = {
    "two tags": (lambda cache: cache.tags("a"), lambda cache: cache.tags("b")),
    "a tag within": (lambda cache: cache, lambda cache: cache.tags("b")),
    "a memo": (lambda cache: cache.memo(), lambda cache: cache),
    "within a memo": (lambda cache: cache, lambda cache: cache.memo()),
    "a memo of tags": (lambda cache: cache.memo().tags("a"), lambda cache: cache.tags("a")),
    "a failover": (lambda cache: cache.store("safe"), lambda cache: cache),
    "within a failover": (lambda cache: cache, lambda cache: cache.store("safe")),
}


@pytest.mark.parametrize(("outer", "inner"), SEEN.values(), ids=SEEN)
def test_remember_when_the_producer_sees_its_key_otherwise_then_does_not_wait_for_itself(
    tmp_path: Path,
    outer: Callable[[CacheManager], Repository],
    inner: Callable[[CacheManager], Repository],
) -> None:
    cache = manager(tmp_path)
    began = clock.monotonic()

    def produce() -> int:
        return inner(cache).remember("k", 60, lambda: 1) + 1

    assert outer(cache).remember("k", 60, produce) == 2
    assert clock.monotonic() - began < 5
    cache.close()


@pytest.mark.parametrize(("outer", "inner"), SEEN.values(), ids=SEEN)
def test_aremember_when_the_producer_sees_its_key_otherwise_then_does_not_wait_for_itself(
    tmp_path: Path,
    outer: Callable[[CacheManager], Repository],
    inner: Callable[[CacheManager], Repository],
) -> None:
    cache = manager(tmp_path)
    began = clock.monotonic()

    async def one() -> int:
        return 1

    async def produce() -> int:
        return await inner(cache).aremember("k", 60, one) + 1

    assert asyncio.run(outer(cache).aremember("k", 60, produce)) == 2
    assert clock.monotonic() - began < 5
    cache.close()


def test_remember_when_tags_could_be_read_two_ways_then_told_apart() -> None:
    cache = Repository(ArrayStore())
    ways = [
        cache.tags("a", "b"),
        cache.tags("a|b"),
        cache.tags("a,1:b"),
        cache.tags("a"),
        cache.tags("b"),
        cache,
    ]
    names = {each.place.named("remember", key) for each in ways for key in ("k", "b|k", "1:b,k")}

    assert len(names) == 3 * len(ways)


@pytest.mark.parametrize("lock", [0, "0s", "0"])
def test_remember_when_no_lock_is_wanted_then_none_is_taken(lock: float | str) -> None:
    cache = Repository(ArrayStore())

    def locked() -> bool:
        return cache.lock("remember:k").is_locked()

    assert cache.remember("k", 60, locked, lock=lock) is False
    assert cache.remember("other", 60, lambda: cache.lock("remember:other").is_locked()) is True


# Functions whose answers are kept


def test_cached_when_called_again_then_the_answer_is_kept(
    cache: Repository, frozen: FrozenClock
) -> None:
    calls: list[int] = []

    @cache.cached("1m", key="square:{number}")
    def square(number: int) -> int:
        """Return it squared."""
        calls.append(number)
        return number * number

    assert [square(3), square(number=3), square(4)] == [9, 9, 16]
    assert calls == [3, 4]
    assert cache.get("square:3") == 9
    assert (square.__name__, square.__doc__) == ("square", "Return it squared.")
    frozen.travel(61)
    assert square(3) == 9
    assert calls == [3, 4, 3]


def test_cached_when_async_then_awaited_and_kept(cache: Repository) -> None:
    calls: list[int] = []

    @cache.cached("1m", key=lambda number: f"square:{number}")
    async def square(number: int) -> int:
        calls.append(number)
        await clock.asleep(0)
        return number * number

    async def use() -> list[int]:
        return list(await asyncio.gather(square(3), square(3), square(4)))

    assert asyncio.run(use()) == [9, 9, 16]
    assert sorted(calls) == [3, 4]
    assert cache.get("square:3") == 9


def test_cached_when_no_key_is_told_then_all_arguments_make_it(cache: Repository) -> None:
    calls: list[object] = []

    @cache.cached(None)
    def total(first: int, *rest: int, scale: float = 1) -> float:
        calls.append((first, rest, scale))
        return (first + sum(rest)) * scale

    @cache.cached(lambda answer: 10 if answer else 1)
    def nothing() -> None:
        calls.append("nothing")

    answers = [total(1), total(1, scale=1), total(1, 2), total(1, 2, scale=2), total(1, 2)]
    nothing()
    nothing()

    assert answers == [1, 1, 3, 6, 3]
    assert calls == [(1, (), 1), (1, (2,), 1), (1, (2,), 2), "nothing"]


def test_cached_when_arguments_have_no_written_form_then_asks_for_a_key(cache: Repository) -> None:
    @cache.cached(60)
    def show(thing: object) -> str:
        return str(thing)

    with pytest.raises(Unserializable) as caught:
        show(object())
    assert "Say what the key of" in caught.value.__notes__[0]


def test_cached_when_used_wrongly_then_said(cache: Repository) -> None:
    with pytest.raises(ValueError, match=r'names "name", which is no parameter .* number'):

        @cache.cached(60, key="square:{name.first}")
        def square(number: int) -> int:
            return number

    with pytest.raises(TypeError, match="takes the lifetime first"):
        cache.cached(60)(7)  # type: ignore[type-var]  # it is a mistake


def test_cached_when_the_application_is_another_then_its_cache_is_asked() -> None:
    caches = [CacheManager("a", {"a": ArrayOptions(driver="array")}) for _ in range(2)]
    now: list[CacheManager | None] = [None]
    manager = CacheManager(
        "a", {"a": ArrayOptions(driver="array")}, materials=Materials(current=lambda: now[0])
    )

    @manager.cached(60, key="k")
    def answer() -> int:
        return 42

    for each in (*caches, None):
        now[0] = each
        answer()

    assert [each.get("k") for each in (*caches, manager)] == [42, 42, 42]


def test_sear_is_remember_forever(cache: Repository) -> None:
    async def two() -> int:
        return 2

    assert cache.sear("k", lambda: 1) == 1
    assert asyncio.run(cache.asear("k", two)) == 1
    assert cache.ttl("k") is None
