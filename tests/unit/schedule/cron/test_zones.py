"""Ticks in time zones whose clocks are changed in odd ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from securely.schedule.cron import Cron
from securely.schedule.cron.offsets import Offsets


def instant(text: str, zone: tzinfo, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp())


def shown(text: str, zone: str, after: str, count: int) -> list[str]:
    """Return the next ticks, as clocks show them; each is due, and is found backwards too."""
    cron = Cron.parse(text, ZoneInfo(zone))
    at: int | None = instant(after, cron.zone)
    found: list[int] = []
    for _ in range(count):
        assert at is not None
        at = cron.next(at)
        assert at is not None
        assert cron.is_due(at)
        found.append(at)
    assert cron.ticks(instant(after, cron.zone), found[-1]) == found
    told = [datetime.fromtimestamp(each, cron.zone) for each in found]
    return [f"{each:%Y-%m-%d %H:%M:%S %Z}" for each in told]


def test_gap_when_its_end_is_named_too_then_runs_once() -> None:
    assert shown("0 2,3 * * *", "America/New_York", "2026-03-08 00:00", 2) == [
        "2026-03-08 03:00:00 EDT",
        "2026-03-09 02:00:00 EDT",
    ]


def test_gap_when_it_is_half_an_hour_then_is_one_like_any_other() -> None:
    zone = "Australia/Lord_Howe"  # 02:00 becomes 02:30 in October, and 01:30 in April

    assert shown("15 2 * * *", zone, "2026-10-03 12:00", 1) == ["2026-10-04 02:30:00 +11"]
    assert shown("45 2 * * *", zone, "2026-10-03 12:00", 1) == ["2026-10-04 02:45:00 +11"]
    assert shown("45 1 * * *", zone, "2026-04-04 12:00", 2) == [
        "2026-04-05 01:45:00 +11",
        "2026-04-06 01:45:00 +1030",
    ]
    assert shown("*/15 * * * *", zone, "2026-10-04 01:40", 3) == [
        "2026-10-04 01:45:00 +1030",
        "2026-10-04 02:30:00 +11",
        "2026-10-04 02:45:00 +11",
    ]
    assert len(shown("*/15 * * * *", zone, "2026-04-05 01:14", 6)) == 6


@pytest.mark.parametrize(
    ("zone", "day", "name"),
    [
        ("Asia/Beirut", "2026-03-29", "EEST"),
        ("Africa/Cairo", "2026-04-24", "EEST"),
        ("America/Santiago", "2026-09-06", "-03"),
        ("America/Havana", "2026-03-08", "CDT"),
    ],
)
def test_gap_when_it_is_at_midnight_then_the_day_still_begins_once(
    zone: str, day: str, name: str
) -> None:
    before = f"{datetime.fromisoformat(day) - timedelta(hours=12):%Y-%m-%d %H:%M}"

    first, second = shown("0 0 * * *", zone, before, 2)
    assert first == f"{day} 01:00:00 {name}"
    assert second.endswith(f"00:00:00 {name}")


def test_gap_when_it_is_a_whole_day_then_what_was_due_comes_at_its_end() -> None:
    assert shown("0 12 30 12 *", "Pacific/Apia", "2011-12-01 00:00", 2) == [
        "2011-12-31 00:00:00 +14",
        "2012-12-30 12:00:00 +14",
    ]
    assert shown("0 12 * * *", "Pacific/Apia", "2011-12-29 00:00", 3) == [
        "2011-12-29 12:00:00 -10",
        "2011-12-31 00:00:00 +14",
        "2011-12-31 12:00:00 +14",
    ]


def test_fold_when_it_is_a_whole_day_then_the_day_counts_once() -> None:
    # Alaska was moved across the date line, and lived through one day twice. Its offsets were those
    # of local mean time, with seconds in them.
    found = shown("0 12 * * *", "America/Juneau", "1867-10-17 00:00", 3)

    assert [each[:16] for each in found] == [
        "1867-10-17 12:00",
        "1867-10-18 12:00",
        "1867-10-19 12:00",
    ]


def test_zone_when_it_changes_four_times_a_year_then_each_counts() -> None:
    zone = "Africa/Casablanca"  # an hour back for Ramadan, and forward after it

    assert shown("30 2 * * *", zone, "2026-02-14 12:00", 2) == [
        "2026-02-15 02:30:00 +01",
        "2026-02-16 02:30:00 +00",
    ]
    assert shown("30 2 * * *", zone, "2026-03-21 12:00", 2) == [
        "2026-03-22 03:00:00 +01",
        "2026-03-23 02:30:00 +01",
    ]


def test_zone_when_its_summer_time_is_negative_then_clocks_count_alone() -> None:
    zone = "Europe/Dublin"  # winter is the summer time of it: minus an hour

    assert shown("30 1 * * *", zone, "2026-03-28 12:00", 2) == [
        "2026-03-29 02:00:00 IST",
        "2026-03-30 01:30:00 IST",
    ]
    assert shown("30 1 * * *", zone, "2026-10-24 12:00", 2) == [
        "2026-10-25 01:30:00 IST",
        "2026-10-26 01:30:00 GMT",
    ]


def test_zone_when_its_offset_is_fixed_then_is_one_piece() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))

    assert Offsets.of(zone) is Offsets.of(zone)
    assert Offsets.of(zone).piece(0).offset == 20_700
    assert Cron.parse("0 0 * * *", zone).next(0) == 86_400 - 20_700


def test_zone_when_its_offset_has_seconds_then_minutes_are_those_of_its_clocks() -> None:
    zone = ZoneInfo("Africa/Monrovia")  # 44 minutes and 30 seconds behind, until 1972
    cron = Cron.parse("0 12 * * *", zone)

    at = cron.next(instant("1971-05-05 00:00", zone))

    assert at is not None
    assert at % 60 == 30
    assert datetime.fromtimestamp(at, zone).isoformat() == "1971-05-05T12:00:00-00:44:30"
    assert cron.is_due(at)


def test_piece_when_many_are_asked_for_then_old_ones_are_forgotten() -> None:
    offsets = Offsets(ZoneInfo("Europe/Prague"))

    for year in range(300):
        offsets.piece(year * 366 * 86_400)

    assert len(offsets._chunks) <= 256
    assert offsets.piece(0).offset == 3600


def test_rare_days_when_looked_for_then_are_found_decades_away() -> None:
    zone = ZoneInfo("America/New_York")
    cron = Cron.parse("0 0 * 2 MON#5", zone)
    found = cron.next(instant("2026-01-01", zone)), cron.previous(instant("2026-01-01", zone))

    assert [datetime.fromtimestamp(each or 0, zone).isoformat() for each in found] == [
        "2044-02-29T00:00:00-05:00",
        "2016-02-29T00:00:00-05:00",
    ]


def test_previous_when_the_last_tick_was_hours_before_a_change_then_is_found() -> None:
    zone = ZoneInfo("Europe/Prague")
    cron = Cron.parse("30 1 25 10 *", zone)  # clocks are put back at 03:00 of that day

    assert cron.previous(instant("2026-10-26", zone)) == instant("2026-10-25 01:30", zone)


class PutBack(tzinfo):
    """A zone whose clocks are put back by an hour, once."""

    def __init__(self, at: int) -> None:
        self.at = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)

    def utcoffset(self, moment: datetime | None) -> timedelta:
        assert moment is not None
        local = moment.replace(tzinfo=None)
        is_before = local < self.at + timedelta(hours=2 - moment.fold)
        return timedelta(hours=2 if is_before else 1)

    def fromutc(self, moment: datetime) -> datetime:
        passed = moment.replace(tzinfo=None) - self.at
        hours = 2 if passed < timedelta() else 1
        is_again = timedelta() <= passed < timedelta(hours=1)
        return (moment + timedelta(hours=hours)).replace(fold=int(is_again))

    def tzname(self, moment: datetime | None) -> str:
        return "back"

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta()


@pytest.mark.parametrize("seconds", [1, 600, 3000, 3600, 4000])
def test_fold_when_time_is_probed_anew_within_it_then_is_still_one(seconds: int) -> None:
    probed = 1 << 23 << 8  # where a stretch of time begins that is looked at for itself
    zone = PutBack(probed - seconds)
    cron = Cron.parse("*/10 0-22 * * *", zone)
    begin, end = probed - 4 * 3600, probed + 4 * 3600

    found = cron.ticks(begin, end)

    local = [datetime.fromtimestamp(each, zone).replace(tzinfo=None, fold=0) for each in found]
    assert local == sorted(set(local))
    assert all(cron.is_due(each) for each in found)
    assert cron.next(begin) == found[0]
    assert found == [each for each in range(begin + 1, end + 1) if cron.is_due(each)]
    assert len(local) >= 35
