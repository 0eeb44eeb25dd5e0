"""Every engine against a model: a sorted dict with lifetimes, copied where a block begins."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from securely.store import Batch, Database
from securely.store.keys import encode_key
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING

from .conftest import SEAL, engine

pytestmark = pytest.mark.property

TREES = ("one", "two")
KEYS = st.sampled_from([b"", b"a", b"a\xff", b"b", "", "a", "ab", -300, -1, 0, 5, 2**70])
KEYS |= st.sampled_from([(), ("a",), ("a", 1), ("a", "b"), ("a\x00b",), ("b", -1)])
VALUES = st.sampled_from([None, True, 1, 1.5, "x", b"y", [1, (2,)], {"a": {1}}, "x" * 5_000])
LIVES = st.sampled_from([None, None, None, 5.0, 50.0, 0.0])
TREE = st.sampled_from(TREES)


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


class Machine(RuleBasedStateMachine):
    """What is done to the database and to the model, which must answer alike."""

    driver = "array"

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.mkdtemp()
        self.clock = FrozenClock(at=1_800_000_000.0)
        self.frozen = clock.using(self.clock)
        self.frozen.__enter__()
        self.store = Database.over(engine(self.driver, Path(self.directory) / "s"), SEAL)
        self.trees = {name: self.store.tree(name) for name in TREES}
        # Tree -> key as bytes -> key, value, end.
        self.model: dict[str, dict[bytes, tuple[Any, Any, float | None]]] = {
            name: {} for name in TREES
        }
        self.open: list[tuple[Any, Any]] = []
        self.watch = self.trees["one"].watch_prefix()
        self.told: list[tuple[str, Any, Any]] = []
        self.expected: list[tuple[str, Any, Any]] = []

    # The model

    def live(self, tree: str) -> dict[bytes, tuple[Any, Any, float | None]]:
        now = self.clock.timestamp()
        rows = self.model[tree]
        for raw in [raw for raw, row in rows.items() if row[2] is not None and row[2] <= now]:
            del rows[raw]
        return dict(sorted(rows.items()))

    def value(self, tree: str, key: Any) -> Any:
        return self.live(tree).get(encode_key(key), (key, MISSING, None))[1]

    def set(self, tree: str, key: Any, value: Any, life: float | None) -> None:
        if life is not None and life <= 0:
            self.unset(tree, key)
            return
        end = None if life is None else self.clock.timestamp() + life
        self.model[tree][encode_key(key)] = key, value, end
        self.note(tree, "insert", key, value)

    def unset(self, tree: str, key: Any) -> None:
        if encode_key(key) in self.live(tree):
            del self.model[tree][encode_key(key)]
            self.note(tree, "remove", key, MISSING)

    def note(self, tree: str, kind: str, key: Any, value: Any) -> None:
        if tree == "one":
            self.expected.append((kind, key, value))

    # One key

    @rule(tree=TREE, key=KEYS)
    def get(self, tree: str, key: Any) -> None:
        expected = self.value(tree, key)
        assert same(self.trees[tree].get(key, MISSING), expected)
        assert self.trees[tree].contains(key) is (expected is not MISSING)

    @rule(tree=TREE, key=KEYS, value=VALUES, life=LIVES)
    def insert(self, tree: str, key: Any, value: Any, life: float | None) -> None:
        assert same(self.trees[tree].insert(key, value, life), self.value(tree, key))
        self.set(tree, key, value, life)

    @rule(tree=TREE, key=KEYS, value=VALUES, life=LIVES)
    def put(self, tree: str, key: Any, value: Any, life: float | None) -> None:
        self.trees[tree].put(key, value, life)
        self.set(tree, key, value, life)

    @rule(tree=TREE, key=KEYS)
    def remove(self, tree: str, key: Any) -> None:
        assert same(self.trees[tree].remove(key), self.value(tree, key))
        self.unset(tree, key)

    @rule(tree=TREE, key=KEYS)
    def forget(self, tree: str, key: Any) -> None:
        there = self.value(tree, key) is not MISSING
        assert self.trees[tree].forget(key) is there
        self.unset(tree, key)

    @rule(tree=TREE, key=KEYS, life=LIVES)
    def touch(self, tree: str, key: Any, life: float | None) -> None:
        value = self.value(tree, key)
        assert self.trees[tree].touch(key, life) is (value is not MISSING)
        if value is not MISSING:
            self.set(tree, key, value, life)

    @rule(tree=TREE, key=KEYS)
    def ttl(self, tree: str, key: Any) -> None:
        row = self.live(tree).get(encode_key(key))
        expected: Any = MISSING
        if row is not None:
            expected = None if row[2] is None else row[2] - self.clock.timestamp()
        assert self.trees[tree].ttl(key) == expected

    # By what it has

    @rule(tree=TREE, key=KEYS, old=VALUES | st.just(MISSING), new=VALUES | st.just(MISSING))
    def swap(self, tree: str, key: Any, old: Any, new: Any) -> None:
        self.swapped(tree, key, old, new)

    @rule(tree=TREE, key=KEYS, new=VALUES | st.just(MISSING), life=LIVES)
    def swap_what_is_there(self, tree: str, key: Any, new: Any, life: float | None) -> None:
        self.swapped(tree, key, self.value(tree, key), new, life)

    def swapped(self, tree: str, key: Any, old: Any, new: Any, life: float | None = None) -> None:
        current = self.value(tree, key)
        result = self.trees[tree].compare_and_swap(key, old, new, life)
        assert result.ok is same(current, old)
        if result.ok:
            if new is MISSING:
                self.unset(tree, key)
            else:
                self.set(tree, key, new, life)
        assert same(result.current, self.value(tree, key))

    @rule(tree=TREE, key=KEYS, value=VALUES | st.just(MISSING))
    def update(self, tree: str, key: Any, value: Any) -> None:
        seen: list[Any] = []
        before = self.live(tree).get(encode_key(key))

        def change(old: Any) -> Any:
            seen.append(old)
            return value

        assert same(self.trees[tree].update_and_fetch(key, change), value)
        assert len(seen) == 1
        assert same(seen[0], MISSING if before is None else before[1])
        if value is MISSING:
            self.unset(tree, key)
        else:
            end = None if before is None else before[2]
            life = None if end is None else end - self.clock.timestamp()
            self.set(tree, key, value, life)

    @rule(tree=TREE, keys=st.lists(KEYS, max_size=4), value=VALUES, gone=st.lists(KEYS, max_size=2))
    def batch(self, tree: str, keys: list[Any], value: Any, gone: list[Any]) -> None:
        batch = Batch[Any]()
        keys = list(dict.fromkeys(key for key in keys if key not in gone))
        for key in keys:
            batch.insert(key, value)
        for key in gone:
            batch.remove(key)
        self.trees[tree].apply_batch(batch)
        for key in keys:
            self.set(tree, key, value, None)
        for key in dict.fromkeys(gone):
            self.unset(tree, key)

    # In order

    @rule(tree=TREE, start=KEYS | st.none(), stop=KEYS | st.none(), reverse=st.booleans())
    def range(self, tree: str, start: Any, stop: Any, reverse: bool) -> None:
        expected = [
            (key, value)
            for raw, (key, value, _) in self.live(tree).items()
            if (start is None or raw >= encode_key(start))
            and (stop is None or raw < encode_key(stop))
        ]
        found = list(self.trees[tree].range(start, stop, reverse=reverse))
        assert found == (expected[::-1] if reverse else expected)

    @rule(
        tree=TREE, prefix=st.sampled_from([b"", b"a", "", "a", (), ("a",)]), reverse=st.booleans()
    )
    def scan(self, tree: str, prefix: Any, reverse: bool) -> None:
        expected = [
            (key, value)
            for key, value, _ in self.live(tree).values()
            if type(key) is type(prefix) and key[: len(prefix)] == prefix
        ]
        found = list(self.trees[tree].scan_prefix(prefix, reverse=reverse))
        assert found == (expected[::-1] if reverse else expected)

    @rule(tree=TREE, key=KEYS)
    def neighbours(self, tree: str, key: Any) -> None:
        rows = self.live(tree)
        below = [row[:2] for raw, row in rows.items() if raw < encode_key(key)]
        above = [row[:2] for raw, row in rows.items() if raw > encode_key(key)]
        assert self.trees[tree].get_lt(key) == (below[-1] if below else None)
        assert self.trees[tree].get_gt(key) == (above[0] if above else None)

    @rule(tree=TREE, least=st.booleans())
    def pop(self, tree: str, least: bool) -> None:
        rows = list(self.live(tree).values())
        expected = rows[0 if least else -1][:2] if rows else None
        found = self.trees[tree].pop_min() if least else self.trees[tree].pop_max()
        assert found == expected
        if expected:
            self.unset(tree, expected[0])

    # The whole

    @rule(tree=TREE)
    def clear(self, tree: str) -> None:
        rows = list(self.live(tree).values())
        assert self.trees[tree].clear() == len(rows)
        for key, _, _ in rows:
            self.unset(tree, key)

    @rule(tree=TREE)
    def drop(self, tree: str) -> None:
        self.store.drop_tree(tree)
        for key, _, _ in self.live(tree).values():
            self.unset(tree, key)

    @rule(seconds=st.sampled_from([1.0, 5.0, 45.0]))
    def wait(self, seconds: float) -> None:
        self.look()
        self.clock.travel(seconds)
        self.look()

    @rule()
    def expire(self) -> None:
        self.store.bound.engine.expire()

    @precondition(lambda self: not self.open)
    @rule()
    def reopen(self) -> None:
        # Memory is all that the array engine has: closing it drops its threads alone.
        self.store.close()

    # Transactions

    @precondition(lambda self: len(self.open) < 3)
    @rule()
    def begin(self) -> None:
        block = self.store.transaction()
        block.__enter__()
        kept = {tree: dict(rows) for tree, rows in self.model.items()}, list(self.expected)
        self.open.append((block, kept))

    @precondition(lambda self: self.open)
    @rule(commit=st.booleans())
    def end(self, commit: bool) -> None:
        block, kept = self.open.pop()
        if commit:
            block.__exit__(None, None, None)
        else:
            error = LookupError()
            block.__exit__(LookupError, error, None)
            self.model, self.expected = kept

    # What must always be so

    def look(self) -> None:
        if self.open:
            return
        while event := self.watch.next(0):
            self.told.append((event.kind, event.key, event.value))

    @invariant()
    def agrees(self) -> None:
        for name in TREES:
            rows = [row[:2] for row in self.live(name).values()]
            tree = self.trees[name]
            assert list(tree.range()) == rows
            assert tree.len() == len(rows)
            assert tree.first() == (rows[0] if rows else None)
            assert tree.last() == (rows[-1] if rows else None)

    @invariant()
    def tells(self) -> None:
        self.look()
        if not self.open:
            assert self.told == self.expected

    def teardown(self) -> None:
        while self.open:
            self.open.pop()[0].__exit__(LookupError, LookupError(), None)
        assert self.store.verify()
        self.watch.close()
        self.store.close()
        self.frozen.__exit__(None, None, None)
        shutil.rmtree(self.directory)


class OnSqlite(Machine):
    driver = "sqlite"


class OnLmdb(Machine):
    driver = "lmdb"


CAREFUL = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestArray = Machine.TestCase
TestArray.settings = CAREFUL
TestSqlite = OnSqlite.TestCase
TestSqlite.settings = CAREFUL
TestLmdb = OnLmdb.TestCase
TestLmdb.settings = CAREFUL
