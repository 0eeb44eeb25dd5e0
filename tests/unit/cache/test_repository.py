"""The repository: lifetimes, defaults, events, single flight, and both colours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest

from securely.cache import LocksUnsupported, Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.base import SyncStore
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.durations import InvalidDuration
from securely.support.missing import MISSING


class _Bare(SyncStore):
    """A store without locks, and with nothing else either."""

    get = put = add = increment = pull = touch = ttl = forget = flush = lambda self, *_: MISSING  # type: ignore[assignment]  # never called


class Key(StrEnum):
    REPORT = "report"


# Reading


def test_get_when_absent_then_default(cache: Repository) -> None:
    assert cache.get("absent") is None
    assert cache.get("absent", 5) == 5


def test_get_when_default_is_callable_then_called_on_a_miss_only(cache: Repository) -> None:
    calls: list[int] = []
    cache.put("key", "value")

    found = cache.get("key", lambda: calls.append(1))
    missed = cache.get("absent", lambda: "made")

    assert found == "value"
    assert missed == "made"
    assert calls == []


def test_get_when_none_is_stored_then_a_hit(cache: Repository) -> None:
    cache.put("key", None)

    assert cache.get("key", "default") is None
    assert cache.has("key") is True
    assert cache.missing("key") is False


def test_get_when_key_is_an_enum_then_its_value_counts(cache: Repository) -> None:
    cache.put(Key.REPORT, 1)

    assert cache.get("report") == 1


def test_aget_when_default_is_async_then_awaited(cache: Repository) -> None:
    async def made() -> str:
        return "made"

    assert asyncio.run(cache.aget("absent", made)) == "made"
    assert asyncio.run(cache.apull("absent", made)) == "made"
    assert asyncio.run(cache.amany(["a"], made)) == {"a": "made"}
    assert asyncio.run(cache.aget("absent", lambda: "sync")) == "sync"


def test_many_when_mapping_then_each_key_has_its_default(cache: Repository) -> None:
    cache.put("b", 2)

    assert cache.many(["c", "b"], "none") == {"c": "none", "b": 2}
    assert list(cache.many({"z": 26, "b": 0, "y": lambda: 25})) == ["z", "b", "y"]
    assert cache.many({"z": 26, "b": 0, "y": lambda: 25}) == {"z": 26, "b": 2, "y": 25}


def test_prefix_when_set_then_stands_before_each_key_in_the_store(cache: Repository) -> None:
    cache.put("key", 1)
    cache.put_many({"other": 2})

    assert cache.driver.get("app:key") == 1
    assert cache.driver.get("app:other") == 2
    assert cache.driver.get("key") is MISSING


def test_flush_when_store_is_shared_then_other_prefixes_stay(cache: Repository) -> None:
    other = Repository(cache.driver, prefix="shop:")
    cache.put("key", 1)
    other.put("key", 2)

    cache.flush()

    assert cache.get("key") is None
    assert other.get("key") == 2


# Lifetimes


@pytest.mark.parametrize(
    "ttl",
    [60, 60.0, "1m", "60", timedelta(minutes=1), datetime.fromtimestamp(1_700_000_060, UTC)],
    ids=repr,
)
def test_ttl_when_given_in_any_form_then_the_same_seconds(
    frozen: FrozenClock, cache: Repository, ttl: Any
) -> None:
    cache.put("key", 1, ttl)

    assert cache.ttl("key") == 60


@pytest.mark.parametrize(
    "ttl", [0, -1, timedelta(0), "0s", datetime.fromtimestamp(1_699_999_999, UTC)], ids=repr
)
def test_ttl_when_zero_or_less_then_forgotten(
    frozen: FrozenClock, cache: Repository, ttl: Any
) -> None:
    cache.put("there", 1)
    cache.put("touched", 1)

    assert cache.put("there", 2, ttl) is True
    assert cache.put("there", 2, ttl) is False
    assert cache.put_many({"a": 1}, ttl) is False
    assert cache.add("new", 1, ttl) is False
    assert cache.touch("touched", ttl) is True
    assert cache.remember("made", ttl, lambda: 3) == 3
    assert cache.many(["there", "a", "new", "touched", "made"]) == dict.fromkeys(
        ["there", "a", "new", "touched", "made"]
    )


@pytest.mark.parametrize("ttl", ["soon", True, float("nan"), datetime(2026, 1, 1)], ids=repr)
def test_ttl_when_no_duration_then_raises(cache: Repository, ttl: Any) -> None:
    with pytest.raises(InvalidDuration):
        cache.put("key", 1, ttl)


def test_increment_when_new_then_ttl_holds_and_a_second_is_ignored(
    frozen: FrozenClock, cache: Repository
) -> None:
    assert cache.increment("n", ttl=10) == 1
    assert cache.increment("n", 4, ttl=99) == 5
    assert cache.decrement("n", 2) == 3
    assert cache.ttl("n") == 10


# Remember


def test_remember_when_there_then_does_not_produce(cache: Repository) -> None:
    cache.put("key", None)

    assert cache.remember("key", 60, lambda: "fresh") is None


def test_remember_when_ttl_is_callable_then_asked_with_the_value(
    frozen: FrozenClock, cache: Repository
) -> None:
    cache.remember("key", lambda value: value * 10, lambda: 3)

    assert cache.ttl("key") == 30


def test_remember_when_producer_raises_then_nothing_is_stored(cache: Repository) -> None:
    def fail() -> int:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        cache.remember("key", 60, fail)

    assert cache.missing("key")
    assert cache.remember("key", 60, lambda: 1) == 1


def test_remember_forever_when_absent_then_stores_without_an_end(cache: Repository) -> None:
    assert cache.remember_forever("key", lambda: 1) == 1
    assert cache.ttl("key") is None


def test_remember_when_threads_want_it_then_one_produces(cache: Repository) -> None:
    started = threading.Event()
    others = threading.Event()
    calls: list[int] = []

    def produce() -> str:
        started.set()
        calls.append(threading.get_ident())
        assert others.wait(30)
        return "value"

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(cache.remember, "key", 60, produce)
        assert started.wait(30)
        rest = [pool.submit(cache.remember, "key", 60, produce) for _ in range(8)]
        others.set()
        values = [future.result(30) for future in (first, *rest)]

    assert values == ["value"] * 9
    assert len(calls) == 1


def test_remember_when_leader_fails_then_the_next_tries(cache: Repository) -> None:
    started = threading.Event()
    fail = threading.Event()

    def failing() -> str:
        started.set()
        assert fail.wait(30)
        raise RuntimeError("boom")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.remember, "key", 60, failing)
        assert started.wait(30)
        second = pool.submit(cache.remember, "key", 60, lambda: "value")
        fail.set()

        assert second.result(30) == "value"
        with pytest.raises(RuntimeError):
            first.result(30)


def test_remember_when_producer_remembers_its_own_key_then_does_not_hang(
    cache: Repository,
) -> None:
    def outer() -> int:
        return cache.remember("key", 60, lambda: 1) + 1

    assert cache.remember("key", 60, outer) == 2


def test_aremember_when_tasks_want_it_then_one_produces(cache: Repository) -> None:
    calls: list[int] = []

    async def produce() -> str:
        calls.append(1)
        for _ in range(5):
            await clock.asleep(0)
        return "value"

    async def use() -> list[str]:
        return await asyncio.gather(*[cache.aremember("key", 60, produce) for _ in range(50)])

    assert asyncio.run(use()) == ["value"] * 50
    assert calls == [1]


def test_aremember_when_leader_is_cancelled_then_the_next_tries(cache: Repository) -> None:
    async def use() -> str:
        never = asyncio.Event()

        async def stuck() -> str:
            await never.wait()
            return "never"

        async def produce() -> str:
            return "value"

        leader = asyncio.create_task(cache.aremember("key", 60, stuck))
        await clock.asleep(0)
        follower = asyncio.create_task(cache.aremember("key", 60, produce))
        impatient = asyncio.create_task(cache.aremember("key", 60, produce))
        await clock.asleep(0)
        # A follower that leaves takes nobody along.
        impatient.cancel()
        await clock.asleep(0)
        leader.cancel()
        return await follower

    assert asyncio.run(use()) == "value"


def test_aremember_when_child_task_wants_the_same_key_then_does_not_hang(
    cache: Repository,
) -> None:
    async def inner() -> int:
        return 1

    async def outer() -> int:
        found = await asyncio.gather(cache.aremember("key", 60, inner))
        return found[0] + 1

    assert asyncio.run(asyncio.wait_for(cache.aremember("key", 60, outer), 30)) == 2


def test_remember_when_leader_needs_this_loop_then_does_not_hang(cache: Repository) -> None:
    async def use() -> tuple[str, str]:
        never = asyncio.Event()

        async def slow() -> str:
            await never.wait()
            return "slow"

        leader = asyncio.create_task(cache.aremember("key", 60, slow))
        await clock.asleep(0)
        # Sync code on the loop's own thread: to wait for the leader would be to stop it.
        at_once = cache.remember("key", 60, lambda: "at once")
        never.set()
        return at_once, await leader

    assert asyncio.run(use()) == ("at once", "slow")


def test_remember_when_lock_is_wanted_then_held_while_producing(cache: Repository) -> None:
    held: list[bool] = []

    cache.remember("key", 60, lambda: held.append(cache.lock("remember:key").is_locked()), lock=5)

    assert held == [True]
    assert cache.lock("remember:key").is_locked() is False


def test_remember_when_lock_is_never_free_then_produces_all_the_same(
    frozen: FrozenClock, cache: Repository
) -> None:
    cache.lock("remember:key").acquire()

    assert cache.remember("key", 60, lambda: "value", lock=5) == "value"
    assert cache.lock("remember:key").is_locked() is True


def test_remember_when_another_process_was_faster_then_its_value_counts(
    frozen: FrozenClock, cache: Repository
) -> None:
    other = cache.lock("remember:key")
    other.acquire()

    class Waiting(FrozenClock):
        def sleep(self, seconds: float) -> None:
            cache.put("key", "theirs")
            other.release()

    with clock.using(Waiting(at=frozen.timestamp())):
        assert cache.remember("key", 60, lambda: "ours", lock=5) == "theirs"


# Events


def test_events_when_reading_and_writing_then_in_laravels_order(
    cache: Repository, listeners: Any
) -> None:
    cache.get("k")
    cache.put("k", "v", 10)
    cache.get("k")
    cache.forever("f", 1)
    cache.forget("k")
    cache.forget("k")
    cache.many(["f", "zz"])
    cache.put_many({"x": 1, "y": 2}, 10)
    cache.remember("r", 10, lambda: 1)
    cache.flush()
    cache.increment("n")
    cache.touch("n", 5)
    cache.add("a", 1)

    # Source: Laravel 12.67, golden case events/hit-miss, but for `add`, which is atomic here.
    assert listeners.names == [
        ("RetrievingKey", "k"),
        ("CacheMissed", "k"),
        ("WritingKey", "k"),
        ("KeyWritten", "k"),
        ("RetrievingKey", "k"),
        ("CacheHit", "k"),
        ("WritingKey", "f"),
        ("KeyWritten", "f"),
        ("ForgettingKey", "k"),
        ("KeyForgotten", "k"),
        ("ForgettingKey", "k"),
        ("KeyForgetFailed", "k"),
        ("RetrievingManyKeys", None),
        ("CacheHit", "f"),
        ("CacheMissed", "zz"),
        ("WritingManyKeys", None),
        ("KeyWritten", "x"),
        ("KeyWritten", "y"),
        ("RetrievingKey", "r"),
        ("CacheMissed", "r"),
        ("WritingKey", "r"),
        ("KeyWritten", "r"),
        ("CacheFlushing", None),
        ("CacheFlushed", None),
    ]
    assert {event.store for event in listeners.told} == {"memory"}


def test_events_when_pulling_then_hit_and_forgotten(cache: Repository, listeners: Any) -> None:
    cache.put("k", 1)
    listeners.told.clear()

    cache.pull("k")
    cache.pull("k")

    assert listeners.names == [
        ("RetrievingKey", "k"),
        ("CacheHit", "k"),
        ("ForgettingKey", "k"),
        ("KeyForgotten", "k"),
        ("RetrievingKey", "k"),
        ("CacheMissed", "k"),
        ("ForgettingKey", "k"),
        ("KeyForgetFailed", "k"),
    ]


def test_events_when_nobody_listens_to_a_kind_then_it_is_not_made(
    cache: Repository, listeners: Any
) -> None:
    from securely.cache import CacheHit

    listeners.kinds = {CacheHit}
    cache.put("k", 1)
    cache.get("k")
    cache.get("absent")

    assert listeners.told == [CacheHit("memory", "k", 1)]


def test_events_when_async_then_told_in_that_colour(cache: Repository, listeners: Any) -> None:
    async def use() -> None:
        await cache.aput("k", 1)
        await cache.aget("k")
        await cache.aforget("k")
        await cache.aflush()

    asyncio.run(use())

    assert listeners.colours == {"async"}
    assert len(listeners.told) == 8


# Both colours


def test_twins_when_awaited_then_do_the_same(frozen: FrozenClock, cache: Repository) -> None:
    async def one() -> int:
        return 1

    async def use() -> list[object]:
        calls: list[Awaitable[object]] = [
            cache.aput("k", "v", 10),
            cache.aget("k"),
            cache.ahas("k"),
            cache.amissing("k"),
            cache.amany(["k", "zz"], "d"),
            cache.aput_many({"x": 1}, 10),
            cache.aforever("f", 2),
            cache.aadd("k", 1, 10),
            cache.aadd("k", 1, 0),
            cache.aincrement("n", 3, 10),
            cache.adecrement("n"),
            cache.aremember("k", 10, one),
            cache.aremember_forever("r", one),
            cache.atouch("k", 50),
            cache.attl("k"),
            cache.apull("k"),
            cache.aforget_many(["x", "f", "zz"]),
            cache.aput("n", 1, 0),
            cache.atouch("n", -1),
            cache.aput_many({"r": 1}, 0),
            cache.aprune(),
        ]
        return [await call for call in calls]

    assert asyncio.run(use()) == [
        True,
        "v",
        True,
        False,
        {"k": "v", "zz": "d"},
        True,
        True,
        False,
        False,
        3,
        2,
        "v",
        1,
        True,
        50,
        "v",
        2,
        True,
        False,
        True,
        0,
    ]
    asyncio.run(cache.aclose())


# Locks


def test_lock_when_store_has_none_then_raises() -> None:
    with pytest.raises(LocksUnsupported, match='"bare" has no locks'):
        Repository(_Bare(), name="bare").lock("x")


def test_restore_lock_when_owner_is_known_then_releases(cache: Repository) -> None:
    lock = cache.lock("x")
    lock.acquire()
    owner = lock.detach()

    assert cache.restore_lock("x", "stranger").release() is False
    assert cache.restore_lock("x", owner).release() is True


def test_lock_when_prefixes_differ_then_are_different(cache: Repository) -> None:
    other = Repository(cache.driver, prefix="shop:")

    assert cache.lock("x").get() is True
    assert other.lock("x").get() is True


def test_item_when_another_time_is_wanted_then_kept_for_that(
    cache: Repository, frozen: FrozenClock
) -> None:
    cache["hour"] = 1
    cache.default_cache_time = "1m"
    cache["minute"] = 2
    cache.tags("a")["minute"] = 3
    cache.put("ever", 4)

    assert [cache.ttl(key) for key in ("hour", "minute", "ever")] == [3_600, 60, None]
    assert cache.tags("a").ttl("minute") == 60
    with pytest.raises(InvalidDuration):
        cache.default_cache_time = "soon"
    assert cache.default_cache_time == "1m"


def test_flush_when_everything_then_keys_of_other_prefixes_too() -> None:
    store = ArrayStore()
    mine, theirs = Repository(store, prefix="mine:"), Repository(store, prefix="theirs:")
    for cache in (mine, theirs):
        cache.put("key", 1)

    mine.flush()
    kept = theirs.get("key")
    mine.lock("x").acquire()
    mine.flush(everything=True)

    assert kept == 1
    assert theirs.missing("key")
    assert mine.lock("x").is_locked()
    theirs.put("key", 1)
    asyncio.run(mine.aflush(everything=True))
    assert theirs.missing("key")


def test_flush_locks_when_told_then_free_and_said(cache: Repository, listeners: Any) -> None:
    cache.put("x", 1)
    cache.lock("x").acquire()
    listeners.told.clear()

    cache.tags("a").flush_locks()
    asyncio.run(cache.aflush_locks())

    assert not cache.lock("x").is_locked()
    assert cache.get("x") == 1
    assert [name for name, _ in listeners.names][:4] == [
        "CacheLocksFlushing",
        "CacheLocksFlushed",
    ] * 2
