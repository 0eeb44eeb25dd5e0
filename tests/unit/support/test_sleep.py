"""Waits are noted by a fake, which lets time go on; a frozen clock does the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from securely.support import clock
from securely.support.durations import InvalidDuration
from securely.support.sleep import Sleep, SleepFake
from securely.testing import freeze


def test_sleep_moves_a_frozen_clock() -> None:
    with freeze():
        before = clock.timestamp()
        Sleep.for_("1m")
        asyncio.run(Sleep.afor_(timedelta(seconds=5)))
        Sleep.until(clock.now() + timedelta(hours=1))
        asyncio.run(Sleep.auntil(clock.now() + timedelta(hours=1)))

        assert clock.timestamp() - before == pytest.approx(60 + 5 + 7200)


def test_fake_notes_the_waits_and_lets_time_go_on() -> None:
    with freeze(), Sleep.fake() as sleep:
        before, steady = clock.timestamp(), clock.monotonic()
        Sleep.for_(1.5)
        clock.sleep(2)  # what the framework does
        asyncio.run(Sleep.afor_("1m"))

        assert clock.timestamp() - before == pytest.approx(63.5)
        assert clock.monotonic() - steady == pytest.approx(63.5)
    sleep.assert_sequence(1.5, 2, 60)
    sleep.assert_slept("1m")
    sleep.assert_slept_times(3)
    assert not isinstance(clock.current(), SleepFake)


def test_sleep_when_the_time_is_over_does_not_wait() -> None:
    with Sleep.fake() as sleep:
        Sleep.for_(0)
        Sleep.for_(-5)
        asyncio.run(Sleep.afor_(-5))
        Sleep.until(clock.now() - timedelta(days=1))

    sleep.assert_never_slept()


def test_sleep_when_the_moment_has_no_zone_then_refused() -> None:
    with pytest.raises(InvalidDuration):
        Sleep.until(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (lambda sleep: sleep.assert_slept(2), r"1 waits of 2 seconds, found 0\. The waits were 1"),
        (lambda sleep: sleep.assert_slept(1, times=2), "Expected 2 waits of 1 seconds, found 1"),
        (lambda sleep: sleep.assert_slept_times(2), r"Expected 2 waits\. The waits were 1 seconds"),
        (lambda sleep: sleep.assert_sequence(1, 2), "Expected waits of 1, 2 seconds"),
        (lambda sleep: sleep.assert_sequence(), "Expected waits of none seconds"),
        (lambda sleep: sleep.assert_never_slept(), "Expected 0 waits"),
    ],
)
def test_assertion_that_fails_tells_the_waits(
    claim: Callable[[SleepFake], None], message: str
) -> None:
    with Sleep.fake() as sleep:
        Sleep.for_(1)

    with pytest.raises(AssertionError, match=message):
        claim(sleep)


def test_assertion_when_nobody_waited_says_so() -> None:
    with Sleep.fake() as sleep:
        assert clock.timestamp() > datetime(2026, 1, 1, tzinfo=UTC).timestamp()

    with pytest.raises(AssertionError, match="Nobody waited"):
        sleep.assert_slept(1)
