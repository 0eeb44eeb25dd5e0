"""Sending here and now: events, failures, locales, both colours."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from securely.events import Dispatcher
from securely.notifications import (
    SKIPPED,
    AftermathFailed,
    ChannelManager,
    ChannelUndefined,
    InvalidNotification,
    Notification,
    NotificationErrors,
    NotificationFailed,
    NotificationSending,
    NotificationSent,
    NotNotifiable,
    SendingFailed,
)
from securely.queue.exceptions import JobTimedOut, Release
from securely.translation import Translator
from tests.unit.notifications.conftest import Told

Send = Callable[..., None]


@dataclass
class User:
    id: int = 7
    preferred_locale: str | None = None


@dataclass
class Paid(Notification):
    channels: list[Any]
    skips: str = ""
    after: list[tuple[Any, ...]] = field(default_factory=list)

    def via(self, notifiable: Any) -> list[Any]:
        return self.channels

    def should_send(self, notifiable: Any, channel: Any) -> bool:
        return channel != self.skips

    def after_sending(self, notifiable: Any, channel: Any, answer: Any) -> None:
        self.after.append((notifiable, channel, answer))


class Pager:
    """A channel of an application."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Any]] = []

    def send(self, notifiable: Any, notification: Any) -> str:
        self.sent.append((notifiable, notification))
        return "beep"


class Slow(Pager):
    """The same, in the other colour."""

    async def send(self, notifiable: Any, notification: Any) -> str:  # type: ignore[override]
        await asyncio.sleep(0)  # noqa: TID251  # it is truly async
        return super().send(notifiable, notification)


class Broken:
    def send(self, notifiable: Any, notification: Any) -> str:
        raise OSError("no line")


@pytest.fixture
def pager(manager: ChannelManager) -> Pager:
    pager = Pager()
    manager.extend("pager", lambda name, options: pager)
    manager.extend("broken", lambda name, options: Broken())
    return pager


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest, manager: ChannelManager) -> Send:
    """Send in either colour."""
    if request.param == "sync":
        return manager.send_now

    def send(*arguments: Any) -> None:
        asyncio.run(manager.asend_now(*arguments))

    return send


def test_each_channel_tells_with_one_id_and_each_notifiable_has_its_own(
    send: Send, manager: ChannelManager, pager: Pager
) -> None:
    slow = Slow()
    manager.extend("slow", lambda name, options: slow)
    ann, bob = User(1), User(2)
    paid = Paid(["pager", "slow"])

    send([ann, bob], paid)

    assert [user for user, _ in pager.sent] == [user for user, _ in slow.sent] == [ann, bob]
    ids = [told.id for _, told in pager.sent]
    assert ids == [told.id for _, told in slow.sent]
    assert len(set(ids)) == 2
    assert all(ids)
    assert paid.id == ""
    assert paid.after == [
        (ann, "pager", "beep"),
        (ann, "slow", "beep"),
        (bob, "pager", "beep"),
        (bob, "slow", "beep"),
    ]


def test_events_are_told_around_each_channel(send: Send, pager: Pager, told: Told) -> None:
    user = User()

    send(user, Paid(["pager"]))

    sending, sent = told.events
    assert isinstance(sending, NotificationSending)
    assert isinstance(sent, NotificationSent)
    assert (sent.notifiable, sent.channel, sent.answer) == (user, "pager", "beep")
    assert sent.notification is sending.notification
    assert sent.notification.id == pager.sent[0][1].id


def test_a_channel_that_fails_stops_no_other_and_is_told_once(
    send: Send, pager: Pager, told: Told
) -> None:
    ann, bob = User(1), User(2)

    with pytest.raises(NotificationErrors) as caught:
        send([ann, bob], Paid(["broken", "pager"]))

    assert [user for user, _ in pager.sent] == [ann, bob]
    failures = caught.value.failures
    assert [(each.channel, each.notifiable) for each in failures] == [("broken", "User")] * 2
    assert all(isinstance(each.cause, OSError) for each in failures)
    assert [each.__cause__ for each in failures] == list(caught.value.causes)
    assert [each.notifiable for each in told.of(NotificationFailed)] == [ann, bob]
    assert [each.error for each in told.of(NotificationFailed)] == list(caught.value.causes)
    assert told.names() == ["Sending", "Failed", "Sending", "Sent"] * 2
    assert str(caught.value) == (
        '2 channels failed: Paid by "broken" to User: OSError: no line; '
        'Paid by "broken" to User: OSError: no line'
    )


