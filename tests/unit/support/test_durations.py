"""Durations and deadlines in every form people write them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest

from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.durations import InvalidDuration, seconds, seconds_until


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (90, 90.0),
        (0.25, 0.25),
        (-1, -1.0),
        ("90", 90.0),
        (" 1.5 ", 1.5),
        ("10m", 600.0),
        ("1h30m", 5_400.0),
        ("1h 30m 5s", 5_405.0),
        ("500ms", 0.5),
        ("2D", 172_800.0),
        ("1w", 604_800.0),
        (timedelta(minutes=2), 120.0),
    ],
)
def test_seconds_when_it_is_a_duration_then_gives_seconds(
    written: float | str | timedelta, expected: float
) -> None:
    assert seconds(written) == pytest.approx(expected)


@pytest.mark.parametrize(
    "written", ["", "soon", "10 parsecs", "1h30", "nan", "inf", True, None, [1], float("nan")]
)
def test_seconds_when_it_is_no_duration_then_names_the_value(written: object) -> None:
    with pytest.raises(InvalidDuration) as caught:
        seconds(written)  # type: ignore[arg-type]  # what a caller without a checker does

    assert repr(written) in str(caught.value)
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_seconds_until_when_given_a_deadline_then_counts_from_the_clock() -> None:
    with clock.using(FrozenClock(at=1_000.0)):
        assert seconds_until(datetime.fromtimestamp(1_060, UTC)) == 60.0
        assert seconds_until(datetime.fromtimestamp(990, UTC)) == -10.0
        assert seconds_until("1m") == 60.0


def test_seconds_until_when_the_deadline_has_no_zone_then_refuses() -> None:
    with pytest.raises(InvalidDuration):
        seconds_until(datetime(2026, 1, 1))  # the point
