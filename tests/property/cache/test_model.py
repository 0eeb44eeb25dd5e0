"""Random programs on each store, compared with a model in ten lines."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from securely.cache import NotNumeric
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.encryption import KeyRing
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING

pytestmark = pytest.mark.property

KEYS = st.sampled_from(["a", "b", "a:b", "é", ""])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = (
    PLAIN | st.binary() | st.lists(PLAIN, max_size=3) | st.tuples(PLAIN) | st.sets(st.integers())
)
SECONDS = st.none() | st.sampled_from([0.5, 1.0, 10.0])


class Model:
    """What a store is: values with their ends."""

    def __init__(self, now: FrozenClock) -> None:
        self.kept: dict[str, tuple[object, float | None]] = {}
        self.now = now

    def live(self, key: str) -> tuple[object, float | None] | None:
        value, ends = self.kept.get(key, (MISSING, None))
        gone = value is MISSING or (ends is not None and ends <= self.now.timestamp())
        return None if gone else (value, ends)

    def ends(self, seconds: float | None) -> float | None:
        return None if seconds is None else self.now.timestamp() + seconds


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model."""

    store: Any

    def __init__(self) -> None:
        super().__init__()
        # Whole numbers and halves, which floats hold exactly: the stores count from other zeros.
        self.frozen = FrozenClock(at=1_000_000.0)
        self.using = clock.using(self.frozen)
        self.using.__enter__()
        self.model = Model(self.frozen)
        self.open()

    def open(self) -> None:
        self.store = ArrayStore()

    def teardown(self) -> None:
        self.using.__exit__(None, None, None)

    @rule(key=KEYS, value=VALUES, seconds=SECONDS)
    def put(self, key: str, value: object, seconds: float | None) -> None:
        self.store.put(key, value, seconds)
        self.model.kept[key] = (value, self.model.ends(seconds))

    @rule(key=KEYS, value=VALUES, seconds=SECONDS)
    def add(self, key: str, value: object, seconds: float | None) -> None:
        absent = self.model.live(key) is None

        assert self.store.add(key, value, seconds) is absent
        if absent:
            self.model.kept[key] = (value, self.model.ends(seconds))

    @rule(key=KEYS, by=st.integers(-5, 5), seconds=SECONDS)
    def increment(self, key: str, by: int, seconds: float | None) -> None:
        value, ends = self.model.live(key) or (0, self.model.ends(seconds))
        if type(value) not in (int, float):
            with pytest.raises(NotNumeric):
                self.store.increment(key, by, seconds)
            return
        total: Any = value

        assert self.store.increment(key, by, seconds) == total + by
        self.model.kept[key] = (total + by, ends)

    @rule(key=KEYS)
    def pull(self, key: str) -> None:
        live = self.model.live(key)

        assert same(self.store.pull(key), MISSING if live is None else live[0])
        self.model.kept.pop(key, None)

    @rule(key=KEYS)
    def forget(self, key: str) -> None:
        assert self.store.forget(key) is (self.model.live(key) is not None)
        self.model.kept.pop(key, None)

    @rule(key=KEYS, seconds=SECONDS)
    def touch(self, key: str, seconds: float | None) -> None:
        live = self.model.live(key)

        assert self.store.touch(key, seconds) is (live is not None)
        if live is not None:
            self.model.kept[key] = (live[0], self.model.ends(seconds))

    @rule(key=KEYS)
    def ttl(self, key: str) -> None:
        live = self.model.live(key)
        left = self.store.ttl(key)

        if live is None:
            assert left is MISSING
        else:
            ends = live[1]
            assert left == (None if ends is None else ends - self.frozen.timestamp())

    @rule(prefix=st.sampled_from(["", "a", "a:"]))
    def flush(self, prefix: str) -> None:
        self.store.flush(prefix)
        for key in [key for key in self.model.kept if key.startswith(prefix)]:
            del self.model.kept[key]

    @rule()
    def prune(self) -> None:
        self.store.prune()

    @rule()
    def close(self) -> None:
        self.store.close()

    @rule(seconds=st.sampled_from([0.5, 1.0, 20.0]))
    def travel(self, seconds: float) -> None:
        self.frozen.travel(seconds)

    @invariant()
    def reads_are_those_of_the_model(self) -> None:
        keys = ["a", "b", "a:b", "é", ""]
        expected = {key: live[0] for key in keys if (live := self.model.live(key)) is not None}

        found = self.store.many(keys)

        assert found.keys() == expected.keys()
        assert all(same(found[key], expected[key]) for key in keys if key in expected)
        assert all(same(self.store.get(key), expected.get(key, MISSING)) for key in keys)


class DiskMachine(StoreMachine):
    """The same on disk."""

    def open(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.store = DiskStore(self.directory / "cache", KeyRing(b"k" * 32).purpose("cache"))

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)
        super().teardown()


def same(found: object, expected: object) -> bool:
    """Compare value and type."""
    return found == expected and type(found) is type(expected)


QUICK = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestArrayModel = StoreMachine.TestCase
TestArrayModel.settings = QUICK
TestDiskModel = DiskMachine.TestCase
TestDiskModel.settings = QUICK
