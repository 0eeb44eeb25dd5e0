"""Time zones by name: whether there is such a one, in a region, or in a country."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from securely.support.suggest import did_you_mean
from securely.validation.exceptions import NothingAnswers

__all__ = ["GROUPS", "group_problem", "is_timezone"]

_REGIONS: Final = (
    "AFRICA",
    "AMERICA",
    "ANTARCTICA",
    "ARCTIC",
    "ASIA",
    "ATLANTIC",
    "AUSTRALIA",
    "EUROPE",
    "INDIAN",
    "PACIFIC",
)
GROUPS: Final = (*_REGIONS, "UTC", "ALL", "ALL_WITH_BC", "PER_COUNTRY")
"""What a rule may ask for: a region, UTC, all of them, the former names as well, or a country."""

_TABLE: Final = "zone.tab"
_CODE_LETTERS: Final = 2
# The time of the machine under another name; a link of systems, and no zone.
_LINKS: Final = frozenset({"localtime"})


def is_timezone(text: str, group: str = "ALL", country: str | None = None) -> bool:
    """Tell whether *text* names a time zone of *group*, letter for letter.

    Names of today count: those of the table of countries, and UTC. Former ones ("US/Eastern",
    "Asia/Calcutta", "GMT") do in the group ALL_WITH_BC alone.

    Args:
        text: The name, as "Europe/London".
        group: One of :data:`GROUPS`, in either case.
        country: The two letters of a country (ISO 3166-1), which PER_COUNTRY needs.

    Raises:
        NothingAnswers: Neither the package tzdata nor the system has the table of zones.
        ValueError: :func:`group_problem` says what is wrong with the group.

    Source: Laravel 13, ValidatesAttributes::validateTimezone; PHP, timezone_identifiers_list.

    Example:
        >>> is_timezone("Europe/London"), is_timezone("europe/london"), is_timezone("US/Eastern")
        (True, False, False)
        >>> is_timezone("Europe/London", "per_country", "gb")
        True
    """
    problem = group_problem(group, country)
    if problem is not None:
        raise ValueError(f"A group of time zones {problem}")
    wanted = group.upper()
    if wanted == "ALL_WITH_BC":
        return text in _every_name()
    if wanted == "PER_COUNTRY":
        return (country or "").upper() in _countries().get(text, ())
    if text == "UTC":
        return wanted in {"ALL", "UTC"}
    return text in _countries() and wanted in {"ALL", text.partition("/")[0].upper()}


def group_problem(group: str, country: str | None = None) -> str | None:
    """Return what is wrong with *group*, and *country* in it, or None where nothing is.

    Example:
        >>> group_problem("europe"), group_problem("per_country", "gb")
        (None, None)
        >>> group_problem("per_country")
        'PER_COUNTRY needs the two letters of a country (ISO 3166-1), as "GB".'
    """
    wanted = group.upper()
    if wanted not in GROUPS:
        near = did_you_mean(wanted, GROUPS)
        hint = f' Did you mean "{near}"?' if near else ""
        return f'is one of {", ".join(GROUPS)}, not "{group:.100}".{hint}'
    # PHP raises for a country that is not two characters, whichever they are.
    if wanted == "PER_COUNTRY" and len(country or "") != _CODE_LETTERS:
        return 'PER_COUNTRY needs the two letters of a country (ISO 3166-1), as "GB".'
    return None


@cache
def _every_name() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones()) - _LINKS


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Return the countries of each zone that the table of zones has."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _table().splitlines():
        columns = line.split("\t")
        if not line.startswith("#") and len(columns) > _CODE_LETTERS:
            found[columns[2]] = (*found.get(columns[2], ()), columns[0])
    return found


def _table() -> str:
    from zoneinfo import TZPATH

    try:
        return (resources.files("tzdata") / "zoneinfo" / _TABLE).read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        pass  # most systems have it themselves
    for directory in TZPATH:
        path = Path(directory, _TABLE)
        if path.is_file():
            return path.read_text("utf-8")
    raise NothingAnswers(
        "timezone",
        "for the table of time zones (zone.tab), which neither Python nor the system has here. "
        "Install it with: pip install tzdata",
    )
