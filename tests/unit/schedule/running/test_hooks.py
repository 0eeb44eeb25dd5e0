"""URLs are told of a task, and whatever goes wrong with that, the task has run."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from running_worlds import AT, When, calling

from securely.schedule.contracts import Pinger, State
from securely.schedule.exceptions import PingFailed
from securely.schedule.schedule import Schedule
from securely.schedule.task import Task


class Recorder:
    """A pinger for tests."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def ping(self, url: str) -> None:
        self.urls.append(url)
        if "down" in url:
            raise PingFailed(url, "it is down")
        if "broken" in url:
            raise ValueError("broken")


@pytest.fixture
def pinger(world: Any) -> Recorder:
    """What the container has instead of ours."""
    recorder = Recorder()
    world.container.instance(Pinger, recorder)
    return recorder


def test_pings_are_sent_around_the_task(world: Any, pinger: Recorder) -> None:
    pings = [When(when, url=when) for when in ("before", "after", "success", "failure")]

    world.runner.run(calling(lambda: None, pings=pings), AT)
    world.runner.run(calling(lambda: False, pings=pings), AT + 60)

    assert pinger.urls == ["before", "after", "success", "before", "after", "failure"]


def test_a_ping_that_fails_never_fails_the_task(world: Any, pinger: Recorder) -> None:
    pings = [
        When("before", url="down"),
        When("after", url="broken"),
        When("after", url="well"),
    ]

    ending = world.runner.run(calling(lambda: None, pings=pings), AT)

    assert ending.state is State.DONE
    assert pinger.urls == ["down", "broken", "well"]
    assert (world.reported, len(world.warned)) == ([], 2)


def test_a_pinger_of_the_application_shows_no_password(world: Any, pinger: Recorder) -> None:
    pings = [When("before", url="https://ann:hunter2@broken.example.com/")]

    world.runner.run(calling(lambda: None, pings=pings), AT)

    (warned,) = world.warned
    assert "broken.example.com" in warned
    assert "hunter2" not in warned


def test_hooks_and_conditions_that_ask_for_the_task_are_given_it(world: Any) -> None:
    seen: list[object] = []

    def is_fine(asked: Task) -> bool:
        seen.append(asked)
        return True

    def tell(about: Task, output: str) -> None:
        seen.extend([about, output])

    schedule = Schedule()
    task = schedule.call(lambda: sys.stdout.write("done\n")).when(is_fine).skip(lambda: False)
    task.before(is_fine).after(tell).then_with_output(tell)

    ending = world.runner.run(task, AT)

    assert ending.state is State.DONE
    assert seen == [task, task, task, "done\n", task, "done\n"]
