"""Time zones: which names there are, in which groups, and where they are read."""

from __future__ import annotations

import doctest
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.validation.exceptions import NothingAnswers
from securely.validation.rules import zones
from securely.validation.rules.zones import GROUPS, group_problem, is_timezone


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the tables be read anew within a test, without the package tzdata."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zones._countries.cache_clear()
    zones._every_name.cache_clear()
    yield
    zones._countries.cache_clear()
    zones._every_name.cache_clear()


def test_examples_when_run_then_give_what_they_show() -> None:
    assert doctest.testmod(zones).failed == 0


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("Africa/Cairo", {"AFRICA", "ALL", "ALL_WITH_BC"}),
        ("America/Indiana/Knox", {"AMERICA", "ALL", "ALL_WITH_BC"}),
        ("Antarctica/Vostok", {"ANTARCTICA", "ALL", "ALL_WITH_BC"}),
        ("Arctic/Longyearbyen", {"ARCTIC", "ALL", "ALL_WITH_BC"}),
        ("Asia/Tokyo", {"ASIA", "ALL", "ALL_WITH_BC"}),
        ("Atlantic/Azores", {"ATLANTIC", "ALL", "ALL_WITH_BC"}),
        ("Australia/Perth", {"AUSTRALIA", "ALL", "ALL_WITH_BC"}),
        ("Europe/Zurich", {"EUROPE", "ALL", "ALL_WITH_BC"}),
        ("Indian/Maldives", {"INDIAN", "ALL", "ALL_WITH_BC"}),
        ("Pacific/Fiji", {"PACIFIC", "ALL", "ALL_WITH_BC"}),
        ("UTC", {"UTC", "ALL", "ALL_WITH_BC"}),
        ("Asia/Saigon", {"ALL_WITH_BC"}),
        ("Etc/GMT-3", {"ALL_WITH_BC"}),
        ("CET", {"ALL_WITH_BC"}),
        ("localtime", set()),
        ("utc", set()),
        ("europe/zurich", set()),
        ("Europe/Zurich ", set()),
        ("Europe/Zurich\n", set()),
        ("Europe", set()),
        ("posix/Europe/Zurich", set()),
        ("../Europe/Zurich", set()),
        ("+01:00", set()),
        ("", set()),
    ],
)
def test_zone_when_a_group_is_asked_for_then_is_in_its_own(name: str, groups: set[str]) -> None:
    assert {group for group in GROUPS[:-1] if is_timezone(name, group)} == groups
    assert is_timezone(name) is ("ALL" in groups)


@pytest.mark.parametrize(
    ("name", "country", "there"),
    [
        ("Europe/Zurich", "CH", True),
        ("Europe/Zurich", "ch", True),
        ("Europe/Zurich", "DE", False),
        ("Europe/Busingen", "DE", True),
        ("Asia/Saigon", "VN", False),
        ("UTC", "CH", False),
        ("Europe/Zurich", "??", False),
    ],
)
def test_zone_when_a_country_is_asked_for_then_is_in_that_one(
    name: str, country: str, there: bool
) -> None:
    assert is_timezone(name, "per_country", country) is there


def test_zone_when_the_group_is_no_country_then_the_country_is_not_looked_at() -> None:
    assert is_timezone("Europe/Zurich", "Europe", "nowhere")


@pytest.mark.parametrize(
    ("group", "country", "problem"),
    [
        ("all", None, None),
        ("Europe", "any", None),
        ("per_country", "ch", None),
        ("PER_COUNTRY", "", "needs the two letters"),
        ("PER_COUNTRY", "CHE", "needs the two letters"),
        ("EUROP", None, 'not "EUROP". Did you mean "EUROPE"?'),
        ("", None, 'not ""'),
    ],
)
def test_group_when_it_is_wrong_then_says_how(
    group: str, country: str | None, problem: str | None
) -> None:
    found = group_problem(group, country)

    assert found is None if problem is None else problem in (found or "")
    if problem is not None:
        with pytest.raises(ValueError, match="A group of time zones"):
            is_timezone("UTC", group, country)


@given(st.text(), st.sampled_from(GROUPS))
def test_any_text_when_asked_then_gets_an_answer(text: str, group: str) -> None:
    assert is_timezone(text, group, "CH") in {True, False}


def test_every_zone_of_today_when_python_is_asked_then_it_loads() -> None:
    assert zones._countries().keys() <= zoneinfo.available_timezones()


@pytest.mark.usefixtures("unread")
def test_table_when_there_is_no_tzdata_then_is_read_from_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path(tmp_path, "zone.tab").write_text("# comment\nCH\t+4723+00832\tEurope/Zurich\n\nXX\n")
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/nowhere", str(tmp_path)))

    assert is_timezone("Europe/Zurich", "PER_COUNTRY", "ch")
    assert not is_timezone("Europe/Berlin")


@pytest.mark.usefixtures("unread")
def test_table_when_nobody_has_it_then_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ())

    with pytest.raises(NothingAnswers, match="pip install tzdata"):
        is_timezone("Europe/Zurich")


@pytest.mark.usefixtures("unread")
def test_table_when_tzdata_is_installed_then_is_read_from_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "tzdata"
    (package / "zoneinfo").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "zoneinfo" / "zone.tab").write_text("CH\t+4723+00832\tEurope/Zurich\n")
    monkeypatch.delitem(sys.modules, "tzdata")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(zoneinfo, "TZPATH", ())

    assert is_timezone("Europe/Zurich")
    assert not is_timezone("Europe/Berlin")
