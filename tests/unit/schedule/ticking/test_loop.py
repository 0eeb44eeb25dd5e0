"""Loop: looks at the clock, and hands what is due to the lanes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from securely.schedule.contracts import Claim, Ending, State, Verdict
from securely.schedule.drivers.array import ArrayLedger, ArrayMember
from securely.schedule.exceptions import LedgerUnavailable
from securely.schedule.options import ScheduleOptions
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task
from securely.schedule.ticking import loop as module
from securely.schedule.ticking.loop import GIVE_UP_SECONDS, Loop, Stop
from securely.support import clock
from securely.support.clock import FrozenClock

NOON = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
HOUR = 3_600
SECONDS = 30.0


class Runs:
    """Claims ticks, and notes them."""

    def __init__(self, member: ArrayMember) -> None:
        self.member = member
        self.ran: list[tuple[str, int]] = []
        self.skipped: list[tuple[str, int, str]] = []
        self.reaped = 0
        self.refuses = False
        self.blocks: threading.Event | None = None

    def run(self, task: Task, at: int) -> Ending | None:
        if self.refuses:
            raise LedgerUnavailable("here", "it is locked")
        if self.blocks is not None:
            assert self.blocks.wait(SECONDS)
        grant = self.member.claim(self._claim(task, at))
        if grant.verdict is not Verdict.GRANTED:
            return None
        self.ran.append((task.id, at - NOON))
        ending = Ending(State.DONE)
        self.member.settle(grant, ending)
        return ending

    def skip(self, task: Task, at: int, reason: str) -> bool:
        if self.refuses:
            raise LedgerUnavailable("here", "it is locked")
        if not self.member.skip(self._claim(task, at), reason):
            return False
        self.skipped.append((task.id, at - NOON, reason))
        return True

    def reap(self) -> int:
        self.reaped += 1
        return 0

    def _claim(self, task: Task, at: int) -> Claim:
        return Claim(task.id, at, "web-1", task.summary)


class Tells:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.endings: list[tuple[str, int, str]] = []
        self.troubles: list[str] = []
        self.waits: list[list[str]] = []

    def ended(self, task: Task, at: int, ending: Ending, seconds: float | None = None) -> None:
        self.endings.append((task.id, at - NOON, ending.state.value))

    def trouble(self, text: str) -> None:
        self.troubles.append(text)

    def waiting(self, names: Sequence[str]) -> None:
        self.waits.append(list(names))


class World:
    """A machine with one ledger, and processes that look at its clock."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.schedule = Schedule()
        self.ledger = ArrayLedger(lambda: None, host="web-1")  # type: ignore[arg-type,return-value]
        self.tells = Tells()
        self.options = ScheduleOptions.model_validate({})
        self.runs: list[Runs] = []
        self.pruned: list[int] = []

    def task(self, name: str) -> Any:
        return self.schedule.call(act).name(name)

    def loop(self, *, standby: bool = False, end: float | None = None) -> Any:
        member = self.ledger.join()
        self.runs.append(Runs(member))
        ledger: Any = self.ledger
        made = Loop(
            self.schedule.tasks(),
            self.runs[-1],
            ledger,
            member,
            self.tells,
            self.options,
            end=end,
        )
        if standby:
            made.leading = self.ledger.join()
        return made

    def at(self, seconds: float) -> float:
        """Set the clock to so many seconds after noon."""
        self.clock.travel(NOON + seconds - self.clock.timestamp())
        return self.clock.timestamp()

    def look(self, loop: Any, seconds: float) -> None:
        """Look at that time, and wait for what runs then."""
        loop.look(self.at(seconds))
        settle(loop)

    @property
    def ran(self) -> list[tuple[str, int]]:
        return [each for runs in self.runs for each in runs.ran]


def act() -> None:
    """What tasks do."""


def settle(loop: Any) -> None:
    while not loop._lanes.join(SECONDS):
        pass


