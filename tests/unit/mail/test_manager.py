from __future__ import annotations

from typing import Any

import pytest

from securely.exceptions import ConfigurationError
from securely.mail import (
    Address,
    Mailer,
    MailerUndefined,
    MailManager,
    Message,
    Sent,
    UnknownTransport,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailer import Standing
from securely.mail.manager import Materials
from securely.mail.options import MailOptions

HI = Message(subject="Hi", text="There", to="a@x.io")


class Pigeon:
    """A transport of an application."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_closed = False
        self.sent: list[Message] = []

    def send(self, message: Message) -> Sent:
        self.sent.append(message)
        return Sent(message.message_id, self.name, {}, "coo")

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def mail() -> MailManager:
    options = MailOptions.parse(
        {
            "default": "first",
            "mailers": {
                "first": {"transport": "array"},
                "second": {"transport": "array", "from": "Second <second@x.io>"},
                "both": {"transport": "failover", "mailers": ["first", "second"]},
                "pigeon": {"transport": "pigeon", "speed": 7},
                "log": {"transport": "log"},
            },
        },
        "mail",
    )
    return MailManager(
        options.default, options.mailers, standing=Standing(sender=Address("all@x.io"))
    )


def kept(mailer: Mailer) -> list[Message]:
    assert isinstance(mailer.transport, ArrayTransport)
    return mailer.transport.messages


def test_it_is_the_default_mailer(mail: MailManager) -> None:
    mail.send(HI)

    assert mail.name == "first"
    assert mail.mailer() is mail.mailer("first")
    assert kept(mail.mailer("first"))[0].sender == Address("all@x.io")
    assert mail.transport is mail.mailer().transport


def test_a_mailers_own_sender_wins(mail: MailManager) -> None:
    mail.mailer("second").send(HI)
    mail.always_from("later@x.io")
    mail.mailer("second").send(HI)
    mail.mailer("first").send(HI)

    assert [str(each.sender) for each in kept(mail.mailer("second"))] == [
        "Second <second@x.io>",
        "Second <second@x.io>",
    ]
    assert str(kept(mail.mailer("first"))[0].sender) == "later@x.io"


def test_what_is_set_on_one_mailer_is_for_that_one(mail: MailManager) -> None:
    mail.mailer("first").always_to("dev@x.io")

    mail.send(HI)
    mail.mailer("second").send(HI)

    assert kept(mail.mailer("first"))[0].to == (Address("dev@x.io"),)
    assert kept(mail.mailer("second"))[0].to == (Address("a@x.io"),)


def test_what_is_set_on_all_is_for_those_to_come_too(mail: MailManager) -> None:
    mail.always_to("dev@x.io")

    mail.mailer("second").send(HI)
    mail.build({"transport": "array"}).send(HI)

    assert kept(mail.mailer("second"))[0].to == (Address("dev@x.io"),)


def test_several_use_the_mailers_of_that_name(mail: MailManager) -> None:
    sent = mail.mailer("both").send(HI)

    assert sent is not None
    assert sent.transport == "first"
    assert len(kept(mail.mailer("first"))) == 1


def test_an_unknown_mailer_names_the_others(mail: MailManager) -> None:
    with pytest.raises(MailerUndefined, match=r'"secnod" is not defined.*Did you mean "second"'):
        mail.mailer("secnod")


def test_an_unknown_transport_names_the_others(mail: MailManager) -> None:
    with pytest.raises(UnknownTransport, match=r'"pigeon" of the mailer "pigeon".*smtp'):
        mail.mailer("pigeon")


def test_a_transport_can_be_added(mail: MailManager) -> None:
    given: list[Any] = []

    def make(name: str, options: Any) -> Pigeon:
        given.append(options.speed)
        return Pigeon(name)

    mail.extend("pigeon", make)
    sent = mail.mailer("pigeon").send(HI)

    assert sent is not None
    assert (sent.reply, given) == ("coo", [7])


def test_one_of_ours_can_be_replaced_by_a_mailer(mail: MailManager) -> None:
    made = Mailer(Pigeon("own"))
    mail.extend("array", lambda name, options: made)

    assert mail.mailer("first") is made


def test_a_mailer_can_be_built_here_and_now(mail: MailManager) -> None:
    built = mail.build({"transport": "array", "from": {"address": "b@x.io"}})
    built.send(HI)

    assert kept(built)[0].sender == Address("b@x.io")
    assert built.name == "array"
    assert built is not mail.build({"transport": "array"})
    assert "array" not in mail.names()


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({}, "mail.build.transport is missing"),
        ({"transport": "smtp", "hots": "x"}, 'mail.build.hots .*Did you mean "host"'),
        ({"transport": "smtp", "port": 0}, r"mail\.build\.port"),
    ],
)
def test_a_definition_that_is_none_is_refused(
    mail: MailManager, definition: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        mail.build(definition)


def test_mailers_are_closed_and_forgotten(mail: MailManager) -> None:
    pigeons: list[Pigeon] = []

    def make(name: str, options: Any) -> Pigeon:
        pigeons.append(Pigeon(name))
        return pigeons[-1]

    mail.extend("pigeon", make)
    first = mail.mailer("pigeon")

    mail.purge("pigeon")
    assert pigeons[0].is_closed
    assert mail.mailer("pigeon") is not first

    mail.forget_mailers()
    assert pigeons[1].is_closed
    assert len(pigeons) == 2
    mail.mailer("pigeon")
    assert len(pigeons) == 3


def test_the_log_needs_to_be_given(mail: MailManager) -> None:
    with pytest.raises(ConfigurationError, match=r"Materials\(write"):
        mail.mailer("log")


def test_the_log_is_given_channel_and_level() -> None:
    asked: list[tuple[str | None, str]] = []
    lines: list[str] = []

    def write(channel: str | None, level: str) -> Any:
        asked.append((channel, level))
        return lines.append

    options = MailOptions.parse(
        {"mailers": {"log": {"transport": "log", "channel": "mail", "level": "info"}}}, "mail"
    )
    mail = MailManager("log", options.mailers, materials=Materials(write=write))
    mail.raw("There", to="a@x.io", sender="b@x.io", subject="Hi")

    assert asked == [("mail", "info")]
    assert "Subject: Hi" in lines[0]
