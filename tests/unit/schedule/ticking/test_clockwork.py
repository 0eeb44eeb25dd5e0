"""Clockwork: which ticks are due since the last look, and which were missed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.schedule.ticking.clockwork import ASLEEP_SECONDS, Clockwork, Look

NOON = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())  # a Monday
HOUR = 3_600
DAY = 86_400


class Marks:
    """Until when tasks were looked after, as a ledger keeps it."""

    def __init__(self, **marks: float) -> None:
        self.marks: dict[str, float] = dict(marks)
        self.asked: list[str] = []

    def __call__(self, names: Sequence[str], now: float) -> Mapping[str, float]:
        self.asked += names
        before = {name: self.marks[name] for name in names if name in self.marks}
        if now:
            self.marks |= dict.fromkeys(names, now)
        return before


def nobody(names: Sequence[str], now: float) -> Mapping[str, float]:
    return {}


def act() -> None:
    """What tasks do: nothing looks whether they did."""


def of(
    *defines: Callable[[Schedule], object], grace: float = 60.0, host: str = "web-1"
) -> tuple[list[Task], Clockwork]:
    schedule = Schedule()
    for define in defines:
        define(schedule)
    tasks = schedule.tasks()
    return tasks, Clockwork(tasks, grace, host)


def ticks(look: Look) -> list[tuple[str, int]]:
    """Return what is due, as seconds since noon."""
    return [(tick.task.id, tick.at - NOON) for tick in [*look.ordered, *look.single]]


def missed(look: Look) -> list[tuple[str, int, int]]:
    return [(each.tick.task.id, each.tick.at - NOON, each.times) for each in look.missed]


def minutely(schedule: Schedule) -> object:
    return schedule.call(act).name("minutely").every_minute()


def hourly(schedule: Schedule) -> object:
    return schedule.call(act).name("hourly").hourly()


def secondly(schedule: Schedule) -> object:
    return schedule.call(act).name("secondly").every_second()


# -- minutes


def test_the_first_look_shows_what_is_due_in_this_minute() -> None:
    _, clockwork = of(minutely, hourly)

    assert ticks(clockwork.look(None, NOON + 0.2, nobody)) == [("minutely", 0), ("hourly", 0)]


def test_within_a_minute_nothing_is_due_again() -> None:
    _, clockwork = of(minutely, hourly)

    assert ticks(clockwork.look(NOON + 1.0, NOON + 59.9, nobody)) == []


def test_at_the_boundary_the_next_minute_is_due() -> None:
    _, clockwork = of(minutely, hourly)

    found = ticks(clockwork.look(NOON + 59.9, NOON + 60.0, nobody))

    assert ("minutely", 60) in found
    assert ("hourly", 0) not in found


def test_cron_may_start_late_within_the_minute() -> None:
    _, clockwork = of(lambda schedule: schedule.call(act).name("five").cron("5 12 * * *"))

    at = 5 * 60
    assert ticks(clockwork.look(None, NOON + at + 59.99, nobody)) == [("five", at)]
    assert ticks(clockwork.look(None, NOON + at - 0.01, nobody)) == []


def test_the_grace_says_how_late_a_tick_may_be() -> None:
    _, clockwork = of(hourly, lambda s: s.call(act).name("patient").hourly().grace("10m"))

    assert ticks(clockwork.look(None, NOON + 59.0, nobody)) == [("hourly", 0), ("patient", 0)]
    assert ticks(clockwork.look(None, NOON + 599.0, nobody)) == [("patient", 0)]
    assert ticks(clockwork.look(None, NOON + 600.0, nobody)) == []


def test_a_grace_shorter_than_a_minute_lets_a_late_tick_be_missed() -> None:
    _, clockwork = of(minutely, grace=5.0)

    look = clockwork.look(NOON - 2.0, NOON + 6.0, nobody)

    assert ticks(look) == []
    assert missed(look) == [("minutely", 0, 1)]


def test_a_task_with_a_grace_is_not_due_again_at_each_look() -> None:
    _, clockwork = of(lambda s: s.call(act).name("patient").every_minute().grace("1h"))

    assert len(clockwork.look(None, NOON, nobody).ordered) == 60
    assert ticks(clockwork.look(NOON + 60.0, NOON + 61.0, nobody)) == []
    assert ticks(clockwork.look(NOON + 119.5, NOON + 120.5, nobody)) == [("patient", 120)]


def test_ticks_of_a_minute_come_in_the_order_of_their_definition() -> None:
    _, clockwork = of(
        lambda s: s.call(act).name("c").every_minute().grace("5m"),
        lambda s: s.call(act).name("a").every_minute(),
        lambda s: s.call(act).name("b").every_minute().timezone("Asia/Tokyo"),
    )

    found = clockwork.look(NOON + 59.0, NOON + 60.5, nobody).ordered

    newest = [tick.task.id for tick in found if tick.at == NOON + 60]
    assert newest == ["c", "a", "b"]
    assert [tick.at for tick in found] == sorted(tick.at for tick in found)


# -- jitter


def test_jitter_moves_all_ticks_of_a_task_on_one_host() -> None:
    tasks, clockwork = of(lambda s: s.call(act).name("spread").hourly().jitter("10m"))
    delay = tasks[0].delay_on("web-1")
    assert 0 < delay <= 600

    assert ticks(clockwork.look(None, NOON + delay - 1, nobody)) == []
    assert ticks(clockwork.look(NOON + delay - 1, NOON + delay, nobody)) == [("spread", 0)]
    assert ticks(clockwork.look(None, NOON + delay + 59, nobody)) == [("spread", 0)]
    assert ticks(clockwork.look(None, NOON + delay + 61, nobody)) == []


def test_jitter_differs_between_hosts() -> None:
    tasks, _ = of(lambda s: s.call(act).name("spread").hourly().jitter("10m"))

    assert len({tasks[0].delay_on(f"web-{number}") for number in range(20)}) > 10


def test_jitter_of_a_task_of_seconds_keeps_its_period() -> None:
    tasks, clockwork = of(lambda s: s.call(act).name("spread").every_ten_seconds().jitter("7s"))
    delay = tasks[0].delay_on("web-1")
    assert delay

    assert clockwork.next_at(NOON + delay + 0.5) == NOON + 10 + delay
    assert ticks(clockwork.look(NOON + delay + 9.5, NOON + delay + 10.5, nobody)) == [
        ("spread", 10)
    ]


def test_what_is_delayed_is_awaited_until_the_minute_ends() -> None:
    tasks, clockwork = of(hourly, lambda s: s.call(act).name("spread").hourly().jitter("50s"))
    delay = tasks[1].delay_on("web-1")

    assert clockwork.is_awaited(NOON, NOON + 60)
    assert not clockwork.is_awaited(NOON + delay, NOON + 60)
    assert not clockwork.is_awaited(NOON + 60, NOON + 120)


# -- catching up


def catching(policy: str) -> Callable[[Schedule], object]:
    def define(schedule: Schedule) -> object:
        task: Task = schedule.call(act).name(policy).hourly_at(30)
        return task.catch_up(policy)  # type: ignore[arg-type]  # one of the three

    return define


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("skip", []), ("once", [-30]), ("all", [-150, -90, -30])],
)
def test_after_three_hours_of_downtime(policy: str, expected: list[int]) -> None:
    _, clockwork = of(catching(policy))
    mark = float(NOON - 3 * HOUR)
    seen = Marks(**{f"{policy}@web-1": mark, "@web-1": mark})

    look = clockwork.look(None, NOON + 0.5, seen)

    assert ticks(look) == [(policy, minutes * 60) for minutes in expected]
    assert missed(look) == ([("skip", -30 * 60, 3)] if policy == "skip" else [])


def test_once_is_once_when_a_tick_is_due_at_the_end_of_the_downtime() -> None:
    _, clockwork = of(lambda s: s.call(act).name("once").hourly().catch_up("once"))

    seen = Marks(**{"once@web-1": NOON - 3 * HOUR + 5.0})

    assert ticks(clockwork.look(None, NOON + 0.5, seen)) == [("once", 0)]


def test_a_task_that_was_never_looked_after_has_missed_nothing() -> None:
    _, clockwork = of(catching("all"), catching("once"), catching("skip"))

    look = clockwork.look(None, NOON + 0.5, Marks())

    assert ticks(look) == []
    assert missed(look) == []


def test_at_most_a_thousand_ticks_are_caught_up_the_newest() -> None:
    _, clockwork = of(lambda s: s.call(act).name("all").every_minute().catch_up("all"))

    found = clockwork.look(None, NOON, Marks(**{"all@web-1": NOON - 5_000 * 60.0})).ordered

    assert len(found) == 1_001  # and the one that is due
    assert found[-1].at == NOON


def test_looking_for_what_was_missed_notes_nothing_yet() -> None:
    _, clockwork = of(catching("all"))
    seen = Marks(**{"all@web-1": NOON - 3.0 * HOUR})

    first = clockwork.look(None, NOON + 0.5, seen)

    assert seen.marks == {"all@web-1": NOON - 3.0 * HOUR}
    assert ticks(clockwork.look(None, NOON + 1.5, seen)) == ticks(first)
    assert first.looked == {"all@web-1": "all", "@web-1": ""}


def test_marks_are_per_host_unless_a_task_runs_on_one_server() -> None:
    def one(schedule: Schedule) -> object:
        return schedule.call(act).name("one").hourly().catch_up("all").on_one_server()

    _, clockwork = of(catching("all"), one, host="web-2")
    seen = Marks(**{"all@web-1": NOON - 9.0 * HOUR, "one": NOON - 1.5 * HOUR})

    look = clockwork.look(None, NOON + 300.0, seen)

    assert ticks(look) == [("one", -HOUR), ("one", 0)]
    assert set(look.looked) == {"all@web-2", "one", "@web-2"}


def test_marks_are_asked_for_once_a_minute_only() -> None:
    _, clockwork = of(catching("all"))
    seen = Marks()

    clockwork.look(NOON + 1.0, NOON + 2.0, seen)

    assert seen.asked == []


def test_a_refused_tick_of_a_task_that_catches_up_is_never_too_late() -> None:
    _, clockwork = of(catching("all"), catching("skip"))
    (tick,) = clockwork.look(None, NOON - 1_800, Marks()).ordered[:1]
    _, plain = clockwork.look(None, NOON - 1_800, Marks()).ordered

    assert not clockwork.is_too_late(tick, NOON + 9.0 * HOUR)
    assert clockwork.is_too_late(plain, NOON - 1_740)
    assert not clockwork.is_too_late(plain, NOON - 1_741)


# -- clocks that are set


@pytest.mark.parametrize("back", [0.01, 600.0, 3_600.0])
def test_a_clock_set_back_shows_ticks_again_and_then_all_that_follow(back: float) -> None:
    _, clockwork = of(minutely, secondly)
    seen: set[tuple[str, int]] = set(ticks(clockwork.look(NOON + 29.0, NOON + 30.0, nobody)))
    since, now = NOON + 30.0, NOON + 30.0 - back
    end = NOON + 200
    while now < end:
        seen |= {tick for tick in ticks(clockwork.look(since, now, nobody)) if tick[1] > 30}
        since, now = now, now + 0.7

    assert {at for id_, at in seen if id_ == "minutely"} == {60, 120, 180}
    assert {at for id_, at in seen if id_ == "secondly" and at > 30} >= set(range(31, 199))


def test_a_clock_set_back_shows_hourly_ticks_of_the_hour_again() -> None:
    _, clockwork = of(hourly)

    assert ticks(clockwork.look(NOON + 5.0, NOON - HOUR + 5.0, nobody)) == [("hourly", -HOUR)]


def test_a_clock_set_forward_is_no_burst() -> None:
    _, clockwork = of(minutely, secondly, hourly)

    look = clockwork.look(NOON + 29.5, NOON + 2 * HOUR + 30.5, nobody)

    assert ticks(look) == [
        ("minutely", 2 * HOUR),
        ("hourly", 2 * HOUR),
        ("secondly", 2 * HOUR + 30),
    ]
    assert missed(look) == [("minutely", 2 * HOUR - 60, 119), ("hourly", HOUR, 1)]


def test_a_host_that_slept_runs_one_tick_of_a_task_of_seconds() -> None:
    _, clockwork = of(secondly, lambda s: s.call(act).name("five").every_five_seconds())

    assert ticks(clockwork.look(NOON + 3.0, NOON + 3.0 + 8 * HOUR, nobody)) == [
        ("five", 8 * HOUR),
        ("secondly", 8 * HOUR + 3),
    ]


def test_a_stall_of_three_seconds_loses_no_tick() -> None:
    _, clockwork = of(secondly)

    assert ticks(clockwork.look(NOON + 3.2, NOON + 6.3, nobody)) == [
        ("secondly", 4),
        ("secondly", 5),
        ("secondly", 6),
    ]


# -- seconds


def test_next_at_is_the_next_tick_or_the_next_minute() -> None:
    _, slow = of(minutely)
    _, fast = of(minutely, lambda s: s.call(act).name("fast").every_fifteen_seconds())

    assert slow.next_at(NOON + 0.5) == NOON + 60
    assert fast.next_at(NOON + 0.5) == NOON + 15
    assert fast.next_at(NOON + 15) == NOON + 30
    assert fast.next_at(NOON + 59.9) == NOON + 60


def test_a_first_look_runs_the_newest_tick_of_a_task_of_seconds() -> None:
    _, clockwork = of(secondly)

    assert ticks(clockwork.look(None, NOON + 4.5, nobody)) == [("secondly", 4)]


def test_who_begins_with_the_minute_runs_its_ticks_from_the_first_on() -> None:
    schedule = Schedule()
    secondly(schedule)
    clockwork = Clockwork(schedule.tasks(), 60.0, "web-1", begins_with_minute=True)

    assert ticks(clockwork.look(None, NOON + 2.5, nobody)) == [
        ("secondly", 0),
        ("secondly", 1),
        ("secondly", 2),
    ]
    assert ticks(clockwork.look(None, NOON + ASLEEP_SECONDS + 5, nobody)) == [("secondly", 15)]


def test_who_takes_over_looks_back_at_what_the_dead_may_have_left() -> None:
    _, clockwork = of(secondly, minutely)

    found = ticks(clockwork.look(NOON + 3.5, NOON + 4.5, nobody, stood_by_since=NOON - 600.0))

    assert found == [("minutely", 0), *[("secondly", at) for at in range(-30, 5)]]


def test_who_takes_over_looks_back_no_farther_than_it_has_looked_on() -> None:
    _, clockwork = of(secondly, minutely)

    found = ticks(clockwork.look(NOON + 3.5, NOON + 4.5, nobody, stood_by_since=NOON + 1.5))

    assert found == [("minutely", 0), *[("secondly", at) for at in range(2, 5)]]


def test_six_fields_name_seconds() -> None:
    _, clockwork = of(lambda s: s.call(act).name("six").cron("7,37 */2 * * * *"))

    assert ticks(clockwork.look(NOON + 6.9, NOON + 7.0, nobody)) == [("six", 7)]
    assert clockwork.next_at(NOON + 7.0) == NOON + 37
    assert ticks(clockwork.look(NOON + 66.9, NOON + 67.1, nobody)) == []
    assert ticks(clockwork.look(NOON + 126.0, NOON + 127.1, nobody)) == [("six", 127)]


def test_intervals_follow_elapsed_time() -> None:
    _, clockwork = of(
        lambda s: s.call(act).name("seven").every(minutes=7),
        lambda s: s.call(act).name("ninety").every(seconds=90),
    )
    first = -NOON % 420
    found: list[tuple[str, int]] = []
    since = NOON - 0.5
    for second in range(3 * 420):
        found += ticks(clockwork.look(since, NOON + second + 0.5, nobody))
        since = NOON + second + 0.5

    seven = sorted({at for id_, at in found if id_ == "seven" and at >= 0})
    assert seven == list(range(first, 3 * 420, 420))
    ninety = [at for id_, at in found if id_ == "ninety"]
    assert ninety == list(range(-NOON % 90, 3 * 420, 90))


# -- whole days, walked in uneven steps

MIXED: list[Callable[[Schedule], object]] = [
    minutely,
    lambda s: s.call(act).name("five").every_five_minutes(),
    lambda s: s.call(act).name("fixed").daily_at("2:30").timezone("America/New_York"),
    lambda s: s.call(act).name("fold").daily_at("1:30").timezone("America/New_York"),
    lambda s: s.call(act).name("half").every_thirty_minutes().timezone("America/New_York"),
    lambda s: s.call(act).name("prague").daily_at("2:15").timezone("Europe/Prague"),
    lambda s: s.call(act).name("howe").hourly_at(45).timezone("Australia/Lord_Howe"),
    lambda s: s.call(act).name("nepal").cron("0 */3 * * *").timezone("Asia/Kathmandu"),
    lambda s: s.call(act).name("patient").hourly_at(17).grace("10m"),
    lambda s: s.call(act).name("jitter").hourly_at([5, 50]).jitter("90s"),
    lambda s: s.call(act).name("caught").hourly_at(20).catch_up("all"),
    lambda s: s.call(act).name("seven").every(minutes=7),
    lambda s: s.call(act).name("twenty").every_twenty_seconds(),
    lambda s: s.call(act).name("slow seconds").every(seconds=97),
    lambda s: s.call(act).name("six").cron("13 */10 * * * *").timezone("Europe/Prague"),
]


@pytest.mark.parametrize(
    "day",
    [
        "2026-03-02 UTC",
        "2026-03-08 America/New_York",  # the hour from two to three is left out
        "2026-11-01 America/New_York",  # the hour from one to two comes twice
        "2026-03-29 Europe/Prague",
        "2026-10-25 Europe/Prague",
        "2026-04-05 Australia/Lord_Howe",  # half an hour comes twice
    ],
)
def test_each_tick_of_a_day_is_due_exactly_once(day: str) -> None:
    date, _, zone = day.partition(" ")
    begin = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone)).timestamp() - 2 * HOUR
    end = begin + DAY + 4 * HOUR
    tasks, clockwork = of(*MIXED)
    steps = itertools.cycle([0.3, 9.5, 1.0, 4.0, 1.0, 0.3, 0.3, 9.9, 7.7])
    seen = Marks()
    counts: dict[tuple[str, int], int] = {}
    since, now = begin, begin
    while now < end:
        since, now = now, min(now + next(steps), end)
        look = clockwork.look(since, now, seen)
        new = {(tick.task.id, tick.at) for tick in look.ordered if tick.at > since - 3 * HOUR}
        for key in new:
            counts.setdefault(key, 1)  # a loop and the ledger refuse those that come again
        for tick in look.single:
            key = (tick.task.id, tick.at)
            counts[key] = counts.get(key, 0) + 1
        seen([*look.looked], now)
        assert not look.missed

    for task in tasks:
        delay = task.delay_on("web-1")
        wanted = every(task, begin - delay, end - delay)
        # What came before the walk, and was not too late at its beginning, was due as well.
        found = sorted(at for id_, at in counts if id_ == task.id and at > begin - delay)
        assert found == wanted, task
        if task.timing.is_sub_minute:
            assert all(counts[task.id, at] == 1 for at in found)


def every(task: Task, after: float, until: float) -> list[int]:
    found: list[int] = []
    at = task.timing.next(after)
    while at is not None and at <= until:
        found.append(at)
        at = task.timing.next(at)
    return found


# -- once within a minute, and not at its beginning


def late_nightly(schedule: Schedule) -> object:
    return schedule.call(act).name("nightly").cron("30 0 14 * * *").catch_up("once")


def odd(schedule: Schedule) -> object:
    return schedule.call(act).name("odd").every(seconds=450)


def test_a_task_of_a_second_catches_up_as_others_do() -> None:
    marks = Marks(**{"nightly@web-1": NOON})
    _, clockwork = of(late_nightly)

    assert ticks(clockwork.look(NOON, NOON + 3 * HOUR, marks)) == [("nightly", 2 * HOUR + 30)]


def test_a_task_of_a_second_is_missed_as_others_are() -> None:
    _, clockwork = of(odd)

    assert missed(clockwork.look(NOON, NOON + HOUR, nobody)) == [("odd", HOUR - 450, 7)]


def test_a_task_of_a_second_is_due_at_that() -> None:
    _, clockwork = of(odd)

    assert clockwork.next_at(NOON + 421.0) == NOON + 450
    assert ticks(clockwork.look(NOON + 449.0, NOON + 450.1, nobody)) == [("odd", 450)]
    assert ticks(clockwork.look(NOON + 450.1, NOON + 451.1, nobody)) == []
    assert clockwork.is_awaited(NOON + 421.0, NOON + 480.0)
    assert not clockwork.is_awaited(NOON + 450.0, NOON + 480.0)