def die(member: Any) -> None:
    member.leave()


@pytest.fixture
def world() -> Iterator[World]:
    frozen = FrozenClock(at=float(NOON))
    with clock.using(frozen):
        yield World(frozen)


# -- what is due


def test_what_is_due_runs_once_however_often_it_is_looked(world: World) -> None:
    world.task("minutely").every_minute()
    loop = world.loop()

    for at in (0.1, 1.1, 59.0, 60.0, 60.5):
        world.look(loop, at)

    assert world.ran == [("minutely", 0), ("minutely", 60)]
    assert world.tells.endings == [("minutely", 0, "done"), ("minutely", 60, "done")]


def test_tasks_of_a_minute_run_in_their_order(world: World) -> None:
    for name in "bacd":
        world.task(name).every_minute()
    loop = world.loop()

    world.look(loop, 0.1)

    assert [name for name, _ in world.ran] == ["b", "a", "c", "d"]


def test_two_loops_run_each_tick_once(world: World) -> None:
    world.task("secondly").every_second()
    first, second = world.loop(), world.loop()

    for at in range(5):
        world.look(first, at + 0.2)
        world.look(second, at + 0.6)

    assert sorted(world.ran) == [("secondly", at) for at in range(5)]
    assert len(world.tells.endings) == 5


