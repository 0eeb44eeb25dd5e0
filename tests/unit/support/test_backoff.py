from __future__ import annotations

from datetime import timedelta

import pytest

from securely.support import entropy
from securely.support.backoff import Backoff


@pytest.mark.parametrize(
    ("value", "delays"),
    [
        (None, [0.0, 0.0]),
        (0, [0.0, 0.0]),
        (5, [5.0, 5.0]),
        ("1m", [60.0, 60.0]),
        (timedelta(seconds=2), [2.0, 2.0]),
        ([1, "5s", timedelta(seconds=10)], [1.0, 5.0, 10.0, 10.0, 10.0]),
        ((3,), [3.0, 3.0]),
        ([], [0.0, 0.0]),
        (Backoff.exponential(2, cap=30), [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]),
    ],
)
def test_delay_after_each_failure_follows_what_was_given(value, delays):
    backoff = Backoff.of(value)

    assert [backoff.delay(failures) for failures in range(1, len(delays) + 1)] == delays


def test_delay_of_a_job_that_failed_very_often_stays_at_the_cap():
    assert Backoff.exponential(1, cap="10m").delay(1_000_000) == 600.0


def test_full_jitter_when_seeded_lies_between_nothing_and_the_delay_and_repeats():
    backoff = Backoff.exponential(8, cap=60, jitter="full")

    with entropy.seeded(7):
        first = [backoff.delay(3) for _ in range(50)]
    with entropy.seeded(7):
        second = [backoff.delay(3) for _ in range(50)]

    assert first == second
    assert 0.0 <= min(first) < 8.0
    assert 24.0 < max(first) <= 32.0


@pytest.mark.parametrize("value", [-1, [1, -5], "-3", 10**10, "soon"])
def test_delay_that_is_none_when_given_is_refused(value):
    with pytest.raises(ValueError, match=r"delay|duration"):
        Backoff.of(value)


@pytest.mark.parametrize(
    "backoff",
    [Backoff.of([1, 5, 10]), Backoff.exponential(2, cap=9, jitter="full"), Backoff()],
)
def test_pack_when_unpacked_is_the_same(backoff):
    assert Backoff.unpack(backoff.pack()) == backoff


@pytest.mark.parametrize("data", [None, 5, [1, 2], [["x"], 0, 0, "none"]])
def test_unpack_when_given_something_else_says_so(data):
    with pytest.raises(ValueError, match="No backoff"):
        Backoff.unpack(data)
