"""Ticks where clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from securely.schedule.cron import Cron


def _found(text: str, zone: str, after: str, count: int, every: int | None = None) -> list[str]:
    """Return the ticks that follow, and hold every other question to the same answer."""
    clocks = ZoneInfo(zone)
    cron = Cron.parse(text, clocks, every)
    at = begin = int(datetime.fromisoformat(after).replace(tzinfo=clocks).timestamp())
    found: list[int] = []
    for _ in range(count):
        following = cron.next(at)
        assert following is not None
        assert following > at
        assert cron.is_due(following)
        assert cron.previous(following + 1) == following
        at = following
        found.append(at)
    assert cron.ticks(begin, found[-1]) == found
    assert sum(map(cron.is_due, range(begin + 1, found[-1] + 1))) == count
    return [datetime.fromtimestamp(each, clocks).isoformat(" ") for each in found]


def test_next_when_clocks_leave_a_time_out_then_comes_at_the_end_of_the_gap() -> None:
    found = _found("30 2 * * *", "America/New_York", "2026-03-08 00:00:00", 2)

    assert found == ["2026-03-08 03:00:00-04:00", "2026-03-09 02:30:00-04:00"]


def test_next_when_several_times_are_left_out_then_come_together_once() -> None:
    found = _found("0,15,45 2,3 * * *", "America/New_York", "2026-03-08 00:00:00", 4)

    assert found == [
        "2026-03-08 03:00:00-04:00",  # 02:00, 02:15, 02:45, and its own
        "2026-03-08 03:15:00-04:00",
        "2026-03-08 03:45:00-04:00",
        "2026-03-09 02:00:00-04:00",
    ]


def test_next_when_clocks_show_a_time_twice_then_a_fixed_hour_comes_once() -> None:
    found = _found("30 1 * * *", "America/New_York", "2026-11-01 00:00:00", 2)

    assert found == ["2026-11-01 01:30:00-04:00", "2026-11-02 01:30:00-05:00"]


def test_next_when_clocks_show_a_time_twice_then_a_free_hour_goes_on() -> None:
    found = _found("*/30 * * * *", "America/New_York", "2026-11-01 00:30:00", 5)

    assert found == [
        "2026-11-01 01:00:00-04:00",
        "2026-11-01 01:30:00-04:00",
        "2026-11-01 01:00:00-05:00",
        "2026-11-01 01:30:00-05:00",
        "2026-11-01 02:00:00-05:00",
    ]


def test_next_when_weekly_after_the_repeated_hour_then_comes_once() -> None:
    # Source: https://github.com/pallets-eco/croniter/issues/191
    found = _found("10 3 * * 0", "Europe/Prague", "2025-10-26 00:00:00", 1)

    assert found == ["2025-10-26 03:10:00+01:00"]
    clocks = ZoneInfo("Europe/Prague")
    later = Cron.parse("10 3 * * 0", clocks).next(
        datetime(2025, 10, 26, 3, 10, tzinfo=clocks).timestamp()
    )
    assert later == datetime(2025, 11, 2, 3, 10, tzinfo=clocks).timestamp()


def test_next_when_hours_are_in_steps_then_follow_elapsed_time() -> None:
    autumn = _found("0 */1 * * *", "America/New_York", "2026-11-01 00:00:00", 3)
    spring = _found("15 */2 * * *", "America/New_York", "2026-03-08 00:15:00", 2)

    assert autumn == [
        "2026-11-01 01:00:00-04:00",
        "2026-11-01 01:00:00-05:00",
        "2026-11-01 02:00:00-05:00",
    ]
    assert spring == ["2026-03-08 04:15:00-04:00", "2026-03-08 06:15:00-04:00"]


@pytest.mark.parametrize(
    ("text", "zone", "after", "found"),
    [
        # Midnight is left out; and shown twice.
        ("0 0 * * *", "America/Havana", "2026-03-07", "2026-03-08 01:00:00-04:00"),
        ("0 0 * * *", "America/Havana", "2026-11-01", "2026-11-02 00:00:00-05:00"),
        # Half an hour.
        ("10 2 * * *", "Australia/Lord_Howe", "2026-10-04", "2026-10-04 02:30:00+11:00"),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05", "2026-04-05 01:45:00+11:00"),
        # Winter is the exception there; and Ramadan.
        ("30 1 * * *", "Europe/Dublin", "2026-03-29", "2026-03-29 02:00:00+01:00"),
        ("30 2 * * *", "Africa/Casablanca", "2026-02-15", "2026-02-15 02:30:00+01:00"),
        ("30 2 * * *", "Africa/Casablanca", "2026-03-22", "2026-03-22 03:00:00+01:00"),
        # Two hours; and a day that there was none of.
        ("30 1 * * *", "Antarctica/Troll", "2026-03-29", "2026-03-29 03:00:00+02:00"),
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-29", "2011-12-31 00:00:00+14:00"),
    ],
)
def test_next_when_clocks_are_changed_otherwise_then_the_rule_is_the_same(
    text: str, zone: str, after: str, found: str
) -> None:
    assert _found(text, zone, f"{after} 00:00:00", 1) == [found]


def test_next_when_fixed_hours_follow_a_repeated_one_then_none_is_early() -> None:
    clocks = ZoneInfo("America/New_York")
    cron = Cron.parse("0 2 * * *", clocks)
    begin = int(datetime(2026, 11, 1, tzinfo=clocks).timestamp())

    assert cron.ticks(begin, begin + 86_400) == [begin + 3 * 3600]


def test_next_when_seconds_are_named_then_a_gap_leaves_them_in_its_minute() -> None:
    found = _found("30 2 * * *", "America/New_York", "2026-03-08 00:00:00", 4, 20)

    assert found == [
        "2026-03-08 03:00:00-04:00",
        "2026-03-08 03:00:20-04:00",
        "2026-03-08 03:00:40-04:00",
        "2026-03-09 02:30:00-04:00",
    ]


def test_next_when_started_within_the_repeated_hour_then_does_not_go_back() -> None:
    clocks = ZoneInfo("America/New_York")
    second = datetime(2026, 11, 1, 1, 10, tzinfo=clocks, fold=1).timestamp()

    fixed = Cron.parse("30 1 * * *", clocks)
    free = Cron.parse("30 * * * *", clocks)

    assert fixed.next(second) == datetime(2026, 11, 2, 1, 30, tzinfo=clocks).timestamp()
    assert fixed.previous(second) == datetime(2026, 11, 1, 1, 30, tzinfo=clocks).timestamp()
    assert free.next(second) == datetime(2026, 11, 1, 1, 30, tzinfo=clocks, fold=1).timestamp()


def test_ticks_when_many_are_missed_then_has_only_the_last() -> None:
    clocks = ZoneInfo("Europe/Berlin")
    every_second = Cron.parse("* * * * *", clocks, 1)
    hourly = Cron.parse("0 * * * *", clocks)
    begin = int(datetime(2026, 10, 25, tzinfo=clocks).timestamp())

    assert every_second.ticks(begin, begin + 8 * 3600, 1) == [begin + 8 * 3600]
    assert hourly.ticks(begin, begin + 2 * 3600 + 1800, 1) == [begin + 2 * 3600]


class _Restless(tzinfo):
    """Clocks that are put back from 02:00 to 01:00, and from 01:30 to 00:30 soon after."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "Restless"

    def fromutc(self, moment: datetime) -> datetime:
        minute = (moment.replace(tzinfo=UTC) - datetime(2026, 5, 5, tzinfo=UTC)) // timedelta(
            minutes=1
        )
        hours = 0 if minute < 120 else -1 if minute < 150 else -2
        return _Shifted.of(moment, hours)


class _Shifted(datetime):
    """A local time that knows its offset."""

    hours = 0

    @classmethod
    def of(cls, moment: datetime, hours: int) -> _Shifted:
        local = moment + timedelta(hours=hours)
        found = cls(*local.timetuple()[:6], tzinfo=moment.tzinfo)
        found.hours = hours
        return found

    def utcoffset(self) -> timedelta:
        return timedelta(hours=self.hours)


def test_next_when_clocks_are_changed_again_soon_then_what_was_shown_is_remembered() -> None:
    shown = Cron.parse("45 1 * * *", _Restless())
    later = Cron.parse("15 2 * * *", _Restless())
    begin = int(datetime(2026, 5, 5, tzinfo=UTC).timestamp())

    # 01:45 was shown before clocks were put back at all; 02:15 is not.
    assert shown.ticks(begin, begin + 86_400) == [begin + 105 * 60]
    assert later.ticks(begin, begin + 86_400) == [begin + 255 * 60]  # two hours and more behind
