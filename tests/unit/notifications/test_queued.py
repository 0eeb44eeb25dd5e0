"""The job of a queued notification: what it holds, and what comes out of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from securely.container import Container
from securely.encryption import KeyRing
from securely.events import Dispatcher
from securely.notifications import (
    AftermathFailed,
    AnonymousNotifiable,
    ChannelManager,
    Notifiable,
    Notification,
    NotificationFailed,
    UnknownNotification,
    WebhookRoute,
)
from securely.notifications.queued import SendNotification, jobs_of
from securely.queue import NotQueueable
from securely.queue.exceptions import EntityNotFound, RecordedFailure
from securely.queue.job import Placement
from securely.queue.payload import Codec
from securely.support.backoff import Backoff


class Kind(Enum):
    CARD = "card"


@dataclass(frozen=True)
class Line:
    text: str


class Order:
    """An entity: kept as a reference."""

    def __init__(self, id_: int) -> None:
        self.id = id_

    def __queue_ref__(self) -> int:
        return self.id

    @classmethod
    def __from_queue_ref__(cls, ref: int) -> Order | None:
        return None if ref == 404 else cls(ref)


class Person(Order, Notifiable):
    """A notifiable that is an entity."""


@dataclass
class User(Notifiable):
    id: int
    email: str
    since: date = date(2026, 1, 31)


class Plain(Notifiable):
    def __init__(self, name: str) -> None:
        self.name = name


class Model(BaseModel):
    id: int
    lines: list[str]


@dataclass
class Paid(Notification):
    number: int
    kind: Kind = Kind.CARD
    lines: list[Line] = field(default_factory=list)
    order: Order | None = None

    def via(self, notifiable: Any) -> list[Any]:
        return ["mail", "store", Pager]

    def __post_init__(self) -> None:
        self.built = True


@dataclass
class Bare(Notification):
    thing: Any = None

    def via(self, notifiable: Any) -> list[Any]:
        return ["mail"]


class Pager:
    def send(self, notifiable: Any, notification: Any) -> None: ...


class Stage:
    """A middleware that can travel."""

    def __init__(self, word: str) -> None:
        self.word = word

    def handle(self, job: Any, next_: Any) -> Any:
        return next_(job)


class Told(Bare):
    """Says everything that can be said."""

    tries = 5
    timeout = "30s"
    max_exceptions = 2
    encrypted = True
    after_commit = True
    priority = 3
    queue = "slow"
    connection = "sqlite"
    delay = 60
    dont_retry = (KeyError,)

    def backoff(self, notifiable: Any, channel: Any) -> Any:
        return Backoff.exponential(base=2) if channel == "mail" else [1, 2]

    def retry_until(self) -> datetime:
        return datetime(2100, 1, 1, tzinfo=UTC)

    def via(self, notifiable: Any) -> list[Any]:
        return ["mail", Pager]

    def via_queues(self) -> dict[Any, str]:
        return {"mail": "mails"}

    def via_connections(self) -> dict[Any, str]:
        return {Pager: "redis"}

    def with_delay(self, notifiable: Any) -> dict[Any, Any]:
        return {f"{__name__}:Pager": timedelta(seconds=5)}

    def middleware(self, notifiable: Any, channel: Any) -> list[object]:
        return [Stage("mail")] if channel == "mail" else []


class Hooked(Bare):
    heard: ClassVar[list[str]] = []

    def failed(self, error: BaseException) -> None:
        self.heard.append(str(error))


class Asked(Bare):
    def dont_retry(self) -> tuple[type[BaseException], ...]:
        return (LookupError,) if self.thing == 404 else ()


ANN = User(7, "ann@x.io")


def jobs(
    manager: ChannelManager, notifiables: Any, notification: Notification
) -> list[tuple[SendNotification, Placement]]:
    manager.extend("mail", lambda name, options: Pager())
    plans = manager._sender.plans(notifiables, notification)
    return [(job, place) for job, place in jobs_of(plans) if isinstance(job, SendNotification)]


def through_a_payload(job: SendNotification) -> SendNotification:
    codec = Codec(KeyRing(bytes(32)).purpose("queue"))
    restored = codec.decode(codec.envelope(job, "default").payload).job
    assert isinstance(restored, SendNotification)
    return restored


def test_there_is_a_job_for_each_notifiable_and_channel(manager: ChannelManager) -> None:
    made = jobs(manager, [ANN, User(8, "")], Paid(5))

    assert [job.channel for job, _ in made] == ["mail", "store", f"{__name__}:Pager"] * 2
    ids = [job.restored()[1].id for job, _ in made]
    assert ids[0] == ids[1] == ids[2] != ids[3] == ids[4] == ids[5]


def test_both_come_out_as_they_went_in_without_their_constructors(
    manager: ChannelManager,
) -> None:
    paid = Paid(5, lines=[Line("a")], order=Order(9)).locale("nl")
    paid.built = False

    job = through_a_payload(jobs(manager, ANN, paid)[0][0])
    notifiable, restored = job.restored()

    assert notifiable == ANN
    assert isinstance(restored, Paid)
    assert (restored.number, restored.kind, restored.lines) == (5, Kind.CARD, [Line("a")])
    assert restored.order is not None
    assert restored.order.id == 9
    assert restored.preferred_locale == "nl"
    assert restored.built is False
    assert restored.id


def test_an_entity_travels_as_its_reference(manager: ChannelManager) -> None:
    job = through_a_payload(jobs(manager, Person(5), Paid(1))[0][0])

    notifiable, _ = job.restored()

    assert job.person == b"5"
    assert isinstance(notifiable, Person)
    assert notifiable.id == 5


def test_an_entity_that_is_gone_is_named(manager: ChannelManager) -> None:
    job = through_a_payload(jobs(manager, Person(404), Paid(1))[0][0])

    with pytest.raises(EntityNotFound, match="Person"):
        job.restored()


@pytest.mark.parametrize("notifiable", [Plain("ann"), Model(id=1, lines=["a"])])
def test_notifiables_of_any_class_travel(manager: ChannelManager, notifiable: Any) -> None:
    job = through_a_payload(jobs(manager, notifiable, Bare())[0][0])

    restored, _ = job.restored()

    assert type(restored) is type(notifiable)
    assert vars(restored) == vars(notifiable)


def test_a_model_works_when_it_is_restored(manager: ChannelManager) -> None:
    job = through_a_payload(jobs(manager, Model(id=1, lines=["a"]), Bare())[0][0])

    restored, _ = job.restored()

    assert restored == Model(id=1, lines=["a"])
    assert restored.model_dump() == {"id": 1, "lines": ["a"]}


def test_an_address_travels_with_its_routes(manager: ChannelManager) -> None:
    one = AnonymousNotifiable(
        {"mail": ["a@x.io"], "webhook": WebhookRoute("https://x.io", "secret")}
    )

    restored, _ = through_a_payload(jobs(manager, one, Bare())[0][0]).restored()

    assert restored == one


def test_what_a_notification_says_holds_for_its_jobs(manager: ChannelManager) -> None:
    (mail, mail_place), (pager, pager_place) = jobs(manager, ANN, Told())

    assert (mail.tries, mail.timeout, mail.max_exceptions) == (5, "30s", 2)
    assert (mail.encrypted, mail.after_commit, mail.priority) == (True, True, 3)
    assert (mail.queue, mail.connection) == ("slow", "sqlite")
    assert mail.retry_until == datetime(2100, 1, 1, tzinfo=UTC)
    assert mail.backoff == Backoff.exponential(base=2)
    assert pager.backoff == [1, 2]
    assert (mail.delay, pager.delay) == (60, 5)
    assert (mail_place.queue, mail_place.connection) == ("mails", None)
    assert (pager_place.queue, pager_place.connection) == (None, "redis")
    assert [each.word for each in mail_place.through if isinstance(each, Stage)] == ["mail"]
    assert pager_place.through == ()
    assert mail.dont_retry() == (KeyError,)


def test_what_is_said_survives_the_payload(manager: ChannelManager) -> None:
    job = jobs(manager, ANN, Told())[0][0]
    job.encrypted = False  # there is nothing to encrypt with here
    codec = Codec(KeyRing(bytes(32)).purpose("queue"))

    header = codec.header(codec.envelope(job, "default").payload)

    assert (header.tries, header.timeout, header.max_exceptions) == (5, 30.0, 2)
    assert header.name == f"{__name__}.Told (mail)"
    assert header.tags == ["channel:mail"]


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (OSError("no line"), 1),
        (RecordedFailure("builtins.OSError", "no line"), 1),
        (AftermathFailed("Paid", "mail"), 0),
        (RecordedFailure("securely.notifications.exceptions.AftermathFailed", "sent"), 0),
    ],
)
def test_the_end_of_a_job_is_told_unless_it_was_sent(
    manager: ChannelManager, told: Any, error: Exception, times: int
) -> None:
    job = jobs(manager, ANN, Bare())[0][0]
    container = Container()
    container.instance("notifications", manager)

    asyncio.run(job.failed(error, container))

    assert [(each.notifiable, each.error) for each in told.of(NotificationFailed)] == (
        [(ANN, error)] * times
    )


def test_the_hook_of_a_notification_runs_though_a_listener_fails(
    manager: ChannelManager, events: Dispatcher
) -> None:
    def fail(event: NotificationFailed) -> None:
        raise ValueError("listener")

    events.listen(NotificationFailed, fail)
    Hooked.heard.clear()
    container = Container()
    container.instance("notifications", manager)

    with pytest.raises(ValueError, match="listener"):
        asyncio.run(jobs(manager, ANN, Hooked())[0][0].failed(OSError("x"), container))

    assert Hooked.heard == ["x"]


def test_a_failure_is_told_in_both_colours(manager: ChannelManager, told: Any) -> None:
    error = OSError()

    manager.fail(ANN, Bare(), "mail", error)
    asyncio.run(manager.afail(ANN, Bare(), "mail", error))

    assert [each.error for each in told.of(NotificationFailed)] == [error] * 2


def test_what_is_final_may_be_asked_of_the_notification(manager: ChannelManager) -> None:
    assert jobs(manager, ANN, Asked(404))[0][0].dont_retry() == (LookupError,)
    assert jobs(manager, ANN, Asked(1))[0][0].dont_retry() == ()


def test_a_delay_that_is_none_is_refused(manager: ChannelManager) -> None:
    class Late(Bare):
        def with_delay(self, notifiable: Any) -> Any:
            return "soon"

    Late.__qualname__ = "Bare"
    globals()["Bare"], before = Late, Bare
    try:
        with pytest.raises(NotQueueable, match="with_delay"):
            jobs(manager, ANN, Late())
    finally:
        globals()["Bare"] = before


@pytest.mark.parametrize("thing", [object(), {"a": [1, object()]}])
def test_what_has_no_written_form_is_named(manager: ChannelManager, thing: object) -> None:
    with pytest.raises(NotQueueable, match=r"Bare.*thing"):
        jobs(manager, ANN, Bare(thing))


def test_classes_that_a_worker_could_not_import_are_refused(manager: ChannelManager) -> None:
    class Local(Bare):
        pass

    class Beeper(Pager):
        pass

    @dataclass
    class Nobody:
        id: int

    class Near(Bare):
        def via(self, notifiable: Any) -> list[Any]:
            return [Beeper]

    Near.__qualname__ = Near.__name__ = "Near"
    globals()["Near"] = Near
    with pytest.raises(NotQueueable, match="Local"):
        jobs(manager, ANN, Local())
    with pytest.raises(NotQueueable, match="Nobody"):
        jobs(manager, Nobody(1), Bare())
    with pytest.raises(NotQueueable, match="Beeper"):
        jobs(manager, ANN, Near())


@pytest.mark.parametrize(
    ("attribute", "path", "reason"),
    [
        ("notification", f"{__name__}:User", "that is no notification any more"),
        ("notification", f"{__name__}:Gone", "Gone"),
        ("notification", "no.such.module:Gone", "no module"),
        ("channel", f"{__name__}:User", "that is no channel any more"),
        ("channel", f"{__name__}:Gone", "Gone"),
        ("notifiable", f"{__name__}:ANN", "that is no class any more"),
    ],
)
def test_a_class_that_is_gone_or_another_is_named(
    manager: ChannelManager, attribute: str, path: str, reason: str
) -> None:
    job = jobs(manager, ANN, Bare())[0][0]
    setattr(job, attribute, path)

    with pytest.raises(UnknownNotification, match=reason):
        (job.restored if attribute != "channel" else job.through)()


def test_classes_that_have_moved_are_found_by_their_aliases(manager: ChannelManager) -> None:
    job = jobs(manager, ANN, Bare())[0][0]
    job.notification, job.notifiable, job.channel = "old:Bare", "old:User", "old:Pager"
    key = KeyRing(bytes(32)).purpose("queue")
    codec = Codec(
        key, aliases={f"old:{name}": f"{__name__}:{name}" for name in ("Bare", "User", "Pager")}
    )

    restored = codec.decode(codec.envelope(job, "default").payload).job

    assert isinstance(restored, SendNotification)
    assert restored.restored()[0] == ANN
    assert restored.through() is Pager


def test_a_channel_by_its_name_stays_its_name(manager: ChannelManager) -> None:
    assert jobs(manager, ANN, Bare())[0][0].through() == "mail"