def test_a_slow_task_shifts_no_later_tick(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop()
    world.runs[0].blocks = go = threading.Event()

    for at in range(3):
        loop.look(world.at(at + 0.5))
    go.set()
    settle(loop)

    assert sorted(world.ran) == [("secondly", 0), ("secondly", 1), ("secondly", 2)]


# -- clocks that are set


def test_a_clock_set_back_repeats_nothing_and_loses_nothing(world: World) -> None:
    world.task("minutely").every_minute()
    world.task("ten").every_ten_seconds()
    loop = world.loop()
    for at in (0, 10, 20, 30):
        world.look(loop, at + 0.5)

    for at in range(-570, 70, 10):
        world.look(loop, at + 0.5)

    assert sorted(at for name, at in world.ran if name == "minutely" and at >= 0) == [0, 60]
    ran = [at for name, at in world.ran if name == "ten"]
    assert len(ran) == len(set(ran))
    assert set(range(-560, 70, 10)) <= set(ran)


def test_a_clock_set_back_by_an_hour_repeats_nothing(world: World) -> None:
    world.task("hourly").hourly()
    world.task("minutely").every_minute()
    loop = world.loop()
    for minute in range(-60, 1):
        world.look(loop, minute * 60 + 1.0)
    before = world.ran
    assert len(before) == 61 + 2

    for minute in range(-59, 2):
        world.look(loop, minute * 60 + 1.0)

    assert world.ran == [*before, ("minutely", 60)]


def test_a_clock_set_forward_is_no_burst_and_is_told(world: World) -> None:
    world.task("hourly").hourly_at(30)
    world.task("secondly").every_second()
    loop = world.loop()
    world.look(loop, 1.5)

    world.look(loop, 2 * HOUR + 1.5)

    assert world.ran == [("secondly", 1), ("secondly", 2 * HOUR + 1)]
    assert world.runs[0].skipped == [
        ("hourly", HOUR + 1_800, "missed 2 times: the last was noticed 30 minutes too late")
    ]
    assert ("hourly", HOUR + 1_800, "skipped") in world.tells.endings


# -- what was missed


def test_what_one_missed_tick_is_called(world: World) -> None:
    world.task("minutely").cron("1 12 * * *")
    loop = world.loop()
    world.look(loop, 1.0)

    world.look(loop, 150.0)

    assert world.runs[0].skipped == [("minutely", 60, "missed: it was noticed 90 seconds too late")]


def test_what_nobody_looked_at_is_told_by_who_comes_next(world: World) -> None:
    world.task("hourly").hourly_at(30)
    world.task("new").hourly_at(20)
    before = world.loop()
    world.look(before, -3.5 * HOUR + 1.0)

    world.look(world.loop(), 1.0)

    # One that has never run may be new, and is not told of.
    assert world.runs[1].skipped == [
        ("hourly", -1_800, "missed 3 times: the last was noticed 30 minutes too late")
    ]
    assert world.ran == [("hourly", -12_600)]


def test_a_tick_that_somebody_ran_was_not_missed(world: World) -> None:
    world.task("hourly").hourly_at(30)
    mine, other = world.loop(), world.loop()
    world.look(mine, 1.0)
    world.look(other, 1_800.5)

    world.look(mine, HOUR + 1.0)

    assert world.ran == [("hourly", 1_800)]
    assert world.runs[0].skipped == []
    assert world.tells.endings == [("hourly", 1_800, "done")]


def test_missed_ticks_of_tasks_that_catch_up_run_in_order(world: World) -> None:
    world.task("hourly").hourly_at(30).catch_up("all")
    world.task("other").hourly_at(45).catch_up("once")
    world.look(world.loop(), -3 * HOUR + 1.0)

    after = world.loop()
    world.look(after, 1.0)
    world.look(after, 61.0)

    assert world.ran == [
        ("hourly", -9_000),
        ("hourly", -5_400),
        ("hourly", -1_800),
        ("other", -900),
    ]


def test_what_waits_here_is_not_looked_after_until_it_has_run(world: World) -> None:
    """A process that is stopped before it has caught up leaves the rest to the next one."""
    world.task("hourly").hourly_at(30).catch_up("all")
    world.look(world.loop(), -3 * HOUR + 1.0)
    stopped = world.loop()
    world.runs[1].blocks = go = threading.Event()
    stopped.look(world.at(1.0))
    stopped.look(world.at(61.0))
    stopped.stop()
    go.set()
    settle(stopped)
    assert len(world.ran) == 1

    after = world.loop()
    world.look(after, 150.0)
    world.look(after, 190.0)

    assert world.ran == [("hourly", -9_000), ("hourly", -5_400), ("hourly", -1_800)]
    assert world.ledger.join().seen(["hourly@web-1"], 0.0)["hourly@web-1"] == NOON + 190.0


def test_a_tick_without_room_is_skipped_with_the_reason(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop()
    (tick,) = loop._clockwork.look(None, float(NOON), loop._member.seen).single

    world.at(30.0)
    assert not loop._give_up(tick)
    world.at(60.0)
    assert loop._give_up(tick)

    ((name, at, reason),) = world.runs[0].skipped
    assert (name, at) == ("secondly", 0)
    assert "64 others ran" in reason
    assert world.tells.endings == [("secondly", 0, "skipped")]


# -- interrupts and ends


def test_an_interrupt_ends_the_loop(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop()
    world.ledger.interrupt()
    world.at(0.999)
    assert loop.step() is None  # what came before it began is not for it

    world.ledger.interrupt()

    assert loop.step() is Stop.INTERRUPTED
    assert loop.work() is Stop.INTERRUPTED


def test_a_loop_that_was_stopped_looks_no_more(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop()

    loop.stop()

    assert loop.work() is Stop.ASKED
    assert world.ran == []


@pytest.mark.parametrize("asks", ["before", "after", "while it ends"])
def test_a_loop_that_is_to_stop_does_not_begin_anew(world: World, asks: str) -> None:
    loop = world.loop()
    if asks == "before":
        loop.stop()
    loop.renew()
    if asks == "after":
        loop.stop()
    if asks == "while it ends":
        loop.finish = loop.stop  # what runs is waited for there

    assert loop.work() is Stop.ASKED


def test_a_loop_that_is_renewed_says_so(world: World) -> None:
    loop = world.loop()
    loop.renew()

    assert loop.work() is Stop.RENEWED


def test_stopping_may_interrupt_a_look_at_the_bell(world: World) -> None:
    """A signal's handler runs in the thread that waits: nothing may be locked there."""
    loop = world.loop()
    loop.stop()
    loop.stop()

    loop._wait(0.0)

    assert loop.step() is Stop.ASKED


def test_a_loop_with_an_end_is_over_when_nothing_more_is_due(world: World) -> None:
    world.task("minutely").every_minute()
    loop = world.loop(end=NOON + 60.0)
    world.at(0.5)

    assert loop.work() is Stop.OVER
    assert world.ran == [("minutely", 0)]


def test_a_loop_with_an_end_runs_what_was_due_right_before_it(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop(end=NOON + 60.0)
    world.look(loop, 57.5)

    world.at(60.2)

    assert loop.work() is Stop.OVER
    assert world.ran == [("secondly", 57), ("secondly", 58), ("secondly", 59)]


def test_a_loop_that_comes_after_its_end_runs_what_was_due(world: World) -> None:
    world.task("minutely").every_minute()
    loop = world.loop(end=NOON + 60.0)

    world.at(60.3)

    assert loop.work() is Stop.OVER
    assert world.ran == [("minutely", 0)]


# -- standing by


def step(world: World, loop: Any, seconds: float) -> None:
    """Take a step without its wait."""
    world.at(seconds)
    loop._bell.put(None)
    assert loop.step() is None
    settle(loop)


def test_one_leads_and_the_others_look_on(world: World) -> None:
    world.task("secondly").every_second()
    first, second = world.loop(standby=True), world.loop(standby=True)

    for at in range(5):
        step(world, first, at + 0.2)
        step(world, second, at + 0.2)

    assert world.runs[0].ran == [("secondly", at) for at in range(5)]
    assert world.runs[1].ran == []


def test_who_takes_over_loses_no_tick(world: World) -> None:
    world.task("secondly").every_second()
    world.task("minutely").every_minute()
    first, second = world.loop(standby=True), world.loop(standby=True)
    for at in (56.2, 57.2):
        step(world, first, at)
        step(world, second, at + 0.5)
    # It dies between a look and its claim: nobody has tick 58, or the next minute.
    step(world, second, 58.3)
    step(world, second, 60.1)
    die(first.leading)

    step(world, second, 61.1)
    step(world, second, 62.1)

    assert sorted(at for name, at in world.ran if name == "secondly" and at > 55) == [
        *range(56, 63)
    ]
    assert [at for name, at in world.ran if name == "minutely"] == [0, 60]


def test_who_stops_lets_another_lead_while_its_tasks_end(world: World) -> None:
    world.task("secondly").every_second()
    first, second = world.loop(standby=True), world.loop(standby=True)
    step(world, first, 0.2)
    step(world, second, 0.2)
    world.runs[0].blocks = go = threading.Event()
    world.at(1.2)
    first._bell.put(None)
    first.step()
    first.stop()
    ending = threading.Thread(target=first.work)
    ending.start()
    leading: Any = first.leading
    book: Any = world.ledger
    while leading.id in book._book.alive:
        pass

    step(world, second, 2.2)
    assert ending.is_alive()

    assert ("secondly", 2) in world.runs[1].ran
    go.set()
    ending.join(SECONDS)


# -- a ledger that refuses


def test_ticks_that_the_ledger_refuses_run_when_it_does_not(world: World) -> None:
    world.task("minutely").every_minute()
    world.task("twenty").every_twenty_seconds()
    loop = world.loop()
    runs = world.runs[0]
    runs.refuses = True
    for at in (0.1, 1.1, 2.1, 20.1):
        step(world, loop, at)
    assert world.ran == []
    assert len(world.tells.troubles) == 1
    assert "it is locked" in world.tells.troubles[0]

    runs.refuses = False
    step(world, loop, 21.1)
    step(world, loop, 22.1)

    assert sorted(world.ran) == [("minutely", 0), ("twenty", 0), ("twenty", 20)]
    assert world.tells.troubles[1:] == [""]


def test_ticks_that_were_refused_for_too_long_are_told(world: World) -> None:
    world.task("thirty").every_thirty_seconds()
    loop = world.loop()
    runs = world.runs[0]
    runs.refuses = True
    world.look(loop, 0.1)
    with pytest.raises(LedgerUnavailable):
        world.look(loop, 70.1)

    runs.refuses = False
    world.look(loop, 71.1)

    assert runs.skipped == [("thirty", 0, "missed: it was noticed 71 seconds too late")]
    assert world.ran == [("thirty", 60)]


def test_a_refused_tick_that_is_caught_up_is_tried_until_it_runs(world: World) -> None:
    world.task("hourly").hourly_at(30).catch_up("all")
    world.look(world.loop(), -1.2 * HOUR)
    loop = world.loop()
    runs = world.runs[1]
    runs.refuses = True
    for at in (1.0, 2.0, 400.0):
        world.look(loop, at)

    runs.refuses = False
    world.look(loop, 401.0)

    assert world.ran == [("hourly", -1_800)]
    assert runs.skipped == []


def test_a_ledger_that_is_away_keeps_the_loop_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TROUBLE_SECONDS", 0.001)
    world.task("minutely").every_minute()
    loop = world.loop(end=NOON + 60.0)
    answers: list[int] = []

    def interrupts() -> int:
        answers.append(0)
        if len(answers) < 4:
            raise LedgerUnavailable("here", "nobody answers")
        return 0

    monkeypatch.setattr(world.ledger, "interrupts", interrupts)
    world.at(5.0)

    assert loop.work() is Stop.OVER
    assert world.ran == [("minutely", 0)]
    assert len(world.tells.troubles) == 2


def test_a_loop_with_an_end_tries_again_what_was_refused_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TROUBLE_SECONDS", 0.001)
    world.task("minutely").every_minute()
    loop = world.loop(end=NOON + 60.0)
    runs = world.runs[0]
    runs.refuses = True

    def trouble(text: str) -> None:
        runs.refuses = False

    monkeypatch.setattr(world.tells, "trouble", trouble)
    world.at(5.0)

    assert loop.work() is Stop.OVER
    assert world.ran == [("minutely", 0)]


# -- care


def test_the_dead_are_cared_for_every_minute_and_old_runs_forgotten_every_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[int] = []
    monkeypatch.setattr(world.ledger, "prune", pruned.append)
    loop = world.loop()

    for at in range(0, 2 * HOUR + 1, 20):
        world.look(loop, at)

    assert world.runs[0].reaped == 121
    assert pruned == [100, 100, 100]


def test_care_goes_on_when_the_clock_is_set_back(world: World) -> None:
    loop = world.loop()
    world.look(loop, HOUR)

    world.look(loop, 0.0)

    assert world.runs[0].reaped == 2


@pytest.mark.timeout(180)  # it works all the time, for seconds where nobody else does
def test_what_was_started_is_forgotten_in_time(world: World) -> None:
    world.task("secondly").every_second()
    loop = world.loop()
    for at in range(0, 4 * HOUR, 5):
        world.look(loop, at)

    assert len(loop._started) < 3 * HOUR


def test_a_task_that_does_not_end_is_waited_for_by_name_and_then_left_behind(world: World) -> None:
    world.task("hangs").every_minute()
    loop = world.loop()
    world.runs[0].blocks = go = threading.Event()
    loop.look(world.at(1.0))

    loop.give_up()
    world.at(1.0 + GIVE_UP_SECONDS)
    loop.finish()  # and does not wait for it

    assert world.tells.waits == [["hangs"]]
    assert world.ran == []
    go.set()
    settle(loop)


def test_where_nothing_runs_nothing_is_waited_for(world: World) -> None:
    loop = world.loop()

    loop.finish()

    assert world.tells.waits == []
