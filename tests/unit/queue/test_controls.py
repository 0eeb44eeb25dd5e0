"""What people do to a connection from outside, and the listeners by Laravel's names."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.queue import Job, Queue, QueueManager, QueueUnavailable
from securely.queue.delivery.runner import JobRunner
from securely.queue.drivers.null import NullConnection
from securely.queue.events import (
    JobExceptionOccurred,
    JobFailed,
    JobProcessed,
    JobProcessing,
    Looping,
    QueuePaused,
    QueueResumed,
    QueuesPaused,
    QueuesResumed,
    WorkerStarting,
    WorkerStopping,
)
from securely.queue.manager import Materials
from securely.queue.options import QueueOptions
from securely.queue.payload import Codec

from .shelf import Shelf


class Names(Enum):
    MAIL = "mail"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf("shelf")


@pytest.fixture
def queue(shelf: Shelf, codec: Codec, events: Dispatcher) -> Queue:
    return Queue(shelf, codec, events, "main")


@pytest.fixture
def heard(events: Dispatcher) -> list[object]:
    told: list[object] = []
    for kind in (QueuePaused, QueueResumed, QueuesPaused, QueuesResumed):
        events.listen(kind, told.append)
    return told


def test_pause_when_called_holds_until_resume_and_tells(
    queue: Queue, shelf: Shelf, heard: list[object]
) -> None:
    queue.pause()
    queue.pause(Names.MAIL)
    assert queue.is_paused()
    assert queue.is_paused("mail")
    queue.resume(Names.MAIL)
    queue.resume()

    assert shelf.pauses == {}
    assert heard == [
        QueuePaused("shelf", "main", None),
        QueuePaused("shelf", "mail", None),
        QueueResumed("shelf", "mail"),
        QueueResumed("shelf", "main"),
    ]


def test_pause_all_when_called_leaves_single_pauses_alone(
    queue: Queue, heard: list[object]
) -> None:
    queue.pause("mail")
    queue.pause_all("5m")
    assert queue.is_paused("anything")
    queue.resume_all()

    assert queue.is_paused("mail")
    assert not queue.is_paused("anything")
    assert heard[1:] == [QueuesPaused("shelf", 300.0), QueuesResumed("shelf")]


def test_pause_for_when_over_is_no_pause(queue: Queue, clock: Any) -> None:
    queue.pause_for("1m", "mail")

    assert queue.is_paused("mail")
    clock(61)
    assert not queue.is_paused("mail")


async def collected(queue: Queue) -> list[str]:
    kinds: list[Any] = [queue.apending_jobs, queue.adelayed_jobs, queue.areserved_jobs]
    return [job.uuid for kind in kinds async for job in kind("mail")]


def test_twins_when_awaited_do_the_same(queue: Queue, shelf: Shelf) -> None:
    import asyncio

    async def all_of_them() -> None:
        await queue.apause("mail")
        await queue.apause_for("1m", "bills")
        await queue.apause_all()
        assert await queue.ais_paused("mail")
        assert [*shelf.pauses] == ["mail", "bills", "*"]
        assert [*await queue.apaused()] == ["mail", "bills", "*"]
        await queue.aresume("mail")
        await queue.aresume_all()
        assert [*shelf.pauses] == ["bills"]
        await queue.arestart()
        for state in ("pending", "delayed", "reserved"):
            shelf.put(state, queue="mail", state=state)
        assert await collected(queue) == ["pending", "delayed", "reserved"]
        came_to = [await queue.acancel(one) for one in ("pending", "reserved", "done", "never")]
        assert [one.value for one in came_to] == ["removed", "stopping", "over", "unknown"]
        assert [bool(one) for one in came_to] == [True, True, False, False]

    asyncio.run(all_of_them())

    assert shelf.restarts == 1


def test_jobs_when_there_are_many_are_given_by_pages(queue: Queue, shelf: Shelf) -> None:
    for number in range(250):
        shelf.put(str(number), queue="mail")
    shelf.put("later", queue="mail", state="delayed")
    shelf.put("held", state="reserved", queue="mail", worker="7")

    assert [job.uuid for job in queue.pending_jobs("mail")] == [str(n) for n in range(250)]
    assert [job.uuid for job in queue.delayed_jobs(Names.MAIL)] == ["later"]
    assert [job.worker for job in queue.reserved_jobs("mail")] == ["7"]
    assert [*queue.pending_jobs()] == []


def test_controls_when_the_connection_keeps_no_jobs_say_so(
    codec: Codec, events: Dispatcher
) -> None:
    queue = Queue(NullConnection("null"), codec, events)

    for call in (queue.pause, queue.resume, queue.restart, queue.is_paused):
        with pytest.raises(QueueUnavailable, match="keeps no jobs"):
            call()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("before", JobProcessing),
        ("after", JobProcessed),
        ("exception_occurred", JobExceptionOccurred),
        ("failing", JobFailed),
        ("looping", Looping),
        ("starting", WorkerStarting),
        ("stopping", WorkerStopping),
    ],
)
def test_hook_when_said_listens_to_its_event(
    manager: QueueManager, events: Dispatcher, name: str, kind: type
) -> None:
    assert not events.has_listeners(kind)

    getattr(manager, name)(lambda event: None)

    assert events.has_listeners(kind)


@pytest.fixture
def manager(container: Container, codec: Codec, events: Dispatcher) -> QueueManager:
    runner = JobRunner(container, codec, events)
    options = QueueOptions.parse({"default": "sync"}, "queue")
    materials = Materials(codec=lambda: codec, runner=lambda: runner)
    return QueueManager("sync", options.connections, events, materials)


def test_hooks_when_a_job_runs_are_called_around_it(
    manager: QueueManager, jobs: Any, journal: list[Any]
) -> None:
    seen: list[str] = []

    def note(word: str) -> Callable[[Any], None]:
        return lambda event: seen.append(f"{word} {event.name.rpartition('.')[2]}")

    manager.before(note("before"))
    manager.after(note("after"))
    manager.failing(note("failing"))
    job: Job = jobs.Plain(7)

    manager.push(job)

    assert seen == ["before Plain", "after Plain"]
