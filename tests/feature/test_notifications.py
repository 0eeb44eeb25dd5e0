"""Notifications of an application: the facade, the mixin, the queue, the commands."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, ClassVar

import pytest

from securely import Application
from securely.facades import Config, Event, Lang, Log, Mail, Notification, Notifications, Queue
from securely.mail import Message
from securely.mail.contracts import Sent
from securely.mail.drivers.array import ArrayTransport
from securely.mail.exceptions import InFlight, TransportError
from securely.notifications import (
    AftermathFailed,
    ChannelManager,
    LogMessage,
    MailMessage,
    Notifiable,
    NotificationErrors,
    NotificationFailed,
    NotificationSent,
)
from securely.notifications import Notification as Told
from securely.notifications.fake import NotificationFake
from securely.notifications.queued import SendNotification
from securely.queue import Job, NotQueueable, PayloadTooLarge
from securely.queue.delivery.runner import JobRunner
from securely.queue.exceptions import EntityNotFound
from securely.testing import Artisan
from securely.testing.application import ISOLATED
from securely.testing.time import Travel
from tests.picky import Picky

HEARD: list[tuple[Any, ...]] = []


@dataclass
class User(Notifiable):
    id: int = 7
    email: str = "ann@example.org"
    preferred_locale: str | None = None


class Member(User):
    """An entity: kept as a reference."""

    gone: ClassVar[bool] = False

    def __queue_ref__(self) -> int:
        return self.id

    @classmethod
    def __from_queue_ref__(cls, ref: int) -> Member | None:
        return None if cls.gone else cls(ref, "member@example.org")


@dataclass
class Paid(Told):
    number: int = 5

    def via(self, notifiable: Any) -> list[Any]:
        return ["mail", "store", Pager]

    def to_mail(self, notifiable: Any) -> MailMessage:
        return MailMessage().line(f"Invoice {self.number}")

    async def to_array(self, notifiable: Any) -> dict[str, Any]:
        return {"n": self.number, "locale": Lang.locale}

    def failed(self, error: BaseException) -> None:
        HEARD.append(("failed", type(error).__name__, self.number, self.id))


@dataclass
class Queued(Paid):
    should_queue = True


class Pager:
    """A channel of the application, which fails as often as it is told to."""

    failures: ClassVar[int] = 0
    error: ClassVar[Exception] = OSError("no line")

    async def send(self, notifiable: Any, notification: Any) -> str:
        HEARD.append(("paged", notifiable, notification.id))
        if Pager.failures:
            Pager.failures -= 1
            raise Pager.error
        return "beep"


@dataclass
class Paged(Queued):
    tries = 3
    backoff = 0

    def via(self, notifiable: Any) -> list[Any]:
        return [Pager]


class Placed(Queued):
    queue = "slow"

    def via_queues(self) -> dict[Any, str]:
        return {"mail": "mails"}

    def with_delay(self, notifiable: Any) -> dict[Any, Any]:
        return {"store": "1m"}


class Quiet(Queued):
    delete_when_missing = True


class Logged(Told):
    def via(self, notifiable: Any) -> list[str]:
        return ["log"]

    def to_log(self, notifiable: Any) -> LogMessage:
        return LogMessage("paid {n}", {"n": 5}, "warning")


class LastTwo(Paged):
    def retry_until(self) -> str:
        return "1h"


class Sure(Paged):
    dont_retry = (OSError,)


class Team(User):
    addresses: ClassVar[list[str]] = []

    def route_notification_for_mail(self) -> list[str]:
        return self.addresses


class Slowly(Queued):
    queue = "slow"

    def via(self, notifiable: Any) -> list[str]:
        return ["mail"]


class Startled(Slowly):
    """Fails at what is to follow, and is not what it was."""

    def after_sending(self, notifiable: Any, channel: Any, answer: Any) -> None:
        self.client = object()
        raise OSError("startled")


class Courier:
    """A channel of the application that tells by mail."""

    def send(self, notifiable: Any, notification: Any) -> Sent:
        HEARD.append(("sent", notification.id))
        return Sent("<1@x.io>", "courier", {"late@x.io": "450"}, "", ("late@x.io",))


class Couriered(Queued):
    def via(self, notifiable: Any) -> list[Any]:
        return [Courier]


ANN = User()


@pytest.fixture(autouse=True)
def quiet() -> None:
    HEARD.clear()
    Pager.failures, Pager.error, Member.gone = 0, OSError("no line"), False
    Team.addresses = ["ann@x.io", "late@x.io", "gone@x.io"]


@pytest.fixture
def failed(app: Application) -> list[NotificationFailed]:
    heard: list[NotificationFailed] = []
    Event.listen(NotificationFailed, heard.append)
    return heard


@pytest.fixture
def work(app: Application) -> Callable[[], None]:
    """Run what waits in the queue of the embedded engine, in this process, as a worker does."""

    def work() -> None:
        driver: Any = Queue.connection("sqlite").driver
        runner = app.make(JobRunner)
        seat = driver.join(["default", "slow", "mails"])
        outcomes: list[Any] = []
        while True:
            turn = seat.turn(outcomes, 1)
            for row in driver.failed.all():
                if row.id not in hooked:
                    hooked.add(row.id)
                    runner.run_failed_hook(row)
                    seat.hook_done(row.id)
            if not turn.deliveries:
                break
            (delivery,) = turn.deliveries
            outcomes = [asyncio.run(runner.arun(delivery))]
        seat.leave()

    hooked: set[int] = set()
    Config.set("queue.default", "sqlite")
    return work


def mails() -> list[Message]:
    transport = Mail.mailer("array").transport
    assert isinstance(transport, ArrayTransport)
    return list(transport.messages)


def test_the_facades_are_the_manager(app: Application) -> None:
    assert Notification.names() == ("log", "mail", "store", "webhook")
    assert app.make(ChannelManager) is app.make("notifications")
    assert Notifications.channel("store") is Notification.channel("store")


def test_a_user_is_told_by_each_channel(app: Application) -> None:
    ANN.notify(Paid())
    asyncio.run(ANN.anotify(Paid(6)))
    ANN.notify_now(Paid(7), ["store"])
    asyncio.run(ANN.anotify_now(Paid(8), ["store"]))

    assert [each.to[0].email for each in mails()] == ["ann@example.org"] * 2
    assert "Invoice 5" in (mails()[0].text or "")
    assert [each.data["n"] for each in ANN.notifications()] == [8, 7, 6, 5]
    assert ANN.notifications()[0].type == f"{__name__}.Paid"
    assert [each[0] for each in HEARD] == ["paged"] * 2
    assert {each.idempotency_key for each in mails()} == {
        f"notification:{id_}:mail" for _, _, id_ in HEARD
    }


def test_the_inbox_of_a_user(app: Application) -> None:
    for number in (1, 2, 3):
        ANN.notify_now(Paid(number), ["store"])

    first = ANN.notifications()[-1]
    assert ANN.mark_as_read(first.id) == 1
    assert [each.data["n"] for each in ANN.unread_notifications()] == [3, 2]
    assert asyncio.run(ANN.amark_as_read()) == 2
    assert asyncio.run(ANN.aunread_notifications()) == []
    assert len(asyncio.run(ANN.anotifications())) == 3
    assert User(8).notifications() == []


def test_an_address_is_told_without_a_person(app: Application) -> None:
    one = Notification.route("mail", "bob@example.org")

    one.notify(Paid())
    asyncio.run(one.anotify(Queued()))
    one.notify_now(Paid(), ["mail"])
    asyncio.run(one.anotify_now(Paid(), ["mail", "store"]))
    Notification.routes({"mail": "c@example.org", "store": "team"}).notify(Paid(1))

    assert [each.to[0].email for each in mails()] == ["bob@example.org"] * 4 + ["c@example.org"]


def test_the_log_is_written(app: Application) -> None:
    log = Log.fake()

    Notification.send([ANN, Notification.route("log", "array")], Logged())

    log.assert_logged_times("warning", 2, "paid 5")


def test_a_failing_channel_stops_no_other(app: Application, failed: list[Any]) -> None:
    Pager.failures = 1

    with pytest.raises(NotificationErrors, match=f'Paid by "{__name__}:Pager" to User: OSError'):
        ANN.notify(Paid())

    assert len(mails()) == len(ANN.notifications()) == len(failed) == 1
    assert [each[0] for each in HEARD] == ["paged"]


def test_the_sync_queue_sends_at_once(app: Application, failed: list[Any]) -> None:
    ANN.notify(Queued())
    asyncio.run(ANN.anotify(Queued(6)))

    assert len(mails()) == 2
    assert [each.data["n"] for each in ANN.notifications()] == [6, 5]
    assert [each[1] for each in HEARD] == [ANN, ANN]
    assert failed == []


def test_one_job_for_each_channel_in_one_step(app: Application) -> None:
    queue = Queue.fake()

    Notification.send([User(1), User(2)], Queued())
    asyncio.run(Notification.asend(User(3), Queued()))

    queue.assert_pushed(SendNotification, 9)
    jobs = queue.pushed(SendNotification)
    assert [job.channel for job in jobs[:3]] == ["mail", "store", f"{__name__}:Pager"]
    assert jobs[0].display_name() == f"{__name__}.Queued (mail)"


def test_nothing_is_queued_if_one_can_not_be(app: Application) -> None:
    queue = Queue.fake()
    Config.set("queue.payload_bytes_max", 2_000)

    @dataclass
    class Local(Queued):
        pass

    with pytest.raises(NotQueueable):
        Notification.send([User(1), User(2)], Local())
    with pytest.raises(NotQueueable):
        Notification.send([User(1), User(object())], Queued())  # type: ignore[arg-type]
    queue.assert_nothing_pushed()


def test_a_worker_sends_what_waits(
    app: Application, work: Callable[[], None], failed: list[Any]
) -> None:
    Notification.locale("nl").send(Member(3), Queued())

    assert Queue.size() == 3
    assert mails() == []
    work()

    assert Queue.size() == 0
    assert [str(each.to[0]) for each in mails()] == ["member@example.org"]
    (kept,) = Member(3).notifications()
    assert kept.data == {"n": 5, "locale": "nl"}
    (heard,) = HEARD
    assert heard == ("paged", Member(3, "member@example.org"), kept.id)
    assert mails()[0].idempotency_key == f"notification:{kept.id}:mail"
    assert Lang.locale == "en"
    assert failed == []


def test_jobs_wait_where_and_as_long_as_they_are_told(
    app: Application, work: Callable[[], None], clock: Travel
) -> None:
    ANN.notify(Placed())

    assert Queue.counts("mails").pending == 1
    assert (Queue.counts("slow").pending, Queue.counts("slow").delayed) == (1, 1)
    work()
    assert ANN.notifications() == []
    clock(61)
    work()
    assert len(ANN.notifications()) == 1


def test_only_the_channel_that_failed_is_tried_again(
    app: Application, work: Callable[[], None], failed: list[Any]
) -> None:
    Pager.failures = 2

    Notification.send(ANN, Retried())
    work()

    assert [each[0] for each in HEARD] == ["paged"] * 3
    assert len({each[2] for each in HEARD}) == 1
    assert len(mails()) == len(ANN.notifications()) == 1
    assert failed == []


class Retried(Queued):
    tries = 3
    backoff = 0


def test_a_channel_that_failed_for_good_is_told_of_once(
    app: Application, work: Callable[[], None], failed: list[NotificationFailed]
) -> None:
    Pager.failures = 9

    Notification.send(ANN, Paged())
    work()

    assert [each[0] for each in HEARD] == ["paged"] * 3 + ["failed"]
    (event,) = failed
    assert (event.notifiable, event.channel) == (ANN, Pager)
    assert isinstance(event.error, OSError)
    assert event.notification.id == HEARD[0][2] == HEARD[-1][3]
    assert len(Queue.connection("sqlite").failed.all()) == 1


@pytest.mark.parametrize("kind", [Sure, LastTwo])
def test_what_the_notification_says_of_its_tries_holds(
    app: Application, work: Callable[[], None], failed: list[Any], kind: type[Paged]
) -> None:
    Pager.failures = 1

    Notification.send(ANN, kind())
    work()

    assert len(failed) == (1 if kind is Sure else 0)


def test_what_can_not_succeed_is_not_tried_again(
    app: Application, work: Callable[[], None], failed: list[Any]
) -> None:
    Notification.send(User(1, "nobody"), Mailed())
    work()

    assert len(failed) == 1
    assert [each[:2] for each in HEARD] == [("failed", "InvalidMessage")]


class Mailed(Paged):
    def via(self, notifiable: Any) -> list[Any]:
        return ["mail"]


def test_what_was_sent_is_not_sent_again_for_what_follows(
    app: Application, work: Callable[[], None], failed: list[Any]
) -> None:
    def fail(event: NotificationSent) -> None:
        raise ValueError("listener")

    Event.listen(NotificationSent, fail)
    Notification.send(ANN, Paged())
    work()

    assert [each[0] for each in HEARD] == ["paged"]
    assert failed == []
    (row,) = Queue.connection("sqlite").failed.all()
    assert AftermathFailed.__name__ in row.error.decode(errors="replace")


@pytest.mark.parametrize(("kind", "count"), [(Queued, 3), (Quiet, 0)])
def test_a_notifiable_that_is_gone(
    app: Application,
    work: Callable[[], None],
    failed: list[NotificationFailed],
    kind: type[Queued],
    count: int,
) -> None:
    Notification.send(Member(3), kind())
    Member.gone = True
    work()

    assert mails() == []
    assert [each.notifiable for each in failed] == [None] * count
    assert all(isinstance(each.error, EntityNotFound) for each in failed)
    assert len(HEARD) == count


def test_a_payload_over_the_limit_is_refused_whole(
    app: Application, work: Callable[[], None]
) -> None:
    with pytest.raises(PayloadTooLarge, match="person"):
        Notification.send([User(1), User(2, "x" * 2_000_000)], Queued())

    assert Queue.size() == 0


def test_transactions_hold_back_what_is_to_wait(app: Application, work: Callable[[], None]) -> None:
    def broken() -> None:
        with Queue.transaction():
            Notification.send(ANN, Queued())
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert Queue.size() == 0

    with Queue.transaction():
        Notification.send(ANN, Queued())
        assert Queue.size() == 0
    assert Queue.size() == 3


def test_a_mail_that_was_sent_by_a_worker_that_died_is_sent_once(app: Application) -> None:
    paid = Paid()._numbered("n-1")

    Notification.deliver(ANN, paid, "mail")
    asyncio.run(Notification.adeliver(ANN, paid, "mail"))

    assert len(mails()) == 1


def test_the_fake_takes_the_place_of_the_manager(app: Application) -> None:
    fake = Notification.fake()

    ANN.notify(Queued())
    Notification.route("mail", "bob@example.org").notify(Paid(9))

    assert isinstance(fake, NotificationFake)
    fake.assert_sent_to(ANN, Queued)
    fake.assert_sent_on_demand(Paid, lambda paid: paid.number == 9)
    fake.assert_count(2)
    assert mails() == []
    assert ANN.notifications() == []


def test_the_fake_gives_its_place_back(app: Application) -> None:
    with Notification.fake_for() as fake:
        ANN.notify(Paid())
    ANN.notify(Paid(6))

    fake.assert_count(1)
    assert len(mails()) == 1


def test_channels_are_configured(app: Application) -> None:
    Config.set("notifications.channels", {"team": {"driver": "log", "level": "error"}})
    log = Log.fake()

    Notification.send_now(ANN, Spoken(), ["team"])

    log.assert_logged("error", "spoken")


class Spoken(Told):
    def to_log(self, notifiable: Any) -> str:
        return "spoken"


class Deliver(Job):
    """A job that tells people itself."""

    tries = 1

    def handle(self, notifications: ChannelManager) -> None:
        notifications.send_now(ANN, Paid())


def test_a_job_may_tell_people_itself(app: Application) -> None:
    Deliver.dispatch()

    assert len(mails()) == len(ANN.notifications()) == 1


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Artisan]:
    """The console of an application that is empty yet."""
    site = Application.configure(tmp_path).build(environment=ISOLATED)
    monkeypatch.syspath_prepend(str(tmp_path))
    # Every application calls its package `app`: that of the test stands in for ours.
    ours = {name: sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] == "app"}
    with site.active():
        console = Artisan(site.boot())
        yield console
        console.finish()
        site.terminate()
    for name in [*sys.modules]:
        if name.startswith("told") or name.split(".")[0] == "app":
            del sys.modules[name]
    sys.modules.update(ours)


def test_make_notification_makes_one_that_can_be_sent(site: Artisan, tmp_path: Path) -> None:
    site("make:notification billing/InvoicePaid").assert_ok().assert_output(
        "Notification app/notifications/billing/invoice_paid.py created."
    )

    made = load(tmp_path / "app/notifications/billing/invoice_paid.py", "InvoicePaid")
    Notification.send(ANN, made())

    assert mails()[0].subject == "Invoice Paid"
    assert "Notification action: https://example.com" in (mails()[0].text or "")
    site("make:notification billing/InvoicePaid").assert_failed().assert_output("exists already")
    site("make:notification billing/InvoicePaid --force").assert_ok()


@pytest.mark.parametrize("view", ["mail.invoice-paid", "mail/invoice-paid"])
def test_make_notification_makes_a_view_with_it(site: Artisan, tmp_path: Path, view: str) -> None:
    file = tmp_path / "resources/views/mail/invoice-paid.md"
    site(f"make:notification InvoicePaid --markdown={view}").assert_ok().assert_output(
        "View resources/views/mail/invoice-paid.md created."
    )

    made = load(tmp_path / "app/notifications/invoice_paid.py", "InvoicePaid")
    Notification.send(ANN, made())

    assert "Button text: https://example.com" in (mails()[0].text or "")
    file.write_text("kept")
    (tmp_path / "app/notifications/invoice_paid.py").unlink()
    site(f"make:notification InvoicePaid --markdown={view}").assert_ok().assert_output("was kept")
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("make:mail billing/OrderShipped --markdown", 'markdown="mail.billing.order-shipped"'),
        ("make:mail billing/OrderShipped --view", 'view="mail.billing.order-shipped"'),
        ("make:notification billing/OrderShipped --markdown", '"mail.billing.order-shipped"'),
    ],
)
def test_a_view_that_is_asked_for_without_a_name_is_called_as_what_is_made(
    site: Artisan, tmp_path: Path, words: str, content: str
) -> None:
    ending = "html" if "--view" in words else "md"
    site(words).assert_ok().assert_output(
        f"View resources/views/mail/billing/order-shipped.{ending} created."
    )

    (made,) = tmp_path.glob("app/*/billing/order_shipped.py")
    assert content in made.read_text()


def load(file: Path, name: str) -> Any:
    """Return what *file* defines as *name*."""
    spec = spec_from_file_location(f"told_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def test_old_notifications_are_pruned(app: Application, artisan: Artisan, clock: Travel) -> None:
    ANN.notify_now(Paid(1), ["store"])
    ANN.notify_now(Paid(2), ["store"])
    ANN.notifications()[0].mark_as_read()
    clock(31 * 86_400)
    ANN.notify_now(Paid(3), ["store"])

    artisan("notifications:prune --read").assert_ok().assert_output("1 notification removed.")
    artisan("notifications:prune --days=32").assert_ok().assert_output("0 notifications removed.")
    artisan("notifications:prune").assert_ok().assert_output("1 notification removed.")

    assert [each.data["n"] for each in ANN.notifications()] == [3]


@pytest.mark.parametrize("days", ["-1", "soon", "inf", "nan"])
def test_a_number_of_days_that_is_none_is_refused(
    app: Application, artisan: Artisan, days: str
) -> None:
    artisan(f"notifications:prune --days={days}").assert_failed().assert_output("no number of days")


@pytest.mark.parametrize("kind", [Slowly, Startled])
def test_those_whom_a_server_puts_off_are_told_later_and_nobody_twice(
    app: Application, work: Callable[[], None], clock: Travel, kind: type[Slowly]
) -> None:
    picky = Picky()
    Mail.extend("array", lambda name, options: picky)
    log = Log.fake()

    Team().notify(kind(9))
    work()
    assert [each.recipients() for each in picky.messages] == [
        ["ann@x.io", "late@x.io", "gone@x.io"]
    ]
    (told,) = log.logged("warning", "refused for some of its recipients")
    assert set(told.fields["refused"]) == {"late@x.io", "gone@x.io"}
    assert Queue.connection("sqlite").counts("slow").delayed == 1

    clock(301)
    work()

    first, second = picky.messages
    assert second.recipients() == ["late@x.io"]
    assert (second.message_id, second.to, second.text) == (first.message_id, first.to, first.text)
    assert Queue.connection("sqlite").counts("slow").total == 0


def test_of_those_who_were_put_off_only_those_are_told_who_are_still_to_be(
    app: Application, work: Callable[[], None], clock: Travel, failed: list[Any]
) -> None:
    picky = Picky()
    Mail.extend("array", lambda name, options: picky)
    Team().notify(Slowly(9))
    work()
    Team.addresses = ["ann@x.io"]

    clock(301)
    work()

    assert len(picky.messages) == 1
    assert failed == []
    assert Queue.connection("sqlite").counts("slow").total == 0


def test_a_queue_that_does_not_wait_tries_those_who_were_put_off_at_once(app: Application) -> None:
    class Stubborn(Picky):
        def send(self, message: Message) -> Sent:
            if self.messages:
                raise TransportError(self.name, "450 greylisted", is_retryable=True)
            return super().send(message)

    Mail.extend("array", lambda name, options: Stubborn())
    log = Log.fake()

    Team().notify(Slowly(9))

    log.assert_logged("warning", "refused once more")


def test_what_a_channel_of_the_application_answers_is_its_own_affair(
    app: Application, work: Callable[[], None]
) -> None:
    ANN.notify(Couriered(9))
    work()

    assert [each[0] for each in HEARD] == ["sent"]
    assert Queue.connection("sqlite").counts("default").total == 0


def test_a_mail_that_another_process_sends_right_now_uses_up_no_try(
    app: Application, work: Callable[[], None], clock: Travel, failed: list[Any]
) -> None:
    sending = [True]

    class Slow(Picky):
        def send(self, message: Message) -> Sent:
            if sending.pop():
                sending.append(False)
                raise InFlight(self.name, "key", 30)
            return super().send(message)

    slow = Slow()
    Mail.extend("array", lambda name, options: slow)

    ANN.notify(Slowly(9))
    work()
    assert (slow.messages, failed) == ([], [])

    clock(31)
    work()
    assert len(slow.messages) == 1
