"""Moments as PHP reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.rules.moments import is_complete_date, moment, moment_of_number

NOW = datetime(2026, 3, 15, 12, 30, 15, tzinfo=UTC)  # a Sunday
WORDS = (
    "next last first third monday weekdays week day of ago noon now 10:00 am 2024 -1 +3 UTC "
    "2024-01-31 january jan 1st T W05 @5 Europe/Paris EST . , ( µs 24:00 back front 07"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-07-04", "2023-07-04T00:00:00+00:00"),
        ("2023-07-04T05:06:07.25Z", "2023-07-04T05:06:07.250000+00:00"),
        ("2023-07-04 05:06 +02:00", "2023-07-04T05:06:00+02:00"),
        ("20230704T050607", "2023-07-04T05:06:07+00:00"),
        ("07/04/2023", "2023-07-04T00:00:00+00:00"),
        ("4.7.2023", "2023-07-04T00:00:00+00:00"),
        ("4-7-2023 5pm", "2023-07-04T17:00:00+00:00"),
        ("4th July 2023 12 am", "2023-07-04T00:00:00+00:00"),
        ("Jul 4, 2023 5:06 pm", "2023-07-04T17:06:00+00:00"),
        ("July 2023", "2023-07-01T00:00:00+00:00"),
        ("4 VII 2023", "2023-07-04T00:00:00+00:00"),
        ("Tue, 04 Jul 2023 05:06:07 -0330", "2023-07-04T05:06:07-03:30"),
        ("04/Jul/2023:05:06:07 +0200", "2023-07-04T05:06:07+02:00"),
        ("2023W27", "2023-07-03T00:00:00+00:00"),
        ("2023-W27-2", "2023-07-04T00:00:00+00:00"),
        ("2023-185", "2023-07-04T00:00:00+00:00"),
        ("2023-02-31", "2023-03-03T00:00:00+00:00"),
        ("2023-07-04 24:00", "2023-07-05T00:00:00+00:00"),
        ("@86400", "1970-01-02T00:00:00+00:00"),
        ("@-0.5", "1969-12-31T23:59:59.500000+00:00"),
        ("69-07-04", "2069-07-04T00:00:00+00:00"),
        ("70-07-04", "1970-07-04T00:00:00+00:00"),
        ("2023-07-04 EST", "2023-07-04T00:00:00-05:00"),
        ("2023-07-04 europe", None),
        ("2023-07-04 10:00 11:00", None),
        ("2023-07-04 2023-07-05", None),
        ("2023-07-04 25:00", None),
        ("31/12/2023", None),
        ("2023-07-04 UTC EST GMT", None),
        ("nonsense", None),
        ("  ", None),
        ("2023-07-04\0", None),
        ("٢٠٢٣-07-04", None),
        ("\ud800", None),
        ("2023-07-04" + " " * 246, None),
    ],
)
def test_moment_of_a_date_when_read_then_it_is_phps(text: str, expected: str | None) -> None:
    found = moment(text, NOW, UTC)

    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "2026-03-15T12:30:15"),
        ("now", "2026-03-15T12:30:15"),
        ("TODAY", "2026-03-15T00:00:00"),
        ("noon", "2026-03-15T12:00:00"),
        ("tomorrow noon", "2026-03-16T12:00:00"),
        ("noon tomorrow", "2026-03-16T00:00:00"),
        ("yesterday 7:08", "2026-03-14T07:08:00"),
        ("2015", "2026-03-15T20:15:00"),
        ("2067", "2067-03-15T12:30:15"),
        ("Jan 5 2067", "2067-01-05T00:00:00"),
        ("+1 week 2 days", "2026-03-24T12:30:15"),
        ("-90 minutes", "2026-03-15T11:00:15"),
        ("1 year 2 months ago", "2025-01-15T12:30:15"),
        ("next month", "2026-04-15T12:30:15"),
        ("2026-01-31 next month", "2026-03-03T00:00:00"),
        ("last day of next month", "2026-04-30T12:30:15"),
        ("first day of this month midnight", "2026-03-01T00:00:00"),
        ("sunday", "2026-03-15T00:00:00"),
        ("next sunday", "2026-03-22T00:00:00"),
        ("last sunday", "2026-03-08T00:00:00"),
        ("this week", "2026-03-09T12:30:15"),
        ("tuesday next week", "2026-03-17T00:00:00"),
        ("first monday of june 2026", "2026-06-01T00:00:00"),
        ("last friday of june 2026", "2026-06-26T00:00:00"),
        ("2026-03-13 +1 weekday", "2026-03-16T00:00:00"),
        ("2026-03-16 -6 weekdays", "2026-03-06T00:00:00"),
        ("back of 7pm", "2026-03-15T19:15:00"),
        ("front of 7", "2026-03-15T06:45:00"),
        ("third day", "2026-03-18T12:30:15"),
    ],
)
def test_moment_of_relative_words_when_read_then_it_counts_from_now(
    text: str, expected: str
) -> None:
    found = moment(text, NOW, UTC)

    assert found is not None
    assert found.replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29 02:30", "2026-03-29T03:30:00+02:00"),  # the clocks leave that time out
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00"),  # it comes twice: the first
        ("today", "2026-03-15T00:00:00+01:00"),
        ("today Asia/Tokyo", "2026-03-15T00:00:00+09:00"),
    ],
)
def test_moment_when_the_zone_is_not_utc_then_the_clock_there_counts(
    text: str, expected: str
) -> None:
    found = moment(text, NOW, ZoneInfo("Europe/Berlin"))

    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize("text", ["-0044-03-15", "+12024-01-01", "+9999999999 years", "9999-12-31"])
def test_moment_when_out_of_reach_then_it_is_the_nearest_that_there_is(text: str) -> None:
    found = moment(text, NOW, UTC)

    assert found is not None
    assert found.year in {1, 9999}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.5", 1.5), ("1e3", 1000), ("-1", -1), ("170406720012345", 170406720012345)],
)
def test_moment_of_a_number_when_not_digits_alone_then_it_is_a_timestamp(
    text: str, expected: float
) -> None:
    assert moment(text, NOW, UTC) == moment_of_number(expected)


def test_moment_of_number_when_no_number_then_none() -> None:
    assert moment_of_number(float("nan")) is None
    assert moment_of_number(float("inf")) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", True),
        ("2023-02-29", False),
        ("0000-01-01", False),
        ("@0", True),
        ("2024W10", True),
        ("2024-01-31 +1 month", True),
        ("June 2024", True),
        ("2024-001", True),
        ("2024-032", False),
        ("tomorrow", False),
        ("10:00", False),
        ("2024", False),
        ("Jan 5", False),
        ("+1 week", False),
        ("", False),
        ("2024-01-01 nowhere", False),
        ("2024-01-01\ud800", False),
    ],
)
def test_is_complete_date_when_asked_then_year_month_and_day_must_stand_there(
    text: str, expected: bool
) -> None:
    assert is_complete_date(text) is expected


@pytest.mark.property
@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS.split()), max_size=7).map(" ".join)))
def test_moment_of_any_text_when_read_then_it_never_raises(text: str) -> None:
    found = moment(text, NOW, ZoneInfo("America/New_York"))

    assert found is None or found.tzinfo is not None
    assert is_complete_date(text) in {True, False}


@pytest.mark.property
@given(st.datetimes(timezones=st.just(UTC)))
def test_moment_of_an_iso_date_when_read_then_it_is_that_date(value: datetime) -> None:
    assert moment(value.isoformat(), NOW, UTC) == value
