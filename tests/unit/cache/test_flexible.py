"""flexible: stale values are returned, and made anew later, once; and what is kept by item."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from securely.cache import Repository
from securely.cache.drivers.array import ArrayStore
from securely.support.clock import FrozenClock


class Later:
    """Keeps what is to be done when the request is over."""

    def __init__(self) -> None:
        self.waiting: dict[str, Callable[[], object]] = {}
        self.always: list[bool] = []

    def __call__(self, function: Callable[[], object], name: str, always: bool) -> None:
        self.waiting[name] = function
        self.always.append(always)

    def run(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for function in waiting.values():
            done = function()
            if asyncio.iscoroutine(done):
                asyncio.run(done)


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def values(later: Later, frozen: FrozenClock) -> Repository:
    return Repository(ArrayStore(), defer=later)


def test_flexible_when_stale_then_one_refresh_waits(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    assert values.flexible("k", (5, 10), lambda: "old") == "old"
    frozen.travel(5)

    assert [values.flexible("k", (5, 10), lambda: "new") for _ in range(3)] == ["old"] * 3
    assert list(later.waiting) == ["cache/flexible:k"]
    later.run()

    assert values.get("k") == "new"
    assert values.ttl("k") == 10


def test_flexible_when_another_has_refreshed_then_not_again(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    values.flexible("k", (5, 10), lambda: "old")
    frozen.travel(6)
    values.flexible("k", (5, 10), lambda: "mine")
    values.put("k", "theirs", 10)

    later.run()

    assert values.get("k") == "theirs"


def test_flexible_when_another_is_refreshing_then_leaves_it_to_him(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    values.flexible("k", (5, 10), lambda: "old")
    frozen.travel(6)
    values.flexible("k", (5, 10), lambda: "mine")

    with values.lock("flexible:k"):
        later.run()

    assert values.get("k") == "old"


def test_flexible_when_the_refresh_fails_then_the_next_tries(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    values.flexible("k", (5, 10), lambda: 1)
    frozen.travel(6)
    values.flexible("k", (5, 10), lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        later.run()

    values.flexible("k", (5, 10), lambda: 2)
    later.run()

    assert values.get("k") == 2


def test_flexible_when_always_then_said_so(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    values.flexible("k", (0, 10), lambda: 1)
    values.flexible("k", (0, 10), lambda: 2, always_defer=True)
    values.flexible("k", (0, 10), lambda: 2)

    assert later.always == [True, False]


def test_flexible_in_async_code_waits_too(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    async def make() -> str:
        return "new"

    values.put("k", "old", 10)
    frozen.travel(6)

    assert asyncio.run(values.aflexible("k", ("5s", "10s"), make)) == "old"
    later.run()
    assert values.get("k") == "new"


def test_flexible_when_fresh_longer_than_kept_then_refused(values: Repository) -> None:
    with pytest.raises(ValueError, match="fresh for 20 seconds and kept for 10"):
        values.flexible("k", (20, 10), lambda: 1)


def test_remember_with_warmth_says_whether_it_was_there(values: Repository) -> None:
    async def make() -> int:
        return 2

    assert values.remember_with_warmth("k", 60, lambda: 1) == (1, False)
    assert values.remember_with_warmth("k", 60, lambda: 2) == (1, True)
    assert asyncio.run(values.aremember_with_warmth("a", 60, make)) == (2, False)
    assert asyncio.run(values.aremember_with_warmth("a", 60, make)) == (2, True)


def test_remember_when_no_lock_is_wanted_then_takes_none(values: Repository) -> None:
    held: list[bool] = []

    values.remember("k", 60, lambda: held.append(values.lock("remember:k").is_locked()), lock=0)
    values.remember("l", 60, lambda: held.append(values.lock("remember:l").is_locked()))

    assert held == [False, True]


def test_items_are_kept_for_an_hour(values: Repository) -> None:
    values["k"] = 1

    assert values["k"] == 1
    assert "k" in values
    assert values.ttl("k") == 3600
    del values["k"]
    assert "k" not in values
    with pytest.raises(KeyError, match="k"):
        _ = values["k"]
    with pytest.raises(KeyError, match="k"):
        del values["k"]


def test_flexible_when_two_stores_and_tags_have_one_key_then_all_are_made_anew(
    later: Later, frozen: FrozenClock
) -> None:
    one = Repository(ArrayStore(), name="one", defer=later)
    other = Repository(ArrayStore(), name="other", defer=later)
    caches = [one, other, one.tags("a"), one.tags("b")]
    for cache in caches:
        cache.put("k", "old", 5)
        cache.flexible("k", (0, 10), lambda: "new")

    later.run()

    assert [cache.get("k") for cache in caches] == ["new"] * 4


@pytest.mark.parametrize("ttl", [None, "1d"])
def test_flexible_when_put_for_longer_than_it_keeps_then_stale(
    values: Repository, later: Later, frozen: FrozenClock, ttl: str | None
) -> None:
    values.put("k", "old", ttl)

    assert values.flexible("k", ("1m", "1h"), lambda: "new") == "old"
    later.run()

    assert values.flexible("k", ("1m", "1h"), lambda: "newer") == "new"
    assert values.ttl("k") == 3_600


def test_flexible_when_a_clock_is_a_little_behind_then_still_fresh(
    values: Repository, later: Later, frozen: FrozenClock
) -> None:
    values.put("k", "kept", 60.5)

    assert values.flexible("k", (5, 60), lambda: "new") == "kept"
    assert later.waiting == {}
