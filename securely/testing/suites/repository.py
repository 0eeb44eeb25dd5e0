"""What a repository makes of any Store: tags, flexible values, funnels and rate limits.

Subclass the suite in a test module beside :class:`securely.testing.suites.cache.StoreSuite`, with
the same fixtures ``store`` and ``travel``. A store must have locks for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from securely.cache import InvalidKey, Limit, LimiterTimeout, RateLimiter, Repository, Store
from securely.support import clock
from securely.support.clock import FrozenClock

__all__ = ["RepositorySuite"]

# Where the clock stands.
_START = 1_700_000_000.0
# After how many turns of the loop a task is cancelled, at most.
_TURNS = 30


class RepositorySuite:
    """What a repository makes of any Store."""

    @pytest.fixture
    def store(self) -> Store:
        """Return the empty store under test; override it."""
        raise NotImplementedError("Override the fixture `store` with one that returns yours.")

    @pytest.fixture
    def frozen(self) -> Iterator[FrozenClock]:
        """A clock that stands still until it is moved."""
        with clock.using(FrozenClock(at=_START)) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def travel(self, frozen: FrozenClock) -> Callable[[float], None]:
        """Move time; override it for a store with a clock of its own."""
        return frozen.travel

    @pytest.fixture
    def cache(self, store: Store, travel: Callable[[float], None]) -> Repository:
        """A repository on the store, in time that stands still."""
        return Repository(store, name="suite", prefix="app:")

    def test_tags_when_named_in_any_order_then_find_the_same(self, cache: Repository) -> None:
        """The order of tags means nothing; other tags, and none, are other keys."""
        cache.tags("people", "authors").put("ann", 1, 60)

        assert cache.tags(["authors", "people"]).get("ann") == 1
        assert cache.tags("people").get("ann") is None
        assert cache.get("ann") is None

    def test_tags_when_one_is_flushed_then_all_that_bear_it_are_gone(
        self, cache: Repository
    ) -> None:
        """Whatever else covers an entry, one of its tags is enough."""
        cache.tags("a", "b").put("both", 1, 60)
        cache.tags("b").put("one", 2, 60)
        cache.tags("c").put("other", 3, 60)
        cache.put("none", 4, 60)

        cache.tags("b").flush()

        assert cache.tags("a", "b").get("both") is None
        assert cache.tags("b").get("one") is None
        assert cache.tags("c").get("other") == 3
        assert cache.get("none") == 4
        cache.tags("b").put("one", 5, 60)
        assert cache.tags("b").get("one") == 5

    def test_tags_when_the_store_is_flushed_then_tagged_ones_are_gone(
        self, cache: Repository
    ) -> None:
        """Tagged entries are entries."""
        cache.tags("a").put("key", 1, 60)

        cache.flush()

        assert cache.tags("a").get("key") is None

    def test_tags_when_a_key_is_called_as_one_then_both_are_there(self, cache: Repository) -> None:
        """What the cache notes about tags lies where no user writes."""
        cache.tags("people").put("ann", 1, 60)
        cache.put("tag:people", "mine", 60)

        assert cache.tags("people").get("ann") == 1
        cache.tags("people").flush()
        assert cache.get("tag:people") == "mine"
        with pytest.raises(InvalidKey):
            cache.put(InvalidKey.RESERVED, 1)

    def test_remember_when_its_producer_wants_the_key_with_tags_then_does_not_wait(
        self, cache: Repository
    ) -> None:
        """Nobody waits for himself."""
        began = clock.monotonic()

        found = cache.remember(
            "key",
            60,
            lambda: (
                1
                + cache.tags("a").remember(
                    "key", 60, lambda: 1 + cache.tags("b").remember("key", 60, lambda: 1)
                )
            ),
        )

        assert found == 3
        assert clock.monotonic() == began

    def test_funnel_when_its_tasks_are_cancelled_then_all_places_are_free(
        self, cache: Repository
    ) -> None:
        """A place that was taken too late is given back."""

        async def use() -> None:
            async with cache.funnel("f").limit(2).block(60):
                await clock.asleep(0)

        async def cancel() -> None:
            for turns in range(_TURNS):
                task = asyncio.create_task(use())
                for _ in range(turns):
                    await clock.asleep(0)
                task.cancel()
                await asyncio.wait([task])

        asyncio.run(cancel())

        assert not any(cache.lock(f"funnel:f:{place}").is_locked() for place in (1, 2))

    def test_tags_have_every_operation(self, cache: Repository) -> None:
        """What can be done without tags can be done with them."""
        tagged = cache.tags("a", "b")

        assert tagged.many(["x"], "none") == {"x": "none"}
        assert tagged.put_many({"x": 1, "y": 2}, 60)
        assert tagged.many(["x", "y", "z"]) == {"x": 1, "y": 2, "z": None}
        assert tagged.add("z", 3, 60)
        assert not tagged.add("z", 4, 60)
        assert tagged.increment("z", 2) == 5
        assert tagged.pull("x") == 1
        assert tagged.forget("y")
        assert not tagged.forget("y")
        assert tagged.touch("z", 30)
        left = tagged.ttl("z")
        assert isinstance(left, float)
        assert 29 <= left <= 30
        assert tagged.remember("made", 60, lambda: "once") == "once"
        assert tagged.remember("made", 60, lambda: "twice") == "once"

    def test_tags_in_async_code_do_the_same(self, cache: Repository) -> None:
        """The twins are the same."""

        async def use() -> list[object]:
            tagged = cache.tags("a")
            await tagged.aput("x", 1, 60)
            await tagged.aput_many({"y": 2}, 60)
            seen: list[object] = [await tagged.aget("x"), await tagged.amany(["x", "y"])]
            seen += [await tagged.aadd("z", 3, 60), await tagged.aincrement("z", 1)]
            seen += [await tagged.atouch("z", 30), await tagged.apull("z")]
            seen += [await tagged.aforget("y"), await tagged.attl("x") is not None]
            await tagged.aflush()
            return [*seen, await tagged.aget("x")]

        expected = [1, {"x": 1, "y": 2}, True, 4, True, 4, True, True, None]
        assert asyncio.run(use()) == expected

    def test_flexible_when_stale_then_returns_it_and_makes_it_anew(
        self, cache: Repository, travel: Callable[[float], None]
    ) -> None:
        """Without an application to defer it, a refresh is made by who sees the stale value."""
        made: list[int] = []

        def produce() -> int:
            made.append(len(made) + 1)
            return made[-1]

        def read() -> int:
            return cache.flexible("key", (5, 20), produce)

        assert [read(), read()] == [1, 1]
        travel(6)
        assert [read(), read()] == [1, 2]
        travel(25)
        assert read() == 3

    @pytest.mark.parametrize("ttl", [None, 86_400])
    def test_flexible_when_it_was_put_for_longer_then_made_anew(
        self, cache: Repository, ttl: float | None
    ) -> None:
        """Nobody knows how old it is."""
        cache.put("key", "old", ttl)

        seen = [cache.flexible("key", (60, 3_600), lambda: "new") for _ in range(2)]

        assert seen == ["old", "new"]
        assert cache.ttl("key") == pytest.approx(3_600, abs=1)

    def test_flexible_in_async_code_does_the_same(
        self, cache: Repository, travel: Callable[[float], None]
    ) -> None:
        """The twin is the same."""
        made: list[int] = []

        async def produce() -> int:
            made.append(len(made) + 1)
            return made[-1]

        async def read() -> int:
            return await cache.aflexible("key", (5, 20), produce)

        assert asyncio.run(read()) == 1
        travel(6)
        assert [asyncio.run(read()), asyncio.run(read())] == [1, 2]

    def test_funnel_when_full_then_waits_in_vain(self, cache: Repository) -> None:
        """A funnel that is full lets nobody in, and says so."""
        with cache.funnel("f").limit(2), cache.funnel("f").limit(2):
            with pytest.raises(LimiterTimeout, match="lets 2 in at a time"):
                cache.funnel("f").limit(2).block(0).then(lambda: "third")
            assert (
                cache.funnel("f").limit(2).block(0).then(lambda: "third", lambda: "full") == "full"
            )
            assert cache.funnel("other").block(0).then(lambda: "in") == "in"
        assert cache.funnel("f").block(0).then(lambda: "in") == "in"

    def test_funnel_when_threads_come_then_never_more_than_its_places(self, store: Store) -> None:
        """However many come."""
        cache = Repository(store)
        inside, most = 0, 0
        mutex = threading.Lock()

        def work() -> None:
            nonlocal inside, most
            with cache.funnel("f").limit(3).block(30).sleep(0.001):
                with mutex:
                    inside += 1
                    most = max(most, inside)
                clock.sleep(0.002)
                with mutex:
                    inside -= 1

        with ThreadPoolExecutor(12) as pool:
            for future in [pool.submit(work) for _ in range(24)]:
                future.result()

        assert 1 <= most <= 3

    def test_limiter_when_many_come_at_once_then_lets_exactly_so_many_through(
        self, cache: Repository
    ) -> None:
        """No two count as one."""
        limiter = RateLimiter(cache)
        limits = [Limit.per_minute(5).by("ann")] * 20

        with ThreadPoolExecutor(8) as pool:
            verdicts = list(pool.map(limiter.consume, limits))

        assert sum(verdict.allowed for verdict in verdicts) == 5
        refused = [verdict.retry_after for verdict in verdicts if not verdict.allowed]
        assert all(59 <= seconds <= 60 for seconds in refused)

    @pytest.mark.parametrize("waits", [0, 7.3, 31.01, 59.9])
    @pytest.mark.parametrize("kind", ["fixed", "sliding", "bucket"])
    def test_limiter_when_refused_then_the_next_is_let_through_when_it_was_told(
        self, cache: Repository, travel: Callable[[float], None], kind: str, waits: float
    ) -> None:
        """Who comes back when he was told to is not told to come back once more."""
        limiter = RateLimiter(cache)
        limit = Limit.per_minute(7).by("ann")
        limit = {"fixed": limit, "sliding": limit.sliding(), "bucket": limit.bucket()}[kind]
        again: list[bool] = []
        for _ in range(4):
            while (verdict := limiter.consume(limit)).allowed:
                travel(waits / 20)
            travel(verdict.retry_after + 0.002)  # a server may count in whole milliseconds
            again.append(limiter.consume(limit).allowed)

        assert again == [True] * 4

    def test_limiter_when_the_time_is_over_then_begins_anew(
        self, cache: Repository, travel: Callable[[float], None]
    ) -> None:
        """The window begins with the first attempt, and ends by itself."""
        limiter = RateLimiter(cache)
        assert [limiter.attempt("k", 2, lambda: "in", 60) for _ in range(3)] == ["in", "in", False]
        assert limiter.too_many_attempts("k", 2)
        assert limiter.available_in("k") == 60

        travel(61)

        assert limiter.remaining("k", 2) == 2
        assert limiter.available_in("k") == 0
        assert limiter.attempt("k", 2, lambda: "in", 60) == "in"
