"""Attachments that are fetched from a web server, whatever that does."""

from __future__ import annotations

import copy
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from securely.mail import Attachment, AttachmentUnavailable, Message
from securely.mail.drivers.array import ArrayTransport
from securely.mail.drivers.failover import FailoverTransport
from securely.mail.drivers.smtp import SmtpTransport
from tests.smtp import MailHost
from tests.web import Asked, WebHost, reply

pytestmark = pytest.mark.integration

Write = Callable[..., Message]
Make = Callable[..., SmtpTransport]
PDF = b"%PDF-1.7 and more"


@pytest.fixture
def web() -> Iterator[WebHost]:
    with WebHost() as web:
        web.answer = lambda _, handler: reply(handler, PDF, content_type="application/pdf")
        yield web


def only(message: Message) -> EmailMessage:
    """Return the one file that is attached to *message* when it is built."""
    (part,) = message.build().iter_attachments()
    assert isinstance(part, EmailMessage)
    return part


def failing(message: Message) -> AttachmentUnavailable:
    """Return what building *message* raises; it shows nothing secret."""
    with pytest.raises(AttachmentUnavailable) as caught:
        message.as_bytes()
    error = caught.value
    assert "hunter2" not in str(error) + repr(error)
    assert str(copy.copy(error)) == str(error)
    assert copy.copy(error).is_retryable is error.is_retryable
    return error


def test_build_when_it_is_at_a_url_then_it_is_fetched_then(web: WebHost, message: Write) -> None:
    mail = message(attachments=[Attachment.from_url(f"{web.url}/bills/7?key=1")])
    assert web.asked == []

    part = only(mail)

    assert part.get_content() == PDF
    assert (part.get_filename(), part.get_content_type()) == ("7", "application/pdf")
    assert [(one.method, one.target) for one in web.asked] == [("GET", "/bills/7?key=1")]
    assert web.asked[0].fields["accept-encoding"] == "identity"


def test_build_when_the_server_names_it_then_it_is_called_so(web: WebHost, message: Write) -> None:
    web.answer = lambda _, handler: reply(
        handler,
        b"a,b",
        content_type="text/csv; charset=utf-8",
        content_disposition='attachment; filename="march.csv"',
    )
    attachment = Attachment.from_url(f"{web.url}/report")

    said, own = (only(message(attachments=[a])) for a in (attachment, attachment.as_("own.txt")))

    assert said.get_filename() == "march.csv"
    assert said["Content-Type"] == 'text/csv; charset="utf-8"'
    assert own.get_filename() == "own.txt"
    assert own.get_content_type() == "text/csv"


def test_build_when_name_and_type_are_given_then_they_win(web: WebHost, message: Write) -> None:
    attachment = Attachment.from_url(f"{web.url}/a.pdf").with_mime("text/x-own").as_("a.pdf")
    web.answer = lambda _, handler: reply(
        handler, PDF, content_type="application/pdf", content_disposition="inline; filename=b.pdf"
    )

    part = only(message(attachments=[attachment]))

    assert (part.get_filename(), part.get_content_type()) == ("a.pdf", "text/x-own")


def test_build_when_the_server_says_no_type_then_the_name_does(
    web: WebHost, message: Write
) -> None:
    web.answer = lambda _, handler: reply(handler, PDF)

    part = only(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))

    assert part.get_content_type() == "application/pdf"


def test_build_when_a_picture_is_renamed_then_html_still_shows_it(
    web: WebHost, message: Write
) -> None:
    web.answer = lambda _, handler: reply(
        handler, b"\x89PNG", content_type="image/png", content_disposition="inline; filename=x.png"
    )
    logo = Attachment.from_url(f"{web.url}/logo.png")

    built = message(html='<img src="cid:logo.png">', inline=[logo]).build()

    (picture,) = (part for part in built.walk() if part.get_content_maintype() == "image")
    html = built.get_body(("html",))
    assert html is not None
    assert picture.get_filename() == "x.png"
    assert html.get_content().strip() == f'<img src="cid:{picture["Content-ID"].strip("<>")}">'
    assert picture["Content-ID"] == f"<{logo.id}>"


