"""Whatever is said of a task, it can be due; and its id is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from securely.schedule import InvalidTask, Schedule
from securely.schedule.cron import Cron
from securely.schedule.definition.conduct import Conduct
from securely.schedule.definition.frequencies import Frequencies

pytestmark = pytest.mark.property

SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)

METHODS = sorted(name for name in vars(Frequencies) if name[0] != "_" and name != "shaped")
MANNERS = sorted(name for name in vars(Conduct) if name[0] != "_" and name != "shaped")

SENSIBLE = st.one_of(
    st.integers(0, 61),
    st.sampled_from(["*", "*/5", "1-5", "MON,WED", "L", "15,45", "5-10", "?", "H", "1#2", "JAN"]),
    st.sampled_from(["8:00", "23:59", "0:0", "12:30", "7", ":30", "24:00", "25:00"]),
    st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "7m", "90s", "1h", "10s"]),
    st.sampled_from(["* * * * *", "0 2 * * 1-5", "*/10 * * * * *", "@daily", "H H * * *"]),
    st.lists(st.integers(0, 59), max_size=4),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.binary(max_size=4),
    st.text(max_size=6),
    st.sampled_from([10**400, -(10**5000), "²", "\u0661", "1 2", " ", "\0", "\ud800", "x" * 5000]),
    st.sampled_from([object(), int, print, {}, {1: 2}, (), set[int](), iter([])]),
    st.recursive(st.integers() | st.text(max_size=2), st.lists, max_leaves=4),
)
VALUES = st.lists(st.one_of(SENSIBLE, SENSIBLE, ODD), max_size=3)
CHAINS = st.lists(st.tuples(st.sampled_from(METHODS), VALUES), max_size=6)


def refusal(change: Callable[..., object], *arguments: Any, **named: Any) -> InvalidTask | None:
    """Return with what a call is refused; None where it is not."""
    try:
        change(*arguments, **named)
    except InvalidTask as error:
        return error
    return None


@SETTINGS
@example([("cron", ["*/10 * * * * *"]), ("every_second", [])])
@example([("every", ["7m"]), ("weekdays", []), ("hourly", [])])
@example([("cron", ["@weekly"]), ("every", ["7m"])])
@given(CHAINS)
def test_no_chain_leaves_an_expression_that_is_none(chain: list[tuple[str, list[Any]]]) -> None:
    schedule = Schedule()
    task = schedule.command("x")
    for method, arguments in chain:
        change = getattr(task, method)
        try:
            signature(change).bind(*arguments)
        except TypeError:  # too many or too few, as Python says it of every function
            continue
        before = task.manners.copy()
        error = refusal(change, *arguments)
        if error is not None:
            assert task.manners == before
            assert error.place
            assert len(str(error).splitlines()) == 1
            assert len(str(error)) < 500
    Cron.parse(task.expression, task.zone, task.repeat_seconds, seed=task.id)
    assert schedule.tasks() == [task]
    after = task.timing.next(1_800_000_000)
    assert after is None or after > 1_800_000_000
    assert task.timing.words()


@SETTINGS
@given(st.sampled_from(METHODS + MANNERS), st.one_of(SENSIBLE, ODD))
def test_groups_refuse_what_tasks_refuse(method: str, value: Any) -> None:
    schedule = Schedule()
    error = refusal(schedule.group, **{method: value})
    if error is None:
        with schedule.group(**{method: value}) as pending:
            assert schedule.command("x").manners == pending.manners
    else:
        assert error.place.startswith(f"{__file__}:")
        assert len(str(error).splitlines()) == 1
    assert schedule.command("y").manners == Schedule().command("y").manners


IDS = """
from dataclasses import dataclass, field
from functools import partial
from securely.queue import Job
from securely.schedule import Schedule

class Held:
    def __init__(self, value): self.value = value

class Shown(Held):
    def __repr__(self): return f"Shown({self.value!r})"

@dataclass
class Check(Job):
    names: object
    def handle(self): ...

@dataclass
class Closed:
    names: object

def work(given=None): ...

names = {"a", "b", "c", "d", "e", "f"}
schedule = Schedule()
values = [names, frozenset(names), {"x": names}, [Held(names)], Shown(names), partial(work, names)]
for value in values:
    schedule.call(work, {"given": value})
    schedule.call(work, [value])
    schedule.job(Check(value))
    schedule.job(Check.using(value).on_queue("slow"))
    schedule.event(Closed(value))
    schedule.call(partial(work, value))
schedule.days({"MON", "TUE", "WED"}).environments(names).command("x", sorted(names))
schedule.call(lambda: None).every_two_hours({"1", "2", "3"})
for task in schedule.tasks():
    print(task.id, task.expression, task.summary)
"""


def test_other_processes_give_the_same_ids_and_expressions() -> None:
    told: set[str] = set()
    for seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", IDS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        told.add(done.stdout)
    assert len(told) == 1
    lines = told.pop().splitlines()
    assert len(lines) == 38
    assert len({line.split()[0] for line in lines}) == 38
    assert not any("0x" in line for line in lines)
