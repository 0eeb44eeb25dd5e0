"""A failover: the first store that answers, told once, and locks wherever they are held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from securely.cache import (
    CacheFailedOver,
    CacheManager,
    LocksUnsupported,
    NotNumeric,
    Repository,
    StoreUnavailable,
    UnknownStore,
)
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.base import SyncStore
from securely.cache.manager import Materials
from securely.cache.options import ArrayOptions, CacheOptions, FailoverOptions
from securely.exceptions import ConfigurationError
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING
from securely.support.options import InvalidOptions


class Shaky(ArrayStore):
    """A store in memory that can be down."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.is_down = False
        self.calls = 0

    def __getattribute__(self, name: str) -> Any:
        if name in _ASKED:
            object.__setattr__(self, "calls", self.calls + 1)
            if self.is_down:
                raise StoreUnavailable(self.name, "memory", "it is down")
        return super().__getattribute__(name)


_ASKED = {
    *("get", "many", "put", "put_many", "add", "increment", "pull", "touch", "ttl", "forget"),
    *("flush", "prune", "acquire", "release", "refresh", "detach", "holder", "force_release"),
}


class _Bare(SyncStore):
    """A store without locks."""

    get = put = add = increment = pull = touch = ttl = forget = flush = lambda self, *_: MISSING  # type: ignore[assignment]  # never called


@pytest.fixture
def shaky() -> dict[str, Shaky]:
    return {name: Shaky(name) for name in ("first", "second")}


@pytest.fixture
def reported() -> list[Any]:
    """What somebody should look at."""
    return []


@pytest.fixture
def manager(
    shaky: dict[str, Shaky], listeners: Any, reported: list[Any], frozen: FrozenClock
) -> CacheManager:
    """A failover over two stores that can be down; it leaves them alone for five seconds."""
    listeners.kinds = {CacheFailedOver}
    options = CacheOptions.parse(
        {
            "default": "both",
            "prefix": "app:",
            "stores": {
                "both": {"driver": "failover", "stores": ["first", "second"]},
                "first": {"driver": "shaky", "prefix": "own:"},
                "second": {"driver": "shaky"},
            },
        },
        "cache",
    )
    manager = CacheManager(
        options.default,
        options.stores,
        prefix=options.prefix,
        events=listeners,
        materials=Materials(report=reported.append),
    )
    manager.extend("shaky", lambda name, options: shaky[name])
    return manager


def down(shaky: dict[str, Shaky], *names: str) -> None:
    for name, store in shaky.items():
        store.is_down = name in names


def test_first_when_it_answers_then_the_second_is_not_asked(
    manager: CacheManager, shaky: dict[str, Shaky]
) -> None:
    manager.put("key", 1)

    assert manager.get("key") == 1
    assert manager.store("first").get("key") == 1
    assert shaky["second"].calls == 0


def test_prefix_when_stores_have_their_own_then_those_count(
    manager: CacheManager, shaky: dict[str, Shaky]
) -> None:
    manager.put("key", 1)
    down(shaky, "first")
    manager.put("key", 2)
    down(shaky)

    assert shaky["first"].get("own:key") == 1
    assert shaky["second"].get("app:key") == 2


@pytest.mark.parametrize(
    ("use", "answer"),
    [
        (lambda cache: cache.put("key", 1), True),
        (lambda cache: cache.put_many({"a": 1}), True),
        (lambda cache: cache.get("there"), "second"),
        (lambda cache: cache.many(["there", "absent"]), {"there": "second", "absent": None}),
        (lambda cache: cache.add("key", 1), True),
        (lambda cache: cache.increment("n", 2), 2),
        (lambda cache: cache.pull("there"), "second"),
        (lambda cache: cache.touch("there", 60), True),
        (lambda cache: cache.ttl("there"), None),
        (lambda cache: cache.forget("there"), True),
        (lambda cache: cache.flush(), None),
        (lambda cache: cache.prune(), 0),
        (lambda cache: cache.remember("there", 60, str), "second"),
        (lambda cache: cache.lock("lock").get(), True),
        (lambda cache: cache.lock("lock").is_locked(), False),
        (lambda cache: cache.lock("lock").release(), False),
        (lambda cache: cache.lock("lock").force_release(), False),
    ],
)
def test_first_when_down_then_the_second_does_it(
    manager: CacheManager,
    shaky: dict[str, Shaky],
    listeners: Any,
    use: Callable[[Repository], object],
    answer: object,
) -> None:
    manager.store("second").put("there", "second")
    down(shaky, "first")

    assert use(manager) == answer
    assert [(type(event), event.store) for event in listeners.told] == [(CacheFailedOver, "first")]
    assert isinstance(listeners.told[0].error, StoreUnavailable)


