"""The event loop of an executor: what wakes it, and what does not keep it awake."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest

from securely.queue.contracts import Delivery, FailedJob, Verdict
from securely.queue.crew.inbox import Inbox
from securely.queue.crew.link import FromExecutor, Hook, Link, Quit, Run, ToExecutor
from securely.queue.crew.tasks import Tasks
from securely.support import clock

HOOK = Hook(7, FailedJob(9, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0))
LONG_SECONDS = 3.0  # a job that is to outlast what is tested


def delivery(id_: int) -> Delivery:
    return Delivery(id_, 1, "default", "Greet", 1, 0, 0, 0, None, 3, b"p")


class CountingInbox(Inbox):
    """Counts how often it is asked to read."""

    fills = 0

    def fill(self, *, wait: bool) -> bool:
        self.fills += 1
        return super().fill(wait=wait)


class Desk:
    """Tasks, and the supervisor's end of their link."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.control, self.their_control = socket.socketpair()
        self.link: Link[FromExecutor] = Link(self.ours, msgspec.msgpack.Decoder(FromExecutor))
        link: Link[ToExecutor] = Link(self.theirs, msgspec.msgpack.Decoder(ToExecutor))
        self.inbox = CountingInbox(link, self.their_control, lambda: None)
        self.ran: list[int] = []
        self.jobs: dict[int, Callable[[], float]] = {}
        self.quits_after = 0

    def tasks(self, concurrency: int) -> Tasks:
        return Tasks(
            self.inbox, concurrency, lambda cell, job: True, self._attempt, lambda job: None
        )

    async def _attempt(self, cell: int, job: Delivery, began: float) -> None:
        await clock.asleep(0.01)  # until the loop has come to rest
        await clock.asleep(self.jobs.get(job.id, lambda: 0.0)())
        self.ran.append(job.id)
        if len(self.ran) == self.quits_after:
            self.link.send(Quit())

    def give_back_elsewhere(self) -> None:
        """Let the other thread read what was sent while the loop stands still, as it may."""
        thread = threading.Thread(target=self.inbox.give_back)
        thread.start()
        thread.join()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    for end in (desk.ours, desk.theirs, desk.control, desk.their_control):
        end.close()


@pytest.mark.parametrize("message", [Quit(), HOOK], ids=["quit", "hook"])
def test_take_when_another_thread_has_read_the_message_returns_it_at_once(
    desk: Desk, message: Quit | Hook
) -> None:
    def sent_meanwhile() -> float:
        desk.link.send(message)
        desk.give_back_elsewhere()
        return LONG_SECONDS

    desk.jobs[1] = sent_meanwhile
    tasks = desk.tasks(concurrency=2)
    tasks.add(0, delivery(1))

    taken = tasks.take()

    assert taken == message
    assert desk.ran == []  # it was not the end of the job that woke the loop
    tasks.close()


@pytest.mark.parametrize("concurrency", [1, 2])
def test_take_when_more_is_sent_than_may_run_sleeps_until_there_is_room(
    desk: Desk, concurrency: int
) -> None:
    ids = list(range(1, 9))
    desk.jobs = {id_: lambda: 0.05 for id_ in ids}
    tasks = desk.tasks(concurrency)
    desk.link.send(Run([(id_, delivery(id_)) for id_ in ids[:5]]))
    desk.inbox.fill(wait=True)
    desk.link.send(Run([(id_, delivery(id_)) for id_ in ids[5:]]))  # nobody reads it for a while

    desk.quits_after = len(ids)

    taken = tasks.take()

    assert taken == Quit()
    assert sorted(desk.ran) == ids
    assert desk.inbox.fills <= 6
    tasks.close()


@pytest.mark.parametrize("concurrency", [1, 2])
def test_stop_when_it_is_decided_already_what_becomes_of_the_job_comes_too_late(
    desk: Desk, concurrency: int
) -> None:
    seen: list[Verdict] = []

    async def attempt(cell: int, job: Delivery, began: float) -> None:
        if job.verdict is Verdict.RUN:
            await clock.asleep(LONG_SECONDS)
        desk.inbox.cancelled.add((cell, job.token))
        tasks.stop((cell, job.token))
        await clock.asleep(0.01)  # in a listener, say
        seen.append(job.verdict)
        desk.link.send(Quit())

    tasks = Tasks(desk.inbox, concurrency, lambda cell, job: True, attempt, lambda job: 0.02)
    tasks.add(0, delivery(1))

    assert tasks.take() == Quit()

    assert seen == [Verdict.TIMED_OUT]
    tasks.close()


def test_rouse_when_the_loop_is_closed_already_is_harmless(desk: Desk) -> None:
    tasks = desk.tasks(concurrency=2)
    tasks.close()
    desk.link.send(Quit())

    desk.inbox.give_back()

    assert desk.inbox.poll() == Quit()
