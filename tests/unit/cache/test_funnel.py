"""Funnels: places, what happens without one, and that an error gives its place back."""

from __future__ import annotations

import asyncio
import copy

import pytest

from securely.cache import LimiterTimeout, Repository
from securely.support.clock import FrozenClock


def test_funnel_when_the_callback_raises_then_its_place_is_free(cache: Repository) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.funnel("f").then(lambda: 1 // 0)

    assert cache.funnel("f").block(0).then(lambda: "in") == "in"


def test_funnel_when_a_holder_has_gone_then_its_place_is_free_in_time(
    cache: Repository, frozen: FrozenClock
) -> None:
    cache.funnel("f").release_after("1m").__enter__()
    assert cache.funnel("f").block(0).then(lambda: "in", lambda: "full") == "full"

    frozen.travel(61)

    assert cache.funnel("f").block(0).then(lambda: "in", lambda: "full") == "in"


def test_funnel_when_waiting_then_looks_again_after_its_pause(
    cache: Repository, frozen: FrozenClock
) -> None:
    cache.funnel("f").release_after(2).__enter__()
    before = frozen.timestamp()

    assert cache.funnel("f").block(5).sleep(0.5).then(lambda: "in") == "in"
    assert frozen.timestamp() - before == 2


def test_funnel_when_full_then_the_error_names_it(cache: Repository) -> None:
    with (
        cache.funnel("f"),
        pytest.raises(LimiterTimeout, match='"f" lets 1 in at a time') as caught,
        cache.funnel("f").block(0),
    ):
        pass
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_funnel_of_no_places_then_refused(cache: Repository) -> None:
    with pytest.raises(ValueError, match="at least, not 0"):
        cache.funnel("f").limit(0)


def test_funnel_in_async_code_does_the_same(cache: Repository) -> None:
    async def inside() -> str:
        return "in"

    async def outside() -> str:
        return "full"

    async def use() -> list[str]:
        async with cache.funnel("f"):
            seen = [await cache.funnel("f").block(0).athen(inside, outside)]
        return [*seen, await cache.funnel("f").block(0).athen(inside)]

    assert asyncio.run(use()) == ["full", "in"]


def test_without_overlapping_runs_alone(cache: Repository) -> None:
    async def ran() -> str:
        return "ran"

    assert cache.without_overlapping("job", lambda: "ran") == "ran"
    assert asyncio.run(cache.awithout_overlapping("job", ran)) == "ran"
    with cache.lock("job"), pytest.raises(TimeoutError):
        cache.without_overlapping("job", lambda: "ran", wait_for=0)