def test_a_listener_that_fails_at_a_failure_stops_no_channel_either(
    send: Send, pager: Pager, events: Dispatcher
) -> None:
    def fail(event: NotificationFailed) -> None:
        raise ValueError("listener")

    events.listen(NotificationFailed, fail)

    with pytest.raises(NotificationErrors) as caught:
        send(User(), Paid(["broken", "pager"]))

    assert [type(cause) for cause in caught.value.causes] == [OSError, ValueError]
    assert len(pager.sent) == 1


def test_the_traceback_shows_each_cause_and_except_star_takes_them_apart(
    send: Send, pager: Pager
) -> None:
    taken: list[SendingFailed] = []

    try:
        send(User(), Paid(["broken"]))
    except* SendingFailed as group:
        taken = [each for each in group.exceptions if isinstance(each, SendingFailed)]
        text = "".join(traceback.format_exception(group))

    assert len(taken) == 1
    assert "OSError: no line" in text
    assert "in send" in text


def test_what_ends_the_job_around_it_is_no_failure_of_a_channel(
    send: Send, manager: ChannelManager, pager: Pager, told: Told
) -> None:
    class Ending:
        error: BaseException = Release(5)

        def send(self, notifiable: Any, notification: Any) -> None:
            raise self.error

    ending = Ending()
    manager.extend("ending", lambda name, options: ending)

    for error in (Release(5), JobTimedOut("a job", 3.0)):
        ending.error = error
        with pytest.raises(type(error)):
            send(User(), Paid(["ending", "pager"]))

    assert pager.sent == []
    assert told.of(NotificationFailed) == []


def test_a_job_may_end_itself_after_a_sending(send: Send, pager: Pager, told: Told) -> None:
    class Ending(Paid):
        def after_sending(self, notifiable: Any, channel: Any, answer: Any) -> None:
            raise Release(5)

    with pytest.raises(Release):
        send(User(), Ending(["pager"]))

    assert told.names() == ["Sending"]


def test_should_send_drops_silently(send: Send, pager: Pager, told: Told) -> None:
    paid = Paid(["pager"], skips="pager")

    send(User(), paid)

    assert pager.sent == []
    assert told.events == []
    assert paid.after == []


def test_a_listener_that_answers_false_cancels(
    send: Send, pager: Pager, events: Dispatcher, told: Told
) -> None:
    events.listen(NotificationSending, lambda event: False)

    send(User(), Paid(["pager"]))

    assert pager.sent == []
    assert told.names() == ["Sending"]


def test_a_channel_without_anything_to_send_is_not_told_of(
    send: Send, manager: ChannelManager, told: Told
) -> None:
    class Empty:
        def send(self, notifiable: Any, notification: Any) -> object:
            return SKIPPED

    manager.extend("empty", lambda name, options: Empty())
    paid = Paid(["empty"])

    send(User(), paid)

    assert told.names() == ["Sending"]
    assert paid.after == []
    assert (bool(SKIPPED), repr(SKIPPED)) == (False, "SKIPPED")


def test_what_follows_a_sending_and_fails_is_no_failure_of_the_channel(
    send: Send, pager: Pager, events: Dispatcher, told: Told
) -> None:
    def fail(event: NotificationSent) -> None:
        raise ValueError("listener")

    events.listen(NotificationSent, fail)

    with pytest.raises(NotificationErrors) as caught:
        send(User(), Paid(["pager"]))

    (failure,) = caught.value.failures
    assert isinstance(failure.cause, AftermathFailed)
    assert isinstance(failure.cause.__cause__, ValueError)
    assert told.of(NotificationFailed) == []
    assert len(pager.sent) == 1


