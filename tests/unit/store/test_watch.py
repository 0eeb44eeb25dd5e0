"""Watches: what is told, in both colours, and for how long they wait."""

# ruff: noqa: PT012  # a transaction that is undone is a block

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from securely.store import Abort, Closed, Corrupted, Database, Event, EventsLost
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING


def test_watch_when_keys_change_then_told_in_order(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    with tree.watch_prefix("a:") as watch:
        tree.put("a:1", {"x": 1})
        tree.put("b:1", 2)
        tree.remove("a:1")
        store.tree("u").put("a:1", 3)

        assert watch.next(0) == Event("insert", "a:1", {"x": 1})
        assert watch.next(0) == Event("remove", "a:1", MISSING)
        assert watch.next(0) is None


def test_watch_when_of_all_keys_then_tuples_too(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch, tree.watch_prefix(("a",)) as narrow:
        tree.put(("a", 1), 1)
        tree.put(("b", 1), 2)

        assert [watch.next(0), watch.next(0)] == [
            Event("insert", ("a", 1), 1),
            Event("insert", ("b", 1), 2),
        ]
        assert narrow.next(0) == Event("insert", ("a", 1), 1)
        assert narrow.next(0) is None


def test_watch_when_a_transaction_then_told_when_it_is_committed(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        with store.transaction():
            tree.put(1, 1)
            assert watch.next(0) is None
        with pytest.raises(Abort), store.transaction():
            tree.put(2, 2)
            raise Abort
        tree.put(3, 3)

        assert watch.next(0) == Event("insert", 1, 1)
        assert watch.next(0) == Event("insert", 3, 3)


def test_watch_when_nothing_happens_then_it_waits_by_the_clock(
    store: Database, frozen: FrozenClock
) -> None:
    with store.watch_prefix() as watch:
        began = frozen.monotonic()

        assert watch.next("10s") is None

        assert frozen.monotonic() - began == pytest.approx(10)


def test_watch_when_another_thread_writes_then_told_without_a_timeout(store: Database) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        writer = threading.Timer(0.05, lambda: tree.put("k", 1))
        writer.start()

        assert next(iter(watch)) == Event("insert", "k", 1)
        writer.join()


def test_watch_when_large_values_then_the_one_that_is_there(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        tree.put("k", "x" * 50_000)

        event = watch.next(0)

    assert event == Event("insert", "k", "x" * 50_000)


def test_watch_when_a_large_value_has_gone_then_an_insert_without_it(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        tree.put("k", "x" * 50_000)
        tree.forget("k")

        first, second = watch.next(0), watch.next(0)

    assert first in (Event("insert", "k", MISSING), Event("insert", "k", "x" * 50_000))
    assert second == Event("remove", "k", MISSING)


def test_watch_when_too_slow_then_told_so_and_it_goes_on(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t", int)
    with tree.watch_prefix() as watch:
        with store.transaction():
            for number in range(4_200):
                tree.put(number, number)
        tree.put(-1, 1)
        with pytest.raises(EventsLost, match="the watch goes on"):
            watch.next(0)
        tree.put("k", 1)

        assert watch.next(0) == Event("insert", "k", 1)


def test_watch_when_forgotten_then_told_so_and_it_goes_on(
    store: Database, frozen: FrozenClock
) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        frozen.travel(61)
        tree.watch_prefix().close()
        tree.put(1, 1)
        with pytest.raises(EventsLost):
            watch.next(0)
        tree.put(2, 2)

        assert watch.next(0) == Event("insert", 2, 2)


def test_watch_when_closed_then_iterating_ends_and_next_says_so(
    store: Database, frozen: FrozenClock
) -> None:
    watch = store.watch_prefix()
    store.put(1, 1)
    watch.close()
    watch.close()

    assert list(watch) == []
    with pytest.raises(Closed, match="watch is over"):
        watch.next(0)


def test_watch_when_a_change_was_planted_then_refused(store: Database, frozen: FrozenClock) -> None:
    tree = store.tree("t")
    with tree.watch_prefix() as watch:
        raw = b"\x02k"
        store.bound.engine.put("t", raw, (None, b"J" + bytes(32) + b"1"))

        with pytest.raises(Corrupted, match='tree "t"'):
            watch.next(0)


def test_watch_when_async_then_the_same(store: Database) -> None:
    async def use() -> None:
        tree = store.tree("t")
        told: list[Any] = []

        async def listen(watch: Any) -> None:
            async for event in watch:
                told.append(event.key)
                if event.key == 3:
                    break

        async with await tree.awatch_prefix() as watch:
            listening = asyncio.ensure_future(listen(watch))
            for number in (1, 2, 3):
                await tree.aput(number, "x")
            await listening
            began = clock.monotonic()
            assert await watch.anext(0.05) is None
            assert clock.monotonic() - began > 0.04
        assert told == [1, 2, 3]
        with pytest.raises(Closed):
            await watch.anext(0)
        assert [event async for event in watch] == []

    asyncio.run(use())


@pytest.mark.parametrize("size", [1, 50_000])
def test_watch_when_its_reader_is_cancelled_then_no_change_is_missed(
    store: Database, size: int
) -> None:
    """What a cancelled reader was about to be told is told to the next one."""

    async def use() -> tuple[list[Any], int]:
        tree = store.tree("t")
        told: list[Any] = []
        cancelled = 0
        async with await tree.awatch_prefix() as watch:
            for number in range(40):
                await tree.aput(number, "x" * size)
                reader = asyncio.ensure_future(watch.anext(30))
                for _ in range(number % 8):
                    await clock.asleep(0)
                reader.cancel()
                try:
                    event = await reader
                except asyncio.CancelledError:
                    cancelled += 1
                else:
                    told.append(event.key if event else None)
            while len(told) < 40 and (event := await watch.anext(30)) is not None:
                told.append(event.key)
            assert await watch.anext(0) is None
        return told, cancelled

    told, cancelled = asyncio.run(use())

    assert told == list(range(40))
    assert cancelled > 0
