"""What every Store must do.

Subclass the suites in a test module, and give them your store:

    class TestRedisStore(StoreSuite, LockSuite):
        @pytest.fixture
        def store(self) -> RedisStore:
            return RedisStore(...)

It is long because a contract is proved clause by clause, and is read so.

Time stands still in these tests and is moved; a driver that reads another clock than
:mod:`securely.support.clock` (a server's) overrides the fixture ``travel`` by one that waits.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest

from securely.cache import InvalidKey, NotNumeric, Store
from securely.support.missing import MISSING
from securely.support.serializer import Unserializable
from securely.testing.suites.locks import LockSuite
from securely.testing.suites.timed import Timed

__all__ = ["LockSuite", "StoreSuite"]

# A few letters that break what is careless with text.
_VALUES: list[object] = [
    None,
    True,
    False,
    0,
    -7,
    2**62,
    2**70,
    0.5,
    -math.inf,
    "",
    "text",
    "é日本😀\x00",
    b"",
    b"\x00\xff\x80",
    [],
    [1, "two", None, [3.5]],
    (1, (2,)),
    {1, 2},
    frozenset({"a"}),
    {},
    {"a": {"b": [1]}},
    {1: "int key", ("a", 2): "tuple key"},
    {"$date": "looks like a tag"},
    datetime(2026, 3, 15, 12, 30, tzinfo=UTC),
    date(2026, 3, 15),
    timedelta(days=1, microseconds=5),
    Decimal("19.90"),
    UUID(int=7),
    PurePosixPath("/var/log"),
]
# Half a surrogate pair: text that no bytes stand for; and whatever takes a key.
_NO_TEXT = "key-\ud800"
_KEY_USES: dict[str, Callable[[Store], object]] = {
    "get": lambda store: store.get(_NO_TEXT),
    "many": lambda store: store.many(["key", _NO_TEXT]),
    "put": lambda store: store.put(_NO_TEXT, 1, None),
    "put_many": lambda store: store.put_many({_NO_TEXT: 2, "key": 2}, None),
    "add": lambda store: store.add(_NO_TEXT, 1, None),
    "increment": lambda store: store.increment(_NO_TEXT, 1, None),
    "pull": lambda store: store.pull(_NO_TEXT),
    "touch": lambda store: store.touch(_NO_TEXT, None),
    "ttl": lambda store: store.ttl(_NO_TEXT),
    "forget": lambda store: store.forget(_NO_TEXT),
    "flush": lambda store: store.flush(_NO_TEXT),
}
# How many threads contend for one key, and how often each of them does.
_THREADS = 8
_TIMES = 50


class StoreSuite(Timed):
    """What every store must do. Override the fixture ``store``; each test wants an empty one."""

    @pytest.fixture
    def store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError("Override the fixture `store`.")

    # Reading and writing

    def test_get_when_absent_then_missing(self, store: Store) -> None:
        """Absent is MISSING, which is not None."""
        assert store.get("absent") is MISSING

    @pytest.mark.parametrize("value", _VALUES, ids=repr)
    def test_put_when_read_then_equal_and_of_its_type(self, store: Store, value: object) -> None:
        """Every kind of value comes back as it was."""
        store.put("key", value, 60)

        found = store.get("key")

        assert found == value
        assert type(found) is type(value)

    def test_put_when_nan_then_nan(self, store: Store) -> None:
        """The number that is not equal to itself comes back too."""
        store.put("key", math.nan, None)

        found = store.get("key")

        assert isinstance(found, float)
        assert math.isnan(found)

    def test_put_when_there_then_value_and_lifetime_are_replaced(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """Nothing of the old entry stays."""
        store.put("key", "old", 10)
        store.put("key", "new", None)

        travel(11)

        assert store.get("key") == "new"

    def test_put_when_value_is_changed_afterwards_then_cache_is_not(self, store: Store) -> None:
        """A mutable value is not shared with the cache."""
        names = ["ann"]
        store.put("names", names, 60)

        names.append("bob")
        first: Any = store.get("names")
        first.append("eve")

        assert first == ["ann", "eve"]
        assert store.get("names") == ["ann"]

    def test_put_when_value_has_no_written_form_then_raises_and_keeps_the_old(
        self, store: Store
    ) -> None:
        """A value that is refused changes nothing."""
        store.put("key", "old", None)

        with pytest.raises(Unserializable):
            store.put("key", {"deep": [object()]}, None)

        assert store.get("key") == "old"

    def test_key_when_unusual_then_taken_as_it_is(self, store: Store) -> None:
        """A key is a name, never a path, a pattern or a statement."""
        keys = ["", " ", "a/b", "../../etc/passwd", "%s", "'; DROP TABLE", "é日本😀", "k" * 1_000]

        for key in keys:
            store.put(key, key, 60)

        assert store.many(keys) == {key: key for key in keys}

    @pytest.mark.parametrize("use", _KEY_USES.values(), ids=_KEY_USES)
    def test_key_when_it_has_no_written_form_then_refused_and_nothing_changes(
        self, store: Store, use: Callable[[Store], object]
    ) -> None:
        """Half a surrogate pair is in no store, be it one that would not mind."""
        store.put("key", 1, None)

        with pytest.raises(InvalidKey, match="ud800") as caught:
            use(store)

        assert caught.value.key == _NO_TEXT
        assert "backslashreplace" in str(caught.value)
        assert store.get("key") == 1

    @pytest.mark.parametrize("prefix", ["app:", "\ud7ff", "\U0010ffff", "a\U0010ffff\U0010ffff"])
    def test_flush_when_a_key_is_the_last_of_its_prefix_then_removed_and_no_other(
        self, store: Store, prefix: str
    ) -> None:
        """Whatever follows the prefix, it goes; and nothing else."""
        within = [prefix, prefix + "\U0010ffff", prefix + "\U0010ffffx", prefix + "é"]
        beside = ["", "\ue000", "b", "app", "app;", "\U0010fffe\U0010ffff"]
        for key in (*within, *beside):
            store.put(key, 1, None)

        store.flush(prefix)

        assert store.many([*within, *beside]) == dict.fromkeys(beside, 1)

    def test_keys_when_case_differs_then_are_different(self, store: Store) -> None:
        """Keys are compared letter by letter."""
        store.put("key", 1, None)

        assert store.get("KEY") is MISSING

    # Lifetimes

    def test_lifetime_when_over_then_absent_everywhere(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """An expired entry is an absent one to every method."""
        store.put("key", 1, 10)
        travel(10)

        assert store.get("key") is MISSING
        assert store.many(["key"]) == {}
        assert store.ttl("key") is MISSING
        assert store.touch("key", 10) is False
        assert store.pull("key") is MISSING
        assert store.forget("key") is False
        assert store.add("key", 2, 10) is True

    def test_lifetime_when_a_fraction_then_kept_to_it(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """Lifetimes below a second are lifetimes."""
        store.put("key", 1, 0.5)
        travel(0.4)
        before = store.get("key")
        travel(0.2)

        assert before == 1
        assert store.get("key") is MISSING

    def test_lifetime_when_none_then_without_end(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """None is for ever."""
        store.put("key", 1, None)
        travel(10 * 365 * 86_400)

        assert store.get("key") == 1
        assert store.ttl("key") is None

    def test_ttl_when_time_passes_then_is_what_is_left(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """The remaining lifetime is told in seconds."""
        store.put("key", 1, 60)
        travel(20)

        assert store.ttl("key") == pytest.approx(40, abs=0.01)

    def test_touch_when_there_then_counts_from_now(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """A new lifetime replaces the old one, and the value stays."""
        store.put("key", {"a": (1,)}, 10)
        travel(8)
        touched = store.touch("key", 10)
        travel(8)

        assert touched is True
        assert store.get("key") == {"a": (1,)}

    def test_touch_when_none_then_without_end(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """An entry can be given no end."""
        store.put("key", 1, 10)
        store.touch("key", None)
        travel(1_000)

        assert store.get("key") == 1

    # Several at once

    def test_many_when_some_absent_then_those_there(self, store: Store) -> None:
        """What is absent is left out; a stored None is not."""
        store.put("a", 1, None)
        store.put("b", None, None)

        assert store.many(["b", "absent", "a"]) == {"a": 1, "b": None}
        assert store.many([]) == {}

    def test_many_when_thousands_then_all(self, store: Store) -> None:
        """No limit of a statement or packet shows."""
        values: dict[str, object] = {f"key{number}": number for number in range(1_200)}

        store.put_many(values, 60)

        assert store.many(list(values)) == values

    def test_put_many_when_lifetime_is_over_then_all_gone(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """One lifetime holds for all."""
        store.put_many({"a": 1, "b": 2}, 10)
        travel(11)

        assert store.many(["a", "b"]) == {}

    # Only if absent

    def test_add_when_absent_then_stores(self, store: Store) -> None:
        """An absent key is added."""
        assert store.add("key", None, 60) is True
        assert store.get("key") is None

    def test_add_when_there_then_keeps_value_and_lifetime(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """What is there stays as it is, None included."""
        store.put("key", None, 10)
        added = store.add("key", "other", None)
        still = store.get("key")
        travel(11)

        assert added is False
        assert still is None
        assert store.get("key") is MISSING

    def test_add_when_threads_race_then_one_wins(self, store: Store) -> None:
        """Of many who add, one does."""
        barrier = threading.Barrier(_THREADS)

        def attempt(number: int) -> bool:
            barrier.wait()
            return store.add("key", number, None)

        with ThreadPoolExecutor(_THREADS) as pool:
            outcomes = list(pool.map(attempt, range(_THREADS)))

        assert outcomes.count(True) == 1
        assert store.get("key") == outcomes.index(True)

    # Numbers

    def test_increment_when_absent_then_starts_at_zero(self, store: Store) -> None:
        """A count begins by itself."""
        assert store.increment("n", 4, None) == 4
        assert store.increment("n", -6, None) == -2
        assert store.get("n") == -2

    def test_increment_when_put_before_then_goes_on_from_there(self, store: Store) -> None:
        """A stored integer is a count, and stays an integer."""
        store.put("n", 5, None)

        total = store.increment("n", 2, None)

        assert total == 7
        assert type(total) is int

    def test_increment_when_float_then_float(self, store: Store) -> None:
        """A float makes the sum a float."""
        store.put("n", 1, None)

        assert store.increment("n", 0.5, None) == 1.5

    def test_increment_when_there_then_keeps_its_lifetime(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """A lifetime is for the start of a count only."""
        store.increment("n", 1, 10)
        travel(8)
        store.increment("n", 1, 10)
        travel(3)

        assert store.get("n") is MISSING
        assert store.increment("n", 1, 10) == 1

    @pytest.mark.parametrize("value", ["5", None, True, [1], b"1"], ids=repr)
    def test_increment_when_no_number_then_raises_and_keeps_it(
        self, store: Store, value: object
    ) -> None:
        """Text and truth values are no numbers."""
        store.put("n", value, None)

        with pytest.raises(NotNumeric, match='"n"'):
            store.increment("n", 1, None)

        assert store.get("n") == value

    def test_increment_when_large_then_exact(self, store: Store) -> None:
        """Integers have no end."""
        store.put("n", 2**63 - 1, None)

        assert store.increment("n", 1, None) == 2**63

    def test_increment_when_threads_race_then_none_is_lost(self, store: Store) -> None:
        """Every increment counts."""

        def count(_: int) -> None:
            for _ in range(_TIMES):
                store.increment("n", 1, None)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(count, range(_THREADS)))

        assert store.get("n") == _THREADS * _TIMES

    # Removing

    def test_pull_when_there_then_value_once(self, store: Store) -> None:
        """What was pulled is gone."""
        store.put("key", None, 60)

        assert store.pull("key") is None
        assert store.pull("key") is MISSING

    def test_pull_when_threads_race_then_one_gets_it(self, store: Store) -> None:
        """Of many who pull, one gets the value."""
        store.put("key", "prize", None)
        barrier = threading.Barrier(_THREADS)

        def pull(_: int) -> object:
            barrier.wait()
            return store.pull("key")

        with ThreadPoolExecutor(_THREADS) as pool:
            found = list(pool.map(pull, range(_THREADS)))

        assert [value for value in found if value is not MISSING] == ["prize"]

    def test_forget_when_there_then_true_once(self, store: Store) -> None:
        """Forgetting says whether there was something to forget."""
        store.put("key", None, 60)

        assert store.forget("key") is True
        assert store.forget("key") is False
        assert store.get("key") is MISSING

    def test_flush_when_prefix_then_only_its_keys(self, store: Store) -> None:
        """An application flushes its own keys."""
        store.put_many({"blog:a": 1, "blog:b": 2, "blog": 3, "blo": 4, "shop:a": 5}, None)

        store.flush("blog:")

        assert store.many(["blog:a", "blog:b", "blog", "blo", "shop:a"]) == {
            "blog": 3,
            "blo": 4,
            "shop:a": 5,
        }

    def test_flush_when_prefix_has_wildcards_then_they_are_letters(self, store: Store) -> None:
        """A prefix is not a pattern."""
        store.put_many({"a%b": 1, "axb": 2, "a_c": 3, "a*d": 4, "a[e": 5}, None)

        store.flush("a%")
        store.flush("a_")
        store.flush("a*")
        store.flush("a[")

        assert store.many(["a%b", "axb", "a_c", "a*d", "a[e"]) == {"axb": 2}

    def test_flush_when_no_prefix_then_everything(self, store: Store) -> None:
        """The empty prefix is that of all keys."""
        store.put_many({"": 1, "a": 2, "\U0010ffff": 3}, None)

        store.flush("")

        assert store.many(["", "a", "\U0010ffff"]) == {}

    def test_prune_when_some_expired_then_the_others_stay(
        self, store: Store, travel: Callable[[float], None]
    ) -> None:
        """Pruning removes what has expired, and no more."""
        store.put_many({"a": 1, "b": 2}, 10)
        store.put("c", 3, 100)
        store.put("d", 4, None)
        travel(10)

        removed = store.prune()

        # A store that drops what has expired by itself finds nothing.
        assert removed in {0, 2}
        assert store.many(["a", "b", "c", "d"]) == {"c": 3, "d": 4}

    def test_close_when_used_again_then_opens_again(self, store: Store) -> None:
        """A store that was closed can be used."""
        store.put("key", 1, None)

        store.close()
        store.close()
        store.put("other", 2, None)

        assert store.get("other") == 2

    # The other colour

    def test_twins_when_awaited_then_do_the_same(self, store: Store) -> None:
        """Each twin does what the sync method does."""

        async def use() -> list[object]:
            await store.aput("a", [1], 60)
            await store.aput_many({"b": 2, "c": 3}, None)
            told = [
                await store.aget("a"),
                await store.aadd("a", 9, None),
                await store.amany(["b", "c"]),
                await store.aincrement("b", 1, None),
                await store.attl("c"),
                await store.atouch("c", 30),
                await store.apull("c"),
                await store.aforget("c"),
                await store.aprune(),
            ]
            await store.aflush("")
            told.append(await store.aget("a"))
            await store.aclose()
            return told

        assert asyncio.run(use()) == [
            [1],
            False,
            {"b": 2, "c": 3},
            3,
            None,
            True,
            3,
            False,
            0,
            MISSING,
        ]

    def test_twins_when_tasks_race_then_no_increment_is_lost(self, store: Store) -> None:
        """Every increment counts in the other colour too."""

        async def count() -> None:
            await asyncio.gather(*[store.aincrement("n", 1, None) for _ in range(_TIMES)])

        asyncio.run(count())

        assert store.get("n") == _TIMES
