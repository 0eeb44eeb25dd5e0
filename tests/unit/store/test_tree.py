"""Trees: one key, one key by what it has, many in order; on each driver."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, cast

import pytest

from securely.store import (
    Batch,
    CasResult,
    Database,
    InvalidKey,
    NoMergeOperator,
    ValueTooLarge,
    WrongType,
)
from securely.store.drivers.array import ArrayEngine
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING
from securely.support.serializer import Undecodable, Unserializable

from .conftest import SEAL


@dataclasses.dataclass(frozen=True)
class Order:
    number: int
    paid: bool = False


class Colour(Enum):
    RED = "red"


# One key


@pytest.mark.parametrize(
    "value",
    [None, False, 0, 2**70, 1.5, "", "é😀", b"", b"\x00\xff", [], {"a": (1, {2})}, timedelta(1)],
    ids=repr,
)
def test_get_when_put_then_equal_and_of_its_type(store: Database, value: Any) -> None:
    tree = store.tree("t")

    tree.put("k", value)

    assert tree.get("k", MISSING) == value
    assert type(tree.get("k")) is type(value)


def test_get_when_absent_then_the_default(store: Database) -> None:
    assert store.tree("t").get("k") is None
    assert store.tree("t").get("k", 5) == 5


def test_database_when_used_as_a_tree_then_the_default_one(store: Database) -> None:
    store.put("k", 1)

    assert store.get("k") == 1
    assert store.tree("default").get("k") == 1
    assert store.name == "default"


def test_insert_when_there_then_the_value_before(store: Database) -> None:
    tree = store.tree("t")

    assert tree.insert("k", None) is MISSING
    assert tree.insert("k", 1) is None
    assert tree.insert("k", 2) == 1


def test_remove_when_there_then_its_value_once(store: Database) -> None:
    tree = store.tree("t")
    tree.put("k", None)

    assert tree.remove("k") is None
    assert tree.remove("k") is MISSING
    assert tree.forget("k") is False
    assert "k" not in tree


def test_put_when_the_value_has_no_written_form_then_refused_and_the_old_one_stays(
    store: Database,
) -> None:
    tree = store.tree("t")
    tree.put("k", 1)

    for write in (tree.put, tree.insert):
        with pytest.raises(Unserializable):
            write("k", object())

    assert tree.get("k") == 1


def test_put_when_the_value_is_too_large_then_refused() -> None:
    tree = Database.over(ArrayEngine(), SEAL, value_bytes_max=100).tree("t")

    tree.put("k", "x" * 98)
    with pytest.raises(ValueTooLarge, match="101 bytes") as caught:
        tree.put("k", b"x" * 101)

    assert caught.value.size_bytes_max == 100
    assert tree.get("k") == "x" * 98


def test_key_when_too_long_then_refused_and_reads_as_absent(store: Database) -> None:
    tree = store.tree("t")
    key = "k" * 70_000

    for write in (tree.put, tree.insert):
        with pytest.raises(InvalidKey, match="takes at most"):
            write(key, 1)
    with pytest.raises(InvalidKey):
        tree.compare_and_swap(key, MISSING, 1)

    tree.put("k" * 400, 1)
    assert tree.get("k" * 400) == 1


# Types


def test_tree_when_of_a_type_then_others_are_refused(store: Database) -> None:
    orders = store.tree("orders", Order)
    order = Order(7, paid=True)

    orders.put(1, order)

    assert orders.get(1) == order
    with pytest.raises(WrongType, match="values of type Order, not dict"):
        orders.put(2, {"number": 7})  # type: ignore[arg-type]
    with pytest.raises(WrongType, match="values of type int, not str"):
        store.tree("numbers", int).insert(1, "x")  # type: ignore[arg-type]


def test_tree_when_it_holds_another_type_then_not_returned(store: Database) -> None:
    store.tree("t").put("k", "text")

    with pytest.raises(WrongType, match="values of type int, not str"):
        store.tree("t", int).get("k")


def test_tree_when_of_no_type_then_a_class_is_not_taken(store: Database) -> None:
    with pytest.raises(Unserializable):
        store.tree("t").put("k", Order(1))
    store.tree("t", Colour).put("k", Colour.RED)

    assert store.tree("t", Colour).get("k") is Colour.RED
    with pytest.raises(Undecodable, match="not allowed"):
        store.tree("t").get("k")
    with pytest.raises(Undecodable):
        list(store.tree("t").range())
    assert store.verify()


# Lifetimes


def test_lifetime_when_over_then_absent_everywhere(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    for key in (1, 3, 5):
        tree.put(key, "short", 10)
    tree.put(2, "long", timedelta(seconds=20))
    tree.put(4, "long", datetime.fromtimestamp(frozen.timestamp() + 30, UTC))
    frozen.travel(10)

    assert tree.get(1) is None
    assert tree.contains(1) is False
    assert tree.ttl(1) is MISSING
    assert tree.touch(1, 60) is False
    assert tree.len() == 2
    assert list(tree.range()) == [(2, "long"), (4, "long")]
    assert tree.first() == tree.get_lt(4) == (2, "long")
    assert tree.last() == tree.get_gt(2) == (4, "long")
    assert tree.insert(1, "new") is MISSING
    assert tree.remove(3) is MISSING
    assert tree.compare_and_swap(5, "short", "x").current is MISSING
    assert tree.pop_min() == (1, "new")
    assert tree.pop_max() == (4, "long")


def test_lifetime_when_zero_or_less_then_the_key_is_removed(store: Database) -> None:
    tree = store.tree("t")
    tree.put("a", 1)
    tree.put("b", 1)
    tree.put("c", 1)

    assert tree.insert("a", 2, 0) == 1
    tree.put("b", 2, -5)
    assert tree.touch("c", 0) is True

    assert tree.is_empty()


def test_ttl_when_time_passes_then_what_is_left(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    tree.put("k", {"a": (1,)}, 60)
    frozen.travel(20)

    assert tree.ttl("k") == pytest.approx(40)
    assert tree.touch("k") is True
    assert tree.ttl("k") is None
    assert tree.get("k") == {"a": (1,)}


def test_update_when_there_then_keeps_its_lifetime(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t", int)
    tree.put("k", 1, 60)
    tree.update_and_fetch("k", lambda old: (old or 0) + 1)
    frozen.travel(61)

    assert tree.update_and_fetch("k", lambda old: old or 9) == 9
    assert tree.ttl("k") is None


def test_compact_when_some_are_over_then_counted(store: Database, frozen: FrozenClock) -> None:
    for number in range(10):
        store.tree("t").put(number, "x", 1 + number)
    frozen.travel(5)

    assert store.compact().expired == 5
    assert store.compact().expired == 0
    assert store.tree("t").len() == 5


# By what it has


def test_compare_and_swap_when_it_has_the_value_then_swapped(store: Database) -> None:
    tree = store.tree("t")

    assert tree.compare_and_swap("k", MISSING, 1) == CasResult(ok=True, current=1, proposed=1)
    assert tree.compare_and_swap("k", 1, {"a": 2}).ok
    assert tree.compare_and_swap("k", {"a": 2}, MISSING) == CasResult(
        ok=True, current=MISSING, proposed=MISSING
    )
    assert "k" not in tree


def test_compare_and_swap_when_it_has_another_then_told_which(store: Database) -> None:
    tree = store.tree("t")
    tree.put("k", 1)

    result = tree.compare_and_swap("k", 2, 3)

    assert result == CasResult(ok=False, current=1, proposed=3)
    assert not result
    assert not tree.compare_and_swap("k", MISSING, 3)
    assert not tree.compare_and_swap("other", 1, 3)
    assert tree.get("k") == 1


@pytest.mark.parametrize(("there", "old"), [(1, True), (1, 1.0), (0, False), ("", b"")])
def test_compare_and_swap_when_equal_but_of_another_type_then_not_swapped(
    store: Database, there: Any, old: Any
) -> None:
    store.tree("t").put("k", there)

    assert not store.tree("t").compare_and_swap("k", old, "new")


@pytest.mark.parametrize(
    ("there", "old"),
    [
        ([True], [1]),
        ({"a": {"b": 1}}, {"a": {"b": 1.0}}),
        ((0, ("x", False)), (0, ("x", 0))),
        ({1, 2}, {True, 2}),
        ({1: "x"}, {True: "x"}),
        ([1, 2], [1]),
        ([1], (1,)),
    ],
)
def test_compare_and_swap_when_an_item_is_of_another_type_then_not_swapped(
    store: Database, there: Any, old: Any
) -> None:
    store.put("k", there)

    assert not store.compare_and_swap("k", old, "new")
    assert store.get("k") == there
    assert store.compare_and_swap("k", there, "new")


def test_compare_and_swap_when_a_class_then_by_its_fields_and_their_types(store: Database) -> None:
    tree, one = store.tree("orders", Order), cast("Any", 1)
    tree.put("k", Order(1, paid=True), "1h")

    assert not tree.compare_and_swap("k", Order(1, paid=one), Order(2))
    assert tree.compare_and_swap("k", Order(1, paid=True), Order(2))


def test_compare_and_swap_when_the_old_value_can_not_be_there_then_not_swapped(
    store: Database,
) -> None:
    tree: Any = store.tree("numbers", int)
    tree.put("k", 1)

    for old in ("x", True, None, 1.0):
        assert tree.compare_and_swap("k", old, 2) == CasResult(ok=False, current=1, proposed=2)
    with pytest.raises(WrongType):
        tree.compare_and_swap("k", 1, "x")


def test_tree_of_numbers_when_given_a_truth_then_refused_in_both_directions(
    store: Database,
) -> None:
    """To Python True is an int; in a tree of numbers it is a mistake."""
    tree: Any = store.tree("numbers", int)
    with pytest.raises(WrongType, match="values of type int, not bool"):
        tree.put("k", True)
    store.tree("numbers").put("k", False)
    with pytest.raises(WrongType, match="values of type int, not bool"):
        tree.get("k")

    flags = store.tree("flags", bool)
    flags.put("k", True)
    assert flags.get("k") is True


def test_compare_and_swap_when_written_otherwise_but_equal_then_swapped(store: Database) -> None:
    tree = store.tree("t")
    tree.put("k", {"a": 1, "b": {1, 2, 3}})

    assert tree.compare_and_swap("k", {"b": {3, 2, 1}, "a": 1}, "new")


def test_compare_and_swap_when_it_has_a_lifetime_then_swapped_and_it_is_replaced(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t")
    tree.put("k", 1, 10)

    assert tree.compare_and_swap("k", 1, 2, 60)
    assert tree.ttl("k") == pytest.approx(60)


def test_update_when_absent_then_given_missing_and_removed_by_it(store: Database) -> None:
    tree = store.tree("t")
    seen: list[Any] = []

    assert tree.update_and_fetch("k", lambda old: seen.append(old) or 5) == 5  # type: ignore[func-returns-value]
    assert tree.fetch_and_update("k", lambda old: old + 1) == 5
    assert tree.fetch_and_update("k", lambda _: MISSING) == 6
    assert tree.update_and_fetch("k", lambda _: MISSING) is MISSING
    assert seen == [MISSING]
    assert "k" not in tree


def test_update_when_the_function_raises_then_what_it_wrote_is_undone(store: Database) -> None:
    tree = store.tree("t")
    tree.put("k", 1)

    def fail(_: Any) -> Any:
        tree.put("other", 1)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        tree.update_and_fetch("k", fail)

    assert list(tree.range()) == [("k", 1)]


def test_update_when_threads_race_then_each_runs_once(store: Database) -> None:
    tree = store.tree("t")
    calls: list[int] = []

    def count(old: Any) -> int:
        calls.append(1)
        return (old or 0) + 1

    def work(_: int) -> None:
        for _ in range(10):
            tree.update_and_fetch("n", count)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert tree.get("n") == len(calls) == 40


def test_merge_when_an_operator_is_set_then_it_folds(store: Database) -> None:
    tree = store.tree("t")
    with pytest.raises(NoMergeOperator, match="set_merge_operator"):
        tree.merge("k", 1)

    tree.set_merge_operator(lambda _key, old, new: [*(old or []), new] if new else MISSING)

    assert tree.merge("k", 1) == [1]
    assert tree.merge("k", 2) == [1, 2]
    assert tree.merge("k", 0) is MISSING
    assert tree.get("k") is None


def test_batch_when_applied_then_all_of_it(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    tree.put("gone", 1)
    batch = Batch[int]().insert("a", 1).insert("b", 2, 10).remove("gone").insert("a", 3).remove("x")

    tree.apply_batch(batch)

    assert list(tree.range()) == [("a", 3), ("b", 2)]
    assert tree.ttl("b") == pytest.approx(10)
    assert len(batch) == 4


def test_batch_when_one_value_is_refused_then_none_of_it(store: Database) -> None:
    tree = store.tree("t")
    batch = Batch[Any]().insert("a", 1).insert("b", object())

    with pytest.raises(Unserializable):
        tree.apply_batch(batch)

    assert tree.is_empty()


# In order


def test_range_when_mixed_keys_then_bytes_text_integers_tuples(store: Database) -> None:
    tree = store.tree("t")
    keys = [b"", b"z", "", "a", -300, -1, 0, 7, 2**80, (), ("a",), ("a", 1), ("b",)]
    for key in reversed(keys):
        tree.put(key, repr(key))

    assert [key for key, _ in tree.range()] == keys
    assert [key for key, _ in tree.range(reverse=True)] == keys[::-1]
    assert [key for key, _ in tree.range(-1, 7)] == [-1, 0]
    assert [key for key, _ in tree.range("a", 0, reverse=True)] == [-1, -300, "a"]
    assert [key for key, _ in tree.range(stop="")] == [b"", b"z"]


def test_range_when_longer_than_a_page_then_all_of_it(store: Database) -> None:
    tree = store.tree("t", int)
    with store.transaction():
        for number in range(3_000):
            tree.put(number, number)

    assert [key for key, _ in tree.range()] == list(range(3_000))
    assert [key for key, _ in tree.range(10, 2_990, reverse=True)] == list(range(2_989, 9, -1))


def test_range_when_written_meanwhile_then_it_goes_on(store: Database) -> None:
    tree = store.tree("t", int)
    for number in range(300):
        tree.put(number, number)

    seen = []
    for key, _ in tree.range():
        seen.append(key)
        tree.forget(key)

    assert seen == list(range(300))
    assert tree.is_empty()


def test_scan_prefix_when_text_bytes_or_tuples_then_those_that_begin_so(store: Database) -> None:
    tree = store.tree("t")
    for key in ("a", "ab", "b", b"a", b"ab", b"\xff", b"\xff\xff", ("a", 1), ("a", 2), ("ab", 1)):
        tree.put(key, 1)

    def keys(prefix: Any, *, reverse: bool = False) -> list[Any]:
        return [key for key, _ in tree.scan_prefix(prefix, reverse=reverse)]

    assert keys("a") == ["a", "ab"]
    assert keys(b"a") == [b"a", b"ab"]
    assert keys(b"\xff", reverse=True) == [b"\xff\xff", b"\xff"]
    assert keys(("a",)) == [("a", 1), ("a", 2)]
    assert keys(()) == [("a", 1), ("a", 2), ("ab", 1)]
    assert keys("") == ["a", "ab", "b"]


def test_edges_when_empty_then_none(store: Database) -> None:
    tree = store.tree("t")

    assert tree.first() is tree.last() is tree.pop_min() is tree.pop_max() is None
    assert tree.get_lt(1) is tree.get_gt(1) is None
    assert tree.is_empty()
    assert tree.len() == 0


def test_pop_min_when_threads_race_then_each_key_once(store: Database) -> None:
    tree = store.tree("t", int)
    for number in range(40):
        tree.put(number, number)

    def work(_: int) -> list[int]:
        return [found[1] for _ in range(10) if (found := tree.pop_min())]

    with ThreadPoolExecutor(4) as pool:
        popped = [number for numbers in pool.map(work, range(4)) for number in numbers]

    assert sorted(popped) == list(range(40))


def test_clear_when_many_then_counted(store: Database) -> None:
    tree = store.tree("t")
    for number in range(5):
        tree.put(number, number)

    assert tree.clear() == 5
    assert store.trees() == ["t"]


# The other colour


def test_twins_when_awaited_then_as_the_sync_ones(store: Database, frozen: FrozenClock) -> None:
    async def use() -> None:
        tree = store.tree("t")
        await tree.aput("a", 1)
        assert await tree.ainsert("a", 2) == 1
        assert await tree.aget("a") == 2
        assert await tree.aget("absent", 5) == 5
        assert await tree.acontains("a") is True
        assert await tree.attl("a") is None
        assert await tree.atouch("a", 60) is True
        assert (await tree.acompare_and_swap("a", 2, 3)).ok
        assert await tree.aupdate_and_fetch("a", lambda old: old + 1) == 4
        assert await tree.afetch_and_update("a", lambda old: old + 1) == 4
        tree.set_merge_operator(lambda _key, old, new: old + new)
        assert await tree.amerge("a", 5) == 10
        await tree.aapply_batch(Batch[Any]().insert("b", 1).insert("c", 2))
        assert [item async for item in tree.arange("b")] == [("b", 1), ("c", 2)]
        assert [item async for item in tree.ascan_prefix("a")] == [("a", 10)]
        assert await tree.afirst() == await tree.aget_lt("b") == ("a", 10)
        assert await tree.alast() == await tree.aget_gt("b") == ("c", 2)
        assert await tree.apop_min() == ("a", 10)
        assert await tree.apop_max() == ("c", 2)
        assert await tree.alen() == 1
        assert await tree.ais_empty() is False
        assert await tree.aremove("b") == 1
        assert await tree.aforget("b") is False
        assert await tree.aclear() == 0

    asyncio.run(use())


class Late:
    """An engine whose answers wait until they are let out, though the work is done."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.done = asyncio.Event()
        self.out = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def aside(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        answer = await self._engine.aside(work, *args, **kwargs)
        self.done.set()
        await self.out.wait()
        return answer


@pytest.mark.parametrize("last", [False, True])
def test_apop_when_cancelled_after_it_is_done_then_the_key_is_put_back(
    store: Database, frozen: FrozenClock, last: bool
) -> None:
    store.put(1, "x", 60)
    store.put(2, "y", 60)

    async def use() -> None:
        late = Late(store.bound.engine)
        tree = store.within(cast("Any", late))
        popping = asyncio.ensure_future(tree.apop_max() if last else tree.apop_min())
        await late.done.wait()
        assert store.len() == 1
        popping.cancel()
        asyncio.get_running_loop().call_soon(late.out.set)
        with pytest.raises(asyncio.CancelledError):
            await popping

    asyncio.run(use())

    assert list(store.range()) == [(1, "x"), (2, "y")]
    assert store.ttl(2 if last else 1) == 60


def test_apop_when_cancelled_and_the_key_has_a_newer_value_then_that_stays(
    store: Database,
) -> None:
    store.put(1, "old")

    async def use() -> None:
        late = Late(store.bound.engine)
        popping = asyncio.ensure_future(store.within(cast("Any", late)).apop_min())
        await late.done.wait()
        store.put(1, "new")
        popping.cancel()
        asyncio.get_running_loop().call_soon(late.out.set)
        with pytest.raises(asyncio.CancelledError):
            await popping

    asyncio.run(use())

    assert list(store.range()) == [(1, "new")]


def test_apop_when_cancelled_while_it_waits_for_the_lock_then_it_takes_nothing(
    store: Database,
) -> None:
    store.put(1, "x")

    async def use() -> Any:
        session, block = store.bound.engine.session(), store.bound.engine.write()
        await session.run(block.__enter__)
        popping = asyncio.ensure_future(store.apop_min())
        for _ in range(20):
            await clock.asleep(0)
        popping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await popping
        await session.run(block.__exit__, None, None, None)
        session.end()
        return await store.apop_min()

    assert asyncio.run(use()) == (1, "x")


def test_apop_when_cancelled_at_any_moment_then_each_key_is_given_or_there(
    store: Database,
) -> None:
    with store.transaction():
        for number in range(120):
            store.put(number, "x")

    async def use() -> list[Any]:
        given: list[Any] = []
        for number in range(100):
            popping = asyncio.ensure_future(store.apop_min())
            for _ in range(number % 10):
                await clock.asleep(0)
            popping.cancel()
            try:
                found = await popping
            except asyncio.CancelledError:
                continue
            assert found is not None
            given.append(found[0])
        while (found := await store.apop_min()) is not None:
            given.append(found[0])
        return given

    given = asyncio.run(use())

    assert given == list(range(120))
