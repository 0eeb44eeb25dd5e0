"""Dates by a layout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.rules.date_formats import matches, problem, read, write

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("04/07/2023", "d/m/Y", "2023-07-04T00:00:00+00:00"),
        ("31/02/2023", "d/m/Y", "2023-03-03T00:00:00+00:00"),
        ("4.7.69", "j.n.y", "2069-07-04T00:00:00+00:00"),
        ("4th July 2023", "jS F Y", "2023-07-04T00:00:00+00:00"),
        ("12:05 a.m.", "g:i a", "1970-01-01T00:05:00+00:00"),
        ("13:05 pm", "g:i a", None),
        ("1:5", "G:i", None),
        ("99 2024", "z Y", "2024-04-09T00:00:00+00:00"),
        ("1.25", "U.v", "1970-01-01T00:00:01.250000+00:00"),
        ("10:00 +0530", "H:i O", "1970-01-01T10:00:00+05:30"),
        ("10:00 Europe/Paris", "H:i e", "1970-01-01T10:00:00+01:00"),
        ("10:00 nowhere", "H:i e", None),
        ("2023-07", "Y#m|", "2023-07-01T00:00:00+00:00"),
        ("2023 rest", "Y+", "2023-01-01T00:00:00+00:00"),
        ("2023 rest", "Y", None),
        ("2023", "Y-m", None),
        ("at 10h", "\\a\\t G\\h", "1970-01-01T10:00:00+00:00"),
        ("abc-10", "*-H", "1970-01-01T10:00:00+00:00"),
        ("x10", "?H", "1970-01-01T10:00:00+00:00"),
        ("04/07/2023", "%d/%m/%Y", "2023-07-04T00:00:00+00:00"),
        ("04/07", "%d/%m/%Y", None),
        ("٠٤/07/2023", "%d/%m/%Y", None),
        ("٠٤/07/2023", "d/m/Y", None),
        ("2023\0", "Y+", None),
        ("2023" + "x" * 252, "Y+", None),
    ],
)
def test_read_when_given_a_layout_then_it_reads_as_php(
    text: str, layout: str, expected: str | None
) -> None:
    found = read(text, layout, NOW, UTC)

    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("D l N w", "Tue Tuesday 2 2"),
        ("d j jS z t L", "02 2 2nd 1 31 1"),
        ("W o F M m n", "01 2024 January Jan 01 1"),
        ("Y y x X", "2024 24 2024 +2024"),
        ("a A g G h H i s u v", "pm PM 3 15 03 15 04 05 006007 006"),
        ("e I O P p T Z", "Europe/Paris 0 +0100 +01:00 +01:00 CET 3600"),
        ("c", "2024-01-02T15:04:05+01:00"),
        ("r", "Tue, 02 Jan 2024 15:04:05 +0100"),
        ("U B", "1704204245 627"),
        ("\\Y\\m \\", "Ym \\"),
        ("%Y/%m", "2024/01"),
    ],
)
def test_write_when_given_letters_then_each_is_written(layout: str, expected: str) -> None:
    moment = datetime(2024, 1, 2, 15, 4, 5, 6007, ZoneInfo("Europe/Paris"))

    assert write(moment, layout) == expected


def test_write_of_a_zone_without_name_when_asked_for_it_then_its_offset_is_written() -> None:
    moment = datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))

    assert write(moment, "e T p") == "-03:30 -03:30 -03:30"


@pytest.mark.parametrize(
    ("day", "suffix"), [(1, "st"), (3, "rd"), (11, "th"), (13, "th"), (22, "nd")]
)
def test_write_of_a_suffix_when_of_a_day_then_it_is_english(day: int, suffix: str) -> None:
    assert write(datetime(2024, 1, day), "S") == suffix


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("2024-02-29", "Y-m-d", True),
        ("2024-02-30", "Y-m-d", False),
        ("2024-2-9", "Y-m-d", False),
        ("01", "j", True),  # numbers are equal by what they amount to
        ("9:05 AM", "g:i A", True),
        ("9:05 am", "g:i A", False),
        ("Wed, 03 Jan 2024", "D, d M Y", True),
        ("Tue, 03 Jan 2024", "D, d M Y", False),
        ("2024-01-03T10:00:00Z", "Y-m-d\\TH:i:sp", True),
        ("2024-01-03", "!Y-m-d", False),
        ("2024-01-03", "%Y-%m-%d", True),
        ("2024-1-3", "%Y-%m-%d", False),
        ("", "Y", False),
    ],
)
def test_matches_when_asked_then_the_text_must_be_written_just_so(
    text: str, layout: str, expected: bool
) -> None:
    assert matches(text, layout) is expected


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("Y-m-d", None),
        ("%Y-%m-%d %%", None),
        ("\\Y\\\\", None),
        ("", "is empty"),
        ("Y\\", "ends with a backslash that keeps nothing"),
        ("%Y-%q", 'has the directive "%q", which Python does not know'),
        ("%Y-%", "ends with a % that directs nothing"),
        ("Y\0", "has a NUL in it"),
        ("Y" * 256, "is longer than 255 characters"),
    ],
)
def test_problem_of_a_layout_when_asked_then_it_says_what_is_wrong(
    layout: str, expected: str | None
) -> None:
    assert problem(layout) == expected


@pytest.mark.property
@given(
    st.one_of(st.text(), st.text("0123456789 :-+amp.TZGM/(")),
    st.one_of(st.text(), st.text("djDlSzFmMnYyxaAgGhHisuveOPTpU#;:/.,-()*?!|+\\ %bc")),
)
def test_matches_of_any_text_when_asked_then_it_never_raises(text: str, layout: str) -> None:
    assert matches(text, layout) in {True, False}
    assert problem(layout) is None or problem(layout) != ""


@pytest.mark.property
@given(st.datetimes(timezones=st.just(UTC)))
def test_read_of_what_was_written_when_complete_then_it_is_the_same(value: datetime) -> None:
    layout = "Y-m-d\\TH:i:s.uP"

    assert read(write(value, layout), layout, NOW, UTC) == value
