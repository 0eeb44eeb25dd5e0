"""Callbacks of either colour: async methods take both, sync ones name the method that does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from securely.cache import RateLimiter, Repository

Use = Callable[[Repository, Callable[[], Any]], Any]


async def make() -> str:
    return "made"


def make_at_once() -> str:
    return "made"


def make_later() -> Awaitable[str]:
    return make()


@pytest.mark.parametrize("callback", [make, make_at_once, make_later])
@pytest.mark.parametrize(
    ("use", "answer"),
    [
        (lambda cache, made: cache.aremember("k", 60, made), "made"),
        (lambda cache, made: cache.aremember_forever("k", made), "made"),
        (lambda cache, made: cache.asear("k", made), "made"),
        (lambda cache, made: cache.aremember_with_warmth("k", 60, made), ("made", False)),
        (lambda cache, made: cache.aflexible("k", (5, 60), made), "made"),
        (lambda cache, made: cache.aflexible("stale", (5, 60), made), "old"),
        (lambda cache, made: cache.lock("k").aget(made), "made"),
        (lambda cache, made: cache.lock("k").ablock(1, made), "made"),
        (lambda cache, made: cache.awithout_overlapping("k", made), "made"),
        (lambda cache, made: cache.funnel("k").athen(made), "made"),
        (lambda cache, made: RateLimiter(cache).aattempt("k", 1, made), "made"),
        (lambda cache, made: cache.aget("absent", made), "made"),
    ],
)
def test_async_method_when_given_either_colour_then_the_same(
    cache: Repository, use: Use, answer: object, callback: Callable[[], Any]
) -> None:
    async def main() -> object:
        cache.put("stale", "old", 50)
        return await use(cache, callback)

    assert asyncio.run(main()) == answer
    assert cache.get("stale") == ("made" if answer == "old" else "old")


def test_funnel_when_full_then_the_other_callback_may_be_sync(cache: Repository) -> None:
    async def main() -> object:
        async with cache.funnel("k").limit(1):
            return await cache.funnel("k").limit(1).block(0).athen(make, lambda: "full")

    assert asyncio.run(main()) == "full"


@pytest.mark.parametrize("callback", [make, make_later])
@pytest.mark.parametrize(
    ("use", "instead"),
    [
        (lambda cache, made: cache.remember("k", 60, made), "aremember"),
        (lambda cache, made: cache.remember_forever("k", made), "aremember"),
        (lambda cache, made: cache.remember_with_warmth("k", 60, made), "aremember_with_warmth"),
        (lambda cache, made: cache.flexible("k", (5, 60), made), "aflexible"),
        (lambda cache, made: cache.lock("k").get(made), "aget"),
        (lambda cache, made: cache.lock("k").block(1, made), "ablock"),
        (lambda cache, made: cache.without_overlapping("k", made), "awithout_overlapping"),
        (lambda cache, made: cache.funnel("k").then(made), "athen"),
        (lambda cache, made: RateLimiter(cache).attempt("k", 1, made), "aattempt"),
        (lambda cache, made: cache.get("k", made), "aget"),
    ],
)
def test_sync_method_when_given_an_async_callback_then_names_its_twin(
    cache: Repository, use: Use, instead: str, callback: Callable[[], Awaitable[str]]
) -> None:
    with pytest.raises(TypeError, match=rf"is async, .*: await {instead}\(…\)"):
        use(cache, callback)

    assert cache.lock("k").is_locked() is False


def test_sync_method_when_the_callback_gives_a_task_then_it_is_given_on(cache: Repository) -> None:
    async def main() -> object:
        task = cache.lock("k").get(lambda: asyncio.ensure_future(make()))
        assert task is not False
        return await task

    assert asyncio.run(main()) == "made"
