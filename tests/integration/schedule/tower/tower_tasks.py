"""The tasks of the fixture application, in sets, of which a test names one."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Final

from tower_parts import AT, note
from tower_storm import STORM

from securely.queue import Job
from securely.support import clock

__all__ = ["Mark", "calm", "faults", "hours", "note", "storm", "trouble", "work"]


class Mark(Job):
    """A job that waits in the queue, to be counted there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def handle(self) -> None: ...


def work(name: str, seconds: float) -> None:
    """Say that the tick runs, take some time, and say that it has run."""
    note("start", name, AT.get())
    clock.sleep(seconds)
    note("end", name, AT.get())


def storm(schedule: Any) -> None:
    """Thirty tasks that are due every few seconds."""
    for number, (kind, period, how, name) in enumerate(STORM):
        task = _task(schedule, kind, name, 0.02 + 0.04 * (number % 5)).name(name)
        task.every(seconds=period)
        if "o" in how:
            task.without_overlapping()
        if "1" in how:
            task.on_one_server()


def _task(schedule: Any, kind: str, name: str, seconds: float) -> Any:
    if kind == "call":
        return schedule.call(partial(work, name, seconds))
    if kind == "job":
        return schedule.job(Mark(name))
    if kind == "command":
        return schedule.command(f"tower:mark {name} {{at}}")
    journal = os.environ["TOWER_JOURNAL"]
    script = f'echo "start {name} $1 $$" >> {journal}; sleep {seconds}; '
    script += f'echo "end {name} $1 $$" >> {journal}'
    return schedule.exec("/bin/sh", ["-c", script, "sh", "{at}"])


# -- tasks of single tests

# Not due while a test runs.
_RARELY: Final = "0 0 29 2 *"
# Runs until the test lets it end.
_PATIENT: Final = "until [ -e go ]; do sleep 0.02; done; echo said"


def faults(schedule: Any) -> None:
    """A job of a connection that the test names, and a task in the background."""
    job = schedule.job(Mark("push"), connection=os.environ.get("TOWER_PUSH"))
    job.name("push").cron(_RARELY).without_overlapping()
    back = schedule.exec(_PATIENT).name("back").cron(_RARELY).without_overlapping()
    back.run_in_background().after(lambda: note("end", "back", AT.get()))


def hours(schedule: Any) -> None:
    """Tasks that are due every hour, of each policy, and one of every second."""
    for policy in ("skip", "once", "all"):
        task = schedule.call(partial(work, policy, 0.0)).name(policy).hourly()
        task.catch_up(policy)
    schedule.call(partial(work, "fast", 0.0)).name("fast").every_second()


def trouble(schedule: Any) -> None:
    """Tasks of every second that go wrong, each in its way, and one that does not."""
    schedule.call(partial(work, "well", 0.0)).name("well").every_second()
    schedule.call(partial(work, "long", 2.5)).name("long").every_second()
    schedule.call(partial(work, "alone", 2.5)).name("alone").every_second().without_overlapping()
    schedule.call(_fail).name("fails").every_second().without_overlapping()
    hooked = schedule.call(partial(work, "hooked", 0.0)).name("hooked").every_second()
    hooked.without_overlapping().after(_fail).after(lambda: note("after", "hooked", AT.get()))
    before = schedule.call(partial(work, "kept", 0.0)).name("kept").every_second()
    before.without_overlapping().before(_fail)
    mute = schedule.exec("echo said").name("mute").every_two_seconds()
    mute.send_output_to("artisan.py/below/a/file.log")


def calm(schedule: Any) -> None:
    """Tasks of every second: a function, and a job."""
    schedule.call(partial(work, "call", 0.2)).name("call").every_second().without_overlapping()
    schedule.job(Mark("job")).name("job").every_second()


def _fail() -> None:
    raise ValueError("as it was told to")
