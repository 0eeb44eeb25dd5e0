"""Databases: trees, transactions of both colours, numbers, dumps and checksums; on each driver."""

# ruff: noqa: PT012  # a transaction that is undone is a block

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from securely.encryption import KeyRing
from securely.store import (
    Abort,
    AsyncFunction,
    Closed,
    Conflict,
    Corrupted,
    Database,
    DumpInvalid,
    ForeignTree,
    InvalidTree,
    WithinTransaction,
    WrongThread,
)
from securely.store.drivers.array import ArrayEngine
from securely.store.dump import private_file
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING


def fill(store: Database) -> None:
    """Put something of every kind into *store*."""
    store.tree("t").put("text", {"a": [1, None, (2.5, b"x")]})
    store.tree("t").put(("tuple", -7), b"\x00\xff")
    store.tree("u").put(b"bytes", "é😀", 60)
    store.put(1, 2)


# Trees


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x00", "\ud800"])
def test_tree_when_the_name_is_none_then_refused(store: Database, name: str) -> None:
    with pytest.raises(InvalidTree):
        store.tree(name)


def test_trees_when_written_to_then_there(store: Database) -> None:
    tree = store.tree("t")
    assert store.trees() == []
    tree.put(1, 1)

    assert store.trees() == ["t"]
    assert (store.contains_tree("t"), store.contains_tree("u")) == (True, False)
    assert asyncio.run(store.acontains_tree("t")) is True
    assert store.drop_tree("t") is True
    assert store.contains_tree("t") is False
    assert store.drop_tree("t") is False
    assert store.trees() == []
    assert tree.get(1) is None
    tree.put(2, 2)
    assert list(tree.range()) == [(2, 2)]


# Transactions


@pytest.mark.parametrize("wait", [False, True])
def test_transact_when_what_it_calls_must_be_awaited_then_refused_and_undone(
    store: Database, wait: bool
) -> None:
    """It would write after the transaction, or never."""

    def forgetful(tree: Any) -> Any:
        tree.put("a", 1)
        return tree.aput("b", 2)

    with pytest.raises(AsyncFunction, match=r"transact\(\).*`async def`"):
        asyncio.run(store.atransact(forgetful, store)) if wait else store.transact(forgetful, store)

    assert store.is_empty()


def test_atransact_when_given_an_object_whose_call_is_async_then_awaited(store: Database) -> None:
    class Move:
        async def __call__(self, tree: Any) -> int:
            await tree.aput("a", 1)
            return await tree.aget("a")

    assert asyncio.run(store.atransact(Move(), store)) == 1
    assert store.get("a") == 1


def test_transaction_when_it_ends_then_all_is_there(store: Database) -> None:
    orders, stock = store.tree("orders"), store.tree("stock", int)
    stock.put("apple", 3)

    with store.transaction(orders, stock) as (o, s):
        s.update_and_fetch("apple", lambda left: (left or 0) - 1)
        o.put(1, "apple")
        assert o.get(1) == "apple"

    assert (orders.get(1), stock.get("apple")) == ("apple", 2)


def test_transaction_when_aborted_then_undone_and_the_value_arrives(store: Database) -> None:
    orders, stock = store.tree("orders"), store.tree("stock", int)
    stock.put("apple", 3)

    with pytest.raises(Abort) as caught, store.transaction(orders, stock) as (o, s):
        o.put(1, "apple")
        s.clear()
        raise Abort("sold out")

    assert caught.value.value == "sold out"
    assert "sold out" not in str(caught.value)
    assert orders.get(1) is None
    assert stock.get("apple") == 3


def test_transaction_when_within_another_then_undone_alone(store: Database) -> None:
    tree = store.tree("t")

    with store.transaction(tree) as (t,):
        t.put("a", 1)
        with pytest.raises(Abort), store.transaction():
            t.put("a", 2)
            t.put("b", 2)
            raise Abort
        with store.transaction():
            t.put("c", 3)

    assert list(tree.range()) == [("a", 1), ("c", 3)]


def test_transaction_when_no_tree_is_named_then_all_belong_to_it(store: Database) -> None:
    with pytest.raises(LookupError), store.transaction():
        store.tree("t").put(1, 1)
        raise LookupError

    assert store.tree("t").is_empty()


def test_transaction_when_a_tree_is_of_another_database_then_refused(store: Database) -> None:
    other = Database.temporary().tree("theirs")

    with pytest.raises(ForeignTree, match='"theirs" is one of the store "temporary"'):
        store.transaction(store.tree("t"), other)