def test_nothing_is_sent_before_all_channels_are_known(send: Send, pager: Pager) -> None:
    with pytest.raises(ChannelUndefined, match=r'no channel "pagr".*Did you mean "pager"\?'):
        send(User(), Paid(["pager", "pagr"]))
    with pytest.raises(InvalidNotification, match='it is no channel: it has no method "send"'):
        send(User(), Paid(["pager", int]))
    with pytest.raises(NotNotifiable):
        send([User(), None], Paid(["pager"]))

    assert pager.sent == []


def test_laravels_names_of_channels_lead_to_ours(send: Send) -> None:
    with pytest.raises(ChannelUndefined, match=r'Did you mean "store"\?'):
        send(User(), Paid(["database"]))


@pytest.mark.parametrize(
    ("given", "reason"),
    [(Paid, "it is a class. Give an instance"), ("paid", "it is no notification"), (None, "None")],
)
def test_what_is_no_notification_is_refused(send: Send, given: Any, reason: str) -> None:
    with pytest.raises(InvalidNotification, match=reason):
        send(User(), given)


def test_channels_may_be_classes_and_one_may_stand_alone(
    send: Send, manager: ChannelManager
) -> None:
    send(User(), Paid(Pager))  # type: ignore[arg-type]  # as Laravel allows
    send(User(), Paid([Pager, Pager]))

    assert len(manager.channel(Pager).sent) == 2
    assert manager.channel(Pager) is manager.channel(Pager)


def test_channels_that_are_given_win_over_via(send: Send, pager: Pager) -> None:
    send(User(), Paid(["broken"]), ["pager"])
    send(User(), Paid(["broken"]), [])

    assert len(pager.sent) == 1


def test_nobody_and_no_channel_is_nothing_to_do(send: Send, pager: Pager, told: Told) -> None:
    send([], Paid(["pager"]))
    send(User(), Paid([]))

    assert told.events == []


@pytest.mark.parametrize(
    ("notification", "notifiable", "expected"),
    [(None, None, "en"), (None, "nl", "nl"), ("de", "nl", "de"), ("de", None, "de")],
)
def test_the_locale_is_that_of_the_notification_or_of_whom_it_is_for(
    send: Send,
    manager: ChannelManager,
    translator: Translator,
    notification: str | None,
    notifiable: str | None,
    expected: str,
) -> None:
    seen: list[str] = []

    class Looking:
        def send(self, notifiable: Any, notification: Any) -> None:
            seen.append(translator.locale)
            raise OSError

    manager.extend("looking", lambda name, options: Looking())
    paid = Paid(["looking"])

    with pytest.raises(NotificationErrors):
        send(User(preferred_locale=notifiable), paid.locale(notification) if notification else paid)

    assert seen == [expected]
    assert translator.locale == "en"


def test_the_methods_of_a_notification_may_be_async_and_ask_for_services(
    send: Send, manager: ChannelManager, pager: Pager
) -> None:
    class Sky:
        colour = "blue"

    @dataclass
    class Looking(Notification):
        async def should_send(self, notifiable: Any, channel: Any) -> bool:
            return bool(notifiable.id)

        def via(self, notifiable: Any) -> list[str]:
            return ["store"]

        async def to_store(self, notifiable: Any, sky: Sky) -> dict[str, Any]:
            return {"colour": sky.colour}

    Looking.to_store.__annotations__["sky"] = Sky  # what a module's own class would be

    send([User(0), User(7)], Looking())

    assert [each.data for each in manager.inbox(User(7)).all()] == [{"colour": "blue"}]
    assert manager.inbox(User(0)).all() == []


@pytest.mark.parametrize("said", [None, 7])
def test_a_via_that_names_no_channels_is_told(send: Send, said: Any) -> None:
    class Lost(Notification):
        def via(self, notifiable: Any) -> Any:
            return said

    with pytest.raises(InvalidNotification, match=rf"Lost: its channels are {type(said).__name__}"):
        send(User(7), Lost())
