"""What every engine of the store must do.

Subclass the suite in a test module, and give it your engine:

    class TestMyEngine(EngineSuite):
        @pytest.fixture
        def engine(self, tmp_path: Path) -> Iterator[Engine]:
            engine = MyEngine(tmp_path)
            yield engine
            engine.close()

It is long because a contract is proved clause by clause, and is read so.

Time stands still in these tests and is moved; an engine reads :mod:`securely.support.clock`.
"""

# ruff: noqa: PT012  # a transaction that is undone is a block

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from securely.store.contracts import Change, Engine, Span
from securely.store.exceptions import Conflict, WithinTransaction
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING

__all__ = ["EngineSuite"]

# Where the clock stands; how many threads contend, and how often each of them does.
_START = 1_700_000_000.0
_THREADS = 8
_TIMES = 40
# Bytes that break what is careless with them, in their order.
_KEYS = [
    b"",
    b"\x00",
    b"\x00\x00",
    b"\x00\xff",
    b"a",
    b"a\x00",
    b"a\xff",
    b"b",
    b"\xff",
    b"\xff\xff",
]
_TREES = ["t", "'; DROP TABLE trees; --", "é日本😀", "n" * 200, "T"]


class EngineSuite:
    """What every engine must do. Override the fixture ``engine``; each test wants an empty one.

    The engine shall be one whose writers wait for a tenth of a second or a little more, so that a
    test of waiting is short.
    """

    @pytest.fixture(autouse=True)
    def frozen(self) -> Iterator[FrozenClock]:
        """Stop the clock."""
        with clock.using(FrozenClock(at=_START)) as frozen:
            assert isinstance(frozen, FrozenClock)
            yield frozen

    @pytest.fixture
    def travel(self, frozen: FrozenClock) -> Callable[[float], None]:
        """Return what lets seconds pass."""
        return frozen.travel

    @pytest.fixture
    def engine(self) -> Engine:
        """Return an empty engine."""
        raise NotImplementedError("Override the fixture `engine`.")

    # Rows

    def test_tree_when_it_has_not_begun_then_it_reads_as_an_empty_one(self, engine: Engine) -> None:
        """Reading, and removing what is not there, begins no tree."""
        assert engine.get("t", b"k") is None
        assert engine.rows("t", Span(), limit=10) == []
        assert engine.count("t") == 0
        assert engine.clear("t") == 0
        assert engine.delete("t", b"k") is False
        assert engine.replace("t", b"k", b"old", (None, b"new")) is False
        assert engine.drop("t") is False
        assert engine.trees() == []

    def test_put_when_read_then_the_same_bytes(self, engine: Engine) -> None:
        """Bytes come back as they were, and so does the end of the lifetime."""
        data = bytes(range(256)) * 300
        engine.put("t", b"k", (None, data))
        engine.put("t", b"e", (_START + 5.25, b""))

        assert engine.get("t", b"k") == (None, data)
        assert engine.get("t", b"e") == (_START + 5.25, b"")

    def test_rows_when_keys_are_any_bytes_then_in_their_order(self, engine: Engine) -> None:
        """Keys are ordered by their bytes, forwards and backwards."""
        for key in reversed(_KEYS):
            engine.put("t", key, (None, b"v" + key))

        rows = engine.rows("t", Span(), limit=100)

        assert [key for key, _, _ in rows] == _KEYS
        assert all(data == b"v" + key for key, _, data in rows)
        backward = engine.rows("t", Span(), limit=100, reverse=True)
        assert backward == rows[::-1]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_rows_when_a_span_then_from_its_start_to_before_its_end(
        self, engine: Engine, reverse: bool
    ) -> None:
        """A span holds its start and not its end."""
        for key in _KEYS:
            engine.put("t", key, (None, b"v"))

        for lower in _KEYS:
            for upper in [*_KEYS, None]:
                wanted = [key for key in _KEYS if key >= lower and (upper is None or key < upper)]
                found = engine.rows("t", Span(lower, upper), limit=100, reverse=reverse)
                assert [row[0] for row in found] == (wanted[::-1] if reverse else wanted)

    def test_rows_when_a_limit_then_the_first_of_them(self, engine: Engine) -> None:
        """A limit counts from the side that comes first."""
        for number in range(10):
            engine.put("t", bytes([number]), (None, b"v"))

        assert [row[0] for row in engine.rows("t", Span(b"\x02"), limit=2)] == [b"\x02", b"\x03"]
        last = engine.rows("t", Span(b"", b"\x07"), limit=2, reverse=True)
        assert [row[0] for row in last] == [b"\x06", b"\x05"]

    def test_trees_when_several_then_apart_from_each_other(self, engine: Engine) -> None:
        """A tree's name is a name, never a statement or a pattern."""
        for tree in _TREES:
            engine.put(tree, b"k", (None, tree.encode()))

        assert engine.trees() == sorted(_TREES)
        for tree in _TREES:
            assert engine.get(tree, b"k") == (None, tree.encode())
            assert engine.rows(tree, Span(), limit=10) == [(b"k", None, tree.encode())]
            assert engine.rows(tree, Span(), limit=10, reverse=True) == [
                (b"k", None, tree.encode())
            ]

    def test_modify_when_it_raises_then_nothing_is_changed(self, engine: Engine) -> None:
        """A change that fails is none, and leaves no lock behind."""
        engine.put("t", b"k", (None, b"old"))

        def refuse(_: object) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            engine.modify("t", b"k", refuse)

        assert engine.get("t", b"k") == (None, b"old")
        assert engine.in_transaction() is False

    def test_modify_when_it_says_so_then_written_removed_or_left(self, engine: Engine) -> None:
        """A change writes, removes, or leaves as it is."""
        seen: list[Any] = []

        def answer(with_: Any) -> Callable[[Any], Any]:
            def change(found: Any) -> Any:
                seen.append(found)
                return with_

            return change

        engine.modify("t", b"k", answer(MISSING))
        engine.modify("t", b"k", answer((None, b"1")))
        engine.modify("t", b"k", answer(MISSING))
        engine.modify("t", b"k", answer(None))

        assert seen == [None, None, (None, b"1"), (None, b"1")]
        assert engine.get("t", b"k") is None

    def test_replace_when_it_has_the_bytes_then_once(self, engine: Engine) -> None:
        """Only the very bytes, without an end, are replaced."""
        engine.put("t", b"k", (None, b"old"))
        engine.put("t", b"e", (_START + 5, b"old"))

        assert engine.replace("t", b"k", b"other", (None, b"new")) is False
        assert engine.replace("t", b"k", b"old", (_START + 9, b"new")) is True
        assert engine.replace("t", b"k", b"old", (None, b"newer")) is False
        assert engine.replace("t", b"e", b"old", (None, b"new")) is False
        assert engine.get("t", b"k") == (_START + 9, b"new")

    def test_put_many_when_a_key_is_there_twice_then_the_last_one(self, engine: Engine) -> None:
        """Rows are written in their order."""
        engine.put_many("t", [(b"k", None, b"1"), (b"l", None, b"2"), (b"k", None, b"3")])

        assert engine.rows("t", Span(), limit=5) == [(b"k", None, b"3"), (b"l", None, b"2")]

    def test_delete_when_there_then_true_once(self, engine: Engine) -> None:
        """Removing says whether there was something to remove."""
        engine.put("t", b"k", (None, b"v"))

        assert engine.delete("t", b"k") is True
        assert engine.delete("t", b"k") is False

    def test_clear_when_many_then_counts_them_and_the_tree_stays(self, engine: Engine) -> None:
        """An empty tree is a tree."""
        engine.put_many("t", [(bytes([n]), None, b"v") for n in range(200)])

        assert engine.clear("t") == 200
        assert engine.count("t") == 0
        assert engine.trees() == ["t"]

    def test_drop_when_written_again_then_a_new_and_empty_tree(self, engine: Engine) -> None:
        """A tree that is dropped leaves nothing to the next of its name."""
        engine.put("t", b"k", (None, b"v"))
        engine.put("u", b"k", (None, b"v"))

        assert engine.drop("t") is True
        assert engine.trees() == ["u"]
        assert engine.get("t", b"k") is None
        engine.put("t", b"l", (None, b"w"))
        assert engine.rows("t", Span(), limit=5) == [(b"l", None, b"w")]

    # Lifetimes

    def test_lifetime_when_over_then_absent_everywhere(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """A row whose lifetime is over is absent for every method."""
        for key in (b"a", b"m", b"z"):
            engine.put("t", key, (_START + 10, b"v"))
        engine.put("t", b"b", (None, b"v"))
        engine.put("t", b"y", (_START + 20, b"v"))
        travel(10)

        seen: list[object] = []

        def look(found: Any) -> Any:
            seen.append(found)
            return MISSING

        assert engine.get("t", b"a") is None
        assert [row[0] for row in engine.rows("t", Span(), limit=9)] == [b"b", b"y"]
        assert engine.rows("t", Span(), limit=1)[0][0] == b"b"
        assert engine.rows("t", Span(), limit=1, reverse=True)[0][0] == b"y"
        assert engine.count("t") == 2
        assert engine.delete("t", b"a") is False
        assert engine.replace("t", b"a", b"v", (None, b"w")) is False
        engine.modify("t", b"a", look)
        assert seen == [None]
        assert engine.clear("t") == 2

    def test_expire_when_some_are_over_then_counts_those_of_all_trees(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """What is over is removed, and nothing else."""
        engine.put("t", b"a", (_START + 1, b"v"))
        engine.put("u", b"a", (_START + 1, b"v"))
        engine.put("u", b"b", (_START + 9, b"v"))
        travel(1)

        assert engine.expire() == 2
        assert engine.expire() == 0
        assert engine.count("u") == 1

    def test_put_when_it_was_over_then_it_lives_again(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """A new row has nothing of the old one."""
        engine.put("t", b"a", (_START + 1, b"v"))
        travel(2)
        engine.put("t", b"a", (None, b"w"))

        assert engine.expire() == 0
        assert engine.get("t", b"a") == (None, b"w")

    # Transactions

    def test_write_when_it_ends_then_all_is_there(self, engine: Engine) -> None:
        """What is written in a block is seen in it, and is there after it."""
        with engine.write():
            assert engine.in_transaction() is True
            engine.put("t", b"a", (None, b"1"))
            engine.put("u", b"b", (None, b"2"))
            assert engine.get("t", b"a") == (None, b"1")

        assert engine.in_transaction() is False
        assert engine.get("t", b"a") == (None, b"1")
        assert engine.get("u", b"b") == (None, b"2")

    def test_write_when_it_raises_then_as_if_nothing_had_been(self, engine: Engine) -> None:
        """Rows and trees are as they were, whatever was done to them."""
        engine.put("t", b"a", (None, b"old"))
        engine.put("gone", b"a", (None, b"old"))

        with pytest.raises(LookupError), engine.write():
            engine.put("t", b"a", (None, b"new"))
            engine.put("t", b"b", (None, b"new"))
            engine.put("new", b"a", (None, b"new"))
            engine.put_many("t", [(b"c", None, b"new")])
            engine.drop("gone")
            engine.clear("t")
            raise LookupError

        assert engine.rows("t", Span(), limit=9) == [(b"a", None, b"old")]
        assert engine.rows("gone", Span(), limit=9) == [(b"a", None, b"old")]
        assert engine.trees() == ["gone", "t"]
        engine.put("new", b"a", (None, b"newer"))
        assert engine.get("new", b"a") == (None, b"newer")

    def test_write_when_one_in_another_raises_then_only_its_own_is_undone(
        self, engine: Engine
    ) -> None:
        """A block within a block is undone alone."""
        with engine.write():
            engine.put("t", b"a", (None, b"1"))
            with pytest.raises(LookupError), engine.write():
                engine.put("t", b"a", (None, b"2"))
                engine.put("t", b"b", (None, b"2"))
                raise LookupError
            with engine.write():
                engine.put("t", b"c", (None, b"3"))
            assert engine.get("t", b"a") == (None, b"1")

        rows = engine.rows("t", Span(), limit=9)
        assert rows == [(b"a", None, b"1"), (b"c", None, b"3")]

    def test_write_when_the_outer_one_raises_then_the_inner_one_is_undone_too(
        self, engine: Engine
    ) -> None:
        """A block that ended within one that fails is undone with it."""
        with pytest.raises(LookupError), engine.write():
            with engine.write():
                engine.put("t", b"a", (None, b"1"))
            raise LookupError

        assert engine.get("t", b"a") is None

    def test_write_when_another_thread_holds_it_then_waits_and_is_turned_away(
        self, engine: Engine
    ) -> None:
        """Nobody waits for ever."""
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with engine.write():
                held.set()
                done.wait(5)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(5)
        try:
            with pytest.raises(Conflict, match=engine.name), engine.write():
                pass
            with pytest.raises(Conflict, match=engine.name):
                engine.put("t", b"a", (None, b"1"))
        finally:
            done.set()
            holder.join()

        engine.put("t", b"a", (None, b"1"))
        assert engine.get("t", b"a") == (None, b"1")

    def test_read_when_others_write_then_all_is_of_one_moment(self, engine: Engine) -> None:
        """A block that reads sees what was there when it began, and holds up nobody."""
        engine.put("t", b"a", (None, b"1"))
        engine.put("t", b"b", (None, b"1"))
        engine.put("gone", b"a", (None, b"1"))

        def write() -> None:
            with engine.write():
                engine.put("t", b"a", (None, b"2"))
                engine.delete("t", b"b")
                engine.put("new", b"a", (None, b"2"))
                engine.drop("gone")

        with engine.read():
            writer = threading.Thread(target=write)
            writer.start()
            writer.join()
            with engine.read():
                assert engine.get("t", b"a") == (None, b"1")
            rows = engine.rows("t", Span(), limit=9)
            assert rows == [(b"a", None, b"1"), (b"b", None, b"1")]
            assert engine.count("t") == 2
            assert engine.trees() == ["gone", "t"]
            assert engine.get("gone", b"a") == (None, b"1")
            assert engine.get("new", b"a") is None
            assert engine.in_transaction() is False

        assert engine.rows("t", Span(), limit=9) == [(b"a", None, b"2")]
        assert engine.trees() == ["new", "t"]
        engine.put("t", b"c", (None, b"3"))
        assert engine.count("t") == 2

    def test_read_when_its_thread_writes_then_refused(self, engine: Engine) -> None:
        """What is written in a block that reads could not be seen in it."""
        engine.put("t", b"a", (None, b"1"))

        with engine.read():
            with pytest.raises(WithinTransaction):
                engine.put("t", b"a", (None, b"2"))
            with pytest.raises(WithinTransaction):
                engine.modify("t", b"a", lambda _: None)
            with pytest.raises(WithinTransaction):
                engine.put("u", b"a", (None, b"2"))
            with pytest.raises(WithinTransaction), engine.write():
                pass

        assert engine.trees() == ["t"]
        assert engine.get("t", b"a") == (None, b"1")
        engine.put("t", b"a", (None, b"2"))
        assert engine.get("t", b"a") == (None, b"2")

    def test_read_when_it_raises_then_it_is_over(self, engine: Engine) -> None:
        """A block that fails leaves nothing behind."""
        engine.put("t", b"a", (None, b"1"))

        with pytest.raises(LookupError), engine.read():
            raise LookupError
        engine.put("t", b"a", (None, b"2"))

        assert engine.get("t", b"a") == (None, b"2")

    def test_read_when_within_a_transaction_then_it_sees_its_writes(self, engine: Engine) -> None:
        """Within a transaction nobody comes between anyway."""
        with engine.write():
            engine.put("t", b"a", (None, b"1"))
            with engine.read():
                assert engine.get("t", b"a") == (None, b"1")
            engine.put("t", b"b", (None, b"2"))

        assert engine.count("t") == 2

    def test_modify_when_threads_race_then_none_is_lost(self, engine: Engine) -> None:
        """Every change sees the one before it."""

        def count(found: Any) -> Any:
            return None, b"%d" % (1 + (0 if found is None else int(found[1])))

        def work(_: int) -> None:
            for _ in range(_TIMES):
                while True:
                    try:
                        engine.modify("t", b"n", count)
                    except Conflict:  # its writers wait shortly
                        continue
                    break

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(work, range(_THREADS)))

        assert engine.get("t", b"n") == (None, b"%d" % (_THREADS * _TIMES))

    def test_reserve_when_called_again_then_other_numbers(self, engine: Engine) -> None:
        """Numbers are given once, and come back only with a transaction that is undone."""
        assert engine.reserve(10) == 1
        assert engine.reserve(1) == 11
        with pytest.raises(LookupError), engine.write():
            assert engine.reserve(5) == 12
            raise LookupError
        assert engine.reserve(1) == 12

    # Changes

    def test_changes_when_followed_then_in_their_order(self, engine: Engine) -> None:
        """Each write is told, and each removal of something."""
        engine.put("t", b"before", (None, b"0"))
        token, position = engine.follow("t", 60)
        engine.put("t", b"a", (_START + 5, b"1"))
        engine.put("other", b"a", (None, b"2"))
        engine.put("t", b"a", (None, b"3"))
        engine.delete("t", b"a")
        engine.delete("t", b"absent")

        found = engine.changes(token, Span(), position, 60)

        assert list(found.changes) == [
            Change(b"a", (_START + 5, b"1")),
            Change(b"a", (None, b"3")),
            Change(b"a", None),
        ]
        assert found.lost is False
        assert list(engine.changes(token, Span(), found.position, 60).changes) == []

    def test_changes_when_a_span_then_those_in_it(self, engine: Engine) -> None:
        """A watch hears of its span alone."""
        token, position = engine.follow("t", 60)
        for key in (b"a", b"b1", b"b2", b"c"):
            engine.put("t", key, (None, b"v"))

        found = engine.changes(token, Span(b"b", b"c"), position, 60)

        assert [change.key for change in found.changes] == [b"b1", b"b2"]

    def test_changes_when_the_tree_begins_or_begins_again_then_told(self, engine: Engine) -> None:
        """A watch is one of a name, whatever becomes of the tree."""
        token, position = engine.follow("t", 60)
        engine.put("t", b"a", (None, b"1"))
        engine.drop("t")
        engine.put("t", b"b", (None, b"2"))

        found = engine.changes(token, Span(), position, 60)

        assert list(found.changes) == [
            Change(b"a", (None, b"1")),
            Change(b"a", None),
            Change(b"b", (None, b"2")),
        ]

    def test_changes_when_rolled_back_then_untold(self, engine: Engine) -> None:
        """Only what is committed is told."""
        token, position = engine.follow("t", 60)
        with pytest.raises(LookupError), engine.write():
            engine.put("t", b"a", (None, b"1"))
            assert list(engine.changes(token, Span(), position, 60).changes) == []
            raise LookupError
        engine.put("t", b"b", (None, b"2"))

        found = engine.changes(token, Span(), position, 60)

        assert list(found.changes) == [Change(b"b", (None, b"2"))]

    def test_changes_when_a_tree_was_undone_then_the_next_one_is_not_taken_for_it(
        self, engine: Engine
    ) -> None:
        """A tree that never was has left nothing to the next one."""
        token, position = engine.follow("t", 60)
        with engine.write():
            with pytest.raises(LookupError), engine.write():
                engine.put("t", b"a", (None, b"1"))
                raise LookupError
            engine.put("u", b"b", (None, b"2"))

        assert list(engine.changes(token, Span(), position, 60).changes) == []
        assert engine.get("t", b"b") is None

    def test_changes_when_a_value_is_large_then_it_is_not_kept_or_whole(
        self, engine: Engine
    ) -> None:
        """A large value may be left out, and is never cut."""
        token, position = engine.follow("t", 60)
        engine.put("t", b"a", (None, b"x" * 100_000))

        (change,) = engine.changes(token, Span(), position, 60).changes

        assert change.entry is MISSING or change.entry == (None, b"x" * 100_000)

    def test_changes_when_too_many_then_lost_and_memory_is_bounded(self, engine: Engine) -> None:
        """Who is too far behind is told so, and goes on from there."""
        token, position = engine.follow("t", 60)
        with engine.write():
            for number in range(5_000):
                engine.put("t", b"%d" % number, (None, b"v"))
        engine.put("t", b"last", (None, b"v"))

        found = engine.changes(token, Span(), position, 60)
        later = engine.changes(token, Span(), found.position, 60)

        assert found.lost is True
        assert later == ([], found.position, False)

    def test_changes_when_very_many_then_told_in_portions(self, engine: Engine) -> None:
        """Many changes come in several answers, and none is left out."""
        token, position = engine.follow("t", 60)
        engine.put_many("t", [(b"%04d" % number, None, b"v") for number in range(1_000)])

        told: list[bytes] = []
        while found := engine.changes(token, Span(), position, 60):
            assert found.lost is False
            if not found.changes:
                break
            told += [change.key for change in found.changes]
            position = found.position

        assert told == [b"%04d" % number for number in range(1_000)]

    def test_changes_when_not_looked_at_in_time_then_lost(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """A watch that does not look is forgotten, and told so."""
        token, position = engine.follow("t", 60)
        travel(61)
        other, _ = engine.follow("t", 60)
        engine.unfollow(other)
        engine.put("t", b"a", (None, b"1"))

        assert engine.changes(token, Span(), position, 60).lost is True

    def test_changes_when_looked_at_in_time_then_kept_on(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """A watch that looks is kept as long as it does."""
        token, position = engine.follow("t", 60)
        for _ in range(4):
            travel(40)
            assert engine.changes(token, Span(), position, 60).lost is False
        other, _ = engine.follow("u", 60)
        engine.unfollow(other)
        engine.put("t", b"a", (None, b"1"))

        assert len(engine.changes(token, Span(), position, 60).changes) == 1

    def test_changes_when_a_lifetime_ends_then_that_is_no_change(
        self, engine: Engine, travel: Callable[[float], None]
    ) -> None:
        """Nobody is told that time passes."""
        token, position = engine.follow("t", 60)
        engine.put("t", b"a", (_START + 1, b"1"))
        travel(2)
        engine.expire()

        found = engine.changes(token, Span(), position, 60)

        assert [change.entry for change in found.changes] == [(_START + 1, b"1")]

    def test_unfollow_when_asked_then_no_changes_are_told(self, engine: Engine) -> None:
        """A watch that has ended hears nothing."""
        token, position = engine.follow("t", 60)
        engine.unfollow(token)
        engine.put("t", b"a", (None, b"1"))

        found = engine.changes(token, Span(), position, 60)

        assert (list(found.changes), found.lost) == ([], True)

    # The whole

    def test_close_when_used_again_then_it_opens_again(self, engine: Engine) -> None:
        """Closing gives things back, and ends nothing."""
        engine.flush()
        engine.close()

        engine.put("t", b"a", (None, b"1"))

        assert engine.get("t", b"a") == (None, b"1")
        assert engine.check() == []
        engine.compact()
        assert engine.get("t", b"a") == (None, b"1")
        assert engine.size_bytes() >= 0

    # For loops

    def test_aside_when_it_waits_then_the_loop_goes_on(self, engine: Engine) -> None:
        """A transaction of a loop has its thread, and others wait in theirs."""

        async def work() -> object:
            session = engine.session()
            block = engine.write()
            await session.run(block.__enter__)
            assert await session.run(session.is_here) is True
            assert session.is_here() is False
            waiting = asyncio.ensure_future(engine.aside(engine.put, "t", b"b", (None, b"2")))
            await session.run(engine.put, "t", b"a", (None, b"1"))
            await session.run(block.__exit__, None, None, None)
            session.end()
            await waiting
            return await engine.aside(engine.count, "t")

        assert asyncio.run(work()) == 2
