"""When a worker is done."""

from __future__ import annotations

import pytest

from securely.queue.crew.orders import Facts, Orders, Stop, find_reason

REST = Facts(claimed=3, is_idle=True, is_dry=True, worked=10.0, dry_for=2.0, memory=100)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (Orders(), None),
        (Orders(stop_when_empty=True), Stop("empty")),
        (Orders(empty_for=2.0), Stop("empty_for")),
        (Orders(empty_for=2.1), None),
        (Orders(max_jobs=3), Stop("max_jobs")),
        (Orders(max_jobs=4), None),
        (Orders(max_jobs=0), Stop("max_jobs")),
        (Orders(max_time=10.0), Stop("max_time")),
        (Orders(max_time=10.5), None),
        (Orders(memory_bytes=99), Stop("memory", 12)),
        (Orders(memory_bytes=100), None),
        (Orders(is_once=True, sleep=5.0), Stop("max_jobs")),
    ],
)
def test_find_reason_when_at_rest(orders: Orders, expected: Stop | None) -> None:
    assert find_reason(orders, REST) == expected


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (Orders(stop_when_empty=True, empty_for=1.0), None),
        (Orders(max_jobs=3), None),
        (Orders(max_time=1.0), Stop("max_time")),
        (Orders(memory_bytes=1), Stop("memory", 12)),
    ],
)
def test_find_reason_when_busy(orders: Orders, expected: Stop | None) -> None:
    busy = Facts(claimed=3, is_idle=False, is_dry=False, worked=10.0, dry_for=0.0, memory=100)

    assert find_reason(orders, busy) == expected


def test_find_reason_when_once_and_nothing_came_waits_for_one_sleep() -> None:
    early = Facts(claimed=0, is_idle=True, is_dry=True, worked=1.0, dry_for=0.5, memory=0)
    late = Facts(claimed=0, is_idle=True, is_dry=True, worked=2.0, dry_for=1.0, memory=0)

    assert find_reason(Orders(is_once=True), early) is None
    assert find_reason(Orders(is_once=True), late) == Stop("once")


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (Orders(), None),
        (Orders(max_time=9.0), None),
        (Orders(stop_when_empty=True), Stop("maintenance")),
        (Orders(empty_for=60.0), Stop("maintenance")),
        (Orders(is_once=True), Stop("maintenance")),
    ],
)
def test_find_reason_when_in_maintenance_ends_a_worker_that_would_not_wait(
    orders: Orders, expected: Stop | None
) -> None:
    down = Facts(0, is_idle=True, is_dry=False, worked=1.0, dry_for=0.0, memory=0, is_down=True)
    busy = Facts(1, is_idle=False, is_dry=False, worked=1.0, dry_for=0.0, memory=0, is_down=True)

    assert find_reason(orders, down) == expected
    assert find_reason(orders, busy) is None


def test_words_when_asked_exist_for_every_reason() -> None:
    reasons = "empty empty_for error interrupted maintenance max_jobs max_time memory once"

    assert all(Stop(reason).words for reason in [*reasons.split(), "restart_signal"])
