"""Arguments of another kind than is wanted: named at once, with what to give instead."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import pytest

from securely.cache import InvalidKey, Limit, RateLimiter, Repository
from securely.cache.drivers.array import ArrayStore
from securely.support.durations import InvalidDuration
from securely.support.missing import MISSING


class Number(IntEnum):
    ONE = 1


KEYS = [
    (5, "A cache key is text, not int"),
    (None, "A cache key is text, not NoneType"),
    (["a"], r"many\(keys\) and forget_many"),
    ({"a": 1}, "put_many"),
    (b"a", "not bytes"),
    (Number.ONE, r"Number\.ONE\.value"),
]


@pytest.mark.parametrize(("key", "said"), KEYS)
@pytest.mark.parametrize(
    "use",
    [
        lambda cache, key: cache.get(key),
        lambda cache, key: cache.has(key),
        lambda cache, key: cache.put(key, 60),
        lambda cache, key: cache.put_many(_Pairs(key), 60),
        lambda cache, key: cache.add(key, 1),
        lambda cache, key: cache.increment(key),
        lambda cache, key: cache.pull(key),
        lambda cache, key: cache.touch(key, 60),
        lambda cache, key: cache.ttl(key),
        lambda cache, key: cache.forget(key),
        lambda cache, key: cache.many([key]),
        lambda cache, key: cache.remember(key, 60, str),
        lambda cache, key: cache.lock(key),
        lambda cache, key: cache[key],
        lambda cache, key: asyncio.run(cache.aget(key)),
        lambda cache, key: asyncio.run(cache.aput(key, 60)),
        lambda cache, key: asyncio.run(cache.aadd(key, 1)),
        lambda cache, key: asyncio.run(cache.aincrement(key)),
        lambda cache, key: asyncio.run(cache.apull(key)),
        lambda cache, key: asyncio.run(cache.atouch(key, 60)),
        lambda cache, key: asyncio.run(cache.attl(key)),
        lambda cache, key: asyncio.run(cache.aforget(key)),
    ],
)
@pytest.mark.parametrize("heard", [True, False])
def test_key_when_it_is_no_text_then_refused(
    cache: Repository,
    listeners: Any,
    use: Callable[[Repository, Any], object],
    key: Any,
    said: str,
    heard: bool,
) -> None:
    listeners.kinds = None if heard else set()

    with pytest.raises(InvalidKey, match=said) as caught:
        use(cache, key)

    assert copy.copy(caught.value).key == key


class _Pairs(dict[Any, Any]):
    """A dict of one key, which need not have a hash."""

    def __init__(self, key: object) -> None:
        super().__init__(never=1)
        self._key = key

    def __iter__(self) -> Any:
        return iter([self._key])

    def items(self) -> Any:
        return [(self._key, 1)]


class _Failing(ArrayStore):
    def get(self, key: str) -> object:
        raise TypeError("a bug of the driver")


def test_get_when_the_driver_has_a_bug_then_that_is_raised() -> None:
    with pytest.raises(TypeError, match="a bug of the driver"):
        Repository(_Failing()).get("key")


@pytest.mark.parametrize(
    ("use", "error", "said"),
    [
        (lambda cache: cache.many("ab"), TypeError, r"many\(\['ab'\]\)"),
        (lambda cache: cache.many(5), TypeError, "many takes several keys"),
        (lambda cache: cache.forget_many("ab"), TypeError, r"forget_many\(\['ab'\]\)"),
        (lambda cache: cache.put_many(["a"], 60), TypeError, "a dict of keys and values, not list"),
        (lambda cache: cache.increment("n", "2"), TypeError, "by a number, not by '2'"),
        (lambda cache: cache.increment("n", True), TypeError, "not by True"),
        (lambda cache: cache.decrement("n", "2"), TypeError, "by a number, not by '2'"),
        (lambda cache: cache.remember("k", str, 60), TypeError, "stand in another order"),
        (lambda cache: cache.flexible("k", 60, str), ValueError, "flexible takes two times"),
        (lambda cache: cache.flexible("k", "10", str), ValueError, "flexible takes two times"),
        (lambda cache: cache.flexible("k", (1, 2, 3), str), ValueError, "flexible takes two times"),
        (lambda cache: cache.tags(1), TypeError, "A tag is text, not 1"),
        (lambda cache: cache.tags(["a", None]), TypeError, "A tag is text, not None"),
        (lambda cache: RateLimiter(cache).attempt("q", "5", str), TypeError, "not '5'"),
        (lambda cache: RateLimiter(cache).for_("x", 5), TypeError, "a function that returns"),
        (lambda cache: _limits(cache, 5), TypeError, "returned 5, which is no Limit"),
        (lambda cache: Limit.per_minute("5"), TypeError, "made of numbers, not of '5'"),  # type: ignore[arg-type]
        (lambda cache: Limit.per_minute(True), TypeError, "made of numbers, not of True"),
        (lambda cache: Limit(5, "60"), TypeError, "made of numbers, not of '60'"),  # type: ignore[arg-type]
        (lambda cache: Limit.per_minute(-1), ValueError, "not -1"),
    ],
)
def test_argument_when_of_another_kind_then_says_what_is_wanted(
    cache: Repository, use: Callable[[Any], object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        use(cache)

    assert cache.many(["n", "q", "k"], MISSING) == dict.fromkeys("nqk", MISSING)


def _limits(cache: Any, returned: object) -> object:
    limiter = RateLimiter(cache)
    limiter.for_("x", lambda: returned)  # type: ignore[arg-type,return-value]
    return limiter.limiter("x")()


def test_moment_when_it_has_no_zone_then_says_how_it_gets_one(cache: Repository) -> None:
    with pytest.raises(InvalidDuration, match=r"datetime\.now\(UTC\).*astimezone"):
        cache.put("k", 1, datetime(2026, 1, 1))


def test_moment_when_a_span_is_wanted_then_says_so(cache: Repository) -> None:
    with pytest.raises(InvalidDuration, match="a moment, and a span is wanted"):
        cache.lock("k", datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type]
