from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from securely.mail import (
    InFlight,
    InvalidMessage,
    KeyReused,
    LedgerFailed,
    Mailer,
    MailEvent,
    Message,
    MessageSending,
    MessageSent,
    Once,
    Sent,
    TransportError,
)
from securely.mail.drivers.array import ArrayTransport

Send = Callable[[Mailer, Message], Sent | None]


class Book:
    """A ledger in two dicts, which breaks where a test wants it."""

    def __init__(self) -> None:
        self.mails: dict[str, Sent] = {}
        self.claims: dict[str, str] = {}
        self.renewed = threading.Event()
        self.breaks: dict[str, Exception] = {}
        self.calls: list[str] = []

    def _does(self, what: str) -> None:
        self.calls.append(what)
        if what in self.breaks:
            raise self.breaks[what]

    def sent(self, key: str) -> Sent | None:
        self._does("sent")
        return self.mails.get(key)

    def claim(self, key: str, owner: str, seconds: float) -> Sent | bool:
        self._does("claim")
        if key in self.mails:
            return self.mails[key]
        return self.claims.setdefault(key, owner) == owner

    def refresh(self, key: str, owner: str, seconds: float) -> bool:
        if self.calls.count("refresh") == 1:
            self.renewed.set()
        self._does("refresh")
        return self.claims.get(key) == owner

    def remember(self, key: str, sent: Sent) -> None:
        self._does("remember")
        self.mails[key] = sent
        self.claims.pop(key, None)

    def release(self, key: str, owner: str) -> None:
        self._does("release")
        if self.claims.get(key) == owner:
            del self.claims[key]

    def forget(self, key: str) -> bool:
        self._does("forget")
        return self.mails.pop(key, None) is not None


class Hears:
    """Keeps what it is told, and lets a test do something meanwhile."""

    def __init__(self) -> None:
        self.told: list[MailEvent] = []
        self.then: Callable[[MailEvent], object] = lambda event: None

    def has_listeners(self, event: type[MailEvent], /) -> bool:
        return True

    def until(self, event: MailEvent, /) -> object:
        self.told.append(event)
        return self.then(event)

    async def auntil(self, event: MailEvent, /) -> object:
        answer = self.until(event)
        await asyncio.to_thread(int)  # a turn of the loop: who was cancelled ends here
        return answer

    def dispatch(self, event: MailEvent, /) -> object:
        return self.until(event)

    async def adispatch(self, event: MailEvent, /) -> object:
        return self.until(event)


class Carrier(ArrayTransport):
    """Keeps messages, once it has done what a test wants."""

    before: Callable[[], object] | None = None

    def send(self, message: Message) -> Sent:
        if self.before is not None:
            self.before()
        return super().send(message)


SENDS: list[Any] = [
    pytest.param(lambda mailer, message: mailer.send(message), id="sync"),
    pytest.param(lambda mailer, message: asyncio.run(mailer.asend(message)), id="async"),
]
MAIL = Message(subject="Hi", text="There", sender="a@x.io", to="b@x.io", idempotency_key="order-7")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def reported() -> list[BaseException]:
    return []


@pytest.fixture
def once(book: Book, reported: list[BaseException]) -> Once:
    return Once(lambda: book, report=reported.append)


@pytest.fixture
def transport() -> Carrier:
    return Carrier("array")


@pytest.fixture
def hears() -> Hears:
    return Hears()


@pytest.fixture
def mailer(transport: Carrier, hears: Hears, once: Once) -> Mailer:
    return Mailer(transport, name="main", events=hears, once=once)


@pytest.mark.parametrize("send", SENDS)
def test_a_mail_of_a_key_is_sent_once_and_told_of_once(
    mailer: Mailer, transport: Carrier, hears: Hears, send: Send
) -> None:
    first, second = send(mailer, MAIL), send(mailer, MAIL.changed(text="Anew"))

    assert first is not None
    assert second == first
    assert len(transport.messages) == 1
    assert [type(event) for event in hears.told] == [MessageSending, MessageSent]


