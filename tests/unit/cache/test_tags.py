"""Tags: what they cover together, who is told, and what is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from securely.cache import InvalidKey, Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.memo import MemoStore
from securely.cache.drivers.null import NullStore
from securely.cache.place import Memory
from securely.cache.repository.tags import TaggedStore, tag_names


def test_tags_when_none_is_named_then_refused(cache: Repository) -> None:
    with pytest.raises(ValueError, match="Name one at least"):
        cache.tags()
    with pytest.raises(ValueError, match="Name one at least"):
        cache.tags([])


def test_tag_names_when_named_twice_then_once() -> None:
    assert tag_names(["b", ["a", "b"], "a"]) == ("a", "b")


def test_tags_when_read_only_then_nothing_is_written(listeners: Any) -> None:
    store = ArrayStore()
    tagged = Repository(store).tags("a")

    assert tagged.get("key") is None
    assert tagged.many(["x"]) == {"x": None}
    assert store.stats("")["entries"] == 0


def test_tags_when_a_version_is_evicted_then_what_it_covered_is_not_found() -> None:
    store = ArrayStore()
    cache = Repository(store, prefix="app:")
    cache.tags("a").put("key", 1)
    assert store.forget("app:\x1ftag:a")

    assert cache.tags("a").get("key") is None
    cache.tags("a").put("other", 2)
    assert cache.tags("a").get("key") is None
    assert cache.tags("a").get("other") == 2


def test_tags_when_the_store_keeps_nothing_then_two_writers_share_no_space() -> None:
    spaces = {TaggedStore(NullStore(), "", ("a",)).put("key", 1, None) for _ in range(2)}

    assert spaces == {None}
    assert Repository(NullStore()).tags("a").get("key") is None


def test_tags_when_the_key_has_no_written_form_then_the_error_names_it(cache: Repository) -> None:
    for use in (cache.tags("a").get, cache.tags("a").forget):
        with pytest.raises(InvalidKey) as caught:
            use("bad\ud800")
        assert "tag:" not in str(caught.value)


def test_tags_when_events_are_heard_then_they_name_them(cache: Repository, listeners: Any) -> None:
    cache.tags("b", "a").put("key", 1, 60)
    cache.tags("a", "b").get("key")
    cache.tags("a").flush()
    cache.get("key")

    told = [(type(event).__name__, event.tags) for event in listeners.told]
    both = ("a", "b")
    assert told == [
        *(("WritingKey", both), ("KeyWritten", both), ("RetrievingKey", both), ("CacheHit", both)),
        *(("CacheFlushing", ("a",)), ("CacheFlushed", ("a",))),
        *(("RetrievingKey", ()), ("CacheMissed", ())),
    ]


def test_remember_with_tags_then_does_not_wait_for_the_same_key_without(cache: Repository) -> None:
    entered, may_end = threading.Event(), threading.Event()

    def slowly() -> str:
        entered.set()
        may_end.wait()
        return "tagged"

    thread = threading.Thread(target=cache.tags("a").remember, args=("key", 60, slowly))
    thread.start()
    entered.wait()
    try:
        assert cache.remember("key", 60, lambda: "plain", lock=0) == "plain"
    finally:
        may_end.set()
        thread.join()
    assert cache.tags("a").get("key") == "tagged"


def test_lock_with_tags_then_is_that_of_the_repository(cache: Repository) -> None:
    with cache.lock("import"):
        assert cache.tags("a").lock("import").acquire() is False


def test_lock_when_tagged_then_takes_what_any_lock_does(cache: Repository) -> None:
    lock = cache.tags("a").lock("x", 10, "job-7", wait=1, bound=True)

    assert lock.acquire() is True
    assert cache.lock("x").is_owned_by("job-7") is True


RESERVED = "\x1ftag:people"
USES: dict[str, Callable[[Repository], object]] = {
    "put": lambda cache: cache.put(RESERVED, "mine"),
    "aput": lambda cache: asyncio.run(cache.aput(RESERVED, "mine")),
    "put_many": lambda cache: cache.put_many({"a": 1, RESERVED: "mine"}),
    "aput_many": lambda cache: asyncio.run(cache.aput_many({RESERVED: "mine"})),
    "put at once": lambda cache: cache.put(RESERVED, "mine", 0),
    "add": lambda cache: cache.add(RESERVED, "mine"),
    "aadd": lambda cache: asyncio.run(cache.aadd(RESERVED, "mine")),
    "increment": lambda cache: cache.increment(RESERVED),
    "aincrement": lambda cache: asyncio.run(cache.aincrement(RESERVED)),
    "pull": lambda cache: cache.pull(RESERVED),
    "apull": lambda cache: asyncio.run(cache.apull(RESERVED)),
    "touch": lambda cache: cache.touch(RESERVED, 1),
    "atouch": lambda cache: asyncio.run(cache.atouch(RESERVED, 1)),
    "forget": lambda cache: cache.forget(RESERVED),
    "aforget": lambda cache: asyncio.run(cache.aforget(RESERVED)),
    "item": lambda cache: cache.__setitem__(RESERVED, 1),
}


def test_tag_when_a_key_has_its_old_name_then_they_are_two(cache: Repository) -> None:
    cache.tags("people").put("ann", 1)
    cache.put("tag:people", "mine")
    found = cache.tags("people").get("ann")

    cache.tags("people").flush()

    assert found == 1
    assert cache.get("tag:people") == "mine"


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_key_when_it_is_that_of_a_version_then_no_user_writes_it(
    cache: Repository, use: Callable[[Repository], object]
) -> None:
    cache.tags("people").put("ann", 1)

    for seen in (cache, Repository(MemoStore(cache, Memory))):
        with pytest.raises(InvalidKey, match=r"U\+001F") as caught:
            use(seen)
        assert caught.value.key == RESERVED

    assert cache.tags("people").get("ann") == 1
    assert cache.missing("a")


def test_tags_when_seen_through_a_memo_then_work_as_without(cache: Repository) -> None:
    memory = Memory()
    memo = Repository(MemoStore(cache, lambda: memory))

    memo.tags("people").put("ann", 1)
    memo.tags("people").put_many({"bob": 2})

    assert cache.tags("people").many(["ann", "bob"]) == {"ann": 1, "bob": 2}
    memo.tags("people").flush()
    assert cache.tags("people").get("ann") is None
