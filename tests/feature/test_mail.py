"""Mail of an application: the facade, its listeners, its log, its command."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from securely import Application
from securely.facades import Config, Event, Log, Mail
from securely.mail import (
    Attachment,
    Mailer,
    MailManager,
    Message,
    MessageSending,
    MessageSent,
    Sent,
)
from securely.mail.drivers.array import ArrayTransport
from securely.testing.console import Artisan


@pytest.fixture
def sent(app: Application) -> ArrayTransport:
    """What keeps the mail of the application."""
    transport = Mail.mailer("array").transport
    assert isinstance(transport, ArrayTransport)
    return transport


def test_the_facade_is_the_manager_and_the_default_mailer(app: Application) -> None:
    assert app.make(Mailer) is app.make(MailManager)
    assert Mail.default == "array"
    assert {"array", "file", "log", "null", "smtp", "failover"} <= set(Mail.names())


def test_a_message_goes_out_from_the_applications_sender(sent: ArrayTransport) -> None:
    Mail.to("Ann <ann@example.org>").send(Message(subject="Hi", text="There"))
    asyncio.run(Mail.to("bo@example.org").asend(Message(subject="Hi", text="There")))

    assert [str(each.to[0]) for each in sent.messages] == [
        "Ann <ann@example.org>",
        "bo@example.org",
    ]
    assert all(each.sender is not None for each in sent.messages)


def test_listeners_of_the_application_are_told_in_both_colours(sent: ArrayTransport) -> None:
    told: list[str] = []

    async def later(event: MessageSent) -> None:
        told.append(f"sent {event.sent.message_id == event.message.message_id}")

    Event.listen(MessageSending, lambda event: told.append(f"sending by {event.mailer}"))
    Event.listen(MessageSent, later)

    asyncio.run(Mail.araw("There", to="ann@example.org", subject="Hi"))

    assert told == ["sending by array", "sent True"]


def test_a_listener_that_answers_false_cancels(sent: ArrayTransport) -> None:
    Event.listen(MessageSending, lambda event: False)

    assert Mail.raw("There", to="ann@example.org", subject="Hi") is None
    assert asyncio.run(Mail.araw("There", to="ann@example.org", subject="Hi")) is None
    assert sent.kept == []


def test_the_log_gets_what_is_to_be_read(app: Application) -> None:
    log = Log.fake()

    Mail.mailer("log").raw("Braces {stay}.", to="ann@example.org", subject="Hi \u00e9")

    log.assert_logged("debug", "Braces {stay}.")
    log.assert_logged("debug", "Subject: Hi \u00e9")


def test_files_lie_in_the_storage(app: Application) -> None:
    result = Mail.mailer("file").raw("There", to="ann@example.org", subject="Hi")

    assert result is not None
    path = Path(result.reply)
    assert path.is_relative_to(app.paths.storage)
    assert b"Subject: Hi\r\n" in path.read_bytes()


def test_the_sender_comes_from_the_configuration(app: Application) -> None:
    Config.set("mail.from", "Shop <shop@example.com>")
    Config.set("mail.to", "dev@example.com")

    Mail.raw("There", to="ann@example.org", subject="Hi")

    transport = Mail.mailer().transport
    assert isinstance(transport, ArrayTransport)
    [message] = transport.messages
    assert str(message.sender) == "Shop <shop@example.com>"
    assert transport.kept[0].recipients == ("dev@example.com",)
    assert message.headers["X-To"] == "ann@example.org"


def test_the_command_sends_and_says_who_took_it(artisan: Artisan, sent: ArrayTransport) -> None:
    artisan("mail:test ann@example.org --from=shop@example.com").assert_ok().assert_output(
        'The mailer "array" took it as <'
    )

    assert str(sent.messages[0].sender) == "shop@example.com"


def test_the_command_names_the_mailer(artisan: Artisan, sent: ArrayTransport) -> None:
    artisan("mail:test ann@example.org --mailer=null").assert_ok().assert_output('"null" took it')

    assert sent.kept == []


def test_the_command_fails_with_the_reason(artisan: Artisan) -> None:
    artisan("mail:test nobody").assert_failed().assert_output('"nobody" is no address')


def test_the_command_fails_when_a_listener_cancels(artisan: Artisan) -> None:
    Event.listen(MessageSending, lambda event: False)

    artisan("mail:test ann@example.org").assert_failed().assert_output("cancelled")


class Choosy:
    """A transport that takes mail, and refuses who gets it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, message: Message) -> Sent:
        later, never = "451 later", "550 never"
        refused = {"ann@example.org": later, "bo@example.org": never}
        return Sent(message.message_id, self.name, refused, "", ("ann@example.org",))

    def close(self) -> None:
        pass


def test_the_command_tells_who_is_refused_for_now(artisan: Artisan) -> None:
    Mail.extend("null", lambda name, options: Choosy(name))

    told = artisan("mail:test ann@example.org --mailer=null").assert_failed()

    told.assert_output("ann@example.org was refused for now: 451 later")
    told.assert_output("bo@example.org was refused: 550 never")


def test_what_lies_in_the_storage_can_be_attached(app: Application, sent: ArrayTransport) -> None:
    folder = app.storage_path("app/bills")
    folder.mkdir(parents=True)
    (folder / "7.txt").write_text("paid")
    attachment = Attachment.from_storage("bills/7.txt")

    Mail.raw("There", to="ann@example.org", attachments=[attachment])
    asyncio.run(Mail.araw("There", to="ann@example.org", attachments=[attachment]))

    for kept in sent.kept:
        (part,) = message_from_bytes(kept.raw, policy=SMTP).iter_attachments()
        assert (part.get_filename(), part.get_payload(decode=True)) == ("7.txt", b"paid")
