"""What every mail Transport must do.

Subclass the suite in a test module, and give it your transport and what has arrived:

    class TestMyTransport(TransportSuite):
        @pytest.fixture
        def transport(self) -> MyTransport: ...

        @pytest.fixture
        def arrived(self) -> Callable[[], list[bytes]]: ...

        @pytest.fixture
        def broken(self) -> MyTransport: ...
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, ClassVar

import pytest

from securely.mail import Attachment, InvalidMessage, Message, Sent, Transport, TransportError

__all__ = ["TransportSuite"]

# What could be misread on the way: dots that end a message, words that begin a field or a box.
_TRAPS = (
    ".\n..\n.dot at the beginning\nFrom here on\n\n.\nQUIT\n"
    "ends with a dot.\ntrailing blanks  \nas long as " + "it can be " * 30 + "\n"
)
# More than one piece of any transport, with every byte in it.
_LARGE = bytes(range(256)) * 4_000
# How many threads send at once, and how much each of them does.
_THREADS = 4
_TIMES = 5


def _parsed(raw: bytes) -> EmailMessage:
    """Read *raw* as a strict reader does: any defect is an error."""
    message = message_from_bytes(raw, policy=policy.SMTP + policy.strict)
    assert isinstance(message, EmailMessage)
    return message


class TransportSuite:
    """What every transport must do. Override the fixtures.

    Attributes:
        keeps: Whether what was sent can be read back from `arrived`.
        tells_recipients: Whether `envelopes` knows whom each message was for.
        breaks: Whether there is a way for it to fail: the fixture `broken`.
    """

    keeps: ClassVar[bool] = True
    tells_recipients: ClassVar[bool] = False
    breaks: ClassVar[bool] = True

    @pytest.fixture
    def transport(self) -> Transport:
        """Give the transport under test, which works."""
        raise NotImplementedError("Give the transport under test.")

    @pytest.fixture
    def arrived(self) -> Callable[[], list[bytes]]:
        """Give a function that returns the messages that arrived, as they are on the wire."""
        raise NotImplementedError("Say how to read what arrived.")

    @pytest.fixture
    def envelopes(self) -> Callable[[], list[list[str]]]:
        """Give a function that returns the recipients of each message that arrived."""
        raise NotImplementedError("Say whom the messages were for.")

    @pytest.fixture
    def broken(self) -> Transport:
        """Give a transport of this kind that can not bring anything away."""
        raise NotImplementedError("Give a transport that fails.")

    @staticmethod
    def message(**fields: Any) -> Message:
        """Make a message."""
        usual: dict[str, Any] = {
            "sender": "Ann <ann@example.com>",
            "to": ["Bob <bob@example.com>"],
            "subject": "Greetings",
            "text": "Hello Bob\n",
        }
        return Message(**(usual | fields))

    def test_send_when_text_then_it_arrives(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """The fields and the text are those of the message."""
        sent = transport.send(self.message())

        assert isinstance(sent, Sent)
        assert sent.transport  # of several, the one that took it
        assert sent.refused == {}
        if self.keeps:
            (raw,) = arrived()
            read = _parsed(raw)
            assert read["Subject"] == "Greetings"
            assert read["From"] == "Ann <ann@example.com>"
            assert read["To"] == "Bob <bob@example.com>"
            assert read["Message-ID"] == sent.message_id
            assert read.get_content().splitlines() == ["Hello Bob"]

    def test_send_when_sent_again_then_the_message_id_is_the_same(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """Receivers can tell that it is one message, as after a retry."""
        message = self.message()

        first, second = transport.send(message), transport.send(message)

        assert first.message_id == second.message_id == message.message_id
        if self.keeps:
            one, two = map(_parsed, arrived())
            assert one["Message-ID"] == two["Message-ID"] == message.message_id

    def test_send_when_two_messages_then_each_has_an_id_of_its_own(
        self, transport: Transport
    ) -> None:
        """Receivers would drop the second one otherwise."""
        ids = {transport.send(self.message()).message_id for _ in range(3)}

        assert len(ids) == 3

    def test_send_when_blind_copies_then_nobody_reads_of_them(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """They are in the envelope alone."""
        transport.send(self.message(bcc=["secret@example.com"]))

        if self.keeps:
            (raw,) = arrived()
            assert b"secret@example.com" not in raw
            assert b"\nbcc:" not in raw.lower()

    def test_send_when_to_several_then_each_gets_it_once(
        self, transport: Transport, request: pytest.FixtureRequest
    ) -> None:
        """Those of to, cc and bcc, each of them once."""
        message = self.message(
            to=["a@example.com", "b@example.com"],
            cc=["c@example.com", "a@example.com"],
            bcc=["d@example.com"],
        )

        transport.send(message)

        if self.tells_recipients:
            envelopes: Callable[[], list[list[str]]] = request.getfixturevalue("envelopes")
            (recipients,) = envelopes()
            assert sorted(recipients) == [f"{letter}@example.com" for letter in "abcd"]

    def test_send_when_only_to_some_then_the_others_get_no_second_copy(
        self, transport: Transport, request: pytest.FixtureRequest
    ) -> None:
        """Those who did not get it with the others get the same mail."""
        message = self.message(
            to=["a@example.com", "b@example.com"], cc=["c@example.com"], bcc=["d@example.com"]
        )

        sent = transport.send(message.only_to("b@example.com", "d@example.com"))

        assert sent.message_id == message.message_id
        assert sent.retryable == ()
        if self.tells_recipients:
            envelopes: Callable[[], list[list[str]]] = request.getfixturevalue("envelopes")
            (recipients,) = envelopes()
            assert sorted(recipients) == ["b@example.com", "d@example.com"]

    def test_send_when_for_nobody_then_the_field_is_named(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """It is no error of the transport."""
        with pytest.raises(InvalidMessage, match="to"):
            transport.send(self.message(to=[]))

        assert arrived() == []

    def test_send_when_lines_look_like_commands_then_nothing_is_lost(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """A dot at the beginning of a line is doubled on the way, and no line is lost."""
        transport.send(self.message(text=_TRAPS))

        if self.keeps:
            (raw,) = arrived()
            assert _parsed(raw).get_content().splitlines() == _TRAPS.splitlines()

    def test_send_when_letters_of_all_kinds_then_they_arrive(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """In the subject, a name, and both bodies."""
        words = "Zoë 日本語 😀 — “quoted”"
        message = self.message(
            subject=words, to=[f'"{words}" <bob@example.com>'], text=words, html=f"<p>{words}</p>"
        )

        transport.send(message)

        if self.keeps:
            (raw,) = arrived()
            read = _parsed(raw)
            html = read.get_body(("html",))
            text = read.get_body(("plain",))
            assert html is not None
            assert text is not None
            assert read["Subject"] == words
            assert "Zoë" in str(read["To"])
            assert text.get_content().strip() == words
            assert html.get_content().strip() == f"<p>{words}</p>"
            assert raw.isascii()

    def test_send_when_sent_then_lines_are_those_of_mail(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """Each ends with CRLF, and none is longer than 998 bytes (RFC 5322, 2.1.1)."""
        message = self.message(text="long " * 1_000, html="<b>" + "x" * 5_000, subject="é" * 300)

        transport.send(message)

        if self.keeps:
            (raw,) = arrived()
            assert b"\n" not in raw.replace(b"\r\n", b"")
            assert b"\r" not in raw.replace(b"\r\n", b"")
            assert max(map(len, raw.split(b"\r\n"))) <= 998

    def test_send_when_attachments_then_they_arrive_byte_by_byte(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """Small ones and large ones."""
        attachments = [
            Attachment.from_data(b"\x00\r\n.\r\n\xff", "small.bin"),
            Attachment.from_data(lambda: _LARGE, "large.bin"),
        ]

        transport.send(self.message(attachments=attachments))

        if self.keeps:
            (raw,) = arrived()
            found = {part.get_filename(): part.get_content() for part in _attached(raw)}
            assert found == {"small.bin": b"\x00\r\n.\r\n\xff", "large.bin": _LARGE}

    def test_send_when_an_attachment_fails_then_its_error_is_raised_and_nothing_sent(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """It is no error of the transport; the next message goes its way."""

        def vanish() -> bytes:
            raise LookupError("the report is gone")

        message = self.message(attachments=[Attachment.from_data(vanish, "report.pdf")])

        if self.keeps:
            with pytest.raises(LookupError, match="the report is gone"):
                transport.send(message)
        transport.send(self.message(subject="Next"))

        if self.keeps:
            assert [_parsed(raw)["Subject"] for raw in arrived()] == ["Next"]

    def test_send_when_closed_before_then_it_opens_again(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """Closing lets go; it does not end."""
        transport.send(self.message(subject="Before"))
        transport.close()
        transport.close()
        transport.send(self.message(subject="After"))

        if self.keeps:
            assert sorted(_parsed(raw)["Subject"] for raw in arrived()) == ["After", "Before"]

    def test_send_when_threads_send_then_no_message_is_torn(
        self, transport: Transport, arrived: Callable[[], list[bytes]]
    ) -> None:
        """One transport serves many threads."""

        def work(thread: int) -> None:
            for number in range(_TIMES):
                text = f"<{thread}:{number}> " * 2_000
                transport.send(self.message(subject=f"{thread}:{number}", text=text))

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(work, range(_THREADS)))

        if self.keeps:
            read = {_parsed(raw)["Subject"]: _parsed(raw).get_content() for raw in arrived()}
            assert len(read) == _THREADS * _TIMES
            for subject, text in read.items():
                assert set(text.split()) == {f"<{subject}>"}

    def test_send_when_it_can_not_then_it_is_a_transport_error(
        self, request: pytest.FixtureRequest
    ) -> None:
        """That, and nothing else: failover and queue decide by it."""
        if not self.breaks:
            return
        broken: Transport = request.getfixturevalue("broken")

        with pytest.raises(TransportError) as caught:
            broken.send(self.message())

        error = caught.value
        assert broken.name in str(error)
        assert error.transport == broken.name
        assert error.reason
        again = copy.copy(error)  # as what takes it to another process does
        assert str(again) == str(error)
        assert again.is_retryable is error.is_retryable


def _attached(raw: bytes) -> list[EmailMessage]:
    found = list(_parsed(raw).iter_attachments())
    assert found
    return found
