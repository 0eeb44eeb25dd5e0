"""Who is told, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from securely.notifications import (
    AnonymousNotifiable,
    Notifiable,
    Notification,
    NotNotifiable,
    RouteMissing,
)
from securely.notifications.notifiable import each_of, locale_of, owner_of, route_of


@dataclass
class User(Notifiable):
    id: int
    email: str

    def route_notification_for_webhook(self, notification: Notification | None) -> str:
        return f"https://x.io/{type(notification).__name__}"

    def route_notification_for_pager(self) -> str:
        return "pager-7"


@dataclass(slots=True)
class Slotted(Notifiable):
    id: int


class Row:
    def __queue_ref__(self) -> int:
        return 9

    @classmethod
    def __from_queue_ref__(cls, ref: int) -> Row:
        return cls()


class Model(BaseModel):
    id: int
    email: str


class Pager:
    def send(self, notifiable: Any, notification: Any) -> None: ...


ANN = User(7, "ann@x.io")


def test_mail_goes_to_whoever_has_an_address() -> None:
    assert ANN.route_notification_for("mail") is ANN
    assert User(8, "").route_notification_for("mail") is None


def test_a_method_says_where_with_the_notification_if_it_wants_it() -> None:
    assert ANN.route_notification_for("webhook", Notification()) == "https://x.io/Notification"
    assert ANN.route_notification_for("pager", Notification()) == "pager-7"


def test_a_class_asks_for_its_own_name() -> None:
    class Told(Notifiable):
        def route_notification_for_Pager(self) -> str:  # noqa: N802  # after the class
            return "pager-9"

    assert Told().route_notification_for(Pager) == "pager-9"


def test_the_store_keeps_what_belongs_to_class_and_id() -> None:
    uuid = UUID(int=5)

    assert owner_of(ANN) == (f"{__name__}.User", 7)
    assert owner_of(Row()) == (f"{__name__}.Row", 9)
    assert owner_of(Slotted(3)) == (f"{__name__}.Slotted", 3)
    assert owner_of(User(uuid, "")) == (f"{__name__}.User", str(uuid))  # type: ignore[arg-type]


@pytest.mark.parametrize("id_", [None, True, 1.5])
def test_nobody_without_an_id_has_an_inbox(id_: Any) -> None:
    with pytest.raises(RouteMissing, match="route_notification_for_store"):
        owner_of(User(id_, ""))


def test_what_says_nothing_is_named_with_the_method_to_write() -> None:
    with pytest.raises(RouteMissing, match=r"User is told .* route_notification_for_sms\(notif"):
        ANN.route_notification_for("sms")


def test_objects_that_derive_from_nothing_of_ours_can_be_told() -> None:
    class Team:
        email = "team@x.io"

    team = Team()

    assert route_of(team, "mail", None) is team
    assert route_of(team, "log", None) is None


def test_an_anonymous_one_is_told_where_it_says() -> None:
    one = AnonymousNotifiable({"mail": "ann@x.io"}).route("webhook", "https://u:pw@x.io")

    assert one.route_notification_for("mail") == "ann@x.io"
    assert one.route_notification_for("store") is None
    assert one == AnonymousNotifiable({"mail": "ann@x.io", "webhook": "https://u:pw@x.io"})
    assert one != AnonymousNotifiable({})
    assert repr(one) == "<AnonymousNotifiable mail, webhook>"


def test_one_and_several_are_told_apart() -> None:
    model = Model(id=1, email="m@x.io")

    assert each_of(ANN) == [ANN]
    assert each_of(model) == [model]
    assert each_of([ANN, model]) == [ANN, model]
    assert each_of(user for user in (ANN,)) == [ANN]
    assert each_of({ANN.id: ANN}.values()) == [ANN]
    assert each_of([]) == []


@pytest.mark.parametrize(
    "given", ["ann@x.io", None, 7, [ANN, None], {"id": ANN}, User, [["x"]], [(1, 2)], [[ANN]]]
)
def test_text_numbers_and_none_can_not_be_told(given: Any) -> None:
    with pytest.raises(NotNotifiable, match="can not be notified"):
        each_of(given)


def test_a_locale_is_an_attribute_or_a_method() -> None:
    class Dutch:
        preferred_locale = "nl"

    class German:
        def preferred_locale(self) -> str:
            return "de"

    class Anybody:
        preferred_locale = ""

    assert [locale_of(each()) for each in (Dutch, German, Anybody, Row)] == ["nl", "de", None, None]
