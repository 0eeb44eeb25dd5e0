from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from securely.mail import (
    InvalidMessage,
    Mailer,
    MailEvent,
    Message,
    MessageSending,
    MessageSent,
    Sent,
    TransportError,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.drivers.null import NullTransport
from securely.mail.mailer import Standing
from securely.mail.message import Address


class Listeners:
    """Keeps the events it is told, and answers as it is told."""

    def __init__(self) -> None:
        self.kinds: set[type] = {MessageSending, MessageSent}
        self.told: list[MailEvent] = []
        self.colours: list[str] = []
        self.answer: Callable[[Any], object] = lambda event: None

    def has_listeners(self, event: type[MailEvent], /) -> bool:
        return event in self.kinds

    def until(self, event: MailEvent, /) -> object:
        self.colours.append("sync")
        self.told.append(event)
        return self.answer(event)

    async def auntil(self, event: MailEvent, /) -> object:
        self.colours.append("async")
        self.told.append(event)
        return self.answer(event)

    def dispatch(self, event: MailEvent, /) -> object:
        self.colours.append("sync")
        self.told.append(event)
        return []

    async def adispatch(self, event: MailEvent, /) -> object:
        self.colours.append("async")
        self.told.append(event)
        return []


@pytest.fixture
def transport() -> ArrayTransport:
    return ArrayTransport("array")


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def mailer(transport: ArrayTransport, listeners: Listeners) -> Mailer:
    standing = Standing(sender=Address("shop@x.io"))
    return Mailer(transport, name="main", standing=standing, events=listeners)


HI = Message(subject="Hi", text="There")


def test_a_message_goes_to_those_who_are_named(mailer: Mailer, transport: ArrayTransport) -> None:
    sent = mailer.to("Ann <ann@x.io>", ["b@x.io", "c@x.io"]).cc("d@x.io").bcc("e@x.io").send(HI)

    [message] = transport.messages
    assert [str(each) for each in message.to] == ["Ann <ann@x.io>", "b@x.io", "c@x.io"]
    assert [str(each) for each in (*message.cc, *message.bcc)] == ["d@x.io", "e@x.io"]
    assert message.sender == Address("shop@x.io")
    assert sent == Sent(message.message_id, "array", {}, "")


def test_it_goes_to_those_it_names_itself_too(mailer: Mailer, transport: ArrayTransport) -> None:
    mailer.to("b@x.io").send(HI.changed(to="a@x.io", cc="c@x.io"))
    mailer.send(HI.changed(to="a@x.io"))

    assert transport.kept[0].recipients == ("a@x.io", "b@x.io", "c@x.io")
    assert transport.kept[1].recipients == ("a@x.io",)


def test_recipients_never_gather(mailer: Mailer, transport: ArrayTransport) -> None:
    pending = mailer.cc("office@x.io")
    for name in ("a@x.io", "b@x.io"):
        pending.to(name).send(HI)
        mailer.to(name).send(HI)

    assert [one.recipients for one in transport.kept] == [
        ("a@x.io", "office@x.io"),
        ("a@x.io",),
        ("b@x.io", "office@x.io"),
        ("b@x.io",),
    ]
    assert HI.to == ()


def test_each_of_many_gets_a_message_of_its_own(mailer: Mailer, transport: ArrayTransport) -> None:
    for name in ("a@x.io", "b@x.io", "a@x.io"):
        mailer.to(name).send(HI)

    first, second, third = (message.message_id for message in transport.messages)
    assert first != second
    assert first == third


def test_who_is_no_address_is_named_by_its_field(mailer: Mailer) -> None:
    with pytest.raises(InvalidMessage, match='"bcc"'):
        mailer.bcc("nobody")


@pytest.mark.parametrize("name", ["raw", "plain", "html"])
def test_bodies_go_without_a_message(mailer: Mailer, transport: ArrayTransport, name: str) -> None:
    getattr(mailer, name)("Body", to="a@x.io", subject="Hi", cc="b@x.io")
    asyncio.run(getattr(mailer, f"a{name}")("Body", to="a@x.io", subject="Hi", cc="b@x.io"))

    for message in transport.messages:
        assert (message.html if name == "html" else message.text) == "Body"
        assert (message.text if name == "html" else message.html) is None
        assert (message.subject, len(message.cc)) == ("Hi", 1)


def test_html_may_have_text_beside(mailer: Mailer, transport: ArrayTransport) -> None:
    mailer.html("<b>", text="t", to="a@x.io")

    assert (transport.messages[0].html, transport.messages[0].text) == ("<b>", "t")


@pytest.mark.parametrize("fields", [{}, {"to": []}])
def test_a_message_for_nobody_is_refused(mailer: Mailer, fields: Any) -> None:
    with pytest.raises(InvalidMessage, match=r'"to" .*nobody is named'):
        mailer.raw("Body", **fields)


def test_a_message_from_nobody_is_refused(transport: ArrayTransport) -> None:
    with pytest.raises(InvalidMessage, match=r'"sender" .*mail\.from'):
        Mailer(transport).raw("Body", to="a@x.io")


def test_what_is_always_so_is_for_those_that_say_nothing(
    mailer: Mailer, transport: ArrayTransport
) -> None:
    mailer.always_from("New <new@x.io>")
    mailer.always_reply_to("help@x.io")
    mailer.always_return_path("bounce@x.io")

    mailer.to("a@x.io").send(HI)
    mailer.raw("B", to="a@x.io", sender="s@x.io", reply_to="r@x.io", return_path="p@x.io")

    first, second = transport.messages
    assert str(first.sender) == "New <new@x.io>"
    assert first.reply_to == (Address("help@x.io"),)
    assert first.envelope_sender == "bounce@x.io"
    assert str(second.sender) == "s@x.io"
    assert second.reply_to == (Address("r@x.io"),)
    assert second.envelope_sender == "p@x.io"


def test_always_to_takes_everything_and_says_whom_it_was_for(
    mailer: Mailer, transport: ArrayTransport
) -> None:
    mailer.always_to("dev@x.io")

    message = HI.changed(headers={"X-Cc": "mine", "X-Own": "kept"})
    mailer.to("Ann\u00e9 <a@x.io>", "b@x.io").cc("c@x.io").bcc("d@x.io").send(message)

    [kept] = transport.kept
    assert kept.recipients == ("dev@x.io",)
    built = kept.message.build()
    assert built["X-To"] == "Ann\u00e9 <a@x.io>, b@x.io"
    assert (built["X-Cc"], built["X-Bcc"]) == ("c@x.io", "d@x.io")
    assert built["X-Own"] == "kept"
    assert built["Cc"] is None


def test_always_to_needs_somebody(mailer: Mailer) -> None:
    with pytest.raises(InvalidMessage, match=r'"to" .*nobody'):
        mailer.always_to()
    several: Any = ["a@x.io", "b@x.io"]
    with pytest.raises(InvalidMessage, match='"sender"'):
        mailer.always_from(several)
    none: Any = []
    with pytest.raises(InvalidMessage, match=r'"sender" .*nobody'):
        mailer.always_from(none)


def test_its_own_wins_over_what_all_have(transport: ArrayTransport) -> None:
    shared = Standing(sender=Address("all@x.io"), reply_to=(Address("help@x.io"),))
    own = Standing(sender=Address("own@x.io"))

    Mailer(transport, standing=own, shared=lambda: shared).to("a@x.io").send(HI)

    assert transport.messages[0].sender == Address("own@x.io")
    assert transport.messages[0].reply_to == (Address("help@x.io"),)


def test_listeners_are_told(
    mailer: Mailer, listeners: Listeners, transport: ArrayTransport
) -> None:
    sent = mailer.to("a@x.io").send(HI)

    sending, done = listeners.told
    [message] = transport.messages
    assert sending == MessageSending("main", message)
    assert isinstance(done, MessageSent)
    assert (done.mailer, done.message, done.sent) == ("main", message, sent)


def test_false_cancels(mailer: Mailer, listeners: Listeners, transport: ArrayTransport) -> None:
    listeners.answer = lambda event: False

    assert mailer.to("a@x.io").send(HI) is None
    assert asyncio.run(mailer.to("a@x.io").asend(HI)) is None
    assert transport.kept == []
    assert [type(event) for event in listeners.told] == [MessageSending, MessageSending]


@pytest.mark.parametrize("answer", [None, 0, True, "no"])
def test_other_answers_do_not(
    mailer: Mailer, listeners: Listeners, transport: ArrayTransport, answer: object
) -> None:
    listeners.answer = lambda event: answer

    assert mailer.to("a@x.io").send(HI) is not None


def test_a_listener_may_put_another_message_in(
    mailer: Mailer, listeners: Listeners, transport: ArrayTransport
) -> None:
    def mark(event: Any) -> None:
        event.message = event.message.changed(subject="Marked")

    listeners.answer = mark
    mailer.to("a@x.io").send(HI)

    assert transport.messages[0].subject == "Marked"
    assert listeners.told[1].message.subject == "Marked"


def test_a_listener_may_not_take_everybody_away(listeners: Listeners) -> None:
    standing = Standing(sender=Address("shop@x.io"))
    mailer = Mailer(NullTransport("null"), standing=standing, events=listeners)

    def empty(event: Any) -> None:
        event.message = event.message.changed(to=None)

    listeners.answer = empty

    with pytest.raises(InvalidMessage, match='"to"'):
        mailer.to("a@x.io").send(HI)


def test_nobody_listens_nobody_is_told(mailer: Mailer, listeners: Listeners) -> None:
    listeners.kinds = set()

    mailer.to("a@x.io").send(HI)

    assert listeners.told == []


class Slow(ArrayTransport):
    """Says in which thread it was used."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.threads: list[threading.Thread] = []

    def send(self, message: Message) -> Sent:
        self.threads.append(threading.current_thread())
        return super().send(message)


def test_the_async_twin_waits_in_a_thread(listeners: Listeners) -> None:
    transport = Slow()
    mailer = Mailer(transport, standing=Standing(sender=Address("s@x.io")), events=listeners)

    sent = asyncio.run(mailer.to("a@x.io").asend(HI))

    assert sent is not None
    assert sent.transport == "slow"
    assert transport.threads != [threading.main_thread()]
    assert listeners.colours == ["async", "async"]


class Broken(ArrayTransport):
    def send(self, message: Message) -> Sent:
        raise TransportError("broken", "it is broken", is_retryable=False)


def test_a_failure_is_raised_and_nobody_is_told_that_it_was_sent(listeners: Listeners) -> None:
    mailer = Mailer(Broken("broken"), standing=Standing(sender=Address("s@x.io")), events=listeners)

    with pytest.raises(TransportError, match="it is broken"):
        mailer.to("a@x.io").send(HI)
    with pytest.raises(TransportError, match="it is broken"):
        asyncio.run(mailer.to("a@x.io").asend(HI))

    assert {type(event) for event in listeners.told} == {MessageSending}


def test_it_says_what_it_is(mailer: Mailer, transport: ArrayTransport) -> None:
    assert mailer.name == "main"
    assert mailer.transport is transport
    assert Mailer(transport).name == "array"
