"""Cron expressions where clocks are changed: against the rule, written plainly, and cronsim.

The rule looks at each minute of some days as people do: what do the clocks show, have they shown it
before, and what have they left out. An expression is made together with the numbers that it means,
so nothing here is read by our parser alone.
"""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from securely.schedule.cron import Cron, Timetable

pytestmark = pytest.mark.property

DAY = 86_400
BEGIN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2028, 1, 1, tzinfo=UTC).timestamp())

# One of each kind: usual, by half an hour, by two hours, at midnight, twice a year for Ramadan,
# with a negative summer time, south of the equator, with a quarter of an hour in the offset.
SAMPLE = (
    *("America/New_York", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe"),
    *("Antarctica/Troll", "Asia/Beirut", "Africa/Cairo", "America/Santiago", "America/Havana"),
    *("Africa/Casablanca", "Asia/Gaza", "Asia/Jerusalem", "America/St_Johns"),
    *("Pacific/Chatham", "America/Nuuk", "Pacific/Norfolk", "Atlantic/Azores"),
)


_LONG = {1, 3, 5, 7, 8, 10, 12}


class Expression(NamedTuple):
    """An expression, with what it means."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    dates: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None

    @property
    def follows_elapsed_time(self) -> bool:
        return "/" in self.text.split()[1] or len(self.hours) == 24

    def means(self, local: datetime) -> bool:
        if local.minute not in self.minutes or local.hour not in self.hours:
            return False
        if local.month not in self.months:
            return False
        if self.dates is None and self.weekdays is None:
            return True
        return local.day in (self.dates or ()) or local.isoweekday() % 7 in (self.weekdays or ())


def changes(zone: tzinfo, begin: int = BEGIN, end: int = END) -> Iterator[int]:
    """Find when the clocks of *zone* are changed, to the minute."""
    for day in range(begin, end, DAY):
        if _offset(day, zone) != _offset(day + DAY, zone):
            for minute in range(day, day + DAY, 60):
                if _offset(minute, zone) != _offset(minute + 60, zone):
                    yield minute + 60


def _offset(at: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()


@functools.cache
def changed_zones() -> list[str]:
    """Return the zones whose clocks are changed in 2026 or 2027."""
    return [
        name
        for name in sorted(zoneinfo.available_timezones())
        if len({_offset(at, ZoneInfo(name)) for at in range(BEGIN, END, 7 * DAY)}) > 1
    ]


@st.composite
def fields(draw: st.DrawFn, low: int, high: int) -> tuple[str, frozenset[int]]:
    """Draw the text of a field, and the numbers that it means."""
    number = st.integers(low, high)
    kind = draw(st.sampled_from(["*", "one", "list", "range", "step", "stepped range"]))
    if kind == "*":
        return "*", frozenset(range(low, high + 1))
    if kind == "one":
        only = draw(number)
        return str(only), frozenset([only])
    if kind == "list":
        several = draw(st.lists(number, min_size=2, max_size=4))
        return ",".join(map(str, several)), frozenset(several)
    step = draw(st.integers(1, min(high, 12))) if "step" in kind else 1
    if kind == "step":
        return f"*/{step}", frozenset(range(low, high + 1, step))
    # Not from a number to itself: cronsim takes "5-5/2" for "5/2", which is no expression of ours.
    first, last = sorted(draw(st.lists(number, min_size=2, max_size=2, unique=True)))
    text = f"{first}-{last}/{step}" if kind == "stepped range" else f"{first}-{last}"
    return text, frozenset(range(first, last + 1, step))


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """Draw an expression, hours of the night and all days being likely."""
    minute, minutes = draw(fields(0, 59))
    night = st.integers(0, 4).map(lambda hour: (str(hour), frozenset([hour])))
    hour, hours = draw(st.one_of(night, fields(0, 23), fields(0, 4).filter(lambda x: x[0] != "*")))
    if hour.startswith("*/"):
        hours = frozenset(range(0, 24, int(hour[2:])))
    date, dates = draw(st.one_of(st.just(("*", frozenset[int]())), fields(1, 31)))
    weekday, weekdays = draw(st.one_of(st.just(("*", frozenset[int]())), fields(0, 6)))
    month, months = draw(st.one_of(st.just(("*", frozenset(range(1, 13)))), fields(1, 12)))
    longest = max(31 if each in _LONG else 30 - (each == 2) for each in months)
    assume(date == "*" or weekday != "*" or min(dates) <= longest)  # others never come true
    return Expression(
        f"{minute} {hour} {date} {month} {weekday}",
        minutes,
        hours,
        None if date == "*" else dates,
        months,
        None if weekday == "*" else weekdays,
    )


class Shown(NamedTuple):
    """What clocks show in a minute, and what they have left out just before."""

    at: int
    local: datetime
    is_repeated: bool
    left_out: list[datetime]


@functools.lru_cache(maxsize=64)
def shown(zone: tzinfo, begin: int, end: int) -> list[Shown]:
    """Return what the clocks of *zone* show from *begin* until before *end*."""
    seen: set[datetime] = set()
    found: list[Shown] = []
    before: datetime | None = None
    for at in range(begin - DAY, end, 60):
        local = datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)
        left_out = [] if before is None else _between(before + timedelta(minutes=1), local)
        if at >= begin:
            found.append(Shown(at, local, local in seen, left_out))
        seen.update([local, *left_out])
        before = local
    return found


def by_the_rule(expression: Expression, zone: tzinfo, begin: int, end: int) -> list[int]:
    """Return the ticks from *begin* until before *end*, found minute by minute."""
    every = shown(zone, begin, end)
    if expression.follows_elapsed_time:
        return [each.at for each in every if expression.means(each.local)]
    return [
        each.at
        for each in every
        if (not each.is_repeated and expression.means(each.local))
        or any(map(expression.means, each.left_out))
    ]


def _between(first: datetime, until: datetime) -> list[datetime]:
    minutes = int((until - first).total_seconds()) // 60
    return [first + timedelta(minutes=number) for number in range(minutes)]


def why_cronsim_differs(expression: Expression, zone: tzinfo, change: int) -> str | None:
    """Name the reason why cronsim has other ticks than ours; None where it must have the same."""
    minute, hour, date, _, weekday = expression.text.split()
    if date.startswith("*/") or weekday.startswith("*/"):
        return "it joins the days by 'and' where one of them begins with a star"
    if minute.startswith("*") and not expression.follows_elapsed_time:
        return "it takes a time whose minute begins with a star for an interval"
    if not hour.startswith("*") and expression.follows_elapsed_time:
        return "it takes a range with a step, and 0-23, for times of the day"
    before, after = _offset(change - 60, zone), _offset(change, zone)
    assert before is not None
    assert after is not None
    is_uneven = (after - before) % timedelta(hours=1) or datetime.fromtimestamp(change, zone).minute
    if is_uneven and expression.follows_elapsed_time:
        return "it jumps by whole hours, over changes by half an hour, or at 45 past in Chatham"
    midnight = datetime.fromtimestamp(change, zone).hour <= 1 and after > before
    if midnight and expression.follows_elapsed_time:
        return "it begins a day at 00:00, though clocks leave it out"
    return None


def check(expression: Expression, name: str, change: int) -> None:
    """Compare what ours says of the days around *change* with the rule, and with cronsim."""
    zone = ZoneInfo(name)
    begin, end = change - DAY // 2, change + DAY // 2 + 2 * 3600
    cron = Cron.parse(expression.text, zone)
    expected = by_the_rule(expression, zone, begin, end)

    forward = _walked(cron, begin, end)
    assert forward == expected
    backward: list[int] = []
    at = cron.previous(end)
    while at is not None and at >= begin:
        backward.append(at)
        at = cron.previous(at)
    assert backward[::-1] == expected
    assert cron.ticks(begin - 1, end - 1, 10_000) == expected
    assert cron.ticks(begin - 1, end - 1, 3) == expected[-3:]
    table, due = Timetable([cron]), set(expected)
    for minute in range(begin, end, 60):
        assert cron.is_due(minute) == (minute in due), minute
        assert table.due(minute) == ([0] if minute in due else []), minute
    if why_cronsim_differs(expression, zone, change) is None:
        assert _simulated(expression.text, zone, begin, end) == expected


def _walked(cron: Cron, begin: int, end: int) -> list[int]:
    found: list[int] = []
    at = cron.next(begin - 0.5)
    while at is not None and at < end:
        found.append(at)
        at = cron.next(at)
    return found


def _simulated(text: str, zone: tzinfo, begin: int, end: int) -> list[int]:
    found: list[int] = []
    for each in CronSim(text, datetime.fromtimestamp(begin - 1, zone)):
        at = int(each.timestamp())
        if at >= end:
            break
        found.append(at)
    return found


SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))


@given(expression=expressions(), name=st.sampled_from(SAMPLE), number=st.integers(0, 3))
@settings(SETTINGS, max_examples=40)
def test_expression_around_a_change_then_is_as_the_rule_and_as_cronsim(
    expression: Expression, name: str, number: int
) -> None:
    found = _changes(name)

    check(expression, name, found[number % len(found)])


@functools.cache
def _changes(name: str) -> list[int]:
    return list(changes(ZoneInfo(name)))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", changed_zones())
def test_expression_around_each_change_of_each_zone_then_is_as_the_rule_and_as_cronsim(
    name: str,
) -> None:
    @given(expression=expressions())
    @settings(SETTINGS, max_examples=4)
    def look(expression: Expression) -> None:
        for change in _changes(name):
            check(expression, name, change)

    look()
    for text, minutes, hours in (
        ("30 2 * * *", [30], [2]),
        ("30 1 * * *", [30], [1]),
        ("15 0 * * *", [15], [0]),
        ("*/30 * * * *", [0, 30], range(24)),
    ):
        each = Expression(
            text, frozenset(minutes), frozenset(hours), None, frozenset(range(1, 13)), None
        )
        for change in _changes(name):
            check(each, name, change)


@given(expression=expressions(), at=st.integers(0, 4_000_000_000))
@settings(SETTINGS, max_examples=40)
def test_expression_in_utc_then_is_as_cronsim_forward_and_back(
    expression: Expression, at: int
) -> None:
    _, _, date, _, weekday = expression.text.split()
    if date.startswith("*/") or weekday.startswith("*/"):
        return  # joined by "and": see why_cronsim_differs()
    cron = Cron.parse(expression.text, UTC)
    start = datetime.fromtimestamp(at, UTC)
    after, before = CronSim(expression.text, start), CronSim(expression.text, start, reverse=True)
    later = earlier = at
    for _ in range(4):
        expected = next(after, None), next(before, None)
        if None in expected:  # it looks through 50 years
            return
        later, earlier = cron.next(later) or 0, cron.previous(earlier) or 0
        assert (later, earlier) == tuple(int(each.timestamp()) for each in expected if each)
        assert cron.is_due(later)
        assert cron.is_due(earlier)
        assert cron.ticks(earlier - 1, earlier) == [earlier]


def test_zones_whose_clocks_change_then_are_many() -> None:
    assert len(changed_zones()) > 150
    assert set(SAMPLE) <= set(changed_zones())
