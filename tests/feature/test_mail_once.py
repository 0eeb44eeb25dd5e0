"""Mails of an idempotency key in an application: where it is remembered that they were sent."""

from __future__ import annotations

import asyncio

import pytest

from securely import Application
from securely.cache import CacheManager
from securely.exceptions import ConfigurationError
from securely.facades import Config, Event, Log, Mail
from securely.mail import (
    Content,
    Envelope,
    LedgerFailed,
    Mailable,
    Message,
    MessageSent,
    Once,
    Sent,
)
from securely.mail.drivers.array import ArrayTransport
from securely.mail.mailable.job import SendMailable
from securely.mail.once.cache import CacheLedger
from securely.mail.once.store import StoreLedger
from securely.mail.options import MailOptions
from securely.queue.bus.rehearsal import with_fake_queue_interactions
from securely.store import StoreManager
from securely.support.options import InvalidOptions

MAIL = Message(
    subject="Hi",
    text="There",
    sender="shop@example.org",
    to="ann@example.org",
    idempotency_key="order-7",
)


class Greeting(Mailable):
    """A mail of an application."""

    def envelope(self) -> Envelope:
        return Envelope(subject="Hi")

    def content(self) -> Content:
        return Content(html_string="<p>There</p>")


def sent() -> list[Message]:
    """Return what the default mailer has sent."""
    transport = Mail.mailer().transport
    assert isinstance(transport, ArrayTransport)
    return transport.messages


def test_a_mail_is_sent_once_and_remembered_in_the_store(app: Application) -> None:
    told: list[MessageSent] = []
    Event.listen(MessageSent, told.append)

    Mail.send(MAIL)
    Mail.mailer("null").send(MAIL)

    assert len(sent()) == len(told) == 1
    assert isinstance(app.make(Once).ledger, StoreLedger)
    assert app.make("mail.once").sent("order-7") == Sent(
        MAIL.message_id, "array", {}, "sent before"
    )
    assert app.make(StoreManager).tree("mail-once").len() == 1


def test_it_is_remembered_for_as_long_as_is_configured(app: Application, clock: object) -> None:
    Config.set("mail.once.days", 0.5)
    Mail.send(MAIL)

    clock(43_100)  # type: ignore[operator]  # the fixture of the plugin
    Mail.send(MAIL)
    assert len(sent()) == 1

    clock(200)  # type: ignore[operator]  # as above
    Mail.send(MAIL)
    assert len(sent()) == 2


def test_nothing_is_opened_for_mails_without_a_key(app: Application) -> None:
    Config.set("mail.once.store", "absent")

    Mail.send(MAIL.changed(idempotency_key=""))
    assert len(sent()) == 1

    with pytest.raises(LedgerFailed, match='"absent" of the store is not defined') as caught:
        Mail.send(MAIL)
    assert not caught.value.is_retryable


def test_it_may_be_remembered_in_the_cache(app: Application) -> None:
    Config.set("mail.once", {"driver": "cache", "cache": "array"})

    Mail.send(MAIL)
    Mail.send(MAIL)

    assert len(sent()) == 1
    assert isinstance(app.make(Once).ledger, CacheLedger)
    app.make(CacheManager).store("array").flush()
    Mail.send(MAIL)
    assert len(sent()) == 2


def test_it_may_be_switched_off(app: Application) -> None:
    Config.set("mail.once.driver", "none")

    Mail.send(MAIL)
    Mail.send(MAIL)

    assert len(sent()) == 2
    with pytest.raises(ConfigurationError, match=r'mail.once.driver is "none"'):
        app.make(Once).sent("order-7")


def test_what_cannot_be_remembered_is_reported(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log.fake()

    def fails(key: str, sent: Sent) -> None:
        raise OSError("no room")

    monkeypatch.setattr(app.make(Once).ledger, "remember", fails)

    assert Mail.send(MAIL) is not None

    log.assert_logged("error", "no room")


def test_a_job_whose_mail_another_one_sends_is_put_off_until_the_claim_ends(
    app: Application,
) -> None:
    job = SendMailable.of(Greeting().to("ann@example.org"))
    job.key = "order-7"
    other = app.make(Once).sending("array", MAIL, lambda message: Sent("", "", {}, ""))
    assert other.open() is None

    with with_fake_queue_interactions(job) as run:
        asyncio.run(job.handle(app))
    run.assert_released(60)
    assert sent() == []

    other.close()
    with with_fake_queue_interactions(job) as run:
        asyncio.run(job.handle(app))
        asyncio.run(job.handle(app))
    run.assert_not_released()
    assert len(sent()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"driver": "redis"}, {"days": 0}, {"days": 4_000}, {"claim_seconds": 0}, {"cash": "redis"}],
)
def test_what_is_configured_wrongly_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions, match=f"mail.once.{next(iter(wrong))}"):
        MailOptions.parse({"once": wrong}, "mail")
