"""Frames on a socket pair."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest

from securely.queue.contracts import Delivery, FailedJob, Kind, Outcome, Verdict
from securely.queue.crew.link import (
    FromExecutor,
    Hook,
    Link,
    Ready,
    Report,
    Returned,
    Run,
    ToExecutor,
)


class Pair(NamedTuple):
    supervisor: Link[FromExecutor]
    executor: Link[ToExecutor]
    raw: socket.socket


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Pair(
            Link(ours, msgspec.msgpack.Decoder(FromExecutor)),
            Link(theirs, msgspec.msgpack.Decoder(ToExecutor)),
            theirs,
        )


def delivery(id_: int = 1, payload: bytes = b"p") -> Delivery:
    return Delivery(id_, 2, "default", "Greet", 1, 0, 0, 0, None, 3, payload, Verdict.TIMED_OUT)


def test_run_when_received_is_what_was_sent(pair: Pair) -> None:
    pair.supervisor.post(Run([(0, delivery(1)), (3, delivery(2))]))

    (message,) = pair.executor.receive(wait=True)

    assert message == Run([(0, delivery(1)), (3, delivery(2))])
    assert isinstance(message, Run)
    assert message.deliveries[0][1].verdict is Verdict.TIMED_OUT


def test_hook_when_received_is_what_was_sent(pair: Pair) -> None:
    failed = FailedJob(1, "u", "sqlite", "default", "Greet", b"p", b"{}", 1, 5.0)

    pair.supervisor.post(Hook(7, failed))

    assert pair.executor.receive(wait=True) == [Hook(7, failed)]


def test_receive_when_several_frames_lie_there_gives_all_in_order(pair: Pair) -> None:
    outcome = Outcome(1, 2, Kind.DONE)
    pair.executor.send(Ready())
    pair.executor.send(Report(0, outcome, 0.5, "", 0))
    pair.executor.send(Returned([1, 2]))

    messages = pair.supervisor.receive(wait=False)

    assert messages == [Ready(), Report(0, outcome, 0.5, "", 0), Returned([1, 2])]


def test_receive_when_a_frame_comes_in_pieces_waits_for_the_rest(pair: Pair) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = Link(ours, msgspec.msgpack.Decoder(FromExecutor))
        body = msgspec.msgpack.encode(Returned([7]))
        frame = len(body).to_bytes(4, "little") + body

        received: list[object] = []
        for at in range(len(frame)):
            theirs.send(frame[at : at + 1])
            received += link.receive(wait=True)

    assert received == [Returned([7])]


def test_receive_when_nothing_is_there_and_not_waiting_is_empty(pair: Pair) -> None:
    assert pair.supervisor.receive(wait=False) == []


def test_receive_when_the_other_side_is_closed_gives_the_last_words_then_the_end(
    pair: Pair,
) -> None:
    pair.executor.send(Ready())
    pair.executor.close()

    assert pair.supervisor.receive(wait=True) == [Ready()]
    with pytest.raises(EOFError):
        pair.supervisor.receive(wait=True)


@pytest.mark.parametrize(
    "junk", [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00\xc1", b"\x02\0\0\0\x91\x63"]
)
def test_receive_when_it_is_no_frame_counts_as_the_end(pair: Pair, junk: bytes) -> None:
    pair.raw.send(junk)

    with pytest.raises(EOFError):
        pair.supervisor.receive(wait=True)


def test_post_when_the_socket_is_full_keeps_the_rest_until_flushed(pair: Pair) -> None:
    large = Run([(0, delivery(payload=bytes(1 << 20)))])

    pair.supervisor.post(large)

    assert pair.supervisor.is_backed_up
    received: list[ToExecutor] = []
    while not received:
        received += pair.executor.receive(wait=True)
        pair.supervisor.flush()
    assert received == [large]
    assert not pair.supervisor.is_backed_up


def test_post_and_send_when_the_other_side_is_gone_say_so(pair: Pair) -> None:
    pair.executor.close()

    with pytest.raises(EOFError):
        pair.supervisor.post(Run([]))
    with pytest.raises(EOFError):
        pair.supervisor.send(Run([]))
