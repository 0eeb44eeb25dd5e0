"""Lanes: the threads that tasks run in."""

from __future__ import annotations

import threading

import pytest

from securely.schedule.schedule import Schedule
from securely.schedule.ticking import lanes as module
from securely.schedule.ticking.clockwork import Tick
from securely.schedule.ticking.lanes import Lanes

SECONDS = 30.0


def never(tick: Tick) -> bool:
    return False


def act() -> None:
    """What tasks do."""


def ticks(*ats: int) -> list[Tick]:
    task = Schedule().call(act).name("task")
    return [Tick(task, at) for at in ats]


def join(lanes: Lanes) -> None:
    for _ in range(100):
        if lanes.join(SECONDS):
            return
    raise AssertionError("a lane did not end")


def test_ticks_of_one_lane_run_in_their_order() -> None:
    ran: list[int] = []
    lanes = Lanes(lambda tick: ran.append(tick.at), never)

    lanes.put(ticks(3, 1, 2))
    join(lanes)

    assert ran == [3, 1, 2]


def test_lanes_run_beside_each_other() -> None:
    together = threading.Barrier(3)
    lanes = Lanes(lambda tick: together.wait(SECONDS), never)

    lanes.put(ticks(1))
    lanes.put(ticks(2))

    together.wait(SECONDS)
    join(lanes)


def test_what_waits_in_a_closed_lane_is_left_to_others() -> None:
    ran: list[int] = []
    is_running, go = threading.Event(), threading.Event()

    def run(tick: Tick) -> None:
        ran.append(tick.at)
        is_running.set()
        assert go.wait(SECONDS)

    lanes = Lanes(run, never)
    lanes.put(ticks(1, 2, 3))
    assert is_running.wait(SECONDS)
    assert not lanes.join(0.01)

    lanes.close()
    go.set()
    join(lanes)

    assert ran == [1]


def test_a_tick_that_raises_stops_no_other_of_its_lane_and_frees_its_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LANES_MAX", 1)
    seen: list[object] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    ran: list[int] = []

    def run(tick: Tick) -> None:
        ran.append(tick.at)
        if tick.at == 1:
            raise RuntimeError("broken")

    lanes = Lanes(run, never)
    lanes.put(ticks(1, 2))
    join(lanes)
    lanes.put(ticks(3))
    join(lanes)

    assert ran == [1, 2, 3]
    assert len(seen) == 1


def test_so_many_run_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LANES_MAX", 2)
    running, most = 0, 0
    mutex, go = threading.Lock(), threading.Event()
    two = threading.Semaphore(0)

    def run(tick: Tick) -> None:
        nonlocal running, most
        with mutex:
            running += 1
            most = max(most, running)
        two.release()
        assert go.wait(SECONDS)
        with mutex:
            running -= 1

    lanes = Lanes(run, never)
    for tick in ticks(*range(6)):
        lanes.put([tick])
    assert two.acquire(timeout=SECONDS)
    assert two.acquire(timeout=SECONDS)
    go.set()
    join(lanes)

    assert most == 2


def test_what_waits_for_room_in_vain_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LANES_MAX", 1)
    monkeypatch.setattr(module, "ROOM_SECONDS", 0.001)
    ran: list[int] = []
    asked: list[int] = []
    is_running, is_given_up, go = threading.Event(), threading.Event(), threading.Event()

    def run(tick: Tick) -> None:
        ran.append(tick.at)
        is_running.set()
        assert go.wait(SECONDS)

    def give_up(tick: Tick) -> bool:
        asked.append(tick.at)
        if len(asked) < 3:
            return False
        is_given_up.set()
        return True

    lanes = Lanes(run, give_up)
    lanes.put(ticks(1))
    assert is_running.wait(SECONDS)
    lanes.put(ticks(2))
    assert is_given_up.wait(SECONDS)
    go.set()
    join(lanes)

    assert ran == [1]
    assert asked == [2, 2, 2]


def test_a_thread_that_cannot_be_started_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lanes = Lanes(lambda tick: None, never)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            lanes.put(ticks(1))

    assert lanes.join(SECONDS)


def test_a_thread_that_has_ended_its_lane_is_used_again_and_ends_with_the_lanes() -> None:
    threads: list[threading.Thread] = []
    ended = threading.Semaphore(0)

    def run(tick: Tick) -> None:
        threads.append(threading.current_thread())
        ended.release()

    lanes = Lanes(run, never)

    for at in range(5):
        lanes.put(ticks(at))
        assert ended.acquire(timeout=SECONDS)
        while lanes._busy:  # pyright: ignore[reportPrivateUsage]
            threading.Event().wait(0.001)
    join(lanes)

    assert len(set(threads)) == 1
    threads[0].join(SECONDS)
    assert not threads[0].is_alive()
    lanes.put(ticks(9))
    join(lanes)
    assert len(threads) == 6


def test_a_thread_that_is_not_used_for_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.01)
    threads: list[threading.Thread] = []
    lanes = Lanes(lambda tick: threads.append(threading.current_thread()), never)

    for at in range(2):
        lanes.put(ticks(at))
        while len(threads) == at:
            threading.Event().wait(0.001)
        threads[at].join(SECONDS)

    assert not any(thread.is_alive() for thread in threads)
    assert len(set(threads)) == 2
    assert lanes.join(SECONDS)
