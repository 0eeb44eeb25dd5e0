"""The lock as its users see it: waiting, callbacks, context managers, owners."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely.cache import Lock, LockNotHeld, LockTimeout, Repository
from securely.cache.drivers.array import ArrayStore
from securely.cache.drivers.disk import DiskStore
from securely.encryption import KeyRing
from securely.support import clock
from securely.support.clock import FrozenClock


class Releasing(FrozenClock):
    """A clock on which somebody releases a lock while another waits."""

    def __init__(self, at: float, lock: Lock, after: float) -> None:
        super().__init__(at)
        self._lock = lock
        self._at = at + after
        self.pauses: list[float] = []

    def travel(self, seconds: float) -> None:
        super().travel(seconds)
        self.pauses.append(seconds)
        if self.timestamp() >= self._at:
            self._lock.release()


def test_get_when_callback_then_runs_it_and_releases(cache: Repository) -> None:
    lock = cache.lock("x", 10)

    assert lock.get(lock.is_locked) is True
    assert lock.is_locked() is False


def test_get_when_taken_then_false_and_callback_is_not_run(cache: Repository) -> None:
    calls: list[int] = []
    cache.lock("x").acquire()

    assert cache.lock("x").get(lambda: calls.append(1)) is False
    assert calls == []


def test_get_when_callback_raises_then_released(cache: Repository) -> None:
    def fail() -> None:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        cache.lock("x").get(fail)

    assert cache.lock("x").get() is True


def test_block_when_free_in_time_then_taken(frozen: FrozenClock) -> None:
    store = ArrayStore()
    first, second = Lock(store, "x"), Lock(store, "x")
    first.acquire()
    releasing = Releasing(frozen.timestamp(), first, after=3)

    with clock.using(releasing):
        assert second.block(5) is True

    assert second.is_owned_by_current_process()
    # Short pauses at first, and never long ones.
    assert releasing.pauses[0] <= 0.002
    assert max(releasing.pauses) <= 0.05


def test_block_when_never_free_then_times_out(frozen: FrozenClock, cache: Repository) -> None:
    cache.lock("x").acquire()
    began = clock.monotonic()

    with pytest.raises(LockTimeout, match=r'"x" was not free within 5 seconds') as caught:
        cache.lock("x").block("5s")

    assert caught.value.seconds == 5
    assert isinstance(caught.value, TimeoutError)
    assert clock.monotonic() - began == pytest.approx(5)


def test_block_when_zero_then_tries_once(frozen: FrozenClock, cache: Repository) -> None:
    cache.lock("x").acquire()

    with pytest.raises(LockTimeout):
        cache.lock("x").block(0)


def test_block_when_callback_then_returns_what_it_returned(cache: Repository) -> None:
    assert cache.lock("x").block(1, lambda: 7) == 7
    assert cache.lock("x").is_locked() is False


def test_with_when_entered_then_held_within(frozen: FrozenClock, cache: Repository) -> None:
    with cache.lock("x", 10) as lock:
        assert cache.lock("x").get() is False
        with pytest.raises(LockTimeout), cache.lock("x", wait=2):
            pytest.fail("two holders")

    assert lock.is_locked() is False


def test_with_when_time_was_over_then_the_next_holder_keeps_it(
    frozen: FrozenClock, cache: Repository
) -> None:
    next_one = cache.lock("x", 100)

    with cache.lock("x", 10):
        frozen.travel(11)
        next_one.acquire()

    assert next_one.is_owned_by_current_process()


def test_refresh_when_no_seconds_then_as_long_as_it_was_made_for(
    frozen: FrozenClock, cache: Repository
) -> None:
    lock = cache.lock("x", 10)
    assert lock.refresh() is False
    lock.acquire()
    frozen.travel(8)

    assert lock.refresh() is True
    frozen.travel(8)
    assert lock.is_locked() is True
    assert lock.refresh(0) is True
    frozen.travel(1_000)
    assert lock.is_locked() is True


def test_owner_when_given_then_any_lock_with_it_releases(cache: Repository) -> None:
    cache.lock("x", owner="job-7").acquire()

    assert cache.lock("x").is_owned_by("job-7") is True
    assert cache.lock("x").release() is False
    assert cache.lock("x", owner="job-7").release() is True


def test_owner_when_not_given_then_each_lock_has_its_own(cache: Repository) -> None:
    assert cache.lock("x").owner != cache.lock("x").owner
    assert len(cache.lock("x").owner) == 32


def test_force_release_when_held_by_another_then_free(cache: Repository) -> None:
    cache.lock("x").acquire()

    assert cache.lock("x").force_release() is True
    assert cache.lock("x").get() is True


def test_repr_when_shown_then_without_the_owner(cache: Repository) -> None:
    lock = cache.lock("x", 5)

    assert lock.owner not in repr(lock)
    assert "'x'" in repr(lock)


class Spying(ArrayStore):
    """Notes which locks are bound to this process."""

    def __init__(self) -> None:
        super().__init__()
        self.bound: list[bool] = []
        self.detached: list[str] = []

    def acquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        self.bound.append(bound)
        return super().acquire(name, owner, seconds, bound=bound)

    def detach(self, name: str, owner: str) -> bool:
        self.detached.append(owner)
        return super().detach(name, owner)


def test_lock_when_owner_is_made_then_bound_until_detached() -> None:
    store = Spying()
    made, given = Lock(store, "a"), Lock(store, "b", owner="job-7")
    made.acquire()
    given.acquire()
    owner = made.detach()
    made.release()
    made.acquire()

    assert store.bound == [True, False, False]
    assert store.detached == [owner]


def test_twins_when_awaited_then_do_the_same(frozen: FrozenClock, cache: Repository) -> None:
    async def seven() -> int:
        return 7

    async def use() -> list[Any]:
        lock, other = cache.lock("x", 10), cache.lock("x", 10)
        answers = [
            await lock.aget(),
            await other.aacquire(),
            await other.aget(seven),
            await lock.arefresh(20),
            await lock.ais_locked(),
            await lock.ais_owned_by("nobody"),
            await lock.ais_owned_by_current_process(),
            await lock.adetach() == lock.owner,
            await lock.arelease(),
            await other.aget(seven),
            await other.ablock(1),
            await lock.aforce_release(),
            await lock.ablock(1, seven),
        ]
        async with lock:
            answers.append(await other.aget())
            with pytest.raises(LockTimeout):
                await other.ablock(2)
        answers.append(await lock.ais_locked())
        return answers

    assert asyncio.run(use()) == [
        True,
        False,
        False,
        True,
        True,
        False,
        True,
        True,
        True,
        7,
        True,
        True,
        7,
        False,
        False,
    ]


def test_ablock_when_waiting_then_the_loop_goes_on(cache: Repository) -> None:
    async def use() -> int:
        first = cache.lock("x")
        await first.aacquire()
        turns = 0

        async def work() -> None:
            nonlocal turns
            for _ in range(20):
                await clock.asleep(0.001)
                turns += 1
            await first.arelease()

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(cache.lock("x").ablock(30))
        return turns

    assert asyncio.run(use()) == 20


class Remote(ArrayStore):
    """Answers some turns of the loop after it has done what it was told."""

    waits = True

    async def aacquire(self, name: str, owner: str, seconds: float | None, *, bound: bool) -> bool:
        taken = self.acquire(name, owner, seconds, bound=bound)
        for _ in range(5):
            await clock.asleep(0)
        return taken

    async def arelease(self, name: str, owner: str) -> bool:
        for _ in range(5):
            await clock.asleep(0)
        return self.release(name, owner)


@pytest.mark.parametrize("turns", range(1, 20))
def test_lock_when_cancelled_and_cancelled_again_then_nobody_holds_it(turns: int) -> None:
    store = Remote()

    async def use() -> bool:
        async with Lock(store, "x"):
            await clock.asleep(0)
        return True

    async def cancel() -> None:
        task = asyncio.create_task(use())
        for _ in range(turns):
            await clock.asleep(0)
        while not task.done():
            task.cancel()
            await clock.asleep(0)

    asyncio.run(cancel())

    assert store.holder("x") is None


def test_lock_when_cut_off_and_the_owner_was_given_then_another_holder_of_it_keeps_it() -> None:
    store = Remote()
    store.acquire("x", "job-7", None, bound=False)

    async def leave() -> None:
        task = asyncio.create_task(Lock(store, "x", owner="job-7").aacquire())
        for _ in range(3):
            await clock.asleep(0)
        assert not task.done()

    asyncio.run(leave())

    assert store.holder("x") == "job-7"


def test_lock_when_taking_fails_after_its_task_was_cancelled_then_cancelled() -> None:
    class Failing(Remote):
        async def aacquire(
            self, name: str, owner: str, seconds: float | None, *, bound: bool
        ) -> bool:
            await super().aacquire(name, owner, seconds, bound=bound)
            raise RuntimeError("gone")

    async def use() -> None:
        task = asyncio.create_task(Lock(Failing(), "x").aacquire())
        await clock.asleep(0)
        await clock.asleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(use())


def test_restore_when_refreshed_without_seconds_then_asks_for_them(
    frozen: FrozenClock, cache: Repository
) -> None:
    lock = cache.lock("x", 10)
    lock.acquire()
    restored = cache.restore_lock("x", lock.owner)

    with pytest.raises(ValueError, match=r"refresh\(60\), or refresh\(0\) for no end"):
        restored.refresh()
    with pytest.raises(ValueError, match="does not know for how long"):
        asyncio.run(restored.arefresh())

    assert restored.refresh(20) is True
    frozen.travel(20)
    assert lock.is_locked() is False


def test_detach_when_not_held_then_there_is_nothing_to_hand_on(
    frozen: FrozenClock, cache: Repository
) -> None:
    lock = cache.lock("x", 10)
    with pytest.raises(LockNotHeld, match='"x" is not held') as caught:
        lock.detach()
    lock.acquire()
    frozen.travel(11)
    with pytest.raises(LockNotHeld):
        asyncio.run(lock.adetach())

    assert caught.value.name == "x"


@pytest.mark.parametrize("seconds", [-5, "-1"])
def test_lock_when_its_seconds_are_less_than_zero_then_refused(
    cache: Repository, seconds: float | str
) -> None:
    lock = cache.lock("x", 10)
    lock.acquire()

    with pytest.raises(ValueError, match="can not end"):
        cache.lock("x", seconds)
    with pytest.raises(ValueError, match="can not end"):
        lock.refresh(seconds)


def test_block_when_a_pause_is_told_then_asks_so_often(frozen: FrozenClock) -> None:
    store = ArrayStore()
    first, second = Lock(store, "x"), Lock(store, "x")
    first.acquire()
    releasing = Releasing(frozen.timestamp(), first, after=3)

    with clock.using(releasing):
        assert second.between_blocked_attempts_sleep_for("500ms").block(5) is True

    assert releasing.pauses == [0.5] * 6


def test_block_when_the_pause_is_none_then_refused(cache: Repository) -> None:
    with pytest.raises(ValueError, match="is some time, not 0 s"):
        cache.lock("x").between_blocked_attempts_sleep_for(0)


def _leave(lock: Lock) -> bool:
    lock.__exit__()
    return False


def _adetach(lock: Lock) -> bool:
    with pytest.raises(LockNotHeld):
        asyncio.run(lock.adetach())
    with pytest.raises(LockNotHeld):
        lock.detach()
    return False


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
may_fork = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def _in_a_child(ask: Callable[[], bool]) -> bool:
    """Return what *ask* answers in a forked child."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = int(ask())
        finally:
            os._exit(code)
    answer = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert answer in (0, 1)
    return bool(answer)


