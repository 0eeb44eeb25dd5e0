"""Intervals: elapsed time alone."""

from __future__ import annotations

import pytest

from securely.schedule.cron import Interval
from securely.schedule.exceptions import InvalidExpression


@pytest.mark.parametrize(
    ("seconds", "text", "words", "is_sub_minute"),
    [
        (1, "every second", "every second", True),
        (7, "every 7 seconds", "every seven seconds", True),
        (60, "every minute", "every minute", False),
        (90, "every 90 seconds", "every 90 seconds", True),
        (420, "every 7 minutes", "every seven minutes", False),
        (3600, "every hour", "every hour", False),
        (5400, "every 90 minutes", "every 90 minutes", False),
        (86_400, "every day", "every day", False),
        (864_000, "every 10 days", "every 10 days", False),
    ],
)
def test_interval_when_told_then_has_the_largest_unit(
    seconds: int, text: str, words: str, is_sub_minute: bool
) -> None:
    interval = Interval(seconds)

    assert (interval.text, interval.words()) == (text, words)
    assert interval.is_sub_minute is is_sub_minute
    assert repr(interval) == f"Interval({seconds})"


@pytest.mark.parametrize("seconds", [0, -1, 1.5, 0.2])
def test_interval_when_it_cannot_be_kept_then_says_what_to_use(seconds: float) -> None:
    with pytest.raises(InvalidExpression) as caught:
        Interval(seconds)  # type: ignore[arg-type]  # what callers without a checker write

    assert str(caught.value) == (
        f"An interval of {seconds} seconds cannot be kept: use whole seconds, at least one."
    )


def test_next_when_asked_then_is_a_multiple_strictly_after() -> None:
    interval = Interval(7)

    assert [interval.next(at) for at in (-1, 0, 6.9, 7, 7.1)] == [0, 7, 7, 14, 14]
    assert [interval.previous(at) for at in (0, 0.1, 7, 7.1, 8)] == [-7, 0, 0, 7, 7]
    assert [at for at in range(-7, 15) if interval.is_due(at)] == [-7, 0, 7, 14]


def test_ticks_when_asked_then_has_the_end_and_the_last_of_many() -> None:
    interval = Interval(10)

    assert interval.ticks(0, 30) == [10, 20, 30]
    assert interval.ticks(-1, 29.9) == [0, 10, 20]
    assert interval.ticks(0, 10**9, 2) == [10**9 - 10, 10**9]
    assert interval.ticks(0, 10**9, 0) == []
    assert interval.ticks(30, 30) == []
