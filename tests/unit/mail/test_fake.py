"""The fake of mail: what it records, what its assertions say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from securely.mail import MailerUndefined, MailManager, Message, UnknownTransport
from securely.mail.drivers.array import ArrayTransport
from securely.mail.fake import MailFake
from securely.queue import NotQueueable
from tests.unit.mail.mailable.letters import Invoice, News, Queued, WelcomeToTheShop


@pytest.fixture
def mail(world: Any) -> MailFake:
    fake: MailFake = world.mail.fake()
    return fake


def failure(claim: Any, *arguments: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        claim(*arguments)
    return str(caught.value)


def test_a_fake_takes_the_place_of_the_manager(world: Any, mail: MailFake) -> None:
    assert world.container.make(MailManager) is mail

    mail.to("a@x.io").send(WelcomeToTheShop())

    assert world.sent() == []
    mail.assert_sent(WelcomeToTheShop)
    assert mail.has_sent(WelcomeToTheShop)


def test_what_was_sent_is_found_by_predicate_recipient_and_number(mail: MailFake) -> None:
    mail.to("a@x.io").cc("c@x.io").send(Invoice(1))
    mail.to("b@x.io").send(Invoice(2))

    mail.assert_sent(Invoice, lambda mail: mail.number == 2 and mail.has_to("b@x.io"))
    mail.assert_sent(Invoice, "a@x.io")
    mail.assert_sent(Invoice, ["a@x.io", "c@x.io"])
    mail.assert_sent(Invoice, "ann@example.org")  # whom the envelope names
    mail.assert_sent(Invoice, 2)
    mail.assert_sent_times(Invoice, 2)
    mail.assert_sent_count(2)
    assert [one.number for one in mail.sent(Invoice, "b@x.io")] == [2]


def test_a_typed_function_says_the_class_itself(mail: MailFake) -> None:
    mail.to("a@x.io").send(Invoice(1))

    def is_first(mail: Invoice) -> bool:
        return mail.number == 1

    mail.assert_sent(is_first)
    with pytest.raises(TypeError, match="no annotation"):
        mail.assert_sent(lambda mail: True)


def test_what_was_not_sent_is_said_with_what_was(mail: MailFake) -> None:
    mail.to("a@x.io").send(Invoice(1))

    assert failure(mail.assert_sent, News) == (
        "No News was sent. Mails: Invoice sent to a@x.io by memory."
    )
    assert "that meets the predicate" in failure(mail.assert_sent, Invoice, lambda mail: False)
    assert "to x@x.io" in failure(mail.assert_sent, Invoice, "x@x.io")
    assert "1 times instead of 3" in failure(mail.assert_sent_times, Invoice, 3)
    assert "1 mails were sent instead of 0" in failure(mail.assert_sent_count, 0)
    assert "Mails were sent" in failure(mail.assert_nothing_sent)
    assert "sent 1 times" in failure(mail.assert_not_sent, Invoice)


def test_a_queued_mail_is_not_sent_and_the_message_says_so(mail: MailFake) -> None:
    mail.to("a@x.io").send(Queued())

    assert "Queued was queued, which is not sent: use assert_queued." in failure(
        mail.assert_sent, Queued
    )
    mail.assert_nothing_sent()
    mail.assert_queued(Queued, "a@x.io")
    mail.assert_queued_times(Queued, 1)
    mail.assert_queued_count(1)
    assert mail.has_queued(Queued)
    assert failure(mail.assert_nothing_queued).startswith("Mails were queued.")


def test_outgoing_is_both(mail: MailFake) -> None:
    mail.assert_nothing_outgoing()

    mail.to("a@x.io").queue(Invoice(1), queue="slow", connection="arq")
    mail.to("a@x.io").later("5m", News())
    mail.to("a@x.io").send(WelcomeToTheShop())

    mail.assert_outgoing_count(3)
    mail.assert_not_outgoing(Queued)
    assert "queued 1 times" in failure(mail.assert_not_outgoing, News)
    assert "sent or queued" in failure(mail.assert_nothing_outgoing)
    first, second, _ = mail.mailed()
    assert (first.queue, first.connection, second.delay) == ("slow", "arq", "5m")


def test_messages_are_recorded_as_well(mail: MailFake) -> None:
    mail.raw("There", to="a@x.io", subject="Hi")

    mail.assert_sent(Message, lambda message: message.subject == "Hi")
    mail.assert_sent(Message, "a@x.io")


def test_named_mailers_record_in_both_colours(mail: MailFake) -> None:
    async def main() -> None:
        await mail.mailer("other").to("a@x.io").asend(Invoice(1))
        await mail.to("a@x.io").aqueue(Invoice(2))
        await mail.to("a@x.io").alater(5, Invoice(3))

    asyncio.run(main())
    mail.send(Invoice(4).to("a@x.io").mailer("other"))

    assert [(one.mailer, one.way) for one in mail.mailed()] == [
        ("other", "sent"),
        ("memory", "queued"),
        ("memory", "queued"),
        ("other", "sent"),
    ]
    with pytest.raises(MailerUndefined):
        mail.mailer("nobody")


def test_only_the_classes_that_are_named_are_recorded(world: Any) -> None:
    fake = world.mail.fake(Invoice)
    fake.to("a@x.io").send(Invoice(1))
    fake.to("a@x.io").send(WelcomeToTheShop())
    fake.to("a@x.io").queue(WelcomeToTheShop())

    fake.assert_outgoing_count(1)
    assert [message.subject for message in world.sent()] == ["Welcome To The Shop"]
    assert len(world.placed) == 1


def test_those_that_are_excepted_are_sent(world: Any) -> None:
    fake = world.mail.fake(except_=[News])
    fake.to("a@x.io").send(News())
    fake.to("a@x.io").send(Invoice(1))

    fake.assert_not_sent(News)
    assert len(world.sent()) == 1


def test_a_mail_that_is_given_in_the_place_of_its_class_is_a_mistake(mail: MailFake) -> None:
    with pytest.raises(TypeError, match="Invoice was given as a mail"):
        mail.assert_sent(Invoice(1))  # type: ignore[arg-type]


def test_standing_settings_can_be_made_on_a_fake(mail: MailFake) -> None:
    mail.always_from("x@x.io")
    mail.mailer("other").always_to("y@x.io")

    assert mail.name == "memory"


def test_faking_ends_with_its_block(world: Any) -> None:
    with world.mail.faking() as fake:
        fake.to("a@x.io").send(News())
        assert world.container.make(MailManager) is fake

    assert world.container.make(MailManager) is world.mail
    fake.assert_sent(News)


def test_mailers_that_are_built_on_the_spot_record_too(mail: MailFake) -> None:
    mailer = mail.build({"transport": "null"})

    mailer.to("a@x.io").send(WelcomeToTheShop())

    assert [(one.way, one.mailer) for one in mail.mailed()] == [("sent", "null")]
    with pytest.raises(NotQueueable, match=r"built on the spot .* mail.mailers"):
        mailer.to("b@x.io").queue(WelcomeToTheShop())
    with pytest.raises(UnknownTransport):
        mail.build({"transport": "nobody"})


def test_a_transport_that_is_added_to_a_fake_sends_what_is_excepted(world: Any) -> None:
    transport = ArrayTransport("added")
    mail = world.mail.fake(except_=[News])
    mail.extend("added", lambda name, options: transport)

    mail.build({"transport": "added"}).to("a@x.io").send(News())
    mail.build({"transport": "added"}).to("a@x.io").send(WelcomeToTheShop())

    assert [message.subject for message in transport.messages] == ["News"]
    mail.assert_sent_count(1)