@needs_fork
@may_fork
@pytest.mark.parametrize(
    "meddle",
    [
        _leave,
        _adetach,
        Lock.release,
        Lock.refresh,
        Lock.is_owned_by_current_process,
        lambda lock: asyncio.run(lock.arelease()),
        lambda lock: asyncio.run(lock.arefresh()),
        lambda lock: asyncio.run(lock.ais_owned_by_current_process()),
    ],
    ids=["exit", "adetach", "release", "refresh", "owned", "arelease", "arefresh", "aowned"],
)
def test_bound_lock_when_a_forked_child_meddles_then_the_parent_keeps_it(
    tmp_path: Path, meddle: Callable[[Lock], bool]
) -> None:
    store = DiskStore(tmp_path / "disk", KeyRing(b"k" * 32).purpose("cache"))
    lock = Lock(store, "import", 60)
    asyncio.run(lock.aacquire())

    assert _in_a_child(lambda: meddle(lock)) is False

    assert lock.is_owned_by_current_process()
    assert Lock(store, "import").acquire() is False
    assert lock.release() is True
    store.close()


@needs_fork
@may_fork
def test_lock_with_an_owner_when_a_forked_child_knows_it_then_releases(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "disk", KeyRing(b"k" * 32).purpose("cache"))
    lock = Lock(store, "import", 60, owner="both")
    lock.acquire()

    assert _in_a_child(lock.release) is True

    assert lock.is_locked() is False
    store.close()


@needs_fork
@may_fork
def test_bound_lock_in_memory_when_forked_then_the_child_releases_its_copy(
    cache: Repository,
) -> None:
    lock = cache.lock("import")
    lock.acquire()

    assert _in_a_child(lock.release) is True

    assert lock.is_locked() is True
