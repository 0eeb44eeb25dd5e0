"""Mailables that are sent, queued and sent later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from securely.exceptions import ConfigurationError
from securely.mail import Mailer, MailerUndefined, Message, NotSendable, TransportError
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailable.job import SendMailable
from securely.queue import Fail, NotQueueable, UnknownJob
from securely.queue.payload import Codec
from tests.unit.mail.mailable.letters import FAILED, Frozen, Invoice, Queued, WelcomeToTheShop


def job_of(world: Any) -> SendMailable:
    job, _ = world.placed[-1]
    assert isinstance(job, SendMailable)
    return job


def arrived(job: SendMailable) -> SendMailable:
    """Return *job* as a worker has it: of its payload alone."""
    copy = SendMailable.__new__(SendMailable)
    copy.__dict__.update(job.__dict__)
    return copy


def test_send_sends_now_to_those_who_were_named(world: Any) -> None:
    sent = world.mail.to("Bo <bo@x.io>").cc("c@x.io").bcc("d@x.io").send(WelcomeToTheShop())

    (message,) = world.sent()
    assert sent.message_id == message.message_id
    assert [str(each) for each in (*message.to, *message.cc, *message.bcc)] == [
        "Bo <bo@x.io>",
        "c@x.io",
        "d@x.io",
    ]
    assert message.sender.email == "shop@example.com"


def test_recipients_do_not_gather_in_a_loop(world: Any) -> None:
    mailable = WelcomeToTheShop()
    for name in ("a", "b", "c"):
        world.mail.to(f"{name}@x.io").send(mailable)

    assert [len(message.to) for message in world.sent()] == [1, 1, 1]


def test_the_async_twins_do_the_same(world: Any) -> None:
    async def main() -> None:
        await world.mail.to("a@x.io").asend(WelcomeToTheShop())
        await world.mail.asend_now(WelcomeToTheShop().to("b@x.io"))
        await world.mail.to("c@x.io").aqueue(WelcomeToTheShop(), queue="slow")
        await world.mail.to("d@x.io").alater(60, WelcomeToTheShop())
        await world.mail.to("e@x.io").asend(Queued())
        await world.mail.asend(Queued().to("f@x.io"))

    asyncio.run(main())

    assert [message.to[0].email for message in world.sent()] == ["a@x.io", "b@x.io"]
    assert [job.restored().posting.to[0].email for job, _ in world.placed] == [
        "c@x.io",
        "d@x.io",
        "e@x.io",
        "f@x.io",
    ]


def test_the_language_is_that_of_the_recipient_unless_said(world: Any) -> None:
    class User:
        email = "ann@x.io"
        preferred_locale = "nl"

    world.mail.to(User()).send(Invoice(1))
    world.mail.to(User()).locale("fr").send(Invoice(1))
    world.mail.to([User(), User()]).send(Invoice(1))

    assert [message.html[-6:-4] for message in world.sent()] == ["nl", "fr", "en"]


def test_a_mailable_that_should_queue_is_queued_by_send_and_sent_by_send_now(world: Any) -> None:
    assert world.mail.to("a@x.io").send(Queued()) == "placed"
    assert world.mail.send(Queued().to("b@x.io")) == "placed"
    world.mail.to("c@x.io").send_now(Queued())

    assert len(world.placed) == 2
    assert [message.to[0].email for message in world.sent()] == ["c@x.io"]


def test_what_a_mailable_says_of_its_job_holds(world: Any) -> None:
    world.mail.to("a@x.io").queue(Invoice(7))

    job: Any = job_of(world)
    assert (job.tries, job.backoff, job.queue, job.timeout) == (4, (1, 5), "mail", None)
    assert job.display_name() == "tests.unit.mail.mailable.letters.Invoice"


def test_queue_and_later_say_where_and_when(world: Any) -> None:
    world.mail.queue(WelcomeToTheShop().to("a@x.io"), queue="slow", connection="arq")
    world.mail.later("10m", WelcomeToTheShop().to("a@x.io"))

    (_, first), (_, second) = world.placed
    assert (first.queue, first.connection, first.delay) == ("slow", "arq", None)
    assert second.delay == "10m"


def test_a_queued_mail_is_the_same_when_a_worker_has_it(world: Any) -> None:
    world.mail.mailer("other").to("Bo <bo@x.io>").locale("nl").queue(Invoice(7, "Zoë"))

    mailable: Any = arrived(job_of(world)).restored()
    assert (mailable.number, mailable.customer) == (7, "Zoë")
    assert mailable.posting.to[0].name == "Bo"
    assert (mailable.posting.locale, mailable.posting.mailer) == ("nl", "other")


def test_its_payload_can_be_signed_and_read(world: Any) -> None:
    class Signer:
        def sign(self, data: bytes) -> bytes:
            return bytes(32)

        def verify(self, data: bytes, mac: bytes) -> bool:
            return mac == bytes(32)

    world.mail.to("a@x.io").queue(Frozen(("a", "b")))
    codec = Codec(Signer())

    frame = codec.decode(codec.envelope(job_of(world), "default").payload)

    assert isinstance(frame.job, SendMailable)
    assert frame.job.restored() == Frozen(("a", "b"))
    assert frame.job.restored().posting.to[0].email == "a@x.io"


def test_the_job_sends_by_the_mailer_it_was_given_to_with_its_uuid_as_key(world: Any) -> None:
    world.mail.mailer("other").to("a@x.io").queue(WelcomeToTheShop())
    job = arrived(job_of(world))
    job.key = "the-uuid"

    asyncio.run(job.handle(world.container))

    (message,) = world.sent("other")
    assert message.idempotency_key == "the-uuid"
    assert world.sent() == []


def test_a_mail_that_never_can_be_sent_fails_at_once(world: Any) -> None:
    class Refuses(ArrayTransport):
        error: TransportError

        def send(self, message: Message) -> Any:
            raise self.error

    transport = Refuses("refuses")
    world.mail.extend("refuses", lambda name, options: transport)
    world.mail._definitions = {**world.mail._definitions, "memory": _Named("refuses")}
    job = SendMailable.of(WelcomeToTheShop().to("a@x.io"))
    job.key = "k"

    transport.error = TransportError("memory", "no", is_retryable=True)
    with pytest.raises(TransportError):
        asyncio.run(job.handle(world.container))
    transport.error = TransportError("memory", "never", is_retryable=False)
    with pytest.raises(Fail) as failed:
        asyncio.run(job.handle(world.container))

    assert failed.value.reason is transport.error


class _Named:
    def __init__(self, driver: str) -> None:
        self.driver = driver


def test_a_mail_to_nobody_fails_at_once(world: Any) -> None:
    job = SendMailable.of(WelcomeToTheShop())
    job.key = "k"

    with pytest.raises(Fail, match="nobody is named"):
        asyncio.run(job.handle(world.container))


def test_the_mailable_is_told_when_its_job_is_over_without_success(world: Any) -> None:
    FAILED.clear()
    job = SendMailable.of(Queued().to("a@x.io"))

    asyncio.run(arrived(job).failed(ValueError("no way"), world.container))
    asyncio.run(SendMailable.of(WelcomeToTheShop()).failed(ValueError("x"), world.container))

    assert FAILED == ["no way"]


def test_a_class_that_a_worker_can_not_import_is_refused(world: Any) -> None:
    class Local(WelcomeToTheShop):
        pass

    with pytest.raises(NotQueueable, match=r"Local.*defined inside a function"):
        world.mail.to("a@x.io").queue(Local())


def test_a_value_that_has_no_written_form_is_refused_and_named(world: Any) -> None:
    with pytest.raises(NotQueueable, match=r"Invoice.*customer"):
        world.mail.to("a@x.io").queue(Invoice(7, object()))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["no.such:Mail", "securely.mail.message.address:Address"])
def test_a_payload_that_names_no_mailable_is_refused(world: Any, path: str) -> None:
    with pytest.raises(UnknownJob):
        SendMailable(path, b"{}").restored()


def test_a_mailer_that_is_built_alone_says_why_it_sends_no_mailables() -> None:
    mailer = Mailer(ArrayTransport("alone"))

    with pytest.raises(ConfigurationError, match='"alone" sends messages only'):
        mailer.to("a@x.io").send(WelcomeToTheShop())


def test_a_mailable_names_its_mailer(world: Any) -> None:
    world.mail.send(WelcomeToTheShop().to("a@x.io").mailer("other"))

    assert len(world.sent("other")) == 1
    with pytest.raises(MailerUndefined):
        world.mail.send(WelcomeToTheShop().to("a@x.io").mailer("nobody"))


def test_a_mailer_that_is_built_on_the_spot_queues_nothing(world: Any) -> None:
    mailer = world.mail.build({"transport": "array", "from": "shop@x.io"})

    mailer.to("a@x.io").send(WelcomeToTheShop())
    with pytest.raises(NotQueueable, match=r"built on the spot .* send_now"):
        mailer.to("a@x.io").queue(WelcomeToTheShop())

    assert len(mailer.transport.messages) == 1
    assert world.placed == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (WelcomeToTheShop, r"is a class\. Give one of it: WelcomeToTheShop\(…\)\."),
        ("Hello", r"str is neither .* Mail\.raw\(text, to=…\)"),
        (None, r"None is neither a message nor a mailable"),
    ],
)
def test_what_is_no_mail_is_refused(world: Any, given: Any, said: str) -> None:
    pending = world.mail.to("a@x.io")

    for send in (pending.send, pending.send_now, pending.queue, world.mail.send, world.mail.queue):
        with pytest.raises(NotSendable, match=said):
            send(given)
    for asend in (pending.asend, pending.asend_now, pending.aqueue):
        with pytest.raises(NotSendable, match=said):
            asyncio.run(asend(given))
    with pytest.raises(NotSendable, match=said):
        pending.later(60, given)
    with pytest.raises(NotSendable, match=said):
        asyncio.run(pending.alater(60, given))


def test_a_message_is_not_queued(world: Any) -> None:
    with pytest.raises(NotSendable, match="Message can not be queued: only a mailable can"):
        world.mail.to("a@x.io").queue(Message(subject="Hi", text="There"))

    assert world.placed == []
