"""Which days of a month are meant."""

from __future__ import annotations

import calendar

import pytest

from securely.schedule.cron.days import Days, month_length
from securely.schedule.cron.fields import Fields, values


def _days(date: str, weekday: str, year: int, month: int) -> list[int]:
    return values(Fields.parse(f"0 0 {date} * {weekday}").days.bits(year, month))


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024, 2100])
def test_month_length_when_any_month_then_is_that_of_the_calendar(year: int) -> None:
    for month in range(1, 13):
        assert month_length(year, month) == calendar.monthrange(year, month)[1]


def test_bits_when_nothing_is_restricted_then_has_every_day() -> None:
    assert values(Days().bits(2026, 2)) == [*range(1, 29)]
    assert values(Days().bits(2028, 2)) == [*range(1, 30)]


@pytest.mark.parametrize(
    ("date", "year", "month", "found"),
    [
        ("1,15,31", 2026, 1, [1, 15, 31]),
        ("1,15,31", 2026, 4, [1, 15]),
        ("*/10", 2026, 2, [1, 11, 21]),
        ("L", 2026, 2, [28]),
        ("L", 2028, 2, [29]),
        ("L", 2026, 12, [31]),
        # LW: the 31st of May 2026 is a Sunday, the 31st of October a Saturday.
        ("LW", 2026, 5, [29]),
        ("LW", 2026, 10, [30]),
        ("LW", 2026, 9, [30]),
        # 15W: the 15th of August 2026 is a Saturday, that of November a Sunday.
        ("15W", 2026, 8, [14]),
        ("15W", 2026, 11, [16]),
        ("15W", 2026, 9, [15]),
        # It stays within the month: the 1st of August is a Saturday, the 31st of May a Sunday.
        ("1W", 2026, 8, [3]),
        ("1W", 2026, 2, [2]),
        ("31W", 2026, 5, [29]),
        ("31W", 2026, 10, [30]),
        ("31W", 2026, 4, []),
        ("30W", 2026, 2, []),
    ],
)
def test_bits_when_dates_are_given_then_has_those_of_the_month(
    date: str, year: int, month: int, found: list[int]
) -> None:
    assert _days(date, "*", year, month) == found


@pytest.mark.parametrize(
    ("weekday", "year", "month", "found"),
    [
        ("0", 2026, 11, [1, 8, 15, 22, 29]),
        ("7", 2026, 11, [1, 8, 15, 22, 29]),
        (
            "MON-FRI",
            2026,
            2,
            [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27],
        ),
        ("5L", 2026, 11, [27]),
        ("SUNL", 2026, 11, [29]),
        ("0L", 2026, 2, [22]),
        ("MON#1", 2026, 11, [2]),
        ("0#1", 2026, 11, [1]),
        ("7#5", 2026, 11, [29]),
        ("0#5", 2026, 10, []),
        ("MON#5", 2028, 2, []),
        ("TUE#5", 2028, 2, [29]),
        ("1#1,5L,3", 2026, 11, [2, 4, 11, 18, 25, 27]),
        ("1#1,2#1", 2026, 11, [2, 3]),
    ],
)
def test_bits_when_weekdays_are_given_then_has_those_of_the_month(
    weekday: str, year: int, month: int, found: list[int]
) -> None:
    assert _days("*", weekday, year, month) == found
    assert _days("?", weekday, year, month) == found


def test_bits_when_both_are_given_then_either_will_do() -> None:
    # Fridays of November 2026, and the 13th, which is one of them.
    assert _days("13", "5", 2026, 11) == [6, 13, 20, 27]
    assert _days("1", "5", 2026, 11) == [1, 6, 13, 20, 27]
    assert _days("L", "1#1", 2026, 11) == [2, 30]
    assert _days("30", "1#1", 2026, 2) == [2]


def test_bits_when_one_is_in_steps_then_either_will_do_all_the_same() -> None:
    assert _days("*/15", "0", 2026, 11) == [1, 8, 15, 16, 22, 29]


@pytest.mark.parametrize(
    ("date", "weekday", "day"),
    [
        ("*", "*", 1),
        ("30", "*", 30),
        ("31,29", "*", 29),
        ("31W", "*", 31),
        ("L", "*", 1),
        ("LW", "*", 1),
        ("31", "1", 1),
    ],
)
def test_earliest_when_asked_then_is_the_day_a_month_must_reach(
    date: str, weekday: str, day: int
) -> None:
    assert Fields.parse(f"0 0 {date} * {weekday}").days.earliest() == day


def test_bits_when_a_month_lacks_the_day_then_no_weekday_is_near_it() -> None:
    # A 31st of April 2027 would be a Saturday, with the 30th before it.
    assert Fields.parse("0 0 31W * *").days.bits(2027, 4) == 0
