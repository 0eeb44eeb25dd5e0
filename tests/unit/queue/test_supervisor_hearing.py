"""What a supervisor makes of the last words of an executor."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from securely.queue.contracts import Charge, Defaults, Delivery, Kind, Outcome, Reaped, Turn
from securely.queue.crew.board import Board
from securely.queue.crew.crew import Size
from securely.queue.crew.link import Ends, FromExecutor, Link, Ready, Returned
from securely.queue.crew.link import Report as Outcomes
from securely.queue.crew.loading import Place
from securely.queue.crew.orders import Orders
from securely.queue.crew.process import Launch
from securely.queue.crew.report import Report
from securely.queue.supervisor import Supervisor
from securely.support import clock

# It stands where an executor would: `python -c SPEAKER -m securely.queue.executor LINK …`. It says
# what is in a file, reads nothing of what it is sent, and ends.
SPEAKER = """
import os, sys
os.write(int(sys.argv[3]), open({path!r}, "rb").read())
os._exit(0)
"""
LARGE = bytes(1 << 20)  # more than a socket takes


class SilentSeat:
    """A seat at which nothing happens."""

    id = "w"

    def __init__(self, home: Path) -> None:
        self.home = home

    def turn(self, outcomes: Sequence[Outcome], room: int) -> Turn:
        return Turn([], [], None, False)

    def reap(self) -> Reaped:
        return Reaped()

    def peers(self) -> Sequence[int]:
        return ()

    def hook_done(self, failed_id: int) -> None:
        raise NotImplementedError

    def fileno(self) -> int:
        raise NotImplementedError

    def drain(self) -> None:
        raise NotImplementedError

    def leave(self, held: Sequence[Outcome] = ()) -> None:
        self.held = list(held)


def delivery(id_: int) -> Delivery:
    return Delivery(id_, 1, "default", "Greet", 1, 0, 0, 0, None, 3, LARGE)


def frames(messages: Sequence[msgspec.Struct]) -> bytes:
    """Return *messages* as an executor sends them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link: Link[FromExecutor] = Link(theirs, msgspec.msgpack.Decoder(FromExecutor))
        for message in messages:
            link.send(message)
        return ours.recv(1 << 18)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return tmp_path / "words"


@pytest.fixture
def supervisor(tmp_path: Path, words: Path) -> Iterator[Supervisor]:
    python = (sys.executable, "-c", SPEAKER.format(path=str(words)))
    supervisor = Supervisor(
        SilentSeat(tmp_path),
        Orders(size=Size(), defaults=Defaults("memory")),
        Launch(Place(str(tmp_path)), python=python),
        Report(lambda text: None, as_json=True),
    )
    yield supervisor
    supervisor._leave()
    os.close(supervisor._signals._reader)
    os.close(supervisor._signals._writer)


def test_hear_when_it_died_with_frames_unread_takes_the_outcomes_it_had_sent(
    supervisor: Supervisor, words: Path, tmp_path: Path
) -> None:
    failed = Outcome(1, 1, Kind.FAIL, error=b"{}")
    released = Outcome(2, 1, Kind.RELEASE, 30.0, Charge.EXCEPTION)
    said = [Ready(), Outcomes(0, failed, 0.1, "", 0), Outcomes(1, released, 0.1, "", 0)]
    words.write_bytes(frames(said))
    (child,) = supervisor._crew.start()
    supervisor._listen_to(child)
    child.assign([delivery(1), delivery(2), delivery(3)])
    child.dispatch()
    board = Board(tmp_path / "w.board")
    for cell in range(3):
        board.start(cell, clock.monotonic())
    board.close()
    assert child.wait(30)
    assert child.link.is_backed_up

    for _ in range(10):
        if supervisor._crew.children:
            supervisor._hear(child)

    assert supervisor._crew.children == []
    assert supervisor._ledger.outcomes() == [
        failed,
        released,
        Outcome(3, 1, Kind.RELEASE, charge=Charge.LOST),
    ]


def test_hear_when_several_have_ended_at_once_settles_each(
    supervisor: Supervisor, words: Path
) -> None:
    words.write_bytes(frames([Ready(), Ends([(1, 0.001), (0, 0.002), (9, 0.003)], 4096)]))
    (child,) = supervisor._crew.start()
    supervisor._listen_to(child)
    child.assign([delivery(1), delivery(2)])
    assert child.wait(30)

    supervisor._hear(child)

    assert supervisor._ledger.outcomes() == [Outcome(2, 1, Kind.DONE), Outcome(1, 1, Kind.DONE)]
    assert [one.seconds for one in supervisor._ledger.ended] == [0.001, 0.002]
    assert child.memory == 4096
    assert not child.held
    supervisor._hear(child)  # its end
    assert supervisor._crew.children == []


def test_hear_when_ends_are_told_late_sees_no_progress_in_it(
    supervisor: Supervisor, words: Path, tmp_path: Path
) -> None:
    words.write_bytes(frames([Ready(), Ends([(0, 0.001)]), Returned([2])]))
    (child,) = supervisor._crew.start()
    supervisor._listen_to(child)
    child.assign([delivery(1), delivery(2), delivery(3)])
    board = Board(tmp_path / "w.board")
    board.start(0, clock.monotonic() - 60.0)
    board.start(1, clock.monotonic() - 59.9)
    board.close()
    child.last_progress -= 60.0
    assert child.wait(30)

    supervisor._hear(child)

    assert [*child.held] == [1]
    child._bytes = 0
    child.pace.observe(0.0001)
    child.pace.grow()
    child.pace.grow()
    assert child.pace.target > 1
    assert child.room == 0  # it is stalled
    supervisor._hear(child)  # its end
