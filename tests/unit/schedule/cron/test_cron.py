"""Ticks of expressions, where clocks are not changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from securely.schedule.cron import Cron
from securely.schedule.exceptions import InvalidExpression


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _told(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        ("* * * * *", "2026-11-27 01:02:03", "2026-11-27 01:03:00"),
        ("* * * * *", "2026-11-27 01:02:00", "2026-11-27 01:03:00"),
        ("*/5 * * * *", "2026-11-27 23:55:00", "2026-11-28 00:00:00"),
        ("30 8 * * *", "2026-11-27 08:29:59", "2026-11-27 08:30:00"),
        ("30 8 * * *", "2026-11-27 08:30:00", "2026-11-28 08:30:00"),
        ("59 23 31 12 *", "2026-12-31 23:59:00", "2027-12-31 23:59:00"),
        ("0 9 * * MON", "2026-11-27 00:00:00", "2026-11-30 09:00:00"),
        ("0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00"),
        ("0 0 * 2 MON#5", "2072-02-29 00:00:00", "2112-02-29 00:00:00"),
        ("0 9 13 * 5", "2026-11-12 00:00:00", "2026-11-13 09:00:00"),
        ("0 0 L * *", "2026-02-01 00:00:00", "2026-02-28 00:00:00"),
        ("*/20 5 4 * * *", "2026-11-27 04:05:20", "2026-11-27 04:05:40"),
        ("*/20 5 4 * * *", "2026-11-27 04:05:40", "2026-11-28 04:05:00"),
        ("30 * * * * *", "1969-12-31 23:59:45", "1970-01-01 00:00:30"),
    ],
)
def test_next_when_asked_then_is_the_first_after_and_previous_leads_back(
    text: str, after: str, found: str
) -> None:
    cron = Cron.parse(text, UTC)
    at = cron.next(_at(after))

    assert _told(at) == found
    assert at is not None
    assert cron.is_due(at)
    assert not cron.is_due(at - 1) or cron.is_sub_minute
    assert cron.previous(at + 1) == at
    back = cron.previous(at)
    assert back is not None
    assert cron.next(back) == at


def test_next_when_the_instant_is_a_fraction_then_is_strictly_after() -> None:
    cron = Cron.parse("* * * * *", UTC)

    assert [cron.next(59.999), cron.next(60), cron.next(60.001)] == [60, 120, 120]
    assert [cron.previous(60), cron.previous(60.001), cron.previous(120)] == [0, 60, 60]


def test_next_when_calendars_end_then_is_none() -> None:
    cron = Cron.parse("0 0 1 1 *", UTC)

    assert cron.next(_at("9996-06-01 00:00:00")) == _at("9997-01-01 00:00:00")
    assert cron.next(_at("9999-06-01 00:00:00")) is None
    assert cron.previous(_at("0001-06-01 00:00:00")) is None


def test_ticks_when_asked_then_has_the_end_and_not_the_beginning() -> None:
    cron = Cron.parse("*/10 * * * *", UTC)

    assert cron.ticks(0, 1800) == [600, 1200, 1800]
    assert cron.ticks(-1, 1799) == [0, 600, 1200]
    assert cron.ticks(600, 600) == []
    assert cron.ticks(1800, 600) == []


def test_ticks_when_there_are_more_than_the_limit_then_has_the_last() -> None:
    cron = Cron.parse("* * * * *", UTC)

    assert cron.ticks(0, 10**9, 3) == [10**9 - 10**9 % 60 - 60 * each for each in (2, 1, 0)]
    assert cron.ticks(0, 10**9, 0) == []
    assert len(cron.ticks(0, 10**9)) == 1000


def test_is_due_when_within_the_minute_then_only_at_its_seconds() -> None:
    plain = Cron.parse("5 * * * *", UTC)
    stepped = Cron.parse("5 * * * *", UTC, every_seconds=15)
    named = Cron.parse("3,40 5 * * * *", UTC)

    def due(cron: Cron) -> list[int]:
        return [second for second in range(60) if cron.is_due(300 + second)]

    assert due(plain) == [0]
    assert due(stepped) == [0, 15, 30, 45]
    assert due(named) == [3, 40]
    assert not any(cron.is_due(240) or cron.is_due(360) for cron in (plain, stepped, named))
    assert [cron.is_sub_minute for cron in (plain, stepped, named)] == [False, True, True]
    assert stepped.ticks(299, 400) == [300, 315, 330, 345]


def test_zone_when_it_has_an_offset_then_its_clocks_count() -> None:
    kathmandu = Cron.parse("0 9 * * *", ZoneInfo("Asia/Kathmandu"))
    fixed = Cron.parse("0 9 * * *", timezone(timedelta(hours=5, minutes=45)))
    at = _at("2026-11-27 03:15:00")

    assert kathmandu.next(at - 1) == fixed.next(at - 1) == at
    assert kathmandu.is_due(at)
    assert fixed.previous(at + 1) == at


@pytest.mark.parametrize("seconds", [0, -5, 7, 61, 120])
def test_parse_when_a_minute_cannot_be_divided_then_says_by_what(seconds: int) -> None:
    with pytest.raises(InvalidExpression) as caught:
        Cron.parse("* * * * *", UTC, seconds)

    assert str(caught.value) == (
        f"A minute is no multiple of {seconds} seconds: use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or"
        " 60."
    )


def test_parse_when_seconds_are_named_twice_then_is_refused() -> None:
    with pytest.raises(InvalidExpression, match="names seconds already: leave them away, or 10 s"):
        Cron.parse("1 * * * * *", UTC, 10)


def test_parse_when_a_seed_is_given_then_hashed_fields_have_values() -> None:
    first, second = (Cron.parse("H H * * *", UTC, seed="backup") for _ in range(2))

    assert first.next(0) == second.next(0)
    assert first.next(0) != Cron.parse("H H * * *", UTC, seed="mail").next(0)


def test_repr_when_shown_then_has_expression_and_zone() -> None:
    assert (
        repr(Cron.parse("@daily", ZoneInfo("Europe/Prague"))) == "Cron('@daily', 'Europe/Prague')"
    )


def test_days_when_many_months_are_asked_for_then_memory_has_a_bound() -> None:
    cron = Cron.parse("0 0 29 2 *", UTC)
    for year in range(2000, 2500):
        for month in range(1, 13):
            cron.days(year, month)

    assert cron.days(2028, 2) == 1 << 29
    assert cron.days(2027, 2) == cron.days(2028, 3) == 0