def test_event_when_it_goes_on_failing_then_told_once_per_streak(
    manager: CacheManager, shaky: dict[str, Shaky], frozen: FrozenClock, listeners: Any
) -> None:
    down(shaky, "first")
    for _ in range(3):
        manager.get("key")
        frozen.travel(6)
    once = len(listeners.told)
    down(shaky)
    manager.get("key")
    down(shaky, "first")
    manager.get("key")

    assert once == 1
    assert len(listeners.told) == 2


def test_event_when_async_then_told_in_that_colour(
    manager: CacheManager, shaky: dict[str, Shaky], listeners: Any
) -> None:
    down(shaky, "first")

    asyncio.run(manager.aput("key", 1))

    assert listeners.colours == {"async"}
    assert asyncio.run(manager.aget("key")) == 1


def test_first_when_it_has_just_failed_then_left_alone_and_asked_again_later(
    manager: CacheManager, shaky: dict[str, Shaky], frozen: FrozenClock
) -> None:
    down(shaky, "first")
    manager.put("key", "second")
    asked = shaky["first"].calls
    manager.get("key")
    rested = shaky["first"].calls
    down(shaky)
    manager.store("first").put("key", "first")
    within = manager.get("key")
    frozen.travel(5)

    assert rested == asked
    assert within == "second"
    assert manager.get("key") == "first"


def test_all_when_down_then_the_last_error_and_the_first_to_recover_answers(
    manager: CacheManager, shaky: dict[str, Shaky], listeners: Any
) -> None:
    down(shaky, "first", "second")
    for use in (
        lambda: manager.get("key"),
        manager.prune,
        lambda: manager.lock("lock").release(),
    ):
        with pytest.raises(StoreUnavailable):
            use()
    with pytest.raises(StoreUnavailable, match='"second"'):
        manager.get("key")
    down(shaky, "second")

    assert manager.put("key", 1) is True
    assert [event.store for event in listeners.told] == ["first", "second"]


def test_other_errors_when_raised_then_no_failover(
    manager: CacheManager, shaky: dict[str, Shaky], listeners: Any
) -> None:
    manager.put("key", "text")

    with pytest.raises(NotNumeric):
        manager.increment("key")

    assert shaky["second"].calls == 0
    assert listeners.told == []


def test_lock_when_taken_at_the_second_then_released_there_after_recovery(
    manager: CacheManager, shaky: dict[str, Shaky], frozen: FrozenClock
) -> None:
    down(shaky, "first")
    lock = manager.lock("lock", 60)
    lock.acquire()
    down(shaky)
    frozen.travel(6)

    assert lock.refresh(60) is True
    assert lock.detach() == lock.owner
    assert manager.store("second").lock("lock").is_locked() is True
    assert manager.lock("lock", owner="stranger").release() is False
    assert lock.release() is True
    assert manager.store("second").lock("lock").is_locked() is False


def test_lock_when_a_store_has_none_then_said_of_that_store() -> None:
    options = CacheOptions.parse(
        {
            "default": "both",
            "stores": {"both": {"driver": "failover", "stores": ["a"]}, "a": {"driver": "bare"}},
        },
        "cache",
    )
    manager = CacheManager(options.default, options.stores)
    manager.extend("bare", lambda name, options: _Bare())

    with pytest.raises(LocksUnsupported, match='"a" has no locks'):
        manager.lock("lock").acquire()


def test_events_when_stores_tell_then_the_failover_does_not_repeat_it(
    manager: CacheManager, listeners: Any
) -> None:
    listeners.kinds = None
    manager.get("key")

    assert {event.store for event in listeners.told} == {"first"}


# Options