def test_build_when_redirected_then_it_is_followed(web: WebHost, message: Write) -> None:
    def answer(asked: Asked, handler: Any) -> None:
        if asked.target == "/old.pdf":
            reply(handler, status=302, location="/new.pdf")
        else:
            reply(handler, PDF)

    web.answer = answer

    assert only(message(attachments=[Attachment.from_url(f"{web.url}/old.pdf")])).get_content()
    assert [one.target for one in web.asked] == ["/old.pdf", "/new.pdf"]


@pytest.mark.parametrize(
    ("location", "said"), [("/a.pdf?sign=hunter2", "more than 5 times"), ("file:///x", "neither")]
)
def test_build_when_redirected_to_nowhere_then_it_ends(
    web: WebHost, message: Write, location: str, said: str
) -> None:
    web.answer = lambda _, handler: reply(handler, status=302, location=location)

    error = failing(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))

    assert said in error.reason
    assert error.is_retryable is False
    assert len(web.asked) <= 6


@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [(status, status in {408, 429, 500, 503}) for status in (401, 404, 410, 408, 429, 500, 503)],
)
def test_build_when_the_server_refuses_then_its_status_decides(
    web: WebHost, message: Write, status: int, is_retryable: bool
) -> None:
    web.answer = lambda _, handler: reply(handler, b"hunter2", status=status)
    url = f"http://ann:hunter2@127.0.0.1:{web.port}/a.pdf?sign=hunter2"

    error = failing(message(attachments=[Attachment.from_url(url)]))

    assert (error.status, error.is_retryable) == (status, is_retryable)
    assert str(error) == (
        f'The file at {web.url}/a.pdf, in "attachments" of this message, can not be had: '
        f"the server answered {status}."
    )
    assert web.asked[0].fields["authorization"].startswith("Basic ")


def test_build_when_nobody_listens_then_it_may_be_later(message: Write) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://ann:hunter2@127.0.0.1:{free.getsockname()[1]}/a.pdf"
        error = failing(message(html="<p>", inline=[Attachment.from_url(url)]))

    assert error.is_retryable is True
    assert error.field == "inline"
    assert "refused" in error.reason.lower()


def test_build_when_the_host_is_not_found_then_it_may_be_later(message: Write) -> None:
    url = "https://ann:hunter2@no-such-host.invalid/a.pdf"

    assert failing(message(attachments=[Attachment.from_url(url)])).is_retryable is True


def test_build_when_the_server_is_silent_then_it_is_waited_for_so_long(
    web: WebHost, message: Write
) -> None:
    web.answer = lambda _asked, _handler: web.hang()
    attachment = Attachment.from_url(f"{web.url}/a.pdf", timeout_seconds=0.1)

    error = failing(message(attachments=[attachment]))

    assert "silent for 0.1 seconds" in error.reason
    assert error.is_retryable is True


def test_build_when_it_drips_then_it_ends(web: WebHost, message: Write, clock: Any) -> None:
    """Each piece comes in time, and all of them do not."""

    def answer(_: Asked, handler: Any) -> None:
        clock(121)
        reply(handler, PDF)

    web.answer = answer

    error = failing(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))

    assert "longer than 120 seconds" in error.reason
    assert error.is_retryable is True


@pytest.mark.parametrize("content_length", ["100", None])
def test_build_when_the_connection_breaks_then_nothing_is_attached(
    web: WebHost, message: Write, content_length: str | None
) -> None:
    def answer(_: Asked, handler: Any) -> None:
        if content_length:
            reply(handler, b"some", content_length=content_length)
        else:
            reply(handler, b"5\r\nab", transfer_encoding="chunked", content_length="")

    web.answer = answer

    error = failing(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))

    assert error.is_retryable is True
    assert "connection failed" in error.reason


