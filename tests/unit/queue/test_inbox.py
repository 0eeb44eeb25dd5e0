"""What waits in an executor, when some of it is given back."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import msgspec
import pytest

from securely.queue.contracts import Delivery, FailedJob
from securely.queue.crew.inbox import Inbox
from securely.queue.crew.link import FromExecutor, Hook, Link, Quit, Returned, Run, ToExecutor


class Ends:
    """An inbox, the supervisor's end of its link, and how often the inbox roused somebody."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.control, self.their_control = socket.socketpair()
        self.link: Link[FromExecutor] = Link(self.ours, msgspec.msgpack.Decoder(FromExecutor))
        link: Link[ToExecutor] = Link(self.theirs, msgspec.msgpack.Decoder(ToExecutor))
        self.inbox = Inbox(link, self.their_control, lambda: None)
        self.roused = 0
        self.inbox.rouse = self._rouse

    def _rouse(self) -> None:
        self.roused += 1


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    for end in (ends.ours, ends.theirs, ends.control, ends.their_control):
        end.close()


HOOK = Hook(7, FailedJob(9, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0))


def run(*cells: int) -> Run:
    return Run(
        [
            (cell, Delivery(cell + 1, 1, "default", "Greet", 1, 0, 0, 0, None, 3, b"p"))
            for cell in cells
        ]
    )


@pytest.mark.parametrize("message", [Quit(), HOOK], ids=["quit", "hook"])
def test_give_back_when_something_stays_rouses_the_main_thread(
    ends: Ends, message: Quit | Hook
) -> None:
    ends.link.send(run(0, 1))
    ends.link.send(message)

    ends.inbox.give_back()

    assert ends.roused == 1
    assert ends.link.receive(wait=False) == [Returned([0, 1])]
    assert ends.inbox.poll() == message


def test_give_back_when_nothing_stays_rouses_nobody(ends: Ends) -> None:
    ends.link.send(run(0, 1))

    ends.inbox.give_back()

    assert ends.roused == 0
    assert ends.inbox.poll() is None


def test_fill_when_earlier_items_wait_reads_nothing_and_says_so(ends: Ends) -> None:
    ends.link.send(run(0))
    first = ends.inbox.fill(wait=False)
    ends.link.send(run(1))

    second = ends.inbox.fill(wait=False)

    assert (first, second) == (True, False)
    assert ends.inbox.poll() is not None
    assert ends.inbox.poll() is None
