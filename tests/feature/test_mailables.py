"""Mailables of an application: their views, their queue, their language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.facades import Config, Event, Exceptions, Lang, Log, Mail, Queue
from securely.mail import (
    Attachment,
    Content,
    Envelope,
    Mailable,
    Message,
    MessageSent,
    Sent,
    TransportError,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailable.job import SendMailable
from securely.testing import Artisan
from tests.picky import Picky


@dataclass
class OrderShipped(Mailable):
    """A mail of an application."""

    number: int
    customer: str = "Ann <b>"
    lines: list[str] = field(default_factory=list)

    tries = 2

    def envelope(self) -> Envelope:
        return Envelope(subject=f"Order {self.number}")

    def content(self) -> Content:
        return Content(markdown="orders.shipped", with_={"url": f"https://x.io/{self.number}"})

    def attachments(self) -> list[Attachment]:
        return [Attachment.from_data(f"order {self.number}", "order.txt")]


MARKDOWN = """\
{% call message() %}
# Order {{ number }}

Dear {{ customer }}, it is **on its way**.

{% call button(url) %}Follow it{% endcall %}

{{ trans("mails.thanks") }}
{% endcall %}
"""


@pytest.fixture
def views(app: Application, tmp_path: Path) -> Path:
    """Where the views of the test are."""
    folder = tmp_path / "views"
    (folder / "orders").mkdir(parents=True)
    (folder / "orders/shipped.md").write_text(MARKDOWN)
    Config.set("view.paths", [str(folder)])
    return folder


@pytest.fixture
def sent(app: Application) -> ArrayTransport:
    """What keeps the mail of the application."""
    transport = Mail.mailer("array").transport
    assert isinstance(transport, ArrayTransport)
    return transport


def test_a_markdown_mailable_is_sent_in_both_forms(views: Path, sent: ArrayTransport) -> None:
    Mail.to("ann@x.io").send(OrderShipped(7))

    (message,) = sent.messages
    assert message.subject == "Order 7"
    assert "<strong" in (message.html or "")
    assert "Ann &lt;b&gt;" in (message.html or "")
    assert "Ann <b>" in (message.text or "")
    assert "https://x.io/7" in (message.text or "")
    assert [each.name for each in message.attachments] == ["order.txt"]


def test_it_is_sent_by_the_queue_in_either_colour(views: Path, sent: ArrayTransport) -> None:
    Mail.to("ann@x.io").queue(OrderShipped(1))
    asyncio.run(Mail.to("bo@x.io").aqueue(OrderShipped(2)))

    assert [each.subject for each in sent.messages] == ["Order 1", "Order 2"]
    assert all(each.idempotency_key for each in sent.messages)


def test_the_queue_fake_has_its_job(views: Path, app: Application) -> None:
    fake = Queue.fake()

    Mail.to("ann@x.io").later("5m", OrderShipped(7), queue="mail")

    fake.assert_pushed_on("mail", SendMailable, lambda job: job.restored().number == 7)  # type: ignore[attr-defined]


def test_it_speaks_the_language_of_its_reader(views: Path, sent: ArrayTransport) -> None:
    Lang.add_lines({"mails.thanks": "Bedankt"}, "nl")

    Mail.to("ann@x.io").locale("nl").send(OrderShipped(7))
    Mail.to("ann@x.io").locale("nl").queue(OrderShipped(8))
    Mail.to("ann@x.io").send(OrderShipped(9))

    assert ["Bedankt" in (each.text or "") for each in sent.messages] == [True, True, False]
    assert 'lang="nl"' in (sent.messages[0].html or "")


def test_render_and_assertions_see_what_is_sent(views: Path, app: Application) -> None:
    mailable: Any = OrderShipped(7)

    mailable.assert_see_in_html("Order 7")
    mailable.assert_see_in_order_in_text(["Order 7", "on its way", "https://x.io/7"])
    mailable.assert_has_subject("Order 7")
    mailable.assert_has_attached_data("order 7", "order.txt", "text/plain")
    assert mailable.render().startswith("<!DOCTYPE html>")


def test_a_fake_of_the_facade_records_and_is_undone_by_the_next_test(
    views: Path, sent: ArrayTransport
) -> None:
    fake = Mail.fake()

    Mail.to("ann@x.io").send(OrderShipped(7))
    Mail.to("ann@x.io").queue(OrderShipped(8))

    fake.assert_sent(OrderShipped, lambda mail: mail.has_to("ann@x.io") and mail.number == 7)
    fake.assert_queued(OrderShipped, "ann@x.io")
    assert sent.messages == []


@dataclass
class Sampled(Mailable):
    """A mail with a sample of itself."""

    words: str

    def content(self) -> Content:
        return Content(html_string=f"<p>{self.words}</p>")

    @staticmethod
    def preview() -> Sampled:
        return Sampled("a sample")


HERE = "tests.feature.test_mailables"


def test_preview_writes_a_page_of_the_mail(views: Path, artisan: Artisan, tmp_path: Path) -> None:
    page = tmp_path / "out/page.html"

    artisan(f"mail:preview {HERE}:OrderShipped --with=number=7 --output={page}").assert_ok()

    text = page.read_text()
    assert "<title>Order 7</title>" in text
    assert "<iframe sandbox srcdoc=" in text
    assert "order.txt</a> (7 bytes)" in text
    assert "Dear Ann &lt;b&gt;" in text


def test_preview_takes_the_sample_that_a_mailable_makes(app: Application, artisan: Artisan) -> None:
    artisan(f"mail:preview {HERE}:Sampled --text").assert_ok().assert_output("a sample")
    artisan(f"mail:preview {HERE}:Sampled --text --with=words=other").assert_output("other")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("NoSuch", 'There is no mailable "app.mail.no_such:NoSuch"'),
        (f"{HERE}:Path", "is no class of mailables"),
        (f"{HERE}:OrderShipped", "number (missing)"),
        (f"{HERE}:OrderShipped --with=number=x", "number (int_parsing)"),
        (f"{HERE}:OrderShipped --with=number", "Write --with=number=VALUE"),
    ],
)
def test_preview_says_what_is_wrong(
    app: Application, artisan: Artisan, words: str, said: str
) -> None:
    artisan(f"mail:preview {words}").assert_exit_code(1).assert_output(said).assert_no_output("..")


def test_those_who_were_put_off_get_it_later_and_nobody_twice(
    views: Path, app: Application
) -> None:
    picky = Picky()
    Mail.extend("array", lambda name, options: picky)
    log = Log.fake()

    Mail.to("ann@x.io", "late@x.io", "gone@x.io").queue(OrderShipped(7))

    first, second = picky.messages
    assert second.recipients() == ["late@x.io"]
    assert (second.message_id, second.to) == (first.message_id, first.to)
    (told,) = log.logged("warning", "refused for some of its recipients")
    assert set(told.fields["refused"]) == {"late@x.io", "gone@x.io"}


def test_those_who_were_put_off_get_it_later_though_a_listener_fails(
    views: Path, app: Application
) -> None:
    picky = Picky()
    Mail.extend("array", lambda name, options: picky)
    told: list[MessageSent] = []

    def fails_once(event: MessageSent) -> None:
        told.append(event)
        if len(told) == 1:
            raise OSError("no line")

    Event.listen(MessageSent, fails_once)
    job = SendMailable.of(OrderShipped(7).to("ann@x.io", "late@x.io"))
    job.key = "order-7"

    with pytest.raises(OSError, match="no line"):
        asyncio.run(job.handle(app))
    asyncio.run(job.handle(app))

    assert [message.recipients() for message in picky.messages] == [
        ["ann@x.io", "late@x.io"],
        ["late@x.io"],
    ]


class Never:
    """Takes nothing, for good."""

    name = "never"

    def send(self, message: Message) -> Sent:
        raise TransportError(self.name, "550 go away", is_retryable=False)

    def close(self) -> None: ...


def test_a_mail_that_fails_for_good_is_reported(views: Path, app: Application) -> None:
    Mail.extend("array", lambda name, options: Never())
    errors = Exceptions.fake()

    Mail.to("ann@x.io").queue(OrderShipped(7))

    errors.assert_reported(TransportError)
