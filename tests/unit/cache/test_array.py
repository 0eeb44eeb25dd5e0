"""The store in memory: its bound, and what it keeps."""

from __future__ import annotations

import os

import pytest

from securely.cache.drivers.array import ArrayStore
from securely.support.clock import FrozenClock
from securely.support.missing import MISSING


def test_put_when_full_then_the_one_used_longest_ago_goes() -> None:
    store = ArrayStore(entries_max=3)
    store.put_many({"a": 1, "b": 2, "c": 3}, None)
    store.get("a")

    store.put("d", 4, None)

    assert store.get("b") is MISSING
    assert store.many(["a", "c", "d"]) == {"a": 1, "c": 3, "d": 4}


def test_put_when_no_serializer_then_the_object_itself_is_kept() -> None:
    store = ArrayStore(serializer=None)
    value = object()

    store.put("key", value, None)

    assert store.get("key") is value
    assert store.pull("key") is value


def test_put_many_when_one_has_no_written_form_then_none_is_stored() -> None:
    store = ArrayStore()

    with pytest.raises(TypeError):
        store.put_many({"a": 1, "b": object()}, None)

    assert store.get("a") is MISSING


def test_locks_when_many_have_ended_then_they_are_dropped(frozen: FrozenClock) -> None:
    store = ArrayStore()
    for number in range(5_000):
        store.acquire(f"lock{number}", "ann", 1, bound=True)
        frozen.travel(0.01)

    assert len(store._locks) < 2_100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_fork_when_a_thread_held_the_mutex_then_the_child_goes_on() -> None:
    store = ArrayStore()
    store._mutex.acquire()
    child = os.fork()
    if child == 0:
        # In the child, the thread that holds the mutex does not exist.
        code = 1
        try:
            fresh = store._mutex.acquire(timeout=1)
            store.put("key", 1, None)
            code = 0 if fresh and store.get("key") == 1 else 2
        finally:
            os._exit(code)
    store._mutex.release()

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
