"""How many deliveries an executor is to hold."""

from __future__ import annotations

import pytest

from securely.queue.crew.pace import HELD_MAX, LINGER_SECONDS_MAX, Pace


def grown(pace: Pace, seconds: float) -> Pace:
    pace.observe(seconds)
    for _ in range(10):
        pace.grow()
        assert pace.target >= 1
    return pace


def test_target_when_nothing_is_known_is_one() -> None:
    assert Pace().target == 1


def test_target_when_jobs_are_short_doubles_up_to_the_most() -> None:
    pace = Pace()
    pace.observe(0.00001)
    targets = [pace.target]

    for _ in range(9):
        pace.grow()
        targets.append(pace.target)

    assert targets == [1, 2, 4, 8, 16, 32, 64, HELD_MAX, HELD_MAX, HELD_MAX]


@pytest.mark.parametrize(("seconds", "target"), [(0.001, 5), (0.0025, 2), (0.005, 1), (3.0, 1)])
def test_target_when_jobs_take_time_is_five_milliseconds_of_them(
    seconds: float, target: int
) -> None:
    assert grown(Pace(), seconds).target == target


def test_target_when_jobs_turn_slow_falls_at_once_and_must_grow_again() -> None:
    pace = grown(Pace(), 0.00001)

    pace.observe(3.0)
    slow = pace.target
    for _ in range(60):
        pace.observe(0.00001)

    assert slow == 1
    assert pace.target == 1
    pace.grow()
    assert pace.target == 2


def test_target_when_fixed_stays_and_is_at_least_one() -> None:
    pace = Pace(fixed=0)
    grown(pace, 0.00001)

    assert pace.target == 1
    assert Pace(fixed=8).target == 8


def test_target_when_concurrent_holds_what_runs_and_what_comes_next() -> None:
    assert Pace(concurrency=100).target == 100
    assert grown(Pace(concurrency=100), 0.01).target == 99 + 50


def test_linger_when_little_is_held_is_shorter_than_the_work() -> None:
    pace = Pace()
    assert pace.linger(10) == 0.0

    pace.observe(0.0001)

    assert pace.linger(8) == pytest.approx(0.0001)
    assert pace.linger(1000) == LINGER_SECONDS_MAX
