"""When tasks are due: each method against the expression that Laravel has for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from securely.schedule import Day, InvalidExpression, InvalidTask, Schedule, Task

Change = Callable[[Any], Any]


@pytest.fixture
def task() -> Task:
    return Schedule().exec("true")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def after(task: Task, start: str, count: int) -> list[str]:
    """Return the next ticks, in UTC."""
    found: list[str] = []
    tick: int | None = at(start)
    for _ in range(count):
        assert tick is not None
        tick = task.timing.next(tick)
        assert tick is not None
        found.append(datetime.fromtimestamp(tick, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    return found


EXPRESSIONS: dict[str, tuple[Change, str]] = {
    "every_minute": (lambda task: task.every_minute(), "* * * * *"),
    "every_two_minutes": (lambda task: task.every_two_minutes(), "*/2 * * * *"),
    "every_three_minutes": (lambda task: task.every_three_minutes(), "*/3 * * * *"),
    "every_four_minutes": (lambda task: task.every_four_minutes(), "*/4 * * * *"),
    "every_five_minutes": (lambda task: task.every_five_minutes(), "*/5 * * * *"),
    "every_ten_minutes": (lambda task: task.every_ten_minutes(), "*/10 * * * *"),
    "every_fifteen_minutes": (lambda task: task.every_fifteen_minutes(), "*/15 * * * *"),
    "every_thirty_minutes": (lambda task: task.every_thirty_minutes(), "*/30 * * * *"),
    "hourly": (lambda task: task.hourly(), "0 * * * *"),
    "hourly_at": (lambda task: task.hourly_at(17), "17 * * * *"),
    "hourly_at a text": (lambda task: task.hourly_at("15,45"), "15,45 * * * *"),
    "hourly_at a list": (lambda task: task.hourly_at([0, 15, 30]), "0,15,30 * * * *"),
    "every_odd_hour": (lambda task: task.every_odd_hour(), "0 1-23/2 * * *"),
    "every_two_hours": (lambda task: task.every_two_hours(15), "15 */2 * * *"),
    "every_three_hours": (lambda task: task.every_three_hours([5, 35]), "5,35 */3 * * *"),
    "every_four_hours": (lambda task: task.every_four_hours(), "0 */4 * * *"),
    "every_six_hours": (lambda task: task.every_six_hours(), "0 */6 * * *"),
    "daily": (lambda task: task.daily(), "0 0 * * *"),
    "daily_at": (lambda task: task.daily_at("13:08"), "8 13 * * *"),
    "at": (lambda task: task.at("13:00"), "0 13 * * *"),
    "twice_daily": (lambda task: task.twice_daily(1, 13), "0 1,13 * * *"),
    "twice_daily_at": (lambda task: task.twice_daily_at(1, 13, 15), "15 1,13 * * *"),
    "weekly": (lambda task: task.weekly(), "0 0 * * 0"),
    "weekly_on": (lambda task: task.weekly_on(1, "8:00"), "0 8 * * 1"),
    "weekly_on days": (lambda task: task.weekly_on([Day.MONDAY, 4], "8:00"), "0 8 * * 1,4"),
    "monthly": (lambda task: task.monthly(), "0 0 1 * *"),
    "monthly_on": (lambda task: task.monthly_on(4, "15:00"), "0 15 4 * *"),
    "twice_monthly": (lambda task: task.twice_monthly(1, 16, "13:00"), "0 13 1,16 * *"),
    "last_day_of_month": (lambda task: task.last_day_of_month("15:00"), "0 15 L * *"),
    "days_of_month": (lambda task: task.days_of_month(1, 10, 20), "0 0 1,10,20 * *"),
    "days_of_month a list": (lambda task: task.days_of_month([5, 15]), "0 0 5,15 * *"),
    "quarterly": (lambda task: task.quarterly(), "0 0 1 1-12/3 *"),
    "quarterly_on": (lambda task: task.quarterly_on(4, "14:00"), "0 14 4 1-12/3 *"),
    "yearly": (lambda task: task.yearly(), "0 0 1 1 *"),
    "yearly_on": (lambda task: task.yearly_on(6, 1, "17:00"), "0 17 1 6 *"),
    "weekdays": (lambda task: task.weekdays(), "* * * * 1-5"),
    "weekends": (lambda task: task.weekends(), "* * * * 6,0"),
    "sundays": (lambda task: task.sundays(), "* * * * 0"),
    "mondays": (lambda task: task.mondays(), "* * * * 1"),
    "tuesdays": (lambda task: task.tuesdays(), "* * * * 2"),
    "wednesdays": (lambda task: task.wednesdays(), "* * * * 3"),
    "thursdays": (lambda task: task.thursdays(), "* * * * 4"),
    "fridays": (lambda task: task.fridays(), "* * * * 5"),
    "saturdays": (lambda task: task.saturdays(), "* * * * 6"),
    "days": (lambda task: task.days(0, 3), "* * * * 0,3"),
    "days of the enum": (lambda task: task.days(Day.SUNDAY, Day.WEDNESDAY), "* * * * 0,3"),
    "days as a list": (lambda task: task.days([Day.TUESDAY, Day.SATURDAY]), "* * * * 2,6"),
    "days as names": (lambda task: task.days("MON,WED"), "* * * * MON,WED"),
    "cron": (lambda task: task.cron("30 2 1-7 * MON"), "30 2 1-7 * MON"),
    "cron with seconds": (lambda task: task.cron("*/20 5 * * * *"), "*/20 5 * * * *"),
    "hours without a minute": (lambda task: task.at("8"), "0 8 * * *"),
    "one digit each": (lambda task: task.at("7:5"), "5 7 * * *"),
    "a minute without hours": (lambda task: task.at(":30"), "30 0 * * *"),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_method_writes_its_expression(task: Task, name: str) -> None:
    change, expected = EXPRESSIONS[name]

    assert change(task) is task
    assert (task.expression, task.repeat_seconds) == (expected, None)


SECONDS: dict[int, Change] = {
    1: lambda task: task.every_second(),
    2: lambda task: task.every_two_seconds(),
    5: lambda task: task.every_five_seconds(),
    10: lambda task: task.every_ten_seconds(),
    15: lambda task: task.every_fifteen_seconds(),
    20: lambda task: task.every_twenty_seconds(),
    30: lambda task: task.every_thirty_seconds(),
}


@pytest.mark.parametrize("seconds", SECONDS)
def test_seconds_are_repeated_within_each_minute(task: Task, seconds: int) -> None:
    SECONDS[seconds](task)

    assert (task.expression, task.repeat_seconds) == ("* * * * *", seconds)
    assert task.timing.is_sub_minute
    assert len(task.timing.ticks(at("2026-01-01 00:00:00"), at("2026-01-01 00:01:00"))) == (
        60 // seconds
    )


# -- one after the other


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda task: task.weekdays().hourly(), "0 * * * 1-5"),
        (lambda task: task.weekly().mondays().at("13:00"), "0 13 * * 1"),
        (lambda task: task.mondays().fridays(), "* * * * 5"),
        (lambda task: task.daily_at("9:30").weekends(), "30 9 * * 6,0"),
        (lambda task: task.monthly().at("4:00"), "0 4 1 * *"),
        (lambda task: task.cron("@daily").weekdays(), "0 0 * * 1-5"),
        (lambda task: task.cron("15 0 0 * * *").weekdays(), "15 0 0 * * 1-5"),
        (lambda task: task.cron("15 * * * * *").daily_at("3:07"), "15 7 3 * * *"),
    ],
)
def test_a_method_leaves_what_it_does_not_speak_of(
    task: Task, change: Change, expected: str
) -> None:
    assert change(task).expression == expected


def test_seconds_stay_when_minutes_are_chosen(task: Task) -> None:
    task.every_thirty_seconds().hourly()

    assert after(task, "2026-01-01 00:30:00", 3) == [
        "2026-01-01 01:00:00",
        "2026-01-01 01:00:30",
        "2026-01-01 02:00:00",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda task: task.every_ten_seconds().cron("*/20 * * * * *"), [20, 40]),
        (lambda task: task.cron("*/20 * * * * *").every_thirty_seconds(), [30]),
    ],
)
def test_of_two_ways_to_name_seconds_the_last_one_counts(
    task: Task, change: Change, expected: list[int]
) -> None:
    change(task)

    start = at("2026-01-01 00:00:00")
    assert [tick - start for tick in task.timing.ticks(start, start + 59)] == expected


def test_the_last_day_is_worked_out_in_each_month(task: Task) -> None:
    task.last_day_of_month("15:00")

    assert after(task, "2028-01-01 00:00:00", 4) == [
        "2028-01-31 15:00:00",
        "2028-02-29 15:00:00",
        "2028-03-31 15:00:00",
        "2028-04-30 15:00:00",
    ]


# -- intervals


@pytest.mark.parametrize(
    ("change", "seconds", "shown"),
    [
        (lambda task: task.every(minutes=7), 420, "every 7 minutes"),
        (lambda task: task.every(hours=2), 7_200, "every 2 hours"),
        (lambda task: task.every("90m"), 5_400, "every 90 minutes"),
        (lambda task: task.every(timedelta(days=1)), 86_400, "every day"),
        (lambda task: task.every("1h", minutes=30), 5_400, "every 90 minutes"),
        (lambda task: task.every(90), 90, "every 90 seconds"),
        (lambda task: task.every(minutes=1.5), 90, "every 90 seconds"),
        (lambda task: task.every(days=3_653), 3_653 * 86_400, "every 3653 days"),
    ],
)
def test_an_interval_is_counted_in_whole_seconds(
    task: Task, change: Change, seconds: int, shown: str
) -> None:
    change(task)

    assert (task.manners.every_seconds, task.expression_shown) == (seconds, shown)
    assert task.timing.next(0) == seconds


def test_an_interval_goes_on_across_hours(task: Task) -> None:
    task.every(minutes=7)

    first, second, *_ = after(task, "2026-01-01 00:57:00", 12)

    assert datetime.fromisoformat(second) - datetime.fromisoformat(first) == timedelta(minutes=7)
    assert int(datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp()) % 420 == 0


def test_an_interval_below_a_minute_is_repeated_in_each(task: Task) -> None:
    task.every(seconds=3)

    assert (task.repeat_seconds, task.manners.every_seconds) == (3, None)


def test_an_interval_replaces_times_that_were_named(task: Task) -> None:
    task.daily_at("3:00").every(minutes=7).hourly()

    assert (task.manners.every_seconds, task.expression) == (None, "0 * * * *")


def test_an_interval_replaces_seconds(task: Task) -> None:
    task.every_ten_seconds().every(minutes=7)

    assert (task.repeat_seconds, task.expression_shown) == (None, "every 7 minutes")


@pytest.mark.parametrize(
    "change",
    [
        lambda task: task.every(minutes=7).weekdays(),
        lambda task: task.weekdays().every(minutes=7),
        lambda task: task.cron("@monthly").every(hours=2),
        lambda task: task.every(hours=2).days([1, 2]),
    ],
)
def test_days_and_an_interval_are_refused_together(task: Task, change: Change) -> None:
    with pytest.raises(InvalidExpression, match=r"goes on on all days.*cron expression"):
        change(task)


@pytest.mark.parametrize("seconds", [7, 8, 9, 11, 13, 25, 40, 45, 59])
def test_seconds_that_do_not_divide_a_minute_are_refused(task: Task, seconds: int) -> None:
    with pytest.raises(InvalidExpression, match=rf"every\(seconds={seconds}\).*10, 12, 15"):
        task.every(seconds=seconds)


# -- what is refused


HUGE: int = 10**5_000

REFUSED: dict[str, tuple[Change, str]] = {
    "no interval": (lambda task: task.every(), "0 seconds is no period"),
    "an interval of nothing": (lambda task: task.every(seconds=0), "0 seconds is no period"),
    "an interval back": (lambda task: task.every(minutes=-5), "-300 seconds is no period"),
    "half seconds": (lambda task: task.every(seconds=1.5), "1.5 seconds is no period"),
    "not a number": (lambda task: task.every(minutes=float("nan")), "no period"),
    "no end of it": (lambda task: task.every(minutes=float("inf")), "no period"),
    "eleven years": (lambda task: task.every(days=4_000), "from one to ten years"),
    "a huge interval": (lambda task: task.every(days=HUGE), "from one to ten years"),
    "minutes as a text": (lambda task: task.every(minutes="7"), r"every\(minutes='7'\)"),
    "minutes as None": (lambda task: task.every(minutes=None), r"every\(minutes=None\)"),
    "minutes as a truth": (lambda task: task.every(minutes=True), r"every\(minutes=True\)"),
    "a duration in words": (lambda task: task.every("often"), r"every\('often'\).*no duration"),
    "a duration as a truth": (lambda task: task.every(True), r"every\(True\).*no duration"),
    "minute 60": (lambda task: task.hourly_at(60), "use 0 to 59"),
    "minute -1": (lambda task: task.hourly_at(-1), "-1 is out of range"),
    "a huge minute": (lambda task: task.hourly_at(HUGE), "out of range"),
    "minute 1.5": (lambda task: task.hourly_at(1.5), "1.5 is no value of a field"),
    "minute None": (lambda task: task.hourly_at(None), "None is no value of a field"),
    "minute True": (lambda task: task.hourly_at(True), "True is no value of a field"),
    "no minute": (lambda task: task.hourly_at([]), "no value"),
    "an empty minute": (lambda task: task.hourly_at(""), "'' is no value of one field"),
    "two fields in one": (lambda task: task.hourly_at("0 30"), "'0 30' is no value of one field"),
    "a list with None": (lambda task: task.hourly_at([0, None]), "no value of a field"),
    "bytes": (lambda task: task.hourly_at(b"15"), "no value of a field"),
    "a dict": (lambda task: task.hourly_at({1: 2}), "no value of a field"),
    "hour 24": (lambda task: task.twice_daily(1, 24), "use 0 to 23"),
    "an hour that is None": (lambda task: task.twice_daily(None, 13), "no value of a field"),
    "no days": (lambda task: task.days(), "no value"),
    "day None": (lambda task: task.days(None), "None is no value of a field"),
    "day True among days": (lambda task: task.days(1, True), "no value of a field"),
    "day 8": (lambda task: task.days(8), "8"),
    "day 32": (lambda task: task.monthly_on(32), "use 1 to 31"),
    "day None of a month": (lambda task: task.monthly_on(None), "None is no value"),
    "30 February": (lambda task: task.yearly_on(2, 30), "never comes true"),
    "month 13": (lambda task: task.yearly_on(13), "use 1 to 12"),
    "25 o'clock": (lambda task: task.daily_at("25:00"), "from 0:00 to 23:59"),
    "minute 60 of a time": (lambda task: task.at("8:60"), "from 0:00 to 23:59"),
    "a time as a number": (lambda task: task.at(8), "a text as"),
    "a time as None": (lambda task: task.daily_at(None), "a text as"),
    "an empty time": (lambda task: task.at(""), "no time of the day"),
    "noon": (lambda task: task.at("noon"), "no time of the day"),
    "other digits": (lambda task: task.at("\u0661\u0662:00"), "no time of the day"),
    "an expression as None": (lambda task: task.cron(None), r"cron\(None\).*a text as"),
    "four fields": (lambda task: task.cron("* * * *"), "4 fields"),
    "an unknown alias": (lambda task: task.cron("@reboot"), "@daily"),
    "an unknown zone": (
        lambda task: task.timezone("Europe/Prage"),
        r"'Europe/Prage' is no time zone; did you mean \"Europe/Prague\"",
    ),
    "nothing like a zone": (lambda task: task.timezone("Mordor"), 'name one as "Europe/Prague"'),
    "a zone outside": (lambda task: task.timezone("../../etc/passwd"), "no time zone"),
    "a zone with a zero": (lambda task: task.timezone("a\0b"), "no time zone"),
    "an empty zone": (lambda task: task.timezone(""), "no time zone"),
    "no zone": (lambda task: task.timezone(None), "None is no time zone"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_meant_is_refused_at_once(task: Task, name: str) -> None:
    change, message = REFUSED[name]
    before = (task.expression, task.repeat_seconds, task.manners.every_seconds)

    with pytest.raises(InvalidTask, match=message) as raised:
        change(task)

    told = str(raised.value)
    assert Path(raised.value.place.rpartition(":")[0]) == Path(__file__)
    assert raised.value.task == "true"
    assert told.startswith(f'{raised.value.place}, task "true": ')
    assert "\n" not in told
    assert (task.expression, task.repeat_seconds, task.manners.every_seconds) == before


# -- zones


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Prague", "2026-01-01 07:00:00"),
        (ZoneInfo("America/New_York"), "2026-01-01 13:00:00"),
        (UTC, "2026-01-01 08:00:00"),
        (timezone(timedelta(hours=2)), "2026-01-01 06:00:00"),
    ],
)
def test_a_task_goes_by_the_clock_of_its_zone(task: Task, zone: Any, expected: str) -> None:
    task.daily_at("8:00").timezone(zone)

    assert after(task, "2026-01-01 00:00:00", 1) == [expected]


def test_a_task_without_a_zone_goes_by_that_of_the_schedule() -> None:
    task = Schedule(ZoneInfo("Asia/Tokyo")).exec("true").daily_at("8:00")

    assert after(task, "2026-01-01 00:00:00", 1) == ["2026-01-01 23:00:00"]
    assert task.zone_shown == ""


def test_days_of_the_week_are_as_cron_counts_them() -> None:
    assert [day.value for day in Day] == [0, 1, 2, 3, 4, 5, 6]
    assert (Day.SUNDAY, Day.SATURDAY) == (0, 6)
