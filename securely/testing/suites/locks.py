"""What every LockStore must do; used with :class:`securely.testing.suites.cache.StoreSuite`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from securely.cache import InvalidKey, Lock, LockStore
from securely.support import clock
from securely.testing.suites.timed import Timed

__all__ = ["LockSuite"]

# Half a surrogate pair: text that no bytes stand for; and whatever takes the name of a lock.
_NO_TEXT = "key-\ud800"
_NAME_USES: dict[str, Callable[[LockStore], object]] = {
    "acquire": lambda locks: locks.acquire(_NO_TEXT, "ann", None, bound=False),
    "release": lambda locks: locks.release(_NO_TEXT, "ann"),
    "refresh": lambda locks: locks.refresh(_NO_TEXT, "ann", None),
    "detach": lambda locks: locks.detach(_NO_TEXT, "ann"),
    "holder": lambda locks: locks.holder(_NO_TEXT),
    "force_release": lambda locks: locks.force_release(_NO_TEXT),
    "flush_locks": lambda locks: locks.flush_locks(_NO_TEXT),
}
# How many threads contend for one lock, and how often each of them does.
_THREADS = 8
_TIMES = 50


class LockSuite(Timed):
    """What every store with locks must do. Override the fixture ``store``."""

    @pytest.fixture
    def store(self) -> Any:
        """Return a store without locks held."""
        raise NotImplementedError("Override the fixture `store`.")

    @pytest.fixture
    def locks(self, store: Any) -> LockStore:
        """Return the store as one of locks."""
        assert isinstance(store, LockStore)
        return store

    def test_acquire_when_free_then_held_by_its_owner_alone(self, locks: LockStore) -> None:
        """A held lock is taken by nobody, its owner included."""
        assert locks.acquire("lock", "ann", 10, bound=False) is True
        assert locks.acquire("lock", "bob", 10, bound=False) is False
        assert locks.acquire("lock", "ann", 10, bound=False) is False
        assert locks.acquire("other", "bob", 10, bound=False) is True
        assert locks.holder("lock") == "ann"

    @pytest.mark.parametrize("use", _NAME_USES.values(), ids=_NAME_USES)
    def test_lock_when_its_name_has_no_written_form_then_refused(
        self, locks: LockStore, use: Callable[[LockStore], object]
    ) -> None:
        """The name of a lock is a key as well."""
        with pytest.raises(InvalidKey, match="ud800"):
            use(locks)

    def test_release_when_a_stranger_then_nothing_changes(self, locks: LockStore) -> None:
        """Only its owner releases a lock, and only once."""
        locks.acquire("lock", "ann", 10, bound=False)

        assert locks.release("lock", "bob") is False
        assert locks.holder("lock") == "ann"
        assert locks.release("lock", "ann") is True
        assert locks.release("lock", "ann") is False
        assert locks.holder("lock") is None

    def test_lock_when_ended_then_another_takes_it_and_keeps_it(
        self, locks: LockStore, travel: Callable[[float], None]
    ) -> None:
        """An owner whose time is over does not free the lock of the next."""
        locks.acquire("lock", "ann", 10, bound=True)
        travel(10)
        taken = locks.acquire("lock", "bob", 10, bound=True)

        assert taken is True
        assert locks.release("lock", "ann") is False
        assert locks.refresh("lock", "ann", 10) is False
        assert locks.holder("lock") == "bob"

    def test_lock_when_without_end_then_never_ends(
        self, locks: LockStore, travel: Callable[[float], None]
    ) -> None:
        """None is for ever."""
        locks.acquire("lock", "ann", None, bound=True)
        travel(10 * 365 * 86_400)

        assert locks.holder("lock") == "ann"
        assert locks.acquire("lock", "bob", None, bound=True) is False

    def test_refresh_when_held_then_counts_from_now(
        self, locks: LockStore, travel: Callable[[float], None]
    ) -> None:
        """Its owner, and nobody else, prolongs a lock."""
        absent = locks.refresh("lock", "ann", 10)
        locks.acquire("lock", "ann", 10, bound=False)
        travel(8)
        stranger = locks.refresh("lock", "bob", 100)
        refreshed = locks.refresh("lock", "ann", 10)
        travel(8)

        assert absent is False
        assert stranger is False
        assert refreshed is True
        assert locks.holder("lock") == "ann"

    def test_detach_when_held_then_still_held(self, locks: LockStore) -> None:
        """A detached lock is held as before."""
        locks.acquire("lock", "ann", 10, bound=True)

        assert locks.detach("lock", "bob") is False
        assert locks.detach("lock", "ann") is True
        assert locks.holder("lock") == "ann"

    def test_force_release_when_held_then_free(self, locks: LockStore) -> None:
        """A lock can be freed without its owner."""
        locks.acquire("lock", "ann", None, bound=True)

        assert locks.force_release("lock") is True
        assert locks.force_release("lock") is False
        assert locks.acquire("lock", "bob", None, bound=True) is True

    def test_flush_when_locks_are_held_then_they_stay(self, locks: LockStore, store: Any) -> None:
        """Locks are no values: flushing leaves them alone."""
        locks.acquire("lock", "ann", None, bound=True)
        store.put("lock", "a value of that name", None)

        store.flush("")
        store.prune()

        assert locks.holder("lock") == "ann"

    def test_flush_locks_when_some_have_the_prefix_then_those_are_free(
        self, locks: LockStore, store: Any
    ) -> None:
        """Whoever holds them; values and other locks stay."""
        for name in ("app:a", "app:b", "other:a"):
            locks.acquire(name, "ann", None, bound=True)
        store.put("app:a", "a value", None)

        locks.flush_locks("app:")
        freed = [name for name in ("app:a", "app:b", "other:a") if locks.holder(name) is None]
        asyncio.run(locks.aflush_locks(""))

        assert freed == ["app:a", "app:b"]
        assert locks.holder("other:a") is None
        assert store.get("app:a") == "a value"

    def test_acquire_when_threads_race_then_never_two_holders(self, locks: LockStore) -> None:
        """At no time do two hold one lock."""
        inside: list[str] = []
        crowd: list[int] = []

        def contend(number: int) -> int:
            taken = 0
            for attempt in range(_TIMES):
                owner = f"{number}.{attempt}"
                if locks.acquire("lock", owner, None, bound=True):
                    inside.append(owner)
                    crowd.append(len(inside))
                    inside.remove(owner)
                    taken += locks.release("lock", owner)
            return taken

        with ThreadPoolExecutor(_THREADS) as pool:
            taken = list(pool.map(contend, range(_THREADS)))

        assert set(crowd) == {1}
        assert sum(taken) == len(crowd)

    def test_lock_twins_when_awaited_then_do_the_same(self, locks: LockStore) -> None:
        """Each twin does what the sync method does."""

        async def use() -> list[object]:
            return [
                await locks.aacquire("lock", "ann", 10, bound=True),
                await locks.aacquire("lock", "bob", 10, bound=True),
                await locks.aholder("lock"),
                await locks.arefresh("lock", "ann", 20),
                await locks.adetach("lock", "ann"),
                await locks.arelease("lock", "bob"),
                await locks.arelease("lock", "ann"),
                await locks.aforce_release("lock"),
            ]

        assert asyncio.run(use()) == [True, False, "ann", True, True, False, True, False]

    def test_lock_when_its_task_is_cancelled_then_nobody_holds_it(self, locks: LockStore) -> None:
        """Taking may go on in a thread or on the server: what comes of it is given back."""
        names = [f"lock{turns}" for turns in range(_TIMES)]

        async def use(name: str) -> None:
            async with Lock(locks, name):
                await clock.asleep(0)

        async def cancel() -> None:
            for turns, name in enumerate(names):
                task = asyncio.create_task(use(name))
                for _ in range(turns):
                    await clock.asleep(0)
                task.cancel()
                await asyncio.wait([task])

        # It ends when all threads have: none is under way any more.
        asyncio.run(cancel())

        assert [name for name in names if locks.holder(name) is not None] == []

    def test_lock_when_its_loop_closes_then_nobody_holds_it(self, locks: LockStore) -> None:
        """A program that ends while it waits for a lock leaves none behind."""
        names = [f"lock{turns}" for turns in range(_THREADS)]

        async def use(name: str) -> None:
            async with Lock(locks, name):
                await asyncio.Event().wait()

        async def leave(turns: int, name: str) -> None:
            task = asyncio.create_task(use(name))
            for _ in range(turns):
                await clock.asleep(0)
            assert not task.done()

        for turns, name in enumerate(names):
            asyncio.run(leave(turns, name))

        assert [name for name in names if locks.holder(name) is not None] == []
