"""Notifications by mail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from securely.container import Container
from securely.events import Dispatcher
from securely.mail import (
    Address,
    Content,
    Envelope,
    InvalidMessage,
    Mailable,
    MailManager,
    Message,
    MessageSending,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailable.composer import Composer
from securely.mail.markdown import Markdown
from securely.mail.options import ArrayOptions
from securely.notifications import (
    AnonymousNotifiable,
    ChannelManager,
    InvalidContent,
    MailMessage,
    Notifiable,
    Notification,
    RouteMissing,
)
from securely.notifications.manager import Materials
from securely.notifications.options import NotificationOptions
from securely.translation import ArrayLoader, Translator
from securely.view import ViewFactory


@dataclass
class User(Notifiable):
    email: str
    name: str = ""


class Nobody(Notifiable):
    pass


@dataclass
class InvoicePaid(Notification):
    content: Any

    def via(self, notifiable: Any) -> list[str]:
        return ["mail"]

    def to_mail(self, notifiable: Any) -> Any:
        return self.content


@dataclass
class Letter(Mailable):
    word: str = "hello"
    whom: str = ""

    def envelope(self) -> Envelope:
        return Envelope(subject="Letter", to=[self.whom] if self.whom else [])

    def content(self) -> Content:
        return Content(html_string=f"<p>{self.word}</p>")


ANN = User("ann@x.io", "Ann")


@pytest.fixture
def lines() -> dict[str, str]:
    return {"Hello!": "Hallo!", "Regards,": "Groeten,"}


@pytest.fixture
def mail(events: Dispatcher) -> MailManager:
    options = {name: ArrayOptions(transport="array") for name in ("memory", "other")}
    mail = MailManager("memory", options, events=events)
    mail.always_from("shop@x.io")
    return mail


@pytest.fixture
def views(tmp_path: Path) -> ViewFactory:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/paid.md").write_text("**{{ word }}** from {{ app_name }}\n")
    (tmp_path / "mail/paid.html").write_text("<b>{{ word }}</b>")
    (tmp_path / "mail/paid.txt").write_text("plain {{ word }}")
    (tmp_path / "mail/layout.md").write_text(
        "{% for l in intro_lines %}- {{ l.text }}\n{% endfor %}"
    )
    return ViewFactory([tmp_path])


@pytest.fixture
def sender(
    mail: MailManager, views: ViewFactory, lines: dict[str, str], events: Dispatcher
) -> ChannelManager:
    translator = Translator(ArrayLoader().add_messages("nl", "*", lines), "en")
    markdown = Markdown(views)
    container = Container()
    materials = Materials(
        container,
        mail=lambda: mail,
        translator=lambda: translator,
        composer=lambda: Composer(
            container,
            views=lambda: views,
            markdown=lambda: markdown,
            locale=translator.with_locale,
        ),
        markdown=lambda: markdown,
        views=lambda: views,
        app_name="Shop",
    )
    options = NotificationOptions.parse({}, "notifications")
    return ChannelManager(options.channels, materials, events)


def sent(mail: MailManager, name: str = "memory") -> list[Message]:
    transport = mail.mailer(name).transport
    assert isinstance(transport, ArrayTransport)
    return list(transport.messages)


def one(mail: MailManager) -> Message:
    (message,) = sent(mail)
    return message


def test_a_mail_has_greeting_lines_button_and_salutation(
    sender: ChannelManager, mail: MailManager
) -> None:
    content = (
        MailMessage()
        .greeting("Dear Ann")
        .line("Your invoice\nis paid.")
        .action("View it", "https://x.io/a?b=1&c=2")
        .line("Thank you!")
        .salutation("Bye")
    )

    sender.send(ANN, InvoicePaid(content))

    message = one(mail)
    assert message.subject == "Invoice Paid"
    assert message.to == (Address("ann@x.io", "Ann"),)
    assert message.text is not None
    told = [line for line in message.text.splitlines() if line]
    assert told == [
        "# Dear Ann",
        "Your invoice is paid.",
        "View it: https://x.io/a?b=1&c=2",
        "Thank you!",
        "Bye",
        'If you\'re having trouble clicking the "View it" button, copy and paste the URL below',
        "into your web browser: https://x.io/a?b=1&c=2",
    ]
    assert message.html is not None
    assert '<h1 style="' in message.html
    assert 'class="button button-primary"' in message.html
    assert 'href="https://x.io/a?b=1&amp;c=2"' in message.html


def test_what_is_not_said_is_there_all_the_same(sender: ChannelManager, mail: MailManager) -> None:
    sender.send(ANN, InvoicePaid(MailMessage().line("There")))

    text = one(mail).text or ""
    assert "# Hello!" in text
    assert "Regards,\nShop" in text
    assert "trouble" not in text
    assert "button" not in (one(mail).html or "").split("</style>")[-1]


@pytest.mark.parametrize(
    ("level", "greeting", "color"),
    [
        ("error", "Whoops!", "error"),
        ("success", "Hello!", "success"),
        ("info", "Hello!", "primary"),
    ],
)
def test_levels_have_greetings_and_colors(
    sender: ChannelManager, mail: MailManager, level: str, greeting: str, color: str
) -> None:
    content = MailMessage().level(level).action("Go", "https://x.io")

    sender.send(ANN, InvoicePaid(content))

    assert f"# {greeting}" in (one(mail).text or "")
    assert f"button-{color}" in (one(mail).html or "")


def test_lines_are_in_the_locale(sender: ChannelManager, mail: MailManager) -> None:
    sender.send(ANN, InvoicePaid(MailMessage().line("x")).locale("nl"))

    text = one(mail).text or ""
    assert "# Hallo!" in text
    assert "Groeten," in text


def test_names_of_users_are_nothing_but_names(sender: ChannelManager, mail: MailManager) -> None:
    evil = "[x](https://evil.io) <script>alert(1)</script> **b** {{ 7*7 }}"
    content = MailMessage().greeting(evil).line(evil).salutation(evil)

    sender.send(ANN, InvoicePaid(content))

    html = one(mail).html or ""
    assert "<script>" not in html
    assert 'href="https://evil.io"' not in html
    assert "<strong>" not in html
    assert "49" not in html.split("<body")[1]
    assert (one(mail).text or "").count(evil) == 3


def test_a_line_may_be_markdown(sender: ChannelManager, mail: MailManager) -> None:
    content = (
        MailMessage()
        .line("**bold** <i>", is_markdown=True)
        .action("Go", "https://x.io")
        .line("[a](https://x.io/a)", is_markdown=True)
    )

    sender.send(ANN, InvoicePaid(content))

    html = one(mail).html or ""
    assert ">bold</strong> &lt;i&gt;" in html
    assert 'href="https://x.io/a"' in html


def test_a_button_leads_nowhere_dangerous(sender: ChannelManager, mail: MailManager) -> None:
    with pytest.raises(Exception, match="javascript"):
        sender.deliver(ANN, InvoicePaid(MailMessage().action("Go", "javascript:alert(1)")), "mail")

    assert sent(mail) == []


def test_everything_that_goes_along(
    sender: ChannelManager, mail: MailManager, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    content = (
        MailMessage()
        .subject("Paid")
        .from_("Ann <books@x.io>")
        .reply_to("a@x.io", "b@x.io")
        .cc("c@x.io")
        .bcc("d@x.io")
        .priority(1)
        .tag("paid", "shop")
        .metadata("order", 7)
        .attach(tmp_path / "a.txt", as_="b.txt", mime="text/x")
        .attach_data(b"c", "c.bin")
        .line("x")
    )

    sender.send(ANN, InvoicePaid(content))

    message = one(mail)
    assert message.subject == "Paid"
    assert str(message.sender) == "Ann <books@x.io>"
    assert [str(each) for each in message.reply_to] == ["a@x.io", "b@x.io"]
    assert [str(each) for each in (*message.cc, *message.bcc)] == ["c@x.io", "d@x.io"]
    assert message.priority == 1
    assert message.tags == ("paid", "shop")
    assert message.metadata == {"order": "7"}
    assert [(each.name, each.type) for each in message.attachments] == [
        ("b.txt", "text/x"),
        ("c.bin", "application/octet-stream"),
    ]


def test_views_take_the_place_of_the_layout(sender: ChannelManager, mail: MailManager) -> None:
    for content in (
        MailMessage().markdown("mail.paid", {"word": "<five>"}),
        MailMessage().view("mail.paid", {"word": "<five>"}),
        MailMessage().view("mail.paid", {"word": "<five>"}).text("mail.paid"),
        MailMessage().text("mail.paid", {"word": "<five>"}),
        MailMessage().markdown("mail.paid").with_(word="<five>").text("mail.paid"),
        MailMessage().template("mail.layout").line("one").line("two"),
    ):
        sender.send(ANN, InvoicePaid(content))

    markdown, view, both, text, mixed, layout = sent(mail)
    assert "&lt;five&gt;</strong> from Shop" in (markdown.html or "")
    assert markdown.text == "**<five>** from Shop\n"
    assert (view.html, view.text) == ("<b>&lt;five&gt;</b>", "<five>\n")
    assert (both.html, both.text) == ("<b>&lt;five&gt;</b>", "plain <five>")
    assert (text.html, text.text) == (None, "plain <five>")
    assert mixed.html == markdown.html
    assert mixed.text == "plain <five>"
    assert layout.text == "- one\n- two\n"


def test_the_layout_of_the_application_wins(
    sender: ChannelManager, mail: MailManager, tmp_path: Path
) -> None:
    (tmp_path / "vendor/notifications").mkdir(parents=True)
    (tmp_path / "vendor/notifications/email.md").write_text("mine: {{ greeting }}\n")

    sender.send(ANN, InvoicePaid(MailMessage().line("x")))

    assert one(mail).text == "mine: Hello!\n"


def test_a_mailer_is_named(sender: ChannelManager, mail: MailManager) -> None:
    sender.send(ANN, InvoicePaid(MailMessage().mailer("other").line("x")))
    sender.send(ANN, InvoicePaid(Letter().mailer("other")))

    assert sent(mail) == []
    assert len(sent(mail, "other")) == 2


@pytest.mark.parametrize(
    "content", [MailMessage().line("x"), Letter(), Message(subject="x", text="y")]
)
def test_each_mail_has_the_key_of_its_notification(
    sender: ChannelManager, mail: MailManager, content: Any
) -> None:
    paid = InvoicePaid(content)._numbered("n-1")

    sender.deliver(ANN, paid, "mail")
    asyncio.run(sender.adeliver(ANN, paid, "mail"))

    first, second = sent(mail)
    assert first.idempotency_key == second.idempotency_key == "notification:n-1:mail"
    assert first.message_id == second.message_id
    assert first.to == (Address("ann@x.io", "Ann"),)


def test_a_key_of_ones_own_is_kept(sender: ChannelManager, mail: MailManager) -> None:
    sender.send(ANN, InvoicePaid(Message(subject="x", text="y", idempotency_key="mine")))

    assert one(mail).idempotency_key == "mine"


def test_a_mail_that_names_its_recipients_goes_to_them_alone(
    sender: ChannelManager, mail: MailManager
) -> None:
    sender.send(ANN, InvoicePaid(Letter(whom="bob@x.io")))
    sender.send(Nobody(), InvoicePaid(Letter().cc("bob@x.io")))

    assert [str(each.to[0]) for each in sent(mail)[:1]] == ["bob@x.io"]
    assert sent(mail)[1].to == ()


@pytest.mark.parametrize(
    ("route", "to"),
    [
        ("Ann <ann@x.io>", ["Ann <ann@x.io>"]),
        (["a@x.io", "b@x.io"], ["a@x.io", "b@x.io"]),
        ({"a@x.io": "Ann"}, ["Ann <a@x.io>"]),
        (Address("a@x.io"), ["a@x.io"]),
    ],
)
def test_a_route_is_one_address_or_several(
    sender: ChannelManager, mail: MailManager, route: Any, to: list[str]
) -> None:
    sender.send(AnonymousNotifiable({"mail": route}), InvoicePaid(MailMessage().line("x")))

    assert [str(each) for each in one(mail).to] == to


@pytest.mark.parametrize("notifiable", [User(""), AnonymousNotifiable({"sms": 7})])
def test_who_has_no_address_is_not_told(
    sender: ChannelManager, mail: MailManager, notifiable: Any
) -> None:
    sender.send(notifiable, InvoicePaid(MailMessage().line("x")))

    assert sent(mail) == []


def test_who_says_nothing_is_an_error(sender: ChannelManager) -> None:
    with pytest.raises(RouteMissing, match="route_notification_for_mail"):
        sender.deliver(Nobody(), InvoicePaid(MailMessage()), "mail")


def test_what_is_no_address_is_an_error(sender: ChannelManager) -> None:
    with pytest.raises(InvalidMessage, match='"nobody" is no address'):
        sender.deliver(User("nobody"), InvoicePaid(MailMessage()), "mail")


@pytest.mark.parametrize("content", [None, "text", {"a": 1}])
def test_what_is_no_mail_is_refused(sender: ChannelManager, content: Any) -> None:
    with pytest.raises(InvalidContent, match=r"to_mail: it returned a .* Return a MailMessage"):
        sender.deliver(ANN, InvoicePaid(content), "mail")


def test_a_mail_that_is_cancelled_is_not_told_of(
    sender: ChannelManager, mail: MailManager, events: Dispatcher, told: Any
) -> None:
    events.listen(MessageSending, lambda event: False)

    sender.send(ANN, InvoicePaid(MailMessage().line("x")))

    assert sent(mail) == []
    assert told.names() == ["Sending"]


def test_what_was_sent_is_the_answer(sender: ChannelManager, told: Any) -> None:
    sender.send(ANN, InvoicePaid(MailMessage().line("x")))

    assert told.events[-1].answer.transport == "memory"
