"""Cron expressions beside cronsim from any start, beside croniter, and among themselves."""

from __future__ import annotations

import functools
import zoneinfo
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from cronsim import CronSim
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from securely.schedule.cron import Cron, Interval, Timetable, Timing
from securely.schedule.cron.fields import Fields, values

pytestmark = pytest.mark.property

DAY = 86_400
BEGIN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2028, 1, 1, tzinfo=UTC).timestamp())
STEPS = 12  # ticks that are compared from one start
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))

# Usual ones on both halves of the earth, half an hour, two hours, midnight, Ramadan, negative
# summer time.
SAMPLE = (
    *("America/New_York", "Europe/London", "Pacific/Auckland", "Australia/Lord_Howe"),
    *("Antarctica/Troll", "Asia/Beirut", "America/Havana", "America/Santiago"),
    *("Africa/Casablanca", "Africa/Cairo", "Europe/Dublin", "Atlantic/Azores"),
)


def _offset(at: int, zone: tzinfo) -> int:
    told = datetime.fromtimestamp(at, zone).utcoffset()
    assert told is not None
    return int(told.total_seconds())


@functools.cache
def changes(name: str) -> tuple[int, ...]:
    """Return the instants at which clocks of the zone are changed in 2026 and 2027."""
    zone, found = ZoneInfo(name), list[int]()
    for day in range(BEGIN, END, DAY):
        if _offset(day, zone) != _offset(day + DAY, zone):
            low, high = day, day + DAY
            while high - low > 1:
                middle = (low + high) // 2
                same = _offset(middle, zone) == _offset(day, zone)
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
    return tuple(found)


@functools.cache
def changing() -> list[str]:
    """Return the names of the zones whose clocks are changed."""
    return [
        name
        for name in sorted(zoneinfo.available_timezones())
        if len({_offset(at, ZoneInfo(name)) for at in range(BEGIN, END, 7 * DAY)}) > 1
    ]