def test_transact_when_it_returns_then_that_and_once(store: Database) -> None:
    tree = store.tree("t", int)
    calls: list[int] = []

    def work(t: Any) -> str:
        calls.append(1)
        t.put("n", len(calls))
        return "done"

    assert store.transact(work, tree) == "done"
    assert (calls, tree.get("n")) == ([1], 1)


def test_transaction_when_another_thread_writes_then_it_waits_and_is_turned_away(
    store: Database,
) -> None:
    tree = store.tree("t")
    errors: list[BaseException] = []

    def write() -> None:
        try:
            tree.put("b", 2)
        except Conflict as error:
            errors.append(error)

    with store.transaction(tree) as (t,):
        t.put("a", 1)
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()

    assert "busy_seconds" in str(errors[0])
    assert list(tree.range()) == [("a", 1)]


def test_atransaction_when_it_ends_then_all_is_there(store: Database) -> None:
    async def use() -> None:
        orders, stock = store.tree("orders"), store.tree("stock", int)
        await stock.aput("apple", 3)
        async with store.atransaction(orders, stock) as (o, s):
            await s.aupdate_and_fetch("apple", lambda left: (left or 0) - 1)
            await asyncio.gather(o.aput(1, "apple"), o.aput(2, "pear"))
            assert await o.aget(1) == "apple"
            assert [key async for key, _ in o.arange()] == [1, 2]
        assert await orders.aget(2) == "pear"
        assert await stock.aget("apple") == 2

    asyncio.run(use())


def test_atransaction_when_it_raises_then_undone(store: Database) -> None:
    async def use() -> None:
        tree = store.tree("t")
        with pytest.raises(Abort):
            async with store.atransaction(tree) as (t,):
                await t.aput(1, 1)
                raise Abort
        assert await tree.aget(1) is None
        await tree.aput(1, 2)

    asyncio.run(use())


def test_atransaction_when_its_trees_are_used_otherwise_then_told_so(store: Database) -> None:
    async def use() -> None:
        tree = store.tree("t")
        async with store.atransaction(tree) as (t,):
            with pytest.raises(WrongThread, match=r"await tree.aget"):
                t.get(1)
            with pytest.raises(WrongThread):
                t.put(1, 1)
        with pytest.raises(Closed, match="transaction is over"):
            await t.aget(1)
        with pytest.raises(Closed):
            t.get(1)

    asyncio.run(use())