@pytest.mark.parametrize("send", SENDS)
def test_mails_of_other_keys_and_of_none_are_sent(
    mailer: Mailer, transport: Carrier, book: Book, send: Send
) -> None:
    for key in ("order-7", "order-8", "", ""):
        send(mailer, MAIL.changed(idempotency_key=key))

    assert len(transport.messages) == 4
    assert len(book.mails) == 2


def test_the_ledger_is_made_when_a_key_is_used(transport: Carrier) -> None:
    made: list[Book] = []

    def make() -> Book:
        made.append(Book())
        return made[-1]

    mailer = Mailer(transport, once=Once(make))
    mailer.send(MAIL.changed(idempotency_key=""))
    assert not made

    mailer.send(MAIL)
    mailer.send(MAIL)
    assert len(made) == 1


def test_a_mailer_without_it_sends_each_time(transport: Carrier) -> None:
    mailer = Mailer(transport)

    mailer.send(MAIL)
    mailer.send(MAIL)

    assert len(transport.messages) == 2


def test_the_ledger_gets_no_key_as_it_is(mailer: Mailer, book: Book) -> None:
    mailer.send(MAIL)

    [key] = book.mails
    assert "order" not in key
    assert len(key) == 64


@pytest.mark.parametrize("send", SENDS)
def test_it_is_remembered_before_anybody_is_told(
    mailer: Mailer, hears: Hears, transport: Carrier, send: Send
) -> None:
    def dies(event: MailEvent) -> None:
        if isinstance(event, MessageSent):
            raise OSError("a listener")

    hears.then = dies
    with pytest.raises(OSError, match="a listener"):
        send(mailer, MAIL)
    send(mailer, MAIL)

    assert len(transport.messages) == 1


@pytest.mark.parametrize("send", SENDS)
def test_while_it_is_being_sent_another_try_is_told_to_come_later(
    mailer: Mailer, transport: Carrier, book: Book, send: Send
) -> None:
    caught: list[InFlight] = []

    def meanwhile() -> None:
        with pytest.raises(InFlight) as error:
            mailer.send(MAIL)
        caught.append(error.value)

    transport.before = meanwhile
    send(mailer, MAIL)

    [error] = caught
    assert isinstance(error, TransportError)
    assert error.is_retryable
    assert (error.key, error.seconds, error.transport) == ("order-7", 60.0, "main")
    assert "order-7" in str(error)
    assert len(transport.messages) == 1
    assert not book.claims


@pytest.mark.parametrize("send", SENDS)
def test_what_is_not_taken_is_left_to_the_next_try(
    mailer: Mailer, transport: Carrier, book: Book, send: Send
) -> None:
    def fails() -> None:
        raise TransportError("array", "nobody answers", is_retryable=True)

    transport.before = fails
    with pytest.raises(TransportError, match="nobody answers"):
        send(mailer, MAIL)
    assert not book.claims
    transport.before = None

    assert send(mailer, MAIL) is not None
    assert len(transport.messages) == 1


@pytest.mark.parametrize("send", SENDS)
def test_what_is_cancelled_is_left_to_the_next_try(
    mailer: Mailer, hears: Hears, book: Book, send: Send
) -> None:
    hears.then = lambda event: False

    assert send(mailer, MAIL) is None
    assert not book.claims
    assert not book.mails


@pytest.mark.parametrize("send", SENDS)
def test_who_cannot_ask_sends_nothing(
    mailer: Mailer, transport: Carrier, book: Book, hears: Hears, send: Send
) -> None:
    book.breaks["claim"] = OSError("the disk is gone.")

    with pytest.raises(LedgerFailed, match="not sent now: the disk is gone") as error:
        send(mailer, MAIL)

    assert error.value.is_retryable
    assert error.value.__cause__ is book.breaks["claim"]
    assert not transport.messages
    assert not hears.told