def field(low: int, high: int) -> st.SearchStrategy[str]:
    """Draw a field: a star, a number, a list, a range, either with a step."""
    number = st.integers(low, high)
    pair = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted)
    step = st.integers(2, max(2, high // 2))
    return st.one_of(
        st.just("*"),
        number.map(str),
        st.lists(number, min_size=2, max_size=4).map(lambda found: ",".join(map(str, found))),
        pair.map(lambda found: f"{found[0]}-{found[1]}"),
        step.map(lambda found: f"*/{found}"),
        st.tuples(pair, step).map(lambda found: f"{found[0][0]}-{found[0][1]}/{found[1]}"),
    )


def _joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(" ".join)


STAR = st.just("*")
HOUR = st.one_of(st.integers(0, 4).map(str), field(0, 4), field(0, 23))
# Days that any month has, so that none is impossible.
DATE, WEEKDAY = field(1, 28), field(0, 6)
DAYS = st.one_of(
    _joined(STAR, STAR, STAR),
    _joined(DATE, STAR, STAR),
    _joined(STAR, STAR, WEEKDAY),
    _joined(DATE, field(1, 12), WEEKDAY),
)
EXPRESSION = _joined(field(0, 59), HOUR, DAYS)


def why_cronsim_differs(text: str, name: str) -> str | None:
    """Name the reason why cronsim may have other ticks than ours; None where there is none."""
    fields = Fields.parse(text)
    minute, hour, date, _, weekday = fields.texts
    if date.startswith("*/") or weekday.startswith("*/"):
        return "it joins the days by 'and' where one of them begins with a star"
    if not fields.follows_elapsed_time:
        is_interval = minute.startswith("*")
        return "it takes minutes that begin with a star for an interval" if is_interval else None
    if not hour.startswith("*"):
        return "it takes a range with a step, and all hours by name, for times of the day"
    zone = ZoneInfo(name)
    for change in changes(name):
        gap = _offset(change, zone) - _offset(change - 1, zone)
        if gap % 3600 or (change + _offset(change, zone)) % 3600:
            return "it jumps whole hours over a change by half an hour, or one within an hour"
        if gap > 0 and datetime.fromtimestamp(change, zone).hour <= gap // 3600:
            return "it begins a day at 00:00, or the first hour after, though clocks leave it out"
    return None


def check(text: str, name: str, start: int) -> None:
    """Walk from *start*, beside cronsim where it agrees, and back by every other question."""
    zone = ZoneInfo(name)
    cron = Cron.parse(text, zone)
    begin = datetime.fromtimestamp(start, zone)
    # Started in a repeated hour, cronsim may answer with a time before.
    is_repeated = any(_offset(start - back, zone) != _offset(start, zone) for back in (3600, 7200))
    is_peer = not is_repeated and why_cronsim_differs(text, name) is None
    peer = CronSim(text, begin) if is_peer else None
    found: list[int] = []
    at: int | None = start
    for _ in range(STEPS):
        assert at is not None
        at = cron.next(at)
        assert at is not None
        assert at > (found[-1] if found else start)
        if peer is not None:
            assert at == int(next(peer).timestamp()), begin
        assert cron.is_due(at)
        assert cron.previous(at + 1) == at
        if found:
            assert cron.previous(at) == found[-1]
        found.append(at)
    assert cron.ticks(start, found[-1]) == found
    assert cron.ticks(start, found[-1], 2) == found[-2:]


@given(
    text=EXPRESSION,
    name=st.sampled_from(SAMPLE),
    number=st.integers(0, 3),
    before=st.integers(-3 * 60, 2 * 24 * 60),
)
@settings(SETTINGS, max_examples=150)
def test_next_from_any_start_then_is_as_cronsim_and_all_questions_agree(
    text: str, name: str, number: int, before: int
) -> None:
    found = changes(name)

    check(text, name, found[number % len(found)] - before * 60)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", changing())
def test_next_in_each_zone_then_is_as_cronsim_and_all_questions_agree(name: str) -> None:
    @given(text=EXPRESSION, before=st.integers(-3 * 60, 2 * 24 * 60))
    @settings(SETTINGS, max_examples=12)
    def look(text: str, before: int) -> None:
        for change in changes(name):
            check(text, name, change - before * 60)

    look()


@given(text=EXPRESSION)
@settings(SETTINGS, max_examples=200)
def test_masks_then_are_as_croniter_has_them(text: str) -> None:
    fields = Fields.parse(text)
    minute, hour, date, month, weekday = croniter.expand(text)[0]

    assert values(fields.minutes) == _numbers(minute, 0, 59)
    assert values(fields.hours) == _numbers(hour, 0, 23)
    assert values(fields.months) == _numbers(month, 1, 12)
    if fields.days.is_dated:
        assert values(fields.days.dates) == _numbers(date, 1, 31)
    if fields.days.is_weekly:
        assert values(fields.days.weekdays) == _numbers(weekday, 0, 6)


def _numbers(expanded: list[Any], low: int, high: int) -> list[int]:
    return [*range(low, high + 1)] if expanded == ["*"] else sorted({*expanded})


@given(text=EXPRESSION, start=st.integers(0, 4_000_000_000))
@settings(SETTINGS, max_examples=60)
def test_next_in_utc_then_is_as_croniter(text: str, start: int) -> None:
    _, _, date, _, weekday = text.split()
    if date.startswith("*/") or weekday.startswith("*/"):
        return  # it joins the days by "and" there, as cronsim does
    cron = Cron.parse(text, UTC)
    peer, back = (croniter(text, start, max_years_between_matches=50) for _ in range(2))
    later: int | None = start
    earlier: int | None = start
    for _ in range(4):
        assert later is not None
        assert earlier is not None
        later, earlier = cron.next(later), cron.previous(earlier)
        assert (later, earlier) == (peer.get_next(float), back.get_prev(float))


@given(
    text=EXPRESSION,
    name=st.sampled_from(SAMPLE),
    number=st.integers(0, 3),
    every=st.sampled_from([1, 10, 15, 30]) | st.none(),
    second=field(0, 59),
)
@settings(SETTINGS, max_examples=15)
def test_ticks_within_minutes_then_all_questions_agree(
    text: str, name: str, number: int, every: int | None, second: str
) -> None:
    found = changes(name)
    change = found[number % len(found)]
    written = text if every else f"{second} {text}"
    cron = Cron.parse(written, ZoneInfo(name), every)
    begin, end = change - 1800, change + 3 * 3600
    due = [at for at in range(begin, end) if cron.is_due(at)]

    walked = list[int]()
    at = cron.next(begin - 1)
    while at is not None and at < end:
        walked.append(at)
        at = cron.next(at)
    assert walked == due
    assert cron.ticks(begin - 1, end - 1, 20_000) == due
    table = Timetable([cron])
    minutes = {each - each % 60 for each in due}
    for minute in range(begin, end, 60):
        assert bool(table.due(minute)) == (minute in minutes)


@given(
    texts=st.lists(EXPRESSION, min_size=1, max_size=12),
    names=st.lists(st.sampled_from((*SAMPLE, "UTC", "Asia/Kathmandu")), min_size=1, max_size=3),
    number=st.integers(0, 3),
    seconds=st.sampled_from([60, 420, 3600]),
)
@settings(SETTINGS, max_examples=12)
def test_due_over_every_minute_of_a_day_with_a_change_then_is_as_each_is_due(
    texts: list[str], names: list[str], number: int, seconds: int
) -> None:
    found = changes(next((name for name in names if name in SAMPLE), SAMPLE[0]))
    change = found[number % len(found)]
    timings: list[Timing] = [
        Cron.parse(text, ZoneInfo(names[index % len(names)])) for index, text in enumerate(texts)
    ]
    timings.insert(len(texts) // 2, Interval(seconds))
    table = Timetable(timings)

    for minute in range(change - DAY // 2, change + DAY // 2, 60):
        expected = [index for index, timing in enumerate(timings) if timing.is_due(minute)]
        assert table.due(minute) == expected, datetime.fromtimestamp(minute, UTC)


def test_changes_when_found_then_are_to_the_second() -> None:
    found = [datetime.fromtimestamp(at, UTC) for at in changes("America/New_York")[:2]]

    assert found == [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]
    assert set(SAMPLE) < set(changing())
