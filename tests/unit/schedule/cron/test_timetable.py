"""Which of many are due in a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from securely.schedule.cron import Cron, Interval, Timetable, Timing

_TEXTS = (
    *("* * * * *", "*/7 * * * *", "30 2 * * *", "30 1 * * *", "0 */2 * * *", "15 1-3 * * *"),
    *("0 0 * * *", "0 3 * * SUN", "45 1,2 L * *", "0 0 1,15 * 5", "*/20 30 2 * * *"),
    *("5 30 1 * * *", "* 3 * 3,11 *", "0 0 29 2 *"),
)


def _at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def test_due_when_mixed_then_has_the_indexes_in_order() -> None:
    table = Timetable(
        [
            Cron.parse("0 9 * * *", ZoneInfo("Asia/Tokyo")),
            Interval(420),
            Cron.parse("0 0 * * *", UTC),
            Cron.parse("* * * * *", UTC, every_seconds=10),
            Cron.parse("1 0 * * *", UTC),
        ]
    )
    midnight = _at("2026-11-27")  # 09:00 in Tokyo; 1764201600 is no multiple of 420

    assert table.due(midnight) == [0, 2, 3]
    assert table.due(midnight + 60) == [3, 4]
    assert table.due(0) == [0, 1, 2, 3]


def test_due_when_nothing_is_listed_then_is_empty() -> None:
    assert Timetable([]).due(0) == []


def test_due_when_asked_within_a_minute_then_the_minute_counts() -> None:
    table = Timetable([Cron.parse("5 * * * *", UTC), Interval(300)])

    assert table.due(299) == []
    assert table.due(300) == table.due(330) == table.due(359) == [0, 1]
    assert table.due(360) == []


@pytest.mark.parametrize("seconds", [1, 7, 59, 60, 61, 90, 420, 5400])
def test_due_when_intervals_are_listed_then_agrees_with_their_ticks(seconds: int) -> None:
    interval = Interval(seconds)
    table = Timetable([interval])

    for minute in range(-6000, 12_000, 60):
        expected = bool(interval.ticks(minute - 1, minute + 59, 1))
        assert table.due(minute) == ([0] if expected else [])


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("America/Havana", "2026-03-08"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Africa/Casablanca", "2026-02-15"),
        ("Pacific/Apia", "2011-12-31"),
        ("Asia/Kathmandu", "2026-05-05"),
        # It was 19 minutes and 32 seconds ahead of UTC: no minute there is one of UTC.
        ("Europe/Amsterdam", "1930-05-15"),
    ],
)
def test_due_when_clocks_are_changed_then_agrees_with_each_entry(zone: str, day: str) -> None:
    clocks = ZoneInfo(zone)
    timings: list[Timing] = [Cron.parse(text, clocks) for text in _TEXTS]
    timings[3:3] = [Interval(420), Cron.parse("30 2 * * *", UTC), Interval(90)]
    table = Timetable(timings)
    begin = _at(day, zone) - 6 * 3600
    begin -= begin % 60

    for minute in range(begin, begin + 36 * 3600, 60):
        expected = [
            index
            for index, timing in enumerate(timings)
            if timing.ticks(minute - 1, minute + 59, 1)
        ]
        assert table.due(minute) == expected, datetime.fromtimestamp(minute, clocks)


class _Odd:
    """A timing of somebody else's."""

    text = "odd"
    is_sub_minute = False

    def is_due(self, at: int) -> bool:
        return at % 180 == 60

    def next(self, after: float) -> int | None:
        return int(after) + 1

    def previous(self, before: float) -> int | None:
        return int(before) - 1

    def ticks(self, after: float, until: float, limit: int = 1000) -> list[int]:
        return [at for at in range(int(after) + 1, int(until) + 1) if self.is_due(at)][-limit:]

    def words(self) -> str:
        return self.text


def test_due_when_a_timing_is_of_another_kind_then_is_asked_for_its_ticks() -> None:
    table = Timetable([_Odd(), Interval(60)])

    assert [table.due(minute) for minute in (0, 60, 120, 240)] == [[1], [0, 1], [1], [0, 1]]