@pytest.mark.parametrize("wrong", [LookupError("no such store"), ValueError("not ours")])
def test_what_stays_wrong_is_not_tried_again(mailer: Mailer, book: Book, wrong: Exception) -> None:
    book.breaks["claim"] = wrong

    with pytest.raises(LedgerFailed) as error:
        mailer.send(MAIL)

    assert not error.value.is_retryable


def test_a_ledger_that_cannot_be_made_is_an_error_too(transport: Carrier) -> None:
    def make() -> Book:
        raise LookupError("no such store")

    with pytest.raises(LedgerFailed, match="no such store"):
        Mailer(transport, once=Once(make)).send(MAIL)
    assert not transport.messages


@pytest.mark.parametrize("send", SENDS)
def test_who_cannot_remember_reports_it_and_raises_nothing(
    mailer: Mailer, transport: Carrier, book: Book, reported: list[BaseException], send: Send
) -> None:
    book.breaks["remember"] = OSError("no room")

    sent = send(mailer, MAIL)

    assert sent is not None
    assert reported == [book.breaks["remember"]]
    with pytest.raises(InFlight):  # the claim stays, so that nothing is sent for a while
        send(mailer, MAIL)
    assert len(transport.messages) == 1


def test_who_cannot_release_reports_it_and_raises_what_went_wrong_before(
    mailer: Mailer, transport: Carrier, book: Book, reported: list[BaseException]
) -> None:
    def fails() -> None:
        raise TransportError("array", "nobody answers", is_retryable=True)

    transport.before = fails
    book.breaks["release"] = OSError("no room")

    with pytest.raises(TransportError, match="nobody answers"):
        mailer.send(MAIL)
    assert reported == [book.breaks["release"]]


def test_who_sends_for_long_renews_the_claim(
    transport: Carrier, book: Book, reported: list[BaseException]
) -> None:
    mailer = Mailer(transport, once=Once(lambda: book, claim_seconds=0.003, report=reported.append))
    book.breaks["refresh"] = OSError("busy")  # it is tried again
    transport.before = lambda: book.renewed.wait(30)

    mailer.send(MAIL)

    assert book.renewed.is_set()
    assert book.breaks["refresh"] in reported
    renewals = book.calls.count("refresh")
    assert book.calls[-1] == "remember"
    assert renewals >= 2


def test_a_task_that_is_cancelled_while_its_mail_is_under_way_leaves_it_remembered(
    mailer: Mailer, transport: Carrier, book: Book
) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def slowly() -> None:
        began.set()
        assert goes_on.wait(30)

    transport.before = slowly

    async def main() -> None:
        task = asyncio.create_task(mailer.asend(MAIL))
        await asyncio.to_thread(began.wait, 30)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        goes_on.set()

    asyncio.run(main())  # its end waits for the threads

    assert len(transport.messages) == 1
    assert len(book.mails) == 1
    assert not book.claims


def test_a_task_that_is_cancelled_before_leaves_no_claim(
    mailer: Mailer, hears: Hears, book: Book, transport: Carrier
) -> None:
    async def main() -> None:
        task = asyncio.create_task(mailer.asend(MAIL))
        hears.then = lambda event: task.cancel() and None
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())

    assert not book.claims
    assert not transport.messages


def test_a_task_that_is_cancelled_while_it_claims_gives_the_claim_back(
    mailer: Mailer, book: Book, transport: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, goes_on = threading.Event(), threading.Event()
    claim = book.claim

    def slowly(key: str, owner: str, seconds: float) -> Sent | bool:
        began.set()
        assert goes_on.wait(30)
        return claim(key, owner, seconds)

    monkeypatch.setattr(book, "claim", slowly)

    async def main() -> None:
        task = asyncio.create_task(mailer.asend(MAIL))
        await asyncio.to_thread(began.wait, 30)
        task.cancel()
        goes_on.set()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())

    assert not book.claims
    assert not transport.messages