def test_atransaction_when_cancelled_while_it_waits_then_the_lock_is_free(store: Database) -> None:
    async def use() -> None:
        tree = store.tree("t")
        async with store.atransaction(tree) as (t,):
            waiting = asyncio.ensure_future(_enter(store))
            await asyncio.wait([waiting], timeout=0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await t.aput(1, 1)
        await tree.aput(2, 2)
        assert await tree.alen() == 2

    asyncio.run(use())


async def _enter(store: Database) -> None:
    async with store.atransaction():
        await asyncio.Event().wait()


def test_atransaction_when_cancelled_within_then_undone(store: Database) -> None:
    async def work(begun: asyncio.Event) -> None:
        async with store.atransaction(store.tree("t")) as (t,):
            await t.aput(1, 1)
            begun.set()
            await asyncio.Event().wait()

    async def use() -> None:
        begun = asyncio.Event()
        task = asyncio.ensure_future(work(begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await store.tree("t").aget(1) is None
        await store.tree("t").aput(2, 2)

    asyncio.run(use())


def test_atransact_when_function_or_coroutine_then_what_it_returns(store: Database) -> None:
    async def use() -> None:
        tree = store.tree("t")

        async def work(t: Any) -> int:
            await t.aput(1, 1)
            return 5

        def plain(t: Any) -> int:
            t.put(2, 2)
            return 6

        assert await store.atransact(work, tree) == 5
        assert await store.atransact(plain, tree) == 6
        assert await tree.alen() == 2

    asyncio.run(use())


# Numbers


def test_generate_id_when_asked_then_growing_and_never_again(store: Database) -> None:
    numbers = [store.generate_id() for _ in range(2_000)]

    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    store.close()
    other = Database(store.bound.engine, store.bound.codec)
    assert other.generate_id() > numbers[-1]


def test_generate_id_when_a_transaction_is_undone_then_not_given_again(store: Database) -> None:
    numbers = []
    with pytest.raises(Abort), store.transaction():
        numbers.append(store.generate_id())
        raise Abort
    with store.transaction():
        numbers.append(store.generate_id())
    numbers.append(store.generate_id())

    assert numbers == [1, 2, 3]


def test_generate_id_when_very_many_in_a_transaction_then_all_differ(store: Database) -> None:
    with store.transaction():
        numbers = [store.generate_id() for _ in range(3_000)]
    numbers.append(store.generate_id())

    assert numbers == sorted(set(numbers))


def test_generate_id_when_threads_ask_within_and_without_transactions_then_never_twice(
    store: Database,
) -> None:
    numbers: list[int] = []

    def ask(thread: int) -> None:
        for number in range(600):
            while True:
                within = thread % 2 and number % 200 == 0
                try:
                    with store.transaction() if within else nullcontext():
                        numbers.append(store.generate_id())
                except Conflict:  # who has the store was kept from going on
                    continue
                break

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(numbers)) == len(numbers) == 2_400


def test_generate_id_when_in_a_transaction_of_a_loop_then_it_does_not_wait(
    store: Database,
) -> None:
    async def use() -> None:
        tree = store.tree("t")
        async with store.atransaction(tree) as (t,):
            await t.aput(await store.agenerate_id(), "async")
            await t.aput(store.generate_id(), "sync")
        assert [key async for key, _ in tree.arange()] == [1, 2]

    asyncio.run(use())


def test_flush_and_compact_when_in_a_transaction_then_refused(store: Database) -> None:
    with store.transaction():
        store.put(1, 1)
        for use in (store.flush, store.compact):
            with pytest.raises(WithinTransaction, match=use.__name__):
                use()

    store.flush()
    store.compact()
    assert store.get(1) == 1


# Dumps and checksums


def test_checksum_when_content_is_equal_then_equal(store: Database, frozen: FrozenClock) -> None:
    other = Database.over(ArrayEngine("another"), KeyRing(b"o" * 32).purpose("store"))
    assert store.checksum() == 0
    fill(store)
    fill(other)

    assert store.checksum() == other.checksum() != 0
    other.tree("t").put("text", "changed")
    assert store.checksum() != other.checksum()


def test_checksum_when_a_lifetime_or_a_tree_differs_then_another(
    store: Database, frozen: FrozenClock
) -> None:
    seen = set()
    for tree, key, value, ttl in (("t", "a", 1, None), ("t", "a", 1, 9), ("u", "a", 1, None)):
        store.tree(tree).put(key, value, ttl)
        seen.add(store.checksum())
        store.drop_tree(tree)

    assert len(seen) == 3


def test_export_when_imported_then_the_same(store: Database, frozen: FrozenClock) -> None:
    fill(store)
    file = io.StringIO()

    assert store.export(file) == 4

    other = Database.over(ArrayEngine("another"), KeyRing(b"o" * 32).purpose("store"))
    other.tree("t").put("kept", 1)
    file.seek(0)
    assert other.import_(file) == 4
    assert other.tree("t").get(("tuple", -7)) == b"\x00\xff"
    assert other.tree("u").ttl(b"bytes") == pytest.approx(60)
    assert other.tree("t").remove("kept") == 1
    assert other.checksum() == store.checksum()
    assert other.verify()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Between:
    """An engine on which another thread commits something between two reads of this one."""

    def __init__(self, engine: Any, write: Callable[[], object]) -> None:
        self._engine = engine
        self._write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def rows(self, *args: Any, **kwargs: Any) -> Any:
        found = self._engine.rows(*args, **kwargs)
        writer = threading.Thread(target=self._write)
        writer.start()
        writer.join()
        return found


def moving(store: Database) -> Database:
    """Return *store*, in which one is moved from the first to the last key at each look."""
    tree = store.tree("t", int)
    with store.transaction():
        for number in range(700):
            tree.put(number, 0)

    def move() -> None:
        with store.transaction():
            tree.update_and_fetch(0, lambda old: (old or 0) - 1)
            tree.update_and_fetch(699, lambda old: (old or 0) + 1)
            store.drop_tree("u")
            store.tree("v").put(1, 1)

    store.tree("u").put(1, 1)
    return Database(cast("Any", Between(store.bound.engine, move)), store.bound.codec)


def test_export_when_others_write_meanwhile_then_it_is_of_one_moment(store: Database) -> None:
    file = io.StringIO()

    assert moving(store).export(file) == 701

    file.seek(0)
    other = Database.temporary()
    other.import_(file)
    assert sum(value for _, value in other.tree("t", int).range()) == 0
    assert other.trees() == ["t", "u"]
    assert store.trees() == ["t", "v"]


def test_checksum_and_verify_when_others_write_meanwhile_then_of_one_moment(
    store: Database,
) -> None:
    moved = moving(store)
    before = store.checksum()

    assert moved.checksum() == before
    store.tree("u").put(2, 2)
    store.drop_tree("v")
    found = moved.verify()

    assert (bool(found), found.rows) == (True, 701)


def dumped() -> list[str]:
    store = Database.temporary()
    store.tree("t").put("a", 1)
    store.tree("t").put("b", 2)
    file = io.StringIO()
    store.export(file)
    return file.getvalue().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda _: [], 1),
        (lambda lines: lines[1:], 1),
        (lambda lines: ['{"securely-store": 2}\n', *lines[1:]], 1),
        (lambda lines: lines[:-1], 4),
        (lambda lines: [lines[0], *lines[2:]], 3),
        (lambda lines: [*lines[:2], lines[2].replace("SjI=", "SjM="), lines[3]], 4),
        (lambda lines: [*lines[:2], lines[2][:9], *lines[3:]], 3),
        (lambda lines: [*lines[:2], "[1]\n", *lines[3:]], 3),
        (lambda lines: [*lines[:2], json.dumps(["t", "AmE=", None, "WA=="]) + "\n", lines[3]], 3),
        (lambda lines: [*lines[:2], json.dumps(["t", "mQ==", None, "SjE="]) + "\n", lines[3]], 3),
        (lambda lines: [*lines[:2], '["t", "AmE=", NaN, "SjE="]\n', lines[3]], 3),
        (lambda lines: [*lines, lines[1]], 5),
        (lambda lines: [*lines[:2], "[" * 100_000, lines[3]], 3),
        (lambda lines: [*lines[:2], json.dumps(["t", "AmE=", None, b64("Jno")]), lines[3]], 3),
        (lambda lines: [*lines[:2], json.dumps(["t", "AmE=", None, b64("JNaN")]), lines[3]], 3),
        (lambda _: io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00"), "utf-8"), 1),
    ],
)
def test_import_when_the_file_is_not_whole_then_nothing_is_imported(
    store: Database, spoil: Any, line: int
) -> None:
    store.tree("t").put("a", "old")

    with pytest.raises(DumpInvalid, match=f"Line {line} can not be imported"):
        store.import_(spoil(dumped()))

    assert list(store.tree("t").range()) == [("a", "old")]


