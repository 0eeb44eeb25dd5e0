"""Events of the worker, told to listeners in an executor."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from securely.events import Dispatcher
from securely.queue.contracts import Delivery
from securely.queue.crew.telling import Telling
from securely.queue.events import Looping, WorkerIdle, WorkerInterrupted, WorkerStarting

DELIVERY = Delivery(7, 1, "mail", "Send", 1, 0, 0, 0, None, 3, b"")


@pytest.fixture
def reported() -> list[tuple[BaseException, Mapping[str, object]]]:
    return []


@pytest.fixture
def telling(events: Dispatcher, reported: list[Any]) -> Telling:
    return Telling(events, lambda error, facts: reported.append((error, facts)))


def test_begin_when_somebody_listens_tells_for_which_worker(
    telling: Telling, events: Dispatcher
) -> None:
    told: list[Any] = []
    events.listen(WorkerStarting, told.append)
    events.listen(WorkerInterrupted, told.append)

    telling.begin("sqlite", ("high", "default"), "7f")
    telling.tell("WorkerInterrupted", {"signal": 15})
    telling.tell("WorkerIdle", {})

    assert told == [
        WorkerStarting("sqlite", ("high", "default"), "7f"),
        WorkerInterrupted("sqlite", ("high", "default"), "7f", 15),
    ]


def test_is_wanted_when_only_the_beginning_is_listened_to_is_false(
    telling: Telling, events: Dispatcher
) -> None:
    events.listen(WorkerStarting, print)
    assert not telling.is_wanted
    assert not telling.guards

    events.listen(WorkerIdle, print)
    events.listen(Looping, print)
    assert telling.is_wanted
    assert telling.guards


def test_tell_when_a_listener_raises_reports_it(
    telling: Telling, events: Dispatcher, reported: list[Any]
) -> None:
    def fail(event: object) -> None:
        raise ValueError("no")

    events.listen(WorkerIdle, fail)

    telling.tell("WorkerIdle", {})

    assert [(str(error), facts) for error, facts in reported] == [
        ("no", {"listening_to": "WorkerIdle"})
    ]


@pytest.mark.parametrize(("answer", "expected"), [(None, True), (True, True), (False, False)])
def test_allows_when_a_listener_answers_heeds_false_only(
    telling: Telling, events: Dispatcher, answer: bool | None, expected: bool
) -> None:
    heard: list[Looping] = []

    def listen(event: Looping) -> bool | None:
        heard.append(event)
        return answer

    events.listen(Looping, listen)
    telling.begin("sqlite", ("mail",), "7f")

    assert telling.allows(DELIVERY) is expected
    assert asyncio.run(telling.aallows(DELIVERY)) is expected
    assert heard == [Looping("sqlite", "mail")] * 2


def test_allows_when_a_listener_raises_reports_it_and_goes_on(
    telling: Telling, events: Dispatcher, reported: list[Any]
) -> None:
    def fail(event: object) -> None:
        raise ValueError("no")

    events.listen(Looping, fail)

    assert telling.allows(DELIVERY)
    assert asyncio.run(telling.aallows(DELIVERY))
    assert len(reported) == 2
