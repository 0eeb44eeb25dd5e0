"""What a message looks like while DATA lasts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.mail.drivers.smtp_wire import Stuffed, Wire, WireBroken
from securely.support.clock import monotonic


class Dead:
    """A socket whose other end is gone, which nobody has told it."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.waited.append(seconds)

    def sendall(self, data: bytes) -> None:
        """Take it: the kernel does, too."""

    def recv(self, _: int) -> bytes:
        raise TimeoutError

    def close(self) -> None:
        """Be closed."""


def test_is_alive_when_the_other_end_is_gone_then_it_is_not_waited_for_long(clock: Any) -> None:
    """To open another connection is quicker; a message is worth more patience."""
    sock: Any = Dead()
    wire = Wire(sock, "mail.example.com", "client.example.com", 60.0)

    assert wire.is_alive() is False
    assert sock.waited == [5.0, 5.0]
    with pytest.raises(WireBroken, match="silent"):
        wire.docmd("RSET")
    assert sock.waited[2:] == [60.0, 60.0]


def test_getreply_when_the_whole_is_over_then_nobody_waits_for_an_answer(clock: Any) -> None:
    sock: Any = Dead()
    wire = Wire(sock, "mail.example.com", "client.example.com", 60.0)
    wire.deadline = monotonic() + 10

    clock(7)
    with pytest.raises(WireBroken):
        wire.docmd("RSET")
    clock(3)
    with pytest.raises(WireBroken) as caught:
        wire.docmd("RSET")

    assert sock.waited == [3.0, 3.0]
    assert caught.value.timed_out is True


def sent(*writes: bytes) -> tuple[bytes, list[bytes]]:
    """Return what is sent for *writes*, as one and in its pieces."""
    pieces: list[bytes] = []
    body = Stuffed(pieces.append)
    for each in writes:
        assert body.write(each) == len(each)
    body.finish()
    return b"".join(pieces), pieces


def received(wire: bytes) -> bytes:
    """Return what a server makes of *wire*. Source: RFC 5321, section 4.5.2."""
    text, end, rest = b"\r\n".join([b"", wire]).partition(b"\r\n.\r\n")
    assert end
    assert rest == b""
    return text[2:].replace(b"\r\n..", b"\r\n.").removeprefix(b".") + b"\r\n"


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (b"one\r\n", b"one\r\n.\r\n"),
        (b"one", b"one\r\n.\r\n"),
        (b"", b".\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\n..b", b"a\r\n...b\r\n.\r\n"),
        (b"a.\r\n", b"a.\r\n.\r\n"),
        # Line ends that some servers take for those of mail: a second message must not hide there.
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\n.\r\nMAIL FROM:<>\r\n", b"a\r\n..\r\nMAIL FROM:<>\r\n.\r\n"),
        (b"a\r\r\n.\r\r\n", b"a\r\n\r\n..\r\n\r\n.\r\n"),
        (b"a\r", b"a\r\n.\r\n"),
    ],
)
def test_stuffed_when_dots_and_line_ends_then_none_is_misread(text: bytes, wire: bytes) -> None:
    assert sent(text)[0] == wire
    assert sent(*(text[at : at + 1] for at in range(len(text))))[0] == wire


@pytest.mark.parametrize("boundary", [b"\r\n.x", b".", b"\r", b"\n", b"\r\n", b"\n.\n", b"\r."])
def test_stuffed_when_a_piece_ends_anywhere_then_nothing_changes(boundary: bytes) -> None:
    """Whichever letter is the last one of a piece."""
    for before in range(65_536 - 4, 65_536 + 2):
        text = b"x" * before + boundary + b"y\r\n"
        lines = re.split(rb"\r\n|\r|\n", text)
        expected = b"\r\n".join(b"." + line if line[:1] == b"." else line for line in lines)

        whole, pieces = sent(text)
        parts, _ = sent(text[:before], text[before : before + 1], text[before + 1 :])

        assert whole == parts == expected + b".\r\n"
        assert len(pieces) >= 1


def test_stuffed_when_large_then_it_goes_in_pieces() -> None:
    _, pieces = sent(b"x" * 1_000_000)

    assert max(map(len, pieces)) <= 65_536 + 5
    assert len(pieces) > 10


@pytest.mark.property
@given(st.lists(st.text(alphabet=".\r\na ", max_size=12).map(str.encode), max_size=12))
def test_stuffed_when_any_text_then_a_server_reads_its_lines(writes: list[bytes]) -> None:
    wire, _ = sent(*writes)

    text = re.sub(rb"\r\n|\r|\n", b"\r\n", b"".join(writes))
    assert received(wire).rstrip(b"\r\n") == text.rstrip(b"\r\n")
    assert b"\r\n.\r\n" not in (b"\r\n" + wire)[:-3]