def test_a_claim_that_was_given_up_sends_nothing(once: Once, transport: Carrier) -> None:
    sending = once.sending("main", MAIL, transport.send)
    assert sending.open() is None
    sending.close()

    with pytest.raises(InFlight):
        sending.send(MAIL)
    assert not transport.messages


@pytest.mark.parametrize("is_async", [False, True])
def test_one_may_ask_and_forget(
    once: Once, mailer: Mailer, transport: Carrier, is_async: bool
) -> None:
    def sent() -> Sent | None:
        return asyncio.run(once.asent("order-7")) if is_async else once.sent("order-7")

    def forget() -> bool:
        return asyncio.run(once.aforget("order-7")) if is_async else once.forget("order-7")

    assert sent() is None
    first = mailer.send(MAIL)
    assert sent() == first

    assert forget()
    assert not forget()
    mailer.send(MAIL)
    assert len(transport.messages) == 2


def test_a_key_that_is_used_for_somebody_else_is_reported(
    mailer: Mailer, transport: Carrier, reported: list[BaseException]
) -> None:
    mailer.send(MAIL)
    mailer.send(MAIL.changed(subject="Anew"))
    assert reported == []

    sent = mailer.send(MAIL.changed(to="eve@x.io"))

    assert sent is not None
    assert sent.message_id == MAIL.message_id
    assert len(transport.messages) == 1
    [error] = reported
    assert isinstance(error, KeyReused)
    assert (error.key, error.sent_id) == ("order-7", MAIL.message_id)


def test_who_tells_nobody_is_fine(book: Book, transport: Carrier) -> None:
    book.breaks["remember"] = OSError("no room")

    assert Mailer(transport, once=Once(lambda: book)).send(MAIL) is not None


def test_the_key_is_no_part_of_what_is_sent() -> None:
    assert b"order-7" not in MAIL.as_bytes()


def test_tries_of_one_mail_have_one_message_id() -> None:
    other = Message(
        subject="Hi", text="There", sender="a@x.io", to="b@x.io", idempotency_key="order-7"
    )
    late = MAIL.changed(idempotency_key="").changed(idempotency_key="order-7")

    assert other.message_id == MAIL.message_id == late.message_id
    assert MAIL.changed(subject="Anew").message_id == MAIL.message_id
    assert MAIL.changed(idempotency_key="order-8").message_id != MAIL.message_id
    assert MAIL.changed(to="c@x.io").message_id != MAIL.message_id


def test_a_seed_or_an_id_of_ones_own_wins() -> None:
    seeded = Message(sender="a@x.io", seed="s", idempotency_key="k")
    named = Message(sender="a@x.io", message_id="<own@x.io>")

    assert seeded.message_id == Message(sender="a@x.io", seed="s").message_id
    assert named.changed(idempotency_key="k").message_id == "<own@x.io>"


@pytest.mark.parametrize("key", ["x" * 256, "a\nb", "a\x00b", 7, None])
def test_what_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(InvalidMessage, match='"idempotency_key"'):
        MAIL.changed(idempotency_key=key)


class Picky(Carrier):
    """Puts one address off, and refuses another for good."""

    def send(self, message: Message) -> Sent:
        refused = {"late@x.io": "450 later", "gone@x.io": "550 no such user"}
        return super().send(message)._replace(refused=refused, retryable=("late@x.io",))


@pytest.mark.parametrize("send", SENDS)
def test_who_tries_again_is_told_whom_the_server_put_off(
    send: Send, once: Once, book: Book
) -> None:
    mailer = Mailer(Picky("array"), once=once)
    message = MAIL.changed(to=["b@x.io", "late@x.io", "gone@x.io"])
    send(mailer, message)
    (kept,) = book.mails.values()
    assert "late@x.io" not in kept.retryable

    again = send(mailer, message)

    assert again is not None
    assert again.retryable == ("late@x.io",)
    assert again.refused["late@x.io"] == "put off when it was sent"
    found = once.sent("order-7")
    assert found is not None
    assert found.retryable == ()
