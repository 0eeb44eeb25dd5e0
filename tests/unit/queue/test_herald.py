"""What a worker says of itself, to people and to those who listen."""

from __future__ import annotations

from typing import Any

import pytest

from securely.queue.crew.herald import Herald
from securely.queue.crew.orders import Orders
from securely.queue.crew.report import Report


class Scene:
    """A herald, and what it has said."""

    def __init__(self, **orders: Any) -> None:
        self.text = ""
        self.told: list[tuple[str, dict[str, object]]] = []
        self.herald = Herald(Orders(**orders), Report(self._write), self._tell)

    def _write(self, text: str) -> None:
        self.text += text

    def _tell(self, name: str, **details: object) -> None:
        self.told.append((name, details))


@pytest.fixture
def scene() -> Scene:
    return Scene(queues=("high", "default"))


def test_idle_when_it_comes_again_is_told_again_but_said_once(scene: Scene) -> None:
    for since in (1.0, 1.0, 2.0):
        scene.herald.idle(since, None)

    assert scene.told == [("WorkerIdle", {})] * 2
    assert scene.text.count("Waiting for jobs in high, default.") == 1


def test_idle_when_a_delayed_job_is_known_says_when_it_is_due(clock: Any) -> None:
    from securely.support import clock as now

    scene = Scene(name="north")

    scene.herald.idle(1.0, now.timestamp() + 90)

    assert (
        "north: waiting for jobs in default. The next delayed one is due in 1m 30s." in scene.text
    )


def test_pauses_when_they_change_tells_of_each_once(scene: Scene) -> None:
    for paused in ((), ("high",), ("high",), ("default",), ()):
        scene.herald.pauses(paused)

    assert scene.told == [
        ("WorkerQueuePaused", {"queue": "high"}),
        ("WorkerQueuePaused", {"queue": "default"}),
        ("WorkerQueueResumed", {"queue": "high"}),
        ("WorkerQueueResumed", {"queue": "default"}),
    ]
    assert scene.text.count("Queue high is paused; its jobs wait.") == 1
    assert scene.text.count("Queue high goes on.") == 1


def test_signals_when_they_come_are_told(scene: Scene) -> None:
    scene.herald.pausing()
    scene.herald.resuming()
    scene.herald.interrupted(15)

    assert [name for name, _ in scene.told] == [
        "WorkerPausing",
        "WorkerResuming",
        "WorkerInterrupted",
    ]
    assert scene.told[-1][1] == {"signal": 15}