def test_private_file_when_it_fails_then_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_text("old")

    with pytest.raises(LookupError), private_file(path) as file:
        file.write("new")
        raise LookupError
    assert path.read_text() == "old"
    with private_file(path) as file:
        file.write("new")

    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


# The whole


def test_verify_when_all_is_well_then_true(store: Database) -> None:
    fill(store)

    found = store.verify()

    assert found
    assert found.rows == 4


def test_verify_when_another_key_wrote_it_then_each_row_is_named(store: Database) -> None:
    fill(store)
    other = Database.over(store.bound.engine, KeyRing(b"o" * 32).purpose("store"))

    found = other.verify()

    assert not found
    assert sorted((each.tree, str(each.key)) for each in found.problems) == [
        ("default", "1"),
        ("t", "('tuple', -7)"),
        ("t", "text"),
        ("u", "b'bytes'"),
    ]
    with pytest.raises(Corrupted):
        other.checksum()


def test_key_when_rotated_then_old_rows_are_read_and_swapped(store: Database) -> None:
    tree = store.tree("t")
    tree.put("k", 1)
    rotated = Database.over(
        store.bound.engine, KeyRing(b"n" * 32, previous=(b"k" * 32,)).purpose("store")
    ).tree("t")

    assert rotated.get("k") == 1
    assert rotated.compare_and_swap("k", 1, 2)
    with pytest.raises(Corrupted):
        tree.get("k")


def test_twins_when_awaited_then_as_the_sync_ones(store: Database) -> None:
    async def use() -> None:
        await store.tree("t").aput(1, 1)
        assert await store.atrees() == ["t"]
        assert await store.agenerate_id() == 1
        await store.aflush()
        assert await store.asize_on_disk() == store.size_on_disk()
        file = io.StringIO()
        assert await store.aexport(file) == 1
        checksum = await store.achecksum()
        assert await store.adrop_tree("t") is True
        file.seek(0)
        assert await store.aimport_(file) == 1
        assert await store.achecksum() == checksum
        assert (await store.averify()).rows == 1
        assert (await store.acompact()).expired == 0
        await store.aclose()
        assert await store.tree("t").aget(1) == (1 if store.bound.engine.place else MISSING)

    asyncio.run(use())