def stores(**failover: Any) -> dict[str, Any]:
    return {
        "default": "array",
        "stores": {
            "array": {"driver": "array"},
            "main": {"driver": "failover", **failover},
            "more": {"driver": "failover", "stores": ["main"]},
        },
    }


@pytest.mark.parametrize(
    ("failover", "words"),
    [
        ({}, "must name at least one store"),
        ({"stores": []}, "must name at least one store"),
        ({"stores": ["array", "array"]}, "must not name a store twice"),
        ({"stores": ["arrey"]}, '"main" names "arrey", which is not defined'),
        ({"stores": ["arrey"]}, 'did you mean "array"'),
        ({"stores": ["main"]}, "leads back to itself (main -> main)"),
        ({"stores": ["array", "more"]}, "leads back to itself (main -> more -> main)"),
        ({"stores": ["array"], "retry_seconds": -1}, "retry_seconds"),
    ],
)
def test_options_when_wrong_then_said(failover: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidOptions) as caught:
        CacheOptions.parse(stores(**failover), "cache")

    assert words in str(caught.value)


def test_build_when_it_names_itself_or_a_stranger_then_refused() -> None:
    options = CacheOptions.parse(stores(stores=["array"]), "cache")
    manager = CacheManager(options.default, options.stores)

    with pytest.raises(UnknownStore, match='Did you mean "array"'):
        manager.build({"driver": "failover", "stores": ["arrey"]})
    with pytest.raises(ConfigurationError, match=r"leads back to itself \(failover -> failover\)"):
        manager.build({"driver": "failover", "stores": ["failover"]})
    assert manager.build({"driver": "failover", "stores": ["more"]}).put("key", 1) is True
    assert manager.get("key") == 1


def test_failovers_when_they_name_each_other_then_refused() -> None:
    manager = CacheManager(
        "a",
        {
            "a": FailoverOptions(driver="failover", stores=("memory", "b")),
            "b": FailoverOptions(driver="failover", stores=("c",)),
            "c": FailoverOptions(driver="failover", stores=("a",)),
            "memory": ArrayOptions(driver="array"),
            "d": FailoverOptions(driver="failover", stores=("memory",)),
        },
    )

    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"itself \(a -> b -> c -> a\)\. Take \"a\""):
            manager.store("a")
    assert manager.store("d").put("key", 1) is True


def test_lock_when_the_first_store_is_back_then_its_holder_is_known(
    manager: CacheManager, shaky: dict[str, Shaky], frozen: FrozenClock
) -> None:
    lock = manager.lock("x", 60)
    shaky["first"].is_down = True
    lock.acquire()
    shaky["first"].is_down = False
    frozen.travel(6)

    async def ask() -> bool:
        return await lock.ais_owned_by_current_process()

    assert lock.is_owned_by_current_process() is True
    assert asyncio.run(ask()) is True
    assert manager.lock("x").is_locked() is True
    assert manager.lock("y").is_locked() is False


def test_get_when_a_store_fails_otherwise_then_raised_at_once(
    manager: CacheManager, shaky: dict[str, Shaky]
) -> None:
    manager.put("key", "text")

    with pytest.raises(NotNumeric):
        manager.increment("key")
    assert shaky["second"].calls == 0


def test_outage_when_it_lasts_then_reported_once_and_again_at_the_next(
    manager: CacheManager, shaky: dict[str, Shaky], reported: list[Any], listeners: Any
) -> None:
    listeners.kinds = set()  # nobody listens
    for _ in range(2):
        down(shaky, "first")
        manager.get("key")
        manager.get("key")
        down(shaky)
        manager._instance().driver._failing["first"] = 0.0  # type: ignore[attr-defined]  # rested
        manager.get("key")

    assert [(error.store, error.reason) for error in reported] == [("first", "it is down")] * 2


def test_stats_when_a_store_fails_then_says_which_answers(
    manager: CacheManager, shaky: dict[str, Shaky]
) -> None:
    assert manager.stats() == {"answering": "first"}

    down(shaky, "first")
    assert manager.stats() == {"answering": "second", "failing first": "it is down"}
    assert asyncio.run(manager.astats()) == manager.stats()

    down(shaky, "first", "second")
    with pytest.raises(StoreUnavailable, match="second"):
        manager.stats()
