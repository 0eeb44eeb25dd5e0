"""What a notification says of itself, and its copies."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from securely.notifications import InvalidNotification, Notification
from securely.notifications.notification import channel_name


@dataclass
class Paid(Notification):
    number: int


@dataclass(frozen=True, slots=True)
class Sealed(Notification):
    number: int


class Plain(Notification):
    def __init__(self, number: int) -> None:
        self.number = number


@pytest.mark.parametrize("cls", [Paid, Sealed, Plain])
def test_a_copy_in_a_locale_leaves_the_original_alone(cls: Any) -> None:
    original = cls(7)

    copy = original.locale("nl")

    assert (copy.number, copy.preferred_locale) == (7, "nl")
    assert original.preferred_locale is None
    assert original.id == copy.id == ""
    assert copy._numbered("01").id == "01"
    assert copy._numbered("01").preferred_locale == "nl"


def test_a_frozen_one_stays_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Sealed(7).locale("nl").number = 8  # type: ignore[misc]


def test_one_without_via_says_what_to_write() -> None:
    with pytest.raises(InvalidNotification, match=r'Paid: it has no method "via"'):
        Paid(7).via(None)


@pytest.mark.parametrize("name", ["id", "via", "to_mail", "middleware", "locale"])
def test_a_field_that_would_hide_a_method_is_refused(name: str) -> None:
    with pytest.raises(InvalidNotification, match=f'its field "{name}" has the name of a method'):
        type("Hiding", (Notification,), {"__annotations__": {name: str}})


def test_options_are_those_of_jobs_and_say_nothing() -> None:
    notification = Paid(7)

    assert notification.should_queue is False
    assert notification.should_send(None, "mail") is True
    assert notification.middleware(None, "mail") == ()
    assert notification.via_queues() == notification.via_connections() == {}
    assert notification.with_delay(None) is None
    assert notification.failed(ValueError()) is None
    assert notification.after_sending(None, "mail", None) is None


def test_a_channel_is_called_by_its_name_or_its_class() -> None:
    assert channel_name("mail") == "mail"
    assert channel_name(Plain) == f"{Plain.__module__}:Plain"
