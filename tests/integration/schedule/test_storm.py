"""Schedulers killed over and over, with clocks that differ: each tick is started exactly once."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import NamedTuple

import pytest

from securely.schedule.contracts import Claim, Run, State
from securely.schedule.drivers.base import job_uuid
from securely.support import clock
from tests.integration.schedule.tower.tower_storm import STORM
from tests.integration.schedule.towers import Process, Tower

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(360),
    pytest.mark.skipif(sys.platform == "win32", reason="members need locks of Unix"),
]

# For a storm that is too short for its kills, as processes start slowly on a busy machine.
OVERTIME_SECONDS = 90.0


class Weather(NamedTuple):
    """How hard it storms.

    Attributes:
        groups: By how many seconds the clocks of each group of processes are wrong.
        processes: How many there are of each group.
        seconds: For how long it storms, once all are up.
        pause: Seconds from one kill to the next.
        kills: How many there are at least; until then it goes on.
        hosts: The machine of each group; "" for this one.
    """

    groups: Mapping[str, float]
    processes: int
    seconds: float
    pause: float
    kills: int
    hosts: Mapping[str, str] = {}


SHORT = Weather({"east": 0.0, "west": 3.0}, processes=2, seconds=7.0, pause=1.0, kills=3)
LONG = Weather({"east": 0.0, "west": 30.0}, processes=10, seconds=60.0, pause=2.0, kills=15)
TWO_HOSTS = {"east": "east", "west": "west"}


class Storm:
    """A storm, and what is to be true after it."""

    def __init__(self, tower: Tower, weather: Weather, seed: int) -> None:
        self.tower = tower
        self.weather = weather
        self.killed: list[int] = []
        self._random = Random(seed)
        self._since = self._until = 0.0

    def rage(self) -> None:
        """Start all, kill one after the other, and end those that are left."""
        for group, seconds in self.weather.groups.items():
            self.tower.shift(seconds, group)
        crew = [self._start(group) for _ in range(self.weather.processes) for group in self._names]
        self.tower.wait_for(lambda: {one.pid for one in crew} <= self.tower.up())
        self._since = clock.timestamp()
        end = clock.monotonic() + self.weather.seconds
        while self._rages(end):
            clock.sleep(self.weather.pause * self._random.uniform(0.5, 1.5))
            self._kill_one(crew)
        self._until = clock.timestamp()
        self.tower.wait_for(lambda: not self._missing())
        for one in crew:
            self.tower.wait_for(lambda one=one: one.pid in self.tower.up())
        for one in crew:
            one.process.terminate()
        for one in crew:
            assert one.process.wait(60) == 0, one.said()
        self.tower.outlive_leases()

    def _rages(self, end: float) -> bool:
        now = clock.monotonic()
        return now < end or (len(self.killed) < self.weather.kills and now < end + OVERTIME_SECONDS)

    @property
    def _names(self) -> Sequence[str]:
        return list(self.weather.groups)

    def _start(self, group: str) -> Process:
        host = self.weather.hosts.get(group, "")
        return self.tower.start(group=group, TOWER_HOST=host)

    def _kill_one(self, crew: list[Process]) -> None:
        """Kill one that has another of its clock beside it, and start one in its place."""
        up = self.tower.up()
        ready = [one for one in crew if one.pid in up]
        able = Counter(one.group for one in ready)
        victims = [one for one in ready if able[one.group] > 1]
        if victims:
            victim = self._random.choice(victims)
            victim.kill()
            self.killed.append(victim.pid)
            crew[crew.index(victim)] = self._start(victim.group)

    # -- what came of it

    def check(self) -> None:
        """Check that each tick was started once, and leave a report of what there was."""
        self.tower.reap()
        runs = {(run.task, run.scope, run.at): run for run in self.tower.history()}
        due = self._due()
        assert self._missing() == []
        assert len(self.killed) >= self.weather.kills
        states = Counter(run.state for run in runs.values())
        assert states[State.RUNNING] == 0
        assert states[State.FAILED] == 0, [r for r in runs.values() if r.state is State.FAILED][:3]
        self._check_journal(list(runs.values()))
        self._check_jobs(runs)
        self._check_skipped([run for run in runs.values() if run.state is State.SKIPPED])
        # What was running when its process was killed; there is no other way to lose a run.
        assert {run.pid for run in runs.values() if run.state is State.LOST} <= set(self.killed)
        assert self.tower.ledger.holders([task.name for task in STORM]) == {}
        late = max(run.started_at - run.at for run in runs.values())
        counts = ", ".join(f"{count} {state.value}" for state, count in states.items())
        told = (
            f"{len(due)} ticks due, {len(self.killed)} kills; {counts}; at most {late:.1f} s late"
        )
        (self.tower.base / "report").write_text(told)

    def _missing(self) -> list[tuple[str, str, int]]:
        """Return the ticks that were due and that nobody has started."""
        started = {(run.task, run.scope, run.at) for run in self.tower.history()}
        return [tick for tick in self._due() if tick not in started]

    def _due(self) -> list[tuple[str, str, int]]:
        """Return the ticks that fall into the time when processes of their clock were up."""
        found: list[tuple[str, str, int]] = []
        for kind, period, how, name in STORM:
            is_on_one = kind == "job" or "1" in how
            for group, shift in self.weather.groups.items():
                host = self.weather.hosts.get(group) or self.tower.ledger.host
                scope = "" if is_on_one else host
                first, last = int(self._since + shift) + 1, int(self._until + shift)
                found += [(name, scope, at) for at in range(first, last + 1) if not at % period]
        return sorted(set(found))

    def _check_journal(self, runs: Sequence[Run]) -> None:
        """The journal and the ledger agree on what was started, how often, and what ended."""
        started = Counter((line.name, line.at) for line in self.tower.lines("start"))
        ended = Counter((line.name, line.at) for line in self.tower.lines("end"))
        done: Counter[tuple[str, int]] = Counter()
        lost: Counter[tuple[str, int]] = Counter()
        for run in runs:
            if not run.task.startswith("job-"):
                done[run.task, run.at] += run.state is State.DONE
                lost[run.task, run.at] += run.state is State.LOST
        for key in done.keys() | started.keys() | ended.keys():
            assert done[key] <= ended[key] <= started[key] <= done[key] + lost[key], key

    def _check_jobs(self, runs: Mapping[tuple[str, str, int], Run]) -> None:
        """In the queue lies one job per tick that was started, and nothing else."""
        claims = [
            Claim(run.task, run.at, run.scope, run.name)
            for run in runs.values()
            if run.task.startswith("job-") and run.state is State.DONE
        ]
        waiting = self.tower.uuids()
        assert Counter(waiting) == Counter(map(job_uuid, claims))
        lost = [run for run in runs.values() if run.task.startswith("job-")]
        assert {run.state for run in lost} <= {State.DONE, State.SKIPPED}

    def _check_skipped(self, skipped: Sequence[Run]) -> None:
        """Only what may not overlap was skipped, for that reason."""
        careful = {task.name for task in STORM if "o" in task.how}
        for run in skipped:
            assert run.task in careful, run
            assert run.reason.startswith("it still runs"), run


def check_file(tower: Tower) -> None:
    file = sqlite3.connect(tower.base / "storage/framework/queue/jobs.db")
    try:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("SELECT count(*) FROM schedule_locks").fetchall() == [(0,)]
    finally:
        file.close()


def test_storm_when_short_starts_each_tick_once(tower: Tower) -> None:
    storm = Storm(tower, SHORT, seed=3)

    storm.rage()

    storm.check()
    check_file(tower)


def test_storm_when_short_on_two_machines_with_redis_starts_each_tick_once(
    redis_tower: Tower,
) -> None:
    storm = Storm(redis_tower, SHORT._replace(hosts=TWO_HOSTS), seed=4)

    storm.rage()

    storm.check()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, 2])
def test_storm_when_long_starts_each_tick_once(tower: Tower, seed: int) -> None:
    storm = Storm(tower, LONG, seed)

    storm.rage()

    storm.check()
    check_file(tower)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, 2])
def test_storm_when_long_with_redis_starts_each_tick_once(redis_tower: Tower, seed: int) -> None:
    storm = Storm(redis_tower, LONG._replace(hosts=TWO_HOSTS), seed)

    storm.rage()

    storm.check()