@pytest.mark.parametrize("says_so", [True, False])
def test_build_when_it_is_too_large_then_it_is_not_fetched_to_its_end(
    web: WebHost, message: Write, says_so: bool
) -> None:
    written = 0

    def answer(_: Asked, handler: Any) -> None:
        nonlocal written
        handler.send_response(200)
        if says_so:
            handler.send_header("Content-Length", "100000000")
        handler.end_headers()
        handler.close_connection = True
        for _ in range(1_000):
            handler.wfile.write(bytes(100_000))
            written += 100_000

    web.answer = answer
    attachment = Attachment.from_url(f"{web.url}/a.bin", bytes_max=200_000)

    error = failing(message(attachments=[attachment]))

    assert "200,000 bytes" in error.reason
    assert error.is_retryable is False
    assert written < 100_000_000


def test_build_when_it_is_just_as_large_as_it_may_be_then_it_is_taken(
    web: WebHost, message: Write
) -> None:
    attachment = Attachment.from_url(f"{web.url}/a.pdf", bytes_max=len(PDF))

    assert only(message(attachments=[attachment])).get_content() == PDF


def test_build_when_it_comes_compressed_then_it_is_refused(web: WebHost, message: Write) -> None:
    """It was not asked for; a few bytes may become gigabytes."""
    web.answer = lambda _, handler: reply(handler, b"x", content_encoding="gzip")

    error = failing(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))

    assert "compressed ('gzip')" in error.reason
    assert error.is_retryable is False


def test_write_to_when_it_is_large_then_memory_is_not(web: WebHost, message: Write) -> None:
    class Sink:
        size = 0

        def write(self, data: bytes, /) -> None:
            self.size += len(data)

    size = 8_000_000

    def answer(_: Asked, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(bytes(size // 200))

    web.answer = answer
    mail = message(attachments=[Attachment.from_url(f"{web.url}/a.bin")])
    sink = Sink()
    import httpx2  # not of what is measured

    assert httpx2
    tracemalloc.start()
    try:
        mail.write_to(sink)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sink.size > size * 4 // 3
    assert peak < 2_000_000


def test_send_when_smtp_then_it_is_fetched_once_and_before_the_server_is_asked(
    web: WebHost, host: MailHost, mailer: Make, message: Write
) -> None:
    """Also where the connection that was kept is gone, and the message is written again."""
    transport = mailer(host.port)
    transport.send(message())
    host.hang_up()
    mail = message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")])

    sent = transport.send(mail)

    assert len(web.asked) == 1
    assert sent.message_id == mail.message_id
    web.answer = lambda _, handler: reply(handler, status=503)
    with pytest.raises(AttachmentUnavailable):
        transport.send(mail)
    transport.send(message())
    assert [mail.connection for mail in host.arrived] == [1, 2, 2]


def test_send_when_tried_again_then_it_is_fetched_anew_under_the_same_id(
    web: WebHost, message: Write
) -> None:
    transport = ArrayTransport("array")
    mail = message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")])

    ids = {transport.send(mail).message_id for _ in range(2)}

    assert len(web.asked) == 2
    assert ids == {mail.message_id}


def test_send_when_failover_then_no_server_is_blamed(web: WebHost, message: Write) -> None:
    """Another one would fetch the same URL: the first that is asked says that it can not be had."""
    arrays = {name: ArrayTransport(name) for name in ("one", "two")}
    both = FailoverTransport("both", ["one", "two"], arrays.__getitem__)
    web.answer = lambda _, handler: reply(handler, status=503)

    with pytest.raises(AttachmentUnavailable):
        both.send(message(attachments=[Attachment.from_url(f"{web.url}/a.pdf")]))
    both.send(message())

    assert len(web.asked) == 1
    assert len(arrays["one"].kept) == 1
